"""Photon Factory (and SPring-8): text files of the format "9809", with the angle of the monochromator as axis.

      9809     KEK-PF   BL12C
     Mono :   SI(111)       D=  3.13551 A    Initial angle=  9.25969 deg      D: lattice spacing
     BL12C     Transmission( 2)   Repetition=  6     Points=  818            the mode that the file names
      Angle(c)  Angle(o)    time/s         2         3                        calculated and observed angle, channels
          Mode         0         0         1         2                        1: I0, 2: transmitted, 3: fluorescence
        Offset         0         0   826.150   652.975                        dark counts per second
       9.44433   9.44420      1.00    252916    592687                        counts

The observed angle, from the encoder, gives the energy. Dark counts: counts - offset * time. That offsets are per second
follows from their decimals in a file of whole counts; dark rates are stated beside the counts they are taken from.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ntcspec.errors import UserError
from ntcspec.readers.axis import HC_EV_ANG
from ntcspec.readers.build import Draft, build_scan, refuse_other_width, unique_names, with_corrected
from ntcspec.readers.roles import ColumnSpec, Pick, Roles
from ntcspec.readers.table import Table, parse_table, rows_below
from ntcspec.readers.text import TextFile
from ntcspec.types import Array, Note
from ntcspec.types.xas import XasScan

NAME = "pf9809"
_FIRST = re.compile(r"\s*9809\s+\S")
_LABELS = re.compile(r"\s*(Angle\(c\)\s+Angle\(o\)\s+time/s\b.*)$", re.IGNORECASE)
_SPACING = re.compile(r"\s*Mono\s*:.*?\bD=\s*([0-9]*\.?[0-9]+)\s*A\b", re.IGNORECASE)
_MODE = re.compile(r"\s*\S+\s+(Transmission|Fluorescence)\s*\(\s*[0-9]+\)", re.IGNORECASE)
_POINTS = re.compile(r".*\bPoints=\s*([0-9]+)", re.IGNORECASE)
CALCULATED, OBSERVED, TIME, CHANNELS = 0, 1, 2, 3
MODES = {1: "i0", 2: "transmitted", 3: "fluorescence"}


@dataclass(frozen=True)
class Header:
    """What the header says; `*_line` is where. Modes and offsets have one entry a column of the table."""

    labels: tuple[str, ...]
    labels_line: int
    modes: tuple[int, ...]
    modes_line: int
    offsets: tuple[float, ...]
    offsets_line: int
    spacing: tuple[float, str] | None
    preferred: str
    points: int


def recognise(file: TextFile) -> str:
    """The first line and the line of columns, quoted; '' unless both are there."""
    first = next((n for n, words in enumerate(file.lines, 1) if words.strip()), 0)
    if not first or not _FIRST.match(file.lines[first - 1]):
        return ""
    columns = next((n for n, words in enumerate(file.lines, 1) if _LABELS.match(words)), 0)
    return f"{file.quote(first)}; {file.quote(columns)}" if columns else ""


def read(file: TextFile, evidence: str, spec: ColumnSpec | None = None) -> XasScan:
    """Read a 9809 file.

    Raises
    ------
    UserError
        Header and rows contradict each other, or the modes of the channels are not clear.
    """
    header = read_header(file)
    header_end = max(header.labels_line, header.modes_line, header.offsets_line)
    table = parse_table(file, rows_below(file, header_end), header.labels)
    refuse_other_width(file, header.labels_line, len(header.labels), table)
    roles = find_roles(file, header, header.labels, spec)
    notes = _count_notes(header, table) + _angle_notes(header, table)
    table, names, roles, dark = subtract_offsets(table, header, header.labels, roles)
    draft = Draft(
        file=file,
        format=NAME,
        evidence=evidence,
        header_end=header_end,
        table=table,
        names=names,
        units=("deg", "deg", "s") + ("",) * (len(names) - CHANNELS),
        roles=roles,
        notes=(*notes, *dark),
    )
    scan = build_scan(draft, spec)
    offered = {channel.mode for channel in scan.channels}
    return replace(scan, preferred=header.preferred if header.preferred in offered else "")


def read_header(file: TextFile) -> Header:
    """The header of a file that `recognise` knows.

    Raises
    ------
    UserError
        The rows of modes or offsets are missing or of another length.
    """
    labels_line = next(n for n, words in enumerate(file.lines, 1) if _LABELS.match(words))
    words = file.lines[labels_line - 1].split()
    labels = (*words[:CHANNELS], *(f"channel {word}" for word in words[CHANNELS:]))
    modes, modes_line = _cells(file, "Mode", labels_line, len(labels))
    offsets, offsets_line = _cells(file, "Offset", labels_line, len(labels), needed=False)
    spacing, preferred, points = None, "", 0
    for number, line in enumerate(file.lines[:labels_line], 1):
        found = _SPACING.match(line)
        if found and float(found[1]) > 0:
            spacing = float(found[1]), f"{file.quote(number)}"
        mode = _MODE.match(line)
        preferred = mode[1].casefold() if mode else preferred
        count = _POINTS.match(line)
        points = int(count[1]) if count else points
    return Header(
        labels=unique_names(labels),
        labels_line=labels_line,
        modes=tuple(int(cell) for cell in modes),
        modes_line=modes_line,
        offsets=offsets,
        offsets_line=offsets_line,
        spacing=spacing,
        preferred=preferred,
        points=points,
    )


def _cells(file: TextFile, key: str, below: int, width: int, needed: bool = True) -> tuple[tuple[float, ...], int]:
    """Numbers of the line that begins with `key`, with zeros for the three columns that are no channels."""
    for number in range(below + 1, min(below + 4, len(file.lines) + 1)):
        first, *rest = file.lines[number - 1].split() or [""]
        if first.casefold() != key.casefold():
            continue
        try:
            cells = [float(cell) for cell in rest]
        except ValueError:
            cells = []
        if len(cells) != width - 1 or not np.all(np.isfinite(cells)):  # nothing stands below Angle(c) but the key
            raise UserError(file.at(number), f"{key} should hold {width - 1} numbers", "mend the line")
        return (0.0, *cells), number
    if needed:
        raise UserError(file.at(below), f"no line {key!r} follows the columns", "is the file complete?")
    return (0.0,) * width, 0


def find_roles(file: TextFile, header: Header, names: Sequence[str], spec: ColumnSpec | None) -> Roles:
    """Roles of the channels by their modes; several fluorescence channels are summed.

    Raises
    ------
    UserError
        Two channels are I0, or transmitted, and `spec` does not say which it is.
    """
    found: dict[str, list[Pick]] = {role: [] for role in MODES.values()}
    for index, mode in enumerate(header.modes[CHANNELS:], CHANNELS):
        role = MODES.get(mode, "")
        if not role or (spec and spec.settles(role)):
            continue
        found[role].append(Pick(index, f"line {header.modes_line}: {names[index]} has mode {mode}, {role}"))
    for role in ("i0", "transmitted"):
        if len(found[role]) > 1:
            first, second = (pick.index + 1 for pick in found[role][:2])
            raise UserError(
                file.at(header.modes_line),
                f"columns {first} and {second} both have the mode of {role}",
                f"say which: `columns: {{{role}: {first}}}`",
            )
    told = f"line {header.labels_line}: column {names[OBSERVED]!r}"
    return Roles(
        angle=Pick(OBSERVED, told),
        d_spacing=header.spacing,
        i0=next(iter(found["i0"]), None),
        transmitted=next(iter(found["transmitted"]), None),
        fluorescence=tuple(found["fluorescence"]),
    )


def _count_notes(header: Header, table: Table) -> tuple[Note, ...]:
    rows = len(table.values)
    if header.points in (0, rows):
        return ()
    return (f"the header announces {header.points} points, the file holds {rows}: was the scan aborted?",)


def _angle_notes(header: Header, table: Table) -> tuple[Note, ...]:
    """How far calculated and observed angle are apart, in eV."""
    if header.spacing is None:
        return ()
    with np.errstate(all="ignore"):
        energies = HC_EV_ANG / (2.0 * header.spacing[0] * np.sin(np.deg2rad(table.values[:, : OBSERVED + 1])))
        off = np.abs(energies[:, CALCULATED] - energies[:, OBSERVED])
    off = np.where(np.isfinite(off), off, 0.0)
    worst = int(off.argmax())
    far = f"{off[worst]:.2g} eV at {energies[worst, OBSERVED]:.0f} eV (line {table.row_line[worst]})"
    return (f"energy: from the observed angle; the calculated one differs by up to {far}",)


def subtract_offsets(
    table: Table, header: Header, names: Sequence[str], roles: Roles
) -> tuple[Table, tuple[str, ...], Roles, tuple[Note, ...]]:
    """Add channels with offset * time subtracted and give them the roles; columns as measured stay."""
    corrected: dict[int, Array] = {}
    notes = list[Note]()
    for index in range(CHANNELS, len(header.labels)):
        offset = header.offsets[index]
        if not offset or not MODES.get(header.modes[index]):
            continue
        dark = offset * table.values[:, TIME]
        counted = table.values[:, index] > 0
        share = float(np.max(dark[counted] / table.values[counted, index], initial=0.0))
        corrected[index] = table.values[:, index] - dark
        notes.append(
            f"dark: {offset:g} counts/s x time subtracted from {names[index]!r} (line {header.offsets_line}), "
            f"at most {share:.2%} of the counts"
        )
    return *with_corrected(table, names, roles, corrected), tuple(notes)
