"""Uncertainty of a point, and where the detector was saturated.

Symbols: y intensity as the file gives it, n exposures, t time of one, f noise factor, s standard uncertainty of y.

Order of steps of `point_noise`:
1. what y counts: the mean of n exposures (LabSpec 5, 6), or their sum where y exceeds what one exposure of a 16-bit
   converter can hold and n > 1 (LabSpec 4); y in counts per second is y t counts;
2. shot noise: s = f sqrt(max(y, 1) / n) for a mean, f sqrt(max(y, 1)) for a sum. f = 1 if one count is one
   photoelectron and the read noise is small; it is measured: with d = y[i-1] - 2 y[i] + y[i+1] and its expected spread
   u for f = 1, f = 1.4826 median |d/u|. Lines fill few points and do not matter to a median;
3. where a baseline has been taken away already, or y is negative, the counts are unknown: s is one number for all
   points, 1.4826 median |d| / sqrt 6.

f well below 1 tells of smoothing or of more than one electron a count, f above 1 of read noise or flicker. Points that
a program has smoothed or resampled are correlated; the fits allow for that by the correlation of their residuals.

Saturated: y at or above 98 % of full scale, or a flat top: three neighbours within 0.1 % of the highest point of a
spectrum whose top stands 20 s above its median.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ntcspec.errors import UserError
from ntcspec.types import Array, Note

TO_SIGMA = 1.4826  # of a median of absolute values
FULL_SCALE = 65535.0  # counts of one exposure, 16-bit converter
SATURATED = 0.98
FLAT_TOP, FLAT_POINTS, FLAT_SIGMA = 1e-3, 3, 20.0
SMALLEST = 1e-6  # of the highest intensity: uncertainty of a point without noise
KINDS = ("auto", "poisson", "flat")


@dataclass(frozen=True)
class Noise:
    """sigma: shape (spectra, points). full_scale: intensity of a full converter; NaN where it is unknown."""

    sigma: Array
    kind: str  # poisson or flat
    factor: float  # f, median of all spectra; NaN for flat
    full_scale: float
    notes: tuple[Note, ...]


def point_noise(
    intensity: Array,
    *,
    accumulations: float,
    exposure_s: float,
    unit: str,
    treated: bool,
    kind: str = "auto",
    full_scale: float = FULL_SCALE,
) -> Noise:
    """Uncertainty of each point of `intensity`, shape (spectra, points).

    accumulations, exposure_s: NaN where unknown; treated: a baseline has been taken away already; kind: poisson or
    flat, auto chooses. Raises UserError for an unknown kind.
    """
    if kind not in KINDS:
        raise UserError("reduce.noise", f"unknown noise {kind!r}", "one of: " + ", ".join(KINDS))
    n = accumulations if np.isfinite(accumulations) and accumulations >= 1 else 1.0
    t = exposure_s if per_second(unit) and np.isfinite(exposure_s) and exposure_s > 0 else 1.0
    counts = intensity * t
    summed = n > 1 and float(counts.max()) > full_scale and not treated
    exposures = 1.0 if summed else n
    notes: tuple[Note, ...] = ()
    if summed:
        notes = (f"counts up to {counts.max():.0f}: the sum of {n:g} exposures, not their mean",)
    floor = SMALLEST * float(np.abs(intensity).max()) or 1.0
    flat = kind == "flat" or (kind == "auto" and (treated or _negative(counts)))
    top = full_scale * (n if summed else 1.0) / t
    if flat:
        spread = TO_SIGMA * np.median(np.abs(_second(intensity)), axis=1) / np.sqrt(6.0)
        sigma = np.broadcast_to(np.maximum(spread, floor)[:, None], intensity.shape).copy()
        why = "a baseline has been taken away" if treated else "intensities are negative" if kind == "auto" else "asked"
        notes += (f"noise: one sigma for all points, {np.median(spread):.3g} ({why})",)
        return Noise(sigma, "flat", float("nan"), top, notes)
    expected = np.sqrt(np.maximum(counts, 1.0) / exposures) / t
    variance = expected**2
    spread = np.sqrt(variance[:, :-2] + 4.0 * variance[:, 1:-1] + variance[:, 2:])
    factor = TO_SIGMA * np.median(np.abs(_second(intensity)) / spread, axis=1)
    sigma = np.maximum(expected * factor[:, None], floor)
    f = float(np.median(factor))
    over = "" if exposures == 1.0 else f"/{exposures:g}"
    notes += (f"noise: sigma = {f:.3g} sqrt(counts{over}); 1 is expected of single photoelectrons",)
    return Noise(sigma, "poisson", f, top, notes)


def per_second(unit: str) -> bool:
    """Whether a unit of intensity is one of counts per second."""
    return "sec" in unit.casefold() or "/s" in unit.casefold()


def saturated(intensity: Array, sigma: Array, full_scale: float) -> Array:
    """1 where the detector was saturated, shape (spectra, points)."""
    top = intensity.max(axis=1, keepdims=True)
    near = intensity >= top * (1.0 - FLAT_TOP)
    run = near[:, :-2] & near[:, 1:-1] & near[:, 2:]
    flat = np.zeros(intensity.shape, dtype=bool)
    for shift in range(FLAT_POINTS):
        flat[:, shift : shift + run.shape[1]] |= run
    steep = top - np.median(intensity, axis=1, keepdims=True) > FLAT_SIGMA * np.median(sigma, axis=1, keepdims=True)
    # shot noise on an honest broad top exceeds the tolerance only for few counts: a flat top must also be quieter
    quiet = FLAT_TOP * top > 2.0 * sigma
    full = intensity >= SATURATED * full_scale if np.isfinite(full_scale) else np.zeros_like(flat)
    return np.asarray((full | (flat & steep & ~quiet)).astype(float))


def _negative(counts: Array) -> bool:
    """Whether more than 1 % of the points are negative."""
    return float(np.mean(counts < 0)) > 0.01


def _second(y: Array) -> Array:
    return y[:, :-2] - 2.0 * y[:, 1:-1] + y[:, 2:]
