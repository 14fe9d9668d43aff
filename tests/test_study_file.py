"""The name of the file that holds the whole study."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from ntcspec.config.resolved import MeasurementPlan, Study
from ntcspec.plan.study_file import study_file


def named(name: str, *folders: str) -> str:
    plans = tuple(
        MeasurementPlan(
            sample=f, name="m", technique="exafs", label="", composition="", simulated=False, files=(), parameters={},
            folder=f"results/{f}/m",
        )
        for f in folders
    )  # fmt: skip
    empty: Any = {field.name: {} for field in dataclasses.fields(Study)}
    about = {"name": name, "root": Path(), "config": Path(), "raw_root": ".", "measurements": plans, "excluded": ()}
    return study_file(Study(**{**empty, **about}))


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("NaTaCl6 demo (SIMULATED)", "NaTaCl6_demo_SIMULATED.nxs"),
        ("../../etc/passwd", "etc_passwd.nxs"),
        ('<script>alert("1")</script>', "script_alert_1_script.nxs"),
        ("a 'b' \"c\" {d}\n\t*?|:\\", "a_b_c_d.nxs"),
        ("Grüße 塩 β", "Gruße_塩_β.nxs"),
        ("...", "study.nxs"),
        ("metrics", "metrics.nxs"),
        ("  ", "study.nxs"),
    ],
)
def test_any_name_gives_a_file_name(name: str, file: str) -> None:
    assert named(name) == f"results/{file}"


def test_long_names_are_cut_between_letters() -> None:
    file = named("塩" * 100).removeprefix("results/")
    assert file == f"{'塩' * 26}.nxs" and len(file.encode()) <= 84


def test_a_sample_of_the_same_name_keeps_its_folder() -> None:
    assert named("x", "X.nxs") == "results/x_study.nxs"
