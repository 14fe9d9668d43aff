"""Weighted least squares within bounds, and what the data say about each parameter.

Symbols: y data, s their standard uncertainty, f(x; p) model, J = df/dp / s, r = (f - y) / s, chi2 = sum r^2, n points,
m parameters, g = J r, A = J J^T, d damping.

Order of steps:
1. Levenberg-Marquardt: solve (A + d diag A) step = -g for the parameters that are not held by a bound (at a bound with
   g pointing outwards), clip the step to the bounds, take it if chi2 falls; d follows the gain ratio (Nielsen 1999).
   The end: a step of less than 1e-7 of the scale of each parameter, or a fall of chi2 below 1e-10 of it;
2. covariance A^-1 over the free parameters, from the eigenvalues of A scaled to unit diagonal: a combination that the
   data do not determine (eigenvalue below 1e-11) gives its parameters infinite uncertainty, not a random one;
3. s known: errors are absolute, times sqrt(chi2 / (n - m)) where that is above 1, as the model or s is then wrong by
   at least as much. s unknown (None): s = sqrt(chi2 / (n - m)).

A parameter at a bound has no uncertainty (NaN): it is named in `at_bound`, and all others hold for it fixed there.

Sources: H. B. Nielsen, report IMM-REP-1999-05, DTU (1999); projection on bounds: C. Kanzow, N. Yamashita, M. Fukushima,
J. Comput. Appl. Math. 172, 375 (2004); covariance: W. H. Press et al., Numerical Recipes, chapter 15.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntcspec.peaks.model import Part, bounds, evaluate, names
from ntcspec.types import Array

Flags = npt.NDArray[np.bool_]
SMALL_STEP = 1e-7
SMALL_FALL = 1e-10
UNDETERMINED = 1e-11
LOADING = 1e-3  # share of a parameter in an undetermined combination that makes it undetermined
MAX_STEPS = 200


@dataclass(frozen=True)
class Fit:
    """A minimum of chi2. `sigma` is what the data were weighted with; ones where it was unknown."""

    parts: tuple[Part, ...]
    x: Array
    y: Array
    sigma: Array
    known_sigma: bool
    p: Array
    covariance: Array  # scaled as `scale` says; NaN at a bound, infinite diagonal where undetermined
    scale: float  # factor on the errors that A^-1 alone would give
    chi2: float
    at_bound: tuple[str, ...]
    converged: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters."""
        return names(self.parts)

    @property
    def freedom(self) -> int:
        """Degrees of freedom, n - m. A parameter at a bound counts: it was free to leave it."""
        return self.x.size - self.p.size

    @property
    def reduced_chi2(self) -> float:
        """chi2 / (n - m); with s unknown this is the variance of a point."""
        return self.chi2 / self.freedom

    @property
    def errors(self) -> Array:
        """Standard uncertainty of each parameter: NaN at a bound, infinite where undetermined."""
        return np.sqrt(np.diag(self.covariance))

    def of(self, name: str) -> float:
        """Value of a parameter by name."""
        return float(self.p[self.names.index(name)])

    @property
    def curves(self) -> Array:
        """Curve of each part, shape (parts, points)."""
        return evaluate(self.parts, self.x, self.p)[0]


def fit_from(x: Array, y: Array, sigma: Array | None, parts: Sequence[Part], start: Array) -> Fit:
    """Fit from one start (clipped to the bounds).

    x, y : shape (n,), finite; sigma : shape (n,), above 0, or None where it is unknown; start : shape (m,)
    Raises ValueError for arrays of unlike length, values that are not finite, sigma not above 0, and n <= m.
    """
    parts = tuple(parts)
    weight = check(x, y, sigma, start.size)
    p, chi2, converged = minimise(x, y, weight, parts, start, MAX_STEPS)
    return result(x, y, sigma, parts, p, chi2, converged)


def check(x: Array, y: Array, sigma: Array | None, parameters: int) -> Array:
    """1 / sigma, or ones. Raises as `fit_from`."""
    if x.shape != y.shape or x.ndim != 1 or (sigma is not None and sigma.shape != x.shape):
        raise ValueError("x, y and sigma must be one-dimensional and of one length")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("x and y must be finite")
    if sigma is not None and not (np.isfinite(sigma).all() and (sigma > 0).all()):
        raise ValueError("sigma must be finite and above 0")
    if x.size <= parameters:
        raise ValueError(f"{x.size} points cannot determine {parameters} parameters")
    return np.ones_like(x) if sigma is None else 1.0 / sigma


def minimise(
    x: Array, y: Array, weight: Array, parts: Sequence[Part], start: Array, steps: int
) -> tuple[Array, float, bool]:
    """At most `steps` trials of Levenberg-Marquardt: p, chi2, whether it came to an end."""
    low, high = bounds(parts)
    p = np.minimum(np.maximum(start, low), high)
    target = y * weight
    r, j = _residual(parts, x, p, weight, target)
    chi2 = float(r @ r)
    damping, factor, fresh = 1e-3, 2.0, True
    for _ in range(steps):
        if fresh:
            g, a = j @ r, j @ j.T
            held = ((p <= low) & (g > 0)) | ((p >= high) & (g < 0))
            diagonal = a.diagonal() + (a.diagonal() == 0)
        step = _step(a, g, held, damping * diagonal)
        trial = np.minimum(np.maximum(p + step, low), high)
        step = trial - p
        predicted = -float(step @ (2.0 * g + a @ step))
        r_new, j_new = _residual(parts, x, trial, weight, target)
        fall = chi2 - float(r_new @ r_new)
        small = bool(np.max(np.abs(step) * np.sqrt(diagonal)) < SMALL_STEP * np.sqrt(max(chi2, 1e-300)))
        fresh = fall > 0
        if fresh:
            p, r, j = trial, r_new, j_new
            chi2 -= fall
            gain = fall / predicted if predicted > 0 else 1.0
            damping, factor = damping * max(1 / 3, 1 - (2 * gain - 1) ** 3), 2.0
            if small or (fall < SMALL_FALL * chi2 and predicted < SMALL_FALL * chi2):
                return p, chi2, True
        elif small or damping > 1e12:
            return p, chi2, True
        else:
            damping, factor = damping * factor, 2.0 * factor
    return p, chi2, False


def _residual(parts: Sequence[Part], x: Array, p: Array, weight: Array, target: Array) -> tuple[Array, Array]:
    curves, jacobian = evaluate(parts, x, p)
    jacobian *= weight
    return curves.sum(axis=0) * weight - target, jacobian


def _step(a: Array, g: Array, held: Flags, damping: Array) -> Array:
    """Damped step, 0 for the parameters that are held."""
    matrix, right = a.copy(), -g
    matrix.flat[:: g.size + 1] += damping
    if held.any():
        matrix[held] = 0.0
        matrix[:, held] = 0.0
        matrix[held, held] = 1.0
        right[held] = 0.0
    return np.asarray(np.linalg.solve(matrix, right), dtype=float)


def result(
    x: Array, y: Array, sigma: Array | None, parts: Sequence[Part], p: Array, chi2: float, converged: bool
) -> Fit:
    """Covariance and bounds of a minimum."""
    weight = np.ones_like(x) if sigma is None else 1.0 / sigma
    low, high = bounds(parts)
    span = np.where(np.isfinite(high - low), high - low, 1.0)
    at_bound = (p - low <= 1e-9 * span) | (high - p <= 1e-9 * span)
    reduced = chi2 / (x.size - p.size)
    scale = float(np.sqrt(reduced if sigma is None else max(reduced, 1.0)))
    _, jacobian = evaluate(parts, x, p)
    jacobian *= weight
    held = tuple(name for name, is_held in zip(names(parts), at_bound, strict=True) if is_held)
    covariance = _covariance(jacobian, at_bound) * scale**2
    used = np.ones_like(x) if sigma is None else sigma
    return Fit(tuple(parts), x, y, used, sigma is not None, p, covariance, scale, chi2, held, converged)


def _covariance(jacobian: Array, at_bound: Flags) -> Array:
    """A^-1 over the free parameters; NaN rows and columns at a bound."""
    m = at_bound.size
    covariance = np.full((m, m), np.nan)
    free = np.flatnonzero(~at_bound)
    j = jacobian[free]
    norm = np.sqrt(np.einsum("ij,ij->i", j, j))
    dead = norm == 0.0
    norm[dead] = 1.0
    values, vectors = np.linalg.eigh((j / norm[:, None]) @ (j / norm[:, None]).T)
    good = values > UNDETERMINED
    inverse = (vectors[:, good] / values[good]) @ vectors[:, good].T / np.outer(norm, norm)
    loose = dead | (np.abs(vectors[:, ~good]) > LOADING).any(axis=1)
    inverse[loose, loose] = np.inf
    covariance[np.ix_(free, free)] = inverse
    return covariance
