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
class SampleNumbers:
    """All numbers of a sample: metrics by 'measurement.metric', properties by name."""

    metrics: Mapping[str, Number]
    properties: Mapping[str, Number]
