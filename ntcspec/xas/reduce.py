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
from typing import Any

import numpy as np

from ntcspec.errors import UserError
from ntcspec.types import Array
from ntcspec.types.exafs import ExafsReduced
from ntcspec.types.xas import XasScans
from ntcspec.xas.calibrate import Merging
from ntcspec.xas.merge import Merged
from ntcspec.xas.normalize import choose_mode
from ntcspec.xas.one_pass import OnePass, Settings, covariance, one_pass
from ntcspec.xas.prepare import prepare
from ntcspec.xas.thick_chi import ThickChi, sample_of

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
    nominal = one_pass(where, ready.merged, settings, thick, response=bool(ready.merged.mu_error.size))
    names, chis, variant_notes = _variants(where, ready.merged, settings, thick, nominal, systematic or {})
    notes += [*ready.notes, *ready.merged.notes, *nominal.notes, *variant_notes]
    return _assemble(chosen_mode, ready.merged, settings, thick, nominal, names, chis, notes)


def _variants(
    where: str,
    merged: Merged,
    settings: Settings,
    thick: ThickChi | None,
    nominal: OnePass,
    systematic: Mapping[str, Sequence[float]],
) -> tuple[list[str], list[Array], list[str]]:
    """Names, chi(k) on the nominal grid and notes of the systematic variants."""
    names: list[str] = []
    chis: list[Array] = []
    notes: list[str] = []
    points = nominal.background.k_inv_ang.size
    pinned = {"bkg_kmax_inv_ang": nominal.background.kmax_inv_ang}
    used = {**vars(settings), "norm2_ev": nominal.ranges.norm2_ev}  # where it was left open: the end of the data
    for parameter, values in systematic.items():
        base = parameter.replace("_shift", "")
        if base not in VARIED:
            raise UserError(f"reduce.systematic.{parameter}", "unknown parameter", "one of: " + ", ".join(VARIED))
        for value in values:
            shifted = used[base] + value if base != parameter else value
            name = f"{parameter}={value:g}"
            varied = Settings(**{**used, **pinned, base: shifted})
            chi = one_pass(f"{where} ({name})", merged, varied, thick).chi
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
    nominal: OnePass,
    names: list[str],
    chis: list[Array],
    notes: list[str],
) -> ExafsReduced:
    """The dataclass of the stage, with the covariance of chi."""
    edge, background = nominal.edge, nominal.background
    k = background.k_inv_ang
    chi_covariance, covariance_notes = covariance(nominal, merged.mu_error)
    chosen: dict[str, Any] = {
        "mode": mode,
        "e0_ev": s.e0_ev,
        "edge_step_energy_ev": float(merged.energy_ev[edge.e0_index]),
        "pre_edge_range_ev": [nominal.ranges.pre1_ev, nominal.ranges.pre2_ev],
        "post_edge_range_ev": [nominal.ranges.norm1_ev, nominal.ranges.norm2_ev],
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
        chi_covariance=chi_covariance,
        variant_names=tuple(names),
        variant_chi=np.array(chis).reshape(len(chis), k.size),
        shift_ev=merged.shift_ev,
        shift_error_ev=merged.shift_error_ev,
        weight=merged.weight,
        chosen=chosen,
        notes=(*notes, *covariance_notes),
    )
