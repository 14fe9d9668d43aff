"""Weighted least squares within bounds, and what the data say about each parameter.

Symbols: y data, s their standard uncertainty, f(x; p) model, J = df/dp / s, r = (f - y) / s, chi2 = sum r^2, n points,
m parameters.

Order of steps: minimum of chi2 and covariance as in `least_squares.py`; s known: errors are absolute, times
sqrt(chi2 / (n - m)) where that is above 1, as the model or s is then wrong by at least as much. s unknown (None):
s = sqrt(chi2 / (n - m)).

A parameter at a bound has no uncertainty (NaN): it is named in `at_bound`, and all others hold for it fixed there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ntcspec.peaks import least_squares
from ntcspec.peaks.least_squares import MAX_STEPS
from ntcspec.peaks.model import Part, bounds, evaluate, names
from ntcspec.types import Array


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
    target = y * weight

    def residuals(p: Array) -> tuple[Array, Array]:
        curves, jacobian = evaluate(parts, x, p)
        jacobian *= weight
        return curves.sum(axis=0) * weight - target, jacobian

    return least_squares.minimise(residuals, start, low, high, steps)


def result(
    x: Array, y: Array, sigma: Array | None, parts: Sequence[Part], p: Array, chi2: float, converged: bool
) -> Fit:
    """Covariance and bounds of a minimum."""
    weight = np.ones_like(x) if sigma is None else 1.0 / sigma
    low, high = bounds(parts)
    at_bound = least_squares.at_bound(p, low, high)
    reduced = chi2 / (x.size - p.size)
    scale = float(np.sqrt(reduced if sigma is None else max(reduced, 1.0)))
    _, jacobian = evaluate(parts, x, p)
    jacobian *= weight
    held = tuple(name for name, is_held in zip(names(parts), at_bound, strict=True) if is_held)
    covariance = least_squares.covariance(jacobian, at_bound) * scale**2
    used = np.ones_like(x) if sigma is None else sigma
    return Fit(tuple(parts), x, y, used, sigma is not None, p, covariance, scale, chi2, held, converged)
