"""What `ntcspec run` says while it runs, from what Snakemake prints.

On a terminal: one line that is drawn over and over, with how far the run is, how long still, and what runs now. In a
file or a pipe: a line each tenth of the jobs, and each minute. Both: what failed, why and where its log is, as soon as
it failed. With `verbose` a line for each job as it starts.

How long still: the time that jobs of the same technique and stage took, in this run or in earlier ones, for each job
that waits, divided by how many run at a time. A count of jobs alone would not do: a fit takes a hundred ingests.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from ntcspec.errors import UserError
from ntcspec.plan import Job, Plan
from ntcspec.provenance import canonical, write_atomic

STARTED = re.compile(r"^(?:Job |localrule |rule )(\d+|\w+): (.+)$")
FINISHED = re.compile(r"^Finished jobid: (\d+)")
STEPS = re.compile(r"^(\d+) of (\d+) steps")
BROKEN = re.compile(r"^Error in rule ")
JOB_ID = re.compile(r"^    jobid: (\d+)")
INSIDE = re.compile(r"^progress: (.+): (\d+) of (\d+), about (\d+) s left$")  # of ntcspec.stage
BAR = 20  # characters
MINUTE_S, TENTHS = 60.0, 10
MESSAGES = {  # of workflow/rules/study.smk, by stage, where it is not the stage's name
    "table": "table of all metrics",
    "trends": "trends of metrics against properties",
    "claims": "claims tested on the metrics",
    "study": "the whole study in one file",
}
DURATIONS = ".ntcspec/durations.json"  # s, by technique and stage: for the next run's first guess
NEW_WEIGHT = 0.3  # of a new duration in the mean


class Progress:
    """Context round a run: is told every line of Snakemake, tells people."""

    def __init__(
        self,
        plan: Plan,
        waiting: Sequence[Job],
        *,
        verbose: bool = False,
        stream: TextIO | None = None,
        also: Callable[[str], str] = lambda line: "",
    ) -> None:
        self.root, self.verbose = plan.study.root, verbose
        self.stream, self.also = stream or sys.stdout, also  # who else hears every line, and may have a word on it
        self.live = self.stream.isatty()
        self.jobs = {_message(job): job for job in plan.jobs.values()}
        self.left = {job.key: job for job in waiting}
        self.running: dict[str, tuple[str, float]] = {}  # by Snakemake's number: message, start
        self.inside: dict[str, tuple[int, int]] = {}  # loops in jobs that say how far they are, by log
        self.failed: set[str] = set()  # what was told: a measurement, or a job of the study
        self.durations = _read(self.root / DURATIONS)
        self.done, self.total, self.most, self.error = 0, 0, 1, False
        self.start = self.told = time.monotonic()
        self.tenth, self.shown = 0, 0.0
        self.stop, self.lock = threading.Event(), threading.Lock()
        self.clock = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Progress:
        self.clock.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.clock.join()
        self._clear()
        if self.done:
            with contextlib.suppress(UserError):  # it only makes the next guess better
                write_atomic(self.root / DURATIONS, canonical(self.durations).encode())
            print(f"{self.done} steps in {span(time.monotonic() - self.start)}", file=self.stream, flush=True)

    def told_by_none(self, error: str) -> None:
        """What went wrong outside of any job's log."""
        with self.lock:
            self._say(f"FAILED {error}")

    def heard(self, line: str) -> None:
        """One line of Snakemake's."""
        with self.lock:
            if said := self.also(line):
                self._say(said)
            if found := STARTED.match(line):
                self._started(found[1], found[2])
            elif found := FINISHED.match(line):
                self._ended(found[1])
            elif found := STEPS.match(line):
                self.done, self.total = int(found[1]), int(found[2])
                self._count()
            elif BROKEN.match(line):
                self.error = True
            elif self.error and (found := JOB_ID.match(line)):
                self.error = False
                self._ended(found[1], broken=True)
            elif found := INSIDE.match(line):
                self.inside[found[1].rpartition(": ")[0]] = int(found[2]), int(found[3])
                self._draw()

    def _started(self, number: str, message: str) -> None:
        self.running[number] = message, time.monotonic()
        self.most = max(self.most, len(self.running))
        if self.verbose:
            self._say(f"  {message}")
        self._draw()

    def _ended(self, number: str, broken: bool = False) -> None:
        message, start = self.running.pop(number, ("", 0.0))
        job = self.jobs.get(message)
        if job is None:
            if broken:
                self._say(f"FAILED {message or 'a job'}: see results/logs/run.log")
            return
        self.left.pop(job.key, None)
        if not broken:
            kind, took = _kind(job), time.monotonic() - start
            known = self.durations.get(kind, took)
            self.durations[kind] = round((1 - NEW_WEIGHT) * known + NEW_WEIGHT * took, 3)
        reason = error_in(self.root / job.log)
        subject = subject_of(job)
        if (reason or broken) and subject not in self.failed:
            self.failed.add(subject)
            self._say(f"FAILED {subject}: {reason or 'it ended without a word'} (log: {job.log})")

    def left_s(self) -> float | None:
        """How long still, s; None before the first job is done."""
        if not self.durations or not self.done:
            return None
        usual = sorted(self.durations.values())[len(self.durations) // 2]
        elapsed = time.monotonic()
        begun = {self.jobs[m].key: elapsed - t for m, t in self.running.values() if m in self.jobs}
        rest = (self.durations.get(_kind(job), usual) - begun.get(key, 0.0) for key, job in self.left.items())
        return sum(max(one, 0.0) for one in rest) / self.most

    def _count(self) -> None:
        """A line each tenth in a file; the line of the terminal."""
        if self.live:
            self._draw()
        elif TENTHS * self.done // max(self.total, 1) > self.tenth:
            self.tenth = TENTHS * self.done // self.total
            self._note()

    def _note(self) -> None:
        self.told = time.monotonic()
        if self.done < self.total:
            self._say(f"{self.done} of {self.total} steps done{self._time_left()}")

    def _tick(self) -> None:
        while not self.stop.wait(1.0):
            with self.lock:
                if self.live:
                    self._draw(now=True)
                elif self.total and time.monotonic() - self.told > MINUTE_S:
                    self._note()

    def _time_left(self) -> str:
        left = self.left_s()
        return "" if left is None else f", about {span(left)} left"

    def _draw(self, now: bool = False) -> None:
        if not self.live or (not now and time.monotonic() - self.shown < 0.1):
            return
        self.shown = time.monotonic()
        text = f"{bar(self.done, self.total)} {self.done}/{self.total or '?'}{self._time_left()}"
        for message, _ in list(self.running.values())[:1]:
            more = len(self.running) - 1
            text += f": {message}{self._how_far(message)}{f' and {more} more' if more else ''}"
        width = shutil.get_terminal_size().columns - 1
        self.stream.write(f"\r\033[K{text[:width]}")
        self.stream.flush()

    def _how_far(self, message: str) -> str:
        """' (30 %)' of a job that counts its steps."""
        job = self.jobs.get(message)
        name = "/".join(Path(job.log).with_suffix("").parts[-3:]) if job else ""
        done, total = self.inside.get(name, (0, 0))
        return f" ({100 * done // total} %)" if total else ""

    def _say(self, line: str) -> None:
        self._clear()
        print(line, file=self.stream, flush=True)
        if self.live:
            self._draw(now=True)

    def _clear(self) -> None:
        if self.live:
            self.stream.write("\r\033[K")
            self.stream.flush()


def bar(done: int, total: int) -> str:
    """'[#####...............]  25 %'."""
    full = BAR * done // max(total, 1)
    return f"[{'#' * full}{'.' * (BAR - full)}] {100 * done // max(total, 1):3d} %"


def span(seconds: float) -> str:
    """A time for people: '40 s', '12 min', '3 h 20 min'."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def error_in(log: Path) -> str:
    """What a job that could not be done said last; '' where it said nothing."""
    try:
        lines = log.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    said = [line for line in lines if line.startswith("error: ")]
    return said[-1].removeprefix("error: ") if said else ""


def subject_of(job: Job) -> str:
    """What a job works on, in the words of the study's files: a measurement, else its first output."""
    about = job.about
    return f"{about['sample']} / {about['measurement']}" if "sample" in about else job.outputs[0]


def _message(job: Job) -> str:
    """The message of its rule, which Snakemake prints."""
    parts = Path(job.outputs[0]).with_suffix("").parts[1:]
    if "sample" in job.about:
        return f"{parts[2]} {parts[0]} / {parts[1]}"
    stage = str(job.about["stage"])
    return f"{stage} {parts[-1]}" if stage in ("panel", "figure", "series") else MESSAGES.get(stage, stage)


def _kind(job: Job) -> str:
    return f"{job.about.get('technique', 'study')}.{job.about['stage']}"


def _read(path: Path) -> dict[str, float]:
    try:
        return {str(k): float(v) for k, v in json.loads(path.read_text(encoding="utf-8")).items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
