"""What differs between the detection modes of one measurement.

Symbols: a(E), b(E) norm of two modes, sigma standard uncertainty of a point, e relative standard uncertainty of an edge
step, d = a - b, V local polynomial (`derivative.py`), N points of a window.

    white line ratio = max V a / max V b over the edge region
    rms              = sqrt(mean d^2) over a window

Every other mode is set against the primary one. The pair is always named in the order fluorescence, tey,
transmission, so that a ratio below 1 means the same in every sample: the mode that suffers from over-absorption more
is lower. Choices of normalisation are made alike for both.

Uncertainties, linear in the noise: of a maximum (row of V)^2 sigma^2 and (e max)^2; of the rms (sum d^2 sigma_d^2) / (N
rms)^2 and the two steps. rms is never negative and noise alone gives sqrt(mean sigma_d^2): what is not above that by 3
standard deviations of it (a chi-square of N) is said to be noise.

Over-absorption (self-absorption): the fluorescence of a thick sample saturates where mu is large, A. J. Achkar et al.,
Phys. Rev. B 83, 081106 (2011). Other reasons for a low white line are a nonlinear detector and, in the other mode, a
surface that differs from the bulk; so a note says what is likely, no more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ntcspec.peaks.value import NAN, Value, missing
from ntcspec.types import Array, Note
from ntcspec.types.xanes import Normalised, XanesReduced
from ntcspec.xas.xanes.derivative import Smoother
from ntcspec.xas.xanes.factors import on_grid
from ntcspec.xas.xanes.spectra import Spectrum, as_spectrum, choice_norm, placed, shared_choices

ORDER = ("fluorescence", "tey", "transmission")
SIGNIFICANT = 3.0
RATIO = "ratio of the maxima of smoothed norm in the edge region"
RMS = "rms difference of norm"
Range = Sequence[float]


@dataclass(frozen=True)
class Modes:
    """Values by name, the same under each choice of the primary mode (choices,), and notes."""

    values: dict[str, Value]
    by_choice: dict[str, Array]
    notes: tuple[Note, ...]


def compare_modes(
    reduced: XanesReduced, *, edge_range_ev: Range, windows: Mapping[str, Range], smooth_ev: float
) -> Modes:
    """'<a>_over_<b>.white_line' and '<a>_minus_<b>.<window>.rms' of the primary mode and each other one.

    Ranges in eV. Empty for one mode. What cannot be had (a range that one mode does not cover) is NaN with the reason.
    """
    values: dict[str, Value] = {}
    by_choice: dict[str, Array] = {}
    notes: list[Note] = []
    for other in reduced.spectra[1:]:
        first, second = sorted((reduced.primary, other), key=lambda one: ORDER.index(one.mode))
        shared = shared_choices([reduced.primary, other])
        name = f"{first.mode}_over_{second.mode}.white_line"
        values[name], ratios = _white_line(first, second, shared, edge_range_ev, smooth_ev)
        by_choice[name] = placed(ratios, shared, reduced.primary)
        notes += _over_absorption(first, second, values[name], ratios)
        a, b = as_spectrum(first.mode, first), as_spectrum(second.mode, second)
        norms = choice_norm(first, shared), choice_norm(second, shared)
        for window, range_ev in windows.items():
            name = f"{first.mode}_minus_{second.mode}.{window}.rms"
            values[name] = rms_difference(a, b, range_ev)
            by_choice[name] = placed(rms_by_choice(a, b, *norms, range_ev), shared, reduced.primary)
    return Modes(values, by_choice, tuple(notes))


def _white_line(
    first: Normalised, second: Normalised, shared: Sequence[str], range_ev: Range, smooth_ev: float
) -> tuple[Value, Array]:
    """Ratio of the maxima, and under each choice."""
    low, high = range_ev
    for one in (first, second):
        if one.energy_ev[0] > low or one.energy_ev[-1] < high:
            why = f"{one.mode} has data from {one.energy_ev[0]:.1f} to {one.energy_ev[-1]:.1f} eV only"
            return missing("1", RATIO, why), np.full(len(shared), NAN)
    tops, errors, chosen = [], [], []
    for one in (first, second):
        smoother = Smoother(one.energy_ev, smooth_ev=smooth_ev)
        at = np.linspace(low, high, max(int(np.ceil(2.0 * (high - low) / smooth_ev)), 8) + 1)
        matrix = smoother.at(at).matrix(0)
        curves = np.vstack([one.norm, choice_norm(one, shared)]) @ matrix.T
        top, place = _maxima(curves)
        spectrum = as_spectrum(one.mode, one)
        noise = float(np.linalg.norm(matrix[place] * spectrum.noise)) / float(top[0]) if spectrum.noise.size else NAN
        tops.append(float(top[0]))
        errors.append(float(np.hypot(noise, spectrum.step_error)))
        chosen.append(top[1:])
    ratio = tops[0] / tops[1]
    u_stat = ratio * float(np.hypot(errors[0], errors[1]))
    reason = "" if np.isfinite(u_stat) else "u_stat: the noise of a mode is not known"
    return Value(ratio, u_stat, "1", RATIO, reason), chosen[0] / chosen[1]


def _maxima(curves: Array) -> tuple[Array, int]:
    """Maximum of each curve (n, points), by the parabola through the highest point and its neighbours; where the first
    curve has it."""
    index = np.clip(np.argmax(curves, axis=1), 1, curves.shape[1] - 2)
    rows = np.arange(len(curves))
    before, here, after = (curves[rows, index + k] for k in (-1, 0, 1))
    slope, bend = 0.5 * (after - before), after - 2.0 * here + before
    peaked = (bend < 0) & (np.abs(slope) < -bend)
    vertex = here - 0.5 * np.divide(slope**2, bend, out=np.zeros_like(bend), where=bend != 0)
    return np.where(peaked, vertex, curves.max(axis=1)), int(np.argmax(curves[0]))


def _over_absorption(first: Normalised, second: Normalised, ratio: Value, chosen: Array) -> list[Note]:
    """A note where the white line of fluorescence is lower, beyond noise and under every choice."""
    highest = np.max([ratio.value, *chosen]) + SIGNIFICANT * ratio.u_stat
    if first.mode != "fluorescence" or not highest < 1.0:
        return []
    corrected = ", although it was corrected" if first.norm_measured.size else ""
    return [
        f"over-absorption is likely{corrected}: the white line in fluorescence is {ratio.value:.3f} of that in "
        f"{second.mode}, below 1 under every choice of normalisation by more than {SIGNIFICANT:g} u_stat"
    ]


def rms_difference(first: Spectrum, second: Spectrum, range_ev: Range) -> Value:
    """rms of first - second over range_ev (eV), on the points of the first; NaN with the reason without data."""
    inside = (first.energy_ev >= range_ev[0]) & (first.energy_ev <= range_ev[1])
    energy = first.energy_ev[inside]
    if why := _uncovered(first, second, range_ev):
        return missing("1", RMS, why)
    a, b = first.norm[inside], on_grid(second.energy_ev, second.norm, energy)
    difference = a - b
    rms = float(np.sqrt(np.mean(difference**2)))
    if not (first.noise.size and second.noise.size):
        return Value(rms, NAN, "1", RMS, "u_stat: the noise of a spectrum is not known")
    variance = first.noise[inside] ** 2 + on_grid(second.energy_ev, second.noise, energy) ** 2
    limit = float(np.mean(variance)) * (1.0 + SIGNIFICANT * np.sqrt(2.0 / energy.size))
    scale = 1.0 / (energy.size * rms) if rms > 0 else 0.0
    steps = np.hypot(difference @ a * first.step_error, difference @ b * second.step_error)
    u_stat = scale * float(np.hypot(np.sqrt(np.sum(difference**2 * variance)), steps))
    reason = f"not above noise, which alone gives {np.sqrt(np.mean(variance)):.2g}" if rms**2 < limit else ""
    return Value(rms, u_stat, "1", RMS, reason)


def _uncovered(first: Spectrum, second: Spectrum, range_ev: Range) -> str:
    """Why the rms over a range cannot be had, or ''."""
    for one in (first, second):
        if one.energy_ev[0] > range_ev[0] or one.energy_ev[-1] < range_ev[1]:
            return f"{one.name} has data from {one.energy_ev[0]:.1f} to {one.energy_ev[-1]:.1f} eV only"
    inside = (first.energy_ev >= range_ev[0]) & (first.energy_ev <= range_ev[1])
    return "" if inside.any() else "no points in the range"


def rms_by_choice(first: Spectrum, second: Spectrum, norms: Array, other_norms: Array, range_ev: Range) -> Array:
    """The same for norm of each choice, (choices, E) on the grid of each spectrum; NaN where there are no data."""
    inside = (first.energy_ev >= range_ev[0]) & (first.energy_ev <= range_ev[1])
    energy = first.energy_ev[inside]
    if not len(norms) or _uncovered(first, second, range_ev):
        return np.full(len(norms), NAN)
    difference = norms[:, inside] - on_grid(second.energy_ev, other_norms, energy)
    return np.asarray(np.sqrt(np.mean(difference**2, axis=1)))
