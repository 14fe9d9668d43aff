"""A record against what the study asks for now: subject, parameters, code, inputs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ntcspec.audit.outcome import CODE, RECORD, STUDY, Finding
from ntcspec.audit.records import Record, differences
from ntcspec.plan import Job
from ntcspec.provenance import about_of, canonical, code_of, shown

SUBJECT = ("study", "sample", "measurement", "technique", "stage", "series", "panel")
LONG = 60  # characters of a value that is still shown


def plan_findings(path: str, record: Record, job: Job) -> Iterator[Finding]:
    """What differs in the record of `path` itself; that an input of it differs is said of the input."""
    about = json.loads(canonical(job.about))
    wrong = [(n, old, new) for n, old, new in differences(about_of(record), about) if n in SUBJECT]
    if wrong:
        words = ", ".join(f"{name} {old!r}, not {new!r}" for name, old, new in wrong)
        yield Finding(path, RECORD, f"carries the record of another artifact: {words}")
        return
    for name, old, new in differences(about_of(record), about):
        yield Finding(path, STUDY, f"its record says {name} {_value(old)}, the study {_value(new)}")
    changed = list(differences(record["parameters"], json.loads(canonical(job.parameters))))
    if changed:
        words = ", ".join(f"{name} ({_value(old)}, now {_value(new)})" for name, old, new in changed)
        yield Finding(path, STUDY, f"made with other parameters than the study has now: {words}")
    if what := other_inputs(record, job):
        yield Finding(path, STUDY, f"made from other files than the study names now: {what}")
    if record["code"]["fingerprint"] != job.code:
        now = shown(code_of(*job.modules)[0])
        modules = [name for name, _, _ in differences({"": record["code"]["modules"]}, {"": now})]
        names = ", ".join(name.removeprefix(".") for name in modules) or "the fingerprint alone"
        yield Finding(path, CODE, f"made by another version of the code, which differs in {names}")


def other_inputs(record: Record, job: Job) -> str:
    """How the list of inputs differs from the study's; '' where it is the same."""
    listed = [(i["role"], i["root"], i["path"]) for i in record["inputs"]]
    wanted = [(i.role, i.root, i.path) for i in job.inputs]
    if listed == wanted:
        return ""
    more = [path for _, _, path in listed if path not in {i.path for i in job.inputs}]
    less = [path for _, _, path in wanted if path not in {path for _, _, path in listed}]
    words = [f"{word} {', '.join(names)}" for word, names in (("also", more), ("without", less)) if names]
    return "; ".join(words) or "in another order or role"


def _value(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONG else f"{text[:LONG]}..."
