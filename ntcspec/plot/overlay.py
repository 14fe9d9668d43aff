"""What is drawn around curves: marks of features above them, names of shaded ranges above the frame, and the inset.

Both are placed after the layout, when the size of the frame is known. A letter stands above its curve with a tick
that points at its position; letters that would meet move apart sideways, then upwards. Samples that stand at one
height share the letter of a feature and keep their own ticks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import AutoMinorLocator, MaxNLocator
from matplotlib.typing import ColorType

from ntcspec.plot import inset as placing
from ntcspec.plot import page, style
from ntcspec.plot.data import Mark, PanelData, Series
from ntcspec.plot.inset import Box
from ntcspec.plot.plain import clean
from ntcspec.plot.stack import ends, spread
from ntcspec.plot.words import Pen

ABOVE_IN = 0.03  # from curve to tick
TICK_IN = 0.06
LETTER_GAP_IN = 0.015
BETWEEN_IN = 0.03  # letters side by side
NAME_IN = 0.8  # longest name of a feature; the rest is cut
TOUCH_IN = 1e-6  # neighbours that were moved apart touch, but for rounding
LABELS_APART_IN = 0.05  # tick labels of the inset
RAISE_IN = 0.02  # steps in which a letter looks for a free place

Curve = Callable[[Axes, Series, ColorType, str], None]


def marks(pen: Pen, axes: Axes, data: PanelData, palette: Sequence[ColorType]) -> list[Box]:
    """Draw the marks; returns the boxes of ticks and letters in inches from the lower left corner of the panel."""
    left, low, right, high = pen.frame(axes)
    taken: list[Box] = []
    levels = {s.colour: s.offset for s in reversed(data.series)}
    seen = [m for m in data.marks if data.y_limits[0] <= m.y <= data.y_limits[1]]
    for level in sorted({levels[m.colour] for m in seen}, reverse=True):
        here = [m for m in seen if levels[m.colour] == level]
        curves = [s for s in data.series if s.colour in {m.colour for m in here} and s.offset == level]
        names = list(dict.fromkeys(m.name for m in here))
        shown = {name: _shown(pen, name) for name in names}
        wanted = [float(np.mean([pen.at(axes, m.x, m.y)[0] for m in here if m.name == n])) for n in names]
        widths = [pen.width(shown[n]) + BETWEEN_IN for n in names]
        for name, x, width in zip(names, spread(wanted, widths, left, right), widths, strict=True):
            own = [m for m in here if m.name == name]
            box = (x - width / 2, _top(pen, axes, curves, own, x, width / 2), x + width / 2)
            taken.append(_mark(pen, axes, own, shown[name], palette, box, (low, high), taken))
    return taken


def span_names(pen: Pen, axes: Axes, data: PanelData) -> None:
    """The names of shaded ranges in a row above the frame, each over the middle of what is seen of its range."""
    low, high = data.x_limits
    seen = [s for s in data.spans if s.name and s.high > low and s.low < high]
    if not seen:
        return
    left, _, right, top = pen.frame(axes)
    y = data.y_limits[1]
    ends = [[pen.at(axes, x, y)[0] for x in (max(s.low, low), min(s.high, high))] for s in seen]
    words = [_shown(pen, s.name) for s in seen]
    middles = spread([(a + b) / 2 for a, b in ends], [pen.width(w) + BETWEEN_IN for w in words], left, right)
    for word, middle in zip(words, middles, strict=True):
        pen.write(middle, top + Pen.height(1) + LETTER_GAP_IN, [word], "span", ha="center")


def _shown(pen: Pen, name: str) -> str:
    """The name on one line, cut if it is very long."""
    words = clean(name)
    if pen.width(words) <= NAME_IN:
        return words
    return pen.wrap(words, NAME_IN - pen.width("…"))[0] + "…"


def _top(pen: Pen, axes: Axes, curves: Sequence[Series], own: Sequence[Mark], x: float, half: float) -> float:
    """Where a letter may begin: above the curves below it and above its own positions."""
    scale = pen.figure.dpi
    to_data = axes.transData.inverted()
    edges = sorted(float(to_data.transform(((x + pen.corner[0] + side) * scale, 0.0))[0]) for side in (-half, half))
    highest = max(m.y for m in own)
    for one in curves:
        inside = one.x[(one.x > edges[0]) & (one.x < edges[1])]
        at = np.concatenate([np.clip(edges, one.x[0], one.x[-1]), inside])
        found = np.interp(at, one.x, ends(one)[1]) + one.offset
        highest = max([highest, *found[np.isfinite(found)]])
    return pen.at(axes, own[0].x, highest)[1] + ABOVE_IN + TICK_IN + LETTER_GAP_IN


def _mark(
    pen: Pen,
    axes: Axes,
    own: Sequence[Mark],
    name: str,
    palette: Sequence[ColorType],
    wanted: tuple[float, float, float],
    rows: tuple[float, float],
    taken: Sequence[Box],
) -> Box:
    """One letter and the ticks of its samples; returns the box of both."""
    left, bottom, right = wanted
    height = Pen.height(1)
    bottom = _free(left, min(bottom, rows[1] - height), right, height, rows, taken)
    single = len({m.colour for m in own}) == 1
    colour = palette[own[0].colour] if single else "black"
    middle = (left + right) / 2
    pen.write(middle, bottom + height, [name], "mark", color=colour, ha="center", zorder=6)
    foot = bottom
    for m in own:
        x, y = pen.at(axes, m.x, m.y)
        top = bottom - LETTER_GAP_IN
        start = min(y + ABOVE_IN, top)
        aim = middle if single else x
        tick = Line2D([x, aim], [start, top], color=palette[m.colour], linewidth=style.THIN_PT,
                      transform=pen.inches, zorder=6)  # fmt: skip
        tick.set_gid("mark_tick")
        pen.figure.add_artist(tick)
        foot = min(foot, start)
    return left, foot, right, bottom + height


def _free(
    left: float, bottom: float, right: float, height: float, rows: tuple[float, float], taken: Sequence[Box]
) -> float:
    """The height nearest to the wanted one, first upwards, at which no letter or tick stands in the way."""
    up = np.arange(bottom, rows[1] - height + 1e-9, RAISE_IN)
    down = np.arange(bottom, rows[0], -RAISE_IN)
    for y in (*up, *down):
        meets = (b for b in taken if left < b[2] - TOUCH_IN and right > b[0] + TOUCH_IN)
        if not any(y < b[3] and y + height > b[1] for b in meets):
            return float(y)
    return bottom


def inset(
    pen: Pen, axes: Axes, data: PanelData, palette: Sequence[ColorType], letters: Sequence[Box], curve: Curve
) -> None:
    """Draw the inset where it hides no curve, as large as that allows; else where it hides least."""
    inner = pen.figure.add_axes((0.3, 0.3, 0.3, 0.3), label="inset", zorder=5)
    inner.set_gid("inset")
    for i, series in enumerate(data.inset):
        curve(inner, series, palette[series.colour], f"inset_{i}")
    inner.set_xlim(*data.inset_x_limits)
    inner.set_ylim(*data.inset_y_limits)
    for axis in (inner.xaxis, inner.yaxis):
        axis.set_minor_locator(AutoMinorLocator(2))
        axis.set_major_formatter(style.Numbers())
    inner.yaxis.set_major_locator(MaxNLocator(nbins=3, steps=[1, 2, 5, 10], min_n_ticks=2))
    x0, y0, x1, y1 = pen.frame(axes)
    frame = placing.Frame(x1 - x0, y1 - y0, axes.get_xlim(), axes.get_ylim())
    boxes = [(a - x0, b - y0, c - x0, d - y0) for a, b, c, d in letters]
    cells = placing.covered(frame, data.series, boxes)
    found: list[tuple[float, float, float, float, tuple[float, float]]] = []
    for size in (*placing.SIZES_IN, placing.NARROW_IN):
        if size == placing.NARROW_IN and found:
            break
        _frame(pen, inner, x0, y0, size)
        reach = page.margins(pen, inner).extents
        block = placing.outer(size, reach)
        left, bottom, hidden = placing.best_place(cells, block)
        if block[0] + 2 * placing.FROM_FRAME_IN <= frame.width and block[1] < frame.height:
            found.append((hidden, -size[0], x0 + left + reach[0], y0 + bottom + reach[1], size))
            if not hidden:
                break
    _, _, left, bottom, size = min(found)
    _frame(pen, inner, left, bottom, size)


def _frame(pen: Pen, inner: Axes, left: float, bottom: float, size: tuple[float, float]) -> None:
    """Put the frame of the inset there, with as many tick labels as have room side by side."""
    page.place(pen, inner, left, bottom, *size)
    inner.tick_params(which="both", pad=1.5)
    low, high = inner.get_xlim()
    for number in (3, 2, 1):
        inner.xaxis.set_major_locator(MaxNLocator(nbins=number, steps=[1, 2, 5, 10], min_n_ticks=min(number, 2)))
        inside = [tick for tick in inner.xaxis.get_majorticklocs() if low <= tick <= high]
        words = inner.xaxis.get_major_formatter().format_ticks(inside)
        room = [(b - a) / (high - low) * size[0] for a, b in pairwise(inside)]
        if all(distance > max(map(pen.width, words)) + LABELS_APART_IN for distance in room):
            break
    page.clear_corner(inner)
