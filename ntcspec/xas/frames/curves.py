"""Smoothed value and derivatives of many spectra on one fine even grid, and their roots, all spectra at once.

Symbols: V, D, S, T value and derivatives 1 to 3 of norm, as `ntcspec.xas.xanes.derivative` defines them: linear maps of
the points; h step of the fine grid, a quarter of smooth_ev; a and d how norm changes under a choice of normalisation,
norm_c = a norm + B d (`ntcspec.types.xas_frames`).

The maps are made once for the fine grid. Between its points a curve is the polynomial of degree 7 through the eight
points around: its error is below 2e-6 of the height of a line as narrow as the smoothing leaves. Where the grid of the
data changes its step, the maps are less smooth: roots are right to some 1e-4 smooth_ev there. Roots between two points
are found by bisection, others are followed by Newton steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ntcspec.types import Array
from ntcspec.xas.xanes.derivative import FOLLOW_REACH, LocalFit, Smoother

PER_SMOOTH = 4  # points of the fine grid in smooth_ev
NODES = 8
BISECTIONS = 40
ROUNDS, STEPS = 4, 3  # of Newton's method: the eight points are chosen anew in each round
_SERIES = np.linalg.inv(np.vander(np.arange(float(NODES)) - 0.5 * (NODES - 1), increasing=True))
Index = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Change:
    """How norm of frames changes under choices: norm_c = a norm + B d; a (frames, choices), d (frames, choices, 2)."""

    a: Array
    d: Array

    def of(self, value: Array, basis: Array) -> Array:
        """What a linear map gives under each choice (frames, choices); value: nominal (frames,), basis: of B (2,)."""
        return self.a * value[:, None] + self.d @ basis


class Curves:
    """The maps from measured points to V, D, S, T on a fine even grid from low_ev to high_ev.

    basis (E, 2) is B. Raises ValueError as `derivative.Smoother` does.
    """

    def __init__(self, energy_ev: Array, basis: Array, *, low_ev: float, high_ev: float, smooth_ev: float) -> None:
        count = max(int(np.ceil(PER_SMOOTH * (high_ev - low_ev) / smooth_ev)) + 1, NODES)
        self.at_ev = np.linspace(low_ev, high_ev, count)
        self.step_ev = float(self.at_ev[1] - self.at_ev[0])
        self.smooth_ev = smooth_ev
        self._fit: LocalFit = Smoother(energy_ev, smooth_ev=smooth_ev).at(self.at_ev)
        self._basis = basis
        self._maps: dict[int, Array] = {}

    def map(self, order: int) -> Array:
        """Matrix (E, fine grid) of V, D, S or T."""
        if order not in self._maps:
            self._maps[order] = np.ascontiguousarray(self._fit.matrix(order).T)
        return self._maps[order]

    def basis(self, order: int) -> Array:
        """V, D, S or T of B, shape (2, fine grid)."""
        return np.asarray(self._basis.T @ self.map(order))

    @cached_property
    def _rows(self) -> Array:
        return self._fit.rows

    def shared(self, order: int, other: int) -> Array:
        """Sum over points of the products of two maps, (fine grid,): variances and covariances for white noise of 1."""
        return np.asarray(np.einsum("mj,mj->m", self._rows[order], self._rows[other]))

    def read(self, curve: Array, x: Array) -> tuple[Array, Array]:
        """Curves (frames, fine grid), or one (fine grid,) for all, at energies x (frames, n); and their slopes."""
        start, t = self._nodes(x)
        series = _series(_around(curve, start))
        return _value(series, t), _value(_tilt(series), t) / self.step_ev

    def root(self, curve: Array, left: Index, level: float = 0.0) -> Array:
        """Where curves (frames, fine grid) pass `level` between the points left (frames,) and left + 1: (frames,)."""
        low = self.at_ev[left]
        start, t0 = self._nodes(low[:, None])
        series = _series(_around(curve, start) - level)
        ends = t0, t0 + 1.0
        rising = _value(series, ends[1]) > _value(series, ends[0])
        for _ in range(BISECTIONS):
            middle = 0.5 * (ends[0] + ends[1])
            above = (_value(series, middle) > 0) == rising
            ends = np.where(above, ends[0], middle), np.where(above, middle, ends[1])
        return np.asarray((low[:, None] + (0.5 * (ends[0] + ends[1]) - t0) * self.step_ev)[:, 0])

    def follow(self, curve: Array, order: int, start_ev: Array, change: Change, level: float = 0.0) -> Array:
        """Where V, D, S or T, nominally curve (frames, fine grid), has `level` under each choice, near start_ev
        (frames,): energies (frames, choices). NaN where it has it not within 2 smooth_ev, or on the grid."""
        basis, known = self.basis(order), np.isfinite(start_ev)
        begin = np.where(known, start_ev, self.at_ev[0])[:, None]
        x = np.repeat(begin, change.a.shape[1], axis=1)
        moved = np.zeros(x.shape)
        for _ in range(ROUNDS):
            start, t = self._nodes(x)
            values = _around(curve, start) * change.a - level
            for i, one in enumerate(basis):
                values += _around(one, start) * change.d[:, :, i]
            series = _series(values)
            tilt = _tilt(series)
            for _ in range(STEPS):
                with np.errstate(divide="ignore", invalid="ignore"):
                    moved = np.clip(_value(series, t) / _value(tilt, t), -1.0, 1.0)
                t = t - moved
            x = np.clip(self._energy(start, t), self.at_ev[0], self.at_ev[-1])
        far = np.abs(x - begin) > FOLLOW_REACH * self.smooth_ev
        lost = far | ~(np.abs(moved) < 1e-6) | (x <= self.at_ev[0]) | (x >= self.at_ev[-1]) | ~known[:, None]
        return np.where(lost, np.nan, x)

    def _nodes(self, x: Array) -> tuple[Index, Array]:
        """The first of the eight points around each x, and x in steps from their middle."""
        place = (np.nan_to_num(x, nan=self.at_ev[0]) - self.at_ev[0]) / self.step_ev
        start = np.clip(np.floor(place).astype(np.intp) - (NODES // 2 - 1), 0, self.at_ev.size - NODES)
        return start, place - start - 0.5 * (NODES - 1)

    def _energy(self, start: Index, t: Array) -> Array:
        return np.asarray(self.at_ev[0] + (start + t + 0.5 * (NODES - 1)) * self.step_ev)


def _around(curve: Array, start: Index) -> Array:
    """Eight points of curves (frames, fine grid), or of one for all, from `start` (frames, n) on: (8, frames, n)."""
    columns = start + np.arange(NODES)[:, None, None]
    return np.asarray(curve[columns] if curve.ndim == 1 else curve[np.arange(len(start))[:, None], columns])


def _series(values: Array) -> Array:
    """Coefficients (power, frames, n) of the polynomials through eight points (8, frames, n)."""
    return np.asarray((_SERIES @ values.reshape(NODES, -1)).reshape(values.shape))


def _value(series: Array, t: Array) -> Array:
    total = np.zeros_like(t)
    for coefficient in series[::-1]:
        total = total * t + coefficient
    return total


def _tilt(series: Array) -> Array:
    return np.asarray(series[1:] * np.arange(1.0, len(series))[:, None, None])
