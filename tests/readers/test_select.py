"""Several scans in one file: what `select` takes, and the way from a study to the scans."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ntcspec import store
from ntcspec.config.load import load_study
from ntcspec.errors import UserError
from ntcspec.readers import athena, describe_file, pick_names, read_scans, read_xas
from ntcspec.techniques import SUBJECT
from ntcspec.types.xas import XasScans
from ntcspec.xas.raw import ingest_files

NAMES = ("KCl", "NaCl", "Au foil", "a|b", "*x")
CL = "CAMD_Cl-K_standards.prj"


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        ("NaCl", ("NaCl",)),
        ("nacl", ("NaCl",)),
        ("NaCl|KCl", ("NaCl", "KCl")),
        (" Au foil | KCl ", ("Au foil", "KCl")),
        ("*", NAMES),
        ("a|b", ("a|b",)),
        ("*x", ("*x",)),
    ],
)
def test_pick_names(select: str, expected: tuple[str, ...]) -> None:
    assert pick_names("x.prj", NAMES, select) == expected


@pytest.mark.parametrize(
    ("select", "what"),
    [
        ("NaCI", "no scan is called 'NaCI' (did you mean 'NaCl'?)"),
        ("KCl|KCl", "'KCl' stands twice"),
        ("KCl|", "no scan is called ''"),
    ],
)
def test_names_that_are_not_there(select: str, what: str) -> None:
    with pytest.raises(UserError) as caught:
        pick_names("x.prj", NAMES, select)
    assert (caught.value.where, caught.value.what) == ("x.prj: select", what)


@given(st.lists(st.text("abc XY1", min_size=1).filter(lambda n: n == n.strip()), min_size=1, max_size=6, unique=True))
def test_every_name_can_be_picked(names: list[str]) -> None:
    assert [pick_names("x", names, name) for name in names] == [(name,) for name in names]


def test_a_file_of_several_scans_asks(xas_data: Path) -> None:
    for call in (read_xas, read_scans):
        with pytest.raises(UserError, match="the file holds 7 scans: 'KCl', 'NaCl'") as caught:
            call(xas_data / CL, CL)
        assert "`select: 'KCl'`" in caught.value.fix and "`select: '*'`" in caught.value.fix


def test_a_file_of_one_scan(xas_data: Path) -> None:
    foil = "BMM_Ta-L3-Ta_foil.xdi"
    for select in ("", "*"):
        assert [s.source for s in read_scans(xas_data / foil, "a.xdi", select=select)] == ["a.xdi"]
    with pytest.raises(UserError, match="holds one scan, and it has no name") as caught:
        read_scans(xas_data / foil, "a.xdi", select="KCl")
    assert "take `select` out" in caught.value.fix
    ru = "Ru_QAS_athena.prj"
    assert [s.source for s in read_scans(xas_data / ru, "ru.prj", select="Ru_QAS.dat")] == ["ru.prj"]


def test_repeat_scans_are_taken_all(xas_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(athena, "REPEATS", True, raising=False)
    assert len(read_scans(xas_data / CL, CL)) == 7
    assert len(read_scans(xas_data / CL, CL, select="KCl")) == 1
    assert "all taken unless `select` says otherwise" in describe_file(xas_data / CL, CL)[2]
    with pytest.raises(UserError, match="holds 7 scans"):
        read_xas(xas_data / CL, CL)


def test_show_lists_the_scans(xas_data: Path) -> None:
    lines = describe_file(xas_data / CL, CL)
    assert lines[:3] == [
        f"file      {CL}",
        "format    athena: line 1: '# Athena project file -- Demeter version 0.9.24'",
        "scans     7: choose with `select` in the study",
    ]
    at = lines.index("  'NaCl'")
    assert lines[at + 1] == "      557 rows, 2780.000 to 2950.060 eV: group 'vjlt', line 13: x"
    assert lines[at + 2].startswith("      transmission: mu (group 'vjlt', line 13: y is mu as Athena stored it")
    assert "e0 2824.92 eV, edge step 0.8978152" in " ".join(lines[at:])
    foil = "BMM_Ta-L3-Ta_foil.xdi"
    assert "modes" in describe_file(xas_data / foil, foil)


def test_ingest_flattens_the_scans(xas_data: Path) -> None:
    common: dict[str, Any] = {"element": "Cl", "edge": "K", "edge_energy_ev": 2822.4, "bad_rows": "refuse"}
    scans = ingest_files([xas_data / CL], ["cl.prj"], **common, columns=None, select="NaCl|KCl").scans
    assert [scan.source for scan in scans] == ["cl.prj::NaCl", "cl.prj::KCl"]
    with pytest.raises(UserError, match="holds 7 scans"):
        ingest_files([xas_data / CL], ["cl.prj"], **common, columns=None)


@pytest.mark.parametrize(("select", "expected"), [("KCl", "KCl"), (12, "12"), ("*", "*"), (None, "")])
def test_select_of_a_study(tmp_path: Path, select: object, expected: str) -> None:
    exafs = {"element": "Cl", "edge": "K", "files": ["a.prj"], **({"select": select} if select else {})}
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.prj").write_text("x\n", encoding="utf-8")
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"study": "s", "raw_root": "raw"}), encoding="utf-8")
    samples = {"samples": {"a": {"measurements": {"exafs": exafs}}}}
    (tmp_path / "samples.yaml").write_text(yaml.safe_dump(samples), encoding="utf-8")
    (plan,) = load_study(tmp_path).measurements
    assert plan.parameters[SUBJECT].get("select") == expected


RECORD: dict[str, Any] = {
    "study": "s", "sample": "a", "measurement": "exafs", "technique": "exafs", "stage": "ingest", "order": 0,
    "simulated": False, "composition": "NaCl", "parameters": {}, "ntcspec": "0", "ancestry": {},
}  # fmt: skip


def test_words_that_hdf5_cannot_hold(tmp_path: Path, xas_data: Path) -> None:
    """A NUL or a lone surrogate in a label must not stop the store; names and arrays come back."""
    head = '{"_____header1": "# Athena project file -- Demeter version 0.9.26",\n'
    x, y = [2800 + i for i in range(60)], [0.1 + (i > 25) for i in range(60)]
    group = '"args": {"label": "a\\u0000b\\ud800", "titles": ["\\u0000"]}'
    (tmp_path / "x.prj").write_text(
        f'{head}"g": {{{group}, "x": {x}, "y": {[float(v) for v in y]}}}}}', encoding="utf-8"
    )
    common: dict[str, Any] = {
        "element": "Cl",
        "edge": "K",
        "edge_energy_ev": 2822.4,
        "bad_rows": "refuse",
        "columns": None,
    }
    for path in (tmp_path / "x.prj", xas_data / CL):
        before = ingest_files([path], ["x.prj"], **common, select="*" if path.name == "x.prj" else "NaCl")
        store.write(tmp_path / "i.nxs", before, RECORD)
        after = store.read(tmp_path / "i.nxs", XasScans)
        assert [s.source for s in after.scans] == [s.source for s in before.scans]
        assert [s.header for s in after.scans] == [s.header for s in before.scans]
        np.testing.assert_array_equal(after.scans[0].energy_ev, before.scans[0].energy_ev)
