"""Where an inset can stand: the frame as a grid of cells, some of them covered by curves. numpy only.

All lengths in inches from the lower left corner of the frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ntcspec.plot import stack
from ntcspec.plot.data import Mark, Series
from ntcspec.types import Array

Box = tuple[float, float, float, float]  # left, bottom, right, top
CELL_IN = 0.025
FROM_FRAME_IN = 0.06
SIZES_IN = ((1.15, 0.8), (1.0, 0.7), (0.85, 0.6), (0.7, 0.5))  # of the frame of the inset, largest first
NARROW_IN = (0.5, 0.45)  # where none of these has room, in a narrow panel
TICKS_IN = (0.32, 0.17, 0.08, 0.06)  # usual reach of tick labels: left, bottom, right, top
USUAL_WIDTH_IN = 2.3  # of the frame of a panel; the labels beside it make it wider or narrower
HEIGHT_IN = 0.5  # what the frame of a panel with inset is higher than without
STEPS = 40  # in which the vertical range is extended until an inset fits


@dataclass(frozen=True)
class Frame:
    """A frame on paper and the ranges that it shows."""

    width: float
    height: float
    x_limits: tuple[float, float]
    y_limits: tuple[float, float]


def _columns(one: Series, x_limits: Sequence[float], number: int) -> tuple[Array, Array]:
    """Lowest and highest ordinate of a curve with its bands in each column of cells; inf, -inf where it is not."""
    bottom, top = np.full(number, np.inf), np.full(number, -np.inf)
    low, high = stack.ends(one)
    good = np.isfinite(low) & np.isfinite(high)
    if good.any():
        x, low, high = one.x[good], low[good] + one.offset, high[good] + one.offset
        edges = np.linspace(x_limits[0], x_limits[1], number + 1)
        at = np.union1d(x, edges)
        at = at[(at >= max(x[0], x_limits[0])) & (at <= min(x[-1], x_limits[1]))]
        for side in ("left", "right"):  # a point on an edge belongs to the columns on both sides
            column = np.clip(np.searchsorted(edges, at, side=side) - 1, 0, number - 1)
            np.minimum.at(bottom, column, np.interp(at, x, low))
            np.maximum.at(top, column, np.interp(at, x, high))
    return bottom, top


def mark_box(frame: Frame, mark: Mark) -> Box:
    """Roughly where a mark stands."""
    (x0, x1), (y0, y1) = frame.x_limits, frame.y_limits
    x, y = (mark.x - x0) / (x1 - x0) * frame.width, (mark.y - y0) / (y1 - y0) * frame.height
    half = stack.MARK_REACH * frame.width
    return x - half, y, x + half, y + stack.MARK_IN


def covered(frame: Frame, series: Iterable[Series], boxes: Iterable[Box]) -> Array:
    """Cells with a curve, a band or a box in them: 1, others 0; shape (rows, columns)."""
    columns, rows = max(int(frame.width / CELL_IN), 1), max(int(frame.height / CELL_IN), 1)
    cells = np.zeros((rows, columns))
    (y0, y1), row = frame.y_limits, np.arange(rows)[:, None]
    for one in series:
        bottom, top = ((edge - y0) / (y1 - y0) * rows for edge in _columns(one, frame.x_limits, columns))
        cells[(row + 1 >= bottom) & (row <= top)] = 1.0
    for left, low, right, high in boxes:
        first, last, bottom_row, top_row = (max(int(v / CELL_IN), 0) for v in (left, right, low, high))
        cells[bottom_row : top_row + 1, first : last + 1] = 1.0
    return cells


def best_place(cells: Array, size: tuple[float, float]) -> tuple[float, float, float]:
    """Left and bottom of a block of that size, and how many covered cells it hides: as few as possible.

    Among equal places the one nearest to a corner, the upper left first.
    """
    rows, columns = cells.shape
    high, wide = (min(round(s / CELL_IN) + 1, n) for s, n in ((size[1], rows), (size[0], columns)))
    gap = round(FROM_FRAME_IN / CELL_IN)
    total = np.pad(np.cumsum(np.cumsum(cells, axis=0), axis=1), ((1, 0), (1, 0)))
    hidden = total[high:, wide:] - total[:-high, wide:] - total[high:, :-wide] + total[:-high, :-wide]
    row, column = np.indices(hidden.shape)
    last_row, last_column = hidden.shape[0] - 1, hidden.shape[1] - 1
    lower, right = row < last_row / 2, column > last_column / 2
    away_y = np.where(lower, np.abs(row - gap), np.abs(last_row - gap - row))
    away_x = np.where(right, np.abs(last_column - gap - column), np.abs(column - gap))
    rank = (away_y + away_x) * 4 + lower * 2 + right
    best = np.lexsort((rank.ravel(), hidden.ravel()))[0]
    i, j = np.unravel_index(best, hidden.shape)
    return float(j) * CELL_IN, float(i) * CELL_IN, float(hidden[i, j])


def outer(size: tuple[float, float], reach: Sequence[float] = TICKS_IN) -> tuple[float, float]:
    """Width and height with tick labels that reach (left, bottom, right, top) beyond the frame."""
    return size[0] + reach[0] + reach[2], size[1] + reach[1] + reach[3]


def make_room(series: Sequence[Series], marks: Sequence[Mark], x_limits: Array, y_limits: Array) -> Array:
    """The vertical limits, extended upwards as far as an inset of a middle size needs to cover no curve."""
    low, high = float(y_limits[0]), float(y_limits[1])
    height = stack.frame_height(len({s.colour for s in series})) + HEIGHT_IN
    for step in range(STEPS + 1):
        top = high + (high - low) * step / STEPS
        frame = Frame(USUAL_WIDTH_IN, height, (float(x_limits[0]), float(x_limits[1])), (low, top))
        cells = covered(frame, series, [mark_box(frame, m) for m in marks])
        if not best_place(cells, outer(SIZES_IN[1]))[2]:
            break
    return np.array([low, top])
