"""Quantities of the sum of all lines of a fit, with uncertainties propagated from the covariance.

Symbols: A_i, c_i area and centre of line i, F(x; p) sum of the lines without the baseline, x0 where F is highest,
H = F(x0), x-, x+ outermost points with F = H/2, C covariance of p, D derivative of a quantity by p.

    area      sum A_i                  D exact
    centroid  sum A_i c_i / sum A_i    D exact
    height    H                        dH/dp = dF/dp at x0 (F' = 0 there)
    position  x0                       dx0/dp = -dF'/dp / F'' at x0
    fwhm      x+ - x-                  dx/dp = (dH/dp / 2 - dF/dp) / F' at x- and x+
    splitting c_last - c_first, area_ratio A_last / A_first: two lines or more
    uncertainty = sqrt(D C D), linear: right while it is small against the quantity

The fwhm is that of the outer flanks where the sum dips below H/2 between its lines. A quantity that rests on a
parameter at a bound holds for it fixed there; one that rests on an undetermined one has infinite uncertainty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ntcspec.peaks.fit import Fit
from ntcspec.peaks.model import Part, evaluate, slices
from ntcspec.peaks.shapes import LINES
from ntcspec.types import Array

POINTS = 241
REACH = 1.5  # half range of the search for x-, x+, in widths beyond the outer lines
NEWTON = 8


@dataclass(frozen=True)
class Derived:
    """A value, its standard uncertainty (infinite where the data do not determine it), its derivative by p."""

    value: float
    error: float
    gradient: Array


def line_count(parts: Sequence[Part]) -> int:
    """Number of lines named line1, line2 ... that stand first; a line that serves as baseline has another name."""
    return sum(part.kind in LINES and part.name.startswith("line") for part in parts)


def derive(fit: Fit) -> dict[str, Derived]:
    """All quantities of a fit with at least one line of non-zero area. Raises ValueError without."""
    gradients = _quantities(fit.parts, fit.p)
    return {name: Derived(value, propagate(fit, d), d) for name, (value, d) in gradients.items()}


def values(parts: Sequence[Part], p: Array) -> dict[str, float]:
    """The values alone."""
    return {name: value for name, (value, _) in _quantities(parts, p).items()}


def line_heights(fit: Fit) -> list[Derived]:
    """Height of each line."""
    out = []
    for part, where in zip(fit.parts[: line_count(fit.parts)], slices(fit.parts), strict=False):
        curves, jacobian = evaluate((part,), fit.p[where][1:2], fit.p[where])
        gradient = np.zeros(fit.p.size)
        gradient[where] = jacobian[:, 0]
        gradient[where.start + 1] = 0.0  # at its centre
        out.append(Derived(float(curves[0, 0]), propagate(fit, gradient), gradient))
    return out


def propagate(fit: Fit, gradient: Array) -> float:
    """sqrt(D C D): parameters at a bound are fixed, an undetermined one makes it infinite."""
    variance = np.diag(fit.covariance)
    if np.isinf(variance[np.abs(gradient) > 0]).any():
        return float("inf")
    used = np.isfinite(variance)
    d = gradient[used]
    return float(np.sqrt(max(float(d @ fit.covariance[np.ix_(used, used)] @ d), 0.0)))


def _quantities(parts: Sequence[Part], p: Array) -> dict[str, tuple[float, Array]]:
    n = line_count(parts)
    lines, where = tuple(parts[:n]), slices(parts)[:n]
    areas = np.array([p[s][0] for s in where])
    centres = np.array([p[s][1] for s in where])
    if n == 0 or not areas.sum() > 0:
        raise ValueError("no line to measure")
    size = sum(s.stop - s.start for s in where)
    first = np.array([s.start for s in where])
    area = float(areas.sum())
    centroid = float(areas @ centres) / area
    by_area, by_centroid = np.zeros(p.size), np.zeros(p.size)
    by_area[first] = 1.0
    by_centroid[first] = (centres - centroid) / area
    by_centroid[first + 1] = areas / area
    out = {"area": (area, by_area), "centroid": (centroid, by_centroid)}
    for name, (value, gradient) in _profile(lines, p[:size]).items():
        out[name] = (value, np.concatenate([gradient, np.zeros(p.size - size)]))
    if n > 1:
        low, high = int(np.argmin(centres)), int(np.argmax(centres))
        split, ratio = np.zeros(p.size), np.zeros(p.size)
        split[first[high] + 1], split[first[low] + 1] = 1.0, -1.0
        ratio_value = areas[high] / areas[low] if areas[low] > 0 else float("inf")
        ratio[first[high]] = 1.0 / areas[low] if areas[low] > 0 else float("inf")
        ratio[first[low]] = -ratio_value / areas[low] if areas[low] > 0 else float("inf")
        out["splitting"] = (float(centres[high] - centres[low]), split)
        out["area_ratio"] = (float(ratio_value), ratio)
    return out


def _profile(lines: Sequence[Part], p: Array) -> dict[str, tuple[float, Array]]:
    """Height, its position and the full width of the sum."""
    where = slices(lines)
    low = min(p[s][1] - REACH * p[s][2] for s in where)
    high = max(p[s][1] + REACH * p[s][2] for s in where)
    x = np.linspace(low, high, POINTS)
    y = evaluate(lines, x, p)[0].sum(axis=0)
    top = int(np.argmax(y))
    step = 1e-3 * float(min(p[s][2] for s in where))
    x0 = _vertex(lines, p, float(x[top]), float(x[1] - x[0]))
    rows = evaluate(lines, np.array([x0 - step, x0, x0 + step]), p)
    f, j = rows[0].sum(axis=0), rows[1]
    curvature = (f[0] - 2.0 * f[1] + f[2]) / step**2
    by_position = -(j[:, 2] - j[:, 0]) / (2.0 * step) / curvature
    height, by_height = float(f[1]), j[:, 1]
    above = np.flatnonzero(y >= 0.5 * height)
    ends = (_crossing(lines, p, x, y, int(above[0]) - 1, height), _crossing(lines, p, x, y, int(above[-1]), height))
    rows = evaluate(lines, np.array(ends), p)
    slope = -np.array([rows[1][[s.start + 1 for s in where], k].sum() for k in (0, 1)])  # F' = -sum dF/dc
    by_end = (0.5 * by_height[:, None] - rows[1]) / slope
    return {
        "height": (height, by_height),
        "position": (x0, by_position),
        "fwhm": (ends[1] - ends[0], by_end[:, 1] - by_end[:, 0]),
    }


def _slope(lines: Sequence[Part], p: Array, x: Array) -> Array:
    """F' at x."""
    jacobian = evaluate(lines, x, p)[1]
    return jacobian[[s.start + 1 for s in slices(lines)]].sum(axis=0) * -1.0


def _vertex(lines: Sequence[Part], p: Array, x0: float, step: float) -> float:
    """Zero of F' within a grid step of the highest point, by bisection of a sign change."""
    a, b = x0 - step, x0 + step
    for _ in range(3):
        grid = np.linspace(a, b, 33)
        after = int(np.argmax(_slope(lines, p, grid) <= 0.0))
        a, b = float(grid[max(after - 1, 0)]), float(grid[after])
    f = _slope(lines, p, np.array([a, b]))
    return a if f[0] == f[1] else a + (b - a) * float(f[0] / (f[0] - f[1]))


def _crossing(lines: Sequence[Part], p: Array, x: Array, y: Array, left: int, height: float) -> float:
    """Where F = height/2 between grid points left and left + 1: Newton from the chord."""
    left = min(max(left, 0), x.size - 2)
    at = float(np.interp(0.0, *_ascending(y[left : left + 2] - 0.5 * height, x[left : left + 2])))
    for _ in range(NEWTON):
        curves, jacobian = evaluate(lines, np.array([at]), p)
        slope = -float(sum(jacobian[s.start + 1, 0] for s in slices(lines)))
        move = (0.5 * height - float(curves.sum())) / slope
        at += move
        if abs(move) < 1e-12 * (abs(at) + 1.0):
            break
    return at


def _ascending(f: Array, x: Array) -> tuple[Array, Array]:
    return (f, x) if f[0] < f[1] else (f[::-1], x[::-1])
