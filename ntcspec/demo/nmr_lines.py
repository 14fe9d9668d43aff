"""Line shapes of 23Na (spin 3/2) under magic angle spinning: a site, a Czjzek distribution, satellite sidebands.

Symbols: nu0 Larmor frequency (Hz), CQ = e2qQ/h (Hz), eta asymmetry, PQ = CQ sqrt(1 + eta^2/3), alpha and beta the
angles between rotor axis and field gradient, mu = cos(beta).

Central transition, spinning much faster than the line is wide (Freude and Haase, NMR Basic Princ. Prog. 29, 1 (1993)):

    nu - nu_iso = -(PQ^2/nu0) h,    h = [A mu^4 + B mu^2 + C] / [8 (1 + eta^2/3)],    mean of h = 1/40,
    A = 21/16 - 7/8 eta c + 7/48 eta^2 c^2,  B = -9/8 + eta^2/12 + eta c - 7/24 eta^2 c^2,
    C = 5/16 - 1/8 eta c + 7/48 eta^2 c^2,   c = cos(2 alpha),

so that the centre of gravity is delta_iso + delta_QIS with delta_QIS = -25000 (PQ/nu0)^2 ppm. For the satellite
transitions the isotropic part is multiplied by -2 and the rest of h by -8/9.

Czjzek distribution, sigma as in ssNake and DMFit (that of mrsimulator is half of it):

    P(CQ, eta) ~ CQ^4 eta (1 - eta^2/9) exp(-CQ^2 (1 + eta^2/3) / (2 sigma^2)).

In PQ and eta it factorises: (PQ/sigma)^2 is chi-squared with 5 degrees of freedom, and eta has the density
eta (1 - eta^2/9) (1 + eta^2/3)^(-5/2). Hence rms PQ = sqrt(5) sigma, and the centre of gravity lies
125000 (sigma/nu0)^2 ppm below delta_iso.

First-order satellites: nu1 = +-(CQ/2) (3 mu^2 - 1 + eta (1 - mu^2) c)/2 spread over many spinning sidebands. The share
of sideband n is taken as the share of the static pattern within half a spinning frequency of n nu_r (the envelope of
slow spinning: nu1 is some tens of nu_r wide). Correlation between sideband order and h is neglected, and so are
sidebands of the central transition (its static width is a tenth of nu_r).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

ALPHA_POINTS, MU_POINTS, ETA_POINTS, PQ_POINTS = 60, 240, 24, 300
SHAPE_BINS = 400
PQ_MAX = 6.5  # in sigma; beyond it lies 1e-7 of the distribution
MEAN_SHAPE = 1.0 / 40.0
SATELLITE_ISOTROPIC, SATELLITE_REST = -2.0, -8.0 / 9.0


@dataclass(frozen=True)
class Lines:
    """A line shape as weighted sticks; weights sum to 1.

    offset_hz2 / nu0 is the distance of a stick from nu_iso in Hz; isotropic_hz2 the isotropic part of offset_hz2,
    -PQ^2/40. All of one shape.
    """

    offset_hz2: Array
    isotropic_hz2: Array
    weight: Array

    @property
    def satellite_hz2(self) -> Array:
        """Offsets of the satellite transition: isotropic part times -2, the rest times -8/9."""
        rest = self.offset_hz2 - self.isotropic_hz2
        return SATELLITE_ISOTROPIC * self.isotropic_hz2 + SATELLITE_REST * rest


def _midpoints(low: float, high: float, n: int) -> Array:
    """Centres of n equal cells."""
    return low + (high - low) * (np.arange(n) + 0.5) / n


def _angles(n_alpha: int, n_mu: int) -> tuple[Array, Array]:
    """cos(2 alpha) and mu on a grid of equal weights over the sphere (one octant), flattened."""
    c, mu = np.meshgrid(np.cos(2.0 * _midpoints(0.0, np.pi / 2, n_alpha)), _midpoints(0.0, 1.0, n_mu), indexing="ij")
    return c.ravel(), mu.ravel()


def shape(eta: float) -> Array:
    """h of a powder, equal weights, shape (14400,)."""
    c, mu = _angles(ALPHA_POINTS, MU_POINTS)
    a = 21 / 16 - 7 / 8 * eta * c + 7 / 48 * (eta * c) ** 2
    b = -9 / 8 + eta**2 / 12 + eta * c - 7 / 24 * (eta * c) ** 2
    rest = 5 / 16 - eta * c / 8 + 7 / 48 * (eta * c) ** 2
    return (a * mu**4 + b * mu**2 + rest) / (8.0 * (1.0 + eta**2 / 3.0))


def deposit(position: Array, weight: Array, size: int) -> Array:
    """Weights shared between the two neighbouring bins of a periodic grid (position in bins): keeps sum and mean."""
    low = np.floor(position).astype(np.int64)
    part = position - low
    total = np.zeros(size)
    total += np.bincount(low % size, weight * (1.0 - part), size)
    total += np.bincount((low + 1) % size, weight * part, size)
    return total


def single_site(cq_hz: float, eta: float) -> Lines:
    """The powder line of one site."""
    h = shape(eta)
    pq2 = cq_hz**2 * (1.0 + eta**2 / 3.0)
    return Lines(-pq2 * h, np.full(len(h), -pq2 * MEAN_SHAPE), np.full(len(h), 1.0 / len(h)))


def eta_density(eta: Array) -> Array:
    """Weights of the asymmetries in the Czjzek distribution, sum 1."""
    weight = eta * (1.0 - eta**2 / 9.0) * (1.0 + eta**2 / 3.0) ** -2.5
    return weight / weight.sum()


def pq_density(ratio: Array) -> Array:
    """Weights of PQ/sigma in the Czjzek distribution, sum 1."""
    weight = ratio**4 * np.exp(-(ratio**2) / 2.0)
    return weight / weight.sum()


def czjzek(sigma_hz: float) -> Lines:
    """The powder line of a Czjzek distribution (sigma as in ssNake and DMFit, Hz)."""
    eta = _midpoints(0.0, 1.0, ETA_POINTS)
    shapes = [shape(float(e)) for e in eta]
    low, high = min(h.min() for h in shapes), max(h.max() for h in shapes)
    step = (high - low) / (SHAPE_BINS - 1)
    histogram = np.zeros(SHAPE_BINS + 2)
    for h, weight in zip(shapes, eta_density(eta), strict=True):
        histogram += deposit((h - low) / step, np.full(len(h), weight / len(h)), SHAPE_BINS + 2)
    bins = low + step * np.arange(SHAPE_BINS + 2)
    ratio = _midpoints(0.0, PQ_MAX, PQ_POINTS)
    minus_pq2 = -((sigma_hz * ratio[:, None]) ** 2)
    isotropic = np.broadcast_to(minus_pq2 * MEAN_SHAPE, (PQ_POINTS, len(bins)))
    return Lines((minus_pq2 * bins).ravel(), isotropic.ravel(), np.outer(pq_density(ratio), histogram).ravel())


def sideband_shares(spinning_hz: float, orders: range, cq_hz: Array, eta: Array, weight: Array) -> dict[int, float]:
    """Share of each spinning sideband in the satellite transitions, averaged over sites (arrays of equal shape)."""
    c, mu = _angles(12, 60)
    total = dict.fromkeys(orders, 0.0)
    for site_cq, site_eta, site_weight in zip(cq_hz, eta, weight, strict=True):
        nu1 = site_cq / 2.0 * (3.0 * mu**2 - 1.0 + site_eta * (1.0 - mu**2) * c) / 2.0
        order = np.rint(np.concatenate([nu1, -nu1]) / spinning_hz)
        for n in orders:
            total[n] += float(site_weight) * float(np.mean(order == n))
    return total


def czjzek_sites(sigma_hz: float, n_eta: int = 8, n_pq: int = 40) -> tuple[Array, Array, Array]:
    """CQ, eta and weights of a coarse Czjzek grid, flattened, for `sideband_shares`."""
    eta, ratio = _midpoints(0.0, 1.0, n_eta), _midpoints(0.0, PQ_MAX, n_pq)
    both_eta, both_ratio = np.meshgrid(eta, ratio, indexing="ij")
    cq = sigma_hz * both_ratio / np.sqrt(1.0 + both_eta**2 / 3.0)
    return cq.ravel(), both_eta.ravel(), np.outer(eta_density(eta), pq_density(ratio)).ravel()
