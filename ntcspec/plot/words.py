"""Text that users wrote, on paper: cleaned, measured in inches and broken into lines.

'$' does not start mathematics by accident: text is literal unless it holds a pair of '$' around something
that only mathtext has ('^', '_', a backslash) and that mathtext can parse, as in 'K$_2$PtCl$_6$'.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure, SubFigure
from matplotlib.font_manager import FontProperties
from matplotlib.mathtext import MathTextParser
from matplotlib.text import Text
from matplotlib.transforms import Affine2D, Transform

from ntcspec.plot import style
from ntcspec.plot.plain import clean

_MATH = re.compile(r"(?<!\\)\$([^$]*)(?<!\\)\$")


def is_math(text: str) -> bool:
    """Whether the text is meant as mathtext and is valid as such."""
    spans = _MATH.findall(text)
    if not spans or text.count("$") != 2 * len(spans) or not any(re.search(r"[\^_\\]", s) for s in spans):
        return False
    try:
        MathTextParser("path").parse(text)
    except (ValueError, RuntimeError):
        return False
    return True


@dataclass(frozen=True)
class Room:
    """The place of a panel on paper, in inches: what it is given at least, or what it took.

    below, above: from its lower and upper edge to the frame of its axes (of its lowest and highest ones).
    least: how low the frame may become at least.
    """

    width: float = style.WIDTH_IN
    height: float = 0.0
    below: float = 0.0
    above: float = 0.0
    least: float = 0.0


class Pen:
    """Measures and places things on one panel, in inches from its lower left corner.

    A panel is a figure of its own, which takes the height that it needs, or a part of a figure (`SubFigure`) of the
    width and height of its room. `letter` is its name in a figure of several panels.
    """

    def __init__(self, figure: Figure | SubFigure, room: Room = Room(), letter: str = "") -> None:
        self.figure, self.room, self.letter = figure, room, letter
        self.took = room
        root = figure.get_figure(root=True)
        assert isinstance(root, Figure)
        self.root: Figure = root
        canvas = root.canvas if isinstance(root.canvas, FigureCanvasAgg) else FigureCanvasAgg(root)
        self.renderer: RendererAgg = canvas.get_renderer()
        self.inches: Transform = figure.dpi_scale_trans
        self.corner = (0.0, 0.0)
        if isinstance(figure, SubFigure):
            self.corner = (figure.bbox.x0 / figure.dpi, figure.bbox.y0 / figure.dpi)
            self.inches = Affine2D().translate(*self.corner) + figure.dpi_scale_trans

    def take(self, height: float, below: float, above: float, least: float) -> None:
        """Settle the height of the panel, where its frame begins and ends, and how low that may become."""
        self.took = Room(self.room.width, height, below, above, least)
        if isinstance(self.figure, Figure):
            self.figure.set_size_inches(self.room.width, height)

    def frame(self, axes: Axes) -> tuple[float, float, float, float]:
        """Left, bottom, right and top of the frame of axes."""
        box = axes.get_window_extent(self.renderer)
        (x, y), dpi = self.corner, self.figure.dpi
        return box.x0 / dpi - x, box.y0 / dpi - y, box.x1 / dpi - x, box.y1 / dpi - y

    def at(self, axes: Axes, x: float, y: float) -> tuple[float, float]:
        """Where a point of the axes lies."""
        across, up = axes.transData.transform((x, y)) / self.figure.dpi
        return float(across) - self.corner[0], float(up) - self.corner[1]

    def width(self, text: str, size: float = style.FONT_PT, weight: str = "normal") -> float:
        """Width of one line."""
        font = FontProperties(size=size, weight=weight)
        width, _, _ = self.renderer.get_text_width_height_descent(text, font, is_math(text))
        return width / self.figure.dpi

    def wrap(self, text: str, width: float, size: float = style.FONT_PT, first_width: float | None = None) -> list[str]:
        """Lines no wider than `width` (the first: `first_width`); words too long for a line are broken."""
        text = clean(text)
        if is_math(text) and self.width(text, size) <= (first_width or width):
            return [text]
        lines = [""]
        waiting = text.split(" ")
        while waiting:
            word = waiting.pop(0)
            room = first_width if first_width is not None and len(lines) == 1 else width
            longer = f"{lines[-1]} {word}".strip()
            if self.width(longer, size) <= room:
                lines[-1] = longer
            elif lines[-1]:
                lines.append("")
                waiting.insert(0, word)
            else:
                part = self._fitting(word, room, size)
                lines[-1] = word[:part]
                lines.append("")
                waiting.insert(0, word[part:])
        return [line for line in lines if line] or [""]

    def _literal_width(self, text: str, size: float) -> float:
        font = FontProperties(size=size)
        width, _, _ = self.renderer.get_text_width_height_descent(text, font, False)
        return width / self.figure.dpi

    def _fitting(self, word: str, width: float, size: float) -> int:
        """How many characters fit, at least one."""
        fits = bisect_right(range(1, len(word) + 1), width, key=lambda n: self._literal_width(word[:n], size))
        return max(fits, 1)

    @staticmethod
    def height(lines: int, size: float = style.FONT_PT) -> float:
        """Height of a block of lines."""
        return lines * size * style.LINE_SPACING / 72

    def write(self, x: float, y: float, lines: list[str], gid: str, **look: Any) -> list[Text]:
        """Lines below one another; `y` is the top of the block. One artist a line, literal unless it is mathtext."""
        size = float(look.pop("size", style.FONT_PT))
        step = size * style.LINE_SPACING / 72
        artists = []
        for i, line in enumerate(lines):
            artist = self.figure.text(
                x,
                y - (i + 0.5) * step,
                line,
                size=size,
                va="center_baseline",
                parse_math=is_math(line),
                transform=self.inches,
                **look,
            )
            artist.set_gid(gid)
            artists.append(artist)
        return artists
