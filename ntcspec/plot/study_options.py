"""Options of the panels of the study as a whole; standard library only."""

from __future__ import annotations

from dataclasses import dataclass

from ntcspec.plot.options import Limits, flag, limits, names, option, word


@dataclass(frozen=True)
class CorrelationOptions:
    """Options of 'study.correlation'."""

    metrics: tuple[str, ...] = option((), names, "", "metrics as `measurement.metric`, one a row")
    labels: tuple[str, ...] | None = option(None, names, "", "names of the rows, in the same order")
    against: str | None = option(None, word, "", "property on the horizontal axis; required")
    x_log: bool = option(True, flag, "", "logarithmic horizontal axis")


@dataclass(frozen=True)
class TrendOptions:
    """Options of 'study.trend'."""

    metrics: tuple[str, ...] = option((), names, "", "up to four metrics of one unit, as `measurement.metric`")
    against: str | None = option(None, word, "", "property on the horizontal axis; without it the samples in order")
    label: str | None = option(None, word, "", "name of the vertical axis; by default that of the metric")
    x_log: bool = option(False, flag, "", "logarithmic horizontal axis")
    y_log: bool = option(False, flag, "", "logarithmic vertical axis")
    xlim: Limits | None = option(None, limits, "", "range of the horizontal axis, in the unit of the property")
    ylim: Limits | None = option(None, limits, "", "range of the vertical axis, in the unit of the metric")
