"""`ntcspec run`: drive Snakemake, say what happens in a spectroscopist's words, sum up at the end.

Safe to repeat after any crash: one driver at a time holds a lock file; a lock that a killed run left behind in
Snakemake's own folder is cleared; artifacts are compared by the key they carry, so that results that were copied
in are used, and results of other parameters are made again, whatever Snakemake remembers.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

from ntcspec.audit.crate_check import is_current
from ntcspec.audit.facts import CRATE_LOG
from ntcspec.config.load import load_study
from ntcspec.config.resolved import Study
from ntcspec.errors import UserError
from ntcspec.places import home
from ntcspec.plan import CLAIMS, CRATE, SUMS, TABLE, Plan
from ntcspec.workflow import failures, settle_times, stale

MESSAGE = re.compile(r"^(?:Job \d+|localrule \w+|rule \w+): (.+)$")
RUN_LOG = "results/logs/run.log"
INSIDE = re.compile(r"^progress: (.+): (\d+) of (\d+), about (\d+) s left$")  # of ntcspec.stage
BAR = 20  # characters
PROGRESS = re.compile(r"^(\d+) of (\d+) steps")


def main(options: argparse.Namespace) -> int:
    """Exit code 0 when every measurement and panel was made, 1 otherwise."""
    study = load_study(options.study)
    for problem in study.problems:
        print(f"left out: {problem}", file=sys.stderr)
    with _one_driver(study.root):
        plan = Plan(study)
        waiting = stale(plan)
        if options.dry_run:
            return _dry_run(plan)
        settle_times(plan, waiting)
        if not waiting:
            print(f"{study.name}: nothing to compute, all results are current")
        else:
            print(f"{study.name}: {len(waiting)} of {len(plan.jobs)} jobs to do")
        forced = [job.outputs[0] for job in waiting]
        forced += [SUMS] * bool(forced)
        forced += [CRATE] * bool(forced or not is_current(plan))
        code = _drive(study, forced, options)
        return _summary(plan, code)


def _dry_run(plan: Plan) -> int:
    jobs = stale(plan)
    for job in jobs:
        subject = " / ".join(str(job.about[k]) for k in ("sample", "measurement") if k in job.about)
        reason = "new" if not (plan.study.root / job.outputs[0]).exists() else "inputs, parameters or code changed"
        print(f"would do: {job.about['stage']:10} {subject or job.outputs[0]}  ({reason})")
    print(f"{len(jobs)} of {len(plan.jobs)} jobs to do")
    return 0


class _one_driver:
    """Context: refuse a second live driver in the same study; clear what a killed one left behind."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.stream: IO[str] | None = None

    def __enter__(self) -> None:
        folder = self.root / ".ntcspec"
        try:
            folder.mkdir(exist_ok=True)
            self.stream = (folder / "lock").open("w")
        except OSError as error:
            raise UserError(
                str(self.root), f"cannot be written ({error.strerror})", "run in a folder of yours"
            ) from None
        try:
            fcntl.flock(self.stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(str(self.root), "another run is working on this study", "wait for it, or stop it") from None
        locks = self.root / ".snakemake" / "locks"
        for left in locks.glob("*") if locks.is_dir() else ():
            left.unlink(missing_ok=True)

    def __exit__(self, *_: object) -> None:
        if self.stream:
            self.stream.close()


def _drive(study: Study, forced: list[str], options: argparse.Namespace) -> int:
    profile = home() / "workflow" / "profiles" / options.profile
    command = [
        *(sys.executable, "-m", "snakemake", "--snakefile", str(home() / "Snakefile"), "--directory", str(study.root)),
        *("--workflow-profile", str(profile if profile.is_dir() else Path(options.profile).resolve())),
        *("--cores", str(options.cores), "--nocolor", "--config", f"study={study.config.relative_to(study.root)}"),
    ]
    if forced:
        command += ["--forcerun", *forced]
    log = study.root / RUN_LOG
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", env=environment
    )
    assert process.stdout is not None
    try:
        with log.open("w", encoding="utf-8") as copy:
            _follow(process.stdout, copy)
        return process.wait()
    except KeyboardInterrupt:
        process.wait()
        raise


def _follow(lines: IO[str], copy: IO[str]) -> None:
    """Copy Snakemake's words to the log; show one line a job."""
    done, total, start, live = 0, 0, time.monotonic(), sys.stdout.isatty()
    for line in lines:
        copy.write(line)
        copy.flush()
        if found := PROGRESS.match(line):
            done, total = int(found[1]), int(found[2])
            if live:
                left = (time.monotonic() - start) / done * (total - done)
                print(f"\r\033[K{done}/{total} done, about {left:.0f} s left", end="", flush=True)
        elif found := INSIDE.match(line):
            if live:
                print(f"\r\033[K{bar(found[1], int(found[2]), int(found[3]), int(found[4]))}", end="", flush=True)
        elif found := MESSAGE.match(line):
            print(f"{chr(13) + chr(27) + '[K' if live else ''}  {found[1]}", flush=True)
    if live and total:
        print("\r\033[K", end="")


def bar(what: str, done: int, total: int, left_s: int) -> str:
    """'[#####...............] 25 %, about 12 s left: map/raman/measure: fits of a1g'."""
    full = BAR * done // max(total, 1)
    return f"[{'#' * full}{'.' * (BAR - full)}] {100 * done // max(total, 1)} %, about {left_s} s left: {what}"


def _summary(plan: Plan, code: int) -> int:
    root = plan.study.root
    failed, not_made = failures(plan), stale(plan)
    for name, reason in failed:
        print(f"FAILED {name}: {reason}", file=sys.stderr)
    told = [(job.outputs[0], _error_in(root / job.log)) for job in not_made]
    if not not_made and not is_current(plan):
        told.append((CRATE, _error_in(root / CRATE_LOG)))
    causes = [(output, error) for output, error in told if error]
    for output, error in causes:
        print(f"NOT MADE {output}: {error}", file=sys.stderr)
    if len(not_made) > len(causes):
        print(f"{len(not_made) - len(causes)} further jobs were not done, because of the above", file=sys.stderr)
    if code and not causes:
        lines = (root / RUN_LOG).read_text(errors="replace").splitlines()[-5:]
        print(
            "The run stopped with:",
            *(f"  {line}" for line in lines),
            f"(all of it: {RUN_LOG})",
            sep="\n",
            file=sys.stderr,
        )
    if (root / TABLE).is_file():
        print(f"numbers:  {_short(root / TABLE)}")
        if CLAIMS in plan.jobs and (root / CLAIMS).is_file():
            from ntcspec.study.claims import summary

            print(f"claims:   {summary((root / CLAIMS).read_text(encoding='utf-8'))}; why: {_short(root / CLAIMS)}")
        print(
            f"figures:  {_short(root / 'results/panels')} ({len(plan.study.panels)} panels as PNG, PDF, SVG and data)"
        )
        print("audit:    ntcspec trace FILE, ntcspec verify, ntcspec pack")
    return 1 if failed or not_made or code else 0


def _error_in(log: Path) -> str:
    """What a job that could not be done said last; '' where it said nothing."""
    if not log.is_file():
        return ""
    said = [line for line in log.read_text(errors="replace").splitlines() if line.startswith("error: ")]
    return said[-1].removeprefix("error: ") if said else ""


def _short(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
