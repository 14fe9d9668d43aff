"""Snapshots of a molecular-dynamics run: periodic boxes of NaTaCl6, crystal or glass, at 300 K.

A file NAME_1600.npz holds `numbers` (atoms) uint8, `cell` (snapshots, 3, 3) in A with one lattice vector a row, and
`frac_u16` (snapshots, atoms, 3): fractional coordinates times 65536, which is 0.0006 A at most. What the boxes are
and where they come from is told in resources/demo/README.md. Nuclei are classical.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ntcspec.demo.structure import Cluster, sorted_cluster
from ntcspec.errors import UserError

Array = npt.NDArray[np.float64]

SYMBOLS = {11: "Na", 17: "Cl", 73: "Ta"}
CRYSTAL = "cry"


@dataclass(frozen=True)
class Snapshot:
    """One periodic box."""

    name: str
    symbols: npt.NDArray[np.str_]  # shape (atoms,)
    frac: Array  # fractional coordinates in [0, 1), shape (atoms, 3)
    cell_ang: Array  # lattice vectors as rows, shape (3, 3)

    def sites(self, symbol: str) -> npt.NDArray[np.intp]:
        """Indices of all atoms of one element."""
        return np.flatnonzero(self.symbols == symbol)

    def vectors_from(self, site: int) -> Array:
        """Vectors (A) from atom `site` to the nearest image of every atom, shape (atoms, 3).

        Fractional differences are rounded to [-0.5, 0.5], which gives the nearest image up to 15 A in these boxes.
        """
        difference = self.frac - self.frac[site]
        return (difference - np.round(difference)) @ self.cell_ang

    def cluster(self, site: int, radius_ang: float) -> Cluster:
        """Atom `site` and all atoms within `radius_ang` (A) of it, as one site of weight 1."""
        vectors = self.vectors_from(site)
        distance = np.linalg.norm(vectors, axis=1)
        distance[site] = -1.0  # first in the list
        near = [int(i) for i in np.argsort(distance, kind="stable") if distance[i] <= radius_ang]
        symbols = [str(self.symbols[i]) for i in near]
        return sorted_cluster(f"{self.name} {site}", symbols, vectors[near], radius_ang, symbols[0], 1.0)


def load_snapshots(resources: Path, name: str) -> tuple[Snapshot, ...]:
    """The snapshots of one phase: 'cry' (crystal), 'gl4' (glass) or 'gl0' (glass without bridges).

    Raises:
        UserError: there is no such file, or it holds no snapshots.
    """
    path = resources / f"{name}_1600.npz"
    try:
        with np.load(path) as file:
            numbers, cells, frac = file["numbers"], file["cell"], file["frac_u16"]
    except (OSError, ValueError, KeyError) as error:
        raise UserError(str(path), f"holds no snapshots ({error})", "restore the file") from error
    symbols = np.array([SYMBOLS[int(number)] for number in numbers])
    pairs = enumerate(zip(frac, cells, strict=True))
    return tuple(Snapshot(f"{name}[{i}]", symbols, f / 65536.0, np.asarray(cell, float)) for i, (f, cell) in pairs)
