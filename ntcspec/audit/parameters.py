"""What the parameters of a job mean: unit, default and meaning, from the models of the configuration."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from ntcspec.config.figures import Figure
from ntcspec.config.study import SERIES, TECHNIQUES, Measurement, Panel, Sample, StudyFile
from ntcspec.plan.job import Job
from ntcspec.provenance import canonical
from ntcspec.techniques import stage_of

OF_JOBS = {  # parameters that the plan makes by itself
    "references": "standards of the study that could not be used, and why",
    "missing": "samples that are left out, and why",
    "excluded": "measurements that could not run, and why",
    "entries": "what is drawn, in order: sample, label, whether it is simulated, why it is missing",
    "table": "whether the panel draws results/metrics.csv",
    "simulated": "samples whose data is SIMULATED",
    "properties": "properties of the samples, as samples.yaml gives them",
    "edge_energy_ev": "tabulated energy of the absorption edge (eV)",
    "kind": "kind of panel",
}
TYPES = {bool: "Boolean", int: "Integer", float: "Number", str: "Text"}


@dataclass(frozen=True)
class Meaning:
    """A formal parameter: its type in schema.org's words, unit, default as text, meaning."""

    kind: str
    unit: str
    default: str
    text: str


def meaning(job: Job, name: str, value: Any) -> Meaning:
    """What a parameter of a job means; where no model knows it, its type is that of its value."""
    info = _field(job, name)
    if info is None:
        return Meaning(TYPES.get(type(value), "Text"), "", "", OF_JOBS.get(name, ""))
    extra = info.json_schema_extra
    unit = str(extra.get("unit", "")) if isinstance(extra, dict) else ""
    default = "" if info.default is PydanticUndefined else as_text(_plain(info.default))
    text = OF_JOBS.get(name) or info.description or _section(info.annotation)
    return Meaning(_type(info.annotation, value), unit, default, text)


def as_text(value: Any) -> str:
    """A value as text: words as they are, all else as JSON."""
    return value if isinstance(value, str) else canonical(value)


def as_value(value: Any) -> str | int | float | bool:
    """A value for a PropertyValue: numbers and words as they are, all else as JSON text."""
    return value if isinstance(value, str | int | float) else canonical(value)


def _field(job: Job, name: str) -> FieldInfo | None:
    """The field of the configuration that a parameter comes from."""
    about = job.about
    if "series" in about:
        kinds = [k for k in SERIES if k.startswith(f"{about['technique']}.")]
        return next((f for k in kinds if (f := SERIES[k].model_fields.get(name))), None)
    if "technique" not in about:
        fields = (Panel if "panel" in about else Figure if "figure" in about else StudyFile).model_fields
        return fields.get(name)
    stages = TECHNIQUES[str(about["technique"])].model_fields
    stage = str(about["stage"])
    if name in stage_of(str(about["technique"]), stage, bool(about.get("frames"))).also:
        return stages.get(name) or Measurement.model_fields.get(name)
    own: Any = stages[stage].annotation
    return own.model_fields.get(name) or Measurement.model_fields.get(name) or Sample.model_fields.get(name)


def _section(annotation: Any) -> str:
    """What a section of several parameters is, by its model."""
    model = next((a for a in (annotation, *get_args(annotation)) if hasattr(a, "model_fields")), None)
    return " ".join(inspect.cleandoc(model.__doc__ or "").split()) if model else ""


def _type(annotation: Any, value: Any) -> str:
    kinds = [a for a in (get_args(annotation) or (annotation,)) if a is not type(None)]
    if kinds == [float] or kinds == [int]:
        return TYPES[kinds[0]]
    return TYPES.get(kinds[0], "Text") if len(kinds) == 1 and isinstance(kinds[0], type) else "Text"


def _plain(value: Any) -> Any:
    """A default as plain JSON."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list | tuple) else value
