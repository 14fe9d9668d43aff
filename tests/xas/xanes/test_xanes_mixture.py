"""Linear combination of standards: larch, scipy and closed forms as oracles, Monte Carlo for the uncertainties."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize, nnls

from ntcspec.readers import read_scans
from ntcspec.types import Array
from ntcspec.xas.xanes.mixture import MixtureFit, fit_mixture, mixture_by_choice
from ntcspec.xas.xanes.nonnegative import nonnegative
from ntcspec.xas.xanes.spectra import Spectrum

NONE = np.empty(0)
GRID = np.arange(2800.0, 2880.0, 0.25)
RANGE = (2812.0, 2860.0)


def line(energy_ev: Array, centre: float, width: float, height: float = 1.0) -> Array:
    """A Gaussian."""
    return height * np.exp(-0.5 * ((energy_ev - centre) / width) ** 2)


def edge(energy_ev: Array, e0: float) -> Array:
    """An arctangent of unit height."""
    return 0.5 + np.arctan((energy_ev - e0) / 0.8) / np.pi


def shapes(energy_ev: Array) -> tuple[Array, Array, Array]:
    """Three different standards."""
    return (
        edge(energy_ev, 2825.0) + line(energy_ev, 2827.0, 1.5, 1.2),
        edge(energy_ev, 2822.0) + line(energy_ev, 2819.5, 0.8, 0.7) + line(energy_ev, 2831.0, 3.0, 0.3),
        edge(energy_ev, 2826.5) + line(energy_ev, 2838.0, 4.0, 0.5),
    )


def spectrum(
    name: str, norm: Array, *, energy_ev: Array = GRID, noise: float = 0.0, step_error: float = 0.0
) -> Spectrum:
    """A spectrum with the same noise at each point."""
    return Spectrum(name, energy_ev, norm, np.full(norm.size, noise) if noise else NONE, step_error)


def standards(count: int = 3, *, energy_ev: Array = GRID, noise: float = 0.0) -> list[Spectrum]:
    """The first `count` standards, without noise in their values."""
    return [
        spectrum(n, y, energy_ev=energy_ev, noise=noise) for n, y in zip("ABC"[:count], shapes(energy_ev), strict=False)
    ]


def fractions(fit: MixtureFit) -> list[float]:
    return [v.value for name, v in fit.values.items() if name.endswith(".fraction")]


def test_two_standards_agree_with_the_closed_form() -> None:
    """Two unknowns: the normal equations by Cramer's rule, the covariance as their inverse."""
    rng = np.random.default_rng(1)
    a, b, _ = shapes(GRID)
    y = 0.3 * a + 0.8 * b + rng.normal(0, 0.01, GRID.size)
    fit = fit_mixture(spectrum("mix", y, noise=0.01), standards(2), range_ev=RANGE)
    low, high = RANGE
    inside = (low <= GRID) & (high >= GRID)
    a, b, y = a[inside], b[inside], y[inside]
    determinant = (a @ a) * (b @ b) - (a @ b) ** 2
    expected = [
        ((b @ b) * (a @ y) - (a @ b) * (b @ y)) / determinant,
        ((a @ a) * (b @ y) - (a @ b) * (a @ y)) / determinant,
    ]
    assert fractions(fit) == pytest.approx(expected, rel=1e-9)
    variance = 0.01**2 / determinant * np.array([[b @ b, -(a @ b)], [-(a @ b), a @ a]])
    assert fit.values["A.fraction"].u_stat == pytest.approx(np.sqrt(variance[0, 0]), rel=1e-9)
    assert fit.values["sum"].u_stat == pytest.approx(np.sqrt(variance.sum()), rel=1e-9)
    residual = y - expected[0] * a - expected[1] * b
    assert fit.values["r_factor"].value == pytest.approx(residual @ residual / (y @ y))
    assert fit.values["chi2_reduced"].value == pytest.approx(residual @ residual / 0.01**2 / (len(y) - 2))


@pytest.mark.parametrize("sum_to_one", [False, True])
def test_agrees_with_larch(sum_to_one: bool) -> None:
    """lincombo_fit of larch, standards on another grid than the spectrum; errors from the residuals as it does."""
    from larch import Group
    from larch.math.lincombo_fitting import lincombo_fit

    rng = np.random.default_rng(2)
    coarse = np.arange(2795.0, 2890.0, 0.35)
    y = np.sum([w * s for w, s in zip((0.25, 0.45, 0.3), shapes(GRID), strict=True)], axis=0) + rng.normal(
        0, 0.02, GRID.size
    )
    groups = [Group(energy=coarse, norm=s, label=n) for n, s in zip("ABC", shapes(coarse), strict=True)]
    theirs = lincombo_fit(
        Group(energy=GRID, norm=y, label="mix"),
        groups,
        xmin=RANGE[0],
        xmax=RANGE[1],
        sum_to_one=sum_to_one,
        minvals=[0.0] * 3,
    )
    ours = fit_mixture(spectrum("mix", y), standards(energy_ev=coarse), range_ev=RANGE, sum_to_one=sum_to_one)
    assert len(theirs.xdata) == len(ours.mixture[0].energy_ev)
    assert fractions(ours) == pytest.approx([theirs.weights[n] for n in "ABC"], abs=2e-4)  # their spline is FITPACK's
    assert ours.values["r_factor"].value == pytest.approx(theirs.rfactor, rel=1e-3)
    if not sum_to_one:  # lmfit has no error for a parameter that follows from others
        errors = [theirs.params[n].stderr for n in "ABC"]
        assert [ours.values[f"{n}.fraction"].u_stat for n in "ABC"] == pytest.approx(errors, rel=0.02)


@given(st.integers(0, 10_000), st.integers(2, 6), st.booleans())
def test_active_set_finds_the_minimum(seed: int, count: int, sum_to_one: bool) -> None:
    """Against scipy's NNLS; with the sum fixed, the conditions of Karush, Kuhn and Tucker hold."""
    rng = np.random.default_rng(seed)
    columns, data, weight = rng.normal(0.3, 1, (40, count)), rng.normal(0, 1, 40), rng.uniform(0.5, 2, 40)
    found = nonnegative(columns, data, weight, sum_to_one=sum_to_one)
    root = np.sqrt(weight)
    assert (found >= 0).all()
    if not sum_to_one:
        assert found == pytest.approx(nnls(columns * root[:, None], data * root)[0], abs=1e-9)
        return
    assert found.sum() == pytest.approx(1.0)
    gain = columns.T @ (weight * (data - columns @ found))
    level = gain[found > 0].mean()
    assert gain[found > 0] == pytest.approx(np.full((found > 0).sum(), level), abs=1e-8)
    assert (gain[found == 0] <= level + 1e-8).all()


@pytest.mark.parametrize("sum_to_one", [False, True])
def test_shifts_agree_with_a_general_minimiser(sum_to_one: bool) -> None:
    """Weights and shifts of all three standards, from another algorithm (Nelder-Mead on all parameters)."""
    rng = np.random.default_rng(3)
    a, b, c = shapes(GRID - 0.0)[0], shapes(GRID + 0.3)[1], shapes(GRID - 0.5)[2]
    y = 0.4 * a + 0.35 * b + 0.25 * c + rng.normal(0, 0.004, GRID.size)
    fit = fit_mixture(
        spectrum("mix", y, noise=0.004), standards(), range_ev=RANGE, sum_to_one=sum_to_one, shift_max_ev=1.0
    )
    low, high = RANGE
    inside = (low <= GRID) & (high >= GRID)

    def misfit(p: Array) -> float:
        w = np.append(p[3:], 1 - sum(p[3:])) if sum_to_one else p[3:]
        model = sum(w[j] * shapes(GRID[inside] - p[j])[j] for j in range(3))
        return float(np.sum((y[inside] - model) ** 2) / 0.004**2)

    start = [0.0, -0.2, 0.4, 0.4, 0.4, 0.3][: 5 if sum_to_one else 6]
    best = minimize(
        misfit, start, method="Nelder-Mead", options={"maxiter": 20000, "maxfev": 20000, "xatol": 1e-6, "fatol": 1e-7}
    )
    weights = np.append(best.x[3:], 1 - sum(best.x[3:])) if sum_to_one else best.x[3:]
    assert fractions(fit) == pytest.approx(weights, abs=2e-4)
    assert [fit.values[f"{n}.shift"].value for n in "ABC"] == pytest.approx(best.x[:3], abs=1e-3)
    assert fit.values["B.shift"].value == pytest.approx(-0.3, abs=4 * fit.values["B.shift"].u_stat)


@pytest.mark.parametrize(("shift_max_ev", "sum_to_one"), [(0.0, False), (0.0, True), (1.0, False)])
def test_uncertainties_match_monte_carlo(shift_max_ev: float, sum_to_one: bool) -> None:
    """Noise and a wrong edge step of the spectrum and of each standard, standards on a coarser grid of their own."""
    rng = np.random.default_rng(4)
    coarse = np.arange(2795.0, 2890.0, 0.6)
    sigma, step, truth = (0.01, 0.02), 0.005, (0.55, 0.45)
    results, predicted = [], []
    for _ in range(150):
        scale = 1 + rng.normal(0, step, 3)
        made = [
            Spectrum(
                n,
                coarse,
                scale[j] * shapes(coarse)[j] + rng.normal(0, sigma[1], coarse.size),
                np.full(coarse.size, sigma[1]),
                step,
            )
            for j, n in enumerate("AB")
        ]
        y = scale[2] * (truth[0] * shapes(GRID)[0] + truth[1] * shapes(GRID)[1]) + rng.normal(0, sigma[0], GRID.size)
        sample = Spectrum("mix", GRID, y, np.full(GRID.size, sigma[0]), step)
        fit = fit_mixture(sample, made, range_ev=RANGE, shift_max_ev=shift_max_ev, sum_to_one=sum_to_one)
        wanted = ["A.fraction", "B.fraction"] + (["A.shift", "B.shift"] if shift_max_ev else [])
        results.append([fit.values[w].value for w in wanted])
        predicted.append([fit.values[w].u_stat for w in wanted])
    scatter, claimed = np.std(results, axis=0), np.mean(predicted, axis=0)
    assert claimed == pytest.approx(scatter, rel=0.2)  # 150 draws: 6 % of the scatter is chance
    bias = np.mean(results, axis=0)[:2] - truth
    assert np.abs(bias).max() < 0.4 * claimed[:2].min()


def test_noise_of_standards_counts() -> None:
    """Negative control: left out, the uncertainty would be too small by far."""
    y = 0.5 * shapes(GRID)[0] + 0.5 * shapes(GRID)[1]
    sample = spectrum("mix", y, noise=0.005)
    with_noise = fit_mixture(sample, standards(2, noise=0.02), range_ev=RANGE).values["A.fraction"].u_stat
    without = fit_mixture(sample, standards(2), range_ev=RANGE).values["A.fraction"]
    assert with_noise == pytest.approx(without.u_stat * np.sqrt(1 + 2 * 0.25 * 16), rel=1e-6)
    assert "that of A, B unknown" in without.method


def test_absent_standard_is_at_the_bound_with_a_limit() -> None:
    """The limit holds the truth (0) and is about 2 sigma; the weight has no symmetric uncertainty."""
    rng = np.random.default_rng(5)
    bound = 0
    for _ in range(40):
        y = shapes(GRID)[0] + rng.normal(0, 0.02, GRID.size)
        fit = fit_mixture(spectrum("mix", y, noise=0.02), standards(2), range_ev=RANGE)
        absent = fit.values["B.fraction"]
        if absent.value == 0:
            bound += 1
            assert np.isnan(absent.u_stat) and "below 0.0" in absent.reason
            assert fit.values["A.fraction"].u_stat > 0
        else:
            assert absent.u_stat > 0 and not absent.reason
    assert 8 < bound < 32  # half of the time, by chance


def test_limit_covers_as_it_says() -> None:
    """Truth at one sigma above 0: where the fit is at the bound, the limit is above the truth in 95 % or more."""
    rng = np.random.default_rng(6)
    a, b, _ = shapes(GRID)
    sigma = fit_mixture(spectrum("m", a + b, noise=0.02), standards(2), range_ev=RANGE).values["B.fraction"].u_stat
    limits = []
    for _ in range(250):
        y = a + sigma * b + rng.normal(0, 0.02, GRID.size)
        absent = fit_mixture(spectrum("m", y, noise=0.02), standards(2), range_ev=RANGE).values["B.fraction"]
        if absent.value == 0:
            limits.append(float(absent.reason.split("below ")[1].split()[0]))
    assert len(limits) > 20
    assert np.mean(np.array(limits) > sigma) > 0.88


def test_forced_sum_with_one_standard_left() -> None:
    """Nothing is free then: said, not given the uncertainty 0."""
    fit = fit_mixture(
        spectrum("m", 1.3 * shapes(GRID)[0] - 0.3 * shapes(GRID)[1], noise=0.01),
        standards(2),
        range_ev=RANGE,
        sum_to_one=True,
    )
    assert fractions(fit) == [1.0, 0.0]
    assert np.isnan(fit.values["A.fraction"].u_stat) and "forced" in fit.values["A.fraction"].reason
    assert "far below 0" in fit.values["B.fraction"].reason


def test_alike_standards_are_named() -> None:
    """A copy of a standard, alone or beside a third one, and one that is the sum of two others."""
    first, second, third = standards()
    copy = Spectrum("copy", GRID, first.norm * 1.01, NONE)
    fit = fit_mixture(first, [second, first, copy], range_ev=RANGE)
    reason = fit.values["A.fraction"].reason
    assert "A and copy are too alike" in reason and not fit.mixture
    assert all(np.isnan(v.value) and v.reason for v in fit.values.values())
    total = Spectrum("total", GRID, 0.5 * first.norm + 0.5 * second.norm, NONE)
    assert "too alike" in fit_mixture(first, [first, second, total], range_ev=RANGE).values["sum"].reason
    assert not fit_mixture(first, [first, second, third], range_ev=RANGE).values["A.fraction"].reason


def test_shift_at_its_bound_is_said() -> None:
    """A standard that is 0.5 eV off where 0.2 are allowed."""
    y = 0.6 * shapes(GRID)[0] + 0.4 * shapes(GRID - 0.5)[1]
    fit = fit_mixture(spectrum("m", y, noise=0.001), standards(2), range_ev=RANGE, shift_max_ev=0.2)
    shift = fit.values["B.shift"]
    assert shift.value == pytest.approx(0.2) and np.isnan(shift.u_stat) and "at the bound 0.2 eV" in shift.reason
    assert abs(fit.values["A.shift"].value) < 0.2 and fit.values["A.shift"].u_stat > 0


def test_uncovered_range_and_few_points_have_a_reason() -> None:
    short = Spectrum("A", GRID[GRID < 2850], shapes(GRID[GRID < 2850])[0], NONE)
    fit = fit_mixture(spectrum("m", shapes(GRID)[1]), [short, standards(2)[1]], range_ev=RANGE)
    assert "A has data from 2800.0 to 2849.8 eV only" in fit.values["B.fraction"].reason
    fit = fit_mixture(spectrum("m", shapes(GRID)[1]), standards(2), range_ev=(2812.0, 2812.3))
    assert "2 points in the range for 2 parameters" in fit.values["B.fraction"].reason


def test_a_spectrum_that_is_no_mixture_is_noted() -> None:
    y = 0.5 * shapes(GRID)[0] + 0.5 * shapes(GRID)[2]
    fit = fit_mixture(spectrum("m", y, noise=0.002), standards(2), range_ev=RANGE)
    assert any("do not describe" in n for n in fit.notes)
    good = fit_mixture(spectrum("m", y, noise=0.002), standards(3), range_ev=RANGE)
    assert not good.notes


@pytest.mark.parametrize("shift_max_ev", [0.0, 0.5])
def test_choices_are_fitted_as_the_nominal_spectrum(shift_max_ev: float) -> None:
    """Each choice made alike for all spectra gives what a fit of its own gives."""
    energy = np.arange(2800.0, 2880.0, 0.3)
    y = 0.3 * shapes(GRID)[0] + 0.7 * shapes(GRID - 0.1)[1]
    factors, slope = (1.0, 1.1, 0.9), 0.002
    fit = fit_mixture(spectrum("m", y), standards(2, energy_ev=energy), range_ev=RANGE, shift_max_ev=shift_max_ev)

    def alike(norm: Array, e: Array) -> Array:
        return np.stack([norm * (f + slope * f**3 * (e - 2820.0)) for f in factors])

    choices = [(n, energy, alike(s, energy)) for n, s in zip("AB", shapes(energy), strict=False)]
    found = mixture_by_choice(fit, alike(y, GRID), GRID, choices)
    for k in range(3):
        own = [Spectrum(n, e, norm[k], NONE) for n, e, norm in choices]
        expected = fit_mixture(
            Spectrum("m", GRID, alike(y, GRID)[k], NONE), own, range_ev=RANGE, shift_max_ev=shift_max_ev
        )
        for name in ("A.fraction", "B.fraction", "sum", "r_factor", *(("A.shift",) if shift_max_ev else ())):
            assert found[name][k] == pytest.approx(expected.values[name].value, rel=1e-3, abs=2e-5), name


def measured(folder: Path, name: str) -> Spectrum:
    """A chloride of the CAMD file: pre-edge line and a flat post-edge, enough for a test."""
    scan = read_scans(folder / "CAMD_Cl-K_standards.prj", "CAMD_Cl-K_standards.prj", select=name)[0]
    energy, mu = scan.energy_ev, scan.mu(scan.channels[0].mode)
    before, after = energy < 2812, energy > 2850
    mu = mu - np.polyval(np.polyfit(energy[before], mu[before], 1), energy)
    return Spectrum(name, energy, mu / mu[after].mean(), NONE)


def test_measured_chlorides_mixed_by_numbers(xas_data: Path) -> None:
    """Fractions of a mixture of measured spectra come back; a third standard that is not in it is at or near 0."""
    salts = [measured(xas_data, n) for n in ("NaCl", "KCl", "PdCl2")]
    energy = salts[0].energy_ev
    rng = np.random.default_rng(7)
    mixed = (
        0.7 * salts[0].norm
        + 0.3 * np.interp(energy, salts[1].energy_ev, salts[1].norm)
        + rng.normal(0, 0.005, energy.size)
    )
    fit = fit_mixture(Spectrum("mix", energy, mixed, np.full(energy.size, 0.005)), salts, range_ev=(2815.0, 2860.0))
    for name, truth in (("NaCl", 0.7), ("KCl", 0.3)):
        value = fit.values[f"{name}.fraction"]
        assert value.value == pytest.approx(truth, abs=4 * value.u_stat) and value.u_stat < 0.01
    assert fit.values["PdCl2.fraction"].value < 0.01
    assert fit.values["chi2_reduced"].value == pytest.approx(1.0, abs=0.3)
