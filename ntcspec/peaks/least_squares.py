"""Least squares within bounds for any model that gives residuals and their derivatives.

Symbols: p parameters, r(p) residuals in units of their standard uncertainty, J = dr/dp (m, n), chi2 = sum r^2, g = J r,
A = J J^T, d damping.

1. Levenberg-Marquardt: solve (A + d diag A) step = -g for the parameters that are not held by a bound (at a bound with
   g pointing outwards), clip the step to the bounds, take it if chi2 falls; d follows the gain ratio (Nielsen 1999).
   The end: a step of less than 1e-7 of the scale of each parameter, or a fall of chi2 below 1e-10 of it;
2. covariance A^-1 over the free parameters, from the eigenvalues of A scaled to unit diagonal: a combination that the
   data do not determine (eigenvalue below 1e-11) gives its parameters infinite uncertainty, not a random one.

Sources: H. B. Nielsen, report IMM-REP-1999-05, DTU (1999); projection on bounds: C. Kanzow, N. Yamashita, M. Fukushima,
J. Comput. Appl. Math. 172, 375 (2004); covariance: W. H. Press et al., Numerical Recipes, chapter 15.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ntcspec.types import Array

Flags = npt.NDArray[np.bool_]
Residuals = Callable[[Array], tuple[Array, Array]]  # p -> r (n,), J (m, n)
SMALL_STEP = 1e-7
SMALL_FALL = 1e-10
UNDETERMINED = 1e-11
LOADING = 1e-3  # share of a parameter in an undetermined combination that makes it undetermined
MAX_STEPS = 200


def minimise(
    residuals: Residuals, start: Array, low: Array, high: Array, steps: int = MAX_STEPS
) -> tuple[Array, float, bool]:
    """At most `steps` trials of Levenberg-Marquardt from `start` (clipped to the bounds): p, chi2, whether it ended."""
    p = np.minimum(np.maximum(start, low), high)
    r, j = residuals(p)
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
        r_new, j_new = residuals(trial)
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


def at_bound(p: Array, low: Array, high: Array) -> Flags:
    """Which parameters ended at a bound."""
    span = np.where(np.isfinite(high - low), high - low, 1.0)
    return np.asarray((p - low <= 1e-9 * span) | (high - p <= 1e-9 * span))


def covariance(jacobian: Array, fixed: Flags) -> Array:
    """A^-1 over the free parameters, J (m, n); NaN rows and columns for those that are fixed, e.g. at a bound."""
    m = fixed.size
    found = np.full((m, m), np.nan)
    free = np.flatnonzero(~fixed)
    j = jacobian[free]
    norm = np.sqrt(np.einsum("ij,ij->i", j, j))
    dead = norm == 0.0
    norm[dead] = 1.0
    values, vectors = np.linalg.eigh((j / norm[:, None]) @ (j / norm[:, None]).T)
    good = values > UNDETERMINED
    inverse = (vectors[:, good] / values[good]) @ vectors[:, good].T / np.outer(norm, norm)
    loose = dead | (np.abs(vectors[:, ~good]) > LOADING).any(axis=1)
    inverse[loose, loose] = np.inf
    found[np.ix_(free, free)] = inverse
    return found
