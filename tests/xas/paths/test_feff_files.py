"""feffNNNN.dat against larch's reader and FEFF's own ranking; kinds of paths against what their geometry is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from path_models import tacl6
from scipy.spatial.transform import Rotation

from ntcspec.errors import UserError
from ntcspec.types import Array
from ntcspec.xas.paths.feff_files import FeffPath, read_path, read_paths, strength_percent
from ntcspec.xas.paths.feff_input import feff6_input, feff8_input
from ntcspec.xas.paths.feff_run import run_feff
from ntcspec.xas.paths.kinds import path_kind, scattering_angles

O = np.zeros(3)  # noqa: E741  the absorber
A, B, FAR = np.array([2.3, 0, 0]), np.array([0, 2.3, 0]), np.array([4.6, 0, 0])
BENT = 2.3 * np.array([-np.cos(np.radians(15)), np.sin(np.radians(15)), 0])
KINDS = [
    ([O, A], "single"),
    ([O, A, O, -A], "forward"),
    ([O, A, -A], "forward"),
    ([O, A, O, BENT], "forward"),
    ([O, A, FAR], "forward_focus"),
    ([O, FAR, A], "forward_focus"),
    ([O, A, FAR, A], "forward_focus"),
    ([O, A, B], "triangle"),
    ([O, A, O, A], "other"),
    ([O, A, O, B], "other"),
    ([O, A, B, A], "other"),
]


@pytest.fixture(scope="module", params=["feff6l", "feff8l"])
def folder(request: pytest.FixtureRequest, feff_cache: Path, tacl6_folder: Path) -> Path:
    """All paths up to 5 A of the linear octahedron, from both programs."""
    if request.param == "feff6l":
        return tacl6_folder
    text = feff8_input(tacl6(), edge="L3", rmax_ang=5.0, criteria=(0.0, 0.0))
    return run_feff(text, cache=feff_cache, program="feff8l").folder


def test_every_number_is_what_larch_reads(folder: Path) -> None:
    from larch.xafs.feffdat import FeffDatFile

    for path in read_paths(folder):
        theirs = FeffDatFile(str(folder / f"feff{path.index:04d}.dat"))
        assert (path.degeneracy, path.reff_ang, path.nlegs) == (theirs.degen, theirs.reff, theirs.nleg)
        for mine, name in (("k_inv_ang", "k"), ("phase", "pha"), ("amplitude", "amp"), ("lambda_ang", "lam")):
            assert np.array_equal(getattr(path, mine), getattr(theirs, name)), name
        assert np.array_equal(path.real_p_inv_ang, theirs.rep)
        assert path.symbols == tuple(atom[0] for atom in theirs.geom)
        assert path.potentials == tuple(atom[2] for atom in theirs.geom)
        assert path.xyz_ang.tolist() == [[float(v) for v in atom[4:7]] for atom in theirs.geom]


def test_strength_is_the_ratio_that_feff_prints(folder: Path) -> None:
    """files.dat (FEFF6) and list.dat (FEFF8): number, sigma2, ratio, degeneracy, legs, R."""
    name = "list.dat" if (folder / "list.dat").exists() else "files.dat"
    rows = [line.split() for line in (folder / name).read_text().splitlines()]
    ratio = [float(row[2]) for row in rows if len(row) == 6 and row[1] == "0.00000"]
    paths = sorted(read_paths(folder), key=lambda path: path.index)
    assert strength_percent(paths) == pytest.approx(ratio, abs=0.1)
    assert [paths[i].rank for i in np.argsort(ratio)[::-1]] == [1, 2, 3, 4, 5, 6]


def test_paths_of_the_octahedron(tacl6_paths: tuple[FeffPath, ...]) -> None:
    """The paths that REFERENCE.json describes: 16 % triangle, 22.5 % through the absorber."""
    found = [(p.kind, p.label, p.degeneracy, p.reff_ang) for p in tacl6_paths]
    assert found == [
        ("single", "Ta-Cl", 6.0, 2.36),
        ("triangle", "Ta-Cl-Cl", 24.0, 4.0288),
        ("forward", "Ta-Cl-Cl", 6.0, 4.72),
        ("forward", "Ta-Cl-Ta-Cl", 6.0, 4.72),
        ("other", "Ta-Cl-Ta-Cl", 6.0, 4.72),
        ("other", "Ta-Cl-Ta-Cl", 24.0, 4.72),
    ]
    assert strength_percent(tacl6_paths) == pytest.approx([100, 16, 7.8, 22.5, 4.5, 7.0], abs=0.4)
    assert [p.rank for p in tacl6_paths] == [1, 3, 4, 2, 6, 5]


@pytest.mark.parametrize(("atoms", "kind"), KINDS)
def test_kind_of_path(atoms: list[Array], kind: str) -> None:
    assert path_kind(np.array(atoms)) == kind


@settings(max_examples=50)
@given(st.sampled_from(KINDS), st.integers(0, 2**31 - 1))
def test_kind_does_not_depend_on_frame_nor_on_direction(case: tuple[list[Array], str], seed: int) -> None:
    xyz = np.array(case[0])
    backwards = np.roll(xyz[::-1], 1, axis=0)
    shift = np.random.default_rng(seed).normal(size=3)
    assert path_kind(Rotation.random(random_state=seed).apply(xyz) + shift) == case[1]
    assert path_kind(backwards) == case[1]


def test_forward_ends_at_a_bond_angle_of_150_degrees() -> None:
    for bend, kind in ((29.0, "forward"), (31.0, "other")):
        turned = -2.3 * np.array([np.cos(np.radians(bend)), np.sin(np.radians(bend)), 0])
        assert path_kind(np.array([O, A, O, turned])) == kind


def test_scattering_angles_of_a_right_triangle() -> None:
    assert scattering_angles(np.array([O, A, B]))[1:] == pytest.approx([135.0, 135.0])


def test_a_linear_chain_has_focusing_paths(feff_cache: Path) -> None:
    """Ta-Cl-Na on a line: FEFF itself finds the paths through Cl stronger than the single path to Na."""
    from ntcspec.xas.paths.cluster import cluster_from_atoms

    chain = cluster_from_atoms(
        "chain", [("Ta", 0, 0, 0), ("Cl", 2.4, 0, 0), ("Na", 5.0, 0, 0)], absorber="Ta", radius_ang=6.0
    )
    text = feff6_input(chain, edge="L3", rmax_ang=5.2, criteria=(0.0, 0.0))
    by_label = {(p.label, p.kind): p.strength for p in read_paths(run_feff(text, cache=feff_cache).folder)}
    assert by_label[("Ta-Na-Cl", "forward_focus")] > by_label[("Ta-Na", "single")]
    assert ("Ta-Cl-Na-Cl", "forward_focus") in by_label


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: "", "is no feffNNNN.dat"),
        (lambda text: text[: text.index("real[2*phc]")], "is no feffNNNN.dat"),
        (lambda text: text[:-40], "is damaged"),
        (lambda text: text.replace("0.400  ", "0.100  ", 1), "is damaged"),
        (lambda text: text.replace("  4.8154E+00", "  **********", 1), "is damaged"),
        (lambda text: text.replace("   2   6.000", "   9   6.000", 1), "is damaged"),
    ],
)
def test_damaged_files_are_refused(tacl6_folder: Path, tmp_path: Path, damage: object, message: str) -> None:
    text = (tacl6_folder / "feff0001.dat").read_text()
    assert callable(damage) and damage(text) != text
    file = tmp_path / "feff0001.dat"
    file.write_text(damage(text))
    with pytest.raises(UserError, match=message):
        read_path(file)


def test_a_folder_without_paths(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"holds no feffNNNN\.dat"):
        read_paths(tmp_path)
