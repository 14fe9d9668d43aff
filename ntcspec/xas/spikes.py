"""Spikes: single points that no other scan has, and the first point of a scan; and points almost at one energy.

Symbols: y_k point k of a scan, p_k its prediction from points beside it, r_k = y_k - p_k, q_k the noise of r_k: the rms
noise of the scan (median-clipped) times the root of 1 + sum of squared coefficients of p_k, R_k the range (maximum
minus minimum) of the points that p_k is made from.

p_k is the cubic through the four nearest other points, two on either side where there are two. For the first and the
last point it is the straight line through the four next ones.

Alone, a point is a spike if |r_k| > 8 q_k and |r_k| > 2 R_k. A real line cannot do that where it has two points or more
in its width at half height: for a Gaussian with two, |r|/R is 0.8 at the top, with three 0.27; with one, 15. So
interior points are judged alone only where the steps beside them are below half of the narrowest line that core holes
and monochromators leave, taken as 0.3 eV or E/5000, whichever is more. The last point is not judged alone.

With other scans, interpolated to the same energies, r_k of their median is subtracted first; then |r_k| > 8 q_k and
|r_k| > R_k/4 are asked, whatever the step, with R_k of the others as well: what all scans have cancels. More than half
of the difference must be in this scan, and it must be five times what the others have within 15 points, for the scans
are not aligned yet. The largest goes first, and the rest is judged again without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntcspec.types import Array
from ntcspec.xas.merge import noise_of, noises_of

SIGNIFICANT = 8.0
ALONE, AGAINST_OTHERS = 2.0, 0.25  # least |r| over R
SHARPER, DRIFT_POINTS = 5.0, 15  # than what other scans have within so many points: scans are not aligned yet
NARROWEST_EV, RESOLVING_POWER = 0.3, 5000.0
MOST = 0.02  # share of the points that may go; more is not a matter of single points
TOO_CLOSE = 0.25  # of the smaller step beside


@dataclass(frozen=True)
class Spike:
    """A point that was dropped: its scan, index, energy and its distance from the prediction, in mu and in noise."""

    scan: int
    index: int
    energy_ev: float
    size: float
    sigmas: float


def close_pairs(energy_ev: Array) -> npt.NDArray[np.intp]:
    """Index of the first of two points that are closer than a quarter of the steps beside them.

    Regions of a scan that overlap at their ends leave such pairs; a spline through both swings by their noise times
    the ratio of the steps.
    """
    step = np.diff(energy_ev)
    beside = np.minimum(np.concatenate([[np.inf], step[:-1]]), np.concatenate([step[1:], [np.inf]]))
    first = np.flatnonzero(step < TOO_CLOSE * beside)
    return first[np.concatenate([[True], np.diff(first) > 1])] if first.size else first


def join_pairs(values: Array, first: npt.NDArray[np.intp]) -> Array:
    """`values` (..., n) with each pair (first, first + 1) replaced by its mean; shape (..., n - pairs)."""
    joined = values.astype(np.float64)
    joined[..., first] = 0.5 * (values[..., first] + values[..., first + 1])
    return np.asarray(np.delete(joined, first + 1, axis=-1))


def find_spikes(energies: Sequence[Array], mus: Sequence[Array]) -> tuple[Spike, ...]:
    """Spikes of repeat scans, given as ascending energies (eV) and mu of each scan, in the order they were found."""
    found: list[Spike] = []
    for i, (energy, mu) in enumerate(zip(energies, mus, strict=True)):
        others = [(e, m) for j, (e, m) in enumerate(zip(energies, mus, strict=True)) if j != i]
        kept = np.arange(energy.size)
        noise = noise_of(energy, mu)
        for _ in range(max(1, int(MOST * energy.size))):
            if kept.size < 20 or not noise > 0:
                break
            k, size, sigmas = _worst(energy[kept], mu[kept], noise, others)
            if k < 0:
                break
            found.append(Spike(i, int(kept[k]), float(energy[kept[k]]), size, sigmas))
            kept = np.delete(kept, k)
    return tuple(found)


def may_have_spikes(energy_ev: Array, mus: Array) -> npt.NDArray[np.bool_]:
    """Which of the spectra mus (m, n) on one grid have a point that `find_spikes`, asked of each alone, would drop."""
    noise = noises_of(energy_ev, mus)
    if energy_ev.size < 20:
        return np.zeros(len(mus), dtype=bool)
    around, weights = _neighbours(energy_ev)
    inside = mus[:, around]
    residual = np.abs(mus - np.einsum("mnj,nj->mn", inside, weights))
    far = residual > SIGNIFICANT * noise[:, None] * np.sqrt(1.0 + np.sum(weights**2, axis=1))
    return np.asarray(np.any(_fine(energy_ev) & far & (residual > ALONE * np.ptp(inside, axis=2)), axis=1))


def _fine(energy: Array) -> npt.NDArray[np.bool_]:
    """Points that are judged alone: no line is so narrow that it could look like a spike there."""
    step = np.diff(energy)
    narrowest = np.maximum(NARROWEST_EV, energy / RESOLVING_POWER)
    fine = np.ones(energy.size, dtype=bool)
    fine[1:-1] = np.maximum(step[:-1], step[1:]) < 0.5 * narrowest[1:-1]
    fine[-1] = False
    return fine


def _worst(energy: Array, mu: Array, noise: float, others: Sequence[tuple[Array, Array]]) -> tuple[int, float, float]:
    """Index, size and significance of the worst spike; -1 for the index if there is none."""
    around, weights = _neighbours(energy)
    scaled_noise = noise * np.sqrt(1.0 + np.sum(weights**2, axis=1))
    residual = mu - np.sum(weights * mu[around], axis=1)
    spread = np.ptp(mu[around], axis=1)
    is_spike = _fine(energy) & (np.abs(residual) > ALONE * spread) & (np.abs(residual) > SIGNIFICANT * scaled_noise)
    if others:
        each, covered = _at(others, energy)
        mean = np.median(each, axis=0)
        expected = mean - np.sum(weights * mean[around], axis=1)
        covered &= covered[around].all(axis=1)
        difference = residual - expected
        spread = np.maximum(spread, np.maximum(np.ptp(mean[around], axis=1), np.abs(expected)))
        limit = SIGNIFICANT * scaled_noise * np.sqrt(1.0 + 1.0 / len(others))
        own = np.abs(residual) > 0.5 * np.abs(difference)  # or the spike is in another scan
        sharpest = np.max([np.abs(y - np.sum(weights * y[around], axis=1)) for y in each], axis=0)
        near = np.lib.stride_tricks.sliding_window_view(np.pad(sharpest, DRIFT_POINTS), 2 * DRIFT_POINTS + 1)
        limit = np.maximum(limit, SHARPER * near.max(axis=1))
        against = own & (np.abs(difference) > AGAINST_OTHERS * spread) & (np.abs(difference) > limit)
        is_spike = np.where(covered, against, is_spike)
        residual = np.where(covered, difference, residual)
    sigmas = np.where(is_spike, np.abs(residual) / scaled_noise, 0.0)
    k = int(np.argmax(sigmas))
    return (k, float(residual[k]), float(sigmas[k])) if is_spike[k] else (-1, 0.0, 0.0)


def _at(scans: Sequence[tuple[Array, Array]], energy: Array) -> tuple[Array, npt.NDArray[np.bool_]]:
    """The other scans at `energy`, (scans, n), and which points they all cover within half a step."""
    margin = 0.5 * np.gradient(energy)
    covered = np.all([(energy >= e[0] - margin) & (energy <= e[-1] + margin) for e, _ in scans], axis=0)
    return np.array([np.interp(energy, e, m) for e, m in scans]), covered


def _neighbours(energy: Array) -> tuple[npt.NDArray[np.intp], Array]:
    """Points that predict each point and their weights, both of shape (n, 4)."""
    size = energy.size
    start = np.clip(np.arange(size) - 2, 0, size - 5)
    window = start[:, None] + np.arange(5)
    around = window[window != np.arange(size)[:, None]].reshape(size, 4)
    x = energy[around] - energy[:, None]
    weights = np.ones((size, 4))
    for i in range(4):
        for j in range(4):
            if i != j:
                weights[:, i] *= -x[:, j] / (x[:, i] - x[:, j])
    for k in (0, size - 1):  # the straight line, read at x = 0
        centred = x[k] - x[k].mean()
        weights[k] = 0.25 - x[k].mean() * centred / np.sum(centred**2)
    return around, weights
