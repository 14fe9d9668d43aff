"""Scattering paths of a cluster by FEFF6 (the feff6l that xraylarch ships), and chi(k) as their sum.

FEFF itself, its files and the formula for chi(k) are those of the pipeline (`ntcspec.xas.paths`); here is what only the
demo needs: potentials that several sites share, no cache, and paths that know the atoms of their cluster.

Assumptions: self-consistency is not used (FEFF6 overlaps atomic potentials), Hedin-Lundqvist exchange, L3 hole, paths
of up to four legs. Sites of one phase may share the potentials of one of them, which halves the time.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ntcspec.demo.structure import Cluster
from ntcspec.errors import UserError
from ntcspec.xas.paths import feff_files, feff_run
from ntcspec.xas.paths.feff_input import feff6_input, scatterers
from ntcspec.xas.paths.path_chi import ETOK, path_tables
from ntcspec.xas.paths.path_chi import path_chi as chi_of_tables

__all__ = ["ETOK", "FeffPath", "path_chi", "paths_chi", "read_path", "run_feff", "run_potentials", "scatterers"]
Array = npt.NDArray[np.float64]

FIX = "or make the demo files on another machine and copy the folder"


@dataclass(frozen=True)
class FeffPath(feff_files.FeffPath):
    """One scattering path that knows its atoms."""

    atoms: tuple[int, ...] = ()  # indices into the cluster, absorber first


def run_potentials(cluster: Cluster) -> bytes:
    """Potentials and phase shifts of a cluster, as FEFF's phase.bin. Raises UserError as `run_feff` does."""
    with tempfile.TemporaryDirectory(prefix="ntcspec-feff-") as temporary:
        folder = Path(temporary)
        _call(feff6_input(cluster, edge="L3", rmax_ang=1.0, control="1 0 0 0"), folder)
        return (folder / "phase.bin").read_bytes()


def run_feff(
    cluster: Cluster, *, rmax_ang: float, folder: Path | None = None, potentials: bytes | None = None
) -> list[FeffPath]:
    """Paths of the cluster in the order of FEFF (by length); FEFF works in `folder`, or in a temporary one that is
    removed.

    potentials: phase.bin of a cluster with the same `scatterers`; without it those of the cluster itself.
    Raises:
        UserError: feff6l is absent, does not run on this platform, or fails.
    """
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="ntcspec-feff-") as temporary:
            return run_feff(cluster, rmax_ang=rmax_ang, folder=Path(temporary), potentials=potentials)
    if potentials is not None:
        (folder / "phase.bin").write_bytes(potentials)
    control = "1 1 1 1" if potentials is None else "0 1 1 1"
    _call(feff6_input(cluster, edge="L3", rmax_ang=rmax_ang, control=control), folder)
    files = sorted(folder.glob("feff[0-9]*.dat"))
    if not files:
        raise UserError(cluster.name, "FEFF found no path", "take a longer rmax_ang")
    return [read_path(file, cluster) for file in files]


def _call(text: str, folder: Path) -> None:
    """Run feff6l; an error also says that the demo can be made elsewhere."""
    try:
        feff_run.call_program(text, folder)
    except UserError as error:
        raise UserError(error.where, error.what, f"{error.fix}, {FIX}") from error


def read_path(file: Path, cluster: Cluster) -> FeffPath:
    """Read feffNNNN.dat and find its atoms in the cluster.

    Raises:
        UserError: the file is not a feffNNNN.dat.
        ValueError: an atom is not in the cluster.
    """
    path = feff_files.read_path(file)
    atoms = []
    for xyz in path.xyz_ang:
        offset = np.linalg.norm(cluster.xyz_ang - xyz, axis=1)
        if offset.min() > 1e-3:  # the file has four decimals
            raise ValueError(f"{file.name}: no atom of {cluster.name} at {xyz}")
        atoms.append(int(offset.argmin()))
    return FeffPath(
        path.index, path.degeneracy, path.reff_ang, path.symbols, path.xyz_ang, path.potentials, path.k_inv_ang,
        path.phase, path.amplitude, path.lambda_ang, path.real_p_inv_ang, atoms=tuple(atoms),
    )  # fmt: skip


def paths_chi(
    paths: Sequence[FeffPath], k_inv_ang: Array, *, sigma2_ang2: Sequence[float], s02: float = 1.0, e0_ev: float = 0.0
) -> Array:
    """chi(k) of each path, shape (paths, k); formula and errors as in `ntcspec.xas.paths.path_chi`.

    sigma2_ang2: one value a path; e0_ev: shift of E0, larch's sign (positive moves the origin up).
    """
    return chi_of_tables(path_tables(paths), k_inv_ang, sigma2_ang2=list(sigma2_ang2), s02=s02, e0_ev=e0_ev)


def path_chi(
    path: FeffPath, k_inv_ang: Array, *, sigma2_ang2: float = 0.0, s02: float = 1.0, e0_ev: float = 0.0
) -> Array:
    """chi(k) of one path, shape of `k_inv_ang`; parameters and errors as in `paths_chi`."""
    return paths_chi([path], k_inv_ang, sigma2_ang2=[sigma2_ang2], s02=s02, e0_ev=e0_ev)[0]
