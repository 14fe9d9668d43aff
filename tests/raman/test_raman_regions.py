"""Model-free numbers: closed forms, Monte Carlo, Bose factor, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from spectra_for_raman import gauss, lorentz, scan_of

from ntcspec.errors import UserError
from ntcspec.raman.bose import reduction_factor, transform_raman
from ntcspec.raman.reduce import reduce_raman
from ntcspec.raman.regions import measure_region, ratio
from ntcspec.types.raman import RamanIngested

X = np.arange(100.0, 500.0, 0.5)
WINDOW = (340.0, 440.0)


def region(y, sigma=1.0, window=WINDOW, smooth_points=0):
    rows = np.atleast_2d(y)
    return measure_region(
        X, rows, np.broadcast_to(sigma, rows.shape), name="a1g", range_cm1=window, smooth_points=smooth_points
    )


@given(st.floats(375, 405), st.floats(6, 20), st.floats(100, 1e5))
def test_closed_forms_of_a_gaussian(centre: float, width: float, height: float) -> None:
    found = region(height * gauss(X, centre, width), 1e-3)
    area = height * width * np.sqrt(np.pi / np.log(2)) / 2
    assert found.values["area"][0] == pytest.approx(area, rel=1e-4)
    assert found.values["centroid"][0] == pytest.approx(centre, abs=1e-3)
    assert found.values["height"][0] == pytest.approx(height, rel=0.03)
    assert found.values["fwhm"][0] == pytest.approx(width, rel=0.03)


@given(st.floats(0.01, 1e4), st.integers(0, 5))
def test_scaling_moves_nothing(scale: float, seed: int) -> None:
    y = 500 * lorentz(X, 381, 14) + np.random.default_rng(seed).normal(0, 5, X.size)
    one, other = region(y, 5.0), region(scale * y, scale * 5.0)
    for key, power in (("area", 1), ("height", 1), ("centroid", 0), ("fwhm", 0)):
        assert other.values[key][0] == pytest.approx(one.values[key][0] * scale**power, rel=1e-9)
        assert other.errors[key][0] == pytest.approx(one.errors[key][0] * scale**power, rel=1e-9)


@pytest.mark.parametrize("width", [9.0, 36.0])
def test_uncertainties_are_those_of_repeated_measurements(width: float) -> None:
    rng = np.random.default_rng(9)
    y = 400 * gauss(X, 385, width) + rng.normal(0, 12, (1500, X.size))
    found = region(y, 12.0)
    for key in ("area", "centroid", "height", "fwhm"):
        spread, said = np.std(found.values[key]), np.median(found.errors[key])
        assert said == pytest.approx(spread, rel=0.08 if key in ("area", "centroid") else 0.45), key
    assert np.mean(found.values["area"]) == pytest.approx(400 * width * np.sqrt(np.pi / np.log(2)) / 2, rel=0.01)
    assert np.mean(found.values["fwhm"]) == pytest.approx(width, rel=0.06)


def test_noise_alone_is_not_detected() -> None:
    found = region(np.random.default_rng(3).normal(0, 12, (1000, X.size)), 12.0)
    assert found.weak.mean() > 0.99
    assert np.isnan(found.values["centroid"][found.weak]).all() and np.isfinite(found.values["area"]).all()
    first = int(np.argmax(found.weak))
    assert found.reason("fwhm", first).startswith("not detected: below 3 sigma")
    value, _, absent = ratio(found, found)
    assert absent.mean() > 0.99 and np.isnan(value[absent]).all()


def test_ratio_and_its_uncertainty() -> None:
    rng = np.random.default_rng(5)
    y = 1000 * gauss(X, 381, 10) + 450 * gauss(X, 165, 12) + rng.normal(0, 10, (2000, X.size))
    above, below = region(y, 10.0, (130.0, 200.0)), region(y, 10.0)
    value, error, _ = ratio(above, below)
    assert np.mean(value) == pytest.approx(0.45 * 1.2, rel=0.005) and np.median(error) == pytest.approx(
        np.std(value), rel=0.06
    )


def test_a_band_that_leaves_the_window_has_no_width() -> None:
    found = region(900 * gauss(X, 345, 40), 1.0)
    assert np.isnan(found.values["fwhm"][0]) and found.reason("fwhm") == "half height is not reached inside the window"
    assert np.isfinite(found.values["centroid"][0])


@pytest.mark.parametrize(
    ("window", "message"),
    [
        ((440.0, 340.0), "not an ascending range"),
        ((480.0, 600.0), "beyond the data"),
        ((300.0, 302.0), "4 points between"),
    ],
)
def test_bad_regions_are_refused(window: tuple[float, float], message: str) -> None:
    with pytest.raises(UserError, match=message):
        region(np.ones(X.size), 1.0, window)


# --- Bose ---------------------------------------------------------------------------------------------


def long_factor(s: float, t: float, nu: float, p: float) -> float:
    """1 / ((nu - s)^p (n + 1) / s), from n itself."""
    n = 1.0 / (np.exp(1.4387769 * s / t) - 1.0)
    return s / ((nu - s) ** p * (n + 1.0))


@given(st.floats(20, 2000), st.floats(50, 1200), st.floats(3, 4))
def test_factor_is_that_of_the_definition(shift: float, temperature: float, power: float) -> None:
    nu = 1e7 / 532.0
    found = reduction_factor(
        np.array([shift]), laser_nm=532.0, temperature_k=temperature, laser_power=power, reference_cm1=380.0
    )
    wanted = long_factor(shift, temperature, nu, power) / long_factor(380.0, temperature, nu, power)
    assert found[0] == pytest.approx(wanted, rel=1e-6)


def test_weights_of_the_bands_of_interest() -> None:
    """150 against 380 cm^-1 a factor of about 4.3, 360 against 420 about 1.24 (300 K, 532 nm)."""
    f = reduction_factor(
        np.array([150.0, 360.0, 380.0, 420.0]),
        laser_nm=532.0,
        temperature_k=300.0,
        laser_power=3.0,
        reference_cm1=380.0,
    )
    assert (
        f[2] == pytest.approx(1.0)
        and f[2] / f[0] == pytest.approx(4.3, abs=0.15)
        and f[3] / f[1] == pytest.approx(1.24, abs=0.06)
    )


def reduced(**more: object):
    y = 500 + 1000 * gauss(X, 381, 10) + 450 * gauss(X, 165, 12)
    return reduce_raman(RamanIngested((scan_of(X, y, **more),)), baseline="arpls", baselines=())


def test_transform_keeps_both_and_leaves_the_edge_filter_alone() -> None:
    one = reduced()
    found = transform_raman(one, temperature_k=300.0, lowest_cm1=120.0)
    assert found.shift_cm1[0] >= 120.0 and found.factor[np.argmin(np.abs(found.shift_cm1 - 380))] == pytest.approx(
        1, abs=1e-3
    )
    inside = one.shift_cm1 >= 120.0
    assert np.allclose(found.intensity, one.corrected[:, inside] * found.factor)
    assert np.allclose(found.sigma / one.sigma[:, inside], found.factor)


@pytest.mark.parametrize(
    ("keys", "scan", "message"),
    [
        ({}, {"laser_nm": float("nan")}, "laser wavelength is not known"),
        ({"temperature_k": 0.0}, {}, "0 K is not above 0"),
        ({"lowest_cm1": 900.0}, {}, "no point above 900"),
        ({"reference_cm1": -5.0}, {}, "holds for Stokes scattering"),
    ],
)
def test_bad_transforms_are_refused(keys: dict[str, float], scan: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        transform_raman(reduced(**scan), **keys)
