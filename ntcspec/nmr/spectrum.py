"""From raw points to a phased spectrum that still has no zero of shift; a file's own spectrum enters here as well.

Order of steps for a decay: repeats added; offset of the receiver; beginning of time (`echo`); apodisation, first point,
zero filling, transform (`fourier`); phase (`phase`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ntcspec.errors import UserError
from ntcspec.nmr.echo import Complex, Top, find_top
from ntcspec.nmr.fourier import transform
from ntcspec.nmr.phase import Phase, automatic_phase, mean_phase_deg, phased
from ntcspec.nmr.point_noise import correlation_of_weights, spectral_noise, tail_noise
from ntcspec.types import Array, Note
from ntcspec.types.nmr import NmrFid, NmrSpectrum

NAN = float("nan")
DECAY_BOUND, FILTER_BOUND = 0.5, 0.05  # points by which the start of a decay may be off; the delay of a filter is known
LARGEST_OFFSET = 0.1  # of the strongest point
AROUND, ROUGHLY = 16, 1.5  # points about the strongest that are tried; uncertainty of what is found so (simulations)
TELLS = 2.0  # simulated: up to 1.4 with one line, 2.7 and more with a second of a tenth
ERRORS = 3.0  # standard uncertainties of an echo's top
PHASES_APART = 10.0  # degrees between two ways to the phase that are worth a note


@dataclass(frozen=True)
class Settings:
    """How a decay is made a spectrum: the parameters of `reduce_nmr` of the same names."""

    echo: str = "auto"
    echo_points: float | None = None
    dc: str = "auto"
    broadening_hz: float = 0.0
    gaussian_hz: float = 0.0
    zero_fill: int = 2
    first_point: float | None = None
    phase0_deg: float | None = None
    phase1_deg: float | None = None


@dataclass(frozen=True)
class Made:
    """A phased spectrum over ascending frequency (Hz) from `origin_mhz`, and how it came about."""

    origin_mhz: float
    frequency_hz: Array
    spectrum: Complex
    sigma: float  # by the noise of the points; NaN where it is not known
    rho: Array  # correlation of the noise; empty where it is not known
    phase0_deg: float
    phase1_deg: float
    pivot: int
    echo_points: float
    points: int  # independent points of the spectrum
    chosen: dict[str, Any] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()


def made_of_fid(fids: Sequence[NmrFid], settings: Settings) -> Made:
    """Steps 1 to 4. Raises UserError for repeats that cannot be added and for bad parameters."""
    first = fids[0]
    points = _added(fids)
    points, offset_note = _without_offset(points, settings.dc)
    tail, alone = tail_noise(points)
    top = find_top(
        points,
        tail,
        group_delay=first.group_delay_points,
        when=settings.echo,
        pulse_program=first.pulse_program,
        given=settings.echo_points,
    )
    if top.kind == "echo" and not math.isfinite(top.error_points):
        top = _top_by_phase(points, top, tail, first.group_delay_points)
    done = transform(
        points,
        top,
        dwell_s=first.dwell_s,
        broadening_hz=settings.broadening_hz,
        gaussian_hz=settings.gaussian_hz,
        zero_fill=settings.zero_fill,
        first_point=settings.first_point,
    )
    sigma = spectral_noise(done.weights, tail)
    size, pivot = done.spectrum.size, int(np.argmax(np.abs(done.spectrum)))
    away = (pivot - size // 2) / size
    rest = top.rest if settings.phase1_deg is None else settings.phase1_deg / 360.0
    phase = automatic_phase(
        done.spectrum,
        sigma,
        start=done.start,
        rest=rest,
        bound=0.0 if settings.phase1_deg is not None else _bound(top),
        carrier_deg=None if settings.phase0_deg is None else settings.phase0_deg - 360.0 * rest * away,
    )
    by_top = -mean_phase_deg(points, top.points)
    notes = _fid_notes(fids, offset_note, top, phase, by_top)
    chosen = {
        "beginning": top.how,
        "beginning_points": top.points,
        "beginning_error_points": top.error_points if math.isfinite(top.error_points) else None,
        "left_shift_points": 0 if top.kind == "filter" else top.whole,
        "first_point": done.first_point,
        "points_after_zero_filling": size,
        "phase_at_carrier_deg": phase.carrier_deg,
        "phase_by_first_point_deg": by_top,
    }
    return Made(
        origin_mhz=first.carrier_mhz,
        frequency_hz=done.frequency_hz,
        spectrum=phased(done.spectrum, done.start, phase),
        sigma=sigma if alone else NAN,
        rho=correlation_of_weights(done.weights, done.distance - phase.rest, size),
        phase0_deg=phase.carrier_deg + 360.0 * phase.rest * away,
        phase1_deg=360.0 * phase.rest,
        pivot=pivot,
        echo_points=top.points if top.kind in ("echo", "given") else NAN,
        points=done.weights.size,
        chosen=chosen,
        notes=notes,
    )


def made_of_spectrum(raw: NmrSpectrum, settings: Settings) -> Made:
    """A file's spectrum; with a phase of the study where it gives one and the file has both parts."""
    spectrum = np.empty(raw.real.size, dtype=np.complex128)
    spectrum.real, spectrum.imag = raw.real, raw.imaginary  # a sum would make both NaN where one is
    pivot = int(np.argmax(raw.real))
    zero, first = settings.phase0_deg or 0.0, settings.phase1_deg or 0.0
    notes = list(raw.notes)
    if zero or first:
        if np.isnan(raw.imaginary).any():
            raise UserError(f"{raw.source}: reduce.phase0_deg", "it has no imaginary part", "take the phase out")
        turn = zero + first * (np.arange(spectrum.size) - pivot) / spectrum.size
        spectrum = spectrum * np.exp(1j * np.deg2rad(turn))
        notes.append("phased again as the study says")
    origin = raw.zero_mhz if math.isfinite(raw.zero_mhz) else raw.observe_mhz
    return Made(origin, raw.offset_hz, spectrum, NAN, np.zeros(0), zero, first, pivot, NAN, raw.real.size, {},
                tuple(notes))  # fmt: skip


def shift_ppm(made: Made, zero_mhz: float) -> Array:
    """Shifts of the points: (f - f0)/f0."""
    shift: Array = ((made.origin_mhz - zero_mhz) * 1e6 + made.frequency_hz) / zero_mhz
    return shift


def _added(fids: Sequence[NmrFid]) -> Complex:
    """Sum of repeats, which must have been measured alike."""
    first = fids[0]
    for one in fids[1:]:
        same = (
            one.real.size == first.real.size
            and math.isclose(one.dwell_s, first.dwell_s, rel_tol=1e-6)
            and abs(one.carrier_mhz - first.carrier_mhz) < 1e-7
            and one.group_delay_points == first.group_delay_points
        )
        if not same:
            what = f"points, dwell or carrier differ from those of {first.source}"
            raise UserError(one.source, what, "only decays that were measured alike are added: make two measurements")
    total: Complex = np.sum([one.real + 1j * one.imaginary for one in fids], axis=0)
    return total


def _without_offset(points: Complex, dc: str) -> tuple[Complex, tuple[Note, ...]]:
    """Without the receiver's constant offset. `auto`: where the last two eighths agree on one above 4 errors."""
    n = max(8, points.size // 8)
    last, before = points[-n:], points[-2 * n : -n]
    offset = last.mean()
    error = float(np.sqrt(np.mean(np.abs(last - offset) ** 2) / n))
    small = abs(offset) < LARGEST_OFFSET * float(np.abs(points).max())  # else it is a line on the carrier
    constant = small and abs(offset) > 4.0 * error and abs(offset - before.mean()) < 4.0 * np.sqrt(2.0) * error
    if dc == "off" or (dc == "auto" and not constant):
        return points, ()
    share = abs(offset) / float(np.abs(points).max())
    return points - offset, (f"constant offset of the receiver taken off: {100 * share:.2g} % of the strongest point",)


def _top_by_phase(points: Complex, top: Top, sigma: float, group_delay: float) -> Top:
    """Where the phases of points do not tell the top: the whole point from which the lines are least negative.

    Lines stand out of the noise of a spectrum much further than their beat out of that of the points. The strongest
    point is kept where P (`phase`) is not half as large as at most places: of one line alone it hangs on noise.
    """
    first = max(math.ceil(group_delay), top.whole - AROUND)
    last = min(points.size // 2, top.whole + AROUND)
    places, costs = np.arange(first, max(first, last) + 1), []
    for place in places:
        done = transform(points, Top(float(place), 0.0, "echo", ""), dwell_s=1.0, zero_fill=1)
        noise = spectral_noise(done.weights, sigma)
        costs.append(automatic_phase(done.spectrum, noise, start=done.start, rest=0.0, bound=0.0).cost)
    best = int(np.argmin(costs))
    if best in (0, places.size - 1) or np.median(costs) < TELLS * costs[best]:
        return top
    how = f"of {places.size} points about the strongest the one from which lines are least negative, good to 2 points"
    return Top(float(places[best]), ROUGHLY, "echo", how)


def _bound(top: Top) -> float:
    """How far the beginning of time may move to find the phase of first order, in points."""
    if top.kind == "given":
        return 0.0
    if top.kind == "filter":
        return FILTER_BOUND
    if top.kind == "decay" or not math.isfinite(top.error_points):
        return DECAY_BOUND
    return min(DECAY_BOUND, ERRORS * top.error_points)


def _fid_notes(
    fids: Sequence[NmrFid], offset: tuple[Note, ...], top: Top, phase: Phase, by_top: float
) -> tuple[Note, ...]:
    notes = [note for one in fids for note in one.notes]
    if len(fids) > 1:
        notes.append(f"{len(fids)} decays added up")
    notes += offset
    error = f" +- {top.error_points:.2f}" if 0 < top.error_points < math.inf else ""
    notes.append(f"time begins at point {top.points:.2f}{error}: {top.how}")
    apart = (phase.carrier_deg - by_top + 180.0) % 360.0 - 180.0
    if abs(apart) > PHASES_APART:
        notes.append(
            f"phase of the spectrum and of the point where time begins differ by {apart:.0f} degrees: "
            "points are missing at the beginning, or a line is not absorption"
        )
    if phase.rest != top.rest:
        notes.append(f"by the phase of the lines time begins {phase.rest - top.rest:+.3f} points from there")
    return tuple(notes)
