"""Stage `measure` of the technique xanes: what was read from a measurement as metrics.

Symbols: v a value, v_c the same under choice c of the normalisation, e relative standard uncertainty of the edge step,
D derivative of norm.

Order of steps:
1. readings, nominal and under each choice (`readings.py`): edge, features, peak fits, windows, differences to
   standards, differences between detection modes, linear combination;
2. u_stat: noise of the points, linear; heights, areas and sharpness also e v, the energy of the half step 0.5 e / D;
3. u_sys: half the range of v over {nominal, all choices}; of peak fits in quadrature half the range over baselines; of
   energies on the axis in quadrature the calibration and the alignment of repeat scans;
4. what is missing is said, with the name of the choice that it is missing under.

u_sys is a range, not a standard deviation, and it is common to all samples that were normalised alike: two samples
whose u_sys overlap may still differ under every single choice. `by_choice` holds what is needed to see that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ntcspec.peaks.value import NAN
from ntcspec.types import Metric, Note
from ntcspec.types.xanes import Normalised, XanesMeasured, XanesReduced, XanesTransformed
from ntcspec.xas.xanes import readings
from ntcspec.xas.xanes.readings import Reading, References
from ntcspec.xas.xanes.spectra import Spectrum, as_spectrum

EDGE_HALF_RANGE_EV = 15.0
COMMON = (
    "u_sys is half a range over normalisations, common to samples that were normalised alike: compare samples "
    "choice by choice"
)
AS_MEASURED = (
    "positions are on the axis as measured: differences between samples are only as good as the beamline's stability"
)


@dataclass(frozen=True)
class _Axis:
    """What the energy axis adds to u_sys of an energy (eV), and words for it."""

    error_ev: float
    words: str


def measure_xanes(
    reduced: XanesReduced,
    transformed: XanesTransformed,
    *,
    edge_range_ev: Sequence[float] | None,
    features: Mapping[str, Mapping[str, Any]],
    peaks: Mapping[str, Mapping[str, Any]],
    windows: Mapping[str, Sequence[float]],
    mixture: Mapping[str, Any] | None,
    references: References | None = None,
) -> XanesMeasured:
    """Metrics of the primary mode, and of the differences between modes.

    Sections as the config has them (ntcspec.config.xanes). edge_range_ev None is within 15 eV of e0. references: the
    reduced measurement of each standard of the mixture, or words for why there is none; never the sample itself.
    Raises ValueError for a window that does not ascend.
    """
    one, known = reduced.primary, references or {}
    spectrum, smooth = as_spectrum(reduced.mode, one), transformed.smooth_ev
    edge_range = _edge_range(one, edge_range_ev)
    found = [
        readings.edge(one, spectrum, range_ev=edge_range, smooth_ev=smooth),
        readings.features(one, spectrum, wanted=features, smooth_ev=smooth),
        readings.peaks(one, spectrum, wanted=peaks),
        readings.windows(one, spectrum, wanted=windows),
        readings.differences(one, transformed, edge_range_ev=edge_range, wanted=windows),
        readings.modes(reduced, edge_range_ev=edge_range, wanted=windows, smooth_ev=smooth),
    ]  # fmt: skip
    if mixture is not None:
        found.append(readings.mixture(one, spectrum, wanted=mixture, references=known))
    every = [reading for part in found for reading in part.readings]
    axis = _axis(reduced)
    metrics = tuple(_metric(reading, one, spectrum, transformed, axis) for reading in every)
    count = len(one.choice_names)
    rows = [r.by_choice if r.by_choice.size else np.full(count, NAN) for r in every]
    notes: list[Note] = [spectrum.noise_from, *([COMMON] if count else [])]
    if not np.isfinite(reduced.calibration_error_ev):
        notes.append(AS_MEASURED)
    return XanesMeasured(
        metrics=metrics,
        notes=(*notes, *(note for part in found for note in part.notes)),
        choice_names=one.choice_names,
        by_choice=np.array(rows, dtype=np.float64).reshape(len(every), count),
        marks=tuple(m for part in found for m in part.marks),
        fits=tuple(f for part in found for f in part.fits),
        mixtures=tuple(m for part in found for m in part.mixtures),
    )


def _edge_range(one: Normalised, given: Sequence[float] | None) -> tuple[float, float]:
    """Range of the edge, cut to the data."""
    low, high = given or (one.e0_ev - EDGE_HALF_RANGE_EV, one.e0_ev + EDGE_HALF_RANGE_EV)
    return max(float(low), float(one.energy_ev[0])), min(float(high), float(one.energy_ev[-1]))


def _axis(reduced: XanesReduced) -> _Axis:
    """Calibration, and the mean of the shifts that repeat scans were aligned with."""
    one = reduced.primary
    errors = (
        np.nan_to_num(one.weight * one.shift_error_ev) if one.weight.size == one.shift_error_ev.size else np.zeros(1)
    )
    alignment = float(np.sqrt(np.sum(errors**2)))
    calibration = reduced.calibration_error_ev
    words = []
    if np.isfinite(calibration):
        words.append(f"calibration {calibration:.2g} eV")
    if alignment > 0:
        words.append(f"alignment of scans {alignment:.2g} eV")
    return _Axis(float(np.hypot(np.nan_to_num(calibration), alignment)), ", ".join(words))


def _metric(
    reading: Reading, one: Normalised, spectrum: Spectrum, transformed: XanesTransformed, axis: _Axis
) -> Metric:
    """A reading with both uncertainties."""
    value = reading.value
    if not np.isfinite(value.value):
        return Metric(reading.name, NAN, value.unit, NAN, NAN, value.method, value.reason)
    u_stat = float(np.hypot(value.u_stat, _of_step(reading, spectrum, transformed)))
    half, why = _half_range(reading, one.choice_names)
    parts = [half, reading.extra_sys] + ([axis.error_ev] if reading.on_axis else [])
    if np.isfinite(half) and not np.isfinite(reading.extra_sys):
        why = f"u_sys: none of the {reading.extra} gives it"
    u_sys = float(np.sqrt(np.sum(np.square(parts))))
    method = value.method
    if reading.by_choice.size:
        words = [f"half the range over {len(one.choice_names)} normalisations", reading.extra]
        words += [axis.words] if reading.on_axis else []
        method += f"; u_sys: {', '.join(w for w in words if w)}"
    reason = "; ".join(w for w in (value.reason, why) if w)
    return Metric(reading.name, value.value, value.unit, u_stat, u_sys, method, reason)


def _of_step(reading: Reading, spectrum: Spectrum, transformed: XanesTransformed) -> float:
    """What the noise of the edge step adds to u_stat."""
    if reading.scales:
        return abs(reading.value.value) * spectrum.step_error
    if reading.quantity == "half_step":
        slope = float(np.interp(reading.value.value, transformed.energy_ev, transformed.derivative))
        return abs(0.5 * spectrum.step_error / slope) if slope else NAN
    return 0.0


def _half_range(reading: Reading, names: Sequence[str]) -> tuple[float, str]:
    """Half the range over nominal and choices, and why it is missing."""
    if not names:
        return NAN, "u_sys: no other normalisation was asked for"
    if not reading.by_choice.size:
        return NAN, "u_sys: not determined again under other normalisations"
    lost = [name for name, v in zip(names, reading.by_choice, strict=True) if not np.isfinite(v)]
    if lost:
        more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
        return NAN, f"u_sys: missing under '{lost[0]}'{more}"
    low = min(reading.value.value, float(reading.by_choice.min()))
    high = max(reading.value.value, float(reading.by_choice.max()))
    return 0.5 * (high - low), ""
