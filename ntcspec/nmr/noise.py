"""Noise of a spectrum whose neighbouring points are correlated: zero filling and apodisation make them so.

Symbols: s_i standard uncertainty of point i, rho_k correlation of points k apart (rho_0 = 1, 0 beyond the list), R
matrix of rho_|i-j|, V_ij = s_i R_ij s_j.

A weighted sum q y has the variance q V q. Least squares weighted by 1/s has estimates p = (J J^T)^-1 J y/s, J
(parameters, points) in units of s, and hence the covariance

    C = G J R J^T G,   G = (J J^T)^-1,

whether or not the weights know of R (the best estimator would, and gains little for lines broader than the
correlation). The expected chi2 is n - tr(G J R J^T), less than n - m: a fit takes more of smooth noise. Points
count for a smooth misfit as 1 / sum rho_k of them would (sum over both sides).
"""

from __future__ import annotations

import numpy as np

from ntcspec.peaks import least_squares
from ntcspec.peaks.least_squares import Flags
from ntcspec.types import Array


def correlate(rows: Array, correlation: Array) -> Array:
    """R applied to rows, (m, n) -> (m, n)."""
    rho = _list(correlation, rows.shape[1])
    both = np.concatenate([rho[:0:-1], rho])
    size = 1 << int(np.ceil(np.log2(rows.shape[1] + both.size)))
    product = np.fft.rfft(rows, size, axis=1) * np.fft.rfft(both, size)
    start = rho.size - 1
    return np.fft.irfft(product, size, axis=1)[:, start : start + rows.shape[1]]


def sum_error(weights: Array, sigma: Array, correlation: Array) -> float:
    """Standard uncertainty of sum(weights * y)."""
    row = (weights * sigma)[None, :]
    return float(np.sqrt(max(float(row[0] @ correlate(row, correlation)[0]), 0.0)))


def covariance(jacobian: Array, fixed: Flags, correlation: Array) -> tuple[Array, float]:
    """C of the free parameters (NaN for fixed ones, infinite for undetermined ones), and the expected chi2."""
    plain = least_squares.covariance(jacobian, fixed)
    good = np.flatnonzero(np.isfinite(np.diag(plain)))
    g, j = plain[np.ix_(good, good)], jacobian[good]
    seen = g @ (j @ correlate(j, correlation).T)
    plain[np.ix_(good, good)] = seen @ g
    return plain, jacobian.shape[1] - float(np.trace(seen))


def effective_share(correlation: Array, points: int) -> float:
    """1 / sum rho_k: how many independent points a point is worth; at most 1."""
    rho = _list(correlation, points)
    return float(min(1.0, 1.0 / max(2.0 * rho.sum() - 1.0, 1.0)))


def _list(correlation: Array, points: int) -> Array:
    return correlation[:points] if correlation.size else np.ones(1)
