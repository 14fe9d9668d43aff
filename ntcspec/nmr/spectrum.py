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
from ntcspec.nmr.phase import Phase, apply_phase, automatic_phase, mean_phase_deg
from ntcspec.nmr.point_noise import correlation_of_weights, spectral_noise, tail_noise
from ntcspec.types import Array, Note
from ntcspec.types.nmr import NmrFid, NmrSpectrum

NAN = float("nan")
DECAY_BOUND, FILTER_BOUND = 0.5, 0.05  # points by which the start of a decay may be off, for the phase of first order
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
    rest = 360.0 * top.rest
    given = settings.phase1_deg
    phase = automatic_phase(
        done.spectrum,
        sigma,
        first_bound_deg=_bound(top, settings.echo, first.pulse_program),
        zero_deg=settings.phase0_deg,
        first_deg=None if given is None else given - rest,
    )
    size = done.spectrum.size
    rho = correlation_of_weights(done.weights, done.distance - phase.first_deg / 360.0, size)
    at_carrier = float(phase.zero_deg - phase.first_deg * (phase.pivot - size // 2) / size)
    by_top = -mean_phase_deg(points, top.points)
    notes = _fid_notes(fids, offset_note, top, phase, at_carrier, by_top)
    chosen = {
        "beginning": top.how,
        "beginning_points": top.points,
        "beginning_error_points": top.error_points if math.isfinite(top.error_points) else None,
        "left_shift_points": 0 if top.kind == "filter" else top.whole,
        "first_point": done.first_point,
        "points_after_zero_filling": size,
        "phase_at_carrier_deg": at_carrier,
        "phase_by_first_point_deg": by_top,
    }
    return Made(
        origin_mhz=first.carrier_mhz,
        frequency_hz=done.frequency_hz,
        spectrum=apply_phase(done.spectrum, phase.zero_deg, phase.first_deg, phase.pivot),
        sigma=sigma if alone else NAN,
        rho=rho,
        phase0_deg=phase.zero_deg + rest * (phase.pivot - size // 2) / size,
        phase1_deg=phase.first_deg + rest,
        pivot=phase.pivot,
        echo_points=top.points if top.kind in ("echo", "given") else NAN,
        points=done.weights.size,
        chosen=chosen,
        notes=notes,
    )


def made_of_spectrum(raw: NmrSpectrum, settings: Settings) -> Made:
    """A file's spectrum; with a phase of the study where it gives one and the file has both parts."""
    spectrum = raw.real + 1j * raw.imaginary
    pivot = int(np.argmax(raw.real))
    zero, first = settings.phase0_deg or 0.0, settings.phase1_deg or 0.0
    notes = list(raw.notes)
    if zero or first:
        if np.isnan(raw.imaginary).any():
            raise UserError(f"{raw.source}: reduce.phase0_deg", "it has no imaginary part", "take the phase out")
        spectrum = apply_phase(spectrum, zero, first, pivot)
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
    constant = abs(offset) > 4.0 * error and abs(offset - before.mean()) < 4.0 * np.sqrt(2.0) * error
    if dc == "off" or (dc == "auto" and not constant):
        return points, ()
    share = abs(offset) / float(np.abs(points).max())
    return points - offset, (f"constant offset of the receiver taken off: {100 * share:.2g} % of the strongest point",)


def _bound(top: Top, when: str, pulse_program: str) -> float:
    """How far the phase of first order may go, in degrees over the width."""
    if top.kind == "given":
        return 0.0
    if top.kind == "filter":
        echo = when == "yes" or (when == "auto" and "echo" in pulse_program.lower())
        return 360.0 * (DECAY_BOUND if echo else FILTER_BOUND)
    if top.kind == "decay" or not math.isfinite(top.error_points):
        return 360.0 * DECAY_BOUND
    return 360.0 * min(DECAY_BOUND, ERRORS * top.error_points)


def _fid_notes(
    fids: Sequence[NmrFid], offset: tuple[Note, ...], top: Top, phase: Phase, at_carrier: float, by_top: float
) -> tuple[Note, ...]:
    notes = [note for one in fids for note in one.notes]
    if len(fids) > 1:
        notes.append(f"{len(fids)} decays added up")
    notes += offset
    error = f" +- {top.error_points:.2f}" if 0 < top.error_points < math.inf else ""
    notes.append(f"time begins at point {top.points:.2f}{error}: {top.how}")
    apart = (at_carrier - by_top + 180.0) % 360.0 - 180.0
    if abs(apart) > PHASES_APART:
        notes.append(
            f"phase of the spectrum and of the point where time begins differ by {apart:.0f} degrees: "
            "points are missing at the beginning, or a line is not absorption"
        )
    if phase.first_deg:
        notes.append(f"phase of first order {phase.first_deg:.1f} degrees beyond that of the beginning")
    return tuple(notes)
