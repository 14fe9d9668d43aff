"""The only door to xraylarch: pre-edge subtraction, AUTOBK and E0.

Symbols: E energy (eV), E0 energy origin of k, mu absorption, k = sqrt(ETOK (E - E0)).

Order of steps in each function:
1. refuse what larch would repair or misread in silence (NaN, order, keV, ranges it would swap, cut or drop);
2. compute which points larch will use, and hand larch values that it has nothing left to decide on;
3. call larch with a new Group and copies of the arrays, its chatter swallowed;
4. copy the results out, as long as the input, together with what was used.

Facts about xraylarch 2026.3 that this module relies on (each has a test):
- a range is the slice [last point at or below its start, point nearest to its end), the end point excluded;
- the edge step is post_edge - pre_edge at the point nearest to E0, sign dropped (here a negative step is refused);
- `clamp_lo`, `clamp_hi` scale residuals of the first and last `nclamp` points of chi(k); both 0 switches clamps off,
  whatever `nclamp`;
- ETOK comes from scipy's CODATA constants and differs from 0.2624682917, which IFEFFIT, FEFF and this project quote,
  by less than 1e-6, i.e. by less than 1e-5 1/Angstrom in k: nothing is converted.

Sources: M. Newville, P. Livins, Y. Yacoby, J. J. Rehr, E. A. Stern, Phys. Rev. B 47, 14126 (1993) (AUTOBK);
M. Newville, J. Phys. Conf. Ser. 430, 012007 (2013) (larch).

larch takes 1.7 s to import, so it is imported inside the functions.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ntcspec.types import Array

ETOK_PROJECT = 0.2624682917  # 1/(Angstrom^2 eV), the constant that the project quotes
LOWEST_EV = 100.0  # below this an energy axis is in keV or in degrees
SMALLEST_STEP_EV = 0.0005  # larch moves points that are closer than this
E0_HALF_WINDOW_EV = 50.0  # calibration errors and chemical shifts stay below 20 eV; the derivative needs a margin
MIN_PRE_POINTS, MIN_POST_POINTS = 4, 6  # with fewer, larch lowers the degree of the polynomial by itself


@dataclass(frozen=True)
class PreEdge:
    """Normalisation of mu(E). Arrays have the shape of the input."""

    pre_edge: Array  # pre-edge line
    post_edge: Array  # post-edge polynomial
    norm: Array  # (mu - pre_edge) / edge_step
    edge_step: float
    pre1_ev: float  # ranges as used, relative to E0
    pre2_ev: float
    norm1_ev: float
    norm2_ev: float
    e0_index: int  # point at which the edge step was read
    pre_points: tuple[int, int]  # slice of the points that the line was fitted to
    post_points: tuple[int, int]


@dataclass(frozen=True)
class Background:
    """AUTOBK background. `background` has the shape of the input and equals mu outside of `points`."""

    background: Array
    k_inv_ang: Array  # uniform grid from 0
    chi: Array  # chi on that grid
    kmax_inv_ang: float  # as used, not beyond the data
    knots: int  # number of spline coefficients
    points: tuple[int, int]  # slice of the points that chi was interpolated from
    k_raw_inv_ang: Array  # k of those points; the first may be negative, as E0 lies between two points


def _larch() -> Any:
    """larch.xafs, imported late, with MKL held to one code path so that two runs give the same bits."""
    os.environ.setdefault("MKL_CBWR", "COMPATIBLE")
    with contextlib.redirect_stdout(io.StringIO()):
        import larch.xafs
    return larch.xafs


def _quiet(function: Callable[..., Any], *args: Any, **keywords: Any) -> Any:
    """Call a larch function without its messages; warnings of numpy pass."""
    with contextlib.redirect_stdout(io.StringIO()):
        return function(*args, **keywords)


def etok_inv_ang2_per_ev() -> float:
    """The constant in k^2 = ETOK (E - E0) that larch uses (imports larch)."""
    _larch()
    from larch.xafs.xafsutils import ETOK

    return float(ETOK)


def checked(energy_ev: Array, mu: Array) -> tuple[Array, Array]:
    """Copies of both arrays, shape (n,). Raises ValueError for anything that larch would repair in silence."""
    energy = np.array(energy_ev, dtype=np.float64)
    values = np.array(mu, dtype=np.float64)
    if energy.ndim != 1 or energy.shape != values.shape:
        raise ValueError(f"energy {energy.shape} and mu {values.shape} must be one-dimensional and equally long")
    if energy.size < 20:
        raise ValueError(f"{energy.size} points are too few")
    if not (np.isfinite(energy).all() and np.isfinite(values).all()):
        row = int(np.flatnonzero(~(np.isfinite(energy) & np.isfinite(values)))[0])
        raise ValueError(f"energy or mu is not finite at point {row}")
    if energy.min() < LOWEST_EV:
        raise ValueError(f"energy goes down to {energy.min()}: this is not eV (is it keV?)")
    step = np.diff(energy)
    if step.min() < SMALLEST_STEP_EV:
        row = int(step.argmin())
        raise ValueError(f"energy must ascend by {SMALLEST_STEP_EV} eV or more: {energy[row]} then {energy[row + 1]}")
    return energy, values


def at_or_below(grid: Array, value: float) -> int:
    """Index of the last point at or below `value`; 0 where there is none (as larch.math.index_of)."""
    return max(int(np.searchsorted(grid, value, side="right")) - 1, 0)


def nearest(grid: Array, value: float) -> int:
    """Index of the point nearest to `value`, the lower of two (as larch.math.index_nearest)."""
    return int(np.abs(grid - value).argmin())


def find_e0(energy_ev: Array, mu: Array, *, edge_energy_ev: float) -> float:
    """E0 (eV): the point of steepest ascent, searched within 50 eV of the tabulated edge.

    larch searches the whole scan, where a spike at its end or a second edge can win; it is given the points between
    edge_energy_ev - 50 and + 50 only. Raises ValueError where these are fewer than 20.
    """
    energy, values = checked(energy_ev, mu)
    near = np.abs(energy - edge_energy_ev) <= E0_HALF_WINDOW_EV
    if near.sum() < 20:
        raise ValueError(
            f"{int(near.sum())} points within {E0_HALF_WINDOW_EV:g} eV of the edge at {edge_energy_ev:g} eV, "
            f"data run from {energy[0]:g} to {energy[-1]:g} eV"
        )
    return float(_quiet(_larch().find_e0, energy[near], values[near], group=None))


def pre_edge(
    energy_ev: Array,
    mu: Array,
    *,
    e0_ev: float,
    pre1_ev: float,
    pre2_ev: float,
    norm1_ev: float,
    norm2_ev: float,
    norm_degree: int,
    victoreen: int,
) -> PreEdge:
    """Pre-edge line, post-edge polynomial and edge step; ranges (eV) relative to E0.

    mu E^victoreen is fitted by a line over [pre1, pre2], mu - line by a polynomial of norm_degree over [norm1, norm2].
    pre1 and norm2 are cut to the data and come back as used. Raises ValueError for ranges that are empty, out of
    order or hold too few points, for E0 outside the data and for a step that is not positive.
    """
    energy, values = checked(energy_ev, mu)
    if not 0 <= norm_degree <= 5:
        raise ValueError(f"norm_degree {norm_degree} is not between 0 and 5")
    pre1, norm2, pre_points, post_points = _edge_ranges(energy, e0_ev, pre1_ev, pre2_ev, norm1_ev, norm2_ev)
    larch = _larch()
    from larch import Group

    group = Group()
    _quiet(
        larch.pre_edge, energy.copy(), values.copy(), group=group, e0=float(e0_ev), step=None, nnorm=int(norm_degree),
        nvict=int(victoreen), npre=1, pre1=pre1, pre2=float(pre2_ev), norm1=float(norm1_ev), norm2=norm2,
        make_flat=False, iscalc=False,
    )  # fmt: skip
    index = nearest(energy, e0_ev)
    step = float(group.post_edge[index] - group.pre_edge[index])
    if not step > 0:
        raise ValueError(f"edge step {step:.3g} at {e0_ev:g} eV: mu falls at the edge (wrong columns or wrong e0?)")
    used = group.pre_edge_details
    if (used.pre1, used.pre2, used.norm1, used.norm2, used.nnorm, used.nvict) != (
        pre1, pre2_ev, norm1_ev, norm2, norm_degree, victoreen,
    ):  # fmt: skip
        raise RuntimeError("larch.pre_edge changed a parameter: the checks of ntcspec.xas._larch are out of date")
    return PreEdge(
        pre_edge=np.array(group.pre_edge, dtype=np.float64),
        post_edge=np.array(group.post_edge, dtype=np.float64),
        norm=np.array(group.norm, dtype=np.float64),
        edge_step=step,
        pre1_ev=pre1,
        pre2_ev=float(pre2_ev),
        norm1_ev=float(norm1_ev),
        norm2_ev=norm2,
        e0_index=index,
        pre_points=pre_points,
        post_points=post_points,
    )


def _edge_ranges(
    energy: Array, e0_ev: float, pre1_ev: float, pre2_ev: float, norm1_ev: float, norm2_ev: float
) -> tuple[float, float, tuple[int, int], tuple[int, int]]:
    """pre1 and norm2 cut to the data, and the slices that larch will fit; ValueError for what it would change."""
    if not energy[1] <= e0_ev <= energy[-2]:
        raise ValueError(f"e0 {e0_ev:g} eV is outside the data ({energy[0]:g} to {energy[-1]:g} eV)")
    pre1, norm2 = max(pre1_ev, float(energy[0] - e0_ev)), min(norm2_ev, float(energy[-1] - e0_ev))
    if pre1 >= pre2_ev or norm1_ev > norm2 - 2.0:
        raise ValueError(f"no data in the pre-edge {pre1:g} to {pre2_ev:g} or post-edge {norm1_ev:g} to {norm2:g} eV")
    pre_points = at_or_below(energy, pre1 + e0_ev), nearest(energy, pre2_ev + e0_ev)
    post_points = at_or_below(energy, norm1_ev + e0_ev), nearest(energy, norm2 + e0_ev)
    if pre_points[1] - pre_points[0] < MIN_PRE_POINTS or post_points[1] - post_points[0] < MIN_POST_POINTS:
        raise ValueError(
            f"{pre_points[1] - pre_points[0]} points in the pre-edge range and {post_points[1] - post_points[0]} in "
            f"the post-edge range; at least {MIN_PRE_POINTS} and {MIN_POST_POINTS} are needed"
        )
    return pre1, norm2, pre_points, post_points


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
    clamp_low: float,
    clamp_high: float,
    clamp_points: int,
    kstep_inv_ang: float,
    nfft: int,
) -> Background:
    """AUTOBK: the spline that leaves least of k^w chi(k) below `rbkg_ang`.

    kmax_inv_ang None or beyond the data means the end of the data; it comes back as used. Raises ValueError for E0
    outside the data, an edge step that is not positive, rbkg below the R resolution of the FFT and empty k ranges.
    """
    energy, values = checked(energy_ev, mu)
    if not energy[0] <= e0_ev <= energy[-2]:
        raise ValueError(f"e0 {e0_ev:g} eV is outside the data ({energy[0]:g} to {energy[-1]:g} eV)")
    if not edge_step > 0:
        raise ValueError(f"edge step {edge_step:.3g} is not positive")
    if rbkg_ang < 2 * np.pi / (kstep_inv_ang * nfft):
        raise ValueError(f"rbkg {rbkg_ang:g} A is below two steps of the R grid")
    k_raw, kmax, first, last = _background_range(energy, e0_ev, kmin_inv_ang, kmax_inv_ang)
    larch = _larch()
    from larch import Group

    group = Group()
    _quiet(
        larch.autobk, energy.copy(), values.copy(), group=group, rbkg=float(rbkg_ang), nknots=None, ek0=float(e0_ev),
        edge_step=float(edge_step), kmin=float(kmin_inv_ang), kmax=kmax, kweight=int(kweight), dk=float(dk_inv_ang),
        win=window, k_std=None, chi_std=None, nfft=int(nfft), kstep=float(kstep_inv_ang), pre_edge_kws=None,
        nclamp=int(clamp_points), clamp_lo=float(clamp_low), clamp_hi=float(clamp_high), calc_uncertainties=False,
        err_sigma=1,
    )  # fmt: skip
    details = group.autobk_details
    if (details.iek0, details.iemax, details.kmax) != (first, last, kmax):
        raise RuntimeError("larch.autobk used another range: the checks of ntcspec.xas._larch are out of date")
    return Background(
        background=np.array(group.bkg, dtype=np.float64),
        k_inv_ang=np.array(group.k, dtype=np.float64),
        chi=np.array(group.chi, dtype=np.float64),
        kmax_inv_ang=kmax,
        knots=int(details.nspl),
        points=(first, last + 1),
        k_raw_inv_ang=np.array(k_raw[: last - first + 1], dtype=np.float64),
    )


def _background_range(
    energy: Array, e0_ev: float, kmin_inv_ang: float, kmax_inv_ang: float | None
) -> tuple[Array, float, int, int]:
    """k of the points from E0 on, kmax as used, and the first and last point that larch will use."""
    etok = etok_inv_ang2_per_ev()
    first = at_or_below(energy, e0_ev)
    above = energy[first:] - e0_ev
    k_raw = np.sign(above) * np.sqrt(etok * np.abs(above))
    kmax = float(k_raw[-1]) if kmax_inv_ang is None else min(float(kmax_inv_ang), float(k_raw[-1]))
    if kmax - kmin_inv_ang < 2.0:
        raise ValueError(f"the background needs 2 1/A or more, data leave {kmin_inv_ang:g} to {kmax:.2f}")
    last = min(energy.size, 2 + at_or_below(energy, e0_ev + kmax * kmax / etok)) - 1
    return np.asarray(k_raw), kmax, first, last
