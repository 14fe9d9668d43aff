"""`ntcspec show RAWFILE`: which technique a file is taken for, and what is said of it."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest

from ntcspec.commands import show
from ntcspec.errors import UserError
from ntcspec.readers.raman import is_raman, read_raman

LABSPEC = "#Acq. time (s)=\t2\n#Accumulations=\t3\n#Laser (nm)=\t532\n#AxisType[1]=\tSpectr\n#AxisUnit[1]=\t1/cm\n"
ROWS = "".join(f"{100 + i}\t{7 * i}\n" for i in range(20))
JCAMP = "##TITLE=x\n##DATA TYPE={}\n##XYPOINTS=(XY..XY)\n" + ROWS.replace("\t", ", ") + "##END=\n"
SERIES = "\t" + "\t".join(str(i) for i in range(20)) + "\n" + "".join(f"{j}" + "\t1" * 20 + "\n" for j in range(3))


def said(folder: Path, words: str | bytes, capsys: pytest.CaptureFixture[str]) -> str:
    path = folder / "x.txt"
    path.write_bytes(words if isinstance(words, bytes) else words.encode())
    assert show.main(argparse.Namespace(file=path)) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (LABSPEC + ROWS, ["format    labspec: line 1: '#Acq. time (s)= 2'", "laser     532 nm, 2 s x 3"]),
        (SERIES, ["format    labspec: line 1: the axis stands in the first row", "spectra   3 by coordinate"]),
        (JCAMP.format("RAMAN SPECTRUM"), ["format    jcampdx", "axis      100 to 119 1/cm, 20 points"]),
        (ROWS, ["format    columns_text: line 1: '100 0'", "nothing in the file says what it is"]),
    ],
)
def test_a_raman_file_is_shown_as_one(tmp_path: Path, capsys, words: str, expected: list[str]) -> None:
    out = said(tmp_path, words, capsys)
    assert all(part in out for part in expected), out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (LABSPEC + ROWS + "130\tx1\n", r"x\.txt, line 26, column 2: 'x1' is no number"),
        (b"LabSpec6\x00\x01", r"x\.txt: this is a binary LabSpec 6 file"),
        (b"\x89HDF\r\n\x1a\n123", r"x\.txt"),
    ],
)
def test_what_is_wrong_with_a_raman_file_is_said_by_its_own_reader(tmp_path: Path, capsys, words, message: str) -> None:
    with pytest.raises(UserError, match=message):
        said(tmp_path, words, capsys)


def test_what_is_no_raman_file_is_not_taken_for_one(tmp_path: Path) -> None:
    energy = np.linspace(9000, 9100, 30)
    xdi = "# XDI/1.0\n# Column.1: energy eV\n# Column.2: i0\n# ///\n# ---\n" + "".join(f"{e} 1.0\n" for e in energy)
    header = "\tEnergy\tI0\tI1\tI2\tI3\tI4\tI5\tI6\tI7\tI8\n" + ("\t1" * 10 + "\n") * 10
    for words in (xdi, ROWS, header, JCAMP.format("NMR SPECTRUM"), ""):
        path = tmp_path / "x.dat"
        path.write_text(words)
        assert not is_raman(path, "x.dat")


def test_a_spectrum_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.jdx"
    path.write_text(JCAMP.format("NMR SPECTRUM"))
    with pytest.raises(UserError, match="DATA TYPE=NMR SPECTRUM: this is no Raman spectrum"):
        read_raman(path, "x.jdx")
