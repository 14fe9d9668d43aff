"""The page around the axes: title and SIMULATED above; legend and notes below. All lengths in inches.

The height of a panel follows from its parts: first every block is measured, then the figure gets its
height, then the blocks are placed from the bottom up.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.transforms import Bbox
from matplotlib.typing import ColorType

from ntcspec.plot import style
from ntcspec.plot.words import Pen

HANDLE_IN = 0.18  # line in front of a legend label
CORNER = 0.04  # of an axis: tick labels this near to the corner can meet
CORNER_PAD_PT = 5.0
NOTE_COLOUR = "#303030"


@dataclass(frozen=True)
class Head:
    """Letter of the panel, title, wrapped, and whether SIMULATED stands right of it."""

    title: list[str]
    simulated: bool
    letter: str = ""
    indent: float = 0.0  # of the title, behind the letter

    @property
    def height(self) -> float:
        lines = Pen.height(len(self.title), style.LABEL_PT) if self.title else 0.0
        letter = Pen.height(1, style.LETTER_PT) if self.letter else 0.0
        return max(lines, letter, Pen.height(1) if self.simulated else 0.0)


@dataclass(frozen=True)
class Legend:
    """Colour and wrapped label of each sample, top to bottom, in equal columns."""

    rows: list[tuple[ColorType, list[str]]] = field(default_factory=list)
    columns: int = 1

    @property
    def depth(self) -> int:
        """Entries in a column."""
        return -(-len(self.rows) // self.columns)

    @property
    def height(self) -> float:
        blocks = [self.rows[i : i + self.depth] for i in range(0, len(self.rows), self.depth or 1)]
        return max((sum(Pen.height(len(lines)) for _, lines in block) for block in blocks), default=0.0)


def head(pen: Pen, title: str, simulated: bool) -> Head:
    """Measure the block above the axes."""
    indent = pen.width(pen.letter, style.LETTER_PT, "bold") + style.GAP_IN if pen.letter else 0.0
    room = pen.room.width - 2 * style.EDGE_IN - indent
    beside = room - pen.width("SIMULATED", weight="bold") - 2 * style.GAP_IN if simulated else room
    lines = pen.wrap(title, room, style.LABEL_PT, beside) if title.strip() else []
    return Head(lines, simulated, pen.letter, indent)


def legend(pen: Pen, labels: list[tuple[ColorType, str]]) -> Legend:
    """As many columns, up to three, as let every label stand on one line; else one column with broken lines."""
    room = pen.room.width - 2 * style.EDGE_IN
    for columns in (3, 2, 1):
        width = room / columns - HANDLE_IN - 2 * style.GAP_IN
        rows = [(colour, pen.wrap(label, width)) for colour, label in labels]
        if columns == 1 or all(len(lines) == 1 for _, lines in rows):
            return Legend(rows, min(columns, max(len(rows), 1)))
    raise AssertionError("unreachable")


def notes(pen: Pen, texts: tuple[str, ...]) -> list[str]:
    """The notes as lines; each note starts a new one."""
    room = pen.room.width - 2 * style.EDGE_IN
    return [line for note in texts for line in pen.wrap(note, room)]


def write_head(pen: Pen, block: Head, top: float) -> None:
    """Letter and title at the left, SIMULATED at the right end of the first line."""
    first = style.LETTER_PT if block.letter else style.LABEL_PT if block.title else style.FONT_PT
    if block.letter:
        pen.write(style.EDGE_IN, top, [block.letter], "letter", size=style.LETTER_PT, weight="bold")
    drop = (Pen.height(1, first) - Pen.height(1, style.LABEL_PT)) / 2
    pen.write(style.EDGE_IN + block.indent, top - drop, block.title, "title", size=style.LABEL_PT)
    if block.simulated:
        drop = (Pen.height(1, first) - Pen.height(1)) / 2
        right = pen.room.width - style.EDGE_IN
        pen.write(right, top - drop, ["SIMULATED"], "simulated", ha="right", color=style.MARK, weight="bold")


def write_notes(pen: Pen, lines: list[str], top: float) -> None:
    """Notes, left aligned."""
    pen.write(style.EDGE_IN, top, lines, "note", color=NOTE_COLOUR)


def write_legend(pen: Pen, block: Legend, top: float) -> None:
    """Short line and label for each sample, column by column."""
    width = (pen.room.width - 2 * style.EDGE_IN) / block.columns
    y = top
    for i, (colour, lines) in enumerate(block.rows):
        x = style.EDGE_IN + width * (i // block.depth)
        y = top if i % block.depth == 0 else y
        middle = y - Pen.height(1) / 2
        handle = Line2D([x, x + HANDLE_IN], [middle, middle], color=colour, transform=pen.inches)
        handle.set_gid("legend")
        pen.figure.add_artist(handle)
        pen.write(x + HANDLE_IN + style.GAP_IN, y, lines, "label")
        y -= Pen.height(len(lines))


def margins(pen: Pen, axes: Axes) -> Bbox:
    """How far ticks and labels of the axes reach beyond its frame: (left, bottom, right, top) as extents."""
    outer = axes.get_tightbbox(pen.renderer, for_layout_only=False)
    assert outer is not None
    inner = axes.get_window_extent(pen.renderer)
    dpi = pen.figure.dpi
    return Bbox.from_extents(
        (inner.x0 - outer.x0) / dpi,
        (inner.y0 - outer.y0) / dpi,
        (outer.x1 - inner.x1) / dpi,
        (outer.y1 - inner.y1) / dpi,
    )


def settle(pen: Pen, below: float, frame: float, *above: float, least: float) -> tuple[float, float, float]:
    """Settle the height of a panel whose parts need that much; its frame takes what its room has more, or less.

    least: how low the frame may become, at least.
    Returns how far everything below the frame is raised, the height of the panel and that of the frame.
    """
    room = pen.room
    lift, drop = max(room.below - below, 0.0), max(room.above - sum(above), 0.0)
    total = sum(above, below + frame)
    spare = room.height - total - lift - drop if room.height else 0.0
    total += lift + drop + spare
    pen.take(total, below + lift, sum(above) + drop, least)
    return lift, total, frame + spare


def clear_corner(axes: Axes) -> None:
    """Move the labels of the horizontal axis down where the two axes both have one in the lower left corner."""
    meets = []
    for axis, (low, high) in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
        meets.append(any(abs(tick - low) < CORNER * (high - low) for tick in axis.get_majorticklocs()))
    if all(meets):
        axes.tick_params(axis="x", which="major", pad=CORNER_PAD_PT)


def place(pen: Pen, axes: Axes, left: float, bottom: float, width: float, height: float) -> None:
    """Put the frame of the axes there."""
    page_width, page_height = pen.took.width, pen.took.height
    axes.set_position((left / page_width, bottom / page_height, width / page_width, height / page_height))
