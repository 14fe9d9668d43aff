"""Draw panels of curves: lines, bands, zero lines, and the label of each sample beside the end of its curve.

The first curve of a sample carries its label.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.typing import ColorType

from ntcspec.plot import overlay, page, stack, style, ticks, units
from ntcspec.plot.data import (
    BASELINE,
    CONTEXT,
    DATA,
    GUIDE,
    IMAGINARY,
    JOINED,
    LINE,
    NOISE,
    POINTS,
    REAL,
    RESIDUAL,
    SECOND,
    THIRD,
    TOTAL,
    VALUES,
    WINDOW,
    PanelData,
    Series,
)
from ntcspec.plot.inset import HEIGHT_IN as INSET_HEIGHT_IN
from ntcspec.plot.palette import SPAN
from ntcspec.plot.words import Pen

DIRECT_LABELS = 6  # more samples than this get a legend
DIRECT_IN_FIGURE = 9  # the same in a figure of several panels, where a legend would stand in each of them
DIRECT_WIDTH_IN = 0.85  # wider labels, after breaking into two lines, get a legend
DIRECT_PART = 0.31  # of the width of a narrow panel, in place of that
DIRECT_LINES = 2
LEAST_PART = 0.55  # of its usual height: so far a frame may be lowered in a figure of several panels
LOOKS: dict[str, dict[str, object]] = {
    DATA: {"linewidth": style.LINE_PT, "zorder": 3.0},
    REAL: {"linewidth": style.THIN_PT, "zorder": 2.6},
    IMAGINARY: {"linewidth": style.THIN_PT, "zorder": 2.5, "linestyle": (0, (1, 1.5))},
    WINDOW: {"linewidth": style.THIN_PT, "zorder": 2.4},
    SECOND: {"linewidth": style.LINE_PT, "zorder": 2.9, "linestyle": (0, (3.5, 1.5))},
    THIRD: {"linewidth": style.LINE_PT, "zorder": 2.8, "linestyle": (0, (1, 1.2))},
    POINTS: {"linestyle": "none", "marker": "o", "markersize": 2.2, "markeredgewidth": 0.4, "zorder": 2.7},
    TOTAL: {"linewidth": style.LINE_PT, "zorder": 3.0},
    BASELINE: {"linewidth": style.THIN_PT, "zorder": 2.6, "linestyle": (0, (4, 2))},
    LINE: {"linewidth": style.THIN_PT, "zorder": 2.5},
    RESIDUAL: {"linestyle": "none", "marker": "o", "markersize": 1.2, "markeredgewidth": 0.0, "zorder": 2.6},
    CONTEXT: {"linewidth": style.THIN_PT, "zorder": 2.3, "alpha": 0.45},
    GUIDE: {"linewidth": style.THIN_PT, "zorder": 2.0},
    JOINED: {"linewidth": style.THIN_PT, "marker": "o", "markersize": 3.0, "zorder": 3.0},
    NOISE: {"linewidth": style.THIN_PT, "linestyle": (0, (4, 2)), "zorder": 2.6},
}
LOOKS |= {
    role: {"linestyle": "none", "marker": marker, "markersize": 3.2, "markeredgewidth": 0.0, "zorder": 3.0}
    for role, marker in zip(VALUES, "os^D", strict=True)
}
THICK_PT = 1.4  # error bar of a single value
BAND_ALPHA, RANGE_ALPHA = 0.3, 0.18  # of a standard uncertainty; of a range over choices, or a filled line


def draw(pen: Pen, data: PanelData, head: page.Head) -> None:
    """Draw the panel and give the figure its height."""
    axes = pen.figure.add_axes((0.15, 0.2, 0.7, 0.7))
    axes.set_gid("axes")
    palette = style.colours(data.palette)
    for i, span in enumerate(data.spans):
        axes.axvspan(span.low, span.high, color=SPAN, linewidth=0, zorder=1.0).set_gid(f"span_{i}")
    for i, series in enumerate(data.series):
        curve(axes, series, palette[series.colour], str(i))
    _axes(pen, axes, data)
    named = list({s.colour: s for s in reversed(data.series)}.values())[::-1]
    beside = _beside(pen, named)
    stacked = len({s.offset for s in named}) > 1
    rows = [] if beside else [(palette[s.colour], s.label) for s in (named[::-1] if stacked else named)]
    legend = page.legend(pen, rows) if rows else page.Legend()
    _layout(pen, axes, data, head, beside, legend)
    if beside:
        _write_beside(pen, axes, named, beside, palette)
    overlay.span_names(pen, axes, data)
    letters = overlay.marks(pen, axes, data, palette)
    if data.inset:
        overlay.inset(pen, axes, data, palette, letters, curve)


def curve(axes: Axes, series: Series, colour: ColorType, name: str) -> None:
    """One curve with its bands; `name` tells the artists of a figure apart."""
    y = series.y + series.offset
    line_colour = style.GREY if series.role in (WINDOW, GUIDE) else colour
    look = dict(LOOKS[series.role])
    if series.role == POINTS:
        look["markerfacecolor"] = "none"
    (line,) = axes.plot(series.x, y, color=line_colour, **look)  # type: ignore[arg-type]
    line.set_gid(f"series_{name}")
    if series.role in VALUES:
        _error_bars(axes, series, line_colour, name)
        return
    if series.y_low.size:
        low, high = series.y_low + series.offset, series.y_high + series.offset
        extent = axes.fill_between(series.x, low, high, color=colour, alpha=RANGE_ALPHA, linewidth=0, zorder=2.1)
        extent.set_gid(f"range_{name}")
    if series.y_error.size and series.role == POINTS:
        bars = axes.vlines(series.x, y - series.y_error, y + series.y_error, color=colour, linewidth=0.4, alpha=0.6)
        bars.set_gid(f"bars_{name}")
    elif series.y_error.size:
        low, high = y - series.y_error, y + series.y_error
        band = axes.fill_between(series.x, low, high, color=colour, alpha=BAND_ALPHA, linewidth=0, zorder=2.2)
        band.set_gid(f"band_{name}")


def _error_bars(axes: Axes, series: Series, colour: ColorType, name: str) -> None:
    """Of single values: thick the standard uncertainty, thin the range; sideways the uncertainty of x."""
    y, x = series.y + series.offset, series.x
    parts = []
    if series.y_low.size:
        low, high = series.y_low + series.offset, series.y_high + series.offset
        parts.append((axes.vlines(x, low, high, color=colour, linewidth=style.THIN_PT), "range"))
    if series.y_error.size:
        thick = axes.vlines(x, y - series.y_error, y + series.y_error, color=colour, linewidth=THICK_PT)
        parts.append((thick, "bars"))
    if series.x_error.size:
        across = axes.hlines(y, x - series.x_error, x + series.x_error, color=colour, linewidth=style.THIN_PT)
        parts.append((across, "across"))
    for artist, what in parts:
        artist.set_gid(f"{what}_{name}")


def _axes(pen: Pen, axes: Axes, data: PanelData) -> None:
    if data.x_log:
        axes.set_xscale("log")
    axes.set_xlim(*(data.x_limits[::-1] if data.x_descending else data.x_limits))
    axes.set_ylim(*data.y_limits)
    axes.set_xlabel(units.axis_text(data.x_label, data.x_unit), parse_math=False)
    axes.set_ylabel(units.axis_text(data.y_label, data.y_unit), parse_math=False)
    ticks.horizontal(pen, axes, data)
    ticks.vertical(axes, data)
    page.clear_corner(axes)
    if not data.series:
        axes.tick_params(which="both", labelleft=False, labelbottom=False, length=0)
        axes.text(0.5, 0.5, "nothing to draw", transform=axes.transAxes, ha="center", va="center", color=style.GREY)
    for zero in data.zeros:
        axes.axhline(zero, color=style.PALE, linewidth=0.4, zorder=1.5).set_gid("zero")


def _beside(pen: Pen, named: list[Series]) -> list[list[str]]:
    """Wrapped labels if all of them can stand beside the curves; empty if a legend is needed."""
    overlaid = len(named) > 1 and len({s.offset for s in named}) == 1
    if not named or len(named) > (DIRECT_IN_FIGURE if pen.letter else DIRECT_LABELS) or overlaid:
        return []
    widest = min(DIRECT_WIDTH_IN, DIRECT_PART * pen.room.width)
    labels = [pen.wrap(s.label, widest) for s in named]
    return labels if all(len(lines) <= DIRECT_LINES for lines in labels) else []


def _layout(
    pen: Pen, axes: Axes, data: PanelData, head: page.Head, beside: list[list[str]], legend: page.Legend
) -> None:
    """Figure height, place of the frame, and the blocks below and above it."""
    note_lines = page.notes(pen, data.notes)
    notes_height, legend_height, head_height = Pen.height(len(note_lines)), legend.height, head.height
    firsts = {s.colour: s.offset for s in reversed(data.series)}
    height = stack.frame_height(len(set(firsts.values()))) + (INSET_HEIGHT_IN if data.inset else 0.0)
    column = max((pen.width(line) for lines in beside for line in lines), default=0.0)
    column += style.GAP_IN if beside else 0.0
    below = style.EDGE_IN + sum(h + style.GAP_IN for h in (notes_height, legend_height) if h)
    above = style.EDGE_IN + (head_height + style.GAP_IN if head_height else 0.0)
    above += Pen.height(1) if any(span.name for span in data.spans) else 0.0
    reach, total, lift = None, 0.0, 0.0
    least = max(LEAST_PART * height, pen.width(axes.get_ylabel(), style.LABEL_PT))
    for _ in range(3):  # the width of tick labels depends on the ticks, and those on the size
        reach, before = page.margins(pen, axes), reach
        if before is not None and np.allclose(reach.extents, before.extents, atol=1e-4, rtol=0):
            break
        left = style.EDGE_IN + reach.x0
        width = pen.room.width - left - max(column, reach.x1) - style.EDGE_IN
        lift, total, tall = page.settle(pen, below + reach.y0, height, reach.y1, above, least=least)
        page.place(pen, axes, left, lift + below + reach.y0, width, tall)
    top = lift + style.EDGE_IN + notes_height
    page.write_notes(pen, note_lines, top)
    page.write_legend(pen, legend, top + (style.GAP_IN if notes_height else 0.0) + legend_height)
    page.write_head(pen, head, total - style.EDGE_IN)


def _write_beside(pen: Pen, axes: Axes, named: list[Series], labels: list[list[str]], palette: list[ColorType]) -> None:
    """Each label at the height of its curve, moved only as far as the neighbours need."""
    _, low, right, high = pen.frame(axes)
    heights = [Pen.height(len(lines)) for lines in labels]
    wanted = [pen.at(axes, 0.0, s.label_at)[1] for s in named]
    middles = stack.spread(wanted, heights, low, high)
    for series, lines, height, middle in zip(named, labels, heights, middles, strict=True):
        pen.write(right + style.GAP_IN, middle + height / 2, lines, "label", color=palette[series.colour])
