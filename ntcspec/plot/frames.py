"""Panels of frames, whatever the technique: all spectra as a map, a metric along the frames or as an image. numpy only.

Frames stand at their coordinate where it rises (or falls) from frame to frame; else they are counted, and a note says
so. A frame that is left out is a gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ntcspec.plot import Entry, build
from ntcspec.plot import frames_options as options
from ntcspec.plot.build import NONE, Found
from ntcspec.plot.data import DATA, Map, PanelData, Series
from ntcspec.types import Array
from ntcspec.types.frames import FrameMetric, FramesMeasured

Flags = npt.NDArray[np.bool_]
MOST_ROWS = 400  # of a map; more cannot be told apart on paper
ROBUST = 1.0  # percent of the values at either end that the colours leave out
SAME_PLACE = 0.25  # of the largest gap between positions of a map: closer ones are one row or column
LEAST_FILLED = 0.5  # of an image; less is no grid
SEPARATE = "its coordinate is {0}, not that of the first sample"


@dataclass(frozen=True)
class Look:
    """What differs between techniques. kind: of `reduce`; mean: a field of it that is NaN where there is nothing to
    draw; axis and field: names of the axis and of the spectra; choices: what u_sys is over."""

    technique: str
    kind: type
    mean: str
    axis: str
    field: str
    x: tuple[str, str]
    z: str
    choices: str

    def unit(self, reduced: Any) -> str:
        """Unit of the spectra."""
        return str(getattr(reduced, "intensity_unit", "1"))


@dataclass(frozen=True)
class Along:
    """Where frames stand: positions (frames,), which is NaN for none, label and unit of the axis, and a note."""

    place: Array
    label: str
    unit: str
    note: str


def along_of(place: Array, blank: Flags, name: str, unit: str) -> Along:
    """The coordinate, or the numbers of the frames where it does not go one way.

    blank: frames that show nothing: where their coordinate is not known, the gap stands between its neighbours.
    """
    place = np.where(blank & np.isnan(place), _between(place), place)
    steps = np.diff(place)
    if np.isnan(place).any():
        return _counted(Along(place, "", "", f"Frames are counted: not of all of them the {name} is known."))
    if np.all(steps > 0) or np.all(steps < 0):
        return Along(place, _label(name), unit or "1", "")
    return _counted(Along(place, "", "", f"Frames are counted: their {name} does not go one way."))


def _between(place: Array) -> Array:
    """Coordinates with those that are not known put evenly between, or beyond, those that are."""
    known = np.flatnonzero(np.isfinite(place))
    if known.size < 2:
        return place
    index = np.arange(place.size)
    inside = np.interp(index, known, place[known])
    for (end, beside), out in (((known[0], known[1]), index < known[0]), ((known[-1], known[-2]), index > known[-1])):
        step = (place[end] - place[beside]) / (end - beside)
        inside[out] = place[end] + step * (index[out] - end)
    return inside


def _counted(along: Along) -> Along:
    """The same with frames counted."""
    return Along(np.arange(1.0, along.place.size + 1), "Frame", "1", along.note)


def _label(name: str) -> str:
    """'Temperature', but 'x'."""
    return name[:1].upper() + name[1:] if len(name) > 1 else name


# --- all spectra --------------------------------------------------------------------------------


def frames(entries: Sequence[Entry], opts: options.FramesOptions, look: Look) -> PanelData:
    """The spectra of all frames as a map, or what differs from the first or from the mean; from `reduce`."""
    found, missing = build.find(entries, look.kind, look.mean)
    x_limits = opts.xlim or build.span([getattr(f.artifact, look.axis) for f in found])
    found = build.drop_outside(found, missing, x_limits, look.axis)
    found = build.same(found, missing, lambda a: _coordinate(a.coordinate_names, a.coordinate_units), SEPARATE)
    axes = [_along(f.artifact) for f in found]
    if any(a.note for a in axes):
        axes = [_counted(a) for a in axes]
    drawn = [_spectra(f, a, opts.minus, x_limits, look) for f, a in zip(found, axes, strict=True)]
    maps = tuple(one for one, _ in drawn)
    y_limits = opts.ylim or _outer([m.y for m in maps])
    averaged = sorted({count for _, count in drawn if count > 1})
    rows = " or ".join(map(str, averaged))
    label = look.z if opts.minus == "no" else f"Δ {look.z[:1].lower()}{look.z[1:]}"
    unit = look.unit(found[0].artifact) if found else "1"
    notes = (
        *((f"Minus {MINUS[opts.minus]}.",) if opts.minus != "no" and maps else ()),
        *((f"Each row is the mean of {rows} frames.",) if averaged else ()),
        *dict.fromkeys(a.note for a in axes if a.note),
        *build.status_notes(found, missing),
    )
    return _maps(
        f"{look.technique}.frames", entries, maps, notes, x=look.x,
        y=(axes[0].label, axes[0].unit) if axes else ("Frame", "1"), z=(label, unit),
        limits=(x_limits, y_limits, opts.zlim or _colours(maps, even=opts.minus != "no")),
    )  # fmt: skip


MINUS = {"first": "the mean of the first tenth of the frames", "mean": "the mean of all frames"}


def _coordinate(names: Sequence[str], kinds: Sequence[str]) -> str:
    return f"{names[0]} ({kinds[0]})" if kinds[0] else names[0]


def _along(one: Any) -> Along:
    if len(one.coordinate_names) > 1:
        words = "Frames of a map, in the order in which they were taken."
        return _counted(Along(one.frames.column("along"), "", "", words))
    blank = np.array([bool(why) for why in one.frames.column("reason")], dtype=bool)
    return along_of(one.frames.column("along"), blank, one.coordinate_names[0], one.coordinate_units[0])


def _spectra(f: Found, along: Along, minus: str, x_limits: Sequence[float], look: Look) -> tuple[Map, int]:
    """The map of a sample, and how many frames are averaged to one row of it. Only its rows are ever in memory."""
    axis = getattr(f.artifact, look.axis)
    count = -(-along.place.size // MOST_ROWS)
    keep = (axis >= x_limits[0]) & (axis <= x_limits[1])
    size = -(-along.place.size // count)
    total, number = np.zeros((size, int(np.count_nonzero(keep)))), np.zeros(size)
    start = 0
    for (block,) in f.artifact.frames.parts(look.field):
        good = np.isfinite(block).all(axis=1)
        row = (start + np.flatnonzero(good)) // count
        np.add.at(total, row, block[good][:, keep])
        np.add.at(number, row, 1.0)
        start += len(block)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = total / number[:, None]
    if minus != "no":
        rows = max(1, size // 10) if minus == "first" else size
        z = z - total[:rows].sum(axis=0) / max(number[:rows].sum(), 1.0)
    place = np.array([along.place[i : i + count].mean() for i in range(0, along.place.size, count)])
    order = slice(None) if place.size < 2 or place[0] < place[-1] else slice(None, None, -1)
    return _map(f, axis[keep], place[order], z[order]), count


# --- metrics ------------------------------------------------------------------------------------


def frame_metric(entries: Sequence[Entry], opts: options.FrameMetricOptions, look: Look) -> PanelData:
    """One metric of every frame along the frames, with bands: statistical, and the range over choices."""
    found, missing = build.find(entries, FramesMeasured)
    found = build.pick(found, missing, lambda f: _metric(f.artifact, opts.metric))
    found = build.same(found, missing, lambda a: f"{a.name}, {a.along_unit}", SEPARATE)
    axes = {f.index: _axis_of(f) for f in found}
    if counted := tuple(dict.fromkeys(a.note for a in axes.values() if a.note)):
        axes = {i: _counted(a) for i, a in axes.items()}
    x_limits = opts.xlim or _outer([a.place for a in axes.values()])
    missing.extend((f.entry, build.OUTSIDE) for f in found if not build.inside(axes[f.index].place, x_limits))
    found = [f for f in found if build.inside(axes[f.index].place, x_limits)]
    groups = [[_curve(f, axes[f.index], opts.band)] for f in found]
    shown = next(iter(axes.values()), Along(NONE, "Frame", "1", ""))
    unit = found[0].artifact.metric_unit if found else "1"
    name = found[0].artifact.name if found else opts.metric or ""
    ranged = any(g[0].y_low.size for g in groups)
    notes = (
        *((f"Pale band: half the range over the {look.choices}, common to all frames.",) if ranged else ()),
        *counted,
        *build.status_notes(found, missing),
    )
    labels = {"x_label": shown.label, "x_unit": shown.unit, "y_label": opts.label or name, "y_unit": unit}
    return build.curves(
        f"{look.technique}.frame_metric",
        entries,
        groups,
        x_limits,
        labels,
        notes,
        offset=0.0,
        ylim=opts.ylim,
        zero_of=(),
    )


def _axis_of(f: Found) -> Along:
    one: FrameMetric = f.artifact
    name = str(build.artifact(f.entry, FramesMeasured).coordinate_names[0])
    return along_of(one.along, np.isnan(one.value), name, one.along_unit)


def _metric(one: FramesMeasured, name: str | None) -> FrameMetric | str:
    """The metric of that name, the first for None, or why there is none."""
    found = next((m for m in one.frame_metrics if name in (None, m.name)), None)
    if found is None:
        return f"no metric {name}; there are {', '.join(m.name for m in one.frame_metrics)}"
    return found if np.any(np.isfinite(found.value)) else "no finite values"


def _curve(f: Found, along: Along, band: bool) -> Series:
    one: FrameMetric = f.artifact
    order = slice(None) if along.place.size < 2 or along.place[0] < along.place[-1] else slice(None, None, -1)
    value = one.value[order]
    error = build.band(one.u_stat[order], value.shape, band)
    half = build.band(one.u_sys[order], value.shape, band)
    y_range = (value - half, value + half) if half.size else (NONE, NONE)
    return f.series(DATA, along.place[order], value, error, y_range=y_range, detail=one.name)


# --- images -------------------------------------------------------------------------------------


def frame_map(entries: Sequence[Entry], opts: options.FrameMapOptions, look: Look) -> PanelData:
    """One metric of every frame of a map as an image over both coordinates."""
    found, missing = build.find(entries, FramesMeasured)
    names = {f.index: f.artifact.coordinate_names for f in found}
    found = build.pick(found, missing, lambda f: _image(f.artifact, opts.metric))
    x_limits = opts.xlim or _outer([f.artifact[0][0] for f in found])
    y_limits = opts.ylim or _outer([f.artifact[0][1] for f in found])
    outside = [f for f in found if not all(map(build.inside, f.artifact[0], (x_limits, y_limits)))]
    missing.extend((f.entry, build.OUTSIDE) for f in outside)
    found = [f for f in found if f not in outside]
    maps = tuple(_map(f, *f.artifact[0]) for f in found)
    first: FrameMetric | None = found[0].artifact[1] if found else None
    shown = [_label(n) for n in names[found[0].index]] if found else ["x", "y"]
    unit = first.along_unit or "1" if first else "1"
    limits = x_limits, y_limits, opts.zlim or _colours(maps, even=False)
    name = first.name if first else ""
    data = _maps(
        f"{look.technique}.frame_map", entries, maps, build.status_notes(found, missing), x=(shown[0], unit),
        y=(shown[1], unit), z=(opts.label or name, first.metric_unit if first else "1"), limits=limits,
    )  # fmt: skip
    return replace(data, equal=bool(maps))


def _image(one: FramesMeasured, name: str | None) -> tuple[tuple[Array, Array, Array], FrameMetric] | str:
    """x, y and z of the image and its metric, or why there is none."""
    if len(one.coordinate_names) < 2:
        return "its frames have one coordinate, not two"
    metric = _metric(one, name)
    if isinstance(metric, str):
        return metric
    there = np.isfinite(metric.along) & np.isfinite(metric.across)
    if not there.any():
        return "no frame has coordinates"
    (x, column), (y, row) = (_grid(values[there]) for values in (metric.along, metric.across))
    if x.size < 2 or y.size < 2 or there.sum() < LEAST_FILLED * x.size * y.size:
        return f"its {there.sum()} positions are no grid ({x.size} columns, {y.size} rows)"
    z = np.full((y.size, x.size), np.nan)
    z[row, column] = metric.value[there]
    return (x, y, z), metric


def _grid(values: Array) -> tuple[Array, npt.NDArray[np.intp]]:
    """Rows or columns of a map, the mean position of each, and which one each value belongs to."""
    order = np.argsort(values, kind="stable")
    gaps = np.diff(values[order])
    new = np.concatenate([[0], np.cumsum(gaps > SAME_PLACE * gaps.max(initial=0.0))])
    which = np.empty(values.size, dtype=np.intp)
    which[order] = new
    return np.bincount(which, values) / np.bincount(which), which


# --- what maps share ----------------------------------------------------------------------------


def _map(f: Found, x: Array, y: Array, z: Array) -> Map:
    nothing = float("nan")
    return Map(f.entry.sample, f.entry.label, f.entry.simulated, x, y, z, "", nothing, nothing, nothing)


def _outer(axes: Sequence[Array]) -> tuple[float, float]:
    """From the outer edge of the lowest cell to that of the highest."""
    edges = [(a.min() - _half(a), a.max() + _half(a)) for a in axes if a.size]
    return (min(low for low, _ in edges), max(high for _, high in edges)) if edges else (0.0, 1.0)


def _half(axis: Array) -> float:
    return 0.5 * float(np.ptp(axis)) / (axis.size - 1) if axis.size > 1 else 0.5


def _colours(maps: Sequence[Map], *, even: bool) -> tuple[float, float]:
    """What the colours span: all but one percent at either end; even: as far below 0 as above."""
    values = np.concatenate([m.z[np.isfinite(m.z)] for m in maps]) if maps else NONE
    if not values.size:
        return 0.0, 1.0
    low, high = (float(v) for v in np.percentile(values, [ROBUST, 100 - ROBUST]))
    if even:
        low, high = -max(abs(low), abs(high)), max(abs(low), abs(high))
    margin = 0.0 if high > low else 0.5 * abs(high) or 0.5
    return low - margin, high + margin


Names = tuple[str, str]
Limits = Sequence[float]


def _maps(
    kind: str,
    entries: Sequence[Entry],
    maps: tuple[Map, ...],
    notes: Sequence[str],
    *,
    x: Names,
    y: Names,
    z: Names,
    limits: tuple[Limits, Limits, Limits],
) -> PanelData:
    """A panel of maps; x, y and z: label and unit."""
    x_limits, y_limits, z_limits = (np.array(one, dtype=float) for one in limits)
    return PanelData(
        kind=kind,
        title="",
        x_label=x[0],
        x_unit=x[1],
        y_label=y[0],
        y_unit=y[1],
        z_label=z[0],
        z_unit=z[1],
        x_limits=x_limits,
        y_limits=y_limits,
        z_limits=z_limits if maps else NONE,
        z_levels=NONE,
        palette=len(entries),
        series=(),
        maps=maps,
        notes=tuple(notes),
        simulated=any(e.simulated for e in entries),
    )
