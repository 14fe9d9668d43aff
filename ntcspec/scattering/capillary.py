"""Absorption in a capillary across the beam: the coefficients of Paalman and Pings by numerical integration.

Symbols: x along the beam, y across it, z along the capillary; R1 inner and R2 outer radius; mu_s, mu_c absorption of
the sample as packed and of the wall; psi azimuth round the ring from y. Light leaves along (cos 2theta, sin 2theta
cos psi, sin 2theta sin psi); its path is that in the x-y plane over rho = sqrt(cos^2 2theta + sin^2 2theta cos^2 psi).

    A_s,sc = mean of exp(-mu_s l_s - mu_c l_c) over the sample in the beam      l: paths in and out, in sample and wall
    A_c,sc = the same over the wall, A_c,c = the same without the sample

H. H. Paalman, C. J. Pings, J. Appl. Phys. 33, 2635 (1962). `ring` is the mean over psi, as on an area detector whose
beam centre is seen round; `across` takes psi = 0, as in the original and for a detector arm across the capillary.
The beam may be narrower than the capillary. A wall of no thickness is a shell that absorbs nothing.
Multiple scattering and the loss of energy by Compton scattering are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ntcspec.errors import UserError
from ntcspec.formula import fractions
from ntcspec.types import Array

HC_KEV_ANG = 12.398419843
ACROSS_POINTS, ALONG_POINTS, WALL_POINTS, ROUND_POINTS, PSI_POINTS = 24, 24, 3, 64, 8
ANGLES = 61
SHELL = 1e-6  # thickness of a wall of no thickness, in inner radii
MOST_MU_R = 5.0


@dataclass(frozen=True)
class Capillary:
    """Lengths in mm, absorption in 1/mm. beam_mm: width across, None: wider than the capillary."""

    inner_mm: float
    mu_inv_mm: float
    wall_mm: float = 0.0
    wall_mu_inv_mm: float = 0.0
    beam_mm: float | None = None

    @property
    def mu_r(self) -> float:
        """mu R of the sample."""
        return 0.5 * self.inner_mm * self.mu_inv_mm


@dataclass(frozen=True)
class Absorption:
    """Coefficients on the angles that they were asked for."""

    s_sc: Array
    c_sc: Array
    c_c: Array


def mu_inv_cm(composition: str, density_g_cm3: float, wavelength_ang: float, where: str) -> float:
    """Absorption coefficient (1/cm) at this wavelength: photo-absorption and scattering, Elam's tables (xraydb).

    Raises UserError where the composition does not parse or an element has no table.
    """
    import xraydb

    shares = fractions(composition, where)
    energy = 1000.0 * HC_KEV_ANG / wavelength_ang
    try:
        weight = {name: share * xraydb.atomic_mass(name) for name, share in shares.items()}
        per_gram = sum(w * float(xraydb.mu_elam(name, energy)) for name, w in weight.items())
    except (ValueError, KeyError) as error:
        raise UserError(where, f"composition {composition!r}: {error}", "name elements up to Cf") from None
    return per_gram / sum(weight.values()) * density_g_cm3


def paalman_pings(capillary: Capillary, two_theta_rad: Array, azimuth: str = "ring") -> Absorption:
    """A_s,sc, A_c,sc and A_c,c at these angles, exact to some 1e-4 (integrated on 61 angles, cubic between).

    Raises UserError where mu R is above 5: the sums are not made for samples that let nothing through.
    """
    from scipy.interpolate import CubicSpline

    if capillary.mu_r > MOST_MU_R:
        what = f"mu R is {capillary.mu_r:.3g}: next to nothing comes through"
        raise UserError("reduce", what, "check density_g_cm3, packing and inner_mm")
    top = float(np.nanmax(two_theta_rad)) if np.size(two_theta_rad) else 0.0
    grid = np.linspace(0.0, max(top, 0.1), ANGLES)
    found = _coefficients(capillary, grid, azimuth)
    return Absorption(*(CubicSpline(grid, one)(two_theta_rad) for one in found))


def _coefficients(c: Capillary, two_theta: Array, azimuth: str) -> tuple[Array, Array, Array]:
    inner = 0.5 * c.inner_mm
    outer = inner + (c.wall_mm or SHELL * inner)
    wall_mu = c.wall_mu_inv_mm if c.wall_mm else 0.0
    half_beam = min(0.5 * c.beam_mm, outer) if c.beam_mm is not None else outer
    points, weight = _in_sample(inner, half_beam)
    wall_points, wall_weight = _in_wall(inner, outer, half_beam)
    directions, rho = _directions(two_theta, azimuth)
    s_sc = _mean(points, weight, directions, rho, inner, outer, c.mu_inv_mm, wall_mu)
    c_sc = _mean(wall_points, wall_weight, directions, rho, inner, outer, c.mu_inv_mm, wall_mu)
    c_c = _mean(wall_points, wall_weight, directions, rho, inner, outer, 0.0, wall_mu)
    return s_sc, c_sc, c_c


def _in_sample(inner: float, half_beam: float) -> tuple[Array, Array]:
    """Points (n, 2) and weights of the sample in the beam: Gauss-Legendre across (y = R sin t) and along."""
    t, wt = np.polynomial.legendre.leggauss(ACROSS_POINTS)
    u, wu = np.polynomial.legendre.leggauss(ALONG_POINTS)
    edge = np.arcsin(min(half_beam / inner, 1.0))
    y = inner * np.sin(edge * t)
    half = np.sqrt(inner**2 - y**2)
    points = np.stack([half[:, None] * u, np.broadcast_to(y[:, None], (t.size, u.size))], axis=-1)
    weight = (wt * half * np.cos(edge * t))[:, None] * wu
    return points.reshape(-1, 2), weight.ravel() / weight.sum()


def _in_wall(inner: float, outer: float, half_beam: float) -> tuple[Array, Array]:
    """The same of the wall: Gauss-Legendre through it, midpoints round it."""
    u, wu = np.polynomial.legendre.leggauss(WALL_POINTS)
    r = 0.5 * (outer + inner) + 0.5 * (outer - inner) * u
    edge = np.arcsin(np.minimum(half_beam / r, 1.0))[:, None]  # in the beam: y = r sin(angle), front and rear
    angle = edge * ((np.arange(ROUND_POINTS) + 0.5) / ROUND_POINTS * 2.0 - 1.0)
    x, y = r[:, None] * np.cos(angle), r[:, None] * np.sin(angle)
    weight = np.broadcast_to((wu * r)[:, None] * edge, x.shape)
    points = np.concatenate([np.stack([x, y], -1).reshape(-1, 2), np.stack([-x, y], -1).reshape(-1, 2)])
    both = np.concatenate([weight.ravel(), weight.ravel()])
    return points, both / both.sum()


def _directions(two_theta: Array, azimuth: str) -> tuple[Array, Array]:
    """Unit vectors in the x-y plane (angles, psi, 2) and rho (angles, psi)."""
    psi = np.zeros(1) if azimuth == "across" else 0.5 * np.pi * (np.arange(PSI_POINTS) + 0.5) / PSI_POINTS
    x = np.broadcast_to(np.cos(two_theta)[:, None], (two_theta.size, psi.size))
    y = np.sin(two_theta)[:, None] * np.cos(psi)
    rho = np.maximum(np.hypot(x, y), 1e-9)
    return np.stack([x / rho, y / rho], axis=-1), rho


def _mean(
    points: Array, weight: Array, directions: Array, rho: Array, inner: float, outer: float, mu: float, wall_mu: float
) -> Array:
    """Mean of exp(-absorption in and out) over the points and the azimuths, by angle."""
    back = np.array([-1.0, 0.0])
    sample_in, wall_in = _paths(points @ back, np.sum(points**2, axis=1), inner, outer)
    before = np.exp(-mu * sample_in - wall_mu * wall_in) * weight
    square = np.sum(points**2, axis=1)
    found = np.empty(directions.shape[0])
    for i, (some, over) in enumerate(zip(directions, rho, strict=True)):
        sample, wall = _paths(points @ some.T, square[:, None], inner, outer)
        found[i] = float(np.mean(before @ np.exp(-(mu * sample + wall_mu * wall) / over)))
    return found


def _paths(along: Array, square: Array, inner: float, outer: float) -> tuple[Array, Array]:
    """Lengths in sample and wall from a point outwards; along: p.u, square: |p|^2."""
    whole = np.sqrt(np.maximum(along**2 + outer**2 - square, 0.0)) - along
    reach = along**2 + inner**2 - square
    root = np.sqrt(np.maximum(reach, 0.0))
    sample = np.where(square <= inner**2, root - along, np.where((reach > 0.0) & (along < 0.0), 2.0 * root, 0.0))
    return sample, np.maximum(whole - sample, 0.0)
