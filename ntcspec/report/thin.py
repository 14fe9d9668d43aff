"""Fewer points of very long curves, so that the report stays a page that can be mailed.

A panel takes 10 to 25 bytes a point. Beyond 50,000 points in all, the longest curves are cut into stretches of equal
number of points, and of each stretch the least and the largest ordinate is kept, in their order: no peak and no spike
is lost. All points stay in the data of the panel (.nxs).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from ntcspec.plot.data import PanelData, Series
from ntcspec.types import Array

MOST = 50_000  # points of a panel
FEWEST = 1000  # points that any curve may keep
BESIDE = ("x_error", "y_error", "y_low", "y_high")
S = TypeVar("S", bound=Series)


def thinned(data: PanelData) -> PanelData:
    """The panel with as many points as a page can carry; a note says where some are left out."""
    curves = [*data.series, *data.inset]
    most = share([s.x.size for s in curves])
    longest = max((s.x.size for s in curves), default=0)
    if longest <= most:
        return data
    few = sum(s.x.size > most for s in curves)
    note = (
        f"in this page {few} of {len(curves)} curves are drawn through {most:,} of their up to {longest:,} points, the "
        "least and largest of neighbours; all are in the NXS file"
    )
    series, inset = _all(data.series, most), _all(data.inset, most)
    return replace(data, series=series, inset=inset, notes=(*data.notes, note))


def share(sizes: Sequence[int]) -> int:
    """The most points of a curve with which all together are MOST; never below FEWEST."""
    left, waiting = MOST, sorted(sizes)
    for number, size in enumerate(waiting):
        each = left // (len(waiting) - number)
        if size > each:
            return max(each, FEWEST)
        left -= size
    return max(waiting, default=0)


def _all(curves: Sequence[S], most: int) -> tuple[S, ...]:
    return tuple(_thin(s, most) if s.x.size > most else s for s in curves)


def _thin(s: S, most: int) -> S:
    kept = extremes(s.y, most // 2)
    beside = {name: values[kept] for name in BESIDE if (values := getattr(s, name)).size == s.x.size}
    return replace(s, x=s.x[kept], y=s.y[kept], **beside)


def extremes(y: Array, stretches: int) -> npt.NDArray[np.intp]:
    """Where the least and largest value of each stretch are, in ascending order; NaN counts as neither."""
    ends = np.linspace(0, y.size, stretches + 1).astype(np.intp)
    low, high = np.where(np.isnan(y), np.inf, y), np.where(np.isnan(y), -np.inf, y)
    found = [
        ends[i] + f(v[ends[i] : ends[i + 1]])
        for i in range(stretches)
        for f, v in ((np.argmin, low), (np.argmax, high))
    ]
    return np.unique(np.concatenate([[0], found, [y.size - 1]]).astype(np.intp))
