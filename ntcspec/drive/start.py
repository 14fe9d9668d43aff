"""What `ntcspec run` starts: Snakemake, with a warm worker at its side where there is enough to do.

Where Snakemake sends jobs to nodes, each of their batch scripts starts a worker of its own there.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from shlex import quote

import yaml

from ntcspec.drive.follow import Ended, follow
from ntcspec.drive.lost import Losses
from ntcspec.drive.profile import Profile, find_profile
from ntcspec.drive.progress import Progress
from ntcspec.drive.slurm import job_prefix, mark
from ntcspec.places import home
from ntcspec.plan import Job, Plan
from ntcspec.provenance import write_atomic
from ntcspec.worker import ONE_THREAD, VARIABLE, warm
from ntcspec.worker.book import tidy_books, write_book

RUN_LOG = "results/logs/run.log"
WORTH_IT = 4  # jobs: for fewer, importing everything costs more than it saves
UNFINISHED = (".running-", ".damaged-")  # folders of ntcspec.xas.paths.feff_run
WORKER = ".ntcspec/worker.sh"  # what the batch script of a node reads first
HALF = re.compile(r"\..+\.\d+\.tmp")  # what `write_atomic` and its like have not renamed yet
FORCED = ".ntcspec/forced"  # a profile of one key: thousands of names are too long for a command line


def drive(
    plan: Plan, waiting: Sequence[Job], forced: Sequence[str], profile: Profile, options: argparse.Namespace
) -> Ended:
    """Run what is waiting. All that Snakemake says goes to results/logs/run.log.

    Among the errors of the end are the jobs of Slurm that were lost: whose they were, why, the way out.
    """
    study = plan.study
    modules = {module for job in waiting for module in job.modules}
    _clear_halves(study.root)
    write_book(plan)
    tidy_books(plan)
    command = _command(plan, forced, profile, options.cores)
    if profile.elsewhere:
        command += _on_nodes(study.root, modules, profile)
    losses = Losses(plan, profile)
    progress = Progress(plan, waiting, verbose=options.verbose, also=losses.heard)
    place = study.root if profile.elsewhere else None
    with _surroundings(study.root, modules, waiting, profile) as environment, progress:
        ended = follow(command, environment, study.root / RUN_LOG, progress, place)
    return replace(ended, errors=(*losses.final, *ended.errors))


def _clear_halves(root: Path) -> None:
    """Remove what killed jobs left half-written. Nothing else is at work in the study: this driver holds its locks."""
    for top in ("results", ".ntcspec"):
        for folder, inside, files in os.walk(root / top):
            for name in files:
                if HALF.fullmatch(name):
                    Path(folder, name).unlink(missing_ok=True)
            for name in [name for name in inside if name.startswith(UNFINISHED)]:
                shutil.rmtree(Path(folder, name), ignore_errors=True)


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


def _forced(root: Path, outputs: Sequence[str]) -> str:
    """A profile that tells Snakemake to make these again, whatever it remembers."""
    path = root / FORCED / "config.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, yaml.safe_dump({"forcerun": list(outputs)}).encode())
    return str(path.parent)
