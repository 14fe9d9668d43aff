"""Merge of repeat scans: exactness where it is exact, Monte Carlo where it is statistics."""

from __future__ import annotations

from pathlib import Path

import helpers
import numpy as np
import pytest

from ntcspec.errors import UserError
from ntcspec.types.xas import XasScans
from ntcspec.xas import merge

E0 = 10000.0
GRID = helpers.edge_grid(E0)
MU = helpers.edge_model(GRID, e0_ev=E0)


def _merge(scans: XasScans, *, align: str = "none", weights: str = "equal") -> merge.Merged:
    return _merged(scans, align=align, weights=weights, edge_energy_ev=E0)


def _merged(scans: XasScans, *, align: str, weights: str, edge_energy_ev: float) -> merge.Merged:
    """As the stage merges: shifts from the reference channels, then the scans."""
    how = "none" if len(scans.scans) == 1 else align
    shifts = merge.shifts_on_reference(scans.scans, align=how, edge_energy_ev=edge_energy_ev)
    energies = [np.asarray(s.energy_ev, dtype=float) for s in scans.scans]
    mus = [s.mu("transmission") for s in scans.scans]
    return merge.merge_arrays(energies, mus, shifts, where="scans", weights=weights, edge_energy_ev=edge_energy_ev)


def test_equal_weights_on_one_grid_give_the_plain_mean_bit_for_bit(xas_data: Path) -> None:
    scans = helpers.measured(xas_data, helpers.WO3)
    merged = _merged(scans, align="auto", weights="equal", edge_energy_ev=helpers.WO3_EDGE_EV)
    assert np.array_equal(merged.mu, np.mean([s.mu("transmission") for s in scans.scans], axis=0))
    assert np.array_equal(merged.energy_ev, scans.scans[0].energy_ev)
    assert merged.chosen["aligned"] == "none"
    assert any("not aligned" in note for note in merged.notes)


def test_one_scan_has_no_uncertainty() -> None:
    merged = _merge(helpers.scans(GRID, MU))
    assert merged.mu_error.size == 0
    assert np.array_equal(merged.mu, MU)
    assert merged.weight.tolist() == [1.0]


@pytest.mark.parametrize("true_shift", [-4.3, 0.017, 2.5])
def test_shift_of_a_noiseless_foil_is_found_whatever_its_gain_and_slope(true_shift: float) -> None:
    foil = helpers.edge_model(GRID, e0_ev=E0)
    energy = GRID - true_shift + 0.05 * np.sin(GRID)  # another grid, as read back from an encoder
    other = 0.7 * helpers.edge_model(energy + true_shift, e0_ev=E0) + 0.3 - 1e-4 * (energy - E0)
    shift, error = merge.find_shift(GRID, foil, energy, other, edge_energy_ev=E0)
    # what is left is the interpolation error of the 0.5 eV grid
    assert shift == pytest.approx(true_shift, abs=0.005)
    assert 0 <= error < 0.01


def test_the_shift_of_very_fine_scans_is_found_from_means_of_neighbours() -> None:
    """20,000 points round the edge: taken one by one they need 10 GB."""
    rng = np.random.default_rng(5)
    fine = np.arange(E0 - 100.0, E0 + 200.0, 0.005)
    foil, other = (
        helpers.edge_model(fine + by, e0_ev=E0) + 0.002 * rng.standard_normal(fine.size) for by in (0.0, 0.3)
    )
    shift, error = merge.find_shift(fine, foil, fine, other, edge_energy_ev=E0)
    assert 0.0 < error < 0.005 and abs(shift - 0.3) < 4 * error + 1e-3
    thin, means = merge._thinned(fine, foil, E0)
    assert thin.size == fine.size // 20 and means[0] == pytest.approx(foil[:20].mean())
    assert merge._thinned(GRID, MU, E0)[0] is GRID


def test_uncertainty_of_the_shift_agrees_with_monte_carlo() -> None:
    rng = np.random.default_rng(1)
    sigma = 2e-3
    energy = GRID - 1.2
    found, claimed = [], []
    for _ in range(150):
        pair = [MU + sigma * rng.standard_normal(MU.size) for _ in range(2)]
        shift, error = merge.find_shift(GRID, pair[0], energy, pair[1], edge_energy_ev=E0)
        found.append(shift)
        claimed.append(error)
    # 150 draws: the sample deviation is known to 6 %, the noise estimate adds a few per cent
    assert np.std(found) == pytest.approx(np.sqrt(np.mean(np.square(claimed))), rel=0.15)
    assert np.mean(found) == pytest.approx(1.2, abs=4 * np.std(found) / np.sqrt(150))


def test_scans_are_brought_onto_the_first_and_ends_are_cut() -> None:
    late = GRID[12:] - 3.0
    scans = XasScans(
        (
            helpers.scan(GRID, MU, reference=MU),
            helpers.scan(
                late, helpers.edge_model(late + 3.0, e0_ev=E0), reference=helpers.edge_model(late + 3.0, e0_ev=E0)
            ),
        )
    )
    merged = _merge(scans, align="auto")
    assert merged.shift_ev[0] == 0.0
    assert merged.shift_ev[1] == pytest.approx(3.0, abs=1e-3)
    assert merged.chosen["aligned"] == "reference"
    assert merged.energy_ev.size == GRID.size - 12
    assert any("12 points" in note for note in merged.notes)
    assert np.abs(merged.mu - MU[12:]).max() < 1e-3


def test_reference_without_an_edge_is_not_used_by_auto() -> None:
    flat = 0.2 - 1e-5 * (GRID - E0) + 1e-4 * np.random.default_rng(2).standard_normal(GRID.size)
    scans = helpers.scans(GRID, MU, MU, references=[flat, flat])
    merged = _merge(scans, align="auto")
    assert merged.chosen["aligned"] == "none"
    assert any("no edge" in note for note in merged.notes)


def test_align_on_a_missing_reference_is_refused() -> None:
    with pytest.raises(UserError, match=r"scan0\.dat: no reference channel"):
        _merge(helpers.scans(GRID, MU, MU), align="reference")


def test_a_shift_out_of_reach_is_refused() -> None:
    far = helpers.edge_model(GRID, e0_ev=E0 + 14.0)
    with pytest.raises(UserError, match="first scan"):
        _merge(helpers.scans(GRID, MU, MU, references=[MU, far]), align="reference")


def test_variance_weights_follow_the_noise() -> None:
    rng = np.random.default_rng(3)
    noisy = [MU + s * rng.standard_normal(MU.size) for s in (1e-3, 3e-3)]
    weight = _merge(helpers.scans(GRID, *noisy), weights="variance").weight
    # 1/s^2 in the ratio 9 : 1; each noise is known to about 8 % (220 correlated residuals)
    assert weight[0] / weight[1] == pytest.approx(9.0, rel=0.4)


@pytest.mark.parametrize(
    ("sigmas", "weights"), [((2e-3,) * 2, "equal"), ((2e-3,) * 3, "variance"), ((1e-3, 3e-3), "variance")]
)
def test_claimed_variance_of_the_mean_is_unbiased(sigmas: tuple[float, ...], weights: str) -> None:
    rng = np.random.default_rng(4)
    truth, claimed = [], []
    tilt = (GRID - E0) / 1000.0
    for _ in range(200):
        mus = [
            MU * (1 + 0.01 * rng.standard_normal()) + 0.05 * rng.standard_normal() + 0.01 * rng.standard_normal() * tilt
            + s * rng.standard_normal(MU.size)
            for s in sigmas
        ]  # fmt: skip
        merged = _merge(helpers.scans(GRID, *mus), weights=weights)
        design = np.stack([np.ones_like(GRID), tilt, MU], axis=1)
        error = merged.mu - MU
        error = error - design @ np.linalg.lstsq(design, error, rcond=None)[0]
        truth.append(error[50:-5] ** 2)
        claimed.append(merged.mu_error[50:-5] ** 2)
    # 200 x 310 squares: the mean is known to 1 %; weights that are themselves measured cost another per cent or two
    assert np.mean(claimed) == pytest.approx(np.mean(truth), rel=0.04)


def test_noise_is_measured_in_the_presence_of_exafs_and_glitches() -> None:
    rng = np.random.default_rng(5)
    values = [
        merge.noise_of(GRID, np.where(rng.random(GRID.size) < 0.01, 1.0, 0.0) + MU + 2e-3 * rng.standard_normal(GRID.size), above_ev=E0)
        for _ in range(50)
    ]  # fmt: skip
    assert np.mean(values) == pytest.approx(2e-3, rel=0.08)  # 1 % glitches touch 5 % of the points
