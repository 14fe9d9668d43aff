"""trace of one number: its row, and the file it was taken from."""

from __future__ import annotations

import csv
import json
import os
import shutil
from pathlib import Path

import pytest
from forge import put, replace

from ntcspec.audit.number import FoundNumber, find_number, split_address
from ntcspec.audit.place import place_of
from ntcspec.audit.tree import family_of
from ntcspec.errors import UserError


def find(path: Path, address: str) -> FoundNumber:
    return find_number(path, address, place_of(path))


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()[1:]))


def test_every_number_of_the_table_comes_from_its_measure_json(audited: Path) -> None:
    table = audited / "results/metrics.csv"
    for row in rows(table):
        found = find(table, f"{row['sample']}/{row['measurement']}.{row['metric']}")
        assert found.sources == (f"results/{row['sample']}/exafs/measure.json",) and found.certain
        metrics = json.loads((audited / found.sources[0]).read_text())["metrics"]
        there = next(one for one in metrics if one["name"] == row["metric"])
        assert found.row == row and not found.differs
        assert not row["value"] or float(row["value"]) == pytest.approx(there["value"], rel=1e-9)


def test_a_number_brings_its_own_family_alone(audited: Path) -> None:
    table = audited / "results/metrics.csv"
    found = find(table, "b/exafs.first_shell.position")
    family = family_of(table, place_of(table), "b/exafs.first_shell.position", found.sources)
    assert family.top == "metrics.csv:b/exafs.first_shell.position"
    assert [path for path, node in family.nodes.items() if node.root == "raw"] == ["raw/b.xdi"]
    assert not any("/a/" in path for path in family.nodes) and not family.findings


def test_samples_csv_gives_metrics_and_properties(audited: Path) -> None:
    table = audited / "results/samples.csv"
    metric = find(table, "a/exafs.first_shell.position")
    same = find(audited / "results/metrics.csv", "a/exafs.first_shell.position")
    assert {metric.row[n] == same.row[n] for n in ("value", "unit", "u_stat", "u_sys")} == {True}
    assert metric.sources == ("results/a/exafs/measure.json",)
    dose = find(table, "b/dose")
    assert (dose.row["value"], dose.row["unit"], dose.row["u"], dose.sources) == ("2", "h", "0.1", ())
    assert "samples.yaml" in dose.remark and "made up" in dose.remark


def test_claims_and_trends_bring_all_their_numbers(audited: Path) -> None:
    both = ("results/a/exafs/measure.json", "results/b/exafs/measure.json")
    claim = find(audited / "results/claims.csv", "longer")
    assert sorted(claim.sources) == list(both) and claim.row["verdict"] == "holds"
    trend = find(audited / "results/trends.csv", "dose/exafs.first_shell.position")
    assert trend.sources == both and trend.row["n"] == "2"


def test_a_table_by_mail_is_enough(audited: Path, tmp_path: Path) -> None:
    shutil.copy(audited / "results/metrics.csv", tmp_path / "m.csv")
    found = find(tmp_path / "m.csv", "a/exafs.first_shell.position")
    assert found.sources == ("results/a/exafs/measure.json",) and found.certain and not found.differs


def test_a_row_that_is_not_what_its_file_says_is_told(audited: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(audited, tmp_path / "copy", copy_function=os.link))
    table = copy / "results/metrics.csv"
    replace(table, "exafs,first_shell.position,", "exafs,first_shell.position,1")
    found = find(table, "a/exafs.first_shell.position")
    assert "value is '11.9" in found.differs and "in results/a/exafs/measure.json" in found.differs


@pytest.mark.parametrize(
    ("table", "address", "words"),
    [
        ("metrics", "aa/exafs.first_shell.position", "no sample 'aa' (did you mean 'a'?)"),
        ("metrics", "a/exafs.first_shel.position", "(did you mean 'exafs.first_shell.position'?)"),
        ("metrics", "exafs.first_shell.position", "no sample 'exafs.first_shell.position'"),
        ("samples", "a/dos", "(did you mean 'dose'?)"),
        ("samples", "c/dose", "there are a, b"),
        ("claims", "longr", "(did you mean 'longer'?)"),
        ("trends", "dos/exafs.first_shell.position", "no property 'dos' (did you mean 'dose'?)"),
        ("trends", "dose/exafs.x", "no metric 'exafs.x' against dose"),
    ],
)
def test_a_number_that_is_not_there_is_refused_with_a_guess(
    audited: Path, table: str, address: str, words: str
) -> None:
    with pytest.raises(UserError) as refused:
        find(audited / f"results/{table}.csv", address)
    assert words in str(refused.value) and f"{table}.csv:{address}" in str(refused.value)


def test_only_tables_have_numbers(audited: Path) -> None:
    with pytest.raises(UserError, match="no table of numbers"):
        find(audited / "results/panels/mu.png", "a/exafs.first_shell.position")


def test_a_colon_may_stand_in_the_name_of_the_file_and_of_the_number(tmp_path: Path) -> None:
    put(tmp_path / "a:b.csv", "x")
    put(tmp_path / "a", "x")
    for named, cut in (
        ("a:b.csv", ("a:b.csv", "")),
        ("a:b.csv:s/m:n", ("a:b.csv", "s/m:n")),
        ("a:s/m", ("a", "s/m")),
    ):
        assert split_address(f"{tmp_path}/{named}") == (tmp_path / cut[0], cut[1])
    with pytest.raises(UserError, match=r"b\.csv: no such file \(did you mean 'a:b\.csv'\?\)"):
        split_address(f"{tmp_path}/b.csv:s/m")
