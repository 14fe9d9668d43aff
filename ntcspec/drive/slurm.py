"""Slurm: jobs that an earlier driver left behind, and the run inside one allocation.

A driver that was killed cannot cancel its jobs, and Snakemake does not find them again: it would start all of them a
second time beside those that still run. So jobs carry a name that is the study's own, and whoever drives next cancels
what bears it, in the study's folder, and waits until it is gone.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from ntcspec.config.resolved import Study
from ntcspec.drive.profile import Profile
from ntcspec.errors import UserError

MARK = ".ntcspec/slurm"  # there may be jobs of this study in a queue
INSIDE = "NTCSPEC_ALLOCATION"  # says to `ntcspec run` that its driver, outside, holds the lock
PATIENCE_S, STEP_S = 300.0, 1.0
OWN_CODES = (1, 70, 130)  # of an `ntcspec run` that says itself what is wrong
SEEN_S = 60.0  # for a shared file system to show what another node wrote
ANSWER_S = 60.0  # for a program of Slurm to answer: a busy controller takes its time


def job_prefix(root: Path) -> str:
    """What names of this study's jobs begin with."""
    return f"ntcspec-{hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:10]}"


def mark(root: Path) -> None:
    """From here on there may be jobs."""
    (root / MARK).touch()


def cancel_leftovers(root: Path) -> None:
    """Cancel jobs of an earlier driver and wait until they are gone.

    Raises UserError where they will not go, or where nobody says whether there are any: two jobs could write one file.
    """
    if INSIDE in os.environ or not (root / MARK).exists():
        return
    if which("squeue") is None:
        print(
            f"{root}: jobs of an earlier run on a cluster may still be at work there, and no squeue is here to tell",
            file=sys.stderr,
        )
        return
    end, told, said = time.monotonic() + PATIENCE_S, False, ""
    while jobs := leftovers(root):
        if not told and (live := [number for number, state in jobs.items() if state != "COMPLETING"]):
            print(f"cancelling {_count(live)} that an earlier run left in the queue", flush=True)
            told, said = True, _ask("scancel", *live)[1]
        if time.monotonic() > end:
            what = f"{_count(jobs)} of an earlier run that will not end{f' ({said})' if said else ''}"
            fix = f"see `squeue --me`, and `scancel {' '.join(jobs)}`; a node that is down keeps its jobs for a while"
            raise UserError(str(root), what, fix)
        time.sleep(STEP_S)
    (root / MARK).unlink(missing_ok=True)


def cancel_afterwards(root: Path) -> None:
    """The same when a run has ended, whose result stands whatever the cluster says: a warning, and the mark stays."""
    try:
        cancel_leftovers(root)
    except UserError as error:
        print(f"warning: {error}", file=sys.stderr)


def leftovers(root: Path) -> dict[str, str]:
    """This study's jobs in the queue, state by number, but for the one that this process runs in.

    Raises UserError where the cluster does not say.
    """
    prefix, here = job_prefix(root), root.resolve()
    listed, error = _ask("squeue", "--me", "--noheader", "--format=%i|%T|%j|%Z")
    if error:
        what = f"jobs of this study may still be in the queue of the cluster, and squeue fails ({error})"
        fix = f"once it answers (see `sinfo`), run again; where you know that no job is left, remove {MARK}"
        raise UserError(str(root), what, fix)
    rows = (line.split("|", 3) for line in listed.splitlines())
    ours = {n: state for n, state, name, folder in rows if name.startswith(prefix) and Path(folder).resolve() == here}
    ours.pop(os.environ.get("SLURM_JOB_ID", ""), None)
    return ours


@dataclass(frozen=True)
class Asked:
    """What a job asked for, and where it ran, in Slurm's words ('2000M', '15:00', 'n1'); '' where it is not known."""

    memory: str = ""
    time: str = ""
    node: str = ""


def asked_for(number: str) -> Asked:
    """What Slurm remembers of a job that has ended."""
    listed, _ = (
        _ask("squeue", "--states=all", "--noheader", f"--jobs={number}", "--format=%m|%l|%N") if number else ("", "")
    )
    words = listed.strip().split("|")
    return Asked(*words) if len(words) == 3 else Asked()


def run_in_allocation(study: Study, profile: Profile, options: argparse.Namespace, whole: Callable[[], bool]) -> int:
    """`ntcspec run` on one node, what it says shown here; returns its exit code.

    `whole` says whether everything is made: when its node dies, srun ends with 0 like a run that has done its work.
    """
    if "SLURM_JOB_ID" in os.environ:
        raise UserError("--profile", "this is already inside an allocation", "`ntcspec run` without it uses this node")
    asked = {**profile.allocation, **({"cpus-per-task": options.cores} if options.cores else {})}
    own = {"job-name": f"{job_prefix(study.root)}-node", "chdir": str(study.root.resolve()), "nodes": 1, "ntasks": 1}
    words = [f"--{key}" if value is True else f"--{key}={value}" for key, value in {**asked, **own}.items() if value]
    inner = [sys.executable, "-m", "ntcspec.cli", "run", str(study.config.resolve())]
    inner += ["--cores", str(asked["cpus-per-task"]), *(["--verbose"] if options.verbose else [])]
    mark(study.root)
    print(f"asking Slurm for a node: {' '.join(f'{key}={value}' for key, value in asked.items())}", flush=True)
    process = subprocess.Popen(
        ["srun", "--quit-on-interrupt", *words, *inner],
        stdin=subprocess.DEVNULL,
        env={**os.environ, INSIDE: "1"},
    )
    try:
        code = process.wait()
        if code in OWN_CODES or (code == 0 and _soon(whole)):
            return code
        what = f"the allocation ended before the run did (exit code {code} of srun); what Slurm says of it is above"
        fix = f"run again, it goes on from there; its memory and time are mem and time in {profile.settings}"
        print(UserError(str(study.root), what, f"{fix} (docs/cluster.md)"), file=sys.stderr)
        return code or 1
    finally:
        process.wait()
        cancel_afterwards(study.root)


def _soon(done: Callable[[], bool]) -> bool:
    """Whether it is done: at the latest when this machine sees what the node has written."""
    end = time.monotonic() + SEEN_S
    while not done():
        if time.monotonic() > end:
            return False
        time.sleep(STEP_S)
    return True


def _count(jobs: Collection[str]) -> str:
    return f"{len(jobs)} job{'s' * (len(jobs) != 1)}"


def _ask(*command: str) -> tuple[str, str]:
    """What a program of Slurm says, and why it failed ('' where it did not)."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=ANSWER_S, check=False)
    except subprocess.TimeoutExpired:
        return "", f"no answer within {ANSWER_S:.0f} s"
    except OSError as error:
        return "", str(error)
    return done.stdout, (" ".join(done.stderr.split()) or f"exit code {done.returncode}") if done.returncode else ""
