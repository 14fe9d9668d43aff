"""Several metrics against one property in one panel, a row each, with what their order says. numpy only.

Symbols: value v of a metric, l and h the lowest and highest end of the error bars in its row.

    height in the row = (v - l) / (h - l), from 0 to 1

So each row shows how large its change is beside its uncertainties; how large it is in its own unit stands beside it, as
the values at both ends of the property. Rows do not compare in height. The words on order and chance are those of
results/trends.csv, for the samples of the panel.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ntcspec.plot import Entry, build, units
from ntcspec.plot.build import NBSP, NONE, Found, Missing
from ntcspec.plot.data import GUIDE, PanelData, Series, Strip
from ntcspec.plot.study_options import CorrelationOptions
from ntcspec.plot.study_trend import Point, bars_note, limits_of, series_of, words_of
from ntcspec.types import Array
from ntcspec.types.study import Agreement, Number, SampleNumbers, StudyOrders

ROOM = 0.12  # of a row, free above and below
ARROW = NBSP + "→" + NBSP


def correlation(entries: Sequence[Entry], opts: CorrelationOptions) -> PanelData:
    """Several metrics against one property, a row each: error bars, and whether the metric rises, falls, or neither.

    Beside each row: the values at its ends, how many steps are clear, and the exact chance of such an order.
    """
    found, missing = build.find(entries, SampleNumbers)
    orders: Mapping[str, Agreement] = next((o.orders for e in entries if (o := build.artifact(e, StudyOrders))), {})
    rows: list[list[Series]] = []
    strips: list[Strip] = []
    for name, label in zip(opts.metrics, opts.labels or opts.metrics, strict=False):
        points = _row(name, found, opts, missing)
        if points:
            low, high = _span(points)
            rows.append([_placed(p, low, high, len(rows)) for p in points])
            strips.append(_strip(name, label, points, low, high, orders.get(name)))
    series = [s for row in rows for s in row]
    x_limits = limits_of([s.x for s in series], opts.x_log)
    drawn = [f for f in found if any(s.colour == f.index for s in series)]
    unit = next((f.artifact.properties[opts.against].unit for f in drawn if opts.against), "1")
    axes = {"x_label": words_of(opts.against or ""), "x_unit": unit, "y_label": "", "y_unit": "1"}
    said = (
        (
            *bars_note(series),
            "Each row spans its own values. Clear: by more than twice the joint uncertainty. p is of that row alone.",
        )
        if series
        else ()
    )
    notes = (*said, *build.status_notes(drawn, _once(missing)))
    data = build.curves(
        "study.correlation", entries, [[s] for s in series], x_limits, axes, notes, offset=0.0, ylim=None, zero_of=()
    )
    labels = {f.index: f.entry.label for f in drawn}
    named = tuple(
        replace(s, label=labels.pop(s.colour, ""), offset=old.offset)
        for s, old in zip(data.series, series, strict=True)
    )
    lines = tuple(_guide(row) for row in rows)
    return replace(
        data, series=(*named, *lines), strips=tuple(strips), x_log=opts.x_log,
        y_limits=np.array([0.0, max(len(rows), 1)]), x_limits=np.array(x_limits),
    )  # fmt: skip


def _row(name: str, found: Sequence[Found], opts: CorrelationOptions, missing: Missing) -> list[Point]:
    """The points of a metric, in the order of the property."""
    points: list[Point] = []
    for f in found:
        numbers: SampleNumbers = f.artifact
        x, y = numbers.properties.get(opts.against or ""), numbers.metrics.get(name)
        if x is None or not math.isfinite(x.value):
            missing.append((f.entry, (x.reason if x else "") or f"no {words_of(opts.against or 'property')}"))
        elif opts.x_log and x.value <= 0:
            missing.append((f.entry, f"{words_of(opts.against or '')}: not above 0, which a logarithmic axis needs"))
        elif y is None or not math.isfinite(y.value):
            missing.append((f.entry, f"no metric {name}" if y is None else f"{name}: {y.reason or 'no value'}"))
        elif points and points[0].y.unit != y.unit:
            missing.append((f.entry, f"{name}: in {y.unit}, not {points[0].y.unit}"))
        else:
            points.append(Point(f, 0, x, y))
    return sorted(points, key=lambda p: p.x.value)


def _span(points: Sequence[Point]) -> tuple[float, float]:
    """Lowest and highest end of the error bars, with a little room."""
    reach = [math.hypot(*(0.0 if math.isnan(u) else u for u in (p.y.u_stat, p.y.u_sys))) for p in points]
    low = min(p.y.value - u for p, u in zip(points, reach, strict=True))
    high = max(p.y.value + u for p, u in zip(points, reach, strict=True))
    room = ROOM * (high - low) or 0.5 * abs(high) or 0.5
    return low - room, high + room


def _placed(p: Point, low: float, high: float, row: int) -> Series:
    """The point as a series, at its height in its row; row 0 is drawn on top."""
    one, scale = series_of(p), high - low

    def height(y: Array) -> Array:
        return (y - low) / scale if y.size else y

    return replace(
        one, y=height(one.y), y_low=height(one.y_low), y_high=height(one.y_high), y_error=one.y_error / scale,
        offset=float(row), detail="",
    )  # fmt: skip


def _guide(row: Sequence[Series]) -> Series:
    """A thin line from point to point of a row."""
    x, y = (np.concatenate([getattr(s, n) for s in row]) for n in ("x", "y"))
    return replace(
        row[0], label="", role=GUIDE, x=x, y=y, y_error=NONE, y_low=NONE, y_high=NONE, x_error=NONE, sample=""
    )  # fmt: skip


def _strip(name: str, label: str, points: Sequence[Point], low: float, high: float, known: Agreement | None) -> Strip:
    first, last, unit = points[0].y, points[-1].y, units.unit_text(points[0].y.unit)
    if len(points) == 1:
        return Strip(
            name,
            label,
            first.unit,
            low,
            high,
            f"{_short(first.value, first, last)} {unit}".rstrip(),
            "no order of one sample",
            f"n{NBSP}={NBSP}1",
        )
    change = f"{_short(first.value, first, last)}{ARROW}{_short(last.value, first, last)} {unit}".rstrip()
    if known is None:
        return Strip(name, label, points[0].y.unit, low, high, change, "", "")
    steps = f"{known.clear} of {known.steps} steps clear"
    shown = f"{known.direction}, {steps}" if known.direction else steps
    chance = f"p{NBSP}={NBSP}{known.p:.2g}" if math.isfinite(known.p) else "no p"
    beyond = f"n{NBSP}={NBSP}{known.n}, {chance}: {'decided' if known.decided else 'not decided'}"
    return Strip(name, label, points[0].y.unit, low, high, change, shown, beyond)


def _short(value: float, first: Number, last: Number) -> str:
    """With as many digits as tell the two ends apart, and one more where the smaller has fewer than two."""
    ends = sorted(abs(n.value) for n in (first, last))
    apart = abs(first.value - last.value)
    digits = 1 - math.floor(math.log10(apart)) if apart else 3
    digits += bool(ends[0]) and digits < 1 - math.floor(math.log10(ends[0]))
    plain = 1e-4 <= ends[1] < 1e5
    shown = f"{value:.{min(max(digits, 0), 6)}f}" if plain else units.number(float(f"{value:.3g}"))
    return shown.replace("-", "−")


def _once(missing: Missing) -> Missing:
    """Each sample and reason once: a property that is missing is missing for every row."""
    return list({(e.sample, why): (e, why) for e, why in missing}.values())


BUILDERS: Mapping[str, Callable[[Sequence[Entry], Any], PanelData]] = {"study.correlation": correlation}
