"""Atoms around an absorber: a cluster from a CIF or of a bcc metal.

A cluster has the absorber at the origin, as atom 0. Atoms carry the number of the molecule that they belong to: atoms
joined by metal-chlorine bonds. A molecule moves as a whole more easily than it deforms, which is what the disorder
model needs to know.

CIFs are read by the pipeline (`ntcspec.xas.paths.crystal`). Symmetry-equivalent absorbers enter once, with their share
as weight.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ntcspec.errors import UserError
from ntcspec.xas.paths import cluster as paths_cluster
from ntcspec.xas.paths.cluster import nearest_first
from ntcspec.xas.paths.crystal import neighbours, read_crystal

Array = npt.NDArray[np.float64]

BOND_ANG = 2.75  # metal-chlorine pairs nearer than this are bonded: longest bond 2.56 A, next distance 3.9 A
MARGIN_ANG = 4.0  # atoms beyond the cluster that are looked at to find whole molecules


@dataclass(frozen=True)
class Cluster(paths_cluster.Cluster):
    """Atoms around one absorbing site, with their molecules."""

    molecule: npt.NDArray[np.int64]  # number of the molecule of each atom
    weight: float  # share of the absorbers that sit on such a site


def _molecules(symbols: list[str], xyz: Array, metal: str) -> npt.NDArray[np.int64]:
    """Number of the molecule of each atom: connected components of the metal-chlorine bonds."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    is_metal = np.array([s == metal for s in symbols])
    is_cl = np.array([s == "Cl" for s in symbols])
    near = np.linalg.norm(xyz[:, None, :] - xyz[None, :, :], axis=2) < BOND_ANG
    bonded = near & (is_metal[:, None] & is_cl[None, :])
    return connected_components(csr_array(bonded), directed=False)[1].astype(np.int64)


def sorted_cluster(name: str, symbols: list[str], xyz: Array, radius: float, metal: str, weight: float) -> Cluster:
    """Cluster of the atoms within `radius`, in a fixed order: by distance, then by coordinates."""
    order = nearest_first(symbols, xyz)
    molecule = _molecules([symbols[i] for i in order], xyz[order], metal)
    kept = int(np.sum(np.linalg.norm(xyz, axis=1) <= radius))
    return Cluster(name, tuple(symbols[i] for i in order[:kept]), xyz[order][:kept], molecule[:kept], weight)


def clusters_from_cif(path: Path, absorber: str, radius_ang: float) -> list[Cluster]:
    """One cluster for each symmetry-inequivalent site of `absorber`, all atoms within `radius_ang` (A).

    Raises:
        UserError: the file cannot be read as a CIF (see `ntcspec.xas.paths.crystal`), or holds no such element.
    """
    crystal = read_crystal(path)
    sites = crystal.sites_of(absorber)
    if not sites:
        raise UserError(str(path), f"holds no {absorber}", "name another structure")
    found = []
    for site in sites:
        symbols, xyz = neighbours(crystal, site, radius_ang + MARGIN_ANG)
        found.append(sorted_cluster(path.stem, symbols, xyz, radius_ang, absorber, site.share))
    return found


def bcc_cluster(symbol: str, a_ang: float, radius_ang: float) -> Cluster:
    """Cluster of a body-centred cubic metal with lattice constant `a_ang` (A)."""
    n = int(np.ceil(radius_ang / a_ang)) + 1
    corner = np.stack(np.meshgrid(*[np.arange(-n, n + 1)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    xyz = np.vstack([corner, corner + 0.5]) * a_ang
    return sorted_cluster(f"bcc {symbol}", [symbol] * len(xyz), xyz, radius_ang, symbol, 1.0)
