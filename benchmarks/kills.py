"""Kill a run at random moments, run again, and see whether the study ends as if nothing had happened.

    python benchmarks/kills.py --moments 30            a study with a measurement of each technique (SIMULATED)
    python benchmarks/kills.py --moments 5 --seed 7 --only worker job

Each time a fresh study is run, one of its processes is killed (SIGKILL) at a moment drawn over the time that an
undisturbed run takes, and `ntcspec run` is given again, at once, until it ends well. Then every artifact must have the
bytes of the undisturbed run, the crate must say the same but for times, `ntcspec verify` must agree, and no temporary
file, folder or process may be left. Exit code 1 where anything is otherwise.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CRATE = "ro-crate-metadata.json"
OF_LOGS = {"startTime", "endTime", "datePublished"}  # and all of the logs themselves
MOST_RUNS = 4  # after a kill; one must do
PATIENCE_S, STEP_S = 20.0, 0.01
TARGETS = {  # what is killed, by kind: one of these each time
    "driver": ("driver",),
    "worker": ("worker", "worker and its jobs"),
    "job": ("job in the worker", "script that handed a job over"),
}
SCRIPT, SERVER = b"workflow/scripts/job.py", b"--serve"


@dataclass(frozen=True)
class Outcome:
    """What became of a study after one kill."""

    kind: str
    target: str
    moment_s: float  # after the start
    alone: bool  # the run that was hit ended well
    again: int  # further runs until one ended well
    different: tuple[str, ...]  # artifacts that are not those of the undisturbed run
    left: tuple[str, ...]  # temporary files and folders, processes
    said: tuple[str, ...]  # tracebacks, and what `ntcspec verify` finds

    @property
    def good(self) -> bool:
        return self.again <= 1 and not (self.different or self.left or self.said)


@dataclass(frozen=True)
class Campaign:
    """A study without results, what it comes to undisturbed, and how long that takes."""

    template: Path
    finished: Path
    scratch: Path
    duration_s: float
    cores: str = "2"

    @property
    def study(self) -> Path:
        return self.scratch / "study"

    def kill_one(self, kind: str, draw: random.Random) -> Outcome:
        """A kill at some moment of the run; one that comes after the end of its run is drawn again, earlier."""
        target, moment = draw.choice(TARGETS[kind]), draw.random() * self.duration_s
        while (outcome := self.kill(kind, target, moment)) is None:
            moment *= draw.random()
        return outcome

    def kill(self, kind: str, target: str, moment_s: float) -> Outcome | None:
        """One run with one kill, and what follows; None where there was nothing to kill any more."""
        shutil.rmtree(self.study, ignore_errors=True)
        shutil.copytree(self.template, self.study)
        said = self.scratch / "said.txt"
        said.unlink(missing_ok=True)
        run, begun = self.command("run", self.study, "--cores", self.cores), time.monotonic()
        hit = _strike(run, begun + moment_s, target)
        code, again = run.wait(), 0
        if not hit:
            return None
        alone = code == 0
        while code and again < MOST_RUNS:
            again += 1
            code = self.command("run", self.study, "--cores", self.cores).wait()
        words = said.read_text(errors="replace").splitlines()
        told = [line for line in words if line.startswith("Traceback") or "internal error" in line]
        told += verified(self.study)
        different = differing(self.study / "results", self.finished / "results")
        left = leftovers(self.study, self.scratch / "tmp")
        return Outcome(kind, target, hit - begun, alone, again, tuple(different), tuple(left), tuple(told))

    def command(self, *words: str | Path) -> subprocess.Popen[bytes]:
        """`ntcspec`, what it says appended to a file: a pipe would be held open by whatever is left behind."""
        temporary = self.scratch / "tmp"
        temporary.mkdir(exist_ok=True)
        with (self.scratch / "said.txt").open("ab") as said:
            return subprocess.Popen(
                [sys.executable, "-m", "ntcspec.cli", *map(str, words)],
                cwd=self.scratch,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                env={**os.environ, "TMPDIR": str(temporary)},
            )


def campaign(template: Path, scratch: Path, cores: str = "2") -> Campaign:
    """Run the study undisturbed first. Stops where that fails."""
    first = Campaign(template, scratch / "study", scratch, 0.0, cores)
    shutil.copytree(template, first.study)
    begun = time.monotonic()
    if first.command("run", first.study, "--cores", cores).wait():
        sys.exit((scratch / "said.txt").read_text(errors="replace"))
    duration_s = time.monotonic() - begun
    return Campaign(template, first.study.rename(scratch / "undisturbed"), scratch, duration_s, cores)


def verified(study: Path) -> list[str]:
    """What `ntcspec verify` finds in a study."""
    from ntcspec import cli

    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(out):
        code = cli.main(["verify", str(study)])
    return out.getvalue().splitlines() if code else []


def _strike(run: subprocess.Popen[bytes], moment: float, target: str) -> float:
    """Kill the target at that moment (time.monotonic), or when there is one after it; when that was, 0 if never."""
    while run.poll() is None:
        if time.monotonic() >= moment and (victims := _find(run.pid, target)):
            for victim in victims:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(victim, signal.SIGKILL)
            return time.monotonic()
        time.sleep(STEP_S)
    return 0.0


def _find(driver: int, target: str) -> list[int]:
    """The processes to kill, at this moment."""
    if target == "driver":
        return [driver]
    parents = dict(_processes())
    if target.startswith("script"):
        scripts = [pid for pid in _below(driver, parents) if SCRIPT in _words(pid)]
        return scripts[:1]
    workers = [pid for pid, parent in parents.items() if parent == driver and SERVER in _words(pid)]
    jobs = [pid for worker in workers for pid in _below(worker, parents)]
    if target == "job in the worker":
        return [pid for pid in jobs if _at_work(pid)][:1]
    return workers + (jobs if target.endswith("jobs") else [])


def _at_work(child: int) -> bool:
    """Whether a child of the worker has a job: then it has the streams of its script."""
    with contextlib.suppress(OSError):
        return str(Path(f"/proc/{child}/fd/1").readlink()) != os.devnull
    return False


def _processes() -> Iterator[tuple[int, int]]:
    """(process, parent) of everything that runs."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
            if state != "Z":
                yield int(path.parent.name), int(parent)


def _below(top: int, parents: Mapping[int, int]) -> list[int]:
    """All descendants of a process."""
    found, waiting = [], [top]
    while waiting:
        one = waiting.pop()
        children = [pid for pid, parent in parents.items() if parent == one]
        found += children
        waiting += children
    return found


def _words(process: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_bytes()
    return b""


def differing(one: Path, other: Path) -> list[str]:
    """Artifacts that are not the same in two folders of results; logs, and times in the crate, are no matter."""
    names = {p.relative_to(folder) for folder in (one, other) for p in folder.rglob("*") if p.is_file()}
    counted = sorted(name for name in names if name.parts[0] != "logs")
    return [name.as_posix() for name in counted if _of(one / name) != _of(other / name)]


def _of(path: Path) -> object:
    if not path.is_file():
        return None
    return _timeless(path) if path.name == CRATE else path.read_bytes()


def _timeless(crate: Path) -> Any:
    """Entities of a crate by id, without times and logs."""
    found = json.loads(crate.read_text(encoding="utf-8"))["@graph"]
    kept = [{key: value for key, value in one.items() if key not in OF_LOGS} for one in found]
    return {one["@id"]: one for one in kept if not one["@id"].startswith("logs/")}


def leftovers(study: Path, temporary: Path) -> list[str]:
    """Temporary files in a study, what lies in the folder for temporary files, and processes that work in the study.

    Processes get some time to end.
    """
    end = time.monotonic() + PATIENCE_S
    while (alive := _working_in(study)) and time.monotonic() < end:
        time.sleep(10 * STEP_S)
    halves = (p for p in study.rglob(".*") if p.name.endswith(".tmp") or p.name.startswith(".running-"))
    files = [p.relative_to(study).as_posix() for p in halves]
    files += [p.name for p in temporary.iterdir() if not p.name.startswith("snakemake")]  # which is Snakemake's own
    return [*files, *(f"process {_words(pid)!r}" for pid in alive)]


def _working_in(study: Path) -> list[int]:
    """Processes that stand in a study or name it."""
    found = []
    for pid, _ in _processes():
        with contextlib.suppress(OSError):
            here = Path(f"/proc/{pid}/cwd").readlink()
            if here.is_relative_to(study) or os.fsencode(study) in _words(pid):
                found.append(pid)
    return [pid for pid in found if pid != os.getpid()]


def table(outcomes: Sequence[Outcome], duration_s: float) -> str:
    """One row for each kind of process that was killed."""
    lines = [
        f"| killed | times | at s (a run takes {duration_s:.0f} s) | ended well all the same | needed one more run "
        "| needed more | artifacts that differ | left behind | tracebacks, findings of `verify` |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for target in (name for names in TARGETS.values() for name in names):
        rows = [one for one in outcomes if one.target == target]
        if rows:
            moments = [one.moment_s for one in rows]
            counts = (
                sum(one.alone for one in rows),
                sum(one.again == 1 for one in rows),
                sum(one.again > 1 for one in rows),
                sum(len(one.different) for one in rows),
                sum(len(one.left) for one in rows),
                sum(len(one.said) for one in rows),
            )
            cells = [target, len(rows), f"{min(moments):.1f} to {max(moments):.1f}", *counts]
            lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--moments", type=int, default=2, help="kills of each kind (default: 2)")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--only", nargs="+", choices=TARGETS, default=list(TARGETS))
    asked.add_argument("--measurements", type=int, default=5)
    asked.add_argument("--cores", default="2")
    asked.add_argument("--keep", type=Path, help="a new folder; studies that went wrong are kept in it")
    asked.add_argument("--verbose", action="store_true", help="a line for each kill")
    options = asked.parse_args()
    from scale_study import Sources, make_study

    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="kills-", dir=options.keep) as folder:
        scratch = Path(folder).resolve()
        template = scratch / "template"
        make_study(template, Sources(scratch / "demo"), options.measurements)
        one = campaign(template, scratch, options.cores)
        draws = {kind: random.Random(f"{options.seed} {kind}") for kind in options.only}
        for kind in list(draws) * options.moments:
            outcome = one.kill_one(kind, draws[kind])
            outcomes.append(outcome)
            if options.verbose or not outcome.good:
                print(outcome, file=sys.stderr, flush=True)
            if options.keep and not outcome.good:
                one.study.rename(options.keep / f"{len(outcomes)}")
    print(table(outcomes, one.duration_s))
    sys.exit(not all(outcome.good for outcome in outcomes))


if __name__ == "__main__":
    main()
