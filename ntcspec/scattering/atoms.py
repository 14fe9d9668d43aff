"""What single atoms scatter: form factors, Compton scattering, weights of pairs.

Symbols: s = Q / (4 pi) (1/A); f_a form factor of the neutral atom a (electrons), c_a its fraction; S_a its incoherent
scattering function; E energy of the beam, E' of a Compton photon; E'/E = 1 / (1 + E/mc^2 (1 - cos 2theta)).

    <f> = sum c_a f_a        <f^2> = sum c_a |f_a|^2        C = (E'/E)^n sum c_a S_a
    w_ab = (2 - delta_ab) c_a c_b Re(f_a f_b*) / |<f>|^2                           (Faber and Ziman; they sum to 1)

f_a: Waasmaier and Kirfel, Acta Cryst. A 51, 416 (1995). S_a: Hubbell et al., J. Phys. Chem. Ref. Data 4, 471 (1975). n:
2 for a detector that counts photons, 3 for one that adds up energy (Breit and Dirac). The resonant terms f' + i f''
are Chantler's, from xraydb, which is imported only where they are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ntcspec.errors import UserError
from ntcspec.places import resource
from ntcspec.types import Array

HC_EV_ANG = 12398.41984
ELECTRON_EV = 510998.95
S_MAX_INV_ANG = 6.0  # end of the fit of Waasmaier and Kirfel: Q = 75 1/A
AVOGADRO_1E24 = 0.602214076


@dataclass(frozen=True)
class Averages:
    """<f> squared and <f^2> over the atoms, on the points of Q that were asked for (electrons^2)."""

    mean_squared: Array
    squared_mean: Array


@lru_cache(maxsize=1)
def _factors() -> dict[str, Array]:
    """element -> mass (u), c, a1..a5, b1..b5."""
    lines = resource("form-factors.tsv").read_text(encoding="utf-8").splitlines()[2:]
    return {words[0]: np.array(words[1:], dtype=np.float64) for words in (line.split("\t") for line in lines)}


@lru_cache(maxsize=1)
def _compton_lines() -> tuple[list[str], list[list[str]]]:
    lines = resource("compton.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return lines[0].split("\t"), [line.split("\t") for line in lines[1:]]


def check_elements(fractions: Mapping[str, float], where: str) -> None:
    """Raises UserError for an element that is not tabulated."""
    for element in fractions:
        if element not in _factors():
            raise UserError(
                where, f"{element} is no element with a tabulated form factor", "give elements from H to Cf"
            )


def form_factor(element: str, q_inv_ang: Array) -> Array:
    """f(Q) of the neutral atom in electrons, shape of q_inv_ang. KeyError for a symbol that is no element."""
    row = _factors()[element]
    s2 = (np.asarray(q_inv_ang, dtype=np.float64) / (4.0 * np.pi)) ** 2
    return row[1] + np.exp(-np.multiply.outer(s2, row[7:])) @ row[2:7]


def resonant(element: str, wavelength_ang: float) -> complex:
    """f' + i f'' (electrons) at the energy of the beam; Chantler's table."""
    import xraydb

    energy = HC_EV_ANG / wavelength_ang
    return complex(float(xraydb.f1_chantler(element, energy)), float(xraydb.f2_chantler(element, energy)))


def factors(
    fractions: Mapping[str, float], q_inv_ang: Array, *, resonant_at_ang: float | None = None
) -> dict[str, Any]:
    """f of each element, shape of q_inv_ang: real, or complex where a wavelength for the resonant terms is given."""
    found = {element: form_factor(element, q_inv_ang) for element in fractions}
    if resonant_at_ang is None:
        return found
    return {element: f + resonant(element, resonant_at_ang) for element, f in found.items()}


def averages(fractions: Mapping[str, float], q_inv_ang: Array, *, resonant_at_ang: float | None = None) -> Averages:
    """<f>^2 and <f^2> on q_inv_ang."""
    f = factors(fractions, q_inv_ang, resonant_at_ang=resonant_at_ang)
    mean = sum(c * f[element] for element, c in fractions.items())
    square = sum(c * np.abs(f[element]) ** 2 for element, c in fractions.items())
    return Averages(np.abs(np.asarray(mean)) ** 2, np.asarray(square, dtype=np.float64))


def incoherent(element: str, q_inv_ang: Array) -> Array:
    """S(Q) of the atom in electrons, without the Breit-Dirac factor; beyond Q = 100 1/A its last value."""
    from scipy.interpolate import PchipInterpolator

    names, rows = _compton_lines()
    column = names.index(element)
    s = np.array([row[0] for row in rows], dtype=np.float64)
    values = np.array([row[column] for row in rows], dtype=np.float64)
    return np.asarray(PchipInterpolator(s, values)(np.clip(np.asarray(q_inv_ang) / (4.0 * np.pi), 0.0, s[-1])))


def energy_ratio(q_inv_ang: Array, wavelength_ang: float) -> Array:
    """E'/E of a photon that a free electron at rest has scattered: 1 - cos 2theta = (Q lambda / 4 pi)^2 * 2."""
    sine = np.asarray(q_inv_ang) * wavelength_ang / (4.0 * np.pi)
    return 1.0 / (1.0 + HC_EV_ANG / wavelength_ang / ELECTRON_EV * 2.0 * sine**2)


def compton(
    fractions: Mapping[str, float], q_inv_ang: Array, *, wavelength_ang: float | None = None, exponent: int = 0
) -> Array:
    """Incoherent scattering per atom in electron units, shape of q_inv_ang. An exponent of 0 needs no wavelength."""
    total = np.asarray(sum(c * incoherent(element, q_inv_ang) for element, c in fractions.items()))
    if not exponent:
        return total
    if wavelength_ang is None or not np.isfinite(wavelength_ang):
        raise ValueError("the Breit-Dirac factor needs a wavelength")
    return total * energy_ratio(q_inv_ang, wavelength_ang) ** exponent


def pair_names(fractions: Mapping[str, float]) -> list[tuple[str, str]]:
    """All pairs of elements, each once, in the order of the formula."""
    names = list(fractions)
    return [(a, b) for i, a in enumerate(names) for b in names[i:]]


def pair_weights(fractions: Mapping[str, float], q_inv_ang: Array) -> Array:
    """w_ab of each of `pair_names`, shape (pairs, Q), without resonant terms."""
    f = factors(fractions, q_inv_ang)
    mean = np.asarray(sum(c * f[element] for element, c in fractions.items()))
    rows = [(2.0 - (a == b)) * fractions[a] * fractions[b] * f[a] * f[b] / mean**2 for a, b in pair_names(fractions)]
    return np.array(rows)


def number_density(fractions: Mapping[str, float], density_g_cm3: float) -> float:
    """Atoms per A^3."""
    mass = sum(c * float(_factors()[element][0]) for element, c in fractions.items())
    return density_g_cm3 * AVOGADRO_1E24 / mass
