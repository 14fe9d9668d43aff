"""Tables of the report: which number stands where, what is said of what is missing, and where each leads."""

from __future__ import annotations

from typing import Any

from ntcspec.report.collect import Content
from ntcspec.report.findings import findings
from ntcspec.report.tables import claims, glance, metric_groups, trace, trends

SAMPLE: dict[str, Any] = {
    "composition": None, "simulated": False, "known": True,
    "properties": {
        "conductivity": {"value": 6e-5, "u": 1e-5, "unit": "S/cm", "reason": ""},
        "milling_time": {"value": None, "u": None, "unit": "h", "reason": "not milled"},
    },
}  # fmt: skip


def row(sample: str, metric: str, value: str = "1.5", measurement: str = "nmr", reason: str = "") -> dict[str, str]:
    about = {"sample": sample, "technique": measurement, "measurement": measurement, "metric": metric, "method": "m"}
    return {**about, "value": value, "unit": "ppm", "u_stat": "0.1", "u_sys": "", "reason": reason}


def content(**changes: Any) -> Content:
    rows = (
        row("a", "cog"), row("a", "lost", "", reason="below 3 sigma"), row("b", "", "", reason="no such file"),
        row("", "split.a.shielding"), row("", "split.total"), row("", "rank", "", reason="too few samples"),
    )  # fmt: skip
    homes = {("a", "nmr", "cog"): "results/a/nmr/measure.json", ("a", "nmr", "lost"): "results/a/nmr/measure.json"}
    homes |= {("", "nmr", m): "results/series/split.json" for m in ("split.a.shielding", "split.total")}
    settings = {
        "samples": [{"name": n, "label": n.upper(), **SAMPLE} for n in "ab"] + [
            {"name": "c", "label": "C", "known": False}],
        "measurements": [
            {"sample": "a", "name": "nmr", "technique": "nmr",
             "artifacts": ["results/a/nmr/measure.json", "results/a/nmr/fit.json"]},
            {"sample": "b", "name": "nmr", "technique": "nmr", "artifacts": ["results/b/nmr/measure.json"]},
        ],
        "excluded": [{"sample": "c", "name": "*", "reason": "unknown key"}],
        "claims": {"x": {"samples": ["a"], "metrics": ["nmr.cog", "split.shielding", "nmr.none"]}},
    }  # fmt: skip
    failures = {"results/b/nmr/measure.json": "no such file", "results/b/nmr/fit.json": "no such file"}
    notes = {"results/a/nmr/measure.json": ("one", "two"), "results/b/nmr/reduce.nxs": ("one",)}
    known: dict[str, Any] = {"settings": settings, "record": {}, "rows": rows, "homes": homes, "failures": failures}
    return Content(**{**known, "notes": notes, **changes})


def test_metrics_stand_by_measurement_and_series_apart() -> None:
    own, series = metric_groups(content())
    assert (own.name, own.columns) == ("nmr", ("A",)) and (series.name, series.technique) == (
        "nmr, series split",
        "nmr",
    )
    assert [line.metric for line in own.lines] == ["cog", "lost"] and own.numbers == 1
    assert [line.metric for line in series.lines] == ["a.shielding", "total"]
    (cell,) = series.lines[0].cells
    assert cell is not None and cell.link == trace("results/series/split.json", "a.shielding")


def test_at_a_glance() -> None:
    a, b, c = glance(content())
    assert (a.places[0].state, a.places[0].numbers, a.places[0].missing) == ("measured", 1, 1)
    assert a.places[0].link == trace("results/a/nmr/measure.json")
    assert (b.places[0].state, b.places[0].reason) == ("failed", "no such file")
    assert (c.places[0].state, c.places[0].reason, c.about) == ("left out", "unknown key", "left out")
    assert "conductivity (6.0 ± 1.0)×10⁻⁵ S/cm" in a.about and "milling time: not milled" in a.about


def test_a_fit_that_fails_beside_numbers_is_a_failure_in_part() -> None:
    (a, *_) = glance(content(failures={"results/a/nmr/fit.json": "too few points"}))
    assert (a.places[0].state, a.places[0].numbers) == ("failed in part", 1)


def test_claims_find_numbers_of_measurements_and_of_series() -> None:
    claim = {"claim": "x", "verdict": "holds", "effect": "", "u_stat": "", "u_sys": "", "effect_unit": "", "why": "so"}
    (one,) = claims(content(claims=(claim,)))
    found = dict(one.used)
    assert found["nmr.cog"].link == trace("results/a/nmr/measure.json", "cog")
    assert found["split.shielding"].link == trace("results/series/split.json", "a.shielding")
    assert not found["nmr.none"].link and found["nmr.none"].reason == "no such number in this study"


def test_slopes_have_units_as_people_write_them() -> None:
    number = {"slope": "0.01", "u_stat": "0.001", "u_sys": "", "verdict": "rises"}
    (one, other) = trends(content(trends=(
        {**number, "slope_unit": "angstrom/decade"}, {**number, "slope_unit": "1/h"})))  # fmt: skip
    assert (one.slope.unit, other.slope.unit) == ("Å/decade", "1/h")


def test_findings_say_each_thing_once() -> None:
    found = findings(content())
    assert [(i.text, len(i.links)) for i in found.failures] == [("no such file", 2)]
    assert [(i.text, i.links) for i in found.left_out] == [("unknown key", (("c", ""),))]
    assert [i.text for i in found.missing] == ["below 3 sigma"] and found.missing_numbers == 1
    assert [(i.text, len(i.links)) for i in found.notes] == [("one", 2), ("two", 1)]


def test_links_to_traces_hold_any_name() -> None:
    assert trace('results/a "b"/x.json', "p&q=<r>") == "#trace=results/a%20%22b%22/x.json&metric=p%26q%3D%3Cr%3E"
