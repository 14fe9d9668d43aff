"""Fourier windows with the edge conventions of IFEFFIT and larch.

Symbols: x uniform grid, [x_min, x_max] range, d full width of the taper at either end.

The taper runs from x_min - d/2 to x_min + d/2 and from x_max - d/2 to x_max + d/2. Its four corners are first moved
to grid points at or below them (with 1e-4 of a step to spare) and the taper is drawn between those grid points, so
the window is that of IFEFFIT bit by bit, not the textbook one. 'kaiser', 'gaussian' and 'sine' span the whole range;
for them d is a shape parameter. Source of the conventions: larch.xafs.ftwindow (M. Newville), tested against it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ntcspec.types import Array

Corners = tuple[int, int, int, int]
Edges = tuple[float, float, float, float]


def _tapered(rise: Callable[[Array], Array], fall: Callable[[Array], Array]) -> Callable[..., Array]:
    """A window that is 1 between its tapers; rise and fall map 0..1 across a taper to the window."""

    def shape(x: Array, i: Corners, e: Edges, d: float) -> Array:
        out = np.zeros(x.size)
        if i[2] > i[1]:
            out[i[1] : i[2]] = 1.0
        low, high = slice(i[0], i[1] + 1), slice(i[2], i[3] + 1)
        out[low] = rise((x[low] - e[0]) / (e[1] - e[0]))
        out[high] = fall((x[high] - e[2]) / (e[3] - e[2]))
        return out

    return shape


def _kaiser(x: Array, i: Corners, e: Edges, d: float) -> Array:
    centre, half = (e[3] + e[0]) / 2, (e[3] - e[0]) / 2
    inside = np.clip(1 - ((x - centre) / half) ** 2, 0.0, None)
    return np.asarray((np.i0(d * np.sqrt(inside)) - 1) / max(1e-10, float(np.i0(d)) - 1))


def _gaussian(x: Array, i: Corners, e: Edges, d: float) -> Array:
    return np.asarray(np.exp(-((x - (e[3] + e[0]) / 2) ** 2) / (2 * d * d)))


def _sine(x: Array, i: Corners, e: Edges, d: float) -> Array:
    out = np.zeros(x.size)
    out[i[0] : i[3] + 1] = np.sin(np.pi * (e[3] - x[i[0] : i[3] + 1]) / (e[3] - e[0]))
    return out


WINDOWS: dict[str, Callable[..., Array]] = {
    "hanning": _tapered(lambda t: np.sin(np.pi / 2 * t) ** 2, lambda t: np.cos(np.pi / 2 * t) ** 2),
    "parzen": _tapered(lambda t: t, lambda t: 1 - t),
    "welch": _tapered(lambda t: 1 - (t - 1) ** 2, lambda t: 1 - t**2),
    "kaiser": _kaiser,
    "gaussian": _gaussian,
    "sine": _sine,
}


def ft_window(x: Array, *, x_min: float, x_max: float, taper: float, window: str) -> Array:
    """Window on the uniform ascending grid `x`, shape of x, dimensionless.

    `taper` has the unit of x. Raises ValueError for an unknown window, an empty range and a negative taper.
    """
    if window not in WINDOWS:
        raise ValueError(f"unknown window {window!r}, known: {', '.join(WINDOWS)}")
    if not x_max > x_min or taper < 0:
        raise ValueError(f"range {x_min:g} to {x_max:g} with taper {taper:g} is empty")
    step = (x[-1] - x[0]) / (x.size - 1)
    eps = 1e-4 * step
    if window == "gaussian":
        taper = max(taper, eps)
    corners = (
        max(float(x[0]), x_min - taper / 2),
        x_min + taper / 2 + eps,
        x_max - taper / 2 - eps,
        min(float(x[-1]), x_max + taper / 2),
    )
    i1, i2, i3, i4 = (int((corner + eps) / step) for corner in corners)
    i1, i2, i3, i4 = max(0, i1), max(0, i2), min(x.size - 1, i3), min(x.size - 1, i4)
    if i2 == i1:
        i1 = max(0, i2 - 1)
    if i4 == i3:
        i3 = max(i2, i4 - 1)
    if not 0 <= i1 <= i2 < x.size or not 0 <= i3 <= i4 or x[i4] <= x[i1]:
        raise ValueError(f"range {x_min:g} to {x_max:g} lies outside the grid, {x[0]:g} to {x[-1]:g}")
    x1, x2, x3, x4 = (float(x[i]) for i in (i1, i2, i3, i4))
    x2, x4 = (x2 + eps if x2 == x1 else x2), (x4 + eps if x4 == x3 else x4)
    return WINDOWS[window](x, (i1, i2, i3, i4), (x1, x2, x3, x4), taper)
