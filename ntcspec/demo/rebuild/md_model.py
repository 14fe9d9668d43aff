"""Model of bonded ions for the snapshots: supercell, bridges, charges, bonds and angles, and the LAMMPS data file.

The crystal is 5x5x2 cells of resources/demo/NaTaCl6_P21c.cif: 200 formula units, 1,600 atoms. Each Ta keeps its six Cl
by six harmonic bonds and fifteen harmonic angles. In the crystal their rest values are the lengths and angles of the
CIF. In a glass they are those of an octahedron distorted at random, and bridges are made without any chemistry:

    Ta are drawn in random order; each is paired with the nearest Ta that is still free, until the wanted fraction is
    paired. The second Ta of a pair gives up its Cl nearest to the first and takes, of the Cl of the first, the one
    nearest to itself. Ta2Cl11 with one shared Cl results, and one Cl without any Ta.

Charges (e) are effective ones chosen by hand, Na 0.8, Ta 1.6, Cl -0.4; a shared Cl has 0.0 and a freed Cl -0.8, which
keeps TaCl6 at -0.8, Ta2Cl11 at -0.8 and each box neutral. This module needs numpy alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ntcspec.demo.snapshots import Snapshot
from ntcspec.errors import UserError

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CELLS = (5, 5, 2)
CIF = "NaTaCl6_P21c.cif"
SEED = 20240112
BOND_CUT_ANG = 2.9  # Ta-Cl of the CIF: six at 2.29 to 2.49 A, the next at 4 A
TYPE = {"Na": 1, "Ta": 2, "Cl": 3}
MASS_U = {"Na": 22.990, "Ta": 180.948, "Cl": 35.453}  # IUPAC standard atomic weights
CHARGE_E = {"Na": 0.8, "Ta": 1.6, "Cl": -0.4}
SHARED_E = 0.0
FREED_E = -0.8
LENGTH_STEP_ANG = 0.01  # rest lengths and angles are rounded to make few bond and angle types
ANGLE_STEP_DEG = 2.0
OCTAHEDRON = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]], dtype=float)


@dataclass(frozen=True)
class Recipe:
    """How one phase is built.

    bridged: fraction of Ta in pairs with one shared Cl. tangential_ang, radial_ang: standard deviation (A) of the rest
    position of a Cl across (each of two directions) and along its bond. terminal_ang, shared_ang: mean rest length (A)
    of bonds to Cl with one and with two Ta. volume_ang3: volume per formula unit (A3) before the run at zero pressure;
    None is the crystal, which keeps the cell of the CIF and has Na and Ta tethered.
    """

    bridged: float = 0.0
    tangential_ang: float = 0.0
    radial_ang: float = 0.0
    terminal_ang: float = 2.335
    shared_ang: float = 2.55
    volume_ang3: float | None = None


RECIPES = {
    "cry": Recipe(),
    "gl4": Recipe(0.9, 0.28, 0.06, 2.35, volume_ang3=240.0),
    "gl0": Recipe(0.0, 0.25, 0.05, 2.335, volume_ang3=240.0),
}


@dataclass(frozen=True)
class Model:
    """Atoms, charges and bonds of one box. Pairs are rows (first Ta, second Ta, shared Cl, freed Cl)."""

    box: Snapshot
    charge_e: Array  # shape (atoms,)
    bonds: Ints  # Ta, Cl; shape (bonds, 2)
    length_ang: Array  # rest lengths, shape (bonds,)
    angles: Ints  # Cl, Ta, Cl; shape (angles, 3)
    angle_deg: Array  # rest angles, shape (angles,)
    pairs: Ints  # shape (pairs, 4)


def _operation(text: str) -> tuple[Array, Array]:
    """Matrix and shift of a symmetry operation such as '-x,y+1/2,-z+1/2'."""
    matrix, shift = np.zeros((3, 3)), np.zeros(3)
    for row, part in enumerate(text.strip().strip("'").split(",")):
        for sign, term in re.findall(r"([+-]?)([xyz]|\d+/\d+)", part):
            factor = -1.0 if sign == "-" else 1.0
            if term in "xyz":
                matrix[row, "xyz".index(term)] = factor
            else:
                top, bottom = term.split("/")
                shift[row] += factor * int(top) / int(bottom)
    return matrix, shift


def lattice(lengths_ang: Array, angles_deg: Array) -> Array:
    """Lattice vectors (A) as rows: a along x, b in the xy plane, which is LAMMPS's setting too."""
    cos_a, cos_b, cos_g = np.where(angles_deg == 90.0, 0.0, np.cos(np.radians(angles_deg)))
    sin_g = np.sqrt(1.0 - cos_g**2)
    cx, cy = cos_b, (cos_a - cos_b * cos_g) / sin_g
    rows = np.array([[1.0, 0.0, 0.0], [cos_g, sin_g, 0.0], [cx, cy, np.sqrt(1.0 - cx**2 - cy**2)]])
    return rows * lengths_ang[:, None]


def crystal(resources: Path) -> Snapshot:
    """The supercell of the CIF, static: 200 Na, 200 Ta, 1200 Cl.

    Reads only what this CIF holds: one loop of operations and one of sites (label, element, x, y, z).

    Raises:
        UserError: the file is missing or is not written in that way.
    """
    path = resources / CIF
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        values = dict(line.split(None, 1) for line in lines if line.startswith("_cell_"))
        lengths = np.array([float(values[f"_cell_length_{axis}"]) for axis in "abc"])
        angles = np.array([float(values[f"_cell_angle_{axis}"]) for axis in ("alpha", "beta", "gamma")])
        operations = [_operation(line) for line in lines if re.fullmatch(r"'[^']*x[^']*y[^']*z[^']*'", line.strip())]
        sites = [row for row in map(str.split, lines) if len(row) == 5 and row[1] in TYPE]
        unit = [(row[1], matrix @ np.array(row[2:], float) + shift) for row in sites for matrix, shift in operations]
        symbols, frac = [s for s, _ in unit], np.array([f for _, f in unit]) % 1.0
    except (OSError, ValueError, KeyError) as error:
        raise UserError(str(path), f"cannot be read as the CIF of the demo ({error})", "restore the file") from error
    shifts = np.stack(np.meshgrid(*map(np.arange, CELLS), indexing="ij"), axis=-1).reshape(-1, 1, 3)
    cell = lattice(lengths, angles) * np.array(CELLS)[:, None]
    all_frac = ((frac[None] + shifts) / np.array(CELLS)).reshape(-1, 3)
    return Snapshot("crystal", np.array(symbols * len(shifts)), all_frac, cell)


def ligands(box: Snapshot) -> dict[int, list[int]]:
    """Cl of each Ta in the static crystal: within BOND_CUT_ANG."""
    is_cl = box.symbols == "Cl"
    found = {}
    for ta in box.sites("Ta"):
        near = np.linalg.norm(box.vectors_from(int(ta)), axis=1) < BOND_CUT_ANG
        found[int(ta)] = [int(i) for i in np.flatnonzero(near & is_cl)]
    return found


def make_pairs(box: Snapshot, cl_of: dict[int, list[int]], fraction: float, rng: np.random.Generator) -> Ints:
    """Join Ta in pairs (see the module) and change `cl_of` accordingly; rows Ta, Ta, shared Cl, freed Cl."""
    ta_sites = box.sites("Ta")
    wanted = round(fraction * len(ta_sites) / 2)
    free = np.ones(len(box.symbols), dtype=bool)
    rows: list[tuple[int, int, int, int]] = []
    for first in rng.permutation(ta_sites).tolist():
        if len(rows) == wanted:
            break
        if not free[first]:
            continue
        from_first = np.linalg.norm(box.vectors_from(first), axis=1)
        second = min((int(t) for t in ta_sites if free[t] and t != first), key=lambda t: from_first[t])
        from_second = np.linalg.norm(box.vectors_from(second), axis=1)
        shared = min(cl_of[first], key=lambda cl: from_second[cl])
        freed = min(cl_of[second], key=lambda cl: from_first[cl])
        cl_of[second][cl_of[second].index(freed)] = shared
        free[[first, second]] = False
        rows.append((first, second, shared, freed))
    return np.array(rows, dtype=np.int64).reshape(-1, 4)


def _opposite(vectors: Array) -> list[int]:
    """Order of six ligands in which 0/1, 2/3 and 4/5 stand opposite to each other as well as they can."""
    unit = vectors / np.linalg.norm(vectors, axis=1)[:, None]
    left, order = list(range(len(unit))), list[int]()
    while left:
        one = left.pop(0)
        other = min(left, key=lambda i: float(unit[one] @ unit[i]))
        left.remove(other)
        order += [one, other]
    return order


def _template(recipe: Recipe, shared: list[bool], rng: np.random.Generator) -> Array:
    """Rest positions (A) of six Cl around a Ta of a glass, shape (6, 3)."""
    length = np.where(shared, recipe.shared_ang, recipe.terminal_ang) + rng.normal(0.0, recipe.radial_ang, 6)
    across = rng.normal(0.0, recipe.tangential_ang, (6, 3))
    across -= (across * OCTAHEDRON).sum(axis=1)[:, None] * OCTAHEDRON
    position = OCTAHEDRON * length[:, None] + across
    return position / np.linalg.norm(position, axis=1)[:, None] * length[:, None]


def build(resources: Path, recipe: Recipe, seed: int = SEED) -> Model:
    """Model of one phase, before any minimisation.

    Raises:
        UserError: the CIF is missing.
    """
    box = crystal(resources)
    cl_of = ligands(box)
    rng = np.random.default_rng(seed)
    charge = np.array([CHARGE_E[s] for s in box.symbols])
    glass = recipe.volume_ang3 is not None
    if recipe.volume_ang3 is not None:
        volume = abs(np.linalg.det(box.cell_ang)) / len(cl_of)
        box = Snapshot("glass", box.symbols, box.frac, box.cell_ang * (recipe.volume_ang3 / volume) ** (1 / 3))
    pairs = make_pairs(box, cl_of, recipe.bridged, rng)
    charge[pairs[:, 2]], charge[pairs[:, 3]] = SHARED_E, FREED_E
    bonds, lengths, angles, degrees = [], [], [], []
    for ta, cl in cl_of.items():
        rest = box.vectors_from(ta)[cl]
        if glass:
            cl = [cl[i] for i in _opposite(rest)]
            rest = _template(recipe, [c in pairs[:, 2] for c in cl], rng)
        length = np.linalg.norm(rest, axis=1)
        cosine = np.clip(rest @ rest.T / np.outer(length, length), -1.0, 1.0)
        one, two = np.triu_indices(len(cl), 1)
        bonds += [(ta, c) for c in cl]
        lengths += length.tolist()
        angles += [(cl[i], ta, cl[j]) for i, j in zip(one, two, strict=True)]
        degrees += np.degrees(np.arccos(cosine[one, two])).tolist()
    return Model(box, charge, np.array(bonds), np.array(lengths), np.array(angles), np.array(degrees), pairs)


def kinds(values: Array, step: float) -> tuple[Array, Ints]:
    """Values rounded to `step`: the distinct ones, and for each value the number (from 1) of its kind."""
    distinct, number = np.unique(np.round(values / step).astype(np.int64), return_inverse=True)
    return (distinct * step).astype(np.float64), number.reshape(-1).astype(np.int64) + 1


def data_file(model: Model) -> str:
    """Text for LAMMPS's read_data, atom style full, atoms numbered from 1 in the order of the box."""
    lengths, bond_kind = kinds(model.length_ang, LENGTH_STEP_ANG)
    degrees, angle_kind = kinds(model.angle_deg, ANGLE_STEP_DEG)
    a, b, c = model.box.cell_ang
    symbols = model.box.symbols.tolist()
    lines = ["ntcspec demo, bonded ions of NaTaCl6", ""]
    lines += [f"{len(symbols)} atoms", f"{len(model.bonds)} bonds", f"{len(model.angles)} angles"]
    lines += [f"{len(TYPE)} atom types", f"{len(lengths)} bond types", f"{len(degrees)} angle types", ""]
    lines += [f"0 {a[0]:.8f} xlo xhi", f"0 {b[1]:.8f} ylo yhi", f"0 {c[2]:.8f} zlo zhi"]
    lines += [f"{b[0]:.8f} {c[0]:.8f} {c[1]:.8f} xy xz yz", "", "Masses", ""]
    lines += [f"{number} {MASS_U[symbol]}" for symbol, number in TYPE.items()]
    lines += ["", "Atoms # full", ""]
    xyz = model.box.frac @ model.box.cell_ang
    for i, (s, q, p) in enumerate(zip(symbols, model.charge_e, xyz, strict=True), start=1):
        lines.append(f"{i} 1 {TYPE[s]} {q:.4f} {p[0]:.7f} {p[1]:.7f} {p[2]:.7f}")
    lines += ["", "Bonds", ""]
    for i, (kind, atoms) in enumerate(zip(bond_kind, model.bonds + 1, strict=True), start=1):
        lines.append(" ".join(map(str, (i, kind, *atoms))))
    lines += ["", "Angles", ""]
    for i, (kind, atoms) in enumerate(zip(angle_kind, model.angles + 1, strict=True), start=1):
        lines.append(" ".join(map(str, (i, kind, *atoms))))
    return "\n".join([*lines, ""])
