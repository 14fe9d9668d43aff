"""Absolute normalisation: I(Q) in electron units per atom, Compton scattering taken off.

Symbols: I intensity on the grid; alpha scale, b constant (fluorescence, multiple scattering); m = <f^2> + C what S = 1
would give; rho0 atoms per A^3; A sine transform to r below r_c, B back transform, n passes.

    S - 1 = (alpha I - b - m) / <f>^2,     F = Q (S - 1)

Scale, one of two:
- `least_squares`: sum w (alpha I - b - m)^2 is least over Q > q_fit, w = Q^4 (glassure's residual times Q^2);
- `krogh_moe` (Krogh-Moe, Acta Cryst. 9, 951 (1956); Norman, Acta Cryst. 10, 370 (1957)), from S(r = 0) = 0:
  alpha = [int Q^2 m/<f>^2 e dQ - 2 pi^2 rho0] / int Q^2 I/<f>^2 e dQ, e = exp(-k Q^2), by trapezoids.

Low-r filter (Kaplow, Strong, Averbach, Phys. Rev. 138, A1336 (1965); Eggert et al., Phys. Rev. B 65, 174105 (2002)):
what G holds below r_c besides -4 pi rho0 r is transformed back and taken off, n times. It is linear in F:

    F <- F - B (A F + 4 pi rho0 r)      n times:  F_n = H F - c,  H = (1 - B A)^n = 1 - B X A,  X = sum (1 - A B)^i

Gate: the slope of G below the first peak, before the filter and with the Lorch window, must be -4 pi rho0 within its
uncertainty. Without that window the ripples of the first peak hide the slope.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ntcspec.errors import UserError
from ntcspec.scattering.atoms import Averages
from ntcspec.scattering.sine import Sine
from ntcspec.types import Array

RANK_TOLERANCE = 1e-9
MIN_FIT_POINTS = 20
GATE_SIGMA = 2.0
TABLES = (
    0.02  # relative uncertainty of free-atom form factors and Compton scattering, and of what Lorch does to a slope
)
GATE_WIDEST = 0.2  # relative uncertainty of the slope beyond which nothing can be said


@dataclass(frozen=True)
class Scaled:
    """alpha, b and their response to I, shape (Q,) each."""

    alpha: float
    constant: float
    alpha_by_intensity: Array
    constant_by_intensity: Array


@dataclass(frozen=True)
class Slope:
    """Slope of G(r) at low r (1/A^3): found, expected, uncertainty by ripples and by counting, and the verdict."""

    found: float
    expected: float
    error: float
    passed: bool
    words: str


def least_squares(q: Array, intensity: Array, model: Array, *, fit_qmin_inv_ang: float, constant: bool) -> Scaled:
    """alpha and b by linear least squares above fit_qmin. Raises UserError for too few points there."""
    used = q > fit_qmin_inv_ang
    if used.sum() < MIN_FIT_POINTS:
        raise UserError(
            "transform.absolute.fit_qmin_inv_ang", f"{int(used.sum())} points lie above {fit_qmin_inv_ang:g} 1/A",
            "lower it, or give data to higher Q",
        )  # fmt: skip
    weight = np.where(used, q**4, 0.0)
    columns = [intensity, np.full(q.size, -1.0)] if constant else [intensity]
    design = np.array(columns)
    normal = (design * weight) @ design.T
    inverse = np.linalg.inv(normal)
    found = inverse @ (design * weight) @ model
    left = model - found @ design  # what is left over
    # d(found) = inverse [ dD w left - D w (found . dD) ], and only the first row of D depends on I
    by = inverse[:, :1] * (weight * left) - (inverse @ (design * weight)) * found[0]
    second = by[1] if constant else np.zeros(q.size)
    return Scaled(float(found[0]), float(found[1]) if constant else 0.0, by[0], second)


def krogh_moe(
    q: Array, intensity: Array, model: Array, mean_squared: Array, *, rho0_inv_ang3: float, damping_ang2: float
) -> Scaled:
    """alpha by the integral; no constant. Raises UserError where the integral over I is not positive."""
    step = np.gradient(q)
    step[[0, -1]] *= 0.5
    weight = step * q**2 * np.exp(-damping_ang2 * q**2) / mean_squared
    below = float(weight @ intensity)
    if below <= 0:
        raise UserError("transform", "the integral of Q^2 I(Q) / <f>^2 is not positive", "check the background scale")
    alpha = (float(weight @ model) - 2.0 * np.pi**2 * rho0_inv_ang3) / below
    return Scaled(alpha, 0.0, -alpha * weight / below, np.zeros(q.size))


@dataclass(frozen=True, eq=False)
class LowR:
    """The low-r filter: F -> F - left^T (right F) - shift. Shapes (rank, Q) and (Q,)."""

    left: Array
    right: Array
    shift: Array

    def __call__(self, f_inv_ang: Array) -> Array:
        """F_n; shape (..., Q)."""
        return f_inv_ang - (f_inv_ang @ self.right.T) @ self.left - self.shift


def no_filter(points: int) -> LowR:
    """Nothing is taken off."""
    return LowR(np.empty((0, points)), np.empty((0, points)), np.zeros(points))


def low_r_filter(sine: Sine, *, cut_ang: float, passes: int, rho0_inv_ang3: float) -> LowR:
    """The filter on the points of F of `sine`; the window is not applied in it."""
    plain = replace(sine, lorch=False)
    count = max(16, int(np.ceil(cut_ang * sine.qmax_inv_ang * 8.0 / np.pi)))
    r = (np.arange(count, dtype=np.float64) + 0.5) * (cut_ang / count)
    forward = plain.matrix(r)
    back = np.sin(np.multiply.outer(sine.q_inv_ang, r)) * (cut_ang / count)
    inner = np.eye(count) - forward @ back
    total, power = np.zeros((count, count)), np.eye(count)
    for _ in range(passes):
        total, power = total + power, power @ inner
    shift = back @ (total @ (4.0 * np.pi * rho0_inv_ang3 * r))
    # G below r_c has few degrees of freedom: keep those
    q_back, r_back = np.linalg.qr(back)
    q_forward, r_forward = np.linalg.qr(forward.T)
    u, size, v = np.linalg.svd(r_back @ total @ r_forward.T)
    kept = size > RANK_TOLERANCE * size[0]
    return LowR((q_back @ (u[:, kept] * size[kept])).T, (q_forward @ v[kept].T).T, shift)


def low_r_slope(sine: Sine, f_inv_ang: Array, *, range_ang: tuple[float, float]) -> tuple[float, float, Array]:
    """Slope of G (Lorch) through 0 in the range, its uncertainty by ripples, and the row that gives it from F.

    Ripples of G have the resolution pi / qmax: the range holds so many independent values.
    """
    low, high = range_ang
    count = max(8, int((high - low) * sine.qmax_inv_ang * 4 / np.pi))
    r = np.asarray(np.linspace(low, high, count), dtype=np.float64)
    matrix = replace(sine, lorch=True).matrix(r)
    row = r @ matrix / float(r @ r)
    slope = float(row @ f_inv_ang)
    left = matrix @ f_inv_ang - slope * r
    independent = max(1.0, (high - low) * sine.qmax_inv_ang / np.pi)
    ripple = float(np.sqrt(np.mean(left**2) / np.mean(r**2) / independent))
    return slope, ripple, row


def judge(slope: float, error: float, rho0_inv_ang3: float) -> Slope:
    """Whether the slope is that of an absolute G(r)."""
    if not np.isfinite(rho0_inv_ang3):
        words = "not absolute: rho0 is not given, so the slope of G(r) at low r cannot be tested"
        return Slope(slope, float("nan"), error, False, words)
    expected = -4.0 * np.pi * rho0_inv_ang3
    found = f"slope of G(r) at low r {slope:.3g} +- {error:.2g}, expected {expected:.3g} 1/A^3"
    if not error <= GATE_WIDEST * abs(expected):
        return Slope(slope, expected, error, False, f"not absolute: cannot be decided; {found}")
    if abs(slope - expected) > GATE_SIGMA * error:
        return Slope(slope, expected, error, False, f"not absolute: {found}")
    return Slope(slope, expected, error, True, f"absolute: {found}")


def f_of(q: Array, intensity: Array, scaled: Scaled, average: Averages, model: Array) -> Array:
    """F(Q) in 1/A."""
    return q * (scaled.alpha * intensity - scaled.constant - model) / average.mean_squared


def terms(q: Array, intensity: Array, scaled: Scaled, average: Averages) -> tuple[Array, Array, Array]:
    """gain, left and right of dF/dI = diag(gain) + left^T right."""
    per = q / average.mean_squared
    left, right = [per * intensity], [scaled.alpha_by_intensity]
    if scaled.constant_by_intensity.any():
        left.append(-per)
        right.append(scaled.constant_by_intensity)
    return scaled.alpha * per, np.array(left), np.array(right)
