"""What people see of a run, on a terminal and in a file."""

import contextlib
import io
import os
import pty
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ntcspec.drive import progress
from ntcspec.places import home
from ntcspec.plan import Job
from ntcspec.techniques import STAGES as TECHNIQUES
from ntcspec.worker.book import STUDY

STAGES = ("ingest", "reduce", "measure")


def jobs() -> dict[str, Job]:
    found = {}
    for sample in "abcdefghij":
        for stage in STAGES:
            about = {"sample": sample, "measurement": "raman", "technique": "raman", "stage": stage}
            path = f"results/{sample}/raman/{stage}.nxs"
            found[path] = Job((path,), about, {}, (), (), "", f"{sample}{stage}", {})
    return found


@pytest.fixture
def plan(tmp_path: Path) -> Any:
    (tmp_path / ".ntcspec").mkdir()
    return SimpleNamespace(study=SimpleNamespace(root=tmp_path), jobs=jobs())


def lines(plan: Any, broken: str = "") -> Iterator[str]:
    """As Snakemake prints them."""
    for number, job in enumerate(plan.jobs.values(), 1):
        parts = Path(job.outputs[0]).parts
        yield "[Mon Nov 30 03:29:39 2026]\n"
        yield f"Job {number}: {job.about['stage']} {parts[1]} / {parts[2]}\n"
        yield "Reason: Missing output files\n"
        if job.key == broken:
            yield "Error in rule raman_reduce:\n"
            yield "    message: None\n"
            yield f"    jobid: {number}\n"
        else:
            yield f"Finished jobid: {number} (Rule: raman_reduce)\n"
            yield f"{number} of 30 steps ({number / 0.3:.0f}%) done\n"


def test_a_file_gets_a_line_each_tenth(plan: Any) -> None:
    stream = io.StringIO()
    with progress.Progress(plan, list(plan.jobs.values()), stream=stream) as shown:
        for line in lines(plan):
            shown.heard(line)
    text = stream.getvalue().splitlines()
    assert len(text) == 10 and text[0].startswith("3 of 30 steps done, about 0 s left")
    assert text[-1].startswith("30 steps in ")
    assert "\033" not in stream.getvalue()


def test_verbose_names_each_job(plan: Any) -> None:
    stream = io.StringIO()
    with progress.Progress(plan, list(plan.jobs.values()), verbose=True, stream=stream) as shown:
        for line in lines(plan):
            shown.heard(line)
    assert sum(line.startswith("  ") for line in stream.getvalue().splitlines()) == 30
    assert "  reduce c / raman" in stream.getvalue()


def test_a_terminal_gets_one_line_that_changes(plan: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "90")
    master, slave = pty.openpty()
    with os.fdopen(slave, "w") as stream:
        with progress.Progress(plan, list(plan.jobs.values()), stream=stream) as shown:
            for line in lines(plan):
                shown.heard(line)
                shown.shown = 0.0  # draw each time
            shown.heard("Job 99: measure a / raman\n")
            shown.heard("progress: a/raman/measure: fits of a1g: 30 of 100, about 12 s left\n")
            shown.shown = 0.0
            shown.heard("30 of 30 steps (100%) done\n")
        stream.flush()
        os.set_blocking(master, False)
        seen = ""
        with contextlib.suppress(BlockingIOError):
            while True:
                seen += os.read(master, 1 << 16).decode()
    os.close(master)
    drawn = [part for part in seen.replace("\r\n", "\r").split("\r") if part.strip("\033[K")]
    assert any("[##########..........]  50 % 15/30" in part for part in drawn)
    assert any("measure a / raman (30 %)" in part for part in drawn)
    assert all(len(part.removeprefix("\033[K")) < 90 for part in drawn)
    assert seen.count("\n") == 1  # the last line alone: all others are drawn over


def test_failures_are_told_at_once_with_reason_and_log_and_once_a_measurement(plan: Any) -> None:
    root = plan.study.root
    for stage in STAGES:
        log = root / f"results/logs/b/raman/{stage}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("error: raw/b.txt: the file is empty -> copy it again\n")
    stream = io.StringIO()
    with progress.Progress(plan, list(plan.jobs.values()), stream=stream) as shown:
        for line in lines(plan, broken="creduce"):
            shown.heard(line)
            if "Job 7:" in line:
                early = stream.getvalue()
    told = [line for line in stream.getvalue().splitlines() if line.startswith("FAILED")]
    assert told == [
        "FAILED b / raman: raw/b.txt: the file is empty -> copy it again (log: results/logs/b/raman/ingest.log)",
        "FAILED c / raman: it ended without a word (log: results/logs/c/raman/reduce.log)",
    ]
    assert told[0] in early


def test_time_left_goes_by_what_stages_took_not_by_their_number(plan: Any) -> None:
    waiting = list(plan.jobs.values())
    shown = progress.Progress(plan, waiting, stream=io.StringIO())
    shown.durations = {"raman.ingest": 1.0, "raman.reduce": 2.0, "raman.measure": 100.0}
    shown.done = 1
    assert shown.left_s() == pytest.approx(10 * 103.0)
    shown.most = 2
    assert shown.left_s() == pytest.approx(5 * 103.0)
    shown.left = {job.key: job for job in waiting if job.about["stage"] == "ingest"}
    assert shown.left_s() == pytest.approx(5.0)


def test_durations_are_remembered_for_the_next_run(plan: Any) -> None:
    with progress.Progress(plan, list(plan.jobs.values()), stream=io.StringIO()) as shown:
        for line in lines(plan):
            shown.heard(line)
    again = progress.Progress(plan, [], stream=io.StringIO())
    assert set(again.durations) == {"raman.ingest", "raman.reduce", "raman.measure"}
    (plan.study.root / progress.DURATIONS).write_text("[1, 2]")
    assert progress.Progress(plan, [], stream=io.StringIO()).durations == {}


def test_words(plan: Any) -> None:
    assert [progress.span(s) for s in (3.2, 89, 600, 12_000)] == ["3 s", "89 s", "10 min", "3 h 20 min"]
    job = replace(next(iter(plan.jobs.values())), about={"stage": "panel"}, outputs=("results/panels/x.nxs",))
    assert progress.subject_of(job) == "results/panels/x.nxs"


def test_every_job_is_known_by_the_message_of_its_rule() -> None:
    """Else its failure could not be told with its log, and the time left would count it for ever."""
    rules = "".join(path.read_text() for path in (home() / "workflow/rules").glob("*.smk"))
    said = set(re.findall(r'message:\n +"(.+)"', rules))
    for stage in (*STUDY, *(stage.name for chain in TECHNIQUES.values() for stage in chain)):
        measured = stage not in STUDY
        about = {"stage": stage, **({"sample": "a", "measurement": "m"} if measured else {})}
        path = f"results/a/m/{stage}.nxs" if measured else f"results/{stage}s/x.nxs"
        message = progress._message(Job((path,), about, {}, (), (), "", "", {}))
        pattern = f"{stage} {{wildcards.sample}} / {{wildcards.measurement}}" if measured else message
        expected = (
            pattern.replace(" x", f" {{wildcards.{stage}}}") if stage in ("figure", "panel", "series") else pattern
        )
        assert expected in said, (stage, expected)
