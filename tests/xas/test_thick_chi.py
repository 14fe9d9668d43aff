"""Over-absorption of fluorescence EXAFS: what a sample of known absorption would give is taken back."""

from __future__ import annotations

from typing import Any

import helpers
import numpy as np
import pytest
import xraydb
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ntcspec.errors import UserError
from ntcspec.types import Array
from ntcspec.types.xas import XasScans
from ntcspec.xas.reduce import reduce_exafs
from ntcspec.xas.thick_chi import SATURATED, _signal, _solve, absorption, correct, sample_of

EDGE = 9881.1
ABOUT: dict[str, Any] = {"composition": "NaTaCl6", "element": "Ta", "edge": "L3", "edge_energy_ev": EDGE}
THICK = {"correct": True, "formula": None, "angle_in_deg": 45.0, "angle_out_deg": 45.0}
GRID = helpers.edge_grid(EDGE)


def settings_of(areal: float | None = None, **changed: float) -> dict[str, Any]:
    return {**THICK, "areal_density_mg_cm2": areal, **changed}


def true_chi(energy: Array) -> Array:
    k = np.sqrt(0.2624682917 * np.clip(energy - EDGE, 0.0, None))
    return np.asarray(0.5 * np.sin(2 * 2.0 * k + 0.3) * np.exp(-0.01 * k**2) / np.clip(k, 1.0, None) ** 1.2)


def signal(areal_mg_cm2: float | None, angle_in: float, angle_out: float) -> tuple[Array, Array]:
    """mu (cm^2/g) of the sample with EXAFS, and fluorescence over I0, integrated over the depth by hand."""
    sample = sample_of(settings_of(), **ABOUT)
    edge, rest = absorption(sample, GRID)
    edge = np.where(GRID > EDGE, edge, 0.0) * (1 + true_chi(GRID))
    sines = np.sin(np.deg2rad([angle_in, angle_out]))
    total = (edge + rest) / sines[0] + sample.thick.at_line / sines[1]
    depth = np.linspace(0, 1, 20001)[:, None] * (0.3 if areal_mg_cm2 is None else areal_mg_cm2 / 1000.0)
    step = np.diff(depth[:, 0])[0]
    light = np.exp(-total * depth)
    integral = step * (light.sum(axis=0) - 0.5 * (light[0] + light[-1]))
    return edge + rest, edge * integral


def chi_of(mu: Array, mode: str, over: dict[str, Any] | None = None) -> tuple[Array, Array]:
    scans = XasScans((helpers.scan(GRID, mu, mode=mode),))
    about = {k: v for k, v in ABOUT.items() if k != "edge_energy_ev"}
    reduced = reduce_exafs(scans, edge_energy_ev=EDGE, e0_ev=EDGE, **about, over_absorption=over or {})
    return reduced.k_inv_ang, reduced.chi


@pytest.mark.parametrize(
    ("areal", "angle_in", "angle_out"), [(None, 45.0, 45.0), (None, 20.0, 70.0), (5.0, 45.0, 45.0), (1.0, 60.0, 30.0)]
)
def test_fluorescence_of_a_known_sample_gives_the_chi_of_transmission(
    areal: float | None, angle_in: float, angle_out: float
) -> None:
    mu, fluorescence = signal(areal, angle_in, angle_out)
    over = settings_of(areal, angle_in_deg=angle_in, angle_out_deg=angle_out)
    k, wanted = chi_of(mu, "transmission")
    _, got = chi_of(fluorescence / fluorescence.max(), "fluorescence", over)
    _, raw = chi_of(fluorescence / fluorescence.max(), "fluorescence")
    inside = (k > 3) & (k < 13)
    energy, sample = EDGE + k**2 / 0.2624682917, sample_of(over, **ABOUT)
    fall = absorption(sample, energy)[0] / absorption(sample, np.array([EDGE + 1.0]))[0]
    true = (true_chi(energy) * fall)[inside]
    of_got, of_raw, of_transmission = (one[inside] @ true / (true @ true) for one in (got, raw, wanted))
    assert of_got == pytest.approx(1.0, abs=0.008)
    assert of_transmission == pytest.approx(1.0, abs=0.02), "its own step rests on the slope of the post-edge"
    assert 1 - of_raw > 4 * abs(1 - of_got), "without the correction it is wrong"
    assert np.abs(got - wanted)[inside].max() < 0.04 * np.abs(wanted).max()


def test_a_thin_sample_is_not_changed() -> None:
    sample = sample_of(settings_of(1e-6), **ABOUT)
    energy = np.linspace(EDGE + 20, EDGE + 900, 50)
    chi, slope = correct(sample, energy, true_chi(energy), where="x")
    fall = absorption(sample, energy)[0] / absorption(sample, np.array([EDGE + 1.0]))[0]
    assert chi == pytest.approx(true_chi(energy) * fall, rel=1e-6) and slope == pytest.approx(fall, rel=1e-6)


def test_a_thick_sample_is_the_limit_of_finite_ones() -> None:
    energy = np.linspace(EDGE + 20, EDGE + 900, 50)
    thick = correct(sample_of(settings_of(), **ABOUT), energy, true_chi(energy), where="x")
    for part, limit in zip(
        correct(sample_of(settings_of(1000.0), **ABOUT), energy, true_chi(energy), where="x"), thick, strict=True
    ):
        assert part == pytest.approx(limit, rel=1e-9)


@given(st.floats(0.01, 1000.0), st.floats(10.0, 80.0), st.floats(0.0, 0.4))
@settings(max_examples=60, deadline=None)
def test_the_slope_is_the_derivative(areal: float, angle: float, height: float) -> None:
    sample = sample_of(settings_of(areal, angle_in_deg=angle), **ABOUT)
    energy = np.linspace(EDGE + 20, EDGE + 900, 20)
    chi = height * np.sin(energy / 20)
    h = 1e-6
    up, down = (correct(sample, energy, chi + d, where="x")[0] for d in (h, -h))
    assert correct(sample, energy, chi, where="x")[1] == pytest.approx((up - down) / (2 * h), rel=1e-5)


@given(st.floats(0.05, 0.9), st.floats(1e-3, 50.0), st.floats(-0.9, 3.0))
@settings(max_examples=300, deadline=None)
def test_white_lines_come_back_too(share: float, depth: float, chi: float) -> None:
    """Far from the small chi of EXAFS, at any depth: what a sample gives is solved for what it is."""
    y = _signal(*(np.array([one]) for one in (chi, share, depth)))[0]
    assume(share * y[0] < SATURATED)
    assert _solve(y, np.array([share]), np.array([depth]))[0] == pytest.approx([chi], rel=1e-6, abs=1e-8)


def test_absorption_is_all_of_it_and_the_edge_only_above() -> None:
    sample = sample_of(settings_of(), **ABOUT)
    energy = np.array([9600.0, 9870.0, 9900.0, 10500.0])
    edge, rest = absorption(sample, energy)
    masses = {"Na": 22.98977, "Ta": 180.9479, "Cl": 6 * 35.453}
    total = sum(m / sum(masses.values()) * xraydb.mu_elam(a, energy) for a, m in masses.items())
    assert edge + rest == pytest.approx(total, rel=1e-4)
    assert edge[:2] == pytest.approx(0.0, abs=0.01 * edge[2]) and edge[2] > edge[3] > 0
    ta = masses["Ta"] / sum(masses.values()) * (xraydb.mu_elam("Ta", 9886.0) - xraydb.mu_elam("Ta", 9876.0))
    assert edge[2] == pytest.approx(float(ta), rel=0.02), "the jump of tantalum"


def test_more_fluorescence_than_such_a_sample_gives_is_refused() -> None:
    sample = sample_of(settings_of(None, angle_in_deg=1.0, angle_out_deg=89.0), **ABOUT)
    with pytest.raises(UserError, match="larger than a sample of that formula"):
        correct(sample, np.array([EDGE + 30.0]), np.array([1.5]), where="x")


def test_transmission_is_left_alone_with_a_note() -> None:
    mu = helpers.edge_model(GRID, e0_ev=EDGE)
    plain = reduce_exafs(helpers.scans(GRID, mu), edge_energy_ev=EDGE, e0_ev=EDGE)
    about = {k: v for k, v in ABOUT.items() if k != "edge_energy_ev"}
    asked = reduce_exafs(
        helpers.scans(GRID, mu), edge_energy_ev=EDGE, e0_ev=EDGE, over_absorption=settings_of(), **about
    )
    assert np.array_equal(plain.chi, asked.chi)
    assert "over-absorption: not corrected, for transmission has none" in asked.notes


def test_noise_grows_with_the_correction() -> None:
    _, fluorescence = signal(None, 45.0, 45.0)
    rng = np.random.default_rng(4)
    pair = [fluorescence / fluorescence.max() + 1e-4 * rng.normal(size=GRID.size) for _ in range(2)]
    about = {k: v for k, v in ABOUT.items() if k != "edge_energy_ev"}
    scans = XasScans(tuple(helpers.scan(GRID, one, mode="fluorescence") for one in pair))
    how: dict[str, Any] = {"edge_energy_ev": EDGE, "e0_ev": EDGE, "align": "none", **about}
    plain, thin = reduce_exafs(scans, **how), reduce_exafs(scans, **how, over_absorption=settings_of())
    k = slice(60, 240)
    growth = np.sqrt(np.diag(thin.chi_covariance) / np.diag(plain.chi_covariance))[k]
    slope = np.polyfit(plain.chi[k], thin.chi[k], 1)[0]
    assert growth.mean() == pytest.approx(slope, rel=0.1) and growth.min() > 1.2
