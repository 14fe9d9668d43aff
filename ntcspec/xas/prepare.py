"""The spectrum that EXAFS is taken from: repeat scans merged, energy calibrated, E0 found, rebinned.

Order of steps: spikes and ranges that do not count are dropped scan by scan; alignment and merge; one shift of the
energy axis from a point of known energy; E0, as given (on the calibrated axis) or the steepest point near the tabulated
edge; bins, where asked. Every step but the merge is off unless the config asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ntcspec.types.xas import XasScans
from ntcspec.xas import _larch
from ntcspec.xas.calibrate import Merging, calibrate_scans
from ntcspec.xas.merge import Merged
from ntcspec.xas.normalize import explain
from ntcspec.xas.rebin import rebin
from ntcspec.xas.repeats import align, check_options, merge_repeats


@dataclass(frozen=True)
class Prepared:
    """The merged spectrum, its E0 (eV) and notes; those of the merge are in `merged`."""

    merged: Merged
    e0_ev: float
    notes: tuple[str, ...]


def prepare(
    scans: XasScans,
    how: Merging,
    *,
    edge_name: str,
    e0_ev: float | None,
    calibrate: Mapping[str, Any] | None,
    ranges: Mapping[str, Any],
    references: Mapping[str, XasScans | str],
    rebinning: Mapping[str, Any] | None,
) -> Prepared:
    """Prepare one detection mode, `how.mode`. Sections `calibrate` and `rebin` are as the config has them.

    ranges: pre1_ev .. norm2_ev, norm_degree, victoreen, for a calibration on half of the edge step. Raises UserError,
    which names the first scan's file, for what the data do not allow.
    """
    check_options([("align", how.align), ("spikes", how.spikes)])
    repeats = how.repeats(scans, how.mode)
    shifts = align(scans, repeats, how=how.align, edge_energy_ev=how.edge_energy_ev)
    merged = merge_repeats(repeats, shifts, weights=how.weights, edge_energy_ev=how.edge_energy_ev)
    merged = replace(merged, notes=(*([shifts.note] if shifts.note else []), *merged.notes))
    where = scans.scans[0].source
    notes: list[str] = []
    if calibrate is not None:
        found = calibrate_scans(scans, merged, how, calibrate, ranges, references)
        about = {"calibration_shift_ev": found.shift_ev, "calibration_error_ev": found.error_ev}
        chosen = {**merged.chosen, **about, "calibration": found.words}
        merged = replace(merged, energy_ev=merged.energy_ev + found.shift_ev, chosen=chosen)
        notes += [f"calibration: {found.words}", *found.notes]
    if e0_ev is None:
        e0_ev = explain(
            where,
            f"check the element and edge of the sample ({edge_name} at {how.edge_energy_ev:g} eV) or set reduce.e0_ev",
            lambda: _larch.find_e0(merged.energy_ev, merged.mu, edge_energy_ev=how.edge_energy_ev),
        )
        notes.append(
            f"e0 {e0_ev:.3f} eV: steepest point within {_larch.E0_HALF_WINDOW_EV:g} eV of {how.edge_energy_ev:g} eV"
        )
    if rebinning is not None:
        merged = rebin(merged, e0_ev=e0_ev, settings=rebinning, where=where)
    return Prepared(merged, float(e0_ev), tuple(notes))
