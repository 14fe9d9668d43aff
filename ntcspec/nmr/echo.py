"""When the signal begins: the top of an echo to a fraction of a point, or the start of a decay.

Symbols: s(n) points, c top in points from the first, t distance from the top, g delay of the digital filter in points,
D incoherence, m number of pairs.

Echo. About its top the refocused signal is s(c + t) = exp(i phi) f(t), f(-t) = conj f(t), times a decay exp(-t/T2) that
is not refocused. The maximum of |s| is a bad top: the decay moves it by 1/(2 a T2) for |f| = exp(-a t^2), often by
several points. In the products of pairs

    p(t) = s(c + t) s(c - t) = exp(2 i phi) |f(t)|^2 exp(-2 c/T2)

the decay is the same for all pairs, and at the right c all have the same phase. So the top is where

    D(c) = 1 - |sum_t p(t)| / sum_t |p(t)|

is least, and not above what the noise of the points makes of it; few pairs agree by chance, so that of several such c
the strongest is taken. It is found for all multiples of half a point at once, as an autoconvolution, and refined by a
parabola through fractions of a point;
with D = D0 + K (c - c0)^2 the standard uncertainty is sqrt(D0/(m K)). What carries the information is the beat of
lines at several frequencies: of a signal with one line no phase tells the top, and then the strongest point is taken
and the uncertainty is infinite; likewise where noise hides the beat. (Rotor-synchronised echoes repeat every rotor
period; the isotropic lines decide between them.)

Decay. It begins at g where the spectrometer has a digital filter, and at the first point otherwise; points before the
first strong one that hold noise alone are passed over.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntcspec.errors import UserError
from ntcspec.types import Array

Complex = npt.NDArray[np.complex128]
WHEN = ("auto", "yes", "no")
STRONG = 0.5  # of the strongest point: what the top of an echo has at least
NOISE_LEVEL = 5.0  # sigma: a point below holds no signal
LONG_FILTER = 8.0  # points: a filter of Bruker's kind, whose first points hold its rise
BEGUN = 0.85  # of the strongest point, just behind the filter: the signal began there and is no later echo
FEWEST_PAIRS = 5
TAPER, STEP, REACH = 8, 0.25, 3  # points; points; steps on each side
STRONG_SIGNAL = 30.0  # sigma: in weaker signals dips of D come about by chance
ENOUGH_PAIRS = 16  # fewer agree too often by chance
SCATTER = 4.0  # standard deviations of D that count as agreement
ALONE = 4  # half points on each side of a top; where more of them agree than lie on one side, it is none
UNTOLD = "strongest point, as the phases do not tell the top: one line alone, or noise; if you know it, set echo_points"
UNDECIDED = 0.15  # points: with a larger uncertainty the dip of D is not significant
SMALLEST_ERROR = 0.01


@dataclass(frozen=True)
class Top:
    """Where time begins. kind: 'echo', 'filter' (decay behind a digital filter), 'decay', 'given'."""

    points: float
    error_points: float
    kind: str
    how: str

    @property
    def whole(self) -> int:
        """Points to shift left by."""
        return int(np.floor(self.points + 0.5))

    @property
    def rest(self) -> float:
        """What is left of it, from -1/2 to 1/2 point."""
        return self.points - self.whole


def find_top(
    points: Complex, sigma: float, *, group_delay: float, when: str, pulse_program: str, given: float | None
) -> Top:
    """The top of the echo, or the start of the decay.

    points : shape (n,). sigma : noise of one channel. when : 'yes', 'no', or 'auto', which takes the pulse program's
    word for it. given : the top in points from the first, if the user knows it.
    Raises UserError for a top outside the points.
    """
    if given is not None:
        if not 0.0 <= given < points.size - FEWEST_PAIRS:
            what = f"a top at point {given:g} of {points.size}"
            raise UserError("reduce.echo_points", what, "count from the first point, which is 0")
        return Top(float(given), 0.0, "given", "as the study says")
    size = np.abs(points)
    begin = int(np.ceil(group_delay))
    behind = size[begin + 1 : begin + 4]
    begun = bool(group_delay > LONG_FILTER and behind.size and behind.max() >= BEGUN * size.max())
    named = "echo" in pulse_program.lower()
    if begun or not (when == "yes" or (when == "auto" and named)):
        return _decay(size, sigma, group_delay)
    return _echo(points, size, sigma, begin)


def _decay(size: Array, sigma: float, group_delay: float) -> Top:
    if group_delay > 0:
        return Top(group_delay, 0.0, "filter", f"start of the decay behind a filter of {group_delay:g} points")
    strong = size > max(STRONG * size[: size.size // 4 + 1].max(), NOISE_LEVEL * sigma)
    first = int(np.argmax(strong))
    silent = first > 0 and bool((size[:first] < NOISE_LEVEL * sigma).all())
    start = first if silent else 0
    passed = f", {start} points of noise before it passed over" if start else ""
    return Top(float(start), 0.0, "decay", "start of the decay" + passed)


def _echo(points: Complex, size: Array, sigma: float, begin: int) -> Top:
    """By coherence; by the strongest point where that does not decide."""
    first = begin + int(np.argmax(size[begin:] > NOISE_LEVEL * sigma))
    level = np.convolve(size, np.ones(3) / 3.0, mode="same")
    last = (
        int(np.flatnonzero(level > NOISE_LEVEL * sigma)[-1]) + 1 if (level > NOISE_LEVEL * sigma).any() else size.size
    )
    seen = size[first:last]
    by_size = Top(float(begin + np.argmax(size[begin:])), np.inf, "echo", UNTOLD)
    if seen.size < 2 * FEWEST_PAIRS or size.max() < STRONG_SIGNAL * sigma:
        return by_size
    centre, loss, pairs = incoherence(points[first:last])
    height = np.interp(centre, np.arange(seen.size), level[first:last])
    allowed = (pairs >= FEWEST_PAIRS) & (height >= STRONG * height.max()) & (first + centre <= points.size / 4.0)
    floor = noise_incoherence(seen, sigma)
    excess = loss / floor
    enough = allowed & (pairs >= ENOUGH_PAIRS)
    best = max(1.0, float(excess[enough].min())) if enough.any() else 1.0
    agrees = excess < best * (1.0 + SCATTER * np.sqrt(2.0 / pairs))
    dip = np.zeros_like(agrees)
    dip[1:-1] = (loss[1:-1] <= loss[:-2]) & (loss[1:-1] <= loss[2:])
    found = np.flatnonzero(allowed & agrees & dip)
    if not found.size:
        return by_size
    at = int(found[np.argmax(height[found])])
    near = agrees[max(0, at - ALONE) : at + ALONE + 1]
    shift, least, curvature = _refined(points[first:last], float(centre[at]))
    if near.sum() > ALONE or curvature <= 0:
        return by_size
    error = float(np.sqrt(max(least, floor[at]) / (pairs[at] * curvature)))
    if error > UNDECIDED:
        return by_size
    how = f"phases of {int(pairs[at])} pairs of points about it agree"
    return Top(float(first + centre[at] + shift), max(error, SMALLEST_ERROR), "echo", how)


def incoherence(points: Complex) -> tuple[Array, Array, Array]:
    """Centres in steps of half a point, D at each, and the number of pairs. Each of shape (2n - 1,)."""
    n = points.size
    size = 1 << (2 * n - 1).bit_length()
    together = np.fft.ifft(np.fft.fft(points, size) ** 2)[: 2 * n - 1]
    alone = np.fft.irfft(np.fft.rfft(np.abs(points), size) ** 2, size)[: 2 * n - 1]
    twice = np.arange(2 * n - 1)
    pairs = np.minimum(twice, 2 * (n - 1) - twice) // 2 + 1
    loss = 1.0 - np.abs(together) / np.maximum(alone, np.finfo(float).tiny)
    return twice / 2.0, np.maximum(loss, 0.0), pairs.astype(float)


def noise_incoherence(size: Array, sigma: float) -> Array:
    """D by noise alone about a true top: half the weighted variance of the phase of a pair. Shape (2n - 1,)."""
    n = size.size
    length = 1 << (2 * n - 1).bit_length()
    transform = np.fft.rfft(size, length)
    inverse = np.fft.rfft(1.0 / np.maximum(size, 2.0 * sigma), length)
    ratio = np.fft.irfft(transform * inverse, length)[: 2 * n - 1]
    product = np.fft.irfft(transform**2, length)[: 2 * n - 1]
    floor: Array = sigma**2 * ratio / np.maximum(product, np.finfo(float).tiny)
    return np.maximum(floor, np.finfo(float).eps)


def _refined(points: Complex, centre: float) -> tuple[float, float, float]:
    """Place of the least D from `centre`, that D, and K there.

    The signal is moved by fractions of a point (a phase in the frequency domain); its first points are tapered, because
    a step would ring. D at the half points alone is too coarse for the beat of far sidebands: up to 0.1 point wrong.
    """
    n = points.size
    rise = max(1, min(TAPER, int(centre) // 4))
    tapered = points.copy()
    tapered[:rise] *= np.sin(0.5 * np.pi * (np.arange(rise) + 0.5) / rise) ** 2
    size = 1 << (n + 2 * TAPER).bit_length()
    transform, frequency = np.fft.fft(tapered, size), np.fft.fftfreq(size)
    steps = np.arange(-REACH, REACH + 1) * STEP
    middle = int(np.floor(centre))
    half = min(middle, n - 1 - middle)
    loss = np.empty(steps.size)
    for i, step in enumerate(steps):
        moved = np.fft.ifft(transform * np.exp(2j * np.pi * frequency * (centre - middle + step)))[:n]
        pairs = moved[middle - half : middle + half + 1] * moved[middle - half : middle + half + 1][::-1]
        loss[i] = 1.0 - np.abs(pairs.sum()) / np.abs(pairs).sum()
    at = int(np.clip(np.argmin(loss), 1, steps.size - 2))
    place, least, curvature = _parabola(loss[at - 1 : at + 2], STEP)
    return float(steps[at] + place), least, curvature


def _parabola(y: Array, step: float) -> tuple[float, float, float]:
    """Place of the least value from the middle, that value, and K of y = least + K (x - place)^2."""
    curvature = (y[0] - 2.0 * y[1] + y[2]) / (2.0 * step**2)
    slope = (y[2] - y[0]) / (2.0 * step)
    if curvature <= 0:
        return 0.0, float(y[1]), float(curvature)
    place = -slope / (2.0 * curvature)
    return float(place), float(y[1] - curvature * place**2), float(curvature)
