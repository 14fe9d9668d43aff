"""What a range of the corrected spectrum holds, without any line shape: for amorphous bands, and for maps.

Symbols: y corrected intensity at points x inside the window, s its uncertainty, q trapezoid weights, S smoothing (local
parabola over k points, Savitzky and Golay), H maximum of Sy, x-, x+ outermost places where Sy = H/2.

    area      A = sum q y           u^2 = sum q^2 s^2
    centroid  c = sum q x y / A     u^2 = sum (q (x - c) / A)^2 s^2
    height    H                     u^2 = sum over the weights of S, squared, times s^2
    fwhm      x+ - x-               u^2 = sum of (u(Sy)^2 + u(H)^2 / 4) / (dSy/dx)^2 at x- and x+
    ratio     A1 / A2               relative uncertainties in quadrature

k is 0.4 of the width that a first pass with a tenth of the window finds, at least 5 points: enough against noise, too
little to broaden the band. H is the largest of several noisy points and therefore a little high where the noise is
large; u tells how much. Everything works on all spectra at once, shape (spectra, points).

Not detected: H or A below 3 u. Then centroid, width and every ratio over it are missing; area and height stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntcspec.errors import UserError
from ntcspec.peaks.value import SIGNIFICANT
from ntcspec.types import Array

UNITS = {"area": "counts/cm", "centroid": "1/cm", "height": "counts", "fwhm": "1/cm"}
WHAT = {
    "area": "integral over the window",
    "centroid": "centre of gravity over the window",
    "height": "maximum of the smoothed spectrum",
    "fwhm": "full width at half of that maximum, outermost crossings",
}
FEWEST = 8
SMALLEST_SMOOTH, SMOOTH_OF_WIDTH, SMOOTH_OF_WINDOW = 5, 0.4, 0.1
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Region:
    """Values and uncertainties by quantity, shape (spectra,); NaN where missing. smooth_points: k."""

    values: dict[str, Array]
    errors: dict[str, Array]
    weak: Flags  # not detected
    open: Flags  # half height is not reached inside the window
    smooth_points: int

    def reason(self, quantity: str, spectrum: int = 0) -> str:
        """Why a quantity of a spectrum is missing or doubtful; '' if it is neither."""
        if self.weak[spectrum]:
            return f"not detected: below {SIGNIFICANT:g} sigma"
        if quantity == "fwhm" and self.open[spectrum]:
            return "half height is not reached inside the window"
        return ""


def measure_region(
    shift_cm1: Array, intensity: Array, sigma: Array, *, name: str, range_cm1: Sequence[float], smooth_points: int = 0
) -> Region:
    """Area, centroid, height and width of each spectrum.

    shift_cm1 : shape (points,); intensity, sigma : shape (spectra, points); smooth_points : 0 to find it
    Raises UserError for a window with fewer than 8 points, or beyond the data.
    """
    inside = _inside(shift_cm1, name, range_cm1)
    x, y, s = shift_cm1[inside], intensity[:, inside], sigma[:, inside]
    q = _trapezoid(x)
    area, area_error = y @ q, np.sqrt((s**2) @ (q**2))
    k = smooth_points or _smoothing(x, y.mean(axis=0)[None, :], np.sqrt((s**2).mean(axis=0))[None, :])
    smooth, smooth_error = _smoothed(y, s, k)
    rows = np.arange(y.shape[0])
    top = np.argmax(smooth, axis=1)
    height, height_error = smooth[rows, top], smooth_error[rows, top]
    weak = (height < SIGNIFICANT * height_error) | (area < SIGNIFICANT * area_error)
    with np.errstate(divide="ignore", invalid="ignore"):
        centroid = (y @ (q * x)) / area
        away = q[None, :] * (x[None, :] - centroid[:, None]) / area[:, None]
        centroid_error = np.sqrt(np.sum((away * s) ** 2, axis=1))
    fwhm, fwhm_error, unclosed = _width(x, smooth, smooth_error, height, height_error, k)
    nothing = np.where(weak, np.nan, 1.0)
    values = {"area": area, "centroid": centroid * nothing, "height": height, "fwhm": fwhm * nothing}
    errors = {"area": area_error, "centroid": centroid_error, "height": height_error, "fwhm": fwhm_error}
    return Region(values, {key: e * (values[key] == values[key]) for key, e in errors.items()}, weak, unclosed, k)


def ratio(above: Region, below: Region) -> tuple[Array, Array, Flags]:
    """Area of one region over that of another, its uncertainty, and where it is missing (denominator not detected)."""
    a, b = above.values["area"], below.values["area"]
    u, v = above.errors["area"], below.errors["area"]
    absent = below.weak
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(absent, np.nan, a / b)
        error = np.where(absent, np.nan, np.sqrt((u / b) ** 2 + (a * v / b**2) ** 2))
    return value, error, absent


def _inside(shift: Array, name: str, range_cm1: Sequence[float]) -> slice:
    low, high = (float(one) for one in range_cm1)
    where = f"measure.regions.{name}"
    step = float(np.median(np.diff(shift)))
    if not low < high:
        raise UserError(where, f"{low:g} to {high:g} 1/cm is not an ascending range", "give (from, to)")
    if low < shift[0] - step or high > shift[-1] + step:
        what = f"{low:g} to {high:g} 1/cm is beyond the data, {shift[0]:.0f} to {shift[-1]:.0f} 1/cm"
        raise UserError(where, what, "narrow the region, or widen reduce.range_cm1")
    first, last = (int(i) for i in np.searchsorted(shift, (low, high)))
    if last - first < FEWEST:
        raise UserError(where, f"{last - first} points between {low:g} and {high:g} 1/cm", f"at least {FEWEST}")
    return slice(first, last)


def _trapezoid(x: Array) -> Array:
    q = np.empty_like(x)
    q[1:-1] = 0.5 * (x[2:] - x[:-2])
    q[0], q[-1] = 0.5 * (x[1] - x[0]), 0.5 * (x[-1] - x[-2])
    return q


def _smoothing(x: Array, y: Array, s: Array) -> int:
    """k, from the width that a first pass finds."""
    step = float(np.median(np.diff(x)))
    k = _odd(SMOOTH_OF_WINDOW * (x[-1] - x[0]) / step, x.size)
    smooth, error = _smoothed(y, s, k)
    top = int(np.argmax(smooth[0]))
    width, _, _ = _width(x, smooth, error, smooth[:, top], error[:, top], k)
    return _odd(SMOOTH_OF_WIDTH * float(width[0]) / step, x.size) if np.isfinite(width[0]) else k


def _odd(points: float, most: int) -> int:
    k = 2 * int(points // 2) + 1
    return int(np.clip(k, SMALLEST_SMOOTH, most - 1 + most % 2))


def _smoothed(y: Array, s: Array, k: int) -> tuple[Array, Array]:
    """Sy and its uncertainty; at the ends the parabola of the outermost k points."""
    n, half = y.shape[1], k // 2
    t = np.arange(-half, half + 1.0)
    basis = np.stack([np.ones(k), t, t**2], axis=1)
    hat = basis @ np.linalg.pinv(basis)  # row i: weights of the value at place i of the window
    place = np.arange(n)
    start = np.clip(place - half, 0, n - k)
    matrix = np.zeros((n, n))
    matrix[place[:, None], start[:, None] + np.arange(k)] = hat[place - start]
    return y @ matrix.T, np.sqrt((s**2) @ (matrix.T**2))


def _width(
    x: Array, smooth: Array, error: Array, height: Array, height_error: Array, k: int
) -> tuple[Array, Array, Flags]:
    """Outermost crossings of half height, by lines between points; NaN where the ends lie above it."""
    m, n = smooth.shape
    rows = np.arange(m)
    above = smooth >= 0.5 * height[:, None]
    first, last = np.argmax(above, axis=1), n - 1 - np.argmax(above[:, ::-1], axis=1)
    unclosed = (first == 0) | (last == n - 1)
    ends, variances = [], []
    for inner, outer in ((first, np.maximum(first - 1, 0)), (last, np.minimum(last + 1, n - 1))):
        a, b = smooth[rows, outer], smooth[rows, inner]
        with np.errstate(divide="ignore", invalid="ignore"):
            part = np.where(b > a, (0.5 * height - a) / (b - a), np.nan)
        ends.append(x[outer] + part * (x[inner] - x[outer]))
        left, right = np.maximum(inner - k // 2, 0), np.minimum(inner + k // 2, n - 1)
        slope = (smooth[rows, right] - smooth[rows, left]) / (x[right] - x[left])
        with np.errstate(divide="ignore", invalid="ignore"):
            variances.append((error[rows, inner] ** 2 + 0.25 * height_error**2) / slope**2)
    closed = np.where(unclosed, np.nan, 1.0)
    return (ends[1] - ends[0]) * closed, np.sqrt(variances[0] + variances[1]) * closed, unclosed
