"""One number of a table: its row, and the files that it was taken from.

Addresses: metrics.csv:SAMPLE/MEASUREMENT.METRIC (SERIES.METRIC for an analysis of several samples),
samples.csv:SAMPLE/MEASUREMENT.METRIC or SAMPLE/PROPERTY, claims.csv:CLAIM, trends.csv:PROPERTY/MEASUREMENT.METRIC.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ntcspec.audit.place import Place
from ntcspec.audit.records import Record
from ntcspec.errors import UserError, did_you_mean
from ntcspec.study.table import RECORD_PREFIX
from ntcspec.workflow import read_any_record

WHOLE = re.compile(r"(.*) \[(.*)\]")  # 'name [unit]', a column of samples.csv


@dataclass(frozen=True)
class FoundNumber:
    """A number of a table.

    row: by column, as it stands there. sources: artifacts that it was taken from, paths from the study's root.
    certain: False where the table alone cannot tell which of the sources it is. differs: what it is there, where that
    is something else. remark: in words.
    """

    address: str
    row: Mapping[str, str]
    sources: tuple[str, ...]
    certain: bool = True
    differs: str = ""
    remark: str = ""


def split_address(named: str) -> tuple[Path, str]:
    """(file, address in it) of FILE or FILE:ADDRESS; colons may stand in both. Raises UserError without such a file."""
    cuts = [len(named), *(i for i in range(len(named) - 1, 0, -1) if named[i] == ":")]
    for cut in cuts:
        if Path(named[:cut]).is_file():
            return Path(named[:cut]), named[cut + 1 :]
    path = Path(named[: cuts[-1]])
    beside = [p.name for p in path.parent.iterdir() if p.is_file()] if path.parent.is_dir() else []
    guess = did_you_mean(path.name, beside)
    kind = "is a folder, not a file" if path.is_dir() else f"no such file{guess}"
    raise UserError(path.as_posix(), kind, "name a figure, table or NeXus file of results/")


def find_number(path: Path, address: str, place: Place | None) -> FoundNumber:
    """The number of that address. Raises UserError where the file is no table of ntcspec, or has no such number."""
    record = read_any_record(path)
    columns, rows = _read(path)
    where = f"{path.as_posix()}:{address}"
    if columns[:1] == ["claim"]:
        return _claim(where, address, rows, record)
    if columns[:1] == ["property"]:
        return _trend(where, address, rows, record)
    if "metric" in columns:
        return _metric(where, address, rows, record, place)
    if columns[:1] == ["sample"]:
        return _cell(where, address, columns, rows, record, place)
    raise UserError(
        where, "is no table of numbers", "name a number of metrics.csv, samples.csv, claims.csv or trends.csv"
    )


def number_lines(number: FoundNumber) -> Iterator[str]:
    """The row, for people."""
    yield number.address
    wide = max(len(name) for name in number.row)
    yield from (f"  {name:{wide}}  {value}" for name, value in number.row.items() if value)
    if number.remark:
        yield f"  note: {number.remark}"
    if number.differs:
        yield f"  FOUND: {number.differs}"
    yield ""


def _read(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return [], []
    lines = text.partition("\n")[2] if text.startswith(RECORD_PREFIX) else ""
    reader = csv.DictReader(lines.splitlines(keepends=True))
    return list(reader.fieldnames or ()), [{k: v or "" for k, v in row.items() if k} for row in reader]


# --- the tables -------------------------------------------------------------------------------------------------------


def _metric(where: str, address: str, rows: list[dict[str, str]], record: Record, place: Place | None) -> FoundNumber:
    """A row of metrics.csv."""
    sample, metric = _split(where, address, [row["sample"] for row in rows])
    own = [row for row in rows if row["sample"] == sample]
    named = {f"{row['measurement']}.{row['metric']}" if sample else row["metric"]: row for row in own if row["metric"]}
    if metric not in named:
        failed = {row["measurement"]: row["reason"] for row in own if not row["metric"]}
        _no_metric(where, sample, metric, named, failed)
    row = named[metric]
    sources, certain = _sources(record, place, sample, metric)
    return FoundNumber(where, row, sources, certain, _compare(row, sources, certain, metric, place), _doubt(certain))


def _cell(
    where: str, address: str, columns: list[str], rows: list[dict[str, str]], record: Record, place: Place | None
) -> FoundNumber:
    """A cell of samples.csv with its uncertainties."""
    sample, name = _split(where, address, [row["sample"] for row in rows])
    units = {found[1]: found[2] for column in columns if (found := WHOLE.fullmatch(column))}
    if name not in units:
        _no_metric(where, sample, name, units, {})
    row = next(row for row in rows if row["sample"] == sample)
    wanted = (f"u({name})", f"u_stat({name})", f"u_sys({name})")
    shown = {"sample": sample, "name": name, "value": row[f"{name} [{units[name]}]"], "unit": units[name]}
    shown |= {column.partition("(")[0]: row[column] for column in wanted if column in row}
    about = next(one for one in record["parameters"]["samples"] if one["name"] == sample)
    if name in about["properties"]:
        source = about["properties"][name].get("source") or "no source"
        return FoundNumber(
            where, shown, (), remark=f"a property, as samples.yaml gives it ({source}); nothing measured it"
        )
    sources, certain = _sources(record, place, sample, name)
    differs = _compare(shown, sources, certain, name, place)
    return FoundNumber(where, shown, sources, certain, differs, _doubt(certain))


def _claim(where: str, address: str, rows: list[dict[str, str]], record: Record) -> FoundNumber:
    """A row of claims.csv, with the files of all numbers that it was tested on."""
    named = {row["claim"]: row for row in rows}
    if address not in named:
        raise UserError(where, f"no claim {address!r}{did_you_mean(address, named)}", "name one of the column claim")
    claim = record["parameters"]["claims"][address]
    metrics = [claim["metric"]] if claim.get("metric") else list(claim.get("features", ()))
    samples = dict.fromkeys((*claim["samples"], *claim.get("to", ())))
    return _several(where, named[address], record, [(s, m) for s in samples for m in metrics])


def _trend(where: str, address: str, rows: list[dict[str, str]], record: Record) -> FoundNumber:
    """A row of trends.csv, with the files of the numbers of its samples."""
    about, metric = _split(where, address, [row["property"] for row in rows], "property")
    named = {row["metric"]: row for row in rows if row["property"] == about}
    if metric not in named:
        guess = did_you_mean(metric, named)
        raise UserError(where, f"no metric {metric!r} against {about}{guess}", "name one of the column metric")
    row = named[metric]
    return _several(where, row, record, [(sample, metric) for sample in row["samples"].split("; ") if sample])


def _several(where: str, row: Mapping[str, str], record: Record, used: list[tuple[str, str]]) -> FoundNumber:
    found = [_sources(record, None, sample, metric) for sample, metric in used]
    sources = tuple(dict.fromkeys(path for paths, _ in found for path in paths))
    return FoundNumber(where, row, sources)


# --- parts ------------------------------------------------------------------------------------------------------------


def _split(where: str, address: str, known: Iterable[str], what: str = "sample") -> tuple[str, str]:
    """(sample, metric) of 'sample/metric'; sample '' without it, where the table has rows of no sample."""
    names = list(dict.fromkeys(known))
    for name in sorted(names, key=len, reverse=True):
        if name and address.startswith(f"{name}/"):
            return name, address[len(name) + 1 :]
    if "/" not in address and "" in names:
        return "", address
    first = address.partition("/")[0]
    listed = ", ".join(name for name in names if name)
    fix = f"write {what.upper()}/METRIC; there are {listed}"
    raise UserError(where, f"no {what} {first!r}{did_you_mean(first, filter(None, names))}", fix)


def _no_metric(where: str, sample: str, metric: str, known: Iterable[str], failed: Mapping[str, str]) -> None:
    measurement = metric.partition(".")[0]
    reason = failed.get(measurement) or failed.get("*")
    if reason:
        raise UserError(
            where, f"{sample} / {measurement} gave no number: {reason}", "mend that and run the study again"
        )
    what = f"{sample or 'the series'} has no metric {metric!r}{did_you_mean(metric, known)}"
    raise UserError(where, what, "name it as MEASUREMENT.METRIC, e.g. exafs.first_shell.position")


def _sources(record: Record, place: Place | None, sample: str, metric: str) -> tuple[tuple[str, ...], bool]:
    """The .json that a metric was taken from, and whether that is certain.

    A measurement may have several (measure, paths, fit, bend); only their content tells which one it is.
    """
    measurement, _, name = metric.partition(".")
    subject = "measurement" if sample else "series"
    found = [
        path
        for path, one in record["ancestry"].items()
        if path.endswith(".json") and one.get(subject) == measurement and one.get("sample", "") == sample
    ]
    if len(found) > 1 and place is not None:
        holding = [path for path in found if name in _metrics_in(place.root / path)]
        found = holding or found
    return tuple(found), len(found) == 1


def _metrics_in(path: Path) -> dict[str, dict[str, Any]]:
    """Metrics of a .json by name; none where it cannot be read."""
    try:
        return {one["name"]: one for one in json.loads(path.read_text(encoding="utf-8"))["metrics"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _compare(row: Mapping[str, str], sources: tuple[str, ...], certain: bool, metric: str, place: Place | None) -> str:
    """What the file of a number says where the table says something else."""
    if not certain or place is None:
        return ""
    there = _metrics_in(place.root / sources[0]).get(metric.partition(".")[2])
    if there is None:
        return ""
    for name in ("value", "u_stat", "u_sys"):
        wanted = "" if there[name] is None else f"{there[name]:.10g}"
        if row.get(name, "") != wanted:
            return f"{name} is {row.get(name, '')!r} here, but {wanted!r} in {sources[0]}"
    return ""


def _doubt(certain: bool) -> str:
    return "" if certain else "the table alone does not tell which of the files below it was taken from"
