"""The central transition against brute force, SIMPSON, mrsimulator, and closed forms."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntcspec.nmr.central import (
    MAGIC_RAD,
    Axis,
    Coupling,
    harmonics,
    level_factors,
    line,
    octant,
    quadrupole_shift_ppm,
    sidebands,
    tents,
)
from ntcspec.types import Array

GAMMA = {"17O": -5.774236332534915, "23Na": 11.268835291595886, "59Co": 10.077068248870198}  # MHz/T
SPIN = {"17O": 2.5, "23Na": 1.5, "59Co": 3.5}


def correlation(a: Array, b: Array) -> float:
    return float(np.corrcoef(a, b)[0, 1])


def settings_of(path: Path) -> tuple[str, float, float, float, int, float, Coupling]:
    """Nucleus, Larmor frequency (Hz), spinning rate, angle, points, width and coupling from a reference's json."""
    read = json.loads(path.read_text())
    method, site = read["methods"][0], read["spin_systems"][0]["sites"][0]
    axis = method["spectral_dimensions"][0]
    first = lambda text: float(str(text).split()[0])  # noqa: E731
    nu0 = abs(GAMMA[site["isotope"]]) * first(method["magnetic_flux_density"]) * 1e6
    shift = site.get("shielding_symmetric", {"zeta": 0.0, "eta": 0.0})
    coupling = Coupling(
        1e6 * first(site["quadrupolar"]["Cq"]), site["quadrupolar"]["eta"],
        -first(shift["zeta"]) * 1e-6 * nu0, shift["eta"],  # zeta of shielding: the shift has the other sign
    )  # fmt: skip
    rate, angle = 1e3 * first(method["rotor_frequency"]), np.deg2rad(first(method["rotor_angle"]))
    return site["isotope"], nu0, rate, angle, axis["count"], 1e3 * first(axis["spectral_width"]), coupling


@pytest.mark.parametrize("name", ["brute_test01", "brute_test04"])
def test_brute_force_lines_at_a_finite_spinning_rate(data_folder: Path, name: str) -> None:
    folder = data_folder / "nmr" / "quad_ref"
    frequency, expected = np.load(folder / f"{name}.npy")
    nucleus, nu0, rate, angle, count, width, coupling = settings_of(folder / f"{name}.json")
    axis = Axis(count, width, nu0, rate, angle)
    assert axis.frequency_hz == pytest.approx(frequency)
    found = line(axis, coupling, SPIN[nucleus], cuts=70)
    assert correlation(found, expected) > 0.99995
    assert correlation(found[::-1], expected) < 0.5  # a mirrored axis would show


@pytest.mark.parametrize("name", ["simpson_csa_quad_00", "simpson_csa_quad_06"])
def test_simpson_lines_with_an_anisotropic_shift(data_folder: Path, name: str) -> None:
    """Static; compared as SIMPSON gives it, a decay cut off at its last point, without apodisation."""
    folder = data_folder / "nmr" / "quad_ref"
    words = (folder / f"{name}.fid").read_text().split("DATA\n")[1].split("END")[0].split()
    decay = np.array(words, dtype=float).reshape(-1, 2) @ np.array([1.0, 1.0j])
    nucleus, nu0, rate, _, count, width, coupling = settings_of(folder / f"{name}.json")
    assert rate == 0.0 and decay.size == count
    fine = 4 * count
    found = line(Axis(fine, width, nu0, 0.0), coupling, SPIN[nucleus], cuts=150)
    ours = (np.fft.ifft(np.fft.ifftshift(found)) * fine)[:count] / np.sinc(np.arange(count) / fine)

    def spectrum(points: Array) -> Array:
        points = points * np.where(np.arange(count) == 0, 0.5, 1.0)
        return np.fft.fftshift(np.fft.fft(points)).real

    assert correlation(spectrum(ours), spectrum(decay)) > 0.9995


@pytest.mark.parametrize(
    ("nucleus", "field", "rate", "cq", "eta", "zeta_ppm", "zeta_eta"),
    [
        ("23Na", 9.377, 12e3, 0.9e6, 0.6, 0.0, 0.0),
        ("23Na", 9.377, 12e3, 3.0e6, 0.3, 0.0, 0.0),
        ("23Na", 9.377, 20e3, 6.0e6, 0.9, 0.0, 0.0),
        ("17O", 9.4, 10e3, 4.0e6, 0.4, 80.0, 0.3),
        ("59Co", 4.684, 8e3, -3.1e6, 0.2, -50.0, 0.7),
    ],
)
def test_mrsimulator_agrees(
    nucleus: str, field: float, rate: float, cq: float, eta: float, zeta_ppm: float, zeta_eta: float
) -> None:
    from mrsimulator import Simulator, Site, SpinSystem
    from mrsimulator.method import SpectralDimension
    from mrsimulator.method.lib import BlochDecayCTSpectrum

    count, width, density = 2048, 200e3, 70
    method = BlochDecayCTSpectrum(
        channels=[nucleus], rotor_frequency=rate, rotor_angle=MAGIC_RAD, magnetic_flux_density=field,
        spectral_dimensions=[SpectralDimension(count=count, spectral_width=width)],
    )  # fmt: skip
    site = Site(isotope=nucleus, isotropic_chemical_shift=0.0, quadrupolar={"Cq": cq, "eta": eta},
                shielding_symmetric={"zeta": -zeta_ppm, "eta": zeta_eta})  # fmt: skip
    simulator = Simulator(spin_systems=[SpinSystem(sites=[site])], methods=[method])
    simulator.config.number_of_sidebands = 128
    simulator.config.integration_density = density
    simulator.run()
    expected = simulator.methods[0].simulation.y[0].components[0].real
    nu0 = abs(GAMMA[nucleus]) * field * 1e6
    found = line(
        Axis(count, width, nu0, rate), Coupling(cq, eta, zeta_ppm * 1e-6 * nu0, zeta_eta), SPIN[nucleus], density
    )
    assert correlation(found, expected) > 0.99999
    assert found.sum() == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("eta", [0.0, 0.35, 1.0])
def test_fast_spinning_is_the_closed_form(eta: float) -> None:
    """D. Freude, J. Haase (1993): A mu^4 + B mu^2 + C."""
    points = octant(12)
    c, mu = np.cos(2.0 * points.alpha), np.cos(points.beta)
    a = 21 / 16 - 7 / 8 * eta * c + 7 / 48 * (eta * c) ** 2
    b = -9 / 8 + eta**2 / 12 + eta * c - 7 / 24 * (eta * c) ** 2
    rest = 5 / 16 - eta * c / 8 + 7 / 48 * (eta * c) ** 2
    found = harmonics(Coupling(1e6, eta), 1e8, 1.5, points, MAGIC_RAD)[0]
    assert found.imag == pytest.approx(np.zeros(c.size), abs=1e-9)
    assert found.real == pytest.approx(-1e4 * (a * mu**4 + b * mu**2 + rest) / 8)


def test_no_harmonic_above_the_fourth() -> None:
    points = octant(6)
    wave = harmonics(Coupling(1e6, 0.4, 3e3, 0.2), 1e8, 2.5, points, 0.7)
    assert np.abs(wave[1:]).max() > 1.0
    share = np.array([s.sum(axis=0) for _, s in [sidebands(wave, 3000.0)]])
    assert share == pytest.approx(np.ones_like(share), abs=1e-4)


@pytest.mark.parametrize("spin", [1.5, 2.5, 3.5, 4.5])
@pytest.mark.parametrize("spinning", [0.0, 9e3, np.inf])
def test_the_centre_of_gravity_is_the_quadrupolar_shift(spin: float, spinning: float) -> None:
    nu0, cq, eta = 1.0567e8, 2.0e6 * spin, 0.45
    axis = Axis(16384, 400e3, nu0, spinning)
    found = line(axis, Coupling(cq, eta), spin, cuts=60)
    expected = quadrupole_shift_ppm(cq * np.sqrt(1 + eta**2 / 3), nu0, spin)
    assert found.sum() == pytest.approx(1.0, abs=1e-5)
    assert float(found @ axis.frequency_hz) / nu0 * 1e6 == pytest.approx(expected, rel=1e-3)
    if spin == 1.5:
        assert expected == pytest.approx(-25000 * (cq / nu0) ** 2 * (1 + eta**2 / 3))


def test_satellites_of_a_spin_three_half_move_twice_as_far_the_other_way() -> None:
    central, outer = level_factors(1.5), level_factors(1.5, 1.5)
    assert sum(outer) / sum(central) == pytest.approx(-2.0)  # isotropic part: |V21|^2 and |V22|^2 are alike on average


@pytest.mark.parametrize("spin", [0.5, 1.0, 2.0])
def test_a_spin_without_central_transition_is_refused(spin: float) -> None:
    with pytest.raises(ValueError, match="central transition"):
        level_factors(spin)


def counted(at: Array, hats: bool) -> Array:
    """Points in each of 100 bins, or shared between the two that are nearest."""
    if not hats:
        return np.histogram(at, np.arange(101) - 0.5)[0].astype(float)
    low = np.floor(at).astype(int)
    found = np.zeros(100)
    for bin_of, weight in ((low, 1 - (at - low)), (low + 1, at - low)):
        inside = (bin_of >= 0) & (bin_of < 100)
        found += np.bincount(bin_of[inside], weight[inside], 100)
    return found


@settings(max_examples=30, deadline=None)
@given(st.floats(-30, 130), st.floats(0.0, 80.0), st.integers(0, 2**31), st.booleans())
def test_tents_are_what_sampling_triangles_gives(start: float, spread: float, seed: int, hats: bool) -> None:
    """Triangles cut into very many points, counted into bins."""
    points = octant(2)
    rng = np.random.default_rng(seed)
    position = start + spread * rng.random(points.alpha.size)
    found = tents(position[None], np.ones((1, position.size)), points, 100, hats=hats)
    u, v = np.meshgrid((np.arange(300) + 0.5) / 300, (np.arange(300) + 0.5) / 300)
    u, v = np.where(u + v > 1, 1 - u, u).ravel(), np.where(u + v > 1, 1 - v, v).ravel()
    corner = position[points.corners]
    at = corner[0][:, None] * (1 - u - v) + corner[1][:, None] * u + corner[2][:, None] * v
    expected = np.zeros(100)
    for row, weight in zip(at, points.weight, strict=True):
        expected += weight * counted(row, hats) / u.size
    assert found.min() > -1e-7
    if spread > 1.0:
        assert found == pytest.approx(expected, abs=0.02)
    assert found.sum() == pytest.approx(expected.sum(), abs=0.01)
