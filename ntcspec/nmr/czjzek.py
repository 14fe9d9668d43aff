"""The central transition of a glass: quadrupolar couplings distributed as Czjzek found.

Symbols: CQ, eta, PQ = CQ sqrt(1 + eta^2/3), sigma width of the distribution (Hz), x = PQ / sigma, nu0 Larmor frequency.

    P(CQ, eta) ~ CQ^4 eta (1 - eta^2/9) exp(-CQ^2 (1 + eta^2/3) / (2 sigma^2))

sigma is that of ssNake and DMFit. That of mrsimulator is HALF of it. In PQ and eta the density is a product: x^2 is
chi-squared with 5 degrees of freedom, and eta has the density eta (1 - eta^2/9) (1 + eta^2/3)^(-5/2) whatever sigma is.
Therefore (spin 3/2)

    rms PQ = sqrt(5) sigma,  mean quadrupolar shift -125000 (sigma/nu0)^2 ppm,  centre of gravity delta_iso + that.

Order of steps:
1. kernel: decays of powder lines at PQ_j = a sinh(j h), each averaged over eta (Gauss-Legendre); it depends on spin,
   field, spinning rate and axis alone and is kept in the process;
2. line of a sigma: sum_j w_j K_j(t), w_j ~ x_j^4 exp(-x_j^2/2) dPQ/dj, sum 1. The rule is exact to the last digits, as
   the integrand is smooth and dies away at both ends; dw_j/dsigma = w_j (x_j^2 - <x^2>) / sigma.

Sources: G. Czjzek et al., Phys. Rev. B 23, 2513 (1981); J.-B. d'Espinose de Lacaillerie, C. Fretigny, D. Massiot,
J. Magn. Reson. 192, 244 (2008); G. Le Caer, R. A. Brand, J. Phys.: Condens. Matter 10, 10715 (1998).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import asinh

import numpy as np

from ntcspec.errors import UserError
from ntcspec.nmr.central import Axis, Coupling, harmonics, octant, powder, satellite_centreband, tents
from ntcspec.nmr.decay import Complex, decay_of
from ntcspec.types import Array

RMS_PQ = 5.0**0.5  # in sigma
REACH = 6.5  # largest PQ in sigma; beyond it lies 1e-7 of the distribution
ETAS, CUTS, SATELLITE_CUTS = 6, 32, 10
FINEST, COARSEST = 0.3, 0.06  # step of PQ near 0 in the smallest sigma, and far out relative to PQ


def density(cq_hz: Array, eta: Array, sigma_hz: float) -> Array:
    """P(CQ, eta) (1/Hz), arrays of equal shape; its integral over CQ > 0 and 0 < eta < 1 is 1."""
    norm = (np.pi / 2.0) ** 0.5 * sigma_hz**5
    pq2 = cq_hz**2 * (1.0 + eta**2 / 3.0)
    return np.asarray(cq_hz**4 * eta * (1.0 - eta**2 / 9.0) / norm * np.exp(-pq2 / (2.0 * sigma_hz**2)))


@dataclass(frozen=True)
class Kernel:
    """Decays (nodes, times) of powder lines at couplings pq_hz; d_pq: dPQ/dj. Good for sigma between the two."""

    pq_hz: Array
    d_pq: Array
    decays: Complex
    sigma_range_hz: tuple[float, float]

    def line(self, sigma_hz: float) -> tuple[Complex, Complex]:
        """Decay of area 1 of a sigma, and its derivative by sigma (1/Hz), each (times,).

        Raises UserError for a sigma that the nodes do not cover.
        """
        low, high = self.sigma_range_hz
        if not low * (1.0 - 1e-9) <= sigma_hz <= high * (1.0 + 1e-9):
            what = f"{sigma_hz / 1e6:g} MHz is outside the kernel, {low / 1e6:g} to {high / 1e6:g} MHz"
            raise UserError("sigma_mhz", what, "widen sigma_mhz of the site")
        x2 = (self.pq_hz / sigma_hz) ** 2
        weight = x2**2 * np.exp(-0.5 * x2) * self.d_pq
        weight /= weight.sum()
        both = np.array([weight, weight * (x2 - weight @ x2) / sigma_hz])
        flat = both @ self.decays.view(float)  # real weights: half the work of a complex product
        found = flat.view(complex)
        return found[0], found[1]


@lru_cache(maxsize=6)
def kernel(axis: Axis, spin: float, sigma_range_hz: tuple[float, float], satellites: bool = False) -> Kernel:
    """The kernel of an axis; kept, so that a second fit costs nothing.

    satellites : the centreband of the inner satellites, in place of the central transition; the area is then what is
    left in that centreband, 1 if it were all.
    Raises UserError for a range of sigma that is empty.
    """
    low, high = sigma_range_hz
    if not 0.0 < low < high:
        raise UserError("sigma_mhz", f"{low / 1e6:g} to {high / 1e6:g} MHz is no range", "give (from, to) above 0")
    first = FINEST * low / COARSEST
    nodes = COARSEST * np.arange(1, int(np.ceil(asinh(REACH * high / first) / COARSEST)) + 1)
    pq, d_pq = first * np.sinh(nodes), first * np.cosh(nodes)
    points = octant(SATELLITE_CUTS if satellites else CUTS)
    total = np.zeros((pq.size, axis.count))
    for eta, weight in zip(*eta_nodes(ETAS), strict=True):
        cq = pq / (1.0 + eta**2 / 3.0) ** 0.5
        wave = harmonics(Coupling(1.0, float(eta)), axis.nu0_hz, spin, points, axis.theta_rad)
        for row, one in zip(total, cq, strict=True):
            if satellites:
                coupling = Coupling(float(one), float(eta))
                c0, share = satellite_centreband(coupling, axis.nu0_hz, axis.spinning_hz, spin, points)
                row += weight * tents(
                    (c0 / axis.step_hz + axis.count // 2)[None], share[None], points, axis.count, hats=True
                )
            else:
                row += weight * powder(axis, wave * one**2, points, hats=True)
    return Kernel(pq, d_pq, np.ascontiguousarray(decay_of(total)), sigma_range_hz)


def eta_nodes(number: int) -> tuple[Array, Array]:
    """Asymmetries and their weights (sum 1) for averages over the distribution."""
    x, w = np.polynomial.legendre.leggauss(number)
    eta = 0.5 * (x + 1.0)
    weight = w * eta * (1.0 - eta**2 / 9.0) * (1.0 + eta**2 / 3.0) ** -2.5
    return eta, weight / weight.sum()
