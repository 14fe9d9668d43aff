"""Files that are no scans, and tables with damage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rawfiles

from ntcspec.errors import UserError
from ntcspec.readers import ColumnSpec, read_xas, text
from ntcspec.readers.text import load_text

HEAD = "energy i0 it\n"
TRANSMISSION = ColumnSpec(energy=1, i0=2, transmitted=3)


def rows(count: int = 12) -> list[str]:
    return [f"{9800 + i}.5 {1000 + i}.25 {500 + i}.75" for i in range(count)]


def table(*more: str, head: str = HEAD) -> str:
    return head + "\n".join([*rows(), *more]) + "\n"


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^raw/x\.dat: no such file"):
        read_xas(tmp_path / "x.dat", "raw/x.dat")


def test_directory(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^raw: this is a folder"):
        read_xas(tmp_path, "raw")


@pytest.mark.parametrize("content", [b"", b" \r\n\n", b"\xef\xbb\xbf", b"\x1a"])
def test_empty_file(tmp_path: Path, content: bytes) -> None:
    assert "empty" in rawfiles.refusal(tmp_path, content).what


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\x89HDF\r\n\x1a\nrest", "HDF5"),
        (b"\x1f\x8b\x08rest", "gzip"),
        (b"PK\x03\x04rest", "zip"),
        (b"1 2 3\n4 5\x006\n", "byte 10 is NUL"),
        ("1 2 3\n".encode("utf-16"), "UTF-16"),
    ],
)
def test_binary_file(tmp_path: Path, content: bytes, what: str) -> None:
    assert what in rawfiles.refusal(tmp_path, content).what


def test_a_file_without_numbers(tmp_path: Path) -> None:
    assert "no row of numbers" in rawfiles.refusal(tmp_path, "Dear diary,\nnothing measured today\n").what


def test_windows_text_is_noted(tmp_path: Path) -> None:
    path = rawfiles.write(tmp_path, b"# 300 \xb0C\n1 2\n")
    file = load_text(path, "x.dat")
    assert file.lines[0] == "# 300 °C"
    assert file.notes == ("line 1 is not UTF-8: the file was read as Windows-1252",)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(tmp_path: Path, end: str) -> None:
    path = rawfiles.write(tmp_path, end.join(["a", "", "b\x0c\x85c", "d"]) + end)
    assert load_text(path, "x.dat").lines == ("a", "", "b\x0c\x85c", "d")


def test_an_unknown_format_lists_the_columns(tmp_path: Path) -> None:
    error = rawfiles.refusal(tmp_path, table())
    assert error.where == "x.dat"
    assert "a table of 3 columns from line 2" in error.what
    assert "columns: {energy: energy, i0: i0, transmitted: it}" in error.fix
    assert "1 energy, 2 i0, 3 it" in error.fix


def test_a_garbled_cell_is_named(tmp_path: Path) -> None:
    error = rawfiles.refusal(tmp_path, table("9820.5 abc 500.5", *rows()), TRANSMISSION)
    assert str(error).startswith("x.dat, line 14, column 2 'i0': 'abc' is no number")


@pytest.mark.parametrize("row", ["9820.5 1000.5", "9820.5 1000.5 500.5 7", "9820.5 1000.5 1_000", "9820.5 1.5 ١٢"])
def test_a_short_long_or_strange_row_is_named(tmp_path: Path, row: str) -> None:
    assert "line 14" in rawfiles.refusal(tmp_path, table(row, *rows()), TRANSMISSION).where


def test_words_inside_the_table_are_not_taken_for_its_header(tmp_path: Path) -> None:
    error = rawfiles.refusal(tmp_path, table("x820.5 1000.5 500.5", *rows(40)), TRANSMISSION)
    assert error.where == "x.dat, line 14"
    assert "interrupts the table" in error.what


def test_a_table_of_scan_regions_belongs_to_the_header(tmp_path: Path) -> None:
    head = "Block Init Final Step Time Num\n1 2 3 4 5 6\n2 3 4 5 6 7\nenergy i0 it\n"
    scan = rawfiles.read(tmp_path, table(head=head), TRANSMISSION)
    assert scan.energy_ev.size == 12
    assert scan.row_line[0] == 5


@pytest.mark.parametrize(
    ("last", "reason"),
    [
        ("9820.5 1000.5", "it holds 2 of 3 numbers"),
        ("9820.50 1000.25 5", "its last number, 5, is cut off"),
        ("9820.50 1000.25 500.", "its last number, 500., is cut off"),
        ("9820.50 1000.25 -", "it breaks off at '-'"),
    ],
)
def test_a_last_line_that_was_cut_off_is_left_out(tmp_path: Path, last: str, reason: str) -> None:
    scan = rawfiles.read(tmp_path, table(last)[:-1], TRANSMISSION)
    assert scan.energy_ev.size == 12
    assert f"line 14, the last one, was left out: {reason}" in scan.notes


def test_a_whole_last_line_without_line_end_is_kept(tmp_path: Path) -> None:
    scan = rawfiles.read(tmp_path, table()[:-1], TRANSMISSION)
    assert scan.energy_ev.size == 12
    assert not any("cut off" in note for note in scan.notes)


def test_an_integer_that_may_be_cut_off_is_noted(tmp_path: Path) -> None:
    content = "\n".join(f"{9800 + i} 1000 {50000 + i}" for i in range(12))[:-2]
    scan = rawfiles.read(tmp_path, content, TRANSMISSION)
    assert any("500, may be cut off" in note for note in scan.notes)


def test_a_garbled_last_line_that_is_complete_is_refused(tmp_path: Path) -> None:
    assert rawfiles.refusal(tmp_path, table("9820.5 1000.5 -"), TRANSMISSION).where == "x.dat, line 14, column 3 'it'"


def test_fortran_exponents(tmp_path: Path) -> None:
    content = "\n".join(f"9.8{i:02d}5D+03 1.0d+03 5.0E+02" for i in range(12)) + "\n"
    scan = rawfiles.read(tmp_path, content, TRANSMISSION)
    assert scan.energy_ev[3] == 9803.5
    np.testing.assert_allclose(scan.mu("transmission"), np.log(2.0))
    assert "'1.0+103' is no number" in rawfiles.refusal(tmp_path, table("9820.5 1.0+103 1", *rows()), TRANSMISSION).what


@pytest.mark.parametrize("separator", [" ", "\t", ";"])
def test_decimal_commas_are_refused(tmp_path: Path, separator: str) -> None:
    content = "\n".join(f"{9800 + i},50{separator}1000,25{separator}500,75" for i in range(12)) + "\n"
    error = rawfiles.refusal(tmp_path, content, TRANSMISSION)
    assert "decimal comma" in error.what
    assert error.where == "x.dat, line 1"


def test_decimal_commas_among_commas_are_refused(tmp_path: Path) -> None:
    content = "\n".join(f"{9800 + i},05,1000,25,500,75" for i in range(12)) + "\n"
    assert "decimal comma" in rawfiles.refusal(tmp_path, content, TRANSMISSION).what


def test_lines_below_the_table_are_noted(tmp_path: Path) -> None:
    scan = rawfiles.read(tmp_path, table("end of scan"), TRANSMISSION)
    assert "1 line(s) below the table were not read (from line 14)" in scan.notes


def test_large_files_are_read_fast(tmp_path: Path) -> None:
    from time import perf_counter

    lines = [f"{9000 + i / 50:.3f}  {1000 + i % 7}.25  {500 + i % 5}.75" for i in range(100_000)]
    path = rawfiles.write(tmp_path, rawfiles.xdi(["energy eV", "i0", "itrans"], lines))
    begun = perf_counter()
    scan = read_xas(path, "x.dat")
    assert scan.energy_ev.size == 100_000
    assert perf_counter() - begun < 3.0  # takes 0.3 s on an idle machine


def test_control_characters_between_numbers_are_blanks(tmp_path: Path) -> None:
    content = "\n".join(f"{9800 + i}.5,\x1d 1000.25, 500.75" for i in range(12)) + "\n"
    assert rawfiles.read(tmp_path, content, TRANSMISSION).column("column 2").values[0] == 1000.25


def test_a_text_that_is_larger_than_any_spectrum_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no more of it is read than tells so."""
    monkeypatch.setattr(text, "LARGEST", 1_000_000)
    with (tmp_path / "x.dat").open("wb") as file:
        file.truncate(10**12)  # a hole in the disc
    with pytest.raises(
        UserError, match=r"x.dat: it is larger than 1 MB, and no scan or spectrum is -> is it the right"
    ):
        load_text(tmp_path / "x.dat", "x.dat")
