"""Path fits: against larch.feffit, a Monte Carlo, and what is known by construction."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntcspec.expressions import expression
from ntcspec.types import Array
from ntcspec.xas.fits.build import joined
from ntcspec.xas.fits.model import SLOTS, FitPath, Guess, Known, Model
from ntcspec.xas.fits.solve import DataSet, fit_paths
from ntcspec.xas.fits.space import space
from ntcspec.xas.paths.feff_files import FeffPath
from ntcspec.xas.paths.path_chi import path_chi, path_tables

RSTEP = np.pi / (0.05 * 2048)
RANGE = (39 * RSTEP, 85 * RSTEP - 1e-9)  # whole points of the grid, so that larch takes the same ones
TRANSFORM = {"kmin_inv_ang": 3.0, "kmax_inv_ang": 12.0, "dk_inv_ang": 1.0, "window": "hanning", "nfft": 2048}
K = 0.05 * np.arange(281)
TRUTH = {"n": 5.4, "delta_r_ang": 0.021, "sigma2_ang2": 0.0047, "e0_ev": 2.3}
FREE = {"n": Guess(6.0), "dr": Guess(0.0), "ss": Guess(0.003), "e0": Guess(0.0)}
OF_FREE = {"n": "n", "delta_r_ang": "dr", "sigma2_ang2": "ss", "e0_ev": "e0"}


def fit_path(entry: str, feff: FeffPath, **slots: str | float) -> FitPath:
    return FitPath(entry, feff, {slot: expression(slots.get(slot, 0.0)) for slot in SLOTS})


def chi_of(paths: Sequence[FeffPath], **parameters: object) -> Array:
    """chi of some paths together; 0 below 2.4 1/A."""
    used = K > 2.4
    chi = np.zeros(K.size)
    chi[used] = path_chi(path_tables(paths), K[used], **parameters).sum(axis=0)  # type: ignore[arg-type]
    return chi


def data_of(chi: Array, sigma: float = 1e-3, where: str = "r", kweights: Sequence[float] = (2,)) -> DataSet:
    covariance = sigma**2 * np.eye(K.size)
    return DataSet(K, chi, covariance, space(K, covariance, where=where, kweights=kweights, r_range_ang=RANGE, transform=TRANSFORM))  # fmt: skip


@pytest.fixture(scope="module")
def shell(tacl6_paths: Sequence[FeffPath]) -> FeffPath:
    return tacl6_paths[0]


@pytest.fixture(scope="module")
def one_shell(shell: FeffPath) -> Model:
    return Model("one", FREE, ((fit_path("Cl", shell, s02=0.9, **OF_FREE),),))


@pytest.mark.parametrize("where", ["r", "q", "k"])
@pytest.mark.parametrize("kweights", [(2,), (1, 2, 3)])
def test_truth_comes_back(one_shell: Model, shell: FeffPath, where: str, kweights: Sequence[float]) -> None:
    fit = fit_paths(one_shell, [data_of(chi_of([shell], s02=0.9, **TRUTH), 1e-3, where, kweights)])
    assert fit.converged and not fit.at_bound
    np.testing.assert_allclose(fit.free, list(TRUTH.values()), rtol=1e-5, atol=1e-7)
    assert fit.r_factor < 1e-10


def test_larch_finds_the_same(
    one_shell: Model, shell: FeffPath, tacl6_folder: Path, tacl6_paths: Sequence[FeffPath]
) -> None:
    """Same minimum, uncertainties and statistics as feffit, of data that the model cannot describe: other paths are in."""
    from larch import Group
    from larch.fitting import guess, param_group
    from larch.xafs import feffit, feffit_dataset, feffit_transform, feffpath

    noise = np.random.default_rng(5).normal(0.0, 2e-3, K.size)
    chi = chi_of([shell], s02=0.9, **TRUTH) + chi_of(tacl6_paths[1:], sigma2_ang2=0.008) + noise
    fit = fit_paths(one_shell, [data_of(chi)])
    parameters = param_group(n=guess(6.0), dr=guess(0.0), ss=guess(0.003), e0=guess(0.0))
    path = feffpath(
        str(tacl6_folder / f"feff{shell.index:04d}.dat"), degen=1, s02="n*0.9", deltar="dr", sigma2="ss", e0="e0"
    )
    trans = feffit_transform(
        kmin=3, kmax=12, dk=1, window="hanning", kweight=2, rmin=RANGE[0], rmax=RANGE[1] + 1e-9, fitspace="r", nfft=2048
    )
    found = feffit(parameters, feffit_dataset(data=Group(k=K, chi=chi), transform=trans, paths=[path], epsilon_k=1e-3))
    theirs = np.array([found.params[n].value for n in one_shell.free])
    errors = np.array([found.params[n].stderr for n in one_shell.free])
    np.testing.assert_allclose(fit.free, theirs, atol=2e-3 * errors.min(), rtol=1e-4)
    np.testing.assert_allclose(np.sqrt(np.diag(fit.scaled)), errors, rtol=3e-3)
    assert fit.r_factor == pytest.approx(found.rfactor, rel=1e-4)
    assert fit.independent == pytest.approx(found.n_independent, rel=1e-6)
    assert fit.correlation[0, 2] == pytest.approx(found.params["n"].correl["ss"], abs=2e-3)
    epsilon = found.datasets[0].epsilon_r / data_of(chi).space.epsilon[0]
    assert epsilon == pytest.approx(2**-0.5, rel=0.05), "feffit makes too little of epsilon_k; its own noise is right"
    assert fit.chi2 == pytest.approx(found.chi_square * epsilon**2, rel=1e-3)
    shift = fit.independent * np.log(epsilon**2)
    assert fit.bic == pytest.approx(found.bic + shift, abs=5e-3) and fit.aic == pytest.approx(
        found.aic + shift, abs=5e-3
    )


@pytest.mark.parametrize("kweights", [(2,), (1, 2, 3)])
def test_u_noise_is_what_noise_does(one_shell: Model, shell: FeffPath, kweights: Sequence[float]) -> None:
    """400 draws of noise that is correlated in k; the usual (J J^T)^-1 knows nothing of that."""
    rng, chi = np.random.default_rng(11), chi_of([shell], s02=0.9, **TRUTH)
    mix = 2e-3 * sum(np.eye(K.size, k=i) * w for i, w in ((-1, 0.5), (0, 1.0), (1, 0.5)))
    covariance = mix @ mix.T
    seen = space(K, covariance, where="r", kweights=kweights, r_range_ang=RANGE, transform=TRANSFORM)
    nominal = fit_paths(one_shell, [DataSet(K, chi, covariance, seen)])
    draws = np.array([
        fit_paths(one_shell, [DataSet(K, chi + mix @ rng.normal(size=K.size), covariance, seen)], nominal.free).free
        for _ in range(400)
    ])  # fmt: skip
    ratio = draws.std(axis=0, ddof=1) / np.sqrt(np.diag(nominal.noise))
    np.testing.assert_allclose(ratio, 1.0, atol=0.12)
    pulls = (draws.mean(axis=0) - nominal.free) / (draws.std(axis=0) / np.sqrt(400))
    assert np.abs(pulls).max() < 4.0


def test_pure_noise_has_a_reduced_chi2_of_one(one_shell: Model, shell: FeffPath) -> None:
    rng, chi = np.random.default_rng(3), chi_of([shell], s02=0.9, **TRUTH)
    found = [
        fit_paths(
            one_shell, [data_of(chi + rng.normal(0, 1e-3, K.size))], np.array([5.4, 0.021, 0.0047, 2.3])
        ).reduced_chi2
        for _ in range(200)
    ]
    assert np.mean(found) == pytest.approx(1.0, abs=0.25), "N independent points are a rule of thumb"


def test_two_entries_of_one_file_share_nothing(shell: FeffPath) -> None:
    """In larch two paths from one feffNNNN.dat share their parameters in silence."""
    parts = [chi_of([shell], n=n, delta_r_ang=dr, sigma2_ang2=0.003, s02=0.9) for n, dr in ((4.0, -0.08), (2.0, 0.2))]
    model = Model(
        "two",
        {"n1": Guess(3.0), "n2": Guess(3.0), "r1": Guess(2.30), "r2": Guess(2.52), "ss": Guess(0.004)},
        ((
            fit_path("near", shell, n="n1", s02=0.9, delta_r_ang="r1 - reff", sigma2_ang2="ss"),
            fit_path("far", shell, n="n2", s02=0.9, delta_r_ang="r2 - reff", sigma2_ang2="ss"),
        ),),
    )  # fmt: skip
    fit = fit_paths(model, [data_of(parts[0] + parts[1])])
    r = shell.reff_ang
    np.testing.assert_allclose(fit.free, [4.0, 2.0, r - 0.08, r + 0.2, 0.003], rtol=1e-4)


@settings(max_examples=15, deadline=None)
@given(n=st.floats(2.0, 10.0), dr=st.floats(-0.1, 0.1), ss=st.floats(0.002, 0.012), c3=st.floats(-3e-4, 3e-4))
def test_a_skewed_shell_comes_back(tacl6_paths: Sequence[FeffPath], n: float, dr: float, ss: float, c3: float) -> None:
    shell = tacl6_paths[0]
    model = Model("c3", {**FREE, "c3": Guess(0.0)}, ((fit_path("Cl", shell, s02=1.0, c3_ang3="c3", **OF_FREE),),))
    chi = chi_of([shell], n=n, delta_r_ang=dr, sigma2_ang2=ss, c3_ang3=c3)
    fit = fit_paths(model, [data_of(chi, kweights=(1, 2, 3))])
    np.testing.assert_allclose(fit.free, [n, dr, ss, 0.0, c3], rtol=2e-3, atol=2e-4)


def test_constraints_hold_and_derived_numbers_carry_both_uncertainties(shell: FeffPath) -> None:
    model = Model(
        "tied", {"amp": Known(0.9, 0.045), "n": Guess(6.0), "ss": Guess(0.003), "double": expression("2 * ss")},
        ((fit_path("Cl", shell, n="n", s02="amp", sigma2_ang2="double"),),),
    )  # fmt: skip
    fit = fit_paths(model, [data_of(chi_of([shell], n=6.0, s02=0.9, sigma2_ang2=0.006))])
    assert fit.values["ss"] == pytest.approx(0.003, rel=1e-4) and fit.values["double"] == pytest.approx(0.006, rel=1e-4)
    value, noise, system = fit.of(expression("n"))
    assert value == pytest.approx(6.0, rel=1e-5)
    assert system == pytest.approx(6.0 * 0.05, rel=1e-3), "N S02 is what is measured: 5 % of S02 are 5 % of N"
    assert fit.of(expression("n * amp"))[2] == pytest.approx(0.0, abs=1e-4), "and the product does not move"
    assert 0 < noise < system


def test_several_data_sets_share_what_is_shared(shell: FeffPath, one_shell: Model) -> None:
    chis = [
        chi_of([shell], s02=0.9, n=n, delta_r_ang=dr, sigma2_ang2=0.004, e0_ev=1.5) for n, dr in ((6, 0.0), (5, 0.03))
    ]
    model = joined("both", {"a": one_shell, "b": one_shell}, ["e0"])
    assert model.free == ("n__0", "dr__0", "ss__0", "e0", "n__1", "dr__1", "ss__1")
    alone = fit_paths(one_shell, [data_of(chis[0], 2e-3)])
    fit = fit_paths(model, [data_of(chi, 2e-3) for chi in chis])
    np.testing.assert_allclose(fit.free, [6, 0, 0.004, 1.5, 5, 0.03, 0.004], rtol=1e-4, atol=1e-6)
    assert fit.independent == pytest.approx(2 * alone.independent)
    error = np.sqrt(np.diag(fit.noise))
    assert error[3] < 0.8 * np.sqrt(alone.noise[3, 3]), "two data sets know their common E0 better than one"
    with pytest.raises(ValueError, match="no parameter 'e1'"):
        joined("both", {"a": one_shell}, ["e1"])


def test_a_parameter_at_its_bound_has_no_uncertainty(shell: FeffPath) -> None:
    model = Model("held", {"n": Guess(5.0, 0.0, 5.5), "ss": Guess(0.004)}, ((fit_path("Cl", shell, n="n", s02=0.9, sigma2_ang2="ss"),),))  # fmt: skip
    fit = fit_paths(model, [data_of(chi_of([shell], n=7.0, s02=0.9, sigma2_ang2=0.004))])
    assert fit.at_bound == ("n",) and fit.values["n"] == 5.5
    assert np.isnan(fit.of(expression("n"))[1]) and np.isfinite(fit.of(expression("ss"))[1])


def test_what_the_data_do_not_determine_is_said(shell: FeffPath) -> None:
    model = Model("product", {"n": Guess(5.0), "amp": Guess(0.8)}, ((fit_path("Cl", shell, n="n", s02="amp", sigma2_ang2=0.004),),))  # fmt: skip
    fit = fit_paths(model, [data_of(chi_of([shell], n=6.0, s02=0.9, sigma2_ang2=0.004))])
    assert np.isnan(fit.of(expression("n"))[1]) and fit.values["n"] * fit.values["amp"] == pytest.approx(5.4, rel=1e-4)


def test_more_parameters_than_points_are_refused(shell: FeffPath) -> None:
    names = {f"p{i}": Guess(0.1) for i in range(12)}
    model = Model("many", names, ((fit_path("Cl", shell, n=" + ".join(names), s02=1.0),),))
    with pytest.raises(ValueError, match=r"12 free parameters, but the data hold 9\.1 independent points"):
        fit_paths(model, [data_of(chi_of([shell]))])


@pytest.mark.parametrize(
    ("parameters", "slots", "why"),
    [
        ({"a": expression("b"), "b": expression("a")}, {"n": "a"}, "need each other"),
        ({"a": expression("2 * x")}, {"n": "a"}, "no parameter 'x'"),
        ({"n": Guess(1.0)}, {"n": "m"}, "no parameter 'm'"),
        ({"n": Guess(1.0), "idle": Guess(1.0)}, {"n": "n"}, "no path depends on the parameter 'idle'"),
    ],
)
def test_models_that_make_no_sense_are_refused(shell: FeffPath, parameters: dict, slots: dict, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Model("bad", parameters, ((fit_path("Cl", shell, **slots),),))
