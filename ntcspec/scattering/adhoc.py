"""The ad hoc normalisation of PDFgetX3 (Juhas et al., J. Appl. Cryst. 46, 560 (2013)).

Symbols: I intensity on the grid Q_k; g = I / <f>^2; L = <f^2> / <f>^2; a scale; P_n polynomials.

1. scale: a = sum(g L) / sum(g^2), the least squares of a g to L over all points;
2. F_m = Q (a g - L): S_m - 1 = a g - L after Faber and Ziman, Compton scattering not taken off;
3. degree n = rpoly (Q_last - Q_first) / pi. F_m is fitted by Q P_(n-1)(Q), for whole degrees n0 = floor(n) and n0 + 1;
   the correction is (1 - w) times the first fit plus w times the second, w = n - n0;
4. F = F_m - correction.

The polynomials are made orthonormal, Q P = sum c_i e_i. The first n0 of the n0 + 1 functions e_i span the lower degree,
so that the blended correction is sum over i of w_i e_i (e_i F_m), w_i = 1 but for the last, which has w.

The scale takes up Compton scattering and whatever else is smooth: it is not absolute. `scale_bias` says how far off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ntcspec.errors import UserError
from ntcspec.scattering.atoms import Averages
from ntcspec.types import Array

MAX_DEGREE = 60


@dataclass(frozen=True, eq=False)
class Adhoc:
    """Normalisation on one grid. basis: e_i, shape (degree, Q); weight: w_i."""

    q_inv_ang: Array
    inverse: Array  # 1 / <f>^2
    laue: Array  # L
    degree: float
    basis: Array
    weight: Array

    def scale(self, intensity: Array) -> Array:
        """a of each pattern; intensity has shape (..., Q)."""
        g = intensity * self.inverse
        return np.asarray((g @ self.laue) / np.einsum("...k,...k->...", g, g))

    def measured(self, intensity: Array, scale: Array) -> Array:
        """F_m."""
        return self.q_inv_ang * (scale[..., None] * (intensity * self.inverse) - self.laue)

    def corrected(self, measured: Array) -> Array:
        """F."""
        return measured - ((measured @ self.basis.T) * self.weight) @ self.basis

    def f_of(self, intensity: Array) -> Array:
        """F of I, shape (..., Q)."""
        return self.corrected(self.measured(intensity, self.scale(intensity)))

    def terms(self, intensity: Array) -> tuple[Array, Array, Array]:
        """gain, left and right of dF_m/dI = diag(gain) + left^T right, for one pattern."""
        g = intensity * self.inverse
        a = float(self.scale(intensity))
        slope = (self.laue - 2.0 * a * g) * self.inverse / float(g @ g)  # da/dI
        return self.q_inv_ang * a * self.inverse, (self.q_inv_ang * g)[None], slope[None]


def prepare(q_inv_ang: Array, average: Averages, *, rpoly_ang: float) -> Adhoc:
    """What does not depend on I. Raises UserError for an rpoly that gives no polynomial, or one of a high degree."""
    degree = rpoly_ang * float(q_inv_ang[-1] - q_inv_ang[0]) / np.pi
    if not 1.0 <= degree <= MAX_DEGREE:
        low, high = (n * np.pi / float(q_inv_ang[-1] - q_inv_ang[0]) for n in (1, MAX_DEGREE))
        raise UserError(
            "transform.rpoly_ang", f"{rpoly_ang:g} A makes a polynomial of degree {degree:.2f}",
            f"give {low:.2g} to {high:.2g} A for this range of Q; 0.9 is usual",
        )  # fmt: skip
    whole = int(degree)
    weight = np.ones(whole + 1)
    weight[-1] = degree - whole
    if weight[-1] < 1e-9:
        weight = weight[:-1]
    inverse = 1.0 / average.mean_squared
    return Adhoc(q_inv_ang, inverse, average.squared_mean * inverse, degree, _basis(q_inv_ang, weight.size), weight)


def _basis(q: Array, count: int) -> Array:
    """Orthonormal functions Q P_i(Q), i below count, by growing degree; shape (count, Q)."""
    x = 2.0 * (q - q[0]) / (q[-1] - q[0]) - 1.0
    columns = q[:, None] * np.polynomial.chebyshev.chebvander(x, count - 1)
    return np.ascontiguousarray(np.linalg.qr(columns)[0].T)


def scale_bias(average: Averages, compton: Array) -> float:
    """Ad hoc scale over the absolute one for S(Q) = 1 and no container: what amplitudes are multiplied by."""
    expected = (average.squared_mean + compton) / average.mean_squared
    laue = average.squared_mean / average.mean_squared
    return float(expected @ laue / (expected @ expected))


def words(bias: float, composition: Mapping[str, float]) -> str:
    """A note on the scale."""
    formula = " ".join(f"{element}{share:.3g}" for element, share in composition.items())
    return (
        f"ad hoc scale: amplitudes of G(r) are about {bias:.2f} of absolute ones for {formula} (Compton scattering is "
        "in the scale); compare amplitudes of other compositions only after dividing by it"
    )
