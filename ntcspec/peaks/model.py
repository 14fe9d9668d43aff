"""A model: a sum of parts, each an amplitude times a shape, with bounds.

Symbols: p parameters of all parts, one after the other; f(x; p) their sum; J = df/dp.

    line      area, centre, fwhm (, share)      f = area * shape
    step      height, centre, fwhm              f = height * step
    straight  constant, slope                   f = constant + slope * (x - origin)

`origin` keeps constant and slope nearly uncorrelated; it is the middle of the data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ntcspec.peaks.shapes import LINES, SHARED, STEPS
from ntcspec.types import Array

INFINITE = float("inf")
Pair = tuple[float, float]


@dataclass(frozen=True)
class Part:
    """One part of a model: its name, its kind (a line shape, a step, or straight) and the bounds of its parameters."""

    name: str
    kind: str
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    origin: float = 0.0

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of its parameters, e.g. ('line1.area', ...)."""
        if self.kind == "straight":
            names: tuple[str, ...] = ("constant", "slope")
        elif self.kind in STEPS:
            names = ("height", "centre", "fwhm")
        else:
            names = ("area", "centre", "fwhm", "share") if self.kind in SHARED else ("area", "centre", "fwhm")
        return tuple(f"{self.name}.{name}" for name in names)


def line(name: str, shape: str, *, centre: Pair, fwhm: Pair) -> Part:
    """A line of positive area. Raises ValueError for an unknown shape or an empty range."""
    if shape not in LINES:
        raise ValueError(f"unknown line shape {shape!r}: one of {', '.join(LINES)}")
    return _peaked(name, shape, centre, fwhm, shape in SHARED)


def step(name: str, kind: str, *, centre: Pair, fwhm: Pair) -> Part:
    """An upward step. Raises ValueError for an unknown kind or an empty range."""
    if kind not in STEPS:
        raise ValueError(f"unknown step {kind!r}: one of {', '.join(STEPS)}")
    return _peaked(name, kind, centre, fwhm, False)


def _peaked(name: str, kind: str, centre: Pair, fwhm: Pair, shared: bool) -> Part:
    if not centre[0] < centre[1] or not 0.0 < fwhm[0] < fwhm[1]:
        raise ValueError(f"{name}: centre {centre} and fwhm {fwhm} must be ascending ranges, fwhm above 0")
    more = (0.0,), (1.0,)
    low, high = (0.0, centre[0], fwhm[0]), (INFINITE, centre[1], fwhm[1])
    return Part(name, kind, low + (more[0] if shared else ()), high + (more[1] if shared else ()))


def straight(x: Array, name: str = "straight") -> Part:
    """A straight line round the middle of x."""
    free = (INFINITE, INFINITE)
    return Part(name, "straight", (-INFINITE, -INFINITE), free, 0.5 * float(x[0] + x[-1]))


def names(parts: Sequence[Part]) -> tuple[str, ...]:
    """Names of all parameters, in order."""
    return tuple(name for part in parts for name in part.parameters)


def bounds(parts: Sequence[Part]) -> tuple[Array, Array]:
    """Lower and upper bounds of all parameters."""
    return (np.array([v for part in parts for v in part.lower]), np.array([v for part in parts for v in part.upper]))


def slices(parts: Sequence[Part]) -> list[slice]:
    """Where the parameters of each part are."""
    ends = np.cumsum([len(part.lower) for part in parts])
    return [slice(int(end) - len(part.lower), int(end)) for part, end in zip(parts, ends, strict=True)]


def unit(part: Part, x: Array, shape: Sequence[float] | Array) -> Array:
    """The part at amplitude 1 and its derivatives by centre, fwhm (, share), shape (parameters, points)."""
    return (LINES.get(part.kind) or STEPS[part.kind])(x, *shape)


def evaluate(parts: Sequence[Part], x: Array, p: Array) -> tuple[Array, Array]:
    """Curves of the parts, shape (parts, points), and J, shape (parameters, points)."""
    curves = np.empty((len(parts), x.size))
    jacobian = np.empty((p.size, x.size))
    values = p.tolist()
    at = 0
    for i, part in enumerate(parts):
        size = len(part.lower)
        if part.kind == "straight":
            jacobian[at] = 1.0
            jacobian[at + 1] = x - part.origin
            curves[i] = values[at] + values[at + 1] * jacobian[at + 1]
        else:
            rows = unit(part, x, values[at + 1 : at + size])
            jacobian[at] = rows[0]
            np.multiply(rows[1:], values[at], out=jacobian[at + 1 : at + size])
            np.multiply(rows[0], values[at], out=curves[i])
        at += size
    return curves, jacobian
