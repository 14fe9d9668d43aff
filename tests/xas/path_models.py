"""Structures for tests: isolated TaCl6 octahedra and the crystal K2PtCl6."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from ntcspec.types import Array
from ntcspec.types.exafs import ExafsReduced
from ntcspec.xas.paths.cluster import Cluster, cluster_from_atoms
from ntcspec.xas.paths.feff_files import FeffPath

TA_CL_ANG = 2.36
# Structure type J1_1, space group Fm-3m, Pt 4a, K 8c, Cl 24e (x, 0, 0). R. J. Williams, D. R. Dillin, W. O. Milligan,
# Acta Cryst. B 29 (1973) 1369.
K2PTCL6_A_ANG, K2PTCL6_X = 9.755, 0.2404
Row = tuple[str, float, float, float]


def cubic_cif(name: str, a_ang: float, group: str, number: int, *sites: str) -> str:
    """A cubic CIF; sites: 'label symbol x y z'."""
    cell = [f"_cell_length_{axis} {a_ang}" for axis in "abc"]
    cell += [f"_cell_angle_{angle} 90" for angle in ("alpha", "beta", "gamma")]
    head = [f"_symmetry_space_group_name_H-M '{group}'", f"_symmetry_Int_Tables_number {number}", "loop_"]
    columns = [f"_atom_site_{one}" for one in ("label", "type_symbol", "fract_x", "fract_y", "fract_z")]
    return "\n".join([f"data_{name}", *cell, *head, *columns, *sites, ""])


K2PTCL6_CIF = cubic_cif(
    "K2PtCl6", K2PTCL6_A_ANG, "F m -3 m", 225, "Pt1 Pt 0 0 0", "K1 K 0.25 0.25 0.25", f"Cl1 Cl {K2PTCL6_X} 0 0"
)
TA_CIF = cubic_cif("Ta", 3.3058, "I m -3 m", 229, "Ta1 Ta 0 0 0")  # bcc, a as tabulated (ICDD 4-788)
AU_CIF = cubic_cif("Au", 4.0782, "F m -3 m", 225, "Au1 Au 0 0 0")  # fcc
OCTAHEDRON_CIF = cubic_cif("TaCl6", 20.0, "P m -3 m", 221, "Ta1 Ta 0 0 0", f"Cl1 Cl {TA_CL_ANG / 20.0} 0 0")


def octahedron(bend_deg: float = 0.0) -> list[Row]:
    """Ta and six Cl at 2.36 A; each Cl-Ta-Cl axis is bent by `bend_deg` in a plane of its own."""
    rows: list[Row] = [("Ta", 0.0, 0.0, 0.0)]
    bend = np.radians(bend_deg)
    for axis in range(3):
        ahead, aside = np.eye(3)[axis], np.eye(3)[(axis + 1) % 3]
        for place in (ahead, -np.cos(bend) * ahead + np.sin(bend) * aside):
            x, y, z = TA_CL_ANG * place
            rows.append(("Cl", float(x), float(y), float(z)))
    return rows


def tacl6(bend_deg: float = 0.0) -> Cluster:
    return cluster_from_atoms("TaCl6", octahedron(bend_deg), absorber="Ta", radius_ang=5.0)


def model_sigma2(paths: Sequence[FeffPath]) -> list[float]:
    """sigma2 of the model that REFERENCE.json describes: 0.004 single, 0.010 triangle, 0.008 from 4.4 A on."""
    return [0.004 if p.nlegs == 2 else 0.010 if p.reff_ang < 4.4 else 0.008 for p in paths]


def k2ptcl6_rows() -> list[Row]:
    """Atoms of 3 x 3 x 3 cells, a Pt of the middle one first."""
    fcc = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    k = np.array([[0.25] * 3, [0.75] * 3])
    cl = np.concatenate([K2PTCL6_X * np.eye(3), -K2PTCL6_X * np.eye(3)])
    cells = np.array(list(itertools.product((-1, 0, 1), repeat=3)), dtype=np.float64)
    rows: list[Row] = []
    for symbol, basis in (("Pt", np.zeros((1, 3))), ("K", k), ("Cl", cl)):
        frac: Array = (cells[:, None, None] + fcc[:, None] + basis).reshape(-1, 3)
        rows += [(symbol, *(float(v) for v in K2PTCL6_A_ANG * f)) for f in frac]
    return sorted(rows, key=lambda row: (row[0] != "Pt", np.hypot(np.hypot(row[1], row[2]), row[3])))


def reduced(k_inv_ang: Array, chi: Array) -> ExafsReduced:
    """What `reduce` would hand on for this chi; all that the transform does not need is empty."""
    none = np.zeros(0)
    empty: dict[str, Any] = {field.name: none for field in fields(ExafsReduced)}
    words = {"mode": "", "variant_names": (), "notes": (), "chosen": {}, "e0_ev": 0.0, "edge_step": 1.0}
    return ExafsReduced(**{**empty, **words, "k_inv_ang": k_inv_ang, "chi": chi, "chi_covariance": np.zeros((0, 0))})
