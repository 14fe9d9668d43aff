"""Stage `measure` of the technique raman for many spectra: regions and ratios of every frame, and of the series.

Order of steps: the smoothing of each region, that of the mean of all frames; then blocks of frames: each region
(`ntcspec.raman.regions`) over the baseline and over every other one, ratios of regions; sums over frames
(`ntcspec.frames.gather`). u_sys is half the range over the baselines, each found for each frame.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ntcspec.frames.gather import Gathered, Read
from ntcspec.raman.measure import in_unit, pairs_of
from ntcspec.raman.regions import UNITS, WHAT, Region, measure_region, ratio
from ntcspec.types import Array, Note
from ntcspec.types.frames import FramesMeasured
from ntcspec.types.raman_frames import CorrectedFrame, RamanCorrected


def measure_raman_frames(
    reduced: RamanCorrected,
    *,
    bands: Mapping[str, Mapping[str, Any]] | None = None,
    regions: Mapping[str, Sequence[float]] | None = None,
    ratios: Mapping[str, Sequence[str]] | None = None,
) -> FramesMeasured:
    """Metrics of every frame. Parameters as of `measure_raman`; bands are not fitted, and a note says so.

    Raises UserError where no frame can be used, for a ratio of unknown regions and for a range without points.
    """
    wanted = dict(regions or {})
    pairs = pairs_of(ratios or {}, wanted)
    smooth = _smoothing(reduced, wanted)
    gathered = Gathered(reduced.coordinate_names, reduced.coordinate_units, "baseline")
    full, removed = 0, 0
    for block in reduced.frames:
        full, removed = full + int(block.saturated.sum()), removed + int(block.spikes.sum())
        gathered.add(block.along, _readings(reduced, block, wanted, pairs, smooth))
    notes: list[Note] = [f"{removed} points taken out as spikes"]
    notes += [f"the detector was saturated at {full} points, which count as they are"] if full else []
    notes += [f"not made for frames: {', '.join(f'band {name}' for name in bands)}"] if bands else []
    axis = reduced.shift_error_cm1
    if np.isfinite(axis).all():
        words = f"that of the axis, {np.median(axis):.2g} 1/cm, which all frames share"
        notes.append(f"u_sys of shifts does not hold {words}")
    else:
        notes.append("the axis is not calibrated: shifts are those displayed")
    return gathered.result(reduced.frames, reduced.variant_names, notes)


Windows = Mapping[str, Sequence[float]]


def _smoothing(reduced: RamanCorrected, regions: Windows) -> dict[str, int]:
    """Points that each region is smoothed over: what suits the mean of all frames."""
    total, variance, count = np.zeros(reduced.shift_cm1.size), np.zeros(reduced.shift_cm1.size), 0
    for corrected, sigma, reason in reduced.frames.parts("corrected", "sigma", "reason"):
        used = [not why for why in reason]
        total, variance = total + corrected[used].sum(axis=0), variance + (sigma[used] ** 2).sum(axis=0)
        count += sum(used)
    mean, error = total / max(count, 1), np.sqrt(variance) / max(count, 1)
    return {
        name: measure_region(reduced.shift_cm1, mean[None], error[None], name=name, range_cm1=window).smooth_points
        for name, window in regions.items()
    }


def _readings(
    reduced: RamanCorrected,
    block: CorrectedFrame,
    regions: Windows,
    pairs: Mapping[str, tuple[str, str]],
    smooth: Mapping[str, int],
) -> list[Read]:
    """All readings of a block."""
    used = np.array([not reason for reason in block.reason])
    x, unit = reduced.shift_cm1, reduced.intensity_unit
    y, s = block.corrected[used], block.sigma[used]
    over = [y, *(y - block.variants[used, k] for k in range(len(reduced.variant_names)))]
    found: dict[str, list[Region]] = {}
    out = []
    for name, window in regions.items():
        k = smooth[name]
        if used.any():
            found[name] = [measure_region(x, one, s, name=name, range_cm1=window, smooth_points=k) for one in over]
        for key, its in UNITS.items():
            values = [(r.values[key], r.errors[key]) for r in found.get(name, ())]
            words = f"{WHAT[key]}; {window[0]:g}-{window[1]:g} 1/cm, smoothed over {k} points"
            out.append(_read(f"{name}.{key}", in_unit(its, unit), words, used, values, len(over)))
    for name, (above, below) in pairs.items():
        both = zip(found.get(above, ()), found.get(below, ()), strict=True)
        values = [ratio(one, other)[:2] for one, other in both]
        out.append(_read(name, "1", f"area of {above} over that of {below}", used, values, len(over)))
    return out


def _read(name: str, unit: str, method: str, used: Array, values: Sequence[tuple[Array, Array]], count: int) -> Read:
    """A reading of all frames of a block from those that are used; values: over the baseline, then over the others."""
    every = np.full((used.size, count), np.nan)
    error = np.full(used.size, np.nan)
    for k, (value, _) in enumerate(values):
        every[used, k] = value
    if values:
        error[used] = values[0][1]
    return Read(name, unit, method, every[:, 0].copy(), error, every[:, 1:])
