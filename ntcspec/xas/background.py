"""Covariance of chi(k) from the noise of mu(E), through a linear map.

Symbols: s_i standard uncertainty of mu_i at E_i, J_ji = step d chi_j / d mu_i, k_j the uniform grid of chi.

    C = J diag(s^2) J^T / step^2

Points with independent errors become correlated on the grid where it is finer than the data, so C is not diagonal.
The grid is reached by the cubic, not-a-knot spline through all points: FITPACK's interpolating UnivariateSpline.
"""

from __future__ import annotations

import numpy as np

from ntcspec.types import Array

NEGLIGIBLE = 1e-12  # covariances below this share of the largest variance are stored as 0


def interpolation_matrix(k_raw_inv_ang: Array, k_inv_ang: Array) -> Array:
    """B, shape (len(k), len(k_raw)): values on `k` of the spline through unit values at `k_raw` (ascending).

    With A and D the B-splines at k_raw and at k, B = D A^-1; A has few bands, and is solved for the rows of B.
    """
    from scipy.interpolate import BSpline, make_interp_spline
    from scipy.linalg import solve_banded
    from scipy.sparse import dia_array

    knots = make_interp_spline(k_raw_inv_ang, np.zeros(k_raw_inv_ang.size), k=3).t
    turned = dia_array(BSpline.design_matrix(k_raw_inv_ang, knots, 3).T)
    below, above = max(-int(turned.offsets.min()), 0), max(int(turned.offsets.max()), 0)
    bands = np.zeros((below + above + 1, k_raw_inv_ang.size))
    bands[above - turned.offsets] = turned.data
    at = BSpline.design_matrix(k_inv_ang, knots, 3, extrapolate=True)
    return np.asarray(solve_banded((below, above), bands, at.T.toarray()).T)


def chi_covariance(response: Array, mu_error: Array, *, edge_step: float) -> Array:
    """Covariance of chi, shape (k, k), from the standard uncertainties of mu at the points of the columns of
    `response`, J above."""
    root = response * (mu_error / edge_step)
    covariance = root @ root.T
    covariance[np.abs(covariance) < NEGLIGIBLE * covariance.max()] = 0.0
    return np.asarray(0.5 * (covariance + covariance.T))
