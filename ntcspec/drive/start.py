"""Start Snakemake, with a warm worker at its side where there is enough to do, and follow what it says."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import yaml

from ntcspec.drive.progress import Progress
from ntcspec.places import home
from ntcspec.plan import Job, Plan
from ntcspec.provenance import write_atomic
from ntcspec.worker import ONE_THREAD, VARIABLE, warm
from ntcspec.worker.book import tidy_books, write_book

RUN_LOG = "results/logs/run.log"
WORTH_IT = 4  # jobs: for fewer, importing everything costs more than it saves
FORCED = ".ntcspec/forced"  # a profile of one key: thousands of names are too long for a command line


def drive(plan: Plan, waiting: Sequence[Job], forced: Sequence[str], options: argparse.Namespace) -> int:
    """Run what is waiting; returns Snakemake's exit code. All that it says goes to results/logs/run.log."""
    study = plan.study
    profile = home() / "workflow" / "profiles" / options.profile
    command = [
        *(sys.executable, "-m", "snakemake", "--snakefile", str(home() / "Snakefile"), "--directory", str(study.root)),
        *("--workflow-profile", str(profile if profile.is_dir() else Path(options.profile).resolve())),
        *("--cores", str(options.cores), "--nocolor", "--config", f"study={study.config.relative_to(study.root)}"),
        *("--profile", _forced(study.root, forced) if forced else "none"),
    ]
    log = study.root / RUN_LOG
    log.parent.mkdir(parents=True, exist_ok=True)
    write_book(plan)
    tidy_books(plan)
    given = os.environ.get(VARIABLE)  # by `ntcspec worker -- ntcspec run`
    modules = {module for job in waiting for module in job.modules}
    here = nullcontext({**os.environ, **ONE_THREAD})
    progress = Progress(plan, waiting, verbose=options.verbose)
    with (
        here if given or len(waiting) < WORTH_IT else warm(modules, study.root / ".ntcspec/worker.log") as environment,
        log.open("w", encoding="utf-8") as copy,
        progress,
    ):
        process = subprocess.Popen(
            command,
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


def _forced(root: Path, outputs: Sequence[str]) -> str:
    """A profile that tells Snakemake to make these again, whatever it remembers."""
    path = root / FORCED / "config.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, yaml.safe_dump({"forcerun": list(outputs)}).encode())
    return str(path.parent)
