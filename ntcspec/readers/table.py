"""Rows of numbers in a text file, with the line that each row stands on.

Steps: find the separator, drop a last line that was cut off while it was written, read everything
in one go, and only if that fails walk row by row to the culprit and name it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np
import numpy.typing as npt

from ntcspec.errors import UserError
from ntcspec.readers.text import TextFile, shorten
from ntcspec.types import Array, Note

NUMBER = re.compile(
    r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eEdD][+-]?[0-9]+)?|nan|inf(?:inity)?)", re.ASCII | re.IGNORECASE
)
COMMENT = re.compile(r"\s*(?:#|%|!|\*|//)")
_FIRST_NUMBER = re.compile(rf"\s*{NUMBER.pattern}(?=[\s,;]|$)", re.ASCII | re.IGNORECASE)
_TAIL = re.compile(r"[.eEdD].*$")
_LEADING_ZERO = re.compile(r"(?:^|,)[ \t]*[+-]?0[0-9]")
POINT = "write the numbers with a decimal point, and commas only between columns"


@dataclass(frozen=True)
class Rows:
    """Lines that should be rows of numbers: their text and their line numbers from 1."""

    lines: tuple[int, ...]
    words: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """`values` has shape (rows, columns); `row_line` the line of each row, from 1."""

    values: Array
    row_line: npt.NDArray[np.int64]
    notes: tuple[Note, ...]


def is_number(word: str) -> bool:
    """Whether `word` is one number as beamlines write it (Fortran's 1.0D+03, NaN and Inf included)."""
    return NUMBER.fullmatch(word.strip()) is not None


def to_number(word: str) -> float:
    """The value of a word that `is_number` takes for one."""
    return float(word.strip().replace("D", "E").replace("d", "e"))


def numbers_of(words: Sequence[str]) -> Array | None:
    """All words at once as numbers; None where one of them needs a closer look."""
    joined = "".join(words)
    if not joined.isascii() or "_" in joined:  # float() would take digits of other scripts and 1_000
        return None
    if "d" in joined or "D" in joined:
        words = [word.replace("D", "E").replace("d", "e") for word in words]
    try:
        return np.array(list(map(float, words)), dtype=np.float64)
    except ValueError:
        return None


def split_cells(words: str, separator: str | None) -> list[str]:
    """Cells of one row; `separator` None stands for blanks and tabs. A trailing separator adds no cell."""
    if separator is None:
        return words.split()
    words = words.strip()
    return words.removesuffix(separator).split(separator)


def separator_of(words: str) -> str | None:
    """';', ',' or None (blanks and tabs), from one row."""
    return next((s for s in (";", ",") if s in words), None)


def rows_below(file: TextFile, header_end: int) -> Rows:
    """Every line below line `header_end` that is neither blank nor a comment."""
    found = [
        (number, words)
        for number, words in enumerate(file.lines[header_end:], header_end + 1)
        if words and not words.isspace() and not COMMENT.match(words)
    ]
    return Rows(tuple(n for n, _ in found), tuple(w for _, w in found))


def parse_table(file: TextFile, rows: Rows, labels: Sequence[str] = ()) -> Table:
    """Numbers of `rows`; `labels` name the columns in errors.

    Raises
    ------
    UserError
        No rows, a row of another length, or a cell that is no number: with line and column.
    """
    if not rows.lines:
        raise UserError(file.source, "there is no row of numbers in this file", "is it a raw scan, and complete?")
    separator = separator_of(rows.words[0])
    cells = [split_cells(words, separator) for words in rows.words]
    _refuse_decimal_comma(file, rows, separator)
    numbers, notes = list(rows.lines), list[Note]()
    reason = _cut_off(file, cells)
    if reason:
        line = numbers.pop()
        cells.pop()
        notes.append(f"line {line}, the last one, was left out: {reason}")
    elif not file.ends_with_newline and _may_be_cut(cells):
        notes.append(f"the file ends without a line end: the last number, {cells[-1][-1].strip()}, may be cut off")
    values = _read_fast(cells)
    if values is None:
        values = _read_with_care(file, numbers, cells, labels)
    return Table(values, np.array(numbers, dtype=np.int64), tuple(notes))


def find_rows(file: TextFile) -> Rows:
    """The rows of the longest run of lines that start with a number, in a file of unknown layout.

    Comments and blank lines do not end a run. Short runs of another width (tables of scan regions) belong
    to the header.

    Raises
    ------
    UserError
        A line of words inside the table, or a second table.
    """
    runs: list[list[tuple[int, str]]] = [[]]
    for number, words in enumerate(file.lines, 1):
        if not words or words.isspace() or COMMENT.match(words):
            continue
        if _FIRST_NUMBER.match(words):
            runs[-1].append((number, words))
        elif runs[-1]:
            runs.append([])
    runs = [run for run in runs if run]
    if not runs:
        return Rows((), ())
    longest = max(runs, key=len)
    _refuse_second_table(file, runs, longest)
    return Rows(tuple(n for n, _ in longest), tuple(w for _, w in longest))


def _refuse_second_table(file: TextFile, runs: list[list[tuple[int, str]]], longest: list[tuple[int, str]]) -> None:
    width = _width_of_run(longest)
    for upper, lower in pairwise(runs):
        other = upper if lower is longest else lower
        if longest not in (upper, lower) or _width_of_run(other) != width:
            continue
        between = [n for n in range(upper[-1][0] + 1, lower[0][0]) if file.lines[n - 1].strip()]
        words = [n for n in between if not COMMENT.match(file.lines[n - 1])]
        if len(words) == 1 or 4 * len(other) > len(longest):
            line = words[0]
            raise UserError(
                file.at(line),
                f"{shorten(file.lines[line - 1], 60)!r} interrupts the table: rows of {width} numbers stand above "
                "and below it",
                "mend the line, or make one file of each scan",
            )


def _width_of_run(run: list[tuple[int, str]]) -> int:
    widths = Counter(len(split_cells(words, separator_of(words))) for _, words in run[:20])
    return widths.most_common(1)[0][0]


def _refuse_decimal_comma(file: TextFile, rows: Rows, separator: str | None) -> None:
    for line, words in zip(rows.lines[:200], rows.words[:200], strict=True):
        cells = split_cells(words, separator)
        if separator == ",":
            comma = bool(_LEADING_ZERO.search(words)) or any(len(cell.split()) > 1 for cell in cells)
        else:
            comma = any(re.fullmatch(r"[+-]?[0-9]+,[0-9]*(?:[eEdD][+-]?[0-9]+)?", cell.strip()) for cell in cells)
        if comma:
            raise UserError(file.at(line), f"{shorten(words, 60)!r} seems to hold decimal commas", POINT)


def _usual_width(cells: list[list[str]]) -> int:
    return Counter(map(len, cells)).most_common(1)[0][0]


def _cut_off(file: TextFile, cells: list[list[str]]) -> str:
    """Why the last row must be taken for one that was cut while it was written; '' if it need not."""
    if len(cells) < 2:
        return ""
    width, last = _usual_width(cells[:-1]), cells[-1]
    if len(last) < width:
        return f"it holds {len(last)} of {width} numbers"
    if file.ends_with_newline or len(last) != width:
        return ""
    if not is_number(last[-1]):
        return f"it breaks off at {shorten(last[-1], 20)!r}"
    usual = _tail_length(cells[:-1])
    if usual and len(_tail(last[-1])) < usual:
        return f"its last number, {last[-1].strip()}, is cut off"
    return ""


def _may_be_cut(cells: list[list[str]]) -> bool:
    """The last number of an unfinished line is whole for sure only if all above have its number of decimals."""
    return len(cells) < 2 or _tail_length(cells[:-1]) == 0


def _tail(cell: str) -> str:
    """What follows the integer part: '.073' of '9681.073'."""
    found = _TAIL.search(cell.strip())
    return found.group() if found else ""


def _tail_length(cells: list[list[str]]) -> int:
    """Length of the tail of the last column where all rows agree on it, else 0."""
    lengths = {len(_tail(row[-1])) for row in cells if row}
    return lengths.pop() if len(lengths) == 1 else 0


def _read_fast(cells: list[list[str]]) -> Array | None:
    """All cells at once; None where a cell or a width needs a closer look."""
    width = len(cells[0])
    if any(len(row) != width for row in cells):
        return None
    values = numbers_of(list(chain.from_iterable(cells)))
    return None if values is None else values.reshape(len(cells), width)


def _read_with_care(file: TextFile, numbers: list[int], cells: list[list[str]], labels: Sequence[str]) -> Array:
    width = _usual_width(cells)
    values = np.empty((len(cells), width))
    for index, (line, row) in enumerate(zip(numbers, cells, strict=True)):
        if len(row) != width:
            raise UserError(
                file.at(line), f"{len(row)} columns where the other rows have {width}", "complete or delete this row"
            )
        for column, cell in enumerate(row):
            if not is_number(cell):
                name = f" {labels[column]!r}" if column < len(labels) else ""
                raise UserError(
                    f"{file.at(line)}, column {column + 1}{name}",
                    f"{shorten(cell, 40)!r} is no number",
                    "mend or delete this row",
                )
            values[index, column] = to_number(cell)
    return values
