"""Any other text file: a table of numbers, whose columns the study names.

Labels come from the last header line that has as many of them as the table has columns, or from a list of
'Column.N: name unit' lines. They are names to choose from: nothing gets a role by itself.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from ntcspec.errors import UserError
from ntcspec.readers import axis
from ntcspec.readers.build import Draft, build_scan, unique_names
from ntcspec.readers.roles import ColumnSpec, Roles, suggest_yaml
from ntcspec.readers.table import find_rows, is_number, parse_table, separator_of, split_cells
from ntcspec.readers.text import TextFile
from ntcspec.types.xas import XasScan

__all__ = ["NAME", "ColumnSpec", "labels_of", "read", "recognise", "refuse_without_columns"]

NAME = "columns"
QUOTES = set("\"'\\")  # what blanks within a label take: shlex is slow, and few lines have them
_LISTED = re.compile(r"\s*[#%!*/]*\s*column[\s.]*([0-9]{1,3})\s*[:=]\s*(.*)$", re.IGNORECASE)


def recognise(file: TextFile) -> str:
    """'a table of 9 columns from line 29'; '' if there is none."""
    rows = find_rows(file)
    if not rows.lines:
        return ""
    width = len(split_cells(rows.words[0], separator_of(rows.words[0])))
    return f"a table of {width} columns from line {rows.lines[0]}"


def read(file: TextFile, evidence: str, spec: ColumnSpec | None = None) -> XasScan:
    """Read a table of numbers with the roles that the study gives its columns.

    Raises
    ------
    UserError
        No table, no `spec`, or a column that is not there.
    """
    rows = find_rows(file)
    header_end = rows.lines[0] - 1 if rows.lines else len(file.lines)
    width = len(split_cells(rows.words[0], separator_of(rows.words[0]))) if rows.lines else 0
    labels, units, told = labels_of(file, header_end, width)
    table = parse_table(file, rows, labels)
    if table.values.shape[1] != width:  # the first row is not like the others, parse_table has let the others pass
        labels, units, told = labels_of(file, header_end, table.values.shape[1])
    names = unique_names(labels or [""] * table.values.shape[1])
    if spec is None:
        raise refuse_without_columns(file, names, evidence)
    notes = (f"labels of the columns: {told}",) if told else ()
    below = [n for n in range(rows.lines[-1] + 1, len(file.lines) + 1) if file.lines[n - 1].strip()]
    if below:
        notes = (*notes, f"{len(below)} line(s) below the table were not read (from line {below[0]})")
    draft = Draft(
        file=file,
        format=NAME,
        evidence=evidence,
        header_end=header_end,
        table=table,
        names=names,
        units=units or ("",) * len(names),
        roles=Roles(),
        notes=notes,
    )
    return build_scan(draft, spec)


def refuse_without_columns(file: TextFile, names: tuple[str, ...], evidence: str) -> UserError:
    """What to say when no format is recognised and the study names no columns."""
    return UserError(file.source, f"the format of this file is not known ({evidence})", suggest_yaml(names))


def labels_of(file: TextFile, header_end: int, width: int) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """Labels, units and the line(s) that hold them; empty where no line has `width` labels."""
    listed: dict[int, tuple[str, int]] = {}
    for number, line in enumerate(file.lines[:header_end], 1):
        match = _LISTED.match(line)
        if match:
            listed[int(match.group(1))] = (match.group(2).split("||")[0].strip(), number)
    if width and sorted(listed) == list(range(1, width + 1)):
        cells = [listed[n][0].split() or [""] for n in range(1, width + 1)]
        first, last = listed[1][1], listed[width][1]
        units = tuple(" ".join(rest) or axis.unit_in_name(name) for name, *rest in cells)
        return tuple(name for name, *_ in cells), units, f"lines {first} to {last}"
    for number in range(header_end, 0, -1) if width else ():
        for labels in _splits(file.lines[number - 1]):
            spoken = [label for label in labels if not is_number(label)]
            if len(labels) == width and 2 * len(spoken) > width:
                return tuple(labels), tuple(axis.unit_in_name(label) for label in labels), file.quote(number)
    return (), (), ""


def _splits(words: str) -> Iterator[list[str]]:
    """Ways to cut a line into labels: at tabs, commas or semicolons, gaps of two blanks, blanks."""
    words = words.strip().lstrip("#%!*/").strip()
    for separator in ("\t", ",", ";"):
        if separator in words:
            yield [label.strip(" \t\"'") for label in words.split(separator)]
    yield [label.strip("\"'") for label in re.split(r"\s{2,}|\t+", words)]
    try:
        yield shlex.split(words) if QUOTES & set(words) else words.split()
    except ValueError:
        yield words.split()
