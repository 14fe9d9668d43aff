"""What adds to coherent scattering of a sample in a capillary: Compton, Kapton, air, absorption; and the Ni calibrant.

Everything is in electron units per atom times atoms per area in the beam (1/A^2), so that only the exposure is free:

    I(2theta) = n_s A_s (coh + inc) + A_w (n_K I_K + n_air I_air)

Compton: inc = (E'/E)^3 sum c_a S_a(Q); S_a from Hubbell's tables (`compton_hubbell1975.tsv`); E'/E = 1 / (1 + E/mc^2
(1 - cos 2theta)); the power is 3 for a detector that sums energy (2 for one that counts). Absorption in the sample
(muR near 0.1) is averaged over the part of its round cross-section that the beam hits, in the plane across the
capillary; A_w is the same average for light from the front and the rear wall, which the sample weakens on its way:
this is the factor by which an empty capillary must be scaled before it is subtracted. Absorption in the walls,
multiple scattering and fluorescence (all below 1 %, or far below the threshold of the detector) are left out.

PARAMETRIC: the halo of Kapton is f^2 and Compton scattering of C22H10N2O5 times an invented S(Q) with the maxima of an
amorphous polymer at 1.2, 3.0 and 5.3 1/A. Air is N2 (bond 1.10 A) over the 30 mm between collimator and beam stop,
taken as if it scattered where the sample is.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ntcspec.demo.scattering_curves import averages, form_factor
from ntcspec.errors import UserError

Array = npt.NDArray[np.float64]

WAVELENGTH_ANG = 0.2095
ENERGY_KEV = 12.39842 / WAVELENGTH_ANG
ELECTRON_KEV = 510.99895
COMPTON_POWER = 3
RADIUS_ANG = 0.4e7  # capillary of 0.8 mm inner diameter
WALL_ANG = 25e4
BEAM_ANG = 0.3e7  # width of the beam, centred
PACKING = 0.5
KAPTON = {"C": 22 / 39, "H": 10 / 39, "N": 2 / 39, "O": 5 / 39}
KAPTON_INV_ANG3 = 1.42 * 0.602214 * 39 / 382.33  # 1.42 g/cm3, C22H10N2O5
AIR_INV_ANG2 = 2 * 2.504e-5 * 0.3e9  # molecules per A^3 at 1 bar and 295 K, two atoms each, 30 mm
NI_ANG, NI_U2_ANG2, NI_WIDTH_INV_ANG = 3.5239, 0.0047, 0.01  # A. Taylor 1950; B = 0.37 A^2; rings of 300 A grains
NI_PACKING = 0.5


@dataclass(frozen=True)
class Filling:
    """What is in the capillary."""

    fractions: dict[str, float]
    rho0_inv_ang3: float
    packing: float

    @property
    def column_inv_ang2(self) -> float:
        """Atoms per A^2 that the beam meets, averaged over its width."""
        y = _across()
        return self.rho0_inv_ang3 * self.packing * float(np.mean(2.0 * np.sqrt(RADIUS_ANG**2 - y**2)))

    @property
    def mu_inv_ang(self) -> float:
        """Absorption coefficient (1/A) at the energy of the beam."""
        import xraydb

        energy = ENERGY_KEV * 1000.0
        weight = {name: share * xraydb.atomic_mass(name) for name, share in self.fractions.items()}
        per_gram = sum(w * xraydb.mu_elam(name, energy) for name, w in weight.items()) / sum(weight.values())
        density = self.rho0_inv_ang3 * self.packing * sum(weight.values()) / 0.602214  # g/cm3
        return float(per_gram * density * 1e-8)


def two_theta(q_inv_ang: Array) -> Array:
    """2theta (rad) of Q."""
    return 2.0 * np.arcsin(np.clip(q_inv_ang * WAVELENGTH_ANG / (4.0 * np.pi), 0.0, 1.0))


def q_of(two_theta_rad: Array) -> Array:
    """Q (1/A) of 2theta."""
    return 4.0 * np.pi / WAVELENGTH_ANG * np.sin(0.5 * two_theta_rad)


def load_compton(resources: Path) -> dict[str, Array]:
    """S_a by element on the points `s` = Q / 4 pi (1/A).

    Raises:
        UserError: there is no such table.
    """
    path = resources / "compton_hubbell1975.tsv"
    try:
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
        rows = np.array([[float(word) for word in line.split("\t")] for line in lines[1:]])
        return {name: rows[:, i] for i, name in enumerate(lines[0].split("\t"))}
    except (OSError, ValueError, IndexError) as error:
        raise UserError(str(path), f"is no table of incoherent scattering ({error})", "restore the file") from error


def compton(table: dict[str, Array], fractions: dict[str, float], q_inv_ang: Array) -> Array:
    """Incoherent intensity in electron units per atom, as the detector sees it."""
    s = q_inv_ang / (4.0 * np.pi)
    ratio = 1.0 / (1.0 + ENERGY_KEV / ELECTRON_KEV * (1.0 - np.cos(two_theta(q_inv_ang))))
    total = sum((c * np.interp(s, table["s"], table[name]) for name, c in fractions.items()), np.zeros(len(s)))
    return ratio**COMPTON_POWER * total


def kapton(table: dict[str, Array], q_inv_ang: Array) -> Array:
    """Intensity of Kapton, electron units per atom; its S(Q) is PARAMETRIC."""

    def bump(height: float, centre: float, width: float) -> Array:
        return height * np.exp(-0.5 * ((q_inv_ang - centre) / width) ** 2)

    structure = 1.0 - 0.8 * np.exp(-((q_inv_ang / 0.9) ** 2)) + bump(1.1, 1.2, 0.2) + bump(0.35, 3.0, 0.4)
    structure += bump(0.15, 5.3, 0.45)
    return averages(KAPTON, q_inv_ang)[1] * structure + compton(table, KAPTON, q_inv_ang)


def air(table: dict[str, Array], q_inv_ang: Array) -> Array:
    """Intensity of N2, electron units per atom: f^2 (1 + sin(Qd)/(Qd)) + Compton."""
    pair = 1.0 + np.sinc(q_inv_ang * 1.10 / np.pi)
    return form_factor("N", q_inv_ang) ** 2 * pair + compton(table, {"N": 1.0}, q_inv_ang)


def halo(table: dict[str, Array], q_inv_ang: Array) -> Array:
    """Kapton and air: electron units times atoms per A^2."""
    return 2.0 * WALL_ANG * KAPTON_INV_ANG3 * kapton(table, q_inv_ang) + AIR_INV_ANG2 * air(table, q_inv_ang)


def _across(points: int = 41) -> Array:
    """Distances (A) from the axis of the capillary, over the width of the beam."""
    return ((np.arange(points) + 0.5) / points - 0.5) * BEAM_ANG


def absorption(mu_inv_ang: float, two_theta_rad: Array) -> tuple[Array, Array]:
    """A_s and A_w at each angle: mean of exp(-mu (path in + path out)) over the sample, and over both walls."""
    y = _across()[:, None, None]
    half = np.sqrt(RADIUS_ANG**2 - y**2)
    x = half * ((np.arange(80) + 0.5) / 40.0 - 1.0)[None, :, None]
    c, s = np.cos(two_theta_rad)[None, None, :], np.sin(two_theta_rad)[None, None, :]

    def leaving(x_ang: Array) -> Array:
        return np.sqrt(np.maximum(RADIUS_ANG**2 - (x_ang * s - y * c) ** 2, 0.0)) - (x_ang * c + y * s)

    inside = np.exp(-mu_inv_ang * (x + half + leaving(x)))
    length = np.broadcast_to(half, inside.shape)
    sample = np.sum(inside * length, axis=(0, 1)) / np.sum(length, axis=(0, 1))
    front = np.exp(-mu_inv_ang * leaving(-half))
    rear = np.exp(-mu_inv_ang * (2.0 * half + leaving(half)))
    return sample, 0.5 * np.mean(front + rear, axis=(0, 1))


def nickel(q_inv_ang: Array) -> Array:
    """Coherent intensity of Ni powder, electron units per atom.

    Bragg: f^2 exp(-Q^2 u2) 2 pi^2 / (N v) sum_G |F_G|^2 / G^2 delta(Q - G), each ring a narrow Gaussian; N = 4 atoms in
    the cell v, |F_G|^2 = 16 for unmixed indices. Thermal diffuse: f^2 (1 - exp(-Q^2 u2)), without structure.
    """
    edge = int(np.ceil(q_inv_ang[-1] * NI_ANG / (2.0 * np.pi)))
    index = np.stack(np.meshgrid(*[np.arange(-edge, edge + 1)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    odd = index % 2
    square = np.sum(index**2, axis=1)[(odd[:, 0] == odd[:, 1]) & (odd[:, 1] == odd[:, 2])]
    sizes, multiplicity = np.unique(square[square > 0], return_counts=True)
    bragg = np.zeros(len(q_inv_ang))
    for size, count in zip(sizes, multiplicity, strict=True):
        g = 2.0 * np.pi / NI_ANG * np.sqrt(float(size))
        near = np.abs(q_inv_ang - g) < 8.0 * NI_WIDTH_INV_ANG
        shape = np.exp(-0.5 * ((q_inv_ang[near] - g) / NI_WIDTH_INV_ANG) ** 2)
        area = 2.0 * np.pi**2 * 16.0 * count / (4.0 * NI_ANG**3 * g**2)
        bragg[near] += area * shape / (np.sqrt(2.0 * np.pi) * NI_WIDTH_INV_ANG)
    waller = np.exp(-(q_inv_ang**2) * NI_U2_ANG2)
    return form_factor("Ni", q_inv_ang) ** 2 * (waller * bragg + 1.0 - waller)
