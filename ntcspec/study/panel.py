"""One figure panel: artifacts in; PNG, PDF, SVG and the drawn data out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ntcspec import store
from ntcspec.errors import UserError
from ntcspec.plot import KINDS, Entry, draw, panel_data, save
from ntcspec.provenance import canonical
from ntcspec.stage import named
from ntcspec.study.table import property_of, read_metrics
from ntcspec.types.study import Number, SampleNumbers, StudyOrders


def make_panel(
    settings: Mapping[str, Any],
    takes: Mapping[str, str],
    inputs: Sequence[tuple[Mapping[str, Any], str]],
    record: Mapping[str, Any],
    outputs: Sequence[Path],
) -> None:
    """Write <name>.nxs, .png, .pdf, .svg (`outputs`, in this order).

    settings: kind, title, options, table (whether the kind draws the study's), entries (sample, label, simulated,
    missing, with a table also properties) in the order of drawing.
    takes: type of the artifact of each stage, or of the series analysis, that the kind needs.
    inputs: (origin, path) of the artifacts, in the order of the entries that are not missing and of the
    stages that the kind needs; or of the table. A sample whose stage failed is not drawn; the panel says so.
    """
    waiting = list(inputs)
    table = read_metrics(Path(waiting.pop(0)[1]).read_text(encoding="utf-8")) if settings["table"] else {}
    orders = _orders(settings, table) if settings["table"] else StudyOrders({})
    entries = []
    for entry in settings["entries"]:
        stages: dict[str, Any] = {}
        missing = entry["missing"]
        for stage in () if missing else takes:
            _, path = waiting.pop(0)
            try:
                stages[stage] = store.read(Path(path), named(takes[stage]))
            except UserError as failure:
                missing = missing or failure.what
        if settings["table"]:
            properties = {name: property_of(known) for name, known in entry["properties"].items()}
            stages["orders"] = orders
            stages["table"] = SampleNumbers(table.get(entry["sample"], {}), properties)
        shown = {} if missing else stages
        entries.append(Entry(entry["sample"], entry["label"], entry["simulated"], shown, missing))
    data = panel_data(settings["kind"], entries, settings["options"], title=settings["title"])
    save(draw(data), outputs[0].with_suffix(""), canonical(record))
    store.write(outputs[0], data, record)


def _orders(settings: Mapping[str, Any], table: Mapping[str, Mapping[str, Number]]) -> StudyOrders:
    """What the samples of the panel say together, where its kind writes that."""
    about = settings["options"].get("against")
    if not KINDS[settings["kind"]].orders or not about:
        return StudyOrders({})
    from ntcspec.study.trends import agreement, trends_of

    used = [entry for entry in settings["entries"] if not entry["missing"]]
    properties = {e["sample"]: {name: property_of(p) for name, p in e["properties"].items()} for e in used}
    scale = "log" if settings["options"].get("x_log", True) else "linear"
    wanted = {about: {"scale": scale, "metrics": settings["options"]["metrics"], "samples": list(properties)}}
    return StudyOrders({t.metric: agreement(t) for t in trends_of(table, properties, wanted)})
