"""Read feffNNNN.dat of FEFF6L and FEFF8L.

Symbols: k wavenumber from the Fermi level (1/A), F and phi amplitude and phase of the path, lambda mean free path (A),
p real part of the complex wavenumber in the muffin-tin potential (1/A), N degeneracy, R half path length (A).

The table's seven columns are k, real[2 phc], mag[feff], phase[feff], red factor, lambda, real[p]:
    F = mag[feff] * red factor,   phi = real[2 phc] + phase[feff]

Strength of a path: int |N F exp(-2 R / lambda) / (k R^2)| d|p + i / lambda| over the table, with a straight line to
k = 0. This is what FEFF itself ranks paths by ("amp ratio" of files.dat and list.dat, where the strongest has 100 %;
agreement 0.03 %). It has no Debye-Waller factor and no weight in k: a path that is strong here may be weak in a map.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ntcspec.errors import UserError
from ntcspec.types import Array
from ntcspec.xas.paths.kinds import Kind, path_kind, path_label

FIX = "remove the folder and run FEFF again"


@dataclass(frozen=True)
class FeffPath:
    """One scattering path, as feffNNNN.dat holds it. Atoms: absorber first, the return to it left out."""

    index: int  # NNNN
    degeneracy: float
    reff_ang: float
    symbols: tuple[str, ...]
    xyz_ang: Array  # shape (legs, 3), four decimals
    potentials: tuple[int, ...]  # number of the unique potential of each atom
    k_inv_ang: Array
    phase: Array  # phi(k), rad
    amplitude: Array  # F(k), A
    lambda_ang: Array
    real_p_inv_ang: Array
    rank: int = 0  # 1 for the strongest path of its run; 0: not ranked
    kind: Kind = field(init=False)
    label: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", path_kind(self.xyz_ang))
        object.__setattr__(self, "label", path_label(self.symbols))

    @property
    def nlegs(self) -> int:
        """Number of legs."""
        return len(self.symbols)

    @property
    def strength(self) -> float:
        """int |chi| d|p| without disorder; see the module's head."""
        k = self.k_inv_ang
        size = np.abs(self.amplitude) * np.exp(-2 * self.reff_ang / self.lambda_ang)
        chi = np.divide(size, k * self.reff_ang**2, out=np.zeros_like(k), where=k > 0)
        if k[0] == 0:
            chi[0] = 2 * chi[1] - chi[2]
        return float(self.degeneracy * np.trapezoid(chi, np.hypot(self.real_p_inv_ang, 1 / self.lambda_ang)))


def read_path(file: Path) -> FeffPath:
    """Read one feffNNNN.dat. Raises UserError for a file that is none or is damaged."""
    try:
        lines = file.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(str(file), f"cannot be read ({error})", FIX) from error
    start = next((i for i, line in enumerate(lines) if "nleg, deg, reff" in line), None)
    head = next((i for i, line in enumerate(lines) if "real[2*phc]" in line), None)
    number = "".join(c for c in file.stem if c.isdigit())
    if start is None or head is None or not number:
        raise UserError(str(file), "is no feffNNNN.dat", FIX)
    try:
        legs, degeneracy, reff = lines[start].split()[:3]
        atoms = [line.split() for line in lines[start + 2 : start + 2 + int(legs)]]
        xyz = np.array([atom[:3] for atom in atoms], dtype=np.float64).reshape(int(legs), 3)
        words = " ".join(lines[head + 1 :]).split()
        table = np.array([float(word) for word in words]).reshape(-1, 7)  # numpy reads strings ten times as slowly
        potentials, symbols = tuple(int(atom[3]) for atom in atoms), tuple(atom[5] for atom in atoms)
        numbers = float(degeneracy), float(reff)
    except (ValueError, IndexError) as error:
        raise UserError(str(file), f"is damaged ({error})", FIX) from error
    k, two_phc, mag, phase, reduction, mean_free_path, real_p = table.T
    if len(k) < 4 or not np.isfinite(table).all() or np.any(np.diff(k) <= 0):
        raise UserError(str(file), "is damaged (its table of k)", FIX)
    return FeffPath(
        int(number), *numbers, symbols, xyz + 0.0, potentials, k.copy(), two_phc + phase, mag * reduction,
        mean_free_path.copy(), real_p.copy(),
    )  # fmt: skip


def read_paths(folder: Path) -> tuple[FeffPath, ...]:
    """All paths of a run, ranked by strength and sorted by R, then by number. Raises UserError where there is none."""
    found = [read_path(file) for file in sorted(folder.glob("feff[0-9][0-9][0-9][0-9].dat"))]
    if not found:
        raise UserError(str(folder), "holds no feffNNNN.dat", "run FEFF there first")
    strongest_first = sorted(found, key=lambda path: (-path.strength, path.index))
    ranked = [replace(path, rank=i) for i, path in enumerate(strongest_first, start=1)]
    return tuple(sorted(ranked, key=lambda path: (path.reff_ang, path.index)))


def strength_percent(paths: Sequence[FeffPath]) -> npt.NDArray[np.float64]:
    """Strength of each path in % of the strongest one given."""
    strength = np.array([path.strength for path in paths])
    return 100.0 * strength / strength.max()
