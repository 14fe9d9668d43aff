"""Over-absorption of EXAFS measured by fluorescence, corrected in chi(k), for a sample of any thickness.

Symbols: A(E) absorption of the edge alone as tabulated, without EXAFS; b(E) all other absorption plus g times that at
the fluorescence line; g = sin(angle in) / sin(angle out); T mass per area over sin(angle in), so that everything is in
cm^2/g; beta = b + A; chi the true EXAFS relative to A(E), y = 1 + chi_m the measured signal over its smooth part.

A sample of thickness T gives the signal ~ (1 + chi) A (1 - exp(-(beta + A chi) T)) / (beta + A chi). Hence

    y = (1 + chi) beta / (beta + A chi) * (1 - exp(-(beta + A chi) T)) / (1 - exp(-beta T)),

which is solved for chi by Newton's method at each point; without T (thick) the second factor is 1, and
chi = chi_m / (1 - s y), s = A / beta. Nothing is linearised in chi.

chi_m: the smooth part is that of the data, background minus pre-edge line, not the step at E0. The result is multiplied
by A(E) / A(E0), so that it is normalised as transmission is, by the step at E0.

Errors: d chi / d chi_m from the same formula multiplies the covariance. Not in it: formula, angles and tables.

Sources: C. H. Booth, F. Bridges, Phys. Scr. T115, 202 (2005), eq. 2, before its expansion; L. Troeger et al., Phys.
Rev. B 46, 3283 (1992). Tables: W. T. Elam, B. D. Ravel, J. R. Sieber, Radiat. Phys. Chem. 63, 121 (2002), as in xraydb.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ntcspec.errors import UserError
from ntcspec.formula import atoms
from ntcspec.types import Array
from ntcspec.xas.over_absorption import Thick, thick_sample

BELOW_EV = (300.0, 10.0)  # below the edge: what is extrapolated under it, as a power of E
STEPS, CLOSE = 50, 1e-13
SATURATED = 0.98  # share of the edge in all absorption, times the signal, above which nothing can be recovered


@dataclass(frozen=True)
class ThickChi:
    """The sample as the correction needs it; `areal_g_cm2` NaN for a thick one."""

    thick: Thick
    element: str
    edge_energy_ev: float
    weights: Mapping[str, float]  # mass fractions by element
    areal_g_cm2: float

    @property
    def chosen(self) -> dict[str, Any]:
        """For the record."""
        return {**self.thick.chosen, "areal_g_cm2": None if np.isnan(self.areal_g_cm2) else self.areal_g_cm2}


def sample_of(
    settings: Mapping[str, Any], *, composition: str, element: str, edge: str, edge_energy_ev: float
) -> ThickChi:
    """The sample of section `over_absorption` of the config. Raises UserError for a formula without the element."""
    import xraydb

    thick = thick_sample(
        formula=settings.get("formula") or composition, element=element, edge=edge,
        angle_in_deg=settings["angle_in_deg"], angle_out_deg=settings["angle_out_deg"],
    )  # fmt: skip
    masses = {a: n * xraydb.atomic_mass(a) for a, n in atoms(thick.formula).items()}
    weights = {a: m / sum(masses.values()) for a, m in masses.items()}
    areal = settings.get("areal_density_mg_cm2")
    return ThickChi(thick, element, edge_energy_ev, weights, np.nan if areal is None else areal / 1000.0)


def absorption(sample: ThickChi, energy_ev: Array) -> tuple[Array, Array]:
    """A(E) and b(E) without the fluorescence line (cm^2/g), shape of the energies, which may lie below the edge."""
    import xraydb

    total = sum(w * xraydb.mu_elam(a, energy_ev) for a, w in sample.weights.items())
    below = sample.edge_energy_ev - np.array(BELOW_EV)
    at = np.log([xraydb.mu_elam(sample.element, float(e)) for e in below])
    power = (at[1] - at[0]) / np.log(below[1] / below[0])
    rest = sample.weights[sample.element] * np.exp(at[1]) * (energy_ev / below[1]) ** power
    own = sample.weights[sample.element] * xraydb.mu_elam(sample.element, energy_ev)
    edge = np.maximum(own - rest, 0.0)
    return np.asarray(edge), np.asarray(total - edge)


def correct(sample: ThickChi, energy_ev: Array, chi_measured: Array, *, where: str) -> tuple[Array, Array]:
    """chi relative to the step at E0 and d chi / d chi_m, shape (k,), from chi_m on energies (eV) above the edge.

    Raises UserError, which names `where`, where the signal is larger than such a sample can give.
    """
    thick = sample.thick
    sines = [np.sin(np.deg2rad(a)) for a in (thick.angle_in_deg, thick.angle_out_deg)]
    above = np.maximum(energy_ev, sample.edge_energy_ev + 1.0)
    edge, rest = absorption(sample, above)
    at_edge, _ = absorption(sample, np.array([sample.edge_energy_ev + 1.0]))
    rest = rest + thick.at_line * sines[0] / sines[1]
    share, y = edge / (edge + rest), 1.0 + chi_measured
    if (share * y > SATURATED).any():
        fix = "check reduce.over_absorption (formula, angles) and the mode"
        raise UserError(where, "the fluorescence is larger than a sample of that formula can give", fix)
    chi, slope = _solve(y, share, sample.areal_g_cm2 / sines[0] * (edge + rest))
    scale = edge / at_edge
    return chi * scale, slope * scale


def _solve(y: Array, share: Array, depth: Array) -> tuple[Array, Array]:
    """chi and d chi / dy for y = (1 + chi) f(chi); depth beta T, NaN for a thick sample.

    y is a concave function of chi that lies between those of a sample that absorbs nothing, 1 + chi, and of a thick
    one. Newton's method from the lower of their two solutions comes nearer with each step, from below.
    """
    thick = (y - 1.0) / (1.0 - share * y)
    if np.isnan(depth).any():
        return thick, (1.0 - share) / (1.0 - share * y) ** 2
    chi = np.minimum(y - 1.0, thick)
    for _ in range(STEPS):
        value, slope = _signal(chi, share, depth)
        step = (y - value) / slope
        chi = chi + step
        if np.abs(step).max() < CLOSE:
            break
    return chi, 1.0 / _signal(chi, share, depth)[1]


def _signal(chi: Array, share: Array, depth: Array) -> tuple[Array, Array]:
    """y and dy / dchi of a sample of that depth."""
    u = 1.0 + share * chi
    seen, full = -np.expm1(-depth * u), -np.expm1(-depth)
    part = (1.0 + chi) / u
    slope = (1.0 - share * part) / u * seen + part * share * depth * np.exp(-depth * u)
    return part * seen / full, slope / full
