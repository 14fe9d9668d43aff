"""Progress of long loops: said rarely, to a listener alone."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from ntcspec import progress, stage


def test_a_loop_says_how_far_it_is_and_how_long_it_will_take(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(0.25 * i for i in range(1000))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    said: list[tuple[str, int, int, float]] = []
    with progress.listening(lambda *step: said.append(step)):
        assert list(progress.steps(40, "fits")) == list(range(40))
    assert [done for _, done, _, _ in said] == [8, 12, 16, 20, 24, 28, 32, 36, 40]  # after 2 s, then every second
    assert all(left == pytest.approx(0.25 * (40 - done)) for _, done, _, left in said)


def test_nobody_listens_unless_asked(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    clock = iter(range(1000))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    assert list(progress.steps(9, "x")) == list(range(9)) and capsys.readouterr() == ("", "")


def test_a_job_tells_its_log_and_whoever_runs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, outside = tmp_path / "results/logs/map/raman/measure.log", io.StringIO()
    monkeypatch.setattr(stage.sys, "__stderr__", outside)
    clock = iter(range(1000))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with stage.job(log):
        list(progress.steps(10, "fits of a1g"))
    assert "fits of a1g: 5 of 10, about 5 s left" in log.read_text()
    line = next(one for one in outside.getvalue().splitlines() if ": 5 of 10" in one)
    assert line == "progress: map/raman/measure: fits of a1g: 5 of 10, about 5 s left"
