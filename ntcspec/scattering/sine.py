"""The sine transform F(Q) -> G(r), as a fast transform and as the matrix that it is.

Symbols: F given at Q_j; nodes k dQ; M(Q) window; N power of 2 with pi / (N dQ) <= step of r.

    G(r_n) = 2/pi dQ sum_k M(k dQ) F(k dQ) sin(k dQ r_n),   r_n = n pi / (N dQ)

F is taken to the nodes linearly, with F(0) = 0; it is 0 outside [qmin, qmax]. G is taken to r linearly. This is what
PDFgetX3 does (a sine transform padded with zeros). Below qmin F may be continued by a line to F(0) = 0 instead: S(Q)
of qmin kept. Lorch: M = sin(pi Q / qmax) / (pi Q / qmax), else 1.

All of it is linear in F. `matrix` gives G = T F for single r, which errors and models need.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ntcspec.scattering.axis import ROUNDING, Interpolation, interpolation
from ntcspec.types import Array


@dataclass(frozen=True, eq=False)
class Sine:
    """Transform of F on q_inv_ang. step_inv_ang: dQ; r_step_ang: the step of r that is wanted; line: below qmin."""

    q_inv_ang: Array
    step_inv_ang: float
    qmin_inv_ang: float
    qmax_inv_ang: float
    r_step_ang: float
    lorch: bool = False
    line: bool = False

    @cached_property
    def size(self) -> int:
        """N."""
        wanted = np.pi / (self.r_step_ang * self.step_inv_ang) / (1.0 + 1e-9)
        return max(2 ** int(np.ceil(np.log2(wanted))), 2 ** int(np.ceil(np.log2(self.nodes[-1] + 2))))

    @cached_property
    def nodes(self) -> npt.NDArray[np.int64]:
        """k of the nodes that carry F."""
        last = min(self.qmax_inv_ang, float(self.q_inv_ang[-1])) + ROUNDING
        k = np.arange(1, int(last / self.step_inv_ang + 1e-6) + 1, dtype=np.int64)
        low = 0.0 if self.line else self.qmin_inv_ang - ROUNDING
        q = k * self.step_inv_ang
        return k[(q >= low) & (q <= last + 1e-6 * self.step_inv_ang)]

    @cached_property
    def _anchor(self) -> int:
        """1 where F(0) = 0 must be put before F, 0 where F begins there."""
        return int(self.q_inv_ang[0] > 0.0)

    @cached_property
    def _to_nodes(self) -> Interpolation:
        """From [F(0) = 0, F] to the nodes."""
        source = np.concatenate([np.zeros(self._anchor), self.q_inv_ang])
        return interpolation(source, np.asarray(self.nodes * self.step_inv_ang, dtype=np.float64))

    @cached_property
    def _window(self) -> Array:
        q = self.nodes * self.step_inv_ang
        return np.sinc(q / self.qmax_inv_ang) if self.lorch else np.ones(q.size)

    @cached_property
    def _aligned(self) -> npt.NDArray[np.int64] | None:
        """Where in F the nodes stand, if all are points of F themselves."""
        to = self._to_nodes
        nearest = np.rint(to.high).astype(np.int64)
        off = np.abs(to.high - nearest).max(initial=0.0)
        place = to.index + nearest - self._anchor
        return place if off < 1e-7 and (place >= 0).all() else None

    @cached_property
    def r_nodes_ang(self) -> Array:
        """r_n, n = 0 ... N - 1."""
        return np.arange(self.size, dtype=np.float64) * (np.pi / (self.size * self.step_inv_ang))

    def at_nodes(self, f_inv_ang: Array) -> Array:
        """M F at the nodes; f_inv_ang has shape (..., Q)."""
        zero = np.zeros((*f_inv_ang.shape[:-1], self._anchor))
        return self._window * self._to_nodes(np.concatenate([zero, f_inv_ang], axis=-1))

    def __call__(self, f_inv_ang: Array, r_ang: Array) -> Array:
        """G (1/A^2) at r_ang; f_inv_ang has shape (..., Q), the result (..., r)."""
        from scipy.fft import dst

        padded = np.zeros((*f_inv_ang.shape[:-1], self.size - 1))
        padded[..., self.nodes - 1] = self.at_nodes(f_inv_ang)
        transformed = dst(padded, type=1, axis=-1, overwrite_x=True)
        transformed *= self.step_inv_ang / np.pi
        index, low, high = self._places(r_ang)
        at = np.concatenate([np.zeros((*f_inv_ang.shape[:-1], 1)), transformed], axis=-1)
        return low * at[..., index] + high * at[..., index + 1]

    def _places(self, r_ang: Array) -> tuple[npt.NDArray[np.int64], Array, Array]:
        found = r_ang / (np.pi / (self.size * self.step_inv_ang))
        index = np.minimum(found.astype(np.int64), self.size - 2)
        high = found - index
        return index, 1.0 - high, high

    def node_matrix(self, r_ang: Array) -> Array:
        """Shape (r, nodes): G = matrix @ (M F at the nodes)."""
        index, low, high = self._places(r_ang)
        table = np.sin(np.arange(2 * self.size) * (np.pi / self.size)) * (2.0 / np.pi * self.step_inv_ang)
        mask = 2 * self.size - 1  # a power of 2 less 1: modulo by bits
        matrix = np.empty((r_ang.size, self.nodes.size))
        for row, n in enumerate(index):
            phase = self.nodes * n
            matrix[row] = low[row] * table[phase & mask] + high[row] * table[(phase + self.nodes) & mask]
        return matrix

    def matrix(self, r_ang: Array) -> Array:
        """T, shape (r, Q): G = T F."""
        return self.to_f(self.node_matrix(r_ang) * self._window)

    def to_f(self, rows: Array) -> Array:
        """rows (R, nodes), which act on F at the nodes, as rows (R, Q) that act on F."""
        if self._aligned is not None:
            full = np.zeros((rows.shape[0], self.q_inv_ang.size))
            full[:, self._aligned] = rows
            return full
        return self._to_nodes.transposed(rows)[:, self._anchor :]
