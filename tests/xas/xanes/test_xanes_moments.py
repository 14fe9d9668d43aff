"""Area and centroid: closed forms for broken lines, a fine trapezoid, Monte Carlo."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntcspec.xas.xanes.moments import moment_values, moments, window_weights

GRID = np.concatenate([np.arange(1060, 1070, 0.5), np.arange(1070, 1085, 0.13), np.arange(1085, 1100, 0.7)])


@settings(max_examples=60)
@given(low=st.floats(1060, 1090), width=st.floats(0.01, 9), seed=st.integers(0, 1000))
def test_weights_are_exact_for_broken_lines(low, width, seed) -> None:
    y = np.random.default_rng(seed).normal(size=GRID.size)
    high = low + width
    u, v = window_weights(GRID, low_ev=low, high_ev=high)
    nodes = np.concatenate([[low], GRID[np.flatnonzero((low < GRID) & (high > GRID))], [high]])
    # Gauss-Legendre with two points is exact for cubics on each straight piece: an independent rule
    half, middle = 0.5 * np.diff(nodes), 0.5 * (nodes[1:] + nodes[:-1])
    area = first = 0.0
    for sign in (-1, 1):
        x = middle + sign * half / np.sqrt(3)
        area += np.sum(half * np.interp(x, GRID, y))
        first += np.sum(half * np.interp(x, GRID, y) * (x - 0.5 * (low + high)))
    assert u @ y == pytest.approx(area, abs=1e-9)
    assert v @ y == pytest.approx(first, abs=1e-8)


def test_a_line_has_its_area_and_its_centre() -> None:
    y = 0.4 * np.exp(-0.5 * ((GRID - 1077.3) / 0.9) ** 2)
    got = moments(GRID, y, np.full(GRID.size, 1e-3), windows={"pre": (1071.0, 1083.6)})["pre"]
    assert got["area"].value == pytest.approx(0.4 * 0.9 * np.sqrt(2 * np.pi), rel=2e-3)
    assert got["centroid"].value == pytest.approx(1077.3, abs=2e-3)
    assert got["area"].unit == got["centroid"].unit == "eV"


@given(shift=st.floats(-1000, 1000), factor=st.floats(0.1, 10))
@settings(max_examples=20)
def test_shift_moves_the_centroid_and_scale_the_area(shift, factor) -> None:
    y, sigma = 1 + np.sin(GRID) ** 2, np.full(GRID.size, 0.01)
    one = moments(GRID, y, sigma, windows={"w": (1071.05, 1083.3)})["w"]
    two = moments(GRID + shift, factor * y, factor * sigma, windows={"w": (1071.05 + shift, 1083.3 + shift)})["w"]
    assert two["area"].value == pytest.approx(factor * one["area"].value, rel=1e-8)
    assert two["area"].u_stat == pytest.approx(factor * one["area"].u_stat, rel=1e-6)
    assert two["centroid"].value - shift == pytest.approx(one["centroid"].value, abs=1e-7)
    assert two["centroid"].u_stat == pytest.approx(one["centroid"].u_stat, rel=1e-6)


def test_uncertainties_agree_with_monte_carlo_and_choices_with_single_spectra() -> None:
    rng = np.random.default_rng(4)
    y = np.exp(-0.5 * ((GRID - 1077.3) / 0.9) ** 2) + 0.2
    sigma = np.full(GRID.size, 0.02)
    windows = {"a": (1074.03, 1080.02), "b": (1061.2, 1068.9)}
    nominal = moments(GRID, y, sigma, windows=windows)
    noisy = y + sigma * rng.normal(size=(2000, GRID.size))
    many = moment_values(GRID, noisy, windows=windows)
    for name in windows:
        for quantity, value in nominal[name].items():
            assert many[name][quantity].std() == pytest.approx(value.u_stat, rel=0.06)
        alone = moments(GRID, noisy[7], sigma, windows=windows)[name]
        assert all(alone[q].value == pytest.approx(many[name][q][7], abs=1e-9) for q in alone)


def test_what_cannot_be_known_is_missing_and_says_why() -> None:
    y, sigma = np.ones(GRID.size), np.full(GRID.size, 0.01)
    got = moments(GRID, y, sigma, windows={"out": (1050.0, 1065.0)})["out"]
    assert np.isnan(got["area"].value) and "beyond the data" in got["area"].reason
    noise = 0.01 * np.random.default_rng(1).normal(size=GRID.size)
    got = moments(GRID, noise - noise.mean(), sigma, windows={"w": (1071.0, 1083.0)})["w"]
    assert np.isfinite(got["area"].value) and "sigma" in got["centroid"].reason
    wave = 0.05 + np.where(GRID > 1077, 1.0, -1.0)
    got = moments(GRID, wave, sigma, windows={"w": (1071.0, 1083.0)})["w"]
    assert "changes sign" in got["centroid"].reason
    assert np.isnan(moment_values(GRID, wave, windows={"w": (1071.0, 1083.0)})["w"]["centroid"][0])
    few = moments(GRID[:10], y[:10], np.empty(0), windows={"w": (1061.0, 1063.0)})["w"]
    assert few["area"].value == pytest.approx(2.0) and np.isnan(few["area"].u_stat) and few["area"].reason
    with pytest.raises(ValueError, match="ascend"):
        moments(GRID, y, sigma, windows={"w": (1080.0, 1075.0)})
