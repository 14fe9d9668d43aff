"""What can be done to a spectrum before EXAFS is taken from it: deglitching, calibration, MBACK."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import helpers
import numpy as np
import pytest

from ntcspec.errors import UserError
from ntcspec.types.xas import XasScans
from ntcspec.xas.reduce import reduce_exafs

E0 = 10000.0
GRID = helpers.edge_grid(E0)
MU = helpers.edge_model(GRID, e0_ev=E0)
HOW: dict[str, Any] = {"edge_energy_ev": E0, "e0_ev": E0}
EDGE: dict[str, Any] = {"point": "derivative", "range_ev": [9990, 10010], "energy_ev": 10003.0, "error_ev": 0.1,
                        "channel": "sample", "standard": None}  # fmt: skip


def glitched(at: float, size: float = 0.5) -> np.ndarray:
    mu = MU.copy()
    mu[np.argmin(np.abs(GRID - at))] += size
    return mu


def test_a_range_of_glitches_is_left_out() -> None:
    bad = helpers.scans(GRID, glitched(10300.0))
    clean, dirty = reduce_exafs(helpers.scans(GRID, MU), **HOW), reduce_exafs(bad, **HOW)
    at = GRID[np.argmin(np.abs(GRID - 10300.0))]
    mended = reduce_exafs(bad, **HOW, glitches_ev=[(at - 0.5, at + 0.5)])
    largest = np.abs(clean.chi).max()
    assert np.abs(dirty.chi - clean.chi).max() > 0.2 * largest
    k = slice(40, 240)
    assert np.abs(mended.chi - clean.chi)[k].max() < 0.01 * largest
    assert mended.energy_ev.tolist() == GRID[at != GRID].tolist()
    assert any("points in the ranges of reduce.glitches_ev dropped" in note for note in mended.notes)


def test_a_spike_in_one_of_three_scans_goes_and_the_others_stand_in() -> None:
    rng = np.random.default_rng(2)
    noisy = [one + 1e-4 * rng.normal(size=MU.size) for one in (MU, glitched(10300.0), MU)]
    kept = reduce_exafs(helpers.scans(GRID, *noisy), **HOW, align="none", weights="equal")
    gone = reduce_exafs(helpers.scans(GRID, *noisy), **HOW, align="none", weights="equal", spikes="drop")
    clean = reduce_exafs(helpers.scans(GRID, noisy[0], noisy[2]), **HOW, align="none", weights="equal")
    assert gone.energy_ev.size == GRID.size, "no point is lost"
    worst = [np.abs(one.chi - clean.chi).max() for one in (kept, gone)]
    assert worst[1] < 0.05 * worst[0]
    (note,) = [note for note in gone.notes if "spike in" in note]
    assert note.startswith("scan1.dat: spike in transmission at")


def test_calibration_moves_the_axis_of_this_measurement_or_by_that_of_a_foil() -> None:
    plain = reduce_exafs(helpers.scans(GRID, MU), edge_energy_ev=E0)
    own = reduce_exafs(helpers.scans(GRID, MU), edge_energy_ev=E0, calibrate=EDGE)
    assert own.e0_ev == pytest.approx(10003.0, abs=0.6), "the steepest point stands where it belongs, to the step"
    assert own.energy_ev - plain.energy_ev == pytest.approx(own.chosen["calibration_shift_ev"])
    assert own.chi == pytest.approx(plain.chi, abs=2e-3), "chi(k) starts at its own E0"
    foil = helpers.scans(GRID, helpers.edge_model(GRID, e0_ev=E0 + 1.0))
    named = {**EDGE, "standard": "foil"}
    other = reduce_exafs(helpers.scans(GRID, MU), **HOW, calibrate=named, references={"foil": foil})
    moved = own.chosen["calibration_shift_ev"] - other.chosen["calibration_shift_ev"]
    assert moved == pytest.approx(1.0, abs=0.3), "the edge of the foil is 1 eV further up"
    assert any(note.startswith("calibration: steepest point of foil (scan0.dat)") for note in other.notes)


def test_calibration_on_the_reference_channel_and_without_one() -> None:
    foil = helpers.edge_model(GRID, e0_ev=E0 + 1.0)
    on = {**EDGE, "channel": "reference"}
    got = reduce_exafs(helpers.scans(GRID, MU, references=[foil]), **HOW, calibrate=on)
    assert got.chosen["calibration_shift_ev"] == pytest.approx(2.0, abs=0.3)
    with pytest.raises(UserError, match="no reference channel to calibrate on"):
        reduce_exafs(helpers.scans(GRID, MU), **HOW, calibrate=on)


def test_a_missing_foil_says_which() -> None:
    named = {**EDGE, "standard": "foil"}
    with pytest.raises(UserError, match="foil: not measured"):
        reduce_exafs(helpers.scans(GRID, MU), **HOW, calibrate=named, references={"foil": "not measured"})


def test_alignment_on_the_signal_finds_the_drift_of_scans_without_a_foil() -> None:
    rng = np.random.default_rng(5)
    drifted = [helpers.edge_model(GRID, e0_ev=E0 + d) + 1e-4 * rng.normal(size=GRID.size) for d in (0.0, 0.8)]
    got = reduce_exafs(helpers.scans(GRID, *drifted), **HOW, align="signal")
    assert got.shift_ev[1] == pytest.approx(-0.8, abs=5 * got.shift_error_ev[1] + 0.02)


def test_mback_gives_the_step_of_the_table(xas_data: Path) -> None:
    """Of the Ta foil: MBACK and the line agree on the step within a few per cent, chi scales with it alone."""
    name = "BMM_Ta-L3-Ta_foil.xdi"
    pinned = helpers.reduce_parameters(helpers.reference(xas_data)[name], name)
    scans: XasScans = helpers.measured(xas_data, name)
    line = reduce_exafs(scans, **pinned)
    matched = reduce_exafs(scans, **{**pinned, "normalisation": "mback", "norm_degree": 1}, element="Ta")
    assert matched.edge_step == pytest.approx(line.edge_step, rel=0.05) and matched.edge_step != line.edge_step
    assert matched.chi * matched.edge_step == pytest.approx(line.chi * line.edge_step, abs=1e-5)


def test_an_unknown_word_is_refused() -> None:
    with pytest.raises(UserError, match="'mbak' is unknown"):
        reduce_exafs(helpers.scans(GRID, MU), **HOW, normalisation="mbak")
    with pytest.raises(UserError, match=r"reduce.align: 'foil' is unknown"):
        reduce_exafs(helpers.scans(GRID, MU), **HOW, align="foil")
