"""Thermal disorder: sigma^2 of every scattering path from the mean-square relative displacement of atom pairs.

Symbols: s2_ij mean-square relative displacement (MSRD) of atoms i and j along any direction (A^2), mu reduced mass
(u), w frequency (1/cm), T temperature (K), theta Debye temperature (K), R half path length (A).

The path formula. With displacements u_i that are equally large in all directions, R changes by dR = sum_i g_i . u_i,
where g_i = dR/dr_i is half the sum of the unit vectors of the legs that end at atom i. As sum_i g_i = 0 (nothing
changes if all atoms move together) the variance depends on the pairs only:

    sigma^2 = - sum_{i<j} (g_i . g_j) s2_ij

It gives s2 for a single scattering path, and is the formula that FEFF uses with its Debye model (J. J. Rehr, R. C.
Albers, Rev. Mod. Phys. 72 (2000) 621; `sigms.f`).

Molecular crystals (assumptions, all at 300 K):
- within a molecule each kind of pair is an Einstein oscillator, s2 = h/(8 pi^2 mu c w) coth(h c w / 2 k T), with a
  frequency near the Raman or infrared fundamentals of TaCl6- and Ta2Cl10 that change this distance: 330 for terminal
  Ta-Cl and Cl-Ta-Cl in line (nu1 381, nu2 296, nu3 about 330), 230 for bridging Ta-Cl (237), 176 for Cl...Cl at right
  angles (nu5), 142 for all else in Ta2Cl10, Ta...Ta included. Rounded, partly recalled values; stretching 0.0026 A^2
  and Cl...Cl 0.0135 A^2 agree with a classical molecular-dynamics snapshot set of the crystal (0.0027, 0.0124).
- between molecules the MSRD is a constant of the pair, taken from the same snapshots: Ta-Na 0.030, Ta-Cl 0.050, Na-Cl
  0.040; other pairs move independently with mean-square displacements Ta 0.020, Na 0.027, Cl 0.045 A^2. TaCl5 gets
  the same values.
Ta metal: correlated Debye model, theta = 240 K (C. Kittel, Introduction to Solid State Physics). No third cumulant
anywhere.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ntcspec.demo.structure import BOND_ANG, Cluster

Array = npt.NDArray[np.float64]
Msrd = Callable[[Cluster], Array]  # MSRD of every pair of a cluster, shape (atoms, atoms)

TEMPERATURE_K = 300.0
HBAR2_U_K = 48.50875  # hbar^2 / (u k_B) in A^2 K
KELVIN_PER_CM1 = 1.438777  # h c / k_B in cm K
TERMINAL_CM1, BRIDGING_CM1, BENDING_CM1, FRAME_CM1 = 330.0, 230.0, 176.0, 142.0
IN_LINE_ANG = 4.2  # Cl...Cl of one octahedron: 3.4 A at right angles, 4.8 A in line
BETWEEN_ANG2 = {("Na", "Ta"): 0.030, ("Cl", "Ta"): 0.050, ("Cl", "Na"): 0.040}
ALONE_ANG2 = {"Ta": 0.020, "Na": 0.027, "Cl": 0.045}
TA_DEBYE_K = 240.0


def _masses(symbols: tuple[str, ...]) -> Array:
    """Atomic masses (u), shape (atoms,)."""
    import xraydb

    return np.array([xraydb.atomic_mass(s) for s in symbols])


def einstein_msrd(reduced_mass_u: Array, wavenumber_cm1: Array, temperature_k: float = TEMPERATURE_K) -> Array:
    """MSRD (A^2) of an Einstein oscillator: hbar^2 / (2 mu k theta) coth(theta / 2 T), theta = h c w / k."""
    theta = KELVIN_PER_CM1 * wavenumber_cm1
    return HBAR2_U_K / (2.0 * reduced_mass_u * theta) / np.tanh(theta / (2.0 * temperature_k))


def _frequencies(cluster: Cluster, distance: Array) -> Array:
    """Frequency (1/cm) of each pair of atoms that share a molecule, shape (atoms, atoms)."""
    is_cl = np.array([s == "Cl" for s in cluster.symbols])
    bond = (distance < BOND_ANG) & (is_cl[:, None] != is_cl[None, :])
    bond &= cluster.molecule[:, None] == cluster.molecule[None, :]
    bridging = is_cl & (bond.sum(axis=1) > 1)
    around_one = (bond.astype(int) @ bond.astype(int)) > 0  # Cl atoms with a common Ta (and Ta with a common Cl)
    cl_pair = is_cl[:, None] & is_cl[None, :] & around_one
    out = np.full(distance.shape, FRAME_CM1)
    out[cl_pair] = BENDING_CM1
    out[cl_pair & (distance > IN_LINE_ANG)] = TERMINAL_CM1
    out[bond] = TERMINAL_CM1
    out[bond & (bridging[:, None] | bridging[None, :])] = BRIDGING_CM1
    return out


def _between(a: str, b: str) -> float:
    """MSRD (A^2) of two atoms of different molecules."""
    return BETWEEN_ANG2.get((min(a, b), max(a, b)), ALONE_ANG2[a] + ALONE_ANG2[b])


def molecular_msrd(cluster: Cluster) -> Array:
    """MSRD (A^2) of every pair in a molecular or ionic chloride, shape (atoms, atoms); see the module docstring."""
    mass = _masses(cluster.symbols)
    distance = np.linalg.norm(cluster.xyz_ang[:, None] - cluster.xyz_ang[None, :], axis=2)
    reduced = mass[:, None] * mass[None, :] / (mass[:, None] + mass[None, :])
    inside = einstein_msrd(reduced, _frequencies(cluster, distance))
    between = np.array([[_between(a, b) for b in cluster.symbols] for a in cluster.symbols])
    out = np.where(cluster.molecule[:, None] == cluster.molecule[None, :], inside, between)
    np.fill_diagonal(out, 0.0)
    return out


def debye_msrd(cluster: Cluster, theta_k: float, density_ang3: float, temperature_k: float = TEMPERATURE_K) -> Array:
    """MSRD (A^2) of every pair of an elemental solid, correlated Debye model, shape (atoms, atoms).

    s2(r) = 3 hbar^2 / (M k theta) int_0^1 x coth(x theta / 2 T) (1 - sin(q r x) / (q r x)) dx, q = (6 pi^2 n)^(1/3)
    (E. Sevillano, H. Meuth, J. J. Rehr, Phys. Rev. B 20 (1979) 4908), n = `density_ang3` (atoms per A^3).
    """
    distance = np.linalg.norm(cluster.xyz_ang[:, None] - cluster.xyz_ang[None, :], axis=2)
    unique, where = np.unique(np.round(distance, 4), return_inverse=True)
    node, weight = np.polynomial.legendre.leggauss(64)
    x, w = 0.5 * (node + 1.0), 0.5 * weight
    q_debye = (6.0 * np.pi**2 * density_ang3) ** (1.0 / 3.0)
    correlation = np.sinc(q_debye * unique[:, None] * x[None, :] / np.pi)
    occupation = x / np.tanh(x * theta_k / (2.0 * temperature_k))
    scale = 3.0 * HBAR2_U_K / (float(_masses(cluster.symbols[:1])[0]) * theta_k)
    out = scale * np.sum(w * occupation * (1.0 - correlation), axis=1)[where].reshape(distance.shape)
    np.fill_diagonal(out, 0.0)
    return out


def path_sigma2(msrd: Array, xyz_ang: Array, atoms: tuple[int, ...]) -> float:
    """sigma^2 (A^2) of the closed path through `atoms` (indices, absorber first, not repeated at the end).

    msrd: shape (n, n); xyz_ang: shape (n, 3).
    Raises:
        ValueError: the pair values contradict each other (negative variance).
    """
    gradient: dict[int, Array] = {}
    for a, b in zip(atoms, (*atoms[1:], atoms[0]), strict=True):
        leg = xyz_ang[b] - xyz_ang[a]
        unit = leg / np.linalg.norm(leg)
        gradient[a] = gradient.get(a, np.zeros(3)) - 0.5 * unit
        gradient[b] = gradient.get(b, np.zeros(3)) + 0.5 * unit
    index = list(gradient)
    g = np.array([gradient[i] for i in index])
    sigma2 = -0.5 * float(np.sum((g @ g.T) * msrd[np.ix_(index, index)]))
    if sigma2 < 0.0:
        raise ValueError(f"sigma2 = {sigma2:.5f} A^2 of the path through atoms {atoms} is negative")
    return sigma2
