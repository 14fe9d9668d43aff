"""SXRMB files: the measured one against other programs' numbers, simulated ones against what was written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rawfiles
from hypothesis import given, settings
from hypothesis import strategies as st

from ntcspec.demo import sxrmb as writer
from ntcspec.errors import UserError
from ntcspec.readers import ColumnSpec, hxma, sxrmb, xdi
from ntcspec.readers.text import TextFile, load_text
from ntcspec.types.xas import XasScan

ZINC = "CLS_SXRMB_Zn_foil_XANES_scan1.dat"


def text_file(text: str) -> TextFile:
    return TextFile("x.dat", tuple(text.removesuffix("\n").split("\n")), text.endswith("\n"))


def read(text: str, spec: ColumnSpec | None = None) -> XasScan:
    file = text_file(text)
    evidence = sxrmb.recognise(file)
    assert evidence
    return sxrmb.read(file, evidence, spec)


def refusal(text: str, spec: ColumnSpec | None = None) -> UserError:
    with pytest.raises(UserError) as caught:
        read(text, spec)
    assert caught.value.fix
    return caught.value


def written(rows: int = 12, **changes: Any) -> tuple[writer.Scan, str]:
    """A simulated Cl K scan and its text."""
    region = writer.Region(2810.0, 1.0, 2810.0 + rows - 1)
    wanted = region.energies()
    i = np.arange(rows)
    values: dict[str, Any] = {
        "name": "x",
        "number": 1,
        "element": "Cl",
        "line_ev": 2622.0,
        "remarks": (),
        "regions": (region,),
        "energy_set_ev": wanted,
        "energy_read_ev": wanted + 0.03,
        "i0": 700_000 - 11 * i,
        "tey": 400_000 + 1013 * i,
        "fluorescence": 90_000 + 37 * i,
    }
    scan = writer.Scan(**{**values, **changes})
    return scan, writer.format_scan(scan)


@pytest.fixture(scope="module")
def zinc(xas_data: Path) -> XasScan:
    file = load_text(xas_data / ZINC, f"raw/{ZINC}")
    return sxrmb.read(file, sxrmb.recognise(file))


def test_measured_file(zinc: XasScan, xas_data: Path) -> None:
    expected = json.loads((xas_data / "REFERENCE.json").read_text(encoding="utf-8"))[ZINC]
    assert (zinc.element, zinc.edge, zinc.energy_ev.size) == ("Zn", "K", expected["rows"])
    assert {c.mode: c.formula for c in zinc.channels} == {
        "fluorescence": "ZnKa1 / BeamlineI0Detector",
        "tey": "TEYDetector / BeamlineI0Detector",
    }
    np.testing.assert_allclose(zinc.mu("tey")[:3], expected["tey_over_i0_first3"], atol=5.1e-7)
    np.testing.assert_allclose(zinc.mu("fluorescence")[:3], expected["pfy_over_i0_first3"], atol=5.1e-7)
    for mode, key in (("tey", "tey_max_over_tail"), ("fluorescence", "pfy_max_over_tail")):
        mu = zinc.mu(mode)
        assert mu.max() / mu[-20:].mean() == pytest.approx(expected[key], abs=5.1e-5)
    setpoint = zinc.column("EnergyFeedback.X").values
    assert np.abs(zinc.energy_ev - setpoint).max() == pytest.approx(expected["setpoint_vs_feedback_max_eV"], abs=1e-9)
    assert (
        "the readback, column 2 'EnergyFeedback'; the set point 'EnergyFeedback.X' differs by up to 0.05 eV"
        in (zinc.notes[0])
    )
    assert int(zinc.row_line[0]) == 39 and int(zinc.row_line[-1]) == 259
    assert zinc.header.startswith("# Sample.smiles") and zinc.preferred == ""


def test_measured_modes_are_the_quotients_of_the_columns(zinc: XasScan, xas_data: Path) -> None:
    """Against the file taken apart by hand: 1e-12 to the quotient; every stored quotient is ours in six digits.

    The file prints six digits, so its own norm columns cannot agree with the quotient to better than 5e-6.
    """
    lines = (xas_data / ZINC).read_text(encoding="utf-8").splitlines()
    cells = [line.split("\t") for line in lines if line[:1].isdigit()]
    i0 = np.array([float(row[2]) for row in cells])
    for mode, column, norm in (("fluorescence", 5, 6), ("tey", 3, 7)):
        counts = np.array([float(row[column]) for row in cells])
        np.testing.assert_allclose(zinc.mu(mode), counts / i0, rtol=1e-12)
        assert [f"{mu:.6g}" for mu in zinc.mu(mode)] == [row[norm] for row in cells]
        off = np.abs(zinc.mu(mode) / np.array([float(row[norm]) for row in cells]) - 1)
        assert 1e-6 < off.max() < 5e-6  # print, not physics: 1e-12 cannot be had from the stored column
    assert any("norm_ZnKa1, norm_TEYDetector: equal to the column / BeamlineI0Detector" in n for n in zinc.notes)


def test_evidence_quotes_the_header(zinc: XasScan) -> None:
    assert "line 10: '# Facility: CLS SXRMB Beamline'" in zinc.format_evidence
    fluorescence, tey = zinc.channels
    for words in ("line 20: 8511.06 to 8766.66 eV", "line 14: scanned edge Zn K", "line 28: 'Endstation: Solid State'"):
        assert words in fluorescence.evidence
    assert "line 37: column 'TEYDetector'" in tey.evidence


def test_white_line_of_the_measured_file_against_other_programs(zinc: XasScan, xas_data: Path) -> None:
    """Pre-edge line and post-edge line as in the reference, whose e0 is taken over."""
    reference = json.loads((xas_data / "REFERENCE.json").read_text(encoding="utf-8"))
    for mode, key in (("tey", "TEY"), ("fluorescence", "PFY")):
        expected, mu = reference[f"{ZINC} {key}"], zinc.mu(mode)
        x = zinc.energy_ev - expected["e0_larch_auto"]
        before, behind = (x >= -30) & (x <= -12), (x >= 40) & (x <= 115)
        line = np.polyval(np.polyfit(x[before], mu[before], 1), x)
        step = float(np.polyval(np.polyfit(x[behind], (mu - line)[behind], 1), 0.0))
        assert step == pytest.approx(expected["edge_step"], rel=5e-3)
        assert float(((mu - line) / step).max()) == pytest.approx(expected["max_norm"], rel=5e-3)


def test_simulated_file_is_read_back() -> None:
    scan, text = written()
    read_back = read(text)
    np.testing.assert_allclose(read_back.energy_ev, scan.energy_read_ev, rtol=3e-6)  # six digits
    np.testing.assert_allclose(read_back.mu("tey"), scan.tey / scan.i0, rtol=1e-12)
    np.testing.assert_allclose(read_back.mu("fluorescence"), scan.fluorescence / scan.i0, rtol=1e-12)
    assert (read_back.element, read_back.edge) == ("Cl", "K")
    assert not [note for note in read_back.notes if "left out" in note or "repeat" in note]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(*[st.integers(1000, 999_999)] * 3), min_size=5, max_size=12))
def test_any_counts_come_back_and_agree_with_the_stored_quotients(counts: list[tuple[int, int, int]]) -> None:
    i0, tey, pfy = np.array(counts).T
    pfy = np.maximum(pfy, int(pfy.max()) // 9)  # no spike
    _, text = written(len(counts), i0=i0, tey=tey, fluorescence=pfy)
    scan = read(text)
    np.testing.assert_allclose(scan.mu("tey"), tey / i0, rtol=1e-12)
    np.testing.assert_allclose(scan.mu("fluorescence"), pfy / i0, rtol=1e-12)
    assert not any("differs from" in note for note in scan.notes)


def test_only_its_own_files_are_recognised(xas_data: Path) -> None:
    for path in sorted(xas_data.glob("*.dat")):
        assert bool(sxrmb.recognise(load_text(path, path.name))) == (path.name == ZINC)
    _, text = written()
    assert not sxrmb.recognise(text_file(text.replace("SXRMB Beamline", "VESPERS Beamline")))
    assert not hxma.recognise(text_file(text)) and not xdi.recognise(text_file(text))


def test_first_point_that_spikes_is_left_out_and_said() -> None:
    scan, _ = written()
    counts = scan.fluorescence.copy()
    counts[0] *= 11
    clean, spiked = read(written()[1]), read(written(fluorescence=np.minimum(counts, 999_999))[1])
    assert spiked.energy_ev.size == clean.energy_ev.size - 1
    np.testing.assert_array_equal(spiked.mu("tey"), clean.mu("tey")[1:])
    first = int(clean.row_line[0])
    assert any(note.startswith(f"line {first}, the first point, was left out: ClKa1 holds 9") for note in spiked.notes)


def test_a_first_point_that_is_high_but_not_isolated_stays() -> None:
    counts = np.r_[900_000, 850_000, 500_000, np.full(9, 40_000)]
    assert read(written(fluorescence=counts)[1]).energy_ev.size == 12


def test_a_stored_quotient_that_disagrees_is_a_note() -> None:
    _, text = written()
    lines = text.split("\n")
    row = next(i for i, line in enumerate(lines) if line.startswith("2812\t"))
    cells = lines[row].split("\t")
    cells[7] = f"{float(cells[7]) * 1.001:g}"
    scan = read("\n".join([*lines[:row], "\t".join(cells), *lines[row + 1 :]]))
    (note,) = [note for note in scan.notes if "differs from" in note]
    assert "norm_TEYDetector of the file differs from TEYDetector / BeamlineI0Detector by up to 0.001" in note
    assert f"(line {row + 1})" in note


def test_repeated_scaler_rows_are_noted() -> None:
    scan, _ = written()
    i0, tey = scan.i0.copy(), scan.tey.copy()
    i0[4], tey[4] = i0[3], tey[3]
    repeated = read(written(i0=i0, tey=tey)[1])
    assert any(
        "1 row(s) repeat the counts of the row above in BeamlineI0Detector, TEYDetector" in n for n in repeated.notes
    )


def test_scattering_in_the_region_of_interest_is_noted() -> None:
    scan = read(written(line_ev=2760.0)[1])
    assert any("12 of 12 photon energies lie in ClKa1: it counts scattering too" in note for note in scan.notes)


def test_the_region_of_the_scanned_element_is_taken() -> None:
    _, text = written()
    text = text.replace("# Cl Ka1\t", "# S Ka1\t2200.00 eV\t2400.00 eV\n# Cl Kb1\t2750.00 eV\t2800.00 eV\n# Cl Ka1\t")
    text = text.replace("\tScalerDwellTimeFeedback\tClKa1\tnorm_ClKa1\t", "\tSKa1\tClKa1\tClKb1\t")
    scan = read(text)
    assert scan.channels[0].formula == "ClKa1 / BeamlineI0Detector"
    assert "fluorescence: region of interest ClKa1; not used: SKa1, ClKb1" in scan.notes
    scan = read(text, ColumnSpec(fluorescence=("ClKa1", "ClKb1")))
    assert scan.channels[0].formula == "(ClKa1 + ClKb1) / BeamlineI0Detector"
    error = refusal(text.replace("Scanned Edge:\tCl K", "Scanned Edge:\tCl L1"))
    assert error.what == "2 regions of interest are of Cl: ClKb1, ClKa1"
    scan = read(text.replace("Scanned Edge:\tCl K", "Scanned Edge:\tP K"))
    assert [channel.mode for channel in scan.channels] == ["tey"] and scan.preferred == ""
    assert any("none of the regions of interest (SKa1, ClKb1, ClKa1) is of P" in note for note in scan.notes)


def test_i0_follows_the_end_station() -> None:
    _, text = written()
    both = text.replace("\tScalerDwellTimeFeedback\t", "\tI0Detector\t")
    assert read(both).channels[0].denominator == "BeamlineI0Detector"
    assert read(both.replace("Endstation: Solid State", "Endstation: Ambiant")).channels[0].denominator == "I0Detector"
    error = refusal(both.replace("Endstation: Solid State", "Endstation: Moon"))
    assert "columns 3 'BeamlineI0Detector' and 5 'I0Detector' both look like I0" in error.what
    scan = read(both.replace("Endstation: Solid State", "Endstation: Moon"), ColumnSpec(i0="I0Detector"))
    assert {channel.denominator for channel in scan.channels} == {"I0Detector"}
    assert "columns.i0 in the study" in scan.channels[-1].evidence


def test_transmission_of_the_ambiant_table() -> None:
    _, text = written()
    text = text.replace("Endstation: Solid State", "Endstation: Ambiant").replace("BeamlineI0Detector", "I0Detector")
    text = text.replace("TEYDetector\tScaler", "TransmissionDetector\tScaler").replace(
        "norm_TEYDetector", "transmission"
    )
    scan = read(text)
    assert {c.mode: c.formula for c in scan.channels} == {
        "transmission": "ln(I0Detector / TransmissionDetector)",
        "fluorescence": "ClKa1 / I0Detector",
    }
    assert any("column 'transmission' of the file differs from it" in note for note in scan.notes)  # it holds It / I0


def test_older_files_have_the_feedback_in_the_scan_axis() -> None:
    scan, text = written()
    older = text.replace("# EnergyFeedback.X\tEnergyFeedback\tBeamlineI0Detector", "# I0.X\tSomething\tI0")
    note = "# Note that I0.X is the energy feedback.\n# ---"
    found = read(older.replace("# ---", note, 1))
    np.testing.assert_array_equal(found.energy_ev, scan.energy_set_ev)
    assert "'Note that I0.X is the energy feedback.'" in found.energy_evidence
    assert "energy: column 1 'I0.X', the energy feedback, as the header says" in found.notes
    assert "energy: column 1 'I0.X', the scan axis, a set point" in read(older).notes


def test_damage() -> None:
    _, text = written()
    assert (
        "names 8 columns, the rows below hold 7"
        in refusal(
            "\n".join(line.rsplit("\t", 2)[0] + "\t" if line[:1] == "2" else line for line in text.split("\n"))
        ).what
    )
    assert "is no number" in refusal(text.replace("2813\t", "28x3\t")).what
    none = text.replace("BeamlineI0Detector\t", "Other\t")
    assert "no column is known as I0" in refusal(none).what
    short = read(text.rstrip("\n").rsplit("\t", 3)[0])
    assert short.energy_ev.size == 11 and any("the last one, was left out" in note for note in short.notes)


def test_the_study_wins(tmp_path: Path) -> None:
    _, text = written()
    scan = read(text, ColumnSpec(fluorescence=("TEYDetector",)))
    assert [c.formula for c in scan.channels] == ["TEYDetector / BeamlineI0Detector"]
    assert scan.channels[0].mode == "fluorescence"
    scan = read(text, ColumnSpec(mu="norm_ClKa1"))
    assert scan.channels[0].formula == "norm_ClKa1"
    path = rawfiles.write(tmp_path, text)
    assert sxrmb.recognise(load_text(path, "x.dat")).startswith("line 3: '# Facility: CLS SXRMB Beamline'")
