"""Rings of a calibrant: where the lattice puts them, and where the image or the pattern has them.

1. Rings of pyFAI's table for the substance within the data; the tables of fcc metals end early and are continued with
   their own lattice constant. A ring with a neighbour nearer than 2.5 of its own widths is passed over.
2. A Gaussian and a straight line are fitted to I(Q) round each, weighted by sigma. A ring that is not 5 times its own
   uncertainty high is not counted.
3. scale = Q found / Q expected of all rings, weighted; its uncertainty grows with their scatter. A wrong
   wavelength moves all rings by one factor, a wrong distance those at small angles; a wrong tilt widens them.
4. Images: in twelve sectors the shift of each ring, by a linear fit of the profile and its slope. A beam that stands
   (d1, d2) away from where the PONI file has it shifts radii by d1 sin phi + d2 cos phi.

agrees: |scale - 1| + 2 u < tolerance; off: |scale - 1| - 2 u > tolerance; else undecided.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ntcspec.errors import UserError, did_you_mean
from ntcspec.peaks.least_squares import covariance, minimise
from ntcspec.scattering.geometry import Setup, two_theta_of
from ntcspec.scattering.integrate import Integrated
from ntcspec.types import Array
from ntcspec.types.scattering import CalibrantCheck

FWHM_OF_SIGMA = 2.0 * np.sqrt(2.0 * np.log(2.0))
APART, HALF = 2.5, 2.0  # of the width: nearest neighbour, half of the window
HIGH = 5.0  # of a height over its uncertainty
FEWEST_POINTS, FEWEST_RINGS = 7, 3
FCC = ("Ni", "Al", "Au", "Pt")
SECTORS = 12
SECTOR_RINGS = 6  # the strongest


@dataclass(frozen=True)
class Ring:
    """One ring as fitted: Q (1/A) expected, centre, its uncertainty, standard deviation of the Gaussian, height."""

    expected: float
    centre: float
    error: float
    width: float
    height: float


def rings_of(name: str, last_inv_ang: float) -> Array:
    """Q (1/A) of the rings of a calibrant up to `last_inv_ang`, ascending.

    Raises UserError where pyFAI has no such calibrant.
    """
    from pyFAI.calibrant import CALIBRANT_FACTORY, names

    if name not in CALIBRANT_FACTORY:
        what = f"there is no calibrant {name!r}{did_you_mean(name, names())}"
        raise UserError("reduce.calibrant", what, f"one of {', '.join(sorted(names()))}")
    spacings = np.asarray(CALIBRANT_FACTORY(name).dspacing, dtype=np.float64)
    q = np.sort(2.0 * np.pi / spacings[spacings > 0.0])
    if name in FCC:
        q = _fcc(2.0 * np.pi * np.sqrt(3.0) / float(q[0]), last_inv_ang)
    return q[q <= last_inv_ang]


def _fcc(a_ang: float, last_inv_ang: float) -> Array:
    """Q (1/A) of the reflections with indices all even or all odd."""
    most = int(last_inv_ang * a_ang / (2.0 * np.pi)) + 1
    index = np.stack(np.meshgrid(*[np.arange(most + 1)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    even = index % 2
    alike = (even[:, 0] == even[:, 1]) & (even[:, 1] == even[:, 2])
    squares = np.unique(np.sum(index[alike] ** 2, axis=1))[1:]
    return 2.0 * np.pi / a_ang * np.sqrt(squares.astype(np.float64))


def check_calibrant(
    name: str,
    source: str,
    q: Array,
    intensity: Array,
    sigma: Array,
    *,
    tolerance: float,
    image: tuple[Setup, Integrated] | None = None,
) -> CalibrantCheck:
    """Compare rings, see above. sigma: empty where it is unknown; image: where the pattern comes from one.

    Raises
    ------
    UserError
        A calibrant that is not known.
    """
    if sigma.size:
        q, intensity, sigma = q[sigma > 0.0], intensity[sigma > 0.0], sigma[sigma > 0.0]
    expected = rings_of(name, float(q[-1]))
    found = _fit_all(q, intensity, sigma, expected)
    if len(found) < FEWEST_RINGS:
        turned = "; is the image turned over (reduce.flip, reduce.orientation)?" if image is not None else ""
        reason = f"{len(found)} rings of {name} were found, {FEWEST_RINGS} are needed{turned}"
        return _check(name, source, found, float("nan"), float("nan"), (np.zeros(0), np.zeros(0)), "undecided", reason)
    ratio = np.array([ring.centre / ring.expected for ring in found])
    error = np.array([ring.error / ring.expected for ring in found])
    weight = error**-2
    scale = float(np.sum(weight * ratio) / np.sum(weight))
    spread = float(np.sum(weight * (ratio - scale) ** 2)) / (len(found) - 1)
    u = float(np.sqrt(max(spread, 1.0) / np.sum(weight)))
    centre = beam_offset(*image, found) if image is not None else (np.zeros(0), np.zeros(0))
    off = abs(scale - 1.0)
    verdict = "agrees" if off + 2.0 * u < tolerance else "off" if off - 2.0 * u > tolerance else "undecided"
    reason = f"{len(found)} rings lie at {scale:.5f} +- {u:.5f} of where {name} has them; {tolerance:g} is allowed"
    return _check(name, source, found, scale, u, centre, verdict, reason)


def _check(
    name: str,
    source: str,
    found: list[Ring],
    scale: float,
    u: float,
    centre: tuple[Array, Array],
    verdict: str,
    reason: str,
) -> CalibrantCheck:
    return CalibrantCheck(
        name=name,
        source=source,
        expected_inv_ang=np.array([ring.expected for ring in found]),
        shift_inv_ang=np.array([ring.centre - ring.expected for ring in found]),
        shift_error_inv_ang=np.array([ring.error for ring in found]),
        fwhm_inv_ang=np.array([FWHM_OF_SIGMA * ring.width for ring in found]),
        scale=scale,
        scale_error=u,
        centre_m=centre[0],
        centre_error_m=centre[1],
        verdict=verdict,
        reason=reason,
    )


def _fit_all(q: Array, intensity: Array, sigma: Array, expected: Array) -> list[Ring]:
    """Rings that stand alone and were found. The width is first that of the strongest ring, then that of the last."""
    weight = 1.0 / sigma if sigma.size else np.ones(q.size)
    apart = np.minimum(np.diff(expected, prepend=-np.inf), np.diff(expected, append=np.inf))
    width = _first_width(q, intensity, expected, apart)
    found: list[Ring] = []
    for where, room in zip(expected, apart, strict=True):
        fwhm = FWHM_OF_SIGMA * (float(np.median([ring.width for ring in found])) if found else width)
        if room < APART * fwhm:
            continue
        near = np.abs(q - where) <= max(min(HALF * fwhm, 0.5 * room), 0.0)
        if np.count_nonzero(near) < FEWEST_POINTS:
            continue
        ring = _fit(q[near], intensity[near], weight[near], float(where), fwhm / FWHM_OF_SIGMA, bool(sigma.size))
        if ring is not None:
            found.append(ring)
    return found


def _first_width(q: Array, intensity: Array, expected: Array, apart: Array) -> float:
    """Standard deviation (1/A) of the highest ring that has room, from its points above half of it."""
    step = float(np.median(np.diff(q)))
    best, found = 0.0, 2.0 * step
    for where, room in zip(expected, apart, strict=True):
        near = np.abs(q - where) < 0.4 * min(room, 1.0)
        if np.count_nonzero(near) < FEWEST_POINTS:
            continue
        y = intensity[near] - np.min(intensity[near])
        if y.max() > best:
            best = float(y.max())
            found = max(float(np.count_nonzero(y > 0.5 * best)) * step / FWHM_OF_SIGMA, 0.7 * step)
    return found


def _fit(q: Array, y: Array, weight: Array, where: float, width: float, known: bool) -> Ring | None:
    """Gaussian and straight line; None where there is no ring."""
    x = q - where
    floor = float(min(y[0], y[-1]))
    start = np.array([max(float(y.max()) - floor, 1e-30), float(x[np.argmax(y)]), width, floor, 0.0])
    span = float(x[-1] - x[0])
    top = 10.0 * max(float(np.ptp(y)), 1e-30)
    low = np.array([0.0, x[0], 0.3 * width, -np.inf, -np.inf])
    high = np.array([top, x[-1], 3.0 * width, np.inf, np.inf])

    def residuals(p: Array) -> tuple[Array, Array]:
        t = (x - p[1]) / p[2]
        g = np.exp(-0.5 * t**2)
        rows = [g, p[0] * g * t / p[2], p[0] * g * t**2 / p[2], np.ones(x.size), x / span]
        return (p[0] * g + p[3] + p[4] * x / span - y) * weight, np.stack(rows) * weight

    p, chi2, _ = minimise(residuals, start, low, high)
    fixed = (p[:3] <= low[:3]) | (p[:3] >= high[:3])
    if fixed.any() or x.size <= p.size:
        return None
    reduced = chi2 / (x.size - p.size)
    scatter = reduced if not known else max(reduced, 1.0)  # the shape of a ring is not quite a Gaussian
    errors = np.sqrt(np.diag(covariance(residuals(p)[1], np.zeros(p.size, dtype=bool))) * scatter)
    if not np.isfinite(errors[1]) or p[0] < HIGH * errors[0]:
        return None
    return Ring(where, where + float(p[1]), float(errors[1]), float(p[2]), float(p[0]))


def beam_offset(setup: Setup, one: Integrated, rings: list[Ring]) -> tuple[Array, Array]:
    """(d1, d2) (m) of the beam along axes 1 and 2, and their uncertainties; see the top, step 4."""
    weight = np.asarray(setup.ai.solidAngleArray(setup.shape), dtype=np.float64)
    sector = np.minimum(((setup.chi + np.pi) / (2.0 * np.pi) * SECTORS).astype(np.int32), SECTORS - 1)
    rows, values = [], []
    for ring in sorted(rings, key=lambda r: -r.height)[:SECTOR_RINGS]:
        near = one.used & (np.abs(setup.q - ring.centre) < HALF * FWHM_OF_SIGMA * ring.width)
        at, q = sector[near], setup.q[near].astype(np.float64)
        y = one.signal[near] / weight[near]
        theta2 = float(two_theta_of(np.array(ring.centre), setup.wavelength_ang))
        per_q = setup.ai.dist / np.cos(theta2) ** 2 * setup.wavelength_ang / (2.0 * np.pi * np.cos(0.5 * theta2))
        for n in range(SECTORS):
            shift = _sector_shift(q[at == n], y[at == n], ring)
            if np.isfinite(shift):
                phi = (n + 0.5) / SECTORS * 2.0 * np.pi - np.pi
                # a mean over the sector weakens the wave a little
                rows.append([np.sin(phi), np.cos(phi)])
                values.append(shift * per_q / np.sinc(1.0 / SECTORS))
    if len(values) < SECTORS:
        return np.full(2, np.nan), np.full(2, np.nan)
    matrix, target = np.column_stack([np.array(rows), np.ones(len(rows))]), np.array(values)
    found, *_ = np.linalg.lstsq(matrix, target, rcond=None)
    rest = target - matrix @ found
    variance = float(rest @ rest) / (target.size - 3) * np.diag(np.linalg.inv(matrix.T @ matrix))
    return found[:2], np.sqrt(variance[:2])


def _sector_shift(q: Array, y: Array, ring: Ring) -> float:
    """Shift (1/A) of a ring in one sector against the whole ring: y = h (g - shift g') + line, linear in h, h shift."""
    if q.size < 40:
        return float("nan")
    t = (q - ring.centre) / ring.width
    g = np.exp(-0.5 * t**2)
    columns = np.stack([g, g * t / ring.width, np.ones(q.size), t], axis=1)
    found, *_ = np.linalg.lstsq(columns, y, rcond=None)
    return float(found[1] / found[0]) if found[0] > 0.0 else float("nan")
