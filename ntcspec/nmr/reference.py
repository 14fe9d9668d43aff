"""The zero of the shift axis, and whether a line of known shift stands where it should.

Symbols: f absolute frequency (MHz), f0 that of shift 0, delta = (f - f0)/f0 (IUPAC: high frequency positive, Pure Appl.
Chem. 73, 1795 (2001)), c reference compound of shift delta_c.

    method       f0
    file         as the file has it
    standard     f_c / (1 + delta_c), f_c the strongest line of a measurement of the compound, same spectrometer
    line         the same with a line of the spectrum itself, looked for on the axis of the file
    frequency    given in MHz
    iupac        Xi times the frequency at which the protons of tetramethylsilane resonate in the same field

For 23Na the zero of the scale is 0.1 M NaCl in D2O at infinite dilution, Xi = 26.451900 %; 1 M NaCl(aq) stands at +0.04
ppm of it. Others take 1 M NaCl for zero. So the compound and the shift that it was given go with every result.

Without a reference there is no axis: an error, never the frequency of the carrier for that of shift 0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ntcspec.errors import UserError
from ntcspec.readers.nmr.nuclei import XI_PERCENT
from ntcspec.types import Array

NAN = float("nan")
METHODS = ("file", "standard", "line", "frequency", "iupac")
WAYS = (
    "name a measurement of the reference (`ingest: {standard: ...}`, `reduce: {reference: {method: standard, compound: "
    "1 M NaCl(aq), ppm: 0.04}}`), a line (`method: line`) or the frequency of shift 0 (`method: frequency`)"
)
NOT_STATED = "not stated"
SEEN = 5.0  # sigma: a line below was not found


@dataclass(frozen=True)
class Reference:
    """Frequency of shift 0 and what it rests on."""

    zero_mhz: float
    compound: str
    ppm: float
    method: str
    error_ppm: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """The place of a maximum. height: over its surroundings, in sigma."""

    position: float
    error: float
    height: float


def from_file(given: Mapping[str, Any], zero_mhz: float, evidence: str, source: str) -> Reference:
    """The file's own reference. Raises UserError where it has none."""
    if math.isnan(zero_mhz):
        raise UserError(source, f"its axis has no zero ({evidence})", WAYS)
    compound, ppm = given.get("compound") or NOT_STATED, given.get("ppm")
    notes = () if given.get("compound") else ("the file does not say which compound its axis was referenced to",)
    return Reference(zero_mhz, compound, NAN if ppm is None else float(ppm), f"file: {evidence}", _error(given), notes)


def from_line(given: Mapping[str, Any], line_mhz: float, error_mhz: float, how: str) -> Reference:
    """From the absolute frequency of a line of the compound."""
    compound, ppm = _named(given)
    zero = line_mhz / (1.0 + ppm * 1e-6)
    own = _error(given)
    error = math.hypot(error_mhz / zero * 1e6, 0.0 if math.isnan(own) else own)
    return Reference(zero, compound, ppm, f"{how} at {line_mhz:.7f} MHz is {ppm:g} ppm", error)


def from_frequency(given: Mapping[str, Any]) -> Reference:
    """The frequency of shift 0 as the study gives it."""
    zero = given.get("zero_mhz")
    if zero is None:
        raise UserError("reduce.reference.zero_mhz", "it is missing", "method `frequency` needs it, in MHz")
    ppm = given.get("ppm")
    compound = given.get("compound") or NOT_STATED
    value = 0.0 if ppm is None else float(ppm)
    how = f"shift 0 at {float(zero):.7f} MHz as the study says"
    return Reference(float(zero), compound, value, how, _error(given))


def from_protons(given: Mapping[str, Any], nucleus: str) -> Reference:
    """By the unified scale."""
    protons = given.get("tms_mhz")
    if protons is None:
        what, fix = "it is missing", "method `iupac` needs the frequency of the protons of TMS in this field, in MHz"
        raise UserError("reduce.reference.tms_mhz", what, fix)
    if nucleus not in XI_PERCENT:
        what = f"the frequency of {nucleus or 'an unnamed nucleus'} on the unified scale is not known here"
        raise UserError("reduce.reference", what, "known: " + ", ".join(XI_PERCENT))
    xi = XI_PERCENT[nucleus]
    how = f"unified scale: {xi:.6f} % of {float(protons):.6f} MHz (protons of TMS)"
    return Reference(float(protons) * xi / 100.0, given.get("compound") or f"IUPAC, {nucleus}", 0.0, how, _error(given))


def strongest_line(axis: Array, real: Array, sigma: float, rho: Array) -> Line:
    """The highest point, by a parabola through it and the points around that are nearly as high."""
    return _line(axis, real, sigma, rho, int(np.argmax(real)))


def line_in(axis: Array, real: Array, sigma: float, rho: Array, low: float, high: float) -> Line | None:
    """The highest point between two ends over the straight line between the lowest points left and right of it.

    None where it stands less than 5 sigma above that line, or at an end.
    """
    inside = np.flatnonzero((axis >= low) & (axis <= high))
    if inside.size < 5:
        return None
    x, y = axis[inside], real[inside]
    flat = y - _foot(x, y)
    at = int(np.argmax(flat))
    if at in (0, inside.size - 1) or (sigma > 0 and flat[at] < SEEN * sigma) or flat[at] <= 0:
        return None
    found = _line(x, flat, sigma, rho, at)
    return found if low < found.position < high else None


def check_line(
    check: Mapping[str, Any], axis: Array, real: Array, sigma: float, rho: Array
) -> tuple[dict[str, Any], str]:
    """Whether a line of known shift stands where it should: what was found, and one sentence.

    check : compound, ppm, tolerance_ppm, window_ppm (searched on both sides). The verdict is 'passed', 'failed' or
    'not found'.
    """
    expected, tolerance, window = (float(check[key]) for key in ("ppm", "tolerance_ppm", "window_ppm"))
    line = line_in(axis, real, sigma, rho, expected - window, expected + window)
    known = {"compound": check["compound"], "expected_ppm": expected, "tolerance_ppm": tolerance}
    if line is None:
        words = f"check of the axis: no line of {check['compound']} within {window:g} ppm of {expected:g} ppm"
        return {**known, "verdict": "not found"}, words + ": the reference is not confirmed"
    apart = line.position - expected
    passed = abs(apart) <= tolerance
    verdict = "passed" if passed else "failed"
    words = (
        f"check of the axis {verdict}: {check['compound']} at {line.position:.3f} ppm, "
        f"{apart:+.3f} from {expected:g} (tolerance {tolerance:g}, noise {line.error:.3f})"
    )
    if not passed:
        words += ": shifts of this spectrum cannot be compared with others before that is understood"
    return {**known, "found_ppm": line.position, "noise_ppm": line.error, "verdict": verdict}, words


def _named(given: Mapping[str, Any]) -> tuple[str, float]:
    compound, ppm = given.get("compound"), given.get("ppm")
    if not compound or ppm is None:
        what = f"method `{given.get('method')}` needs the compound and its shift"
        raise UserError("reduce.reference", what, "for example `compound: 1 M NaCl(aq)`, `ppm: 0.04`")
    return str(compound), float(ppm)


def _error(given: Mapping[str, Any]) -> float:
    value = given.get("error_ppm")
    return NAN if value is None else float(value)


def _foot(x: Array, y: Array) -> Array:
    """The straight line through the lowest points on both sides of the highest one."""
    top = int(np.argmax(y - np.linspace(y[0], y[-1], y.size)))
    left = int(np.argmin(y[: max(1, top)]))
    right = min(y.size - 1, top) + int(np.argmin(y[min(y.size - 1, top) :]))
    if right == left:
        return np.full(y.size, y[left])
    slope = (y[right] - y[left]) / (x[right] - x[left])
    line: Array = y[left] + slope * (x - x[left])
    return line


def _line(axis: Array, y: Array, sigma: float, rho: Array, at: int) -> Line:
    """Vertex of a parabola through the points around `at` that stand above 0.8 of its height, and its noise.

    rho: correlation of the noise of points 0, 1, 2 ... apart.
    """
    low, high = at, at
    while low > 0 and y[low - 1] > 0.8 * y[at]:
        low -= 1
    while high < y.size - 1 and y[high + 1] > 0.8 * y[at]:
        high += 1
    low, high = max(0, min(low, at - 1)), min(y.size - 1, max(high, at + 1))
    x = axis[low : high + 1] - axis[at]
    design = np.stack([np.ones_like(x), x, x**2], axis=1)
    inverse = np.linalg.pinv(design)
    _, b, c = inverse @ y[low : high + 1]
    height = float(y[at] / sigma) if sigma > 0 else float("inf")
    if c >= 0:
        return Line(float(axis[at]), float(abs(x[-1] - x[0])), height)
    lags = np.abs(np.subtract.outer(np.arange(x.size), np.arange(x.size)))
    padded = np.zeros(x.size)
    padded[: rho.size] = rho[: x.size]
    covariance = inverse @ padded[lags] @ inverse.T * sigma**2
    gradient = np.array([0.0, -1.0 / (2.0 * c), b / (2.0 * c**2)])
    error = float(np.sqrt(gradient @ covariance @ gradient))
    return Line(float(axis[at] - b / (2.0 * c)), error, height)
