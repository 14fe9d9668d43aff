"""results/<study>.nxs: the whole study in one file, for NeXus viewers.

/study      NXentry: samples with their properties, all metrics, trends and claims as tables; metrics against the main
            property as plots, of which the first is what a viewer opens on
/<sample>__<measurement>, /series__<name>
            NXentry, one each: what its application definition asks for, one NXprocess a stage with the plots of that
            stage, its metrics, and why it failed where it did

Which plot a viewer opens on: the first metric of the first trend of the study. Without trends, the metrics against the
first property that two samples have; without properties, against the place of the sample in the study; of one sample
alone, its first measurement. Plots are copied, not linked: viewers in a browser follow no link to another file.
Maps and images are rounded to seven digits.

A study with very many measurements (settings["linked"]) would cost a second copy of all results, made anew for each
sample that is added. There an entry links to the artifacts beside the file, one for each stage, and all metrics stand
in /study/metrics alone; silx, NeXpy and h5py follow such links as long as the file stays in its folder.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ntcspec import store
from ntcspec.study.curves import curves
from ntcspec.study.table import read_metrics, rows_of
from ntcspec.types.nexus import Field, Group, Link, nexus_name

Items = dict[str, Group | Field | Link]
Rows = Sequence[Mapping[str, str]]
NUMBERS = frozenset((
    "value", "u_stat", "u_sys", "n", "spearman_rho", "p_rho", "kendall_tau", "p_tau", "p_tau_all_tests",
    "steps_beyond_2u", "steps", "slope", "reduced_chi2", "effect", "p",
))  # fmt: skip
OWN = ("title", "sample", "failure")  # of an artifact's entry: the entry of its measurement has its own


def whole_study(
    settings: Mapping[str, Any], tables: Mapping[str, str], artifacts: Mapping[str, Path], record: Mapping[str, Any]
) -> tuple[dict[str, Group], str]:
    """The entries of the file, and the one to open.

    settings: samples, trends, entries (sample, measurement, folder, stages, shown ...), linked and excluded, as the
    plan has them. tables: texts of metrics.csv and, where there are any, trends.csv and claims.csv, by name. artifacts:
    path of each stage's file, by its path in the study.
    """
    rows = {name: list(rows_of(text)) for name, text in tables.items()}
    entries: dict[str, Group] = {}
    series = [about["measurement"] for about in settings["entries"] if not about["sample"]]
    numbers = _by_measurement(rows["metrics"], series)
    for about in settings["entries"]:
        name = _entry_name((about["sample"] or "series", about["measurement"]), entries)
        own = numbers.get((about["sample"], about["measurement"]), [])
        if settings["linked"]:
            entries[name] = linked(about, next((row["reason"] for row in own if not row["metric"]), ""))
        else:
            stages = {stage: store.read_entry(artifacts[f"{about['folder']}{stage}.nxs"]) for stage in about["stages"]}
            entries[name] = measurement(about, stages, own)
    for one in settings["excluded"]:
        where = [part for part in (one["sample"], one["name"]) if part != "*"]
        items: Items = {
            "title": Field(" / ".join(where)),
            "failure": store.note_group("text/plain", one["reason"], description=one["reason"]),
        }
        entries[_entry_name(where, entries)] = Group("NXentry", items)
    plots = dict(curves(read_metrics(tables["metrics"]), settings["samples"], settings["trends"]))
    study = _study(settings, rows, plots, record)
    drawn = [name for name, entry in entries.items() if "default" in entry.attributes]
    opened = store.STUDY if plots or not drawn else drawn[0]
    return {store.STUDY: study, **entries}, opened


def _entry_name(parts: Sequence[str], entries: Mapping[str, Group]) -> str:
    """'NTC_40_h__exafs', and never a name that is taken."""
    name = "__".join(nexus_name(part).strip("_") or "_" for part in parts)
    return nexus_name(name, {store.STUDY, *entries})


def columns(rows: Rows) -> Group:
    """A table as one dataset a column; a number that is missing is NaN."""
    names = list(rows[0]) if rows else []
    items: Items = {}
    for name in names:
        words = [row[name] or "" for row in rows]
        if name in NUMBERS:
            items[name] = Field(np.array([float(w) if w else math.nan for w in words]))
        else:
            items[name] = Field(tuple(words))
    return Group("NXcollection", items)


def _by_measurement(rows: Rows, series: Sequence[str]) -> dict[tuple[str, str], list[Mapping[str, str]]]:
    """Rows by (sample, measurement); those of a series by ('', its name), which stands before the metric's."""
    found: dict[tuple[str, str], list[Mapping[str, str]]] = {}
    for row in rows:
        whose = [row["measurement"]] if row["sample"] else [s for s in series if row["metric"].startswith(f"{s}.")]
        for name in whose:
            found.setdefault((row["sample"], name), []).append(row)
    return found


# --- one measurement ----------------------------------------------------------------------------


def linked(about: Mapping[str, Any], failure: str) -> Group:
    """The entry of a measurement, or of a series analysis, with links to the entries of its artifacts by stage."""
    items = _head(about)
    if failure:
        items["failure"] = store.note_group("text/plain", failure, description=failure)
    for stage in about["stages"]:
        path = f"{about['folder']}{stage}.nxs"
        items[stage] = Link(path.removeprefix("results/"), f"/{store.ENTRY}")
    opened = about["shown"] if about["shown"] in about["stages"] else about["stages"][0]
    return Group("NXentry", items, {"default": opened})


def _head(about: Mapping[str, Any]) -> Items:
    title = f"{about['sample'] or 'series'} / {about['measurement']}"
    items: Items = {"title": Field(f"SIMULATED data: {title}" if about["simulated"] else title)}
    if about["sample"]:
        items["sample"] = store.sample_group(about["sample"], about["composition"], about["simulated"])
    return items


def measurement(about: Mapping[str, Any], stages: Mapping[str, Group], rows: Rows) -> Group:
    """The entry of a measurement, or of a series analysis, from the entries of its artifacts by stage."""
    items = _head(about)
    chains: dict[str, list[str]] = {}  # by stage, the way to the plot that it opens on
    processes: Items = {}
    for number, (stage, stored) in enumerate(stages.items(), 1):
        if "failure" in stored.items and "failure" not in items:
            items["failure"] = stored.items["failure"]
        kept, process, chains[stage] = _stage(stage, number, stored)
        items |= kept
        processes[stage] = process
    if rows:
        items["metrics"] = columns(rows)
    order = [about["shown"], *stages]
    chain: list[str] = next((chains[stage] for stage in order if chains.get(stage)), [])
    return Group("NXentry", {**items, **processes}, {"default": chain[0]} if chain else {})


def _stage(stage: str, number: int, stored: Group) -> tuple[Items, Group, list[str]]:
    """What the entry keeps of a stage, its NXprocess, and the way to the plot that it opens on."""
    processes = [name for name in stored.items if name.startswith("process_")]
    last = max(processes, key=lambda name: int(name.removeprefix("process_")))
    process = stored.items[last]
    assert isinstance(process, Group)
    rest = {name: item for name, item in stored.items.items() if name not in (*OWN, *processes)}
    rest = {name: lighter(item) if isinstance(item, Group) else item for name, item in rest.items()}
    plots = {name: item for name, item in rest.items() if isinstance(item, Group) and item.nx_class == "NXdata"}
    default = stored.attributes.get("default", "")
    attributes = dict(process.attributes)
    inside: Items = {**lighter(process).items, "sequence_index": Field(number)}
    if "definition" in rest:
        kept = {**{name: item for name, item in rest.items() if name not in plots}, **plots}
        chain = [default] if default in plots else [stage]
    else:
        kept = {name: item for name, item in rest.items() if name not in plots}
        inside |= plots
        attributes |= {"default": default} if default else {}
        chain = [stage] if default else []
    return kept, Group("NXprocess", inside, attributes), chain


def lighter(group: Group) -> Group:
    """The same with maps and images as float32: seven digits are more than any colour scale shows."""
    items: Items = {}
    for name, item in group.items.items():
        if isinstance(item, Group):
            items[name] = lighter(item)
        elif isinstance(item, Field) and _is_map(item.value):
            items[name] = replace(item, value=item.value.astype(np.float32))
        else:
            items[name] = item
    return Group(group.nx_class, items, group.attributes)


def _is_map(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.ndim > 1 and value.dtype == np.float64


# --- the study ----------------------------------------------------------------------------------


def _study(
    settings: Mapping[str, Any], rows: Mapping[str, Rows], plots: Mapping[str, Group], record: Mapping[str, Any]
) -> Group:
    title = f"SIMULATED data: {record['study']}" if record["simulated"] else record["study"]
    samples: Items = {}
    for one in settings["samples"]:
        samples[nexus_name(one["name"], samples)] = _sample(one)
    items: Items = {
        "title": Field(title),
        "samples": Group("NXcollection", samples),
        **{name: columns(table) for name, table in rows.items()},
        **plots,
        "process_1": store.process_group(record, 1),
    }
    return Group("NXentry", items, {"default": next(iter(plots))} if plots else {})


def _sample(one: Mapping[str, Any]) -> Group:
    properties: Items = {}
    for name, known in one["properties"].items():
        value, u = (math.nan if known[key] is None else float(known[key]) for key in ("value", "u"))
        parts = {"value": Field(value, known["unit"]), "uncertainty": Field(u, known["unit"])}
        words = {key: Field(known[key]) for key in ("unit", "source", "reason")}
        properties[name] = Group("NXcollection", {**parts, **words})
    about: Items = {"description": Field(one["label"] or one["name"]), "properties": Group("NXcollection", properties)}
    return store.sample_group(one["name"], one["composition"] or "", one["simulated"], **about)
