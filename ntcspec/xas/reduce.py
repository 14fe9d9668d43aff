"""Stage `reduce` of the technique exafs: merge, normalise, subtract the background: chi(k) with its covariance.

Symbols: E energy (eV), E0 energy origin of k, mu absorption, k = sqrt(0.2624682917 (E - E0)) (1/Angstrom).

Order of steps: detection mode; merge of repeat scans; E0; ranges cut to the data; pre-edge line, post-edge
polynomial and edge step; AUTOBK; covariance of chi; the systematic variants, each with one parameter changed.

A variant runs normalisation and background again on the merged mu. Its chi(k) stands on the nominal k grid: the
nominal kmax is pinned; where a shifted E0 leaves the data short of it, the last points repeat the nominal chi, and a
note says so. Sources are named in the modules that do the steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ntcspec.errors import UserError
from ntcspec.types import Array
from ntcspec.types.exafs import ExafsReduced
from ntcspec.types.xas import XasScans
from ntcspec.xas import _larch
from ntcspec.xas.background import chi_covariance, interpolation_matrix
from ntcspec.xas.merge import Merged, merge_scans
from ntcspec.xas.normalize import choose_mode, cut_ranges, explain

VARIED: tuple[str, ...] = (
    "e0_ev",
    "rbkg_ang",
    "pre1_ev",
    "pre2_ev",
    "norm1_ev",
    "norm2_ev",
    "norm_degree",
    "victoreen",
)
VARIED += ("bkg_kweight", "bkg_kmin_inv_ang", "clamp_low", "clamp_high")


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


@dataclass(frozen=True)
class _Once:
    """One pass of normalisation and background."""

    edge: _larch.PreEdge
    background: _larch.Background
    notes: list[str]


def reduce_exafs(
    scans: XasScans,
    *,
    edge_energy_ev: float,
    element: str = "",
    edge: str = "",
    mode: str = "auto",
    align: str = "auto",
    weights: str = "variance",
    e0_ev: float | None = None,
    pre1_ev: float = -150.0,
    pre2_ev: float = -50.0,
    norm1_ev: float = 100.0,
    norm2_ev: float | None = None,
    norm_degree: int = 2,
    victoreen: int = 0,
    rbkg_ang: float = 1.0,
    bkg_kweight: int = 2,
    bkg_kmin_inv_ang: float = 0.0,
    bkg_kmax_inv_ang: float | None = None,
    bkg_dk_inv_ang: float = 0.1,
    bkg_window: str = "hanning",
    clamp_low: float = 0.0,
    clamp_high: float = 0.0,
    clamp_points: int = 3,
    kstep_inv_ang: float = 0.05,
    nfft: int = 2048,
    systematic: Mapping[str, Sequence[float]] | None = None,
) -> ExafsReduced:
    """Reduce the repeat scans of one measurement.

    edge_energy_ev is the tabulated edge, near which E0 is searched where e0_ev is None; element and edge only name it
    in messages. Ranges are relative to E0; norm2_ev None is the end of the data, bkg_kmax_inv_ang None too.
    systematic: parameter -> values tried one at a time; 'e0_shift_ev' and the like are added to the parameter.
    Raises UserError, which names the first scan's file, for what the data do not allow.
    """
    chosen_mode, why = choose_mode(scans, mode)
    merged = merge_scans(scans, mode=chosen_mode, align=align, weights=weights, edge_energy_ev=edge_energy_ev)
    where = scans.scans[0].source
    name = f"{element} {edge} edge".strip() if element else "edge"
    e0 = e0_ev if e0_ev is not None else explain(
        where,
        f"check the element and edge of the sample ({name} at {edge_energy_ev:g} eV) or set reduce.e0_ev",
        lambda: _larch.find_e0(merged.energy_ev, merged.mu, edge_energy_ev=edge_energy_ev),
    )  # fmt: skip
    settings = Settings(
        e0, pre1_ev, pre2_ev, norm1_ev, norm2_ev, norm_degree, victoreen, rbkg_ang, bkg_kweight, bkg_kmin_inv_ang,
        bkg_kmax_inv_ang, bkg_dk_inv_ang, bkg_window, clamp_low, clamp_high, clamp_points, kstep_inv_ang, nfft,
    )  # fmt: skip
    nominal = _once(where, merged.energy_ev, merged.mu, settings)
    names, chis, variant_notes = _variants(where, merged, settings, nominal, systematic or {})
    notes = [f"mode {chosen_mode}: {why}"] if mode == "auto" else []
    if e0_ev is None:
        notes.append(f"e0 {e0:.3f} eV: steepest point within {_larch.E0_HALF_WINDOW_EV:g} eV of {edge_energy_ev:g} eV")
    notes += [*merged.notes, *nominal.notes, *variant_notes]
    return _assemble(chosen_mode, merged, settings, nominal, names, chis, notes)


def _once(where: str, energy_ev: Array, mu: Array, s: Settings) -> _Once:
    """Normalise and subtract the background once."""
    pre1, norm2, notes = cut_ranges(
        energy_ev, where=where, e0_ev=s.e0_ev, pre1_ev=s.pre1_ev, pre2_ev=s.pre2_ev, norm1_ev=s.norm1_ev,
        norm2_ev=s.norm2_ev,
    )  # fmt: skip
    edge = explain(
        where,
        "check reduce.e0_ev, mode and the normalisation ranges",
        lambda: _larch.pre_edge(
            energy_ev, mu, e0_ev=s.e0_ev, pre1_ev=pre1, pre2_ev=s.pre2_ev, norm1_ev=s.norm1_ev, norm2_ev=norm2,
            norm_degree=s.norm_degree, victoreen=s.victoreen,
        ),
    )  # fmt: skip
    background = explain(
        where,
        "check reduce.e0_ev, rbkg_ang and bkg_kmax_inv_ang",
        lambda: _larch.autobk(
            energy_ev, mu, e0_ev=s.e0_ev, edge_step=edge.edge_step, rbkg_ang=s.rbkg_ang, kweight=s.bkg_kweight,
            kmin_inv_ang=s.bkg_kmin_inv_ang, kmax_inv_ang=s.bkg_kmax_inv_ang, dk_inv_ang=s.bkg_dk_inv_ang,
            window=s.bkg_window, clamp_low=s.clamp_low, clamp_high=s.clamp_high, clamp_points=s.clamp_points,
            kstep_inv_ang=s.kstep_inv_ang, nfft=s.nfft,
        ),
    )  # fmt: skip
    if s.bkg_kmax_inv_ang is not None and background.kmax_inv_ang < s.bkg_kmax_inv_ang:
        notes.append(f"background range cut to k = {background.kmax_inv_ang:.2f} 1/A, where the data end")
    return _Once(edge, background, notes)


def _variants(
    where: str, merged: Merged, settings: Settings, nominal: _Once, systematic: Mapping[str, Sequence[float]]
) -> tuple[list[str], list[Array], list[str]]:
    """Names, chi(k) on the nominal grid and notes of the systematic variants."""
    names: list[str] = []
    chis: list[Array] = []
    notes: list[str] = []
    points = nominal.background.k_inv_ang.size
    pinned = {"bkg_kmax_inv_ang": nominal.background.kmax_inv_ang}
    used = {**vars(settings), "norm2_ev": nominal.edge.norm2_ev}  # where it was left open: the end of the data
    for parameter, values in systematic.items():
        base = parameter.replace("_shift", "")
        if base not in VARIED:
            raise UserError(f"reduce.systematic.{parameter}", "unknown parameter", "one of: " + ", ".join(VARIED))
        for value in values:
            shifted = used[base] + value if base != parameter else value
            name = f"{parameter}={value:g}"
            varied = Settings(**{**used, **pinned, base: shifted})
            chi = _once(f"{where} ({name})", merged.energy_ev, merged.mu, varied).background.chi
            if chi.size < points:
                notes.append(f"variant {name}: the last {points - chi.size} points of chi repeat the nominal ones")
                chi = np.concatenate([chi, nominal.background.chi[chi.size :]])
            names.append(name)
            chis.append(chi[:points])
    return names, chis, notes


def _assemble(
    mode: str, merged: Merged, s: Settings, nominal: _Once, names: list[str], chis: list[Array], notes: list[str]
) -> ExafsReduced:
    """The dataclass of the stage, with the covariance of chi."""
    edge, background = nominal.edge, nominal.background
    k = background.k_inv_ang
    covariance = np.empty((0, 0))
    if merged.mu_error.size:
        matrix = interpolation_matrix(background.k_raw_inv_ang, k)
        covariance = chi_covariance(matrix, merged.mu_error[slice(*background.points)], edge_step=edge.edge_step)
        notes = [*notes, "covariance of chi: response of background and edge step to the noise neglected"]
    chosen: dict[str, Any] = {
        "mode": mode,
        "e0_ev": s.e0_ev,
        "edge_step_energy_ev": float(merged.energy_ev[edge.e0_index]),
        "pre_edge_range_ev": [edge.pre1_ev, edge.pre2_ev],
        "post_edge_range_ev": [edge.norm1_ev, edge.norm2_ev],
        "pre_edge_points": list(edge.pre_points),
        "post_edge_points": list(edge.post_points),
        "bkg_kmax_inv_ang": background.kmax_inv_ang,
        "bkg_knots": background.knots,
        **merged.chosen,
    }
    return ExafsReduced(
        mode=mode,
        energy_ev=merged.energy_ev,
        mu=merged.mu,
        mu_error=merged.mu_error,
        pre_edge=edge.pre_edge,
        post_edge=edge.post_edge,
        norm=edge.norm,
        background=background.background,
        e0_ev=float(s.e0_ev),
        edge_step=edge.edge_step,
        k_inv_ang=k,
        chi=background.chi,
        chi_covariance=covariance,
        variant_names=tuple(names),
        variant_chi=np.array(chis).reshape(len(chis), k.size),
        shift_ev=merged.shift_ev,
        shift_error_ev=merged.shift_error_ev,
        weight=merged.weight,
        chosen=chosen,
        notes=tuple(notes),
    )
