"""What a run has left behind: each job's record, whether it failed, and when it ran. Only read, nothing decided."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ntcspec
from ntcspec import joblog
from ntcspec.config.resolved import Study
from ntcspec.errors import UserError
from ntcspec.joblog import Ran
from ntcspec.plan import REPORT, Job, Plan
from ntcspec.provenance import canonical, code_of, sha256_bytes
from ntcspec.records import family_of, read_any_record

CRATE_LOG = "results/logs/crate.log"
SUMS_LOG = "results/logs/checksums.log"
COPIES = "results/study"  # the study's files and the workflow as they were run
CODE = f"{COPIES}/code"  # the modules of ntcspec that the jobs reach
README = "results/README.md"
PACKAGES = Path(ntcspec.__file__).parent.parent
WORKFLOW = ("Snakefile", "workflow/rules/*.smk", "workflow/scripts/*.py")


RAW_ROOT = re.compile(rb"^raw_root:.*\n?", re.MULTILINE)


@dataclass(frozen=True)
class Done:
    """A job that was done: its record, why it failed ('' if it did not), when it ran (None: not known)."""

    job: Job
    record: Mapping[str, Any]
    failure: str
    ran: Ran | None


def done(plan: Plan) -> Iterator[Done]:
    """All jobs of a study as they were done.

    Raises UserError where an artifact is missing, or is not what the study asks for now.
    """
    root = plan.study.root
    family = family_of([(REPORT, root / REPORT)] if (root / REPORT).is_file() else [])  # nearly all stand in that one
    failures = _failures(plan)
    for job in plan.jobs.values():
        path = root / job.outputs[0]
        record = family.get(job.outputs[0], {})
        if record.get("key") != job.key or not path.is_file():
            record = read_any_record(path)
        if record.get("key") != job.key:
            raise UserError(job.outputs[0], "is not what the study asks for now", "run the study again: ntcspec run")
        ran = joblog.read(root / job.log)
        yield Done(job, record, failures[job.key], ran if ran and ran.key == job.key else None)


def _failures(plan: Plan) -> dict[str, str]:
    """Why a stage could not be done, '' if it was, by the key of its job.

    A stage passes a failure on: one that gave metrics says that those before it in its measurement failed neither.
    """
    root, good = plan.study.root, set()
    found: dict[str, str] = {}
    for job in reversed(plan.jobs.values()):
        first = job.outputs[0]
        failure = "" if first in good else _failure(job, root)
        if not failure and "sample" in job.about and (first in good or len(job.outputs) > 1):
            good |= {i.path for i in job.inputs if Path(i.path).parent == Path(first).parent}
        found[job.key] = failure
    return found


def _failure(job: Job, root: Path) -> str:
    text = next((root / name for name in job.outputs if name.endswith(".json")), None)
    if text is not None:
        return str(json.loads(text.read_text(encoding="utf-8")).get("failure", ""))
    if not job.outputs[0].endswith(".nxs"):
        return ""
    from ntcspec import store  # HDF5 is heavy, and the Snakefile needs none

    failure = store.read_failure(root / job.outputs[0])
    return str(failure) if failure else ""


def code(plan: Plan) -> dict[str, Path]:
    """The modules of ntcspec that jobs of the plan reach, by the place of their copies."""
    names = sorted({name for job in plan.jobs.values() for name in code_of(*job.modules)[0]})
    return {f"{CODE}/{file.as_posix()}": PACKAGES / file for file in map(source_of, names)}


def source_of(module: str) -> Path:
    """The file of a module of ntcspec, from the folder that holds the package."""
    path = Path(*module.split("."))
    return path / "__init__.py" if (PACKAGES / path).is_dir() else path.with_suffix(".py")


def own_files(study: Study) -> dict[str, Path]:
    """config.yaml and the files that it names, by the place of their copies."""
    beside = study.config.parent
    inside = (path.relative_to(beside) if path.is_relative_to(beside) else path.name for path in study.sources)
    return {f"{COPIES}/{name}": path for name, path in zip(inside, study.sources, strict=True)}


def workflow(folder: Path) -> dict[str, Path]:
    """The files of the workflow in a folder (that of ntcspec, or that of the copies), by the place of their copies."""
    found = (path for pattern in WORKFLOW for path in sorted(folder.glob(pattern)))
    return {f"{COPIES}/{path.relative_to(folder).as_posix()}": path for path in found}


def as_run(path: Path) -> bytes:
    """A file of the study without its `raw_root`: where raw files lie changes nothing, and differs in a pack."""
    return RAW_ROOT.sub(b"", path.read_bytes())


def identity(plan: Plan) -> str:
    """What a crate was made for: all jobs, and the study's own files. Known before anything runs."""
    keys = [job.key for job in plan.jobs.values()]
    files = {name: sha256_bytes(as_run(path)) for name, path in own_files(plan.study).items()}
    return sha256_bytes(canonical([plan.study.name, keys, files]).encode())[:32]
