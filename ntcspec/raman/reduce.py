"""Stage `reduce` of the technique raman: instrument and acquisition removed.

Order of steps:
1. calibration of the axis from silicon, neon or both (`calibrate`); without either the axis stays as displayed;
2. range; uncertainty of each point (`noise`), saturation;
3. spikes out (`despike`): `auto` does nothing where the acquisition program had its own filter on;
4. repeat files averaged, weighted by their exposures, on the axis of the first;
5. baseline on a uniform grid (`grid`, `baseline`) and those of the other methods, for the mean spectrum.

A file whose baseline was taken away by the acquisition program is not given a second one unless `rebaseline` says so:
what the first one took is unknown, and two baselines look like one good one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ntcspec.errors import UserError
from ntcspec.raman import calibrate as cal
from ntcspec.raman.baseline import NONE, find_baseline, variants
from ntcspec.raman.despike import NARROWEST, Z, despike
from ntcspec.raman.grid import Grid, uniform_grid
from ntcspec.raman.noise import FULL_SCALE, per_second, point_noise, saturated
from ntcspec.types import Array, Note
from ntcspec.types.raman import RamanIngested, RamanReduced, RamanScan

BASELINES = ("arpls lam=1e4", "arpls lam=3e5", "aspls", "imodpoly", "pspline_asls")
NEAR, FEW = 3.0, 0.6  # sigma; share of what the nominal baseline has
FEWEST = 16  # points in range
WHEN = ("auto", "on", "off")
NAN = float("nan")
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Cleaned:
    """One file: spikes out. Arrays of shape (spectra, points)."""

    intensity: Array
    sigma: Array
    spikes: Array
    saturated: Array
    factor: float
    weight: float
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class _Axis:
    """Shape (points,): calibrated shift and its uncertainty, shift as displayed."""

    shift: Array
    error: Array
    measured: Array
    laser_nm: float
    calibration: cal.Calibration | None
    instrument: tuple[float, float]  # FWHM and its uncertainty; NaN where unknown


def reduce_raman(
    ingested: RamanIngested,
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
) -> RamanReduced:
    """Calibrated axis, spectra without spikes, baseline and the other baselines.

    silicon and neon, taken alongside, are in `ingested`
    range_cm1 : on the calibrated axis; instrument_fwhm_cm1 : wins over that of neon
    spikes : auto, on, off; baseline : method (`baseline.parse`), none for no baseline; baselines : others, for the
    systematic uncertainty; rebaseline : take a baseline off a file that had one taken off already

    Raises
    ------
    UserError
        No files, files that cannot be averaged, a range without points, a second baseline, a bad parameter.
    """
    _check(ingested, spikes, baseline, rebaseline)
    first = ingested.scans[0]
    laser = first.laser_nm
    silicon, neon = (some[0] if some else None for some in (ingested.silicon, ingested.neon))
    calibration = calibration_of(
        silicon, neon, laser_nm=laser, laser_error_nm=laser_error_nm, neon_degree=neon_degree, range_cm1=range_cm1
    )
    shift, error = axis_of(first.shift_cm1, calibration)
    inside = inside_of(shift, range_cm1, first.source)
    width = instrument_of(calibration, instrument_fwhm_cm1)
    narrowest = width[0] / float(np.median(np.diff(shift))) if np.isfinite(width[0]) else NARROWEST
    cleaned = [
        _clean(scan, _points(scan, inside, first), spikes, spike_z, noise, full_scale, narrowest)
        for scan in ingested.scans
    ]
    axis = _Axis(shift[inside], error[inside], first.shift_cm1[inside], float(laser), calibration, width)
    treated = any(scan.baseline_subtracted for scan in ingested.scans)
    others = () if baseline == NONE and not rebaseline and treated else tuple(baselines)
    return _result(ingested, cleaned, axis, uniform_grid(axis.shift, step_cm1), baseline, others)


def _result(
    ingested: RamanIngested,
    cleaned: Sequence[_Cleaned],
    axis: _Axis,
    grid: Grid,
    baseline: str,
    others: tuple[str, ...],
) -> RamanReduced:
    """Merged spectra, their baselines, and what was chosen."""
    first, calibration = ingested.scans[0], axis.calibration
    intensity, sigma = _merged(cleaned)
    base = find_baseline(grid, intensity, baseline)
    mean = intensity.mean(axis=0)
    treated = any(scan.baseline_subtracted for scan in ingested.scans)
    other = variants(grid, mean, others)
    error = np.sqrt((sigma**2).sum(axis=0)) / sigma.shape[0]
    near = {words: _near(mean - one, error) for words, one in zip(others, other, strict=True)}
    near = {} if baseline == NONE else {baseline: _near(mean - base.mean(axis=0), error), **near}
    return RamanReduced(
        shift_cm1=axis.shift,
        shift_error_cm1=axis.error,
        measured_shift_cm1=axis.measured,
        intensity=intensity,
        sigma=sigma,
        baseline=base,
        corrected=intensity - base,
        mean_intensity=mean,
        mean_baseline=base.mean(axis=0),
        mean_corrected=(intensity - base).mean(axis=0),
        intensity_unit=unit_of(first.intensity_unit),
        variant_names=others,
        variant_baseline=other,
        spikes=np.maximum.reduce([one.spikes for one in cleaned]),
        saturated=np.maximum.reduce([one.saturated for one in cleaned]),
        coordinate_names=first.coordinate_names,
        coordinate_units=first.coordinate_units,
        coordinates=first.coordinates,
        laser_nm=axis.laser_nm,
        calibration=calibration.method if calibration else "",
        instrument_fwhm_cm1=axis.instrument[0],
        instrument_fwhm_error_cm1=axis.instrument[1],
        chosen=_chosen(cleaned, grid, treated, near),
        notes=(*_notes(ingested, calibration, cleaned, grid, treated, others), *_far(near)),
    )


def unit_of(told: str) -> str:
    """Unit of intensities; counts where the file names none."""
    if per_second(told):
        return "counts/s"
    return "arb. units" if told.strip().casefold().startswith(("arb", "a.u", "rel")) else "counts"


def _near(rest: Array, error: Array) -> float:
    """Share of the points that lie within 3 sigma of a baseline."""
    return float(np.mean(np.abs(rest) < NEAR * error))


def _far(near: Mapping[str, float]) -> tuple[Note, ...]:
    """A note on each other baseline that passes far fewer points than the nominal one, which stands first."""
    first = next(iter(near), "")
    return tuple(
        f"baseline {words}: {share:.0%} of the points within {NEAR:g} sigma, {first}: {near[first]:.0%}; does it "
        "follow the background? It counts in u_sys"
        for words, share in near.items()
        if share < FEW * near[first]
    )


def _chosen(cleaned: Sequence[_Cleaned], grid: Grid, treated: bool, near: dict[str, float]) -> dict[str, Any]:
    total = sum(one.weight for one in cleaned)
    return {
        "points_near_baseline": near,
        "baseline_was_subtracted": treated,
        "grid_step_cm1": grid.step_cm1,
        "noise_factor": [None if np.isnan(one.factor) else one.factor for one in cleaned],
        "spikes_removed": int(sum(one.spikes.sum() for one in cleaned)),
        "weights": [one.weight / total for one in cleaned],
    }


def calibration_of(
    silicon: RamanScan | None,
    neon: RamanScan | None,
    *,
    laser_nm: float,
    laser_error_nm: float = cal.LASER_ERROR_NM,
    neon_degree: int = 1,
    range_cm1: Sequence[float] | None = None,
) -> cal.Calibration | None:
    """The calibration from what was measured alongside; None where nothing was. Raises as `calibrate`."""
    by_silicon = _named(silicon, lambda: cal.calibrate_silicon(*_spectrum(silicon))) if silicon else None
    if neon is None:
        return by_silicon
    shift, intensity, sigma = _spectrum(neon)
    if range_cm1 is not None:
        low, high = range_cm1
        inside = (shift >= low - cal.LARGEST_OFFSET_CM1) & (shift <= high + cal.LARGEST_OFFSET_CM1)
        shift, intensity, sigma = shift[inside], intensity[inside], sigma[inside]
    given: dict[str, Any] = {"laser_nm": laser_nm, "laser_error_nm": laser_error_nm, "degree": neon_degree}
    by_neon = _named(neon, lambda: cal.calibrate_neon(shift, intensity, sigma, **given))
    return cal.combine(by_neon, by_silicon) if by_silicon else by_neon


def _named(scan: RamanScan, calibrate: Callable[[], cal.Calibration]) -> cal.Calibration:
    """The calibration; what is wrong with it is told of the file."""
    try:
        return calibrate()
    except UserError as error:
        raise UserError(scan.source, error.what, error.fix) from None


def _check(ingested: RamanIngested, spikes: str, baseline: str, rebaseline: bool) -> None:
    if not ingested.scans:
        raise UserError("reduce", "there is no file", "name the raw files of the measurement")
    if spikes not in WHEN:
        raise UserError("reduce.spikes", f"{spikes!r} is not known", "one of: " + ", ".join(WHEN))
    first = ingested.scans[0]
    for scan in ingested.scans:
        if len(ingested.scans) > 1 and scan.intensity.shape[0] > 1:
            what = f"{scan.intensity.shape[0]} spectra in it, and other files beside it"
            raise UserError(scan.source, what, "make a measurement of each series or map")
        if abs(scan.exposure_s - first.exposure_s) > 1e-6 * first.exposure_s:
            what = f"exposures of {scan.exposure_s:g} s, in {first.source} of {first.exposure_s:g} s"
            raise UserError(scan.source, what, "make measurements of their own of them: their counts are not alike")
        refuse_second_baseline(scan, baseline, rebaseline)


def refuse_second_baseline(scan: RamanScan, baseline: str, rebaseline: bool) -> None:
    """Raises UserError for a file that has had its baseline taken away, unless the study says what to do."""
    if scan.baseline_subtracted and baseline != NONE and not rebaseline:
        done = ", ".join(one for one in scan.history if one.startswith("Base:"))
        fix = "give the raw file; or `baseline: none` to keep that one, or `rebaseline: true` for a second one"
        raise UserError(scan.source, f"LabSpec has already taken a baseline away ({done})", fix)


def _spectrum(scan: RamanScan) -> tuple[Array, Array, Array]:
    """Shift, mean intensity and its uncertainty of a calibration file."""
    noise = point_noise(
        scan.intensity,
        accumulations=scan.accumulations,
        exposure_s=scan.exposure_s,
        unit=scan.intensity_unit,
        treated=scan.baseline_subtracted,
    )
    m = scan.intensity.shape[0]
    return scan.shift_cm1, scan.intensity.mean(axis=0), np.sqrt((noise.sigma**2).sum(axis=0)) / m


def axis_of(shift: Array, calibration: cal.Calibration | None) -> tuple[Array, Array]:
    """Calibrated shift and its uncertainty, NaN without a calibration."""
    if calibration is None:
        return shift.copy(), np.full(shift.size, NAN)
    return calibration.apply(shift)


def inside_of(shift: Array, range_cm1: Sequence[float] | None, source: str) -> Flags:
    """Which points are in the range. Raises UserError where they are too few."""
    if range_cm1 is None:
        return np.ones(shift.size, dtype=bool)
    low, high = (float(one) for one in range_cm1)
    inside = (shift >= low) & (shift <= high)
    if np.count_nonzero(inside) < FEWEST:
        what = f"{np.count_nonzero(inside)} points between {low:g} and {high:g} 1/cm"
        raise UserError(
            f"{source}: reduce.range_cm1", what, f"the data run from {shift[0]:.0f} to {shift[-1]:.0f} 1/cm"
        )
    return inside


def instrument_of(calibration: cal.Calibration | None, given_cm1: float | None) -> tuple[float, float]:
    """Width that the instrument gives a sharp line, and its uncertainty: as given, else from neon, else NaN.

    Not from silicon, which is broader than the instrument: with its width lines of gases could be taken for spikes.
    """
    if given_cm1 is not None:
        return float(given_cm1), NAN
    if calibration is None:
        return NAN, NAN
    return calibration.instrument_fwhm_cm1, calibration.instrument_fwhm_error_cm1


def _points(scan: RamanScan, inside: Flags, first: RamanScan) -> Array:
    """Intensity on the axis of the first file, in range."""
    if scan.shift_cm1.size == first.shift_cm1.size and np.allclose(scan.shift_cm1, first.shift_cm1, atol=1e-3):
        return scan.intensity[:, inside]
    low, high = first.shift_cm1[inside][[0, -1]]
    if scan.shift_cm1[0] > low or scan.shift_cm1[-1] < high:
        what = f"runs from {scan.shift_cm1[0]:.0f} to {scan.shift_cm1[-1]:.0f} 1/cm, {first.source} further"
        raise UserError(scan.source, what, "narrow reduce.range_cm1")
    return np.array([np.interp(first.shift_cm1[inside], scan.shift_cm1, one) for one in scan.intensity])


def _clean(
    scan: RamanScan, y: Array, spikes: str, z: float, noise: str, full_scale: float, narrowest: float
) -> _Cleaned:
    measured = point_noise(
        y,
        accumulations=scan.accumulations,
        exposure_s=scan.exposure_s,
        unit=scan.intensity_unit,
        treated=scan.baseline_subtracted,
        kind=noise,
        full_scale=full_scale,
    )
    full = saturated(y, measured.sigma, measured.full_scale)
    notes = [f"{scan.source}: {one}" for one in measured.notes]
    mask = np.zeros_like(y)
    if spikes == "on" or (spikes == "auto" and not scan.filtered):
        y, mask = despike(y, measured.sigma, narrowest_points=narrowest, z=z)
        found = int(np.count_nonzero(np.diff(mask, axis=1, prepend=0.0) > 0))
        notes.append(f"{scan.source}: {found} spikes ({int(mask.sum())} points) taken out")
    elif spikes == "auto":
        notes.append(f"{scan.source}: spikes were left to the acquisition (spike filter: {scan.spike_filter})")
    if full.any():
        notes.append(f"{scan.source}: the detector was saturated at {int(full.sum())} points: fits leave them out")
    weight = scan.accumulations if np.isfinite(scan.accumulations) else 1.0
    return _Cleaned(y, measured.sigma, mask, full, measured.factor, weight, tuple(notes))


def _merged(cleaned: Sequence[_Cleaned]) -> tuple[Array, Array]:
    """Mean weighted by exposures, and its uncertainty."""
    if len(cleaned) == 1:
        return cleaned[0].intensity, cleaned[0].sigma
    weights = np.array([one.weight for one in cleaned])
    weights = weights / weights.sum()
    mean = sum(w * one.intensity for w, one in zip(weights, cleaned, strict=True))
    variance = sum((w * one.sigma) ** 2 for w, one in zip(weights, cleaned, strict=True))
    return np.asarray(mean), np.asarray(np.sqrt(variance))


def _notes(
    ingested: RamanIngested,
    calibration: cal.Calibration | None,
    cleaned: Sequence[_Cleaned],
    grid: Grid,
    treated: bool,
    others: Sequence[str],
) -> tuple[Note, ...]:
    notes = list(calibration.notes) if calibration else ["the axis is not calibrated: shifts are those displayed"]
    notes += [note for one in cleaned for note in one.notes]
    if len(ingested.scans) > 1:
        notes.append(f"{len(ingested.scans)} files averaged, weighted by their number of exposures")
    if treated:
        notes.append("LabSpec had already taken a baseline away: its systematic uncertainty cannot be known")
    low, high = float(np.diff(grid.shift_cm1).min()), float(np.diff(grid.shift_cm1).max())
    if high > 1.05 * low:
        notes.append(f"steps of {low:.3g} to {high:.3g} 1/cm: baselines found on a grid of {grid.step_cm1:.3g} 1/cm")
    if not others:
        notes.append("no other baseline was tried: systematic uncertainties do not hold that of the baseline")
    return tuple(notes)
