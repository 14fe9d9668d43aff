"""The optional rebuild step: what would go to FEFF10 is what the resources were made from (FEFF10 itself is not run)."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from ntcspec.demo.rebuild import xanes

RESOURCES = Path(__file__).resolve().parents[2] / "resources" / "demo"


@pytest.mark.parametrize("job", xanes.SITES)
def test_sites_are_those_of_the_resources(job: str) -> None:
    element, structure, count = job.split(":")
    for i, (title, symbols, xyz) in enumerate(xanes.clusters(RESOURCES, element, structure, int(count))):
        name = f"{structure}_{element}{'' if structure == 'NaCl' else i}.dat"
        first = (RESOURCES / "xanes" / name).read_text().splitlines()[0]
        assert first.startswith(f"# FEFF10 {element} K, {title}")
        distance = np.linalg.norm(xyz, axis=1)
        assert len(symbols) == len(xyz) and distance.min() > 1.9 and distance.max() <= xanes.CLUSTER_ANG


def test_input_lists_every_atom_with_its_potential() -> None:
    symbols, xyz = xanes.rock_salt("Cl", 4.0)
    assert symbols == ["Na"] * 6 + ["Cl"] * 12
    text = xanes.feff_input("Cl", symbols, xyz, *xanes.USUAL)
    rows = text.split("ATOMS\n")[1].splitlines()
    assert len(rows) == 1 + 18 + 1 and rows[0].split()[:4] == ["0"] * 4 and rows[-1] == "END"
    assert " 1 11 Na 2 3 6" in text and " 2 17 Cl 2 3 12" in text and "FMS 5.2 0" in text


def test_without_feff10_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "feff10", None)
    assert xanes.main([str(tmp_path), "--sites", "Cl:NaCl:1"]) == 1
    assert "pip install feff10-rs==0.2.4" in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_missing_snapshots_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert xanes.main([str(tmp_path / "out"), "--snapshots", str(tmp_path), "--sites", "Na:gl4:1"]) == 1
    assert "gl4_1600.npz" in capsys.readouterr().err
