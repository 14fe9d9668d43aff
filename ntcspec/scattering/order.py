"""Areas of G(r) in windows, and order in the middle range: rms of G, its envelope and how fast that fades.

Symbols: G_i at M points of the range, C their covariance; bins b of the envelope, e_b rms of G in them; L decay length.

    rms^2 = mean(G^2) - tr(C) / M                            noise adds to the mean square, and is taken off
    var(rms^2) = (4 G^T C G - 2 tr(C C)) / M^2               noise is in G^T C G too, with tr(C C) on average
    var(rms^2) = 2 tr(C C) / M^2                             where there is no order: what a detection must beat
    ln e_b = const - r_b / L                                 straight line through the bins that stand above noise

Points are as dense as a quarter of the resolution pi / qmax: more would tell nothing new. Every rms carries what
termination leaves of sharp peaks; the variants of qmax show how much.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ntcspec.errors import UserError
from ntcspec.peaks.value import SIGNIFICANT
from ntcspec.scattering.view import NAN, Value, View, missing
from ntcspec.types import Array

MIN_BINS = 3
RMS_UNIT, RMS_HOW = "angstrom^-2", "rms of G(r) over the range, noise taken off"
DECAY_UNIT, DECAY_HOW = "angstrom", "line through ln(rms of G) of bins; scatter of the bins about it is in u_sys"


@dataclass(frozen=True)
class Envelope:
    """Bins that stand above noise: middle, rms and its standard uncertainty (NaN where unknown), d ln(rms) / dG, and
    the number of bins in the range."""

    r_ang: Array
    rms: Array
    sigma: Array
    by_g: Array
    asked: int


def check_range(view: View, range_ang: Sequence[float], where: str) -> tuple[float, float]:
    """The range. Raises UserError where it leaves r or does not ascend."""
    low, high = (float(x) for x in range_ang)
    first, last = float(view.of.r_ang[0]), float(view.of.r_ang[-1])
    if not first - 1e-9 <= low < high <= last + 1e-9:
        raise UserError(
            where, f"{low:g} to {high:g} A is not within G(r), {first:g} to {last:g} A",
            "move the range, or widen rmin_ang, rmax_ang of the transform",
        )  # fmt: skip
    return low, high


def window(view: View, name: str, range_ang: Sequence[float]) -> dict[str, Value]:
    """Area, mean and largest value of G(r) in the range."""
    low, high = check_range(view, range_ang, f"measure.windows.{name}")
    r, weight = trapezoids(view, low, high)
    g = view.at(r)
    top = int(np.argmax(g))
    rows = np.array([weight, np.eye(r.size)[top]])
    error = view.standard(rows, r)
    area, span = float(weight @ g), high - low
    spot = "" if 0 < top < r.size - 1 else "the largest value is at an end of the window: no maximum inside"
    return {
        "area": Value(area, float(error[0]), "angstrom^-1", "integral of G(r) dr over the window", view.why()),
        "mean": Value(area / span, float(error[0]) / span, RMS_UNIT, "mean of G(r) over the window", view.why()),
        "height": Value(float(g[top]), float(error[1]), RMS_UNIT, "largest G(r) in the window", view.why(spot)),
    }


def trapezoids(view: View, low: float, high: float) -> tuple[Array, Array]:
    """r of the range in steps of G or less, and the weights of the integral."""
    step = float(view.of.r_ang[1] - view.of.r_ang[0])
    count = max(8, int(np.ceil((high - low) / step - 1e-6)))
    width = (high - low) / count
    weight = np.full(count + 1, width)
    weight[[0, -1]] *= 0.5
    return np.asarray(low + np.arange(count + 1) * width, dtype=np.float64), weight


def points(view: View, low: float, high: float) -> Array:
    """r of the range, a quarter of the resolution apart or less."""
    count = int(np.ceil((high - low) * view.qmax_inv_ang * 4.0 / np.pi))
    return low + (np.arange(count, dtype=np.float64) + 0.5) * ((high - low) / count)


def rms_of(g: Array, covariance: Array | None, words: str = "") -> Value:
    """rms of g without noise; covariance None: unknown, nothing is taken off."""
    if covariance is None:
        return Value(float(np.sqrt(np.mean(g**2))), NAN, RMS_UNIT, RMS_HOW, words)
    size = g.size
    square = float(np.mean(g**2) - np.trace(covariance) / size)
    floor = np.sqrt(2.0 * np.sum(covariance**2)) / size
    if square < SIGNIFICANT * floor:
        limit = np.sqrt(max(square, 0.0) + SIGNIFICANT * floor)
        return missing(RMS_UNIT, RMS_HOW, f"not detected: below 3 sigma of the noise (rms is below {limit:.2g})")
    error = np.sqrt(max(4.0 * g @ covariance @ g / size**2 - floor**2, floor**2))
    rms = float(np.sqrt(square))
    return Value(rms, float(error) / (2.0 * rms), RMS_UNIT, RMS_HOW, words)


def middle(
    view: View, range_ang: Sequence[float], *, bin_ang: float, where: str = "measure.mid_range_ang"
) -> tuple[dict[str, Value], Envelope]:
    """rms and decay length of G over the range, and the envelope."""
    low, high = check_range(view, range_ang, where)
    r = points(view, low, high)
    g = view.at(r)
    covariance = view.covariance(r) if view.known else None
    note = "" if covariance is not None else view.why("noise is not taken off" if view.noisy else "")
    bins = envelope(r, g, covariance, (low, high), bin_ang)
    decay = decay_length([bins], [covariance], (low, high), view.why())
    return {"rms": rms_of(g, covariance, note), "decay_length": decay}, bins


def envelope(r: Array, g: Array, covariance: Array | None, range_ang: tuple[float, float], bin_ang: float) -> Envelope:
    """rms of g in bins of r, from the start of the range to the first bin that does not stand above noise."""
    low, high = range_ang
    count = max(1, round((high - low) / bin_ang))
    number = np.minimum(((r - low) / (high - low) * count).astype(int), count - 1)
    middles, sizes, sigmas, rows = [], [], [], []
    for b in range(count):
        inside = number == b
        one = rms_of(g[inside], covariance[np.ix_(inside, inside)] if covariance is not None else None)
        if not np.isfinite(one.value):
            break  # behind the first bin without order nothing is to be trusted
        middles.append(low + (b + 0.5) * (high - low) / count)
        sizes.append(one.value)
        sigmas.append(one.u_stat)
        rows.append(np.where(inside, g, 0.0) / (inside.sum() * one.value**2))
    return Envelope(
        np.array(middles), np.array(sizes), np.array(sigmas), np.array(rows).reshape(len(rows), r.size), count
    )


def decay_length(
    bins: Sequence[Envelope], covariances: Sequence[Array | None], range_ang: tuple[float, float], why: str
) -> Value:
    """Length over which the envelope falls by e; of two envelopes, the first over the second."""
    used = min(b.rms.size for b in bins)
    if used < MIN_BINS:
        reason = f"{used} of {bins[0].asked} bins stand above 3 sigma of the noise in a row, {MIN_BINS} are needed"
        return missing(DECAY_UNIT, DECAY_HOW, reason)
    x = bins[0].r_ang[:used] - bins[0].r_ang[:used].mean()
    y = np.log(bins[0].rms[:used]) - sum(np.log(b.rms[:used]) for b in bins[1:])
    weight = x / float(x @ x)
    slope = float(weight @ y)
    left = y - y.mean() - slope * x
    scatter = float(np.sqrt(left @ left / max(1, used - 2) / (x @ x)))
    rows = [weight @ b.by_g[:used] for b in bins]
    noises = [row @ c @ row if c is not None else NAN for row, c in zip(rows, covariances, strict=True)]
    noise = float(np.sqrt(np.sum(noises)))
    total = float(np.hypot(scatter, np.nan_to_num(noise)))
    if slope + SIGNIFICANT * total >= 0:
        least = 1.0 / max(1e-12, 2.0 * total - slope)
        low, high = range_ang
        reason = f"no decay above 3 sigma within {low:g} to {high:g} A: longer than {least:.3g} A"
        return missing(DECAY_UNIT, DECAY_HOW, reason)
    length = -1.0 / slope
    return Value(length, noise * length**2, DECAY_UNIT, DECAY_HOW, why, scatter * length**2)
