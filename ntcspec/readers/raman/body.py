"""Tables of numbers below a header, in the layouts that LabSpec writes.

    empty cells before the axis   layout
    none, two columns             a single spectrum: rows `axis, intensity`
    1                             series, or line: first row the axis; rows `coordinate, intensities`
    2                             map: rows `first coordinate, second coordinate, intensities`
    3                             volume

A decimal comma is told from the cells: with tabs, blanks or semicolons between them a comma inside is one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ntcspec.errors import UserError
from ntcspec.readers.table import NUMBER, numbers_of
from ntcspec.readers.text import TextFile, shorten
from ntcspec.types import Array, Note

_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+(?:[eE][+-]?[0-9]+)?")
COMMENT = ("#", "%", "!", "//")
INCOMPLETE = "is the file complete? export it again"


@dataclass(frozen=True)
class Body:
    """axis (n,), intensity (m, n), coordinates (m, c)."""

    axis: Array
    intensity: Array
    coordinates: Array
    notes: tuple[Note, ...]


def data_lines(file: TextFile, first: int) -> list[int]:
    """Numbers of the lines from `first` on that are neither blank nor a comment."""
    return [
        n
        for n, words in enumerate(file.lines[first - 1 :], first)
        if words.strip() and not words.lstrip(" ").startswith(COMMENT)
    ]


def read_body(file: TextFile, lines: Sequence[int]) -> Body:
    """The numbers of these lines, whatever the layout.

    Raises
    ------
    UserError
        No rows, a row of another length, a cell that is no number: with its line.
    """
    if not lines:
        raise UserError(file.source, "there is no row of numbers in this file", INCOMPLETE)
    separator = separator_of(file, lines)
    rows = [_cells(file.lines[n - 1], separator) for n in lines]
    lead = next((i for i, cell in enumerate(rows[0]) if cell.strip()), len(rows[0]))
    if separator != "\t" or lead == 0:
        return _single(file, lines, rows)
    return _many(file, lines, rows, lead)


def separator_of(file: TextFile, lines: Sequence[int]) -> str | None:
    """Tab, ';', ',' or None (blanks). A comma separates only where no other separator is there."""
    words = file.lines[lines[0] - 1]
    for separator in ("\t", ";"):
        if separator in words:
            return separator
    return "," if "," in words and len(words.split()) < 2 else (None if "," not in words else _comma_or_blank(words))


def _comma_or_blank(words: str) -> str | None:
    """'101.4, 402' has commas between, '101,4 402,5' blanks."""
    return "," if re.search(r",\s", words) else None


def _cells(words: str, separator: str | None) -> list[str]:
    if separator is None:
        return words.split()
    return words.rstrip(" \r").removesuffix(separator).split(separator)


def numbers(file: TextFile, line: int, cells: Sequence[str]) -> Array:
    """The cells of one line as numbers, decimal commas allowed; UserError names the one that is none."""
    found = numbers_of(cells)
    if found is not None:
        return found
    turned = [cell.strip().replace(",", ".") if _COMMA.fullmatch(cell.strip()) else cell for cell in cells]
    found = numbers_of(turned)
    if found is not None:
        return found
    column = next((i for i, c in enumerate(turned) if NUMBER.fullmatch(c.strip()) is None), 0)
    what = f"{shorten(cells[column], 40)!r} is no number"
    raise UserError(f"{file.at(line)}, column {column + 1}", what, "mend or delete this row")


def _single(file: TextFile, lines: Sequence[int], rows: list[list[str]]) -> Body:
    """Columns: axis, intensity (, intensity of other spectra)."""
    rows, lines, notes = _without_cut_row(file, lines, rows)
    width = len(rows[0])
    if width < 2:
        raise UserError(file.at(lines[0]), "one column where shift and intensity are needed", INCOMPLETE)
    for line, row in zip(lines, rows, strict=True):
        if len(row) != width:
            what = f"{len(row)} columns where the first row has {width}"
            raise UserError(file.at(line), what, "complete or delete this row")
    flat = numbers_of([cell for row in rows for cell in row])
    if flat is None:
        values = np.array([numbers(file, line, row) for line, row in zip(lines, rows, strict=True)])
        notes += _comma_note(rows)
    else:
        values = flat.reshape(len(rows), width)
    count = width - 1
    coordinates = np.arange(1.0, count + 1.0)[:, None] if count > 1 else np.zeros((0, 0))
    return Body(values[:, 0], values[:, 1:].T.copy(), coordinates, notes)


def _many(file: TextFile, lines: Sequence[int], rows: list[list[str]], lead: int) -> Body:
    """First row the axis behind `lead` empty cells."""
    head, *below = rows
    axis = numbers(file, lines[0], head[lead:])
    if not below:
        raise UserError(file.source, "an axis without spectra below it", INCOMPLETE)
    notes: tuple[Note, ...] = _comma_note([head, *below[:3]])
    if len(below) > 1 and len(below[-1]) < len(head):
        notes += (f"line {lines[-1]}, the last one, was left out: it holds {len(below[-1])} of {len(head)} numbers",)
        below, lines = below[:-1], lines[:-1]
    values = np.empty((len(below), len(head)))
    for i, (line, row) in enumerate(zip(lines[1:], below, strict=True)):
        if len(row) != len(head):
            what = f"{len(row)} columns where the axis has {len(head)}"
            raise UserError(file.at(line), what, "complete or delete this row")
        values[i] = numbers(file, line, row)
    return Body(axis, values[:, lead:].copy(), values[:, :lead].copy(), notes)


def _without_cut_row(
    file: TextFile, lines: Sequence[int], rows: list[list[str]]
) -> tuple[list[list[str]], Sequence[int], tuple[Note, ...]]:
    if len(rows) > 1 and len(rows[-1]) < len(rows[0]):
        note = f"line {lines[-1]}, the last one, was left out: it holds {len(rows[-1])} of {len(rows[0])} numbers"
        return rows[:-1], lines[:-1], (note,)
    return rows, lines, ()


def _comma_note(rows: Sequence[Sequence[str]]) -> tuple[Note, ...]:
    """What to say where a cell has a decimal comma."""
    if any(_COMMA.fullmatch(cell.strip()) for row in rows[:50] for cell in row):
        return ("numbers have decimal commas: read as decimal points",)
    return ()
