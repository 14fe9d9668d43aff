"""Named features of a spectrum: local maxima and shoulders, with the uncertainty that noise gives them.

Symbols: V smoothed value, D, S, T first to third derivative of the spectrum (`derivative.py`; s `smooth_ev`), x energy,
y measured points with independent errors sigma. Each of V, D, S, T at a fixed x is a linear map of y.

Order of steps:
1. V, D, S at every measured point, and between points where they are more than s / 2 apart;
2. maximum: D falls through zero inside the range. Prominence P = V at the maximum minus the higher of the two minima
   on its sides: each the lowest point before V is as high again, or rises by 3 standard uncertainties, or data end. It
   counts if P and -S both stand out of their noise. The highest one that counts is taken;
3. else (kind 'auto') or instead (kind 'shoulder'), shoulder: S has a minimum inside the range, T rises through zero.
   It counts if -S, and the rise of S on both sides of it (prominence of -S), stand out of their noise. Only a minimum
   inside the range counts, and a single line has one minimum of S, at its centre: the flank of a line outside the
   range has none. The knee on top of an edge does have one and cannot be told from a shoulder: keep it out of the
   range. Of several the one of the highest -S is taken. To stand out is to be as rare, for noise alone anywhere in
   the range, as 3 standard uncertainties are at one energy (`threshold`: 3.6 for a range of 10 s);
4. position: zero of D, or of T, by secant steps on the map itself, not between grid points;
5. values: position; height V; width, the distance between the inflections (zeros of S) on the two sides, missing where
   a second minimum of S comes first, for then the lobe belongs to two features; sharpness -S at the position;
   prominence P (a shoulder has none).

What width and sharpness mean for a line of height A smoothed over s: Gaussian of standard deviation g (full width at
half maximum F = 2.355 g): width = 2 sqrt(g^2 + s^2) = 0.849 F for s = 0; sharpness = A g / (g^2 + s^2)^1.5, A / g^2
for s = 0. Lorentzian: width F / sqrt(3) = 0.577 F, sharpness 8 A / F^2 for s = 0. Both hang on s: compare only
spectra smoothed alike. For the bias of position and height see `derivative.py`.

Uncertainties, linear in the noise: position dx = -(row of D) dy / (dD/dx), the same with T for a shoulder and with S
for an inflection; height (row of V) dy plus D dx; the others alike. Right while the feature stands well above 3 sigma.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any

import numpy as np

from ntcspec.peaks.value import NAN, Value, missing
from ntcspec.types import Array
from ntcspec.types.xanes import Mark
from ntcspec.xas.xanes.derivative import LocalFit, Smoother, point_error

SIGNIFICANT = 3.0  # standard uncertainties
SIDE = 0.05  # smooth_ev: step of the numerical slope
ROOT = {"maximum": 1, "shoulder": 3}  # derivative that is zero at the position
UNITS = {"position": "eV", "height": "1", "width": "eV", "sharpness": "1/eV^2", "prominence": "1"}
HOW = {
    ("maximum", "position"): "maximum: zero of the first derivative",
    ("shoulder", "position"): "shoulder: minimum of the second derivative",
    ("maximum", "height"): "smoothed norm at the maximum",
    ("shoulder", "height"): "smoothed norm at the shoulder",
    ("maximum", "width"): "distance between the inflections on both sides",
    ("shoulder", "width"): "distance between the inflections on both sides",
    ("maximum", "sharpness"): "minus second derivative at the maximum",
    ("shoulder", "sharpness"): "minus second derivative at the shoulder",
    ("maximum", "prominence"): "height above the higher of the minima on both sides",
    ("shoulder", "prominence"): "",
}


@dataclass(frozen=True)
class Anchor:
    """Where a feature was found in the nominal spectrum: energies (eV), NaN for what it lacks."""

    kind: str
    position_ev: float
    range_ev: tuple[float, float]
    left_ev: float  # inflections
    right_ev: float
    base_ev: float  # the minimum that the prominence is measured from
    smooth_ev: float


@dataclass(frozen=True)
class Features:
    """Values by feature and quantity, marks in the order of the config, and where `feature_values` starts from."""

    values: dict[str, dict[str, Value]]
    marks: tuple[Mark, ...]
    anchors: dict[str, Anchor]  # of the features that were found
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Curve:
    """The nominal spectrum and its smoothed derivatives on a grid fine enough to see every extremum."""

    smoother: Smoother
    norm: Array
    sigma: Array  # (E,), empty if unknown
    at: Array
    derivatives: Array  # (4, at)
    known: dict[float, LocalFit] = field(default_factory=dict)

    def around(self, x: float) -> LocalFit:
        """The maps at x and a little to both sides of it, kept: the same energies are asked for again and again."""
        if x not in self.known:
            half = SIDE * self.smoother.smooth_ev
            self.known[x] = self.smoother.at(np.array([x - half, x, x + half]))
        return self.known[x]

    def gradient(self, order: int, x: float) -> Array:
        """Derivatives of V, D, S or T at x by each measured point (E,)."""
        fit, row = self.around(x), np.zeros(self.norm.size)
        row[fit.columns[1]] = fit.rows[order, 1]
        return row

    def read(self, order: int, x: float) -> float:
        """V, D, S or T at x."""
        return float(self.gradient(order, x) @ self.norm)

    def slope(self, order: int, x: float) -> float:
        """Change of V, D, S or T with x."""
        low, _, high = self.around(x).apply(self.norm, (order,))[0]
        return float(high - low) / (2 * SIDE * self.smoother.smooth_ev)

    def root_gradient(self, order: int, x: float) -> Array:
        """Derivatives of the energy where V, D, S or T has its level, by each measured point (E,)."""
        return -self.gradient(order, x) / self.slope(order, x)

    def root(self, order: int, i: int) -> float:
        """Energy of the zero of D, S or T between the points i and i + 1 of the grid."""
        return self.smoother.root(self.norm, order=order, low_ev=self.at[i], high_ev=self.at[i + 1])

    def error(self, gradient: Array) -> float:
        """Standard uncertainty of a quantity; NaN if that of the points is unknown."""
        return float(np.sqrt(np.sum((gradient * self.sigma) ** 2))) if self.sigma.size else NAN


def find_features(
    energy_ev: Array, norm: Array, norm_error: Array, *, smooth_ev: float, features: Mapping[str, Mapping[str, Any]]
) -> Features:
    """Find each named feature {'range_ev': (low, high), 'kind': 'auto' | 'maximum' | 'shoulder', 'smooth_ev': eV}.

    kind may be left out for 'auto'; a feature's own smooth_ev, for one much broader or narrower than the others, may be
    left out or None. energy_ev, norm (E,); norm_error (E,), or empty: then the scatter of the points stands in for it.
    Raises ValueError as `derivative.Smoother` does.
    """
    sigma, note = point_error(energy_ev, norm, norm_error)
    curves: dict[float, _Curve] = {}
    values, marks, anchors, notes = {}, [], {}, [note]
    for name, wanted in features.items():
        low, high = (float(x) for x in wanted["range_ev"])
        kind, smooth = str(wanted.get("kind", "auto")), float(wanted.get("smooth_ev") or smooth_ev)
        if smooth not in curves:
            curves[smooth] = _curve(energy_ev, norm, sigma, smooth)
        curve = curves[smooth]
        anchor, reason, more = _find(curve, low, high, kind)
        notes += [f"{name}: {words}" for words in more]
        if anchor is None:
            how = "maximum, else minimum of the second derivative" if kind == "auto" else HOW[kind, "position"]
            values[name] = {quantity: missing(unit, how, reason) for quantity, unit in UNITS.items()}
            marks.append(Mark(name, "", NAN, NAN))
            continue
        anchors[name] = anchor
        values[name] = _values(curve, anchor)
        marks.append(Mark(name, anchor.kind, anchor.position_ev, values[name]["height"].value))
    return Features(values, tuple(marks), anchors, tuple(notes))


def feature_values(energy_ev: Array, spectra: Array, found: Features) -> dict[str, dict[str, Array]]:
    """The values of each feature in other spectra (n, E) on the same grid: arrays (n,) by feature and quantity.

    Meant for the choices of normalisation: each feature is followed from where the nominal spectrum has it. NaN where a
    spectrum has it not, or not inside the range; the prominence is measured from the same minimum.
    """
    spectra = np.atleast_2d(spectra)
    n = spectra.shape[0]
    out = {name: {quantity: np.full(n, NAN) for quantity in UNITS} for name in found.values}
    if not n:
        return out
    smoothers = {s: Smoother(energy_ev, smooth_ev=s) for s in {a.smooth_ev for a in found.anchors.values()}}
    for name, a in found.anchors.items():
        here, smoother = out[name], smoothers[a.smooth_ev]
        (x,), read = smoother.follow(spectra, np.array([a.position_ev]), order=ROOT[a.kind], read=(0, 2))
        height, second = read[:, 0]
        there = (second < 0) & (x >= a.range_ev[0]) & (x <= a.range_ev[1])
        here |= {"position": x, "height": height, "sharpness": -second}
        if np.isfinite([a.left_ev, a.right_ev]).all():
            left, right = smoother.follow(spectra, np.array([a.left_ev, a.right_ev]), order=2)[0]
            here["width"] = np.where((left < x) & (x < right), right - left, NAN)
        if np.isfinite(a.base_ev):
            here["prominence"] = height - smoother.at(np.array([a.base_ev])).apply(spectra, (0,))[0, :, 0]
        for quantity in UNITS:
            here[quantity] = np.where(there, here[quantity], NAN)
    return out


def threshold(low_ev: float, high_ev: float, *, smooth_ev: float) -> float:
    """Standard uncertainties that a feature must have: as rare in the whole range, from noise, as 3 at one energy.

    Noise smoothed over s has about one independent value every s, each with a chance Q: Q(limit) range / s = Q(3).
    """
    tail = NormalDist().cdf(-SIGNIFICANT) / max(1.0, (high_ev - low_ev) / smooth_ev)
    return -NormalDist().inv_cdf(tail)


def _curve(energy: Array, norm: Array, sigma: Array, smooth_ev: float) -> _Curve:
    smoother = Smoother(energy, smooth_ev=smooth_ev)
    step, width = np.diff(energy), smoother.width_ev  # wider than asked where points are far apart
    parts = np.maximum(np.ceil(2.0 * step / np.minimum(width[:-1], width[1:])), 1).astype(int)
    start = np.repeat(energy[:-1], parts)
    within = np.arange(start.size) - np.repeat(np.cumsum(parts) - parts, parts)
    at = np.append(start + within * np.repeat(step / parts, parts), energy[-1])
    return _Curve(smoother, norm, sigma, at, smoother.at(at).apply(norm))


def _find(curve: _Curve, low: float, high: float, kind: str) -> tuple[Anchor | None, str, list[str]]:
    """The feature in a range; else None and why; and notes."""
    first, last = curve.at[[0, -1]]
    if low < first or high > last:
        words = f"the range {low:g} to {high:g} eV is beyond the data, {first:g} to {last:g} eV"
        return None, words, []
    reasons, notes = [], []
    for sort in ("maximum", "shoulder"):
        if kind not in ("auto", sort):
            continue
        found, reason = _candidates(curve, low, high, sort)
        if found:
            if len(found) > 1:
                rest = ", ".join(f"{x:.2f}" for x, _ in found[1:])
                notes.append(f"more than one {sort} in the range: taken {found[0][0]:.2f} eV, left {rest} eV")
            x, base = found[0]
            left, right = (_inflection(curve, x, side) for side in (-1, 1))
            base = base if sort == "maximum" else NAN
            return Anchor(sort, x, (low, high), left, right, base, curve.smoother.smooth_ev), "", notes
        reasons.append(reason)
    return None, "; ".join(reasons), notes


def _candidates(curve: _Curve, low: float, high: float, kind: str) -> tuple[list[tuple[float, float]], str]:
    """(position, base) of what counts, the strongest first; and why nothing does."""
    sign, read = (1.0, 0) if kind == "maximum" else (-1.0, 2)
    signal, through = sign * curve.derivatives[read], sign * curve.derivatives[ROOT[kind]]
    crossing = np.flatnonzero((through[:-1] > 0) & (through[1:] <= 0))
    near = (curve.at[crossing + 1] >= low) & (curve.at[crossing] <= high)
    seen, flat, counted, limit = 0, False, [], threshold(low, high, smooth_ev=curve.smoother.smooth_ev)
    for i in crossing[near]:
        x = curve.root(ROOT[kind], int(i))
        bend, here = curve.gradient(2, x), curve.gradient(read, x)
        if not (low <= x <= high) or bend @ curve.norm >= 0:
            continue
        seen += 1
        top = sign * float(here @ curve.norm)
        noise = float(np.nan_to_num(curve.error(here)))  # unknown noise counts as none
        base = _base(curve, signal, int(i), np.sqrt(2.0) * noise)
        rise = here - curve.gradient(read, base)
        stands, bends = (
            sign_of * (g @ curve.norm) > limit * np.nan_to_num(curve.error(g))
            for g, sign_of in ((rise, sign), (bend, -1))
        )
        flat |= bool(stands and not bends)
        if stands and bends:
            counted.append((top, x, base))
    counted.sort(reverse=True)
    if seen and not counted:
        words = f"no {kind} in {low:g} to {high:g} eV above {limit:.1f} sigma of the noise"
        wider = f" (one rises above it, but its curvature does not: try smooth_ev above {curve.smoother.smooth_ev:g})"
        return [], words + wider if flat and kind == "maximum" else words
    return [(x, base) for _, x, base in counted], f"no {kind} in {low:g} to {high:g} eV"


def _base(curve: _Curve, signal: Array, i: int, noise: float) -> float:
    """Energy of the higher of the minima on both sides of a peak of the signal near point i of the grid."""
    while 0 < i < signal.size - 1 and max(signal[i - 1], signal[i + 1]) > signal[i]:
        i += 1 if signal[i + 1] > signal[i - 1] else -1
    bases = []
    for side in (signal[i::-1], signal[i:]):
        rise = side - np.minimum.accumulate(side)
        ends = np.flatnonzero((side > signal[i]) | (rise > SIGNIFICANT * noise))
        stretch = side[: ends[0]] if ends.size else side
        bases.append((float(stretch.min()), int(stretch.argmin())))
    (left, at_left), (right, at_right) = bases
    return float(curve.at[i - at_left] if left >= right else curve.at[i + at_right])


def _inflection(curve: _Curve, x: float, side: int) -> float:
    """Energy of the zero of S next to x on that side; NaN if the data end, or another dip of S comes, before it."""
    at, second = side * curve.at[::side], curve.derivatives[2][::side]  # walked upward either way
    start = int(np.searchsorted(at, side * x))
    after = np.flatnonzero(second[start:] >= 0)
    if not after.size or start + after[0] == 0:
        return NAN
    end = start + int(after[0])
    stretch = second[start:end]
    fall = (np.maximum.accumulate(stretch) - stretch).max(initial=0.0)
    if fall > SIGNIFICANT * np.sqrt(2.0) * np.nan_to_num(curve.error(curve.gradient(2, x))):
        return NAN
    return curve.root(2, end - 1 if side > 0 else curve.at.size - 1 - end)


def _values(curve: _Curve, anchor: Anchor) -> dict[str, Value]:
    """Values of a feature that was found, with their statistical uncertainties."""
    x, kind = anchor.position_ev, anchor.kind
    moved = curve.root_gradient(ROOT[kind], x)
    gradient = {
        "position": moved,
        "height": curve.gradient(0, x) + curve.slope(0, x) * moved,
        "sharpness": -curve.gradient(2, x) - curve.slope(2, x) * moved,
    }
    value = {"position": x, "height": curve.read(0, x), "sharpness": -curve.read(2, x)}
    reason = {"width": "", "prominence": ""}
    ends = (anchor.left_ev, anchor.right_ev)
    if np.isfinite(ends).all():
        value["width"] = ends[1] - ends[0]
        gradient["width"] = curve.root_gradient(2, ends[1]) - curve.root_gradient(2, ends[0])
        if SIGNIFICANT * np.nan_to_num(curve.error(gradient["width"])) > value["width"]:
            del value["width"]
            reason["width"] = "the inflections are lost in the noise"
    else:
        reason["width"] = "no inflection before the next feature or the end of data"
    if kind == "maximum":
        value["prominence"] = value["height"] - curve.read(0, anchor.base_ev)
        gradient["prominence"] = gradient["height"] - curve.gradient(0, anchor.base_ev)
    else:
        reason["prominence"] = "a shoulder has none"
    out = {}
    for quantity, unit in UNITS.items():
        how = HOW[kind, quantity] or HOW["maximum", quantity]
        if quantity in value:
            unknown = "" if curve.sigma.size else "u_stat: the noise is not known"
            out[quantity] = Value(value[quantity], curve.error(gradient[quantity]), unit, how, unknown)
        else:
            out[quantity] = missing(unit, how, reason[quantity])
    return out
