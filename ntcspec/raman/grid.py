"""The uniform grid that baselines need, and the smoothness that goes with its step.

Symbols: h step of the grid (cm^-1), lambda smoothness of a Whittaker baseline.

Baselines of the Whittaker family count points, not cm^-1. Of a grid with steps of 0.03 and 1.1 cm^-1 (stitched windows)
they would be stiff in one window and loose in the other, and one lambda means another curve at another step. So the
intensity is interpolated onto a uniform grid of the median step, the baseline found there with

    lambda(h) = lambda_ref (h_ref / h)^4,   h_ref = 1.75 cm^-1

and interpolated back onto the points as measured: the baseline is smooth and loses nothing, and the intensity itself is
never resampled. The fourth power follows from the sum of squared second differences: sum (h^2 z'')^2 = h^3 int z''^2 dx
against sum (y - z)^2 = int (y - z)^2 dx / h.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ntcspec.types import Array

STEP_REF_CM1 = 1.75
MOST_POINTS = 20000


@dataclass(frozen=True)
class Grid:
    """A uniform grid over the points `shift_cm1`."""

    shift_cm1: Array
    uniform_cm1: Array

    @property
    def step_cm1(self) -> float:
        return float(self.uniform_cm1[1] - self.uniform_cm1[0])

    def onto(self, values: Array) -> Array:
        """Values at the points, shape (spectra, points), on the grid."""
        return _interpolate(self.shift_cm1, values, self.uniform_cm1)

    def back(self, values: Array) -> Array:
        """Values on the grid, shape (spectra, grid), at the points."""
        return _interpolate(self.uniform_cm1, values, self.shift_cm1)


def uniform_grid(shift_cm1: Array, step_cm1: float | None = None) -> Grid:
    """The grid over ascending points, of the median step unless one is given."""
    span = float(shift_cm1[-1] - shift_cm1[0])
    step = step_cm1 or float(np.median(np.diff(shift_cm1)))
    count = min(max(round(span / step), 2), MOST_POINTS) + 1
    return Grid(shift_cm1, np.linspace(shift_cm1[0], shift_cm1[-1], count))


def smoothness(lam_ref: float, step_cm1: float) -> float:
    """lambda at a step, from that at the reference step."""
    return lam_ref * (STEP_REF_CM1 / step_cm1) ** 4


def _interpolate(x: Array, y: Array, at: Array) -> Array:
    left = np.clip(np.searchsorted(x, at, side="right") - 1, 0, x.size - 2)
    share = (at - x[left]) / (x[left + 1] - x[left])
    return y[:, left] * (1.0 - share) + y[:, left + 1] * share
