"""Stage `measure` of the technique exafs: peaks of |chi(R)| and lobes of the wavelet map as metrics.

Symbols: v a metric, g = dv/dchi (from `shells.py`, `lobes.py`), C covariance of chi(k), w exponent of the k weight.

Order of steps:
1. nominal values with their derivatives;
2. u_stat = sqrt(g C g): C from the scatter of repeat scans, or, for one scan, white noise that explains |chi(R)| at
   high R. Linear in the noise: right while the peak stands well above it;
3. u_sys: for each varied parameter half the range of v over {nominal, its variants}, groups added in quadrature. The
   variants of the stage reduce come with their chi(k); those of the transform are made here. Other k weights count
   for ratios alone: all else is another number by definition with another weight;
4. what is missing is said: no maximum inside a window; a peak below 3 sigma of the noise has no position.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ntcspec.errors import UserError
from ntcspec.types import Array, Metric
from ntcspec.types.exafs import ExafsMeasured, ExafsReduced, ExafsTransformed, WaveletMap
from ntcspec.xas import fourier
from ntcspec.xas.families import family
from ntcspec.xas.lobes import lobe, overlap
from ntcspec.xas.shells import Measured, over, shell
from ntcspec.xas.strength import lobe_ratio
from ntcspec.xas.tracking import track, words
from ntcspec.xas.variants import Variant, half_ranges, variants
from ntcspec.xas.wavelet import resolve_order
from ntcspec.xas.wavelet import wavelet as wavelet_transform

SIGNIFICANT = 3.0  # standard deviations
HOW = {
    "shell": {
        "position": "maximum of |chi(R)|, summed over k at exact R",
        "height": "maximum of |chi(R)|",
        "area": "integral of |chi(R)| dR over the window",
        "ratio": "height over that of the first shell",
    },
    "lobe": {
        "position_r": "maximum of |W(R, k)|, R",
        "position_k": "maximum of |W(R, k)|, k",
        "height": "maximum of |W(R, k)|",
        "volume": "integral of |W(R, k)| dk dR over the box",
        "ratio": "rms of |W| over the box, without the first shell's tail and noise, over that of the first shell",
    },
}

NAN = float("nan")
Range = Sequence[float]
Evaluate = Callable[[Array, Array, Variant | None], dict[str, Measured]]  # (chi, weight, variant that they are of)


@dataclass(frozen=True)
class _Target:
    """One window or box."""

    name: str
    kind: str  # shell or lobe
    evaluate: Evaluate


def measure_exafs(
    reduced: ExafsReduced,
    transformed: ExafsTransformed,
    wavelet_map: WaveletMap,
    *,
    reduce: Mapping[str, Any],
    transform: Mapping[str, Any],
    wavelet: Mapping[str, Any],
    windows: Mapping[str, Range],
    boxes: Mapping[str, Mapping[str, Range]] | None = None,
    first_shell: str = "first_shell",
    peaks_range_ang: Range = (0.5, 6.0),
    systematic: Mapping[str, Sequence[float]] | None = None,
) -> ExafsMeasured:
    """Metrics of R windows {name: (rmin, rmax)} and wavelet boxes {name: {'k': (min, max), 'r': (min, max)}}.

    reduce, transform and wavelet: the keywords those stages were run with. systematic: transform parameter
    (kmin_inv_ang, kmax_inv_ang, dk_inv_ang, kweight) -> values tried one at a time, or 'kmin_shift_inv_ang' and the
    like -> values added to it; the variants of `reduced` count too. first_shell: the window that others and the lobes
    are compared with, where there is one of that name.
    Raises UserError for a name used twice, an unknown parameter and a variant beyond the data.
    """
    boxes = boxes or {}
    for name in set(windows) & set(boxes):
        raise UserError(f"measure.boxes.{name}", "the name is taken by an R window", "give another name")
    targets = [_shell_target(reduced.k_inv_ang, n, w) for n, w in windows.items()]
    nominal_weight = transformed.window * reduced.k_inv_ang**transformed.kweight
    first = windows.get(first_shell)
    for name, box in boxes.items():
        targets.append(_lobe_target(transformed, name, box, wavelet_map, wavelet, first))
    tried_here = variants(reduced, nominal_weight, transform, systematic or {})
    covariance, source = fourier.chi_covariance(reduced, transformed.chi_sigma)
    nominal = _evaluate(targets, reduced.chi, nominal_weight, first_shell)
    tried = [(v.group, v.name, _evaluate(targets, v.chi, v.weight, first_shell, v)) for v in tried_here]
    metrics: list[Metric] = []
    for target in targets:
        others = [(group, name, found[target.name]) for group, name, found in tried]
        metrics += _metrics(target, nominal[target.name], others, covariance, source, transformed)
    peaks = track(
        reduced.k_inv_ang, reduced.chi, nominal_weight, range_ang=peaks_range_ang, rbkg_ang=reduce["rbkg_ang"],
        noise=transformed.noise, error=lambda gradient: _standard(gradient, covariance),
        variants=[v for v in tried_here if v.kweight is None],
    )  # fmt: skip
    groups = ", ".join(dict.fromkeys(v.group for v in tried_here)) or "nothing"
    notes = [f"u_stat from {source}", f"u_sys from varying {groups}"]
    return ExafsMeasured(tuple(metrics), (*notes, *(words(p) for p in peaks if p.curve == "magnitude")), peaks)


def _evaluate(
    targets: Sequence[_Target], chi: Array, weight: Array, first_shell: str, variant: Variant | None = None
) -> dict[str, dict[str, Measured]]:
    """All quantities of all targets, with the ratios to the first shell where there is one."""
    found = {target.name: target.evaluate(chi, weight, variant) for target in targets}
    if first_shell in found:
        for name in (t.name for t in targets if t.kind == "shell" and t.name != first_shell):
            found[name]["ratio"] = over(found[name]["height"], found[first_shell]["height"])
    return found


def _shell_target(k: Array, name: str, window: Range) -> _Target:
    rmin, rmax = (float(r) for r in window)
    if not 0 <= rmin < rmax:
        raise UserError(f"measure.windows.{name}", f"{list(window)} is not an ascending range", "give (rmin, rmax)")

    def evaluate(chi: Array, weight: Array, variant: Variant | None) -> dict[str, Measured]:
        return shell(k, chi, weight, rmin_ang=rmin, rmax_ang=rmax, slopes=variant is None)

    return _Target(name, "shell", evaluate)


def _lobe_target(
    transformed: ExafsTransformed, name: str, box: Mapping[str, Range], wavelet_map: WaveletMap,
    parameters: Mapping[str, Any], first: Range | None,
) -> _Target:  # fmt: skip
    k_box, r_box = ((float(box[axis][0]), float(box[axis][1])) for axis in ("k", "r"))
    k, r = transformed.k_inv_ang, wavelet_map.r_ang
    if not (k_box[0] < k_box[1] and r_box[0] < r_box[1]):
        raise UserError(f"measure.boxes.{name}", f"k {box['k']}, r {box['r']}: not ascending", "give (min, max)")
    if r_box[0] < r[0] - 1e-9 or r_box[1] > r[-1] + 1e-9:
        raise UserError(
            f"measure.boxes.{name}.r",
            f"{r_box[0]:g} to {r_box[1]:g} A is beyond the map, {r[0]:g} to {r[-1]:g} A",
            "widen wavelet.rmin_ang, rmax_ang",
        )
    order = resolve_order(wavelet_map.family, eta_sigma=parameters.get("eta_sigma"), order=parameters.get("order"))
    mother = family(wavelet_map.family, order)
    ratio = None
    if first is not None:
        ratio = lobe_ratio(
            mother, k, r, family=wavelet_map.family, order=order, k_box=k_box, r_box=r_box, first=first,
            kweight=transformed.kweight, chi_sigma=transformed.chi_sigma,
        )  # fmt: skip

    part = r[overlap(r, *r_box) > 0]  # of the map, all that the box asks for

    def evaluate(chi: Array, weight: Array, variant: Variant | None) -> dict[str, Measured]:
        how = {"slopes": variant is None}
        values = wavelet_transform(k, chi * weight, part, family=wavelet_map.family, order=order)
        found = lobe(mother, k, chi, weight, part, values, k_box=k_box, r_box=r_box, **how)
        return {**found, "ratio": ratio(chi, weight, variant.kweight if variant else None, **how)} if ratio else found

    return _Target(name, "lobe", evaluate)


def _metrics(
    target: _Target,
    nominal: Mapping[str, Measured],
    tried: Sequence[tuple[str, str, Mapping[str, Measured]]],
    covariance: Array,
    source: str,
    transformed: ExafsTransformed,
) -> list[Metric]:
    """One metric a quantity of a target."""
    height = nominal["height"]
    white = float(transformed.chi_sigma * np.sqrt(np.sum(height.gradient**2)))
    weak = bool(height.value < SIGNIFICANT * max(_standard(height.gradient, covariance), white))
    out = []
    for quantity, measured in nominal.items():
        counts = [one for one in tried if quantity == "ratio" or one[0] != "kweight"]
        groups = ", ".join(dict.fromkeys(group for group, _, _ in counts))
        varied = f"half ranges over {groups} in quadrature" if groups else "none varied"
        u_sys, reason = _systematic(quantity, measured, counts)
        value, u_stat = measured.value, _standard(measured.gradient, covariance)
        if measured.reason:
            value, u_stat, u_sys, reason = NAN, NAN, NAN, measured.reason
        elif value < SIGNIFICANT * u_stat if quantity == "ratio" else weak:
            reason = f"below {SIGNIFICANT:g} sigma of the noise"
            if quantity.startswith("position"):
                value, u_stat, u_sys = NAN, NAN, NAN
        method = f"{HOW[target.kind][quantity]}; u_stat: linear, {source}; u_sys: {varied}"
        unit = _unit(target.kind, quantity, transformed.kweight)
        out.append(Metric(f"{target.name}.{quantity}", value, unit, u_stat, u_sys, method, reason))
    return out


def _standard(gradient: Array, covariance: Array) -> float:
    """sqrt(g C g); NaN where the gradient is."""
    if not np.isfinite(gradient).all():
        return NAN
    return float(np.sqrt(max(float(gradient @ covariance @ gradient), 0.0)))


def _systematic(
    quantity: str, nominal: Measured, tried: Sequence[tuple[str, str, Mapping[str, Measured]]]
) -> tuple[float, str]:
    """u_sys of a quantity, and why it is missing."""
    if not tried:
        return NAN, "u_sys: no parameter was varied"
    for _, name, measured in tried:
        if measured[quantity].reason:
            return NAN, f"u_sys: {measured[quantity].reason} with {name}"
    return half_ranges(nominal.value, [(group, measured[quantity].value) for group, _, measured in tried]), ""


def _unit(kind: str, quantity: str, kweight: float) -> str:
    """Unit of a quantity; |chi(R)| has that of k^w dk, |W| that of k^w."""
    if quantity in ("position", "position_r"):
        return "angstrom"
    if quantity == "position_k":
        return "angstrom^-1"
    if quantity == "ratio":
        return "1"
    power = kweight + 1 if kind == "shell" and quantity == "height" else kweight
    return f"angstrom^{-power:g}" if power else "1"
