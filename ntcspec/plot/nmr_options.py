"""Options of the NMR panels; standard library only."""

from __future__ import annotations

from dataclasses import dataclass

from ntcspec.plot.options import Limits, choice, flag, limits, option, optional_number, word


@dataclass(frozen=True)
class SpectraOptions:
    """Options of 'nmr.spectra'."""

    scale: str = option("maximum", choice("maximum", "area", "none"), "", "over maximum or area in the range, or as is")
    lines: bool = option(True, flag, "", "names of the lines that were detected")
    sidebands: bool = option(True, flag, "", "stars on the spinning sidebands that were detected")
    offset: float | None = option(None, optional_number, "", "distance between the curves; 0 overlays them")
    xlim: Limits | None = option(None, limits, "ppm", "range of shifts, low to high; by default that of the data")
    ylim: Limits | None = option(None, limits, "", "range of the vertical axis, offsets included")


@dataclass(frozen=True)
class FitOptions:
    """Options of 'nmr.fit'."""

    fit: str | None = option(None, word, "", "name of the fit; by default the first")
    residual: bool = option(True, flag, "", "data minus fit below each curve")
    names: bool = option(True, flag, "", "names of the sites")
    offset: float | None = option(None, optional_number, "", "distance between the curves")
    xlim: Limits | None = option(None, limits, "ppm", "range of shifts, low to high; by default that of the fit")
    ylim: Limits | None = option(None, limits, "", "range of the vertical axis, offsets included")
