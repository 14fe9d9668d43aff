"""Draw rows of single values above one another, with words beside each row. One frame, rows divided by thin lines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from ntcspec.plot import curves, page, style, ticks, units
from ntcspec.plot.data import PanelData, Strip
from ntcspec.plot.words import Pen

PLOT_IN = 1.42  # width of the frame, of a panel of usual width; the rest is for the words
ROW_IN = 0.1  # free in a row above and below its words


def draw(pen: Pen, data: PanelData, head: page.Head) -> None:
    """Draw the panel and give the figure its height. The first row stands on top."""
    axes = pen.figure.add_axes((0.1, 0.2, 0.4, 0.7))
    axes.set_gid("axes")
    palette = style.colours(data.palette)
    number = len(data.strips)
    left = style.EDGE_IN + 0.06
    width = PLOT_IN * pen.room.width / style.WIDTH_IN
    beside = left + width + 2 * style.GAP_IN
    words = [_words(pen, strip, pen.room.width - beside - style.EDGE_IN) for strip in data.strips]
    row = ROW_IN + max(Pen.height(len(lines)) for lines in words)
    for i, series in enumerate(data.series):
        row_from_below = float(number - 1 - series.offset)
        curves.curve(axes, replace(series, offset=row_from_below), palette[series.colour], str(i))
    _axes(pen, axes, data, number)
    named = [s for s in data.series if s.label]
    legend = page.legend(pen, [(palette[s.colour], s.label) for s in named]) if named else page.Legend()
    bottom, tall = _layout(pen, axes, data, head, legend, (left, width), row * number)
    row = tall / number
    for i, lines in enumerate(words):
        middle = bottom + row * (number - i - 0.5)
        pen.write(beside, middle + Pen.height(len(lines)) / 2, lines[:1], "label", weight="bold")
        pen.write(beside, middle + Pen.height(len(lines)) / 2 - Pen.height(1), lines[1:], "label")


def _words(pen: Pen, strip: Strip, room: float) -> list[str]:
    """Name, change and verdicts of a row as lines; a name that is too long is cut."""
    name = pen.wrap(strip.label, room / 1.15)
    shown = name[0] if len(name) == 1 else pen.wrap(strip.label, room / 1.15 - pen.width("…"))[0] + "…"
    return [
        shown,
        *(line for text in (strip.change, strip.shown, strip.beyond) if text for line in pen.wrap(text, room)),
    ]


def _axes(pen: Pen, axes: Axes, data: PanelData, number: int) -> None:
    if data.x_log:
        axes.set_xscale("log")
    axes.set_xlim(*data.x_limits)
    axes.set_ylim(0.0, float(number))
    axes.set_xlabel(units.axis_text(data.x_label, data.x_unit), parse_math=False)
    ticks.horizontal(pen, axes, data)
    if data.x_log:  # the frame is narrow: no labels between the powers of ten, and few of those
        decade = data.x_limits[1] >= 10.0 * data.x_limits[0]
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0,) if decade else (1.0, 2.0, 5.0), numticks=5))
    else:
        axes.xaxis.set_major_locator(MaxNLocator(nbins=3, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_locator(NullLocator())
    axes.yaxis.set_minor_locator(NullLocator())
    for height in range(1, number):
        axes.axhline(height, color=style.PALE, linewidth=0.5, zorder=1.5).set_gid("row")


def _layout(
    pen: Pen,
    axes: Axes,
    data: PanelData,
    head: page.Head,
    legend: page.Legend,
    across: tuple[float, float],
    height: float,
) -> tuple[float, float]:
    """Figure height and place of the frame; blocks below and above. Returns where the frame begins, and its height.

    across: left edge and width of the frame.
    """
    note_lines = page.notes(pen, data.notes)
    notes_height = Pen.height(len(note_lines))
    below = style.EDGE_IN + sum(h + style.GAP_IN for h in (notes_height, legend.height) if h)
    above = style.EDGE_IN + (head.height + style.GAP_IN if head.height else 0.0)
    reach = page.margins(pen, axes)
    lift = total = bottom = tall = 0.0
    for _ in range(3):
        lift, total, tall = page.settle(pen, below + reach.y0, height, reach.y1, above, least=height)
        bottom = lift + below + reach.y0
        page.place(pen, axes, across[0], bottom, across[1], tall)
        before, reach = reach, page.margins(pen, axes)
        if np.allclose(reach.extents, before.extents, atol=1e-4, rtol=0):
            break
    top = lift + style.EDGE_IN + notes_height
    page.write_notes(pen, note_lines, top)
    page.write_legend(pen, legend, top + (style.GAP_IN if notes_height else 0.0) + legend.height)
    page.write_head(pen, head, total - style.EDGE_IN)
    return bottom, tall
