"""Options of the panels of total scattering; standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ntcspec.plot.options import Limits, choice, flag, limits, option, optional_number, regions, word


@dataclass(frozen=True)
class GrOptions:
    """Options of 'scattering.g_r'."""

    function: str = option("G", choice("G", "g", "T", "R"), "", "G(r); where it is absolute also g(r), T(r), R(r)")
    band: bool = option(True, flag, "", "band of one standard uncertainty by counting, where it is known")
    spread: bool = option(True, flag, "", "pale: from lowest to highest of all reasonable treatments, of G(r) alone")
    regions: Mapping[str, Limits] | None = option(None, regions, "angstrom", "shaded ranges by name")
    offset: float | None = option(None, optional_number, "unit of the axis", "distance between the curves; 0: overlay")
    xlim: Limits | None = option(None, limits, "angstrom", "r range; by default that of the data, from 0.5 on")
    ylim: Limits | None = option(None, limits, "unit of the axis", "range of the vertical axis, offsets included")


@dataclass(frozen=True)
class IqOptions:
    """Options of 'scattering.i_q'."""

    parts: bool = option(False, flag, "", "thin: the sample as measured, and what was taken off")
    band: bool = option(True, flag, "", "band of one standard uncertainty where it is known")
    offset: float | None = option(None, optional_number, "counts", "distance between the curves; 0 overlays them")
    xlim: Limits | None = option(None, limits, "1/angstrom", "Q range; by default that of the data")
    ylim: Limits | None = option(None, limits, "counts", "range of the vertical axis, offsets included")


@dataclass(frozen=True)
class SqOptions:
    """Options of 'scattering.s_q' and 'scattering.f_q'."""

    band: bool = option(True, flag, "", "band of one standard uncertainty where it is known")
    offset: float | None = option(None, optional_number, "unit of the axis", "distance between the curves; 0: overlay")
    xlim: Limits | None = option(None, limits, "1/angstrom", "Q range; by default up to the end of the transform")
    ylim: Limits | None = option(None, limits, "unit of the axis", "range of the vertical axis, offsets included")


@dataclass(frozen=True)
class DifferenceOptions:
    """Options of 'scattering.difference'."""

    standard: str | None = option(None, word, "", "sample that was subtracted; by default the first of each sample")
    band: bool = option(True, flag, "", "band of one standard uncertainty by counting, where it is known")
    spread: bool = option(True, flag, "", "pale: from lowest to highest of all treatments, made alike for both")
    regions: Mapping[str, Limits] | None = option(None, regions, "angstrom", "shaded ranges by name")
    offset: float | None = option(None, optional_number, "1/angstrom^2", "distance between the curves; 0: overlay")
    xlim: Limits | None = option(None, limits, "angstrom", "r range; by default that of the data, from 0.5 on")
    ylim: Limits | None = option(None, limits, "1/angstrom^2", "range of the vertical axis, offsets included")


@dataclass(frozen=True)
class ImageOptions:
    """Options of 'scattering.image'."""

    role: str = option("sample", choice("sample", "calibrant"), "", "which image: of the sample or of the calibrant")
    scale: str = option("log", choice("log", "linear"), "", "of the colours")
    rings: bool = option(True, flag, "", "rings where the geometry puts them")
    xlim: Limits | None = option(None, limits, "pixel", "range of columns; by default all")
    ylim: Limits | None = option(None, limits, "pixel", "range of rows; by default all")
    zlim: Limits | None = option(
        None, limits, "counts", "colour limits of all images; by default 1 % to 99.9 % of pixels"
    )


@dataclass(frozen=True)
class RingsOptions:
    """Options of 'scattering.rings'."""

    offset: float | None = option(None, optional_number, "1/angstrom", "distance between the samples; 0 overlays them")
    xlim: Limits | None = option(None, limits, "1/angstrom", "Q range; by default that of the rings")
    ylim: Limits | None = option(None, limits, "1/angstrom", "range of the vertical axis, offsets included")
