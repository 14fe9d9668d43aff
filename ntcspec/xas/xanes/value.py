"""One number that was read from a spectrum, before it becomes a metric."""

from __future__ import annotations

from dataclasses import dataclass

NAN = float("nan")


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
