"""Windows and transforms: larch as the oracle, and the laws that any Fourier transform obeys."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import helpers
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntcspec.errors import UserError
from ntcspec.types import Array
from ntcspec.xas import fourier
from ntcspec.xas.windows import WINDOWS, ft_window

K = 0.05 * np.arange(281)
RANGE = {"kweight": 2, "kmin_inv_ang": 3.0, "kmax_inv_ang": 12.0, "dk_inv_ang": 1.0, "window": "hanning"}


def _chi(k: Array = K) -> Array:
    return np.sin(2 * 2.1 * k + 0.4) * np.exp(-0.006 * k**2) / np.clip(k, 1.0, None) ** 2


@settings(max_examples=200, deadline=None)
@given(
    window=st.sampled_from(sorted(WINDOWS)),
    x_min=st.floats(0.0, 6.0),
    width=st.floats(2.0, 8.0),
    taper=st.floats(0.0, 3.0),
    step=st.sampled_from([0.05, 0.04, 0.1]),
)
def test_windows_are_those_of_larch(window: str, x_min: float, width: float, taper: float, step: float) -> None:
    from larch.xafs import ftwindow

    x = step * np.arange(int(16 / step))
    ours = ft_window(x, x_min=x_min, x_max=x_min + width, taper=taper, window=window)
    theirs = ftwindow(x, xmin=x_min, xmax=x_min + width, dx=taper, window=window)
    # np.i0 and scipy's i0 differ by a few units of the last place; 'kaiser' divides I0 - 1 by I0(taper) - 1, which is
    # small for small tapers, so that their difference grows by I0 / (I0 - 1)
    top = float(np.i0(taper))
    rounding = 16 * np.finfo(float).eps * top / max(1e-10, top - 1) if window == "kaiser" else 0.0
    assert np.abs(ours - theirs).max() <= 1e-12 + rounding


@settings(max_examples=100, deadline=None)
@given(
    window=st.sampled_from(["hanning", "parzen", "welch", "kaiser", "sine"]),
    x_min=st.floats(0.5, 4.0),
    width=st.floats(4.0, 9.0),
    taper=st.floats(0.2, 3.0),
)
def test_windows_stay_between_zero_and_one(window: str, x_min: float, width: float, taper: float) -> None:
    shape = ft_window(K, x_min=x_min, x_max=x_min + width, taper=taper, window=window)
    assert shape.min() >= -1e-12 and shape.max() <= 1 + 1e-12


@pytest.mark.parametrize(
    "kwargs", [{"window": "boxcar"}, {"x_max": 2.0}, {"taper": -1.0}, {"x_min": 20.0, "x_max": 25.0}]
)
def test_bad_windows_are_refused(kwargs: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        ft_window(K, **({"x_min": 3.0, "x_max": 12.0, "taper": 1.0, "window": "hanning"} | kwargs))  # type: ignore[arg-type]


@pytest.mark.parametrize("window", sorted(WINDOWS))
@pytest.mark.parametrize("kweight", [0, 1, 2, 3])
def test_forward_and_back_transforms_are_those_of_larch(window: str, kweight: int) -> None:
    from larch import Group
    from larch.xafs import xftf, xftr

    group = Group()
    xftf(K.copy(), _chi(), group=group, kmin=3, kmax=12, dk=1, window=window, kweight=kweight, rmax_out=10, nfft=2048,
         kstep=0.05)  # fmt: skip
    r, chir = fourier.chi_r(K, _chi(), **(RANGE | {"kweight": kweight, "window": window}))  # type: ignore[arg-type]
    scale = np.abs(chir).max()
    assert r.size == group.r.size and np.abs(r - group.r).max() < 1e-12
    assert np.abs(chir - group.chir).max() < 1e-12 * scale
    xftr(group.r, group.chir, group=group, rmin=1, rmax=3, dr=0.5, window=window, qmax_out=14.0)
    chiq = fourier.back(
        chir, kstep_inv_ang=0.05, nfft=2048, points=281, rmin_ang=1, rmax_ang=3, dr_ang=0.5, window=window
    )
    assert np.abs(chiq - group.chiq).max() < 1e-12 * np.abs(chiq).max()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), a=st.floats(-5, 5), b=st.floats(-5, 5))
def test_linear(seed: int, a: float, b: float) -> None:
    x, y = np.random.default_rng(seed).standard_normal((2, K.size))
    left = fourier.chi_r(K, a * x + b * y, **RANGE)[1]  # type: ignore[arg-type]
    right = a * fourier.chi_r(K, x, **RANGE)[1] + b * fourier.chi_r(K, y, **RANGE)[1]  # type: ignore[arg-type]
    assert np.abs(left - right).max() < 1e-12 * (1 + abs(a) + abs(b)) * K[-1] ** 3


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_parseval(seed: int) -> None:
    x = np.random.default_rng(seed).standard_normal(K.size)
    full = 0.05 / np.sqrt(np.pi) * np.fft.fft(x, 2048)
    half = fourier.forward(x, kstep_inv_ang=0.05, nfft=2048)
    assert np.array_equal(half, full[:1024])
    # integral |chi(R)|^2 dR over all R = integral |x|^2 dk, the meaning of the factor 1/sqrt(pi)
    assert np.sum(np.abs(full) ** 2) * np.pi / (0.05 * 2048) == pytest.approx(np.sum(x**2) * 0.05, rel=1e-12)


@settings(max_examples=30, deadline=None)
@given(shift=st.integers(0, 400))
def test_shift_theorem(shift: int) -> None:
    x = np.exp(-(((K - 5) / 1.5) ** 2))
    moved = np.concatenate([np.zeros(shift), x])
    r = fourier.r_grid(kstep_inv_ang=0.05, nfft=2048, rmax_ang=40.0)
    expected = fourier.forward(x, kstep_inv_ang=0.05, nfft=2048) * np.exp(-2j * r * shift * 0.05)
    assert np.abs(fourier.forward(moved, kstep_inv_ang=0.05, nfft=2048) - expected).max() < 1e-12


def test_back_transform_over_all_r_returns_the_weighted_chi() -> None:
    weighted = np.exp(-(((K - 7) / 1.5) ** 2)) * np.sin(2 * 2.0 * K)
    full = fourier.forward(weighted, kstep_inv_ang=0.05, nfft=2048)
    chiq = fourier.back(full, kstep_inv_ang=0.05, nfft=2048, points=K.size, rmin_ang=0.2, rmax_ang=31.0, dr_ang=0.0)
    # this signal is confined to R = 2 +- 1.8 A to exp(-7.3): what the window leaves out at R < 0.2 A is below 1e-3
    assert np.abs(chiq.real - weighted).max() < 1e-3


def test_white_noise_at_high_r_gives_back_its_sigma() -> None:
    rng = np.random.default_rng(7)
    power, shape = fourier.weights(K, **RANGE)  # type: ignore[arg-type]
    r = fourier.r_grid(kstep_inv_ang=0.05, nfft=2048, rmax_ang=40.0)
    quiet = (r >= 15) & (r <= 25)
    draws = 1e-3 * rng.standard_normal((400, K.size))
    chir = fourier.forward(draws * power * shape, kstep_inv_ang=0.05, nfft=2048)[:, quiet]
    rms = np.sqrt(np.mean(np.abs(chir) ** 2))
    # 400 draws x about 60 independent values: 0.5 %
    assert fourier.white_sigma(float(rms), power * shape, kstep_inv_ang=0.05) == pytest.approx(1e-3, rel=0.03)


def test_error_of_the_magnitude_agrees_with_monte_carlo() -> None:
    rng = np.random.default_rng(8)
    root = 1e-4 * (np.eye(K.size) + 0.5 * np.eye(K.size, k=1)) * (1 + K / 10)
    covariance = root @ root.T
    power, shape = fourier.weights(K, **RANGE)  # type: ignore[arg-type]
    r, chir = fourier.chi_r(K, _chi(), **RANGE)  # type: ignore[arg-type]
    claimed = fourier.magnitude_error(chir, r, K, power * shape, covariance)
    draws = _chi() + rng.standard_normal((2000, K.size)) @ root.T
    found = np.abs(fourier.forward(draws * power * shape, kstep_inv_ang=0.05, nfft=2048)[:, : r.size]).std(axis=0)
    strong = np.abs(chir) > 10 * claimed
    assert strong.sum() > 20
    assert np.abs(found[strong] / claimed[strong] - 1).max() < 0.07  # 2000 draws: 1.6 %, the largest of many
    assert np.mean(found[strong] / claimed[strong]) == pytest.approx(1.0, abs=0.03)


def test_transform_against_the_measured_reference(xas_data: Path) -> None:
    from ntcspec.xas.reduce import reduce_exafs

    for name in helpers.EXAFS_NAMES:
        expected = helpers.reference(xas_data)[name]
        reduced = reduce_exafs(helpers.measured(xas_data, name), **helpers.reduce_parameters(expected, name))
        result = fourier.transform_exafs(reduced)
        for r, value in expected["chir_mag_at_R"].items():
            # REFERENCE.json holds five decimals, read off by linear interpolation of the R grid
            assert np.interp(float(r), result.r_ang, result.chir_mag) == pytest.approx(value, abs=0.5e-5 + 1e-6), name
        assert result.chir_mag.max() == pytest.approx(expected["chir_mag_peak"], abs=0.5e-5 + 1e-6)
        assert result.r_ang[result.chir_mag.argmax()] == pytest.approx(expected["R_peak"], abs=0.5e-4 + 1e-9)


def test_kmax_beyond_the_data_says_what_to_do(xas_data: Path) -> None:
    from ntcspec.xas.reduce import reduce_exafs

    name = "BMM_Pt-L3-K2PtCl6.xdi"
    reduced = reduce_exafs(
        helpers.measured(xas_data, name), edge_energy_ev=helpers.edge_energy_ev(name), bkg_kmax_inv_ang=11.2
    )
    with pytest.raises(
        UserError, match=r"data end at k = 11\.2.*set transform\.kmax_inv_ang or check for an aborted scan"
    ):
        fourier.transform_exafs(reduced)
    with pytest.raises(UserError, match="noise_range_ang"):
        fourier.transform_exafs(reduced, kmax_inv_ang=11.0, noise_range_ang=(20.0, 40.0))
    cut = fourier.transform_exafs(reduced, kmax_inv_ang=11.2)
    assert any("taper is cut" in note for note in cut.notes)
    white = replace(reduced, chi_covariance=np.diag(np.full(reduced.chi.size, cut.chi_sigma**2)))
    again = fourier.transform_exafs(white, kmax_inv_ang=11.2)
    assert np.allclose(again.chir_mag_error, cut.chir_mag_error, rtol=1e-12)


def test_transform_imports_neither_larch_nor_scipy() -> None:
    code = "import sys, ntcspec.xas.fourier, ntcspec.xas.wavelet; print([m for m in ('larch', 'scipy', 'lmfit') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found.strip() == "[]"
