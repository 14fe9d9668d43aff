"""The book of jobs: what a job needs to run, by its key, so that a rule hands over a key alone.

Parameters of a job can be long (those of the table name every measurement): too long for a command line, and costly
where Snakemake would carry and compare them. The book is named after the keys in it and never changed, so that any
number of processes and nodes can read it without a lock.
"""

from __future__ import annotations

import json
import os
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Mapping
from glob import escape
from importlib import import_module
from pathlib import Path
from typing import Any

from ntcspec.errors import UserError
from ntcspec.files import new_file
from ntcspec.plan import Job, Plan
from ntcspec.provenance import sha256_bytes

FOLDER = Path(".ntcspec/books")
STAGE = "ntcspec.stage:run_stage"
STUDY = {  # which function does a job of the study as a whole, by its stage
    "series": "ntcspec.study.jobs:run_series",
    "table": "ntcspec.study.jobs:run_table",
    "trends": "ntcspec.study.jobs:run_trends",
    "claims": "ntcspec.study.jobs:run_claims",
    "panel": "ntcspec.study.jobs:run_panel",
    "report": "ntcspec.study.jobs:run_report",
    "figure": "ntcspec.study.jobs:run_figure",
    "study": "ntcspec.study.jobs:run_study_file",
}
LONGEST_ROOT = 400  # bytes: sqlite opens no path of more than 512
FAST = 1  # zlib level: a third of the size for a tenth of the time of the default


def book_path(plan: Plan) -> Path:
    """Where the book of a plan lies, from the study's root."""
    keys = "".join(sorted(job.key for job in plan.jobs.values()))
    return FOLDER / f"{sha256_bytes(keys.encode())[:16]}.sqlite"


def write_book(plan: Plan) -> None:
    """Write the book of a plan unless it is there. Raises UserError where it cannot be."""
    path = plan.study.root / book_path(plan)
    length = len(os.fsencode(plan.study.root))
    if length > LONGEST_ROOT:
        what = f"the path of the study's folder has {length:,} bytes, and {LONGEST_ROOT} are the most"
        raise UserError(f"{str(plan.study.root)[:60]}...", what, "move the study nearer to the top of the disc")
    if not path.exists():
        write_entries(path, ((job.key, entry(plan, job)) for job in plan.jobs.values()))


def write_entries(path: Path, entries: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Write a book of these keys and what they stand for; others see it whole or not at all.

    It is made in memory, because sqlite says too little of what is wrong with a disk. Raises UserError where it cannot
    be written.
    """
    rows = ((key, zlib.compress(_text(one), FAST)) for key, one in entries)
    connection = sqlite3.connect(":memory:")
    with connection:
        connection.execute("CREATE TABLE jobs (key TEXT PRIMARY KEY, entry BLOB) WITHOUT ROWID")
        connection.executemany("INSERT OR IGNORE INTO jobs VALUES (?, ?)", rows)
    content = connection.serialize()
    connection.close()
    with new_file(path) as temporary:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(content)


def tidy_books(plan: Plan) -> None:
    """Remove the books of other plans; for the one driver that a study has, no one else."""
    kept = book_path(plan).name
    for path in (plan.study.root / FOLDER).glob("*.sqlite"):
        if path.name != kept:
            path.unlink(missing_ok=True)


def entry(plan: Plan, job: Job) -> dict[str, Any]:
    """What stands in the book: the function, and its four arguments."""
    first = job.outputs[0]
    return {
        "function": function_name(str(job.about["stage"])),
        "params": job.params(),
        "inputs": plan.paths(first),
        "outputs": list(job.outputs),
        "log": job.log,
    }


def function_name(stage: str) -> str:
    """'module:function' that does the jobs of a stage."""
    return STUDY.get(stage, STAGE)


def function(name: str) -> Callable[..., None]:
    """The function of that 'module:function'."""
    module, _, inside = name.partition(":")
    found: Callable[..., None] = getattr(import_module(module), inside)
    return found


def read_entry(book: Path, key: str) -> dict[str, Any]:
    """The entry of a job. Raises UserError where the book is lost or another one."""
    try:
        connection = sqlite3.connect(f"{book.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
        try:
            found = connection.execute("SELECT entry FROM jobs WHERE key = ?", (key,)).fetchone()
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise UserError(book.as_posix(), f"cannot be read ({error})", "start the run again") from None
    if found is None:
        raise UserError(book.as_posix(), f"lists no job {key}", "start the run again")
    return json.loads(zlib.decompress(found[0]))


def do(book: Path, key: str) -> None:
    """Do one job; ends the process with 1 where it fails, as `ntcspec.stage.job` does."""
    call(read_entry(book, key))


def call(job: Mapping[str, Any]) -> None:
    """Call the function of an entry, after what a killed process left half-written beside its outputs is cleared."""
    for output in map(Path, job["outputs"]):
        for left in output.parent.glob(f".{escape(output.name)}.*.tmp"):
            left.unlink(missing_ok=True)
    function(job["function"])(job["params"], job["inputs"], job["outputs"], job["log"])


def _text(value: Mapping[str, Any]) -> bytes:
    """JSON; the order of keys is kept, for functions see it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
