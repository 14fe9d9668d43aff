"""AUTOBK: the smooth background that leaves least of chi(R) below rbkg, solved in one step, with its response to noise.

Symbols: E energy (eV), E0 origin of k, mu absorption, k = sqrt(ETOK (E - E0)) (1/Angstrom), k_i those of the points
used, k_j the uniform grid of chi, S_im cubic B-splines m = 1..M on the points, B the matrix of the spline through all
points read on the grid, w_j = k_j^kweight times the Fourier window, F_rj the Fourier sum to R_r, r = 0 .. rbkg.

    background = S c,   chi = B (mu - S c) / step,   c = argmin || F w B (mu - S c) ||^2

The splines have M = 1 + 2 rbkg (kmax - kmin) / pi knots, one for each independent point below rbkg, at the points
nearest to equal distances in k. Without clamps the residual is linear in c, so that c follows from one least-squares
solution, c = A^+ b with A = F w B S, b = F w B mu, and chi is linear in mu:

    d chi / d mu = (1 - B S A^+ F w) B / step.

That is the noise which the background takes up, exact, for the covariance of chi.

Source: M. Newville, P. Livins, Y. Yacoby, J. J. Rehr, E. A. Stern, Phys. Rev. B 47, 14126 (1993); conventions of
larch.xafs.autobk (knots, ranges, constants), which finds the same minimum by iteration.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ntcspec.types import Array
from ntcspec.xas._larch import Background, at_or_below, checked, nearest
from ntcspec.xas.windows import ft_window

ETOK = 0.26246842396479836  # 2 m_e / hbar^2, 1/(Angstrom^2 eV), CODATA 2018 as in larch; IFEFFIT rounds otherwise
LEAST_KNOTS, MOST_KNOTS = 5, 128
LEAST_RANGE = 2.0  # 1/Angstrom


@dataclass(frozen=True)
class Solved:
    """The background, and what its response to noise is made of."""

    background: Background
    basis_k: Array  # B S, shape (k, knots)
    estimator: Array  # A^+ F w, shape (knots, k)

    def response(self, interpolation: Array) -> Array:
        """step times d chi / d mu, shape (k, points), from B, shape (k, points)."""
        return np.asarray(interpolation - self.basis_k @ (self.estimator @ interpolation))


@dataclass(frozen=True)
class Range:
    """Which points AUTOBK uses: k of all points from E0 on, kmax as used, indices of the first and the last point."""

    k_raw: Array
    kmax: float
    first: int
    last: int


def range_of(energy: Array, e0_ev: float, kmin_inv_ang: float, kmax_inv_ang: float | None) -> Range:
    """The points between E0 and kmax, None for the end of the data. Raises ValueError for less than 2 1/Angstrom."""
    first = at_or_below(energy, e0_ev)
    above = energy[first:] - e0_ev
    k_raw = np.sign(above) * np.sqrt(ETOK * np.abs(above))
    kmax = float(k_raw[-1]) if kmax_inv_ang is None else min(float(kmax_inv_ang), float(k_raw[-1]))
    if kmax - kmin_inv_ang < LEAST_RANGE:
        raise ValueError(f"the background needs 2 1/A or more, data leave {kmin_inv_ang:g} to {kmax:.2f}")
    last = min(energy.size, 2 + at_or_below(energy, e0_ev + kmax * kmax / ETOK)) - 1
    return Range(np.asarray(k_raw), kmax, first, last)


def autobk(
    energy_ev: Array,
    mu: Array,
    *,
    e0_ev: float,
    edge_step: float,
    rbkg_ang: float,
    kweight: int,
    kmin_inv_ang: float,
    kmax_inv_ang: float | None,
    dk_inv_ang: float,
    window: str,
    kstep_inv_ang: float,
    nfft: int,
) -> Solved:
    """Background and chi of mu, shape (n,), without clamps.

    kmax_inv_ang None or beyond the data means the end of the data; it comes back as used. Raises ValueError for E0
    outside the data, an edge step that is not positive, rbkg below the R resolution of the FFT and empty k ranges.
    """
    energy, values = checked(energy_ev, mu)
    check(energy, e0_ev=e0_ev, edge_step=edge_step, rbkg_ang=rbkg_ang, kstep_inv_ang=kstep_inv_ang, nfft=nfft)
    used = range_of(energy, e0_ev, kmin_inv_ang, kmax_inv_ang)
    k = kstep_inv_ang * np.arange(int(1.01 + used.kmax / kstep_inv_ang), dtype=np.float64)
    weight = k**kweight * ft_window(k, x_min=kmin_inv_ang, x_max=used.kmax, taper=dk_inv_ang, window=window)
    span = used.kmax - kmin_inv_ang
    knots = 1 + int(2 * rbkg_ang * span / math.pi)
    rows = int(1 + (knots - 1) * math.pi / (2 * math.pi / (kstep_inv_ang * nfft) * span))
    knots = max(LEAST_KNOTS, min(MOST_KNOTS, knots))
    k_raw = used.k_raw[: used.last - used.first + 1]
    points = values[used.first : used.last + 1]
    basis = _basis(used.k_raw, k_raw, np.linspace(kmin_inv_ang, used.kmax, knots))
    on_grid = _spline(k_raw, np.column_stack([points, basis]), k)
    mu_k, basis_k = on_grid[:, 0], on_grid[:, 1:]
    transform = _fourier(k.size, rows, nfft) * weight
    estimator = np.linalg.pinv(transform @ basis_k) @ transform
    coefficients = estimator @ mu_k
    background = values.copy()
    background[used.first : used.last + 1] = basis @ coefficients
    found = Background(
        background=background,
        k_inv_ang=k,
        chi=(mu_k - basis_k @ coefficients) / edge_step,
        kmax_inv_ang=used.kmax,
        knots=knots,
        points=(used.first, used.last + 1),
        k_raw_inv_ang=k_raw,
    )
    return Solved(found, basis_k, estimator)


def check(
    energy: Array, *, e0_ev: float, edge_step: float, rbkg_ang: float, kstep_inv_ang: float, nfft: int
) -> None:  # fmt: skip
    """Raises ValueError for what no background can be made with."""
    if not energy[0] <= e0_ev <= energy[-2]:
        raise ValueError(f"e0 {e0_ev:g} eV is outside the data ({energy[0]:g} to {energy[-1]:g} eV)")
    if not edge_step > 0:
        raise ValueError(f"edge step {edge_step:.3g} is not positive")
    if rbkg_ang < 2 * np.pi / (kstep_inv_ang * nfft):
        raise ValueError(f"rbkg {rbkg_ang:g} A is below two steps of the R grid")


def _basis(k_all: Array, k_raw: Array, wanted: Array) -> Array:
    """Cubic B-splines (points, knots) with FITPACK's interpolation knots for the points nearest to `wanted`."""
    from scipy.interpolate import BSpline

    at = np.array([k_all[nearest(k_all, q)] for q in wanted])
    knots = np.concatenate([[at[0]] * 4, at[2:-2], [at[-1]] * 4])
    return np.asarray(BSpline(knots, np.eye(at.size), 3)(k_raw))


def _spline(x: Array, columns: Array, at: Array) -> Array:
    """Not-a-knot cubic splines through the columns, read at `at`."""
    from scipy.interpolate import make_interp_spline

    return np.asarray(make_interp_spline(x, columns, k=3)(at))


@lru_cache(maxsize=16)
def _fourier(size: int, rows: int, nfft: int) -> Array:
    """Real and imaginary parts of the Fourier sum, shape (2 rows, size), without its constant factor."""
    phase = 2 * math.pi / nfft * np.outer(np.arange(rows), np.arange(size))
    return np.vstack([np.cos(phase), -np.sin(phase)])
