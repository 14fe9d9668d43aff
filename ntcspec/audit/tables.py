"""Numbers that stand in two files: measure.json beside measure.nxs, the tables beside every measure.json."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from ntcspec import store
from ntcspec.audit.outcome import TABLE as KIND
from ntcspec.audit.outcome import Finding
from ntcspec.errors import UserError
from ntcspec.plan import TABLE, Job, Plan
from ntcspec.provenance import canonical
from ntcspec.study.table import metrics_csv, samples_csv
from ntcspec.types import Metric

DAMAGED = (OSError, ValueError, KeyError, TypeError, AttributeError)
FIELDS = tuple(field.name for field in fields(Metric))


def pair_findings(root: Path, job: Job) -> Iterator[Finding]:
    """What the .json of a stage or series says that its .nxs does not: metrics, or why there are none."""
    nxs, text = job.outputs
    try:
        failure = store.read_failure(root / nxs)
        stored = [] if failure else [asdict(one) for one in store.read_metrics(root / nxs)]
        content = json.loads((root / text).read_text(encoding="utf-8"))
        listed, reason = {one["name"]: one for one in content["metrics"]}, content["failure"]
    except (UserError, *DAMAGED):
        return  # one of them cannot be read, which is said elsewhere
    if reason != str(failure or ""):
        yield Finding(text, KIND, f"says that the stage failed with {reason!r}, {nxs} with {str(failure or '')!r}")
    if list(listed) != [one["name"] for one in stored]:
        yield Finding(text, KIND, f"lists other metrics than {nxs}")
    for one in stored:
        found = listed.get(one["name"], one)
        for field in FIELDS:
            if not _same(found.get(field), one[field]):
                yield Finding(text, KIND, f"{one['name']}: {field} is {found.get(field)}, but {one[field]} in {nxs}")


def _same(text: Any, stored: Any) -> bool:
    """JSON has null for NaN."""
    return text is None if isinstance(stored, float) and not math.isfinite(stored) else bool(text == stored)


def table_findings(root: Path, plan: Plan, records: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    """Rows of metrics.csv and samples.csv that do not follow from the .json files that they were made from."""
    job = plan.jobs[TABLE]
    if any(path not in records for path in job.outputs):
        return
    try:
        found = [json.loads((root / path).read_text(encoding="utf-8")) for path in plan.paths(TABLE)]
        made = (
            metrics_csv(found, job.parameters["excluded"], canonical(records[job.outputs[0]])),
            samples_csv(found, job.parameters["samples"], canonical(records[job.outputs[1]])),
        )
    except DAMAGED:
        return  # one of them cannot be read, which is said elsewhere
    for path, text in zip(job.outputs, made, strict=True):
        there = (root / path).read_text(encoding="utf-8", errors="replace")
        if there != text:
            yield Finding(path, KIND, f"does not follow from the files it was made from: {_first(there, text)}")


def _first(there: str, made: str) -> str:
    """The first cell in which two tables differ, in words."""
    tables = [list(csv.reader(io.StringIO(text.partition("\n")[2]))) for text in (there, made)]
    for number, (one, other) in enumerate(zip(*tables, strict=False), 2):
        for column, (cell, wanted) in enumerate(zip(one, other, strict=False)):
            if cell != wanted:
                return f"line {number}, column {tables[1][0][column]}: {cell!r}, not {wanted!r}"
        if len(one) != len(other):
            return f"line {number} has {len(one)} columns, not {len(other)}"
    if len(tables[0]) != len(tables[1]):
        return f"{len(tables[0])} lines, not {len(tables[1])}"
    return "its first line"
