"""Stage `measure` of the technique nmr: lines, spinning sidebands, fits of sites, as metrics.

Order of steps:
1. named ranges without a model: position, centre of gravity, height, area, width; sidebands where asked;
2. fits of sites (`site_fits.py`): isotropic shift and quadrupolar shift side by side, coupling or its distribution,
   broadening, shares; the model among those asked for is chosen by BIC;
3. u_stat: from the noise, correlated as zero filling and apodisation made it;
4. u_sys: half the range over the nominal and the other choices (phase, limits, background). The error of the reference
   is in neither: it moves all shifts of one axis alike, and so no difference between samples with one reference; it
   is the metric `reference_error`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ntcspec.errors import UserError
from ntcspec.nmr.asked import LineAsked, choices_of, fit_of, line_of, refuse_twice, spin_of
from ntcspec.nmr.lines import FEWEST_VARIED, Line, measure_line, points_in
from ntcspec.nmr.sidebands import Sidebands, measure_sidebands
from ntcspec.nmr.site_fits import fit_one
from ntcspec.nmr.sites import Nucleus, spinning
from ntcspec.nmr.variants import NOMINAL, Variant, variants, without_ends
from ntcspec.peaks.value import NAN, WEAK, Value, missing
from ntcspec.types import Array, Metric, Note
from ntcspec.types.nmr import NmrLine, NmrMeasured, NmrReduced

LINE_UNITS = {"position": "ppm", "cog": "ppm", "fwhm": "Hz", "height": "", "area": ""}
LINE_WHAT = {
    "position": "vertex of a parabola through what is above 0.85 of the height",
    "cog": "centre of gravity of the range",
    "fwhm": "full width at half height of the spectrum",
    "height": "height of that parabola",
    "area": "integral over the range, intensity times ppm",
}
ALONE = ("delta_bic", "shift_correlation")  # of the nominal choice only
COUNTED = ("detected_sidebands",)


@dataclass(frozen=True)
class _Reading:
    """A value, and what comes out under each other choice, NaN where nothing does."""

    name: str
    value: Value
    by_choice: Array


def measure_nmr(
    reduced: NmrReduced,
    *,
    spin: float | None = None,
    lines: Mapping[str, Mapping[str, Any]] | None = None,
    fits: Mapping[str, Mapping[str, Any]] | None = None,
    choices: Mapping[str, Any] | None = None,
) -> NmrMeasured:
    """Metrics of lines {name: {range_ppm, sidebands}} and fits {name: {range_ppm, sites, models, ...}}.

    spin : of the nucleus; without it from a table. choices : {phase_deg, limits_ppm, backgrounds}.

    Raises
    ------
    UserError
        A range beyond the spectrum, a spin that is unknown or has no central transition, sidebands without a spinning
        rate, a coupling that the spectrum cannot hold, a name used twice, an unknown parameter, site or model.
    """
    wanted_lines = {name: line_of(name, one) for name, one in (lines or {}).items()}
    wanted_fits = {name: fit_of(name, one) for name, one in (fits or {}).items()}
    refuse_twice({"lines": list(wanted_lines), "fits": list(wanted_fits)})
    _refuse_broken(reduced)
    others = variants(choices_of(choices or {}))
    sites = [site for one in wanted_fits.values() for site in one.sites]
    nucleus = Nucleus(spin_of(reduced.nucleus, spin, sites), spinning(reduced.spinning_hz))
    readings: list[_Reading] = []
    notes: list[Note] = []
    stored, found_lines, bands = [], [], []
    for name, line in wanted_lines.items():
        one, more, side = _line(reduced, name, line, others)
        readings += more
        found_lines.append(one)
        bands += list(side.found) if side else []
        notes += _sideband_notes(name, side)
    for name, asked in wanted_fits.items():
        fitted = fit_one(reduced, nucleus, name, asked, others)
        readings += [_Reading(f"{name}.{key}", value, fitted.by_choice[key]) for key, value in fitted.values.items()]
        stored.append(fitted.stored)
        notes += [f"{name}: {note}" for note in fitted.notes]
    return NmrMeasured(
        metrics=(*(_metric(one, others) for one in readings), _reference(reduced)),
        notes=(*notes, _note_on_sys(others)),
        choice_names=tuple(one.name for one in others),
        by_choice=np.array([one.by_choice for one in readings] + [np.full(len(others), NAN)]).reshape(
            len(readings) + 1, len(others)
        ),
        reference_error_ppm=reduced.reference_error_ppm,
        fits=tuple(stored),
        lines=tuple(found_lines),
        sidebands=tuple(bands),
    )


def _refuse_broken(reduced: NmrReduced) -> None:
    x = reduced.shift_ppm
    if x.size < 16 or not np.allclose(np.diff(x), (x[-1] - x[0]) / (x.size - 1), rtol=1e-3):
        raise UserError("measure", "the spectrum is no evenly spaced axis of at least 16 points", "run reduce again")
    if not (np.isfinite(reduced.larmor_mhz) and reduced.larmor_mhz > 0.0):
        raise UserError("measure", "the frequency at 0 ppm is unknown: ppm and Hz cannot be told", "give a reference")


def _line(
    reduced: NmrReduced, name: str, asked: LineAsked, others: Sequence[Variant]
) -> tuple[NmrLine, list[_Reading], Sidebands | None]:
    nominal = _measure(reduced, name, asked, NOMINAL)
    varied = [_measure(reduced, name, asked, one) for one in others]
    readings = []
    for key, unit in LINE_UNITS.items():
        scale = reduced.larmor_mhz if unit == "Hz" else 1.0
        by = scale * np.array([one.values.get(key, NAN) for one in varied])
        readings.append(_Reading(f"{name}.{key}", _line_value(nominal, key, unit, scale, asked, reduced), by))
    position = nominal.values.get("position", NAN)
    low, high = asked.range_ppm
    found = NmrLine(name, low, high, position, nominal.values["height"], not nominal.weak)
    if not asked.sidebands:
        return found, readings, None
    centre = position if np.isfinite(position) else 0.5 * (low + high)
    side = measure_sidebands(reduced, reduced.real, name, asked.range_ppm, centre, asked.sidebands)
    again = [
        measure_sidebands(reduced, one.spectrum(reduced), name, asked.range_ppm, centre, asked.sidebands).share
        for one in others
    ]
    return found, [*readings, *_sideband_readings(name, side, nominal.weak, np.array(again))], side


def _measure(reduced: NmrReduced, name: str, asked: LineAsked, variant: Variant) -> Line:
    where = f"measure.lines.{name}.range_ppm"
    if variant is NOMINAL:
        inside = points_in(reduced.shift_ppm, asked.range_ppm, where)
    else:
        inside = points_in(reduced.shift_ppm, variant.limits(asked.range_ppm, reduced), where, FEWEST_VARIED)
    y = variant.spectrum(reduced)[inside]
    y = without_ends(y) if variant.background == "linear" else y
    return measure_line(reduced.shift_ppm[inside], y, reduced.sigma[inside], reduced.noise_correlation)


def _line_value(line: Line, key: str, unit: str, scale: float, asked: LineAsked, reduced: NmrReduced) -> Value:
    low, high = asked.range_ppm
    method = f"{LINE_WHAT[key]}; {low:g} to {high:g} ppm, no line shape"
    if key == "fwhm":
        method += _apodisation(reduced)
    if line.weak and key not in ("area", "height"):
        return missing(unit, method, WEAK)
    if key in line.reasons:
        return missing(unit, method, line.reasons[key])
    return Value(scale * line.values[key], scale * line.errors[key], unit, method, WEAK if line.weak else "")


def _apodisation(reduced: NmrReduced) -> str:
    parts = [f"{reduced.broadening_hz:g} Hz Lorentzian"] if reduced.broadening_hz else []
    parts += [f"{reduced.gaussian_hz:g} Hz Gaussian"] if reduced.gaussian_hz else []
    if not parts:
        return "; no apodisation"
    return f"; apodisation of {' and '.join(parts)} is in it: how it adds hangs on the line's shape, a fit takes it out"


def _sideband_readings(name: str, side: Sidebands, weak: bool, again: Array) -> list[_Reading]:
    method = "area of the sidebands' windows over that of all windows"
    share = missing("1", method, f"the line: {WEAK}") if weak else Value(side.share, side.share_error, "1", method)
    if not side.found:
        share = missing("1", method, "no sideband lies within the spectrum: its width is too small")
    number = float(sum(one.detected for one in side.found))
    count = Value(number, NAN, "1", f"sidebands above 3 sigma, of {len(side.found)}")
    return [
        _Reading(f"{name}.sideband_share", share, again),
        _Reading(f"{name}.detected_sidebands", count, np.full(again.size, NAN)),
    ]


def _sideband_notes(name: str, side: Sidebands | None) -> list[Note]:
    if side is None or not side.outside:
        return []
    orders = ", ".join(f"{n:+d}" for n in side.outside)
    return [f"{name}: sidebands {orders} are not in the spectrum and not in the sum"]


def _metric(one: _Reading, others: Sequence[Variant]) -> Metric:
    value, quantity = one.value, one.name.rsplit(".", 1)[-1]
    u_sys, reason = _systematic(one, others, quantity)
    reasons = "; ".join(words for words in (value.reason, reason) if words)
    return Metric(one.name, value.value, value.unit, value.u_stat, u_sys, value.method, reasons)


def _systematic(one: _Reading, others: Sequence[Variant], quantity: str) -> tuple[float, str]:
    """u_sys, and why it is missing or not whole."""
    if not np.isfinite(one.value.value) or quantity in ALONE or quantity in COUNTED:
        return NAN, ""
    if not one.by_choice.size:
        return NAN, "u_sys: no other choice was tried"
    there = np.isfinite(one.by_choice)
    everything = np.append(one.by_choice[there], one.value.value)
    lost = [choice.name for choice, found in zip(others, there, strict=True) if not found]
    reason = f"u_sys: nothing found with {', '.join(lost)}" if lost else ""
    return 0.5 * float(everything.max() - everything.min()), reason


def _reference(reduced: NmrReduced) -> Metric:
    method = f"standard uncertainty of the zero of the axis; {reduced.reference_method or 'not said'}"
    error = reduced.reference_error_ppm
    reason = "" if np.isfinite(error) else "no uncertainty of the reference is known"
    return Metric("reference_error", error, "ppm", NAN, NAN, method, reason)


def _note_on_sys(others: Sequence[Variant]) -> Note:
    names = ", ".join(one.name for one in others) or "none"
    return f"u_sys: half range over other choices ({names}); the error of the reference is apart"
