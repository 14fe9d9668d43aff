"""One pass from mu(E) to chi(k): ranges cut to the data, edge step, background, over-absorption; and its noise.

The noise of mu goes through all of it: chi = B' mu / step, with B' the response of AUTOBK (module `autobk`) and step
linear in mu (module `edge_step`), so that

    d chi_j / d mu_i = (B'_ji - chi_j d step / d mu_i) / step,    C = J diag(s^2) J'.

With clamps the background is not linear in mu: its response and that of the step are then left out, B' is the spline
alone, and a note says so. Errors of the merge are taken as independent from point to point.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ntcspec.types import Array
from ntcspec.xas import _larch
from ntcspec.xas.autobk import Solved, autobk
from ntcspec.xas.background import chi_covariance, interpolation_matrix
from ntcspec.xas.edge_step import Edge, Ranges
from ntcspec.xas.merge import Merged
from ntcspec.xas.normalize import cut_ranges, explain
from ntcspec.xas.rebin import K2_PER_EV
from ntcspec.xas.step import edge_step
from ntcspec.xas.thick_chi import ThickChi, correct

LEAST_SMOOTH = 0.5  # of the step: lower only in the rise of the edge, where chi means nothing


@dataclass(frozen=True)
class Settings:
    """Parameters of normalisation and background; names and units as in `reduce_exafs`."""

    e0_ev: float
    pre1_ev: float
    pre2_ev: float
    norm1_ev: float
    norm2_ev: float | None
    norm_degree: int
    victoreen: int
    rbkg_ang: float
    bkg_kweight: int
    bkg_kmin_inv_ang: float
    bkg_kmax_inv_ang: float | None
    bkg_dk_inv_ang: float
    bkg_window: str
    clamp_low: float
    clamp_high: float
    clamp_points: int
    kstep_inv_ang: float
    nfft: int
    normalisation: str
    element: str
    edge_energy_ev: float


@dataclass(frozen=True)
class OnePass:
    """One pass of normalisation and background; `slope` is d chi / d chi before over-absorption was corrected."""

    edge: Edge
    ranges: Ranges
    background: _larch.Background
    solved: Solved | None  # None with clamps
    chi: Array
    slope: Array
    notes: tuple[str, ...]


def one_pass(
    where: str, merged: Merged, s: Settings, thick: ThickChi | None = None, *, response: bool = False
) -> OnePass:
    """Normalise, subtract the background and correct over-absorption once; response: for `covariance` later.

    Raises UserError, which names `where`, for what the data do not allow.
    """
    energy_ev, mu = merged.energy_ev, merged.mu
    pre1, norm2, notes = cut_ranges(
        energy_ev, where=where, e0_ev=s.e0_ev, pre1_ev=s.pre1_ev, pre2_ev=s.pre2_ev, norm1_ev=s.norm1_ev,
        norm2_ev=s.norm2_ev,
    )  # fmt: skip
    ranges = Ranges(s.e0_ev, pre1, s.pre2_ev, s.norm1_ev, norm2, s.norm_degree, s.victoreen)
    about = {"method": s.normalisation, "element": s.element}
    edge = explain(
        where,
        "check reduce.e0_ev, mode and the normalisation ranges",
        lambda: edge_step(energy_ev, mu, ranges, **about, edge_ev=s.edge_energy_ev, response=response),
    )
    background, solved = explain(
        where,
        "check reduce.e0_ev, rbkg_ang and bkg_kmax_inv_ang",
        lambda: _background(energy_ev, mu, s, edge.edge_step),
    )
    if s.bkg_kmax_inv_ang is not None and background.kmax_inv_ang < s.bkg_kmax_inv_ang:
        notes.append(f"background range cut to k = {background.kmax_inv_ang:.2f} 1/A, where the data end")
    chi, slope = background.chi, np.ones_like(background.chi)
    if thick is not None:
        chi, slope = _thin(where, energy_ev, s, thick, edge, background)
    return OnePass(edge, ranges, background, solved, chi, slope, tuple(notes))


def _background(energy_ev: Array, mu: Array, s: Settings, step: float) -> tuple[_larch.Background, Solved | None]:
    """AUTOBK, by its closed form or, with clamps, by larch."""
    common: dict[str, Any] = {
        "e0_ev": s.e0_ev, "edge_step": step, "rbkg_ang": s.rbkg_ang, "kweight": s.bkg_kweight,
        "kmin_inv_ang": s.bkg_kmin_inv_ang, "kmax_inv_ang": s.bkg_kmax_inv_ang, "dk_inv_ang": s.bkg_dk_inv_ang,
        "window": s.bkg_window, "kstep_inv_ang": s.kstep_inv_ang, "nfft": s.nfft,
    }  # fmt: skip
    if s.clamp_points and (s.clamp_low or s.clamp_high):
        clamps: dict[str, Any] = {"clamp_low": s.clamp_low, "clamp_high": s.clamp_high, "clamp_points": s.clamp_points}
        return _larch.autobk(energy_ev, mu, **common, **clamps), None
    solved = autobk(energy_ev, mu, **common)
    return solved.background, solved


def _thin(
    where: str, energy_ev: Array, s: Settings, thick: ThickChi, edge: Edge, background: _larch.Background
) -> tuple[Array, Array]:
    """chi of fluorescence without over-absorption, and its slope by chi as measured."""
    at = s.e0_ev + background.k_inv_ang**2 / K2_PER_EV
    smooth = np.interp(at, energy_ev, background.background - edge.pre_edge) / edge.edge_step
    smooth = np.maximum(smooth, LEAST_SMOOTH)
    chi, slope = correct(thick, at, background.chi / smooth, where=where)
    return chi, slope / smooth


def covariance(one: OnePass, mu_error: Array) -> tuple[Array, tuple[str, ...]]:
    """Covariance of chi, shape (k, k), from the errors of mu, shape (n,), which may be empty; and a note if it is not
    all. `one` must have been made with its response.
    """
    if not mu_error.size:
        return np.empty((0, 0)), ()
    k, points = one.background.k_inv_ang, slice(*one.background.points)
    matrix = interpolation_matrix(one.background.k_raw_inv_ang, k)
    notes: tuple[str, ...] = ()
    response = np.zeros((k.size, mu_error.size))
    if one.solved is None:
        response[:, points] = matrix
        notes = ("covariance of chi: with clamps the response of background and edge step to the noise is neglected",)
    else:
        response[:, points] = one.solved.response(matrix)
        response -= np.outer(one.background.chi, one.edge.response[2])
    return chi_covariance(one.slope[:, None] * response, mu_error, edge_step=one.edge.edge_step), notes
