"""JSON schemas of config.yaml and samples.yaml, for completion in editors: `python -m ntcspec.config.schema`."""

from __future__ import annotations

import json
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

from ntcspec.config.base import Parameters
from ntcspec.config.claims import ClaimsFile
from ntcspec.config.study import SERIES, TECHNIQUES, Common, Measurement, SamplesFile, Series, StudyFile


def schemas() -> dict[str, dict[str, Any]]:
    """Schema by file name. The stages' parameters, which the models merge first, are filled in here."""
    config, samples = StudyFile.model_json_schema(), SamplesFile.model_json_schema()
    stages: dict[str, list[Any]] = {}
    own = dict(samples["$defs"])
    defaults = config["properties"]["defaults"]
    defaults["properties"] = {}
    for technique, model in TECHNIQUES.items():
        inner = _inner(technique, model, config, samples)
        defaults["properties"][technique] = inner
        for stage, body in inner["properties"].items():
            stages.setdefault(stage, []).append(body)
    defaults["additionalProperties"] = False
    defaults.pop("propertyNames", None)
    for name, body in samples["$defs"].items():
        if name not in own:
            body.pop("required", None)  # a measurement gives what differs from the defaults, not all
    for holder in (config["$defs"][Common.__name__], samples["$defs"][Measurement.__name__]):
        for stage, bodies in stages.items():
            holder["properties"][stage] = bodies[0] if len(bodies) == 1 else {"anyOf": bodies}
    options = [_inner(kind, model, config) for kind, model in SERIES.items()]
    config["$defs"][Series.__name__]["properties"]["options"] = options[0] if len(options) == 1 else {"anyOf": options}
    claims = ClaimsFile.model_json_schema()
    return {"config.schema.json": config, "samples.schema.json": samples, "claims.schema.json": claims}


def _inner(name: str, model: type[Parameters], *schemas: dict[str, Any]) -> dict[str, Any]:
    """The schema of a model; what it refers to goes into each of `schemas` under names of its own."""
    inner = model.model_json_schema(ref_template=f"#/$defs/{name}_{{model}}")
    definitions = {f"{name}_{key}": body for key, body in inner.pop("$defs", {}).items()}
    for schema in schemas:
        schema.setdefault("$defs", {}).update(deepcopy(definitions))
    return inner


def write(folder: Path) -> None:
    """Write the schemas into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in schemas().items():
        (folder / name).write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "config/schema"))
