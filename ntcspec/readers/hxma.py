"""CLS HXMA (06ID-1): text files of the "dacq" library, see ntcspec.readers.dacq.

    # CLS Data Acquisition
    #(1) Event-ID BL1606-ID-1:Energy ...    process variable of each column
    #(1) Event-ID "Energy Setting" ...      label of each column; macros such as $(Detector1) are not expanded
    # Background counts time=T(x .1 microseconds), d1, d2, d3, d4, E0, ...
    1, 9459.000, ...

A detector's role comes from its label ("I0", "I1", "Idiode"); only where the label is a macro, from its process
variable. Dark counts d1..d4 belong to the scalers mcs03..mcs06: counts_corrected = counts - d / (T * 0.1 us) * dwell.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ntcspec.readers import dacq
from ntcspec.readers.build import Draft, build_scan, unique_names, with_corrected
from ntcspec.readers.dacq import ColumnLabel
from ntcspec.readers.roles import NAMES, ColumnSpec, Roles
from ntcspec.readers.table import Table
from ntcspec.readers.text import TextFile
from ntcspec.types import Array, Note
from ntcspec.types.xas import XasScan

NAME = "hxma"
_ENERGY = re.compile(r"BL1606-ID-?1\b")
SCALERS = {"mcs03": "fluorescence", "mcs04": "i0", "mcs05": "transmitted", "mcs06": "reference"}
DIODES = NAMES["fluorescence"] | {"idiode", "diode", "lytle", "fluorescence", "ifluorescence"}


def recognise(file: TextFile) -> str:
    """The dacq line and the first line of columns, quoted; '' unless both are there and speak of HXMA."""
    first, columns = dacq.recognise(file, _ENERGY)
    return f"{file.quote(first)}; {file.quote(columns)}" if first and columns else ""


def read(file: TextFile, evidence: str, spec: ColumnSpec | None = None) -> XasScan:
    """Read an HXMA file.

    Raises
    ------
    UserError
        Labels and rows contradict each other, or no column has a known role.
    """
    header_end, labels, table, notes = dacq.read_event_1(file)
    roles, energy_note = dacq.find_roles(file, labels, _detector, spec)
    names = unique_names([label.name for label in labels])
    units = ["eV" if dacq.energy_rank(label) < len(dacq.ENERGIES) else "" for label in labels]
    table, names, roles, dark_notes = subtract_dark(file, header_end, table, labels, names, roles)
    draft = Draft(
        file=file,
        format=NAME,
        evidence=evidence,
        header_end=header_end,
        table=table,
        names=names,
        units=(*units, *[""] * (len(names) - len(units))),
        roles=roles,
        notes=(*notes, *energy_note, *dark_notes),
    )
    return build_scan(draft, spec)


def _detector(label: ColumnLabel) -> str:
    if label.is_macro:
        return next((role for scaler, role in SCALERS.items() if f":{scaler}:" in label.pv), "")
    folded = label.label.casefold()
    if folded in DIODES:
        return "fluorescence"
    return next((role for role, known in NAMES.items() if folded in known), "")


def subtract_dark(
    file: TextFile,
    header_end: int,
    table: Table,
    labels: Sequence[ColumnLabel],
    names: tuple[str, ...],
    roles: Roles,
) -> tuple[Table, tuple[str, ...], Roles, tuple[Note, ...]]:
    """Add dark-corrected detector columns and give them the roles, where dark counts were taken.

    Columns as measured stay.
    """
    seconds, darks, notes = dacq.background(file, header_end)
    dwell = next((i for i, label in enumerate(labels) if label.pv.endswith("mcs:delay")), None)
    if not seconds or not any(darks):
        return table, names, roles, notes
    if dwell is None:
        notes = (*notes, "dark counts were not subtracted: no column holds the dwell time (mcs:delay)")
        return table, names, roles, notes
    dwell_s = table.values[:, dwell] * 1e-3
    corrected: dict[int, Array] = {}
    for scaler, dark in zip(SCALERS, darks, strict=False):
        index = next((i for i, label in enumerate(labels) if f":{scaler}:" in label.pv), None)
        if index is None or not dark:
            continue
        corrected[index] = table.values[:, index] - dark / seconds * dwell_s
        notes = (*notes, f"dark: {dark / seconds:g} counts/s x dwell time subtracted from {names[index]!r} ({scaler})")
    return *with_corrected(table, names, roles, corrected), notes
