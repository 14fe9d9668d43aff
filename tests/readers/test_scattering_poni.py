"""PONI files: versions, and errors with their line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntcspec.errors import UserError
from ntcspec.readers.scattering import read_poni

GOOD = """# Nota: C-Order, 1 refers to the Y axis, 2 to the X axis
poni_version: 2.1
Detector: Detector
Detector_config: {"pixel1": 0.0002, "pixel2": 0.0002, "max_shape": [100, 120], "orientation": 2}
Distance: 0.25
Poni1: 0.01
Poni2: 0.012
Rot1: 0.003
Rot2: -0.26
Rot3: 0.0
Wavelength: 2.095e-11
"""


def read(folder: Path, text: str):  # type: ignore[no-untyped-def]
    path = folder / "x.poni"
    path.write_text(text, encoding="utf-8")
    return read_poni(path, "x.poni")


def test_versions(data_folder: Path, tmp_path: Path) -> None:
    one = read_poni(data_folder / "scattering/image_ceo2_pilatus/CeO2_Pilatus1M.poni", "c.poni")
    assert (one.version, one.detector, one.detector_config) == (
        "1",
        "Detector",
        {"pixel1": 0.000172, "pixel2": 0.000172},
    )
    two = read_poni(data_folder / "scattering/xpd_formats/Ni_poni_file.poni", "n.poni")
    assert (two.version, two.detector, two.wavelength_ang) == ("2", "Perkin", pytest.approx(0.1671))
    assert any("gives no orientation" in note for note in two.notes)
    new = read(tmp_path, GOOD)
    assert (new.version, new.detector_config["orientation"], new.rot2_rad) == ("2.1", 2, -0.26) and not new.notes
    assert new.header == GOOD.rstrip("\n")
    three = read(tmp_path, GOOD.replace("2.1", "3", 1) + "Parallax: True\n")
    assert any("parallax" in note for note in three.notes)


def test_of_several_calibrations_the_last_counts_as_in_pyfai(tmp_path: Path) -> None:
    text = GOOD + GOOD.replace("Distance: 0.25", "Distance: 0.3")
    one = read(tmp_path, text)
    from pyFAI.io.ponifile import PoniFile

    assert one.distance_m == PoniFile(str(tmp_path / "x.poni")).dist == 0.3
    assert any("several calibrations (distance differ)" in note for note in one.notes)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Distance: 0.25", "Distance: abc", r"x.poni, line 5: Distance is 'abc', no number"),
        ("Distance: 0.25", "Distance: 250", r"line 5: Distance is 250 m -> this looks like millimetres: write 0.25"),
        ("Wavelength: 2.095e-11", "Wavelength: 0.2095", r"line 11: Wavelength is 0.2095 m -> this looks like Angstrom: write 2.095e-11"),
        ("Rot2: -0.26", "Rot2: -15.0", r"line 9: Rot2 is -15 rad -> PONI files give radians"),
        ("Poni2: 0.012\n", "", r"the key 'Poni2' is missing"),
        ("Distance: 0.25\n", "", r"this is no PONI file"),
        ("Distance: 0.25", "Distanse: 0.25", r"line 5: the key 'Distanse' is not known \(did you mean 'distance'\?\)"),
        ("Rot1: 0.003", "Rot1 0.003", r"line 8: 'Rot1 0.003' is no line `Key: value`"),
        ('"pixel1": 0.0002', '"pixel1": 200', r"line 4: pixel1 is 200, no pixel size in metres"),
        ("Detector_config: {", "Detector_config: ", r"line 4: Detector_config is no JSON"),
        ("[100, 120]", "[100]", r"line 4: max_shape is \[100\]"),
        ('"orientation": 2', '"orientation": 7', r"line 4: orientation is 7 -> one of 1, 2, 3, 4"),
        ("poni_version: 2.1", "poni_version: 9", r"line 2: version 9 is not known"),
        ('"pixel1": 0.0002, "pixel2": 0.0002, ', "", r"names no detector and no pixel size"),
    ],
)  # fmt: skip
def test_refusals(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(UserError, match=message):
        read(tmp_path, GOOD.replace(old, new))


@settings(max_examples=60, deadline=None)
@given(
    st.floats(0.01, 5.0), st.floats(-1, 1), st.floats(-1, 1), st.lists(st.floats(-3, 3), min_size=3, max_size=3),
    st.floats(1e-11, 2e-10), st.sampled_from([str.lower, str.upper, str.title]),
)  # fmt: skip
def test_numbers_come_back_exactly(
    distance: float, poni1: float, poni2: float, rot: list[float], wave: float, case: object
) -> None:
    import tempfile

    keys = ("Distance", "Poni1", "Poni2", "Rot1", "Rot2", "Rot3", "Wavelength", "PixelSize1", "PixelSize2")
    values = (distance, poni1, poni2, *rot, wave, 1e-4, 2e-4)
    lines = [f"{case(key)}: {value!r}" for key, value in zip(keys, values, strict=True)]  # type: ignore[operator]
    with tempfile.TemporaryDirectory() as folder:
        one = read(Path(folder), "\n".join(lines))
    found = (one.distance_m, one.poni1_m, one.poni2_m, one.rot1_rad, one.rot2_rad, one.rot3_rad)
    assert found == (distance, poni1, poni2, *rot)
    np.testing.assert_allclose(one.wavelength_ang, wave * 1e10, rtol=1e-15)
