"""Where the panels of a figure stand: rows of letters, as in ['BC', 'DD']. Standard library only.

A letter that stands several times fills all of these places, which must form a rectangle; '.' stays free.
All columns are equally wide; the heights of the rows follow from what the panels need.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ntcspec.errors import did_you_mean

FREE = "."
GUTTER_MM = 3.5  # between panels
USUAL_MM, LEAST_MM = 80.0, 55.0  # width of a panel: what it should have, and what it must have


@dataclass(frozen=True)
class Cell:
    """The rectangle of one panel: first row and column, and how many of each."""

    row: int
    column: int
    rows: int = 1
    columns: int = 1

    @property
    def last_row(self) -> int:
        return self.row + self.rows - 1


def usual_rows(letters: Sequence[str], columns: int) -> tuple[str, ...]:
    """The letters in their order, row by row."""
    starts = range(0, len(letters), columns)
    return tuple("".join(letters[i : i + columns]).ljust(columns, FREE) for i in starts)


def cells(rows: Sequence[str]) -> dict[str, Cell]:
    """The rectangle of each letter, in reading order; `mistakes` must have found nothing."""
    found: dict[str, Cell] = {}
    for letter in dict.fromkeys("".join(rows).replace(FREE, "")):
        places = [(i, j) for i, row in enumerate(rows) for j, one in enumerate(row) if one == letter]
        (top, left), (bottom, right) = map(min, zip(*places, strict=True)), map(max, zip(*places, strict=True))
        found[letter] = Cell(top, left, bottom - top + 1, right - left + 1)
    return found


def mistakes(rows: Sequence[str], letters: Iterable[str]) -> list[str]:
    """What is wrong with rows that are to show these letters, in words."""
    wanted, text = list(letters), "".join(rows)
    wrong = []
    if len({len(row) for row in rows}) > 1:
        wrong.append(f"the rows {', '.join(rows)} are not equally long")
    strange = [letter for letter in dict.fromkeys(text.replace(FREE, "")) if letter not in wanted]
    wrong += [f"there is no panel {letter!r}{did_you_mean(letter, wanted)}" for letter in strange]
    wrong += [f"panel {letter!r} stands in no row" for letter in wanted if letter not in text]
    if wrong:
        return wrong
    torn = [n for n, cell in cells(rows).items() if text.count(n) != cell.rows * cell.columns]
    return [f"the places of {letter!r} form no rectangle" for letter in torn]


def width_of(cell: Cell, columns: int, page: float, gutter: float) -> float:
    """Width of a panel on a page of that many columns, in the unit of `page`."""
    column = (page - gutter * (columns - 1)) / columns
    return column * cell.columns + gutter * (cell.columns - 1)


def row_heights(where: Mapping[str, Cell], needed: Mapping[str, float], rows: int, gutter: float) -> list[float]:
    """Heights of the rows, without gutters: the page is as low as can be, and room to spare is shared evenly.

    A row's edge can lie anywhere between two places: as high, and as low, as the panels above and below let it.
    The middle of both keeps every panel its height, because each need is a linear inequality.
    """
    high, low = [0.0] * (rows + 1), [0.0] * (rows + 1)
    for edge in range(1, rows + 1):
        ends = [(high[c.row] + needed[n] + gutter) for n, c in where.items() if c.last_row + 1 == edge]
        high[edge] = max([high[edge - 1], *ends])
    low[rows] = high[rows]
    for edge in range(rows - 1, -1, -1):
        starts = [low[c.last_row + 1] - needed[n] - gutter for n, c in where.items() if c.row == edge]
        low[edge] = min([low[edge + 1], *starts])
    middle = [(a + b) / 2 for a, b in zip(high, low, strict=True)]
    return [max(b - a - gutter, 0.0) for a, b in pairwise(middle)]
