"""Spikes: what goes, and above all what stays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import reduce_inputs as inputs
from hypothesis import given, settings
from hypothesis import strategies as st

from ntcspec.types import Array
from ntcspec.xas.spikes import close_pairs, find_spikes, join_pairs

GRID = inputs.GRID
SIGMA = 2e-3


def _scans(count: int, seed: int, clean: Array | None = None) -> list[Array]:
    rng = np.random.default_rng(seed)
    clean = inputs.near_edge(GRID) if clean is None else clean
    return [clean + SIGMA * rng.standard_normal(GRID.size) for _ in range(count)]


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("index", [0, 40, 130])  # first point, pre-edge, post-edge
def test_a_single_point_goes_from_its_scan(count: int, index: int) -> None:
    mus = _scans(count, 1)
    mus[-1][index] += 0.2
    (spike,) = find_spikes([GRID] * count, mus)
    assert (spike.scan, spike.index, spike.energy_ev) == (count - 1, index, GRID[index])
    assert spike.size == pytest.approx(0.2, abs=0.02)
    assert spike.sigmas > 20


def test_on_the_edge_only_other_scans_can_tell() -> None:
    mus = _scans(3, 2)
    steep = int(np.abs(GRID - inputs.E0).argmin())
    mus[1][steep] += 0.3
    (spike,) = find_spikes([GRID] * 3, mus)
    assert (spike.scan, spike.index) == (1, steep)
    assert find_spikes([GRID], mus[1:2]) == ()


def test_where_steps_are_wide_a_line_could_be_one_point_and_stays_unless_others_lack_it() -> None:
    mus = _scans(2, 7)
    mus[0][200] += 0.3
    assert find_spikes([GRID], mus[:1]) == ()
    assert [(s.scan, s.index) for s in find_spikes([GRID] * 2, mus)] == [(0, 200)]


def test_two_spikes_side_by_side_in_one_scan() -> None:
    mus = _scans(3, 3)
    mus[0][[60, 64]] += (0.3, -0.2)
    assert sorted((s.scan, s.index) for s in find_spikes([GRID] * 3, mus)) == [(0, 60), (0, 64)]


@settings(max_examples=40)
@given(
    count=st.integers(1, 3),
    centre=st.floats(2821.0, 2836.0),
    points=st.floats(2.0, 6.0),
    height=st.floats(-0.5, 5.0),
    lorentzian=st.booleans(),
    drift=st.floats(-1.5, 1.5),
    seed=st.integers(0, 10_000),
)
def test_a_real_narrow_line_stays(
    count: int, centre: float, points: float, height: float, lorentzian: bool, drift: float, seed: int
) -> None:
    """Any line with two points or more in its width, in one scan or in all, drifting by up to 1.5 eV, where the steps are fine."""
    rng = np.random.default_rng(seed)
    mus = []
    for i in range(count):
        x = 2.0 * (GRID - centre - drift * i / 2) / (0.2 * points)
        shape = 1.0 / (1.0 + x**2) if lorentzian else 0.5 ** (x**2)
        mus.append(inputs.near_edge(GRID) + height * shape + SIGMA * rng.standard_normal(GRID.size))
    assert find_spikes([GRID] * count, mus) == ()


def test_a_glitch_that_all_scans_have_stays() -> None:
    clean = inputs.near_edge(GRID)
    clean[210] += 0.2  # a monochromator glitch: at one energy in every scan
    assert find_spikes([GRID] * 3, _scans(3, 4, clean)) == ()


def test_noise_alone_gives_no_spike() -> None:
    for seed in range(60):
        assert find_spikes([GRID] * 2, _scans(2, 100 + seed)) == ()


def test_measured_spectra_keep_every_point(xas_data: Path) -> None:
    found = []
    groups = ("KCl", "NaCl", "CoCl2", "PdCl2", "PbCl2", "PbCP - chloropyromorphite", "CoCl2_oxidized")
    for group in groups:
        one = inputs.measured(xas_data / "CAMD_Cl-K_standards.prj", element="Cl", edge="K", select=group).scans[0]
        found += find_spikes([one.energy_ev], [one.mu("transmission")])
    foil = inputs.measured(xas_data / "CLS_SXRMB_Zn_foil_XANES_scan1.dat", element="Zn", edge="K").scans[0]
    for mode in ("tey", "fluorescence"):
        found += find_spikes([foil.energy_ev], [foil.mu(mode)])
    assert found == []


def test_the_reduced_spectrum_is_that_without_the_spike() -> None:
    """Two scans of different gain: what stands in for the spike must not leave a step."""
    mus = _scans(2, 5)
    mus[1] = 1.2 * mus[1] + 0.1
    spiked = [mus[0], mus[1].copy()]
    spiked[1][[0, 200]] += (30.0, 0.4)
    results = []
    for pair in (mus, spiked):
        scans = [inputs.scan(GRID, f"{i}.dat", tey=mu) for i, mu in enumerate(pair)]
        results.append(inputs.reduced(scans, e0_ev=inputs.E0, align="none", weights="equal"))
    clean, cleaned = (r.primary for r in results)
    assert cleaned.mu.size == clean.mu.size
    assert np.abs(cleaned.mu - clean.mu).max() < 5 * SIGMA
    assert sum("spike in tey" in note for note in cleaned.notes) == 2
    assert any("1.dat: spike in tey at 2790.00 eV" in note for note in cleaned.notes)
    scans = [inputs.scan(GRID, tey=mu) for mu in spiked]
    kept = inputs.reduced(scans, e0_ev=inputs.E0, align="none", weights="equal", spikes="keep").primary
    assert np.abs(kept.mu - clean.mu).max() > 1.0


def test_alone_the_point_is_removed() -> None:
    mu = _scans(1, 6)[0]
    mu[0] += 30.0
    reduced = inputs.reduced([inputs.scan(GRID, tey=mu)], e0_ev=inputs.E0).primary
    assert reduced.energy_ev[0] == GRID[1]
    assert reduced.mu.size == GRID.size - 1


def test_points_at_almost_one_energy_are_averaged() -> None:
    energy = np.array([1.0, 2.0, 3.0, 3.02, 3.2, 3.4, 3.6])
    pairs = close_pairs(energy)
    assert pairs.tolist() == [2]
    assert join_pairs(energy, pairs) == pytest.approx([1.0, 2.0, 3.01, 3.2, 3.4, 3.6])
    assert close_pairs(np.array([1.0, 2.0, 3.0, 3.2, 3.4])).size == 0  # a region border is no pair
