"""BioXAS files, made to the layout that Acquaman writes: 32 germanium elements, input rates without output rates."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rawfiles

from ntcspec.readers import ColumnSpec
from ntcspec.types import Array

ROWS = 40


def counts(elements: int = 32, dead: tuple[int, ...] = (5, 17)) -> Array:
    """An edge with noise; elements `dead` (from 1) hold zeros."""
    step = 1 / (1 + np.exp(-(np.arange(ROWS) - 20.0)))
    made = np.random.default_rng(4).poisson(np.linspace(800, 1500, elements)[:, None] * (0.2 + step)).astype(float)
    made[[n - 1 for n in dead]] = 0.0
    return made


def rates(elements: int = 32) -> Array:
    return np.full((elements, ROWS), 52000.0) + np.arange(elements)[:, None]


def test_live_elements_are_summed_and_dead_time_is_said_to_be_uncorrected(tmp_path: Path) -> None:
    made = counts()
    scan = rawfiles.read(tmp_path, rawfiles.bioxas(made, rates()))
    assert (scan.element, scan.edge, scan.energy_ev.size) == ("Fe", "K", ROWS)
    np.testing.assert_allclose(scan.mu("fluorescence"), made.sum(axis=0) / 1000, rtol=1e-12)
    assert {c.mode: c.formula for c in scan.channels} == {
        "transmission": "ln(I0Detector_DarkCorrect / I1Detector_DarkCorrect)",
        "reference": "ln(I1Detector_DarkCorrect / I2Detector_DarkCorrect)",
        "fluorescence": "FeKa1 sum (not dead-time corrected) / I0Detector_DarkCorrect",
    }
    (note,) = [note for note in scan.notes if "NOT corrected for dead time" in note]
    assert "over elements 1, 2, 3, 4, 6 to 16, 18 to 32 OutB" in note
    assert "input count rates (at most 5.203e+04) but no output count rates" in note
    assert "elements 5, 17 OutB are dead: FeKa1 is zero throughout" in scan.notes


def test_output_rates_beside_the_input_rates_correct(tmp_path: Path) -> None:
    made = counts(4, ())
    text = rawfiles.bioxas(np.vstack([made]), rates(4))
    lines = text.split("\n")
    head = next(i for i, line in enumerate(lines) if line.startswith("#/////"))
    width = sum(line.startswith("# Column.") for line in lines)
    lines[head:head] = [f"# Column.{width + n}: Ge32ElementOCR{n}_OutB" for n in range(1, 5)]
    rows = [line + "\t40000\t40000\t40000\t40000" if line[:1].isdigit() else line for line in lines]
    scan = rawfiles.read(tmp_path, "\n".join(rows))
    expected = (made * rates(4) / 40000).sum(axis=0) / 1000
    np.testing.assert_allclose(scan.mu("fluorescence"), expected, rtol=1e-9)
    assert scan.channels[-1].formula.startswith("FeKa1 sum (dead-time corrected)")


def test_two_detectors_keep_their_element_numbers_apart(tmp_path: Path) -> None:
    made = counts(4, ())
    both = rawfiles.bioxas(made).replace("FeKa1_spectra3_OutB", "FeKa1_spectra1_InB")
    scan = rawfiles.read(tmp_path, both.replace("FeKa1_spectra4_OutB", "FeKa1_spectra2_InB"))
    np.testing.assert_allclose(scan.mu("fluorescence"), made.sum(axis=0) / 1000, rtol=1e-12)
    assert any("over elements 1, 2 OutB, 1, 2 InB" in note for note in scan.notes)


def test_an_element_that_drops_out_is_left_out(tmp_path: Path) -> None:
    made = counts(8, ())
    made[6, 25:] = 1.0
    scan = rawfiles.read(tmp_path, rawfiles.bioxas(made, rates(8)))
    np.testing.assert_allclose(scan.mu("fluorescence"), np.delete(made, 6, axis=0).sum(axis=0) / 1000, rtol=1e-12)
    assert any(note.startswith("element 7 OutB was left out") for note in scan.notes)


def test_ring_energy_in_column_1_is_no_axis(tmp_path: Path) -> None:
    scan = rawfiles.read(tmp_path, rawfiles.bioxas(counts(), rates(), ring="2900"))
    np.testing.assert_allclose(scan.energy_ev, 7000.02 + 5 * np.arange(ROWS), rtol=1e-12)
    assert "Column.2: EnergyFeedback eV" in scan.energy_evidence
    assert any("column 2 'EnergyFeedback'; column 1 'energy' holds 2900 in every row" in note for note in scan.notes)


def test_no_axis_at_all_is_refused(tmp_path: Path) -> None:
    text = rawfiles.bioxas(counts(), ring="2900").replace("EnergyFeedback eV", "MonoPosition")
    error = rawfiles.refusal(tmp_path, text)
    assert error.what == "column 1 'energy' holds 2900 in every row: this is no axis (the energy of the ring?)"
    assert "`columns: {energy: ..}`; columns: 1 energy, 2 MonoPosition" in error.fix
    scan = rawfiles.read(tmp_path, text, ColumnSpec(energy="MonoPosition"))
    assert scan.energy_ev[0] == 7000.02
