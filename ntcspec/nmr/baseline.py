"""Where a spectrum has no line, and the polynomial under it.

Order of steps of `fit_baseline`:
1. points with lines: where the absorption part, averaged over some points, stands more than 3 sigma of that average
   off the polynomial, widened by half their own width on each side; the ranges that the user names; and, where the
   spinning rate is known, the range of the strongest line moved by every multiple of it (a sideband too weak to be seen
   alone still adds to a baseline);
2. polynomial through the other points, in Legendre polynomials of the frequency scaled to -1 ... 1; back to 1 until the
   points stay the same, six times at most.

What a broad line has beyond 3 sigma counts as baseline; take a low degree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntcspec.types import Array

Mask = npt.NDArray[np.bool_]
LEVEL = 3.0  # sigma of the averaged points
ROUNDS = 6
FEWEST = 0.1  # share of the points that must be free of lines


@dataclass(frozen=True)
class Baseline:
    """Polynomial on all points, and which points it was fitted to. `share`: of the points, those that are free."""

    values: Array
    free: Mask
    share: float
    enough: bool


def fit_baseline(
    frequency_hz: Array,
    real: Array,
    *,
    degree: int | None,
    spinning_hz: float,
    excluded: Sequence[tuple[float, float]] = (),
    smooth_points: int,
    smooth_sigma: float,
) -> Baseline:
    """The baseline of an absorption spectrum.

    frequency_hz, real : shape (n,). degree : None for no baseline; the free points are still
    found. spinning_hz : NaN where it is unknown. excluded : ranges of frequency that hold lines. smooth_points,
    smooth_sigma : number of points that are averaged, and the noise of that average.
    """
    x = np.linspace(-1.0, 1.0, real.size)
    basis = np.polynomial.legendre.legvander(x, degree or 0)
    named = np.zeros(real.size, dtype=bool)
    for low, high in excluded:
        named |= (frequency_hz >= low) & (frequency_hz <= high)
    free, values = ~named, np.full(real.size, np.median(real[~named]) if (~named).any() else 0.0)
    for _ in range(ROUNDS):
        lines = _lines(_averaged(real - values, smooth_points), smooth_sigma)
        now = ~(named | lines | _sidebands(frequency_hz, lines, real - values, spinning_hz))
        if np.mean(now) < FEWEST:
            return Baseline(np.zeros(real.size), now, float(np.mean(now)), False)
        kept = basis[now]
        coefficients = np.linalg.lstsq(kept.T @ kept, kept.T @ real[now], rcond=None)[0]
        values = basis @ coefficients
        same, free = np.array_equal(now, free), now
        if same:
            break
    if degree is None:
        values = np.zeros(real.size)
    return Baseline(values, free, float(np.mean(free)), True)


def _averaged(y: Array, points: int) -> Array:
    """Means of `points` neighbours, beyond the ends of what is there; by sums, as the number is large."""
    sums = np.concatenate([[0.0], np.cumsum(y)])
    at = np.arange(y.size)
    low, high = np.maximum(at - points // 2, 0), np.minimum(at - points // 2 + points, y.size)
    mean: Array = (sums[high] - sums[low]) / (high - low)
    return mean


def _lines(averaged: Array, noise: float) -> Mask:
    """Runs above the level, widened by half their length on both sides."""
    above = np.abs(averaged) > LEVEL * noise
    edges = np.flatnonzero(np.diff(np.concatenate([[0], above.astype(np.int8), [0]])))
    found = np.zeros(above.size, dtype=bool)
    for begin, end in edges.reshape(-1, 2):
        pad = max(2, (end - begin) // 2)
        found[max(0, begin - pad) : end + pad] = True
    return found


def _sidebands(frequency_hz: Array, lines: Mask, real: Array, spinning_hz: float) -> Mask:
    """The run of the strongest line, moved by all multiples of the spinning rate."""
    found = np.zeros(lines.size, dtype=bool)
    width = float(frequency_hz[-1] - frequency_hz[0])
    if not (np.isfinite(spinning_hz) and spinning_hz > 0) or not lines.any():
        return found
    at = int(np.argmax(np.where(lines, real, -np.inf)))
    gaps = np.flatnonzero(~lines)
    begin = int(gaps[gaps < at][-1]) + 1 if (gaps < at).any() else 0
    end = int(gaps[gaps > at][0]) if (gaps > at).any() else lines.size
    step = spinning_hz / (width / (lines.size - 1))
    if end - begin > step:
        return found  # the line is wider than the distance of its sidebands
    most = int(width / spinning_hz) + 1
    for order in range(-most, most + 1):
        low, high = begin + round(order * step), end + round(order * step)
        found[max(0, low) : max(0, high)] = True
    return found
