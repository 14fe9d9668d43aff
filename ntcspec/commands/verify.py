"""`ntcspec verify`: recompute every hash and walk every edge of a study; name what changed."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ntcspec.audit.crate_check import absent_raw, crate_findings
from ntcspec.audit.pack import LEFT_OUT
from ntcspec.audit.sign import signed_by
from ntcspec.config.load import load_study, root_of
from ntcspec.errors import UserError
from ntcspec.plan import CRATE, SUMS, Job, Plan
from ntcspec.provenance import canonical, sha256_file
from ntcspec.workflow import listed_sums, read_any_record


def main(options: argparse.Namespace) -> int:
    """Exit code 1 if anything is not as recorded; 3 if all is, but raw files were left out of a pack."""
    root = root_of(options.study)
    study = load_study(options.study, absent_raw(root))
    plan = Plan(study)
    left_out = study.absent if (root / LEFT_OUT).is_file() else {}
    found = list(findings(plan))
    for path, what in found:
        print(f"{path}: {what}", file=sys.stderr)
    artifacts = len(plan.outputs())
    who, good = signed_by(root / CRATE, options.signers)
    if who:
        print(f"{CRATE}: {who}", file=sys.stdout if good else sys.stderr)
    if found or not good:
        print(f"{study.name}: {len(found) + (not good)} findings in {artifacts} artifacts", file=sys.stderr)
        return 1
    if left_out:
        words = (
            f"{artifacts} artifacts are what their records say; {len(left_out)} raw files were left out of this pack"
        )
        print(f"{study.name}: {words}, so that their hashes could not be recomputed", file=sys.stderr)
        return 3
    print(f"{study.name}: {artifacts} artifacts are what their records say, down to the raw files")
    return 0


def findings(plan: Plan) -> Iterator[tuple[str, str]]:
    """(file, what is wrong) for everything that is not as recorded."""
    root = plan.study.root
    hashes: dict[str, str] = {}

    def sha256(path: str) -> str:
        if path not in hashes:
            hashes[path] = sha256_file(root / path) if (root / path).is_file() else ""
        return hashes[path]

    for output, job in plan.jobs.items():
        records: dict[str, Mapping[str, Any]] = {}
        for path in job.outputs:
            if not (root / path).is_file():
                yield path, "missing"
                continue
            try:
                records[path] = read_any_record(root / path)
            except (UserError, ValueError, KeyError) as error:
                yield path, f"its record cannot be read ({error})"
        for path, record in records.items():
            yield from ((path, what) for what in _against_plan(record, job))
            yield from ((path, what) for what in _edges(record, plan, sha256))
        if len({canonical(r) for r in records.values()}) > 1:
            yield output, "its files carry different records"
    yield from _sums(root, plan, sha256)
    yield from crate_findings(plan)


def _against_plan(record: Mapping[str, Any], job: Job) -> Iterator[str]:
    """What the record says against what the study asks for now."""
    try:
        if record["key"] == job.key and canonical(record["parameters"]) == canonical(job.parameters):
            pass
        elif canonical(record["parameters"]) != canonical(job.parameters):
            names = sorted({*record["parameters"], *job.parameters})
            changed = [n for n in names if record["parameters"].get(n) != json.loads(canonical(job.parameters.get(n)))]
            yield f"made with other parameters than the study has now: {', '.join(changed)}"
        elif record["code"]["fingerprint"] != job.code:
            yield f"made by other code ({record['code']['fingerprint']}, now {job.code})"
        else:
            yield "made from other inputs than the study has now"
        for name, value in job.about.items():
            if record.get(name) != value:
                yield f"its record says {name} {record.get(name)!r}, the study {value!r}"
    except (KeyError, TypeError, AttributeError) as error:
        yield f"its record is damaged ({error!r})"


def _edges(record: Mapping[str, Any], plan: Plan, sha256: Any) -> Iterator[str]:
    """Every input that the record names must exist with the bytes it had."""
    for one in record.get("inputs", []):
        path = plan.study.raw(one["path"]) if one["root"] == "raw" else one["path"]
        left_out = one["root"] == "raw" and (plan.study.root / LEFT_OUT).is_file() and one["path"] in plan.study.absent
        if left_out and plan.study.absent[one["path"]] == one["sha256"]:
            continue
        if not sha256(path):
            yield f"its input {one['path']} is missing"
        elif sha256(path) != one["sha256"]:
            yield f"its input {one['path']} has changed since"


def _sums(root: Path, plan: Plan, sha256: Any) -> Iterator[tuple[str, str]]:
    try:
        listed = listed_sums(root)
    except OSError:
        yield SUMS, "missing"
        return
    for path in plan.outputs():
        if path not in listed:
            yield path, f"is not listed in {SUMS}"
        elif sha256(path) and sha256(path) != listed[path]:
            yield path, f"its bytes differ from {SUMS}"
