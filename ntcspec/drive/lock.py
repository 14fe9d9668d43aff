"""One run at a time in a study, and none beside jobs that a killed one left behind.

`lock` is held by the driver, and by no process that it starts: it says that a run is alive. `lock-jobs` is held by the
workflow as its standard input, which every job inherits: it says that anything at all is at work here, a plain
`snakemake` as well.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from ntcspec.errors import UserError
from ntcspec.files import cannot_write

FOLDER, DRIVER, JOBS = ".ntcspec", "lock", "lock-jobs"
PATIENCE_S, STEP_S = 120.0, 0.1  # jobs of a killed run end within moments


@contextlib.contextmanager
def one_driver(root: Path, name: str = DRIVER) -> Iterator[None]:
    """Refuse a second live driver in the same study; clear what a killed one left behind.

    Raises UserError where another run, or jobs of one, are at work, and where the folder cannot be written.
    """
    with _opened(root, name) as own:
        if not _taken(own):
            raise UserError(str(root), "another run is working on this study", "wait for it, or stop it")
        with _opened(root, JOBS) as jobs:
            _wait_for(jobs, root)
            locks = root / ".snakemake" / "locks"
            for left in locks.glob("*") if locks.is_dir() else ():
                left.unlink(missing_ok=True)
        yield


def hold_for_jobs(root: Path) -> None:
    """In the process of the workflow: hold the lock of the jobs, and let every job inherit it.

    Raises UserError where somebody holds it.
    """
    with _opened(root, JOBS) as jobs:
        if not _taken(jobs):
            raise UserError(str(root), "another run is working on this study", "wait for it, or stop it")
        os.dup2(jobs.fileno(), 0)


def _opened(root: Path, name: str) -> IO[str]:
    try:
        (root / FOLDER).mkdir(exist_ok=True)
        return (root / FOLDER / name).open("a+")
    except OSError as error:
        raise cannot_write(root / FOLDER / name, error) from None


def _taken(stream: IO[str]) -> bool:
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _wait_for(jobs: IO[str], root: Path) -> None:
    """Until nothing is at work. Raises UserError where that takes longer than the jobs of a killed run need."""
    end, told = time.monotonic() + PATIENCE_S, False
    while not _taken(jobs):
        if time.monotonic() > end:
            what = "a `snakemake`, or jobs of an earlier run, are at work in this study"
            raise UserError(str(root), what, "wait for them, or stop them")
        if not told:
            print("waiting for jobs that are still at work here to end", flush=True)
            told = True
        time.sleep(STEP_S)
