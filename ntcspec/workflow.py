"""What the Snakefile and `ntcspec run` share: names of folders, and which artifacts are not what the study asks for."""

from __future__ import annotations

import json
import re
from pathlib import Path

from ntcspec.config.load import Study
from ntcspec.errors import UserError
from ntcspec.plan import TABLE, Job, Plan
from ntcspec.study.table import RECORD_PREFIX


def measurement_pattern(study: Study, technique: str) -> str:
    """Regular expression of the measurement folders of a technique; matches nothing where there is none."""
    names = sorted({m.folder.rpartition("/")[2] for m in study.measurements if m.technique == technique})
    return "|".join(re.escape(name) for name in names) or "(?!)"


def recorded_key(path: Path) -> str:
    """The key that an artifact carries; '' where it is missing or carries none."""
    try:
        return str(read_any_record(path)["key"])
    except (UserError, OSError, ValueError, KeyError):
        return ""


def read_any_record(path: Path) -> dict[str, object]:
    """The record of any artifact: NeXus, PNG, PDF, SVG, CSV or JSON. Raises UserError where there is none."""
    if path.suffix == ".nxs":
        from ntcspec import store

        return store.read_record(path)
    if path.suffix in (".png", ".pdf", ".svg"):
        from ntcspec.plot.metadata import read_record

        return json.loads(read_record(path))
    nothing = UserError(path.as_posix(), "carries no record of ntcspec", "name a file of results/")
    try:
        with path.open(encoding="utf-8") as stream:
            if path.suffix == ".json":
                return json.load(stream)["record"]
            first = stream.readline()
    except (OSError, ValueError, KeyError, TypeError):
        raise nothing from None
    if not first.startswith(RECORD_PREFIX):
        raise nothing
    return json.loads(first.removeprefix(RECORD_PREFIX))


def stale(plan: Plan) -> list[Job]:
    """Jobs of which an artifact is missing or was made with another key."""
    root = plan.study.root
    return [job for job in plan.jobs.values() if any(recorded_key(root / path) != job.key for path in job.outputs)]


def failures(plan: Plan) -> list[tuple[str, str]]:
    """(measurement, reason) of every measurement that failed or was left out."""
    found = [(f"{e.sample} / {e.name}".removesuffix(" / *"), e.reason) for e in plan.study.excluded]
    for measurement in plan.study.measurements:
        path = plan.study.root / measurement.folder / "measure.json"
        try:
            reason = json.loads(path.read_text(encoding="utf-8"))["failure"]
        except (OSError, ValueError, KeyError):
            continue
        if reason:
            found.append((measurement.title, reason))
    return found


__all__ = ["TABLE", "failures", "measurement_pattern", "read_any_record", "recorded_key", "stale"]
