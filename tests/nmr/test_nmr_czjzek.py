"""Czjzek's distribution: its moments, its kernel against closed forms and mrsimulator, its derivative."""

from __future__ import annotations

import numpy as np
import pytest

from ntcspec.errors import UserError
from ntcspec.nmr import czjzek
from ntcspec.nmr.central import Axis, quadrupole_shift_ppm
from ntcspec.nmr.czjzek import RMS_PQ, density, eta_nodes, kernel
from ntcspec.nmr.decay import Grid, broadening

NU0 = 105.67e6
COUNT, WIDTH = 4096, 50e3
GRID = Grid(-WIDTH / 105.67 / 2, WIDTH / 105.67 / COUNT, COUNT, 105.67)
SHIFT = GRID.first_ppm + GRID.step_ppm * np.arange(COUNT)
RANGE = (0.05e6, 1.5e6)


def glass(sigma_hz: float, spinning_hz: float = np.inf, gaussian_hz: float = 200.0):
    decay, _ = kernel(Axis(COUNT, WIDTH, NU0, spinning_hz), 1.5, RANGE).line(sigma_hz)
    return GRID.spectrum(decay * broadening(GRID.time_s, gaussian_hz) * GRID.shift(0.0))


def test_the_density_is_normal_and_its_rms_coupling_is_root_five_sigma() -> None:
    cq, eta = np.meshgrid(np.linspace(0, 5e6, 1501)[1:], np.linspace(0, 1, 301), indexing="ij")
    p = density(cq, eta, 0.5e6)
    total = np.trapezoid(np.trapezoid(p, eta[0], axis=1), cq[:, 0])
    pq2 = np.trapezoid(np.trapezoid(p * cq**2 * (1 + eta**2 / 3), eta[0], axis=1), cq[:, 0])
    assert total == pytest.approx(1.0, rel=1e-4)
    assert np.sqrt(pq2) == pytest.approx(RMS_PQ * 0.5e6, rel=1e-4)
    mean_eta = float(np.dot(*eta_nodes(6)))
    assert mean_eta == pytest.approx(np.trapezoid(np.trapezoid(p * eta, eta[0], axis=1), cq[:, 0]), rel=1e-4)


def test_our_sigma_is_twice_that_of_mrsimulator() -> None:
    from mrsimulator.models import CzjzekDistribution

    cq, eta = np.linspace(0.02e6, 4e6, 200), np.linspace(0.0, 1.0, 60)
    mesh = np.meshgrid(cq, eta)
    _, _, theirs = CzjzekDistribution(sigma=0.3e6).pdf(pos=[cq, eta])
    theirs = np.asarray(theirs)[:-1]  # at eta = 1 it holds half a cell
    ours, other = density(*mesh, 0.6e6)[:-1], density(*mesh, 0.3e6)[:-1]
    assert ours / ours.sum() == pytest.approx(theirs / theirs.sum(), abs=1e-3 * theirs.max() / theirs.sum())
    assert np.corrcoef(other.ravel(), theirs.ravel())[0, 1] < 0.9


@pytest.mark.parametrize("sigma", [0.1e6, 0.3e6, 0.6e6, 0.8e6])
def test_the_centre_of_gravity_is_the_closed_form(sigma: float) -> None:
    y = glass(sigma)
    expected = -25000 * 5 * (sigma / NU0) ** 2
    assert float(y @ SHIFT) / float(y.sum()) == pytest.approx(expected, rel=3e-3)
    assert quadrupole_shift_ppm(RMS_PQ * sigma, NU0) == pytest.approx(expected)
    assert float(y.sum()) * GRID.step_ppm == pytest.approx(1.0, abs=1e-3)
    assert y.min() > -1e-6 * y.max()


def test_mrsimulator_makes_the_same_line() -> None:
    """Its kernel times its distribution: its fitting layer may mirror the shift, this does not."""
    from mrsimulator.method import SpectralDimension
    from mrsimulator.method.lib import BlochDecayCTSpectrum
    from mrsimulator.models import CzjzekDistribution
    from mrsimulator.models.utils import LineShapeKernel
    from mrsimulator.simulator.config import ConfigSimulator

    method = BlochDecayCTSpectrum(
        channels=["23Na"], magnetic_flux_density=105.67 / 11.268835291595886, rotor_frequency=12e3,
        spectral_dimensions=[SpectralDimension(count=COUNT, spectral_width=WIDTH)],
    )  # fmt: skip
    pos = [np.linspace(0.05e6, 4e6, 80), np.linspace(0.0, 1.0, 16)]
    made = LineShapeKernel(method=method, pos=pos, config=ConfigSimulator(number_of_sidebands=16))
    made.generate_lineshape(tensor_type="quadrupolar")
    for sigma in (0.3e6, 0.56e6):
        weight = np.asarray(CzjzekDistribution(sigma=sigma / 2).pdf(pos=pos)[2]).ravel()
        raw = weight @ made.kernel
        decay = np.fft.ifft(np.fft.ifftshift(raw / raw.sum())) * COUNT
        theirs = GRID.spectrum(decay[: COUNT // 2 + 1] * broadening(GRID.time_s, 200.0))
        ours = glass(sigma, 12e3)
        assert np.corrcoef(ours, theirs)[0, 1] > 0.9999
        assert np.corrcoef(ours[::-1], theirs)[0, 1] < 0.99


def test_the_derivative_by_sigma_is_that_of_differences() -> None:
    nodes = kernel(Axis(COUNT, WIDTH, NU0, 12e3), 1.5, RANGE)
    for sigma in (0.06e6, 0.4e6, 1.4e6):
        _, slope = nodes.line(sigma)
        by_difference = (nodes.line(sigma * 1.0001)[0] - nodes.line(sigma * 0.9999)[0]) / (2e-4 * sigma)
        assert slope == pytest.approx(by_difference, abs=1e-6 * float(np.abs(slope).max()))


def test_finer_nodes_orientations_and_asymmetries_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    axis = Axis(COUNT, WIDTH, NU0, 12e3)
    usual = kernel(axis, 1.5, RANGE)
    for name, value in (("FINEST", 0.15), ("COARSEST", 0.03), ("ETAS", 10), ("CUTS", 64)):
        monkeypatch.setattr(czjzek, name, value)
    fine = kernel.__wrapped__(axis, 1.5, RANGE)
    assert fine.pq_hz.size > 1.9 * usual.pq_hz.size
    damped = broadening(GRID.time_s, 120.0)  # as narrow as lines of glasses get; the edge of a wide one is the hardest
    for sigma in (0.05e6, 0.09e6, 0.3e6, 0.7e6):
        one, other = (GRID.spectrum(nodes.line(sigma)[0] * damped) for nodes in (usual, fine))
        assert one == pytest.approx(other, abs=8e-3 * other.max())


@pytest.mark.parametrize("sigma", [0.04e6, 1.6e6])
def test_a_sigma_outside_the_kernel_is_refused(sigma: float) -> None:
    nodes = kernel(Axis(COUNT, WIDTH, NU0), 1.5, RANGE)
    with pytest.raises(UserError, match=r"outside the kernel, 0\.05 to 1\.5 MHz -> widen sigma_mhz"):
        nodes.line(sigma)


def test_the_kernel_is_kept() -> None:
    axis = Axis(COUNT, WIDTH, NU0)
    assert kernel(axis, 1.5, RANGE) is kernel(axis, 1.5, RANGE)
