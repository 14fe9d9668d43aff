"""Lines in a range of the corrected spectrum: how many, where, how wide, over a straight line of their own.

Symbols: s shift, y corrected intensity, sigma its uncertainty, w full width of a line, w_L, w_G those of its Lorentzian
and Gaussian part, w_i Gaussian width of the instrument, a = 0.5346.

Order of steps of `fit_band`:
1. the points in range that are not saturated; parts: lines (pseudo-Voigt or Voigt) and a straight line, all in one fit,
   weighted by sigma: what the baseline left sloping is taken up there and its uncertainty goes into that of the lines;
2. fits of no line and of each number asked for (`peaks.search`), compared by BIC (`peaks.compare`). No line is always
   among them: a band must be needed. Two bands that merge (360 and 420 cm^-1) are two only if the data say so;
3. values of the chosen number: centroid, height, area, width of the summed lines, number, margin; of each line its own
   where there are several; what is missing carries the reason;
4. a single Voigt line without the instrument: w_G'^2 = w_G^2 - w_i^2, w' = a w_L + sqrt((1 - a)^2 w_L^2 + w_G'^2).

The uncertainties are those of the noise; other baselines make others (`refit`).

Sources: J. J. Olivero, R. L. Longbothum, J. Quant. Spectrosc. Radiat. Transfer 17, 233 (1977); statistics: see
ntcspec.peaks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from ntcspec.errors import UserError, did_you_mean
from ntcspec.peaks.compare import VERY_STRONG, Comparison, compare, effective_share, refusal
from ntcspec.peaks.derived import Derived, derive, line_count, line_heights, propagate, values
from ntcspec.peaks.fit import Fit
from ntcspec.peaks.model import slices, straight
from ntcspec.peaks.search import fit_lines, fit_over
from ntcspec.peaks.shapes import OLIVERO
from ntcspec.peaks.value import NAN, WEAK, Value, missing
from ntcspec.types import Array
from ntcspec.types.raman import BandFit

Indices = npt.NDArray[np.int64]
SHAPES = ("pseudo_voigt", "voigt", "gaussian", "lorentzian")
UNITS = {"position": "1/cm", "height": "counts", "area": "counts/cm", "fwhm": "1/cm"}
PAIR_UNITS = {"splitting": "1/cm", "area_ratio": "1"}
SOURCE = {"position": "centroid"}  # where the name in `peaks.derived` differs
WHAT = {
    "position": "centroid of all lines, weighted by area",
    "height": "maximum of the summed lines",
    "area": "area of all lines",
    "fwhm": "full width at half maximum of the summed lines",
    "splitting": "distance of the outer lines",
    "area_ratio": "area of the uppermost over that of the lowest line",
}
SMALL_STEP = 1e-6  # of w: of the numerical derivative


@dataclass(frozen=True)
class Band:
    """What is asked for. range_cm1: of the fit; peak_range_cm1: where centres may lie, without it the whole range."""

    range_cm1: tuple[float, float]
    peak_range_cm1: tuple[float, float] | None = None
    lines: tuple[int, ...] = (1,)
    shape: str = "pseudo_voigt"
    fwhm_range_cm1: tuple[float, float] = (1.0, 100.0)


@dataclass(frozen=True)
class BandFitted:
    """Curves for the store, values, and what `refit` starts from."""

    stored: BandFit
    values: dict[str, Value]
    notes: tuple[str, ...]
    fit: Fit
    points: Indices
    comparison: Comparison

    @property
    def lines(self) -> int:
        """Number of lines of the chosen model; 0 where nothing was found."""
        return self.comparison.chosen


def fit_band(
    shift_cm1: Array,
    intensity: Array,
    sigma: Array,
    *,
    name: str,
    band: Band,
    usable: npt.NDArray[np.bool_] | None = None,
    instrument_fwhm_cm1: float = NAN,
    instrument_fwhm_error_cm1: float = NAN,
) -> BandFitted:
    """Fit each number of lines, choose, and read the values.

    shift_cm1, intensity, sigma : shape (points,); usable : flags of points to fit, without it all
    Raises UserError for a range without enough points, a peak range outside of it, an unknown shape.
    """
    points = _select(shift_cm1, usable, name, band)
    x, y, s = shift_cm1[points], intensity[points], sigma[points]
    low, high = band.peak_range_cm1 or band.range_cm1
    fits: dict[int, Fit] = {}
    for n in sorted({*band.lines, 0}):
        fits[n] = fit_lines(
            x, y, s, lines=n, shape=band.shape, centre_range=(low, high), fwhm_range=band.fwhm_range_cm1,
            baseline=(straight(x),), simpler=fits.get(n - 1) if n > 1 else None,
        )  # fmt: skip
    comparison = compare(fits)
    fit = comparison.fits[comparison.chosen]
    found = _values(comparison, fit, band)
    if comparison.chosen:
        found["intrinsic_fwhm"] = intrinsic_width(fit, instrument_fwhm_cm1, instrument_fwhm_error_cm1)
    return BandFitted(_stored(comparison, fit, name), found, _notes(comparison, fit), fit, points, comparison)


def refit(fitted: BandFitted, intensity: Array) -> dict[str, float]:
    """Values of the same model for the spectrum over another baseline; NaN where they are missing.

    intensity : shape (points,), as long as the spectrum that was fitted.
    """
    out = dict.fromkeys(fitted.values, NAN)
    if not fitted.lines:
        return out
    old = fitted.fit
    y = intensity[fitted.points]
    again = fit_over(old.x, y, old.sigma, known=old, lines=fitted.lines, baseline=(straight(old.x),))
    if refusal(again):
        return out
    found = numbers(again)
    return out | {key: value for key, value in found.items() if key in out}


def numbers(fit: Fit) -> dict[str, float]:
    """Values by the names of this module."""
    found = values(fit.parts, fit.p)
    n = line_count(fit.parts)
    out = {key: found[SOURCE.get(key, key)] for key in (*UNITS, *(PAIR_UNITS if n > 1 else ()))}
    for i in range(n if n > 1 else 0):
        area, centre, width, *_ = fit.p[slices(fit.parts)[i]]
        out |= {f"line{i + 1}.position": float(centre), f"line{i + 1}.area": float(area)}
        out |= {f"line{i + 1}.fwhm": float(width), f"line{i + 1}.height": line_heights(fit)[i].value}
    return out


def intrinsic_width(fit: Fit, instrument_cm1: float, instrument_error_cm1: float) -> Value:
    """Width of the one Voigt line without the Gaussian of the instrument."""
    method = f"Voigt width without a Gaussian of {instrument_cm1:.3g} 1/cm of the instrument"
    if np.isnan(instrument_cm1):
        return missing("1/cm", "Voigt width without the instrument", "the width of the instrument is not known")
    if line_count(fit.parts) != 1 or fit.parts[0].kind != "voigt":
        return missing("1/cm", method, "needs one line of shape voigt")
    _, _, width, share = fit.p[:4]
    value = _without(width, share, instrument_cm1)
    if np.isnan(value):
        return missing("1/cm", method, "the line is not broader than the instrument")
    step = SMALL_STEP * width
    gradient = np.zeros(fit.p.size)
    gradient[2] = (_without(width + step, share, instrument_cm1) - value) / step
    other = share - SMALL_STEP if share > 0.5 else share + SMALL_STEP
    gradient[3] = (_without(width, other, instrument_cm1) - value) / (other - share)
    by_instrument = (_without(width, share, instrument_cm1 + step) - value) / step
    error = instrument_error_cm1 if np.isfinite(instrument_error_cm1) else 0.0
    u = float(np.hypot(propagate(fit, gradient), by_instrument * error))
    if not np.isfinite(u):
        return missing("1/cm", method, "not determined by the data")
    return Value(value, u, "1/cm", method)


def _without(width: float, share: float, instrument: float) -> float:
    """w' of a Voigt line of width w whose Lorentzian is `share` of it; NaN where it is narrower than the instrument."""
    gauss_square = width**2 * (1.0 - share) * (1.0 - (2.0 * OLIVERO - 1.0) * share) - instrument**2
    if gauss_square < 0.0:
        return NAN
    lorentz = share * width
    return float(OLIVERO * lorentz + np.sqrt((1.0 - OLIVERO) ** 2 * lorentz**2 + gauss_square))


def _select(shift: Array, usable: npt.NDArray[np.bool_] | None, name: str, band: Band) -> Indices:
    where = f"measure.bands.{name}"
    low, high = band.range_cm1
    first, last = band.peak_range_cm1 or band.range_cm1
    if band.shape not in SHAPES:
        raise UserError(f"{where}.shape", f"unknown line shape {band.shape!r}", "one of: " + ", ".join(SHAPES))
    if not low <= first < last <= high:
        what = f"peak_range_cm1 {first:g} to {last:g} is not inside range_cm1 {low:g} to {high:g} 1/cm"
        raise UserError(where, what, "widen range_cm1, or narrow peak_range_cm1")
    if any(n < 0 for n in band.lines) or not band.lines:
        raise UserError(f"{where}.lines", f"{list(band.lines)} is no list of numbers of lines", "for example [1, 2]")
    inside = (shift >= low) & (shift <= high)
    if usable is not None:
        inside &= usable
    points = np.flatnonzero(inside)
    needed = 4 * max(band.lines) + 4
    if points.size < needed:
        what = (
            f"{points.size} points between {low:g} and {high:g} 1/cm, data run from {shift[0]:.0f} to {shift[-1]:.0f}"
        )
        raise UserError(where, what, f"widen range_cm1: {max(band.lines)} lines need at least {needed} points")
    return points


def _values(comparison: Comparison, fit: Fit, band: Band) -> dict[str, Value]:
    n = comparison.chosen
    how = _method(comparison, fit, band)
    derived = derive(fit) if n else {}
    absent = _why_nothing(comparison)
    out: dict[str, Value] = {}
    for key, unit in (UNITS | PAIR_UNITS).items():
        if key in PAIR_UNITS and max(band.lines) < 2:
            continue
        reason = absent or (_why_not_two(comparison) if key in PAIR_UNITS and n < 2 else "")
        method = f"{WHAT[key]}; {how}"
        out[key] = missing(unit, method, reason) if reason else _value(derived[SOURCE.get(key, key)], unit, method)
    for i, height in enumerate(line_heights(fit) if n > 1 else []):
        out |= _one_line(fit, i, height, how)
    margin = f"BIC of the runner-up minus that of the best ({comparison.winner} lines): {comparison.evidence}; {how}"
    number = f"number of lines by BIC; {how}"
    undecided = "" if comparison.decided else _why_not_two(comparison)
    why = absent or undecided
    out["lines"] = missing("1", number, why) if why else Value(float(n), NAN, "1", number)
    out["delta_bic"] = Value(comparison.delta_bic, NAN, "1", margin)
    return out


def _one_line(fit: Fit, i: int, height: Derived, how: str) -> dict[str, Value]:
    """Position, area, width and height of line i + 1 of several."""
    where = slices(fit.parts)[i]
    out = {}
    for key, at, unit in (("area", 0, "counts/cm"), ("position", 1, "1/cm"), ("fwhm", 2, "1/cm")):
        value, error = float(fit.p[where][at]), float(fit.errors[where][at])
        method = f"{key} of line {i + 1}; {how}"
        held = missing(unit, method, "not determined by the data")
        out[f"line{i + 1}.{key}"] = Value(value, error, unit, method) if np.isfinite(error) else held
    out[f"line{i + 1}.height"] = _value(height, "counts", f"height of line {i + 1}; {how}")
    return out


def _value(one: Derived, unit: str, method: str) -> Value:
    if np.isfinite(one.error):
        return Value(one.value, one.error, unit, method)
    return missing(unit, method, "not determined by the data")


def _why_nothing(comparison: Comparison) -> str:
    if comparison.chosen:
        return ""
    asked = [n for n in comparison.fits if n]
    why = comparison.refused.get(asked[0], "") if asked else "no line was asked for"
    if not why:
        return f"not detected: no line is needed (delta BIC {comparison.delta_bic:.1f})"
    needed = asked and comparison.bic[0] - comparison.bic[asked[0]] > VERY_STRONG
    if "sigma" in why:
        return WEAK + (": line and background cannot be told apart" if needed else "")
    return f"no band: {why}"


def _why_not_two(comparison: Comparison) -> str:
    """Why there is no second line."""
    margin = f"(delta BIC {comparison.delta_bic:.1f})"
    if comparison.winner in comparison.refused:
        return f"{comparison.refused[comparison.winner]}, although BIC prefers {comparison.winner} {margin}"
    if not comparison.decided:
        return f"undecided between numbers of lines {margin}"
    return f"one line describes the data {margin}"


def _method(comparison: Comparison, fit: Fit, band: Band) -> str:
    low, high = band.range_cm1
    factor = fit.scale
    share = effective_share(fit)
    noise = f"reduced chi2 {fit.reduced_chi2:.3g}" + (f": errors times {factor:.2f}" if factor > 1.0 else "")
    noise += f", neighbouring residuals correlated: {share:.2f} of the points count" if share < 1.0 else ""
    return f"{comparison.chosen} {band.shape} on a straight line, {low:g}-{high:g} 1/cm; {noise}"


def _notes(comparison: Comparison, fit: Fit) -> tuple[str, ...]:
    notes = [f"{name} is at the limit of its range: other values hold for it there" for name in fit.at_bound]
    if comparison.inflation > 1.5:
        notes.append(f"no model describes the data within their noise: chi2 {comparison.inflation:.2f} times too large")
    if not fit.converged:
        notes.append("the fit did not come to an end")
    return tuple(notes)


def _stored(comparison: Comparison, fit: Fit, name: str) -> BandFit:
    n, curves = comparison.chosen, fit.curves
    compared = {str(lines): _summary(comparison, lines) for lines in comparison.fits}
    return BandFit(
        name, fit.x, fit.y, fit.sigma, curves.sum(axis=0), curves[n:].sum(axis=0), curves[:n], compared
    )  # fmt: skip


def _summary(comparison: Comparison, lines: int) -> dict[str, Any]:
    """JSON without NaN: an error that is not there is null."""
    one = comparison.fits[lines]
    parameters = {
        name: [float(value), float(error) if np.isfinite(error) else None]
        for name, value, error in zip(one.names, one.p, one.errors, strict=True)
    }
    return {
        "chi2": one.chi2,
        "degrees_of_freedom": one.freedom,
        "parameters": parameters,
        "at_bound": list(one.at_bound),
        "aicc": comparison.aicc[lines] if np.isfinite(comparison.aicc[lines]) else None,
        "bic": comparison.bic[lines],
        "refused": comparison.refused.get(lines, ""),
    }


def band_of(name: str, settings: Mapping[str, Any]) -> Band:
    """A Band from keywords; UserError for unknown and missing ones."""
    known = [field.name for field in fields(Band)]
    where = f"measure.bands.{name}"
    for key in settings:
        if key not in known:
            raise UserError(
                where, f"unknown parameter {key!r}{did_you_mean(key, known)}", "one of: " + ", ".join(known)
            )
    if "range_cm1" not in settings:
        raise UserError(where, "range_cm1 is missing", "give the range of the fit in 1/cm: (from, to)")
    given: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in settings.items()}
    return Band(**given)
