"""Peaks of chi(R): where they are, how well that is known, and which say nothing of the sample."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntcspec.types import Array
from ntcspec.types.exafs import RPeak
from ntcspec.xas import fourier
from ntcspec.xas.tracking import track, words
from ntcspec.xas.variants import Variant

K = 0.05 * np.arange(281)
POWER, WINDOW = fourier.weights(K, kweight=2, kmin_inv_ang=3.0, kmax_inv_ang=13.0, dk_inv_ang=1.0, window="hanning")
WEIGHT = POWER * WINDOW


def wave(r: float, height: float = 1.0, phase: float = 0.0) -> Array:
    """chi whose k^2 chi is a sine of that amplitude."""
    return np.divide(height * np.sin(2 * r * K + phase), K**2, out=np.zeros_like(K), where=K > 0)


def peaks(chi: Array, *, sigma: float = 1e-5, rbkg: float = 1.0, variants: tuple[Variant, ...] = (), noise: float = 0.0,
          ends: tuple[float, float] = (0.5, 6.0)) -> list[RPeak]:  # fmt: skip
    error = lambda gradient: float(sigma * np.sqrt(gradient @ gradient))  # noqa: E731
    found = track(K, chi, WEIGHT, range_ang=ends, rbkg_ang=rbkg, noise=noise, error=error, variants=variants)
    return list(found)


def of(found: list[RPeak], curve: str = "magnitude") -> list[RPeak]:
    return [p for p in found if p.curve == curve]


@settings(max_examples=30, deadline=None)
@given(r=st.floats(1.5, 5.0), phase=st.floats(-3.0, 3.0))
def test_a_wave_peaks_where_it_is(r: float, phase: float) -> None:
    top = max(of(peaks(wave(r, phase=phase))), key=lambda p: p.height)
    assert top.r_ang == pytest.approx(r, abs=0.015), "the wave at -R interferes with it, by its tail"
    assert top.height == pytest.approx(np.sum(WINDOW) * 0.05 / np.sqrt(np.pi) / 2, rel=0.04)
    assert not top.flags


def test_positions_are_stationary_points() -> None:
    chi = wave(1.9) + wave(3.3, 0.4, 1.0)
    for peak in peaks(chi):
        grid = peak.r_ang + np.array([-1e-4, 0.0, 1e-4])
        u = 0.05 / np.sqrt(np.pi) * np.exp(-2j * np.outer(grid, K)) @ (WEIGHT * chi)
        y = np.abs(u) if peak.curve == "magnitude" else u.imag
        assert abs(y[2] - y[0]) < 1e-3 * abs(y[2] + y[0] - 2 * y[1])
        assert peak.height == pytest.approx(abs(u[1]) if peak.curve == "magnitude" else u[1].imag, rel=1e-9)


def test_what_lies_below_rbkg_is_flagged() -> None:
    """The 1.13 A peak that a paper asks its readers to disregard: the program says so by itself."""
    found = {round(p.r_ang, 1): p for p in of(peaks(wave(1.9) + wave(1.13, 0.15), rbkg=1.2)) if p.height > 0.1}
    assert found[1.1].flags == "below rbkg" and found[1.1].r_ang == pytest.approx(1.13, abs=0.03)
    assert "below rbkg" in words(found[1.1]) and not found[1.9].flags
    assert found[1.1].height > 0.1, "it is no small peak, and well above noise: only rbkg tells"
    near = [p for p in of(peaks(wave(1.9) + wave(1.13, 0.15), rbkg=1.05)) if abs(p.r_ang - 1.13) < 0.03]
    assert [p.flags for p in near] == ["near rbkg"], "within pi / (2 (kmax - kmin)) = 0.16 A above it"


def test_noise_makes_peaks_that_are_flagged() -> None:
    sigma = 2e-4
    chi = wave(1.9) + np.random.default_rng(4).normal(0.0, sigma, K.size)
    full = np.abs(fourier.forward(chi * WEIGHT, kstep_inv_ang=0.05, nfft=2048))
    noise = float(np.sqrt(np.mean(full[490:815] ** 2)))
    far = of(peaks(chi, sigma=sigma, noise=noise, ends=(8.0, 25.0)))
    flagged = [p for p in far if "below 3 noise" in p.flags]
    assert len(far) > 20 and len(flagged) > 0.9 * len(far)
    first = [p for p in of(peaks(chi, sigma=sigma, noise=noise)) if abs(p.r_ang - 1.9) < 0.05]
    assert [p.flags for p in first] == [""]


@pytest.mark.parametrize("curve", ["magnitude", "imaginary"])
def test_uncertainties_by_monte_carlo(curve: str) -> None:
    rng, sigma, chi = np.random.default_rng(9), 5e-4, wave(1.9) + wave(3.4, 0.5, 0.7)
    nominal = max(of(peaks(chi, sigma=sigma, ends=(3.0, 4.0)), curve), key=lambda p: abs(p.height))
    drawn = []
    for _ in range(400):
        found = of(peaks(chi + rng.normal(0, sigma, K.size), sigma=sigma, ends=(3.0, 4.0)), curve)
        drawn.append(min(found, key=lambda p: abs(p.r_ang - nominal.r_ang)))
    assert np.std([p.r_ang for p in drawn]) == pytest.approx(nominal.u_stat_ang, rel=0.12)
    assert np.std([p.height for p in drawn]) == pytest.approx(nominal.height_error, rel=0.12)


def test_variants_give_the_systematic_part_and_name_what_is_lost() -> None:
    chi = wave(1.9) + wave(3.5, 0.3)
    shifted = tuple(Variant("e0", f"e0={s:+g}", wave(1.9 + 0.02 * s) + wave(3.5, 0.3), WEIGHT) for s in (-1, 1))
    found = {round(p.r_ang, 1): p for p in of(peaks(chi, variants=shifted)) if p.height > 0.5}
    assert found[1.9].u_sys_ang == pytest.approx(0.02, rel=0.02) and found[3.5].u_sys_ang < 0.012
    without = (Variant("rbkg", "rbkg=1.2", wave(1.9), WEIGHT),)
    lost = {round(p.r_ang, 1): p for p in of(peaks(chi, variants=without)) if p.height > 0.5}
    assert lost[3.5].flags == "absent with rbkg=1.2" and np.isnan(lost[3.5].u_sys_ang)


def test_nothing_has_no_peaks() -> None:
    assert peaks(np.zeros(K.size)) == []
