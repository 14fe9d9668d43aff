"""Baselines: our batch arPLS against pybaselines, the point-spacing rule, and how far apart methods are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import solveh_banded
from spectra_for_raman import gauss, load

from ntcspec.errors import UserError
from ntcspec.raman.arpls import arpls_many, solve
from ntcspec.raman.baseline import METHODS, find_baseline, parse, variants
from ntcspec.raman.grid import STEP_REF_CM1, smoothness, uniform_grid


def spectrum(x, seed: int = 0, noise: float = 8.0):
    curve = 300 + 0.3 * x + 200 * gauss(x, 450, 300)
    bands = 1500 * gauss(x, 381, 12) + 500 * gauss(x, 176, 12) + 80 * gauss(x, 296, 20)
    return curve, curve + bands + np.random.default_rng(seed).normal(0, noise, x.size)


@pytest.mark.parametrize("lam", [1e3, 1e5, 1e7])
def test_batch_arpls_is_that_of_pybaselines(lam: float) -> None:
    from pybaselines import Baseline

    x = np.linspace(50, 560, 700)
    y = np.array([spectrum(x, seed)[1] for seed in range(6)] + [np.full(700, 5.0) + np.arange(700) % 2])
    found = arpls_many(y, lam)
    for one, data in zip(found, y, strict=True):
        wanted = Baseline(x).arpls(data, lam=lam)[0]
        assert np.abs(one - wanted).max() < 1e-5 * np.ptp(data)


@given(st.integers(5, 40), st.integers(1, 4), st.floats(-2, 6), st.integers(0, 9))
def test_solver_against_scipy(n: int, m: int, power: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    w, y, lam = rng.uniform(0.01, 1, (n, m)), rng.normal(0, 9, (n, m)), 10.0**power
    d = np.diff(np.eye(n), 2, axis=0)
    full = lam * d.T @ d
    banded = np.zeros((3, n))
    found = solve(w, y, lam)
    for j in range(m):
        a = full + np.diag(w[:, j])
        for k in range(3):
            banded[2 - k, k:] = np.diagonal(a, k)
        assert np.allclose(
            found[:, j], solveh_banded(banded, w[:, j] * y[:, j]), rtol=1e-6, atol=1e-8 * np.abs(y).max() + 1e-12
        )


@pytest.mark.parametrize("method", ["arpls", "asls", "iarpls", "airpls"])
def test_a_baseline_does_not_hang_on_the_step(method: str) -> None:
    """The same spectrum with half the step: within 1 % of the range; without the rule it moves ten times as far."""
    coarse, fine = np.arange(60.0, 560.0, STEP_REF_CM1), np.arange(60.0, 560.0, STEP_REF_CM1 / 2)
    found = []
    for x in (coarse, fine):
        _, y = spectrum(x, noise=0.5)
        found.append(np.interp(coarse, x, find_baseline(uniform_grid(x), y[None], method)[0]))
    away = np.abs(found[1] - found[0])[20:-20].max() / np.ptp(found[0])
    assert away < 0.02
    if method == "arpls":
        _, y = spectrum(fine, noise=0.5)
        wrong = f"arpls lam={METHODS['arpls']['lam'] / 16}"  # what a lambda that is not scaled amounts to
        bad = np.interp(coarse, fine, find_baseline(uniform_grid(fine), y[None], wrong)[0])
        assert np.abs(bad - found[0])[20:-20].max() / np.ptp(found[0]) > 3 * away


def test_uneven_steps_are_no_obstacle() -> None:
    x = np.concatenate([np.arange(60.0, 300.0, 0.3), np.arange(300.0, 560.0, 1.2)])
    curve, y = spectrum(x, noise=2.0)
    found = find_baseline(uniform_grid(x), y[None], "arpls")[0]
    quiet = (np.abs(x - 381) > 40) & (np.abs(x - 176) > 40) & (np.abs(x - 296) > 40)
    assert np.abs(found - curve)[quiet].max() < 8.0


def test_smoothness_follows_the_fourth_power() -> None:
    assert smoothness(1e5, STEP_REF_CM1) == 1e5 and smoothness(1e5, STEP_REF_CM1 / 2) == 16e5


@given(st.lists(st.floats(0.05, 3.0), min_size=10, max_size=200))
def test_grid_goes_there_and_back(steps: list[float]) -> None:
    x = np.cumsum(steps)
    grid = uniform_grid(x)
    y = np.stack([2.0 * x - 5.0, np.ones_like(x)])
    assert np.allclose(grid.back(grid.onto(y)), y, atol=1e-9 * np.abs(y).max())
    assert np.ptp(np.diff(grid.uniform_cm1)) < 1e-9 * grid.uniform_cm1[-1]


def test_every_method_runs_and_methods_differ(data_folder: Path) -> None:
    """ZnF2: the area of A1g over 20 methods spreads by a factor of 1.5 or more; the noise says one per cent."""
    scan, _ = load(data_folder, "labspec/ZnF2_532.txt")
    grid = uniform_grid(scan.shift_cm1)
    found = variants(grid, scan.intensity[0], list(METHODS))
    assert found.shape == (len(METHODS), scan.shift_cm1.size) and len(METHODS) >= 19
    inside = (scan.shift_cm1 > 280) & (scan.shift_cm1 < 420)
    areas = np.trapezoid((scan.intensity[0] - found)[:, inside], scan.shift_cm1[inside], axis=1)
    assert 2.3e4 < areas.min() < 2.8e4 and 4.0e4 < areas.max() < 5.2e4


def test_one_and_many_spectra_give_the_same() -> None:
    x = np.linspace(50, 560, 500)
    y = np.array([spectrum(x, seed)[1] for seed in range(9)])
    grid = uniform_grid(x)
    many, single = find_baseline(grid, y, "arpls"), [find_baseline(grid, one[None], "arpls")[0] for one in y]
    assert np.abs(many - np.array(single)).max() < 1e-3
    assert np.array_equal(find_baseline(grid, y, "none"), np.zeros_like(y))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("arpl", "unknown baseline 'arpl' .did you mean 'arpls'"),
        ("", "unknown baseline ''"),
        ("arpls p=0.1", "arpls has no parameter 'p'"),
        ("arpls lam=high", "lam='high' is no number"),
        ("asls p=-1", "p=-1 must be above 0"),
        ("asls p=5", "asls p=5: not possible here"),
        ("imodpoly poly_order=inf", "must be above 0"),
    ],
)
def test_bad_baselines_are_refused(words: str, message: str) -> None:
    x = np.linspace(50, 560, 200)
    with pytest.raises(UserError, match=message):
        find_baseline(uniform_grid(x), np.ones((1, 200)), words)
    assert parse("arpls lam=1e6") == ("arpls", {"lam": 1e6})
