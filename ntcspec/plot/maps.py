"""Draw panels of maps: equal frames with shared axes and colours, one colour bar, the resolution as an ellipse."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import LogNorm, Normalize
from matplotlib.patches import Ellipse
from matplotlib.patheffects import withStroke
from matplotlib.ticker import AutoMinorLocator, MaxNLocator

from ntcspec.plot import page, style, ticks, units
from ntcspec.plot.data import CROSS, FOUND, RING, Map, Outline, PanelData
from ntcspec.plot.words import Pen

ONE_COLUMN, TWO_COLUMNS = 3, 10  # most maps for that many columns
HEIGHT_IN = {1: 1.25, 2: 1.05, 3: 0.8}  # of one frame, by number of columns
SINGLE_HEIGHT_IN = 1.9
BETWEEN_IN = 0.13  # frames of one row
LEAST_PART = 0.6  # of its usual height: so far a map may be lowered in a figure of several panels
BAR_IN = 0.08
BAR_LABELS_IN = 0.31  # ticks and label of the colour bar
LABEL_LINES = 3  # longest label above a map
OUTLINES: dict[str, dict[str, object]] = {
    RING: {"linewidth": 0.5, "color": "white", "linestyle": (0, (4, 3))},
    FOUND: {"linewidth": 0.5, "color": "#ff9d3b"},
    CROSS: {"linestyle": "none", "marker": "+", "markersize": 5.0, "markeredgewidth": 0.8, "color": "white"},
}


@dataclass(frozen=True)
class Grid:
    """Sizes of the rows and columns of maps."""

    columns: int
    labels: list[list[str]]
    width: float
    height: float

    @property
    def rows(self) -> int:
        return -(-len(self.labels) // self.columns)

    def label_height(self, row: int) -> float:
        """Room above the frames of a row."""
        block = self.labels[row * self.columns : (row + 1) * self.columns]
        return Pen.height(max(len(lines) for lines in block)) + style.GAP_IN / 3

    def top(self, row: int) -> float:
        """From the top of the grid to the top of the labels of a row."""
        return sum(self.label_height(r) + self.height + style.GAP_IN for r in range(row))

    @property
    def total(self) -> float:
        return self.top(self.rows) - style.GAP_IN


def draw(pen: Pen, data: PanelData, head: page.Head) -> None:
    """Draw the panel and give the figure its height."""
    number = len(data.maps)
    usual = 1 if number <= ONE_COLUMN else 2 if number <= TWO_COLUMNS else 3
    columns = min(max(round(usual * pen.room.width / style.WIDTH_IN), 1), number)
    columns = -(-number // -(-number // columns))  # no fewer in the last row than the number of rows asks for
    frames = [pen.figure.add_axes((0.15, 0.2, 0.7, 0.7), label=f"map_{i}") for i in range(number)]
    meshes = [_map(axes, data, one, i) for i, (axes, one) in enumerate(zip(frames, data.maps, strict=True))]
    for i, axes in enumerate(frames):
        _ticks(axes, columns, left=i % columns == 0, bottom=i + columns >= number)
    height = SINGLE_HEIGHT_IN if number == 1 else HEIGHT_IN[usual]
    _layout(pen, data, frames, meshes[0], (columns, height), head)


def _map(axes: Axes, data: PanelData, one: Map, number: int) -> QuadMesh:
    low, high = data.z_limits
    norm = (LogNorm if data.z_log else Normalize)(low, high, clip=True)
    axes.set_facecolor(style.NO_DATA)
    mesh = axes.pcolormesh(one.x, one.y, one.z, shading="nearest", cmap=style.MAP_COLOURS, norm=norm, rasterized=True)
    mesh.set_gid(f"map_{number}")
    if data.z_levels.size:
        axes.contour(one.x, one.y, one.z, levels=data.z_levels, colors="white", linewidths=0.4, alpha=0.8)
    axes.set_xlim(*data.x_limits)
    axes.set_ylim(*data.y_limits)
    for i, outline in enumerate(one.outlines):
        _outline(axes, outline, f"outline_{number}_{i}")
    if np.isfinite(one.resolution_at):
        _ellipse(axes, data, one, number)
    return mesh


def _outline(axes: Axes, outline: Outline, name: str) -> None:
    (line,) = axes.plot(outline.x, outline.y, **OUTLINES[outline.role])  # type: ignore[arg-type]
    line.set_gid(name)


def _ellipse(axes: Axes, data: PanelData, one: Map, number: int) -> None:
    """FWHM along both axes, in the upper right corner: high k and high R carry least."""
    (x0, x1), (y0, y1) = data.x_limits, data.y_limits
    x = max(x1 - 0.04 * (x1 - x0) - one.fwhm_x / 2, (x0 + x1) / 2)
    y = max(y1 - 0.07 * (y1 - y0) - one.fwhm_y / 2, (y0 + y1) / 2)
    ellipse = Ellipse((x, y), one.fwhm_x, one.fwhm_y, fill=False, edgecolor="white", linewidth=0.8)
    ellipse.set_path_effects([withStroke(linewidth=1.8, foreground="black")])
    ellipse.set_gid(f"resolution_{number}")
    axes.add_patch(ellipse)


def _ticks(axes: Axes, columns: int, *, left: bool, bottom: bool) -> None:
    axes.xaxis.set_major_locator(MaxNLocator(nbins=7 if columns == 1 else 5 - columns // 3, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4 if columns < 3 else 3, steps=[1, 2, 5, 10], prune="upper"))
    axes.xaxis.set_minor_locator(AutoMinorLocator(2))
    axes.yaxis.set_minor_locator(AutoMinorLocator(2))
    axes.tick_params(which="both", color="white", labelleft=left, labelbottom=bottom)


def _layout(
    pen: Pen, data: PanelData, frames: list[Axes], mesh: QuadMesh, shape: tuple[int, float], head: page.Head
) -> None:
    """Figure height and place of everything, from the bottom up: notes, colour bar, x label, maps, head.

    shape: number of columns, and the usual height of a map.
    """
    columns, height = shape
    lines = page.notes(pen, data.notes)
    label_height = Pen.height(1, style.LABEL_PT)
    reach = page.margins(pen, frames[0])
    left = style.EDGE_IN + label_height + reach.x0
    right = style.EDGE_IN + max(reach.x1, pen.width("00") / 2)
    width = (pen.room.width - left - right - (columns - 1) * BETWEEN_IN) / columns
    if data.equal:
        height = width * float(np.ptp(data.y_limits) / np.ptp(data.x_limits))
    labels = [pen.wrap(one.label, width)[:LABEL_LINES] for one in data.maps]
    grid = Grid(columns, labels, width, height)
    tick_height = Pen.height(1) + 0.04
    bar_bottom = style.EDGE_IN + Pen.height(len(lines)) + (style.GAP_IN if lines else 0.0) + BAR_LABELS_IN
    x_label_top = bar_bottom + BAR_IN + 1.5 * style.GAP_IN + label_height
    bottom = x_label_top + tick_height
    y_words = units.axis_text(data.y_label, data.y_unit)
    frames_only = 0.0 if data.equal else grid.rows * height
    least = max(grid.total - (1 - LEAST_PART) * frames_only, pen.width(y_words, style.LABEL_PT))
    above = head.height + style.GAP_IN if head.height else 0.0
    lift, total, tall = page.settle(pen, bottom, grid.total, style.EDGE_IN, above, least=least)
    if data.equal:
        lift += tall - grid.total
    else:
        height += (tall - grid.total) / grid.rows
        grid = replace(grid, height=height)
    bar_bottom, x_label_top, bottom = bar_bottom + lift, x_label_top + lift, bottom + lift
    top = bottom + grid.total
    for i, axes in enumerate(frames):
        row, column = divmod(i, columns)
        x = left + column * (width + BETWEEN_IN)
        roof = top - grid.top(row)
        frame_top = roof - grid.label_height(row)
        page.place(pen, axes, x, frame_top - height, width, height)
        pen.write(x, frame_top + style.GAP_IN / 3 + Pen.height(len(labels[i])), labels[i], "label")
    _axis_labels(pen, data, left, x_label_top, (bottom + top) / 2)
    _colour_bar(pen, data, mesh, left, bar_bottom)
    page.write_notes(pen, lines, lift + style.EDGE_IN + Pen.height(len(lines)))
    page.write_head(pen, head, total - style.EDGE_IN)


def _axis_labels(pen: Pen, data: PanelData, left: float, x_label_top: float, middle: float) -> None:
    """One label for all horizontal axes and one for all vertical ones."""
    centre = (left + pen.room.width - style.EDGE_IN) / 2
    x_words = units.axis_text(data.x_label, data.x_unit)
    pen.write(centre, x_label_top, [x_words], "x_label", ha="center", size=style.LABEL_PT)
    figure = pen.figure
    y_words = units.axis_text(data.y_label, data.y_unit)
    artist = figure.text(
        style.EDGE_IN + Pen.height(1, style.LABEL_PT) / 2,
        middle,
        y_words,
        size=style.LABEL_PT,
        rotation=90,
        ha="center",
        va="center",
        parse_math=False,
        transform=pen.inches,
    )
    artist.set_gid("y_label")


def _colour_bar(pen: Pen, data: PanelData, mesh: QuadMesh, left: float, bottom: float) -> None:
    width = pen.room.width - left - style.EDGE_IN - pen.width("0.00") / 2
    bar_axes = pen.figure.add_axes((0.1, 0.1, 0.5, 0.02), label="colour_bar")
    page.place(pen, bar_axes, left, bottom, width, BAR_IN)
    bar = pen.figure.colorbar(mesh, cax=bar_axes, orientation="horizontal")
    if data.z_log:
        ticks.powers(bar.ax.xaxis, data.z_limits)
    else:
        bar.ax.xaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
        bar.ax.xaxis.set_major_formatter(style.Numbers())
    bar.ax.tick_params(which="both", direction="out", top=False, length=2.0)
    bar.ax.minorticks_off()
    bar.set_label(units.axis_text(data.z_label, data.z_unit), labelpad=1.0)
