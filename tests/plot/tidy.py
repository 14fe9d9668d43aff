"""What every drawing must keep: no text outside the figure, on another text, on a frame, or too small."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from ntcspec.plot.words import Pen

BLOCKS = {"title", "simulated", "label", "note", "span", "letter", "x_label", "y_label"}


def by_gid(figure: Figure, gid: str) -> list[Any]:
    return figure.findobj(lambda artist: artist.get_gid() == gid)


def text_boxes(figure: Figure) -> list[tuple[str, Bbox]]:
    """Every text that is drawn, tick labels included, with its extent in pixels."""
    renderer = Pen(figure).renderer
    figure.draw_without_rendering()
    hidden = set()
    for axis in (a for axes in figure.axes for a in (axes.xaxis, axes.yaxis)):
        scale = axis.get_transform().transform
        low, high = scale(axis.get_view_interval())
        for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]:
            if not -1e-6 <= (scale(tick.get_loc()) - low) / (high - low) <= 1 + 1e-6:
                hidden |= {id(tick.label1), id(tick.label2)}
    shown = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip() and id(t) not in hidden]
    return [(t.get_text(), t.get_window_extent(renderer)) for t in shown]


def assert_tidy(figure: Figure) -> None:
    """No text outside the figure, none on another, none smaller than 7 pt."""
    boxes = text_boxes(figure)
    page = figure.bbox
    for words, box in boxes:
        assert page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1, words
    for (one, a), (other, b) in combinations(boxes, 2):
        width = min(a.x1, b.x1) - max(a.x0, b.x0)
        height = min(a.y1, b.y1) - max(a.y0, b.y0)
        assert width <= 1 or height <= 1, f"{one!r} overlaps {other!r}"
    for text in (t for gid in sorted(BLOCKS) for t in by_gid(figure, gid)):
        box = text.get_window_extent()
        for frame in (axes.bbox for axes in figure.axes):
            width, height = min(box.x1, frame.x1) - max(box.x0, frame.x0), min(box.y1, frame.y1) - max(box.y0, frame.y0)
            assert width <= 1 or height <= 1, f"{text.get_text()!r} lies on a frame"
    assert all(float(t.get_fontsize()) >= 7 for t in figure.findobj(Text) if t.get_text().strip())
