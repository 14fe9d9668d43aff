"""Rank correlations against scipy and counted by hand; p against its definition; lines against a Monte Carlo."""

from __future__ import annotations

from math import factorial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ntcspec.study.line import line
from ntcspec.study.order import false_discovery, order, ranks, smallest_p

NUMBERS = st.lists(st.integers(0, 6), min_size=3, max_size=7)


@given(st.data())
def test_statistics_are_those_of_scipy(data: st.DataObject) -> None:
    x = np.array(data.draw(NUMBERS), dtype=float)
    y = np.array(data.draw(st.lists(st.integers(0, 6), min_size=x.size, max_size=x.size)), dtype=float)
    found = order(x, y)
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        assert np.isnan(found.rho) and np.isnan(found.p_tau)
        return
    assert found.rho == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)
    assert found.tau == pytest.approx(stats.kendalltau(x, y).statistic, abs=1e-12)
    assert list(ranks(x)) == list(stats.rankdata(x))


@pytest.mark.parametrize("n", [3, 4, 5, 6, 7, 8, 9])
def test_p_of_kendall_is_that_of_scipy_without_ties(n: int) -> None:
    rng = np.random.default_rng(n)
    x, y = rng.permutation(n).astype(float), rng.permutation(n).astype(float)
    found = order(x, y)
    assert found.exact and found.p_tau == pytest.approx(stats.kendalltau(x, y, method="exact").pvalue, abs=1e-12)


@pytest.mark.parametrize(("n", "p"), [(3, 1 / 3), (4, 1 / 12), (5, 1 / 60), (6, 2 / 720)])
def test_a_perfect_order_is_as_rare_as_it_can_be(n: int, p: float) -> None:
    found = order(np.arange(n, dtype=float), -np.exp(np.arange(n, dtype=float)))
    assert (found.rho, found.tau) == (pytest.approx(-1.0), pytest.approx(-1.0))
    assert found.p_rho == found.p_tau == pytest.approx(p) == pytest.approx(smallest_p(n)) == 2 / factorial(n)


def test_p_counted_by_hand() -> None:
    """All 6 orders of three have |rho| of 0.5 or 1, so one at 0.5 says nothing."""
    found = order(np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0]))
    assert found.rho == pytest.approx(0.5) and found.p_rho == pytest.approx(1.0)


def test_many_samples_are_drawn() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=30)
    y = x + rng.normal(size=30) * 2.5
    found = order(x, y)
    assert not found.exact
    assert found.p_rho == pytest.approx(stats.spearmanr(x, y).pvalue, rel=0.1)
    assert found == order(x, y), "the same orders are drawn again"


def test_p_is_uniform_where_nothing_is_there() -> None:
    rng = np.random.default_rng(2)
    p = np.array([order(np.arange(6.0), rng.normal(size=6)).p_rho for _ in range(2000)])
    for limit in (0.05, 0.2, 0.5):
        assert np.mean(p <= limit) <= limit + 3 * np.sqrt(limit / 2000)


@pytest.mark.parametrize("y", [[1.0, np.nan, 2.0], [1.0, 2.0]])
def test_what_cannot_be_ordered(y: list[float]) -> None:
    with pytest.raises(ValueError, match="finite numbers"):
        order(np.arange(3.0), np.array(y))


def test_false_discovery_is_that_of_scipy() -> None:
    p = np.array([0.01, 0.2, 0.04, 0.03, 0.5])
    assert false_discovery(p) == pytest.approx(stats.false_discovery_control(p, method="by"))
    with_nan = false_discovery(np.array([0.01, np.nan, 0.2]))
    assert np.isnan(with_nan[1]) and with_nan[[0, 2]] == pytest.approx(
        stats.false_discovery_control([0.01, 0.2], method="by")
    )
    assert false_discovery(np.zeros(0)).size == 0


def test_the_uncertainty_of_a_slope_is_what_noise_makes() -> None:
    rng = np.random.default_rng(3)
    x = np.array([-6.0, -4.2, -3.4, -2.4])
    u_stat, u_x = np.array([0.02, 0.05, 0.03, 0.04]), np.full(4, 0.03)
    none = np.zeros(4)
    draws = []
    for _ in range(4000):
        y = 1.0 - 0.3 * (x + rng.normal(size=4) * u_x) + rng.normal(size=4) * u_stat
        draws.append(line(x, y, u_stat, none, u_x).slope)
    found = line(x, 1.0 - 0.3 * x, u_stat, none, u_x)
    assert found.slope == pytest.approx(-0.3) and np.mean(draws) == pytest.approx(-0.3, abs=0.001)
    assert found.u_stat == pytest.approx(np.std(draws), rel=0.04) and found.u_sys == 0.0


def test_a_common_error_moves_the_slope_by_u_sys_at_most() -> None:
    x, u_sys = np.arange(5.0), np.array([0.1, 0.2, 0.1, 0.3, 0.1])
    found = line(x, 2.0 * x, np.full(5, 0.01), u_sys, np.zeros(5))
    moved = [
        line(x, 2.0 * x + np.array(signs) * u_sys, np.full(5, 0.01), u_sys, np.zeros(5)).slope
        for signs in np.ndindex(2, 2, 2, 2, 2)
        for signs in [2 * np.array(signs) - 1]
    ]
    assert max(moved) - 2.0 == pytest.approx(found.u_sys) and found.u_stat < found.u_sys


def test_without_uncertainties_scatter_is_all_there_is() -> None:
    rng = np.random.default_rng(4)
    x = np.arange(8.0)
    y = x + rng.normal(size=8)
    nothing = np.full(8, np.nan)
    found, known = line(x, y, nothing, nothing, nothing), stats.linregress(x, y)
    assert (found.slope, found.u_stat, found.intercept) == (
        pytest.approx(known.slope), pytest.approx(known.stderr), pytest.approx(known.intercept))  # fmt: skip
    assert np.isnan(found.u_sys) and np.isnan(found.reduced_chi2)


def test_two_samples_make_no_line() -> None:
    assert np.isnan(line(np.arange(2.0), np.arange(2.0), *(np.ones(2),) * 3).slope)
    assert np.isnan(line(np.ones(4), np.arange(4.0), *(np.ones(4),) * 3).slope)
