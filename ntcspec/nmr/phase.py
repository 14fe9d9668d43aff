"""Phase of a spectrum, found by itself or given.

Symbols: S spectrum, phi(nu) = p0 + p1 (nu - nu_p)/width applied phase, nu_p pivot, R = Re(S exp(i phi)).

Criterion: what is negative,

    P = sum_j min(R_j, 0)^2 / sum_j |S_j|^2

over the points where there is signal. Absorption is positive everywhere; a wrong phase mixes in dispersion, negative on
one side of each line. P is a ratio: multiplying S by a number changes nothing. Where it is least is not biased by noise
or by lines that are not symmetric. (The entropy of |R_(j+1) - R_j|, which L. Chen et al., J. Magn. Reson. 158, 164
(2002) add, moves the phase of a single line by 2 degrees and tells nothing of broad ones; their penalty for negative
points is in absolute units, so that the answer depends on the scale.)

Order of steps: the strongest point is the pivot; p0 alone, from a grid over the whole circle, each of the best starts
refined; then p1 within the bound that the beginning of time leaves (three times its uncertainty), with p0 free, kept
only where it lowers P by a tenth, and not at the bound: a least value there is none. A first-order phase without a
bound would find some curve for any spectrum.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Complex = npt.NDArray[np.complex128]
STARTS, GRID = 8, 24
TOLERANCE_DEG = 0.02
SIGNAL = 6.0  # sigma
MOST = 2048  # points that the criterion looks at
GOLDEN = (np.sqrt(5.0) - 1.0) / 2.0
GAIN = 0.1  # relative: a smaller gain by p1 is none
AT_BOUND = 0.95
NEAR_DEG = 30.0  # how far the pivot's phase may move with p1


@dataclass(frozen=True)
class Phase:
    """Phase in degrees: `zero` at the pivot, `first` over the whole width."""

    zero_deg: float
    first_deg: float
    pivot: int
    cost: float


def apply_phase(spectrum: Complex, zero_deg: float, first_deg: float, pivot: int) -> Complex:
    """S exp(i phi); `pivot` is an index. Shape as the spectrum."""
    turn = np.deg2rad(zero_deg) + np.deg2rad(first_deg) * (np.arange(spectrum.size) - pivot) / spectrum.size
    turned: Complex = spectrum * np.exp(1j * turn)
    return turned


def automatic_phase(
    spectrum: Complex,
    sigma: float,
    *,
    first_bound_deg: float,
    pivot: int | None = None,
    zero_deg: float | None = None,
    first_deg: float | None = None,
) -> Phase:
    """Phase that makes the lines of a spectrum positive absorption.

    sigma : noise of the real part. first_bound_deg : largest first-order phase, 0 for none. zero_deg, first_deg : given
    values, which are kept. pivot : index at which the first order does nothing; None for the strongest point.
    """
    at = int(np.argmax(np.abs(spectrum))) if pivot is None else pivot
    where = _signal(spectrum, sigma)
    part, place = spectrum[where], (where - at) / spectrum.size
    part = part / (float(np.abs(part).max()) or 1.0)

    def at_first(first: float) -> Callable[[float], float]:
        """P as a function of p0 alone, for one p1."""
        return _negative(part * np.exp(1j * np.deg2rad(first) * place))

    fixed = 0.0 if first_deg is None else float(first_deg)
    zero = float(zero_deg) if zero_deg is not None else _circle(at_first(fixed))
    best = at_first(fixed)(zero)
    if first_deg is None and first_bound_deg > 0.0:
        zero, fixed, best = _with_first(at_first, zero, best, first_bound_deg, free=zero_deg is None)
    return Phase(_wrapped(zero), fixed, at, best)


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
    spread = np.convolve(strong.astype(float), np.ones(2 * wide + 1), mode="same") > 0.5 if strong.any() else strong
    found = np.flatnonzero(spread)
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


def _with_first(
    at_first: Callable[[float], Callable[[float], float]], zero: float, best: float, bound: float, *, free: bool
) -> tuple[float, float, float]:
    """p0 and p1 together: p1 within the bound, the best p0 for each; as before where that gains nothing."""

    def best_zero(first: float, tolerance: float) -> float:
        near = (zero - NEAR_DEG, zero + NEAR_DEG)
        return _golden(at_first(first), *near, tolerance) if free else zero

    def profile(first: float) -> float:
        return at_first(first)(best_zero(first, 0.3))

    grid = np.linspace(-bound, bound, 7)
    at = float(grid[int(np.argmin([profile(float(one)) for one in grid]))])
    first = _golden(profile, max(-bound, at - bound / 3.0), min(bound, at + bound / 3.0), max(0.2, bound / 200.0))
    new_zero = best_zero(first, TOLERANCE_DEG)
    value = at_first(first)(new_zero)
    gained = value < best * (1.0 - GAIN) and abs(first) < AT_BOUND * bound
    return (new_zero, first, value) if gained else (zero, 0.0, best)


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
