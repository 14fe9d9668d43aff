"""What the study says about columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rawfiles

from ntcspec.readers import ColumnSpec

ROWS = "\n".join(f"{9800 + i}.0, 1000, 500, 250, 10, 20" for i in range(20)) + "\n"
HEAD = "# made on Monday\n# energy, i0, it, ir, ch1, ch2\n"


def test_all_modes_by_name(tmp_path: Path) -> None:
    columns = ColumnSpec(energy="energy", i0="i0", transmitted="it", reference="ir", fluorescence=("ch1", "ch2"))
    scan = rawfiles.read(tmp_path, HEAD + ROWS, columns)
    assert (scan.format, scan.preferred, scan.element, scan.edge) == ("columns", "", "", "")
    assert {c.mode: c.formula for c in scan.channels} == {
        "transmission": "ln(i0 / it)",
        "reference": "ln(it / ir)",
        "fluorescence": "(ch1 + ch2) / i0",
    }
    np.testing.assert_allclose(scan.mu("fluorescence"), 0.03)
    assert scan.channels[0].evidence == "columns.i0 in the study; columns.transmitted in the study"


def test_numbers_count_from_1(tmp_path: Path) -> None:
    scan = rawfiles.read(tmp_path, ROWS, ColumnSpec(energy=1, i0=2, transmitted=3))
    assert scan.channels[0].formula == "ln(column 2 / column 3)"
    np.testing.assert_allclose(scan.mu("transmission"), np.log(2))


def test_mu_directly(tmp_path: Path) -> None:
    scan = rawfiles.read(tmp_path, HEAD + ROWS, ColumnSpec(energy=1, mu="ch1"))
    (channel,) = scan.channels
    assert (channel.mode, channel.kind, channel.evidence) == ("transmission", "direct", "columns.mu in the study")


def test_a_wrong_name(tmp_path: Path) -> None:
    error = rawfiles.refusal(tmp_path, HEAD + ROWS, ColumnSpec(energy="enrgy", i0=2, transmitted=3))
    assert error.where == "x.dat: columns.energy"
    assert error.what == "there is no column 'enrgy' (did you mean 'energy'?)"
    assert "1 energy, 2 i0" in error.fix


@pytest.mark.parametrize("number", [0, -1, 7])
def test_a_wrong_number(tmp_path: Path, number: int) -> None:
    error = rawfiles.refusal(tmp_path, HEAD + ROWS, ColumnSpec(energy=1, i0=number, transmitted=3))
    assert error.what == f"there is no column {number}, the file has 6"


@pytest.mark.parametrize(
    ("columns", "what"),
    [
        (ColumnSpec(energy=1, transmitted=3), "it is of no use without i0"),
        (ColumnSpec(energy=1, fluorescence=(3,)), "it is of no use without i0"),
        (ColumnSpec(energy=1, i0=2, reference=3), "it is of no use without transmitted"),
        (ColumnSpec(i0=2, transmitted=3), "no column is known as the energy"),
        (ColumnSpec(energy=1, i0=2), "no column is known as transmitted"),
        (ColumnSpec(energy=1, angle=1, i0=2, transmitted=3), "both energy and angle"),
        (ColumnSpec(energy=1, i0=2, transmitted=3, mu=4), "both mu and transmitted"),
        (ColumnSpec(angle=1, energy_unit="eV", i0=2, transmitted=3), "energy_unit makes no sense"),
        (ColumnSpec(angle=1, d_spacing_ang=-3.1, i0=2, transmitted=3), "no lattice spacing"),
        (ColumnSpec(angle=1, d_spacing_ang=3.1, i0=2, transmitted=3), "no Bragg angles"),
    ],
)
def test_columns_that_do_not_make_a_scan(tmp_path: Path, columns: ColumnSpec, what: str) -> None:
    assert what in rawfiles.refusal(tmp_path, HEAD + ROWS, columns).what


@pytest.mark.parametrize(
    "head",
    [
        "energy i0 it ir ch1 ch2\n",
        "# Column.1: energy eV\n# Column.2: i0\n# Column.3: it\n# column 4: ir\n#Column 5: ch1\n# Column.6: ch2\n",
        '"energy","i0","it","ir","ch1","ch2"\n',
        "% energy\ti0\tit\tir\tch1\tch2\n",
        "# energy  i0  it  ir  ch1  ch2\n# measured at night\n",
    ],
)
def test_places_of_labels(tmp_path: Path, head: str) -> None:
    scan = rawfiles.read(tmp_path, head + ROWS, ColumnSpec(energy="energy", i0="i0", transmitted="it"))
    assert [c.name for c in scan.columns] == ["energy", "i0", "it", "ir", "ch1", "ch2"]


@pytest.mark.parametrize("label", ["E (keV)", "energy[keV]", "energy/keV"])
def test_unit_in_the_label(tmp_path: Path, label: str) -> None:
    rows = "\n".join(f"{9.8 + 0.01 * i:.2f}\t1000\t500" for i in range(20)) + "\n"
    scan = rawfiles.read(tmp_path, f"{label}\tI0\tIt\n" + rows, ColumnSpec(energy=1, i0=2, transmitted=3))
    assert scan.energy_ev[0] == pytest.approx(9800.0)


def test_a_name_may_differ_in_case_unless_that_is_ambiguous(tmp_path: Path) -> None:
    scan = rawfiles.read(tmp_path, HEAD + ROWS, ColumnSpec(energy="Energy", i0="I0", transmitted="IT"))
    assert scan.channels[0].formula == "ln(i0 / it)"
    error = rawfiles.refusal(
        tmp_path, HEAD.replace("ch1", "IT") + ROWS, ColumnSpec(energy="energy", i0="i0", transmitted="It")
    )
    assert "but for case" in error.what
