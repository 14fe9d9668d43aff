"""From what a reader found in a file to a XasScan: the one place where energy axis and channels are made."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ntcspec.edges import elements
from ntcspec.errors import UserError
from ntcspec.readers import axis
from ntcspec.readers.roles import ColumnSpec, Pick, Roles, apply_spec, make_channels, moved, suggest_yaml
from ntcspec.readers.table import Table
from ntcspec.readers.text import TextFile
from ntcspec.types import Array, Note
from ntcspec.types.xas import Column, XasScan

MU_TOLERANCE = 1e-3  # larger differences between the mu in the file and ours are noted
_EDGE = re.compile(r"K|[LM][1-5]|N[1-7]")
_ROMAN = {"I": "1", "II": "2", "III": "3", "IV": "4", "V": "5"}


@dataclass(frozen=True)
class Draft:
    """A file as its reader understood it, before the study has its say.

    `names` and `units` have one entry a column of `table`. `own_mu` is a column where the file holds a mu
    that says nothing about its mode: it is compared, never used. `hint_notes` hold only while `roles.given` does.
    """

    file: TextFile
    format: str
    evidence: str
    header_end: int
    table: Table
    names: tuple[str, ...]
    units: tuple[str, ...]
    roles: Roles
    element: str = ""
    edge: str = ""
    own_mu: Pick | None = None
    notes: tuple[Note, ...] = ()
    hint_notes: tuple[Note, ...] = ()


def build_scan(draft: Draft, spec: ColumnSpec | None) -> XasScan:
    """The scan, with the roles of the header and those of the study's `columns` over them.

    Raises
    ------
    UserError
        No energy axis, no detection mode, or a unit that the values contradict.
    """
    file, table = draft.file, draft.table
    spec = spec or ColumnSpec()
    roles = apply_spec(draft.roles, spec, draft.names, file.source)
    energy, told, energy_notes = _energy(draft, roles, spec)
    channels = make_channels(roles, draft.names, file.source)
    hint = draft.roles.given
    preferred = hint.mode if hint and hint is roles.given else ""
    columns = tuple(
        Column(name, unit, np.ascontiguousarray(values))
        for name, unit, values in zip(draft.names, draft.units, table.values.T, strict=True)
    )
    scan = XasScan(
        source=file.source,
        format=draft.format,
        format_evidence=draft.evidence,
        energy_evidence=told,
        energy_ev=np.array(energy),
        row_line=table.row_line,
        columns=columns,
        channels=channels,
        preferred=preferred,
        element=draft.element,
        edge=draft.edge,
        notes=(*file.notes, *draft.notes, *table.notes, *energy_notes, *_hint_notes(draft, roles)),
        header="\n".join(file.lines[: draft.header_end]),
    )
    return _with_notes(scan, compare_mu(scan, draft, roles))


def refuse_other_width(file: TextFile, line: int, named: int, table: Table) -> None:
    """UserError where the header line names another number of columns than the rows hold."""
    width = table.values.shape[1]
    if width != named:
        raise UserError(
            file.at(line),
            f"this line names {named} columns, the rows below hold {width}",
            "is the file complete? Copy it again, or mend the line",
        )


def with_corrected(
    table: Table, names: Sequence[str], roles: Roles, corrected: Mapping[int, Array]
) -> tuple[Table, tuple[str, ...], Roles]:
    """Dark-corrected columns behind the others, which stay as measured; the roles go to the new ones.

    corrected: values, shape (rows,), by index of the column that they correct.
    """
    added = tuple(f"{names[index]} (dark-corrected)" for index in corrected)
    where = {index: len(names) + n for n, index in enumerate(corrected)}
    values = np.column_stack([table.values, *corrected.values()])
    return replace(table, values=values), (*names, *added), moved(roles, where)


def _energy(draft: Draft, roles: Roles, spec: ColumnSpec) -> axis.EnergyAxis:
    pick = roles.energy or roles.angle
    if pick is None:
        raise UserError(draft.file.source, "no column is known as the energy", suggest_yaml(draft.names))
    column = f"column {pick.index + 1} {draft.names[pick.index]!r}"
    values: Array = draft.table.values[:, pick.index]
    if roles.energy is None:
        return axis.from_angle(draft.file, column, values, pick.evidence, roles.d_spacing)
    return axis.from_energy(draft.file, column, draft.units[pick.index], values, pick.evidence, spec)


def _hint_notes(draft: Draft, roles: Roles) -> tuple[Note, ...]:
    hint = draft.roles.given
    if hint is None or hint is roles.given:
        return draft.hint_notes
    return (f"the study's columns win over the file's own hint, {hint.formula} ({hint.evidence})",)


def compare_mu(scan: XasScan, draft: Draft, roles: Roles) -> tuple[Note, ...]:
    """A note for each mu that the file holds and that differs from the one computed from its counts."""
    pairs = list(roles.mu.items())
    if draft.own_mu is not None:
        pairs.append((scan.preferred or "transmission", draft.own_mu))
    notes: list[Note] = []
    for mode, pick in pairs:
        channel = next((c for c in scan.channels if c.mode == mode), None)
        if channel is None or channel.kind == "direct":
            continue
        with np.errstate(all="ignore"):
            difference = np.abs(scan.mu(mode) - draft.table.values[:, pick.index])
        difference = np.where(np.isfinite(difference), difference, 0.0)
        worst = int(difference.argmax())
        if difference[worst] > MU_TOLERANCE:
            notes.append(
                f"{channel.formula} was used; column {draft.names[pick.index]!r} of the file differs from it "
                f"by up to {difference[worst]:.3g} (line {scan.row_line[worst]})"
            )
    return tuple(notes)


def _with_notes(scan: XasScan, notes: tuple[Note, ...]) -> XasScan:
    return replace(scan, notes=scan.notes + notes) if notes else scan


def unique_names(names: Sequence[str]) -> tuple[str, ...]:
    """Names with 'column N' for empty ones and ' (column N)' after those that have occurred before."""
    taken: set[str] = set()
    out: list[str] = []
    for number, name in enumerate(names, 1):
        name = name.strip() or f"column {number}"
        while name in taken:
            name = f"{name} (column {number})"
        taken.add(name)
        out.append(name)
    return tuple(out)


def element_symbol(words: str, where: str) -> str:
    """'Ta' of 'ta'; '' where the file states none.

    Raises
    ------
    UserError
        Words that are the symbol of no element, such as 'nan'.
    """
    symbol = words.strip().capitalize()
    if symbol and symbol not in elements():
        raise UserError(
            where,
            f"the file states the element {words.strip()!r}, which is no chemical symbol",
            "write the symbol of the absorber, such as Ta, or delete the line",
        )
    return symbol


def edge_name(words: str) -> str:
    """'L3' of 'l3', 'LIII' or 'L3-edge'; '' if this is no edge."""
    words = re.sub(r"[\s_-]*edge$", "", words.strip(), flags=re.IGNORECASE).upper()
    shell, number = words[:1], words[1:].strip("_ ")
    name = shell + _ROMAN.get(number, number)
    return name if _EDGE.fullmatch(name) else ""
