"""Options of the EXAFS panels; standard library only."""

from __future__ import annotations

from dataclasses import dataclass

from ntcspec.plot.options import Limits, choice, flag, levels, limits, option, optional_number, positive, word


@dataclass(frozen=True)
class MuOptions:
    """Options of 'exafs.mu'."""

    offset: float | None = option(None, optional_number, "1", "distance between the curves; 0 overlays them")
    relative_to_e0: bool = option(False, flag, "", "energy axis from the E0 of each sample")
    band: bool = option(True, flag, "", "band of one standard uncertainty where it is known")
    xlim: Limits | None = option(None, limits, "eV", "energy range; from E0 if relative_to_e0")
    ylim: Limits | None = option(None, limits, "1", "range of the vertical axis, offsets included")


@dataclass(frozen=True)
class ChiKOptions:
    """Options of 'exafs.chi_k'."""

    offset: float | None = option(None, optional_number, "angstrom^-w", "distance between the curves; 0 overlays them")
    window: bool = option(False, flag, "", "draw the Fourier window, scaled to each curve")
    xlim: Limits | None = option(None, limits, "1/angstrom", "k range; by default up to 1/angstrom past the window")
    ylim: Limits | None = option(None, limits, "angstrom^-w", "range of the vertical axis, offsets included")


@dataclass(frozen=True)
class ChiROptions:
    """Options of 'exafs.chi_r'."""

    offset: float | None = option(None, optional_number, "angstrom^-(w+1)", "distance between the curves; 0: overlay")
    components: bool = option(False, flag, "", "real and imaginary part as thin lines")
    band: bool = option(True, flag, "", "band of one standard uncertainty where it is known")
    xlim: Limits | None = option((0.0, 6.0), limits, "angstrom", "R range")
    ylim: Limits | None = option(None, limits, "angstrom^-(w+1)", "range of the vertical axis, offsets included")


@dataclass(frozen=True)
class WaveletOptions:
    """Options of 'exafs.wavelet'."""

    contours: int = option(0, levels, "", "number of contour lines between the colour limits")
    resolution_at_r: float | None = option(
        None, positive, "angstrom", "R at which the resolution is stated; by default that of the strongest maximum"
    )
    xlim: Limits | None = option(None, limits, "1/angstrom", "k range")
    ylim: Limits | None = option(None, limits, "angstrom", "R range; by default that of the maps, up to 6 angstrom")
    zlim: Limits | None = option(None, limits, "angstrom^-w", "colour limits, shared by all maps")


@dataclass(frozen=True)
class FitOptions:
    """Options of 'exafs.fit'."""

    model: str | None = option(None, word, "", "model that is drawn; by default that of the lowest BIC of each sample")
    part: str = option("magnitude", choice("magnitude", "real", "k"), "", "of chi(R), or chi(k) inside the window: k")
    paths: bool = option(True, flag, "", "each path alone, filled; of the magnitude only")
    offset: float | None = option(None, optional_number, "angstrom^-(w+1)", "distance between the curves; 0: overlay")
    xlim: Limits | None = option(None, limits, "angstrom", "range of the horizontal axis; 1/angstrom for part k")
    ylim: Limits | None = option(None, limits, "angstrom^-(w+1)", "range of the vertical axis, offsets included")
