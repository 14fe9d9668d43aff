"""Start Snakemake, follow what it says to its end, and keep what no log of a job tells."""

from __future__ import annotations

import contextlib
import re
import subprocess
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ntcspec.drive.progress import Progress
from ntcspec.files import cannot_write, of_the_disk
from ntcspec.processes import end_with_parent

LAST = 5  # lines that are shown where nothing better is known
UNLOGGED = re.compile(r"^error: (.+)")  # of ntcspec.stage: a job that cannot write its log
REFUSED = re.compile(r"\[Errno (\d+)\] ([^:']+)(?:: '([^']+)')?")  # of Snakemake itself


@dataclass(frozen=True)
class Ended:
    """How Snakemake ended: its exit code, what stands in no log of a job, the last that it said."""

    code: int
    errors: tuple[str, ...]
    last: tuple[str, ...]


NOTHING = Ended(0, (), ())  # of a run that had nothing to start it for


class Copy:
    """A log of all lines, as far as the disk takes it. Raises UserError where it cannot even be opened."""

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.stream: IO[str] | None = path.open("w", encoding="utf-8")
        except OSError as error:
            raise cannot_write(path, error) from None

    def write(self, line: str) -> None:
        if self.stream is not None:
            try:
                self.stream.write(line)
                self.stream.flush()
            except OSError:
                self.close()  # a full disk: the run goes on, and says itself what fails

    def close(self) -> None:
        stream, self.stream = self.stream, None
        with contextlib.suppress(OSError):
            if stream is not None:
                stream.close()


def follow(
    command: Sequence[str], environment: Mapping[str, str], log: Path, progress: Progress, folder: Path | None
) -> Ended:
    """Run Snakemake; with a folder it starts there. All that it says goes to the log.

    It ends with this process: it would go on to start jobs beside those of the next run.
    """
    errors: dict[str, None] = {}
    last: deque[str] = deque(maxlen=LAST)
    with contextlib.closing(Copy(log)) as copy:
        process = subprocess.Popen(
            command,
            cwd=folder,
            preexec_fn=end_with_parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**environment, "PYTHONUNBUFFERED": "1"},
        )
        assert process.stdout is not None
        try:
            for line in process.stdout:
                copy.write(line)
                last.append(line.rstrip())
                if (error := _error_in(line, log)) and error not in errors:
                    errors[error] = None
                    progress.told_by_none(error)
                progress.heard(line)
            return Ended(process.wait(), tuple(errors), tuple(last))
        except KeyboardInterrupt:
            process.wait()
            raise


def _error_in(line: str, log: Path) -> str:
    """What went wrong, where a line says so that stands in no log of a job; else ''."""
    if found := UNLOGGED.match(line):
        return found[1]
    if (found := REFUSED.search(line)) and (
        error := of_the_disk(OSError(int(found[1]), found[2].strip(), found[3]), f"the disk of {log}")
    ):
        return str(error)
    return ""
