"""The energy axis: photon energy in eV from an energy or a monochromator-angle column.

E = h c / (2 d sin(theta)), h c = 12398.41984 eV angstrom (exact SI constants), d the lattice spacing, theta the
Bragg angle. A unit that nobody states is never guessed: values that do not look like eV are refused.
"""

from __future__ import annotations

import math
import re

import numpy as np

from ntcspec.errors import UserError
from ntcspec.readers.roles import ColumnSpec
from ntcspec.readers.text import TextFile
from ntcspec.types import Array, Note

HC_EV_ANG = 12398.41984
KEV_BELOW = 150.0  # no scan without a unit is taken for eV below this: 9.881 may be keV or degrees
SOFTEST_EV = 30.0  # below the softest absorption edges (Li K 54.7 eV)
HARDEST_EV = 200_000.0
_EV, _KEV = frozenset({"ev", "electronvolt", "electronvolts"}), frozenset({"kev"})
_DEGREES = frozenset({"deg", "degs", "degree", "degrees", "°"})

EnergyAxis = tuple[Array, str, tuple[Note, ...]]


def unit_kind(unit: str) -> str:
    """'eV', 'keV', 'degrees', '' (none stated) or 'other'."""
    folded = unit.strip().strip("()[]").strip().casefold()
    if not folded:
        return ""
    for kind, known in (("eV", _EV), ("keV", _KEV), ("degrees", _DEGREES)):
        if folded in known:
            return kind
    return "other"


def unit_in_name(name: str) -> str:
    """Unit that a column label carries: 'E (eV)', 'energy[keV]', 'energy/eV'; '' if none is known."""
    found = re.search(r"[(\[/]\s*([A-Za-z°]+)\s*[)\]]?\s*$", name)
    return found.group(1) if found and unit_kind(found.group(1)) not in ("", "other") else ""


def from_energy(file: TextFile, column: str, unit: str, values: Array, evidence: str, spec: ColumnSpec) -> EnergyAxis:
    """Energy in eV from an energy column, with what told its unit.

    `column` names the column in errors, `unit` is the one that the file states.

    Raises
    ------
    UserError
        The values do not look like the unit stated, or like eV where none is.
    """
    where, kind = f"{file.source}, {column}", unit_kind(unit)
    span = "{:g} to {:g}".format(*_range(where, values))
    by, told, notes = "the file", evidence, tuple[Note, ...]()
    if spec.energy_unit is not None:
        by, told = "the study", f"{evidence}; columns.energy_unit: {spec.energy_unit} in the study"
        if kind not in ("", spec.energy_unit):
            notes = (f"the file states {unit!r} as the unit of {column}, the study {spec.energy_unit}: the study wins",)
        kind = spec.energy_unit
    _refuse_unit(where, column, kind, unit, by, values)
    if kind == "keV":
        return values * 1000.0, told, (*notes, "energy was converted from keV to eV (x 1000)")
    if kind == "eV":
        return values, told, notes
    note = f"no unit is stated for {column}: values of {span} were taken as eV"
    return values, f"{told}; no unit stated, values of {span} look like eV", (*notes, note)


def _refuse_unit(where: str, column: str, kind: str, unit: str, by: str, values: Array) -> None:
    """UserError where the values do not look like the unit that `by` states, or like eV where none is stated."""
    low, high = _range(where, values)
    span = f"{low:g} to {high:g}"
    if kind == "degrees":
        raise UserError(where, "the unit is degrees: this is an angle, not an energy", f"name it so: {_angle(column)}")
    if kind == "other":
        raise UserError(
            where, f"the unit {unit!r} is not one of energy", f"if it is eV, say so: {_energy(column, 'eV')}"
        )
    if kind == "keV" and low > KEV_BELOW:
        what = f"{by} states keV, but values of {span} look like eV"
        raise UserError(where, what, f"if it is eV, say so: {_energy(column, 'eV')}")
    if kind != "keV" and high < (SOFTEST_EV if kind == "eV" else KEV_BELOW):
        stated = f"{by} states eV" if kind == "eV" else "no unit is stated"
        raise UserError(
            where,
            f"{stated}, but values of {span} look like {_guess(values)}, not like eV",
            f"if it is keV, say so: {_energy(column, 'keV')}; if it is an angle, say so: {_angle(column)}",
        )
    if kind != "keV" and high > HARDEST_EV:
        what = f"values of {span} are no X-ray energies in eV"
        raise UserError(where, what, "name the energy column: `columns: {energy: ..}`")


def from_angle(file: TextFile, column: str, values: Array, evidence: str, d: tuple[float, str] | None) -> EnergyAxis:
    """Energy in eV from a Bragg angle in degrees and the lattice spacing `d` (angstrom, evidence).

    Raises
    ------
    UserError
        No lattice spacing, or angles outside 0 to 90 degrees.
    """
    where = f"{file.source}, {column}"
    if d is None:
        raise UserError(
            where,
            "this is a monochromator angle, and nothing states the lattice spacing of its crystal",
            f"state it: {_angle(column)}",
        )
    spacing, told = d
    low, high = _range(where, values)
    if low <= 0 or high >= 90:
        raise UserError(
            where,
            f"values of {low:g} to {high:g} are no Bragg angles in degrees",
            f"if it is keV, say so: {_energy(column, 'keV')}",
        )
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):  # rows without a number are judged at ingest
        energy = HC_EV_ANG / (2.0 * spacing * np.sin(np.deg2rad(values)))
    note = f"energy = {HC_EV_ANG} / (2 d sin(angle)) from {column} in degrees, d = {spacing:g} angstrom ({told})"
    return energy, f"{evidence}; {told}", (note,)


def _range(where: str, values: Array) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    if not finite.size:
        raise UserError(where, "there is no finite number in this column", "name another: `columns: {energy: ..}`")
    low, high = float(finite.min()), float(finite.max())
    if not math.isfinite(1000.0 * max(abs(low), abs(high))):
        raise UserError(where, f"{low:g} to {high:g} are no energies", "name another: `columns: {energy: ..}`")
    return low, high


def _guess(values: Array) -> str:
    finite = values[np.isfinite(values)]
    return "degrees of a monochromator (they fall)" if finite[-1] < finite[0] else "keV (they rise)"


def _energy(column: str, unit: str) -> str:
    return f"`columns: {{energy: {_number(column)}, energy_unit: {unit}}}`"


def _angle(column: str) -> str:
    return f"`columns: {{angle: {_number(column)}, d_spacing_ang: 3.1355}}` (Si 111; Si 220 has 1.9201)"


def _number(column: str) -> str:
    """'1' of "column 1 'energy'"."""
    found = re.search(r"[0-9]+", column)
    return found.group() if found else ".."
