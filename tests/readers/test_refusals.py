"""What is refused, and that the message names file, line and the way out, in a spectroscopist's words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import rawfiles
import yaml

from ntcspec.config.load import load_study
from ntcspec.errors import Problems, UserError
from ntcspec.readers import ColumnSpec, read_xas
from ntcspec.types.xas import XasScans
from ntcspec.xas.raw import ingest_files

PHOENIX, MERCURY = "SLS_PHOENIX_Al-K_tender.dat", "PF_BL12C_angle_Hg-L3.dat"
TANTALUM: dict[str, Any] = {"element": "Ta", "edge": "L3", "edge_energy_ev": 9881.0, "bad_rows": "refuse"}
ROWS = rawfiles.transmission_rows()  # 9800 to 9990 eV, on lines 8 to 27 of the file
OF_PHOENIX = ColumnSpec(energy=1, i0="I0_KEITHLEY1_c4", fluorescence=("AlKa_sum_cps_c3",))


def ingest(folder: Path, rows: list[str], *fields: str) -> XasScans:
    path = rawfiles.write(folder, rawfiles.xdi(["energy eV", "i0", "itrans"], rows, *fields), "x.xdi")
    return ingest_files([path], ["raw/x.xdi"], columns=None, **TANTALUM)


def refusal(folder: Path, rows: list[str], *fields: str) -> UserError:
    with pytest.raises(UserError) as caught:
        ingest(folder, rows, *fields)
    return caught.value


def test_the_rows_as_they_are_pass(tmp_path: Path) -> None:
    assert ingest(tmp_path, ROWS, "Element.symbol: Ta", "Element.edge: L3").scans[0].row_line[0] == 10


def in_kev(xas_data: Path) -> str:
    """The PHOENIX file with its energies in keV, which no unit says."""
    head, *rows = (xas_data / PHOENIX).read_text(encoding="utf-8").splitlines()
    cells = [row.split() for row in rows if row.strip()]
    return "\n".join([head, *(" ".join([f"{float(row[0]) / 1000:.9E}", *row[1:]]) for row in cells)]) + "\n"


def test_phoenix_needs_columns_and_the_message_offers_them(xas_data: Path) -> None:
    with pytest.raises(UserError) as caught:
        read_xas(xas_data / PHOENIX, PHOENIX)
    assert caught.value.where == PHOENIX
    assert "(a table of 55 columns from line 2)" in caught.value.what
    for words in ("energy: Energy_c1", "i0: I0_KEITHLEY1_c4", "tey: KEITHLEY4_TEY_c10"):
        assert words in caught.value.fix


def test_kev_without_a_unit_is_refused_until_the_study_says_so(tmp_path: Path, xas_data: Path) -> None:
    text = in_kev(xas_data)
    error = rawfiles.refusal(tmp_path, text, OF_PHOENIX)
    assert error.where == "x.dat, column 1 'Energy_c1'"
    assert error.what.startswith("no unit is stated, but values of 1.48 to 1.84006 look like keV (they rise)")
    assert "`columns: {energy: 1, energy_unit: keV}`" in error.fix
    told = ColumnSpec(energy=1, energy_unit="keV", i0=OF_PHOENIX.i0, fluorescence=OF_PHOENIX.fluorescence)
    scan = rawfiles.read(tmp_path, text, told)
    assert scan.energy_ev[0] == pytest.approx(1479.998754, abs=1e-6)
    assert "energy was converted from keV to eV (x 1000)" in scan.notes


def test_the_study_itself_is_checked_against_the_values(xas_data: Path) -> None:
    wrong = ColumnSpec(energy=1, energy_unit="keV", i0=OF_PHOENIX.i0, fluorescence=OF_PHOENIX.fluorescence)
    with pytest.raises(UserError, match="the study states keV, but values of 1480 to 1840") as caught:
        read_xas(xas_data / PHOENIX, PHOENIX, wrong)
    assert "energy_unit: eV" in caught.value.fix


def test_an_angle_is_understood_or_refused(tmp_path: Path, xas_data: Path) -> None:
    with pytest.raises(UserError) as caught:
        read_xas(xas_data / MERCURY, MERCURY, ColumnSpec(energy=1))
    assert caught.value.where == f"{MERCURY}, column 1 'Angle(c)'"
    assert caught.value.what == "the unit is degrees: this is an angle, not an energy"
    assert "`columns: {angle: 1, d_spacing_ang: 3.1355}`" in caught.value.fix
    text = (xas_data / MERCURY).read_bytes().decode("ascii", errors="replace").replace("D=  3.13551 A", "")
    error = rawfiles.refusal(tmp_path, text)
    assert "nothing states the lattice spacing of its crystal" in error.what
    assert "Si 220 has 1.9201" in error.fix
    known = rawfiles.read(tmp_path, text, ColumnSpec(angle="Angle(o)", d_spacing_ang=3.13551))
    assert known.energy_ev[0] == pytest.approx(read_xas(xas_data / MERCURY, MERCURY).energy_ev[0], rel=1e-12)


def test_an_aborted_scan(tmp_path: Path) -> None:
    error = refusal(tmp_path, [f"{9600 + i} 1000 500" for i in range(200)])
    assert error.where == "raw/x.xdi, line 207"
    assert error.what.startswith(
        "the scan stops before the Ta L3 edge at 9881.0 eV, or on it: it covers 9600.0 to 9799"
    )
    assert error.fix == "an aborted scan? Take it out of the study"
    assert "was the scan aborted?" in refusal(tmp_path, ROWS[:6]).fix


def test_a_repeat_scan_that_was_aborted(tmp_path: Path) -> None:
    columns = ["energy eV", "i0", "itrans"]
    for name, rows in (("a.xdi", ROWS), ("b.xdi", ROWS[:12])):
        rawfiles.write(tmp_path, rawfiles.xdi(columns, rows), name)
    with pytest.raises(UserError) as caught:
        ingest_files([tmp_path / "a.xdi", tmp_path / "b.xdi"], ["a.xdi", "b.xdi"], columns=None, **TANTALUM)
    assert caught.value.where == "b.xdi, line 19"
    assert "58 % of the range of a.xdi" in caught.value.what and "aborted" in caught.value.fix


@pytest.mark.parametrize("cell", ["-inf", "inf", "nan", "-Infinity", "NaN"])
@pytest.mark.parametrize(("column", "name"), [(0, "energy"), (1, "i0"), (2, "itrans")])
def test_rows_without_a_number(tmp_path: Path, cell: str, column: int, name: str) -> None:
    cells = ROWS[5].split()
    cells[column] = cell
    error = refusal(tmp_path, [*ROWS[:5], " ".join(cells), *ROWS[6:]])
    assert error.where == "raw/x.xdi, line 13"
    assert error.what == f"1 of 20 rows cannot be used: line 13 ('{name}' is not a finite number)"
    assert "`ingest: {bad_rows: drop}`" in error.fix


@pytest.mark.parametrize("word", ["nan", "NaN", "Tantalum", "?"])
def test_an_element_that_is_none_in_the_header(tmp_path: Path, word: str) -> None:
    error = refusal(tmp_path, ROWS, f"Element.symbol: {word}", "Element.edge: L3")
    assert error.where == "raw/x.xdi, line 5"
    assert error.what == f"the file states the element {word!r}, which is no chemical symbol"
    assert error.fix == "write the symbol of the absorber, such as Ta, or delete the line"


def test_an_edge_that_is_none_in_the_header_is_noted(tmp_path: Path) -> None:
    (scan,) = ingest(tmp_path, ROWS, "Element.symbol: Ta", "Element.edge: nan").scans
    assert "line 6 states the edge 'nan', which is none: it was not compared with that of the study" in scan.notes


@pytest.mark.parametrize("word", ["nan", ".nan", "NaN"])
def test_an_element_that_is_none_in_the_study(tmp_path: Path, word: str) -> None:
    (tmp_path / "x.xdi").write_text(rawfiles.xdi(["energy eV", "i0", "itrans"], ROWS), encoding="utf-8")
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"study": "s"}), encoding="utf-8")
    measured = f"exafs: {{element: {word}, edge: L3, files: [x.xdi]}}"
    (tmp_path / "samples.yaml").write_text(f"samples:\n  a:\n    measurements:\n      {measured}\n", encoding="utf-8")
    with pytest.raises(Problems) as caught:
        load_study(tmp_path)
    (problem,) = caught.value.problems
    assert "samples.yaml" in problem.where and "measurements.exafs.element" in problem.where
    assert problem.fix
