"""Metrics of the samples against one of their properties, or in the order of the samples. numpy only.

Error bars: thick the statistical standard uncertainty, thin both together, the root of the sum of their squares;
sideways that of the property. An uncertainty that is not known is not drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ntcspec.plot import Entry, build
from ntcspec.plot.build import NBSP, NONE, Found, Missing
from ntcspec.plot.data import VALUES, PanelData, Series
from ntcspec.plot.study_options import TrendOptions
from ntcspec.types import Array
from ntcspec.types.study import Number, SampleNumbers

MARGIN = 0.06  # of the drawn range, free on either side
LOG_MARGIN = 1.25  # factor free on either side of a logarithmic axis
SHAPES = ("Circles", "squares", "triangles", "diamonds")


@dataclass(frozen=True)
class Point:
    """One metric of one sample."""

    sample: Found
    which: int  # place among the metrics
    x: Number
    y: Number


def trend(entries: Sequence[Entry], opts: TrendOptions) -> PanelData:
    """Metrics of the samples against one of their properties, or in the order of the samples, with error bars."""
    found, missing = build.find(entries, SampleNumbers)
    points = [p for f in found for p in _points(f, opts, missing)]
    points = _inside(_same(points, missing), opts, missing)
    drawn = [f for f in found if any(p.sample is f for p in points)]
    series = [series_of(p) for p in points]
    places = (0.5, max(len(entries), 1) + 0.5)
    x_limits = opts.xlim or (limits_of([s.x for s in series], opts.x_log) if opts.against else places)
    axes = {
        "x_label": words_of(opts.against or ""),
        "x_unit": points[0].x.unit if points and opts.against else "1",
        "y_label": opts.label or (words_of(opts.metrics[0].partition(".")[2]) if opts.metrics else "Metric"),
        "y_unit": points[0].y.unit if points else "1",
    }
    notes = (*_key(opts.metrics, points), *bars_note(series), *build.status_notes(drawn, missing))
    data = build.curves(
        "study.trend", entries, [[s] for s in series], x_limits, axes, notes, offset=0.0, ylim=opts.ylim, zero_of=()
    )
    labels = {f.index: f.entry.label for f in drawn}
    named = tuple(replace(s, label=labels.pop(s.colour, "")) for s in data.series)
    y_limits = data.y_limits if opts.ylim or not series else np.array(limits_of(_heights(series), opts.y_log))
    names = () if opts.against else tuple(e.label for e in entries)
    return replace(data, series=named, y_limits=y_limits, x_log=opts.x_log, y_log=opts.y_log, x_names=names)


def _points(f: Found, opts: TrendOptions, missing: Missing) -> list[Point]:
    """The points of a sample; what is not there is noted."""
    numbers: SampleNumbers = f.artifact
    place = Number(f.index + 1.0, "1", math.nan, math.nan, "")
    x = numbers.properties.get(opts.against) if opts.against else place
    if x is None or not math.isfinite(x.value):
        missing.append((f.entry, (x.reason if x else "") or f"no {words_of(opts.against or '')}"))
        return []
    out = []
    for i, name in enumerate(opts.metrics[: len(VALUES)]):
        y = numbers.metrics.get(name)
        wrong = _wrong(name, x, y, opts)
        if wrong or y is None:
            missing.append((f.entry, wrong))
        else:
            out.append(Point(f, i, x, y))
    return out


def _wrong(name: str, x: Number, y: Number | None, opts: TrendOptions) -> str:
    """Why a number cannot be drawn; empty if it can."""
    if y is None:
        return f"no metric {name}"
    if not math.isfinite(y.value):
        return f"{name}: {y.reason or 'no value'}"
    off = (opts.x_log and x.value <= 0) or (opts.y_log and y.value <= 0)
    return f"{name}: not above 0, which a logarithmic axis needs" if off else ""


def _same(points: Sequence[Point], missing: Missing) -> list[Point]:
    """Those in the units of the first; the others are noted."""
    kept = []
    for p in points:
        units = (p.x.unit, p.y.unit)
        if units == (points[0].x.unit, points[0].y.unit):
            kept.append(p)
        else:
            missing.append((p.sample.entry, f"in {' over '.join(reversed(units))}, not in the units of the axes"))
    return kept


def _inside(points: Sequence[Point], opts: TrendOptions, missing: Missing) -> list[Point]:
    """Those in the range of the horizontal axis, if one is given; the others are noted."""
    low, high = opts.xlim or (-math.inf, math.inf)
    kept = [p for p in points if low <= p.x.value <= high]
    missing.extend((p.sample.entry, build.OUTSIDE) for p in points if p not in kept)
    return kept


def series_of(p: Point) -> Series:
    u_stat, both = p.y.u_stat, math.hypot(p.y.u_stat, p.y.u_sys)
    y_range = (np.array([p.y.value - both]), np.array([p.y.value + both])) if math.isfinite(both) else (NONE, NONE)
    one = p.sample.series(
        VALUES[p.which], np.array([p.x.value]), np.array([p.y.value]), _known(u_stat), y_range=y_range
    )
    return replace(one, x_error=_known(p.x.u_stat))


def _known(u: float) -> Array:
    return np.array([u]) if math.isfinite(u) else NONE


def _heights(series: Sequence[Series]) -> list[Array]:
    lows = [s.y - s.y_error if s.y_error.size else s.y for s in series]
    highs = [s.y + s.y_error if s.y_error.size else s.y for s in series]
    return [*lows, *highs, *(end for s in series for end in (s.y_low, s.y_high))]


def limits_of(parts: Sequence[Array], log: bool) -> tuple[float, float]:
    """A little more than all of the values; on a logarithmic axis of those above 0."""
    values = np.concatenate([*parts, NONE])
    values = values[values > 0] if log else values
    if not values.size:
        return (0.1, 1.0) if log else (0.0, 1.0)
    low, high = float(values.min()), float(values.max())
    if log:
        return low / LOG_MARGIN, high * LOG_MARGIN
    margin = MARGIN * (high - low) or 0.5 * abs(high) or 0.5
    return low - margin, high + margin


def words_of(name: str) -> str:
    """'milling_time' -> 'milling time'."""
    return name.replace("_", " ")


def _key(metrics: Sequence[str], points: Sequence[Point]) -> tuple[str, ...]:
    """Which metric is which, and how many samples there are."""
    number = len({p.sample.index for p in points})
    which = [f"{shape}: {name}" for shape, name in zip(SHAPES, metrics, strict=False)]
    words = "; ".join(which) if len(metrics) > 1 else "".join(metrics)
    return (f"{words}. n{NBSP}={NBSP}{number}.",) if points else ()


def bars_note(series: Sequence[Series]) -> tuple[str, ...]:
    """What the error bars are."""
    thick = "thick, statistical" if any(s.y_error.size for s in series) else ""
    thin = "thin, with the systematic one" if any(s.y_low.size for s in series) else ""
    words = "; ".join(w for w in (thick, thin) if w)
    return (f"Bars, one standard uncertainty: {words}.",) if words else ()


BUILDERS: Mapping[str, Callable[[Sequence[Entry], Any], PanelData]] = {"study.trend": trend}
