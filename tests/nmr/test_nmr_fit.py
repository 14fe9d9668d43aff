"""Fits of sites: derivatives, recovery, uncertainties that cover, lmfit as oracle, noise that is correlated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_spectra import modelled
from scipy.linalg import toeplitz
from scipy.signal import hilbert

from ntcspec.nmr import noise
from ntcspec.nmr.choose import choose
from ntcspec.nmr.decay import Grid
from ntcspec.nmr.fit import Data, evaluate, fit_from, fit_sites
from ntcspec.nmr.sites import Nucleus, Site
from ntcspec.nmr.values import numbers, quantities
from ntcspec.types.nmr import NmrReduced

NACL = Site("nacl", "gaussian", (5.0, 20.0), (9.0, 500.0))
GLASS = Site("glass", "czjzek", (-20.0, 0.05, 20.0), (0.0, 1.5, 800.0))
CRYSTAL = Site("crystal", "quadrupolar", (-20.0, 0.1, 0.0, 20.0), (0.0, 3.0, 1.0, 800.0))
LINE = Site("line", "pseudo_voigt", (-20.0, 20.0, 0.0), (0.0, 2000.0, 1.0))
NACL_TRUE, GLASS_TRUE, CRYSTAL_TRUE = [5.0, 7.2, 90.0], [90.0, -9.6, 0.56, 200.0], [90.0, -9.0, 0.9, 0.6, 120.0]


def data_of(reduced: NmrReduced, low: float = -70.0, high: float = 50.0, *, satellites: bool = False) -> Data:
    x = reduced.shift_ppm
    first, last = (int(i) for i in np.searchsorted(x, (low, high)))
    grid = Grid(float(x[0]), float(x[1] - x[0]), x.size, reduced.larmor_mhz, reduced.broadening_hz)
    inside = slice(first, last)
    return Data(grid, Nucleus(1.5, reduced.spinning_hz), first, reduced.real[inside], reduced.sigma[inside],
                reduced.noise_correlation, satellites)  # fmt: skip


def made(*sites: tuple[Site, list[float]], noise: float = 0.01, seed: int = 1, **how: float) -> NmrReduced:
    return modelled(list(sites), noise=noise, rng=np.random.default_rng(seed), **how)


@pytest.mark.parametrize("site", [NACL, GLASS, CRYSTAL, LINE, Site("l", "lorentzian", (5.0, 20.0), (9.0, 500.0))])
def test_derivatives_are_those_of_differences(site: Site) -> None:
    shape = {"gaussian": NACL_TRUE, "lorentzian": NACL_TRUE, "czjzek": GLASS_TRUE, "quadrupolar": CRYSTAL_TRUE}
    p = np.array([*shape.get(site.model, [3.0, -9.0, 300.0, 0.4]), 0.1, 0.05])
    data = data_of(made((NACL, NACL_TRUE)))
    _, rows = evaluate([site], "linear", data, p)
    for i in range(p.size):
        step = 1e-4 * abs(p[i])
        up, down = p.copy(), p.copy()
        up[i] += step
        down[i] -= step
        above, below = (evaluate([site], "linear", data, q)[0].sum(axis=0) for q in (up, down))
        expected = (above - below) / (2 * step)
        # one-sided steps of the powder line, and its finite number of orientations, are good for some percent
        loose = 0.03 if site.model == "quadrupolar" and 2 <= i <= 3 else 1e-5
        assert rows[i] == pytest.approx(expected, abs=loose * np.abs(expected).max())


@pytest.mark.parametrize(
    ("site", "truth"), [(GLASS, GLASS_TRUE), (CRYSTAL, CRYSTAL_TRUE), (LINE, [90.0, -9.0, 300.0, 0.4])]
)
def test_a_fit_finds_what_was_put_in(site: Site, truth: list[float]) -> None:
    fit = fit_sites(data_of(made((site, truth), (NACL, NACL_TRUE))), [site, NACL])
    errors = np.sqrt(np.diag(fit.covariance))
    expected = np.array([*truth, *NACL_TRUE, 0.0])
    assert fit.converged and not fit.at_bound
    assert fit.reduced_chi2 == pytest.approx(1.0, abs=0.12)
    assert (np.abs(fit.p - expected) < 4.5 * errors).all()
    assert numbers(fit)["nacl.fraction"] == pytest.approx(5.0 / 95.0, abs=0.005)


def test_lmfit_finds_the_same_minimum_and_errors() -> None:
    import lmfit

    data = data_of(made((GLASS, GLASS_TRUE), (NACL, NACL_TRUE)))
    data = Data(data.grid, data.nucleus, data.first, data.y, data.sigma, np.ones(1))  # lmfit knows no correlation
    fit = fit_sites(data, [GLASS, NACL])
    parameters = lmfit.Parameters()
    for i, value in enumerate(fit.p):
        parameters.add(f"p{i}", value=float(value) * 1.03 + 1e-3)

    def residual(found: lmfit.Parameters) -> np.ndarray:
        p = np.array([found[f"p{i}"].value for i in range(fit.p.size)])
        return (evaluate([GLASS, NACL], "constant", data, p)[0].sum(axis=0) - data.y) / data.sigma

    other = lmfit.minimize(residual, parameters, scale_covar=False)
    values = np.array([one.value for one in other.params.values()])
    stderr = np.array([one.stderr for one in other.params.values()])
    errors = np.sqrt(np.diag(fit.covariance)) / fit.scale
    assert fit.chi2 <= other.chisqr * (1 + 1e-6)
    assert (np.abs(values - fit.p) < 0.02 * errors).all()
    assert errors == pytest.approx(stderr, rel=0.02)


@pytest.mark.parametrize("broadening_hz", [0.0, 60.0])
def test_uncertainties_cover(broadening_hz: float) -> None:
    """200 noises: the scatter is what the covariance says, with and without apodisation that correlates the points."""
    rng = np.random.default_rng(4)
    first = modelled([(GLASS, GLASS_TRUE), (NACL, NACL_TRUE)], noise=0.02, rng=rng, broadening_hz=broadening_hz)
    start = np.array([*GLASS_TRUE, *NACL_TRUE, 0.0])
    clean = evaluate([GLASS, NACL], "constant", data_of(first), start)[0].sum(axis=0)
    nothing = modelled([(NACL, [0.0, 7.2, 90.0])], noise=0.0, rng=rng, broadening_hz=broadening_hz)
    assert np.abs(nothing.real).max() < 1e-12
    found, errors, inside = [], [], []
    for _ in range(200):
        one = data_of(modelled([(NACL, [0.0, 7.2, 90.0])], noise=0.02, rng=rng, broadening_hz=broadening_hz))
        data = Data(one.grid, one.nucleus, one.first, clean + one.y, one.sigma, one.correlation)
        fit = fit_from(data, [GLASS, NACL], "constant", start)
        known = quantities(fit)
        names = ("glass.delta_iso", "glass.sigma", "glass.quadrupole_shift", "glass.cog", "nacl.fraction")
        found.append([known[n].value for n in names])
        errors.append([known[n].error for n in names])
        inside.append(fit.reduced_chi2)
    truth = np.array([-9.6, 0.56, -25000 * 5 * (0.56 / 105.67) ** 2, 0.0, 5.0 / 95.0])
    truth[3] = truth[0] + truth[2]
    scatter, claimed = np.std(found, axis=0), np.mean(errors, axis=0)
    assert claimed / scatter == pytest.approx(np.ones(5), abs=0.17)  # 1/sqrt(400) is 5 %
    pull = (np.array(found) - truth) / np.array(errors)
    assert np.abs(pull.mean(axis=0)).max() < 0.3
    assert np.mean(np.abs(pull) < 1, axis=0) == pytest.approx(np.full(5, 0.683), abs=0.11)
    assert np.mean(inside) == pytest.approx(1.0, abs=0.02)


def test_errors_that_ignore_the_correlation_are_too_small() -> None:
    """Negative control of the above: apodised noise taken as white."""
    data = data_of(made((GLASS, GLASS_TRUE), (NACL, NACL_TRUE), broadening_hz=60.0))
    white = Data(data.grid, data.nucleus, data.first, data.y, data.sigma, np.ones(1))
    start = np.array([*GLASS_TRUE, *NACL_TRUE, 0.0])
    right, wrong = (fit_from(one, [GLASS, NACL], "constant", start) for one in (data, white))
    assert np.sqrt(wrong.covariance[1, 1]) < 0.8 * np.sqrt(right.covariance[1, 1])


def test_correlated_noise_is_toeplitz_algebra() -> None:
    rng = np.random.default_rng(0)
    rho = 0.8 ** np.arange(12.0)
    rows, sigma = rng.normal(size=(3, 50)), rng.random(50) + 0.5
    matrix = toeplitz(np.concatenate([rho, np.zeros(38)]))
    assert noise.correlate(rows, rho) == pytest.approx(rows @ matrix)
    expected = np.sqrt((rows[0] * sigma) @ matrix @ (rows[0] * sigma))
    assert noise.sum_error(rows[0], sigma, rho) == pytest.approx(expected)
    g = np.linalg.inv(rows @ rows.T)
    found, expected_chi2 = noise.covariance(rows, np.zeros(3, dtype=bool), rho)
    projector = rows.T @ g @ rows
    assert expected_chi2 == pytest.approx(np.trace(matrix @ (np.eye(50) - projector)))
    assert found == pytest.approx(g @ rows @ matrix @ rows.T @ g)
    assert noise.effective_share(rho, 50) == pytest.approx(1 / (2 * rho.sum() - 1))


@pytest.mark.parametrize(
    ("truth", "expected"),
    [
        ([(GLASS, GLASS_TRUE)], "glass"),
        ([(CRYSTAL, CRYSTAL_TRUE)], "crystal"),
        ([(CRYSTAL, [45.0, *CRYSTAL_TRUE[1:]]), (GLASS, [45.0, *GLASS_TRUE[1:]])], "both"),
        ([(Site("g", "gaussian", (-20.0, 20.0), (0.0, 2000.0)), [90.0, -9.0, 300.0])], "line"),
    ],
)
def test_the_model_that_made_the_spectrum_is_chosen(truth: list, expected: str) -> None:
    models = {
        "line": [Site("line", "gaussian", (-20.0, 20.0), (0.0, 2000.0))],
        "glass": [GLASS],
        "crystal": [CRYSTAL],
        "both": [CRYSTAL, GLASS],
    }
    data = data_of(made(*truth, noise=0.005))
    choice = choose({name: fit_sites(data, sites) for name, sites in models.items()})
    assert choice.chosen == expected, choice.bic


SHARP = [40.0 * 0.011, -9.0, 0.9, 0.6, 120.0]


def test_a_minor_site_that_is_there_is_kept_where_no_other_model_comes_near() -> None:
    """1.1 % of crystal in glass: its area is below 3 sigma as its shape trades with that of the glass, BIC is decided."""
    glass = [40.0 * 0.989, -9.0, 0.6, 270.0]
    data = data_of(made((GLASS, glass), (CRYSTAL, SHARP), noise=0.0004, seed=0))
    simple = fit_sites(data, [GLASS])
    choice = choose({"glass": simple, "both": fit_sites(data, [CRYSTAL, GLASS], simpler=(simple,))})
    assert choice.refused == {"both": "crystal below 3 sigma"} and choice.delta_bic > 10.0
    assert choice.chosen == "both" and choice.fits["glass"].reduced_chi2 < 1.2
    near = replace(choice.fits["glass"], chi2=choice.fits["both"].chi2 + 9.0)  # a simpler model that comes near
    again = choose({"glass": near, "both": choice.fits["both"]})
    assert again.chosen == "glass"


@pytest.mark.parametrize("seed", range(3))
def test_a_site_that_is_not_there_is_not_found(seed: int) -> None:
    data = data_of(made((GLASS, [40.0, -9.0, 0.6, 270.0]), noise=0.0004, seed=seed))
    simple = fit_sites(data, [GLASS])
    choice = choose({"glass": simple, "both": fit_sites(data, [CRYSTAL, GLASS], simpler=(simple,))})
    assert choice.chosen == "glass" and choice.decided and not choice.misfit


def test_a_wrong_shape_is_told_by_chi2_and_not_by_a_second_site() -> None:
    """One site, the phase 2 degrees off at high signal to noise: the second site is no finding, and a misfit is left."""
    clean = made((GLASS, [40.0, -9.0, 0.6, 270.0]), noise=1e-9).real
    spectrum = made((GLASS, [40.0, -9.0, 0.6, 270.0]), noise=0.0004, seed=5)
    wrong = replace(spectrum, real=spectrum.real + np.deg2rad(-2.0) * np.imag(hilbert(clean)))
    data = data_of(wrong)
    simple = fit_sites(data, [GLASS])
    choice = choose({"glass": simple, "both": fit_sites(data, [CRYSTAL, GLASS], simpler=(simple,))})
    assert choice.misfit and choice.inflation > 1.5


def test_a_faint_spectrum_decides_nothing() -> None:
    data = data_of(made((GLASS, [90.0, -9.0, 0.12, 300.0]), noise=0.15))
    choice = choose({"glass": fit_sites(data, [GLASS]), "line": fit_sites(data, [Site("line", "gaussian", (-20.0, 20.0), (0.0, 2000.0))])})  # fmt: skip
    assert choice.chosen == "line"  # fewer parameters
