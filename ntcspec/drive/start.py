"""Start Snakemake, with a warm worker at its side where there is enough to do, and follow what it says.

Where Snakemake sends jobs to nodes, each of their batch scripts starts a worker of its own there.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from shlex import quote
from typing import IO

import yaml

from ntcspec.drive.lost import Losses
from ntcspec.drive.profile import Profile, find_profile
from ntcspec.drive.progress import Progress
from ntcspec.drive.slurm import job_prefix, mark
from ntcspec.places import home
from ntcspec.plan import Job, Plan
from ntcspec.provenance import write_atomic
from ntcspec.worker import ONE_THREAD, VARIABLE, warm
from ntcspec.worker.book import tidy_books, write_book
from ntcspec.worker.child import PR_SET_PDEATHSIG

RUN_LOG = "results/logs/run.log"
WORTH_IT = 4  # jobs: for fewer, importing everything costs more than it saves
WORKER = ".ntcspec/worker.sh"  # what the batch script of a node reads first
FORCED = ".ntcspec/forced"  # a profile of one key: thousands of names are too long for a command line


def drive(
    plan: Plan, waiting: Sequence[Job], forced: Sequence[str], profile: Profile, options: argparse.Namespace
) -> tuple[int, list[str]]:
    """Run what is waiting. All that Snakemake says goes to results/logs/run.log.

    Returns its exit code, and which jobs of Slurm were lost: whose they were, why, the way out.
    """
    study = plan.study
    modules = {module for job in waiting for module in job.modules}
    log = study.root / RUN_LOG
    log.parent.mkdir(parents=True, exist_ok=True)
    write_book(plan)
    tidy_books(plan)
    command = _command(plan, forced, profile, options.cores)
    if profile.elsewhere:
        command += _on_nodes(study.root, modules, profile)
    losses = Losses(plan, profile)
    progress = Progress(plan, waiting, verbose=options.verbose, also=losses.heard)
    with (
        _surroundings(study.root, modules, waiting, profile) as environment,
        log.open("w", encoding="utf-8") as copy,
        progress,
    ):
        code = _follow(command, environment, copy, progress, study.root if profile.elsewhere else None)
    return code, losses.final


def _command(plan: Plan, forced: Sequence[str], profile: Profile, cores: str | None) -> list[str]:
    """Snakemake's, for here and for elsewhere."""
    study = plan.study
    folder = find_profile("default").folder if profile.allocation else profile.folder
    return [
        *(sys.executable, "-P", "-m", "ntcspec.drive.engine"),
        *("--snakefile", str(home() / "Snakefile"), "--directory", str(study.root)),
        *("--workflow-profile", str(folder), "--nocolor", *(("--cores", cores) if cores else ())),
        *("--config", f"study={study.config.relative_to(study.root)}"),
        *("--profile", _forced(study.root, forced) if forced else "none"),
    ]


def _on_nodes(root: Path, modules: Iterable[str], profile: Profile) -> list[str]:
    """What jobs elsewhere need besides: a worker where they run, and a name that tells whose they are."""
    beside = " ".join(map(quote, (sys.executable, "-P", "-m", "ntcspec.worker", "--beside")))
    lines = (
        "# A warm worker for the jobs of this allocation; it ends with this shell.",
        f"{VARIABLE}=$({beside} $$ {' '.join(sorted(modules))})",
        f"export {VARIABLE}",
    )
    write_atomic(root / WORKER, "".join(f"{line}\n" for line in lines).encode())
    words = ["--precommand", f". ./{WORKER}"]
    if profile.slurm:
        mark(root)
        words += ["--slurm-jobname-prefix", job_prefix(root)]
    return words


def _surroundings(
    root: Path, modules: set[str], waiting: Sequence[Job], profile: Profile
) -> AbstractContextManager[dict[str, str]]:
    """The environment of Snakemake, which names a worker where one is of use."""
    here = {**os.environ, **ONE_THREAD}
    if profile.elsewhere:
        here.pop(VARIABLE, None)
    elif VARIABLE not in here and len(waiting) >= WORTH_IT:  # not inside `ntcspec worker -- ntcspec run`
        return warm(modules, root / ".ntcspec/worker.log")
    return nullcontext(here)


def _follow(
    command: Sequence[str], environment: Mapping[str, str], copy: IO[str], progress: Progress, folder: Path | None
) -> int:
    """Snakemake's exit code. With a folder it starts there; it dies with this driver: nobody would stop it."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        preexec_fn=_die_with_parent,
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
            copy.flush()
            progress.heard(line)
        return process.wait()
    except KeyboardInterrupt:
        process.wait()
        raise


def _die_with_parent() -> None:
    """A Snakemake without its driver would go on to start jobs beside those of the next one."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _forced(root: Path, outputs: Sequence[str]) -> str:
    """A profile that tells Snakemake to make these again, whatever it remembers."""
    path = root / FORCED / "config.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, yaml.safe_dump({"forcerun": list(outputs)}).encode())
    return str(path.parent)
