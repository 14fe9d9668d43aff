"""What is said of jobs of Slurm that ended early, from what Snakemake and Slurm print (as seen on a real one)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ntcspec.drive import lost
from ntcspec.drive.executor import LONGEST, mend
from ntcspec.drive.lost import Losses
from ntcspec.drive.profile import Profile, find_profile
from ntcspec.drive.slurm import Asked, asked_for
from ntcspec.places import home

FAILED = (
    "SLURM-job '12' failed, SLURM status is: '{}'. Detailed failure reason unavailable (status command is not 'sacct')."
)
NODE = "SLURM-job '12' failed due to a node failure, SLURM status is: 'NODE_FAIL'. Failed nodes will be excluded from future job submissions."
SBATCH = (
    "SLURM sbatch failed. The error message was 'sbatch: error: Memory specification can not be satisfied "
    "sbatch: error: Batch job submission failed: Requested node configuration is not available'. sbatch call: sbatch --parsable"
)
POLLED = "slurmstepd-n1: error: StepId=12.batch exceeded memory limit (53032960 > 52428800), being killed\nslurmstepd-n1: error: *** JOB 12 ON n1 CANCELLED AT 2026-11-30T18:31:07 ***\n"
CGROUP = (
    "slurmstepd: error: Detected 1 oom_kill event in StepId=12.batch. Some of the step tasks have been OOM Killed.\n"
)
LIMIT = "slurmstepd: error: *** JOB 12 ON n1 CANCELLED AT 2026-11-30T18:31:07 DUE TO TIME LIMIT ***\n"
CANCELLED = "slurmstepd: error: *** JOB 12 ON n1 CANCELLED AT 2026-11-30T18:31:07 ***\n"
ORDINARY = "Building DAG of jobs...\n1 of 5 steps (20%) done\n"
AGAIN = "`ntcspec run` again: what is whole is used"


@pytest.fixture
def plan(tmp_path: Path) -> Any:
    def job(sample: str, stage: str) -> Any:
        log = f"results/logs/{sample}/exafs/{stage}.log"
        return SimpleNamespace(log=log, about={"sample": sample, "measurement": "exafs"}, outputs=())

    jobs = {f"{s}{stage}": job(s, stage) for s in "abcdefgh" for stage in ("ingest", "reduce")}
    jobs["table"] = SimpleNamespace(log="results/logs/metrics.log", about={}, outputs=("results/metrics.csv",))
    return SimpleNamespace(study=SimpleNamespace(root=tmp_path), jobs=jobs)


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return Profile(tmp_path / "mine", "slurm", retries=2)


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lost, "asked_for", lambda number: Asked("2000M", "15:00", "n1") if number == "12" else Asked())


def printed(root: Path, said: str, log: str = ORDINARY, samples: str = "a") -> list[str]:
    """As Snakemake prints it, members in no order."""
    path = root / ".snakemake/slurm_logs/group_measurements/12.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(log)
    lines = [
        f"Slurm: {said}",
        "Cannot restore results/z/exafs/ingest.nxs: no backup found.",
        "[Mon Nov 30 18:30:53 2026]",
    ]
    lines += ["    message: Error in group measurements"]
    lines += [] if "sbatch failed" in said else [f"    log: {path} (check log file(s) for error details)"]
    lines += ["    jobs:"]
    for stage in ("reduce", "ingest"):
        for number, sample in enumerate(reversed(samples)):
            name = f"{sample}/exafs/{stage}"
            lines += [f"        rule exafs_{stage}:", f"            jobid: {number}"]
            lines += [f"            output: results/{name}.nxs (update), results/{name}.json (update)"]
            lines += [f"            log: results/logs/{name}.log (check log file(s) for error details)"]
    return [f"{line}\n" for line in [*lines, "    [Mon Nov 30 18:30:53 2026]", "    Error in rule exafs_reduce:"]]


def tell(losses: Losses, lines: list[str]) -> list[str]:
    return [said for line in lines if (said := losses.heard(line))]


@pytest.mark.parametrize(
    ("said", "log", "what", "fix"),
    [
        (FAILED.format("FAILED"), POLLED, "needed more than the 2000MB of memory that it had asked for", "raise mem_mb in"),
        (FAILED.format("FAILED"), CGROUP, "needed more than the 2000MB of memory that it had asked for", "raise mem_mb in"),
        (FAILED.format("OUT_OF_MEMORY"), "", "needed more than the 2000MB of memory", "raise mem_mb in"),
        (FAILED.format("TIMEOUT"), LIMIT, "was not done within the time of 15:00 that it had asked for", "raise runtime in"),
        (FAILED.format("FAILED"), LIMIT, "was not done within the time of 15:00", "raise runtime in"),
        (NODE, ORDINARY, "was lost with its node n1", AGAIN),
        (FAILED.format("CANCELLED"), CANCELLED, "was cancelled from outside", AGAIN),
        (FAILED.format("FAILED"), ORDINARY, "failed", "see its log"),
    ],
)  # fmt: skip
def test_why_a_job_was_lost_and_what_to_do(
    plan: Any, profile: Profile, tmp_path: Path, said: str, log: str, what: str, fix: str
) -> None:
    losses = Losses(plan, profile)
    for attempt in (2, 3):
        (told,) = tell(losses, printed(tmp_path, said, log))
        assert (
            told.startswith(f"a / exafs: job 12 of Slurm {what}") and f"; sent again, try {attempt} of 3 (log: " in told
        )
        assert told.endswith("(log: .snakemake/slurm_logs/group_measurements/12.log)") and not losses.final
    (told,) = tell(losses, printed(tmp_path, said, log))
    (final,) = losses.final
    assert told == f"FAILED {final}" and final.startswith(f"a / exafs: job 12 of Slurm {what}")
    assert f", at the last of 3 tries -> {fix}" in final
    assert (f"{tmp_path}/mine/config.yaml (docs/cluster.md) (log: " in final) == fix.startswith("raise")


def test_a_job_that_slurm_does_not_take(plan: Any, tmp_path: Path) -> None:
    losses = Losses(plan, Profile(home() / "workflow/profiles/slurm", "slurm"))
    tell(losses, printed(tmp_path, SBATCH))
    reason = "Slurm takes no such job (Memory specification can not be satisfied; Batch job submission failed: Requested node configuration is not available)"
    settings = f"a copy of {home()}/workflow/profiles/slurm/config.yaml"  # ours is not the user's to change
    assert losses.final == [
        f"a / exafs: {reason} -> partition, account, memory and time are keys of {settings} (docs/cluster.md)"
    ]


def test_what_the_job_itself_said_is_told(plan: Any, profile: Profile, tmp_path: Path) -> None:
    log = tmp_path / "results/logs/b/exafs/ingest.log"
    log.parent.mkdir(parents=True)
    log.write_text("error: results/b: no space left on device\n")
    (told,) = tell(Losses(plan, profile), printed(tmp_path, FAILED.format("FAILED"), samples="ab"))
    assert told.startswith(
        "a / exafs, b / exafs: job 12 of Slurm failed: results/b: no space left on device; sent again"
    )


def test_groups_are_counted_apart_and_named_in_the_order_of_the_study(
    plan: Any, profile: Profile, tmp_path: Path
) -> None:
    losses = Losses(plan, profile)
    many = printed(tmp_path, NODE, samples="abcde")
    (one,) = tell(losses, many)
    assert one.startswith("a / exafs, b / exafs, c / exafs and 2 more: job 12")
    (other,) = tell(losses, printed(tmp_path, NODE, samples="fg"))
    assert other.startswith("f / exafs, g / exafs: ") and "try 2 of 3" in other
    assert "try 3 of 3" in tell(losses, many)[0]


def test_ordinary_lines_say_nothing(plan: Any, profile: Profile) -> None:
    lines = [
        "[Mon Nov 30 18:30:53 2026]",
        "Job 3: ingest a / exafs",
        "    log: x (check log file(s))",
        "Finished jobid: 3",
    ]
    assert tell(Losses(plan, profile), lines) == []


def test_slurm_is_asked_what_the_job_had_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    squeue = tmp_path / "squeue"
    squeue.write_text('#!/bin/sh\ncase "$*" in *--jobs=12*) echo "50M|1:00|n2";; *) exit 1;; esac\n')
    squeue.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert asked_for("12") == Asked("50M", "1:00", "n2")
    assert asked_for("13") == asked_for("") == Asked()


def test_the_profile_says_how_often(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ntcspec.drive.profile.which", lambda program: program)
    assert find_profile("slurm").retries == 2 and find_profile("default").retries == 0
    for text, retries in (("retries: 4", 4), ("restart-times: 3", 3), ("retries: many", 0)):
        (tmp_path / "config.yaml").write_text(f"executor: local\n{text}\n")
        assert find_profile(str(tmp_path)).retries == retries


class Executor:
    """As Snakemake's, as far as it is changed."""

    def __init__(self, told: Callable[[str], None]) -> None:
        self.logger = SimpleNamespace(error=told)
        settings = SimpleNamespace(init_seconds_before_status_checks=20)
        self.workflow, self.printed, self.wait = SimpleNamespace(executor_settings=settings), [], 0.0

    def additional_general_args(self) -> str:
        return "--executor slurm-jobstep"

    def print_job_error(self, job_info: object, msg: str | None = None, **words: object) -> None:
        self.printed.append((job_info, words))

    @property
    def next_seconds_between_status_checks(self) -> float:
        return self.wait

    @next_seconds_between_status_checks.setter
    def next_seconds_between_status_checks(self, value: float) -> None:
        self.wait = value


def test_what_the_executor_does_otherwise() -> None:
    class Mended(Executor):
        pass

    mend(Mended)
    told: list[str] = []
    one = Mended(told.append)
    assert "jobstep" not in one.additional_general_args()
    one.print_job_error("job", "it\n   failed", aux_logs=["12.log"])
    one.print_job_error("job")
    assert told == ["Slurm: it failed"] and one.printed == [("job", {"aux_logs": ["12.log"]}), ("job", {})]
    waits = []
    for _ in range(9):
        waits.append(one.next_seconds_between_status_checks)
        one.next_seconds_between_status_checks += 10
    assert waits[:3] == [0, 10, 20] and waits[-1] == LONGEST * 20
