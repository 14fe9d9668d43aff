"""A cluster that does not answer: told plainly, never instead of what the run has to say. Programs of Slurm are scripts here."""

from __future__ import annotations

from pathlib import Path

import pytest
from study import make_study

from ntcspec.cli import main
from ntcspec.commands import run
from ntcspec.drive.follow import Ended
from ntcspec.drive.slurm import INSIDE, MARK, job_prefix, mark
from ntcspec.drive.start import RUN_LOG

DOWN = "echo 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)' >&2; exit 1"
SAID = "squeue fails (slurm_load_jobs error: Unable to contact slurm controller (connect failure))"


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in front of PATH: sbatch, so that this looks like a login node, and a squeue that fails."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.delenv(INSIDE, raising=False)
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    program(folder, "sbatch", "exit 1")
    program(folder, "squeue", DOWN)
    return folder


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return make_study(tmp_path / "study")


def program(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize(
    ("code", "lost"), [(0, []), (3, []), (3, ["a / exafs: job 12 of Slurm was lost -> run again"])]
)
def test_the_summary_comes_first_and_the_result_stays(
    study: Path,
    programs: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    code: int,
    lost: list[str],
) -> None:
    def drive(*_: object) -> Ended:
        mark(study)
        return Ended(code, tuple(lost), ("the last words of Snakemake",))

    monkeypatch.setattr(run, "drive", drive)
    for name, answer in (("is_current", True), ("stale", []), ("settle_times", False)):  # as after a run that made all
        monkeypatch.setattr(run, name, lambda *_, answer=answer: answer)
    assert main(["run", str(study), "--profile", "slurm"]) == (1 if code else 0)
    said = capsys.readouterr().err
    warning = said.splitlines()[-1]
    assert warning.startswith(f"warning: {study}: jobs of this study may still be in the queue") and SAID in warning
    assert f"run again; where you know that no job is left, remove {MARK}" in warning
    assert ("the last words of Snakemake" in said) == bool(code and not lost)
    assert [line for line in said.splitlines() if line.startswith("NOT MADE")] == [f"NOT MADE {one}" for one in lost]
    assert (study / MARK).exists()


def test_so_it_is_with_one_allocation(study: Path, programs: Path, capfd: pytest.CaptureFixture[str]) -> None:
    program(programs, "srun", "echo 'what the run says'; exit 3")
    assert main(["run", str(study), "--profile", "slurm-node"]) == 3
    said = capfd.readouterr()
    early = (
        f"{study}: the allocation ended before the run did (exit code 3 of srun); what Slurm says of it is above -> "
    )
    way_out = "its memory and time are mem and time in a copy of "
    assert early in said.err and way_out in said.err and "slurm-node/allocation.yaml (docs/cluster.md)\n" in said.err
    assert "what the run says" in said.out and f"warning: {study}: " in said.err and SAID in said.err
    assert (study / MARK).exists()


def test_a_node_that_dies_is_no_success(
    study: Path, programs: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """srun ends with 0 then (seen with Slurm 22.05)."""
    monkeypatch.setattr("ntcspec.drive.slurm.SEEN_S", 0.0)
    monkeypatch.setattr("ntcspec.drive.slurm.STEP_S", 0.0)
    program(programs, "srun", "echo 'srun: error: Node failure on n0' >&2; exit 0")
    program(programs, "squeue", "exit 0")
    assert main(["run", str(study), "--profile", "slurm-node"]) == 1
    said = capfd.readouterr().err
    assert f"{study}: the allocation ended before the run did (exit code 0 of srun)" in said and "run again" in said


def test_a_job_that_is_just_ending_is_waited_for_and_not_cancelled(
    study: Path, programs: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    asked = study / "asked"
    ending = f"test -e '{asked}' || echo '12|COMPLETING|{job_prefix(study)}-node|{study}'; touch '{asked}'"
    program(programs, "srun", "exit 1")
    program(programs, "squeue", ending)
    program(programs, "scancel", f"touch '{study}/cancelled'")
    assert main(["run", str(study), "--profile", "slurm-node"]) == 1
    assert asked.exists() and not (study / "cancelled").exists() and not (study / MARK).exists()
    assert "cancelling" not in capfd.readouterr().out


def test_no_run_begins_beside_jobs_that_nobody_can_see(
    study: Path, programs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (study / ".ntcspec").mkdir()
    mark(study)
    began: list[object] = []
    monkeypatch.setattr(run, "drive", lambda *words: began.append(words) or (1, []))
    (study / RUN_LOG).parent.mkdir(parents=True)
    (study / RUN_LOG).touch()

    assert main(["run", str(study), "--cores", "1"]) == 1
    assert SAID in capsys.readouterr().err and (study / MARK).exists() and not began

    number = study / "job"
    number.touch()
    program(programs, "squeue", f"test ! -e '{number}' || echo '12|RUNNING|{job_prefix(study)}_x|{study}'")
    program(programs, "scancel", f"test \"$*\" = 12 && rm '{number}'")
    main(["run", str(study), "--cores", "1"])
    assert "cancelling 1 job that an earlier run left in the queue" in capsys.readouterr().out
    assert began and not (study / MARK).exists() and not number.exists()


def test_jobs_that_do_not_end_are_named_with_what_scancel_says(
    study: Path, programs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (study / ".ntcspec").mkdir()
    mark(study)
    monkeypatch.setattr("ntcspec.drive.slurm.PATIENCE_S", 0.0)
    monkeypatch.setattr("ntcspec.drive.slurm.STEP_S", 0.0)
    program(programs, "squeue", f"echo '12|RUNNING|{job_prefix(study)}_x|{study}'; echo '13|RUNNING|another|{study}'")
    program(programs, "scancel", "echo 'scancel: error: Access denied' >&2; exit 1")
    assert main(["run", str(study)]) == 1
    said = capsys.readouterr().err
    assert (
        "1 job of an earlier run that will not end (scancel: error: Access denied)" in said and "`scancel 12`" in said
    )
