"""Points of a spectrum that are known to a fraction of a step: steepest point, maximum, half of the edge step.

Symbols: E_i grid, y_i spectrum, w smoothing length (eV), c0, c1 value and slope of a local parabola, z the point.

Order of steps:
1. at each E_i a parabola by least squares with normal weights of standard deviation w, or 0.7 of the wider step beside
   E_i if that is more: c0 (smoothed value) and c1 (slope) are linear in y;
2. the highest c1 (or c0) in the range; a parabola through it and the points on either side; z is its vertex;
   for half of the step: the first rise of c0 through 1/2 in the range, by a straight line;
3. z is differentiable in the c's and these are linear in y: its standard uncertainty follows from that of y.

The parabola moves a steepest point by about w^2/2 times the ratio of fourth to third derivative of y: 0.06 eV on the
rise of a line of 1.6 eV width with w = 0.2 eV, less where the edge is broader.

w = E/15000, but not less than 0.2 and not more than 1 eV: about half of the natural width of K and L3 edges.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntcspec.types import Array

FINEST_EV, COARSEST_EV, PER_EV = 0.2, 1.0, 15000.0
MAPPED = 500_000  # points times neighbours at a time
FAR = 6.0  # widths, beyond which a weight is nothing
COMPARABLE, APART_EV = 0.8, 1.5  # of the steepest slope; distance from it


@dataclass(frozen=True)
class Point:
    """Energy (eV) of a point, and its response to the spectrum: d energy = response @ dy, shape (n,)."""

    energy_ev: float
    response: Array

    def error_ev(self, y_error: Array) -> float:
        """Standard uncertainty (eV) from independent uncertainties of the spectrum; NaN where these are empty."""
        return float(np.sqrt(np.sum((self.response * y_error) ** 2))) if y_error.size else float("nan")


@dataclass(frozen=True)
class Local:
    """Weights (m, k) on the points `columns` (m, k) that give value or slope of the local parabola at `index` (m,)."""

    index: npt.NDArray[np.intp]
    columns: npt.NDArray[np.intp]
    value: Array
    slope: Array

    def response(self, weights: Array, rows: slice, factors: Array, size: int) -> Array:
        """Sum of some rows of an operator times `factors`, as a vector over the spectrum, shape (size,)."""
        total = np.zeros(size)
        np.add.at(total, self.columns[rows], weights[rows] * factors[:, None])
        return total


def smoothing_ev(energy_ev: float) -> float:
    """Standard deviation (eV) of the weights of the local parabola at a photon energy."""
    return float(np.clip(energy_ev / PER_EV, FINEST_EV, COARSEST_EV))


def local_parabola(energy_ev: Array, index: npt.NDArray[np.intp]) -> Local:
    """Operators that give value and slope of the local parabola at the points `index`."""
    step = np.diff(energy_ev)
    widest = np.maximum(np.concatenate([step[:1], step]), np.concatenate([step, step[-1:]]))
    width = np.maximum(smoothing_ev(float(energy_ev[index].mean())), 0.7 * widest)[index]
    low = np.searchsorted(energy_ev, energy_ev[index] - FAR * width)
    count = int((np.searchsorted(energy_ev, energy_ev[index] + FAR * width) - low).max())
    columns = np.clip(low, 0, max(energy_ev.size - count, 0))[:, None] + np.arange(min(count, energy_ev.size))
    value, slope = np.empty((2, *columns.shape))
    rows = max(MAPPED // max(columns.shape[1], 1), 1)
    for here in (slice(start, start + rows) for start in range(0, index.size, rows)):
        x = (energy_ev[columns[here]] - energy_ev[index[here]][:, None]) / width[here, None]
        powers = np.stack([np.ones_like(x), x, x * x])
        weighted = powers * np.exp(-0.5 * np.minimum(powers[2], 100.0))
        inverse = np.linalg.inv(np.einsum("amk,bmk->mab", weighted, powers))
        value[here], slope[here] = np.einsum("mab,bmk->amk", inverse[:, :2], weighted)
    return Local(index, columns, value, slope / width[:, None])


def steepest(energy_ev: Array, mu: Array, *, low_ev: float, high_ev: float) -> tuple[Point, list[float]]:
    """The point of steepest ascent between two energies, and other energies where mu rises almost as steeply.

    Raises ValueError where the range holds too few points or mu nowhere rises to a steepest point.
    """
    local = local_parabola(energy_ev, _inside(energy_ev, low_ev, high_ev))
    slope = np.sum(local.slope * mu[local.columns], axis=1)
    point = _vertex(energy_ev, local, slope, local.slope)
    peak = slope.max()
    inner = (slope[1:-1] >= slope[:-2]) & (slope[1:-1] > slope[2:]) & (slope[1:-1] >= COMPARABLE * peak)
    at = energy_ev[local.index[1:-1][inner]]
    return point, [float(e) for e in at if abs(e - point.energy_ev) > APART_EV]


def maximum(energy_ev: Array, mu: Array, *, low_ev: float, high_ev: float) -> Point:
    """The maximum between two energies. Raises ValueError where it lies at an end of the range."""
    local = local_parabola(energy_ev, _inside(energy_ev, low_ev, high_ev))
    return _vertex(energy_ev, local, np.sum(local.value * mu[local.columns], axis=1), local.value)


def half_step(energy_ev: Array, norm: Array, *, low_ev: float, high_ev: float) -> Point:
    """Where norm first rises through one half. Raises ValueError where it does not."""
    local = local_parabola(energy_ev, _inside(energy_ev, low_ev, high_ev))
    y = np.sum(local.value * norm[local.columns], axis=1)
    rises = np.flatnonzero((y[:-1] < 0.5) & (y[1:] >= 0.5))
    if not rises.size:
        raise ValueError(f"norm does not rise through 0.5 between {low_ev:g} and {high_ev:g} eV")
    i = int(rises[0])
    part = (0.5 - y[i]) / (y[i + 1] - y[i])
    e0, e1 = energy_ev[local.index[i : i + 2]]
    slope = (y[i + 1] - y[i]) / (e1 - e0)
    factors = -np.array([1 - part, part]) / slope
    response = local.response(local.value, slice(i, i + 2), factors, energy_ev.size)
    return Point(float(e0 + part * (e1 - e0)), response)


def _inside(energy_ev: Array, low_ev: float, high_ev: float) -> npt.NDArray[np.intp]:
    """Points of the range, without the two at either end of the data."""
    index = np.flatnonzero((energy_ev >= low_ev) & (energy_ev <= high_ev))
    index = index[(index >= 2) & (index < energy_ev.size - 2)]
    if index.size < 5:
        raise ValueError(
            f"{index.size} points between {low_ev:g} and {high_ev:g} eV, 5 are needed; "
            f"data run from {energy_ev[0]:g} to {energy_ev[-1]:g} eV"
        )
    return index


def _vertex(energy_ev: Array, local: Local, y: Array, weights: Array) -> Point:
    """Vertex of the parabola through the highest of y (one value a row of `weights`) and its neighbours."""
    i = int(np.argmax(y))
    if i in (0, y.size - 1):
        low, high = energy_ev[local.index[0]], energy_ev[local.index[-1]]
        raise ValueError(f"what is looked for lies at the end of its range, {low:g} to {high:g} eV")
    around = slice(i - 1, i + 2)
    centre = energy_ev[local.index[i]]
    inverse = np.linalg.inv(np.vander(energy_ev[local.index[around]] - centre, 3, increasing=True))
    _, b, c = inverse @ y[around]
    factors = -inverse[1] / (2 * c) + b * inverse[2] / (2 * c**2)
    return Point(float(centre - b / (2 * c)), local.response(weights, around, factors, energy_ev.size))
