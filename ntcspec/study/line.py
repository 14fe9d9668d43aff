"""A straight line through few samples, with statistical and systematic uncertainty of its slope kept apart.

Symbols: x_i property (or its log10), y_i metric, s_i statistical and t_i systematic uncertainty of y_i, v_i standard
uncertainty of x_i, w_i weights, b slope.

    w_i = 1 / (s_i^2 + t_i^2 + b^2 v_i^2), b from the step before (effective variance)
    b = sum_i c_i y_i, c_i = w_i (x_i - <x>_w) / sum w (x - <x>_w)^2
    u_stat(b)^2 = sum_i c_i^2 (s_i^2 + b^2 v_i^2)        independent from sample to sample
    u_sys(b) = sum_i |c_i| t_i                           the most that errors of unknown common cause can do

Where the uncertainty of no sample is known, all weigh alike and the scatter about the line is u_stat; then u_sys is
missing. Where some are not known, these weigh like the worst of the known. A reduced chi-square above 1 says that the
line, or the errors, are not the whole truth: it is handed on, and nothing is scaled by it.

Source: J. Orear, Am. J. Phys. 50, 912 (1982).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ntcspec.types import Array

_ROUNDS = 20


@dataclass(frozen=True)
class Line:
    """y = intercept + slope x; NaN where there are fewer than three samples or all x are equal."""

    n: int
    slope: float
    u_stat: float
    u_sys: float
    intercept: float
    reduced_chi2: float  # NaN where no uncertainty is known


def line(x: Array, y: Array, u_stat: Array, u_sys: Array, u_x: Array) -> Line:
    """Weighted straight line; all of shape (n,). NaN in u_stat, u_sys or u_x: not known, which counts as none."""
    n = x.size
    if n < 3 or np.ptp(x) == 0.0:
        return Line(n, *(np.nan,) * 5)
    s, t, v = (np.nan_to_num(u) for u in (u_stat, u_sys, u_x))
    known = (s > 0) | (t > 0)
    own = s**2 + t**2
    own = np.where(known, own, own[known].max()) if known.any() else np.ones(n)
    slope = _influence(x, np.ones(n)) @ y
    for _ in range(_ROUNDS):
        variance = own + (slope * v) ** 2 if known.any() else own
        influence = _influence(x, 1.0 / variance)
        before, slope = slope, influence @ y
        if abs(slope - before) <= 1e-12 * abs(slope):
            break
    weights = 1.0 / variance
    intercept = float(weights @ (y - slope * x) / weights.sum())
    chi2 = float(weights @ (y - intercept - slope * x) ** 2) / (n - 2)
    if not known.any():
        return Line(n, float(slope), float(np.sqrt(chi2 * np.sum(influence**2))), np.nan, intercept, np.nan)
    statistical = float(np.sqrt(influence**2 @ (s**2 + (slope * v) ** 2)))
    return Line(n, float(slope), statistical, float(np.abs(influence) @ t), intercept, chi2)


def _influence(x: Array, weights: Array) -> Array:
    """What each y adds to the slope, per unit."""
    away = x - weights @ x / weights.sum()
    return np.asarray(weights * away / (weights @ away**2))
