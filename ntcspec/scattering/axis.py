"""The Q grid of the transform, and linear interpolation to it as PDFgetX3 does it.

Symbols: Q_j points as measured; dQ their mean spacing up to qmaxinst; Q_k points of the grid.

`pdfgetx3-2` (version 2): Q_k = k dQ with whole k, up to the last measured point or qmaxinst. `pdfgetx3-1` (version 1
and xPDFsuite): points that are evenly spaced are kept as they are, half-bin offsets included; others are taken to k dQ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntcspec.errors import UserError
from ntcspec.types import Array

EVEN = 2e-3  # spacings of an even axis differ by less than this share of the mean
ROUNDING = 1e-9
MIN_POINTS = 20
WHERE = "transform"


@dataclass(frozen=True)
class Interpolation:
    """y_k = low_k y[index_k] + high_k y[index_k + 1]. Shapes (K,), of a source with `size` points."""

    size: int
    index: npt.NDArray[np.int64]
    low: Array
    high: Array

    def __call__(self, y: Array) -> Array:
        """Values on the grid; y has shape (..., size)."""
        return self.low * y[..., self.index] + self.high * y[..., self.index + 1]

    def transposed(self, rows: Array) -> Array:
        """rows (R, K) times the matrix of the interpolation: shape (R, size)."""
        from scipy.sparse import csr_array

        k = np.arange(self.index.size)
        values, columns = np.concatenate([self.low, self.high]), np.concatenate([self.index, self.index + 1])
        matrix = csr_array((values, (np.concatenate([k, k]), columns)), shape=(k.size, self.size))
        return np.asarray((matrix.T @ rows.T).T)


@dataclass(frozen=True)
class Grid:
    """The points of the grid within [qmin, qmaxinst], their spacing, and how to get there from those measured."""

    q_inv_ang: Array
    step_inv_ang: float
    to_grid: Interpolation


def interpolation(source: Array, target: Array) -> Interpolation:
    """Linear; beyond the ends of the source its end values, as numpy.interp."""
    index = np.clip(np.searchsorted(source, target, side="right") - 1, 0, source.size - 2)
    high = np.clip((target - source[index]) / (source[index + 1] - source[index]), 0.0, 1.0)
    return Interpolation(source.size, index.astype(np.int64), 1.0 - high, high)


def grid(q_inv_ang: Array, *, qmin_inv_ang: float, qmaxinst_inv_ang: float, rule: str) -> Grid:
    """The grid. Raises UserError where limits lie outside the data or leave too few points."""
    low, high = float(q_inv_ang[0]), float(q_inv_ang[-1])
    used = q_inv_ang[q_inv_ang <= qmaxinst_inv_ang + ROUNDING]
    if used.size < MIN_POINTS:
        _too_few(used.size, qmaxinst_inv_ang)
    step = float(used[-1] - used[0]) / (used.size - 1)
    even = float(np.ptp(np.diff(used))) <= EVEN * step
    if rule == "pdfgetx3-1" and even:
        q = used
    else:
        first, last = np.ceil(max(low, 0.0) / step - 1e-6), np.floor(min(qmaxinst_inv_ang, high) / step + 1e-6)
        q = np.arange(int(first), int(last) + 1, dtype=np.float64) * step
    q = q[q >= qmin_inv_ang - ROUNDING]
    if q.size < MIN_POINTS:
        _too_few(q.size, qmaxinst_inv_ang)
    return Grid(q, step, interpolation(q_inv_ang, q))


def _too_few(count: int, qmaxinst: float) -> None:
    raise UserError(
        WHERE, f"{count} points of I(Q) lie between `qmin_inv_ang` and {qmaxinst:g} 1/A, {MIN_POINTS} are needed",
        "widen the range of Q, or give data with smaller steps",
    )  # fmt: skip
