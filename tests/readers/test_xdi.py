"""XDI in its dialects."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rawfiles

from ntcspec.readers import ColumnSpec
from ntcspec.readers.axis import HC_EV_ANG

COLUMNS = ["energy eV", "i0", "itrans"]


def test_families_and_keys_whatever_the_case(tmp_path: Path) -> None:
    text = rawfiles.xdi(COLUMNS, rawfiles.transmission_rows(), "ELEMENT.Symbol: ta", "element.EDGE: LIII")
    text = text.replace("# Column.", "# COLUMN.").replace("# XDI/1.0 test", "#XDI/1.1    Epics / 2.0")
    scan = rawfiles.read(tmp_path, text)
    assert (scan.element, scan.edge) == ("Ta", "L3")
    assert scan.channels[0].formula == "ln(i0 / itrans)"


def test_process_variables_behind_the_unit(tmp_path: Path) -> None:
    columns = ["Energy eV  ||  XF:04BM:En:Energy.VAL", "I0 counts || S2", "IT counts  ||  S3"]
    scan = rawfiles.read(tmp_path, rawfiles.xdi(columns, rawfiles.transmission_rows()))
    assert [(c.name, c.unit) for c in scan.columns] == [("Energy", "eV"), ("I0", "counts"), ("IT", "counts")]


@pytest.mark.parametrize(
    "rules",
    [
        "# ///\n# a comment\n# ---",
        "#/////\n# a comment\n#----",
        "#-------------------------",
        "# ///  Users Comments  ///\n#\n# ------------------------",
    ],
)
def test_ends_of_the_header(tmp_path: Path, rules: str) -> None:
    text = rawfiles.xdi(COLUMNS, rawfiles.transmission_rows(), labels="energy i0 itrans")
    text = text.replace("# ///\n# a comment: Column.1: not a field\n# ---", rules)
    scan = rawfiles.read(tmp_path, text)
    assert scan.energy_ev.size == 20
    assert [c.name for c in scan.columns] == ["energy", "i0", "itrans"]


def test_comments_are_no_fields(tmp_path: Path) -> None:
    text = rawfiles.xdi(COLUMNS, rawfiles.transmission_rows()).replace(
        "# a comment: Column.1: not a field", "# Element.symbol: Ta"
    )
    assert rawfiles.read(tmp_path, text).element == ""


def test_lines_of_an_archive_may_stand_before_the_version(tmp_path: Path) -> None:
    text = "# Sample.formula: Ta\n" + rawfiles.xdi(COLUMNS, rawfiles.transmission_rows())
    assert rawfiles.read(tmp_path, text).format_evidence == "line 2: '# XDI/1.0 test'"


@pytest.mark.parametrize("separator", [" ", "\t", ", "])
def test_kev_is_converted_and_noted(tmp_path: Path, separator: str) -> None:
    rows = [separator.join([f"{9.8 + 0.01 * i:.3f}", "1000", "500"]) for i in range(20)]
    scan = rawfiles.read(tmp_path, rawfiles.xdi(["energy keV", "i0", "itrans"], rows))
    np.testing.assert_allclose(scan.energy_ev, 9800 + 10 * np.arange(20))
    assert "energy was converted from keV to eV (x 1000)" in scan.notes
    assert scan.column("energy").values[0] == 9.8  # as measured


@pytest.mark.parametrize("unit", ["", " eV"])
def test_kev_that_the_file_does_not_state(tmp_path: Path, unit: str) -> None:
    rows = [f"{9.8 + 0.01 * i:.3f} 1000 500" for i in range(20)]
    text = rawfiles.xdi([f"energy{unit}", "i0", "itrans"], rows)
    error = rawfiles.refusal(tmp_path, text)
    assert error.where == "x.dat, column 1 'energy'"
    assert "look like keV" in error.what
    assert "columns: {energy: 1, energy_unit: keV}" in error.fix
    scan = rawfiles.read(tmp_path, text, ColumnSpec(energy=1, energy_unit="keV"))
    assert scan.energy_ev[0] == pytest.approx(9800.0)
    assert "columns.energy_unit: keV in the study" in scan.energy_evidence
    assert scan.channels[0].formula == "ln(i0 / itrans)"  # from the header still


def test_ev_that_the_file_calls_kev(tmp_path: Path) -> None:
    text = rawfiles.xdi(["energy keV", "i0", "itrans"], rawfiles.transmission_rows())
    assert "look like eV" in rawfiles.refusal(tmp_path, text).what


def test_a_soft_edge_may_lie_below_150_ev_if_the_unit_is_stated(tmp_path: Path) -> None:
    text = rawfiles.xdi(["energy eV", "i0", "itrans"], rawfiles.transmission_rows(start=60.0, step=1.0))
    assert rawfiles.read(tmp_path, text).energy_ev[0] == 60.0


def angle_rows() -> list[str]:
    return [f"{11.9 - 0.02 * i:.4f} 1000 500" for i in range(20)]


def test_angle_with_lattice_spacing(tmp_path: Path) -> None:
    text = rawfiles.xdi(["angle degrees", "i0", "itrans"], angle_rows(), "Mono.d_spacing: 3.13553")
    scan = rawfiles.read(tmp_path, text)
    angle = np.deg2rad(11.9 - 0.02 * np.arange(20))
    np.testing.assert_allclose(scan.energy_ev, HC_EV_ANG / (2 * 3.13553 * np.sin(angle)), rtol=1e-12)
    assert "'# Mono.d_spacing: 3.13553'" in scan.energy_evidence
    assert any("12398.41984 / (2 d sin(angle))" in note for note in scan.notes)


def test_angle_without_lattice_spacing(tmp_path: Path) -> None:
    error = rawfiles.refusal(tmp_path, rawfiles.xdi(["angle degrees", "i0", "itrans"], angle_rows()))
    assert "nothing states the lattice spacing" in error.what
    assert "columns: {angle: 1, d_spacing_ang: 3.1355}" in error.fix


def test_angle_that_is_called_energy(tmp_path: Path) -> None:
    error = rawfiles.refusal(tmp_path, rawfiles.xdi(["energy", "i0", "itrans"], angle_rows()))
    assert "look like degrees of a monochromator" in error.what
    assert "d_spacing_ang: 3.1355" in error.fix
    text = rawfiles.xdi(["energy degrees", "i0", "itrans"], angle_rows())
    assert "this is an angle, not an energy" in rawfiles.refusal(tmp_path, text).what


def test_impossible_angles(tmp_path: Path) -> None:
    text = rawfiles.xdi(["angle degrees", "i0", "itrans"], rawfiles.transmission_rows(), "Mono.d_spacing: 3.1")
    assert "no Bragg angles" in rawfiles.refusal(tmp_path, text).what


def test_computed_mu_alone_is_used_directly(tmp_path: Path) -> None:
    scan = rawfiles.read(tmp_path, rawfiles.xdi(["energy eV", "mutrans", "i0"], rawfiles.transmission_rows()))
    (channel,) = scan.channels
    assert (channel.mode, channel.kind, channel.formula) == ("transmission", "direct", "mutrans")


def test_counts_win_over_computed_mu_and_a_difference_is_noted(tmp_path: Path) -> None:
    rows = [f"{9800 + i}.0 1000 500 {0.6931 + (0.05 if i == 7 else 0):.4f}" for i in range(20)]
    scan = rawfiles.read(tmp_path, rawfiles.xdi([*COLUMNS, "mutrans"], rows))
    np.testing.assert_allclose(scan.mu("transmission"), np.log(2))
    (note,) = scan.notes
    assert "'mutrans' of the file differs from it by up to 0.05" in note
    assert f"line {scan.row_line[7]}" in note


def test_fluorescence(tmp_path: Path) -> None:
    scan = rawfiles.read(tmp_path, rawfiles.xdi(["energy eV", "I0", "IFluor"], rawfiles.transmission_rows()))
    assert {c.mode: c.formula for c in scan.channels} == {"fluorescence": "IFluor / I0"}


def test_plot_hint_of_a_sum(tmp_path: Path) -> None:
    rows = [f"{9800 + i} 1000 10 20 30" for i in range(20)]
    columns = ["energy eV", "I0 nA", "xs1", "xs2", "It"]
    hint = "Scan.plot_hint: (xs1 + xs2) / I0  --  ($3+$4) / $2"
    scan = rawfiles.read(tmp_path, rawfiles.xdi(columns, rows, hint))
    assert scan.preferred == "fluorescence"
    np.testing.assert_allclose(scan.mu("fluorescence"), 0.03)


def test_numbers_of_the_plot_hint_count_not_its_names(tmp_path: Path) -> None:
    rows = [f"{9800 + i} 1000 500 100" for i in range(20)]
    hint = "Scan.plot_hint: ln(I0/It)  --  ln($3/$4)"
    scan = rawfiles.read(tmp_path, rawfiles.xdi(["energy eV", "I0", "It", "Ir"], rows, hint))
    np.testing.assert_allclose(scan.mu("transmission"), np.log(5))
    assert any("its column numbers count" in note for note in scan.notes)


def test_plot_hint_that_leads_nowhere(tmp_path: Path) -> None:
    rows = rawfiles.transmission_rows()
    error = rawfiles.refusal(tmp_path, rawfiles.xdi(COLUMNS, rows, "Scan.plot_hint: ln(a/b)  --  ln($2/$9)"))
    assert (error.where, error.what) == ("x.dat, line 5", "the plot hint names column 9 of 3")
    scan = rawfiles.read(tmp_path, rawfiles.xdi(COLUMNS, rows, "Scan.plot_hint: whatever you like"))
    assert scan.preferred == ""
    assert any("was not understood" in note for note in scan.notes)


def test_two_columns_of_one_role(tmp_path: Path) -> None:
    rows = [f"{9800 + i} 1000 500 400" for i in range(20)]
    text = rawfiles.xdi(["energy eV", "i0", "itrans", "i1"], rows)
    error = rawfiles.refusal(tmp_path, text)
    assert "columns 3 'itrans' and 4 'i1' both look like transmitted" in error.what
    scan = rawfiles.read(tmp_path, text, ColumnSpec(energy=1, transmitted=4))
    assert scan.channels[0].formula == "ln(i0 / i1)"


def test_header_that_contradicts_the_rows(tmp_path: Path) -> None:
    error = rawfiles.refusal(tmp_path, rawfiles.xdi([*COLUMNS, "irefer"], rawfiles.transmission_rows()))
    assert error.where == "x.dat, line 5"
    assert error.what == "the header declares 4 columns, the rows hold 3"
    text = rawfiles.xdi(COLUMNS, rawfiles.transmission_rows(), labels="energy itrans i0")
    assert "another order" in rawfiles.refusal(tmp_path, text).what


def test_unknown_names_are_listed(tmp_path: Path) -> None:
    error = rawfiles.refusal(tmp_path, rawfiles.xdi(["energy eV", "a", "b"], rawfiles.transmission_rows()))
    assert "no column is known as I0" in error.what
    assert "columns: 1 energy, 2 a, 3 b" in error.fix


def test_columns_of_the_same_name_stay_apart(tmp_path: Path) -> None:
    rows = [f"{9800 + i} 1000 500 7 8" for i in range(20)]
    scan = rawfiles.read(tmp_path, rawfiles.xdi([*COLUMNS, "aux", "aux"], rows))
    assert [c.name for c in scan.columns][3:] == ["aux", "aux (column 5)"]
    assert scan.column("aux (column 5)").values[0] == 8
