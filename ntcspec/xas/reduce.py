"""Stage `reduce` of the technique exafs: merge, normalise, subtract the background: chi(k) with its covariance.

Symbols: E energy (eV), E0 energy origin of k, mu absorption, k = sqrt(0.2624682917 (E - E0)) (1/Angstrom).

Order of steps: detection mode; merge of repeat scans, calibration, E0, bins (`prepare`); ranges cut to the data;
pre-edge line, post-edge polynomial and edge step, or MBACK; AUTOBK; over-absorption of fluorescence, in chi(k);
covariance of chi; the systematic variants, each with one parameter changed.

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
from ntcspec.xas.calibrate import Merging
from ntcspec.xas.edge_step import Ranges
from ntcspec.xas.merge import Merged
from ntcspec.xas.normalize import choose_mode, cut_ranges, explain
from ntcspec.xas.prepare import prepare
from ntcspec.xas.rebin import K2_PER_EV
from ntcspec.xas.step import edge_step
from ntcspec.xas.thick_chi import ThickChi, correct, sample_of

LEAST_SMOOTH = 0.5  # of the step: lower only in the rise of the edge, where chi means nothing
NONE: Mapping[str, Any] = {}
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
    normalisation: str
    element: str
    edge_energy_ev: float


@dataclass(frozen=True)
class _Once:
    """One pass of normalisation and background; `slope` is d chi / d chi before over-absorption was corrected."""

    edge: _larch.PreEdge
    background: _larch.Background
    chi: Array
    slope: Array
    notes: list[str]


def reduce_exafs(
    scans: XasScans,
    *,
    edge_energy_ev: float,
    element: str = "",
    edge: str = "",
    composition: str = "",
    mode: str = "auto",
    align: str = "auto",
    weights: str = "variance",
    spikes: str = "keep",
    glitches_ev: Sequence[tuple[float, float]] = (),
    calibrate: Mapping[str, Any] | None = None,
    rebin: Mapping[str, Any] | None = None,
    e0_ev: float | None = None,
    pre1_ev: float = -150.0,
    pre2_ev: float = -50.0,
    norm1_ev: float = 100.0,
    norm2_ev: float | None = None,
    norm_degree: int = 2,
    victoreen: int = 0,
    normalisation: str = "polynomial",
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
    over_absorption: Mapping[str, Any] = NONE,
    systematic: Mapping[str, Sequence[float]] | None = None,
    references: Mapping[str, XasScans | str] | None = None,
) -> ExafsReduced:
    """Reduce the repeat scans of one measurement.

    edge_energy_ev is the tabulated edge, near which E0 is searched where e0_ev is None. Ranges are relative to E0;
    norm2_ev None is the end of the data, bkg_kmax_inv_ang None too. Sections `calibrate`, `rebin` and `over_absorption`
    are as the config has them; composition: formula of the sample, '' if unknown; references: scans of the standard
    that `calibrate` names, or words for why there are none. systematic: parameter -> values tried one at a time;
    'e0_shift_ev' and the like are added to the parameter.
    Raises UserError, which names the first scan's file, for what the data do not allow.
    """
    chosen_mode, why = choose_mode(scans, mode)
    where = scans.scans[0].source
    glitches = tuple((float(low), float(high)) for low, high in glitches_ev)
    how = Merging(chosen_mode, align, weights, spikes, edge_energy_ev, glitches, "keep")
    ranges = {
        "pre1_ev": pre1_ev, "pre2_ev": pre2_ev, "norm1_ev": norm1_ev, "norm2_ev": norm2_ev, "norm_degree": norm_degree,
        "victoreen": victoreen,
    }  # fmt: skip
    ready = prepare(
        scans, how, edge_name=f"{element} {edge} edge".strip() if element else "edge", e0_ev=e0_ev, calibrate=calibrate,
        ranges=ranges, references=references or {}, rebinning=rebin,
    )  # fmt: skip
    settings = Settings(
        ready.e0_ev, pre1_ev, pre2_ev, norm1_ev, norm2_ev, norm_degree, victoreen, rbkg_ang, bkg_kweight,
        bkg_kmin_inv_ang, bkg_kmax_inv_ang, bkg_dk_inv_ang, bkg_window, clamp_low, clamp_high, clamp_points,
        kstep_inv_ang, nfft, normalisation, element, edge_energy_ev,
    )  # fmt: skip
    thick = None
    if over_absorption.get("correct"):
        about = {"composition": composition, "element": element, "edge": edge}
        thick = sample_of(over_absorption, **about, edge_energy_ev=edge_energy_ev)
    notes = [f"mode {chosen_mode}: {why}"] if mode == "auto" else []
    if thick and chosen_mode != "fluorescence":
        notes.append(f"over-absorption: not corrected, for {chosen_mode} has none")
        thick = None
    nominal = _once(where, ready.merged, settings, thick)
    names, chis, variant_notes = _variants(where, ready.merged, settings, thick, nominal, systematic or {})
    notes += [*ready.notes, *ready.merged.notes, *nominal.notes, *variant_notes]
    return _assemble(chosen_mode, ready.merged, settings, thick, nominal, names, chis, notes)


def _once(where: str, merged: Merged, s: Settings, thick: ThickChi | None) -> _Once:
    """Normalise, subtract the background and correct over-absorption once."""
    energy_ev, mu = merged.energy_ev, merged.mu
    pre1, norm2, notes = cut_ranges(
        energy_ev, where=where, e0_ev=s.e0_ev, pre1_ev=s.pre1_ev, pre2_ev=s.pre2_ev, norm1_ev=s.norm1_ev,
        norm2_ev=s.norm2_ev,
    )  # fmt: skip
    ranges = Ranges(s.e0_ev, pre1, s.pre2_ev, s.norm1_ev, norm2, s.norm_degree, s.victoreen)
    edge = explain(
        where,
        "check reduce.e0_ev, mode and the normalisation ranges",
        lambda: edge_step(energy_ev, mu, ranges, method=s.normalisation, element=s.element, edge_ev=s.edge_energy_ev),
    )
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
    if thick is None:
        return _Once(edge, background, background.chi, np.ones_like(background.chi), notes)
    chi, slope = _thin(where, energy_ev, s, thick, edge, background)
    return _Once(edge, background, chi, slope, notes)


def _thin(
    where: str, energy_ev: Array, s: Settings, thick: ThickChi, edge: _larch.PreEdge, background: _larch.Background
) -> tuple[Array, Array]:
    """chi of fluorescence without over-absorption, and its slope by chi as measured."""
    at = s.e0_ev + background.k_inv_ang**2 / K2_PER_EV
    smooth = np.interp(at, energy_ev, background.background - edge.pre_edge) / edge.edge_step
    smooth = np.maximum(smooth, LEAST_SMOOTH)
    chi, slope = correct(thick, at, background.chi / smooth, where=where)
    return chi, slope / smooth


def _variants(
    where: str,
    merged: Merged,
    settings: Settings,
    thick: ThickChi | None,
    nominal: _Once,
    systematic: Mapping[str, Sequence[float]],
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
            chi = _once(f"{where} ({name})", merged, varied, thick).chi
            if chi.size < points:
                notes.append(f"variant {name}: the last {points - chi.size} points of chi repeat the nominal ones")
                chi = np.concatenate([chi, nominal.chi[chi.size :]])
            names.append(name)
            chis.append(chi[:points])
    return names, chis, notes


def _assemble(
    mode: str,
    merged: Merged,
    s: Settings,
    thick: ThickChi | None,
    nominal: _Once,
    names: list[str],
    chis: list[Array],
    notes: list[str],
) -> ExafsReduced:
    """The dataclass of the stage, with the covariance of chi."""
    edge, background = nominal.edge, nominal.background
    k = background.k_inv_ang
    covariance = np.empty((0, 0))
    if merged.mu_error.size:
        matrix = interpolation_matrix(background.k_raw_inv_ang, k)
        covariance = chi_covariance(matrix, merged.mu_error[slice(*background.points)], edge_step=edge.edge_step)
        if thick is not None:
            covariance = covariance * np.outer(nominal.slope, nominal.slope)
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
        **({"over_absorption": thick.chosen} if thick else {}),
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
        chi=nominal.chi,
        chi_covariance=covariance,
        variant_names=tuple(names),
        variant_chi=np.array(chis).reshape(len(chis), k.size),
        shift_ev=merged.shift_ev,
        shift_error_ev=merged.shift_error_ev,
        weight=merged.weight,
        chosen=chosen,
        notes=tuple(notes),
    )
