"""SPEC data files: many scans in one file, as spec and its followers write them.

    #F /data/foil                                  file header
    #S 12 ascan  energy 9800 10800 1000 1          scan 12 and its command
    #U, #C, #D ..                                  about the scan
    #N 4                                           number of columns
    #L energy  Seconds  I0  It                     labels, two blanks between them
    9800 1 1000 500                                rows
    @A 0 1 5 9\\                                    spectra of a multichannel analyser: passed over

A scan is named by its number; where numbers occur twice, as '12.1', '12.2'.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from ntcspec.errors import UserError
from ntcspec.readers import axis
from ntcspec.readers.build import Draft, build_scan, unique_names
from ntcspec.readers.roles import ColumnSpec, Pick, Roles, detectors_by_name
from ntcspec.readers.table import Rows, parse_table
from ntcspec.readers.text import TextFile
from ntcspec.types import Note
from ntcspec.types.xas import XasScan

NAME = "spec"
_SCAN = re.compile(r"#S\s+([0-9]{1,9})\b\s*(.*)$")
_FILE = re.compile(r"#F\s+\S")
_ENERGY = re.compile(
    r"(?:mono[ _]?|hr|dcm[ _]?)*(?:energy|en|nrj|mono_?e)(?:[ _]?(?:ev|kev))?(?:\s*[(\[/]\s*k?ev\s*[)\]]?)?",
    re.IGNORECASE,
)
_ABORTED = re.compile(r"#C.*\baborted\b", re.IGNORECASE)


@dataclass(frozen=True)
class Block:
    """One scan: `first` is the line of #S, `last` the last line before the next scan."""

    name: str
    command: str
    first: int
    last: int


def recognise(file: TextFile) -> str:
    """The line #F, or #S where there is none, and the first line of labels; '' unless the file begins so."""
    start = next((n for n, words in enumerate(file.lines, 1) if words.strip()), 0)
    words = file.lines[start - 1]
    if not start or not (_FILE.match(words) or _SCAN.match(words)):
        return ""
    scan = labels = 0
    for number, words in enumerate(file.lines, 1):
        scan = scan or (number if _SCAN.match(words) else 0)
        if scan and words.startswith("#L "):
            labels = number
            break
    return f"{file.quote(scan)}; {file.quote(labels)}" if labels else ""


def names(file: TextFile) -> tuple[str, ...]:
    """Numbers of the scans, in the order of the file."""
    return tuple(block.name for block in blocks_of(file))


def read(file: TextFile, evidence: str, spec: ColumnSpec | None = None, name: str = "") -> XasScan:
    """Read the scan called `name`; the first where no name is given.

    Raises
    ------
    UserError
        No rows, labels and rows that contradict each other, or no column with a known role.
    """
    blocks = blocks_of(file)
    block = next(b for b in blocks if b.name == name or not name)
    part, at_end = _part(file, blocks, block, name)
    labels, line = _labels(part, block)
    rows = _rows(part, block)
    if not rows.lines:
        raise UserError(part.at(block.first), f"scan {block.name} has no rows", "select another scan")
    table = parse_table(replace(part, ends_with_newline=part.ends_with_newline or not at_end), rows, labels)
    width = table.values.shape[1]
    if width != len(labels) and len(" ".join(labels).split()) == width:  # written with one blank between labels
        labels = tuple(" ".join(labels).split())
    if width != len(labels):
        raise UserError(
            part.at(line),
            f"{len(labels)} labels for rows of {width} numbers",
            "two blanks or more stand between labels, one within a label: mend the line #L",
        )
    columns = unique_names(labels)
    told = [f"line {line}: label {label!r}" for label in labels]
    header = _header_lines(part, block)
    roles = _roles(part, columns, told, spec)
    draft = Draft(
        file=replace(part, lines=header),
        format=NAME,
        evidence=f"{evidence}; scan {block.name}, {file.quote(block.first)}",
        header_end=len(header),
        table=table,
        names=columns,
        units=tuple(axis.unit_in_name(label) for label in columns),
        roles=roles,
        notes=_notes(part, block, columns, roles),
    )
    return build_scan(draft, spec)


@lru_cache(maxsize=1)  # names() and each read() of the same file follow each other
def blocks_of(file: TextFile) -> tuple[Block, ...]:
    """The scans of a file and the lines that each takes."""
    found = [(n, match) for n, words in enumerate(file.lines, 1) if (match := _SCAN.match(words))]
    ends = [n - 1 for n, _ in found[1:]] + [len(file.lines)]
    often, seen = Counter(match.group(1) for _, match in found), Counter[str]()
    blocks = []
    for (line, match), end in zip(found, ends, strict=True):
        number = match.group(1)
        seen[number] += 1
        name = f"{number}.{seen[number]}" if often[number] > 1 else number
        blocks.append(Block(name, match.group(2).strip(), line, end))
    return tuple(blocks)


def _part(file: TextFile, blocks: Sequence[Block], block: Block, name: str) -> tuple[TextFile, bool]:
    """The file under the name of its scan, and whether this scan is the last."""
    source = f"{file.source}::{name}" if name and len(blocks) > 1 else file.source
    return replace(file, source=source), block is blocks[-1]


def _labels(file: TextFile, block: Block) -> tuple[tuple[str, ...], int]:
    for number in range(block.first, block.last + 1):
        words = file.lines[number - 1]
        if words.startswith("#L "):
            return tuple(re.split(r"\s{2,}|\t", words[3:].strip())), number
    raise UserError(file.at(block.first), f"scan {block.name} has no line #L with labels", "select another scan")


def _rows(file: TextFile, block: Block) -> Rows:
    lines, kept, continued = [], [], False
    for number in range(block.first, block.last + 1):
        words = file.lines[number - 1]
        spectrum, continued = continued or words.startswith("@"), False
        if spectrum:
            continued = words.rstrip().endswith("\\")
        elif words.strip() and not words.startswith("#"):
            lines.append(number)
            kept.append(words)
    return Rows(tuple(lines), tuple(kept))


def _header_lines(file: TextFile, block: Block) -> tuple[str, ...]:
    """The header of the file and the comment lines of the scan."""
    top = []
    for words in file.lines:
        if _SCAN.match(words):
            break
        top.append(words)
    own = [words for words in file.lines[block.first - 1 : block.last] if words.startswith("#")]
    return (*top, *own)


def _roles(file: TextFile, labels: Sequence[str], told: Sequence[str], spec: ColumnSpec | None) -> Roles:
    roles = detectors_by_name(labels, told, file.source, spec)
    energies = [index for index, label in enumerate(labels) if _ENERGY.fullmatch(label.strip())]
    if spec and (spec.energy is not None or spec.angle is not None):
        return roles
    if len(energies) > 1 and energies[0] != 0:
        shown = " and ".join(f"{i + 1} {labels[i]!r}" for i in energies[:2])
        raise UserError(
            file.source,
            f"columns {shown} both look like the energy",
            f"say which: `columns: {{energy: {energies[0] + 1}}}`",
        )
    return replace(roles, energy=Pick(energies[0], told[energies[0]])) if energies else roles


def _notes(file: TextFile, block: Block, labels: Sequence[str], roles: Roles) -> tuple[Note, ...]:
    lines = range(block.first, block.last + 1)
    notes = [f"the scan was aborted ({file.quote(n)})" for n in lines if _ABORTED.match(file.lines[n - 1])]
    if any(file.lines[n - 1].startswith("@") for n in lines):
        notes.append("spectra of a multichannel analyser were not read")
    others = [name for name in labels[1:] if _ENERGY.fullmatch(name.strip())]
    if roles.energy and roles.energy.index == 0 and others:
        notes.append(f"energy is the scanned column, {labels[0]!r}, not {others[0]!r}")
    return tuple(notes)
