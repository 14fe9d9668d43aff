"""Draw panels of curves: lines, bands, zero lines, and the label of each sample beside the end of its curve."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import AutoMinorLocator, MaxNLocator
from matplotlib.typing import ColorType

from ntcspec.plot import page, style, units
from ntcspec.plot.data import DATA, IMAGINARY, REAL, WINDOW, PanelData, Series
from ntcspec.plot.words import Pen

DIRECT_LABELS = 6  # more samples than this get a legend
DIRECT_WIDTH_IN = 0.85  # wider labels, after breaking into two lines, get a legend
DIRECT_LINES = 2
LEAST_HEIGHT_IN, MOST_HEIGHT_IN = 1.9, 5.6  # of the frame
HEIGHT_PER_CURVE_IN = 0.42
LOOKS: dict[str, dict[str, object]] = {
    DATA: {"linewidth": style.LINE_PT, "zorder": 3.0},
    REAL: {"linewidth": style.THIN_PT, "zorder": 2.6},
    IMAGINARY: {"linewidth": style.THIN_PT, "zorder": 2.5, "linestyle": (0, (1, 1.5))},
    WINDOW: {"linewidth": style.THIN_PT, "zorder": 2.4},
}


def draw(pen: Pen, data: PanelData, head: page.Head) -> None:
    """Draw the panel and give the figure its height."""
    axes = pen.figure.add_axes((0.15, 0.2, 0.7, 0.7))
    axes.set_gid("axes")
    palette = style.colours(data.palette)
    for i, series in enumerate(data.series):
        _curve(axes, series, palette[series.colour], i)
    _axes(axes, data)
    named = [s for s in data.series if s.role == DATA]
    beside = _beside(pen, named)
    rows = [] if beside else [(palette[s.colour], s.label) for s in reversed(named)]
    legend = page.legend(pen, rows) if rows else page.Legend()
    _layout(pen, axes, data, head, beside, legend)
    if beside:
        _write_beside(pen, axes, named, beside, palette)


def _curve(axes: Axes, series: Series, colour: ColorType, number: int) -> None:
    y = series.y + series.offset
    line_colour = style.GREY if series.role == WINDOW else colour
    (line,) = axes.plot(series.x, y, color=line_colour, **LOOKS[series.role])  # type: ignore[arg-type]
    line.set_gid(f"series_{number}")
    if series.y_error.size:
        low, high = y - series.y_error, y + series.y_error
        band = axes.fill_between(series.x, low, high, color=colour, alpha=0.3, linewidth=0, zorder=2.2)
        band.set_gid(f"band_{number}")


def _axes(axes: Axes, data: PanelData) -> None:
    axes.set_xlim(*data.x_limits)
    axes.set_ylim(*data.y_limits)
    axes.set_xlabel(units.axis_text(data.x_label, data.x_unit), parse_math=False)
    axes.set_ylabel(units.axis_text(data.y_label, data.y_unit), parse_math=False)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(style.Numbers())
    axes.yaxis.set_major_formatter(style.Numbers())
    axes.xaxis.set_minor_locator(AutoMinorLocator())
    axes.yaxis.set_minor_locator(AutoMinorLocator())
    if not data.series:
        axes.tick_params(which="both", labelleft=False, labelbottom=False, length=0)
        axes.text(0.5, 0.5, "nothing to draw", transform=axes.transAxes, ha="center", va="center", color=style.GREY)
    for zero in sorted({s.offset for s in data.series if s.role == DATA}) if data.kind != "exafs.mu" else ():
        axes.axhline(zero, color=style.PALE, linewidth=0.4, zorder=1.5).set_gid("zero")


def _beside(pen: Pen, named: list[Series]) -> list[list[str]]:
    """Wrapped labels if all of them can stand beside the curves; empty if a legend is needed."""
    overlaid = len(named) > 1 and len({s.offset for s in named}) == 1
    if not named or len(named) > DIRECT_LABELS or overlaid:
        return []
    labels = [pen.wrap(s.label, DIRECT_WIDTH_IN) for s in named]
    return labels if all(len(lines) <= DIRECT_LINES for lines in labels) else []


def _layout(
    pen: Pen, axes: Axes, data: PanelData, head: page.Head, beside: list[list[str]], legend: page.Legend
) -> None:
    """Figure height, place of the frame, and the blocks below and above it."""
    note_lines = page.notes(pen, data.notes)
    notes_height, legend_height, head_height = Pen.height(len(note_lines)), legend.height, head.height
    count = len({s.offset for s in data.series}) or 1
    height = min(LEAST_HEIGHT_IN + HEIGHT_PER_CURVE_IN * (count - 1), MOST_HEIGHT_IN)
    column = max((pen.width(line) for lines in beside for line in lines), default=0.0)
    column += style.GAP_IN if beside else 0.0
    below = style.EDGE_IN + sum(h + style.GAP_IN for h in (notes_height, legend_height) if h)
    above = style.EDGE_IN + (head_height + style.GAP_IN if head_height else 0.0)
    reach, total = None, 0.0
    for _ in range(3):  # the width of tick labels depends on the ticks, and those on the size
        reach, before = page.margins(pen, axes), reach
        if before is not None and np.allclose(reach.extents, before.extents, atol=1e-4, rtol=0):
            break
        left = style.EDGE_IN + reach.x0
        width = style.WIDTH_IN - left - max(column, reach.x1) - style.EDGE_IN
        total = below + reach.y0 + height + reach.y1 + above
        pen.figure.set_size_inches(style.WIDTH_IN, total)
        page.place(pen, axes, left, below + reach.y0, width, height)
    top = style.EDGE_IN + notes_height
    page.write_notes(pen, note_lines, top)
    page.write_legend(pen, legend, top + (style.GAP_IN if notes_height else 0.0) + legend_height)
    page.write_head(pen, head, total - style.EDGE_IN)


def _write_beside(pen: Pen, axes: Axes, named: list[Series], labels: list[list[str]], palette: list[ColorType]) -> None:
    """Each label at the height of its curve, moved only as far as the neighbours need."""
    dpi = pen.figure.dpi
    frame = axes.get_window_extent(pen.renderer)
    heights = [Pen.height(len(lines)) for lines in labels]
    wanted = [float(axes.transData.transform((0.0, s.label_at))[1]) / dpi for s in named]
    middles = spread(wanted, heights, frame.y0 / dpi, frame.y1 / dpi)
    for series, lines, height, middle in zip(named, labels, heights, middles, strict=True):
        x = frame.x1 / dpi + style.GAP_IN
        pen.write(x, middle + height / 2, lines, "label", color=palette[series.colour])


def spread(middles: list[float], heights: list[float], low: float, high: float) -> list[float]:
    """Move blocks apart so that none overlap, within (low, high) as far as they fit; order is kept."""
    order = sorted(range(len(middles)), key=lambda i: middles[i])
    out = list(middles)
    floor = low
    for i in order:
        out[i] = max(out[i], floor + heights[i] / 2)
        floor = out[i] + heights[i] / 2
    ceiling = max(high, low + sum(heights))
    for i in reversed(order):
        out[i] = min(out[i], ceiling - heights[i] / 2)
        ceiling = out[i] - heights[i] / 2
    return out
