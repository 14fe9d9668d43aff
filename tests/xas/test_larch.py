"""The door to xraylarch: what it refuses, what it pins, and that nothing leaks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import helpers
import numpy as np
import pytest

from ntcspec.types import Array
from ntcspec.xas import _larch

E0 = 10000.0
GRID = helpers.edge_grid(E0)
MU = helpers.edge_model(GRID, e0_ev=E0)
PRE: dict[str, Any] = {
    "e0_ev": E0,
    "pre1_ev": -150.0,
    "pre2_ev": -50.0,
    "norm1_ev": 100.0,
    "norm2_ev": 700.0,
    "norm_degree": 2,
    "victoreen": 0,
}
BKG: dict[str, Any] = {
    "e0_ev": E0,
    "edge_step": 1.0,
    "rbkg_ang": 1.0,
    "kweight": 2,
    "kmin_inv_ang": 0.0,
    "kmax_inv_ang": None,
    "dk_inv_ang": 0.1,
    "window": "hanning",
    "clamp_low": 0.0,
    "clamp_high": 0.0,
    "clamp_points": 3,
    "kstep_inv_ang": 0.05,
    "nfft": 2048,
}


def _with(values: Array, index: int, value: float) -> Array:
    out = values.copy()
    out[index] = value
    return out


@pytest.mark.parametrize(
    ("energy", "mu", "says"),
    [
        (GRID, _with(MU, 7, np.nan), "not finite at point 7"),
        (_with(GRID, 7, np.inf), MU, "not finite"),
        (GRID[::-1], MU, "ascend"),
        (_with(GRID, 8, GRID[7]), MU, "ascend"),
        (_with(GRID, 8, GRID[7] + 1e-4), MU, "ascend"),  # larch would move this point
        (GRID / 1000.0, MU, "keV"),
        (GRID[:-1], MU, "equally long"),
        (GRID[:10], MU[:10], "too few"),
    ],
)
def test_what_larch_would_repair_in_silence_is_refused(energy: Array, mu: Array, says: str) -> None:
    for call in (
        lambda: _larch.pre_edge(energy, mu, **PRE),
        lambda: _larch.autobk(energy, mu, **BKG),
        lambda: _larch.find_e0(energy, mu, edge_energy_ev=E0),
    ):
        with pytest.raises(ValueError, match=says):
            call()


@pytest.mark.parametrize(
    "changed",
    [
        {"e0_ev": 20000.0},
        {"pre1_ev": -40.0},  # larch would swap the ends
        {"norm1_ev": 800.0, "norm2_ev": 700.0},
        {"pre1_ev": -58.0},  # fewer than four points: larch would fit a constant
        {"norm1_ev": 690.0},  # few points: larch would lower the degree
        {"norm_degree": 6},
    ],
)
def test_ranges_that_larch_would_change_are_refused(changed: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        _larch.pre_edge(GRID, MU, **(PRE | changed))


def test_a_falling_edge_is_refused() -> None:
    with pytest.raises(ValueError, match="mu falls"):
        _larch.pre_edge(GRID, -MU, **PRE)


@pytest.mark.parametrize("changed", [{"e0_ev": 1.0}, {"edge_step": 0.0}, {"rbkg_ang": 0.05}, {"kmin_inv_ang": 13.0}])
def test_backgrounds_that_make_no_sense_are_refused(changed: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        _larch.autobk(GRID, MU, **(BKG | changed))


def test_ranges_are_cut_to_the_data_and_returned() -> None:
    edge = _larch.pre_edge(GRID, MU, **(PRE | {"pre1_ev": -500.0, "norm2_ev": 5000.0}))
    assert edge.pre1_ev == GRID[0] - E0 and edge.norm2_ev == GRID[-1] - E0
    assert edge.post_points[1] == GRID.size - 1  # larch leaves the end point out
    assert edge.e0_index == int(np.abs(GRID - E0).argmin())
    background = _larch.autobk(GRID, MU, **(BKG | {"kmax_inv_ang": 50.0}))
    assert background.kmax_inv_ang == background.k_raw_inv_ang[-1] < 14.0


def test_inputs_stay_and_outputs_have_their_length() -> None:
    energy, mu = GRID.copy(), MU.copy()
    edge = _larch.pre_edge(energy, mu, **PRE)
    background = _larch.autobk(energy, mu, **BKG)
    assert np.array_equal(energy, GRID) and np.array_equal(mu, MU)
    for array in (edge.pre_edge, edge.post_edge, edge.norm, background.background):
        assert array.shape == GRID.shape and array.flags.owndata
    assert edge.edge_step == pytest.approx(1.0, abs=0.05)
    low, high = background.points
    outside = np.r_[0:low, high : GRID.size]
    assert np.array_equal(background.background[outside], mu[outside])
    assert background.k_raw_inv_ang.size == high - low


def test_a_call_does_not_depend_on_the_one_before() -> None:
    first = _larch.autobk(GRID, MU, **BKG).chi
    _larch.pre_edge(GRID, 3 * MU, **PRE)
    _larch.autobk(GRID, 3 * MU, **(BKG | {"rbkg_ang": 1.4}))
    assert np.array_equal(_larch.autobk(GRID, MU, **BKG).chi, first)


def test_both_clamps_zero_switches_clamps_off_whatever_the_points() -> None:
    off = [_larch.autobk(GRID, MU, **(BKG | {"clamp_points": n})).chi for n in (0, 3, 5)]
    assert np.abs(off[1] - off[0]).max() < 1e-9 and np.abs(off[2] - off[0]).max() < 1e-9
    on = _larch.autobk(GRID, MU, **(BKG | {"clamp_high": 100.0})).chi
    assert np.abs(on - off[0]).max() > 1e-6


def test_constant_of_k_agrees_with_the_projects() -> None:
    etok = _larch.etok_inv_ang2_per_ev()
    assert etok == pytest.approx(_larch.ETOK_PROJECT, rel=1e-6)
    assert abs(np.sqrt(etok / _larch.ETOK_PROJECT) - 1) * 20.0 < 1e-5  # 1/Angstrom at k = 20


def test_e0_is_not_lost_to_a_spike_at_the_end(xas_data: Path) -> None:
    for name in helpers.EXAFS_NAMES:
        scans = helpers.measured(xas_data, name).scans
        energy, mu = scans[0].energy_ev, np.mean([s.mu("transmission") for s in scans], axis=0)
        expected = helpers.reference(xas_data)[name]["e0_larch_auto"]
        spiked = mu.copy()
        spiked[-12:-9] += np.array([2.0, 6.0, 12.0])
        for values in (mu, spiked):
            assert _larch.find_e0(energy, values, edge_energy_ev=helpers.edge_energy_ev(name)) == pytest.approx(
                expected
            )
    with pytest.raises(ValueError, match="points within 50 eV"):
        _larch.find_e0(energy, mu, edge_energy_ev=5000.0)


SCRIPT = """
import sys, hashlib
sys.path.insert(0, sys.argv[1])
import helpers
from ntcspec.xas import _larch
grid = helpers.edge_grid(); mu = helpers.edge_model(grid)
chi = _larch.autobk(grid, mu, e0_ev=10000.0, edge_step=1.0, rbkg_ang=1.0, kweight=2, kmin_inv_ang=0.0, kmax_inv_ang=None,
    dk_inv_ang=0.1, window='hanning', clamp_low=0.0, clamp_high=0.0, clamp_points=3, kstep_inv_ang=0.05, nfft=2048).chi
sys.stdout.write(hashlib.sha256(chi.tobytes()).hexdigest())
"""


def test_two_processes_give_the_same_bits_and_no_chatter() -> None:
    command = [sys.executable, "-c", SCRIPT, str(Path(__file__).parent)]
    found = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2)]
    assert found[0] == found[1]
    assert len(found[0]) == 64
