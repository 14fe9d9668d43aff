"""The jobs of the figure panels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ntcspec.config.study import Panel
from ntcspec.plan.job import NO_LOSS, Input, Job, Jobs, make_job
from ntcspec.plan.study import TABLE
from ntcspec.plot import KINDS, PanelKind
from ntcspec.techniques import SERIES, stage_of

PANEL_MODULES = ("ntcspec.stage", "ntcspec.study.panel")
PANEL_STAGE = "panel"
PANEL_SUFFIXES = ("nxs", "png", "pdf", "svg")


def panel_job(book: Jobs, name: str) -> Job:
    """The job of one panel."""
    panel = book.study.panels[name]
    kind = KINDS[panel.kind]
    draws = _table_drawn if kind.table else _series_drawn if kind.series else _samples_drawn
    entries, inputs, simulated = draws(book, panel, kind)
    drawn = {"kind": panel.kind, "title": panel.title, "options": panel.options}
    parameters: dict[str, Any] = {**drawn, "entries": entries, "table": kind.table}
    outputs = tuple(f"results/panels/{name}.{suffix}" for suffix in PANEL_SUFFIXES)
    about = {**book.about_study(PANEL_STAGE, simulated), "panel": name}
    takes = {stage: stage_of(kind.technique, stage, kind.frames).result for stage in kind.needs}
    takes |= {kind.series: SERIES[kind.series].result} if kind.series else {}
    return make_job(outputs, about, parameters, tuple(inputs), PANEL_MODULES, {"takes": takes})


def _samples_drawn(book: Jobs, panel: Panel, kind: PanelKind) -> tuple[list[dict[str, Any]], list[Input], bool]:
    """Entries of a panel that draws samples, their artifacts, and whether any of them is simulated."""
    entries: list[dict[str, Any]] = []
    inputs: list[Input] = []
    for sample in panel.samples or tuple(book.study.labels):
        measurement = book.measurement(sample, panel.measurement, kind.technique, kind.frames)
        missing = "" if measurement else book.why_missing(sample, panel.measurement or kind.technique)
        if missing in NO_LOSS and not panel.samples:
            continue  # without an explicit list, samples that never had this technique are no loss
        needed = [f"{measurement.folder}/{stage}.nxs" for stage in kind.needs] if measurement else []
        idle = [stage for stage, path in zip(kind.needs, needed, strict=False) if path not in book.jobs]
        if idle and not panel.samples:
            continue  # nor those where an optional stage is not wanted
        missing = missing or (f"its stage {idle[0]} has nothing to do" if idle else "")
        if not missing:
            inputs.extend(book.artifact(stage, path) for stage, path in zip(kind.needs, needed, strict=True))
        simulated = bool(measurement and measurement.simulated)
        label = panel.labels.get(sample, book.study.labels[sample])
        entries.append({"sample": sample, "label": label, "simulated": simulated, "missing": missing})
    return entries, inputs, any(e["simulated"] for e in entries)


def _series_drawn(book: Jobs, panel: Panel, kind: PanelKind) -> tuple[list[dict[str, Any]], list[Input], bool]:
    """The same for a panel that draws series analyses."""
    names = [n for n, s in book.study.series.items() if s.kind == kind.series and panel.series in (None, n)]
    simulated = [bool(book.jobs[f"results/series/{n}.nxs"].about["simulated"]) for n in names]
    entries = [
        {"sample": n, "label": n, "simulated": yes, "missing": ""} for n, yes in zip(names, simulated, strict=True)
    ]
    return entries, [book.artifact(kind.series, f"results/series/{n}.nxs") for n in names], any(simulated)


def _table_drawn(book: Jobs, panel: Panel, kind: PanelKind) -> tuple[list[dict[str, Any]], list[Input], bool]:
    """The same for a panel that draws the table of metrics against properties of the samples."""
    entries = []
    for sample in panel.samples or book.study.labels:
        about: Mapping[str, Any] = book.study.samples.get(sample, {"simulated": False, "properties": {}})
        missing = "" if sample in book.study.samples else book.why_missing(sample, "*")
        label = panel.labels.get(sample, book.study.labels[sample])
        shown = {"sample": sample, "label": label, "missing": missing}
        entries.append({**shown, "simulated": about["simulated"], "properties": about["properties"]})
    return entries, [book.artifact("metrics", TABLE)], any(bool(e["simulated"]) for e in entries)
