"""Rows of letters: rectangles, widths, and heights that every panel can live with."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from ntcspec.plot.mosaic import Cell, cells, mistakes, row_heights, usual_rows, width_of


def test_letters_fill_rectangles() -> None:
    assert cells(["AAB", "CD.", "CD."]) == {
        "A": Cell(0, 0, 1, 2),
        "B": Cell(0, 2),
        "C": Cell(1, 0, 2, 1),
        "D": Cell(1, 1, 2, 1),
    }
    assert usual_rows("ABCDE", 2) == ("AB", "CD", "E.")


def test_mistakes() -> None:
    assert mistakes(["AB", "AC"], "ABC") == []
    assert mistakes(["AB", "BA"], "AB") == [
        "the places of 'A' form no rectangle",
        "the places of 'B' form no rectangle",
    ]
    assert mistakes(["AB", "C"], "AD") == [
        "the rows AB, C are not equally long",
        "there is no panel 'B'",
        "there is no panel 'C'",
        "panel 'D' stands in no row",
    ]


def test_columns_and_gutters_fill_the_page() -> None:
    one, two = (width_of(Cell(0, 0, 1, n), 3, 183.0, 3.0) for n in (1, 2))
    assert 3 * one + 2 * 3.0 == pytest.approx(183.0)
    assert one + 3.0 + two == pytest.approx(183.0)


@pytest.mark.parametrize(
    "rows", [["A"], ["AB", "CD"], ["AB", "CB"], ["AAB", "CDB", "CE."], ["ABC", "ADC", "EDF", "EGF"]]
)
def test_heights_are_the_lowest_that_give_every_panel_its_room(rows: list[str]) -> None:
    """Against a linear programme: least sum of heights under every panel's need."""
    rng = np.random.default_rng(1)
    where = cells(rows)
    for _ in range(20):
        needed = dict(zip(where, rng.uniform(1, 4, len(where)), strict=True))
        heights = row_heights(where, needed, len(rows), 0.1)
        for letter, cell in where.items():
            room = sum(heights[cell.row : cell.row + cell.rows]) + 0.1 * (cell.rows - 1)
            assert room >= needed[letter] - 1e-9
        spans = [[float(c.row <= i <= c.last_row) for i in range(len(rows))] for c in where.values()]
        wanted = [needed[n] - 0.1 * (c.rows - 1) for n, c in where.items()]
        best = linprog(np.ones(len(rows)), A_ub=-np.array(spans), b_ub=-np.array(wanted))
        assert sum(heights) == pytest.approx(best.fun, abs=1e-7)


def test_room_to_spare_is_shared() -> None:
    assert row_heights(cells(["AB", "CB"]), {"A": 1.0, "B": 4.0, "C": 1.0}, 2, 0.0) == pytest.approx([2.0, 2.0])
