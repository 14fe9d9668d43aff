"""What a study costs by its size: the workflow against the same jobs called one after the other in one process.

    python benchmarks/scale.py 10 100                  these numbers of measurements (all techniques)
    python benchmarks/scale.py 1000 --folder /tmp/x    keep the studies in a folder; what is there is used again
    python benchmarks/scale.py 10000 --dry-run         only parse, plan and compare

Processor time is of all processes together. `pure` has every library imported before its clock starts. The results of
the two are compared byte by byte. Ratios carry over to another machine, seconds do not.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from scale_study import TECHNIQUES, Sources, make_study

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
NO_ARTIFACTS = ("logs", "SHA256SUMS", "ro-crate-metadata.json", "README.md", "study")


@dataclass(frozen=True)
class Cost:
    """Of one command with all that it starts: s, s, MB of the largest process."""

    wall: float
    cpu: float
    peak: float
    said: str


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("counts", nargs="*", type=int, default=[10, 100])
    asked.add_argument("--folder", type=Path)
    asked.add_argument("--cores", default="2")
    asked.add_argument("--dry-run", action="store_true")
    asked.add_argument("--pure", type=Path, help=argparse.SUPPRESS)
    options = asked.parse_args()
    if options.pure:
        print(f"{pure(options.pure):.3f}")
        return
    print(machine())
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        sources = Sources(folder / "demo")
        print("| measurements | jobs | " + " | ".join(COLUMNS) + " |")
        print("|" + "---|" * (2 + len(COLUMNS)))
        for count in options.counts:
            study = folder / f"n{count}"
            make_study(study, sources, count)
            row = planned(study) if options.dry_run else measured(study, sources, count, options.cores)
            print(f"| {count} | " + " | ".join(row) + " |", flush=True)


COLUMNS = (
    "pure CPU s",
    "run CPU s",
    "ratio",
    "run wall s",
    "nothing to do: wall, CPU s",
    "one more sample: wall, CPU s",
    "dry run: wall, CPU s",
    "largest process MB",
    "results MB",
    "files that differ",
)


def measured(study: Path, sources: Sources, count: int, cores: str) -> list[str]:
    """A row of the table. The study ends up with one sample more."""
    other = study.with_name(study.name + "-pure")
    for old in (study / "results", study / ".snakemake", study / ".ntcspec", other):
        shutil.rmtree(old, ignore_errors=True)
    shutil.copytree(study, other)
    dry = command("ntcspec", "run", study, "--dry-run")
    jobs = dry.said.splitlines()[-1].split()[0]
    alone = float(command("scale", "--pure", other).said)
    run = command("ntcspec", "run", study, "--cores", cores)
    size = sum(p.stat().st_size for p in (study / "results").rglob("*") if p.is_file()) / 1e6
    same = differing(study / "results", other / "results")
    nothing = command("ntcspec", "run", study, "--cores", cores)
    make_study(study, sources, count + TECHNIQUES)
    more = command("ntcspec", "run", study, "--cores", cores)
    shown = (f"{one.wall:.1f}, {one.cpu:.1f}" for one in (nothing, more, dry))
    ratio = f"{run.cpu / alone:.2f}"
    return [
        *(jobs, f"{alone:.1f}", f"{run.cpu:.1f}", ratio, f"{run.wall:.1f}", *shown),
        *(f"{max(run.peak, nothing.peak, more.peak):.0f}", f"{size:.0f}", str(same)),
    ]


def planned(study: Path) -> list[str]:
    """The part of the row that needs no run."""
    dry = command("ntcspec", "run", study, "--dry-run")
    cells = [""] * len(COLUMNS)
    cells[COLUMNS.index("dry run: wall, CPU s")] = f"{dry.wall:.1f}, {dry.cpu:.1f}"
    cells[COLUMNS.index("largest process MB")] = f"{dry.peak:.0f}"
    return [dry.said.splitlines()[-1].split()[0], *cells]


def command(kind: str, *words: object) -> Cost:
    """Run ntcspec, or this script again; stop where it fails."""
    start = [sys.executable, "-m", "ntcspec.cli"] if kind == "ntcspec" else [sys.executable, __file__]
    begun = time.monotonic()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen([*start, *map(str, words)], stdout=said, env=environment())
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read()
    if process.returncode:
        sys.exit(f"{' '.join(map(str, words))} ended with {process.returncode}:\n{text}")
    return Cost(time.monotonic() - begun, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000, text)


def environment() -> dict[str, str]:
    return {**os.environ, **ONE_THREAD}


def pure(study: Path) -> float:
    """Processor time of all jobs of a study, called one after the other in this process, s."""
    from ntcspec.config.load import load_study
    from ntcspec.plan import Plan
    from ntcspec.worker.book import call, entry
    from ntcspec.worker.preload import all_modules, preload

    preload(all_modules())
    plan = Plan(load_study(study))
    os.chdir(study)
    jobs = [entry(plan, job) for job in plan.jobs.values()]
    begun = time.process_time()
    for job in jobs:
        call(job)
    return time.process_time() - begun


def differing(one: Path, other: Path) -> int:
    """Artifacts that are not the same bytes in both folders; the crate, check sums and logs stand aside."""
    names = {p.relative_to(folder) for folder in (one, other) for p in folder.rglob("*") if p.is_file()}
    counted = [n for n in names if n.parts[0] not in NO_ARTIFACTS]
    return sum(
        not ((one / n).is_file() and (other / n).is_file() and (one / n).read_bytes() == (other / n).read_bytes())
        for n in counted
    )


def machine() -> str:
    """Processor, its cores, memory and Python; no host name."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    pages = os.sysconf("SC_PHYS_PAGES") * resource.getpagesize()
    return (
        f"{(models or [platform.processor()])[0]}, {os.cpu_count()} cores, {pages / 1e9:.0f} GB, "
        f"Python {platform.python_version()}, load before the start {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    main()
