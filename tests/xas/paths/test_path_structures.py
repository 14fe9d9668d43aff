"""From a CIF or from coordinates to a cluster: distances that the structures are known for, and what is refused."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import xraydb
from hypothesis import given, settings
from hypothesis import strategies as st
from path_models import K2PTCL6_A_ANG, K2PTCL6_X, k2ptcl6_rows, octahedron
from scipy.spatial.transform import Rotation

from ntcspec.demo import find_resources
from ntcspec.errors import UserError
from ntcspec.xas.paths.cluster import ELEMENTS, Cluster, atomic_number, cluster_from_atoms
from ntcspec.xas.paths.crystal import Crystal, crystal_cluster, find_site, read_crystal

K2PTCL6_CIF = f"""data_K2PtCl6
_cell_length_a {K2PTCL6_A_ANG}
_cell_length_b {K2PTCL6_A_ANG}
_cell_length_c {K2PTCL6_A_ANG}
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_symmetry_space_group_name_H-M 'F m -3 m'
_symmetry_Int_Tables_number 225
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
Pt1 Pt4+ 0 0 0 1
K1 K1+ 0.25 0.25 0.25 OCCUPANCY
Cl1 Cl1- {K2PTCL6_X} 0 0 1
"""
TWO_SITES = """data_two
_cell_length_a 4
_cell_length_b 4
_cell_length_c 9
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_symmetry_space_group_name_H-M 'P 1'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
Cu1 Cu 0 0 0
Cu2 Cu 0.5 0.5 0.2
O1 O 0.5 0.5 0
"""


def write(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "test.cif"
    file.write_text(text)
    return file


def shells(cluster: Cluster) -> Counter[tuple[str, float]]:
    return Counter(zip(cluster.symbols[1:], np.round(cluster.distance_ang[1:], 3).tolist(), strict=True))


@pytest.fixture(scope="module")
def k2ptcl6(tmp_path_factory: pytest.TempPathFactory) -> Crystal:
    return read_crystal(write(tmp_path_factory.mktemp("cif"), K2PTCL6_CIF.replace("OCCUPANCY", "1")))


def test_the_symbols_are_those_of_xraydb() -> None:
    assert [xraydb.atomic_symbol(z) for z in range(1, 99)] == list(ELEMENTS)
    assert atomic_number("Ta") == 73
    with pytest.raises(UserError, match=r"'TA' is no element.*did you mean 'Ta'"):
        atomic_number("TA")


def test_cif_and_coordinates_give_the_same_shells(k2ptcl6: Crystal) -> None:
    """Closed form: Pt-Cl x a, Pt-K a sqrt(3)/4, Pt-Pt a/sqrt(2)."""
    a = K2PTCL6_A_ANG
    found = shells(crystal_cluster(k2ptcl6, site="Pt", radius_ang=7.0))
    assert found[("Cl", round(K2PTCL6_X * a, 3))] == 6
    assert found[("K", round(a * 3**0.5 / 4, 3))] == 8
    assert found[("Pt", round(a / 2**0.5, 3))] == 12
    assert found == shells(cluster_from_atoms("K2PtCl6", k2ptcl6_rows(), absorber=1, radius_ang=7.0))
    assert 2.32 < K2PTCL6_X * a < 2.35


def test_a_site_by_element_label_and_number(k2ptcl6: Crystal) -> None:
    assert [(s.number, s.element, s.multiplicity, s.share) for s in k2ptcl6.sites] == [
        (1, "Pt", 4, 1.0), (2, "K", 8, 1.0), (3, "Cl", 24, 1.0),
    ]  # fmt: skip
    assert find_site(k2ptcl6, "K") == find_site(k2ptcl6, "K1") == find_site(k2ptcl6, 2)
    around_k = shells(crystal_cluster(k2ptcl6, site="K1", radius_ang=4.3))
    assert around_k[("Pt", round(K2PTCL6_A_ANG * 3**0.5 / 4, 3))] == 4 and ("K", 0.0) not in around_k
    for wrong in ("Ta", 0, 4):
        with pytest.raises(UserError, match=rf"holds no {wrong}.*1 Pt1 \(4 x Pt\)"):
            find_site(k2ptcl6, wrong)
    with pytest.raises(UserError, match="did you mean 'Cl1'"):
        find_site(k2ptcl6, "CL1")


def test_an_element_with_two_sites_must_be_told_apart(tmp_path: Path) -> None:
    crystal = read_crystal(write(tmp_path, TWO_SITES))
    assert [site.share for site in crystal.sites_of("Cu")] == [0.5, 0.5]
    with pytest.raises(UserError, match="Cu has 2 sites -> choose one of 1, 2"):
        crystal_cluster(crystal, site="Cu", radius_ang=3.0)
    one, two = (crystal_cluster(crystal, site=label, radius_ang=3.0) for label in ("Cu1", "Cu2"))
    assert shells(one) != shells(two) and shells(two)[("O", 1.8)] == 1


def test_the_cif_of_the_demo_has_its_known_shell() -> None:
    crystal = read_crystal(find_resources() / "NaTaCl6_P21c.cif")
    cluster = crystal_cluster(crystal, site="Ta", radius_ang=6.0)
    assert cluster.symbols[:8] == ("Ta", *("Cl",) * 6, "Na")
    assert cluster.distance_ang[1:7].mean() == pytest.approx(2.380, abs=0.001)
    assert np.all(np.diff(np.round(cluster.distance_ang, 4)) >= 0)


def test_partial_occupancy_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"occupied in part: K1 \(K\+?:0\.5\).*ordered model"):
        read_crystal(write(tmp_path, K2PTCL6_CIF.replace("OCCUPANCY", "0.5")))


@pytest.mark.parametrize(
    "text", ["", "no cif\n", K2PTCL6_CIF.replace("OCCUPANCY", "1").replace("_cell_length_a", "_x")]
)
def test_what_is_no_cif_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UserError, match=r"test\.cif: cannot be read as a CIF"):
        read_crystal(write(tmp_path, text))
    with pytest.raises(UserError, match="cannot be read as a CIF"):
        read_crystal(tmp_path / "absent.cif")


@pytest.mark.parametrize(
    ("atom", "message"),
    [
        ("Cu2 Cu 0 0 0.001", "atoms lie on top of each other"),
        ("Cu2 Cu 0 0 0", "cannot be read as a CIF"),
        ("X2 X 0.5 0.5 0.2", "X2: 'X' is no element"),
        ("Cu2 Cu ? ? ?", "cannot be read as a CIF"),
    ],
)
def test_atoms_that_are_none_are_refused(tmp_path: Path, atom: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_crystal(write(tmp_path, TWO_SITES.replace("Cu2 Cu 0.5 0.5 0.2", atom)))


def test_deuterium_scatters_as_hydrogen(tmp_path: Path) -> None:
    crystal = read_crystal(write(tmp_path, TWO_SITES.replace("O1 O", "D1 D")))
    assert [site.element for site in crystal.sites] == ["Cu", "Cu", "H"]


def test_two_structures_in_a_file_are_refused(tmp_path: Path) -> None:
    text = K2PTCL6_CIF.replace("OCCUPANCY", "1")
    with pytest.raises(UserError, match="holds 2 structures"):
        read_crystal(write(tmp_path, text + TWO_SITES))


def test_repairs_of_the_reader_are_noted(tmp_path: Path) -> None:
    """0.3333 is taken as 1/3: the place moves by 0.0003 A, and the user is told."""
    crystal = read_crystal(write(tmp_path, TWO_SITES.replace("0.5 0.5 0.2", "0.3333 0.6667 0.2")))
    assert any("rounded to ideal values" in note for note in crystal.notes)
    assert not any("rounded" in note for note in read_crystal(write(tmp_path, TWO_SITES)).notes)


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_order_shift_and_rotation_change_no_shell(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = octahedron(15.0)
    turn, shift = Rotation.random(random_state=int(rng.integers(2**31))), rng.normal(size=3)
    moved = [(s, *(turn.apply(xyz) + shift).tolist()) for s, *xyz in (rows[i] for i in rng.permutation(7))]
    one, other = (cluster_from_atoms("x", r, absorber="Ta", radius_ang=5.0) for r in (rows, moved))
    assert shells(one) == shells(other) and np.all(other.xyz_ang[0] == 0)


def test_the_order_of_the_rows_does_not_matter() -> None:
    rows = octahedron(15.0)
    one, other = (cluster_from_atoms("x", r, absorber="Ta", radius_ang=5.0) for r in (rows, rows[::-1]))
    assert one.symbols == other.symbols and np.array_equal(one.xyz_ang, other.xyz_ang)


@pytest.mark.parametrize(
    ("rows", "absorber", "radius", "message"),
    [
        (octahedron(), "Cl", 5.0, r"6 atoms of Cl \(numbers 2, 3, 4, 5, 6, 7\)"),
        (octahedron(), "Na", 5.0, "holds no Na"),
        (octahedron(), 8, 5.0, "no atom 8, there are 7"),
        (octahedron(), "Ta", 2.0, "Ta has no neighbour within 2 A"),
        (octahedron(), "Ta", 50.0, "a radius of 50 A"),
        ([*octahedron(), ("Cl", 2.36, 0.1, 0.0)], "Ta", 5.0, "Cl at .* are 0.10 A apart"),
        ([*octahedron(), ("Cl", float("nan"), 0.1, 0.0)], "Ta", 5.0, "atom 8: a coordinate is not a number"),
        ([*octahedron(), ("X", 1.0, 0.1, 0.0)], "Ta", 5.0, "atom 8: 'X' is no element"),
    ],
)
def test_coordinates_that_make_no_cluster(
    rows: list[tuple[str, float, float, float]], absorber: str | int, radius: float, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        cluster_from_atoms("mine", rows, absorber=absorber, radius_ang=radius)
