"""Pair distributions of one phase: from snapshots near by, from the average crystal far away.

Symbols: a, b elements; c_a fraction of the atoms; rho0 number density (1/A^3); r distance (A); n_ab(r) number of b
atoms at distance r from an a atom, per A; g_ab = n_ab / (4 pi r^2 c_b rho0).

A box of 33 A knows distances up to half its width, 16.5 A. Beyond:
- glass: g = 1, no order;
- crystal: every atom at its mean place, with independent Gaussian displacements of the mean-square size u2 (A^2, along
  one axis) that the snapshots have, so that each pair is spread by u2_a + u2_b (motion of distant atoms is not
  correlated). Counted to 150 A, which is enough: the rings of the instrument are so wide (`bxds`) that nothing beyond
  is seen.
The two join between 14.5 and 16.5 A by a raised cosine.

TaCl5 has no run of molecular dynamics. `tacl5_snapshots` displaces the dimers of the model crystal at random instead:
PARAMETRIC, see there.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ntcspec.demo.snapshots import Snapshot
from ntcspec.demo.structure import BOND_ANG

Array = npt.NDArray[np.float64]
Pairs = dict[tuple[str, str], Array]  # by pair of elements, in alphabetical order

STEP_ANG = 0.01
R_MAX_ANG = 150.0
JOIN_ANG = (14.5, 16.5)
CRYSTAL_REPEATS = (5, 5, 2)  # unit cells in the box of the crystal; atom i is atom i modulo 32 of the unit cell
TACL5_REPEATS = (2, 2, 6)
TACL5_SHIFT_A2, TACL5_LIBRATION_RAD2 = 0.016, 0.002  # a dimer as a whole, along and about each axis
TACL5_ALONG_A2, TACL5_ACROSS_A2, TACL5_BRIDGE_A2 = 0.0022, 0.006, 0.0035  # Cl against its dimer


@dataclass(frozen=True)
class Phase:
    """Atoms of one phase as X-rays see them: g_ab(r) - 1 on r = 0, 0.01 ... 150 A."""

    name: str
    fractions: dict[str, float]  # c_a
    rho0_inv_ang3: float
    excess: Pairs  # g_ab - 1
    u2_ang2: dict[str, float]  # mean-square displacement along one axis; empty for a glass


def r_grid() -> Array:
    """r (A) of the pair distributions."""
    return np.arange(round(R_MAX_ANG / STEP_ANG) + 1, dtype=np.float64) * STEP_ANG


def pair_keys(elements: list[str]) -> list[tuple[str, str]]:
    """All pairs of elements, each once, in alphabetical order."""
    names = sorted(elements)
    return [(a, b) for i, a in enumerate(names) for b in names[i:]]


def _near(snapshots: tuple[Snapshot, ...]) -> Pairs:
    """g_ab(r) up to the end of the join, averaged over snapshots; zero beyond."""
    r = r_grid()
    last = round(JOIN_ANG[1] / STEP_ANG)
    shell = 4.0 * np.pi * STEP_ANG * (r[1 : last + 1] ** 2 + STEP_ANG**2 / 12.0)
    elements = sorted(set(snapshots[0].symbols.tolist()))
    total = {key: np.zeros(len(r)) for key in pair_keys(elements)}
    for box in snapshots:
        volume = abs(float(np.linalg.det(box.cell_ang)))
        for a, b in total:
            one, two = box.frac[box.symbols == a], box.frac[box.symbols == b]
            difference = one[:, None, :] - two[None, :, :]
            difference -= np.round(difference)
            distance = np.linalg.norm(difference @ box.cell_ang, axis=-1).ravel()
            count = np.bincount(np.round(distance / STEP_ANG).astype(np.int64), minlength=last + 1)[1 : last + 1]
            total[a, b][1 : last + 1] += count / (shell * len(one) * len(two) / volume)
    return {key: value / len(snapshots) for key, value in total.items()}


def average_cell(snapshots: tuple[Snapshot, ...], repeats: tuple[int, int, int]) -> tuple[Snapshot, dict[str, float]]:
    """Unit cell with the mean places of its atoms, and the mean-square displacement (A^2, along one axis) by element.

    Atom i of a snapshot is atom i modulo the number of atoms in the unit cell.
    """
    size = len(snapshots[0].symbols) // int(np.prod(repeats))
    symbols = snapshots[0].symbols[:size]
    cell = np.mean([box.cell_ang for box in snapshots], axis=0) / np.array(repeats)[:, None]
    seen = np.concatenate([(box.frac * repeats).reshape(-1, size, 3) for box in snapshots])
    difference = seen - seen[0]
    difference -= np.round(difference)
    mean = difference.mean(axis=0)
    moved = (difference - mean) @ cell
    u2 = {name: float(np.mean(moved[:, symbols == name] ** 2)) for name in sorted(set(symbols.tolist()))}
    return Snapshot(snapshots[0].name, symbols, (seen[0] + mean) % 1.0, cell), u2


def _far(unit: Snapshot, u2: dict[str, float]) -> Pairs:
    """g_ab(r) of the average crystal, each pair spread by u2_a + u2_b: n(r)/r is a sum of Gaussians."""
    from scipy.ndimage import gaussian_filter1d

    r = r_grid()
    reach = R_MAX_ANG + float(np.linalg.norm(unit.cell_ang.sum(axis=0)))
    heights = 1.0 / np.linalg.norm(np.linalg.inv(unit.cell_ang), axis=0)
    counts = [int(np.ceil(reach / h)) for h in heights]
    index = np.stack(np.meshgrid(*[np.arange(-n, n + 1) for n in counts], indexing="ij"), axis=-1).reshape(-1, 3)
    lattice = index @ unit.cell_ang
    lattice = lattice[np.linalg.norm(lattice, axis=1) <= reach]
    xyz = unit.frac @ unit.cell_ang
    volume = abs(float(np.linalg.det(unit.cell_ang)))
    found: Pairs = {}
    for a, b in pair_keys(sorted(set(unit.symbols.tolist()))):
        one, two = np.flatnonzero(unit.symbols == a), np.flatnonzero(unit.symbols == b)
        count = np.zeros(len(r))
        for i in one:
            for j in two:
                vectors = lattice + (xyz[j] - xyz[i])
                bins = np.round(np.sqrt(np.einsum("ij,ij->i", vectors, vectors)) / STEP_ANG).astype(np.int64)
                count += np.bincount(bins[bins < len(r)], minlength=len(r))
        count[1:] /= r[1:]
        spread = gaussian_filter1d(count, np.sqrt(u2[a] + u2[b]) / STEP_ANG, mode="nearest")
        found[a, b] = np.zeros(len(r))
        found[a, b][1:] = spread[1:] / (4.0 * np.pi * STEP_ANG * r[1:] * len(one) * len(two) / volume)
    return found


def make_phase(snapshots: tuple[Snapshot, ...], repeats: tuple[int, int, int] | None = None) -> Phase:
    """Pair distributions of a crystal (`repeats` unit cells in each box) or of a glass (None)."""
    r = r_grid()
    start, end = JOIN_ANG
    near_share = 0.5 + 0.5 * np.cos(np.pi * np.clip((r - start) / (end - start), 0.0, 1.0))
    near = _near(snapshots)
    u2: dict[str, float] = {}
    far = {key: np.ones(len(r)) for key in near}
    if repeats is not None:
        unit, u2 = average_cell(snapshots, repeats)
        far = _far(unit, u2)
    symbols = snapshots[0].symbols.tolist()
    rho0 = float(np.mean([len(symbols) / abs(np.linalg.det(box.cell_ang)) for box in snapshots]))
    fractions = {name: symbols.count(name) / len(symbols) for name in sorted(set(symbols))}
    excess = {key: near_share * near[key] + (1.0 - near_share) * far[key] - 1.0 for key in near}
    return Phase(snapshots[0].name.split("[")[0], fractions, rho0, excess, u2)


def _dimers(unit: Snapshot) -> tuple[list[npt.NDArray[np.intp]], Array]:
    """Atoms of each dimer of the unit cell, and vectors from each atom to the metal atoms it is bound to, or NaN.

    The second has shape (atoms, 2, 3): a bridging Cl has two, another Cl one, Ta none.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    difference = unit.frac[None, :, :] - unit.frac[:, None, :]
    vectors = (difference - np.round(difference)) @ unit.cell_ang
    metal = unit.symbols == "Ta"
    bonded = (np.linalg.norm(vectors, axis=2) < BOND_ANG) & (metal[:, None] != metal[None, :])
    count, label = connected_components(csr_array(bonded), directed=False)
    bonds = np.full((len(metal), 2, 3), np.nan)
    for i in np.flatnonzero(~metal):
        mates = np.flatnonzero(bonded[i])
        bonds[i, : len(mates)] = vectors[i, mates]
    return [np.flatnonzero(label == k) for k in range(count)], bonds


def _inner(rng: np.random.Generator, bonds: Array) -> Array:
    """Displacement (A) of one atom within its dimer: larger across its bond than along it; none for Ta."""
    draw = rng.standard_normal(3)
    if np.isnan(bonds[0, 0]):
        return np.zeros(3)
    if not np.isnan(bonds[1, 0]):
        return draw * np.sqrt(TACL5_BRIDGE_A2)
    axis = bonds[0] / np.linalg.norm(bonds[0])
    along = float(draw @ axis)
    return np.sqrt(TACL5_ALONG_A2) * along * axis + np.sqrt(TACL5_ACROSS_A2) * (draw - along * axis)


def _read_cell(cif: Path) -> Snapshot:
    """The unit cell of a CIF."""
    from pymatgen.core import Structure

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # coordinates such as 0.3333 are taken as 1/3, which is meant
        crystal = Structure.from_file(str(cif))
    symbols = np.array([site.specie.symbol for site in crystal])
    return Snapshot("TaCl5", symbols, np.asarray(crystal.frac_coords), np.asarray(crystal.lattice.matrix))


def tacl5_snapshots(cif: Path, count: int = 3, seed: int = 5) -> tuple[Snapshot, ...]:
    """Boxes of the model crystal of TaCl5 with random displacements: PARAMETRIC, chosen by hand for about 300 K.

    A dimer Ta2Cl10 shifts (0.016 A^2) and turns (0.002 rad^2) as a whole, along and about each axis; a terminal Cl
    moves against it by 0.0022 A^2 along and 0.006 A^2 across its bond, a bridging one by 0.0035 A^2 along each axis.
    Bond lengths then scatter as the Einstein model of `disorder` says (0.0026 and 0.0049 A^2) within 40 %.
    """
    unit = _read_cell(cif)
    dimers, bonds = _dimers(unit)
    rng = np.random.default_rng(seed)
    shifts = np.stack(np.meshgrid(*[np.arange(n) for n in TACL5_REPEATS], indexing="ij"), axis=-1).reshape(-1, 3)
    box = unit.cell_ang * np.array(TACL5_REPEATS)[:, None]
    made = []
    for number in range(count):
        frac = np.zeros((len(shifts), len(unit.symbols), 3))
        for atoms in dimers:
            around = unit.frac[atoms] - unit.frac[atoms[0]]
            around -= np.round(around)  # the dimer in one piece, though it may straddle the border of the cell
            xyz = around @ unit.cell_ang
            for cell, shift in enumerate(shifts):
                turn = np.sqrt(TACL5_LIBRATION_RAD2) * rng.standard_normal(3)
                whole = np.sqrt(TACL5_SHIFT_A2) * rng.standard_normal(3) + np.cross(turn, xyz - xyz.mean(axis=0))
                moved = whole + np.array([_inner(rng, bonds[i]) for i in atoms])
                frac[cell, atoms] = unit.frac[atoms[0]] + shift + around + moved @ np.linalg.inv(unit.cell_ang)
        within = (frac / TACL5_REPEATS).reshape(-1, 3) % 1.0
        made.append(Snapshot(f"TaCl5[{number}]", np.tile(unit.symbols, len(shifts)), within, box))
    return tuple(made)
