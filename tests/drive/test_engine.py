"""What Snakemake is told when jobs run here, and when they run elsewhere."""

from argparse import Namespace
from typing import Any

import pytest

from ntcspec.drive import engine
from ntcspec.places import home


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Namespace]:
    """The options that Snakemake would have run with."""
    found: list[Namespace] = []

    def note(options: Namespace, parser: Any) -> bool:
        found.append(options)
        return True

    monkeypatch.setattr(engine, "args_to_api", note)
    return found


def words(profile: str) -> list[str]:
    return ["--workflow-profile", str(home() / "workflow/profiles" / profile), "--profile", "none"]


def test_no_limit_on_how_fast_jobs_start_here(told: list[Namespace]) -> None:
    assert engine.main(words("default"))
    assert told[0].max_jobs_per_timespan is None and told[0].scheduler_subsample == 64
    assert told[0].cores == "all" or told[0].cores > 0


def test_the_limit_of_a_cluster_is_kept(told: list[Namespace]) -> None:
    assert engine.main(words("slurm"))
    assert told[0].executor == "slurm" and told[0].max_jobs_per_timespan.max_jobs == 50


def test_a_failure_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(options: Namespace, parser: Any) -> bool:
        raise ValueError("no such thing")

    monkeypatch.setattr(engine, "args_to_api", fail)
    assert not engine.main(words("default"))
