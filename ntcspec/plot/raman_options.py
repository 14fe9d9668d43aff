"""Options of the Raman panels; standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ntcspec.plot.options import Limits, choice, flag, limits, option, optional_number, regions, word


@dataclass(frozen=True)
class StackOptions:
    """Options of 'raman.stack'."""

    scale: str = option("maximum", choice("maximum", "none"), "", "spectra divided by their maximum, or as counted")
    band: bool = option(True, flag, "", "band from lowest to highest of all baselines")
    fits: bool = option(False, flag, "", "fits of the bands over the data")
    residual: bool = option(False, flag, "", "data minus fit below each curve, where bands were fitted")
    regions: Mapping[str, Limits] | None = option(None, regions, "1/cm", "shaded ranges by name")
    offset: float | None = option(None, optional_number, "", "distance between the curves; 0 overlays them")
    xlim: Limits | None = option(None, limits, "1/cm", "range of shifts; by default that of the data")
    ylim: Limits | None = option(None, limits, "", "range of the vertical axis, offsets included")


@dataclass(frozen=True)
class FitOptions:
    """Options of 'raman.fit'."""

    fit: str | None = option(None, word, "", "name of the band; by default the first")
    residual: bool = option(False, flag, "", "data minus fit below each curve")
    offset: float | None = option(None, optional_number, "", "distance between the curves")
    xlim: Limits | None = option(None, limits, "1/cm", "range of shifts; by default that of the fit")
    ylim: Limits | None = option(None, limits, "", "range of the vertical axis, offsets included")
