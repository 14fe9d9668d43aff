"""Numbers of samples put together for a claim, and on which side of a limit they lie.

Symbols: value v_i, statistical standard uncertainty s_i, systematic uncertainty t_i of sample i; a sum of numbers
with weights c_i.

    d = sum_i c_i v_i,  s(d)^2 = sum_i c_i^2 s_i^2
    t(d) = sum_i |c_i| t_i          'worst': how they go together is not known; the most they can do
           sqrt(sum_i c_i^2 t_i^2)  'independent'
           |sum_i c_i t_i|          'common': the same sign in all samples
    u(d)^2 = s(d)^2 + t(d)^2

A number lies clearly above a limit if it is more than 2 u above it, clearly below likewise; between, nothing is
decided. That is about 95 % where u is statistical; a systematic uncertainty is half a range, and twice it is more.
An uncertainty that is not known counts as none beside one that is known, which the verdict then says; where neither is
known nothing can be said of a difference.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ntcspec.types.study import Number

CLEAR = 2.0  # joint standard uncertainties
DETECTED = 3.0  # the same for a feature that is there
NOT_DETECTED = ("below 3 sigma", "not detected", "no maximum")  # how a reason begins that means: looked for, not found


@dataclass(frozen=True)
class Sum:
    """A number made of those of samples, in their unit."""

    value: float
    u_stat: float  # NaN: not known
    u_sys: float  # NaN: not known

    @property
    def u(self) -> float:
        """Both together; NaN if neither is known."""
        if math.isnan(self.u_stat) and math.isnan(self.u_sys):
            return math.nan
        return math.hypot(*(0.0 if math.isnan(u) else u for u in (self.u_stat, self.u_sys)))


def weighted(numbers: Sequence[tuple[float, Number]], systematic: str) -> Sum:
    """The sum of (weight, number). An uncertainty is not known if it is not known of any of them."""
    stat = [(c, n.u_stat) for c, n in numbers if not math.isnan(n.u_stat)]
    sys = [(c, n.u_sys) for c, n in numbers if not math.isnan(n.u_sys)]
    together = {
        "worst": sum(abs(c) * t for c, t in sys),
        "independent": math.hypot(*(c * t for c, t in sys)),
        "common": abs(sum(c * t for c, t in sys)),
    }
    known = all(known_u(n) for _, n in numbers)  # one number of which nothing is known makes the sum unknown
    return Sum(
        sum(c * n.value for c, n in numbers),
        math.hypot(*(c * s for c, s in stat)) if stat and known else math.nan,
        together[systematic] if sys and known else math.nan,
    )


def known_u(number: Number) -> bool:
    """Whether any uncertainty of it is known."""
    return not (math.isnan(number.u_stat) and math.isnan(number.u_sys))


def side(of: Sum, limit: float) -> int:
    """1 clearly above the limit, -1 clearly below, 0 undecided."""
    if math.isnan(of.u) or of.value == limit:
        return 0
    away = of.value - limit
    return 0 if abs(away) <= CLEAR * of.u else (1 if away > 0 else -1)


def inside(of: Sum, low: float, high: float) -> int:
    """1 clearly between the limits, -1 clearly outside, 0 undecided."""
    if side(of, low) < 0 or side(of, high) > 0:
        return -1
    return 1 if side(of, low) > 0 and side(of, high) < 0 else 0


def detected(number: Number) -> int:
    """1 if a feature is there, -1 if it was looked for and not found or is consistent with zero, 0 undecided."""
    if not math.isfinite(number.value):
        return -1 if number.reason.startswith(NOT_DETECTED) else 0
    of = weighted([(1.0, number)], "worst")
    if math.isnan(of.u):
        return 0
    if of.value > DETECTED * of.u:
        return 1
    return -1 if of.value <= CLEAR * of.u else 0


def text(value: float) -> str:
    """Six significant digits: rounding noise of a platform ends before. Empty where there is no value."""
    return f"{value:.6g}" if math.isfinite(value) else ""


def shown(number: Number) -> str:
    """'0.46 u 0.003 0.04 eV', statistical and systematic; or why it is missing."""
    if not math.isfinite(number.value):
        return f"missing ({number.reason or 'no value'})"
    us = " ".join(f"{u:.2g}" if math.isfinite(u) else "?" for u in (number.u_stat, number.u_sys))
    return f"{number.value:.6g} u {us}" + (f" {number.unit}" if number.unit not in ("", "1") else "")
