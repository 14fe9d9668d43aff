"""The SXRMB files look like the genuine one, line by line, and read as larch reads it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from ntcspec.demo.series import Made
from ntcspec.demo.sxrmb import Region, Scan, format_scan, set_points
from ntcspec.demo.xanes import CL_REGIONS, SPIKE_FILE, make

RESOURCES = Path(__file__).resolve().parents[2] / "resources" / "demo"
NUMBER = r"-?\d+(?:\.\d+)?(?:e[+-]\d+)?"
REGION = rf"# Start:\t{NUMBER} eV\tStep: {NUMBER} eV\tEnd:\t{NUMBER} eV\tTime: {NUMBER} s"
SKELETON = [
    r"# Scan: .+ #\d+",
    r"# Date: \d{4} \d\d \d\d \d\d:\d\d:\d\d",
    r"# Facility: CLS SXRMB Beamline",
    r"# ",
    r"# Configuration of the Scan",
    r"# ",
    r"# Scanned Edge:\t[A-Z][a-z]? K",
    rf"# JJ Horizontal Gap:\t{NUMBER} mm",
    rf"# Focus position:\t{NUMBER} mm",
    rf"# 7E detector distance:\t{NUMBER} mm",
    r"# ",
    r"# Regions Of Interest",
    r"# [A-Z][a-z]? Ka1\t\d+\.\d\d eV\t\d+\.\d\d eV",
    r"# ",
    r"# ",
    r"# Regions Scanned",
    *[REGION] * 3,
    r"# ",
    r"# Endstation: Solid State",
    *[rf"# Sample stage {axis}:\t{NUMBER}" for axis in "XYZR"],
    r"# ",
    r"# ",
    r"# ",
    r"# -{37}",
    r"# EnergyFeedback\.X\tEnergyFeedback\tBeamlineI0Detector\tTEYDetector\tScalerDwellTimeFeedback"
    r"\t([A-Z][a-z]?)Ka1\tnorm_\1Ka1\tnorm_TEYDetector\t",
    r"",
]
ROW = rf"(?:{NUMBER}\t){{8}}"
# Lines of a genuine file (CLS SXRMB, Zn foil, Mikhchian, doi:10.20383/103.01329, CC BY 4.0) that pin the skeleton.
GENUINE = """\
# Scan: Zn XANES Zn foil_ STD-04302024 #1
# Date: 2024 04 30 14:50:07
# Facility: CLS SXRMB Beamline
#\x20
# Configuration of the Scan
#\x20
# Scanned Edge:\tZn K
# JJ Horizontal Gap:\t10 mm
# Focus position:\t3.5 mm
# 7E detector distance:\t200 mm
#\x20
# Regions Of Interest
# Zn Ka1\t8511.06 eV\t8766.66 eV
#\x20
#\x20
# Regions Scanned
# Start:\t9629 eV\tStep: 1 eV\tEnd:\t9653 eV\tTime: 1 s
# Start:\t9653 eV\tStep: 0.45 eV\tEnd:\t9684 eV\tTime: 1 s
# Start:\t9684 eV\tStep: 0.75 eV\tEnd:\t9779 eV\tTime: 1 s
#\x20
# Endstation: Solid State
# Sample stage X:\t-3
# Sample stage Y:\t3.5
# Sample stage Z:\t134.5
# Sample stage R:\t-45
#\x20
#\x20
#\x20
# -------------------------------------
# EnergyFeedback.X\tEnergyFeedback\tBeamlineI0Detector\tTEYDetector\tScalerDwellTimeFeedback\tZnKa1\tnorm_ZnKa1\tnorm_TEYDetector\t

9629\t9629.04\t82229\t21811\t1000\t8618.99\t0.104817\t0.265247\t
9630\t9630.04\t82479\t21908\t1000\t8740.06\t0.105967\t0.265619\t
"""


@pytest.fixture(scope="module")
def made() -> Made:
    return make(RESOURCES, 5)


def texts(made: Made) -> dict[str, str]:
    return {name: data.decode("ascii") for name, data in made.files.items() if name.startswith("sxrmb/")}


def check_skeleton(text: str) -> list[str]:
    """Every line has the genuine shape; returns the rows."""
    lines = text.split("\n")
    assert lines[-1] == ""
    body = [line for line in lines[:-1] if not line.startswith("# Simulation.")]
    for line, pattern in zip(body, SKELETON, strict=False):
        assert re.fullmatch(pattern, line), (line, pattern)
    rows = body[len(SKELETON) :]
    assert rows and all(re.fullmatch(ROW, row) for row in rows)
    return rows


def test_the_skeleton_is_the_genuine_one() -> None:
    assert len(check_skeleton(GENUINE)) == 2


def test_every_line_has_the_genuine_shape(made: Made) -> None:
    for name, text in texts(made).items():
        rows = check_skeleton(text)
        assert len(rows) == (215 if "ClK" in name else 183), name
        assert text.startswith("# Simulation.notice: SIMULATED by ntcspec demo.")


def test_norm_columns_are_the_ratio_as_printed(made: Made) -> None:
    for text in [*texts(made).values(), GENUINE]:
        for row in check_skeleton(text):
            _, _, i0, tey, dwell, ka, norm_ka, norm_tey = row.split()
            assert norm_ka == f"{float(ka) / float(i0):g}" and norm_tey == f"{float(tey) / float(i0):g}"
            assert dwell == "1000"


def test_readback_and_duplicates(made: Made) -> None:
    for text in texts(made).values():
        energy, readback = np.array([row.split()[:2] for row in check_skeleton(text)], dtype=float).T
        assert np.all((readback - energy > 0.015) & (readback - energy < 0.055))
        assert np.sum(np.diff(energy) == 0.0) == 2 and np.all(np.diff(energy) >= 0.0)


def test_one_file_has_a_spike_at_its_first_point(made: Made) -> None:
    jump = {}
    for name, text in texts(made).items():
        ka = np.array([float(row.split()[5]) for row in check_skeleton(text)])
        jump[name] = ka[0] / ka[1]
    assert jump.pop(SPIKE_FILE) > 20.0 and all(0.5 < ratio < 2.0 for ratio in jump.values())


def test_larch_reads_the_columns(made: Made, tmp_path: Path) -> None:
    from larch.io import read_ascii

    path = tmp_path / "scan.dat"
    path.write_bytes(made.files["sxrmb/NaCl_ClK_1.dat"])
    group = read_ascii(str(path))
    assert group.data.shape == (8, 215)
    assert list(group.data[0]) == pytest.approx(list(set_points(CL_REGIONS)))
    assert [label.lower() for label in group.array_labels][5:] == ["clka1", "norm_clka1", "norm_teydetector"]
    assert group.data[7] == pytest.approx(group.data[3] / group.data[2], rel=1e-5)


def test_a_count_that_would_not_print_in_full_is_refused() -> None:
    region = (Region(1.0, 1.0, 2.0),)
    energy, few, many = set_points(region), np.array([1, 2]), np.array([1, 1_000_000])
    with pytest.raises(ValueError, match="six digits"):
        format_scan(Scan("x", 1, "Cl", 2622.0, (), region, energy, energy, few, many, few))
