"""What a range of the spectrum holds, without any line shape: position, centre of gravity, width, area.

Symbols: y absorption at points x (ppm) inside the range, h distance of points, s and rho uncertainty and correlation of
the noise (`noise.py`).

    area       A = h sum y
    cog        sum x y / sum y            of the range: its limits are part of the definition
    position   vertex of the parabola through the points round the highest where the average over m is above 0.85 of it
    height     H, the parabola there (1 % low on a Lorentzian)
    fwhm       x+ - x-, outermost places where y, averaged over m points, is H/2; by lines between points

All but the width are weighted sums (position and height to first order), whose uncertainty is exact for correlated
noise. m: a tenth of the width that a first pass finds, so that noise does not make crossings of its own.

Where H or A is below 3 u the line is not detected: only area and height are left, as what they are. The width is that
of the spectrum: what apodisation adds is in it, and is only taken out by a fit, which knows the shape of the line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ntcspec.errors import UserError
from ntcspec.nmr.noise import correlate, sum_error
from ntcspec.peaks.least_squares import Flags
from ntcspec.peaks.value import SIGNIFICANT
from ntcspec.types import Array

FEWEST, FEWEST_VARIED = 12, 6  # points of a range; of one that another choice has narrowed
PARABOLA = (0.85, 0.7, 0.5)  # the first that makes a parabola open downwards
SMOOTH_OF_WIDTH, SMOOTH_OF_RANGE = 1 / 10, 1 / 20


@dataclass(frozen=True)
class Line:
    """Values and uncertainties by quantity; NaN where missing, and why. weak: not detected."""

    values: dict[str, float]
    errors: dict[str, float]
    reasons: dict[str, str]
    weak: bool


def points_in(shift_ppm: Array, range_ppm: Sequence[float], where: str, fewest: int = FEWEST) -> slice:
    """The points of a range. Raises UserError for one that is not ascending, beyond the spectrum, or holds too few."""
    low, high = (float(v) for v in range_ppm)
    step = float(shift_ppm[1] - shift_ppm[0])
    if not low < high:
        raise UserError(where, f"{low:g} to {high:g} ppm is not an ascending range", "give (from, to)")
    if low < shift_ppm[0] - step or high > shift_ppm[-1] + step:
        what = f"{low:g} to {high:g} ppm is beyond the spectrum, {shift_ppm[0]:.1f} to {shift_ppm[-1]:.1f} ppm"
        raise UserError(where, what, "narrow the range")
    first, last = (int(i) for i in np.searchsorted(shift_ppm, (low, high)))
    if last - first < fewest:
        raise UserError(where, f"{last - first} points between {low:g} and {high:g} ppm", f"at least {fewest}")
    return slice(first, last)


def measure_line(x: Array, y: Array, sigma: Array, correlation: Array) -> Line:
    """Values of the points of a range, each (n,)."""
    h = float(x[1] - x[0])
    ones = np.full(x.size, h)
    area, area_error = float(h * y.sum()), sum_error(ones, sigma, correlation)
    smooth = _running(y, max(1, int(SMOOTH_OF_RANGE * x.size)))
    m = max(1, int(SMOOTH_OF_WIDTH * _width_points(smooth)))
    smooth = _running(y, m)
    position, height, near, hat = _vertex(x, y, smooth)
    position_error, height_error = _vertex_errors(x, near, hat, sigma, correlation)
    weak = not (height > SIGNIFICANT * height_error and area > SIGNIFICANT * area_error)
    values = {"area": area, "height": height}
    errors = {"area": area_error, "height": height_error}
    reasons: dict[str, str] = {}
    if weak:
        return Line(values, errors, reasons, True)
    cog = float(h * (x @ y)) / area
    values |= {"position": position, "cog": cog}
    errors |= {"position": position_error, "cog": sum_error(h * (x - cog) / area, sigma, correlation)}
    if not x[0] < position < x[-1]:
        values["position"], reasons["position"] = float("nan"), "highest at an end of the range: no maximum inside"
    width, width_error, why = _fwhm(x, smooth, height, height_error, m, sigma, correlation)
    values["fwhm"], errors["fwhm"], reasons["fwhm"] = width, width_error, why
    return Line(values, errors, {name: why for name, why in reasons.items() if why}, False)


def _running(y: Array, m: int) -> Array:
    """Mean over m (odd) points; fewer at the ends."""
    m = 2 * (m // 2) + 1
    return np.convolve(y, np.ones(m), "same") / np.convolve(np.ones(y.size), np.ones(m), "same")


def _width_points(smooth: Array) -> int:
    return int(np.count_nonzero(smooth >= 0.5 * smooth.max()))


def _vertex(x: Array, y: Array, smooth: Array) -> tuple[float, float, slice, Array]:
    """Vertex and height of the parabola, its points, and its coefficients as sums over them, (3 or 5, points)."""
    top = int(np.argmax(smooth))
    for share in PARABOLA:
        near = _around(smooth >= share * smooth[top], top)
        t = x[near] - x[top]
        hat = np.linalg.pinv(np.stack([np.ones_like(t), t, t**2], axis=1))
        c0, c1, c2 = hat @ y[near]
        at = -c1 / (2.0 * c2) if c2 < 0.0 else np.inf
        if abs(at) <= np.abs(t).max():
            return float(x[top] + at), float(c0 + 0.5 * c1 * at), near, np.vstack([hat, _by_vertex(c1, c2, hat)])
    return float("nan"), float(y[top]), near, hat


def _around(above: Flags, top: int) -> slice:
    """The run of points round `top` that are above, at least five."""
    below = np.flatnonzero(~above)
    left, right = below[below < top], below[below > top]
    first, last = (int(left[-1]) + 1 if left.size else 0), (int(right[0]) if right.size else above.size)
    return slice(max(min(first, top - 2), 0), max(last, top + 3))


def _by_vertex(c1: float, c2: float, hat: Array) -> Array:
    """Derivative of the vertex by the points, then that of the height."""
    at = -c1 / (2.0 * c2)
    return np.array([-hat[1] / (2.0 * c2) + c1 * hat[2] / (2.0 * c2**2), hat[0] + at * hat[1] + at**2 * hat[2]])


def _vertex_errors(x: Array, near: slice, hat: Array, sigma: Array, correlation: Array) -> tuple[float, float]:
    rows = hat[3:] if len(hat) > 3 else np.array([hat[1], hat[0]])
    found = [sum_error(row, sigma[near], correlation) for row in rows]
    return (found[0] if len(hat) > 3 else float("nan")), found[1]


def _fwhm(
    x: Array, smooth: Array, height: float, height_error: float, m: int, sigma: Array, correlation: Array
) -> tuple[float, float, str]:
    """Width, its uncertainty, and why it is missing."""
    above = np.flatnonzero(smooth >= 0.5 * height)
    if not above.size or above[0] == 0 or above[-1] == x.size - 1:
        return float("nan"), float("nan"), "half height is not reached inside the range"
    ends, variance = [], 0.0
    for inner, outer in ((above[0], above[0] - 1), (above[-1], above[-1] + 1)):
        a, b = smooth[outer], smooth[inner]
        ends.append(float(x[outer] + (0.5 * height - a) / (b - a) * (x[inner] - x[outer])))
        low, high = max(min(inner, outer) - m, 0), min(max(inner, outer) + m, x.size - 1)
        slope = float((smooth[high] - smooth[low]) / (x[high] - x[low]))
        weights = np.zeros(x.size)
        weights[max(inner - m // 2, 0) : inner + m // 2 + 1] = 1.0
        point = sum_error(weights / weights.sum(), sigma, correlation)
        variance += (point**2 + 0.25 * height_error**2) / slope**2
    return ends[1] - ends[0], float(np.sqrt(variance)), ""


def covariance_of_areas(x: Array, windows: Sequence[slice], sigma: Array, correlation: Array) -> Array:
    """Covariance of the areas of several windows of one spectrum, (windows, windows)."""
    rows = np.zeros((len(windows), x.size))
    for row, window in zip(rows, windows, strict=True):
        row[window] = sigma[window] * (x[1] - x[0])
    return rows @ correlate(rows, correlation).T
