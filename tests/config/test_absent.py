"""A study can be planned with raw files that are known by their hash but are not here, as in a pack without them."""

from pathlib import Path

import pytest

from ntcspec.config.load import load_study
from ntcspec.errors import Problems
from ntcspec.plan import Plan

SAMPLES = "samples:\n  one:\n    measurements:\n      nmr: {files: [na23], reduce: {}}\n"


def write(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text("study: x\nraw_root: raw\n")
    (folder / "samples.yaml").write_text(SAMPLES)
    return folder


def test_a_directory_and_what_belongs_to_it_are_planned_the_same_without_its_files(tmp_path: Path) -> None:
    here = write(tmp_path / "here")
    (here / "raw/na23").mkdir(parents=True)
    for name in ("fid", "procpar"):
        (here / "raw/na23" / name).write_text(name)
    plan = Plan(load_study(here))
    known = {i.path: i.identity for job in plan.jobs.values() for i in job.inputs if i.root == "raw"}
    assert set(known) == {"na23/fid", "na23/procpar"}
    there = write(tmp_path / "there")
    with pytest.raises(Problems, match="no such file 'na23'"):
        load_study(there)
    study = load_study(there, known)
    assert dict(study.absent) == known
    assert [j.key for j in Plan(study).jobs.values()] == [j.key for j in plan.jobs.values()]


def test_a_file_that_is_here_is_hashed_whatever_is_known_of_it(tmp_path: Path) -> None:
    here = write(tmp_path)
    (here / "raw/na23").mkdir(parents=True)
    (here / "raw/na23/fid").write_text("other")
    study = load_study(here, {"na23/fid": "0" * 64})
    assert study.absent == {}
    inputs = [i.identity for job in Plan(study).jobs.values() for i in job.inputs if i.root == "raw"]
    assert "0" * 64 not in inputs
