"""Peaks of G(r) as shells of neighbours, fitted in r with all that the transform does to them.

Symbols: r0 distance, s standard deviation of it (A), A area of the peak in R(r) = r T(r), N coordination number; w(Q)
weight of the pair; T the sine transform with its window and qmax, H the polynomial or low-r filter.

    F_shell(Q) = A w(Q) / w(0) sin(Q r0) / r0 exp(-s^2 Q^2 / 2)            G_model = T H F_shell + baseline

so that termination ripples, the Lorch window and weights that change with Q are in the model. Baseline: -4 pi rho0 r
where G is absolute, else a free line. With a pair (a, b) the weight is that of b around a,
(2 - delta) c_a f_a f_b / <f>^2, and N = A / w(0). r0 and s are searched, the rest is linear (variable projection).

Errors: at the minimum the parameters respond to G as pinv(J) dG, J = dG_model/d(parameters); the covariance of G does
the rest. A peak that is not above 3 standard deviations has no position. What the shell leaves of G in its range,
beyond noise, is a systematic uncertainty: that share of A and N, and of s for r0 and s. It comes from neighbours at
other distances (Na-Cl beside Ta-Cl), and from distances that are not distributed as a Gaussian.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntcspec.errors import UserError
from ntcspec.peaks.value import SIGNIFICANT
from ntcspec.scattering.atoms import factors
from ntcspec.scattering.view import NAN, Value, View, missing
from ntcspec.types import Array
from ntcspec.types.scattering_pdf import PdfPeak

SD_LIMITS_ANG = (0.005, 0.6)
MIN_POINTS = 8
NOT_DETECTED = "not detected"
UNITS = {"position": "angstrom", "width": "angstrom", "area": "1", "coordination": "1", "maximum": "angstrom",
         "height": "angstrom^-2"}  # fmt: skip
HOW = {
    "position": "distance of one shell of neighbours fitted to G(r); what it leaves of G(r) is in u_sys",
    "width": "standard deviation of that distance, of all parts of the resolution but termination",
    "area": "area of that shell in R(r) = r (G + 4 pi rho0 r)",
    "coordination": "neighbours in that shell",
    "maximum": "maximum of G(r), parabola through three points",
    "height": "G(r) there",
}
ADHOC = "not absolute: coordination numbers are withheld"


@dataclass(frozen=True, eq=False)
class _Model:
    """The shell in one range of r."""

    r: Array
    through: Array  # T H, shape (r, Q)
    q: Array
    weight: Array  # w(Q) / w(0)
    base: Array  # free baseline columns, shape (r, 0 or 2)
    fixed: Array

    def shell(self, r0: float, sd: float) -> Array:
        return self.through @ (self.weight * np.sin(self.q * r0) / r0 * np.exp(-0.5 * (sd * self.q) ** 2))

    def solve(self, g: Array, r0: float, sd: float) -> tuple[Array, Array]:
        """Linear parameters (A, baseline) and what is left."""
        design = np.column_stack([self.shell(r0, sd), self.base])
        found = np.asarray(np.linalg.lstsq(design, g - self.fixed, rcond=None)[0], dtype=np.float64)
        return found, g - self.fixed - design @ found

    def jacobian(self, area: float, r0: float, sd: float) -> Array:
        """dG_model / d(r0, s, A, baseline)."""
        damp = self.weight * np.exp(-0.5 * (sd * self.q) ** 2) / r0
        sine, cosine = np.sin(self.q * r0), np.cos(self.q * r0)
        by_r0 = self.through @ (damp * (self.q * cosine - sine / r0))
        by_sd = self.through @ (-sd * self.q**2 * damp * sine)
        return np.column_stack([area * by_r0, area * by_sd, self.through @ (damp * sine), self.base])


def shell_peak(
    view: View, name: str, *, range_ang: Sequence[float], pair: Sequence[str] | None
) -> tuple[dict[str, Value], PdfPeak | None]:
    """Quantities of the peak in the range by name, and the fitted curve; None where there is no peak.

    Raises UserError for a range outside r or of too few points, and for a pair that the composition has not.
    """
    t = view.of
    low, high = (float(x) for x in range_ang)
    used = (t.r_ang >= low - 1e-9) & (t.r_ang <= high + 1e-9)
    where = f"measure.peaks.{name}"
    if low < t.r_ang[0] - 1e-9 or high > t.r_ang[-1] + 1e-9 or used.sum() < MIN_POINTS:
        raise UserError(
            f"{where}.range_ang", f"{low:g} to {high:g} A holds {int(used.sum())} points of G(r), which runs from "
            f"{t.r_ang[0]:g} to {t.r_ang[-1]:g} A", "move the range, or widen rmin_ang, rmax_ang of the transform",
        )  # fmt: skip
    weight, at_zero = _weight(view, pair, where)
    model = _model(view, t.r_ang[used], weight)
    g = view.g[used]
    top = _maximum(view, np.flatnonzero(used))
    found = {k: missing(UNITS[k], HOW[k], f"no maximum of G(r) inside {low:g} to {high:g} A") for k in UNITS}
    if top is None:
        return found, None
    found |= top
    fitted = _search(model, g, top["maximum"].value)
    if isinstance(fitted, str):
        return found | {
            k: missing(UNITS[k], HOW[k], fitted) for k in ("position", "width", "area", "coordination")
        }, None
    r0, sd = fitted
    linear, left = model.solve(g, r0, sd)
    values = np.concatenate([[r0, sd], linear])
    response = np.asarray(np.linalg.pinv(model.jacobian(linear[0], r0, sd))[:3], dtype=np.float64)
    error = view.standard(response, model.r)
    if linear[0] <= 0 or (view.known and linear[0] < SIGNIFICANT * error[2]):
        reason = f"{NOT_DETECTED}: area {linear[0]:.2g} +- {error[2]:.1g} is not above {SIGNIFICANT:g} sigma"
        return {k: missing(UNITS[k], HOW[k], reason) for k in UNITS}, None
    misfit = _misfit(view, g, left, model.r)
    for key, i, size in (("position", 0, sd), ("width", 1, sd), ("area", 2, float(linear[0]))):
        found[key] = Value(float(values[i]), float(error[i]), UNITS[key], HOW[key], view.why(), misfit * size)
    if sd <= SD_LIMITS_ANG[0] + 1e-6:
        found["width"] = missing(UNITS["width"], HOW["width"], "narrower than termination lets see")
    found["coordination"] = _coordination(view, found["area"], at_zero, pair)
    baseline = model.fixed + model.base @ linear[1:]
    peak = PdfPeak(name, model.r, g, g - left, baseline, float(np.sqrt(np.sum(left**2) / np.sum(g**2))))
    return found, peak


def _weight(view: View, pair: Sequence[str] | None, where: str) -> tuple[Array, float]:
    """w(Q) / w(0) and w(0) of b around a; ones without a pair."""
    fractions, q = view.of.composition, view.of.q_inv_ang
    if pair is None:
        return np.ones(q.size), NAN
    for element in pair:
        if element not in fractions:
            raise UserError(f"{where}.pair", f"{element} is not in the composition ({', '.join(fractions)})", "mend it")
    f = factors(fractions, np.append(0.0, q))
    mean = np.asarray(sum(c * f[element] for element, c in fractions.items()))
    a, b = pair
    weight = (2.0 - (a == b)) * fractions[a] * f[a] * f[b] / mean**2
    return weight[1:] / weight[0], float(weight[0])


def _model(view: View, r: Array, weight: Array) -> _Model:
    t, p = view.of, view.of.propagation
    matrix = view.sine.matrix(r)
    through = matrix - (matrix @ p.filter_left.T) @ p.filter_right
    if t.absolute:
        return _Model(r, through, t.q_inv_ang, weight, np.empty((r.size, 0)), -4.0 * np.pi * t.rho0_inv_ang3 * r)
    base = np.column_stack([np.ones(r.size), r - r.mean()])
    return _Model(r, through, t.q_inv_ang, weight, base, np.zeros(r.size))


def _search(model: _Model, g: Array, start_ang: float) -> tuple[float, float] | str:
    """r0 and s of the least squares, or why there is none."""
    from scipy.optimize import least_squares

    low, high = float(model.r[0]), float(model.r[-1])
    widest = min(SD_LIMITS_ANG[1], 0.5 * (high - low))
    found = least_squares(
        lambda x: model.solve(g, float(x[0]), float(x[1]))[1], (start_ang, min(0.1, 0.5 * widest)),
        bounds=((low, SD_LIMITS_ANG[0]), (high, widest)), x_scale=(0.01, 0.02), xtol=1e-10, ftol=1e-12,
    )  # fmt: skip
    r0, sd = (float(x) for x in found.x)
    edge = 1e-3 * (high - low)
    if not low + edge < r0 < high - edge:
        return f"{NOT_DETECTED}: the fitted distance runs to an end of the range"
    if sd > widest - 1e-6:
        return f"{NOT_DETECTED}: the fitted shell is as wide as the range"
    return r0, sd


def _maximum(view: View, used: npt.NDArray[np.intp]) -> dict[str, Value] | None:
    """Position and height of the largest G in the range; None where it is at an end."""
    t, g = view.of, view.g
    top = int(used[np.argmax(g[used])])
    if top in (used[0], used[-1]):
        return None
    step = float(t.r_ang[1] - t.r_ang[0])
    left, mid, right = g[top - 1 : top + 2]
    bend = left - 2.0 * mid + right
    if bend >= 0:
        return None
    shift = 0.5 * (left - right) / bend
    at = float(t.r_ang[top]) + shift * step
    around = np.array([at - step, at, at + step])
    rows = np.array([[0.0, 1.0, 0.0], np.array([0.5, 0.0, -0.5]) * step / bend])
    error = view.standard(rows, around)
    height = float(mid - 0.125 * (left - right) ** 2 / bend)
    return {
        "maximum": Value(at, float(error[1]), UNITS["maximum"], HOW["maximum"], view.why()),
        "height": Value(height, float(error[0]), UNITS["height"], HOW["height"], view.why()),
    }


def _misfit(view: View, g: Array, left: Array, r: Array) -> float:
    """Share of G in the range that the shell leaves, rms over rms, beyond what noise leaves."""
    noise = float(np.sum(view.standard(np.eye(r.size), r) ** 2)) if view.known else 0.0
    return float(np.sqrt(max(float(np.sum(left**2)) - noise, 0.0) / np.sum(g**2)))


def _coordination(view: View, area: Value, at_zero: float, pair: Sequence[str] | None) -> Value:
    method = HOW["coordination"] + (f": {pair[1]} around {pair[0]}, area over its weight at Q = 0" if pair else "")
    if not view.of.absolute:
        return missing("1", method, ADHOC)
    if pair is None:
        return missing("1", method, "no pair of elements is named for this peak")
    return Value(area.value / at_zero, area.u_stat / at_zero, "1", method, view.why(), area.extra_sys / at_zero)
