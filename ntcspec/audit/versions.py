"""What ran then against what runs now: modules of ntcspec, packages, Python."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ntcspec import __version__
from ntcspec.plan.job import Job
from ntcspec.provenance import code_of, versions


@dataclass(frozen=True)
class Change:
    """One thing that is not what it was; '' where it was or is not there."""

    what: str
    recorded: str
    here: str

    def __str__(self) -> str:
        return f"{self.what} {self.recorded or 'absent'} -> {self.here or 'absent'}"


def changes(records: Mapping[str, Mapping[str, Any]], jobs: Mapping[str, Job]) -> tuple[Change, ...]:
    """Everything that differs for any of these jobs, each once: Python and packages first, then modules."""
    found: dict[Change, None] = {}
    for job in jobs.values():
        for record in (records[path] for path in job.outputs if path in records):
            found.update(dict.fromkeys(_of_one(record, job.modules)))
    order = {"Python": 0, "ntcspec": 1}
    return tuple(sorted(found, key=lambda c: (order.get(c.what, 3 if c.what.startswith("ntcspec.") else 2), c.what)))


def _of_one(record: Mapping[str, Any], modules: Iterable[str]) -> Iterator[Change]:
    code, packages = code_of(*modules)
    yield from _pairs({"Python": record["python"]}, {"Python": platform.python_version()})
    yield from _pairs({"ntcspec": record["ntcspec"]}, {"ntcspec": __version__})
    yield from _pairs(record["packages"], versions(packages))
    yield from _pairs(record["code"]["modules"], {module: digest[:16] for module, digest in code.items()})


def _pairs(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            yield Change(name, str(old.get(name, "")), str(new.get(name, "")))
