"""Panels of detector images with mask, beam centre and rings, and of rings found beside rings expected. numpy only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ntcspec.plot import Entry, build
from ntcspec.plot import scattering_options as options
from ntcspec.plot.build import NONE, Found
from ntcspec.plot.data import CROSS, POINTS, RING, Map, Outline, PanelData
from ntcspec.types import Array
from ntcspec.types.scattering import CalibrantCheck, ImageView, ScatteringReduced

DARKEST, BRIGHTEST = 1.0, 99.9  # percentiles of all counts that the colours span
UNKNOWN = float("nan")


def image(entries: Sequence[Entry], opts: options.ImageOptions) -> PanelData:
    """Detector images, blocks of pixels averaged, with mask, beam centre and rings where the geometry puts them."""
    found, missing = build.find(entries, ScatteringReduced)
    found = build.pick(found, missing, lambda f: _view_of(f.artifact, opts.role))
    x_limits = opts.xlim or _edges([f.artifact.columns for f in found])
    y_limits = opts.ylim or _edges([f.artifact.rows for f in found])
    found = build.drop_outside(found, missing, x_limits, "columns")
    found = build.drop_outside(found, missing, y_limits, "rows")
    maps = tuple(_map(f, opts.rings) for f in found)
    z_limits = opts.zlim or _colours(maps, positive=opts.scale == "log")
    return PanelData(
        kind="scattering.image",
        title="",
        x_label="Column",
        x_unit="pixel",
        y_label="Row",
        y_unit="pixel",
        z_label="Counts",
        z_unit="1",
        x_limits=np.array(x_limits, dtype=float),
        y_limits=np.array(y_limits, dtype=float),
        z_limits=np.array(z_limits, dtype=float) if maps else NONE,
        z_levels=NONE,
        palette=len(entries),
        series=(),
        maps=maps,
        notes=(*_key(maps), *build.status_notes(found, missing)),
        simulated=any(e.simulated for e in entries),
        equal=True,
        z_log=opts.scale == "log" and z_limits[0] > 0,
    )


def _view_of(reduced: ScatteringReduced, role: str) -> ImageView | str:
    """The image of that role, or why there is none."""
    view = next((one for one in reduced.views if one.role == role), None)
    if view is None:
        return f"no image of the {role}" if reduced.views else "no images: integrated elsewhere"
    return view if np.any(np.isfinite(view.counts)) else "no finite values"


def _edges(axes: Sequence[Array]) -> tuple[float, float]:
    """From the outer edge of the first block to that of the last."""
    if not axes:
        return 0.0, 1.0
    halves = [0.5 * (a[1] - a[0]) if a.size > 1 else 0.5 for a in axes]
    return (
        min(float(a[0] - h) for a, h in zip(axes, halves, strict=True)),
        max(float(a[-1] + h) for a, h in zip(axes, halves, strict=True)),
    )


def _map(f: Found, rings: bool) -> Map:
    view: ImageView = f.artifact
    outlines = []
    for number, q in enumerate(view.ring_inv_ang if rings else ()):
        own = view.ring_of_point == number
        outlines.append(Outline(f"Q = {q:.3f} Å⁻¹", RING, view.ring_columns[own], view.ring_rows[own]))
    if np.all(np.isfinite(view.centre)):
        outlines.append(Outline("beam", CROSS, view.centre[1:], view.centre[:1]))
    return Map(
        sample=f.entry.sample,
        label=f.entry.label,
        simulated=f.entry.simulated,
        x=view.columns,
        y=view.rows,
        z=np.asarray(view.counts, dtype=np.float64),
        resolution="",
        resolution_at=UNKNOWN,
        fwhm_x=UNKNOWN,
        fwhm_y=UNKNOWN,
        outlines=tuple(outlines),
    )


def _colours(maps: Sequence[Map], *, positive: bool) -> tuple[float, float]:
    """The middle of all counts (for a log scale of those above 0), so that bright spots do not hide the rest."""
    counts = np.concatenate([NONE, *(m.z[np.isfinite(m.z) & ((m.z > 0) | (not positive))] for m in maps)])
    if not counts.size:
        return 0.0, 1.0
    low, high = np.percentile(counts, [DARKEST, BRIGHTEST])
    return (float(low), float(high)) if high > low else (float(low) - 0.5, float(low) + 0.5)


def _key(maps: Sequence[Map]) -> tuple[str, ...]:
    """What the marks are."""
    if not maps:
        return ()
    roles = {o.role for m in maps for o in m.outlines}
    words = ["Grey: not used"]
    words += ["cross: beam"] if CROSS in roles else []
    words += ["dashed: rings where the geometry puts them"] if RING in roles else []
    return (f"{'; '.join(words)}.",)


def rings(entries: Sequence[Entry], opts: options.RingsOptions) -> PanelData:
    """Rings of the calibrant: Q found minus Q expected, with the uncertainty of each fit, and the verdict."""
    found, missing = build.find(entries, ScatteringReduced)
    found = build.pick(found, missing, lambda f: _check_of(f.artifact))
    x_limits = opts.xlim or _wide([f.artifact.expected_inv_ang for f in found])
    found = build.drop_outside(found, missing, x_limits, "expected_inv_ang")
    groups = [
        [f.series(POINTS, f.artifact.expected_inv_ang, f.artifact.shift_inv_ang, f.artifact.shift_error_inv_ang)]
        for f in found
    ]
    axes = {
        "x_label": "Q of the ring",
        "x_unit": "1/angstrom",
        "y_label": "Q found − Q expected",
        "y_unit": "1/angstrom",
    }
    notes = (*_verdicts(found), *build.status_notes(found, missing))
    return build.curves(
        "scattering.rings", entries, groups, x_limits, axes, notes, offset=opts.offset, ylim=opts.ylim,
        zero_of=(POINTS,),
    )  # fmt: skip


def _check_of(reduced: ScatteringReduced) -> CalibrantCheck | str:
    if not reduced.checks:
        return "no calibrant"
    check = reduced.checks[0]
    return check if np.any(np.isfinite(check.shift_inv_ang)) else "no finite values"


def _wide(axes: Sequence[Array]) -> tuple[float, float]:
    low, high = build.span(axes)
    margin = 0.05 * (high - low) or 0.5
    return low - margin, high + margin


def _verdicts(found: Sequence[Found]) -> tuple[str, ...]:
    """'Ni: agrees; Q found over Q expected 1.0002 ± 0.0001.', once where samples share the calibrant."""
    words: dict[str, list[str]] = {}
    for f in found:
        check: CalibrantCheck = f.artifact
        text = f"{check.name}: {check.verdict}; Q found over Q expected {check.scale:.6f} ± {check.scale_error:.1g}"
        words.setdefault(text, []).append(f.entry.label)
    if len(words) == 1:
        return tuple(f"{text}." for text in words)
    return tuple(f"{text} ({', '.join(labels)})." for text, labels in words.items())
