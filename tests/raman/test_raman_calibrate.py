"""Silicon and neon: measured files, and axes that were bent on purpose."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from spectra_for_raman import gauss, load, scan_of, sigma_of

from ntcspec.demo import find_resources
from ntcspec.demo import raman as demo_raman
from ntcspec.errors import UserError
from ntcspec.raman.calibrate import (
    NEON_AIR_NM,
    SILICON_CM1,
    calibrate_neon,
    calibrate_silicon,
    combine,
    vacuum_wavenumber,
)
from ntcspec.raman.reduce import calibration_of
from ntcspec.readers.raman import read_raman

SILICON = ["chada/Ho633_Si.txt", "pypi/raman_fitting_Si_spectrum01.txt"]


def lmfit_centre(x, y) -> float:
    """The silicon line by another program: a Voigt on a line."""
    from lmfit.models import LinearModel, VoigtModel

    inside = np.abs(x - x[np.argmax(np.where(np.abs(x - 520) < 12, y, 0))]) < 15
    x, y = x[inside], y[inside]
    model = VoigtModel() + LinearModel()
    p = model.make_params(
        center=float(x[np.argmax(y)]),
        sigma=2.0,
        gamma=1.0,
        amplitude=float(np.ptp(y)) * 6,
        slope=0,
        intercept=float(y.min()),
    )
    p["gamma"].set(value=1.0, vary=True, min=0, expr="")
    return float(model.fit(y, p, x=x).params["center"].value)


@pytest.mark.parametrize("name", SILICON)
def test_silicon_is_where_it_belongs_after_calibration(data_folder: Path, name: str) -> None:
    scan, sigma = load(data_folder, name)
    found = calibrate_silicon(scan.shift_cm1, scan.intensity[0], sigma[0])
    shift, error = found.apply(scan.shift_cm1)
    assert 0.28 <= error.min() <= error.max() < 0.32
    assert lmfit_centre(shift, scan.intensity[0]) == pytest.approx(SILICON_CM1, abs=float(error.max()))
    assert np.allclose(np.diff(shift), np.diff(scan.shift_cm1))  # an offset alone


def test_demo_offset_comes_back(tmp_path: Path) -> None:
    made = demo_raman.make(find_resources(), 11)
    path = tmp_path / "Si.txt"
    path.write_bytes(made.files["labram/Si.txt"])
    scan = read_raman(path, "Si")
    found = calibrate_silicon(scan.shift_cm1, scan.intensity[0], sigma_of(scan)[0])
    assert -found.coefficients[0] == pytest.approx(made.truth["axis_offset_cm1"], abs=0.05)


@pytest.mark.parametrize("name", ["diadfit/Ne1_01.txt", "diadfit/Ne2_01.txt", "diadfit/Ne5_01.txt"])
def test_neon_lines_of_a_measured_lamp(data_folder: Path, name: str) -> None:
    scan, sigma = load(data_folder, name)
    found = calibrate_neon(scan.shift_cm1, scan.intensity[0], sigma[0], laser_nm=532.05, degree=1)
    at, _ = found.apply(found.displayed_cm1)
    assert found.true_cm1.size >= 4 and np.abs(at - found.true_cm1).max() < 0.1
    assert found.instrument_fwhm_cm1 == pytest.approx(0.95, abs=0.06)
    assert found.common_error_cm1 == pytest.approx(3.53, abs=0.02)  # 0.1 nm of the laser


def test_neon_and_silicon_of_a_633_nm_instrument(data_folder: Path) -> None:
    """In the range of one window; over all its windows the axis of this instrument jumps, and the scatter says so."""
    neon, sigma = load(data_folder, "chada/Ho633_neon.txt")
    silicon, _ = load(data_folder, "chada/Ho633_Si.txt")
    both = calibration_of(silicon, neon, laser_nm=632.8165, neon_degree=2, range_cm1=(105, 1200))
    assert both is not None
    at, error = both.apply(both.displayed_cm1)
    lamp = at[:-1] - both.true_cm1[:-1]  # the lamp knows distances, the silicon line the zero
    assert both.true_cm1.size >= 8 and np.abs(lamp - lamp.mean()).max() < 0.3
    assert at[-1] == pytest.approx(SILICON_CM1, abs=1e-9) and error[-1] == pytest.approx(0.285, abs=0.01)
    whole = calibrate_neon(neon.shift_cm1, neon.intensity[0], sigma[0], laser_nm=632.8165, degree=2)
    assert np.sqrt(whole.covariance[0, 0]) > 5 * 0.01 and "were left out" in " ".join(whole.notes)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_bent_axis_comes_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    true = np.arange(200.0, 2600.0, 0.6)
    lines = vacuum_wavenumber(532.05) - vacuum_wavenumber(NEON_AIR_NM)
    lines = lines[(lines > 220) & (lines < 2580)]
    y = rng.poisson(200 + sum(rng.uniform(2000, 9000) * gauss(true, c, 2.0) for c in lines)).astype(float)
    bend = 3.0 + 2.5 * (true - 1400) / 1000 - 0.8 * ((true - 1400) / 1000) ** 2
    shown = true - bend
    found = calibrate_neon(shown, y, np.sqrt(y), laser_nm=532.05, degree=2)
    back, error = found.apply(shown)
    assert np.abs(back - true).max() < 0.1
    assert found.instrument_fwhm_cm1 == pytest.approx(2.0, abs=0.05)
    assert np.all(error >= found.common_error_cm1)


def test_combination_has_the_zero_of_silicon_and_the_scale_of_neon() -> None:
    true = np.arange(100.0, 1200.0, 0.5)
    shown = true + 2.0 + 0.004 * (true - 520.45)
    lines = vacuum_wavenumber(632.8165) - vacuum_wavenumber(NEON_AIR_NM)
    lamp = 100 + 5000 * sum(gauss(true + 1.7, c, 2.0) for c in lines)  # the laser is 1.7 off
    si = 100 + 5000 * gauss(true, SILICON_CM1, 4.0)
    noise = np.full_like(true, 10.0)
    neon = calibrate_neon(shown, lamp, noise, laser_nm=632.8165, degree=1)
    both = combine(neon, calibrate_silicon(shown, si, noise))
    back, _ = both.apply(shown)
    assert np.abs(back - true).max() < 0.05
    alone, _ = neon.apply(shown)
    assert np.abs(alone - true).max() > 1.0  # negative control: the lamp alone does not know the zero


def test_uncertainty_of_the_combination() -> None:
    """At the silicon line that of silicon; away from it the slope of neon comes in, its constant never."""
    true = np.arange(100.0, 1200.0, 0.5)
    noise = np.full_like(true, 10.0)
    lines = vacuum_wavenumber(632.8165) - vacuum_wavenumber(NEON_AIR_NM)
    neon = calibrate_neon(
        true, 100 + 5000 * sum(gauss(true, c, 2.0) for c in lines), noise, laser_nm=632.8165, degree=1
    )
    neon = replace(neon, covariance=np.array([[0.5, 0.1], [0.1, 0.04]]))
    silicon = calibrate_silicon(true, 100 + 5000 * gauss(true, SILICON_CM1, 4.0), noise)
    at = silicon.displayed_cm1[0] + np.array([0.0, 500.0, -300.0])
    _, error = combine(neon, silicon).apply(at)
    wanted = 0.28**2 + silicon.covariance[0, 0] + 0.04 * np.array([0.0, 0.25, 0.09])
    assert error**2 == pytest.approx(wanted, rel=1e-6)


def test_refraction_of_air() -> None:
    """n - 1 of standard air at 589.3 nm is 2.7726e-4 (15 C, 101325 Pa, Ciddor)."""
    n = 1e7 / 589.2937 / vacuum_wavenumber(589.2937)
    assert n - 1 == pytest.approx(2.7726e-4, rel=2e-3)


def test_what_is_no_calibration_is_refused(data_folder: Path) -> None:
    x = np.arange(480.0, 560.0, 0.5)
    flat = np.random.default_rng(0).poisson(500, x.size).astype(float)
    noise = np.full_like(x, np.sqrt(500.0))
    with pytest.raises(UserError, match="no line between 500 and 540"):
        calibrate_silicon(x, flat, noise)
    with pytest.raises(UserError, match="0 points between 500 and 540"):
        calibrate_silicon(x + 900, flat, noise)
    with pytest.raises(UserError, match="lines of neon were found"):
        calibrate_neon(x, flat, noise, laser_nm=532.0)
    with pytest.raises(UserError, match="laser wavelength is not known"):
        calibrate_neon(x, flat, noise, laser_nm=float("nan"))
    assert calibration_of(None, None, laser_nm=532.0) is None
    scan = scan_of(x, 500 + 9000 * gauss(x, 523.0, 4.0), accumulations=float("nan"))
    found = calibration_of(scan, None, laser_nm=532.0)
    assert found is not None and found.coefficients[0] == pytest.approx(-2.55, abs=0.02)
