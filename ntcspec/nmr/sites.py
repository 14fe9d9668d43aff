"""Sites that a fit can be made of: what each is called, its parameters with their bounds, and its decay.

    model          parameters after the area
    gaussian       position (ppm), fwhm (Hz)
    lorentzian     position, fwhm
    pseudo_voigt   position, fwhm, share of the Lorentzian
    quadrupolar    delta_iso (ppm), cq (MHz), eta, gaussian (Hz)     one site: crystal
    czjzek         delta_iso (ppm), sigma (MHz), gaussian (Hz)       a distribution of couplings: glass

`gaussian` is the full width of what broadens the line beside the second order. At one field a spread of isotropic
shifts cannot be told from it. `fwhm` and `gaussian` do not hold what apodisation added: the grid of the spectrum knows
that, and puts it into every line. The area is that of the whole central transition with its sidebands, of
those models that have a coupling.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np

from ntcspec.nmr.central import MAGIC_RAD, Axis, Coupling, harmonics, octant, powder, satellite_centreband, tents
from ntcspec.nmr.czjzek import kernel
from ntcspec.nmr.decay import GAUSS, Complex, Grid, broadening, decay_of
from ntcspec.types import Array

PARAMETERS = {
    "gaussian": ("position", "fwhm"),
    "lorentzian": ("position", "fwhm"),
    "pseudo_voigt": ("position", "fwhm", "share"),
    "quadrupolar": ("delta_iso", "cq", "eta", "gaussian"),
    "czjzek": ("delta_iso", "sigma", "gaussian"),
}
UNITS = {
    "area": "", "position": "ppm", "delta_iso": "ppm", "fwhm": "Hz", "gaussian": "Hz", "share": "1", "cq": "MHz",
    "eta": "1", "sigma": "MHz",
}  # fmt: skip
COUPLED = ("quadrupolar", "czjzek")  # a shift of the second order belongs to these
CUTS, SATELLITE_CUTS = 40, 12
STEP_CQ_MHZ, STEP_ETA = 1e-3, 1e-2  # of derivatives


@dataclass(frozen=True)
class Site:
    """One line of a model: bounds of its parameters after the area."""

    name: str
    model: str
    lower: tuple[float, ...]
    upper: tuple[float, ...]

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters, the area first."""
        return ("area", *PARAMETERS[self.model])


@dataclass(frozen=True)
class Nucleus:
    """What the lines hang on: spin, spinning rate (Hz; infinite for fast, 0 for static), fineness of orientations."""

    spin: float
    spinning_hz: float
    cuts: int = CUTS

    def axis(self, grid: Grid) -> Axis:
        """The axis of the grid round an isotropic shift, for powder lines."""
        theta = 0.0 if self.spinning_hz == 0.0 else MAGIC_RAD
        return Axis(grid.count, grid.width_hz, grid.larmor_mhz * 1e6, self.spinning_hz, theta)


def decays(site: Site, shape: Array, grid: Grid, nucleus: Nucleus, satellites: float | None = None) -> Complex:
    """Decay of area 1, its derivatives by the parameters after the area, and by `satellites` where that is given.

    satellites : inner satellites over central transition, if all satellites were in their centreband. They are added to
    sites with a coupling; the area stays that of the central transition. Shape (1 + parameters (+ 1), times).
    """
    rows = np.zeros((1 + len(shape) + (satellites is not None), grid.time_s.size), dtype=complex)
    if site.model in COUPLED:
        _coupled(rows, site, shape, grid, nucleus, satellites)
    else:
        _plain(rows, site.model, shape, grid.time_s)
    rows *= grid.shift(float(shape[0]))
    rows[1] = rows[0] * grid.by_shift()
    return rows


def _plain(rows: Complex, model: str, shape: Array, t: Array) -> None:
    """Row 1, by the shift, is filled in by the caller, here and below."""
    fwhm = float(shape[1])
    gauss, lorentz = broadening(t, fwhm), broadening(t, 0.0, fwhm)
    by_gauss, by_lorentz = -2.0 * GAUSS * fwhm * t**2 * gauss, -np.pi * t * lorentz
    share = {"gaussian": 0.0, "lorentzian": 1.0}.get(model, float(shape[-1]))
    rows[0] = (1.0 - share) * gauss + share * lorentz
    rows[2] = (1.0 - share) * by_gauss + share * by_lorentz
    if model == "pseudo_voigt":
        rows[3] = lorentz - gauss


def _coupled(rows: Complex, site: Site, shape: Array, grid: Grid, nucleus: Nucleus, satellites: float | None) -> None:
    width, last = float(shape[-1]), len(shape)
    axis = nucleus.axis(grid)
    make = _czjzek if site.model == "czjzek" else _one_site
    central = make(site, shape, axis, nucleus, False)
    rows[0] = central[0]
    rows[2:last] = central[1:]
    if satellites is not None:
        outer = make(site, shape, axis, nucleus, True)
        rows[0] += satellites * outer[0]
        rows[2 : 1 + len(outer)] += satellites * outer[1:]
        rows[-1] = outer[0]
    rows *= broadening(grid.time_s, width)
    rows[last] = rows[0] * (-2.0 * GAUSS * width * grid.time_s**2)


def _czjzek(site: Site, shape: Array, axis: Axis, nucleus: Nucleus, satellites: bool) -> Complex:
    """Decay and its derivative by sigma (1/MHz)."""
    nodes = kernel(axis, nucleus.spin, (site.lower[1] * 1e6, site.upper[1] * 1e6), satellites)
    line, by_sigma = nodes.line(float(shape[1]) * 1e6)
    return np.array([line, by_sigma * 1e6])


def _one_site(site: Site, shape: Array, axis: Axis, nucleus: Nucleus, satellites: bool) -> Complex:
    """Decay and its derivatives by CQ (1/MHz) and eta; those of satellites, some percent of a line, are left out."""
    cq, eta = float(shape[1]), float(shape[2])
    if satellites:
        points = octant(SATELLITE_CUTS)
        c0, share = satellite_centreband(Coupling(cq * 1e6, eta), axis.nu0_hz, axis.spinning_hz, nucleus.spin, points)
        return decay_of(
            tents((c0 / axis.step_hz + axis.count // 2)[None], share[None], points, axis.count, hats=True)[None]
        )
    points = octant(nucleus.cuts)
    aside = eta + (STEP_ETA if eta < 0.5 else -STEP_ETA)
    unit = {e: harmonics(Coupling(1e6, e), axis.nu0_hz, nucleus.spin, points, axis.theta_rad) for e in (eta, aside)}
    at = ((cq, eta), (cq + STEP_CQ_MHZ, eta), (cq, aside))
    lines = decay_of(np.array([powder(axis, unit[e] * c**2, points, hats=True) for c, e in at]))
    return np.array([lines[0], (lines[1] - lines[0]) / STEP_CQ_MHZ, (lines[2] - lines[0]) / (aside - eta)])


def spinning(rate_hz: float) -> float:
    """The rate to simulate with: an unknown one (NaN) stands for fast."""
    return rate_hz if np.isfinite(rate_hz) else inf
