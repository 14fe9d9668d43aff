"""MBACK: a spectrum made from the table, larch, scipy, and what short ranges do to it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import reduce_inputs as inputs
from hypothesis import given, settings
from hypothesis import strategies as st

from ntcspec.errors import UserError
from ntcspec.types import Array
from ntcspec.xas import mback
from ntcspec.xas.edge_step import Normaliser, Ranges, norm_error

GRID = inputs.GRID
RANGES = Ranges(inputs.E0, -30.0, -12.0, 25.0, 80.0, 1, 0)
NEAR = (GRID > inputs.E0 - 11.0) & (GRID < inputs.E0 + 24.0)


def _made(table: Array, scale: float = 2e-3) -> Array:
    """Background and table, with anything at all between the ranges."""
    line = np.where(NEAR, np.exp(-0.5 * ((GRID - inputs.E0) / 1.5) ** 2), 0.0)
    return 0.4 - 3e-3 * (GRID - inputs.E0) + scale * table + line


@settings(max_examples=25)
@given(pre1=st.floats(-33.0, -20.0), norm1=st.floats(25.0, 50.0), degree=st.integers(0, 2))
def test_what_was_made_from_the_table_comes_back_from_any_range(pre1: float, norm1: float, degree: int) -> None:
    table = mback.tabulated("Cl", GRID)
    normaliser = Normaliser(GRID)
    mu = _made(table)
    ranges = Ranges(inputs.E0, pre1, -12.0, norm1, 80.0, degree, 0)
    pre, post = normaliser.points(ranges)
    model = mback.match(GRID, table, pre=pre, post=post, degree=degree, victoreen=0)
    matched = model.design @ (model.estimator @ mu)
    assert matched[~NEAR] == pytest.approx(mu[~NEAR], abs=2e-3 if degree == 0 else 1e-8)
    below, above = (np.interp(inputs.E0, GRID[s], table[s]) for s in (GRID < 2815.0, GRID > 2835.0))
    step = normaliser.normalise(mu, ranges, model).edge_step
    assert step == pytest.approx(2e-3 * (above - below), rel=0.03)


def test_agrees_with_larch_where_both_fit_exactly() -> None:
    import larch.xafs
    import xraydb
    from larch import Group

    table = xraydb.f2_chantler("Cl", GRID)
    mu = _made(table, 0.3)
    group = Group()
    larch.xafs.mback(GRID.copy(), mu.copy(), group=group, z=17, edge="K", e0=inputs.E0, pre1=-30.0, pre2=-12.0,
                     norm1=25.0, norm2=80.0, order=1)  # fmt: skip
    normaliser = Normaliser(GRID)
    ranges = Ranges(group.e0, -30.0, -12.0, 25.0, 80.0, 1, 0)
    pre, post = normaliser.points(ranges)
    edge = normaliser.normalise(mu, ranges, mback.match(GRID, table, pre=pre, post=post, degree=1, victoreen=0))
    assert edge.edge_step == pytest.approx(group.edge_step, rel=1e-4)
    assert np.abs(edge.norm - group.norm).max() < 1e-3


@pytest.mark.parametrize("degree", [1, 2])
def test_least_squares_agree_with_scipy(degree: int) -> None:
    from scipy.optimize import curve_fit

    table = mback.tabulated("Cl", GRID)
    mu = _made(table) + 5e-3 * np.random.default_rng(1).standard_normal(GRID.size)
    pre, post = Normaliser(GRID).points(RANGES)
    model = mback.match(GRID, table, pre=pre, post=post, degree=degree, victoreen=0)
    used = np.r_[slice(*pre), slice(*post)]
    sigma = np.sqrt(np.r_[np.full(pre[1] - pre[0], pre[1] - pre[0]), np.full(post[1] - post[0], post[1] - post[0])])
    x = (GRID - inputs.E0) / 50.0

    def formula(at: Array, *p: float) -> Array:
        i = at.astype(int)
        return np.asarray(np.polynomial.polynomial.polyval(x[i], p[1:]) + p[0] * table[i])

    best, _ = curve_fit(formula, used, mu[used], p0=[1e-3] + [0.0] * (degree + 1), sigma=sigma)
    assert (model.design @ (model.estimator @ mu))[used] == pytest.approx(formula(used, *best), abs=1e-6)


@pytest.mark.parametrize("degree", [0, 1])
def test_errors_agree_with_monte_carlo(degree: int) -> None:
    rng = np.random.default_rng(2)
    table = mback.tabulated("Cl", GRID)
    clean, sigma = _made(table), np.full(GRID.size, 5e-3)
    normaliser = Normaliser(GRID)
    ranges = Ranges(inputs.E0, -30.0, -12.0, 25.0, 80.0, degree, 0)
    pre, post = normaliser.points(ranges)
    model = mback.match(GRID, table, pre=pre, post=post, degree=degree, victoreen=0)
    errors, step_error = norm_error(normaliser.normalise(clean, ranges, model, response=True), sigma)
    draws = [normaliser.normalise(clean + sigma * rng.standard_normal(GRID.size), ranges, model) for _ in range(1000)]
    assert np.std([d.edge_step for d in draws]) == pytest.approx(step_error, rel=0.1)
    assert np.std([d.norm for d in draws], axis=0) == pytest.approx(errors, rel=0.12)


def test_measured_chlorides_have_the_step_of_the_polynomial(xas_data: Path) -> None:
    """Step and norm are defined alike: the two methods differ by per cents, not by a factor."""
    for group in ("KCl", "NaCl", "PdCl2"):
        scans = inputs.measured(xas_data / "CAMD_Cl-K_standards.prj", element="Cl", edge="K", select=group)
        steps = [
            inputs.reduced(scans, normalisation=n, choices=inputs.NO_CHOICES).primary.edge_step
            for n in ("polynomial", "mback")
        ]
        assert steps[1] == pytest.approx(steps[0], rel=0.05)


def test_chantlers_table_is_wrong_above_the_na_k_edge() -> None:
    """Why the table is not Chantler's: absorption falls above an edge."""
    import xraydb

    energy = np.array([1080.0, 1150.0])
    chantler = xraydb.f2_chantler("Na", energy) / energy
    elam = mback.tabulated("Na", energy)
    assert chantler[1] > 1.1 * chantler[0]
    assert elam[1] < 0.95 * elam[0]


def test_short_sodium_range_works_or_says_why_not() -> None:
    energy = np.arange(1055.0, 1110.0, 0.1)
    table = mback.tabulated("Na", energy)
    near = np.abs(energy - 1077.0) < 8.0
    mu = 9.0 * (energy / 1077.0) ** -2.7 + table / 5600.0 + np.where(near, 0.3 * np.cos(energy), 0.0)
    scans = [inputs.scan(energy, tey=mu)]
    given = {"element": "Na", "e0_ev": 1077.0, "normalisation": "mback", "pre2_ev": -12.0, "norm1_ev": 20.0}
    step = (mback.tabulated("Na", np.array([1077.0]))[0] - 540.0) / 5600.0
    for degree in (0, 1):
        reduced = inputs.reduced(scans, norm_degree=degree, victoreen=3, **given)
        assert reduced.primary.edge_step == pytest.approx(step, rel=0.04)
    # a straight line of 10 eV under 9 steps of background misses its curvature: f'' d^2 / 2 = 0.08 at 45 eV
    line = inputs.reduced(scans, norm_degree=0, **given).primary.edge_step
    assert line == pytest.approx(step + 0.08, abs=0.03)
    with pytest.raises(UserError, match=r"the tabulated edge, 1070\.8 eV, does not lie between"):
        inputs.reduced(scans, **{**given, "pre2_ev": -5.0})
