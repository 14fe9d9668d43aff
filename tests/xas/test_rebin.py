"""Bins: means of their points, noise propagated, nothing made up, and what larch makes of the same data."""

from __future__ import annotations

from typing import Any

import helpers
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntcspec.errors import UserError
from ntcspec.types import Array
from ntcspec.xas.merge import Merged
from ntcspec.xas.rebin import K2_PER_EV, edges_of, rebin
from ntcspec.xas.reduce import reduce_exafs

E0 = 10000.0
FINE = np.arange(9800.0, 10900.0, 0.05)
BINS: dict[str, Any] = {"pre_step_ev": 5.0, "edge_range_ev": (-30.0, 50.0), "edge_step_ev": 0.5, "kstep_inv_ang": 0.05}


def merged(energy: Array, mu: Array, error: Array | None = None) -> Merged:
    one = np.zeros(1)
    return Merged(energy, mu, np.empty(0) if error is None else error, one, one, one + 1, {}, ())


def test_a_bin_is_the_mean_of_its_points_with_their_error() -> None:
    rng = np.random.default_rng(1)
    mu, error = rng.normal(size=FINE.size), rng.uniform(0.5, 2.0, FINE.size)
    got = rebin(merged(FINE, mu, error), e0_ev=E0, settings=BINS, where="x")
    limits = edges_of(FINE, e0_ev=E0, settings=BINS)
    low, high = limits[40:42]
    inside = (low <= FINE) & (high > FINE)
    at = np.argmin(np.abs(got.energy_ev - FINE[inside].mean()))
    assert got.mu[at] == pytest.approx(mu[inside].mean(), rel=1e-12)
    assert got.mu_error[at] == pytest.approx(np.sqrt(np.sum(error[inside] ** 2)) / inside.sum(), rel=1e-12)


@given(st.integers(0, 2**31 - 1), st.integers(200, 3000))
@settings(max_examples=40, deadline=None)
def test_straight_lines_stay_and_no_point_is_lost_or_counted_twice(seed: int, points: int) -> None:
    rng = np.random.default_rng(seed)
    energy = np.unique(rng.uniform(9800, 10900, points))
    count = np.ones(energy.size)
    line = merged(energy, 3.0 - 1e-3 * energy, count)
    got = rebin(line, e0_ev=E0, settings=BINS, where="x")
    assert np.all(np.diff(got.energy_ev) > 0)
    assert got.mu == pytest.approx(3.0 - 1e-3 * got.energy_ev, abs=1e-9)
    assert np.sum(1 / got.mu_error**2) == pytest.approx(energy.size), "with errors of 1, 1/u^2 counts the points"


def test_a_coarse_scan_is_left_as_it_is() -> None:
    coarse = np.concatenate([np.arange(9800, 9970, 10.0), np.arange(9970, 10050, 1.0), 10050 + np.arange(0, 850, 10.0)])
    got = rebin(merged(coarse, np.sin(coarse)), e0_ev=E0, settings=BINS, where="x")
    assert np.array_equal(got.energy_ev, coarse) and np.array_equal(got.mu, np.sin(coarse))


def test_steps_are_those_asked_for() -> None:
    got = rebin(merged(FINE, FINE), e0_ev=E0, settings=BINS, where="x").energy_ev
    assert np.diff(got[got < E0 - 36])[1:] == pytest.approx(5.0, abs=0.06)
    edge = got[(got > E0 - 29) & (got < E0 + 49)]
    assert np.diff(edge) == pytest.approx(0.5, abs=0.051)
    k = np.sqrt(K2_PER_EV * (got[got > E0 + 60] - E0))
    assert np.diff(k)[:-1] == pytest.approx(0.05, abs=0.004)


def test_chi_of_a_quick_scan_is_that_of_its_bins_and_larch_agrees() -> None:
    from larch import Group
    from larch.xafs import rebin_xafs

    mu = helpers.edge_model(FINE, e0_ev=E0)
    whole = reduce_exafs(helpers.scans(FINE, mu), edge_energy_ev=E0, e0_ev=E0)
    ours = reduce_exafs(helpers.scans(FINE, mu), edge_energy_ev=E0, e0_ev=E0, rebin=BINS)
    assert ours.energy_ev.size < 500 and "rebinned: 22000 points to" in " ".join(ours.notes)
    k = slice(40, 280)  # 2 to 14 1/A
    largest = np.abs(whole.chi[k]).max()
    assert np.abs(ours.chi[k] - whole.chi[k]).max() < 0.01 * largest, "0.2 % from the width of the bins at R = 2 A"
    group = Group(energy=FINE, mu=mu)
    rebin_xafs(group.energy, group.mu, group=group, e0=E0, pre1=-200, pre2=-30, pre_step=5, xanes_step=0.5, exafs1=50,
               exafs2=895, exafs_kstep=0.05, method="boxcar")  # fmt: skip
    theirs = reduce_exafs(helpers.scans(group.rebinned.energy, group.rebinned.mu), edge_energy_ev=E0, e0_ev=E0)
    above = slice(80, 280)  # larch's bins between 50 eV and 4 1/A are others
    assert np.abs(ours.chi[above] - theirs.chi[above]).max() < 0.01 * largest


def test_covariance_after_rebinning_agrees_with_monte_carlo() -> None:
    """Two scans whose noise is known: the error of chi that is claimed is the scatter of chi."""
    rng, sigma = np.random.default_rng(3), 2e-3
    energy = np.arange(9800.0, 10700.0, 0.25)
    mu = helpers.edge_model(energy, e0_ev=E0)
    chis, claimed = [], []
    for _ in range(40):
        pair = [mu + sigma * rng.normal(size=mu.size) for _ in range(2)]
        got = reduce_exafs(helpers.scans(energy, *pair), edge_energy_ev=E0, e0_ev=E0, align="none", rebin=BINS)
        chis.append(got.chi)
        claimed.append(np.diag(got.chi_covariance))
    k = slice(80, 240)  # 4 to 12 1/A: the background follows the noise below
    ratio = np.var(chis, axis=0, ddof=1)[k].mean() / np.mean(claimed, axis=0)[k].mean()
    assert 0.85 < ratio < 1.15, "160 points of 40 draws"


def test_bins_that_leave_nothing_are_refused() -> None:
    wide = {**BINS, "pre_step_ev": 500.0, "edge_step_ev": 40.0, "kstep_inv_ang": 5.0}
    with pytest.raises(UserError, match="rebinning leaves"):
        rebin(merged(FINE, FINE), e0_ev=E0, settings=wide, where="x")
