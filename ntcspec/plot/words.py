"""Text that users wrote, on paper: cleaned, measured in inches and broken into lines.

'$' does not start mathematics by accident: text is literal unless it holds a pair of '$' around something
that only mathtext has ('^', '_', a backslash) and that mathtext can parse, as in 'K$_2$PtCl$_6$'.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.mathtext import MathTextParser
from matplotlib.text import Text

from ntcspec.plot import style

_MATH = re.compile(r"(?<!\\)\$([^$]*)(?<!\\)\$")
_NOT_ON_PAPER = {
    "Cc",
    "Cs",
    "Cn",
    "Co",
}  # control, surrogate, unassigned, private: XML and fonts have no place for them


def clean(text: str) -> str:
    """One line: white space (but no-break spaces) becomes single blanks, what cannot be drawn is left out."""
    kept = "".join(c if c.isspace() or unicodedata.category(c) not in _NOT_ON_PAPER else "" for c in text)
    return re.sub(r"[^\S\u00a0]+", " ", kept).strip()


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


class Pen:
    """Measures and places text on one figure, in inches from its lower left corner."""

    def __init__(self, figure: Figure) -> None:
        self.figure = figure
        canvas = FigureCanvasAgg(figure)
        self.renderer: RendererAgg = canvas.get_renderer()

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
                transform=self.figure.dpi_scale_trans,
                **look,
            )
            artist.set_gid(gid)
            artists.append(artist)
        return artists
