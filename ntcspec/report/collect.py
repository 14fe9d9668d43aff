"""Everything that the report shows, read from the artifacts of the study: nothing is computed anew here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ntcspec import store
from ntcspec.errors import UserError
from ntcspec.plot.data import PanelData
from ntcspec.report.embed import picture
from ntcspec.report.roles import CLAIMS, FIGURE, METRICS, PANEL, PICTURE, STAGE, TABLE, TRENDS
from ntcspec.study.table import rows_of

Row = Mapping[str, str]


@dataclass(frozen=True)
class Notes:
    """What a stage noted. Read from any artifact whose stage notes something."""

    notes: tuple[str, ...]


@dataclass(frozen=True)
class PanelContent:
    """One panel: its data, its picture as a data URI with its size in pixels, and its record."""

    name: str
    path: str
    data: PanelData
    picture: str
    size: tuple[int, int]
    record: Mapping[str, Any]


@dataclass(frozen=True)
class Figure:
    """A composed figure of which only the picture is shown."""

    path: str
    picture: str
    size: tuple[int, int]


@dataclass(frozen=True)
class Content:
    """What stands in a report. `settings` is what the plan says of samples, measurements and panels."""

    settings: Mapping[str, Any]
    record: Mapping[str, Any]
    rows: tuple[Row, ...]  # of metrics.csv
    homes: Mapping[tuple[str, str, str], str]  # (sample, measurement, metric) -> artifact that holds it
    trends: tuple[Row, ...] = ()
    claims: tuple[Row, ...] = ()
    panels: tuple[PanelContent, ...] = ()
    figures: tuple[Figure, ...] = ()
    failures: Mapping[str, str] = field(default_factory=dict)  # artifact -> why it could not be made
    notes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # artifact -> what its stage noted

    @cached_property
    def planned(self) -> Mapping[tuple[str, str], Mapping[str, Any]]:
        """What the plan says of each measurement, by (sample, measurement)."""
        return {(one["sample"], one["name"]): one for one in self.settings["measurements"]}

    @cached_property
    def metrics(self) -> Mapping[tuple[str, str], Sequence[Row]]:
        """Rows with a metric, by (sample, measurement)."""
        found: dict[tuple[str, str], list[Row]] = {}
        for row in self.rows:
            if row["metric"]:
                found.setdefault((row["sample"], row["measurement"]), []).append(row)
        return found


def collect(
    settings: Mapping[str, Any], inputs: Sequence[tuple[Mapping[str, Any], str]], record: Mapping[str, Any]
) -> Content:
    """inputs: (origin, path) as a job gets them; origin says role and the path in the study."""
    by_role: dict[str, list[tuple[str, Path]]] = {}
    for origin, path in inputs:
        by_role.setdefault(origin["role"], []).append((origin["path"], Path(path)))
    measured = {name: json.loads(p.read_text(encoding="utf-8")) for name, p in by_role.get(METRICS, [])}
    notes = {name: tuple(one["notes"]) for name, one in measured.items()}
    failures = {name: str(one["failure"]) for name, one in measured.items() if one["failure"]}
    for name, file in by_role.get(STAGE, []):
        found = store.read_or_failure(file, Notes)
        if isinstance(found, UserError):
            failures[name] = str(found)
        elif found is not None:
            notes[name] = found.notes
    pictures = dict(by_role.get(PICTURE, []))
    family = record["ancestry"]
    panels = [_panel(name, path, pictures, family[name]) for name, path in by_role.get(PANEL, [])]
    figures = [_figure(name, path) for name, path in by_role.get(FIGURE, [])]
    return Content(
        settings=settings,
        record=record,
        rows=tuple(_rows(by_role[TABLE][0][1])),
        homes=dict(_homes(measured)),
        trends=tuple(row for _, path in by_role.get(TRENDS, []) for row in _rows(path)),
        claims=tuple(row for _, path in by_role.get(CLAIMS, []) for row in _rows(path)),
        panels=tuple(panels),
        figures=tuple(figures),
        failures=failures,
        notes={name: found for name, found in notes.items() if found},
    )


def _rows(path: Path) -> list[Row]:
    return list(rows_of(path.read_bytes().decode("utf-8")))


def _homes(measured: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[tuple[str, str, str], str]]:
    for path, one in measured.items():
        about = one["record"]
        prefix = f"{about['series']}." if "series" in about else ""
        for metric in one["metrics"]:
            yield (about.get("sample", ""), about["measurement"], prefix + metric["name"]), path


def _panel(name: str, path: Path, pictures: Mapping[str, Path], record: Mapping[str, Any]) -> PanelContent:
    uri, width, height = picture(pictures[name.removesuffix(".nxs") + ".png"])
    data = store.read(path, PanelData)
    return PanelContent(str(record["panel"]), name, data, uri, (width, height), record)


def _figure(name: str, path: Path) -> Figure:
    uri, width, height = picture(path)
    return Figure(name, uri, (width, height))


def numbers_of(content: Content) -> list[Row]:
    """Rows that are of a metric, not of the failure of a measurement or of a series as a whole."""
    return [row for row in content.rows if row["metric"] and (row["sample"] or "." in row["metric"])]


def own_name(row: Row) -> str:
    """The name of a metric in its artifact: without that of the series in front."""
    return row["metric"] if row["sample"] else row["metric"].partition(".")[2]


def home_of(content: Content, row: Row) -> str:
    """The artifact that holds the metric of a row; '' where none does."""
    return content.homes.get((row["sample"], row["measurement"], row["metric"]), "")


def measurement_of(content: Content, sample: str, measurement: str) -> Mapping[str, Any] | None:
    """What the plan says of a measurement; None where there is none."""
    return content.planned.get((sample, measurement))


def failure_of(content: Content, sample: str, measurement: str) -> str:
    """Why a measurement could not be done; '' where it could."""
    one = measurement_of(content, sample, measurement)
    if one is None:
        left_out = [e for e in content.settings["excluded"] if e["sample"] == sample]
        return next((e["reason"] for e in left_out if e["name"] in ("*", measurement)), "")
    return next((content.failures[path] for path in one["artifacts"] if path in content.failures), "")
