"""The local polynomial: exact for polynomials, as its closed forms elsewhere, and noise as Monte Carlo has it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntcspec.xas.xanes import derivative
from ntcspec.xas.xanes.derivative import DEGREES, Smoother, point_error

GRID = np.concatenate([np.arange(1050, 1070, 0.5), np.arange(1070, 1100, 0.1), np.arange(1100, 1180, 0.5)])


def slow(energy, x, scale, degree, order):
    """The row of one derivative at one energy, by a general least squares solver on the whole grid."""
    t = (energy - x) / scale
    root = np.exp(-0.25 * t**2) * (np.abs(t) <= 5)
    design = np.stack([t**i for i in range(degree + 1)], axis=1) * root[:, None]
    return np.linalg.pinv(design, rcond=1e-12)[order] * root * [1, 1, 2, 6][order] / scale**order


def test_rows_are_those_of_weighted_least_squares() -> None:
    smoother = Smoother(GRID, smooth_ev=0.4)
    for x in (1050.0, 1069.9, 1070.23, 1085.0, 1100.2, 1179.5):
        scale = float(np.interp(x, GRID, smoother.width_ev))
        fit = smoother.at(np.array([x]))
        for order in range(4):
            expected = slow(GRID, x, scale, DEGREES[order], order)
            assert np.abs(fit.matrix(order)[0] - expected).max() < 1e-8 * np.abs(expected).max()


@settings(max_examples=40)
@given(
    steps=st.lists(st.floats(0.03, 4.0), min_size=8, max_size=40),
    coefficients=st.lists(st.floats(-2, 2), min_size=5, max_size=5),
    smooth=st.floats(0.05, 2.0),
)
def test_polynomials_up_to_the_degree_come_back_on_any_grid(steps, coefficients, smooth) -> None:
    energy = 1000 + np.cumsum(steps)
    fit = Smoother(energy, smooth_ev=smooth).at()
    for order, degree in enumerate(DEGREES):
        p = np.polynomial.Polynomial(coefficients[: degree + 1])
        rows = fit.matrix(order)
        x = energy - energy.mean()
        expected = p.deriv(order)(x) if order else p(x)
        scale = (np.abs(rows) @ np.abs(p(x))).max() + 1.0
        assert np.abs(rows @ p(x) - expected).max() < 1e-8 * scale


def test_on_an_even_grid_derivatives_are_those_of_the_curve_seen_through_a_gaussian() -> None:
    energy = np.arange(-10, 10, 0.05)
    g, s = 0.7, 0.4
    wide = np.hypot(g, s)
    y = np.exp(-0.5 * (energy / g) ** 2)
    broad = g / wide * np.exp(-0.5 * (energy / wide) ** 2)
    got = Smoother(energy, smooth_ev=s).at().apply(y)
    inner = np.abs(energy) < 6
    assert np.abs(got[1] + energy / wide**2 * broad)[inner].max() < 1e-4
    assert np.abs(got[2] - (energy**2 / wide**4 - 1 / wide**2) * broad)[inner].max() < 3e-4
    hermite6 = broad * (1 - 0.5 * s**2 * (energy**2 / wide**4 - 1 / wide**2)
                        + s**4 / 8 * ((energy / wide) ** 4 - 6 * (energy / wide) ** 2 + 3) / wide**4)  # fmt: skip
    assert np.abs(got[0] - hermite6)[inner].max() < 1e-4


def test_noise_of_value_and_derivatives_agrees_with_monte_carlo() -> None:
    rng = np.random.default_rng(5)
    sigma = 0.01 * (1 + 0.5 * np.sin(GRID))
    fit = Smoother(GRID, smooth_ev=0.4).at()
    made = fit.apply(sigma * rng.normal(size=(600, GRID.size)))
    ratio = made.std(axis=1) / fit.error(sigma)
    assert np.abs(ratio.mean(axis=1) - 1).max() < 0.03
    assert np.abs(ratio - 1).max() < 0.2


def test_one_spectrum_and_many_agree() -> None:
    rng = np.random.default_rng(2)
    y = rng.normal(size=(3, GRID.size))
    fit = Smoother(GRID, smooth_ev=0.4).at(np.array([1072.3, 1090.0, 1101.0]))
    together = fit.apply(y)
    for i in range(3):
        assert np.allclose(fit.apply(y[i]), together[:, i], atol=1e-12)
    assert np.allclose(fit.apply_own(y, 2), np.diagonal(together[2]), atol=1e-12)


def test_blocks_give_what_all_points_together_give(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(3)
    energy = np.cumsum(rng.uniform(0.05, 0.4, 500))
    y, sigma = np.sin(energy), rng.uniform(0.01, 0.02, energy.size)
    smoother = Smoother(energy, smooth_ev=0.5)
    fit = smoother.at()
    monkeypatch.setattr(derivative, "MAPPED", 2000)
    curves, errors = smoother.everywhere(y, sigma)
    np.testing.assert_allclose(curves, fit.apply(y, (0, 1, 2)), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(errors, fit.error(sigma, (1, 2)), rtol=1e-9)
    assert smoother.everywhere(y, np.empty(0))[1].shape == (2, 0)


def test_far_apart_points_are_still_reached_and_curves_stay_near() -> None:
    energy = np.concatenate([np.arange(0, 20, 2.0), np.arange(20, 30, 0.1), np.arange(30, 60, 3.0)])
    smoother = Smoother(energy, smooth_ev=0.3)
    assert smoother.width_ev.min() == 0.3
    used = (np.abs(smoother.at().rows[0]) > 1e-12).sum(axis=1)
    assert used.min() >= 5
    y = np.sin(energy / 8)
    value, first = smoother.at().apply(y, (0, 1))
    assert np.abs(value - y).max() < 5e-3
    assert np.abs(first - np.cos(energy / 8) / 8)[2:-2].max() < 0.02


@given(shift=st.floats(-3000, 3000), factor=st.floats(0.01, 100))
@settings(max_examples=20)
def test_follow_finds_the_same_place_after_shift_and_scaling(shift, factor) -> None:
    energy = np.arange(0, 20, 0.1)
    y = np.exp(-0.5 * ((energy - 10.03) / 0.8) ** 2) + 0.02 * energy
    start = Smoother(energy, smooth_ev=0.4).root(y, order=1, low_ev=9.5, high_ev=10.7)
    moved = Smoother(energy + shift, smooth_ev=0.4)
    found, read = moved.follow(factor * y[None], np.array([start + shift + 0.3]), order=1, read=(0,))
    assert found[0, 0] - shift == pytest.approx(start, abs=2e-5)
    at = moved.at(found[0]).apply(factor * y, (0,))[0, 0]
    assert read[0, 0, 0] == pytest.approx(at, rel=1e-6)


def test_follow_is_nan_where_there_is_nothing() -> None:
    energy = np.arange(0, 20, 0.1)
    found, _ = Smoother(energy, smooth_ev=0.4).follow(np.stack([energy, 0 * energy]), np.array([10.0]), order=1)
    assert np.isnan(found).all()


def test_bad_input_is_refused() -> None:
    for energy, smooth in ((GRID[::-1], 0.4), (GRID[:4], 0.4), (GRID, 0.0), (np.append(GRID, GRID[-1]), 0.4),
                           (np.append(GRID, np.nan), 0.4)):  # fmt: skip
        with pytest.raises(ValueError):
            Smoother(energy, smooth_ev=smooth)


def test_noise_of_one_scan_is_measured_and_said() -> None:
    rng = np.random.default_rng(0)
    norm = 0.5 + np.arctan(GRID - 1075) / np.pi + 0.004 * rng.normal(size=GRID.size)
    sigma, note = point_error(GRID, norm, np.empty(0), e0_ev=1075.0)
    assert sigma.shape == GRID.shape and sigma[0] == pytest.approx(0.004, rel=0.15)
    assert "one scan" in note and "above the edge" in note
    given_error = np.full(GRID.size, 0.1)
    assert point_error(GRID, norm, given_error)[0] is given_error
    empty, note = point_error(GRID[:10], norm[:10], np.empty(0))
    assert empty.size == 0 and "not known" in note
