"""A study survives the death of any of its processes; benchmarks/kills.py does the same with many more moments."""

import random
import sys
from pathlib import Path

import pytest
from study import ROOT, make_study

sys.path.insert(0, str(ROOT / "benchmarks"))

from kills import TARGETS, Campaign


@pytest.fixture(scope="module")
def campaign(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    scratch = tmp_path_factory.mktemp("kills")
    return Campaign(make_study(scratch / "template"), finished, scratch, duration_s=4.0)


@pytest.mark.parametrize("kind", TARGETS)
@pytest.mark.parametrize("seed", [1, 2])
def test_the_next_run_ends_as_if_nothing_had_happened(campaign: Campaign, kind: str, seed: int) -> None:
    outcome = campaign.kill_one(kind, random.Random(f"{seed} {kind}"))
    assert outcome.good, outcome
    assert kind != "driver" or not outcome.alone
