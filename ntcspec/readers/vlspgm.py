"""CLS VLS-PGM (11ID-2) and older files of CLS SGM (11ID-1): text files of the beamlines' "dacq" library.

    # CLS Data Acquisition                    perhaps below lines that an archive has put first
    # column 2:  BL1611-ID-2:Energy:fbk NO CONNECTION
    #(1)  Event-ID BL1611-ID-2:Energy:fbk A1611-4-11:nA:fbk ..      process variable of each column
    #(2)  Event-ID PGM_mono:m3m_angle ..                            the background event
    1 2 189.998 3.015741 ..                   rows of event 1; VLS-PGM puts the number of the event's block behind it

SGM writes commas between the cells. Only process variables stand here, no labels: a detector has a role where ROLES
knows its process variable (all of SGM); ammeters of VLS-PGM are plugged in as the experiment needs them, so the study
must say which is which. On VLS-PGM the energy falls.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from ntcspec.errors import UserError
from ntcspec.readers import dacq
from ntcspec.readers.build import Draft, build_scan, refuse_other_width, unique_names
from ntcspec.readers.roles import ColumnSpec, Pick, Roles, list_columns
from ntcspec.readers.table import Table, parse_table, separator_of, split_cells
from ntcspec.readers.text import TextFile
from ntcspec.types import Note
from ntcspec.types.xas import XasScan

NAME = "vlspgm"
_ENERGY = re.compile(r"BL1611-ID-?[12]:Energy(:fbk)?")
_LOST = re.compile(r"\s*#\s*column\s+\d+:\s*(\S+)\s+NO CONNECTION", re.IGNORECASE)
BLOCK = "block"
# Acquaman's loader of SGM files of 2004 to 2013: ammeters, and the scaler that replaced them in 2011
SCALER = {
    "BL1611-ID-1:mcs01:fbk": "i0",
    "BL1611-ID-1:mcs00:fbk": "tey",
    "BL1611-ID-1:mcs02:fbk": "fluorescence",
}
AMMETERS = {"A1611-4-14:A:fbk": "i0", "A1611-4-15:A:fbk": "tey", "A1611-4-16:A:fbk": "fluorescence"}


def recognise(file: TextFile) -> str:
    """The dacq line, if any, and the line of columns, quoted; '' unless the latter holds an energy of sector 11."""
    first, columns = dacq.recognise(file, _ENERGY)
    return "; ".join(file.quote(number) for number in (first, columns) if number) if columns else ""


def read(file: TextFile, evidence: str, spec: ColumnSpec | None = None) -> XasScan:
    """Read a VLS-PGM file, or an older SGM file.

    Raises
    ------
    UserError
        Labels and rows contradict each other, or no process variable is known and `spec` names no detector.
    """
    header_end = dacq.header_end(file)
    columns = dacq.read_labels(file, header_end)
    line, labels = columns[0].pv_line, [column.pv for column in columns]
    rows, notes = dacq.rows_of_event_1(file, header_end)
    width = len(split_cells(rows.words[0], separator_of(rows.words[0]))) if rows.words else len(labels)
    if width == len(labels) + 1:
        labels = [labels[0], BLOCK, *labels[1:]]
        note = f"the rows hold one column more than line {line} names: column 2 was taken as the number of the block"
        notes = (*notes, note)
    table = parse_table(file, rows, labels)
    refuse_other_width(file, line, len(labels), table)
    if BLOCK in labels and np.any(table.values[:, 1] != np.round(table.values[:, 1])):
        what = "one column less is named than the rows hold, and column 2 holds no whole numbers"
        raise UserError(file.at(line), what, "is the file complete?")
    names = unique_names(labels)
    roles, role_notes = find_roles(file, line, names, spec)
    energies = [i for i, name in enumerate(names) if _ENERGY.fullmatch(name)]
    draft = Draft(
        file=file,
        format=NAME,
        evidence=evidence,
        header_end=header_end,
        table=table,
        names=names,
        units=tuple("eV" if i in energies else "" for i in range(len(names))),
        roles=roles,
        notes=(*notes, *role_notes, *_energy_note(table, names, roles.energy, energies), *_lost(file, header_end)),
    )
    return build_scan(draft, spec)


def find_roles(
    file: TextFile, line: int, names: Sequence[str], spec: ColumnSpec | None
) -> tuple[Roles, tuple[Note, ...]]:
    """Roles by process variables, and what to note about them.

    Raises
    ------
    UserError
        No process variable of a detector is known, and `spec` names none.
    """

    def pick(index: int) -> Pick:
        return Pick(index, f"line {line}: process variable {names[index]!r}")

    found = {role: pick(names.index(pv)) for pv, role in SCALER.items() if pv in names}
    unused = [pv for pv in AMMETERS if pv in names]
    notes: tuple[Note, ...] = ()
    if not found:
        found = {role: pick(names.index(pv)) for pv, role in AMMETERS.items() if pv in names}
    elif unused:
        notes = (f"detectors: the scaler; ammeters not used: {', '.join(unused)}",)
    if not found and not (spec and spec.names_detectors):
        raise UserError(
            file.at(line),
            "no process variable here is known as a detector: which ammeter is I0 differs between experiments",
            "say in the study which column is what, by name or number from 1: `columns: {i0: .., fluorescence: [..]}` "
            f"or `columns: {{i0: .., tey: ..}}` (tey: sample current, total electron yield); {list_columns(names)}",
        )
    by_rank = sorted((i for i, name in enumerate(names) if _ENERGY.fullmatch(name)), key=lambda i: -len(names[i]))
    told = f"line {line}: process variable {names[by_rank[0]]!r}; dacq writes eV" if by_rank else ""
    energy = Pick(by_rank[0], told) if by_rank else None
    fluorescence = (found["fluorescence"],) if "fluorescence" in found else ()
    roles = Roles(energy=energy, i0=found.get("i0"), fluorescence=fluorescence, tey=found.get("tey"))
    return roles, notes


def _energy_note(table: Table, names: Sequence[str], energy: Pick | None, energies: Sequence[int]) -> tuple[Note, ...]:
    if energy is None:
        return ()
    kind = "readback" if names[energy.index].endswith(":fbk") else "set point"
    note = f"energy: the {kind}, column {energy.index + 1} {names[energy.index]!r}"
    others = [i for i in energies if i != energy.index]
    if others:
        off = np.abs(table.values[:, others[0]] - table.values[:, energy.index])
        worst = int(np.argmax(np.where(np.isfinite(off), off, -1.0)))
        line = table.row_line[worst]
        note += f"; the set point {names[others[0]]!r} differs by up to {off[worst]:.2g} eV (line {line})"
    return (note,)


def _lost(file: TextFile, header_end: int) -> tuple[Note, ...]:
    """What the header calls unconnected, though the rows hold numbers."""
    found = [match.group(1) for match in map(_LOST.match, file.lines[:header_end]) if match]
    if not found:
        return ()
    return (f"the header says NO CONNECTION of {', '.join(found)}: are their numbers alive?",)
