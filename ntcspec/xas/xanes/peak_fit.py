"""Peaks on the foot of an edge: how many lines, where, how high, over a model of the edge.

Symbols: E photon energy (eV), y normalised absorption, s its standard uncertainty, sigma a standard uncertainty of a
value, range the energies of the fit, peak range where the centres of lines may lie.

Order of steps of `fit_peaks`:
1. the points in range; baseline = straight line and one of
       arctan, erf     step with its centre between the end of the peak range and a quarter of the range behind the
                       data, its width between the smallest width of a line and the range
       gaussian_tail   a Gaussian with the same bounds: the foot of a stronger line behind the range
       line            nothing more;
2. fits of no line and of each number asked for, from starts that are found on a grid (`peaks.search`);
3. comparison by BIC (`peaks.compare`). No line is always among the models: a peak must be needed, not only possible.
   And each line must be seen: the whole curve must be concave at its centre (a peak or a shoulder). The foot of an
   edge is convex; a line that is put there makes up for the shape of the baseline;
4. values of the chosen model: centroid, height, area and width of the summed lines, number of lines, margin; of two
   lines their splitting and ratio of areas. What is missing carries the reason. A peak below 3 sigma, or a line at the
   limit of its ranges, has no values.

u_stat comes from the covariance. It does not say what another baseline would give: `baselines_spread` does. `refit`
repeats the fit of the chosen model for another normalisation. y -> a y + b + c E multiplies heights and areas by a and
moves nothing, because the baseline has a straight line.

s empty (one scan): the noise is estimated from the residual of the fit.

Sources: M. Wilke et al., Am. Mineral. 86, 714 (2001) (pre-edge centroid and area, baselines); E. I. Solomon et al.,
Coord. Chem. Rev. 249, 97 (2005) (Cl K pre-edge area and covalency); statistics: see ntcspec/peaks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ntcspec.errors import UserError
from ntcspec.peaks.compare import (
    VERY_STRONG,
    Comparison,
    compare,
    effective_share,
    neighbour_correlation,
    refusal,
)
from ntcspec.peaks.derived import Derived, derive, line_count, values
from ntcspec.peaks.fit import Fit, fit_from
from ntcspec.peaks.model import Part, evaluate, line, slices, step, straight
from ntcspec.peaks.search import fit_lines, fit_over
from ntcspec.peaks.value import NAN, Value, missing
from ntcspec.types import Array
from ntcspec.types.xanes import PeakFit

Range = Sequence[float]
Indices = npt.NDArray[np.int64]
BEYOND = 0.25  # of the range: how far behind the data the edge may be centred
UNITS = {"position": "eV", "height": "1", "area": "eV", "fwhm": "eV"}
PAIR_UNITS = {"splitting": "eV", "area_ratio": "1"}
FINE_POINTS = 200  # of the curves that are drawn
CURVATURE_STEP = 0.05  # of the width
UNSEEN = "cannot be seen: the curve is convex there, as the foot of an edge is"
SOURCE = {"position": "centroid"}  # where the name in `peaks.derived` differs
WHAT = {
    "position": "centroid of all lines, weighted by area",
    "height": "maximum of the summed lines above the baseline",
    "area": "area of all lines",
    "fwhm": "full width at half maximum of the summed lines",
    "splitting": "distance of the two lines",
    "area_ratio": "area of the upper over that of the lower line",
}


@dataclass(frozen=True)
class Settings:
    """What a fit was asked for."""

    name: str
    range_ev: tuple[float, float]
    peak_range_ev: tuple[float, float]
    lines: tuple[int, ...]
    shape: str
    baseline: str
    fwhm_range_ev: tuple[float, float]


@dataclass(frozen=True)
class PeakFitted:
    """Curves for the store, values, and what `refit` and `baselines_spread` start from."""

    stored: PeakFit
    values: dict[str, Value]
    notes: tuple[str, ...]
    settings: Settings
    fit: Fit
    points: Indices  # indices into the arrays that were given
    comparison: Comparison

    @property
    def lines(self) -> int:
        """Number of lines of the chosen model; 0 where no peak was found."""
        return self.comparison.chosen


@dataclass(frozen=True)
class Spread:
    """Half the range of each value over the nominal fit and the variants that found the peak."""

    half_range: dict[str, float]
    tried: dict[str, dict[str, float]]  # values by variant
    failed: dict[str, str]  # variants that found no peak, and why


def fit_peaks(
    energy_ev: Array,
    norm: Array,
    norm_error: Array,
    *,
    name: str,
    range_ev: Range,
    peak_range_ev: Range,
    lines: Sequence[int] = (1, 2),
    shape: str = "pseudo_voigt",
    baseline: str = "arctan",
    fwhm_range_ev: Range = (0.2, 5.0),
) -> PeakFitted:
    """Fit each number of `lines`, choose, and read the values.

    energy_ev, norm : shape (E,); norm_error : shape (E,), or empty where the noise is unknown
    Returns values position (eV), height, area (eV), fwhm (eV), lines, delta_bic, splitting (eV), area_ratio.
    Raises UserError for a range without enough points, a peak range outside of the range, an unknown baseline and
    uncertainties that are not positive.
    """
    settings = Settings(
        name, _pair(range_ev), _pair(peak_range_ev), tuple(sorted({int(n) for n in lines} | {0})), shape, baseline,
        _pair(fwhm_range_ev),
    )  # fmt: skip
    points, sigma = _select(energy_ev, norm, norm_error, settings)
    fits: dict[int, Fit] = {}
    for n in settings.lines:
        fits[n] = _fit(energy_ev[points], norm[points], sigma, settings, n, fits.get(n - 1) if n > 1 else None)
    comparison = compare(fits, _unseen)
    fit = comparison.fits[comparison.chosen]
    found = _values(comparison, fit, settings)
    return PeakFitted(_stored(comparison, fit, name), found, _notes(comparison, fit), settings, fit, points, comparison)


def refit(fitted: PeakFitted, norm: Array) -> dict[str, float]:
    """Values of the same model for another normalisation of the same spectrum; NaN for those that are missing.

    norm : as long as the array that was fitted. The number of lines is kept, so 'lines' and 'delta_bic' are NaN.
    """
    out = dict.fromkeys(fitted.values, NAN)
    if fitted.lines == 0:
        return out
    sigma = fitted.fit.sigma if fitted.fit.known_sigma else None
    again = fit_from(fitted.fit.x, norm[fitted.points], sigma, fitted.fit.parts, fitted.fit.p)
    return out | _numbers(again)


def baselines_spread(
    energy_ev: Array,
    norm: Array,
    norm_error: Array,
    *,
    fitted: PeakFitted,
    variants: Sequence[tuple[str, Range]],
) -> Spread:
    """Half the range of each value over the nominal fit and other (baseline, range_ev), with the same number of lines.

    Arrays as in `fit_peaks`. A variant whose lines are not significant, not resolved, or at the limit of their ranges
    is not counted but named in `failed`: then the peak itself hangs on the baseline.
    Raises UserError as `fit_peaks`.
    """
    nominal = {key: one.value for key, one in fitted.values.items() if key not in ("lines", "delta_bic")}
    tried: dict[str, dict[str, float]] = {}
    failed: dict[str, str] = {}
    for baseline, range_ev in variants if fitted.lines else ():
        old = fitted.settings
        low, high = _pair(range_ev)
        settings = Settings(old.name, (low, high), old.peak_range_ev, old.lines, old.shape, baseline, old.fwhm_range_ev)
        points, sigma = _select(energy_ev, norm, norm_error, settings)
        base = _baseline(energy_ev[points], settings)
        one = fit_over(
            energy_ev[points], norm[points], sigma, known=fitted.fit, lines=fitted.lines, baseline=base
        )  # fmt: skip
        label = f"{baseline} {low:g}-{high:g}"
        why = refusal(one) or _unseen(one)
        if why:
            failed[label] = why
        else:
            tried[label] = _numbers(one)
    half = {}
    for key, value in nominal.items():
        all_values = [value, *(one[key] for one in tried.values() if key in one)]
        half[key] = 0.5 * (max(all_values) - min(all_values)) if tried and np.isfinite(value) else NAN
    return Spread(half, tried, failed)


def _pair(given: Range) -> tuple[float, float]:
    low, high = given
    return float(low), float(high)


def _select(energy: Array, norm: Array, error: Array, settings: Settings) -> tuple[Indices, Array | None]:
    """Indices of the points of the fit and their sigma; None where it is unknown."""
    where = f"measure.peaks.{settings.name}"
    (low, high), (peak_low, peak_high) = settings.range_ev, settings.peak_range_ev
    if not low <= peak_low < peak_high <= high:
        what = f"peak_range_ev {peak_low:g} to {peak_high:g} eV is not inside range_ev {low:g} to {high:g} eV"
        raise UserError(where, what, "widen range_ev, or narrow peak_range_ev")
    points = np.flatnonzero((energy >= low) & (energy <= high) & np.isfinite(norm))
    needed = 4 * max(settings.lines) + (2 if settings.baseline == "line" else 5) + 2
    if points.size < needed:
        what = (
            f"{points.size} points between {low:g} and {high:g} eV, the data run from {energy[0]:g} to {energy[-1]:g}"
        )
        raise UserError(where, what, f"widen range_ev: {max(settings.lines)} lines need at least {needed} points")
    if error.size == 0:
        return points, None
    sigma = error[points]
    if not (np.isfinite(sigma).all() and (sigma > 0).all()):
        raise UserError(where, "the uncertainty of norm is zero or missing at some points", "check the merged scans")
    return points, sigma


def _fit(x: Array, y: Array, sigma: Array | None, settings: Settings, lines: int, simpler: Fit | None) -> Fit:
    return fit_lines(
        x,
        y,
        sigma,
        lines=lines,
        shape=settings.shape,
        centre_range=settings.peak_range_ev,
        fwhm_range=settings.fwhm_range_ev,
        baseline=_baseline(x, settings),
        simpler=simpler,
    )


def _baseline(x: Array, settings: Settings) -> tuple[Part, ...]:
    """Parts under the lines."""
    (low, high), kind = settings.range_ev, settings.baseline
    span = high - low
    centre, fwhm = (settings.peak_range_ev[1], high + BEYOND * span), (settings.fwhm_range_ev[0], span)
    if kind == "line":
        return (straight(x),)
    if kind in ("arctan", "erf"):
        return (step("edge", kind, centre=centre, fwhm=fwhm), straight(x))
    if kind == "gaussian_tail":
        return (line("tail", "gaussian", centre=centre, fwhm=fwhm), straight(x))
    raise UserError(
        f"measure.peaks.{settings.name}.baseline", f"unknown baseline {kind!r}", "line, arctan, erf or gaussian_tail"
    )


def _unseen(fit: Fit) -> str:
    """Why a line cannot be seen in the data: the whole curve is convex at its centre."""
    for part, where in zip(fit.parts[: line_count(fit.parts)], slices(fit.parts), strict=False):
        _, centre, fwhm, *_ = fit.p[where]
        around = centre + CURVATURE_STEP * fwhm * np.array([-1.0, 0.0, 1.0])
        total = evaluate(fit.parts, around, fit.p)[0].sum(axis=0)
        if total[0] - 2.0 * total[1] + total[2] >= 0.0:
            return f"line {part.name.removeprefix('line')} {UNSEEN}"
    return ""


def _numbers(fit: Fit) -> dict[str, float]:
    """Values by the names of this module."""
    found = values(fit.parts, fit.p)
    keys = (*UNITS, *(PAIR_UNITS if line_count(fit.parts) == 2 else ()))
    return {key: found[SOURCE.get(key, key)] for key in keys}


def _values(comparison: Comparison, fit: Fit, settings: Settings) -> dict[str, Value]:
    n = comparison.chosen
    how = _method(comparison, fit, settings)
    derived = derive(fit) if n else {}
    absent = _why_no_peak(comparison)
    out = {}
    for key, unit in (UNITS | PAIR_UNITS).items():
        reason = absent or (_why_not_two(comparison) if key in PAIR_UNITS and n != 2 else "")
        method = f"{WHAT[key]}; {how}"
        out[key] = missing(unit, method, reason) if reason else _value(derived[SOURCE.get(key, key)], unit, method)
    number = f"number of lines by BIC; {how}"
    if absent:
        out["lines"] = missing("1", number, absent)
    elif comparison.decided:
        out["lines"] = Value(float(n), NAN, "1", number, "")
    else:
        out["lines"] = missing("1", number, _why_not_two(comparison))
    margin = f"BIC of the runner-up minus that of the best ({comparison.winner} lines): {comparison.evidence}; {how}"
    out["delta_bic"] = Value(comparison.delta_bic, NAN, "1", margin, "")
    return out


def _value(one: Derived, unit: str, method: str) -> Value:
    if np.isfinite(one.error):
        return Value(one.value, one.error, unit, method)
    return missing(unit, method, "not determined by the data")


def _why_no_peak(comparison: Comparison) -> str:
    if comparison.chosen:
        return ""
    asked = [n for n in comparison.fits if n]
    why = comparison.refused.get(asked[0], "") if asked else "no line was asked for"
    if "sigma" in why:
        needed = comparison.bic[0] - comparison.bic[asked[0]] > VERY_STRONG
        return "below 3 sigma" + (": line and baseline cannot be told apart" if needed else "")
    return f"no peak: {why}" if why else f"no line is needed (delta BIC {comparison.delta_bic:.1f})"


def _why_not_two(comparison: Comparison) -> str:
    """Why there is no second line."""
    margin = f"(delta BIC {comparison.delta_bic:.1f})"
    if 2 not in comparison.fits:
        return "two lines were not tried"
    if comparison.winner in comparison.refused:
        why = comparison.refused[comparison.winner]
        prefix = "" if why.startswith("not resolved") else "not resolved: "
        return f"{prefix}{why}, although BIC prefers {comparison.winner} {margin}"
    if not comparison.decided:
        return f"undecided between one line and two {margin}"
    count = "one line describes" if comparison.chosen == 1 else f"{comparison.chosen} lines describe"
    return f"{count} the data {margin}"


def _method(comparison: Comparison, fit: Fit, settings: Settings) -> str:
    low, high = settings.range_ev
    what = f"{comparison.chosen} {settings.shape} over {settings.baseline}"
    what += "" if settings.baseline == "line" else " and a straight line"
    if fit.known_sigma:
        noise = f"reduced chi2 {fit.reduced_chi2:.3g}"
    else:
        noise = f"noise from the residual, {np.sqrt(fit.reduced_chi2):.2g}"
    factor = fit.scale if fit.known_sigma else 1.0 / np.sqrt(effective_share(fit))
    if effective_share(fit) < 1.0:
        noise += f", neighbouring residuals correlated {neighbour_correlation(fit):.2f}"
    return f"{what}, {low:g}-{high:g} eV; {noise}" + (f": errors times {factor:.2f}" if factor > 1.0 else "")


def _notes(comparison: Comparison, fit: Fit) -> tuple[str, ...]:
    notes = [f"{name} is at the limit of its range: other values hold for it there" for name in fit.at_bound]
    if comparison.inflation > 1.0:
        notes.append(f"models were compared with sigma times {np.sqrt(comparison.inflation):.2f}: no model fits better")
    if not fit.converged:
        notes.append("the fit did not come to an end")
    return tuple(notes)


def _stored(comparison: Comparison, fit: Fit, name: str) -> PeakFit:
    n, curves = comparison.chosen, fit.curves
    fine_ev = np.linspace(fit.x[0], fit.x[-1], FINE_POINTS)
    fine = evaluate(fit.parts, fine_ev, fit.p)[0]
    error = fit.sigma if fit.known_sigma else np.full(fit.x.size, np.sqrt(fit.reduced_chi2))
    compared = {str(lines): _summary(comparison, lines) for lines in comparison.fits}
    on_points = (curves.sum(axis=0), curves[n:].sum(axis=0), curves[:n])
    to_draw = (fine_ev, fine.sum(axis=0), fine[n:].sum(axis=0), fine[:n])
    return PeakFit(name, fit.x, fit.y, error, *on_points, *to_draw, compared)


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
        "sigma_known": one.known_sigma,
        "parameters": parameters,
        "at_bound": list(one.at_bound),
        "aicc": comparison.aicc[lines] if np.isfinite(comparison.aicc[lines]) else None,
        "bic": comparison.bic[lines],
        "refused": comparison.refused.get(lines, ""),
    }
