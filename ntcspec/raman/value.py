"""A value with its statistical uncertainty, or the reason why it is missing."""

from __future__ import annotations

from dataclasses import dataclass

NAN = float("nan")
SIGNIFICANT = 3.0
WEAK = f"not detected: below {SIGNIFICANT:g} sigma"


@dataclass(frozen=True)
class Value:
    """NaN stands for missing, and then `reason` says why."""

    value: float
    u_stat: float
    unit: str
    method: str
    reason: str = ""


def missing(unit: str, method: str, reason: str) -> Value:
    """A value that could not be had."""
    return Value(NAN, NAN, unit, method, reason)
