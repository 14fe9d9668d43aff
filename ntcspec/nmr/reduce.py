"""Stage `reduce` of the technique nmr: from points in time to a phased spectrum over shifts.

Order of steps:
1. repeats added up; constant offset of the receiver taken off where the end of the decay shows one;
2. beginning of time: top of the echo or start of the decay (`echo`), points before it left out;
3. apodisation, first point, zero filling, transform (`apodise`, `fourier`);
4. phase (`phase`): zero order, then first order within what the beginning of time leaves open;
5. reference (`reference`): frequency of shift 0, or an error;
6. baseline outside lines and sidebands (`baseline`), noise (`point_noise`);
7. a line of known shift compared with where it stands, if the study names one.

A file that holds a spectrum enters at step 5; its own phase is kept unless the study gives one.

Phase as reported: phi(nu) = phase0 + phase1 (nu - nu_pivot)/width, multiplied as exp(i phi) onto the transform
whose time begins at the nearest whole point. So phase1 is 360 degrees times the rest of the beginning.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ntcspec.errors import UserError
from ntcspec.nmr import reference as ref
from ntcspec.nmr.baseline import Baseline, fit_baseline
from ntcspec.nmr.echo import WHEN
from ntcspec.nmr.point_noise import (
    averaged_noise,
    clipped_noise,
    correlation_of_region,
    region_noise,
)
from ntcspec.nmr.spectrum import Made, Settings, made_of_fid, made_of_spectrum, shift_ppm
from ntcspec.types import Array, Note
from ntcspec.types.nmr import NmrFid, NmrIngested, NmrReduced, NmrSpectrum

NAN = float("nan")
OFFSETS = ("auto", "on", "off")
NOISE_APART = 1.3
FAR_PPM = 2000.0
STANDARD_FILL = 8  # a narrow line of few points is no parabola
FEWEST = 16
SMOOTH = 4  # independent points that are averaged to see a weak line


def reduce_nmr(
    ingested: NmrIngested,
    *,
    echo: str = "auto",
    echo_points: float | None = None,
    dc: str = "auto",
    broadening_hz: float = 0.0,
    gaussian_hz: float = 0.0,
    zero_fill: int = 2,
    first_point: float | None = None,
    phase0_deg: float | None = None,
    phase1_deg: float | None = None,
    pivot_ppm: float | None = None,
    reference: Mapping[str, Any] | None = None,
    check: Mapping[str, Any] | None = None,
    baseline_degree: int | None = 1,
    baseline_exclude_ppm: Sequence[Sequence[float]] = (),
    range_ppm: Sequence[float] | None = None,
) -> NmrReduced:
    """A phased and referenced spectrum of one measurement; meaning and units of the parameters: ntcspec.config.nmr.

    reference : method, compound, ppm, and what the method needs (`ntcspec.nmr.reference`).
    check : compound, ppm, tolerance_ppm, window_ppm of a line whose shift is known; None for no check.

    Raises
    ------
    UserError
        No file, files that do not belong together, no reference, a range without points, a bad parameter.
    """
    given = {"method": "file", **(reference or {})}
    settings = Settings(
        echo, echo_points, dc, broadening_hz, gaussian_hz, zero_fill, first_point, phase0_deg, phase1_deg
    )
    _check(ingested, settings, given)
    if ingested.fids:
        raw: NmrFid | NmrSpectrum = ingested.fids[0]
        made = made_of_fid(ingested.fids, settings)
    else:
        raw = ingested.spectra[0]
        made = made_of_spectrum(ingested.spectra[0], settings)
    if pivot_ppm is not None and phase0_deg is not None and given["method"] == "line":
        fix = "take pivot_ppm out (the strongest line is the pivot), or reference by another method"
        raise UserError("reduce.pivot_ppm", "a line can give the zero only after the phase, which is meant there", fix)
    found = _reference(given, raw, made, ingested.standard, settings)
    shift = shift_ppm(made, found.zero_mhz)
    doubt = _far(made, found.zero_mhz)
    if pivot_ppm is not None:
        made = _pivoted(made, shift, pivot_ppm, phase0_deg)
    excluded = [tuple(sorted((float(a), float(b)))) for a, b in baseline_exclude_ppm]
    base, sigma, rho, said = _baseline(made, shift, found.zero_mhz, raw.spinning_hz, baseline_degree, excluded)
    real = made.spectrum.real - base.values
    chosen = dict(made.chosen)
    notes = [*made.notes, *found.notes, *doubt, *said]
    if check is not None:
        chosen["reference_check"], words = ref.check_line(check, shift, real, sigma, rho)
        notes.append(words)
    inside = _inside(shift, range_ppm, raw.source)
    return NmrReduced(
        shift_ppm=shift[inside],
        real=real[inside],
        imaginary=made.spectrum.imag[inside],
        baseline=base.values[inside],
        sigma=np.full(int(inside.sum()), sigma),
        noise_correlation=rho,
        larmor_mhz=found.zero_mhz,
        spinning_hz=raw.spinning_hz,
        broadening_hz=_broadening(raw, broadening_hz),
        gaussian_hz=gaussian_hz if isinstance(raw, NmrFid) else 0.0,
        nucleus=raw.nucleus,
        reference_compound=found.compound,
        reference_ppm=found.ppm,
        reference_method=found.method,
        reference_error_ppm=found.error_ppm,
        phase0_deg=made.phase0_deg,
        phase1_deg=made.phase1_deg,
        pivot_ppm=float(shift[made.pivot]),
        echo_points=made.echo_points,
        chosen=chosen,
        notes=tuple(notes),
    )


def _check(ingested: NmrIngested, settings: Settings, given: Mapping[str, Any]) -> None:
    if not ingested.fids and not ingested.spectra:
        raise UserError("reduce", "there is no file", "name the raw file of the measurement")
    if len(ingested.spectra) > 1 or (ingested.fids and ingested.spectra):
        source = ingested.spectra[-1].source
        raise UserError(source, "a spectrum beside other files", "one spectrum, or decays that are added up")
    for name, value, known in (
        ("reduce.echo", settings.echo, WHEN),
        ("reduce.dc", settings.dc, OFFSETS),
        ("reduce.reference.method", given["method"], ref.METHODS),
    ):
        if value not in known:
            raise UserError(name, f"{value!r} is not known", "one of: " + ", ".join(known))
    if settings.zero_fill < 1 or (settings.first_point is not None and not 0.0 <= settings.first_point <= 1.0):
        raise UserError("reduce", "zero_fill must be 1 or more, first_point between 0 and 1", "mend the config")


def _reference(
    given: Mapping[str, Any], raw: NmrFid | NmrSpectrum, made: Made, standard: Sequence[NmrFid], settings: Settings
) -> ref.Reference:
    """Frequency of shift 0 by the method that the study names."""
    method = given["method"]
    if method == "frequency":
        return ref.from_frequency(given)
    if method == "iupac":
        return ref.from_protons(given, raw.nucleus)
    if method == "standard":
        if not standard:
            raise UserError("reduce.reference", "method `standard` without a measurement of it", ref.WAYS)
        fine = max(STANDARD_FILL, settings.zero_fill)
        own = replace(settings, phase0_deg=None, phase1_deg=None, echo_points=None, echo="auto", zero_fill=fine)
        beside = made_of_fid(standard, own)
        size = np.abs(beside.spectrum)  # a phase found in noise moves a maximum of the real part, not that of the size
        line = ref.strongest_line(beside.frequency_hz, size, _noise(beside), beside.rho)
        found = beside.origin_mhz + line.position * 1e-6
        return ref.from_line(
            given, found, line.error * 1e-6, f"standard: {given.get('compound')} ({standard[0].source})"
        )
    if method == "line":
        return _by_own_line(given, raw, made)
    return ref.from_file(given, raw.zero_mhz, raw.zero_evidence, raw.source)


def _noise(made: Made) -> float:
    """By the points; of a decay that has not ended, and of a file's spectrum, by what is left without lines."""
    return made.sigma if math.isfinite(made.sigma) else clipped_noise(made.spectrum.real)


def _far(made: Made, zero_mhz: float) -> tuple[Note, ...]:
    """A note where shift 0 lies too far from the spectrum to be that of its nucleus."""
    apart = (made.origin_mhz / zero_mhz - 1.0) * 1e6
    words = f"the carrier lies {apart:.0f} ppm from shift 0: is that the reference of this nucleus?"
    return (words,) if abs(apart) > FAR_PPM else ()


def _by_own_line(given: Mapping[str, Any], raw: NmrFid | NmrSpectrum, made: Made) -> ref.Reference:
    """From a line of the spectrum: the strongest, or the one near `near_ppm` on the axis of the file."""
    near, window = given.get("near_ppm"), float(given.get("window_ppm") or 2.0)
    sigma = _noise(made)
    if near is None:
        line: ref.Line | None = ref.strongest_line(made.frequency_hz, made.spectrum.real, sigma, made.rho)
    else:
        if math.isnan(raw.zero_mhz):
            what = f"the axis of the file has no zero ({raw.zero_evidence}), so nothing lies near {near:g} ppm"
            raise UserError("reduce.reference.near_ppm", what, "take it out: the strongest line is then the one")
        offset = (made.origin_mhz - raw.zero_mhz) * 1e6
        low, high = ((float(near) + side) * raw.zero_mhz - offset for side in (-window, window))
        line = ref.line_in(made.frequency_hz, made.spectrum.real, sigma, made.rho, low, high)
    if line is None:
        what = f"no line within {window:g} ppm of {near:g} ppm on the axis of the file"
        raise UserError("reduce.reference.near_ppm", what, "mend near_ppm or window_ppm")
    found = made.origin_mhz + line.position * 1e-6
    return ref.from_line(given, found, line.error * 1e-6, f"line: {given.get('compound')} of this spectrum")


def _pivoted(made: Made, shift: Array, pivot_ppm: float, zero_deg: float | None) -> Made:
    """The same phase, told at another pivot; a phase of zero order that the study gives is meant there."""
    if not shift[0] <= pivot_ppm <= shift[-1]:
        what = f"{pivot_ppm:g} ppm lies outside {shift[0]:.1f} to {shift[-1]:.1f} ppm"
        raise UserError("reduce.pivot_ppm", what, "name a shift of the spectrum")
    at = int(np.argmin(np.abs(shift - pivot_ppm)))
    moved = made.phase1_deg * (at - made.pivot) / made.spectrum.size
    if zero_deg is None:
        return replace(made, phase0_deg=made.phase0_deg + moved, pivot=at)
    turn = np.exp(1j * np.deg2rad(zero_deg - made.phase0_deg - moved))
    return replace(made, spectrum=made.spectrum * turn, phase0_deg=zero_deg, pivot=at)


def _baseline(
    made: Made,
    shift: Array,
    zero_mhz: float,
    spinning_hz: float,
    degree: int | None,
    excluded: Sequence[tuple[float, ...]],
) -> tuple[Baseline, float, Array, tuple[Note, ...]]:
    """Baseline, noise of a point, its correlation, notes."""
    real = made.spectrum.real
    sigma = _noise(made)
    points = max(1, SMOOTH * real.size // max(1, made.points))
    rho = made.rho if made.rho.size else np.ones(1)
    smooth = averaged_noise(sigma, rho, points) if made.rho.size else sigma
    ranges = [((low - shift[0]) * zero_mhz + made.frequency_hz[0], (high - shift[0]) * zero_mhz + made.frequency_hz[0])
              for low, high in excluded]  # fmt: skip
    base = fit_baseline(
        made.frequency_hz,
        real,
        degree=degree,
        spinning_hz=spinning_hz,
        excluded=ranges,
        smooth_points=points,
        smooth_sigma=smooth,
    )
    notes = []
    if not base.enough:
        notes.append(f"lines fill all but {100 * base.share:.0f} % of the spectrum: no baseline was taken off")
    elif degree is not None:
        notes.append(f"baseline: polynomial of degree {degree} through the {100 * base.share:.0f} % without lines")
    region = region_noise(real - base.values, base.free) if base.enough else NAN
    if not made.rho.size and base.enough:
        rho = correlation_of_region(real - base.values, base.free)
    if not math.isfinite(made.sigma):
        where = "where the spectrum has no lines" if base.enough else "what is left of the spectrum without lines"
        notes.append(f"noise from {where}")
        sigma = region if math.isfinite(region) else sigma
    elif math.isfinite(region) and region > NOISE_APART * sigma:
        ratio = region / sigma
        notes.append(f"where there are no lines the spectrum scatters {ratio:.1f} times as much as its points: taken")
        sigma = region
    return base, float(sigma), rho, tuple(notes)


def _inside(shift: Array, range_ppm: Sequence[float] | None, source: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    if range_ppm is None:
        return np.ones(shift.size, dtype=bool)
    low, high = sorted(float(one) for one in range_ppm)
    inside = (shift >= low) & (shift <= high)
    if np.count_nonzero(inside) < FEWEST:
        what = f"{np.count_nonzero(inside)} points between {low:g} and {high:g} ppm"
        fix = f"the spectrum runs from {shift[0]:.1f} to {shift[-1]:.1f} ppm"
        raise UserError(f"{source}: reduce.range_ppm", what, fix)
    return inside


def _broadening(raw: NmrFid | NmrSpectrum, own: float) -> float:
    """What apodisation added; of a file's spectrum what its program added, as far as it says so."""
    if isinstance(raw, NmrFid):
        return own
    return raw.broadening_hz if math.isfinite(raw.broadening_hz) else 0.0
