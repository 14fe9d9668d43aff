"""Everything that is read from one measurement, nominal and under each choice of normalisation.

A reading is a value with what its uncertainty needs: does it scale with the edge step, is it an energy on the axis, and
what came out under each choice. Each function below asks one module and lines up its answers. All readings rest on one
noise of the points (`spectra.py`); what the edge step adds to that is put in by `measure.py`, once for all.

A peak that cannot be fitted (range beyond the data) and a standard that is not there make missing values, not errors:
the other readings of the sample are still good.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ntcspec.errors import UserError
from ntcspec.peaks.value import NAN, Value, missing
from ntcspec.types import Array, Note
from ntcspec.types.xanes import Mark, Mixture, Normalised, PeakFit, XanesReduced, XanesTransformed
from ntcspec.xas.xanes.edge import edge_choices, edge_position
from ntcspec.xas.xanes.features import feature_values, find_features
from ntcspec.xas.xanes.mixture import fit_mixture, mixture_by_choice, nothing
from ntcspec.xas.xanes.modes import compare_modes, rms_by_choice, rms_difference
from ntcspec.xas.xanes.moments import moment_values, moments
from ntcspec.xas.xanes.peak_fit import PAIR_UNITS, UNITS, PeakFitted, baselines_spread, fit_peaks, refit
from ntcspec.xas.xanes.spectra import Spectrum, as_spectrum, choice_norm, like_mode, placed, shared_choices

AXIS = ("position", "centroid", "derivative", "half_step")  # energies on the axis
SCALED = ("height", "prominence", "sharpness", "area")  # proportional to 1 / edge step
AFFINE = 1e-9  # relative: rounding
Range = Sequence[float]
References = Mapping[str, XanesReduced | str]


@dataclass(frozen=True)
class Reading:
    """One value. by_choice: under each choice of the primary mode, NaN where missing, empty where it has none by
    nature. extra_sys: systematic part beside the choices and the axis, NaN if it is unknown; extra says what it is."""

    name: str
    value: Value
    by_choice: Array
    extra_sys: float = 0.0
    extra: str = ""

    @property
    def quantity(self) -> str:
        return self.name.rsplit(".", 1)[-1]

    @property
    def on_axis(self) -> bool:
        """Whether an error of the energy axis moves it."""
        return self.quantity in AXIS

    @property
    def scales(self) -> bool:
        """Whether an error of the edge step scales it."""
        return self.quantity in SCALED


@dataclass(frozen=True)
class Found:
    """Readings of one kind, what panels draw of them, and notes."""

    readings: tuple[Reading, ...]
    notes: tuple[Note, ...] = ()
    marks: tuple[Mark, ...] = ()
    fits: tuple[PeakFit, ...] = ()
    mixtures: tuple[Mixture, ...] = ()


def edge(one: Normalised, spectrum: Spectrum, *, range_ev: Range, smooth_ev: float) -> Found:
    """'e0.derivative', 'e0.half_step', 'edge_step'."""
    nominal, notes = edge_position(
        one.energy_ev, one.norm, spectrum.noise, smooth_ev=smooth_ev, range_ev=range_ev
    )  # fmt: skip
    chosen = edge_choices(one.energy_ev, one.choice_norm, nominal, smooth_ev=smooth_ev)
    readings = [Reading(f"e0.{name}", value, chosen[name]) for name, value in nominal.items()]
    reason = "" if np.isfinite(one.edge_step_error) else "u_stat: the noise of mu is not known from one scan"
    step = Value(one.edge_step, one.edge_step_error, "1", "edge step of the normalisation", reason)
    return Found((*readings, Reading("edge_step", step, one.choice_edge_step)), notes)


def features(
    one: Normalised, spectrum: Spectrum, *, wanted: Mapping[str, Mapping[str, Any]], smooth_ev: float
) -> Found:
    """'<feature>.position' and the like."""
    found = find_features(one.energy_ev, one.norm, spectrum.noise, smooth_ev=smooth_ev, features=wanted)
    chosen = feature_values(one.energy_ev, one.choice_norm, found)
    readings = [
        Reading(f"{name}.{quantity}", value, chosen[name][quantity])
        for name, values in found.values.items()
        for quantity, value in values.items()
    ]
    return Found(tuple(readings), tuple(found.notes[1:]), marks=found.marks)  # the first note is on the noise


def peaks(one: Normalised, spectrum: Spectrum, *, wanted: Mapping[str, Mapping[str, Any]]) -> Found:
    """'<peaks>.position' and the like, with the spread over baselines."""
    readings: list[Reading] = []
    fits: list[PeakFit] = []
    notes: list[Note] = []
    for name, settings in wanted.items():
        given = {key: value for key, value in settings.items() if key != "baselines"}
        try:
            fitted = fit_peaks(one.energy_ev, one.norm, spectrum.noise, name=name, **given)
        except UserError as problem:
            notes.append(f"{name}: not fitted: {problem.what} ({problem.fix})")
            units = UNITS | {"lines": "1", "delta_bic": "1"} | PAIR_UNITS
            none = np.full(len(one.choice_names), NAN)
            readings += [Reading(f"{name}.{q}", missing(u, "peak fit", problem.what), none) for q, u in units.items()]
            continue
        more, failed = _fitted(one, spectrum, fitted, settings.get("baselines", ()))
        readings += more
        notes += [f"{name}: {n}" for n in (*fitted.notes, *failed)]
        fits.append(fitted.stored)
    return Found(tuple(readings), tuple(notes), fits=tuple(fits))


def _fitted(
    one: Normalised, spectrum: Spectrum, fitted: PeakFitted, baselines: Sequence[str]
) -> tuple[list[Reading], list[Note]]:
    """Readings of one peak fit, and notes on baselines that do not give the peak."""
    settings = fitted.settings
    variants = [(kind, settings.range_ev) for kind in baselines if kind != settings.baseline]
    spread = baselines_spread(one.energy_ev, one.norm, spectrum.noise, fitted=fitted, variants=variants)
    chosen = _refits(one, fitted)
    out = []
    for quantity, value in fitted.values.items():
        name = f"{settings.name}.{quantity}"
        if quantity in ("lines", "delta_bic"):
            out.append(Reading(name, value, np.empty(0)))
            continue
        by_choice = np.array([c[quantity] for c in chosen])
        if not variants:
            out.append(Reading(name, value, by_choice))
            continue
        words = f"baselines {', '.join(k for k, _ in variants)}"
        out.append(Reading(name, value, by_choice, spread.half_range.get(quantity, NAN), words))
    return out, [f"it hangs on the baseline: with {label} there is none: {why}" for label, why in spread.failed.items()]


def _refits(one: Normalised, fitted: PeakFitted) -> list[dict[str, float]]:
    """Values of the peak fit under each choice.

    Normalisations of one spectrum differ by a factor a, and by a straight line that the baseline takes up: heights and
    areas follow a, nothing else moves. Only what is not of that kind (mback, Victoreen, over-absorption) is fitted
    again, brought to the scale of the nominal spectrum, where the fit starts beside its end.
    """
    x = one.energy_ev[fitted.points]
    nominal = one.norm[fitted.points]
    columns = np.stack([nominal, np.ones(x.size), x - x.mean()], axis=1)
    within = one.choice_norm[:, fitted.points]
    factors, *_ = np.linalg.lstsq(columns, within.T, rcond=None)
    left = np.abs(within - factors.T @ columns.T).max(axis=1, initial=0.0)
    same = {q: v.value for q, v in fitted.values.items()}
    out = []
    for norm, (factor, constant, slope), rest in zip(one.choice_norm, factors.T, left, strict=True):
        numbers = same
        if rest > AFFINE * np.abs(nominal).max():
            numbers = refit(fitted, (norm - constant - slope * (one.energy_ev - x.mean())) / factor)
        out.append({q: v * factor if q in SCALED else v for q, v in numbers.items()})
    return out


def windows(one: Normalised, spectrum: Spectrum, *, wanted: Mapping[str, Range]) -> Found:
    """'<window>.area' and '<window>.centroid'."""
    nominal = moments(one.energy_ev, one.norm, spectrum.noise, windows=wanted)
    chosen = moment_values(one.energy_ev, one.choice_norm, windows=wanted)
    return Found(
        tuple(Reading(f"{n}.{q}", v, chosen[n][q]) for n, values in nominal.items() for q, v in values.items())
    )


def differences(
    one: Normalised, transformed: XanesTransformed, *, edge_range_ev: Range, wanted: Mapping[str, Range]
) -> Found:
    """'difference.<standard>.rms' over the edge region and 'difference.<standard>.<window>.rms' over each window."""
    readings = []
    for found in transformed.differences:
        nothing_left = Spectrum("0", found.energy_ev, np.zeros(found.energy_ev.size), np.zeros(found.energy_ev.size))
        left = Spectrum("the difference", found.energy_ev, found.difference, found.difference_error)
        none = np.zeros_like(found.choice_difference)
        for window, range_ev in {"": edge_range_ev, **wanted}.items():
            name = ".".join(w for w in ("difference", found.standard, window, "rms") if w)
            value = rms_difference(left, nothing_left, range_ev)
            chosen = rms_by_choice(left, nothing_left, found.choice_difference, none, range_ev)
            readings.append(Reading(name, value, placed(chosen, found.choice_names, one)))
    return Found(tuple(readings))


def modes(reduced: XanesReduced, *, edge_range_ev: Range, wanted: Mapping[str, Range], smooth_ev: float) -> Found:
    """'modes.<a>_over_<b>.white_line' and 'modes.<a>_minus_<b>.<window>.rms'."""
    found = compare_modes(reduced, edge_range_ev=edge_range_ev, windows=wanted, smooth_ev=smooth_ev)
    readings = [Reading(f"modes.{name}", value, found.by_choice[name]) for name, value in found.values.items()]
    return Found(tuple(readings), found.notes)


def mixture(one: Normalised, spectrum: Spectrum, *, wanted: Mapping[str, Any], references: References) -> Found:
    """'mixture.<standard>.fraction' and the like."""
    names = list(wanted["standards"])
    options: dict[str, Any] = {
        "sum_to_one": bool(wanted.get("sum_to_one")),
        "shift_max_ev": float(wanted.get("shift_max_ev", 0.0)),
    }
    standards: dict[str, Normalised] = {}
    problem = ""
    for name in names:
        standard = references.get(name, "it is the sample itself")
        if isinstance(standard, str):
            problem = problem or f"standard {name}: {standard}"
        else:
            standards[name] = like_mode(standard, one.mode)
    if problem:
        values = nothing(names, problem, options["shift_max_ev"])
        return Found(tuple(Reading(f"mixture.{n}", v, np.empty(0)) for n, v in values.items()))
    fit = fit_mixture(
        spectrum, [as_spectrum(n, s) for n, s in standards.items()], range_ev=wanted["range_ev"], **options
    )
    shared = shared_choices([one, *standards.values()])
    others = [(n, s.energy_ev, choice_norm(s, shared)) for n, s in standards.items()]
    chosen = mixture_by_choice(fit, choice_norm(one, shared), one.energy_ev, others)
    readings = []
    for name, value in fit.values.items():
        by_choice = np.empty(0) if name == "chi2_reduced" else placed(chosen[name], shared, one)
        readings.append(Reading(f"mixture.{name}", value, by_choice))
    return Found(tuple(readings), tuple(f"mixture: {n}" for n in fit.notes), mixtures=fit.mixture)
