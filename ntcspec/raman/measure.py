"""Stage `measure` of the technique raman: bands, regions and ratios as metrics.

Order of steps:
1. the mean of all spectra (the spectrum itself, where there is one): line fits, regions, ratios of regions; ratios also
   for the Bose-reduced spectrum, if there is one, under a name of their own;
2. u_stat: from the noise of the points (covariance of the fit, or exact propagation);
3. u_sys: half the range over the nominal baseline and the others that the study names, with the number of lines kept;
   for positions the uncertainty of the calibration in quadrature. The two are never added: a statistical 0.1 cm^-1
   beside a systematic factor of 1.9 in an area is the normal case;
4. what is missing says why: below 3 sigma, one line is enough, the window is too narrow;
5. with several spectra: the table of all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ntcspec.errors import UserError, did_you_mean
from ntcspec.peaks.value import NAN, Value
from ntcspec.raman.bands import Band, BandFitted, band_of, fit_band, refit
from ntcspec.raman.maps import make_table
from ntcspec.raman.regions import UNITS, WHAT, Region, measure_region, ratio
from ntcspec.types import Array, Metric, Note
from ntcspec.types.raman import RamanMeasured, RamanReduced, RamanTable, RamanTransformed

AXIS = ("position", "centroid")  # shifts: an error of the axis moves them
ALONE = ("lines", "delta_bic")  # of the nominal baseline only


@dataclass(frozen=True)
class _Reading:
    """One value of the mean spectrum, and what comes out over each other baseline, NaN where nothing does."""

    name: str
    value: Value
    by_baseline: Array


def measure_raman(
    reduced: RamanReduced,
    transformed: RamanTransformed | None = None,
    *,
    bands: Mapping[str, Band | Mapping[str, Any]] | None = None,
    regions: Mapping[str, Sequence[float]] | None = None,
    ratios: Mapping[str, Sequence[str]] | None = None,
) -> RamanMeasured:
    """Metrics of bands {name: Band}, regions {name: (from, to)} and ratios {name: (region above, region below)}.

    Raises
    ------
    UserError
        A name used twice, a ratio of unknown regions, a range without points, an unknown parameter.
    """
    wanted = {name: one if isinstance(one, Band) else band_of(name, one) for name, one in (bands or {}).items()}
    regions = dict(regions or {})
    pairs = pairs_of(ratios or {}, regions)
    _refuse_twice([*wanted, *regions, *pairs])
    mean_sigma = np.sqrt((reduced.sigma**2).sum(axis=0)) / reduced.sigma.shape[0]
    others = reduced.mean_intensity[None, :] - reduced.variant_baseline
    readings: list[_Reading] = []
    fitted: dict[str, BandFitted] = {}
    notes: list[Note] = []
    usable = np.asarray(reduced.saturated.max(axis=0) == 0)
    for name, band in wanted.items():
        fitted[name] = _fit(reduced, mean_sigma, usable, name, band)
        readings += _band_readings(name, fitted[name], others)
        notes += [f"{name}: {note}" for note in fitted[name].notes]
    found = {name: _region(reduced, mean_sigma, others, name, window) for name, window in regions.items()}
    readings += [one for name, region in found.items() for one in _region_readings(name, region, regions[name])]
    readings += [_ratio_reading(name, pair, found) for name, pair in pairs.items()]
    if transformed is not None:
        readings += _reduced_ratios(reduced, transformed, mean_sigma, others, regions, pairs)
    tables = _tables(reduced, fitted, regions, pairs, found)
    return RamanMeasured(
        metrics=tuple(_metric(one, reduced) for one in readings),
        notes=(*notes, _note_on_sys(reduced)),
        baseline_names=reduced.variant_names,
        by_baseline=np.array([one.by_baseline for one in readings]).reshape(len(readings), len(reduced.variant_names)),
        fits=tuple(one.stored for one in fitted.values()),
        tables=tables,
    )


def _fit(reduced: RamanReduced, sigma: Array, usable: npt.NDArray[np.bool_], name: str, band: Band) -> BandFitted:
    return fit_band(
        reduced.shift_cm1,
        reduced.mean_corrected,
        sigma,
        name=name,
        band=band,
        usable=usable,
        instrument_fwhm_cm1=reduced.instrument_fwhm_cm1,
        instrument_fwhm_error_cm1=reduced.instrument_fwhm_error_cm1,
    )


def pairs_of(ratios: Mapping[str, Sequence[str]], regions: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """The two regions of each ratio. Raises UserError for a region that there is not."""
    out = {}
    for name, pair in ratios.items():
        where = f"measure.ratios.{name}"
        if len(pair) != 2:
            raise UserError(where, f"{list(pair)} does not name two regions", "give [region above, region below]")
        for region in pair:
            if region not in regions:
                hint = did_you_mean(region, regions)
                raise UserError(where, f"no region is called {region!r}{hint}", f"one of: {', '.join(regions)}")
        out[name] = (pair[0], pair[1])
    return out


def _refuse_twice(names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise UserError(
                f"measure: {name}", "the name is used twice", "give bands, regions, ratios names of their own"
            )


def _band_readings(name: str, fitted: BandFitted, others: Array) -> list[_Reading]:
    again = [refit(fitted, y) for y in others]
    return [
        _Reading(f"{name}.{key}", value, np.array([one.get(key, NAN) for one in again]))
        for key, value in fitted.values.items()
    ]


def _region(
    reduced: RamanReduced, sigma: Array, others: Array, name: str, window: Sequence[float]
) -> tuple[Region, Region]:
    """The region of the mean spectrum, and over the other baselines."""
    x = reduced.shift_cm1
    nominal = measure_region(x, reduced.mean_corrected[None, :], sigma[None, :], name=name, range_cm1=window)
    if not others.shape[0]:
        return nominal, nominal
    wide = np.broadcast_to(sigma, others.shape)
    k = nominal.smooth_points
    return nominal, measure_region(x, others, wide, name=name, range_cm1=window, smooth_points=k)


def _region_readings(name: str, pair: tuple[Region, Region], window: Sequence[float]) -> list[_Reading]:
    nominal, other = pair
    low, high = window
    out = []
    for key, unit in UNITS.items():
        method = f"{WHAT[key]}; {low:g}-{high:g} 1/cm, no line shape, smoothed over {nominal.smooth_points} points"
        value = Value(float(nominal.values[key][0]), float(nominal.errors[key][0]), unit, method, nominal.reason(key))
        by = other.values[key] if other is not nominal else np.zeros(0)
        out.append(_Reading(f"{name}.{key}", value, by))
    return out


def _ratio_reading(
    name: str, pair: tuple[str, str], found: Mapping[str, tuple[Region, Region]], how: str = ""
) -> _Reading:
    (above, above_by), (below, below_by) = found[pair[0]], found[pair[1]]
    value, error, absent = ratio(above, below)
    by = ratio(above_by, below_by)[0] if above_by is not above else np.zeros(0)
    reason = f"{pair[1]}: {below.reason('area')}" if absent[0] else above.reason("area")
    method = f"area of {pair[0]} over that of {pair[1]}{how}"
    return _Reading(name, Value(float(value[0]), float(error[0]), "1", method, reason), by)


def _reduced_ratios(
    reduced: RamanReduced,
    transformed: RamanTransformed,
    sigma: Array,
    others: Array,
    regions: Mapping[str, Sequence[float]],
    pairs: Mapping[str, tuple[str, str]],
) -> list[_Reading]:
    """Ratios of the Bose-reduced spectrum, 'name.bose_reduced'; regions below its range make none."""
    kept = reduced.shift_cm1 >= transformed.shift_cm1[0]
    x, f = transformed.shift_cm1, transformed.factor
    found: dict[str, tuple[Region, Region]] = {}
    for name, window in regions.items():
        if window[0] < x[0]:
            continue
        y, s = (reduced.mean_corrected[kept] * f)[None, :], (sigma[kept] * f)[None, :]
        one = measure_region(x, y, s, name=name, range_cm1=window)
        k = one.smooth_points
        z = others[:, kept] * f
        by = (
            measure_region(x, z, np.broadcast_to(s, z.shape), name=name, range_cm1=window, smooth_points=k)
            if z.shape[0]
            else one
        )
        found[name] = (one, by)
    how = f", Bose-reduced at {transformed.temperature_k:g} K"
    return [
        _ratio_reading(f"{name}.bose_reduced", pair, found, how)
        for name, pair in pairs.items()
        if pair[0] in found and pair[1] in found
    ]


def _metric(one: _Reading, reduced: RamanReduced) -> Metric:
    value, quantity = one.value, one.name.rsplit(".", 1)[-1]
    u_sys, reason = _systematic(one, reduced, quantity)
    reasons = "; ".join(words for words in (value.reason, reason if np.isfinite(value.value) else "") if words)
    unit = in_unit(value.unit, reduced.intensity_unit)
    return Metric(one.name, value.value, unit, value.u_stat, u_sys, value.method, reasons)


def _systematic(one: _Reading, reduced: RamanReduced, quantity: str) -> tuple[float, str]:
    """u_sys, and why it is missing or not whole."""
    if not np.isfinite(one.value.value) or quantity in ALONE:
        return NAN, ""
    if not one.by_baseline.size:
        spread, reason = NAN, "u_sys: no other baseline was tried"
    else:
        tried = one.by_baseline[np.isfinite(one.by_baseline)]
        everything = np.append(tried, one.value.value)
        spread = 0.5 * float(everything.max() - everything.min()) if tried.size else NAN
        lost = [n for n, v in zip(reduced.variant_names, one.by_baseline, strict=True) if not np.isfinite(v)]
        reason = f"u_sys: not found over {', '.join(lost)}" if lost else ""
    if quantity not in AXIS:
        return spread, reason
    axis = float(np.interp(one.value.value, reduced.shift_cm1, reduced.shift_error_cm1))
    if np.isnan(axis):
        return spread, "; ".join(words for words in (reason, "u_sys: the axis is not calibrated") if words)
    return float(np.hypot(0.0 if np.isnan(spread) else spread, axis)), reason


def _note_on_sys(reduced: RamanReduced) -> Note:
    axis = (
        "calibration of the axis" if np.isfinite(reduced.shift_error_cm1).all() else "without the axis: not calibrated"
    )
    names = ", ".join(reduced.variant_names) or "none"
    return f"u_sys: half range over the baselines ({names}); of positions also {axis}"


def _tables(
    reduced: RamanReduced,
    fitted: Mapping[str, BandFitted],
    regions: Mapping[str, Sequence[float]],
    pairs: Mapping[str, tuple[str, str]],
    found: Mapping[str, tuple[Region, Region]],
) -> tuple[RamanTable, ...]:
    if reduced.corrected.shape[0] < 2:
        return ()
    table = make_table(
        reduced.shift_cm1,
        reduced.corrected,
        reduced.sigma,
        reduced.saturated,
        bands=fitted,
        regions=regions,
        ratios=pairs,
        smooth_points={name: pair[0].smooth_points for name, pair in found.items()},
    )
    units = tuple(in_unit(unit, reduced.intensity_unit) for unit in table.metric_units)
    return (replace(table, metric_units=units),)


def in_unit(unit: str, counts: str) -> str:
    """The unit of a metric where intensities are in `counts`: 'counts/cm' may be 'counts/s/cm'."""
    return unit.replace("counts", counts)
