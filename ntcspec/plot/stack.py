"""Curves that share a panel: distance between them, ranges, cutting to what is drawn. numpy only."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from ntcspec.plot.data import DATA, SECOND, THIRD, TOTAL, Series
from ntcspec.types import Array

MARGIN = 0.05  # of the drawn range, free above and below the curves
LEAST_STEP = 0.5  # of the tallest curve: least automatic distance, so that equal curves do not merge
BANDED = (DATA, SECOND, THIRD, TOTAL)  # roles whose y_error is drawn as a band
LEAST_HEIGHT_IN, MOST_HEIGHT_IN = 1.9, 5.6  # of the frame, without inset
HEIGHT_PER_CURVE_IN = 0.42
MARK_IN = 0.24  # tick, letter and gaps above a curve
MARK_REACH = 0.025  # of the drawn range: what a letter takes on either side of its position
_ROUNDS = 6  # room for letters in units of y follows from the step between curves, and that from the room
_NICE = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


@dataclass(frozen=True)
class Envelope:
    """Lowest and highest ordinate of a curve with its bands, offset included; shapes of `x`."""

    x: Array
    low: Array
    high: Array


def nice(value: float) -> float:
    """The next number up that reads well: 0.37 -> 0.4. `value` > 0."""
    decade = 10.0 ** math.floor(math.log10(value))
    return tidy(next(n for n in _NICE if n * decade >= value * (1 - 1e-9)) * decade)


def tidy(value: float) -> float:
    """Without the last digits that binary arithmetic adds: 0.1 * 3 -> 0.3."""
    return float(f"{value:.12g}")


def cut(x: Array, limits: Sequence[float]) -> slice:
    """The points inside the limits and one more on either side, so that lines run to the frame. x ascending."""
    first, last = np.searchsorted(x, [limits[0], limits[1]], side="left")
    return slice(max(int(first) - 1, 0), min(int(last) + 1, x.size))


Marked = Mapping[int, Array]  # sample (place in the palette) -> positions of its marks


def frame_height(levels: int) -> float:
    """Height of the frame in inches for that many stacked samples."""
    return min(LEAST_HEIGHT_IN + HEIGHT_PER_CURVE_IN * (max(levels, 1) - 1), MOST_HEIGHT_IN)


def ends(series: Series) -> tuple[Array, Array]:
    """Lower and upper end of curve and bands, without offset; NaN where there is no curve."""
    low = high = series.y
    if series.y_error.size:
        low, high = np.fmin(low, series.y - series.y_error), np.fmax(high, series.y + series.y_error)
    if series.y_low.size:
        low, high = np.fmin(low, series.y_low), np.fmax(high, series.y_high)
    return low, high


def visible(series: Series, x_limits: Sequence[float]) -> Envelope:
    """The curve with its bands inside the limits."""
    low, high = ends(series)
    inside = (series.x >= x_limits[0]) & (series.x <= x_limits[1]) & np.isfinite(series.y)
    return Envelope(series.x[inside], low[inside] + series.offset, high[inside] + series.offset)


def _raised(envelope: Envelope, at: Array, reach: float, room: float) -> Envelope:
    """With room for letters above the places `at`."""
    near = np.any(np.abs(envelope.x[:, None] - at) <= reach, axis=1)
    return replace(envelope, high=np.where(near, envelope.high + room, envelope.high))


def automatic_step(groups: Sequence[Sequence[Series]], x_limits: Sequence[float], marked: Marked) -> float:
    """Distance that keeps the curves of neighbouring samples, and their marks, apart; groups from bottom to top."""
    plain = [[visible(s, x_limits) for s in group] for group in groups]
    heights = [_height(group) for group in plain]
    least = LEAST_STEP * max(heights, default=0.0)
    reach = MARK_REACH * (x_limits[1] - x_limits[0])
    step = least
    for _ in range(_ROUNDS if marked else 1):
        room = _mark_room((len(groups) - 1) * step + max(heights, default=0.0), len(groups))
        envelopes = [
            [_raised(e, marked[s.colour], reach, room) if s.colour in marked else e
             for e, s in zip(envelopes, group, strict=True)]
            for envelopes, group in zip(plain, groups, strict=True)
        ]  # fmt: skip
        step = least
        for below, above in pairwise(envelopes):
            step = max([step, *(1.05 * _overlap(lower, upper) for lower in below for upper in above)])
    return nice(step) if step > 0 else 1.0


def _mark_room(height: float, levels: int) -> float:
    """What a letter takes in units of y, where the frame shows that much."""
    return MARK_IN / frame_height(levels) * height * (1 + 2 * MARGIN)


def _height(group: Sequence[Envelope]) -> float:
    parts = [e for e in group if e.x.size]
    return float(max(e.high.max() for e in parts) - min(e.low.min() for e in parts)) if parts else 0.0


def _overlap(lower: Envelope, upper: Envelope) -> float:
    """How far `upper` has to rise to stay above `lower` wherever both are drawn."""
    if not lower.x.size or not upper.x.size:
        return 0.0
    x = np.union1d(lower.x, upper.x)
    x = x[(x >= max(lower.x[0], upper.x[0])) & (x <= min(lower.x[-1], upper.x[-1]))]
    if not x.size:
        return 0.0
    return float(np.max(np.interp(x, lower.x, lower.high) - np.interp(x, upper.x, upper.low)))


def place(
    groups: Sequence[Sequence[Series]],
    x_limits: Sequence[float],
    offset: float | None,
    *,
    label_at_end: bool,
    marked: Marked,
) -> tuple[tuple[Series, ...], float]:
    """The curves with offsets and label heights, and the offset between samples.

    An offset that a curve has already is kept: it is its distance from the place of its sample.
    label_at_end: the label stands at the height where the curve ends, else at the zero line of the curve.
    """
    step = offset
    if step is None:
        step = automatic_step(groups, x_limits, marked) if len(groups) > 1 else 0.0
    placed = []
    for i, group in enumerate(groups):
        for series in group:
            label_at = i * step + (_end(series, x_limits) if label_at_end else 0.0)
            placed.append(replace(series, offset=tidy(i * step + series.offset), label_at=label_at))
    return tuple(placed), step


def _end(series: Series, x_limits: Sequence[float]) -> float:
    """Where the curve ends: median of its last twentieth inside the limits."""
    x = visible(series, x_limits).x
    return float(np.median(series.y[np.isin(series.x, x[-max(x.size // 20, 1) :])])) if x.size else 0.0


def y_limits(
    series: Sequence[Series], x_limits: Sequence[float], given: tuple[float, float] | None, marked: Marked
) -> Array:
    """The given limits, or the drawn range with a margin and room for marks; shape (2,)."""
    if given is not None:
        return np.array(given, dtype=float)
    parts = [(visible(s, x_limits), s.colour) for s in series]
    parts = [(e, colour) for e, colour in parts if e.x.size]
    if not parts:
        return np.array([0.0, 1.0])
    low = min(float(e.low.min()) for e, _ in parts)
    high = max(float(e.high.max()) for e, _ in parts)
    reach = MARK_REACH * (x_limits[1] - x_limits[0])
    room = _mark_room(high - low, len({s.colour for s in series}))
    high = max([high, *(float(_raised(e, marked[c], reach, room).high.max()) for e, c in parts if c in marked)])
    margin = MARGIN * (high - low) or 0.5
    return np.array([low - margin, high + margin])


def trim(series: Series, x_limits: Sequence[float]) -> Series:
    """The series with its arrays cut to what is drawn."""
    keep = cut(series.x, x_limits)
    names = ("x", "y", "y_error", "y_low", "y_high", "x_error")
    return replace(series, **{n: getattr(series, n)[keep] for n in names if getattr(series, n).size})


def spread(middles: list[float], widths: list[float], low: float, high: float) -> list[float]:
    """Move blocks apart so that none overlap, within (low, high) as far as they fit; order is kept.

    The sum of squared moves is the smallest possible: less the places that close packing gives them, the middles
    must not descend, which is isotonic regression by pooling neighbours.
    """
    order = sorted(range(len(middles)), key=lambda i: middles[i])
    packed, edge = {}, 0.0
    for i in order:
        packed[i] = edge + widths[i] / 2
        edge += widths[i]
    pools: list[tuple[float, int]] = []  # mean and number of neighbours that touch
    for i in order:
        pools.append((middles[i] - packed[i], 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (mean, count), (before, others) = pools.pop(), pools.pop()
            pools.append(((mean * count + before * others) / (count + others), count + others))
    moved = [max(min(mean, high - edge), low) for mean, count in pools for _ in range(count)]
    out = dict(zip(order, moved, strict=True))
    return [out[i] + packed[i] for i in range(len(middles))]
