"""Compare a crate with what lies on disk: files, records, logs and the study as it is now.

The crate is made anew from these and compared entity by entity, so that nothing in it can be changed unseen. Besides,
what must hold in any crate is looked at by itself: references, times, ids. Validators of RO-Crate see neither a wrong
hash nor an action without its files.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from ntcspec.audit.crate import ENGINE, LANGUAGE, ROOT, RUN, crate_of
from ntcspec.audit.entities import CONTEXT, Entity, refs_of, types_of
from ntcspec.audit.facts import as_run, code, identity, own_files
from ntcspec.errors import UserError
from ntcspec.plan import CRATE, Plan
from ntcspec.provenance import canonical, sha256_file

OF_MACHINE = {(ROOT, "datePublished"), (ENGINE, "softwareVersion"), (LANGUAGE, "version")}  # not known from results
OF_LOGS = {"startTime", "endTime", "agent", "location", "subjectOf", "description", "datePublished", "hasPart"}
ELSEWHERE = ("http://", "https://")
NOT_COMPARED = "cannot be compared with the results"
Finding = tuple[str, str]


def crate_findings(plan: Plan, sha256: Callable[[Path], str] = sha256_file) -> Iterator[Finding]:
    """(file, what is wrong) for all that the crate says otherwise than disk, records, logs or the study.

    sha256: of a file, as it is now.
    """
    try:
        found = _entities((plan.study.root / CRATE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        yield CRATE, "missing"
        return
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        yield CRATE, f"cannot be read as a crate ({error})"
        return
    yield from ((CRATE, what) for what in _structure(found))
    yield from _copies(plan)
    lost = list(_lost(plan, found))
    yield from lost
    try:
        wanted = _entities(json.dumps(crate_of(plan, sha256)))
    except (UserError, OSError, ValueError, KeyError, TypeError, AttributeError, StopIteration) as error:
        yield CRATE, f"{NOT_COMPARED} ({error})"
        return
    yield from _differences(found, wanted, bool(lost))


def is_current(plan: Plan) -> bool:
    """Whether the crate was made for the study as it is now, and for the logs that are there; hashes no artifact."""
    root = plan.study.root
    try:
        found = _entities((root / CRATE).read_text(encoding="utf-8"))
        if found[RUN]["identifier"] != identity(plan):
            return False
        logs = [job.log for job in plan.jobs.values() if (root / job.log).is_file()]
        listed = {f"results/{unquote(n)}": one for n, one in found.items() if "sha256" in one and n[0] != "#"}
        told = all(name in listed and listed[name]["sha256"] == sha256_file(root / name) for name in logs)
        return told and all((root / name).is_file() for name in listed)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def absent_raw(root: Path) -> dict[str, str]:
    """sha256 by name of the raw files that a crate lists; empty without a crate."""
    try:
        found = _entities((root / CRATE).read_text(encoding="utf-8"))
        return {one["name"]: one["sha256"] for name, one in found.items() if name.startswith("#raw/")}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _entities(text: str) -> dict[str, Entity]:
    """Entities by id. Raises ValueError where an id stands twice, the context is another, or more stands there."""
    document = json.loads(text)
    if document["@context"] != CONTEXT:
        raise ValueError(f"@context is {document['@context']!r}")
    if more := sorted(document.keys() - {"@context", "@graph"}):
        raise ValueError(f"{', '.join(more)} beside @context and @graph")
    found: dict[str, Entity] = {}
    for one in document["@graph"]:
        if one["@id"] in found:
            raise ValueError(f"{one['@id']} stands twice")
        found[one["@id"]] = one
    return found


def _structure(found: Mapping[str, Entity]) -> Iterator[str]:
    """What must hold in any crate."""
    for name, one in found.items():
        for key in one:
            for target in refs_of(one, key):
                if target not in found and not (key == "conformsTo" and target.startswith(ELSEWHERE)):
                    yield f"{name}: its {key} {target} is described nowhere"
        if any(kind.endswith("Action") for kind in types_of(one)):
            yield from (f"{name}: {what}" for what in _action(one))
    for name, key in OF_MACHINE:
        if not found.get(name, {}).get(key):
            yield f"{name}: has no {key}"


def _action(one: Entity) -> Iterator[str]:
    needed = ["instrument", "object", *(["result"] if "CreateAction" in types_of(one) else [])]
    yield from (f"has no {key}" for key in needed if not one.get(key))
    times = [one[key] for key in ("startTime", "endTime") if key in one]
    try:
        moments = [datetime.fromisoformat(time) for time in times]
        if any(moment.tzinfo is None for moment in moments):
            yield "a time has no zone"
        elif len(moments) == 1:
            yield "has one of startTime and endTime, not both"
        elif moments and moments[0] > moments[1]:
            yield "ends before it starts"
    except (ValueError, TypeError):
        yield f"{' or '.join(map(str, times))} is no time in ISO 8601"


def _copies(plan: Plan) -> Iterator[Finding]:
    """Copies that are not what was run: the study's own files, and the code that records name by its fingerprint."""
    root = plan.study.root
    for name, source in own_files(plan.study).items():
        if (root / name).is_file() and as_run(root / name) != as_run(source):
            yield name, f"is not {source.name} of the study as it is now"
    for name, source in code(plan).items():
        if (root / name).is_file() and (root / name).read_bytes() != source.read_bytes():
            yield name, "is not the module that ran"


def _lost(plan: Plan, found: Mapping[str, Entity]) -> Iterator[Finding]:
    """Files that the crate lists and that are gone; those of the plan are told by others too."""
    for name, one in found.items():
        if "File" in types_of(one) and not name.startswith("#"):
            path = f"results/{unquote(name)}"
            if not (plan.study.root / path).is_file():
                yield path, f"missing, though {CRATE} lists it"


def _differences(found: Mapping[str, Entity], wanted: Mapping[str, Entity], lost: bool) -> Iterator[Finding]:
    for name in wanted.keys() - found.keys():
        yield CRATE, f"does not tell of {name}"
    for name in found.keys() - wanted.keys():
        if not lost:
            yield CRATE, f"tells of {name}, which is no part of this study's run"
    for name in sorted(wanted.keys() & found.keys()):
        one, other = found[name], wanted[name]
        for key in sorted({*one, *other}):
            if (name, key) in OF_MACHINE or (lost and key in OF_LOGS) or _same(one.get(key), other.get(key)):
                continue
            place = f"results/{unquote(name)}" if "File" in types_of(other) and name[0] != "#" else CRATE
            yield place, f"the crate says {name}: {key} {_short(one.get(key))}, it is {_short(other.get(key))}"


def _same(one: Any, other: Any) -> bool:
    """Equal, whatever the order of a list."""
    if isinstance(one, list) and isinstance(other, list):
        return sorted(map(canonical, one)) == sorted(map(canonical, other))
    return bool(one == other)


def _short(value: Any) -> str:
    text = "nothing" if value is None else value if isinstance(value, str) else canonical(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
