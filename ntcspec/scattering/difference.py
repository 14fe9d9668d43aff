"""G(r) of a sample minus G(r) of a standard, with the noise of both and variants made alike.

Noise of the two is taken as independent. Where both subtract the same exposure of the container, its noise is common
and cancels in part: the uncertainty is then an upper limit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ntcspec.scattering import order
from ntcspec.scattering.view import Value, View, nominal, of_variants
from ntcspec.types.scattering_pdf import PdfDifference, ScatteringTransformed

ITSELF = "it is the sample itself"
BIAS_TOLERANCE = 0.005
References = Mapping[str, ScatteringTransformed | str]


@dataclass(frozen=True, eq=False)
class Made:
    """The difference, both sides, and both sides of the variants that both have by name."""

    curve: PdfDifference
    sample: View
    standard: View
    variants: Mapping[str, tuple[View, View]]


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
    theirs = {label: view for _, label, view in of_variants(standard)}
    variants = {label: (view, theirs[label]) for _, label, view in of_variants(sample) if label in theirs}
    every = np.array([difference, *(a.at(r) - b.at(r) for a, b in variants.values())])
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
    made: Made, *, windows: Mapping[str, Sequence[float]], range_ang: Sequence[float], bin_ang: float, variant: str = ""
) -> dict[str, Value]:
    """rms and relative decay length over the middle range, area in each window; of a variant without errors.

    Empty where the standard has no such variant. What the standard's r does not hold is left out.
    """
    sides = made.variants.get(variant) if variant else (made.sample, made.standard)
    if sides is None:
        return {}
    mine, its = sides
    head, first, last = f"difference.{made.curve.standard}", made.curve.r_ang[0] - 1e-9, made.curve.r_ang[-1] + 1e-9
    why = mine.why() or its.why()
    found: dict[str, Value] = {}
    low, high = (float(x) for x in range_ang)
    if first <= low and high <= last:
        r = order.points(mine, low, high)
        known = mine.known and its.known
        noise = [view.covariance(r) if known else None for view in sides]
        total = noise[0] + noise[1] if noise[0] is not None and noise[1] is not None else None
        found[f"{head}.rms"] = order.rms_of(mine.at(r) - its.at(r), total, why)
        both = [order.envelope(r, v.at(r), c, (low, high), bin_ang) for v, c in zip(sides, noise, strict=True)]
        found[f"{head}.decay_length"] = order.decay_length(both, noise, (low, high), why)
    for name, (low, high) in windows.items():
        if first <= low and high <= last:
            x, weight = order.trapezoids(mine, low, high)
            error = np.hypot(*(view.standard(weight[None], x)[0] for view in sides))
            area = float(weight @ (mine.at(x) - its.at(x)))
            how = "integral of the difference of G(r) over the window"
            found[f"{head}.{name}.area"] = Value(area, float(error), "angstrom^-1", how, why)
    return found
