"""mu(E) of a sample or foil at the Ta L3 edge, from tabulated cross sections, an edge shape and chi(k).

Symbols: E energy (eV), E0 energy origin of k and inflection point of the edge, x areal density (g/cm^2), G core-hole
width (eV).

    mu(E) x = x [ b(E) + d(E) (1/2 + arctan((E - Es) / (G/2)) / pi + a L(E - Ew) + r(k) chi(k)) ]

b: absorption of everything but the L3 shell, d: of the L3 shell (Elam tables in xraydb, photo-absorption; the Ta
table is split at the edge by power laws fitted to 9000-9870 eV and 9900-11100 eV). d falls by about a quarter up to k
= 16: an analysis that divides by a constant edge step measures chi(k) d(E)/d(E0), which is `step_ratio` (the McMaster
correction).

Assumptions:
- The step is an arctangent of the natural width G = 4.88 eV (Krause, Oliver 1979, in xraydb) at Es = E0 + STEP_EV.
- The white line is an EMPIRICAL shape: a Voigt profile L (Lorentzian FWHM and Gaussian 1.3 eV of a Si(111)
  monochromator) of area a, placed so that mu(E) is steepest at E0. No calculation of near-edge structure is behind
  it: read nothing from it.
- chi(k) is as FEFF gives it from k = 2.5 1/A on; below, where a path expansion does not hold, a ramp r(k) takes it to
  zero at 1.
- chi(k) is not broadened by the monochromator (1.3 eV matters below k = 2 only).
- Windows, air and sample holder absorb nothing; the sample is homogeneous.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntcspec.demo.feff import ETOK

Array = npt.NDArray[np.float64]

TA_L3_EV = 9881.0
GAMMA_EV = 4.88
GAUSS_SIGMA_EV = 1.3 / 2.3548
STEP_EV = 3.0  # the arctangent lies at the top of the rise, the white line makes the rise
BELOW_EV, ABOVE_EV = (9000.0, 9870.0), (9900.0, 11100.0)
LINE_EV = {"Ta": 8145.2}  # L alpha 1
RAMP_K = (1.0, 2.5)


@dataclass(frozen=True)
class Edge:
    """Where and what the Ta L3 edge of one material is."""

    e0_ev: float
    white_line_area_ev: float
    white_line_fwhm_ev: float  # Lorentzian part
    white_line_ev: float  # position above E0


@dataclass(frozen=True)
class Material:
    """A homogeneous layer of known composition."""

    composition: dict[str, int]  # atoms per formula unit
    areal_density_g_cm2: float
    edge: Edge
    k_inv_ang: Array
    chi: Array  # on k_inv_ang, from k = 0

    def step_absorption(self, energy_ev: Array) -> Array:
        """x d(E): absorption of the L3 shell without fine structure."""
        return self.areal_density_g_cm2 * mass_fraction(self.composition, "Ta") * _ta_parts(energy_ev)[1]

    def other_absorption(self, energy_ev: Array) -> Array:
        """x b(E): absorption of everything but the L3 shell."""
        import xraydb

        total = mass_fraction(self.composition, "Ta") * _ta_parts(energy_ev)[0]
        for element in sorted(set(self.composition) - {"Ta"}):
            total = total + mass_fraction(self.composition, element) * xraydb.mu_elam(element, energy_ev, kind="photo")
        return self.areal_density_g_cm2 * total

    def edge_profile(self, energy_ev: Array) -> Array:
        """Step, white line and fine structure over the bare L3 absorption, 0 below and about 1 above the edge."""
        from scipy.special import voigt_profile

        e = self.edge
        step = 0.5 + np.arctan((energy_ev - e.e0_ev - STEP_EV) / (GAMMA_EV / 2.0)) / np.pi
        line = voigt_profile(energy_ev - e.e0_ev - e.white_line_ev, GAUSS_SIGMA_EV, e.white_line_fwhm_ev / 2.0)
        k = np.sqrt(ETOK * np.maximum(energy_ev - e.e0_ev, 0.0))
        return step + e.white_line_area_ev * line + self.fine_structure(k)

    def fine_structure(self, k_inv_ang: Array) -> Array:
        """r(k) chi(k), interpolated by a cubic spline."""
        from scipy.interpolate import CubicSpline

        return ramp(k_inv_ang) * CubicSpline(self.k_inv_ang, self.chi)(k_inv_ang)

    def mu(self, energy_ev: Array) -> Array:
        """mu(E) x (dimensionless)."""
        return self.other_absorption(energy_ev) + self.step_absorption(energy_ev) * self.edge_profile(energy_ev)

    def edge_step(self) -> float:
        """Height of the bare edge at E0."""
        return float(self.step_absorption(np.array([self.edge.e0_ev]))[0])

    def step_ratio(self, k_inv_ang: Array) -> Array:
        """d(E)/d(E0) along k: what an analysis with a constant edge step multiplies chi(k) with."""
        energy = self.edge.e0_ev + k_inv_ang**2 / ETOK
        return self.step_absorption(energy) / self.edge_step()

    def fluorescence(self, energy_ev: Array, line_efficiency: float) -> Array:
        """Ta L alpha photons per incident photon at 45 degrees, self-absorption included.

        f d (1 - exp(-sqrt(2) (mu + mu_f))) / (mu + mu_f), f = `line_efficiency` (solid angle times yield).
        """
        mu = self.mu(energy_ev)
        escape = self.other_absorption(np.full_like(energy_ev, LINE_EV["Ta"]))
        excited = self.step_absorption(energy_ev) * self.edge_profile(energy_ev)
        return line_efficiency * excited * -np.expm1(-np.sqrt(2.0) * (mu + escape)) / (mu + escape)


def ramp(k_inv_ang: Array) -> Array:
    """sin^2 ramp from 0 at k = 1.0 to 1 at k = 2.5 1/A."""
    part = np.clip((k_inv_ang - RAMP_K[0]) / (RAMP_K[1] - RAMP_K[0]), 0.0, 1.0)
    return np.sin(0.5 * np.pi * part) ** 2


def mass_fraction(composition: dict[str, int], element: str) -> float:
    """Mass fraction of one element."""
    import xraydb

    mass = {name: n * xraydb.atomic_mass(name) for name, n in composition.items()}
    return float(mass[element] / sum(mass.values()))


def areal_density(composition: dict[str, int], edge_step: float, e0_ev: float) -> float:
    """Areal density (g/cm^2) that gives this edge step at E0."""
    step = float(_ta_parts(np.array([e0_ev]))[1][0])
    return edge_step / (mass_fraction(composition, "Ta") * step)


def _power_law(limits: tuple[float, float], energy_ev: Array) -> Array:
    """Photo-absorption of Ta (cm^2/g) between `limits`, continued as a power law of energy."""
    import xraydb

    grid = np.linspace(*limits, 50)
    slope, constant = np.polyfit(np.log(grid), np.log(xraydb.mu_elam("Ta", grid, kind="photo")), 1)
    return np.exp(constant) * energy_ev**slope


def _ta_parts(energy_ev: Array) -> tuple[Array, Array]:
    """Mass absorption of Ta without its L3 shell, and of the L3 shell (cm^2/g)."""
    below = _power_law(BELOW_EV, energy_ev)
    return below, _power_law(ABOVE_EV, energy_ev) - below
