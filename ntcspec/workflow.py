"""What the Snakefile and `ntcspec run` share: names of folders, and which artifacts are not what the study asks for."""

from __future__ import annotations

import contextlib
import json
import os
import re
import time
from collections.abc import Sequence
from pathlib import Path

from ntcspec import joblog
from ntcspec.config.resolved import Study
from ntcspec.errors import LIST_ALL, UserError, first_of
from ntcspec.plan import CRATE, SUMS, Job, Plan
from ntcspec.provenance import FileCache, hash_cache, sha256_file
from ntcspec.records import read_any_record
from ntcspec.stage import AGAIN, CHANGED, GONE, PUT_BACK
from ntcspec.techniques import METRICS

PLACEHOLDER = re.compile(r"[<>{}]")  # in a path Snakemake reads <name> and {name} as its own, and cannot be told not to


def is_told(path: str) -> bool:
    """Whether Snakemake hears of a raw file; the job finds it all the same.

    Not where it would read a placeholder in the name, nor where the file is from a clock that goes ahead of ours, or
    ours was set back: what is made from it would be thrown away for being older.
    """
    with contextlib.suppress(OSError):
        if Path(path).stat().st_mtime > time.time():
            return False
    return not PLACEHOLDER.search(path)


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


def stale(plan: Plan) -> list[Job]:
    """Jobs of which an artifact is missing, was made with another key, or is not what the job wrote."""
    root = plan.study.root
    cache = FileCache(root / ".ntcspec" / "keys.json", lambda path: _own_key(plan, path))
    found = [job for job in plan.jobs.values() if any(_key(cache, root / path) != job.key for path in job.outputs)]
    cache.save()
    return found


def _key(cache: FileCache, path: Path) -> str:
    try:
        return cache[path]
    except OSError:
        return ""


def _own_key(plan: Plan, path: Path) -> str:
    """The key that an artifact carries; '' as well where it was changed after its job had written it."""
    name = path.relative_to(plan.study.root).as_posix()
    return "" if name in altered(plan.study.root, plan.makers[name]) else recorded_key(path)


def altered(root: Path, job: Job) -> list[str]:
    """Artifacts that are not what their job wrote, by its log; without a log of it nothing is known, and none is."""
    ran = joblog.read(root / job.log)
    wrote = ran.wrote if ran and ran.key == job.key else {}
    there = [name for name in job.outputs if name in wrote and (root / name).is_file()]
    return [name for name in there if sha256_file(root / name) != wrote[name]]


def moved(plan: Plan) -> list[UserError]:
    """Raw files that are no longer what the run was planned with."""
    cache = hash_cache(plan.study.root)
    raw = {i.path: i.identity for job in plan.jobs.values() for i in job.inputs if i.root == "raw"}
    found = {name: _key(cache, plan.study.root / plan.study.raw(name)) for name in raw}
    return [
        UserError(name, CHANGED if digest else GONE, AGAIN if digest else PUT_BACK)
        for name, digest in found.items()
        if digest != raw[name]
    ]


def settle_times(plan: Plan, waiting: Sequence[Job]) -> bool:
    """Give current artifacts times in the order in which they follow from each other, and none of the future.

    Returns whether results/SHA256SUMS is there and was made after all of them, or tells of them as they are.

    Snakemake compares times of files before anything else; a copy, a touch, or a clock that is set back puts them into
    any order. An artifact that carries the key of its job is current, so its time may be moved; the others are left to
    be made again.
    """
    root, made_again, now = plan.study.root, {job.outputs[0] for job in waiting}, time.time_ns()
    times: dict[str, int] = {}  # of artifacts; a file that is not touched keeps what is remembered of it (`stale`)
    for job in plan.jobs.values():
        if job.outputs[0] not in made_again:
            earliest = max((times.get(i.path, 0) for i in job.inputs), default=0)
            times |= {name: _settle(root / name, earliest, now) for name in job.outputs}
    newest = max(times.values(), default=0)
    sums, crate = root / SUMS, root / CRATE
    if sums.exists():
        late = sums.stat().st_mtime_ns < newest
        _settle(sums, newest if late and not waiting and not wrong_sums(plan) else 0, now)
        if crate.exists():
            _settle(crate, sums.stat().st_mtime_ns, now)  # where it is not current, it is made by force
    return sums.exists() and sums.stat().st_mtime_ns >= newest


def _settle(path: Path, earliest: int, latest: int) -> int:
    """Move the time of a file (ns) to between these, if it is not; returns it."""
    found = path.stat().st_mtime_ns
    wanted = min(max(found, earliest), latest)
    if found != wanted:
        os.utime(path, ns=(wanted, wanted))
    return wanted


def wrong_sums(plan: Plan) -> list[str]:
    """Artifacts that results/SHA256SUMS lacks or lists with another hash; the file must exist."""
    root = plan.study.root
    listed = listed_sums(root)
    return [path for path in plan.outputs() if listed.get(path) != sha256_file(root / path)]


def listed_sums(root: Path) -> dict[str, str]:
    """sha256 by artifact, as results/SHA256SUMS lists them. Raises OSError where there is none."""
    lines = (root / SUMS).read_text(encoding="utf-8").splitlines()
    return {f"results/{name}": digest for digest, _, name in (line.partition("  ") for line in lines)}


def left_out(study: Study) -> list[str]:
    """One line for each mistake that keeps measurements out of the study; of very many the first ones."""
    return first_of([f"left out: {problem}" for problem in study.problems], LIST_ALL)


def failures(plan: Plan) -> list[tuple[str, str]]:
    """(measurement or series, reason) of everything that failed or was left out."""
    found = [(f"{e.sample} / {e.name}".removesuffix(" / *"), e.reason) for e in plan.study.excluded]
    for measurement in plan.study.measurements:
        for stage in METRICS:
            path = f"{measurement.folder}/{stage}.json"
            reason = _failure_in(plan.study.root / path) if path.removesuffix(".json") + ".nxs" in plan.jobs else ""
            if reason and (measurement.title, reason) not in found:
                found.append((measurement.title, reason))
    for name in plan.study.series:
        reason = _failure_in(plan.study.root / f"results/series/{name}.json")
        if reason:
            found.append((f"series {name}", reason))
    return found


def _failure_in(path: Path) -> str:
    """Why a stage with metrics could not be done; '' if it could, or was not run."""
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["failure"])
    except (OSError, ValueError, KeyError):
        return ""
