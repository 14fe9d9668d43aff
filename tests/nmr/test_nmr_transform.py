"""Transform, apodisation, noise, phase, beginning of time: closed forms, Monte Carlo, properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from signals_for_nmr import DWELL, signal

from ntcspec.errors import UserError
from ntcspec.nmr.apodise import apodisation
from ntcspec.nmr.echo import Top, find_top, incoherence
from ntcspec.nmr.fourier import Transformed, angles, begun_at, next_power, transform
from ntcspec.nmr.phase import Phase, automatic_phase, mean_phase_deg
from ntcspec.nmr.point_noise import averaged_noise, correlation_of_weights, spectral_noise, tail_noise

START = Top(0.0, 0.0, "decay", "")
finite = st.floats(-1e3, 1e3)


def width_at_half_height(x: np.ndarray, y: np.ndarray) -> float:
    above = np.flatnonzero(y >= y.max() / 2)
    ends = []
    for inner, outer in ((above[0], above[0] - 1), (above[-1], above[-1] + 1)):
        share = (y.max() / 2 - y[outer]) / (y[inner] - y[outer])
        ends.append(x[outer] + share * (x[inner] - x[outer]))
    return float(ends[1] - ends[0])


def begun(done: Transformed, rest: float) -> np.ndarray:
    return begun_at(done.spectrum, done.start, rest, angles(done.spectrum.size))


def phase_of(x: np.ndarray, sigma: float, bound: float = 0.0, **more: object) -> Phase:
    done = transform(x, START, dwell_s=DWELL)
    plain = {"start": done.start, "rest": 0.0, "bound": bound}
    return automatic_phase(done.spectrum, spectral_noise(done.weights, sigma), **{**plain, **more})  # type: ignore[arg-type]


def echo_top(x: np.ndarray, sigma: float, **more: object) -> Top:
    plain = {"group_delay": 0.0, "when": "yes", "pulse_program": "", "given": None}
    return find_top(x, sigma, **{**plain, **more})  # type: ignore[arg-type]


# --- transform ------------------------------------------------------------------------------------


@given(st.lists(st.tuples(finite, finite), min_size=4, max_size=70), st.integers(1, 4))
def test_parseval(pairs: list[tuple[float, float]], zero_fill: int) -> None:
    x = np.array([complex(*one) for one in pairs])
    done = transform(x, START, dwell_s=DWELL, zero_fill=zero_fill, first_point=1.0)
    assert done.spectrum.size == next_power(zero_fill * x.size)
    assert np.sum(np.abs(done.spectrum) ** 2) == pytest.approx(
        done.spectrum.size * np.sum(np.abs(x) ** 2), rel=1e-9, abs=1e-9
    )


@given(st.integers(-30, 30), st.integers(0, 2**31))
def test_shift_theorem_of_frequency(bins: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(64) + 1j * rng.standard_normal(64)
    moved = x * np.exp(2j * np.pi * bins * np.arange(64) / 128)
    plain, turned = (transform(y, START, dwell_s=DWELL).spectrum for y in (x, moved))
    assert np.allclose(turned, np.roll(plain, bins), atol=1e-9)


@given(st.floats(-0.49, 0.49), st.integers(0, 2**31))
def test_shift_theorem_of_time(rest: float, seed: int) -> None:
    """A beginning between points is a phase of first order, 360 degrees times the rest over the width."""
    x = np.random.default_rng(seed).standard_normal(64) + 0j
    done = transform(x, Top(3.0, 0.0, "given", ""), dwell_s=DWELL, first_point=1.0)
    late = begun_at(done.spectrum, done.start, rest, angles(done.spectrum.size))
    n = np.arange(3, 64)
    direct = [np.sum(x[3:] * np.exp(-2j * np.pi * k * (n - 3 - rest) / 128)) for k in range(-64, 64)]
    assert np.allclose(late, direct, atol=1e-9)


def test_a_line_stands_at_its_frequency_with_its_height() -> None:
    x = np.exp(2j * np.pi * 12500.0 * np.arange(256) * DWELL)
    done = transform(x, START, dwell_s=DWELL, first_point=1.0)
    assert done.frequency_hz[np.argmax(done.spectrum.real)] == pytest.approx(
        12500.0
    ) and done.spectrum.real.max() == pytest.approx(256)
    assert np.all(np.diff(done.frequency_hz) > 0)


@pytest.mark.parametrize("top", [20.0, 20.4, 19.7, 20.0 + 1 / 3])
def test_the_first_point_leaves_no_flat_offset(top: float) -> None:
    """Far from the lines the absorption is 0 with the rule, and not with a weight of 1."""
    x = signal(top=top)
    where = Top(top, 0.0, "given", "")
    done = {w: begun(transform(x, where, dwell_s=DWELL, first_point=w), where.rest) for w in (None, 1.0)}
    frequency = angles(done[None].size) / (2 * np.pi * DWELL)
    height = done[None].real.max()
    for away, most in ((30000, 2e-4), (5000, 3e-4)):
        assert np.abs(done[None].real[np.abs(frequency) > away]).max() < most * height
    assert np.abs(done[1.0].real[np.abs(frequency) > 30000]).max() > 2e-3 * height


@given(st.floats(25.0, 300.0), st.floats(25.0, 300.0))
def test_widths_that_apodisation_adds(lorentz: float, gauss: float) -> None:
    t = np.arange(8192) * 2e-5
    for l_hz, g_hz, expected in ((lorentz, 0.0, lorentz), (0.0, gauss, gauss)):
        y = np.fft.fftshift(
            np.fft.fft(apodisation(t, broadening_hz=l_hz, gaussian_hz=g_hz) * np.where(t == 0, 0.5, 1), 65536)
        ).real
        assert width_at_half_height(np.fft.fftshift(np.fft.fftfreq(65536, 2e-5)), y) == pytest.approx(
            expected, rel=0.01, abs=0.05
        )
    both = apodisation(t, broadening_hz=lorentz, gaussian_hz=gauss)
    y = np.fft.fftshift(np.fft.fft(both * np.where(t == 0, 0.5, 1), 65536)).real
    voigt = 0.5346 * lorentz + np.sqrt(0.2166 * lorentz**2 + gauss**2)
    assert width_at_half_height(np.fft.fftshift(np.fft.fftfreq(65536, 2e-5)), y) == pytest.approx(voigt, rel=0.01)


@pytest.mark.parametrize("name", ["broadening_hz", "gaussian_hz"])
def test_a_width_below_nothing(name: str) -> None:
    with pytest.raises(UserError, match=f"reduce.{name}: -1 Hz is no width"):
        apodisation(np.zeros(3), **{"broadening_hz": 0.0, "gaussian_hz": 0.0, name: -1.0})


def test_points_before_the_beginning_of_a_digital_filter_are_kept() -> None:
    """A filter as Bruker's: symmetric in time about its delay. Kept in a circle, a line is pure absorption."""
    delay, n = 40, 1024
    ideal = np.exp(2j * np.pi * 60 * np.arange(n) / 2048 - 600 * np.arange(n) * DWELL)
    kernel = np.sinc(0.98 * (np.arange(81) - 40)) * np.hanning(83)[1:-1] * 0.98
    x = np.convolve(np.concatenate([[0.5], ideal[1:]]), kernel)[:n]
    done = transform(x, Top(float(delay), 0.0, "filter", ""), dwell_s=DWELL)
    at = int(np.argmax(np.abs(done.spectrum)))
    assert abs(np.angle(done.spectrum[at], deg=True)) < 0.5
    inside = np.abs(done.frequency_hz) < 0.45 / DWELL
    assert done.spectrum.real[inside].min() > -5e-3 * done.spectrum.real.max()


# --- noise ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("broadening", "zero_fill", "top"), [(0.0, 2, 10.0), (80.0, 2, 10.3), (300.0, 4, 9.6)])
def test_noise_and_its_correlation_by_monte_carlo(broadening: float, zero_fill: int, top: float) -> None:
    rng = np.random.default_rng(5)
    rows = []
    for _ in range(300):
        x = rng.standard_normal(266) + 1j * rng.standard_normal(266)
        done = transform(x, Top(top, 0.0, "given", ""), dwell_s=DWELL, broadening_hz=broadening, zero_fill=zero_fill)
        rows.append(begun(done, top - round(top)).real)
    noise = np.array(rows)
    sigma = spectral_noise(done.weights, 1.0)
    assert np.std(noise) == pytest.approx(sigma, rel=0.02)
    rho = correlation_of_weights(done.weights, done.distance - (top - round(top)), noise.shape[1])
    assert rho[0] == pytest.approx(1.0, abs=1e-12)
    for lag in range(1, min(12, rho.size)):
        assert np.mean(noise[:, lag:] * noise[:, :-lag]) / sigma**2 == pytest.approx(rho[lag], abs=0.03)
    mean = noise[:, :8].mean(axis=1)
    assert np.std(mean) == pytest.approx(averaged_noise(sigma, rho, 8), rel=0.12)


def test_whether_the_tail_is_noise_alone() -> None:
    assert tail_noise(signal(noise=0.01))[1] and tail_noise(signal(noise=0.01))[0] == pytest.approx(0.01, rel=0.1)
    assert not tail_noise(signal(lines=((500.0, 1.0, 1.0),), noise=0.001))[1]


# --- phase ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", [0.0, 37.0, -61.0, 112.0, -143.0, 180.0, 90.0])
def test_the_phase_is_found(phase: float) -> None:
    x = signal(phase_deg=phase, noise=0.003, t2=0.01)
    found = phase_of(x, 0.003)
    assert abs((found.carrier_deg + phase + 180) % 360 - 180) < 0.7 and found.rest == 0.0
    assert abs((mean_phase_deg(x, 0.0) - phase + 180) % 360 - 180) < 1.0


def test_phases_by_monte_carlo() -> None:
    apart = [phase_of(signal(phase_deg=20.0, noise=0.02, seed=seed), 0.02).carrier_deg + 20.0 for seed in range(40)]
    assert abs(np.mean(apart)) < 0.5 and np.std(apart) < 1.5


@given(st.integers(-6, 6), st.floats(-180, 180), st.integers(0, 100))
def test_the_phase_does_not_depend_on_the_scale(power: int, phase: float, seed: int) -> None:
    x = signal(512, phase_deg=phase, noise=0.02, seed=seed)
    one, other = (phase_of(x * scale, 0.02 * scale, 0.1) for scale in (1.0, 10.0**power))
    assert abs((one.carrier_deg - other.carrier_deg + 180) % 360 - 180) < 0.05 and abs(one.rest - other.rest) < 2e-3


FAR_APART = ((-30000.0, 300.0, 1.0), (5000.0, 300.0, 0.8), (35000.0, 300.0, 0.9))


@pytest.mark.parametrize("late", [-0.25, -0.1, 0.2])
def test_a_beginning_that_the_lines_tell(late: float) -> None:
    """Time begins between points, which lines far apart show; what lies beyond the bound is not taken."""
    x = signal(lines=FAR_APART, top=late, noise=0.003)
    assert phase_of(x, 0.003, 0.5).rest == pytest.approx(late, abs=0.01)
    assert abs(phase_of(x, 0.003, 0.5).carrier_deg) < 1.5
    assert phase_of(x, 0.003, 0.08).rest == 0.0


@pytest.mark.parametrize("noise", [0.0, 1e-5, 1e-3, 3e-3, 2e-2])
def test_no_beginning_is_made_up(noise: float) -> None:
    """Two lines near each other: a phase of first order that only lifts the baseline is not found."""
    for seed in range(5):
        found = phase_of(signal(noise=noise, phase_deg=50.0, seed=seed), noise, 0.5)
        assert abs(found.rest) < 0.06 and abs(found.carrier_deg + 50.0) < 2.0


def test_given_phases_are_kept() -> None:
    found = phase_of(signal(noise=0.01), 0.01, carrier_deg=12.0, rest=-0.1)
    assert (found.carrier_deg, found.rest) == (12.0, -0.1)


# --- beginning of time ----------------------------------------------------------------------------


def test_incoherence_against_its_definition() -> None:
    x = np.random.default_rng(1).standard_normal(9) + 1j * np.random.default_rng(2).standard_normal(9)
    centre, loss, pairs = incoherence(x)
    for c, d, m in zip(centre, loss, pairs, strict=True):
        products = [x[i] * x[j] for i in range(9) for j in range(9) if i + j == round(2 * c)]
        assert d == pytest.approx(1 - abs(sum(products)) / sum(abs(p) for p in products), abs=1e-12)
        assert m == (len(products) + 1) // 2


@pytest.mark.parametrize("sidebands", [0.0, 0.01])
def test_tops_by_monte_carlo(sidebands: float) -> None:
    """Bias, and whether the uncertainty is that of the scatter; the strongest point lies several points off."""
    pulls, apart, strongest = [], [], []
    for seed in range(60):
        top = 60.0 + np.random.default_rng(seed).uniform(-0.5, 0.5)
        x = signal(top=top, t2=0.004, noise=0.004, seed=seed, phase_deg=70.0, sidebands=sidebands)
        found = echo_top(x, 0.004)
        apart.append(found.points - top)
        pulls.append(apart[-1] / found.error_points)
        strongest.append(np.argmax(np.abs(x)) - top)
    assert abs(np.mean(apart)) < 0.03 and np.std(apart) < 0.1
    assert 0.6 < np.std(pulls) < 1.5
    if sidebands == 0.0:
        assert np.std(strongest) > 5 * np.std(apart) and np.mean(strongest) < -1.0


@pytest.mark.parametrize("noise", [0.02, 0.05, 0.1])
def test_noise_makes_up_no_top(noise: float) -> None:
    """Where the beat is hidden the top is not decided; it is never decided wrongly."""
    for seed in range(60):
        found = echo_top(signal(top=34.3, t2=0.015, noise=noise, seed=seed), noise)
        assert found.error_points == np.inf or abs(found.points - 34.3) < 0.5


def test_one_line_does_not_tell_the_top() -> None:
    found = echo_top(signal(lines=((500.0, 100.0, 1.0),), top=50.0, noise=0.005), 0.005)
    assert found.error_points == np.inf and "do not tell the top" in found.how


@pytest.mark.parametrize(
    ("when", "program", "kind"),
    [
        ("auto", "solidecho", "echo"),
        ("auto", "onepulse", "decay"),
        ("no", "solidecho", "decay"),
        ("yes", "onepulse", "echo"),
    ],
)
def test_when_an_echo_is_looked_for(when: str, program: str, kind: str) -> None:
    x = signal(top=50.0, noise=0.005)
    assert echo_top(x, 0.005, when=when, pulse_program=program).kind == kind


def test_starts_of_decays() -> None:
    x = signal(noise=0.005)
    assert echo_top(x, 0.005, when="no").points == 0.0
    late = np.concatenate([0.005 * np.random.default_rng(3).standard_normal(4), x])
    assert echo_top(late, 0.005, when="no").points == 4.0
    behind = echo_top(x, 0.005, when="no", group_delay=67.98)
    assert (behind.points, behind.kind, behind.whole) == (67.98, "filter", 68) and behind.rest == pytest.approx(-0.02)


def test_a_given_top_wins_and_must_lie_inside() -> None:
    assert echo_top(signal(), 0.0, given=12.25).points == 12.25
    with pytest.raises(UserError, match="a top at point 5000 of 2048"):
        echo_top(signal(), 0.0, given=5000.0)
