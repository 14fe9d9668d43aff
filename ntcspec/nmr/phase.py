"""Phase of a spectrum, found by itself or given.

Symbols: S spectrum whose time begins r points behind its whole point (`fourier.begun_at`), p phase at the carrier, R =
Re(S exp(i p)). In the words of other programs: phase of zero order p at the carrier, of first order 360 r degrees over
the width; told at another pivot, p + 360 r times the distance of the pivot over the width.

Criterion: what is negative,

    P = sum_j min(R_j, 0)^2 / sum_j |S_j|^2

over the points where there is signal. Absorption is positive everywhere; a wrong phase mixes in dispersion, negative on
one side of each line. P is a ratio: multiplying S by a number changes nothing. Where it is least is not biased by noise
or by lines that are not symmetric. (The entropy of |R_(j+1) - R_j|, which L. Chen et al., J. Magn. Reson. 158, 164
(2002) add, moves the phase of a single line by 2 degrees and tells nothing of broad ones; their penalty for negative
points is in absolute units, so that the answer depends on the scale.)

Order of steps: p alone, from a grid over the whole circle, each of the best starts refined; then r within the bound
that the beginning of time leaves (three times its uncertainty), with the best p for each; kept only where it lowers P
by a tenth, and not at the bound: a least value there is none. While r changes, the strongest point keeps its phase
(pivot). A first-order phase without a bound, or one that leaves the hump of a wrong beginning under the spectrum, would
find some curve for any spectrum.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntcspec.nmr.fourier import angles, begun_at

Complex = npt.NDArray[np.complex128]
STARTS, GRID = 8, 24
TOLERANCE_DEG = 0.02
SIGNAL = 6.0  # sigma
MOST = 1024  # points that the criterion looks at
GOLDEN = (np.sqrt(5.0) - 1.0) / 2.0
GAIN = 0.1  # relative: a smaller gain by r is none
AT_BOUND = 0.95
NEAR_DEG = 30.0  # how far the phase of the strongest point may move with r


@dataclass(frozen=True)
class Phase:
    """`carrier_deg` at the carrier, `rest` in points; 360 rest degrees is the phase of first order over the width."""

    carrier_deg: float
    rest: float
    cost: float


def phased(spectrum: Complex, start: complex, phase: Phase) -> Complex:
    """The absorption spectrum and its dispersion. Shape as the spectrum."""
    turned: Complex = begun_at(spectrum, start, phase.rest, angles(spectrum.size)) * np.exp(
        1j * np.deg2rad(phase.carrier_deg)
    )
    return turned


def automatic_phase(
    spectrum: Complex,
    sigma: float,
    *,
    start: complex,
    rest: float,
    bound: float,
    carrier_deg: float | None = None,
) -> Phase:
    """Phase that makes the lines of a spectrum positive absorption.

    sigma : noise of the real part. start, rest : of the transform. bound : how far in points the rest may move, 0 where
    it is known. carrier_deg : phase at the carrier where it is given.
    """
    where, theta = _signal(spectrum, sigma), angles(spectrum.size)
    part, turns = spectrum[where], theta[where]
    pivot = float(theta[int(np.argmax(np.abs(spectrum)))])

    def at_rest(r: float) -> Callable[[float], float]:
        """P as a function of the phase at the pivot, for one rest."""
        return _negative(begun_at(part, start, r, turns) * np.exp(-1j * pivot * (r - rest)))

    zero = float(carrier_deg) if carrier_deg is not None else _circle(at_rest(rest))
    found, best = rest, at_rest(rest)(zero)
    if bound > 0.0:
        zero, found, best = _with_rest(at_rest, zero, rest, best, bound, free=carrier_deg is None)
    return Phase(_wrapped(zero - math.degrees(pivot * (found - rest))), found, best)


def _negative(spectrum: Complex) -> Callable[[float], float]:
    """P of a spectrum as a function of a phase in degrees."""
    a, b = spectrum.real.copy(), spectrum.imag.copy()
    power = float(a @ a + b @ b) or 1.0

    def share(degrees: float) -> float:
        angle = math.radians(degrees)
        negative = np.minimum(a * math.cos(angle) - b * math.sin(angle), 0.0)
        return float(negative @ negative) / power

    return share


def _signal(spectrum: Complex, sigma: float) -> npt.NDArray[np.intp]:
    """Indices of the points with signal and of some around them, at most MOST; all of them where there is none."""
    size = np.abs(spectrum)
    strong = size > max(SIGNAL * sigma, 0.01 * float(size.max()))
    wide = max(4, spectrum.size // 256)
    counts = np.concatenate([[0], np.cumsum(strong)])
    at = np.arange(strong.size)
    found = np.flatnonzero(counts[np.minimum(at + wide + 1, at.size)] > counts[np.maximum(at - wide, 0)])
    if found.size < 16:
        found = np.arange(spectrum.size)
    return found[:: -(-found.size // MOST)]


def _circle(cost: Callable[[float], float]) -> float:
    """The p0 with the least cost: a grid over the circle, the best places refined."""
    grid = np.arange(GRID) * 360.0 / GRID
    values = np.array([cost(float(p0)) for p0 in grid])
    dips = np.flatnonzero((values <= np.roll(values, 1)) & (values <= np.roll(values, -1)))
    starts = dips[np.argsort(values[dips])][:STARTS]
    step = 360.0 / GRID
    found = [_golden(cost, float(grid[i]) - step, float(grid[i]) + step) for i in starts]
    return min(found, key=cost)


def _with_rest(
    at_rest: Callable[[float], Callable[[float], float]],
    zero: float,
    rest: float,
    best: float,
    bound: float,
    *,
    free: bool,
) -> tuple[float, float, float]:
    """Phase at the pivot and rest together, the rest within the bound; as before where that gains nothing."""

    def best_zero(r: float, tolerance: float) -> float:
        return _golden(at_rest(r), zero - NEAR_DEG, zero + NEAR_DEG, tolerance) if free else zero

    def profile(r: float) -> float:
        return at_rest(r)(best_zero(r, 0.3))

    grid = rest + np.linspace(-bound, bound, 7)
    at = float(grid[int(np.argmin([profile(float(one)) for one in grid]))])
    low, high = max(rest - bound, at - bound / 3.0), min(rest + bound, at + bound / 3.0)
    found = _golden(profile, low, high, max(5e-4, bound / 200.0))
    new_zero = best_zero(found, TOLERANCE_DEG)
    value = at_rest(found)(new_zero)
    gained = value < best * (1.0 - GAIN) and abs(found - rest) < AT_BOUND * bound
    return (new_zero, found, value) if gained else (zero, rest, best)


def _golden(cost: Callable[[float], float], low: float, high: float, tolerance: float = TOLERANCE_DEG) -> float:
    """Place of the least cost between two ends, by golden sections."""
    a, b = low, high
    c, d = b - GOLDEN * (b - a), a + GOLDEN * (b - a)
    at_c, at_d = cost(c), cost(d)
    while b - a > tolerance:
        if at_c < at_d:
            b, d, at_d = d, c, at_c
            c = b - GOLDEN * (b - a)
            at_c = cost(c)
        else:
            a, c, at_c = c, d, at_d
            d = a + GOLDEN * (b - a)
            at_d = cost(d)
    return (a + b) / 2.0


def _wrapped(degrees: float) -> float:
    """Between -180 and 180."""
    return float((degrees + 180.0) % 360.0 - 180.0)


def mean_phase_deg(points: Complex, top: float) -> float:
    """Phase of the signal at the beginning of time, where all lines are in phase: minus it is p0, by another way.

    The points at both sides are interpolated linearly.
    """
    below = min(int(np.floor(top)), points.size - 2)
    share = top - below
    return float(np.rad2deg(np.angle((1.0 - share) * points[below] + share * points[below + 1])))
