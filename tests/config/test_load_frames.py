"""`frames` and patterns of files in samples.yaml: what they mean, and what is wrong with them."""

from pathlib import Path

import pytest

from ntcspec.config.load import load_study
from ntcspec.config.patterns import expand, natural
from ntcspec.config.study import TECHNIQUES
from ntcspec.errors import Problems
from ntcspec.plan import Plan
from ntcspec.techniques import FRAMES

CONFIG = """\
study: test
panels:
  norm: {kind: xanes.norm}
  named: {kind: xanes.frames, samples: [whole, one]}
"""


def study(folder: Path, frames: str, *, files: str = "[s_*.dat]", technique: str = "xanes") -> Path:
    (folder / "config.yaml").write_text(CONFIG, encoding="utf-8")
    element = "element: Cl, edge: K, " if technique in ("xanes", "exafs") else ""
    (folder / "samples.yaml").write_text(
        "samples:\n"
        "  whole:\n    measurements:\n      xanes: {element: Cl, edge: K, files: [s_1.dat]}\n"
        "  one:\n    measurements:\n"
        f"      series:\n        {{technique: {technique}, {element}files: {files}, frames: {frames}}}\n",
        encoding="utf-8",
    )
    for name in ("s_1.dat", "s_2.dat", "s_10.dat", "times.txt"):
        (folder / name).write_text("1 2\n")
    return folder


def problems_of(folder: Path) -> list[str]:
    try:
        return [str(p) for p in load_study(folder).problems]
    except Problems as found:
        return [str(p) for p in found.problems]


def test_frames_go_through_a_chain_of_their_own_to_the_same_files(tmp_path: Path) -> None:
    loaded = load_study(study(tmp_path, "{along: time, unit: s, table: times.txt}"))
    (one,) = (m for m in loaded.measurements if m.frames)
    assert one.files == ("s_1.dat", "s_2.dat", "s_10.dat"), "numbers are put in order by their value"
    plan = Plan(loaded)
    jobs = {path: job for path, job in plan.jobs.items() if path.startswith("results/one/series/")}
    assert list(jobs) == [f"results/one/series/{stage}.nxs" for stage in ("ingest", "reduce", "measure")]
    assert all(job.about["frames"] is True for job in jobs.values())
    ingest = jobs["results/one/series/ingest.nxs"]
    assert [(i.role, i.path) for i in ingest.inputs][-1] == ("table", "times.txt")
    assert ingest.parameters["frames"]["along"] == "time"
    assert "frames" not in plan.jobs["results/whole/xanes/ingest.nxs"].about
    drawn = plan.jobs["results/panels/norm.nxs"]
    assert [e["sample"] for e in drawn.parameters["entries"]] == ["whole"], "panels of one spectrum leave frames out"
    named = plan.jobs["results/panels/named.nxs"].parameters["entries"]
    assert {e["sample"]: e["missing"] for e in named} == {
        "whole": "it holds one spectrum, not frames", "one": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("frames", "told"),
    [
        ("{along: time}", "nothing gives 'time': add `step`, `values`, `table` or `header`"),
        ("{along: time, step: 1, values: [1, 2, 3]}", "`step` and `values` both give the coordinate"),
        ("{along: time, step: 0}", "`step` is 0"),
        ("{start: 3}", "`start` needs `step`"),
        ("{along: x, across: y, step: 1}", "`across` needs a `table` of two columns"),
        ("{along: x, header: [x, y]}", "two names under `header` need `across`"),
        ("{along: time, table: time.txt}", "no such file 'time.txt' in '.' (did you mean 'times.txt'?)"),
        ("{allong: time}", "allong"),
    ],
)
def test_mistakes_are_told_at_their_place(tmp_path: Path, frames: str, told: str) -> None:
    (problem,) = problems_of(study(tmp_path, frames))
    assert told in problem
    assert problem.startswith("samples.yaml, line ") and "measurements.series.frames" in problem


@pytest.mark.parametrize("technique", [name for name in TECHNIQUES if name not in FRAMES])
def test_other_techniques_say_where_frames_are_offered(tmp_path: Path, technique: str) -> None:
    (problem,) = problems_of(study(tmp_path, "{}", technique=technique))
    assert f"{technique} has no key 'frames'" in problem
    assert "it is offered for xanes, raman; take it out" in problem


def test_a_pattern_that_finds_nothing_is_no_file(tmp_path: Path) -> None:
    (problem,) = problems_of(study(tmp_path, "{}", files="[t_*.dat]"))
    assert "no such file 't_*.dat'" in problem


def test_files_that_two_patterns_find_are_told(tmp_path: Path) -> None:
    (problem,) = problems_of(study(tmp_path, "{}", files="[s_1.dat, s_1*.dat]"))
    assert "stands twice" in problem


def test_frames_are_no_standard(tmp_path: Path) -> None:
    folder = study(tmp_path, "{}")
    text = (folder / "samples.yaml").read_text().replace("xanes: {", "series: {technique: xanes, ")
    text = text.replace("files: [s_1.dat]", "files: [s_1.dat], transform: {standards: [one]}")
    (folder / "samples.yaml").write_text(text)
    (problem,) = problems_of(folder)
    assert "the measurement of 'one' holds frames, which are no standard" in problem


def test_patterns(tmp_path: Path) -> None:
    (tmp_path / "day 1").mkdir()
    for name in ("day 1/a2.x", "day 1/a10.x", "day 1/.a3.x", "b.x"):
        (tmp_path / name).write_text("")
    assert expand(tmp_path, "day 1/a*.x") == ["day 1/a2.x", "day 1/a10.x"]
    assert expand(tmp_path, "*/*.x", {"day 2/a1.x": "0", "a.x": "0"}) == ["day 1/a2.x", "day 1/a10.x", "day 2/a1.x"]
    assert expand(tmp_path, "b.x") == [] == expand(tmp_path, "/b*"), "no pattern; nor one from outside"
    assert sorted(["a10", "a9b2", "a9b10", "a"], key=natural) == ["a", "a9b2", "a9b10", "a10"]
