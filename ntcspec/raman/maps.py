"""The metrics of every spectrum of a series, a line or a map, as one table.

Regions are measured on all spectra at once (`regions`). Bands are fitted one by one with the number of lines that the
mean spectrum needs, from its parameters: areas and straight line of all spectra first, by one linear least squares;
then Levenberg-Marquardt for each. A line whose area is below 3 sigma has no position and no width.

The systematic uncertainty of a table is not computed spectrum by spectrum: that of the mean spectrum says what it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ntcspec.peaks.fit import minimise, result
from ntcspec.peaks.model import bounds, evaluate, slices
from ntcspec.peaks.value import SIGNIFICANT
from ntcspec.progress import steps
from ntcspec.raman.bands import BandFitted
from ntcspec.raman.regions import UNITS, Region, measure_region, ratio
from ntcspec.types import Array
from ntcspec.types.raman import RamanTable

STEPS = 60
IGNORED = 1e6  # factor on sigma of a saturated point
LINE_UNITS = {"area": "counts/cm", "position": "1/cm", "fwhm": "1/cm"}
Columns = dict[str, tuple[str, Array, Array]]  # name -> unit, values, uncertainties


def make_table(
    shift_cm1: Array,
    corrected: Array,
    sigma: Array,
    saturated: Array,
    *,
    bands: Mapping[str, BandFitted],
    regions: Mapping[str, Sequence[float]],
    ratios: Mapping[str, tuple[str, str]],
    smooth_points: Mapping[str, int],
) -> RamanTable:
    """Every metric of every spectrum; corrected, sigma, saturated of shape (spectra, points).

    bands: fits of the mean spectrum; smooth_points: smoothing of each region, that of the mean spectrum
    """
    columns: Columns = {}
    found: dict[str, Region] = {}
    for name, window in regions.items():
        found[name] = measure_region(
            shift_cm1, corrected, sigma, name=name, range_cm1=window, smooth_points=smooth_points[name]
        )
        for quantity, unit in UNITS.items():
            columns[f"{name}.{quantity}"] = (unit, found[name].values[quantity], found[name].errors[quantity])
    for name, (above, below) in ratios.items():
        value, error, _ = ratio(found[above], found[below])
        columns[name] = ("1", value, error)
    for name, fitted in bands.items():
        columns |= band_columns(name, fitted, corrected, np.where(saturated > 0, IGNORED, 1.0) * sigma)
    m = corrected.shape[0]
    values = np.array([value for _, value, _ in columns.values()]).reshape(len(columns), m)
    errors = np.array([error for _, _, error in columns.values()]).reshape(len(columns), m)
    return RamanTable(tuple(columns), tuple(unit for unit, _, _ in columns.values()), values.T.copy(), errors.T.copy())


def band_columns(name: str, fitted: BandFitted, corrected: Array, sigma: Array) -> Columns:
    """Area, position and width of each line of each spectrum; nothing where the mean spectrum has no line."""
    n = fitted.lines
    if n == 0:
        return {}
    x, parts = fitted.fit.x, fitted.fit.parts
    y, s = corrected[:, fitted.points], sigma[:, fitted.points]
    starts = _starts(fitted, y)
    where = slices(parts)[:n]
    values = np.full((3, n, y.shape[0]), np.nan)
    errors = np.full((3, n, y.shape[0]), np.nan)
    for i in steps(y.shape[0], f"fits of {name}"):
        p, chi2, converged = minimise(x, y[i], 1.0 / s[i], parts, starts[i], STEPS)
        one = result(x, y[i], s[i], parts, p, chi2, converged)
        u = one.errors
        for k, place in enumerate(where):
            values[:, k, i] = p[place][:3]
            errors[:, k, i] = u[place][:3]
    weak = ~(values[0] >= SIGNIFICANT * errors[0])  # a line at a bound has no uncertainty: not believed either
    values[1:, weak], errors[1:, weak] = np.nan, np.nan
    undetermined = ~np.isfinite(errors)
    values[1:][undetermined[1:]] = np.nan
    errors[undetermined] = np.nan
    return {
        f"{name}.line{k + 1}.{quantity}": (unit, values[j, k], errors[j, k])
        for k in range(n)
        for j, (quantity, unit) in enumerate(LINE_UNITS.items())
    }


def _starts(fitted: BandFitted, y: Array) -> Array:
    """Parameters to start from, shape (spectra, parameters): shapes of the mean, amplitudes of each."""
    fit = fitted.fit
    amplitude = np.array([place.start for place in slices(fit.parts)] + [fit.p.size - 1])  # the slope is the last
    unit = fit.p.copy()
    unit[amplitude] = 1.0
    _, jacobian = evaluate(fit.parts, fit.x, unit)
    curves = jacobian[amplitude]
    solved, *_ = np.linalg.lstsq(curves.T / fit.sigma[:, None], (y / fit.sigma).T, rcond=None)
    starts = np.repeat(fit.p[None, :], y.shape[0], axis=0)
    starts[:, amplitude] = solved.T
    low, high = bounds(fit.parts)
    starts = np.clip(starts, low, high)
    lines = amplitude[: fitted.lines]
    starts[:, lines] = np.maximum(starts[:, lines], 0.01 * fit.p[lines])  # off the bound, where the shape has no say
    return starts
