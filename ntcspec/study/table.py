"""results/metrics.csv: one row a metric. results/samples.csv: one row a sample, properties and metrics side by side."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ntcspec.errors import UserError
from ntcspec.types.study import Number

COLUMNS = ("sample", "technique", "measurement", "metric", "value", "unit", "u_stat", "u_sys", "method", "reason")
RECORD_PREFIX = "# ntcspec-record "


def metrics_csv(measured: Sequence[Mapping[str, Any]], excluded: Sequence[Mapping[str, str]], record_json: str) -> str:
    """The table as text. Its first line is a comment that holds the record.

    measured: contents of measure.json, in the order of the study, then those of the series, whose metrics have no
    sample and start with the name of the series. A measurement that failed, or that was excluded because of an error
    in the study's files, has one row with the reason and no value; so has a series, with its name as metric.
    """
    out = io.StringIO()
    out.write(f"{RECORD_PREFIX}{record_json}\n")
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n", restval="")
    writer.writeheader()
    for one in measured:
        about = {name: one["record"].get(name, "") for name in ("sample", "technique", "measurement")}
        prefix = f"{one['record']['series']}." if "series" in one["record"] else ""
        if one["failure"]:
            writer.writerow({**about, "metric": one["record"].get("series", ""), "reason": one["failure"]})
        for metric in one["metrics"]:
            numbers = {name: _number(metric[name]) for name in ("value", "u_stat", "u_sys")}
            words = {"metric": prefix + metric["name"], "unit": metric["unit"], "method": metric["method"]}
            writer.writerow({**about, **words, **numbers, "reason": metric["reason"]})
    for one in excluded:
        writer.writerow({"sample": one["sample"], "measurement": one["name"], "reason": one["reason"]})
    return out.getvalue()


def samples_csv(measured: Sequence[Mapping[str, Any]], samples: Sequence[Mapping[str, Any]], record_json: str) -> str:
    """One row a sample: its properties, then its metrics, each with its uncertainties. First line: the record.

    Columns are named 'name [unit]', with 'u(name)' behind a property and 'u_stat(name)', 'u_sys(name)' behind a metric,
    whose name starts with its measurement. What is missing is empty; metrics.csv says why.
    """
    cells: list[tuple[str, dict[str, str]]] = []  # (sample, values by column), in the order of the columns
    for one in samples:
        about = {"label": one["label"] or one["name"], "composition": one["composition"] or ""}
        cells.append((one["name"], {"sample": one["name"], **about, "simulated": "yes" if one["simulated"] else "no"}))
    for one in samples:
        for name, known in one["properties"].items():
            values = {f"{name} [{known['unit']}]": _number(known["value"]), f"u({name})": _number(known["u"])}
            cells.append((one["name"], values))
    for one in (m for m in measured if m["record"].get("sample")):
        for metric in one["metrics"]:
            name = f"{one['record']['measurement']}.{metric['name']}"
            values = {f"{name} [{metric['unit']}]": _number(metric["value"])}
            values |= {f"{u}({name})": _number(metric[u]) for u in ("u_stat", "u_sys")}
            cells.append((one["record"]["sample"], values))
    rows: dict[str, dict[str, str]] = {}
    for sample, values in cells:
        rows.setdefault(sample, {}).update(values)
    out = io.StringIO()
    out.write(f"{RECORD_PREFIX}{record_json}\n")
    columns = dict.fromkeys(column for _, values in cells for column in values)
    writer = csv.DictWriter(out, list(columns) or ["sample"], lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows.values())
    return out.getvalue()


def rows_of(text: str) -> Iterator[dict[str, str]]:
    """The rows of a table behind the line of its record; a name may begin with '#', and a cell have several lines."""
    yield from csv.DictReader(io.StringIO(text.partition("\n")[2], newline=""))


def read_metrics(text: str) -> dict[str, dict[str, Number]]:
    """The numbers of metrics_csv by sample and 'measurement.metric', and of series by sample and 'series.metric'.

    A metric of a series belongs to a sample where its name begins with that of one, else to the sample '', which is the
    series as a whole.
    """
    series, samples = _series_and_samples(text)
    found: dict[str, dict[str, Number]] = {}
    for row in rows_of(text):
        owner, name = row["sample"], f"{row['measurement']}.{row['metric']}"
        if not owner:
            owner, name = _of_series(row["metric"], series, samples)
        if row["metric"] and name:
            value, u_stat, u_sys = (float(row[column] or "nan") for column in ("value", "u_stat", "u_sys"))
            found.setdefault(owner, {})[name] = Number(value, row["unit"], u_stat, u_sys, row["reason"])
    return found


def _of_series(metric: str, series: Sequence[str], samples: Sequence[str]) -> tuple[str, str]:
    """(sample or '', 'series.metric') of a metric that metrics.csv lists without a sample; ('', '') if of none."""
    for name in (n for n in series if metric.startswith(f"{n}.")):
        rest = metric.removeprefix(f"{name}.")
        owner = next((s for s in samples if rest.startswith(f"{s}.")), "")
        return owner, f"{name}.{rest.removeprefix(f'{owner}.') if owner else rest}"
    return "", ""


def _series_and_samples(text: str) -> tuple[list[str], list[str]]:
    """Names of series and samples, long ones first, from the record of metrics.csv."""
    record = json.loads(text.partition("\n")[0].removeprefix(RECORD_PREFIX))
    inputs = [Path(one["path"]) for one in record.get("inputs", ())]
    series = [path.stem for path in inputs if path.parent.as_posix() == "results/series"]
    samples = [one["name"] for one in record.get("parameters", {}).get("samples", ())]
    return sorted(series, key=len, reverse=True), sorted(samples, key=len, reverse=True)


def read_failures(text: str) -> dict[tuple[str, str], str]:
    """Why a measurement gave nothing, by (sample, measurement), of metrics_csv; '*' stands for all of a sample.

    Of a series that gave nothing by ('', series).
    """
    series, _ = _series_and_samples(text)
    found = {}
    for row in rows_of(text):
        if row["sample"] and not row["metric"]:
            found[row["sample"], row["measurement"]] = row["reason"]
        elif not row["sample"] and row["metric"] in series:
            found["", row["metric"]] = row["reason"]
    return found


def property_of(known: Mapping[str, Any]) -> Number:
    """A property of samples.yaml; its one uncertainty is taken as statistical."""
    value, u = (math.nan if known[name] is None else float(known[name]) for name in ("value", "u"))
    return Number(value, known["unit"], u, 0.0, known["reason"])


def read_table_record(path: Path) -> dict[str, Any]:
    """The record in the first line of a table. Raises UserError where there is none."""
    try:
        with path.open(encoding="utf-8") as stream:
            first = stream.readline()
        if first.startswith(RECORD_PREFIX):
            return dict(json.loads(first.removeprefix(RECORD_PREFIX)))
    except (OSError, ValueError):
        pass
    raise UserError(path.as_posix(), "carries no record of ntcspec", "name a file of results/")


def _number(value: float | None) -> str:
    """Ten significant digits: more than any uncertainty, fewer than a platform's rounding noise."""
    return "" if value is None else f"{value:.10g}"
