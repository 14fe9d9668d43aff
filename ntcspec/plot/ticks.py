"""Ticks of a panel of curves: numbers, names of samples, or powers of ten."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import (
    AutoMinorLocator,
    FixedLocator,
    FuncFormatter,
    LogLocator,
    MaxNLocator,
    NullFormatter,
    NullLocator,
)

from ntcspec.plot import style, units
from ntcspec.plot.data import JOINED, PanelData
from ntcspec.plot.inset import USUAL_WIDTH_IN
from ntcspec.plot.plain import clean
from ntcspec.plot.words import Pen
from ntcspec.types import Array

NAME_IN = 0.9  # longest name of a sample below the axis; the rest is cut
FEW_DECADES = 2.5  # so few need labels between the powers of ten


def horizontal(pen: Pen, axes: Axes, data: PanelData) -> None:
    """Numbers, whole ones where single points are counted; or names, upright where they do not fit side by side."""
    if data.x_names:
        _names(pen, axes, data.x_names)
        return
    if data.x_log:
        powers(axes.xaxis, data.x_limits)
        return
    counted = any(s.role == JOINED for s in data.series)
    steps = [1, 2, 5, 10] if counted else [1, 2, 2.5, 5, 10]
    bins = max(round((12 if counted else 5) * usual_width(pen) / USUAL_WIDTH_IN), 2)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=bins, steps=steps, integer=counted))
    axes.xaxis.set_major_formatter(style.Numbers())
    axes.xaxis.set_minor_locator(NullLocator() if counted else AutoMinorLocator())


def usual_width(pen: Pen) -> float:
    """About how wide the frame of the panel is, before anything is placed."""
    return USUAL_WIDTH_IN + pen.room.width - style.WIDTH_IN


def _names(pen: Pen, axes: Axes, names: tuple[str, ...]) -> None:
    shown = [words if pen.width(words) <= NAME_IN else pen.wrap(words, NAME_IN - pen.width("…"))[0] + "…"
             for words in map(clean, names)]  # fmt: skip
    axes.xaxis.set_major_locator(FixedLocator(list(range(1, len(shown) + 1))))
    axes.xaxis.set_minor_locator(NullLocator())
    fits = max(map(pen.width, shown)) + style.GAP_IN < usual_width(pen) / len(shown)
    axes.set_xticklabels(shown, rotation=0 if fits else 90, parse_math=False)


def vertical(axes: Axes, data: PanelData) -> None:
    """Numbers; on a logarithmic axis powers of ten, with 2 and 5 between where there are few."""
    if not data.y_log:
        axes.yaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
        axes.yaxis.set_major_formatter(style.Numbers())
        axes.yaxis.set_minor_locator(AutoMinorLocator())
        return
    axes.set_yscale("log")
    axes.set_ylim(*data.y_limits)
    powers(axes.yaxis, data.y_limits)


def powers(axis: Axis, limits: Array) -> None:
    """Powers of ten, with 2 and 5 between where there are few."""
    decades = math.log10(limits[1] / limits[0])
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if decades < FEW_DECADES else (1.0,), numticks=8))
    axis.set_major_formatter(FuncFormatter(lambda value, _: units.power_of_ten(value)))
    axis.set_minor_locator(LogLocator(subs=tuple(np.arange(2.0, 10.0)), numticks=99))
    axis.set_minor_formatter(NullFormatter())
