"""Curves that share a panel: distance between them, ranges, cutting to what is drawn. numpy only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from ntcspec.plot.data import Series
from ntcspec.types import Array

MARGIN = 0.05  # of the drawn range, free above and below the curves
LEAST_STEP = 0.5  # of the tallest curve: least automatic distance, so that equal curves do not merge
_NICE = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


@dataclass(frozen=True)
class Envelope:
    """Lowest and highest ordinate of all curves of one sample, without offset; shapes of `x`."""

    x: Array
    low: Array
    high: Array


def nice(value: float) -> float:
    """The next number up that reads well: 0.37 -> 0.4. `value` > 0."""
    decade = 10.0 ** math.floor(math.log10(value))
    return _tidy(next(n for n in _NICE if n * decade >= value * (1 - 1e-9)) * decade)


def _tidy(value: float) -> float:
    """Without the last digits that binary arithmetic adds: 0.1 * 3 -> 0.3."""
    return float(f"{value:.12g}")


def cut(x: Array, limits: Sequence[float]) -> slice:
    """The points inside the limits and one more on either side, so that lines run to the frame. x ascending."""
    first, last = np.searchsorted(x, [limits[0], limits[1]], side="left")
    return slice(max(int(first) - 1, 0), min(int(last) + 1, x.size))


def visible(series: Series, x_limits: Sequence[float]) -> Envelope:
    """The curve with its band inside the limits."""
    error = series.y_error if series.y_error.size else np.zeros_like(series.y)
    error = np.where(np.isfinite(error), error, 0.0)
    inside = (series.x >= x_limits[0]) & (series.x <= x_limits[1]) & np.isfinite(series.y)
    return Envelope(series.x[inside], (series.y - error)[inside], (series.y + error)[inside])


def automatic_step(groups: Sequence[Sequence[Series]], x_limits: Sequence[float]) -> float:
    """Distance that keeps the curves of neighbouring samples apart; groups from bottom to top."""
    envelopes = [[visible(s, x_limits) for s in group] for group in groups]
    heights = [_height(group) for group in envelopes]
    step = LEAST_STEP * max(heights, default=0.0)
    for below, above in pairwise(envelopes):
        for lower in below:
            for upper in above:
                step = max(step, 1.05 * _overlap(lower, upper))
    return nice(step) if step > 0 else 1.0


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
    groups: Sequence[Sequence[Series]], x_limits: Sequence[float], offset: float | None, *, label_at_end: bool
) -> tuple[tuple[Series, ...], float]:
    """The curves with offsets and label heights, and the offset between samples.

    label_at_end: the label stands at the height where the curve ends, else at the zero line of the curve.
    """
    step = offset
    if step is None:
        step = automatic_step(groups, x_limits) if len(groups) > 1 else 0.0
    placed = []
    for i, group in enumerate(groups):
        for series in group:
            shift = _tidy(i * step)
            ends = visible(series, x_limits)
            end = (
                float(np.median(series.y[np.isin(series.x, ends.x[-max(ends.x.size // 20, 1) :])]))
                if ends.x.size
                else 0.0
            )
            placed.append(replace(series, offset=shift, label_at=shift + (end if label_at_end else 0.0)))
    return tuple(placed), step


def y_limits(series: Sequence[Series], x_limits: Sequence[float], given: tuple[float, float] | None) -> Array:
    """The given limits, or the drawn range with a margin; shape (2,)."""
    if given is not None:
        return np.array(given, dtype=float)
    parts = [(visible(s, x_limits), s.offset) for s in series]
    parts = [(e, shift) for e, shift in parts if e.x.size]
    if not parts:
        return np.array([0.0, 1.0])
    low = min(float(e.low.min()) + shift for e, shift in parts)
    high = max(float(e.high.max()) + shift for e, shift in parts)
    margin = MARGIN * (high - low) or 0.5
    return np.array([low - margin, high + margin])


def trim(series: Series, x_limits: Sequence[float]) -> Series:
    """The series with its arrays cut to what is drawn."""
    keep = cut(series.x, x_limits)
    error = series.y_error[keep] if series.y_error.size else series.y_error
    return replace(series, x=series.x[keep], y=series.y[keep], y_error=error)
