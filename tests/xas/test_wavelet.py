"""Wavelets: closed forms, larch and rexafs at their own order, measured widths, and a measured reference."""

from __future__ import annotations

from pathlib import Path

import helpers
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntcspec.errors import UserError
from ntcspec.types import Array
from ntcspec.xas.families import Family, _from_pywavelets, family
from ntcspec.xas.fourier import transform_exafs
from ntcspec.xas.reduce import reduce_exafs
from ntcspec.xas.wavelet import fast_length, filters, resolution, resolve_order, wavelet, wavelet_exafs

K = 0.05 * np.arange(301)
R = np.linspace(0.5, 6.0, 111)
PYWAVELETS = "cmor1.5-1.0"


def _order(name: str) -> float | None:
    return {"morlet": 49.0, "cauchy": 50.0}.get(name)


def _morlet_of_a_packet(r: Array, k: Array, n: float, r0: float, k0: float, s: float) -> npt.NDArray[np.complex128]:
    """The closed form in the head of ntcspec.xas.wavelet, A = 1."""
    r, q = r[:, None], k - k0
    a2 = n / (4 * r**2)
    p = s**2 + a2

    def part(r0: float) -> npt.NDArray[np.complex128]:
        m = (2 * r0 * s**2 + 2 * r * a2) / p
        return np.exp(2j * r0 * k0 + 1j * m * q - q**2 / (2 * p) - 2 * s**2 * a2 * (r - r0) ** 2 / p)

    return -1j * s / np.sqrt(p) * (part(r0) - part(-r0))


@pytest.mark.parametrize("n", [49.0, 100.0, 300.0])
@pytest.mark.parametrize(("r0", "k0", "s"), [(1.95, 7.0, 1.0), (3.9, 5.5, 0.8), (2.4, 9.0, 0.9)])
def test_morlet_of_a_packet_is_the_closed_form_everywhere(n: float, r0: float, k0: float, s: float) -> None:
    x = np.exp(-((K - k0) ** 2) / (2 * s**2)) * np.sin(2 * r0 * K)
    exact = _morlet_of_a_packet(R, K, n, r0, k0, s)
    # the packet is 3e-10 at the ends of the grid or less; what else is missing is exp(-n/2) of frequencies below 0
    assert np.abs(wavelet(K, x, R, family="morlet", order=n) - exact).max() < 1e-8 * np.abs(exact).max()


@pytest.mark.parametrize("name", ["morlet", "cauchy", PYWAVELETS, "cgau8"])
@pytest.mark.parametrize("r0", [1.5, 2.4, 4.0])
def test_a_sinusoid_has_its_amplitude_at_its_r(name: str, r0: float) -> None:
    k = 0.05 * np.arange(2400)
    x = 0.7 * np.sin(2 * r0 * k + 0.3)
    middle = slice(1000, 1400)  # 50 1/A from either end: the kernel has decayed
    size = np.abs(wavelet(k, x, np.array([r0 - 0.02, r0, r0 + 0.02]), family=name, order=_order(name)))[:, middle]
    assert np.abs(size[1] / 0.7 - 1).max() < 1e-7
    assert (size[1] > size[0]).all() and (size[1] > size[2]).all()


@pytest.mark.parametrize("name", ["morlet", "cauchy", PYWAVELETS, "cgau8"])
def test_padding_leaves_no_wrap_around(name: str) -> None:
    rng = np.random.default_rng(1)
    x = rng.standard_normal(K.size) * (K > 3) * (K < 14)
    mother = family(name, _order(name))
    rows = np.array([0.5, 1.0, 3.0, 6.0])
    length = 1 << 16
    spectrum = np.fft.rfft(x, length)
    exact = np.fft.ifft(filters(mother, rows, length, 0.05) * spectrum, n=length, axis=-1)[:, : K.size]
    ours = wavelet(K, x, rows, family=name, order=_order(name))
    # what is cut at frequencies below 0 rings: exp(-n/2), n = 29.6, for cmor1.5-1.0, about 1e-7 for cgau8
    ringing = {PYWAVELETS: float(np.exp(-mother.order / 2)), "cgau8": 1e-7}.get(name, 0.0)
    assert np.abs(ours - exact).max() < (1e-9 + ringing) * np.abs(exact).max()


@pytest.mark.parametrize("rmax", [5.0, 6.0, 8.0])
def test_cauchy_is_larchs_at_larchs_order(rmax: float) -> None:
    from larch import Group
    from larch.xafs import cauchy_wavelet

    chi = np.sin(2 * 2.1 * K + 0.4) * np.exp(-0.006 * K**2) / np.clip(K, 1, None) ** 2
    group = Group()
    cauchy_wavelet(K.copy(), chi.copy(), group=group, kweight=2, rmax_out=rmax, nfft=2048)
    n = group.wcauchy_r.size  # larch takes the number of R points for the order
    high = group.wcauchy_r > 0.5  # below, larch's own padding of 4096 points wraps around
    ours = wavelet(K, chi * K**2, group.wcauchy_r[high], family="cauchy", order=float(n))
    # larch leaves 2 pi s^n exp(-s) / n! where we have 2 (s/n)^n exp(n - s)
    scale = np.exp(np.log(np.pi) + n * np.log(n) - n - np.log(np.arange(1, n + 1)).sum())
    theirs = group.wcauchy[high]
    assert np.abs(scale * ours - theirs).max() < 1e-10 * np.abs(theirs).max()


def test_cauchy_is_that_of_rexafs() -> None:
    import rexafs

    k = 0.05 * np.arange(60, 251)
    chi = np.sin(2 * 2.1 * k + 0.4) * np.exp(-0.006 * k**2)
    radii = np.linspace(1.0, 6.0, 51)
    theirs = rexafs.Wavelet((3.0, 12.5), kweight=2, order=50, radii=list(radii), nfft=8192).calculate(k, chi)
    columns = [int(np.argmin(np.abs(theirs.k - value))) for value in k]
    other = np.asarray(theirs.magnitude)[:, columns]
    ours = np.abs(wavelet(k, chi * k**2, radii, family="cauchy", order=50.0))
    # rexafs has another constant factor
    assert np.abs(ours / ours.max() - other / other.max()).max() < 1e-6


def test_cmor_by_the_numerical_integral_is_the_closed_form() -> None:
    for b, c in ((1.5, 1.0), (4.0, 1.0), (10.0, 0.75)):  # PyWavelets keeps B and C as 32-bit floats
        mother = _from_pywavelets(f"cmor{b}-{c}")
        n = 2 * np.pi**2 * b * c**2  # exp(-pi^2 B (f - C)^2) at f = C u
        u = np.linspace(0.0, 2.5, 2001)
        assert np.abs(mother.response(u) - np.exp(-0.5 * n * (u - 1) ** 2)).max() < 1e-8
        assert mother.order == pytest.approx(n, rel=1e-4)  # second difference with a step of 0.001
        like = family("morlet", n)
        assert np.allclose(mother.resolution(R), like.resolution(R), rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "order"),
    [("morlet", 25.0), ("morlet", 100.0), ("cauchy", 20.0), ("cauchy", 200.0), (PYWAVELETS, None), ("cgau8", None)],
)
def test_resolution_is_that_of_the_map(name: str, order: float | None) -> None:
    k = 0.01 * np.arange(12000)
    delta = np.zeros(k.size)
    delta[6000] = 1.0
    fwhm_k, _ = resolution(order, np.array([3.0]), name)
    assert _fwhm(k, np.abs(wavelet(k, delta, np.array([3.0]), family=name, order=order))[0]) == pytest.approx(
        fwhm_k[0], rel=2e-3
    )
    k = 0.05 * np.arange(6000)
    r = np.linspace(1.0, 6.0, 2001)
    column = np.abs(wavelet(k, np.sin(2 * 3.0 * k), r, family=name, order=order)[:, 3000])
    _, fwhm_r = resolution(order, np.array([3.0]), name)
    assert _fwhm(r, column) == pytest.approx(fwhm_r[0], rel=2e-3)


def test_resolution_tends_to_the_formulas_that_papers_quote() -> None:
    for n in (50.0, 200.0, 1000.0):
        for name in ("morlet", "cauchy"):
            fwhm_k, fwhm_r = resolution(n, np.array([4.0]), name)
            # the next terms of both are of order 1/n
            assert fwhm_k[0] == pytest.approx(1.1774 * np.sqrt(n) / 4.0, rel=2 / n)
            assert fwhm_r[0] == pytest.approx(2.3548 * 4.0 / np.sqrt(n), rel=2 / n)


def _fwhm(x: Array, y: Array) -> float:
    above = np.flatnonzero(y >= 0.5 * y.max())
    half = 0.5 * y.max()
    i, j = above[0], above[-1]
    low = x[i - 1] + (half - y[i - 1]) / (y[i] - y[i - 1]) * (x[i] - x[i - 1])
    high = x[j] + (half - y[j]) / (y[j + 1] - y[j]) * (x[j + 1] - x[j])
    return float(high - low)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), shift=st.integers(0, 60), a=st.floats(-3, 3))
def test_linear_and_moves_with_the_signal(seed: int, shift: int, a: float) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((2, 200))
    r = np.array([1.0, 2.5, 5.0])
    k = 0.05 * np.arange(260)
    pad = lambda v, s: np.concatenate([np.zeros(s), v, np.zeros(60 - s)])  # noqa: E731
    both = wavelet(k, pad(x + a * y, 0), r, order=49.0)
    assert (
        np.abs(both - wavelet(k, pad(x, 0), r, order=49.0) - a * wavelet(k, pad(y, 0), r, order=49.0)).max()
        < 1e-12 * 20
    )
    moved = wavelet(k, pad(x, shift), r, order=49.0)[:, shift:]
    still = wavelet(k, pad(x, 0), r, order=49.0)[:, : 260 - shift]
    assert np.abs(moved - still).max() < 1e-7 * np.abs(still).max()  # wrap-around and the cut at frequency 0


@given(least=st.integers(1, 100_000))
def test_fast_length_is_the_smallest_smooth_number(least: int) -> None:
    found = fast_length(least)
    rest = found
    for prime in (2, 3, 5):
        while rest % prime == 0:
            rest //= prime
    assert rest == 1 and found >= least
    from scipy.fft import next_fast_len

    assert found >= next_fast_len(least, real=False) and found <= 2 * least


def test_map_uses_the_signal_of_the_transform(xas_data: Path) -> None:
    name = "BMM_Pt-L3-K2PtCl6.xdi"
    parameters = helpers.reduce_parameters(helpers.reference(xas_data)[name], name)
    transformed = transform_exafs(reduce_exafs(helpers.measured(xas_data, name), **parameters), kmax_inv_ang=12.5)
    result = wavelet_exafs(transformed, rmin_ang=1.0, rmax_ang=6.0, rstep_ang=0.05)
    assert result.order == 49.0 and result.magnitude.shape == (101, transformed.k_inv_ang.size)
    expected = wavelet(result.k_inv_ang, transformed.chi_weighted * transformed.window, result.r_ang, order=49.0)
    assert np.array_equal(result.magnitude, np.abs(expected))
    assert np.array_equal(result.real + 1j * result.imag, expected)
    assert any("resolution" in note for note in result.notes)
    i, _ = np.unravel_index(result.magnitude.argmax(), result.magnitude.shape)
    assert result.r_ang[i] == pytest.approx(1.93, abs=0.05)


def test_multiple_scattering_lobe_of_k2ptcl6(xas_data: Path) -> None:
    # REFERENCE.json, WAVELET: order 50, k 3-12.5 cut without taper, k^2: lobe at R = 3.74, k = 5.4;
    # transform of k 3-12.5, hanning, dk 1: 3.257 at 1.93, 0.554 at 3.90
    name = "BMM_Pt-L3-K2PtCl6.xdi"
    parameters = helpers.reduce_parameters(helpers.reference(xas_data)[name], name)
    reduced = reduce_exafs(helpers.measured(xas_data, name), **parameters)
    k = reduced.k_inv_ang
    inside = (k > 3 - 1e-6) & (k < 12.5 + 1e-6)
    r = np.arange(3.2, 4.6, 0.01)
    size = np.abs(wavelet(k, np.where(inside, reduced.chi * k**2, 0.0), r, family="cauchy", order=50.0))
    i, j = np.unravel_index(size.argmax(), size.shape)
    assert r[i] == pytest.approx(3.74, rel=0.01)
    assert k[j] == pytest.approx(5.4, rel=0.01)
    transformed = transform_exafs(reduced, kmax_inv_ang=12.5)
    for low, high, height, position in ((1.5, 2.5, 3.257, 1.93), (3.5, 4.4, 0.554, 3.90)):
        window = (transformed.r_ang > low) & (transformed.r_ang < high)
        assert transformed.chir_mag[window].max() == pytest.approx(height, rel=0.01)
        assert transformed.r_ang[window][transformed.chir_mag[window].argmax()] == pytest.approx(position, rel=0.01)


def test_pywt_cwt_is_off_by_a_part_of_a_sample_whatever_its_precision() -> None:
    import pywt

    n, r0, k0, s, k = 49.0, 1.95, 7.0, 1.6, 0.05 * np.arange(281)
    x = np.exp(-((k - k0) ** 2) / (2 * s**2)) * np.sin(2 * r0 * k)
    r = np.arange(1.0, 5.0, 0.02)
    exact = _morlet_of_a_packet(r, k, n, r0, k0, s)
    for precision in (12, 16):
        scales = np.pi / (r * 0.05)
        found, _ = pywt.cwt(x, scales, f"cmor{n / (2 * np.pi**2)}-1.0", precision=precision)
        error = np.abs(found * (2 / np.sqrt(scales))[:, None] - exact).max() / np.abs(exact).max()
        assert 0.09 < error < 0.11
    assert np.abs(wavelet(k, x, r, order=n) - exact).max() < 1e-4 * np.abs(exact).max()  # the packet is cut at k = 0


@pytest.mark.parametrize(
    ("name", "eta_sigma", "order", "expected"),
    [("morlet", None, None, 49.0), ("morlet", 5.0, None, 25.0), ("morlet", None, 64.0, 64.0), ("cauchy", None, None, 50.0), ("cauchy", None, 80.0, 80.0), (PYWAVELETS, None, None, None)],
)  # fmt: skip
def test_order_is_resolved(name: str, eta_sigma: float | None, order: float | None, expected: float | None) -> None:
    assert resolve_order(name, eta_sigma=eta_sigma, order=order) == expected


@pytest.mark.parametrize(
    ("name", "eta_sigma", "order"), [("morlet", 7.0, 49.0), ("cauchy", 7.0, None), (PYWAVELETS, None, 5.0)]
)
def test_orders_that_do_not_fit_are_refused(name: str, eta_sigma: float | None, order: float | None) -> None:
    with pytest.raises(UserError):
        resolve_order(name, eta_sigma=eta_sigma, order=order)


@pytest.mark.parametrize(("name", "order"), [("haar", None), ("mexh", None), ("morlet", 2.0), ("cauchy", None)])
def test_families_that_are_none_are_refused(name: str, order: float | None) -> None:
    with pytest.raises(ValueError):
        family(name, order)


@pytest.mark.parametrize("r", [np.array([0.0, 1.0]), np.array([20.0]), np.array([[1.0]])])
def test_grids_that_cannot_be_are_refused(r: Array) -> None:
    with pytest.raises(ValueError):
        wavelet(K, K, r, order=49.0)
    with pytest.raises(ValueError):
        wavelet(K**2, K, np.array([2.0]), order=49.0)


def test_shannon_and_spline_bands_are_reproduced_to_a_per_cent() -> None:
    for name in ("shan1.5-1.0", "fbsp2-1.5-1.0"):
        mother: Family = family(name)
        assert mother.response(np.ones(1))[0] == pytest.approx(1.0, abs=0.02)
        assert 0.1 < mother.u_low < 1 < mother.u_high < 2
