"""The background in closed form: larch's minimum, and what it does to noise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import helpers
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import make_interp_spline

from ntcspec.types.exafs import ExafsReduced
from ntcspec.xas import _larch
from ntcspec.xas.autobk import ETOK, autobk
from ntcspec.xas.background import interpolation_matrix
from ntcspec.xas.reduce import reduce_exafs

E0 = 10000.0
GRID = helpers.edge_grid(E0)
MU = helpers.edge_model(GRID, e0_ev=E0)
HOW: dict[str, Any] = {
    "e0_ev": E0, "edge_step": 0.8, "rbkg_ang": 1.0, "kweight": 2, "kmin_inv_ang": 0.0, "kmax_inv_ang": None,
    "dk_inv_ang": 0.1, "window": "hanning", "kstep_inv_ang": 0.05, "nfft": 2048,
}  # fmt: skip
NO_CLAMPS: dict[str, Any] = {"clamp_low": 0.0, "clamp_high": 0.0, "clamp_points": 0}


def test_the_constant_is_larchs() -> None:
    assert _larch.etok_inv_ang2_per_ev() == ETOK


@pytest.mark.parametrize("name", helpers.EXAFS_NAMES)
def test_measured_spectra_agree_with_larch(xas_data: Path, name: str) -> None:
    pinned = helpers.reduce_parameters(helpers.reference(xas_data)[name], name)
    reduced = reduce_exafs(helpers.measured(xas_data, name), **pinned)
    how = {**HOW, "e0_ev": reduced.e0_ev, "edge_step": reduced.edge_step, "kmax_inv_ang": pinned["bkg_kmax_inv_ang"]}
    theirs = _larch.autobk(reduced.energy_ev, reduced.mu, **how, **NO_CLAMPS)
    assert theirs.k_inv_ang == pytest.approx(reduced.k_inv_ang, abs=1e-12)
    assert reduced.chi == pytest.approx(theirs.chi, abs=1e-10)
    assert reduced.background == pytest.approx(theirs.background, abs=1e-10)


@given(
    st.integers(0, 2**31 - 1), st.floats(0.6, 1.6), st.integers(0, 3), st.floats(0.0, 3.0), st.floats(7.0, 20.0),
    st.floats(0.1, 2.0), st.sampled_from(["hanning", "parzen", "sine"]), st.floats(-5.0, 5.0),
)  # fmt: skip
@settings(max_examples=30, deadline=None)
def test_any_settings_agree_with_larch(
    seed: int, rbkg: float, kweight: int, kmin: float, kmax: float, dk: float, window: str, shift: float
) -> None:
    mu = MU + 1e-3 * np.random.default_rng(seed).normal(size=MU.size)
    changed = {"rbkg_ang": rbkg, "kweight": kweight, "kmin_inv_ang": kmin, "kmax_inv_ang": kmax, "dk_inv_ang": dk,
               "window": window, "e0_ev": E0 + shift}  # fmt: skip
    ours = autobk(GRID, mu, **{**HOW, **changed}).background
    theirs = _larch.autobk(GRID, mu, **{**HOW, **changed}, **NO_CLAMPS)
    assert (ours.kmax_inv_ang, ours.knots, ours.points) == (theirs.kmax_inv_ang, theirs.knots, theirs.points)
    assert ours.k_raw_inv_ang == pytest.approx(theirs.k_raw_inv_ang)
    size = np.abs(theirs.chi).max()
    inside = (theirs.k_inv_ang >= kmin) & (theirs.k_inv_ang <= theirs.kmax_inv_ang)
    # larch stops at its own tolerance; outside of the window nothing holds the splines
    assert np.abs(ours.chi - theirs.chi)[inside].max() < 1e-5 * size


def test_the_response_is_the_derivative_of_chi() -> None:
    solved = autobk(GRID, MU, **HOW)
    found = solved.background
    response = solved.response(interpolation_matrix(found.k_raw_inv_ang, found.k_inv_ang)) / HOW["edge_step"]
    rng = np.random.default_rng(1)
    for _ in range(3):
        push = rng.normal(size=MU.size)
        moved = autobk(GRID, MU + push, **HOW).background.chi - found.chi
        assert response @ push[slice(*found.points)] == pytest.approx(moved, abs=1e-9)


def test_covariance_of_chi_is_its_scatter_at_low_k_too() -> None:
    """Background and edge step answer to the noise: with them in it the covariance holds below rbkg as well."""
    rng, sigma = np.random.default_rng(7), 2e-3
    chis, claims, careless = [], [], []
    for _ in range(150):
        pair = [MU + sigma * rng.normal(size=MU.size) for _ in range(2)]
        one = reduce_exafs(helpers.scans(GRID, *pair), edge_energy_ev=E0, e0_ev=E0, align="none")
        chis.append(one.chi)
        claims.append(one.chi_covariance)
        careless.append(_spline_alone(one))
    k = slice(10, 280)
    ratio = np.std(chis, axis=0, ddof=1)[k] / np.sqrt(np.diag(np.mean(claims, axis=0))[k])
    assert ratio.mean() == pytest.approx(1.0, abs=0.05)
    grid = 0.05 * np.arange(280)
    below = grid**2 * np.exp(-2j * np.outer(np.linspace(0, 0.6, 7), grid))  # chi(R) below rbkg
    spread = np.std(np.array(chis)[:, :280] @ below.T, axis=0)
    claimed, without = (
        np.sqrt(np.sum((below @ np.mean(c, axis=0)[:280, :280]) * below.conj(), axis=1).real)
        for c in (claims, careless)
    )
    assert (spread / claimed).mean() == pytest.approx(1.0, abs=0.1)
    assert (spread / without).mean() < 0.5, "the spline alone claims noise that the background has taken up"


def _spline_alone(one: ExafsReduced) -> np.ndarray:
    """Covariance without the response of the background."""
    found = autobk(one.energy_ev, one.mu, **{**HOW, "edge_step": one.edge_step}).background
    matrix = interpolation_matrix(found.k_raw_inv_ang, found.k_inv_ang)
    root = matrix * one.mu_error[slice(*found.points)] / one.edge_step
    return np.asarray(root @ root.T)


def test_clamps_are_larchs_and_the_note_says_what_is_left_out() -> None:
    pair = helpers.scans(GRID, MU, MU + 1e-3 * np.random.default_rng(3).normal(size=MU.size))
    off, on = (reduce_exafs(pair, edge_energy_ev=E0, e0_ev=E0, clamp_high=c) for c in (0.0, 100.0))
    assert not any("neglected" in note for note in off.notes)
    assert any("with clamps the response" in note for note in on.notes)
    assert on.chi_covariance.shape == off.chi_covariance.shape and not np.array_equal(on.chi, off.chi)


def test_the_matrix_of_the_spline_is_that_of_unit_values() -> None:
    rng = np.random.default_rng(6)
    raw = np.cumsum(rng.uniform(0.01, 0.08, 300))
    for k in (np.arange(0, 12, 0.05), raw):
        k = k[(k >= raw[0]) & (k <= raw[-1])]
        exact = make_interp_spline(raw, np.eye(raw.size), k=3)(k)
        np.testing.assert_allclose(interpolation_matrix(raw, k), exact, atol=1e-12)
