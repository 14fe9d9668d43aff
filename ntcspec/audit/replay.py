"""An artifact again from raw files: each job of its record done anew in a scratch folder, and the bytes compared.

Steps: read the record; refuse what cannot be followed; find the raw files; do every job in an order in which it can
run; compare each artifact on the way with the sha256 that the record gives of it, and the one asked for with its bytes.
Where code, packages or Python are not those of the record, bytes must differ (the record in them does), and numbers are
compared instead (`compare`, `drawings`).
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from ntcspec.audit import raw_files
from ntcspec.audit.compare import TOLERANCE, Compared
from ntcspec.audit.contents import FIGURES, compare_files, compare_records
from ntcspec.audit.place import root_of
from ntcspec.audit.rebuild import family, job_of, result_of
from ntcspec.audit.records import Record, key_fits
from ntcspec.audit.versions import Change, changes
from ntcspec.errors import UserError
from ntcspec.plan.job import Job
from ntcspec.provenance import sha256_file
from ntcspec.stage import named
from ntcspec.study.table import RECORD_PREFIX
from ntcspec.worker.book import function, function_name
from ntcspec.workflow import read_any_record

IDENTICAL, SAME, DIFFERS = "identical bytes", "same numbers", "differs"
Tell = Callable[[int, int, "Step"], None]


@dataclass(frozen=True)
class Step:
    """One artifact that was made again, and how it compares with what the record says of it."""

    path: str
    verdict: str
    detail: str = ""


@dataclass
class Replay:
    """What came of it. `steps` ends with the artifact asked for."""

    file: str
    verdict: str = DIFFERS
    why: list[str] = field(default_factory=list)
    changes: tuple[Change, ...] = ()
    raw: dict[str, dict[str, Any]] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    compared: Compared | None = None


def replay(
    file: Path, folders: Sequence[Path], scratch: Path, *, numbers: bool = False, tell: Tell = lambda *_: None
) -> Replay:
    """Make the artifact in `file` again inside `scratch` (an empty folder) and compare.

    folders: where the raw files are looked for; without any, where the study has them that the file lies in.
    numbers: compare numbers also where versions are the same.

    Raises UserError where it cannot be done: no record, or one that this version cannot follow; raw files missing or
    changed; a job that fails otherwise than the recorded one.
    """
    file = file.absolute()
    record = read_any_record(file)
    records = family(file.name, record)
    jobs = _jobs(records)
    files = raw_files.wanted(records.values())
    beside = raw_files.study_folder(file)
    found = raw_files.locate(files, [f.absolute() for f in folders] or ([beside] if beside else []))
    base = scratch.joinpath(*["up"] * raw_files.depth(files))
    base.mkdir(parents=True, exist_ok=True)
    raw_files.link(found, base)
    outcome = Replay(file.name, changes=changes(records, jobs))
    outcome.raw = {name: {"found": str(found[name]), "sha256": files[name][0]} for name in files}
    outcome.why += _edited(records)
    with contextlib.chdir(base):
        for number, job in enumerate(jobs.values(), 1):
            _run(job)
            last = number == len(jobs)
            if not last:
                steps = list(_on_the_way(job, records, root_of(file.resolve()), outcome))
            else:
                _judge(outcome, file, record, job, numbers)
                steps = [Step(_target(job, file), outcome.verdict)]
            for step in steps:
                outcome.steps.append(step)
                tell(number, len(jobs), step)
    return outcome


def _jobs(records: Mapping[str, Record]) -> dict[str, Job]:
    """The jobs by their first output, in order; two artifacts of one job are one."""
    found: dict[str, Job] = {}
    keys: dict[str, str] = {}
    for path, record in records.items():
        job = job_of(path, record, records, keys)
        if path not in job.outputs:
            raise UserError(path, f"its record is damaged: the stage {record['stage']} writes no file of that name")
        keys.update(dict.fromkeys(job.outputs, job.key))
        found.setdefault(job.outputs[0], job)
    return found


def _edited(records: Mapping[str, Record]) -> Iterator[str]:
    """Which records were changed after they were made; the last one is that of the file."""
    for path, record in records.items():
        if not key_fits(record, records):
            whose = "" if record is list(records.values())[-1] else f"{path}: "
            yield f"{whose}its record was changed: its key does not follow from what it says"


def _run(job: Job) -> None:
    """Do one job in the current folder. Raises UserError with the last words of a job that stops."""
    run = function(function_name(str(job.about["stage"])))
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            run(job.params(), [i.path for i in job.inputs], list(job.outputs), job.log)
    except SystemExit:
        what = said.getvalue().strip().splitlines()[-1:] or ["it stopped without a word"]
        raise UserError(job.outputs[0], f"this job cannot be done again: {what[0]}") from None


def _on_the_way(job: Job, records: Mapping[str, Record], study: Path | None, outcome: Replay) -> Iterator[Step]:
    """Artifacts that were only inputs: by their sha256, and by numbers where the study still has them."""
    named_there = {i["path"]: i["sha256"] for record in records.values() for i in record["inputs"]}
    for path in (p for p in job.outputs if p in named_there):
        if sha256_file(Path(path)) == named_there[path]:
            yield Step(path, IDENTICAL)
            continue
        old = study / path if study else None
        if old is None or not old.is_file() or sha256_file(old) != named_there[path]:
            yield Step(path, "other bytes", "the recorded file is not at hand to compare numbers")
            continue
        compared = compare_files(old, Path(path), _kind(records[path], path), _same_matplotlib(outcome))
        yield Step(path, SAME if compared.same else DIFFERS, str(compared.worst or "every number is equal"))


def _judge(outcome: Replay, file: Path, record: Record, job: Job, numbers: bool) -> None:
    """Verdict on the artifact asked for."""
    made = Path(_target(job, file))
    if file.read_bytes() == made.read_bytes():
        outcome.verdict = IDENTICAL
        return
    compared = compare_files(file, made, _kind(record, made.name), _same_matplotlib(outcome))
    if made.suffix in FIGURES and compared.worst and not _same_matplotlib(outcome):
        compared = _with_drawn_data(outcome, file, record, job, compared)
    about = compare_records(record, read_any_record(made))
    compared = replace(compared, differences=(*about.differences, *compared.differences))
    compared = replace(compared, differences=tuple(sorted(compared.differences, key=lambda d: -d.tolerances)))
    outcome.compared = compared
    if not compared.same:
        outcome.why.append(f"largest difference at {compared.worst}")
    elif not (outcome.changes or numbers):
        most = f"; the largest difference of a number is at {compared.worst}" if compared.worst else ""
        outcome.why.append(
            "code, packages and Python are those of the record, so the bytes should be the same, and are not: the file "
            f"was changed, or made on another kind of processor (--numbers compares numbers alone){most}"
        )
    if compared.same and (outcome.changes or numbers) and not outcome.why:
        outcome.verdict = SAME


def _with_drawn_data(outcome: Replay, file: Path, record: Record, job: Job, drawing: Compared) -> Compared:
    """Another matplotlib draws otherwise: what was drawn decides, if its .nxs lies beside the figure."""
    beside = file.with_suffix(".nxs")
    try:
        ours = beside.is_file() and read_any_record(beside)["key"] == record["key"]
    except UserError:
        ours = False
    if not ours:
        outcome.why.append(f"drawn by another matplotlib, and no {beside.name} of this panel beside it to compare")
        return drawing
    data = compare_files(beside, Path(job.outputs[0]), _kind(record, ".nxs"), False)
    return Compared((*data.differences, *drawing.differences), data.fields + drawing.fields)


def _target(job: Job, file: Path) -> str:
    """Which output of the last job the file is: by suffix, tables by their columns."""
    same = [path for path in job.outputs if PurePosixPath(path).suffix == file.suffix]
    if len(same) > 1:
        header = _header(file)
        same = [path for path in same if _header(Path(path)) == header or PurePosixPath(path).name == file.name]
    if not same:
        raise UserError(
            file.name, "is none of the files that the stage in its record writes", "take a whole copy of it"
        )
    return same[0]


def _header(path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line for line in lines if not line.startswith(RECORD_PREFIX)), "")


def _kind(record: Record, path: str) -> type | None:
    return named(result_of(record)) if path.endswith(".nxs") and record["stage"] != "study" else None


def _same_matplotlib(outcome: Replay) -> bool:
    return not any(change.what == "matplotlib" for change in outcome.changes)


def in_words(outcome: Replay) -> str:
    """The verdict in one sentence."""
    if outcome.verdict == IDENTICAL:
        return f"{outcome.file}: identical bytes"
    if outcome.verdict == SAME:
        assert outcome.compared is not None
        worst = outcome.compared.worst
        far = f"largest difference at {worst}" if worst else "every number is equal to the last bit"
        return f"{outcome.file}: same numbers within tolerance ({TOLERANCE}); {far}"
    return f"{outcome.file}: differs; {'; '.join(outcome.why)}"
