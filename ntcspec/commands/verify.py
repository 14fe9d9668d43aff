"""`ntcspec verify [STUDY|FILE]`: recompute every hash and walk every edge; name what changed."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict

from ntcspec.audit.crate_check import absent_raw
from ntcspec.audit.edges import few
from ntcspec.audit.outcome import CODE, Outcome
from ntcspec.audit.pack import LEFT_OUT
from ntcspec.audit.place import artifact_of
from ntcspec.audit.sign import signed_by
from ntcspec.audit.study import audit_study
from ntcspec.config.load import load_study, root_of
from ntcspec.errors import Problems, UserError
from ntcspec.plan import CRATE, Plan

SCHEMA = "ntcspec-verify/1"


def main(options: argparse.Namespace) -> int:
    """Exit code: 0 all as recorded, 1 something is not, 2 not checked, 3 but for raw files left out of a pack."""
    try:
        place, artifact = artifact_of(options.study)
        root = root_of(place)
        study = load_study(place, absent_raw(root))
        left_out = study.absent if (root / LEFT_OUT).is_file() else {}
        outcome = audit_study(study, artifact, left_out)
        who, good = signed_by(root / CRATE, options.signers)
    except (UserError, Problems) as error:
        print(f"ntcspec verify: cannot be checked: {error}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(as_json(outcome, artifact), indent=1, ensure_ascii=False))
    else:
        if who:
            print(f"{CRATE}: {who}", file=sys.stdout if good else sys.stderr)
        _print(outcome, artifact, len(left_out))
    return outcome.exit_code or (0 if good else 1) or (3 if left_out else 0)


def findings(plan: Plan) -> Iterator[tuple[str, str]]:
    """(file, what is wrong) for everything that is not as recorded."""
    root = plan.study.root
    left_out = plan.study.absent if (root / LEFT_OUT).is_file() else {}
    yield from ((f.path, f.what) for f in audit_study(plan.study, "", left_out).findings)


def as_json(outcome: Outcome, artifact: str) -> dict[str, object]:
    """For scripts; docs/provenance.md says what each key means."""
    found = [{**asdict(f), "follows": list(outcome.follows[f.path])} for f in outcome.findings]
    return {
        **{"schema": SCHEMA, "study": outcome.study, "artifact": artifact or None, "exit_code": outcome.exit_code},
        **{"artifacts": outcome.artifacts, "raw_files": outcome.raw_files},
        **{"findings": found, "notes": list(outcome.notes)},
    }


def _print(outcome: Outcome, artifact: str, left_out: int) -> None:
    for line in lines(outcome):
        print(line, file=sys.stderr)
    for note in outcome.notes:
        print(f"note: {note}")
    subject, artifacts = artifact or outcome.study, _many(outcome.artifacts, "artifact")
    if outcome.findings:
        files = _many(len({path for f in outcome.findings for path in (f.path, *f.also)}), "file")
        found = _many(len(outcome.findings), "finding")
        print(f"{subject}: {found} in {files}, {artifacts} checked", file=sys.stderr)
    elif left_out:
        words = (
            f"{_many(left_out, 'raw file')} were left out of this pack, so that their hashes could not be recomputed"
        )
        print(f"{subject}: {artifacts} are what their records say; {words}", file=sys.stderr)
    else:
        raw = _many(outcome.raw_files, "raw file")
        print(f"{subject}: {artifacts} are what their records say, down to {raw}")


def lines(outcome: Outcome) -> Iterator[str]:
    """Findings for people: what follows from a file is counted once; what holds for many files is said once."""
    told: set[str] = set()
    together: dict[str, list[str]] = {}
    for finding in outcome.findings:
        if finding.kind == CODE:
            together.setdefault(finding.what, []).extend((finding.path, *finding.also))
            continue
        follows = outcome.follows[finding.path] if finding.path not in told else ()
        told.add(finding.path)
        further = f"; {_many(len(follows), 'artifact')} made from it" if follows else ""
        also = f" (and {few(list(finding.also))})" if finding.also else ""
        yield f"{finding.path}{also}: {finding.what}{further}"
    for what, paths in together.items():
        yield f"{few(paths)}: {what}"


def _many(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
