"""From mu(E) to chi(k) as a linear map, for the covariance of chi.

Symbols: mu_i absorption at the points E_i that AUTOBK used, bkg_i its background, k_i their wavenumbers, k_j the
uniform grid of chi, B the matrix of the spline through all points (cubic, not-a-knot: FITPACK's interpolating
UnivariateSpline, which larch calls), step the edge step, s_i standard uncertainty of mu_i.

    chi(k_j) = sum_i B_ji (mu_i - bkg_i) / step
    C = B diag(s^2) B^T / step^2

Points with independent errors become correlated on the grid where it is finer than the data, so C is not diagonal.

Neglected: the response of the background and of the edge step to the noise. The background is a smooth curve with a
few coefficients per Angstrom of rbkg; it takes up the noise below rbkg in R and lets pass what lies above, so that C
is right for shells beyond rbkg and too large below. The step is known far better than chi and scales all of it.
"""

from __future__ import annotations

import numpy as np

from ntcspec.types import Array

NEGLIGIBLE = 1e-12  # covariances below this share of the largest variance are stored as 0


def interpolation_matrix(k_raw_inv_ang: Array, k_inv_ang: Array) -> Array:
    """B, shape (len(k), len(k_raw)): values on `k` of the spline through unit values at `k_raw` (ascending)."""
    from scipy.interpolate import make_interp_spline

    return np.asarray(make_interp_spline(k_raw_inv_ang, np.eye(k_raw_inv_ang.size), k=3)(k_inv_ang))


def chi_covariance(matrix: Array, mu_error: Array, *, edge_step: float) -> Array:
    """Covariance of chi, shape (k, k), from the standard uncertainties of mu at the points of `matrix`'s columns."""
    root = matrix * (mu_error / edge_step)
    covariance = root @ root.T
    covariance[np.abs(covariance) < NEGLIGIBLE * covariance.max()] = 0.0
    return np.asarray(0.5 * (covariance + covariance.T))
