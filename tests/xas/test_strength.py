"""Strength of a lobe beside the first shell: what is taken away, what is left, and how well it is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntcspec.types import Array
from ntcspec.xas import fourier
from ntcspec.xas.families import family
from ntcspec.xas.shells import Measured
from ntcspec.xas.strength import Box, lobe_ratio, strength_ratio, without_shell

K = 0.05 * np.arange(281)
POWER, WINDOW = fourier.weights(K, kweight=2, kmin_inv_ang=3.0, kmax_inv_ang=13.0, dk_inv_ang=1.0, window="hanning")
WEIGHT = POWER * WINDOW
R = 1.0 + 0.025 * np.arange(201)
ORDER, FIRST, K_BOX, R_BOX = 49.0, (1.3, 2.6), (3.0, 8.0), (3.2, 4.6)
MOTHER = family("morlet", ORDER)


def box(r_box: tuple[float, float], k_box: tuple[float, float] = K_BOX) -> Box:
    return Box(MOTHER, K, R, family="morlet", order=ORDER, k_box=k_box, r_box=r_box)


def ratio(sigma: float = 0.0) -> Callable[[Array, Array], Measured]:
    return lobe_ratio(MOTHER, K, R, family="morlet", order=ORDER, k_box=K_BOX, r_box=R_BOX, first=FIRST, kweight=2, chi_sigma=sigma)  # fmt: skip


def wave(r: float, height: float = 1.0, phase: float = 0.0) -> Array:
    """chi whose k^2 chi is a damped sine."""
    return np.divide(
        height * np.sin(2 * r * K + phase) * np.exp(-0.006 * K**2), K**2, out=np.zeros_like(K), where=K > 0
    )


def test_what_is_taken_away_is_a_projection() -> None:
    rest = without_shell(K, WINDOW, FIRST)
    np.testing.assert_allclose(rest @ rest, rest, atol=1e-10)
    x = {r: WEIGHT * wave(r) for r in (2.0, 4.0)}
    left = {r: np.linalg.norm(rest @ one) / np.linalg.norm(one) for r, one in x.items()}
    assert left[2.0] < 0.02 and left[4.0] > 0.98


def test_the_tail_of_a_single_shell_is_no_lobe() -> None:
    """Without the filter the first shell alone makes a fake lobe several times as large."""
    shell, first = wave(1.9), box(FIRST)
    fake = strength_ratio(box(R_BOX), first, np.eye(K.size), shell, WEIGHT, 0.0).value
    left = ratio()(shell, WEIGHT).value
    assert fake > 0.05 and left < 0.1 * fake
    both, alone = box(R_BOX).mean_square(WEIGHT * wave(3.9, 0.3))[0], first.mean_square(WEIGHT * shell)[0]
    found = ratio()(shell + wave(3.9, 0.3), WEIGHT).value
    assert found == pytest.approx(np.sqrt(both / alone), rel=0.03), "a true lobe stays"


@settings(max_examples=20, deadline=None)
@given(size=st.floats(0.05, 0.8), r=st.floats(3.6, 4.2), phase=st.floats(-3.0, 3.0))
def test_a_ratio_grows_as_the_lobe(size: float, r: float, phase: float) -> None:
    of = ratio()
    one, other = (of(wave(1.9) + wave(r, s, phase), WEIGHT).value for s in (size, 2 * size))
    assert other / one == pytest.approx(2.0, rel=0.15)


def test_derivatives_are_those_of_differences() -> None:
    chi = wave(1.9) + wave(3.9, 0.4, 1.0)
    measured = ratio(1e-4)(chi, WEIGHT)
    for seed in range(4):
        step = 1e-7 * np.random.default_rng(seed).normal(size=K.size)
        up, down = (ratio(1e-4)(chi + s * step, WEIGHT).value for s in (1, -1))
        assert (up - down) / 2 == pytest.approx(measured.gradient @ step, rel=1e-5)


def test_noise_alone_has_the_mean_square_that_is_taken_off() -> None:
    rng, sigma, lobe = np.random.default_rng(1), 3e-4, box(R_BOX)
    found = [lobe.mean_square(rng.normal(0.0, sigma, K.size) * WEIGHT)[0] for _ in range(300)]
    assert np.mean(found) == pytest.approx(lobe.noise((sigma * WEIGHT) ** 2), rel=0.08)


def test_uncertainty_by_monte_carlo_and_no_bias_by_noise() -> None:
    rng, sigma = np.random.default_rng(2), 1e-3
    chi = wave(1.9) + wave(3.9, 0.2)
    of, bare = ratio(sigma), ratio()
    nominal = bare(chi, WEIGHT)
    noisy = [chi + rng.normal(0, sigma, K.size) for _ in range(300)]
    drawn = np.array([of(one, WEIGHT).value for one in noisy])
    raw = np.array([bare(one, WEIGHT).value for one in noisy])
    u = sigma * np.linalg.norm(nominal.gradient)
    assert drawn.std() == pytest.approx(u, rel=0.15)
    assert abs(drawn.mean() - nominal.value) < 0.3 * u, "noise would make every lobe stronger"
    assert raw.mean() - nominal.value > 2 * abs(drawn.mean() - nominal.value)


def test_what_noise_explains_is_no_lobe() -> None:
    chi = wave(1.9)
    found = ratio(5e-2)(chi, WEIGHT)
    assert found.value == 0.0 and found.reason == "no stronger than noise"


def test_a_box_outside_of_the_map_is_refused() -> None:
    with pytest.raises(ValueError, match="no points inside"):
        box((8.0, 9.0))
