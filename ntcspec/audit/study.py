"""Everything of a study against everything else: files, records, edges, config, code, check sums."""

from __future__ import annotations

import platform
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from importlib import metadata
from json import JSONDecodeError
from pathlib import Path
from typing import Any

from ntcspec.audit.against_plan import plan_findings
from ntcspec.audit.crate_check import NOT_COMPARED, crate_findings
from ntcspec.audit.edges import ancestry_findings, edge_findings, few, gather
from ntcspec.audit.files import Files
from ntcspec.audit.outcome import BYTES, CODE, MISSING, RECORD, STUDY, SUMS_FILE, UNREADABLE, Finding, Outcome, distinct
from ntcspec.audit.outcome import CRATE as IN_CRATE
from ntcspec.audit.records import Record, damage, own, record_findings
from ntcspec.audit.tables import pair_findings, table_findings
from ntcspec.config.resolved import Study
from ntcspec.errors import LIST_ALL, UserError, first_of
from ntcspec.plan import SUMS, TABLE, Job, Plan
from ntcspec.plan.readable import readable
from ntcspec.provenance import canonical
from ntcspec.workflow import read_any_record

LINE = re.compile(r"([0-9a-f]{64})  (\S.*)")
BROKEN = (UserError, OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError)
MAGIC = {".png": b"\x89PNG\r\n\x1a\n", ".pdf": b"%PDF-", ".nxs": b"\x89HDF\r\n\x1a\n", ".svg": b"<?xml"}


def audit_study(study: Study, artifact: str = "", left_out: Mapping[str, str] | None = None) -> Outcome:
    """Audit a study; or one artifact (its path from the root) and all that it was made from.

    left_out: sha256 by name of raw files that may be missing, if records name them with that hash.
    Raises UserError where the study makes no such artifact.
    """
    files = Files()
    raw = {name for m in study.measurements for name in (*m.files, *m.companions)}
    files.prefetch(study.root / study.raw(name) for name in raw)
    never = {m.folder for m in study.measurements if not (study.root / m.folder).exists()}
    study = readable(study, files.strict(), never)  # what a run left out for that reason is no finding
    plan = Plan(study, files)
    jobs = _wanted(plan, artifact)
    audit = _Audit(plan, jobs, files, left_out or {}, whole=not artifact)
    known = set(plan.outputs())
    findings = distinct(sorted(audit.findings(), key=lambda f: f.path in known))  # raw files and check sums first
    taken = [(job.outputs, {i.path for i in job.inputs}) for job in jobs]
    follows = {path: tuple(_descendants(path, taken)) for path in {f.path for f in findings}}
    sources = {i.path for job in jobs for i in job.inputs if i.root == "raw"}
    left = first_of([f"left out of the study: {problem}" for problem in study.problems], LIST_ALL)
    notes = (*left, *_installed(audit.records))
    return Outcome(study.name, len(audit.outputs), len(sources), findings, follows, notes)


def _wanted(plan: Plan, artifact: str) -> list[Job]:
    """The jobs to audit, in the order in which they run."""
    if not artifact:
        return list(plan.jobs.values())
    makers = {path: job for job in plan.jobs.values() for path in job.outputs}
    if artifact not in makers:
        raise UserError(artifact, "is no artifact of this study as it is now", "see what is in it: ntcspec trace FILE")
    waiting, found = [makers[artifact]], set()
    while waiting:
        job = waiting.pop()
        if job.outputs[0] not in found:
            found.add(job.outputs[0])
            waiting += [makers[i.path] for i in job.inputs if i.root != "raw"]
    return [job for output, job in plan.jobs.items() if output in found]


def _descendants(path: str, jobs: Collection[tuple[tuple[str, ...], set[str]]]) -> Iterator[str]:
    """Artifacts that were made from a file, directly or not; jobs: outputs and inputs, in the order of the plan."""
    reached = {path}
    for outputs, inputs in jobs:
        if not reached.isdisjoint(inputs):
            reached.update(outputs)
            yield from outputs


class _Audit:
    """One audit; each step needs what those before it found."""

    def __init__(
        self, plan: Plan, jobs: Collection[Job], files: Files, left_out: Mapping[str, str], whole: bool
    ) -> None:
        self.left_out, self.whole = left_out, whole
        self.plan, self.jobs, self.files, self.root = plan, jobs, files, plan.study.root
        self.outputs = {path: job for job in jobs for path in job.outputs}
        self.records: dict[str, Record] = {}
        self.bad: set[str] = set()  # files whose bytes or records have been found out
        self.old: set[str] = set()  # files that are not what the study asks for now

    def findings(self) -> Iterator[Finding]:
        self.files.prefetch(self.root / path for path in self.outputs)
        steps = (self._present, self._sums, self._own_records, self._asked_for, self._edges, self._numbers, self._crate)
        for step in steps:
            for finding in step():
                (self.old if finding.kind in (STUDY, CODE) else self.bad).update((finding.path, *finding.also))
                yield finding

    def _present(self) -> Iterator[Finding]:
        """Files that are not there, or hold no record."""
        for path in self.outputs:
            if trouble := self.files.trouble(self.root / path):
                yield Finding(path, UNREADABLE if trouble.startswith("cannot") else MISSING, trouble)
                continue
            try:
                record = read_any_record(self.root / path)
                what = damage(record)
            except BROKEN as error:
                what = f"its record cannot be read: {_why(error)}"
            if not what and not _starts_as_named(self.root / path):
                what = f"is no {Path(path).suffix[1:].upper()} file"
            if what:
                yield Finding(path, RECORD, what)
            else:
                self.records[path] = record
        self.edges = gather(self.records)

    def _sums(self) -> Iterator[Finding]:
        """results/SHA256SUMS against the bytes. Where something was made from just these bytes, the line is wrong."""
        trouble = self.files.trouble(self.root / SUMS)
        if trouble:
            yield Finding(SUMS, UNREADABLE if trouble.startswith("cannot") else MISSING, trouble)
            return
        listed, twisted = read_sums(self.root / SUMS)
        yield from (Finding(SUMS, SUMS_FILE, what) for what in twisted)
        borne_out = []  # files with other bytes than listed, from which something was made as they are
        for path in self.outputs:
            digest = self.files[self.root / path]
            if not digest or listed.get(path, digest) == digest:
                continue
            if self.edges.confirmed(path, digest):
                borne_out.append(path)
            else:
                empty = " (it is empty)" * (not (self.root / path).stat().st_size)
                yield Finding(path, BYTES, f"its bytes are not those of {SUMS}{empty}")
        every = self.plan.outputs()
        for what, names in (
            ("lists other hashes than what was made from these files bears out:", borne_out),
            ("does not list", [path for path in self.outputs if path not in listed]),
            ("lists what the study does not make:", sorted(set(listed) - set(every))),
        ):
            if names:
                yield Finding(SUMS, SUMS_FILE, f"{what} {few(names)}")

    def _own_records(self) -> Iterator[Finding]:
        """Records that contradict themselves; files of one job with different records."""
        alone = {path: own(record) for path, record in self.records.items()}
        for path, record in self.records.items():
            for ancestor, what in record_findings(record, lambda p, one: alone.get(p) == one):
                yield Finding(path, RECORD, f"{what} (the record of {ancestor} in it)" if ancestor else what)
        for job in self.jobs:
            texts = {path: canonical(self.records[path]) for path in job.outputs if path in self.records}
            usual = Counter(texts.values()).most_common(1)
            for path, text in texts.items():
                if text != usual[0][0]:
                    same = next(p for p, t in texts.items() if t == usual[0][0])
                    yield Finding(path, RECORD, f"its record is not the one in {same}, made by the same job")

    def _asked_for(self) -> Iterator[Finding]:
        """What the study asks for now; files of one job with one record are told together."""
        for job in self.jobs:
            alike: dict[str, list[str]] = {}
            for path in (path for path in job.outputs if path in self.records):
                alike.setdefault(canonical(self.records[path]), []).append(path)
            for first, *others in alike.values():
                for finding in plan_findings(first, self.records[first], job):
                    yield replace(finding, also=tuple(others))

    def _edges(self) -> Iterator[Finding]:
        study = self.plan.study
        gone = {path for path in self.outputs if path not in self.records}

        def locate(root: str, path: str) -> Path:
            return study.root / (study.raw(path) if root == "raw" else path)

        def current(path: str, record: Record) -> bool:
            return path in self.outputs and self.outputs[path].key == record.get("key")

        for name, digest in self.left_out.items():
            known = self.edges.users.get(("raw", name), {})
            if self.files.trouble(locate("raw", name)) == "missing" and {sha256 for sha256, _ in known} == {digest}:
                self.edges.users.pop(("raw", name))
        for finding in edge_findings(self.edges, locate, self.files, self.bad):
            if finding.kind not in (MISSING, UNREADABLE) or finding.path not in gone:
                yield finding
        yield from ancestry_findings(self.records, current, self.bad)
        for path, record in self.records.items():
            job, told = self.outputs[path], self.bad | self.old
            if record["key"] != job.key and not told & {path, *job.outputs} and not self._follows(job, told):
                yield Finding(path, STUDY, "made from other inputs than the study has now")

    def _follows(self, job: Job, bad: Collection[str]) -> bool:
        """Whether something that the job was made from has been found out."""
        raw = [i.path for i in job.inputs if i.root == "raw"]
        makers = [self.outputs[i.path] for i in job.inputs if i.root != "raw"]
        return any(path in bad for path in raw) or any(
            any(path in bad for path in maker.outputs) or self._follows(maker, bad) for maker in makers
        )

    def _numbers(self) -> Iterator[Finding]:
        """Numbers that stand in several files."""
        for job in self.jobs:
            if len(job.outputs) == 2 and job.outputs[1].endswith(".json") and not self.bad & set(job.outputs):
                yield from pair_findings(self.root, job)
        job = self.plan.jobs[TABLE]
        if TABLE in self.outputs and not (self.bad | self.old) & {*job.outputs, *(i.path for i in job.inputs)}:
            yield from table_findings(self.root, self.plan, self.records)

    def _crate(self) -> Iterator[Finding]:
        """The crate of the study against all of the above; that it cannot be compared says no more than they do."""
        told = bool(self.bad or self.old)
        for path, what in crate_findings(self.plan, self.files.__getitem__) if self.whole else ():
            if not (told and what.startswith(NOT_COMPARED)):
                yield Finding(path, IN_CRATE, what)


def read_sums(path: Path) -> tuple[dict[str, str], list[str]]:
    """sha256 by artifact of results/SHA256SUMS, and what is wrong with its lines."""
    listed: dict[str, str] = {}
    twisted = []
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        found = LINE.fullmatch(line)
        if not found:
            twisted.append(f"line {number} is not 'sha256  file'")
        elif f"results/{found[2]}" in listed:
            twisted.append(f"line {number} lists results/{found[2]} again")
        else:
            listed[f"results/{found[2]}"] = found[1]
    return listed, twisted


def _why(error: Exception) -> str:
    if isinstance(error, UserError):
        return error.what
    return f"damaged JSON ({error})" if isinstance(error, JSONDecodeError) else str(error)


def _starts_as_named(path: Path) -> bool:
    """Whether a file is of the format that its name says, where the first bytes tell."""
    magic = MAGIC.get(path.suffix, b"")
    with path.open("rb") as stream:
        return stream.read(len(magic)) == magic


def _installed(records: Mapping[str, Record]) -> Iterator[str]:
    """Packages whose versions here are others than those that made the results."""
    used: dict[str, set[str]] = {}
    for record in records.values():
        for name, version in (*record["packages"].items(), ("Python", record["python"])):
            used.setdefault(name, set()).add(str(version))
    for name, versions in sorted(used.items()):
        here = platform.python_version() if name == "Python" else _version(name)
        if versions != {here}:
            yield f"made with {name} {' and '.join(sorted(versions))}; here it is {here or 'not installed'}"


def _version(name: str) -> Any:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
