"""What a panel draws, and nothing else: the link between a figure and its numbers.

A panel is drawn from `PanelData` alone, so the stored PanelData can be drawn again to the same figure.
Arrays are cut to the drawn range. The curve on the paper is `y + offset`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

import numpy as np

from ntcspec.types import Array, Plot, array, scalar, text

# Roles of a Series. The first series of a sample carries its label.
DATA, WINDOW, REAL, IMAGINARY = "data", "window", "real", "imaginary"
SECOND, THIRD = "second mode", "third mode"  # further detection modes of a sample
POINTS, TOTAL, BASELINE, LINE, RESIDUAL = "points", "total", "baseline", "line", "residual"  # of a fit
RING, FOUND, CROSS = "ring", "found ring", "cross"  # roles of an Outline
CONTEXT = "context"  # the spectrum around what was fitted
JOINED, NOISE = "joined points", "noise"  # numbers one by one, and what noise alone gives
GUIDE = "guide"  # a thin line from one single value to the next
VALUES = ("value", "second value", "third value", "fourth value")  # single numbers with error bars


def _empty(meaning: str, axes: tuple[str, ...] = ()) -> Any:
    """A field that holds an array, empty unless given."""
    metadata = {"unit": "", "meaning": meaning, "axes": axes, "errors": ""}
    return field(default_factory=lambda: np.zeros(0), metadata=metadata)


@dataclass(frozen=True)
class Series:
    """One curve. Units of x and y are those of the panel."""

    sample: str = text("sample identifier")
    label: str = text("label on the paper; empty for a curve that shares the label of its sample")
    role: str = text("what the curve is: data, window, real, imaginary, second mode, points, total, ...")
    colour: int = scalar("1", "place of the sample in the palette, from 0")
    simulated: bool = scalar("", "made from simulated raw data")
    x: Array = array("", "horizontal values, in the x unit of the panel")
    y: Array = array("", "vertical values before the offset, in the y unit of the panel", ("x",), "y_error")
    y_error: Array = array("", "half width of the band, one standard uncertainty; empty if none is drawn", ("x",))
    offset: float = scalar("", "added to y on the paper, in the y unit of the panel")
    label_at: float = scalar("", "height of the label on the paper, in the y unit of the panel")
    y_low: Array = _empty("lower end of the range over choices, before the offset; empty if none is drawn", ("x",))
    y_high: Array = _empty("upper end of that range, before the offset; empty if none is drawn", ("x",))
    detail: str = field(default="", metadata={"meaning": "which of several curves of that role, e.g. detection mode"})
    x_error: Array = _empty("standard uncertainty of x; empty if none is drawn", ("x",))
    PLOTS: ClassVar[tuple[Plot, ...]] = (Plot("curve", "curve", "y", ("x",)),)


@dataclass(frozen=True)
class InsetSeries(Series):
    """One curve of the inset. A type of its own because viewers are offered it under another name."""

    PLOTS: ClassVar[tuple[Plot, ...]] = (Plot("inset", "curve of the inset", "y", ("x",)),)

    @classmethod
    def of(cls, series: Series) -> InsetSeries:
        """The same curve, without label."""
        return cls(**{f.name: getattr(series, f.name) for f in fields(Series)} | {"label": ""})


@dataclass(frozen=True)
class Mark:
    """The name of a feature above a curve, with a tick at its position."""

    sample: str = text("sample identifier")
    name: str = text("what is written")
    colour: int = scalar("1", "place of the sample in the palette, from 0")
    x: float = scalar("", "position, in the x unit of the panel")
    y: float = scalar("", "height of the curve there on the paper, in the y unit of the panel")


@dataclass(frozen=True)
class Span:
    """A shaded range of the horizontal axis, with its name above the frame."""

    name: str = text("what is written; empty if nothing")
    low: float = scalar("", "lower end, in the x unit of the panel")
    high: float = scalar("", "upper end, in the x unit of the panel")


@dataclass(frozen=True)
class Strip:
    """A row of a panel of rows: one metric, and the words beside it. Its series have the row as offset, 0 on top."""

    metric: str = text("which metric, as `measurement.metric`")
    label: str = text("its name on the paper")
    unit: str = text("unit of `low` and `high`")
    low: float = scalar("", "value at height 0 of the row, in `unit`")
    high: float = scalar("", "value at height 1 of the row, in `unit`")
    change: str = text("values at both ends of the property")
    shown: str = text("what these samples show: direction, and how many steps are clear")
    beyond: str = text("what that says beyond them: number of samples and chance")


@dataclass(frozen=True)
class Outline:
    """A line on a map: a ring, an edge; or the one point of a cross."""

    name: str = text("what it is, e.g. the reflection of a ring")
    role: str = text("how it is drawn: ring, found ring, or cross")
    x: Array = array("", "horizontal values, in the x unit of the panel")
    y: Array = array("", "vertical values, in the y unit of the panel", ("x",))
    PLOTS: ClassVar[tuple[Plot, ...]] = ()


@dataclass(frozen=True)
class Map:
    """One map of z over x and y, with the resolution that is drawn in it."""

    sample: str = text("sample identifier")
    label: str = text("label above the map")
    simulated: bool = scalar("", "made from simulated raw data")
    x: Array = array("", "horizontal values, in the x unit of the panel")
    y: Array = array("", "vertical values, in the y unit of the panel")
    z: Array = array("", "colour values, in the z unit of the panel", ("y", "x"))
    resolution: str = text("resolution in words")
    resolution_at: float = scalar("", "y at which the resolution holds, in the y unit of the panel; NaN if not drawn")
    fwhm_x: float = scalar("", "full width at half maximum along x, in the x unit of the panel")
    fwhm_y: float = scalar("", "full width at half maximum along y, in the y unit of the panel")
    outlines: tuple[Outline, ...] = field(default=(), metadata={"meaning": "lines drawn on the map"})
    PLOTS: ClassVar[tuple[Plot, ...]] = (Plot("map", "map", "z", ("y", "x")),)


@dataclass(frozen=True)
class PanelData:
    """One panel: curves or maps, axes and everything that is written on it.

    A remark after a comma in an axis label stands behind the unit: 'R, not phase-corrected' -> 'R (Å), not ...'.
    """

    kind: str = text("kind of panel, e.g. 'exafs.chi_k'")
    title: str = text("title; empty if none")
    x_label: str = text("horizontal quantity")
    x_unit: str = text("unit of the horizontal axis")
    y_label: str = text("vertical quantity")
    y_unit: str = text("unit of the vertical axis")
    z_label: str = text("quantity of the colours; empty without maps")
    z_unit: str = text("unit of the colours")
    x_limits: Array = array("", "ends of the horizontal axis, in x_unit, shape (2,)")
    y_limits: Array = array("", "ends of the vertical axis, in y_unit, shape (2,)")
    z_limits: Array = array("", "ends of the colour scale, shared by all maps, in z_unit; empty without maps")
    z_levels: Array = array("", "contour lines, in z_unit; empty if none")
    palette: int = scalar("1", "number of colours the palette is made for")
    series: tuple[Series, ...] = text("curves, in drawing order")
    maps: tuple[Map, ...] = text("maps, in reading order")
    notes: tuple[str, ...] = text("notes below the panel")
    simulated: bool = scalar("", "something in it is simulated: the figure says so")
    y_log: bool = field(default=False, metadata={"unit": "", "meaning": "the vertical axis is logarithmic"})
    x_descending: bool = field(
        default=False, metadata={"unit": "", "meaning": "the horizontal axis is drawn from high to low"}
    )
    x_log: bool = field(default=False, metadata={"unit": "", "meaning": "the horizontal axis is logarithmic"})
    spans: tuple[Span, ...] = field(default=(), metadata={"meaning": "shaded ranges of the horizontal axis"})
    x_names: tuple[str, ...] = field(
        default=(), metadata={"meaning": "names of the places 1, 2, ... on the horizontal axis; empty for numbers"}
    )
    z_log: bool = field(default=False, metadata={"unit": "", "meaning": "the colour scale is logarithmic"})
    equal: bool = field(default=False, metadata={"unit": "", "meaning": "maps: a unit is as long along both axes"})
    strips: tuple[Strip, ...] = field(default=(), metadata={"meaning": "rows, the first on top; empty without rows"})
    zeros: Array = _empty("heights of thin zero lines on the paper, in y_unit")
    marks: tuple[Mark, ...] = field(default=(), metadata={"meaning": "names of features above the curves"})
    inset: tuple[InsetSeries, ...] = field(default=(), metadata={"meaning": "curves of the inset; empty without inset"})
    inset_x_limits: Array = _empty("ends of the horizontal axis of the inset, in x_unit; empty without inset")
    inset_y_limits: Array = _empty("ends of the vertical axis of the inset, in y_unit; empty without inset")

    def units(self) -> dict[str, str]:
        """Units of the arrays in `series`, `marks`, `inset` and `maps`, which share the axes of the panel."""
        x, y, z = self.x_unit, self.y_unit, self.z_unit
        of_y = dict.fromkeys(("y", "y_error", "y_low", "y_high", "offset", "label_at", "fwhm_y"), y)
        return {"x": x, "x_error": x, "fwhm_x": x, "low": x, "high": x, **of_y, "z": z}
