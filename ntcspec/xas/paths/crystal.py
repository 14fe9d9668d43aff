"""Atoms around an absorbing site of a crystal, from a CIF.

CIFs are read by pymatgen (MIT; it comes with xraylarch; import 0.3 s, with its symmetry search 0.7 s, therefore inside
the functions). Symmetry-equivalent sites are found by spglib, tolerance 0.01 A, and count as one.

What is refused: partial occupancy (FEFF needs whole atoms; an average over random choices would be another model),
several structures in one file, and what pymatgen cannot read. What pymatgen repairs (0.3333 taken as 1/3) is noted.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ntcspec.errors import UserError, did_you_mean
from ntcspec.types import Array, Note
from ntcspec.xas.paths.cluster import Cluster, atomic_number, make_cluster

SYMMETRY_ANG = 0.01  # tolerance of the symmetry search


@dataclass(frozen=True)
class Site:
    """One set of symmetry-equivalent atoms."""

    number: int  # counted from 1 over all sites of the crystal, in the order of the CIF
    element: str
    labels: tuple[str, ...]  # of the atoms, as in the CIF
    atom: int  # index of its first atom in the cell
    multiplicity: int  # atoms in the cell
    share: float  # of the atoms of this element

    def __str__(self) -> str:
        return f"{self.number} {'/'.join(self.labels)} ({self.multiplicity} x {self.element})"


@dataclass(frozen=True)
class Crystal:
    """A structure without disorder, and its sites."""

    source: str
    structure: Any  # pymatgen.core.Structure
    sites: tuple[Site, ...]
    notes: tuple[Note, ...]

    def sites_of(self, element: str) -> tuple[Site, ...]:
        """All sites of one element; their shares add up to 1."""
        return tuple(site for site in self.sites if site.element == element)


def read_crystal(path: Path) -> Crystal:
    """Read a CIF that holds one ordered structure.

    Raises:
        UserError: the file is missing or no CIF, holds several structures, partial occupancies, atoms of no element, or
            atoms in one place.
    """
    from pymatgen.symmetry.analyzer import SpacegroupAnalyzer, SymmetryUndeterminedError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what pymatgen repairs comes back as notes
        structure, order, notes = _parse(path)
        _check_ordered(path, structure)
        try:
            equivalent = SpacegroupAnalyzer(structure, symprec=SYMMETRY_ANG).get_symmetry_dataset().equivalent_atoms
        except SymmetryUndeterminedError as error:
            what = "its symmetry cannot be found: atoms lie on top of each other"
            raise UserError(path.name, what, "remove the double atoms") from error
    elements = [_symbol(site) for site in structure]
    place = [order.index(site.label) if site.label in order else len(order) for site in structure]
    sites = []
    for number, first in enumerate(sorted({int(i) for i in equivalent}, key=lambda i: (place[i], i)), start=1):
        atoms = sorted((i for i, e in enumerate(equivalent) if e == first), key=place.__getitem__)
        labels = tuple(dict.fromkeys(str(structure[i].label) for i in atoms))
        share = len(atoms) / elements.count(elements[first])
        sites.append(Site(number, elements[first], labels, first, len(atoms), share))
    return Crystal(path.name, structure, tuple(sites), notes)


def _parse(path: Path) -> tuple[Any, list[str], tuple[Note, ...]]:
    """The only structure in the file, its labels in the order of the file, and what pymatgen repaired."""
    from pymatgen.io.cif import CifParser

    fix = "restore the file, or give the atoms as coordinates"
    try:
        parser: Any = CifParser(str(path))
        found = parser.parse_structures(primitive=False, on_error="raise")
        labels = [str(label) for block in parser.as_dict().values() for label in block.get("_atom_site_label", ())]
    except (OSError, ValueError, KeyError, IndexError, TypeError, AssertionError) as error:
        raise UserError(
            path.name, f"cannot be read as a CIF ({getattr(error, 'strerror', None) or error})", fix
        ) from error
    if len(found) != 1:
        raise UserError(path.name, f"holds {len(found)} structures", "leave one in the file")
    return found[0], labels, tuple(dict.fromkeys(str(said).splitlines()[0] for said in parser.warnings))


def _check_ordered(path: Path, structure: Any) -> None:
    """UserError for partial occupancies and for atoms of no element."""
    partial = dict.fromkeys(f"{site.label} ({site.species_string})" for site in structure if not site.is_ordered)
    if partial:
        raise UserError(
            path.name,
            f"sites are occupied in part: {', '.join(partial)}",
            "FEFF needs whole atoms: write an ordered model (a supercell), or one file for each arrangement",
        )
    for site in structure:
        atomic_number(_symbol(site), f"{path.name}: {site.label}")


def _symbol(site: Any) -> str:
    """Element of an ordered site; deuterium and tritium are hydrogen to photoelectrons."""
    symbol = str(site.specie.symbol)
    return "H" if symbol in ("D", "T") else symbol


def find_site(crystal: Crystal, site: str | int) -> Site:
    """The site with this number, label, or element (where the element has one site only).

    Raises UserError, with the list of sites, where there is none or more than one.
    """
    known = "; ".join(str(one) for one in crystal.sites)
    if isinstance(site, int):
        found = [one for one in crystal.sites if one.number == site]
    else:
        found = list(crystal.sites_of(site)) or [one for one in crystal.sites if site in one.labels]
    if len(found) == 1:
        return found[0]
    if found:
        numbers = ", ".join(str(one.number) for one in found)
        raise UserError(crystal.source, f"{site} has {len(found)} sites", f"choose one of {numbers}: {known}")
    words = {word for one in crystal.sites for word in (one.element, *one.labels)}
    hint = did_you_mean(site, words) if isinstance(site, str) else ""
    raise UserError(crystal.source, f"holds no {site}{hint}", f"sites are {known}")


def neighbours(crystal: Crystal, site: Site, radius_ang: float) -> tuple[list[str], Array]:
    """Elements and places (A, from the site) of all atoms within `radius_ang` of a site, the site's own atom first."""
    centre = crystal.structure[site.atom]
    near = crystal.structure.get_neighbors(centre, radius_ang)
    xyz = np.vstack([np.zeros(3)] + [n.coords - centre.coords for n in near])
    return [site.element] + [_symbol(n) for n in near], xyz


def crystal_cluster(crystal: Crystal, *, site: str | int, radius_ang: float) -> Cluster:
    """Atoms within `radius_ang` (A) of a site. Raises UserError as `find_site` and `make_cluster` do."""
    chosen = find_site(crystal, site)
    symbols, xyz = neighbours(crystal, chosen, radius_ang)
    return make_cluster(f"{Path(crystal.source).stem} {chosen.labels[0]}", symbols, xyz, radius_ang)
