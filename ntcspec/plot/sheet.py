"""Several panels on one page, each with its letter: a figure as journals print it.

Every panel is drawn twice: once alone, to learn how high it must be at its width, then in its place. Text keeps its
size; where the page is not high enough, the frames of the axes get lower. Frames of curves that stand in one row begin
and end at the same height, and a sample has one colour in all panels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec

from ntcspec.plot import style
from ntcspec.plot.data import PanelData
from ntcspec.plot.figure import describe, draw_panel
from ntcspec.plot.mosaic import GUTTER_MM, Cell, cells, row_heights, width_of
from ntcspec.plot.words import Pen, Room

GUTTER_IN = GUTTER_MM / 25.4
BOLD = 1.2  # bold letters are wider than those that are measured to break lines, at most by that


@dataclass(frozen=True)
class Page:
    """The paper: width, the height that it has at most, what stands above the panels, and the order of colours."""

    width_in: float
    height_in: float
    title: str = ""
    samples: tuple[str, ...] = ()


def draw_figure(panels: Mapping[str, PanelData], rows: Sequence[str], page: Page) -> Figure:
    """The figure of panels by letter, in `rows` (see `ntcspec.plot.mosaic`); its label describes it in words."""
    where, columns = cells(rows), len(rows[0])
    panels = _one_colour_a_sample({letter: panels[letter] for letter in where}, page.samples)
    with style.context():
        title = _title(page)
        head = style.EDGE_IN + Pen.height(len(title), style.LABEL_PT) if title else 0.0
        widths = {n: width_of(cell, columns, page.width_in, GUTTER_IN) for n, cell in where.items()}
        rooms = _aligned({n: _measured(panels[n], n, widths[n]) for n in where}, where, panels)
        heights = _row_heights(rooms, where, len(rows), page.height_in - head)
        total = head + sum(heights) + GUTTER_IN * (len(rows) - 1)
        figure = Figure(figsize=(page.width_in, total), dpi=style.DPI, facecolor="white")
        top = Pen(figure, Room(page.width_in, total))
        top.write(style.EDGE_IN, total - style.EDGE_IN, title, "title", size=style.LABEL_PT, weight="bold")
        grid = _grid(figure, head, heights, width_of(Cell(0, 0), columns, page.width_in, GUTTER_IN), columns)
        for letter, cell in where.items():
            across = slice(2 * cell.column, 2 * (cell.column + cell.columns) - 1)
            down = slice(1 + 2 * cell.row, 2 * (cell.row + cell.rows))
            part = figure.add_subfigure(grid[down, across])
            part.set_gid(f"panel_{letter}")
            tall = sum(heights[cell.row : cell.row + cell.rows]) + GUTTER_IN * (cell.rows - 1)
            draw_panel(Pen(part, replace(rooms[letter], height=tall), letter), panels[letter])
        figure.set_label("; ".join(f"{letter}: {describe(panels[letter])}" for letter in where))
        return figure


def _one_colour_a_sample(panels: Mapping[str, PanelData], samples: Sequence[str]) -> dict[str, PanelData]:
    """The panels with colours by sample; a panel whose colours mean something else keeps its own.

    All `samples` have a place in the palette where it has enough colours, so that figures of a study agree; else those
    alone that are drawn.
    """
    drawn = {s.sample for data in panels.values() if _by_sample(data, samples) for s in data.series}
    order = [n for n in samples if n in drawn or len(samples) <= len(style.CYCLE)]
    place = {sample: i for i, sample in enumerate(order)}
    out = dict(panels)
    for letter, data in panels.items():
        if _by_sample(data, samples):
            series = tuple(replace(s, colour=place[s.sample]) for s in data.series)
            inset = tuple(replace(s, colour=place[s.sample]) for s in data.inset)
            marks = tuple(replace(m, colour=place[m.sample]) for m in data.marks)
            out[letter] = replace(data, palette=len(order), series=series, inset=inset, marks=marks)
    return out


def _by_sample(data: PanelData, samples: Sequence[str]) -> bool:
    """Whether each colour of a panel stands for one of the samples."""
    pairs = {(s.sample, s.colour) for s in data.series}
    known = bool(pairs) and all(sample in samples for sample, _ in pairs)
    return known and len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})


def _title(page: Page) -> list[str]:
    """The title above all panels as lines; without one it takes no room."""
    pen = Pen(Figure(figsize=(page.width_in, 1.0), dpi=style.DPI))
    return (
        pen.wrap(page.title, (page.width_in - 2 * style.EDGE_IN) / BOLD, style.LABEL_PT) if page.title.strip() else []
    )


def _measured(data: PanelData, letter: str, width: float) -> Room:
    """What a panel of that width takes, alone."""
    alone = Pen(Figure(figsize=(width, 3.0), dpi=style.DPI), Room(width), letter)
    draw_panel(alone, data)
    return alone.took


def _aligned(rooms: Mapping[str, Room], where: Mapping[str, Cell], panels: Mapping[str, PanelData]) -> dict[str, Room]:
    """The same rooms, such that frames of curves in one row begin, and end, at one height."""
    out = dict(rooms)
    curves = [letter for letter, data in panels.items() if not (data.maps or data.strips)]
    for letter in curves:
        cell, room = where[letter], rooms[letter]
        below = max(rooms[n].below for n in curves if where[n].last_row == cell.last_row)
        above = max(rooms[n].above for n in curves if where[n].row == cell.row)
        out[letter] = Room(room.width, room.height + below - room.below + above - room.above, below, above, room.least)
    return out


def _row_heights(rooms: Mapping[str, Room], where: Mapping[str, Cell], rows: int, most: float) -> list[float]:
    """Heights of the rows: as the panels need, or with lower frames where that is more than `most` together."""
    gutters = GUTTER_IN * (rows - 1)

    def heights(part: float) -> list[float]:
        frames = {n: max(part * (r.height - r.below - r.above), r.least) for n, r in rooms.items()}
        needed = {n: r.below + r.above + frames[n] for n, r in rooms.items()}
        return row_heights(where, needed, rows, GUTTER_IN)

    if sum(heights(1.0)) + gutters <= most:
        return heights(1.0)
    low, high = 0.0, 1.0
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(heights(middle)) + gutters <= most else (low, middle)
    return heights(low)


def _grid(figure: Figure, head: float, heights: Sequence[float], width: float, columns: int) -> GridSpec:
    """Title, then rows with gutters between them; columns with gutters between them."""
    down = [head, *(height for row in heights for height in (row, GUTTER_IN))][:-1]
    across = ([width, GUTTER_IN] * columns)[:-1]
    return GridSpec(len(down), len(across), figure=figure, width_ratios=across, height_ratios=down)
