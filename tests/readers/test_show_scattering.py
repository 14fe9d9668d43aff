"""`ntcspec show` on raw files of total scattering: the command itself, and what it says of files of neither kind."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from ntcspec.cli import main

PONI = """poni_version: 2.1
Detector: Detector
Detector_config: {"pixel1": 0.0002, "pixel2": 0.0002, "max_shape": [64, 70], "orientation": 3}
Distance: 0.2
Poni1: 0.006
Poni2: 0.007
Rot1: 0.0
Rot2: 0.2617993877991494
Rot3: 0.0
Wavelength: 2.095e-11
"""


def written(folder: Path) -> None:
    from fabio.edfimage import EdfImage
    from fabio.tifimage import TifImage

    pixels = np.random.default_rng(1).poisson(100, (64, 70)).astype(np.uint16)
    TifImage(data=pixels).write(str(folder / "a.tif"))
    EdfImage(data=pixels, header={"exposure_time": "2.5"}).write(str(folder / "a.edf"))
    (folder / "cut.tif").write_bytes((folder / "a.tif").read_bytes()[:3000])
    with h5py.File(folder / "stack.h5", "w") as file:
        file["entry/data/frames"] = np.stack([pixels, pixels, pixels])
    (folder / "a.poni").write_text(PONI)
    q = np.arange(1, 600) * 0.4
    rows = "\n".join(f"{x:.4f} {1e3 / x:.4f}" for x in q)
    (folder / "a.chi").write_text(f"title\nQ (Inverse Nanometres)\nIntensity\n 599\n{rows}\n")
    (folder / "a.xy").write_text(rows + "\n")
    (folder / "a.gr").write_text("version = diffpy.pdfgetx-2.2.1\noutputtype = gr\n#### start data\n0.0 1.0\n0.1 2.0\n")


def show(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = main(["show", str(path)])
    said = capsys.readouterr()
    return code, said.out + said.err


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a.tif", ["64 rows x 70 columns of uint16", "full at     65535"]),
        ("a.edf", ["exposure    2.5 s"]),
        ("stack.h5", ["entry/data/frames of shape (3, 64, 70)", "3 frame(s)"]),
        ("a.poni", ["distance    200 mm", "rotations   0, 15, 0 degrees", "wavelength  0.2095 A"]),
        ("a.chi", ["axis        1/nm: line 2: 'Q (Inverse Nanometres)'", "Q           0.04 to 23.96 1/A, 599 points"]),
    ],
)
def test_raw_files_are_described(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, words: list[str]
) -> None:
    written(tmp_path)
    code, said = show(tmp_path / name, capsys)
    assert code == 0
    for word in words:
        assert word in said, said


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cut.tif", "cut.tif: this tiff file cannot be read, it is cut off or damaged"),
        ("a.gr", "a.gr, line 2: this is a result of PDFgetX3 (gr)"),
        ("", "this folder holds no NMR data (fid, data, 1r)"),
    ],
)
def test_what_cannot_be_read_is_told_by_the_kind_it_is_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, words: str
) -> None:
    written(tmp_path)
    code, said = show(tmp_path / name, capsys)
    assert code == 1 and words in said, said
    assert "Traceback" not in said and "defect" not in said


def test_columns_without_a_unit_are_described_with_what_total_scattering_asks_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path)
    code, said = show(tmp_path / "a.xy", capsys)
    assert code == 0 and "under `raman`" in said
    assert "as total scattering: nothing in the file says the unit of its axis -> give ingest.axis_unit" in said


def test_what_is_wrong_with_the_file_itself_is_said_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty.dat").write_bytes(b"")
    code, said = show(tmp_path / "empty.dat", capsys)
    assert code == 1 and said.count("the file is empty") == 1 and "neither way" not in said
