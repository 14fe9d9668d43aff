"""arPLS baselines of many spectra at once: what a map needs.

Symbols: y data, z baseline, w weights, D second differences, d = y - z, a, s mean and standard deviation of the
negative d, lambda smoothness.

    minimise sum w (y - z)^2 + lambda |D z|^2:   (W + lambda D^T D) z = W y
    w = 1 / (1 + exp(2 (d - (2 s - a)) / s))     until |w - w_old| < tolerance |w_old|

Order of steps: solve for all spectra that have not converged, in one loop over the points (L D L^T of a matrix with two
bands; each step works on all spectra at once); new weights; drop those that have converged. The same numbers as
pybaselines' arpls, which takes the spectra one by one.

Source: S.-J. Baek et al., Analyst 140, 250 (2015).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from ntcspec.progress import steps
from ntcspec.types import Array

TOLERANCE = 1e-3
MOST_STEPS = 50
CHUNK = 1000  # spectra at once
THREADS = 2


def arpls_many(y: Array, lam: float, *, tolerance: float = TOLERANCE, most_steps: int = MOST_STEPS) -> Array:
    """Baselines, shape (spectra, points), of data of that shape on a uniform grid."""
    out = np.empty_like(y)

    def fill(start: int) -> None:
        out[start : start + CHUNK] = _chunk(y[start : start + CHUNK], lam, tolerance, most_steps)

    starts = range(0, y.shape[0], CHUNK)
    with ThreadPoolExecutor(THREADS) as pool:
        finished = pool.map(fill, starts)
        for _ in steps(len(starts), f"baselines, by {CHUNK} spectra"):
            next(finished)
    return out


def _chunk(y: Array, lam: float, tolerance: float, most_steps: int) -> Array:
    data = np.ascontiguousarray(y.T)  # points first: a step of the solver works on one row
    out = np.empty_like(data)
    active = np.arange(data.shape[1])
    weights = np.ones_like(data)
    for _ in range(most_steps + 1):
        part = data if active.size == data.shape[1] else data[:, active]
        z = solve(weights, part, lam)
        out[:, active] = z
        new, finished = _new_weights(np.subtract(part, z, out=z))
        change = _square(weights - new) / _square(weights)
        going = ~(finished | (change < tolerance**2))
        if not going.any():
            break
        active, weights = active[going], new if going.all() else np.ascontiguousarray(new[:, going])
    return out.T


def _square(a: Array) -> Array:
    """Sum of squares of each column."""
    return np.asarray(np.einsum("ij,ij->j", a, a))


def _new_weights(d: Array) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Weights from the residual, shape (points, spectra), and which spectra have nothing below their baseline."""
    below = np.minimum(d, 0.0)
    count = np.count_nonzero(d < 0, axis=0)
    mean = below.sum(axis=0) / np.maximum(count, 1)
    variance = (_square(below) - count * mean**2) / np.maximum(count - 1, 1)
    spread = np.sqrt(np.maximum(variance, np.finfo(float).tiny))
    np.multiply(d, 2.0 / spread, out=below)
    below -= 2.0 * (2.0 * spread - mean) / spread
    with np.errstate(over="ignore"):
        np.exp(below, out=below)
    below += 1.0
    return np.reciprocal(below, out=below), count < 2


def solve(weights: Array, y: Array, lam: float) -> Array:
    """z of (W + lambda D^T D) z = W y for every column; shapes (points, spectra)."""
    n = y.shape[0]
    penalty = np.full(n, 6.0)
    penalty[[0, -1]], penalty[[1, -2]] = 1.0, 5.0
    first = np.full(n, -4.0)
    first[[0, n - 2]] = -2.0
    pivot, e, f = np.empty_like(y), np.zeros_like(y), np.zeros_like(y)
    z = weights * y
    diagonal = weights + lam * penalty[:, None]
    for i in range(n):
        if i == 0:
            pivot[0] = diagonal[0]
        elif i == 1:
            pivot[1] = diagonal[1] - pivot[0] * e[0] ** 2
            z[1] -= e[0] * z[0]
        else:
            pe = pivot[i - 1] * e[i - 1]
            pivot[i] = diagonal[i] - pe * e[i - 1] - pivot[i - 2] * f[i - 2] ** 2
            z[i] -= e[i - 1] * z[i - 1] + f[i - 2] * z[i - 2]
        if i < n - 1:
            cross = pivot[i - 1] * e[i - 1] * f[i - 1] if i else 0.0
            e[i] = (lam * first[i] - cross) / pivot[i]
        if i < n - 2:
            np.divide(lam, pivot[i], out=f[i])
    z /= pivot
    z[n - 2] -= e[n - 2] * z[n - 1]
    for i in range(n - 3, -1, -1):
        z[i] -= e[i] * z[i + 1] + f[i] * z[i + 2]
    return z
