"""`ntcspec replay FILE`: recompute an artifact from raw files in a scratch folder, and compare.

Exit code 0: identical bytes, or the same numbers where versions differ (it is said). 1: it differs. 2: it cannot be
replayed, and why. Nothing is written into the study.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from ntcspec.errors import UserError

if TYPE_CHECKING:
    from ntcspec.audit.replay import Replay, Step

SAME, DIFFERENT, CANNOT = 0, 1, 2
SHOWN = 8  # modules and packages that are named


def main(options: argparse.Namespace) -> int:
    """Exit code as above."""
    os.environ.update(
        OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1"
    )  # as in a run: threads change the last bits of sums
    from ntcspec.audit.replay import DIFFERS, in_words, replay

    try:
        with _scratch(options.keep) as scratch:
            tell = _tell if sys.stderr.isatty() or not options.json else lambda *_: None
            _refuse_folders(options.file, options.raw)
            outcome = replay(options.file, options.raw, scratch, numbers=options.numbers, tell=tell)
    except UserError as error:
        if options.json:
            print(
                json.dumps({"file": options.file.name, "verdict": "cannot be replayed", "why": [str(error)]}, indent=1)
            )
        print(f"cannot be replayed: {error}", file=sys.stderr)
        return CANNOT
    code = DIFFERENT if outcome.verdict == DIFFERS else SAME
    if options.json:
        print(json.dumps(_as_json(outcome), indent=1, ensure_ascii=False))
    else:
        for line in _summary(outcome):
            print(line)
        print(in_words(outcome), file=sys.stderr if code else sys.stdout)
    return code


@contextmanager
def _scratch(keep: Path | None) -> Iterator[Path]:
    """A folder to work in, removed afterwards; or the empty one that the user wants to keep."""
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="ntcspec-replay-") as folder:
            yield Path(folder).resolve()
        return
    try:
        keep.mkdir(parents=True, exist_ok=True)
        full = any(keep.iterdir())
    except OSError as error:
        raise UserError(str(keep), f"cannot be written ({error.strerror})", "name a new folder to keep") from None
    if full:
        raise UserError(str(keep), "is not empty", "name a new folder to keep what is made")
    yield keep.resolve()


def _refuse_folders(file: Path, folders: list[Path]) -> None:
    if not file.is_file():
        raise UserError(file.as_posix(), "no such file", "name a figure, table or NeXus file of results/")
    for folder in folders:
        if not folder.is_dir():
            raise UserError(folder.as_posix(), "no such folder", "name the one that holds the raw files: --raw FOLDER")


def _tell(number: int, total: int, step: Step) -> None:
    detail = f" ({step.detail})" if step.detail else ""
    print(f"  {number}/{total} {step.path}: {step.verdict}{detail}", file=sys.stderr, flush=True)


def _summary(outcome: Replay) -> Iterator[str]:
    moved = {name: one["found"] for name, one in outcome.raw.items() if not one["found"].endswith(f"/{name}")}
    raw, made = len(outcome.raw), len(outcome.steps)
    files = "1 raw file has" if raw == 1 else f"{raw} raw files have"
    yield f"{files} the recorded bytes; {made} artifact{'s were' if made != 1 else ' was'} made again"
    yield from (f"  {name} was found as {path}" for name, path in moved.items())
    if outcome.changes:
        shown = ", ".join(map(str, outcome.changes[:SHOWN]))
        more = f" and {len(outcome.changes) - SHOWN} more" if len(outcome.changes) > SHOWN else ""
        yield f"versions differ, so bytes must: {shown}{more}"


def _as_json(outcome: Replay) -> dict[str, object]:
    from ntcspec.audit.compare import TOLERANCE

    compared = outcome.compared
    return {
        "file": outcome.file,
        "verdict": outcome.verdict,
        "why": outcome.why,
        "tolerance": TOLERANCE,
        "fields_compared": compared.fields if compared else 0,
        "differences": [str(d) for d in compared.differences] if compared else [],
        "versions": [asdict(change) for change in outcome.changes],
        "raw": outcome.raw,
        "artifacts": [asdict(step) for step in outcome.steps],
    }
