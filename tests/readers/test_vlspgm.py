"""VLS-PGM and older SGM files: columns by process variable, and a refusal where these do not tell."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ntcspec.errors import UserError
from ntcspec.readers import ColumnSpec, hxma, vlspgm
from ntcspec.readers.text import TextFile, load_text
from ntcspec.types.xas import XasScan

IRON = "CLS_VLSPGM_SL2_FeSO4_excerpt.dat"
SPEC = ColumnSpec(i0="A1611-4-12:nA:fbk", fluorescence=("A1611-4-11:nA:fbk",))
SGM_PVS = ("BL1611-ID-1:Energy", "A1611-4-14:A:fbk", "A1611-4-15:A:fbk", "A1611-4-16:A:fbk", "PCT1402-01:mA:fbk")


def legacy(pvs: tuple[str, ...] = SGM_PVS, rows: int = 5, tail: str = "") -> str:
    """An older SGM file: commas, a background row, quadratic counts."""
    lines = ["# COMMENT", "# END COMMENT", f"#(1) Event-ID {' '.join(pvs)}", "#(2) Event-ID", "2, 0, 0"]
    for i in range(rows):
        cells = ["1", f"{1060 + i}", *(f"{1000 * n + i * i}" for n in range(1, len(pvs)))]
        lines += [", ".join(cells)]
    return "\n".join(lines) + "\n" + tail


def read(text: str, spec: ColumnSpec | None = None) -> XasScan:
    file = TextFile("x.dat", tuple(text.removesuffix("\n").split("\n")), text.endswith("\n"))
    evidence = vlspgm.recognise(file)
    assert evidence
    return vlspgm.read(file, evidence, spec)


def refusal(text: str, spec: ColumnSpec | None = None) -> UserError:
    with pytest.raises(UserError) as caught:
        read(text, spec)
    assert caught.value.fix
    return caught.value


@pytest.fixture(scope="module")
def iron(xas_data: Path) -> TextFile:
    return load_text(xas_data / IRON, IRON)


def test_measured_excerpt_with_columns_from_the_study(iron: TextFile, xas_data: Path) -> None:
    expected = json.loads((xas_data / "REFERENCE.json").read_text(encoding="utf-8"))[IRON]
    scan = vlspgm.read(iron, vlspgm.recognise(iron), SPEC)
    assert (scan.energy_ev.size, len(scan.columns)) == (expected["rows"], expected["ncols_data"])
    assert scan.energy_ev[:3].tolist() == expected["energy_feedback_first3"]  # falling, as measured
    assert scan.mu("fluorescence")[0] == 3.015741 / 0.6348699
    assert [column.name for column in scan.columns[:3]] == ["Event-ID", "block", "BL1611-ID-2:Energy:fbk"]
    assert scan.column("BL1611-ID-2:Energy").values[0] == 190.0
    assert "line 6: '# CLS Data Acquisition'" in scan.format_evidence and "line 30" in scan.energy_evidence
    for words in ("one column more than line 30 names", "differs by up to 0.01 eV", "NO CONNECTION of BL1611-ID-2"):
        assert any(words in note for note in scan.notes)


def test_measured_excerpt_is_refused_without_them(iron: TextFile) -> None:
    with pytest.raises(UserError) as caught:
        vlspgm.read(iron, vlspgm.recognise(iron))
    assert caught.value.where == f"{IRON}, line 30"
    assert "which ammeter is I0 differs" in caught.value.what
    assert "3 BL1611-ID-2:Energy:fbk, 4 A1611-4-11:nA:fbk" in caught.value.fix


def test_roles_of_older_sgm_files() -> None:
    scan = read(legacy())
    assert {c.mode: c.formula for c in scan.channels} == {
        "fluorescence": "A1611-4-16:A:fbk / A1611-4-14:A:fbk",
        "tey": "A1611-4-15:A:fbk / A1611-4-14:A:fbk",
    }
    i = np.arange(5)
    np.testing.assert_array_equal(scan.mu("tey"), (2000 + i * i) / (1000 + i * i))
    np.testing.assert_array_equal(scan.energy_ev, 1060.0 + i)
    assert "line 3: process variable 'A1611-4-15:A:fbk'" in scan.channels[-1].evidence
    assert "1 row(s) that are not of event 1 were left out (first: line 5)" in scan.notes
    assert "energy: the set point, column 2 'BL1611-ID-1:Energy'" in scan.notes


def test_the_scaler_goes_before_the_ammeters() -> None:
    scan = read(legacy((*SGM_PVS, "BL1611-ID-1:mcs00:fbk", "BL1611-ID-1:mcs01:fbk")))
    assert [c.formula for c in scan.channels] == ["BL1611-ID-1:mcs00:fbk / BL1611-ID-1:mcs01:fbk"]
    assert any(note.startswith("detectors: the scaler; ammeters not used: A1611-4-14:A:fbk") for note in scan.notes)


def test_a_file_whose_energy_has_another_name_is_refused() -> None:
    error = refusal(legacy().replace("BL1611-ID-1:Energy ", "BL1611-ID-1:Energy:mon "))
    assert error.what == "no column is known as the energy" and "columns: {energy: .." in error.fix


def test_the_study_wins() -> None:
    scan = read(legacy(), ColumnSpec(i0="PCT1402-01:mA:fbk"))
    assert {c.denominator for c in scan.channels} == {"PCT1402-01:mA:fbk"}
    scan = read(legacy(), ColumnSpec(fluorescence=("A1611-4-15:A:fbk",)))
    assert [(c.mode, c.numerator) for c in scan.channels] == [("fluorescence", ("A1611-4-15:A:fbk",))]


def test_damage() -> None:
    text = legacy()
    assert "names 6 columns, the rows below hold 8" in refusal(text.replace("1, 106", "1, 2, 2, 106")).what
    assert "column 2 holds no whole numbers" in refusal(text.replace("1, 106", "1, 2.5, 106")).what
    assert "is no number" in refusal(text.replace(" 2004", " 2x04")).what
    assert "no row of numbers" in refusal(legacy(rows=0)).what
    short = read(legacy(tail="1, 1065, 10"))
    assert short.energy_ev.size == 5 and any("the last one, was left out" in note for note in short.notes)
    assert "no column is known as I0" in refusal(text.replace("A1611-4-14:A:fbk", "other")).what


def test_only_its_own_files_are_recognised(xas_data: Path) -> None:
    for path in sorted(xas_data.glob("*.dat")):
        assert bool(vlspgm.recognise(load_text(path, path.name))) == (path.name == IRON)
    text = TextFile("x.dat", tuple(legacy().split("\n")), True)
    assert not hxma.recognise(text)
