"""Absolute absorption at a K edge, total electron yield and fluorescence of a thick sample.

Symbols: mu mass absorption (cm2/g), b of everything but the K shell of the element, J step of the bare K shell, both of
the compound, N core absorption in edge steps, Ef energy of the emitted line, g = sin(in)/sin(out) = 1 (45 degrees
each).

    mu(E) = b(E) + J N(E)
    TEY(E) ~ mu(E)                                       the escape depth of electrons is far below that of photons
    PFY(E) ~ J N(E) / (mu(E) + g mu(Ef))                 thick sample, flat and homogeneous (over-absorption)

With a = J / (b(E0) + J + g mu(Ef)) and b constant, PFY in its own edge steps is N / (1 - a + a N): a is the
`self-absorption factor` of the truth, 0 for a dilute sample, towards 1 where the element absorbs nearly all.

Assumptions:
- Photo-absorption by Elam (xraydb); K shell and the rest are split at the edge by power laws fitted on both sides.
  J is taken at E0, constant: the fall of the atomic absorption with energy is in the FEFF spectra.
- mu(Ef) of the line's own element holds no K shell; Ef lies below all edges that are excited.
- Electron yield per absorbed photon does not depend on energy or shell; the sample does not charge.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from ntcspec.demo.absorption import mass_fraction
from ntcspec.demo.xanes_spectra import Edge

Array = npt.NDArray[np.float64]

BELOW = (0.85, 0.985)  # range of the power law below the edge, in units of the tabulated edge energy
ABOVE = (1.005, 1.12)
GEOMETRY = 1.0


@dataclass(frozen=True)
class Matter:
    """Mass absorption (cm2/g) of one sample around one edge."""

    composition: dict[str, int]
    edge: Edge
    step: float  # J
    line: float  # mu at the energy of the emitted line

    def other(self, energy_ev: Array) -> Array:
        """b(E)."""
        absorber = self.edge.element
        total = mass_fraction(self.composition, absorber) * _power_law(absorber, BELOW, energy_ev)
        for element in sorted(set(self.composition) - {absorber}):
            total = total + mass_fraction(self.composition, element) * _smooth(element, self.edge.grid_ev, energy_ev)
        return total

    def total(self, energy_ev: Array, core: Array) -> Array:
        """mu(E) for N = `core`."""
        return self.other(energy_ev) + self.step * core

    def fluorescence(self, energy_ev: Array, core: Array) -> Array:
        """J N / (mu(E) + g mu(Ef)): share of the photons that a thick sample absorbs in the K shell and can show."""
        return self.step * core / (self.total(energy_ev, core) + GEOMETRY * self.line)

    def self_absorption(self) -> float:
        """a of the module docstring."""
        other = float(self.other(np.array([self.edge.e0_ev]))[0])
        return self.step / (other + self.step + GEOMETRY * self.line)


def matter(composition: dict[str, int], edge: Edge) -> Matter:
    """Absorption of a compound around the edge."""
    import xraydb

    at = np.array([edge.e0_ev])
    jump = _power_law(edge.element, ABOVE, at) - _power_law(edge.element, BELOW, at)
    line = np.array([edge.line_ev])
    total = sum(
        mass_fraction(composition, element) * float(xraydb.mu_elam(element, line, kind="photo")[0])
        for element in sorted(composition)
    )
    return Matter(composition, edge, mass_fraction(composition, edge.element) * float(jump[0]), total)


@cache
def _law(element: str, part: tuple[float, float]) -> tuple[float, float]:
    """Exponent and logarithm of the factor of the power law on one side of the K edge."""
    import xraydb

    grid = np.linspace(*part, 40) * xraydb.xray_edge(element, "K").energy
    slope, constant = np.polyfit(np.log(grid), np.log(xraydb.mu_elam(element, grid, kind="photo")), 1)
    return float(slope), float(constant)


def _power_law(element: str, part: tuple[float, float], energy_ev: Array) -> Array:
    """Photo-absorption (cm2/g) of the element on one side of its K edge, continued as a power law of energy."""
    slope, constant = _law(element, part)
    return np.exp(constant) * energy_ev**slope


def _smooth(element: str, limits: tuple[float, float], energy_ev: Array) -> Array:
    """Photo-absorption (cm2/g) of an element without an edge between the limits."""
    grid, values = _table(element, limits)
    return np.exp(np.interp(np.log(energy_ev), grid, values))


@cache
def _table(element: str, limits: tuple[float, float]) -> tuple[Array, Array]:
    """Logarithms of energy (eV) and photo-absorption (cm2/g): xraydb is slow point by point."""
    import xraydb

    grid = np.linspace(*limits, 111)
    return np.log(grid), np.log(xraydb.mu_elam(element, grid, kind="photo"))
