"""Weights of the points before the transform, and what they add to the width of a line.

t distance of a point from the beginning of time (s). Lorentzian exp(-pi L |t|) adds L Hz to the full width at half
height of a Lorentzian line; Gaussian exp(-(pi G t)^2 / (4 ln 2)) convolves with a Gaussian of full width G Hz. Both may
be used together; then a line is convolved with the Voigt profile of L and G.
"""

from __future__ import annotations

import math

import numpy as np

from ntcspec.errors import UserError
from ntcspec.types import Array


def apodisation(time_s: Array, *, broadening_hz: float, gaussian_hz: float) -> Array:
    """Weights at times relative to the beginning, shape as time_s. Raises UserError for a width below 0."""
    for name, width in (("broadening_hz", broadening_hz), ("gaussian_hz", gaussian_hz)):
        if not (math.isfinite(width) and width >= 0):
            raise UserError(f"reduce.{name}", f"{width:g} Hz is no width", "give 0 or more")
    exponent = math.pi * broadening_hz * np.abs(time_s)
    exponent = exponent + (math.pi * gaussian_hz * time_s) ** 2 / (4.0 * math.log(2.0))
    weights: Array = np.exp(-exponent)
    return weights
