"""The two tables: what stands in them, and that nothing is lost or cut."""

import csv
import json
from typing import Any

from ntcspec.study.table import RECORD_PREFIX, metrics_csv, read_failures, read_metrics, samples_csv


def metric(name: str, value: float | None, reason: str = "") -> dict[str, Any]:
    return {
        "name": name,
        "value": value,
        "unit": "angstrom",
        "u_stat": 0.01,
        "u_sys": None,
        "method": "m, n",
        "reason": reason,
    }


def measured(sample: str, *metrics: dict[str, Any], failure: str = "") -> dict[str, Any]:
    about = {"sample": sample, "technique": "exafs", "measurement": "exafs"}
    return {"record": about, "metrics": list(metrics), "failure": failure}


def sample(name: str, **properties: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "label": None, "composition": "NaCl", "simulated": True, "properties": properties}


def rows(text: str) -> list[dict[str, str]]:
    first, _, rest = text.partition("\n")
    assert json.loads(first.removeprefix(RECORD_PREFIX)) == {"key": "k"}
    return list(csv.DictReader(rest.splitlines()))


def test_metrics_one_row_each_with_the_reason_where_one_is_missing() -> None:
    found = [
        measured("a", metric("p", 1.25), metric("q", None, "below 3 sigma")),
        measured("b", failure="x.dat: empty"),
    ]
    excluded = [{"sample": 'c "quoted", with comma', "name": "exafs", "reason": "no such file"}]
    table = rows(metrics_csv(found, excluded, '{"key":"k"}'))
    assert [(r["sample"], r["metric"], r["value"], r["reason"]) for r in table] == [
        ("a", "p", "1.25", ""), ("a", "q", "", "below 3 sigma"), ("b", "", "", "x.dat: empty"),
        ('c "quoted", with comma', "", "", "no such file"),
    ]  # fmt: skip
    assert (table[0]["u_stat"], table[0]["u_sys"], table[0]["method"]) == ("0.01", "", "m, n")


def test_samples_one_row_each_properties_before_metrics() -> None:
    conductivity = {"value": 6e-5, "u": None, "unit": "S/cm", "source": "", "reason": ""}
    samples = [sample("standard"), sample("a", conductivity=conductivity)]
    text = samples_csv(
        [measured("standard", metric("p", 2.0)), measured("a", metric("p", 1.25))], samples, '{"key":"k"}'
    )
    table = rows(text)
    assert list(table[0]) == [
        "sample", "label", "composition", "simulated", "conductivity [S/cm]", "u(conductivity)",
        "exafs.p [angstrom]", "u_stat(exafs.p)", "u_sys(exafs.p)",
    ]  # fmt: skip
    assert table[0]["conductivity [S/cm]"] == "" and table[1]["conductivity [S/cm]"] == "6e-05"
    assert [r["exafs.p [angstrom]"] for r in table] == ["2", "1.25"]


def test_a_study_without_samples_is_a_header() -> None:
    assert rows(samples_csv([], [], '{"key":"k"}')) == []


def of_series(name: str, *metrics: dict[str, Any], failure: str = "") -> dict[str, Any]:
    record = {"series": name, "technique": "nmr", "measurement": "nmr"}
    return {"metrics": list(metrics), "failure": failure, "record": record}


RECORD = json.dumps(
    {
        "inputs": [{"path": f"results/series/{name}.json"} for name in ("split", "split.more", "broken")],
        "parameters": {"samples": [{"name": name} for name in ("A", "A.1", "B 2")]},
    }
)


def test_metrics_of_a_series_are_read_by_sample_or_as_those_of_the_whole() -> None:
    split = of_series(
        "split", metric("count", 2.0), metric("A.shift", 1.5), metric("A.1.shift", 1.6), metric("B 2.shift", 1.7)
    )
    whole = [split, of_series("split.more", metric("A.shift", 9.0)), of_series("broken", failure="no lines")]
    text = metrics_csv([measured("A", metric("width", 3.0)), *whole], [], RECORD)
    found = {s: {n: x.value for n, x in numbers.items()} for s, numbers in read_metrics(text).items()}
    assert found == {
        "A": {"exafs.width": 3.0, "split.shift": 1.5, "split.more.shift": 9.0},
        "": {"split.count": 2.0},
        "A.1": {"split.shift": 1.6},
        "B 2": {"split.shift": 1.7},
    }
    assert read_failures(text) == {("", "broken"): "no lines"}


def test_a_name_that_begins_like_a_comment_and_cells_of_several_lines_come_back() -> None:
    text = metrics_csv([measured("#1", metric("width", 3.0)), measured("a\nb", metric("width", 4.0))], [], "{}")
    assert {s: n["exafs.width"].value for s, n in read_metrics(text).items()} == {"#1": 3.0, "a\nb": 4.0}
