"""HXMA files with known counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rawfiles

from ntcspec.readers import ColumnSpec

DARK = "1e+07(x .1 microseconds), 100, 2000, 300, 40"  # one second


@pytest.mark.parametrize("dialect", ["A", "B"])
def test_dark_counts_are_scaled_to_the_dwell_time_and_subtracted(tmp_path: Path, dialect: str) -> None:
    values = rawfiles.hxma_values()
    scan = rawfiles.read(tmp_path, rawfiles.hxma(dialect, values, DARK))
    seconds = values[:, 8] / 1000
    diode, i0, i1, i2 = (values[:, 3 + n] - dark * seconds for n, dark in enumerate((100, 2000, 300, 40)))
    np.testing.assert_allclose(scan.mu("transmission"), np.log(i0 / i1), rtol=1e-12)
    np.testing.assert_allclose(scan.mu("reference"), np.log(i1 / i2), rtol=1e-12)
    np.testing.assert_allclose(scan.mu("fluorescence"), diode / i0, rtol=1e-12)
    as_measured = "I0" if dialect == "B" else "BL1606-ID1:mcs04:fbk"
    np.testing.assert_array_equal(scan.column(as_measured).values, values[:, 4])
    assert f"{as_measured} (dark-corrected)" in scan.channels[0].numerator
    assert any("2000 counts/s x dwell time subtracted" in note for note in scan.notes)


def test_dark_of_ten_seconds(tmp_path: Path) -> None:
    values = rawfiles.hxma_values()
    scan = rawfiles.read(tmp_path, rawfiles.hxma("B", values, "100000000(x .1 microseconds), 0, 20000, 0, 0"))
    corrected = values[:, 4] - 2000 * values[:, 8] / 1000
    np.testing.assert_allclose(scan.mu("transmission"), np.log(corrected / values[:, 5]), rtol=1e-12)


@pytest.mark.parametrize("time", ["0", "4.88553e-313"])
def test_no_dark_without_a_time(tmp_path: Path, time: str) -> None:
    values = rawfiles.hxma_values()
    scan = rawfiles.read(tmp_path, rawfiles.hxma("B", values, f"{time}(x .1 microseconds), 0, 2000, 0, 0"))
    np.testing.assert_array_equal(scan.mu("transmission"), np.log(values[:, 4] / values[:, 5]))
    assert any("no dark counts: background time" in note for note in scan.notes)


def test_a_background_that_cannot_be_read(tmp_path: Path) -> None:
    text = rawfiles.hxma("B", rawfiles.hxma_values(), "10000(x .1 microseconds), 1, two, 3, 4")
    assert "background counts cannot be read" in rawfiles.refusal(tmp_path, text).what


def test_labels_rule_even_where_the_scalers_are_swapped(tmp_path: Path) -> None:
    values = rawfiles.hxma_values()
    text = rawfiles.hxma("B", values).replace('"I0" "I1"', '"I1" "I0"')
    scan = rawfiles.read(tmp_path, text)
    np.testing.assert_array_equal(scan.mu("transmission"), np.log(values[:, 5] / values[:, 4]))


def test_labels_and_macros_may_mix(tmp_path: Path) -> None:
    values = rawfiles.hxma_values()
    scan = rawfiles.read(tmp_path, rawfiles.hxma("B", values).replace('"I1"', "$(Detector3)"))
    np.testing.assert_array_equal(scan.mu("transmission"), np.log(values[:, 4] / values[:, 5]))
    assert "process variable 'BL1606-ID1:mcs05:fbk'" in scan.channels[0].evidence


def test_energy_is_the_achieved_then_the_feedback_then_the_setting(tmp_path: Path) -> None:
    values = rawfiles.hxma_values()
    values[:, 0], values[:, 1], values[:, 2] = values[:, 0], values[:, 0] + 1, values[:, 0] + 2
    text = rawfiles.hxma("B", values)
    assert rawfiles.read(tmp_path, text).energy_ev[0] == 9802.0
    text = text.replace("$(EnergyAchieved)", "Nothing")
    scan = rawfiles.read(tmp_path, text)
    assert (scan.energy_ev[0], scan.notes[0]) == (
        9801.0,
        "energy: the feedback energy, column 3 'MONO16061I1001:Energy:fbk'; dacq writes eV",
    )
    assert rawfiles.read(tmp_path, text.replace("$(EnergyFeedback)", "Nothing")).energy_ev[0] == 9800.0


def test_rows_of_other_events_are_left_out(tmp_path: Path) -> None:
    text = rawfiles.hxma("A", rawfiles.hxma_values()) + "2, 0, 100, 100\n"
    scan = rawfiles.read(tmp_path, text)
    assert scan.energy_ev.size == 20
    assert "1 row(s) that are not of event 1 were left out (first: line 26)" in scan.notes


def test_truncated_last_line(tmp_path: Path) -> None:
    text = rawfiles.hxma("A", rawfiles.hxma_values())
    scan = rawfiles.read(tmp_path, text[: text.rindex(",")])
    assert scan.energy_ev.size == 19
    assert "line 25, the last one, was left out: it holds 10 of 11 numbers" in scan.notes


def test_a_row_without_event(tmp_path: Path) -> None:
    lines = rawfiles.hxma("A", rawfiles.hxma_values()).splitlines()
    lines[9] = "x" + lines[9]
    error = rawfiles.refusal(tmp_path, "\n".join(lines) + "\n")
    assert error.where == "x.dat, line 10, column 1 'Event-ID'"


def test_labels_that_do_not_fit_the_rows(tmp_path: Path) -> None:
    text = rawfiles.hxma("B", rawfiles.hxma_values())
    error = rawfiles.refusal(tmp_path, text.replace('"I2" ', ""))
    assert (error.where, error.what) == ("x.dat, line 4", "10 labels for the 11 columns of line 3")
    error = rawfiles.refusal(tmp_path, text.replace('"I2" ', "").replace("BL1606-ID1:mcs06:fbk ", ""))
    assert (error.where, error.what) == ("x.dat, line 4", "this line names 10 columns, the rows below hold 11")


def test_two_columns_of_one_role(tmp_path: Path) -> None:
    values = rawfiles.hxma_values()
    text = rawfiles.hxma("B", values).replace('"I2"', '"I0"')
    error = rawfiles.refusal(tmp_path, text)
    assert "columns 6 'I0' and 8 'I0' both look like i0" in error.what
    scan = rawfiles.read(tmp_path, text, ColumnSpec(energy=4, i0=6))
    np.testing.assert_array_equal(scan.mu("transmission"), np.log(values[:, 4] / values[:, 5]))


def test_other_beamlines_with_the_same_library_are_not_taken_for_it(tmp_path: Path) -> None:
    text = rawfiles.hxma("B", rawfiles.hxma_values()).replace("BL1606-ID", "BL1607-B2")
    assert "format of this file is not known" in rawfiles.refusal(tmp_path, text).what
