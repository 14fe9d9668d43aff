"""The warm worker changes nothing but the time: same results, same logs, also where it is lost on the way."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from study import ROOT, artifacts, make_study, ntcspec


def logs(folder: Path) -> dict[str, list[str]]:
    """What each job said between the lines that say when; the log of the whole run has times in it."""
    found = [p for p in (folder / "results/logs").rglob("*.log") if p.name not in ("run.log", "crate.log")]
    return {p.relative_to(folder).as_posix(): p.read_text().splitlines()[1:-1] for p in found}


def test_plain_snakemake_does_the_same_without_it(finished: Path, tmp_path: Path) -> None:
    other = make_study(tmp_path / "other")
    profile = ROOT / "workflow/profiles/default"
    words = ["--snakefile", ROOT / "Snakefile", "--directory", other, "--workflow-profile", profile, "--cores", "2"]
    command = [sys.executable, "-m", "snakemake", *map(str, words), "--config", "study=config.yaml"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(command, capture_output=True, text=True, env=env, timeout=600, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert artifacts(other) == artifacts(finished)
    assert logs(other) == logs(finished)


def test_a_worker_that_is_killed_costs_time_alone(finished: Path, tmp_path: Path) -> None:
    other = make_study(tmp_path / "other")
    command = [sys.executable, "-m", "ntcspec.cli", "run", str(other), "--cores", "2"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    while run.poll() is None and not list(other.glob("results/*/exafs/ingest.nxs")):
        time.sleep(0.05)
    os.kill(_worker_of(run.pid), signal.SIGKILL)
    said, _ = run.communicate(timeout=600)
    assert run.returncode == 0, said
    assert "the warm worker is gone" in (other / "results/logs/run.log").read_text()
    assert artifacts(other) == artifacts(finished)


def test_a_run_that_is_killed_leaves_no_workflow_behind_and_is_taken_up_again(finished: Path, tmp_path: Path) -> None:
    other = make_study(tmp_path / "other")
    command = [sys.executable, "-m", "ntcspec.cli", "run", str(other), "--cores", "2"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while run.poll() is None and not list(other.glob("results/*/exafs/ingest.nxs")):
        time.sleep(0.05)
    workflow = _child_of(run.pid, b"--snakefile")
    run.kill()
    run.wait(timeout=60)
    until = time.monotonic() + 20
    while _alive(workflow) and time.monotonic() < until:
        time.sleep(0.1)
    assert not _alive(workflow)  # it would go on beside the next run
    again = ntcspec("run", other)
    assert again.returncode == 0, again.stdout + again.stderr
    assert artifacts(other) == artifacts(finished)


def _alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _worker_of(driver: int) -> int:
    return _child_of(driver, b"--serve")


def _child_of(driver: int, word: bytes) -> int:
    children = Path(f"/proc/{driver}/task/{driver}/children").read_text().split()
    (child,) = [int(c) for c in children if word in Path(f"/proc/{c}/cmdline").read_bytes()]
    return child


def test_results_of_other_code_are_forced_by_a_file_however_many(study: Path) -> None:
    """Names of what to make again stand in a profile: a command line holds some thousands."""
    before = artifacts(study)
    for path in (study / "results").rglob("*.nxs"):
        path.write_bytes(b"no artifact")
    run = ntcspec("run", study)
    assert run.returncode == 0, run.stderr
    assert (study / ".ntcspec/forced/config.yaml").read_text().count("results/") >= 14
    assert artifacts(study) == before


def test_a_file_that_is_no_terminal_hears_little(study: Path) -> None:
    (study / "results/metrics.csv").unlink()
    command = [sys.executable, "-m", "ntcspec.cli", "run", str(study)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(command, env=env, capture_output=True, text=True, timeout=600, check=True)
    assert "\033" not in run.stdout and "\r" not in run.stdout
    assert "table of all metrics" not in run.stdout and "numbers:" in run.stdout
    assert "table of all metrics" in (study / "results/logs/run.log").read_text()
