"""Least squares with weights >= 0, their sum fixed if asked, and small shifts of the columns.

Symbols: y(E) data, s_j(E) column j, w_j >= 0 its weight, d_j its shift (eV), W weights of the points, r = y - model,
J derivatives of the model by the free parameters, Z directions in parameter space that the constraint leaves free.

    model(E) = sum_j w_j s_j(E - d_j)          a positive d_j moves column j to higher energy

Order of steps: `nonnegative` finds the weights by an active set on the normal equations; `solve` alternates it with
Gauss-Newton steps of the shifts, of which only the part that weights cannot make counts (variable projection). A shift
at its bound that wants further out is held there. `linear_map` is P = Z (Z'J'WJZ)^-1 Z'J'W: parameters from data.

Sources: C. L. Lawson, R. J. Hanson, Solving Least Squares Problems (1974), ch. 23 (active set); G. H. Golub and
V. Pereyra, SIAM J. Numer. Anal. 10, 413 (1973), L. Kaufman, BIT 15, 49 (1975) (variable projection).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntcspec.types import Array

Mask = npt.NDArray[np.bool_]
Curve = Callable[[Array, int], Array]  # (energies, order of the derivative) -> values
SHIFT_DONE_EV = 1e-6
STEPS = 50
DUAL = 1e-10  # relative gradient that still counts as zero


@dataclass(frozen=True)
class Solution:
    """Weights and shifts (columns,), the shifted columns and their negative slopes (points, columns), residual."""

    weight: Array
    shift_ev: Array
    columns: Array
    slopes: Array
    residual: Array


def nonnegative(columns: Array, data: Array, point_weight: Array, *, sum_to_one: bool = False) -> Array:
    """Weights w >= 0, shape (columns,), that minimise sum W (data - columns w)^2; with sum 1 if asked.

    columns has shape (points, columns) and full rank. Ends after finitely many steps (Lawson and Hanson).
    """
    scaled = columns * point_weight[:, None]
    gram, moment = scaled.T @ columns, scaled.T @ data
    size = len(moment)
    free = np.zeros(size, dtype=bool)
    weight = np.zeros(size)
    if sum_to_one:
        free[int(np.argmin(0.5 * np.diag(gram) - moment))] = True
        weight[free] = 1.0
    tolerance = DUAL * float(np.abs(moment).max())
    for _ in range(10 * size + 10):
        gain = moment - gram @ weight
        if sum_to_one:
            gain = gain - gain[free].mean()
        gain[free] = -np.inf
        best = int(np.argmax(gain))
        if gain[best] <= tolerance:
            break
        free[best] = True
        weight = _feasible(gram, moment, free, weight, sum_to_one)
    return weight


def _feasible(gram: Array, moment: Array, free: Mask, weight: Array, sum_to_one: bool) -> Array:
    """Least squares on the free weights; those that would get negative leave `free` (changed in place)."""
    while True:
        wanted = np.zeros(len(moment))
        wanted[free] = _equations(gram[np.ix_(free, free)], moment[free], sum_to_one)
        negative = free & (wanted <= 0)
        if not negative.any():
            return wanted
        ratio = np.full(len(moment), np.inf)
        ratio[negative] = weight[negative] / np.maximum(weight[negative] - wanted[negative], 1e-300)
        step = float(ratio.min())
        weight = np.where(free, weight + step * (wanted - weight), 0.0)
        free &= ~(negative & (ratio <= step)) & ~(negative & (weight <= 0))
        weight = np.where(free, weight, 0.0)


def _equations(gram: Array, moment: Array, sum_to_one: bool) -> Array:
    """Solution of the normal equations, with a Lagrange multiplier for the sum."""
    if not sum_to_one:
        return np.asarray(np.linalg.solve(gram, moment))
    size = len(moment)
    scale = float(np.trace(gram)) / size  # the multiplier in units of the data
    whole = np.full((size + 1, size + 1), scale)
    whole[:size, :size], whole[size, size] = gram, 0.0
    return np.asarray(np.linalg.solve(whole, np.append(moment, scale))[:size])


def solve(
    energy_ev: Array,
    data: Array,
    curves: Sequence[Curve],
    point_weight: Array,
    *,
    sum_to_one: bool,
    shift_max_ev: float,
    start_ev: Array,
) -> Solution:
    """Weights and shifts, |d_j| <= shift_max_ev, from the shifts start_ev on; a local minimum."""
    best = _at_shifts(energy_ev, data, curves, point_weight, start_ev, sum_to_one)
    if shift_max_ev == 0:
        return best
    lowest = float(point_weight @ best.residual**2)
    for _ in range(STEPS):
        step = _shift_step(best, point_weight, sum_to_one, shift_max_ev)
        while np.abs(step).max() > SHIFT_DONE_EV:
            shift = np.clip(best.shift_ev + step, -shift_max_ev, shift_max_ev)
            tried = _at_shifts(energy_ev, data, curves, point_weight, shift, sum_to_one)
            chi2 = float(point_weight @ tried.residual**2)
            if chi2 < lowest:
                break
            step = 0.5 * step
        else:
            return best
        best, lowest = tried, chi2
    return best


def _at_shifts(
    energy_ev: Array, data: Array, curves: Sequence[Curve], point_weight: Array, shift_ev: Array, sum_to_one: bool
) -> Solution:
    """The weights at given shifts."""
    moved = [(f, energy_ev - d) for f, d in zip(curves, shift_ev, strict=True)]
    columns = np.stack([f(e, 0) for f, e in moved], axis=1)
    slopes = -np.stack([f(e, 1) for f, e in moved], axis=1)
    weight = nonnegative(columns, data, point_weight, sum_to_one=sum_to_one)
    return Solution(weight, shift_ev, columns, slopes, data - columns @ weight)


def _shift_step(now: Solution, point_weight: Array, sum_to_one: bool, shift_max_ev: float) -> Array:
    """Gauss-Newton step of the shifts, 0 for those that are held."""
    wanted = (now.slopes * now.weight).T @ (point_weight * now.residual)
    held = (np.abs(now.shift_ev) >= shift_max_ev) & (wanted * now.shift_ev > 0)
    used, shifted = now.weight > 0, (now.weight > 0) & ~held
    step = np.zeros(len(now.weight))
    if shifted.any():
        step[shifted] = (linear_map(now, point_weight, used, shifted, sum_to_one) @ now.residual)[used.sum() :]
    return step


def linear_map(now: Solution, point_weight: Array, used: Mask, shifted: Mask, sum_to_one: bool) -> Array:
    """P, shape (parameters, points): change of the used weights, then of the free shifts, from a change of the data.

    used, shifted: booleans, shape (columns,). With the sum fixed, changes of the weights sum to 0.
    """
    jacobian = np.hstack([now.columns[:, used], now.slopes[:, shifted] * now.weight[shifted]])
    directions = np.eye(jacobian.shape[1])
    if sum_to_one:
        count = int(used.sum())
        directions[count - 1, : count - 1] = -1.0
        directions = np.delete(directions, count - 1, axis=1)
    root = np.sqrt(point_weight)
    return directions @ np.linalg.pinv((jacobian @ directions) * root[:, None]) * root
