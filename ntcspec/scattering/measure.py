"""Stage `measure` of the technique scattering: what is read from G(r) as metrics.

Symbols: v a value, v_i the same of variant i of the transform.

Order of steps:
1. values with u_stat: fitted peaks (`shell.py`), windows, middle range and its envelope (`order.py`), differences to
   standards; noise goes through the full covariance of G;
2. u_sys: for each parameter that was varied half the range over {v, its variants}, the parameters in quadrature;
3. what is missing is said: below 3 sigma, no maximum, not absolute.

Windows are named by their range of r, not by a pair of atoms: every pair of elements adds to every r, with the weights
that the notes give.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ntcspec.scattering import order
from ntcspec.scattering.difference import References, difference_values, make_difference
from ntcspec.scattering.shell import shell_peak
from ntcspec.scattering.variants import half_range
from ntcspec.scattering.view import NAN, Value, View, missing, nominal, of_variants
from ntcspec.types import Metric
from ntcspec.types.scattering_pdf import PdfDifference, ScatteringMeasured, ScatteringTransformed

Values = dict[str, Value]
Groups = Sequence[tuple[str, str, Values]]  # group, name, values of a variant


def measure_scattering(
    transformed: ScatteringTransformed,
    *,
    peaks: Mapping[str, Mapping[str, Any]] | None = None,
    windows: Mapping[str, Sequence[float]] | None = None,
    mid_range_ang: Sequence[float] = (5.0, 20.0),
    envelope_bin_ang: float = 2.5,
    standards: Sequence[str] = (),
    references: References | None = None,
) -> ScatteringMeasured:
    """Metrics of G(r). Sections as the config has them (ntcspec.config.scattering_pdf).

    references: the transformed measurement of each standard, or words for why there is none.
    Raises UserError for ranges outside r and pairs that the composition has not.
    """
    peaks, windows = peaks or {}, windows or {}
    view = nominal(transformed)
    values, curves, notes = _read(view, peaks, windows)
    middle, envelope = order.middle(view, mid_range_ang, bin_ang=envelope_bin_ang)
    values |= {f"mid_range.{k}": v for k, v in middle.items()}
    tried: list[tuple[str, str, Values]] = []
    for group, name, other in of_variants(transformed):
        found = _read(other, peaks, windows)[0]
        found |= {
            f"mid_range.{k}": v for k, v in order.middle(other, mid_range_ang, bin_ang=envelope_bin_ang)[0].items()
        }
        tried.append((group, name, found))
    differences: list[PdfDifference] = []
    for standard in standards:
        made, more = make_difference(transformed, standard, (references or {}).get(standard))
        notes += more
        if made is None:
            continue
        differences.append(made.curve)
        ranges: dict[str, Any] = {"windows": windows, "range_ang": mid_range_ang, "bin_ang": envelope_bin_ang}
        values |= difference_values(made, **ranges)
        for _, name, found in tried:
            found |= difference_values(made, **ranges, variant=name)
    metrics = [*_scale(transformed), *(_metric(name, value, tried) for name, value in values.items())]
    table = [[found[m.name].value if m.name in found else NAN for _, _, found in tried] for m in metrics]
    known = np.isfinite(envelope.sigma).all()
    return ScatteringMeasured(
        metrics=tuple(metrics),
        notes=(*_weights(transformed), transformed.verdict, *notes),
        variant_names=tuple(name for _, name, _ in tried),
        by_variant=np.array(table, dtype=np.float64).reshape(len(metrics), len(tried)),
        peaks=tuple(curves),
        envelope_r_ang=envelope.r_ang,
        envelope=envelope.rms,
        envelope_sigma=envelope.sigma if known else np.empty(0),
        differences=tuple(differences),
    )


def _read(
    view: View, peaks: Mapping[str, Mapping[str, Any]], windows: Mapping[str, Sequence[float]]
) -> tuple[Values, list[Any], list[str]]:
    """Values of peaks and windows by metric name, curves of the peaks, notes."""
    values: Values = {}
    curves, notes = [], []
    for name, wanted in peaks.items():
        found, curve = shell_peak(view, name, range_ang=wanted["range_ang"], pair=wanted.get("pair"))
        values |= {f"{name}.{k}": v for k, v in found.items()}
        if curve is not None:
            curves.append(curve)
            notes.append(f"{name}: the shell leaves {curve.r_factor:.1%} of G(r) in its range")
    for name, span in windows.items():
        values |= {f"{name}.{k}": v for k, v in order.window(view, name, span).items()}
    return values, curves, notes


def _metric(name: str, value: Value, tried: Groups) -> Metric:
    """A value with its systematic uncertainty."""
    if not np.isfinite(value.value):
        return Metric(name, NAN, value.unit, NAN, NAN, value.method, value.reason)
    others = [(group, label, found[name].value) for group, label, found in tried if name in found]
    lost = [label for _, label, v in others if not np.isfinite(v)]
    reasons = [value.reason]
    if not others:
        half = NAN
        reasons.append("u_sys: no other transform was asked for")
    elif lost:
        half = NAN
        reasons.append(f"u_sys: missing under '{lost[0]}'" + (f" and {len(lost) - 1} more" if len(lost) > 1 else ""))
    else:
        half = half_range(value.value, [(group, v) for group, _, v in others])
    groups = ", ".join(dict.fromkeys(group for group, _, _ in others))
    method = value.method + (f"; u_sys from varying {groups}" if groups else "")
    u_sys = float(np.hypot(half, value.extra_sys))
    return Metric(name, value.value, value.unit, value.u_stat, u_sys, method, "; ".join(r for r in reasons if r))


def _scale(t: ScatteringTransformed) -> list[Metric]:
    """What is said of the scale: the bias of the ad hoc one, the slope that tests the absolute one."""
    if t.normalisation == "adhoc":
        how = "ad hoc over absolute scale by composition, for S(Q) = 1 and no container"
        why = "computed from tables: no uncertainty is given"
        return [Metric("scale.bias", t.scale_bias, "1", NAN, NAN, how, why)]
    how = "slope of G(r) (Lorch) at low r over -4 pi rho0"
    if not np.isfinite(t.rho0_inv_ang3):
        none = missing("1", how, "rho0 is not given")
        return [Metric("scale.low_r_slope_ratio", NAN, "1", NAN, NAN, how, none.reason)]
    expected = -4.0 * np.pi * t.rho0_inv_ang3
    error = t.low_r_slope_error / abs(expected)
    why = "u_sys holds all: ripples, counting and variants"
    return [Metric("scale.low_r_slope_ratio", t.low_r_slope / expected, "1", NAN, error, how, why)]


def _weights(t: ScatteringTransformed) -> list[str]:
    listed = sorted(zip(t.pairs, t.pair_weight_q3, strict=True), key=lambda p: -p[1])
    words = ", ".join(f"{pair} {weight:.2f}" for pair, weight in listed)
    return [f"weights of pairs at Q = 3 1/A: {words}; a window of r holds them all"]
