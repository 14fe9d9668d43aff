"""results/trends.csv: each metric against each property of the samples that the study names, and how strong that is.

Order of steps, for one metric and one property: take the samples that have both, and say why the others have not; rank
correlations with the exact chance of such an order (`order.py`); a straight line against the property or its log10,
weighted (`line.py`); count the neighbours in the order of the property that differ by more than twice their joint
uncertainty; over all rows, what the number of tests makes of the chances.

Two questions are kept apart. Whether these samples differ in that order is a matter of their error bars (`steps`).
Whether the property and the metric belong together in general is a matter of how many samples there are (p): fewer
than five cannot decide it, however small their error bars.
"""

from __future__ import annotations

import csv
import fnmatch
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ntcspec.study.judge import CLEAR, weighted
from ntcspec.study.line import Line, line
from ntcspec.study.order import FEW, Order, false_discovery, order, smallest_p
from ntcspec.study.table import RECORD_PREFIX
from ntcspec.types import Array
from ntcspec.types.study import Agreement, Number

COLUMNS = (
    "property", "property_unit", "scale", "metric", "metric_unit", "n", "samples", "spearman_rho", "p_rho",
    "kendall_tau", "p_tau", "p_tau_all_tests", "steps_beyond_2u", "steps", "slope", "slope_unit", "u_stat", "u_sys",
    "reduced_chi2", "verdict", "missing",
)  # fmt: skip
DECIDED = 0.05  # p below which a direction is stated


@dataclass(frozen=True)
class Point:
    """One sample that has both numbers."""

    sample: str
    x: Number  # the property
    y: Number  # the metric


@dataclass(frozen=True)
class Trend:
    """One metric against one property."""

    about: str  # the property
    scale: str  # linear or log
    metric: str
    points: tuple[Point, ...]  # in the order of the property
    missing: tuple[str, ...]  # 'sample: reason'
    order: Order
    line: Line
    steps: tuple[int, int]  # neighbours that differ clearly; neighbours


def trends_of(
    table: Mapping[str, Mapping[str, Number]],
    properties: Mapping[str, Mapping[str, Number]],
    wanted: Mapping[str, Mapping[str, Any]],
) -> list[Trend]:
    """Every trend that the study names.

    table: numbers by sample and 'measurement.metric'; properties: by sample and name, in the order of the study;
    wanted: by property `scale`, `metrics` (names, with * and ? as wildcards), `samples` (None for all).
    A metric that fewer than two samples have is left out, but one that is named without a wildcard. Where nothing is
    left of a property, one trend without points says so.
    """
    found: list[Trend] = []
    metrics = list(dict.fromkeys(name for numbers in table.values() for name in numbers))
    for about, how in wanted.items():
        samples, before = how["samples"] or list(properties), len(found)
        for metric in chosen(metrics, how["metrics"]):
            trend = _trend(about, how["scale"], metric, samples, table, properties)
            if len(trend.points) > 1 or metric in how["metrics"]:
                found.append(trend)
        if len(found) == before:
            found.append(_nothing(about, how, samples, properties))
    return found


def _nothing(
    about: str, how: Mapping[str, Any], samples: Sequence[str], properties: Mapping[str, Mapping[str, Number]]
) -> Trend:
    """What stands for a property against which there is no trend at all."""
    given = [properties.get(sample, {}).get(about) for sample in samples]
    n = sum(x is not None and math.isfinite(x.value) for x in given)
    why = f"{n} of {len(samples)} sample{'s' * (len(samples) != 1)} have {about}; no two of them have the same metric"
    none = np.empty(0)
    lines = (order(none, none), line(none, none, none, none, none))
    return Trend(about, how["scale"], ", ".join(how["metrics"]), (), (why,), *lines, (0, 0))


def chosen(metrics: Sequence[str], patterns: Sequence[str]) -> list[str]:
    """Metrics that any pattern matches, in the order of the patterns; a name that there is not stays."""
    out: dict[str, None] = {}
    for pattern in patterns:
        matching = [pattern] if pattern in metrics else fnmatch.filter(metrics, pattern)
        out.update(dict.fromkeys(matching or ([] if set(pattern) & set("*?[") else [pattern])))
    return list(out)


def points_of(
    about: str,
    scale: str,
    metric: str,
    samples: Sequence[str],
    table: Mapping[str, Mapping[str, Number]],
    properties: Mapping[str, Mapping[str, Number]],
) -> tuple[list[Point], list[str]]:
    """The samples that have both numbers, in the order of the property; and why the others have not."""
    points, missing = [], []
    for sample in samples:
        x, y = properties.get(sample, {}).get(about), table.get(sample, {}).get(metric)
        reason = _reason(about, x, scale) or _reason("it", y, "linear", nothing="not measured")
        if reason or x is None or y is None:
            missing.append(f"{sample}: {reason}")
        else:
            points.append(Point(sample, x, y))
    unit = points[0].y.unit if points else ""
    missing += [f"{p.sample}: in {p.y.unit}, not {unit}" for p in points if p.y.unit != unit]
    return sorted((p for p in points if p.y.unit == unit), key=lambda p: p.x.value), missing


def _trend(
    about: str,
    scale: str,
    metric: str,
    samples: Sequence[str],
    table: Mapping[str, Mapping[str, Number]],
    properties: Mapping[str, Mapping[str, Number]],
) -> Trend:
    points, missing = points_of(about, scale, metric, samples, table, properties)
    places, u_x = _places(points, scale)
    heights, u_stat, u_sys = (np.array([getattr(p.y, name) for p in points]) for name in ("value", "u_stat", "u_sys"))
    fitted = line(places, heights, u_stat, u_sys, u_x)
    return Trend(about, scale, metric, tuple(points), tuple(missing), order(places, heights), fitted, _steps(points))


def _reason(name: str, number: Number | None, scale: str, nothing: str = "") -> str:
    """Why a number cannot be used; '' if it can."""
    if number is None:
        return nothing or f"has no {name}"
    if not math.isfinite(number.value):
        return f"{name}: {number.reason or 'no value'}"
    return f"{name} is not above zero" if scale == "log" and number.value <= 0 else ""


def _places(points: Sequence[Point], scale: str) -> tuple[Array, Array]:
    """Property of each point, or its log10, with its uncertainty; NaN where that is not known."""
    value, u = np.array([p.x.value for p in points]), np.array([p.x.u_stat for p in points])
    return (np.log10(value), u / value / math.log(10.0)) if scale == "log" else (value, u)


def _steps(points: Sequence[Point]) -> tuple[int, int]:
    """How many neighbours of unlike property differ by more than twice their joint uncertainty, and of how many.

    Systematic uncertainties add by size, as in claims: what they have in common is not known here.
    """
    clear = total = 0
    for low, high in pairwise(points):
        if high.x.value > low.x.value:
            step = weighted([(1.0, high.y), (-1.0, low.y)], "worst")
            total += 1
            clear += step.u > 0 and abs(step.value) > CLEAR * step.u
    return clear, total


def trends_csv(trends: Sequence[Trend], record_json: str) -> str:
    """The table as text, one row a trend. Its first line is a comment that holds the record."""
    out = io.StringIO()
    out.write(f"{RECORD_PREFIX}{record_json}\n")
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    corrected = false_discovery(np.array([t.order.p_tau for t in trends], dtype=np.float64))
    for trend, p in zip(trends, corrected, strict=True):
        writer.writerow(_row(trend, float(p)))
    return out.getvalue()


def _row(trend: Trend, corrected: float) -> dict[str, Any]:
    first = trend.points[0] if trend.points else None
    unit, of = (first.y.unit, first.x.unit) if first else ("", "")
    by = "decade" if trend.scale == "log" else of
    return {
        "property": trend.about, "property_unit": of, "scale": trend.scale, "metric": trend.metric,
        "metric_unit": unit, "n": len(trend.points), "samples": "; ".join(p.sample for p in trend.points),
        "spearman_rho": _text(trend.order.rho), "p_rho": _text(trend.order.p_rho),
        "kendall_tau": _text(trend.order.tau), "p_tau": _text(trend.order.p_tau), "p_tau_all_tests": _text(corrected),
        "steps_beyond_2u": trend.steps[0], "steps": trend.steps[1], "slope": _text(trend.line.slope),
        "slope_unit": f"{unit}/{by}" if unit else "", "u_stat": _text(trend.line.u_stat),
        "u_sys": _text(trend.line.u_sys), "reduced_chi2": _text(trend.line.reduced_chi2),
        "verdict": verdict(trend), "missing": "; ".join(trend.missing),
    }  # fmt: skip


def verdict(trend: Trend) -> str:
    """Rises, falls or not decided, in words that say why."""
    found, n = trend.order, len(trend.points)
    if n < 3:
        return f"not decided: {n} sample{'' if n == 1 else 's'}"
    if math.isnan(found.tau):
        return "not decided: all values are equal"
    direction = "rises" if found.tau > 0 else "falls"
    clear = f"{trend.steps[0]} of {trend.steps[1]} steps beyond twice their uncertainty"
    if found.p_tau <= DECIDED:
        return f"{direction}; {clear}"
    few = f"; no order of {n} is rarer than p = {smallest_p(n):.2g}" if n < FEW else ""
    perfect = f"in order, it {direction}" if abs(found.tau) > 1.0 - 1e-9 else "not in one order"
    return f"not decided: {perfect}, p = {found.p_tau:.2g}{few}; {clear}"


def agreement(trend: Trend) -> Agreement:
    """The same for a panel: direction only where the samples stand in one order."""
    found = trend.order
    direction = ("rises" if found.tau > 0 else "falls") if abs(found.tau) > 1.0 - 1e-9 else ""
    return Agreement(
        n=len(trend.points),
        direction=direction,
        p=found.p_tau,
        decided=bool(found.p_tau <= DECIDED),
        clear=trend.steps[0],
        steps=trend.steps[1],
    )


def _text(value: float) -> str:
    """Six significant digits: rounding noise of a platform ends before. Empty where there is no value."""
    return f"{value:.6g}" if math.isfinite(value) else ""
