"""What the Snakefile and `ntcspec run` share: names of folders, and which artifacts are not what the study asks for."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

from ntcspec.config.resolved import Study
from ntcspec.errors import LIST_ALL, UserError, first_of
from ntcspec.plan import CRATE, SUMS, Job, Plan
from ntcspec.provenance import FileCache, sha256_file
from ntcspec.records import read_any_record
from ntcspec.techniques import METRICS

PLACEHOLDER = re.compile(r"[<>{}]")  # in a path Snakemake reads <name> and {name} as its own, and cannot be told not to


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
    """Jobs of which an artifact is missing or was made with another key."""
    root = plan.study.root
    cache = FileCache(root / ".ntcspec" / "keys.json", recorded_key)
    found = [job for job in plan.jobs.values() if any(_key(cache, root / path) != job.key for path in job.outputs)]
    cache.save()
    return found


def _key(cache: FileCache, path: Path) -> str:
    try:
        return cache[path]
    except OSError:
        return ""


def settle_times(plan: Plan, waiting: Sequence[Job]) -> bool:
    """Give current artifacts times in the order in which they follow from each other.

    Returns whether results/SHA256SUMS is there and was made after all of them, or tells of them as they are.

    Snakemake compares times of files before anything else; a copy or a touch puts them into any order. An artifact
    that carries the key of its job is current, so its time may be moved; the others are left to be made again.
    """
    root, made_again = plan.study.root, {job.outputs[0] for job in waiting}
    newest = 0
    for job in plan.jobs.values():
        if job.outputs[0] in made_again:
            continue
        taken = [root / i.path for i in job.inputs if i.root != "raw"]
        newest = max([newest, *(p.stat().st_mtime_ns for p in taken if p.exists())])
        for output in (root / name for name in job.outputs):
            if output.stat().st_mtime_ns < newest:
                os.utime(output, ns=(newest, newest))
    sums, crate = root / SUMS, root / CRATE
    if not waiting and sums.exists() and sums.stat().st_mtime_ns < newest and not wrong_sums(plan):
        os.utime(sums, ns=(newest, newest))
    if sums.exists() and crate.exists() and crate.stat().st_mtime_ns < sums.stat().st_mtime_ns:
        os.utime(crate, ns=(newest, sums.stat().st_mtime_ns))  # where it is not current, it is made by force
    return sums.exists() and sums.stat().st_mtime_ns >= newest


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
