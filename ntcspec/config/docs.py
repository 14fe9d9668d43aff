"""docs/configuration.md from the models: `python -m ntcspec.config.docs`."""

from __future__ import annotations

import inspect
import re
import sys
import typing
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from ntcspec.config import xas
from ntcspec.config.about import About, Author, Organisation
from ntcspec.config.claims import KINDS as CLAIM_KINDS
from ntcspec.config.figures import Figure
from ntcspec.config.frames import Frames
from ntcspec.config.study import (
    SERIES,
    TECHNIQUES,
    Common,
    Measurement,
    Panel,
    Property,
    Sample,
    SamplesFile,
    Series,
    Setup,
    StudyFile,
)
from ntcspec.plot import KINDS, description

HEAD = """\
# Configuration

<!-- made by `make schema` from ntcspec/config; do not edit -->

A study is two YAML files: `config.yaml` (defaults, panels and figures) and `samples.yaml` (samples and their raw
files); a third, `claims.yaml`, may state what is to be tested on the numbers ([claims.md](claims.md)).
They lie in `config/` of the study's folder, or in the folder itself. A parameter of a stage is looked for in the
measurement in `samples.yaml`, then under `measurements` and the measurement's name in `config.yaml`, then there under
`defaults` and the technique, then here in the column *default*. What was
used in the end stands in the record of every artifact. An unknown key is an error, never ignored.

The schemas in `config/schema/` give completion and checks in editors that know the YAML language server.
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD, "## config.yaml", *_table(StudyFile), "### About the study", *_table(About)]
    parts += [
        "### One author",
        *_table(Author),
        "### One organisation",
        *_table(Organisation),
        "### One panel",
        *_table(Panel),
        "### One figure",
        *_table(Figure),
    ]
    parts += ["### What measurements of a name share", *_table(Common), "### Setup", *_table(Setup)]
    parts += ["### One series", *_table(Series)]
    parts += ["## samples.yaml", *_table(SamplesFile), "### One sample", *_table(Sample)]
    parts += ["### One property", *_table(Property)]
    parts += ["### One measurement", *_table(Measurement), "### Columns of a text file", *_table(xas.Columns)]
    parts += _section("Frames", Frames, "###")
    parts.append("## claims.yaml")
    for claim in dict.fromkeys(CLAIM_KINDS.values()):
        kinds = " or ".join(f"`{name}`" for name, one in CLAIM_KINDS.items() if one is claim)
        parts += _section(f"Claims of kind {kinds}", claim, "###")
    for technique, model in TECHNIQUES.items():
        parts.append(f"## Parameters of `{technique}`")
        for stage, info in model.model_fields.items():
            parts += _section(f"`{stage}`", typing.cast(type[BaseModel], info.annotation), "###")
    for kind, model in SERIES.items():
        parts += _section(f"Options of the series `{kind}`", model, "##")
    parts.append("## Kinds of panels")
    for panel in KINDS.values():
        parts += [f"### Panel `{panel.name}`", description(panel.name), _options(panel.options)]
    return "\n\n".join(parts) + "\n"


def _section(title: str, model: type[BaseModel], level: str) -> Iterator[str]:
    yield f"{level} {title}"
    yield inspect.cleandoc(model.__doc__ or "")
    yield from _table(model)
    for name, info in model.model_fields.items():
        for inner in _models(info.annotation):
            yield from _section(f"{title.replace('`', '')}: `{name}`", inner, level + "#")


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for a in typing.get_args(annotation) for m in _models(a)]


def _table(model: type[BaseModel]) -> Iterator[str]:
    rows = ["| key | default | unit | range | meaning |", "|---|---|---|---|---|"]
    for name, info in model.model_fields.items():
        cells = (f"`{name}`", _default(info), _unit(info), _range(info), info.description or "see below")
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    yield "\n".join(rows)


def _options(options: type) -> str:
    rows = ["| option | default | unit | meaning |", "|---|---|---|---|"]
    for one in fields(options):
        default = (
            "none"
            if one.default is None
            else f"`{list(one.default) if isinstance(one.default, tuple) else one.default}`"
        )
        cells = (f"`{one.name}`", default, one.metadata["unit"], one.metadata["meaning"])
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows)


def _default(info: FieldInfo) -> str:
    if info.default is PydanticUndefined:
        return "**required**"
    if info.default is None:
        return "none"
    if isinstance(info.default, BaseModel):
        return "see below"
    return f"`{list(info.default) if isinstance(info.default, tuple) else info.default}`"


def _unit(info: FieldInfo) -> str:
    extra = info.json_schema_extra
    return str(extra.get("unit", "")) if isinstance(extra, dict) else ""


SYMBOL = {annotated_types.Gt: ">", annotated_types.Ge: "≥", annotated_types.Lt: "<", annotated_types.Le: "≤"}


def _range(info: FieldInfo) -> str:
    limits = [
        f"{sign} {getattr(limit, kind.__name__.lower()):g}"
        for limit in info.metadata
        for kind, sign in SYMBOL.items()
        if isinstance(limit, kind)
    ]
    words = [str(w) for w in _literals(info.annotation)]
    return ", ".join(limits) or ", ".join(f"`{w}`" for w in words)


def _literals(annotation: Any) -> tuple[Any, ...]:
    if typing.get_origin(annotation) is typing.Literal:
        return typing.get_args(annotation)
    if re.match(r"typing\.(Optional|Union)|.*\|", str(annotation)):
        return tuple(w for a in typing.get_args(annotation) for w in _literals(a))
    return ()


if __name__ == "__main__":
    Path(sys.argv[1] if len(sys.argv) > 1 else "docs/configuration.md").write_text(page(), encoding="utf-8")
