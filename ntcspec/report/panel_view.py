"""What stands beside a panel: links, parameters as resolved, inputs with their hashes, what its uncertainties are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any
from urllib.parse import quote

from ntcspec.plot import KINDS, description, resolve_options
from ntcspec.plot.data import PanelData
from ntcspec.plot.plain import clean, describe
from ntcspec.report.charts import Chart, chart
from ntcspec.report.collect import Figure, PanelContent
from ntcspec.report.tables import trace
from ntcspec.report.thin import thinned

SUFFIXES = ("png", "pdf", "svg", "nxs")
FIGURE_SUFFIXES = ("png", "pdf", "svg")


@dataclass(frozen=True)
class Option:
    """One option of a panel, its default included."""

    name: str
    value: str
    unit: str
    meaning: str
    own: bool  # said by the study


@dataclass(frozen=True)
class PanelView:
    """Everything of one panel that the page shows."""

    name: str
    title: str
    kind: str
    label: str  # for those who do not see it
    caption: str
    notes: tuple[str, ...]
    simulated: bool
    links: tuple[tuple[str, str], ...]
    options: tuple[Option, ...]
    entries: tuple[Mapping[str, Any], ...]
    inputs: tuple[Mapping[str, Any], ...]
    uncertainties: tuple[str, ...]
    raw: tuple[Mapping[str, Any], ...]
    trace: str
    picture: str
    size: tuple[int, int]
    chart: Chart


@dataclass(frozen=True)
class FigureView:
    """A composed figure: its picture, and the panels in it as (letter, title, link to the panel below)."""

    name: str
    label: str  # for those who do not see it
    simulated: bool
    panels: tuple[tuple[str, str, str], ...]
    links: tuple[tuple[str, str], ...]
    raw: tuple[Mapping[str, Any], ...]
    trace: str
    picture: str
    size: tuple[int, int]


def figure_view(one: Figure, panels: Sequence[PanelContent], ancestry: Mapping[str, Mapping[str, Any]]) -> FigureView:
    """The view of a composed figure; `panels` are those of the page, in their order."""
    record = ancestry[one.path]
    place = {panel.name: (number, panel.data) for number, panel in enumerate(panels, 1)}
    letters = [(letter, *place[name], name) for letter, name in record["parameters"]["panels"].items()]
    words = "; ".join(f"{letter}: {describe(data)}" for letter, _, data, _ in letters)
    return FigureView(
        name=str(record["figure"]),
        label=f"{record['figure']}. {words}",
        simulated=bool(record["simulated"]),
        panels=tuple((letter, clean(data.title) or name, f"#panel-{number}") for letter, number, data, name in letters),
        links=_links(one.path, FIGURE_SUFFIXES),
        raw=tuple(raw_files(record, ancestry)),
        trace=trace(one.path),
        picture=one.picture,
        size=one.size,
    )


def _links(path: str, suffixes: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Links to the files of an artifact, from the folder of the page."""
    stem = path.removeprefix("results/").rpartition(".")[0]
    return tuple((suffix.upper(), f"{quote(stem)}.{suffix}") for suffix in suffixes)


def panel_view(one: PanelContent, ancestry: Mapping[str, Mapping[str, Any]]) -> PanelView:
    """The view of a panel; `ancestry` are the records of all artifacts, by path."""
    data, parameters = thinned(one.data), one.record["parameters"]
    return PanelView(
        name=one.name,
        title=clean(data.title) or one.name,
        kind=data.kind,
        label=describe(data),
        caption=description(data.kind).replace("`", ""),
        notes=data.notes,
        simulated=data.simulated,
        links=_links(one.path, SUFFIXES),
        options=tuple(_options(data.kind, parameters["options"])),
        entries=tuple(parameters["entries"]),
        inputs=tuple({**i, "link": trace(i["path"])} for i in one.record["inputs"]),
        uncertainties=tuple(_uncertainties(data)),
        raw=tuple(raw_files(one.record, ancestry)),
        trace=trace(one.path),
        picture=one.picture,
        size=one.size,
        chart=chart(data),
    )


def _options(kind: str, own: Mapping[str, Any]) -> Iterator[Option]:
    resolved = resolve_options(kind, own)
    values = asdict(resolved)
    for field in fields(KINDS[kind].options):
        about = field.metadata
        yield Option(
            field.name, _text(values[field.name]), about.get("unit", ""), about.get("meaning", ""), field.name in own
        )


def _text(value: Any) -> str:
    """A value of an option in words."""
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(_text(v) for v in value) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _uncertainties(data: PanelData) -> Iterator[str]:
    """What of the drawing stands for an uncertainty, and on how many curves."""
    drawn = [s for s in (*data.series, *data.inset) if s.x.size]
    stat = [s for s in drawn if s.y_error.size]
    both = [s for s in drawn if s.y_low.size]
    across = [s for s in drawn if s.x_error.size]
    if stat:
        yield f"Dark band or thick bar: one standard uncertainty; on {len(stat)} of {len(drawn)} curves."
    if both:
        yield f"Pale band or thin bar: the range that the notes name; on {len(both)} of {len(drawn)} curves."
    if across:
        yield f"Bar sideways: one standard uncertainty of the property; on {len(across)} points."
    if data.maps:
        yield "A map shows values without uncertainty; those of the metrics taken from it stand in the table."
    elif not (stat or both or across):
        yield "No uncertainty is drawn in this panel."


def raw_files(record: Mapping[str, Any], ancestry: Mapping[str, Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The raw files behind a record, each once, in the order in which they are met."""
    found: dict[str, Mapping[str, Any]] = {}
    seen: set[str] = set()
    waiting = [record]
    while waiting:
        for one in waiting.pop(0)["inputs"]:
            if one["root"] == "raw":
                found.setdefault(one["path"], one)
            elif one["path"] in ancestry and one["path"] not in seen:
                seen.add(one["path"])
                waiting.append(ancestry[one["path"]])
    return list(found.values())
