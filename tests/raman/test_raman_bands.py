"""Line fits: published ones, lmfit as oracle, how many lines, what is not there, the instrument taken out."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import voigt_profile
from spectra_for_raman import gauss, load, lorentz

from ntcspec.errors import UserError
from ntcspec.raman.bands import Band, band_of, fit_band, refit
from ntcspec.raman.reduce import reduce_raman
from ntcspec.types.raman import RamanIngested

X = np.arange(300.0, 480.0, 0.5)


def fitted(
    y, sigma, x=X, usable=None, instrument: float = float("nan"), instrument_error: float = float("nan"), **band
):
    settings = {"range_cm1": (float(x[0]), float(x[-1])), **band}
    return fit_band(
        x, y, sigma, name="a1g", band=Band(**settings), usable=usable, instrument_fwhm_cm1=instrument,
        instrument_fwhm_error_cm1=instrument_error,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["g36-mi1_03", "g45-mi1bub1_01"])
@pytest.mark.parametrize("line", [1, 2])
def test_published_fits_of_carbon_dioxide(data_folder: Path, name: str, line: int) -> None:
    """Published pseudo-Voigt fits, unweighted as theirs: centres within 0.02, widths within 0.06 cm^-1."""
    with (data_folder / "raman" / "diadfit" / f"fits_{name}.txt").open() as file:
        row = next(csv.DictReader(file))
    centre, width = float(row[f"Diad{line}_Voigt_Cent"]), float(row[f"Diad{line}_fwhm"])
    scan, _ = load(data_folder, f"diadfit/{name}.txt")
    reduced = reduce_raman(RamanIngested((scan,)), baseline="none", baselines=(), noise="flat")
    found = fitted(
        reduced.mean_corrected, reduced.sigma[0], reduced.shift_cm1, range_cm1=(centre - 20, centre + 20),
        fwhm_range_cm1=(0.3, 6.0),
    )  # fmt: skip
    assert found.values["position"].value == pytest.approx(centre, abs=0.02)
    assert found.values["fwhm"].value == pytest.approx(width, abs=0.06)
    assert 0.005 < found.values["position"].u_stat < 0.1


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_fit_is_that_of_lmfit(seed: int) -> None:
    from lmfit.models import LinearModel, PseudoVoigtModel

    rng = np.random.default_rng(seed)
    mean = 50 + 0.2 * (X - 390) + 4000 * (0.6 * lorentz(X, 381, 9) + 0.4 * gauss(X, 381, 9))
    y = rng.poisson(mean + 400) - 400.0
    sigma = np.sqrt(np.maximum(y + 400, 1))
    found = fitted(y, sigma)
    model = PseudoVoigtModel() + LinearModel()
    p = model.make_params(center=381, sigma=4.5, amplitude=4e4, fraction=0.5, slope=0, intercept=50)
    other = model.fit(y, p, x=X, weights=1 / sigma, scale_covar=False)
    for key, parameter in (("position", "center"), ("fwhm", "fwhm"), ("area", "amplitude")):
        wanted = other.params[parameter]
        assert found.values[key].value == pytest.approx(wanted.value, rel=2e-5)
        factor = max(1.0, np.sqrt(found.fit.reduced_chi2))
        assert found.values[key].u_stat == pytest.approx(wanted.stderr * factor, rel=0.05), key


def test_uncertainties_cover_the_truth() -> None:
    rng = np.random.default_rng(7)
    pulls = []
    for _ in range(60):
        mean = 500 + 900 * lorentz(X, 381.3, 11)
        y = rng.poisson(mean).astype(float)
        found = fitted(y, np.sqrt(mean), shape="lorentzian")
        pulls.append(
            [(found.values[k].value - t) / found.values[k].u_stat for k, t in (("position", 381.3), ("fwhm", 11.0))]
        )
    assert np.all(np.abs(np.mean(pulls, axis=0)) < 0.45) and np.all(np.abs(np.std(pulls, axis=0) - 1) < 0.35)


@pytest.mark.parametrize("seed", range(8))
def test_noise_alone_is_not_detected(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y = rng.normal(0, 20, X.size) + 0.3 * (X - 390)
    found = fitted(y, np.full(X.size, 20.0), lines=(1, 2))
    assert found.lines == 0 and np.isnan(found.values["position"].value)
    assert found.values["position"].reason.startswith("not detected") or "no band" in found.values["position"].reason
    assert all(np.isnan(v) for v in refit(found, y).values())


def test_two_bands_merge() -> None:
    """360 and 420 cm^-1: two while they are apart; one when they have become one."""
    rng = np.random.default_rng(4)
    found = {}
    for name, (c1, c2, w) in {"apart": (360, 420, 10), "merged": (385, 389, 45)}.items():
        mean = 800 + 1500 * gauss(X, c1, w) + 1800 * gauss(X, c2, w)
        found[name] = fitted(rng.poisson(mean) * 1.0, np.sqrt(mean), lines=(1, 2), shape="gaussian")
    apart, merged = found["apart"].values, found["merged"].values
    assert found["apart"].lines == 2 and apart["lines"].value == 2.0 and apart["delta_bic"].value > 10
    assert apart["splitting"].value == pytest.approx(60, abs=4 * apart["splitting"].u_stat)
    assert apart["line1.position"].value == pytest.approx(360, abs=0.5)
    assert apart["area_ratio"].value == pytest.approx(1.2, abs=0.06)
    assert found["merged"].lines == 1 and np.isnan(merged["splitting"].value)
    assert re.match("one line describes|undecided between", merged["splitting"].reason)
    assert "line1.position" not in merged


def test_the_instrument_is_taken_out() -> None:
    """A Voigt line of known parts: its Lorentzian and Gaussian without the 2.35 cm^-1 of the instrument."""
    own, instrument = 2.0, 2.35  # Gaussian parts, FWHM
    to_sigma = 1 / (2 * np.sqrt(2 * np.log(2)))
    gamma = 3.0 / 2
    y = 2e4 * voigt_profile(X - 390, np.hypot(own, instrument) * to_sigma, gamma)
    found = fitted(y, np.full(X.size, 2.0), shape="voigt", instrument=instrument, instrument_error=0.05)
    true = 2e4 * voigt_profile(X - 390, own * to_sigma, gamma)
    above = X[true >= true.max() / 2]
    value = found.values["intrinsic_fwhm"]
    assert value.value == pytest.approx(0.5346 * 3 + np.sqrt(0.2166 * 9 + own**2), rel=2e-3)
    assert abs(value.value - (above[-1] - above[0])) < 1.1  # two steps of the grid
    assert found.values["fwhm"].value > value.value and 0.02 < value.u_stat < 0.2
    without = fitted(y, np.full(X.size, 2.0), shape="voigt").values["intrinsic_fwhm"]
    assert np.isnan(without.value) and "not known" in without.reason
    other = fitted(y, np.full(X.size, 2.0), instrument=instrument).values["intrinsic_fwhm"]
    assert "needs one line of shape voigt" in other.reason
    wide = fitted(y, np.full(X.size, 2.0), shape="voigt", instrument=30.0).values["intrinsic_fwhm"]
    assert "not broader than the instrument" in wide.reason


def test_calcite(data_folder: Path) -> None:
    """156, 282, 713 and 1086 cm^-1, whole numbers of handbooks: within 2 cm^-1, calibrated by silicon and neon."""
    scan, _ = load(data_folder, "chada/Ho633_calcite.txt")
    silicon, _ = load(data_folder, "chada/Ho633_Si.txt")
    neon, _ = load(data_folder, "chada/Ho633_neon.txt")
    reduced = reduce_raman(
        RamanIngested((replace(scan, laser_nm=632.8165),), (silicon,), (neon,)),
        neon_degree=2,
        range_cm1=(105, 1200),
        baselines=(),
    )
    for centre in (156.0, 282.0, 713.0, 1086.0):
        found = fitted(
            reduced.mean_corrected, reduced.sigma[0], reduced.shift_cm1, range_cm1=(centre - 25, centre + 25), shape="voigt",
            fwhm_range_cm1=(1.0, 25.0), instrument=reduced.instrument_fwhm_cm1,
        )  # fmt: skip
        assert found.values["position"].value == pytest.approx(centre, abs=2.0)
    assert reduced.instrument_fwhm_cm1 == pytest.approx(2.35, abs=0.1)


def test_saturated_points_are_left_out() -> None:
    mean = 500 + 90_000 * lorentz(X, 381, 9)
    y = np.minimum(mean, 65535.0)
    usable = y < 65535.0
    kept = fitted(y, np.sqrt(mean), usable=usable, shape="lorentzian").values
    assert kept["fwhm"].value == pytest.approx(9.0, rel=1e-3) and kept["position"].value == pytest.approx(381, abs=1e-3)
    assert abs(fitted(y, np.sqrt(mean), shape="lorentzian").values["fwhm"].value - 9.0) > 0.5  # negative control


@pytest.mark.parametrize(
    ("band", "message"),
    [
        ({"range_cm1": (900.0, 950.0)}, "0 points between 900 and 950"),
        ({"range_cm1": (390.0, 392.0), "lines": (1, 2)}, "2 lines need at least 12"),
        ({"shape": "doniach"}, "unknown line shape 'doniach'"),
        ({"peak_range_cm1": (200.0, 400.0)}, "peak_range_cm1 200 to 400 is not inside range_cm1"),
        ({"lines": ()}, "no list of numbers of lines"),
    ],
)
def test_bad_bands_are_refused(band: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        fitted(np.ones(X.size), np.ones(X.size), **band)


def test_unknown_keys_of_a_band_are_named() -> None:
    assert band_of("x", {"range_cm1": [1.0, 2.0], "lines": [1, 2]}) == Band((1.0, 2.0), lines=(1, 2))
    with pytest.raises(UserError, match=r"unknown parameter 'line' .did you mean 'lines'"):
        band_of("x", {"range_cm1": (1, 2), "line": 1})
    with pytest.raises(UserError, match="range_cm1 is missing"):
        band_of("x", {"lines": (1,)})
