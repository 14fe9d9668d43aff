"""What counting noise of I(Q) makes of everything behind it: exact to first order, by covariance.

Symbols: V_p variance of the points of part p; W_p interpolation of part p to the axis of the sample; W interpolation to
the grid; C covariance of I on the grid; J = dF/dI; T a matrix that acts on F (the sine transform, or any rows).

    C = sum_p (W W_p f_p) V_p (W W_p f_p)^T          neighbours share points: C has a few bands
    J = H (diag(gain) + left^T right)                 scale and polynomial (or low-r filter) respond to noise too
    cov(T F) = (T J) C (T J)^T

The normalisation is linear in I up to the scale, whose derivative is `right`.
"""

from __future__ import annotations

import numpy as np

from ntcspec.scattering.axis import Grid, Interpolation, interpolation
from ntcspec.types import Array
from ntcspec.types.scattering import ScatteringReduced
from ntcspec.types.scattering_pdf import Propagation

BLOCK = 150_000  # numbers in a block of rows: what a cache holds
BAND_TOLERANCE = 1e-12


def unknown(reduced: ScatteringReduced) -> str:
    """Why counting errors are not known; empty if they are."""
    without = [f"{p.role} ({p.source})" for p in reduced.parts if not p.sigma.size]
    if without:
        return f"no errors come with the intensity of {', '.join(without)}"
    broken = [f"{p.role} ({p.source})" for p in reduced.parts if not (np.isfinite(p.sigma) & (p.sigma >= 0)).all()]
    return f"errors are missing or negative at points of {', '.join(broken)}" if broken else ""


def intensity_covariance(reduced: ScatteringReduced, grid: Grid) -> Array:
    """Bands of C, shape (bands, Q); empty where the errors of a part are unknown."""
    from scipy.sparse import csr_array, dia_array

    if unknown(reduced):
        return np.empty((0, grid.q_inv_ang.size))
    total = csr_array((grid.q_inv_ang.size, grid.q_inv_ang.size))
    to_grid = _sparse(grid.to_grid)
    for part in reduced.parts:
        same = part.q_inv_ang.size == reduced.q_inv_ang.size and np.array_equal(part.q_inv_ang, reduced.q_inv_ang)
        matrix = to_grid if same else to_grid @ _sparse(interpolation(part.q_inv_ang, reduced.q_inv_ang))
        variance = (part.factor * part.sigma) ** 2
        total = total + (matrix * variance[None, :]) @ matrix.T
    diagonal = dia_array(total)
    largest = np.abs(diagonal.data).max(initial=0.0)
    upper = [
        b for b, row in zip(diagonal.offsets, diagonal.data, strict=True)
        if b >= 0 and np.abs(row).max() > BAND_TOLERANCE * largest
    ]  # fmt: skip
    bands = np.zeros((int(max(upper, default=0)) + 1, grid.q_inv_ang.size))
    for b in upper:
        values = total.diagonal(k=int(b))
        bands[b, : values.size] = values
    return bands


def _sparse(of: Interpolation) -> "csr_array":  # type: ignore[name-defined] # noqa: F821, UP037
    from scipy.sparse import csr_array

    k = np.arange(of.index.size)
    values = np.concatenate([of.low, of.high])
    places = np.concatenate([k, k]), np.concatenate([of.index, of.index + 1])
    return csr_array((values, places), shape=(k.size, of.size))


def to_intensity(propagation: Propagation, rows: Array) -> Array:
    """rows (R, Q) that act on F, as rows that act on I: rows J."""
    p = propagation
    if p.filter_left.size:
        rows = rows - (rows @ p.filter_left.T) @ p.filter_right
    through = rows @ p.left.T
    rows = rows * p.gain
    rows += through @ p.right
    return rows


def times_covariance(bands: Array, rows: Array) -> Array:
    """rows C, shape (R, Q)."""
    found = rows * bands[0]
    for b in range(1, bands.shape[0]):
        c = bands[b, :-b]
        found[:, b:] += rows[:, :-b] * c
        found[:, :-b] += rows[:, b:] * c
    return found


def variance(bands: Array, rows: Array) -> Array:
    """Diagonal of rows C rows^T, shape (R,)."""
    found = np.einsum("rk,rk,k->r", rows, rows, bands[0])
    for b in range(1, bands.shape[0]):
        found += 2.0 * np.einsum("rk,rk,k->r", rows[:, :-b], rows[:, b:], bands[b, :-b])
    return np.maximum(found, 0.0)


def standard(propagation: Propagation, rows: Array) -> Array:
    """Standard uncertainty of rows F, shape (R,); NaN where the covariance of I is unknown."""
    if not propagation.covariance.size:
        return np.full(rows.shape[0], np.nan)
    block = max(1, BLOCK // rows.shape[1])
    found = [
        variance(propagation.covariance, to_intensity(propagation, rows[i : i + block]))
        for i in range(0, rows.shape[0], block)
    ]
    return np.sqrt(np.concatenate(found)) if found else np.empty(0)


def covariance(propagation: Propagation, rows: Array) -> Array:
    """Covariance of rows F, shape (R, R). Raises ValueError where that of I is unknown."""
    if not propagation.covariance.size:
        raise ValueError("the covariance of I(Q) is unknown")
    through = to_intensity(propagation, rows)
    return times_covariance(propagation.covariance, through) @ through.T


def standard_of_f(propagation: Propagation) -> Array:
    """Standard uncertainty of F, shape (Q,); empty where the covariance of I is unknown.

    J = diag(gain) + u^T v with few rows, so that no matrix of Q x Q is made.
    """
    p, bands = propagation, propagation.covariance
    if not bands.size:
        return np.empty(0)
    corrected = p.filter_right * p.gain + (p.filter_right @ p.left.T) @ p.right
    u = np.concatenate([p.left, -p.filter_left])
    v = np.concatenate([p.right, corrected])
    through = times_covariance(bands, v)
    found = p.gain**2 * bands[0] + 2.0 * p.gain * np.einsum("kq,kq->q", u, through)
    found += np.einsum("kq,kj,jq->q", u, through @ v.T, u, optimize=True)
    return np.sqrt(np.maximum(found, 0.0))
