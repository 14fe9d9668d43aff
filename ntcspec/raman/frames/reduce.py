"""Stage `reduce` of the technique raman for many spectra: one axis, spikes out, each baseline for each frame.

Order of steps:
1. the axis of the first frame that is used, calibrated as for one spectrum; frames on another axis are interpolated by
   straight lines, and left out where they do not reach as far;
2. a first pass over all frames: their mean, whether counts are sums of exposures, and whether some are negative. A
   block by itself could decide otherwise than its neighbour;
3. for each block: noise of the points, saturation, spikes, the baseline and every other one that the study names.

The numbers of a frame are those that `reduce_raman` gives a map of these frames. arPLS takes a block at a time
(`ntcspec.raman.arpls`), the other methods of pybaselines one frame after the other: they take most of the time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ntcspec.errors import UserError
from ntcspec.frames.coordinates import shown
from ntcspec.raman import calibrate as cal
from ntcspec.raman.baseline import NONE, find_baseline
from ntcspec.raman.despike import NARROWEST, Z, despike
from ntcspec.raman.grid import Grid, uniform_grid
from ntcspec.raman.noise import FULL_SCALE, per_second, point_noise, saturated
from ntcspec.raman.reduce import (
    BASELINES,
    WHEN,
    axis_of,
    calibration_of,
    inside_of,
    instrument_of,
    refuse_second_baseline,
    unit_of,
)
from ntcspec.types import Array
from ntcspec.types.blocks import Blocks
from ntcspec.types.raman import RamanScan
from ntcspec.types.raman_frames import CorrectedFrame, RamanCorrected, RamanFrames, RawRamanFrame

SAME_AXIS_CM1 = 1e-3
NEGATIVE = 0.01  # share of the points


@dataclass(frozen=True)
class _Spectra:
    """A block on the common axis: intensity (frames, points), NaN where there is a reason."""

    intensity: Array
    along: Array
    across: Array
    source: tuple[str, ...]
    reason: tuple[str, ...]


@dataclass(frozen=True)
class _How:
    """What all blocks share. raw_cm1: axis of the first frame as displayed, in range; counting: for `point_noise`."""

    raw_cm1: Array
    grid: Grid
    counting: dict[str, Any]
    spikes: bool
    spike_z: float
    narrowest: float
    baseline: str
    others: tuple[str, ...]


def reduce_raman_frames(
    raw: RamanFrames,
    *,
    neon_degree: int = 1,
    laser_error_nm: float = cal.LASER_ERROR_NM,
    range_cm1: Sequence[float] | None = None,
    spikes: str = "auto",
    spike_z: float = Z,
    instrument_fwhm_cm1: float | None = None,
    noise: str = "auto",
    full_scale: float = FULL_SCALE,
    baseline: str = "arpls",
    baselines: Sequence[str] = BASELINES,
    rebaseline: bool = False,
    step_cm1: float | None = None,
) -> RamanCorrected:
    """All frames on one axis, each with its baselines. Parameters as of `reduce_raman`.

    Raises UserError for what the frames do not allow; of a baseline that is not possible, while the blocks are made.
    """
    if spikes not in WHEN:
        raise UserError("reduce.spikes", f"{spikes!r} is not known", "one of: " + ", ".join(WHEN))
    first = raw.first
    refuse_second_baseline(first, baseline, rebaseline)
    silicon, neon = (some[0] if some else None for some in (raw.silicon, raw.neon))
    calibration = calibration_of(
        silicon, neon, laser_nm=first.laser_nm, laser_error_nm=laser_error_nm, neon_degree=neon_degree,
        range_cm1=range_cm1,
    )  # fmt: skip
    shift, error = axis_of(first.shift_cm1, calibration)
    inside = inside_of(shift, range_cm1, first.source)
    width = instrument_of(calibration, instrument_fwhm_cm1)[0]
    displayed = first.shift_cm1[inside]
    seen = _first_pass(raw, displayed)
    counting = _counting(first, seen, noise, full_scale)
    treated = first.baseline_subtracted
    how = _How(
        raw_cm1=displayed,
        grid=uniform_grid(shift[inside], step_cm1),
        counting=counting,
        spikes=spikes == "on" or (spikes == "auto" and not first.filtered),
        spike_z=spike_z,
        narrowest=width / float(np.median(np.diff(shift))) if np.isfinite(width) else NARROWEST,
        baseline=baseline,
        others=() if baseline == NONE and not rebaseline and treated else tuple(baselines),
    )
    notes = list(calibration.notes) if calibration else ["the axis is not calibrated: shifts are those displayed"]
    return RamanCorrected(
        shift_cm1=shift[inside],
        shift_error_cm1=error[inside],
        mean_intensity=seen.mean,
        intensity_unit=unit_of(first.intensity_unit),
        variant_names=how.others,
        laser_nm=float(first.laser_nm),
        calibration=calibration.method if calibration else "",
        coordinate_names=raw.coordinate_names,
        coordinate_units=raw.coordinate_units,
        frames=Blocks(CorrectedFrame, lambda: (_corrected(block, how) for block in _on_axis(raw, displayed))),
        chosen={"grid_step_cm1": how.grid.step_cm1, "noise": counting["kind"], "baseline_was_subtracted": treated},
        notes=(*notes, *_notes(seen, how)),
    )


def _counting(first: RamanScan, seen: _Seen, noise: str, full_scale: float) -> dict[str, Any]:
    """What `point_noise` is told of every block: what it would find by itself of all frames together."""
    treated, asked = first.baseline_subtracted, first.accumulations
    exposures = asked if np.isfinite(asked) and asked >= 1 else 1.0
    timed = per_second(first.intensity_unit) and np.isfinite(first.exposure_s) and first.exposure_s > 0
    summed = exposures > 1 and seen.highest * (first.exposure_s if timed else 1.0) > full_scale and not treated
    found = "flat" if treated or seen.negative > NEGATIVE else "poisson"
    return {
        "accumulations": 1.0 if summed else exposures,
        "full_scale": full_scale * (exposures if summed else 1.0),
        "exposure_s": first.exposure_s,
        "unit": first.intensity_unit,
        "treated": treated,
        "kind": found if noise == "auto" else noise,
    }


def _notes(seen: _Seen, how: _How) -> list[str]:
    notes = [f"{seen.bad} of {seen.count} frames left out: {seen.words}"] if seen.bad else []
    notes += [] if how.spikes else ["spikes were left to the acquisition, or as they are"]
    notes += [f"noise: {'one sigma for all points of a frame' if how.counting['kind'] == 'flat' else 'of counts'}"]
    return notes + ([] if how.others else ["no other baseline was tried: u_sys does not hold that of the baseline"])


@dataclass(frozen=True)
class _Seen:
    """What a first pass finds: mean, highest intensity, share of negative points, frames, those left out and why."""

    mean: Array
    highest: float
    negative: float
    count: int
    bad: int
    words: str


def _first_pass(raw: RamanFrames, displayed: Array) -> _Seen:
    """Raises UserError where no frame can be used."""
    total, used, below, highest = np.zeros(displayed.size), 0, 0, -np.inf
    sources: list[str] = []
    reasons: list[str] = []
    for block in _on_axis(raw, displayed):
        good = block.intensity[[not reason for reason in block.reason]]
        total, used = total + good.sum(axis=0), used + len(good)
        below += int(np.count_nonzero(good < 0))
        highest = max(highest, float(good.max(initial=-np.inf)))
        sources += block.source
        reasons += block.reason
    if not used:
        raise UserError("frames", f"none can be used: {shown(sources, reasons, 1)}", "mend the files or the range")
    bad = sum(map(bool, reasons))
    share = below / (used * displayed.size)
    return _Seen(total / used, highest, share, len(reasons), bad, shown(sources, reasons))


def _on_axis(raw: RamanFrames, displayed: Array) -> Iterator[_Spectra]:
    """All frames on the axis of the first one, block by block."""
    for block in raw.frames:
        out = np.full((len(block.reason), displayed.size), np.nan)
        reasons = list(block.reason)
        for i in np.flatnonzero([not reason for reason in reasons]):
            reasons[i] = _place(block, int(i), displayed, out[i])
        yield _Spectra(out, block.along, block.across, block.source, tuple(reasons))


def _place(block: RawRamanFrame, i: int, displayed: Array, out: Array) -> str:
    """Fill one frame in; why it cannot be."""
    there = np.isfinite(block.shift_cm1[i])
    shift, intensity = block.shift_cm1[i, there], block.intensity[i, there]
    start = int(np.searchsorted(shift, displayed[0] - SAME_AXIS_CM1))
    same = shift[start : start + displayed.size]
    if same.size == displayed.size and np.abs(same - displayed).max() <= SAME_AXIS_CM1:
        out[:] = intensity[start : start + displayed.size]
    elif shift[0] > displayed[0] or shift[-1] < displayed[-1]:
        return f"it runs from {shift[0]:.0f} to {shift[-1]:.0f} 1/cm, the first frame further"
    else:
        out[:] = np.interp(displayed, shift, intensity)
    return ""


def _corrected(block: _Spectra, how: _How) -> CorrectedFrame:
    """A block with spikes out and baselines found."""
    used = np.array([not reason for reason in block.reason])
    shape = block.intensity.shape
    corrected, baseline, sigma = (np.full(shape, np.nan) for _ in range(3))
    variants = np.full((shape[0], len(how.others), shape[1]), np.nan)
    removed, full = np.zeros(shape[0]), np.zeros(shape[0])
    if used.any():
        y = block.intensity[used]
        found = point_noise(y, **how.counting)
        full[used] = saturated(y, found.sigma, found.full_scale).sum(axis=1)
        mask: npt.NDArray[np.float64] = np.zeros(y.shape)
        if how.spikes:
            y, mask = despike(y, found.sigma, narrowest_points=how.narrowest, z=how.spike_z)
        removed[used], sigma[used] = mask.sum(axis=1), found.sigma
        baseline[used] = find_baseline(how.grid, y, how.baseline)
        corrected[used] = y - baseline[used]
        for k, words in enumerate(how.others):
            variants[used, k] = find_baseline(how.grid, y, words, "reduce.baselines") - baseline[used]
    return CorrectedFrame(
        corrected, baseline, sigma, variants, removed, full, block.along, block.across, block.source, block.reason
    )
