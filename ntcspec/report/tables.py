"""The tables of the report: samples by measurement, metrics, claims, trends. Each number knows the way to its trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from ntcspec.plot import units
from ntcspec.report.collect import Content, Row, failure_of, home_of, measurement_of, numbers_of, own_name
from ntcspec.report.numbers import Shown, shown

TRENDS_PATH, CLAIMS_PATH = "results/trends.csv", "results/claims.csv"
SERIES_COLUMN = "all samples together"


def trace(path: str, metric: str = "") -> str:
    """The link that opens the trace of an artifact, or of one metric in it."""
    return f"#trace={quote(path, safe='/')}" + (f"&metric={quote(metric, safe='')}" if metric else "")


@dataclass(frozen=True)
class Cell:
    """One number of a table. `texts` are value, u_stat and u_sys as in the file; `reason` says why there is none."""

    column: str
    shown: Shown
    unit: str = ""
    link: str = ""
    reason: str = ""
    texts: tuple[str, str, str] = ("", "", "")


@dataclass(frozen=True)
class Line:
    """One metric of a measurement, over the samples."""

    metric: str
    unit: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True)
class Group:
    """All metrics of one measurement."""

    name: str
    technique: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]

    @property
    def numbers(self) -> int:
        """How many of its numbers are there."""
        return sum(bool(c and c.shown.value) for line in self.lines for c in line.cells)


@dataclass(frozen=True)
class Claim:
    """One claim with its verdict and what it rests on."""

    row: Row
    effect: Cell
    used: tuple[tuple[str, Cell], ...]  # (metric, number)
    verdict_class: str


@dataclass(frozen=True)
class Trend:
    """One metric against one property."""

    row: Row
    slope: Cell


@dataclass(frozen=True)
class Place:
    """What came of one measurement of one sample, at a glance."""

    state: str  # measured, failed, left out, not measured
    numbers: int = 0
    missing: int = 0
    reason: str = ""
    link: str = ""


@dataclass(frozen=True)
class SampleLine:
    """One sample at a glance."""

    label: str
    about: str
    simulated: bool
    places: tuple[Place, ...] = field(default=())


# --- numbers ------------------------------------------------------------------------------------


def cell(row: Row, column: str, home: str) -> Cell:
    """A row of metrics.csv as a number."""
    texts = (row["value"], row["u_stat"], row["u_sys"])
    unit = units.unit_text(row["unit"])
    return Cell(column, shown(*texts), unit, trace(home, own_name(row)) if home else "", row["reason"], texts)


def metric_groups(content: Content) -> list[Group]:
    """The metrics by measurement, in the order of the table; samples in that of the study; series last."""
    labels = {s["name"]: s["label"] for s in content.settings["samples"]}
    found: dict[tuple[str, str], dict[str, dict[str, Row]]] = {}
    for row in numbers_of(content):
        name = row["measurement"]
        if not row["sample"]:
            name += f", series {row['metric'].partition('.')[0]}"
        lines = found.setdefault((name, row["technique"]), {})
        lines.setdefault(own_name(row), {})[row["sample"]] = row
    groups = []
    for (name, technique), lines in found.items():
        samples = [s for s in ("", *labels) if any(s in cells for cells in lines.values())]
        columns = tuple(labels.get(s, SERIES_COLUMN) for s in samples)
        rows = tuple(_line(content, metric, cells, samples, columns) for metric, cells in lines.items())
        groups.append(Group(name, technique, columns, rows))
    return groups


def _line(
    content: Content, metric: str, cells: Mapping[str, Row], samples: Sequence[str], columns: Sequence[str]
) -> Line:
    unit = next((units.unit_text(row["unit"]) for row in cells.values()), "")
    line = tuple(
        cell(cells[s], column, home_of(content, cells[s])) if s in cells else None
        for s, column in zip(samples, columns, strict=True)
    )
    return Line(metric, unit, line)


# --- at a glance --------------------------------------------------------------------------------


def measurement_names(content: Content) -> list[str]:
    """Names of all measurements, those left out included, in the order of the study."""
    named = [m["name"] for m in content.settings["measurements"]]
    left_out = [e["name"] for e in content.settings["excluded"] if e["name"] != "*"]
    return list(dict.fromkeys((*named, *left_out)))


def glance(content: Content) -> list[SampleLine]:
    """What came of each measurement of each sample."""
    names = measurement_names(content)
    lines = []
    for one in content.settings["samples"]:
        places = tuple(_place(content, one["name"], name) for name in names)
        about = [one["composition"] or ""] if one["known"] else ["left out"]
        about += [_property(name, known) for name, known in one.get("properties", {}).items()]
        lines.append(SampleLine(one["label"], "; ".join(w for w in about if w), bool(one.get("simulated")), places))
    return lines


def _property(name: str, known: Mapping[str, Any]) -> str:
    words = name.replace("_", " ")
    if known["value"] is None:
        return f"{words}: {known['reason'] or 'not known'}"
    u = "" if known["u"] is None else str(known["u"])
    number = shown(str(known["value"]), u)
    value = f"{number.value} ± {number.u_stat}" if number.u_stat else number.value
    value = f"({value}){number.power}" if number.power and number.u_stat else value + number.power
    return f"{words} {value} {units.unit_text(known['unit'])}".rstrip()


def _place(content: Content, sample: str, name: str) -> Place:
    failure = failure_of(content, sample, name)
    measured = measurement_of(content, sample, name)
    if measured is None:
        return Place("left out", reason=failure) if failure else Place("not measured")
    rows = content.metrics.get((sample, name), ())
    own = measured["artifacts"]
    link = trace(next((path for path in own if path.endswith("/measure.json")), own[-1]))
    numbers = sum(bool(r["value"]) for r in rows)
    state = "failed" if failure and not numbers else "failed in part" if failure else "measured"
    return Place(state, numbers, len(rows) - numbers, failure, link)


# --- claims and trends --------------------------------------------------------------------------

_CLASSES = {"holds": "holds", "does not hold": "fails", "cannot be decided": "open"}


def claims(content: Content) -> list[Claim]:
    """Every claim, in the order of claims.csv, with the numbers that it takes."""
    labels = {s["name"]: s["label"] for s in content.settings["samples"]}
    rows = {(r["sample"], f"{r['measurement']}.{r['metric']}" if r["sample"] else r["metric"]): r for r in content.rows}
    found = []
    for row in content.claims:
        used = content.settings["claims"][row["claim"]]
        numbers = []
        for metric in used["metrics"]:
            for sample in used["samples"]:
                one, label = _used(rows, sample, metric), labels.get(sample, sample)
                absent = Cell(label, Shown(""), reason="no such number in this study")
                numbers.append((metric, cell(one, label, home_of(content, one)) if one else absent))
        texts = (row["effect"], row["u_stat"], row["u_sys"])
        unit = units.unit_text(row["effect_unit"])
        effect = Cell("effect", shown(*texts), unit, trace(CLAIMS_PATH), row["why"], texts)
        found.append(Claim(row, effect, tuple(numbers), _CLASSES.get(row["verdict"], "open")))
    return found


def _used(rows: Mapping[tuple[str, str], Row], sample: str, metric: str) -> Row | None:
    """The row of a number that a claim takes: of a measurement, of a sample in a series, or of a series as a whole."""
    series, _, name = metric.partition(".")
    places = ((sample, metric), ("", f"{series}.{sample}.{name}"), ("", metric))
    return next((rows[place] for place in places if place in rows), None)


def tally(content: Content) -> dict[str, int]:
    """How many claims have which verdict."""
    return {verdict: sum(row["verdict"] == verdict for row in content.claims) for verdict in _CLASSES}


def trends(content: Content) -> list[Trend]:
    """Every trend, in the order of trends.csv."""
    found = []
    for row in content.trends:
        texts = (row["slope"], row["u_stat"], row["u_sys"])
        number, _, by = row["slope_unit"].rpartition("/")
        unit = f"{units.unit_text(number) or '1'}/{units.unit_text(by) or by}" if number else row["slope_unit"]
        found.append(Trend(row, Cell("slope", shown(*texts), unit, trace(TRENDS_PATH), row["verdict"], texts)))
    return found
