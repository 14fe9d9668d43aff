"""Two runs of a study at once: one of them works, the others say so, and the results are those of one."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from study import ROOT, artifacts, make_study, ntcspec

from ntcspec.drive import lock
from ntcspec.errors import UserError

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def driver(study: Path) -> list[str]:
    return [sys.executable, "-m", "ntcspec.cli", "run", str(study), "--cores", "2"]


def plain_snakemake(study: Path) -> list[str]:
    profile = ROOT / "workflow/profiles/default"
    words = ["--snakefile", ROOT / "Snakefile", "--directory", study, "--workflow-profile", profile]
    return [sys.executable, "-m", "snakemake", *map(str, words), "--config", "study=config.yaml"]


def start(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT.parent
    )


@contextmanager
def at_work(study: Path) -> Iterator[None]:
    """As a job that a killed run left behind, or a `snakemake` of somebody's."""
    (study / ".ntcspec").mkdir(exist_ok=True)
    with (study / ".ntcspec" / lock.JOBS).open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def test_of_five_started_at_once_one_works(finished: Path, tmp_path: Path) -> None:
    study = make_study(tmp_path / "study")
    runs = [start(driver(study)) for _ in range(5)]
    said = [run.communicate(timeout=600)[0] for run in runs]
    worked = [words for words in said if "jobs to do" in words]
    assert len(worked) == 1 and "Traceback" not in "".join(said)
    for run, words in zip(runs, said, strict=True):
        late = "nothing to compute" in words  # it came when the first was done
        assert (run.returncode == 0) == (words in worked or late), words
        assert run.returncode == 0 or "another run is working on this study -> wait for it" in words
    assert artifacts(study) == artifacts(finished)


def test_a_plain_snakemake_and_a_run_at_once_do_not_write_both(finished: Path, tmp_path: Path) -> None:
    study = make_study(tmp_path / "study")
    both = [start(driver(study)), start(plain_snakemake(study))]
    said = [one.communicate(timeout=600)[0] for one in both]
    assert any(one.returncode == 0 for one in both), said
    assert "Traceback" not in said[0]
    assert ntcspec("run", study).returncode == 0
    assert artifacts(study) == artifacts(finished)


def test_a_plain_snakemake_is_refused_where_jobs_are_at_work(study: Path) -> None:
    (study / "results/metrics.csv").unlink()
    with at_work(study):
        run = start(plain_snakemake(study))
        said = run.communicate(timeout=600)[0]
    assert run.returncode != 0 and "another run is working on this study" in said
    assert not (study / "results/metrics.csv").exists()
    again = start(plain_snakemake(study))
    assert "rule" in again.communicate(timeout=600)[0] and again.returncode == 0


def test_a_run_waits_for_the_jobs_of_a_killed_one(study: Path) -> None:
    with at_work(study):
        run = start(driver(study))
        assert run.stdout and "waiting for jobs that are still at work here" in run.stdout.readline()
        assert run.poll() is None
    assert "nothing to compute" in run.communicate(timeout=600)[0] and run.returncode == 0


def test_it_does_not_wait_for_ever(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "PATIENCE_S", 0.3)
    refused = pytest.raises(UserError, match="a `snakemake`, or jobs of an earlier run, are at work")
    with at_work(study), refused, lock.one_driver(study):
        raise AssertionError("it should not come so far")


def test_every_job_holds_the_lock_and_no_other_process_does(tmp_path: Path) -> None:
    """A job inherits it as its standard input; the driver's own is not passed on."""
    held = tmp_path / ".ntcspec" / lock.JOBS
    code = "from pathlib import Path\nfrom ntcspec.drive.lock import hold_for_jobs\n"
    code += "import subprocess, sys\nhold_for_jobs(Path(sys.argv[1]))\nsubprocess.Popen(['sleep', '600'])\n"
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], env=ENVIRONMENT, check=True)
    listed = subprocess.run(["pgrep", "-x", "sleep"], capture_output=True, text=True, check=True).stdout.split()
    mine = [pid for pid in listed if Path(f"/proc/{pid}/fd/0").exists() and Path(f"/proc/{pid}/fd/0").samefile(held)]
    try:
        assert len(mine) == 1
        with held.open() as stream, pytest.raises(BlockingIOError):
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        for pid in mine:
            os.kill(int(pid), 9)
    with held.open() as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)  # free as soon as that is gone
