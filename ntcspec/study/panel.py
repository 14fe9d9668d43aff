"""One figure panel: artifacts in; PNG, PDF, SVG and the drawn data out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ntcspec import store
from ntcspec.errors import UserError
from ntcspec.plot import Entry, draw, panel_data, save
from ntcspec.provenance import canonical
from ntcspec.stage import named
from ntcspec.study.table import property_of, read_metrics
from ntcspec.types.study import SampleNumbers


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
            stages["table"] = SampleNumbers(table.get(entry["sample"], {}), properties)
        shown = {} if missing else stages
        entries.append(Entry(entry["sample"], entry["label"], entry["simulated"], shown, missing))
    data = panel_data(settings["kind"], entries, settings["options"], title=settings["title"])
    save(draw(data), outputs[0].with_suffix(""), canonical(record))
    store.write(outputs[0], data, record)
