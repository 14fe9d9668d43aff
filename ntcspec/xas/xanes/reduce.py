"""Stage `reduce` of the technique xanes: merge, calibrate and normalise every detection mode, in every reasonable way.

Symbols: E energy (eV), E0 energy that ranges are relative to, mu absorption, norm = (mu - pre-edge) / edge step.

Order of steps:
1. detection modes: the primary one, then what else all scans have; repeat scans are merged, spikes left out;
2. calibration: one shift for all modes;
3. E0: as given, or the steepest point of the primary mode within 50 eV of the tabulated edge; the same for all modes;
4. the nominal normalisation, with the noise propagated, and each combination of `choices`;
5. fluorescence: over-absorption, where asked, in each of them.

Sources are named in the modules that do the steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ntcspec.errors import UserError
from ntcspec.types import Array
from ntcspec.types.xanes import Normalised, XanesReduced
from ntcspec.types.xas import XasScans
from ntcspec.xas import points
from ntcspec.xas._larch import E0_HALF_WINDOW_EV
from ntcspec.xas.calibrate import Merging, calibrate_scans
from ntcspec.xas.merge import Merged
from ntcspec.xas.normalize import choose_mode
from ntcspec.xas.over_absorption import Thick, thick_sample
from ntcspec.xas.repeats import align as align_scans
from ntcspec.xas.repeats import check_options, merge_repeats, modes_of
from ntcspec.xas.xanes.normalised import Plan, normalise_mode

NONE: Mapping[str, Any] = {}


def reduce_xanes(
    scans: XasScans,
    *,
    element: str,
    edge: str,
    edge_energy_ev: float,
    composition: str,
    mode: str = "auto",
    align: str = "auto",
    weights: str = "variance",
    spikes: str = "drop",
    calibrate: Mapping[str, Any] | None = None,
    e0_ev: float | None = None,
    pre1_ev: float | None = None,
    pre2_ev: float = -12.0,
    norm1_ev: float = 25.0,
    norm2_ev: float | None = None,
    norm_degree: int = 1,
    victoreen: int = 0,
    normalisation: str = "polynomial",
    choices: Mapping[str, Sequence[Any]] = NONE,
    over_absorption: Mapping[str, Any] = NONE,
    references: Mapping[str, XasScans | str] | None = None,
) -> XanesReduced:
    """Reduce the repeat scans of one measurement.

    edge_energy_ev is the tabulated edge, near which E0 is searched where e0_ev is None. Ranges are relative to E0;
    pre1_ev None is the start of the data, norm2_ev None their end. Sections `calibrate`, `choices`, `over_absorption`
    are as the config has them (ntcspec.config.xanes). composition: formula of the sample, '' if unknown. references:
    scans of the standard that `calibrate` names, or words for why there are none; where it is not among them, the
    sample is its own standard. Raises UserError, which names the first scan's file, for what the data do not allow in
    the primary mode; another mode is then left out with a note.
    """
    check_options([("align", align), ("spikes", spikes)])
    how = Merging(mode, align, weights, spikes, edge_energy_ev)
    merged, notes = _merge_modes(scans, how)
    primary = next(iter(merged))
    ranges = {
        "pre1_ev": pre1_ev, "pre2_ev": pre2_ev, "norm1_ev": norm1_ev, "norm2_ev": norm2_ev, "norm_degree": norm_degree,
        "victoreen": victoreen,
    }  # fmt: skip
    calibration = None
    if calibrate is not None:
        calibration = calibrate_scans(scans, merged[primary], how, calibrate, ranges, references or {})
        merged = {m: replace(one, energy_ev=one.energy_ev + calibration.shift_ev) for m, one in merged.items()}
        notes += calibration.notes
    where = scans.scans[0].source
    if e0_ev is None:
        one = merged[primary]
        e0_ev, e0_notes = find_e0(where, one.energy_ev, one.mu, f"{element} {edge}", edge_energy_ev)
        notes += e0_notes
    plan = Plan(where, element, edge_energy_ev, float(e0_ev), ranges, normalisation, choices)
    thick = None
    if over_absorption.get("correct"):
        if "fluorescence" not in merged:
            notes.append("over-absorption: there is no fluorescence to correct")
        else:
            thick = _thick(over_absorption, composition, element, edge)
    spectra, left_out = _normalise_all(merged, plan, thick)
    return XanesReduced(
        mode=primary,
        spectra=spectra,
        calibration_shift_ev=calibration.shift_ev if calibration else 0.0,
        calibration_error_ev=calibration.error_ev if calibration else float("nan"),
        calibration=calibration.words if calibration else "",
        notes=(*notes, *left_out),
    )


def _merge_modes(scans: XasScans, how: Merging) -> tuple[dict[str, Merged], list[str]]:
    """Every mode merged, the primary one first, and notes."""
    primary, why = choose_mode(scans, how.mode)
    notes = [f"mode {primary}: {why}"] if how.mode == "auto" else []
    repeats = {m: how.repeats(scans, m) for m in modes_of(scans, primary)}
    shifts = align_scans(scans, repeats[primary], how=how.align, edge_energy_ev=how.edge_energy_ev)
    notes += [shifts.note] if shifts.note else []
    found: dict[str, Merged] = {}
    for mode, one in repeats.items():
        found[mode] = merge_repeats(one, shifts, weights=how.weights, edge_energy_ev=how.edge_energy_ev)
    return found, notes


def find_e0(where: str, energy_ev: Array, mu: Array, name: str, edge_energy_ev: float) -> tuple[float, list[str]]:
    """E0 of mu (n,) as the steepest point near the tabulated edge, and notes that say so; name: such as 'Ta L3'.

    Raises UserError, which names the file `where`, for data that do not hold it.
    """
    low, high = edge_energy_ev - E0_HALF_WINDOW_EV, edge_energy_ev + E0_HALF_WINDOW_EV
    try:
        found, others = points.steepest(energy_ev, mu, low_ev=low, high_ev=high)
    except ValueError as problem:
        fix = f"check the element and edge of the sample ({name} edge at {edge_energy_ev:g} eV) or set reduce.e0_ev"
        raise UserError(where, str(problem), fix) from None
    e0 = found.energy_ev
    notes = [f"e0 {e0:.3f} eV: steepest point within {E0_HALF_WINDOW_EV:g} eV of {edge_energy_ev:g} eV"]
    if others:
        at = ", ".join(f"{e:.2f}" for e in others)
        notes.append(
            f"e0: mu rises almost as steeply at {at} eV (a line before or behind the edge?); another sample may have "
            "its e0 there: set reduce.e0_ev"
        )
    return e0, notes


def _thick(settings: Mapping[str, Any], composition: str, element: str, edge: str) -> Thick:
    return thick_sample(
        formula=settings.get("formula") or composition,
        element=element,
        edge=edge,
        angle_in_deg=settings["angle_in_deg"],
        angle_out_deg=settings["angle_out_deg"],
    )


def _normalise_all(
    merged: Mapping[str, Merged], plan: Plan, thick: Thick | None
) -> tuple[tuple[Normalised, ...], list[str]]:
    """Every mode normalised, and notes for those that cannot be, the first excepted."""
    spectra: list[Normalised] = []
    notes: list[str] = []
    for mode, one in merged.items():
        try:
            spectra.append(normalise_mode(mode, one, plan, thick if mode == "fluorescence" else None))
        except UserError as problem:
            if not spectra:
                raise
            notes.append(f"{mode} left out: {problem.what}")
    return tuple(spectra), notes
