"""Line shapes of spin 3/2 against independent sums over random field gradient tensors and over rotor periods."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from ntcspec.demo import nmr_lines as lines

Array = npt.NDArray[np.float64]
NU0_HZ = 105.67e6


def random_tensors(rng: np.random.Generator, n: int) -> Array:
    """Symmetric traceless tensors with five independent normal components: the Czjzek distribution, turned at random.

    Scaled so that PQ^2 = 2/3 sum V_ij^2 has the mean 5 (sigma = 1).
    """
    v = rng.standard_normal((n, 5)) * np.sqrt(1.5)
    tensor = np.zeros((n, 3, 3))
    tensor[:, 2, 2] = v[:, 0] * np.sqrt(2 / 3)
    tensor[:, 0, 0] = -tensor[:, 2, 2] / 2 + v[:, 3] / np.sqrt(2)
    tensor[:, 1, 1] = -tensor[:, 2, 2] / 2 - v[:, 3] / np.sqrt(2)
    for (i, j), component in (((0, 2), 1), ((1, 2), 2), ((0, 1), 4)):
        tensor[:, i, j] = tensor[:, j, i] = v[:, component] / np.sqrt(2)
    return tensor


def rotor_averages(tensor: Array, steps: int = 9) -> tuple[Array, Array]:
    """<2 |V1|^2> and <|V2|^2> over a rotor period, the field at the magic angle to z. 9 steps are exact up to rank 4."""
    first, second = np.zeros(len(tensor)), np.zeros(len(tensor))
    sin, cos = np.sqrt(2 / 3), np.sqrt(1 / 3)
    for angle in 2 * np.pi * np.arange(steps) / steps:
        z = np.array([sin * np.cos(angle), sin * np.sin(angle), cos])
        x = np.array([cos * np.cos(angle), cos * np.sin(angle), -sin])
        y = np.cross(z, x)
        frame = np.einsum("ia,nab,jb->nij", np.array([x, y, z]), tensor, np.array([x, y, z]))
        first += 2 * (frame[:, 0, 2] ** 2 + frame[:, 1, 2] ** 2) / steps
        second += ((frame[:, 0, 0] - frame[:, 1, 1]) ** 2 / 4 + frame[:, 0, 1] ** 2) / steps
    return first, second


def quantiles(position: Array, weight: Array, at: list[float]) -> Array:
    order = np.argsort(position)
    return np.interp(at, np.cumsum(weight[order]), position[order])


def test_czjzek_line_is_that_of_random_tensors() -> None:
    """Second-order shifts from the rotor-averaged Hamiltonian.

    Level m of a spin 3/2 goes with m [(14 - 8 m^2) |V1|^2 - (13/2 - 2 m^2) |V2|^2], hence 2 |V1|^2 - |V2|^2 for the central
    transition and -2 |V1|^2 for a satellite; the scale follows from the mean shift -PQ^2/40.
    """
    tensor = random_tensors(np.random.default_rng(3), 120_000)
    first, second = rotor_averages(tensor)
    central = first - second
    scale = -(2 / 3 * (tensor**2).sum(axis=(1, 2))).mean() / 40 / central.mean()
    made = lines.czjzek(1.0)
    at = [0.02, 0.05, 0.25, 0.5, 0.75, 0.95]
    assert quantiles(made.offset_hz2, made.weight, at) == pytest.approx(np.quantile(scale * central, at), rel=0.02)
    satellite = np.quantile(-scale * first, at)
    assert quantiles(made.satellite_hz2, made.weight, at) == pytest.approx(satellite, abs=0.004)


@pytest.mark.parametrize("sigma_mhz", [0.3, 0.6, 0.8])
def test_centre_of_gravity_of_the_czjzek_line(sigma_mhz: float) -> None:
    made = lines.czjzek(sigma_mhz * 1e6)
    ppm = float(made.offset_hz2 @ made.weight) / NU0_HZ**2 * 1e6
    assert made.weight.sum() == pytest.approx(1.0, abs=1e-12)
    assert ppm == pytest.approx(-25000 * 5 * (sigma_mhz * 1e6 / NU0_HZ) ** 2, rel=2e-4)


@pytest.mark.parametrize(("cq_mhz", "eta"), [(1.0, 0.0), (0.9, 0.6), (2.0, 1.0)])
def test_centre_of_gravity_of_a_site(cq_mhz: float, eta: float) -> None:
    made = lines.single_site(cq_mhz * 1e6, eta)
    pq2 = (cq_mhz * 1e6) ** 2 * (1 + eta**2 / 3)
    assert float(made.offset_hz2 @ made.weight) / NU0_HZ**2 * 1e6 == pytest.approx(-25000 * pq2 / NU0_HZ**2, rel=1e-4)
    satellite = float(made.satellite_hz2 @ made.weight)
    assert satellite == pytest.approx(-2 * float(made.offset_hz2 @ made.weight), rel=1e-4)


def test_axial_site_ends_where_theory_says() -> None:
    """eta = 0: (nu - nu_iso) nu0/CQ^2 runs from -(21/16 mu^4 - 9/8 mu^2 + 5/16)/8 at mu = 1 to mu^2 = 3/7."""
    made = lines.single_site(1.0, 0.0)
    assert made.offset_hz2.min() == pytest.approx(-1 / 16, rel=0.02)
    assert made.offset_hz2.max() == pytest.approx(-(5 / 16 - 27 / 112) / 8, rel=1e-3)


def test_deposit_keeps_sum_and_mean() -> None:
    rng = np.random.default_rng(1)
    position, weight = rng.uniform(3, 60, 500), rng.uniform(0, 1, 500)
    spectrum = lines.deposit(position, weight, 64)
    assert spectrum.sum() == pytest.approx(weight.sum())
    assert spectrum @ np.arange(64) == pytest.approx(weight @ position)
    assert lines.deposit(np.array([-0.25]), np.array([1.0]), 8)[[7, 0]] == pytest.approx([0.25, 0.75])


def exact_sidebands(cq_hz: float, eta: float, spinning_hz: float, orders: range) -> dict[int, float]:
    """Shares of first-order satellite sidebands of a powder: |F_n|^2 of the phase over a rotor period."""
    rng = np.random.default_rng(5)
    found, count, steps = dict.fromkeys(orders, 0.0), 300, 512
    turn = 2 * np.pi * np.arange(steps) / steps
    field = np.array([np.sqrt(2 / 3) * np.cos(turn), np.sqrt(2 / 3) * np.sin(turn), np.full(steps, np.sqrt(1 / 3))])
    principal = np.diag([-(1 - eta) / 2, -(1 + eta) / 2, 1.0])
    for _ in range(count):
        rotation, _ = np.linalg.qr(rng.standard_normal((3, 3)))
        nu = cq_hz / 2 * np.einsum("is,ij,js->s", field, rotation @ principal @ rotation.T, field)
        phase = np.exp(2j * np.pi * np.cumsum(nu - nu.mean()) / spinning_hz / steps)
        intensity = np.abs(np.fft.fft(phase) / steps) ** 2
        for n in orders:
            found[n] += float(intensity[n]) / count
    return found


def test_sideband_shares_are_near_the_exact_ones() -> None:
    """The envelope of slow spinning, within a quarter; shares of all orders sum to 1."""
    site = (np.array([0.9e6]), np.array([0.6]), np.array([1.0]))
    shares = lines.sideband_shares(12e3, range(-4, 5), *site)
    exact = exact_sidebands(0.9e6, 0.6, 12e3, range(-4, 5))
    assert sum(shares.values()) == pytest.approx(sum(exact.values()), rel=0.25)
    everything = lines.sideband_shares(12e3, range(-200, 201), *lines.czjzek_sites(0.6e6))
    assert sum(everything.values()) == pytest.approx(1.0, abs=1e-3)
