"""G(r) of a sample minus G(r) of a standard, with the noise of both and variants made alike.

Noise of the two is taken as independent. Where both subtract the same exposure of the container, its noise is common
and cancels in part: the uncertainty is then an upper limit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ntcspec.scattering import order
from ntcspec.scattering.view import NAN, Value, View, nominal
from ntcspec.types import Array
from ntcspec.types.scattering_pdf import PdfDifference, ScatteringTransformed

ITSELF = "it is the sample itself"
BIAS_TOLERANCE = 0.005
References = Mapping[str, ScatteringTransformed | str]


@dataclass(frozen=True, eq=False)
class Made:
    """The difference, both sides, and the differences of variants that both have by name."""

    curve: PdfDifference
    sample: View
    standard: View
    variants: Mapping[str, Array]


def make_difference(
    sample: ScatteringTransformed, name: str, standard: ScatteringTransformed | str | None
) -> tuple[Made | None, list[str]]:
    """The difference and notes; None where it cannot be made."""
    if standard is None or isinstance(standard, str):
        return None, [f"difference to {name} left out: {standard or ITSELF}"]
    if standard.normalisation != sample.normalisation:
        words = f"it is normalised {standard.normalisation}, the sample {sample.normalisation}"
        return None, [f"difference to {name} left out: {words}"]
    low, high = max(sample.r_ang[0], standard.r_ang[0]), min(sample.r_ang[-1], standard.r_ang[-1])
    used = (sample.r_ang >= low - 1e-9) & (sample.r_ang <= high + 1e-9)
    if used.sum() < 2:
        return None, [f"difference to {name} left out: no r in common"]
    r = sample.r_ang[used]
    difference = sample.g_r[used] - np.interp(r, standard.r_ang, standard.g_r)
    sigma = np.empty(0)
    if sample.g_sigma.size and standard.g_sigma.size:
        sigma = np.hypot(sample.g_sigma[used], np.interp(r, standard.r_ang, standard.g_sigma))
    theirs = dict(zip(standard.variant_names, standard.variant_g, strict=True))
    variants = {
        label: g[used] - np.interp(r, standard.r_ang, theirs[label])
        for label, g in zip(sample.variant_names, sample.variant_g, strict=True)
        if label in theirs
    }
    every = np.array([difference, *variants.values()])
    curve = PdfDifference(name, r, difference, sigma, every.min(axis=0), every.max(axis=0))
    return Made(curve, nominal(sample), nominal(standard), variants), _notes(sample, name, standard)


def _notes(sample: ScatteringTransformed, name: str, standard: ScatteringTransformed) -> list[str]:
    notes = [f"difference to {name}: noise of a container exposure that both share is counted twice"]
    for key in ("qmin_inv_ang", "qmax_inv_ang", "lorch"):
        mine, its = getattr(sample, key), getattr(standard, key)
        if abs(float(mine) - float(its)) > 1e-6:
            notes.append(f"difference to {name}: {key} is {mine:g} here and {its:g} there, which shows in it")
    a, b = sample.scale_bias, standard.scale_bias
    if sample.normalisation == "adhoc" and abs(a / b - 1.0) > BIAS_TOLERANCE:
        notes.append(f"difference to {name}: ad hoc scales differ by {a / b - 1:+.1%} by composition, which is in it")
    return notes


def difference_values(
    made: Made, *, windows: Mapping[str, Sequence[float]], range_ang: Sequence[float], variant: str = ""
) -> dict[str, Value]:
    """rms over the middle range and area in each window; of a variant without errors, where both have it."""
    head = f"difference.{made.curve.standard}"
    difference = made.variants.get(variant) if variant else made.curve.difference
    if difference is None:
        return {}
    noisy = not variant
    known = noisy and made.sample.known and made.standard.known
    why = made.sample.why() or made.standard.why() if noisy else ""
    found: dict[str, Value] = {}
    r = order.points(made.sample, *order.check_range(made.sample, range_ang, "measure.mid_range_ang"))
    r = r[(r >= made.curve.r_ang[0]) & (r <= made.curve.r_ang[-1])]
    if r.size >= 2:
        covariance = made.sample.covariance(r) + made.standard.covariance(r) if known else None
        found[f"{head}.rms"] = order.rms_of(np.interp(r, made.curve.r_ang, difference), covariance, why)
    for name, (low, high) in windows.items():
        if low < made.curve.r_ang[0] - 1e-9 or high > made.curve.r_ang[-1] + 1e-9:
            continue
        x, weight = order.trapezoids(made.sample, low, high)
        sides = [v.standard(weight[None], x)[0] for v in (made.sample, made.standard)] if noisy else [NAN, NAN]
        area = float(weight @ np.interp(x, made.curve.r_ang, difference))
        how = "integral of the difference of G(r) over the window"
        found[f"{head}.{name}.area"] = Value(area, float(np.hypot(sides[0], sides[1])), "angstrom^-1", how, why)
    return found
