"""Metrics of the samples against one of their properties, as NXdata groups for NeXus viewers."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ntcspec.study.table import property_of
from ntcspec.study.trends import Point, chosen, points_of
from ntcspec.types.nexus import Field, Group, nexus_name
from ntcspec.types.study import Number

Numbers = Mapping[str, Mapping[str, Number]]
OWN = ("title", "value", "value_errors", "u_stat", "u_sys", "samples")  # of a plot: no property may take their place
PLACE = "place"  # stands in for a property where no two samples have one


def curves(
    table: Numbers, samples: Sequence[Mapping[str, Any]], trends: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[str, Group]]:
    """(name, NXdata) of every metric that at least two samples have, those of the first trend first.

    table: numbers by sample and 'measurement.metric'; samples: name, simulated, properties, in the order of the study;
    trends: by property scale, metrics, samples. Without a trend that can be drawn, all metrics against the first
    property that two samples have; without one, against the place of the sample in the study.
    """
    properties = {one["name"]: {n: property_of(p) for n, p in one["properties"].items()} for one in samples}
    simulated = {one["name"] for one in samples if one["simulated"]}
    found: dict[str, Group] = {}
    for about, how in trends.items():
        found |= _against(about, how, table, properties, simulated, found)
    if not found:
        names = dict.fromkeys(name for known in properties.values() for name in known)
        everything = {"scale": "linear", "metrics": ["*"], "samples": None}
        for about in names:
            found = found or _against(about, everything, table, properties, simulated, found)
        if not found:
            places = {one: {PLACE: Number(i, "1", math.nan, 0.0, "")} for i, one in enumerate(properties, 1)}
            found = _against(PLACE, everything, table, places, simulated, found)
    yield from found.items()


def _against(
    about: str,
    how: Mapping[str, Any],
    table: Numbers,
    properties: Numbers,
    simulated: set[str],
    used: Mapping[str, Group],
) -> dict[str, Group]:
    metrics = list(dict.fromkeys(name for numbers in table.values() for name in numbers))
    found: dict[str, Group] = {}
    for metric in chosen(metrics, how["metrics"]):
        points, _ = points_of(about, how["scale"], metric, how["samples"] or list(properties), table, properties)
        if len(points) > 1:
            name = nexus_name(f"{metric}_against_{about}", {*used, *found})
            found[name] = curve(about, how["scale"], metric, points, simulated)
    return found


def curve(about: str, scale: str, metric: str, points: Sequence[Point], simulated: set[str]) -> Group:
    """One NXdata. Its error bars are both uncertainties together, the root of the sum of their squares."""
    x, u_x, y, u_stat, u_sys = (
        np.array([getattr(number, name) for number in numbers])
        for numbers, name in (
            ([p.x for p in points], "value"),
            ([p.x for p in points], "u_stat"),
            ([p.y for p in points], "value"),
            ([p.y for p in points], "u_stat"),
            ([p.y for p in points], "u_sys"),
        )
    )
    axis = nexus_name(about, OWN)
    unit, of = points[0].y.unit, points[0].x.unit
    words = "place in the study" if about == PLACE else about.replace("_", " ")
    made_up = "SIMULATED data: " if any(p.sample in simulated for p in points) else ""
    title = f"{made_up}{metric} against {words}; bars: statistical and systematic uncertainty together"
    items: dict[str, Group | Field] = {
        "title": Field(title),
        axis: Field(x, of, words),
        "value": Field(y, unit, metric),
        "value_errors": Field(np.hypot(u_stat, u_sys), unit, "both uncertainties together"),
        "u_stat": Field(u_stat, unit, "statistical standard uncertainty; NaN where none is known"),
        "u_sys": Field(u_sys, unit, "systematic uncertainty; NaN where none is known"),
        "samples": Field("; ".join(p.sample for p in points), "", "samples, from left to right"),
    }
    if np.isfinite(u_x).any():
        items[f"{axis}_errors"] = Field(u_x, of, f"standard uncertainty of {words}")
    attributes: dict[str, Any] = {"signal": "value", "axes": [axis], f"{axis}_indices": 0}
    if scale == "log":  # the first key is that of silx, the second that of h5web
        attributes["SILX_style"] = json.dumps({"axes_scale_types": ["log"], "axes_scale_type": ["log"]})
    return Group("NXdata", items, attributes)
