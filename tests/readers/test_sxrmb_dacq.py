"""Older SXRMB files (dacq): files made to the layout, as no measured one is public."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rawfiles

from ntcspec.readers import ColumnSpec, hxma, sxrmb, vlspgm
from ntcspec.readers.text import text_file

I = np.arange(20.0)  # noqa: E741


def test_roles_come_from_the_labels(tmp_path: Path) -> None:
    scan = rawfiles.read(tmp_path, rawfiles.sxrmb_dacq())
    assert scan.format == "sxrmb-dacq"
    assert scan.format_evidence.startswith("line 2: '# CLS Data Acquisition'; line 4: '#(1) ")
    assert {c.mode: c.formula for c in scan.channels} == {"tey": "TEY / I0"}
    np.testing.assert_array_equal(scan.mu("tey"), (4000 + 3 * I) / (90000 + I))
    assert scan.channels[0].evidence == "line 5: label 'TEY'; line 5: label 'I0'"
    np.testing.assert_array_equal(scan.energy_ev, 2810.03 + I)  # the readback
    assert "process variable 'BL1606-B1-1:Energy:fbk'" in scan.energy_evidence
    assert not any("Acquaman" in note for note in scan.notes)


def test_process_variables_count_where_labels_are_macros(tmp_path: Path) -> None:
    scan = rawfiles.read(tmp_path, rawfiles.sxrmb_dacq(rawfiles.SXRMB_MACROS))
    assert {c.mode: c.formula for c in scan.channels} == {"tey": "BL1606-B1-1:mcs18:fbk / BL1606-B1-1:mcs17:fbk"}
    assert "line 4: process variable 'BL1606-B1-1:mcs18:fbk' (label '$(Detector2)' is not expanded)" in (
        scan.channels[0].evidence
    )
    assert any("as Acquaman names them: BL1606-B1-1:mcs17:fbk, BL1606-B1-1:mcs18:fbk" in note for note in scan.notes)


def test_labels_win_over_process_variables(tmp_path: Path) -> None:
    swapped = ("Energy Setting", "$(EnergyFeedback)", "TEY", "I0", "Cl Ka", "Ring current")
    scan = rawfiles.read(tmp_path, rawfiles.sxrmb_dacq(swapped))
    np.testing.assert_array_equal(scan.mu("tey"), (90000 + I) / (4000 + 3 * I))


def test_the_study_names_the_fluorescence(tmp_path: Path) -> None:
    scan = rawfiles.read(tmp_path, rawfiles.sxrmb_dacq(), ColumnSpec(fluorescence=("Cl Ka",)))
    assert {c.mode: c.formula for c in scan.channels} == {"fluorescence": "Cl Ka / I0", "tey": "TEY / I0"}


def test_two_i0_are_for_the_study_to_choose(tmp_path: Path) -> None:
    both = ("Energy Setting", "$(EnergyFeedback)", "Beamline I0", "TEY", "I0", "Ring current")
    error = rawfiles.refusal(tmp_path, rawfiles.sxrmb_dacq(both))
    assert error.where == "x.dat, line 5"
    assert error.what == "columns 4 'Beamline I0' and 6 'I0' both look like i0"
    scan = rawfiles.read(tmp_path, rawfiles.sxrmb_dacq(both), ColumnSpec(i0="I0"))
    assert scan.channels[0].formula == "TEY / I0"


def test_dark_counts_of_unknown_detectors_are_not_subtracted_but_said(tmp_path: Path) -> None:
    scan = rawfiles.read(tmp_path, rawfiles.sxrmb_dacq(background="1e7"))
    np.testing.assert_array_equal(scan.mu("tey"), (4000 + 3 * I) / (90000 + I))
    assert "dark counts were not subtracted: the file does not say which detectors they belong to" in scan.notes


@pytest.mark.parametrize("name", ["BL1606-ID-1", "BL1607-B2-1"])
def test_other_beamlines_are_not_taken_for_it(name: str) -> None:
    file = text_file(rawfiles.sxrmb_dacq().encode(), "x.dat")
    other = text_file(rawfiles.sxrmb_dacq().replace("BL1606-B1-1", name).encode(), "x.dat")
    from ntcspec.readers import sxrmb_dacq

    assert sxrmb_dacq.recognise(file) and not sxrmb_dacq.recognise(other)
    assert not any(reader.recognise(file) for reader in (hxma, sxrmb, vlspgm))


def test_damage(tmp_path: Path) -> None:
    text = rawfiles.sxrmb_dacq()
    error = rawfiles.refusal(tmp_path, text.replace(", 250.1", ""))
    assert error.what == "this line names 7 columns, the rows below hold 6"
    error = rawfiles.refusal(tmp_path, text.replace('\t"TEY"', ""))
    assert error.what == "6 labels for the 7 columns of line 4"
