"""The jobs of one measurement: its stages."""

from __future__ import annotations

from typing import Any

from ntcspec.companions import COMPANION
from ntcspec.config.resolved import MeasurementPlan
from ntcspec.plan.job import Input, Job, Jobs, make_job
from ntcspec.provenance import Hashes
from ntcspec.techniques import Stage, stage_of


def stage_job(book: Jobs, m: MeasurementPlan, stage: Stage, order: int, cache: Hashes) -> Job:
    """The job of one stage of a measurement; `order` is its place among the stages."""
    needed = [name for name in stage.inputs if stage_of(m.technique, name, m.frames).is_wanted(m.parameters)]
    if needed:
        inputs = tuple(book.artifact(name, f"{m.folder}/{name}.nxs") for name in needed)
    else:
        inputs = tuple(book.raw("raw", name, cache) for name in m.files)
    settings = stage.parameters(m.parameters)
    references, missing = _references(book, m, stage)
    about = {
        "study": book.study.name,
        "sample": m.sample,
        "measurement": m.name,
        "technique": m.technique,
        "composition": m.composition,
        "simulated": m.simulated,
        "stage": stage.name,
        "order": order,
        **({"setup": dict(m.setup)} if m.setup else {}),
        **({"frames": True} if m.frames else {}),
    }
    outputs = tuple(f"{m.folder}/{file}" for file in stage.files)
    takes = [stage_of(m.technique, name, m.frames).result for name in needed]
    work: dict[str, Any] = {"function": stage.function, "takes": takes}
    if stage.reference:
        settings["references"] = missing
        work["references"] = {"samples": list(references), "takes": stage_of(m.technique, stage.reference).result}
    extra = stage.extra_files(m.parameters)
    if stage.extra:
        work["extra"] = [one.name for one in extra]
        inputs += tuple(book.raw(one.role, one.file, cache) for one in extra)
    if not stage.inputs:
        inputs += tuple(book.raw(COMPANION, name, cache) for name in m.companions)
    return make_job(outputs, about, settings, (*inputs, *references.values()), stage.modules, work)


def _references(book: Jobs, m: MeasurementPlan, stage: Stage) -> tuple[dict[str, Input], dict[str, str]]:
    """Artifacts of the standards that a stage names, by sample; and why those that are not there are missing.

    The sample itself is in neither: no sample is its own standard.
    """
    found: dict[str, Input] = {}
    missing: dict[str, str] = {}
    for name, _ in stage.named_standards(m.parameters[stage.name]):
        other = book.measurement(name, m.name, m.technique)  # of one name measurements have one technique
        if other and name != m.sample:
            found[name] = book.artifact(f"standard {name}", f"{other.folder}/{stage.reference}.nxs")
        elif name != m.sample:
            missing[name] = book.why_missing(name, m.name)
    return found, missing
