"""One number that was read from a spectrum, before it becomes a metric; the same for all techniques."""

from __future__ import annotations

from dataclasses import dataclass

NAN = float("nan")
SIGNIFICANT = 3.0  # of its own uncertainty, below which nothing counts as detected
WEAK = f"not detected: below {SIGNIFICANT:g} sigma"


@dataclass(frozen=True)
class Value:
    """value and u_stat in `unit`; NaN stands for missing, and then `reason` says why."""

    value: float
    u_stat: float
    unit: str
    method: str
    reason: str = ""


def missing(unit: str, method: str, reason: str) -> Value:
    """A value that is not there."""
    return Value(NAN, NAN, unit, method, reason)
