"""Cosmic rays: found by their sharpness, taken out, and never a line.

Symbols: y intensity, s its uncertainty, w width of the narrowest line that the instrument can show (FWHM, in points),
gap g neighbouring points that are taken for missing, p what two points on each side say of them (cubic), h = y - p,
c largest h that a line of height 1 and width w can leave, b intensity under the lines nearby.

Order of steps:
1. for g = 1 and 2, at every place: h, and its spread u from s of the four neighbours (s of a spike is its own). The
   idea is that of Whitaker and Hayes (2018), who look at z = 0.6745 (dy - median dy) / MAD; here the neighbours on both
   sides are used, and the noise of each point;
2. a candidate has h > z u at its highest point, is positive throughout, and
       h > 2 c/(1 - c) (p - b):
   twice what a real line of the instrument's width would leave. This guard is the point: a bare z of 6 flags one
   point in eight of a good spectrum with sharp lines, and takes a quarter of their height;
3. only the strongest of near ones counts (a spike that serves as neighbour lifts h beside it); after it has been
   replaced the search is repeated;
4. each is extended by a neighbour that stands out as well, to `max_points` at most; a wider one is no spike and stays;
5. flagged points are replaced by p; the mask is kept.

w is at least 2 points: no spectrometer is built to show less. A spike on a steep line is found only where it is larger
than the guard; one that is left makes its fit worse (chi2), not its position wrong in silence.

Source: D. A. Whitaker, K. Hayes, Chemom. Intell. Lab. Syst. 179, 82 (2018).
"""

from __future__ import annotations

from math import log

import numpy as np
import numpy.typing as npt

from ntcspec.types import Array

Flags = npt.NDArray[np.bool_]
Z = 6.0
NEXT_Z = 3.5  # of a neighbour of a flagged point
MARGIN = 2.0  # on what a line can leave
NARROWEST = 2.0  # points
AROUND, LOW_SHARE = 15, 20.0  # points on each side, percentile: the intensity under the lines
NEAR, GHOST = 4, 0.6  # points, share: a spike lifts h of its neighbours by up to a third of its own
PASSES = 4
PHASES = np.linspace(-0.5, 0.5, 21)


def despike(
    intensity: Array, sigma: Array, *, narrowest_points: float = NARROWEST, z: float = Z, max_points: int = 3
) -> tuple[Array, Array]:
    """Intensity without spikes and the mask, both shape (spectra, points).

    intensity, sigma : shape (spectra, points); narrowest_points : FWHM of the sharpest possible line, in points
    """
    flagged = np.zeros(intensity.shape, dtype=bool)
    out = intensity.copy()
    if intensity.shape[1] < 2 * AROUND:
        return out, flagged.astype(float)
    under = _under(intensity)
    width = max(narrowest_points, NARROWEST)
    rows = np.arange(intensity.shape[0])
    for _ in range(PASSES):
        found = _strongest(out[rows], sigma[rows], under[rows], width, z)
        rows, found = rows[found.any(axis=1)], found[found.any(axis=1)]
        before = flagged.copy()
        for row, one in zip(rows, found, strict=True):
            flagged[row] |= _runs(out[row], sigma[row], under[row], one, width, max_points)
            _fill(out[row], flagged[row])
        rows = rows[(flagged != before)[rows].any(axis=1)]
        if not rows.size:
            break
    return out, flagged.astype(float)


def _strongest(y: Array, s: Array, under: Array, width: float, z: float) -> Flags:
    """Candidates, without the weaker ones near a stronger one."""
    from scipy.ndimage import maximum_filter1d

    strength = np.zeros_like(y)
    for gap in (1, 2):
        found = _candidates(y, s, under, gap, line_residual(width, gap), z)
        np.maximum(strength, found, out=strength)
    highest = maximum_filter1d(strength, 2 * NEAR + 1, axis=1, mode="constant")
    return np.asarray((strength > 0) & (strength > GHOST * highest))


def line_residual(width_points: float, gap: int) -> float:
    """c: largest h at one point of the gap left by a Gaussian line of height 1, wherever it stands on the points."""
    nodes, inside = _nodes(gap), np.arange(gap, dtype=float)
    weights = _weights(nodes, inside)
    centres = (0.5 * (gap - 1) + PHASES)[:, None]
    at_nodes = np.exp(-4.0 * log(2.0) * ((nodes - centres) / width_points) ** 2)
    at_gap = np.exp(-4.0 * log(2.0) * ((inside - centres) / width_points) ** 2)
    return float(np.max((at_gap - at_nodes @ weights.T) / at_gap.max(axis=1, keepdims=True)))


def _nodes(gap: int) -> Array:
    return np.array([-2.0, -1.0, gap, gap + 1.0])


def _weights(nodes: Array, at: Array) -> Array:
    """Lagrange weights, shape (at, nodes)."""
    out = np.ones((at.size, nodes.size))
    for j in range(nodes.size):
        for k in range(nodes.size):
            if k != j:
                out[:, j] *= (at - nodes[k]) / (nodes[j] - nodes[k])
    return out


def _under(intensity: Array) -> Array:
    """Low percentile of the neighbourhood: the intensity under lines that are narrower than it."""
    from scipy.ndimage import percentile_filter

    return np.asarray(percentile_filter(intensity, LOW_SHARE, size=(1, 2 * AROUND + 1), mode="nearest"))


def _candidates(y: Array, s: Array, under: Array, gap: int, residual: float, z: float) -> Array:
    """h at the points of gaps that stand out, 0 elsewhere."""
    m, n = y.shape
    weights = _weights(_nodes(gap), np.arange(gap, dtype=float))
    starts = np.arange(2, n - gap - 1)
    at = [starts + int(node) for node in _nodes(gap)]
    nodes, noise = np.stack([y[:, a] for a in at]), np.stack([s[:, a] ** 2 for a in at])
    height, spread, guard = [], [], []
    for i in range(gap):
        p = np.tensordot(weights[i], nodes, 1)
        height.append(y[:, starts + i] - p)
        spread.append(np.sqrt(noise.mean(axis=0) + np.tensordot(weights[i] ** 2, noise, 1)))
        guard.append(limit(residual, p - under[:, starts + i]))
    h, u, g = np.array(height), np.array(spread), np.array(guard)
    best = np.argmax(h, axis=0)[None]
    top, its_u, its_g = (np.take_along_axis(a, best, 0)[0] for a in (h, u, g))
    good = (top > z * its_u) & (top > its_g) & (h > (0.0 if gap == 1 else NEXT_Z * u)).all(axis=0)
    out = np.zeros((m, n))
    for i in range(gap):
        out[:, starts + i] = np.maximum(out[:, starts + i], np.where(good, h[i], 0.0))
    return out


def limit(residual: float, above: Array) -> Array:
    """What h must exceed over a line that stands `above` its surroundings."""
    share = residual / max(1.0 - residual, 1e-3)
    return np.asarray(MARGIN * share * np.maximum(above, 0.0))


def _runs(y: Array, s: Array, under: Array, flagged: Flags, width: float, most: int) -> Flags:
    """Flagged runs, extended by neighbours that stand out; runs that are too wide, or become a line, are left alone."""
    kept = np.zeros_like(flagged)
    for first, last in _spans(flagged):
        first, last = _extend(y, s, first, last, most)
        if last - first + 1 > most or first < 2 or last > y.size - 3:
            continue
        h, _, p = _stand_out(y, s, first, last)
        residual = line_residual(width, last - first + 1)
        top = int(np.argmax(h))
        if h[top] > limit(residual, p[top : top + 1] - under[first + top])[0]:
            kept[first : last + 1] = True
    return kept


def _spans(flagged: Flags) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flagged, [False]]).astype(int)))
    return [(int(a), int(b) - 1) for a, b in edges.reshape(-1, 2)]


def _extend(y: Array, s: Array, first: int, last: int, most: int) -> tuple[int, int]:
    """Take in a neighbour that stands out of a gap that holds it too; one more than `most` says: too wide."""
    grown = True
    while grown and last - first < most:
        grown = False
        for a, b, new in ((first - 1, last, first - 1), (first, last + 1, last + 1)):
            if a < 2 or b > y.size - 3:
                continue
            h, u, _ = _stand_out(y, s, a, b)
            if h[new - a] > NEXT_Z * u[new - a]:
                first, last, grown = a, b, True
                break
    return first, last


def _stand_out(y: Array, s: Array, first: int, last: int) -> tuple[Array, Array, Array]:
    """h, u and p of the points first..last."""
    gap = last - first + 1
    weights = _weights(_nodes(gap), np.arange(gap, dtype=float))
    at = first + _nodes(gap).astype(int)
    p = weights @ y[at]
    u = np.sqrt(np.mean(s[at] ** 2) + weights**2 @ s[at] ** 2)
    return y[first : last + 1] - p, u, p


def _fill(y: Array, flagged: Flags) -> None:
    """Replace flagged points by the cubic through two points on each side."""
    for first, last in _spans(flagged):
        gap = last - first + 1
        y[first : last + 1] = _weights(_nodes(gap), np.arange(gap, dtype=float)) @ y[first + _nodes(gap).astype(int)]
