"""Edge step and normalised absorption by own linear algebra, with the noise propagated exactly.

Symbols: E energy (eV), mu absorption, E0 the energy that ranges are relative to, i0 the point nearest to E0,
v Victoreen exponent, b(E) pre-edge line, q(E) post-edge curve minus that line, s = q(E_i0) edge step, N = (mu - b) / s.

Order of steps:
1. b(E) = (c0 + c1 x) E^-v from least squares of mu E^v over the pre-edge range, x = E scaled;
2. q(E), a polynomial of degree 0 to 3, from least squares of mu - b over the post-edge range;
3. s = q(E_i0), N = (mu - b) / s;
4. flattened: N - q/s + 1 from i0 on, N below: the post-edge without its slope and curvature.

Ranges are slices [last point at or below the start, point nearest to the end), the end excluded, as in larch, so that
results agree with larch.xafs.pre_edge to rounding. Fits are unweighted.

b and s are linear in mu: (c0, c1, s) = F mu. So dN = (dmu - E^-v (dc0 + x dc1) - N ds) / s, and with independent
standard uncertainties sigma_j of mu_j
    s^2 var N_i = sigma_i^2 - 2 sigma_i^2 a_i . F_i + a_i' C a_i,   a_i = (E_i^-v, x_i E_i^-v, N_i),  C = F sigma^2 F'.

A model of mu may take the place of mu in steps 1 to 3 (`Match`), with a parabola in step 2 whatever the degree: then F
is F of the model times its response to mu.

Source of the method: M. Newville, J. Phys. Conf. Ser. 430, 012007 (2013), and larch.xafs.pre_edge.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ntcspec.types import Array
from ntcspec.xas._larch import MIN_POST_POINTS, MIN_PRE_POINTS, at_or_below, nearest

MAX_DEGREE = 3
MODEL_DEGREE = 2  # of the post-edge curve through a model, which is smooth


@dataclass(frozen=True)
class Ranges:
    """Parameters of a normalisation; ranges (eV) are relative to e0 and lie inside of the data."""

    e0_ev: float
    pre1_ev: float
    pre2_ev: float
    norm1_ev: float
    norm2_ev: float
    norm_degree: int
    victoreen: int


@dataclass(frozen=True)
class Match:
    """A model that is linear in mu: mu is replaced by design @ (estimator @ mu). Shapes (n, m) and (m, n)."""

    design: Array
    estimator: Array


@dataclass(frozen=True)
class Edge:
    """One normalisation. Arrays have the shape of the energies; `response` is F, `basis` E^-v and x E^-v, (n, 2)."""

    pre_edge: Array
    post_edge: Array
    norm: Array
    edge_step: float
    e0_index: int
    pre_points: tuple[int, int]
    post_points: tuple[int, int]
    response: Array
    basis: Array

    @property
    def flat(self) -> Array:
        """Norm without the slope and curvature of the post-edge curve, from the point nearest to e0 on."""
        return flattened(self, self.norm)


def flattened(edge: Edge, norm: Array) -> Array:
    """`norm` minus the shape of the post-edge curve of `edge` (in units of the step), from the point of e0 on."""
    curve = (edge.post_edge - edge.pre_edge) / edge.edge_step
    flat = norm - curve + curve[edge.e0_index]
    flat[: edge.e0_index] = norm[: edge.e0_index]
    return np.asarray(flat)


@dataclass
class Normaliser:
    """Normalises spectra on one energy grid; least-squares inverses are kept for the next choice of ranges."""

    energy_ev: Array
    _inverses: dict[tuple[int, int, int], Array] = field(default_factory=dict)

    def points(self, ranges: Ranges) -> tuple[tuple[int, int], tuple[int, int]]:
        """Slices of the pre-edge and of the post-edge points.

        Raises ValueError where they hold too few points, and for a degree that is not 0 to 3.
        """
        if not 0 <= ranges.norm_degree <= MAX_DEGREE:
            raise ValueError(f"norm_degree {ranges.norm_degree} is not between 0 and {MAX_DEGREE}")
        energy, e0 = self.energy_ev, ranges.e0_ev
        pre = at_or_below(energy, ranges.pre1_ev + e0), nearest(energy, ranges.pre2_ev + e0)
        post = at_or_below(energy, ranges.norm1_ev + e0), nearest(energy, ranges.norm2_ev + e0)
        for name, keys, (start, end), least, low, high in (
            ("pre-edge", "pre1_ev, pre2_ev", pre, MIN_PRE_POINTS, ranges.pre1_ev, ranges.pre2_ev),
            ("post-edge", "norm1_ev, norm2_ev", post, MIN_POST_POINTS, ranges.norm1_ev, ranges.norm2_ev),
        ):
            if end - start < least:
                raise ValueError(
                    f"{max(end - start, 0)} points in the {name} range {low:.1f} to {high:.1f} eV from e0 {e0:g} eV "
                    f"({keys}), at least {least} are needed; data run from {energy[0]:g} to {energy[-1]:g} eV"
                )
        return pre, post

    def normalise(self, mu: Array, ranges: Ranges, match: Match | None = None, *, response: bool = False) -> Edge:
        """Pre-edge line, post-edge curve, step and norm of mu, shape (n,).

        response: whether F is wanted; it is empty otherwise. Raises ValueError for a degree that is not 0 to 3, for
        ranges with too few points and for a step that is not positive.
        """
        energy = self.energy_ev
        pre, post = self.points(ranges)
        model = mu if match is None else match.design @ (match.estimator @ mu)
        x = self._scaled()
        power = energy ** float(ranges.victoreen)
        basis = self.basis(ranges)
        inverse_pre = self._inverse(*pre, 1)
        line = basis @ (inverse_pre @ (model * power)[slice(*pre)])
        degree = ranges.norm_degree if match is None else MODEL_DEGREE
        inverse_post = self._inverse(*post, degree)
        vander = np.vander(x, degree + 1, increasing=True)
        curve = vander @ (inverse_post @ (model - line)[slice(*post)])
        index = nearest(energy, ranges.e0_ev)
        step = float(curve[index])
        if not step > 0:
            raise ValueError(
                f"edge step {step:.3g} at e0 {ranges.e0_ev:g} eV: mu falls at the edge (columns, e0_ev or ranges?)"
            )
        functional = self.functional(ranges, match) if response else np.empty((0, 0))
        return Edge(line, line + curve, (mu - line) / step, step, index, pre, post, functional, basis)

    def basis(self, ranges: Ranges) -> Array:
        """E^-v and x E^-v, shape (n, 2): what the pre-edge line is made of."""
        x = self._scaled()
        return np.asarray(np.stack([np.ones_like(x), x], axis=1) / (self.energy_ev ** float(ranges.victoreen))[:, None])

    def functional(self, ranges: Ranges, match: Match | None = None) -> Array:
        """F, shape (3, n): c0, c1 and the step of any spectrum on this grid are F mu. Raises ValueError as `normalise`
        does, but for the step."""
        energy, (pre, post) = self.energy_ev, self.points(ranges)
        degree = ranges.norm_degree if match is None else MODEL_DEGREE
        at_step = np.vander(self._scaled(), degree + 1, increasing=True)[nearest(energy, ranges.e0_ev)]
        at_step = at_step @ self._inverse(*post, degree)
        functional = np.zeros((3, energy.size))
        functional[:2, slice(*pre)] = self._inverse(*pre, 1) * (energy ** float(ranges.victoreen))[slice(*pre)]
        functional[2, slice(*post)] = at_step
        functional[2] -= (at_step @ self.basis(ranges)[slice(*post)]) @ functional[:2]
        if match is not None:
            functional = (functional @ match.design) @ match.estimator
        return np.asarray(functional)

    def _scaled(self) -> Array:
        """E mapped to -1..1, for the condition of the fits."""
        low, high = self.energy_ev[0], self.energy_ev[-1]
        return np.asarray((2.0 * self.energy_ev - low - high) / (high - low))

    def _inverse(self, start: int, end: int, degree: int) -> Array:
        """Matrix (degree + 1, points) that gives the coefficients of the least-squares polynomial in scaled E.

        The fit itself is made in the range mapped to -1..1 and then converted, or a short range would lose digits.
        """
        key = start, end, degree
        if key not in self._inverses:
            x = self._scaled()[start:end]
            centre, half = 0.5 * (x[0] + x[-1]), 0.5 * (x[-1] - x[0])
            local = np.linalg.pinv(np.vander((x - centre) / half, degree + 1, increasing=True))
            line = np.polynomial.Polynomial([-centre / half, 1.0 / half])
            convert = np.zeros((degree + 1, degree + 1))
            for i in range(degree + 1):
                convert[: i + 1, i] = (line**i).coef
            self._inverses[key] = convert @ local
        return self._inverses[key]


def through(edge: Edge, row: Array) -> Array:
    """A response to norm, shape (n,), as the response to mu, shape (n,): row times d norm / d mu."""
    return np.asarray((row - (row @ factors(edge)) @ edge.response) / edge.edge_step)


def factors(edge: Edge) -> Array:
    """a_i of above, shape (n, 3): d norm / d mu = (1 - factors @ response) / step."""
    return np.column_stack([edge.basis, edge.norm])


def norm_error(edge: Edge, mu_error: Array) -> tuple[Array, float]:
    """Standard uncertainties of norm, shape (n,), and of the step, from independent uncertainties of mu, shape (n,)."""
    variance = mu_error**2
    a = factors(edge)
    covariance = (edge.response * variance) @ edge.response.T
    of_norm = (
        variance * (1.0 - 2.0 * np.sum(a * edge.response.T, axis=1)) + np.sum((a @ covariance) * a, axis=1)
    ) / edge.edge_step**2
    return np.sqrt(np.clip(of_norm, 0.0, None)), float(np.sqrt(covariance[2, 2]))
