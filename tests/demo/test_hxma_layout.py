"""The files look like genuine HXMA files, line by line, and say that they are simulated."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ntcspec.demo import instrument_seed
from ntcspec.demo.hxma import energy_grid

NUMBER = r"-?\d+(?:\.\d+)?(?:e[+-]\d+)?"
ROW = re.compile(
    r"1, \d+\.\d{3}, \d+\.\d{3}, \d+\.\d{3}, \d+\.00, \d+\.00, \d+\.00, \d+\.00, \d+\.\d{4}, \d+\.0, \d+\.\d{6}"
)
BACKGROUND = rf"# Background counts time={NUMBER}\(x \.1 microseconds\)"
PV, MACRO, LABEL = r"[A-Z][A-Za-z0-9-]+(?::[A-Za-z0-9]+)+", r"\$\([A-Za-z0-9_]+\)(?:\[[0-9-]+\])?", r'"[^"]+"'
# Header lines from '# CLS Data Acquisition' on, as the genuine files have them (without their remarks).
SKELETON = {
    "A": [
        r"# CLS Data Acquisition",
        rf'#\(1\)\t"Event-ID"(?:\t"{PV}"){{10}}',
        rf'#\(1\)\t"Event-ID"(?:\t"{MACRO}"){{10}}',
        rf'#\(2\)(?:\t"{PV}"){{5}}',
        rf'#\(2\)(?:\t"{MACRO}"){{5}}',
        BACKGROUND + rf"(?:, \d+){{4}}, \d+\.000, {NUMBER}, {NUMBER}",
    ],
    "B": [
        r"# CLS Data Acquisition",
        rf"#\(1\) Event-ID(?: {PV}){{10}}",
        rf"#\(1\) Event-ID(?: (?:{MACRO}|{LABEL})){{10}}",
        rf"#\(2\)(?: {PV}){{11}}",
        rf"#\(2\)(?: (?:{MACRO}|{LABEL})){{11}}",
        BACKGROUND + rf"(?:, \d+){{4}}, \d+\.000(?:, {NUMBER}){{8}}",
    ],
}
# The macros and process variables of a genuine header line of each kind, copied to pin the names.
GENUINE_A = '#(2)\t"$(Background)[0]"\t"$(Background)[1-4]"\t"$(EdgeEnergy)"\t"$(XAFS_Slits_V)"\t"$(XAFS_Slits_H)"'
GENUINE_B = (
    '#(1) Event-ID "BL1606-ID-1 Energy Setting" $(EnergyFeedback) $(EnergyAchieved) "Idiode" "I0" "I1" "I2" $(kName) '
    '"Delay between scans" "PCT for SR1"'
)
STEMS = {"TaCl5": "B", "NTC-annealed": "A", "NTC-6h": "A", "NTC-26h": "A", "NTC-36h": "A", "NTC-40h": "A"}
FILES = {f"{stem}_TaL3_{scan}.dat": dialect for stem, dialect in STEMS.items() for scan in (1, 2)}


def split(path: Path) -> tuple[list[str], list[str], list[str]]:
    """Simulation remarks, other header lines, rows."""
    lines = path.read_text().splitlines()
    remarks = [line for line in lines if line.startswith("# Simulation.")]
    header = [line for line in lines if line.startswith("#") and line not in remarks]
    return remarks, header, [line for line in lines if not line.startswith("#")]


@pytest.mark.parametrize(("name", "dialect"), FILES.items())
def test_every_line_has_the_genuine_shape(demo: Path, name: str, dialect: str) -> None:
    _, header, rows = split(demo / "hxma" / name)
    assert len(header) == len(SKELETON[dialect])
    for line, pattern in zip(header, SKELETON[dialect], strict=True):
        assert re.fullmatch(pattern, line), line
    assert (GENUINE_A if dialect == "A" else GENUINE_B) in header
    assert len(rows) == 410 and all(ROW.fullmatch(row) for row in rows)


@pytest.mark.parametrize("name", FILES)
def test_the_header_says_simulated(demo: Path, name: str) -> None:
    remarks, _, _ = split(demo / "hxma" / name)
    text = "\n".join(remarks)
    assert "SIMULATED by ntcspec demo" in text and "no measurement" in text
    assert f"Simulation.seed: {instrument_seed(20240430, 'exafs')}" in text
    assert "TaCl5_C2m_MODEL_P1.cif" in text or "_1600.npz" in text


def test_there_are_no_other_files(demo: Path) -> None:
    assert sorted(p.name for p in (demo / "hxma").iterdir()) == sorted(FILES)


@pytest.mark.parametrize("name", FILES)
def test_columns_read_by_larch(demo: Path, name: str) -> None:
    """Energies, integer counts, k from the set energy, dwell and ring current, by larch's plain column reader."""
    from larch.io import read_ascii

    data = read_ascii(str(demo / "hxma" / name)).data
    assert data.shape == (11, 410)
    event, wanted, read, achieved, lytle, i0, i1, i2, k, dwell, ring = data
    grid, seconds = energy_grid()
    assert set(event) == {1.0} and wanted == pytest.approx(grid) and dwell == pytest.approx(seconds * 1e3)
    assert np.array_equal(read, achieved)
    assert np.std(read - wanted) == pytest.approx(0.01, rel=0.15)
    assert k == pytest.approx(np.sqrt(0.2624682917 * np.maximum(wanted - 9881.0, 0)), abs=5.1e-5)
    assert np.all(np.diff(ring) < 0) and np.all(i0 / seconds > 2e8) and np.all(i0 / seconds < 4e8)
    for counts in (lytle, i0, i1, i2):
        assert np.all(counts > 0) and np.array_equal(counts, np.round(counts))


def test_grid_is_like_the_genuine_one() -> None:
    energy, _ = energy_grid()
    step = np.diff(energy)
    assert energy[0] == 9681.0 and set(np.round(step[:17], 3)) == {10.0}
    assert set(np.round(step[17:151], 3)) == {0.5}
    k = np.sqrt(0.2624682917 * (energy[151:] - 9881.0))
    assert np.diff(k)[:-1] == pytest.approx(0.05, abs=1e-4) and k[-1] == pytest.approx(16.0, abs=1e-4)


def test_darks_are_declared_where_they_were_added(demo: Path, truth: dict[str, Any]) -> None:
    for sample in truth["samples"].values():
        _, header, _ = split(demo / sample["files"][0])
        cells = re.findall(NUMBER, header[-1].split("=")[1].replace("(x .1 microseconds)", ""))
        ticks, darks = float(cells[0]), np.array(cells[1:5], dtype=float)
        expected = np.array(sample["dark_rates_per_s"]) * ticks * 1e-7
        assert np.all(np.abs(darks - expected) <= 5.0 * np.sqrt(expected))
        assert (ticks > 0) == bool(np.any(darks))
    assert truth["samples"]["TaCl5"]["dark_rates_per_s"][1] > 0
