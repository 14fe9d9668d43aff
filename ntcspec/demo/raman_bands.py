"""Raman bands of the demo: the table, the line shape, and what a perfect instrument would measure.

A band of area a, width w and centre s0 is a pseudo-Voigt line with 70 % Lorentzian,

    b(s) = a [0.7 L(s - s0; w) + 0.3 G(s - s0; w)],   both with full width w at half height,

seen through a Gaussian instrument function of 2 cm-1 FWHM; the convolution is exact (Lorentzian and Gaussian give a
Voigt profile, Gaussians add in quadrature). Areas are those of the spectrum as measured on the Stokes side at room
temperature: the Bose factor is part of them, none is applied here.

Bands of the crystalline and molecular chlorides carry the shifts of the literature or, where the table says so, of
memory; widths and most areas are assumed. The bands of the glass are INVENTED.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ntcspec.errors import UserError

Array = npt.NDArray[np.float64]

TABLE = "raman_bands.tsv"
COLUMNS = ["phase", "shift_cm1", "fwhm_cm1", "area", "assignment", "source"]
INSTRUMENT_CM1 = 2.0
LORENTZ_SHARE = 0.7
SIGMA = 2.0 * np.sqrt(2.0 * np.log(2.0))  # FWHM of a Gaussian in standard deviations
A1G_CM1, F2G_CM1 = (340.0, 440.0), (130.0, 200.0)  # windows of the noise-free measures


@dataclass(frozen=True)
class Band:
    """One band: centre and intrinsic full width at half height (cm-1), area (relative)."""

    shift_cm1: float
    fwhm_cm1: float
    area: float
    assignment: str = ""
    source: str = ""

    def scaled(self, share: float) -> Band:
        """The same band with its area times `share`."""
        return Band(self.shift_cm1, self.fwhm_cm1, self.area * share, self.assignment, self.source)


def load_bands(path: Path) -> dict[str, tuple[Band, ...]]:
    """The bands of the table by phase.

    Raises:
        UserError: the table is missing or its columns are others.
    """
    if not path.is_file():
        raise UserError(str(path), "no such file", "restore it, or leave `resources` to the program")
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    rows = list(csv.reader(lines, delimiter="\t"))
    if rows[0] != COLUMNS:
        raise UserError(f"{path}: line 1 below the comments", f"columns are not {', '.join(COLUMNS)}", "restore it")
    found: dict[str, tuple[Band, ...]] = {}
    for phase, shift, fwhm, area, assignment, source in rows[1:]:
        band = Band(float(shift), float(fwhm), float(area), assignment, source)
        found[phase] = (*found.get(phase, ()), band)
    return found


def mix(crystal: Sequence[Band], glass: Sequence[Band], fraction: float) -> tuple[Band, ...]:
    """Bands of a sample with the glass fraction x: (1 - x) crystal + x glass; bands without area are left out."""
    both = [*(band.scaled(1.0 - fraction) for band in crystal), *(band.scaled(fraction) for band in glass)]
    return tuple(band for band in both if band.area > 0.0)


def spectrum(shift_cm1: Array, bands: Sequence[Band], instrument_cm1: float = INSTRUMENT_CM1) -> Array:
    """Sum of the bands at the true shifts, seen through the instrument; its integral is the sum of the areas."""
    from scipy.special import voigt_profile

    total = np.zeros_like(shift_cm1)
    for band in bands:
        away = shift_cm1 - band.shift_cm1
        sigma = np.hypot(band.fwhm_cm1, instrument_cm1) / SIGMA
        gauss = np.exp(-0.5 * (away / sigma) ** 2) / (sigma * np.sqrt(2.0 * np.pi))
        voigt = voigt_profile(away, instrument_cm1 / SIGMA, band.fwhm_cm1 / 2.0)
        total += band.area * (LORENTZ_SHARE * voigt + (1.0 - LORENTZ_SHARE) * gauss)
    return total


def half_height(shift_cm1: Array, height: Array) -> tuple[float, float]:
    """Position (cm-1) of the maximum and full width at half of it (cm-1), outermost crossings, interpolated."""
    top = int(np.argmax(height))
    above = np.flatnonzero(height >= height[top] / 2.0)
    edges = []
    for inside, outside in ((above[0], above[0] - 1), (above[-1], above[-1] + 1)):
        part = (height[inside] - height[top] / 2.0) / (height[inside] - height[outside])
        edges.append(shift_cm1[inside] + part * (shift_cm1[outside] - shift_cm1[inside]))
    return float(shift_cm1[top]), float(edges[1] - edges[0])


def noise_free(bands: Sequence[Band]) -> dict[str, float]:
    """What the bands alone show, without background and noise: the A1g band and two areas by window.

    Areas are integrals of the band sum over `A1G_CM1` and `F2G_CM1`, tails of other bands included.
    """
    fine = np.linspace(100.0, 500.0, 8001)
    height = spectrum(fine, bands)
    areas = {}
    for name, (low, high) in (("a1g", A1G_CM1), ("f2g", F2G_CM1)):
        inside = (fine >= low) & (fine <= high)
        areas[name] = float(np.trapezoid(height[inside], fine[inside]))
    window = (fine >= A1G_CM1[0]) & (fine <= A1G_CM1[1])
    position, width = half_height(fine[window], height[window])
    return {
        "a1g_position_cm1": round(position, 3),
        "a1g_fwhm_cm1": round(width, 3),
        "a1g_area": round(areas["a1g"], 5),
        "f2g_area": round(areas["f2g"], 5),
        "f2g_to_a1g": round(areas["f2g"] / areas["a1g"], 5),
    }
