"""Options of the XANES panels; standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ntcspec.plot.options import Limits, count, flag, limits, names, option, optional_number, word

MODES = ("transmission", "fluorescence", "tey")
OFFSET = "distance between the curves; 0 overlays them"
RANGE = "range of the vertical axis, offsets included"


def _mode(value: Any) -> str | None:
    if value is not None and value not in MODES:
        raise ValueError(f"expected one of {', '.join(MODES)}")
    return word(value)


def _above_zero(value: Any) -> Limits | None:
    found = limits(value)
    if found and found[0] <= 0:
        raise ValueError("the axis is logarithmic: expected limits above 0")
    return found


@dataclass(frozen=True)
class NormOptions:
    """Options of 'xanes.norm'."""

    mode: str | None = option(None, _mode, "", "detection mode; by default that of the metrics")
    flat: bool = option(False, flag, "", "flattened spectra in place of the normalised ones")
    band: bool = option(True, flag, "", "band from lowest to highest of all normalisations; not if flat")
    marks: bool = option(True, flag, "", "names of features where they were found; only in the mode of the metrics")
    mark_samples: tuple[str, ...] | None = option(None, names, "", "samples whose features are marked; by default all")
    inset: Limits | None = option(None, limits, "eV", "energy range of an inset with all curves overlaid")
    inset_ylim: Limits | None = option(None, limits, "1", "range of the vertical axis of the inset")
    offset: float | None = option(None, optional_number, "1", OFFSET)
    xlim: Limits | None = option(None, limits, "eV", "energy range; by default that of the data")
    ylim: Limits | None = option(None, limits, "1", RANGE)


@dataclass(frozen=True)
class PreEdgeOptions:
    """Options of 'xanes.pre_edge'."""

    fit: str | None = option(None, word, "", "name of the peak fit; by default the first of the first sample")
    subtract: bool = option(False, flag, "", "baseline subtracted; curves overlaid unless an offset is given")
    residual: bool = option(False, flag, "", "data minus fit below each curve")
    offset: float | None = option(None, optional_number, "1", OFFSET)
    xlim: Limits | None = option(None, limits, "eV", "energy range; by default that of the fit")
    ylim: Limits | None = option(None, limits, "1", RANGE)


@dataclass(frozen=True)
class DifferenceOptions:
    """Options of 'xanes.difference'."""

    standard: str | None = option(None, word, "", "sample that was subtracted; by default the first standard")
    band: bool = option(True, flag, "", "bands: noise, and the range over the normalisations")
    offset: float | None = option(None, optional_number, "1", OFFSET)
    xlim: Limits | None = option(None, limits, "eV", "energy range; by default that of the data")
    ylim: Limits | None = option(None, limits, "1", RANGE)


@dataclass(frozen=True)
class ModesOptions:
    """Options of 'xanes.modes'."""

    flat: bool = option(False, flag, "", "flattened spectra in place of the normalised ones")
    offset: float | None = option(None, optional_number, "1", "distance between the samples; 0 overlays them")
    xlim: Limits | None = option(None, limits, "eV", "energy range; by default that of the data")
    ylim: Limits | None = option(None, limits, "1", RANGE)


@dataclass(frozen=True)
class DerivativeOptions:
    """Options of 'xanes.derivative'."""

    band: bool = option(True, flag, "", "band of one standard uncertainty where it is known")
    offset: float | None = option(None, optional_number, "1/eV", OFFSET)
    xlim: Limits | None = option(None, limits, "eV", "energy range; by default that of the data")
    ylim: Limits | None = option(None, limits, "1/eV", RANGE)


@dataclass(frozen=True)
class RankOptions:
    """Options of 'xanes.rank'."""

    band: bool = option(True, flag, "", "band from lowest to highest of all normalisations")
    ylim: Limits | None = option(None, _above_zero, "1", "range of the vertical axis, above 0")


@dataclass(frozen=True)
class ScoresOptions:
    """Options of 'xanes.scores'."""

    components: int | None = option(None, count, "", "how many; by default the rank of the series, or 3 if unknown")
    ylim: Limits | None = option(None, limits, "1", "range of the vertical axis")
