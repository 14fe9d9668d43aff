"""Atoms around an absorber, from plain coordinates.

A cluster has the absorber at the origin, as atom 0; the others follow by distance, then by element and coordinates,
so that the same structure always gives the same feff.inp.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntcspec.errors import UserError, did_you_mean
from ntcspec.types import Array

CLOSEST_ANG = 0.5  # atoms nearer than this are one atom written twice
FARTHEST_ANG = 15.0
_SYMBOLS = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb "
    "Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au "
    "Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf"
)
ELEMENTS = tuple(_SYMBOLS.split())


@dataclass(frozen=True)
class Cluster:
    """Atoms around one absorbing site."""

    name: str
    symbols: tuple[str, ...]  # absorber first
    xyz_ang: Array  # shape (atoms, 3), absorber at the origin

    @property
    def distance_ang(self) -> Array:
        """Distance of each atom from the absorber, shape (atoms,)."""
        return np.linalg.norm(self.xyz_ang, axis=1)


def atomic_number(symbol: str, where: str = "atoms") -> int:
    """Atomic number of a chemical symbol, H to Cf. Raises UserError for any other word."""
    if symbol not in ELEMENTS:
        raise UserError(where, f"{symbol!r} is no element{did_you_mean(symbol, ELEMENTS)}", "give symbols such as Ta")
    return ELEMENTS.index(symbol) + 1


def nearest_first(symbols: Sequence[str], xyz_ang: Array) -> list[int]:
    """Indices of the atoms by distance from the origin, then by element and coordinates (to 0.0001 A)."""
    distance = np.linalg.norm(xyz_ang, axis=1)
    rows = zip(distance, symbols, xyz_ang, strict=True)
    keys = [(round(float(d), 4), s, *np.round(p, 4).tolist()) for d, s, p in rows]
    return sorted(range(len(symbols)), key=keys.__getitem__)


def make_cluster(name: str, symbols: Sequence[str], xyz_ang: Array, radius_ang: float) -> Cluster:
    """Cluster of the atoms within `radius_ang` (A) of the origin, where the absorber is.

    xyz_ang: shape (atoms, 3). Raises UserError for a radius out of 1 to 15 A, no atom at the origin, two atoms in one
    place and an absorber that is alone.
    """
    if not 1.0 <= radius_ang <= FARTHEST_ANG:
        raise UserError(name, f"a radius of {radius_ang:g} A", f"give a radius between 1 and {FARTHEST_ANG:g} A")
    order = nearest_first(symbols, xyz_ang)
    order = [i for i in order if np.linalg.norm(xyz_ang[i]) <= radius_ang]
    xyz = xyz_ang[order]
    if not order or np.linalg.norm(xyz[0]) > 1e-6:
        raise UserError(name, "no atom at the origin", "put the absorber there")
    if len(order) < 2:
        raise UserError(name, f"{symbols[order[0]]} has no neighbour within {radius_ang:g} A", "take a larger radius")
    _check_apart(name, [symbols[i] for i in order], xyz)
    return Cluster(name, tuple(symbols[i] for i in order), xyz)


def _check_apart(name: str, symbols: Sequence[str], xyz: Array) -> None:
    """UserError for two atoms in one place."""
    from scipy.spatial import cKDTree

    pairs = sorted(cKDTree(xyz).query_pairs(CLOSEST_ANG))
    if pairs:
        i, j = pairs[0]
        apart = float(np.linalg.norm(xyz[i] - xyz[j]))
        places = " and ".join(f"{symbols[n]} at {np.round(xyz[n], 3).tolist()}" for n in (i, j))
        raise UserError(name, f"{places} (from the absorber) are {apart:.2f} A apart", "remove one of the two")


def cluster_from_atoms(
    name: str, atoms: Sequence[tuple[str, float, float, float]], *, absorber: str | int, radius_ang: float
) -> Cluster:
    """Cluster from rows (element, x, y, z) in A, no periodicity.

    absorber: an element that occurs once, or the number of the row, counted from 1.
    Raises:
        UserError: no such atom, several of them, a word that is no element, coordinates that are not finite, and what
            `make_cluster` refuses.
    """
    symbols = [row[0] for row in atoms]
    for i, symbol in enumerate(symbols, start=1):
        atomic_number(symbol, f"{name}: atom {i}")
    xyz = np.array([row[1:] for row in atoms], dtype=np.float64).reshape(-1, 3)
    if not np.isfinite(xyz).all():
        row = int(np.flatnonzero(~np.isfinite(xyz).all(axis=1))[0]) + 1
        raise UserError(f"{name}: atom {row}", "a coordinate is not a number", "give x, y, z in A")
    centre = _row(name, symbols, absorber)
    return make_cluster(name, symbols, xyz - xyz[centre], radius_ang)


def _row(name: str, symbols: Sequence[str], absorber: str | int) -> int:
    """Index of the absorber."""
    if isinstance(absorber, int):
        if not 1 <= absorber <= len(symbols):
            raise UserError(name, f"no atom {absorber}, there are {len(symbols)}", "count the atoms from 1")
        return absorber - 1
    found: npt.NDArray[np.intp] = np.flatnonzero(np.array(symbols) == absorber)
    if found.size != 1:
        rows = ", ".join(str(i + 1) for i in found[:8])
        what = f"{found.size} atoms of {absorber} (numbers {rows})" if found.size else f"holds no {absorber}"
        raise UserError(name, what, "give the number of the absorbing atom, counted from 1")
    return int(found[0])
