"""`ntcspec run`: drive Snakemake, say what happens in a spectroscopist's words, sum up at the end.

Safe to repeat after any crash: one driver at a time holds a lock file; a lock that a killed run left behind in
Snakemake's own folder is cleared; artifacts are compared by the key they carry, so that results that were copied
in are used, and results of other parameters are made again, whatever Snakemake remembers; jobs that a killed run left
in the queue of a cluster are cancelled first.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ntcspec.audit.crate_check import is_current
from ntcspec.audit.facts import CRATE_LOG
from ntcspec.commands.leftovers import told as left_over
from ntcspec.config.load import load_study
from ntcspec.drive.follow import NOTHING, Ended
from ntcspec.drive.lock import one_driver
from ntcspec.drive.profile import find_profile
from ntcspec.drive.progress import error_in, subject_of
from ntcspec.drive.slurm import INSIDE, cancel_afterwards, cancel_leftovers, run_in_allocation
from ntcspec.drive.start import RUN_LOG, drive
from ntcspec.errors import UserError, first_of
from ntcspec.files import stamp
from ntcspec.plan import CLAIMS, CRATE, REPORT, SUMS, TABLE, Job, Plan
from ntcspec.stage import AGAIN, CHANGED
from ntcspec.workflow import altered, failures, left_out, moved, settle_times, stale


def main(options: argparse.Namespace) -> int:
    """Exit code 0 when every measurement and panel was made, 1 otherwise."""
    study = load_study(options.study)
    profile = find_profile(options.profile)
    with one_driver(study.root, "lock-inside" if INSIDE in os.environ else "lock"):
        plan = Plan(study)
        print(*(f"{line}\n" for line in left_out(plan.study)), sep="", end="", file=sys.stderr)
        waiting = stale(plan)
        if options.dry_run:
            return _dry_run(plan, waiting)
        cancel_leftovers(study.root)
        settled = settle_times(plan, waiting)
        before = _look(plan, waiting)
        for path in before.altered:
            print(f"{path}: not what its job wrote, so it is made again")
        if not waiting:
            print(f"{study.name}: nothing to compute, all results are current")
        else:
            print(f"{study.name}: {len(waiting)} of {len(plan.jobs)} jobs to do")
        current = is_current(plan)
        if not waiting and settled and current:
            return _summary(plan, NOTHING, [], current, before)
        if profile.allocation:
            return run_in_allocation(study, profile, options, lambda: not stale(plan) and is_current(plan))
        forced = [job.outputs[0] for job in waiting]
        forced += [SUMS] * bool(forced)
        forced += [CRATE] * bool(forced or not current)
        try:
            ended = drive(plan, waiting, forced, profile, options)
            return _summary(plan, ended, stale(plan), is_current(plan), before)
        finally:
            if profile.slurm:
                cancel_afterwards(study.root)


@dataclass(frozen=True)
class Before:
    """What was there before the run, and does not tell of it: logs of earlier jobs, artifacts changed by hand."""

    logs: Mapping[str, tuple[int, ...]]  # stamps
    altered: tuple[str, ...]


def _look(plan: Plan, waiting: Sequence[Job]) -> Before:
    root = plan.study.root
    logs = {log: stamp(root / log) for log in (*(job.log for job in waiting), CRATE_LOG)}
    return Before(logs, tuple(path for job in waiting for path in altered(root, job)))


def _dry_run(plan: Plan, jobs: list[Job]) -> int:
    for job in jobs:
        reason = "new" if not (plan.study.root / job.outputs[0]).exists() else "inputs, parameters or code changed"
        print(f"would do: {job.about['stage']:10} {subject_of(job)}  ({reason})")
    print(f"{len(jobs)} of {len(plan.jobs)} jobs to do")
    return 0


def _summary(plan: Plan, ended: Ended, not_made: list[Job], described: bool, before: Before) -> int:
    """What came of it. described: the crate is current."""
    failed = failures(plan)
    logs = {m.title: m.folder.replace("results/", "results/logs/", 1) for m in plan.study.measurements}
    where = {name: f" (logs: {logs[name]}/)" if name in logs else "" for name, _ in failed}
    lines = [f"FAILED {name}: {reason}{where[name]}" for name, reason in failed]
    print(*(f"{line}\n" for line in first_of(lines, f"{TABLE} names them all")), sep="", end="", file=sys.stderr)
    causes = _causes(plan, ended, not_made, described, before)
    print(*(f"{line}\n" for line in first_of(causes, f"see {RUN_LOG}")), sep="", end="", file=sys.stderr)
    if not_made and len(not_made) > len(causes):
        what = "jobs" if ended.errors else "further jobs"
        print(f"{len(not_made) - len(causes)} {what} were not done, because of the above", file=sys.stderr)
    if ended.code and not causes:
        words = (f"  {line}" for line in ended.last)
        print("The run stopped with:", *words, f"(all of it: {RUN_LOG})", sep="\n", file=sys.stderr)
    _places(plan)
    print(*(f"{line}\n" for line in left_over(plan)), sep="", end="")
    return 1 if failed or not_made or ended.code else 0


def _causes(plan: Plan, ended: Ended, not_made: list[Job], described: bool, before: Before) -> list[str]:
    """Why something was not made, a line each."""
    root = plan.study.root
    logs = {job.outputs[0]: job.log for job in not_made}
    if not not_made and not described:
        logs[CRATE] = CRATE_LOG
    new = {output: log for output, log in logs.items() if stamp(root / log) != before.logs.get(log)}
    told = [(output, error_in(root / log), log) for output, log in new.items()]
    lines = [f"NOT MADE {output}: {error} (log: {log})" for output, error, log in told if error]
    changed = [UserError(path, CHANGED, AGAIN) for job in not_made for path in altered(root, job)]
    changed = [one for one in changed if one.where not in before.altered]
    lines += [f"CHANGED {one}" for one in changed]
    if not_made:
        lines += [f"CHANGED {one}" for one in moved(plan) if not any(str(one) in line for line in lines)]
    return [*lines, *(f"NOT MADE {error}" for error in ended.errors)]


def _places(plan: Plan) -> None:
    """Where what was made is to be found."""
    root = plan.study.root
    if not (root / TABLE).is_file():
        return
    print(f"numbers:  {_short(root / TABLE)}")
    if CLAIMS in plan.jobs and (root / CLAIMS).is_file():
        from ntcspec.study.claims import summary

        print(f"claims:   {summary((root / CLAIMS).read_text(encoding='utf-8'))}; why: {_short(root / CLAIMS)}")
    if n := len(plan.study.panels):
        panels = f"{n} panel{'s' * (n > 1)} as PNG, PDF, SVG and data"
        print(f"figures:  {_short(root / 'results/panels')} ({panels})")
    if plan.study.figures:
        print(f"          {_short(root / 'results/figures')} ({len(plan.study.figures)} of several panels)")
    if (root / REPORT).is_file():
        print(f"report:   {_short(root / REPORT)} (opens in any browser, without a network)")
    print("audit:    ntcspec trace FILE, ntcspec verify, ntcspec pack")


def _short(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
