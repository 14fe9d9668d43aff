"""What the study as a whole knows of a sample: the numbers of its metrics and of its properties."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ntcspec.types import scalar, text


@dataclass(frozen=True)
class Number:
    """A number with its unit and uncertainties. NaN stands for missing, and then `reason` says why."""

    value: float = scalar("", "value in `unit`")
    unit: str = text("unit of value and uncertainties")
    u_stat: float = scalar("", "statistical standard uncertainty; NaN if none is known")
    u_sys: float = scalar("", "systematic uncertainty; NaN if none is known")
    reason: str = text("why the value is missing")


@dataclass(frozen=True)
class Agreement:
    """What the order of a few samples says of a metric against a property."""

    n: int = scalar("1", "samples that have both numbers")
    direction: str = text("rises or falls, if the samples stand in one order; else empty")
    p: float = scalar("1", "chance of an order as far from chance (Kendall, two-sided); NaN if there is none")
    decided: bool = scalar("", "p is small enough to state a direction in general")
    clear: int = scalar("1", "neighbours that differ by more than twice their joint uncertainty")
    steps: int = scalar("1", "neighbours")


@dataclass(frozen=True)
class StudyOrders:
    """What the samples of a panel say together, by 'measurement.metric'."""

    orders: Mapping[str, Agreement]


@dataclass(frozen=True)
class SampleNumbers:
    """All numbers of a sample: metrics by 'measurement.metric', properties by name."""

    metrics: Mapping[str, Number]
    properties: Mapping[str, Number]
