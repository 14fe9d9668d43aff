"""What comes of a claim: the verdict, the effect that it rests on, and the numbers that were used."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ntcspec.study.judge import Sum
from ntcspec.types.study import Number

HOLDS, NOT, OPEN = "holds", "does not hold", "cannot be decided"
NOTHING = Sum(math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class Used:
    """One number that a claim is tested on; a missing one has its reason."""

    sample: str
    metric: str
    number: Number


@dataclass(frozen=True)
class Finding:
    """The verdict on a claim."""

    verdict: str
    why: str  # one sentence
    n: int  # samples with a value
    effect: Sum = NOTHING
    unit: str = ""
    effect_is: str = ""  # what the effect is, in words
    p: float = math.nan  # chance of such an order, for trends
    general: str = ""  # what a trend says beyond these samples


def verdict_of(sides: list[int]) -> str:
    """One contradiction is enough against a claim; for it, all must bear it out."""
    if any(s < 0 for s in sides):
        return NOT
    return HOLDS if sides and all(s > 0 for s in sides) else OPEN


def missing_of(used: tuple[Used, ...]) -> list[str]:
    """'sample: reason' of the numbers without a value."""
    return [f"{u.sample}: {u.number.reason or 'no value'}" for u in used if not math.isfinite(u.number.value)]


def unit_trouble(used: tuple[Used, ...]) -> str:
    """Why numbers cannot be compared, if their units differ; else ''."""
    units = {u.number.unit: u.sample for u in used if math.isfinite(u.number.value)}
    return "the units differ: " + ", ".join(f"{unit} ({s})" for unit, s in units.items()) if len(units) > 1 else ""


def unknown_of(used: tuple[Used, ...]) -> str:
    """What is not known of the uncertainties, as the end of a sentence; '' if all is known."""
    with_value = [u for u in used if math.isfinite(u.number.value)]
    lacks = []
    for name, what in (("u_stat", "statistical"), ("u_sys", "systematic")):
        samples = [u.sample for u in with_value if math.isnan(getattr(u.number, name))]
        if samples:
            lacks.append(f"{what} uncertainty not known of {', '.join(dict.fromkeys(samples))}")
    return "; " + "; ".join(lacks) if lacks else ""
