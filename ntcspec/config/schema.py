"""JSON schemas of config.yaml and samples.yaml, for completion in editors: `python -m ntcspec.config.schema`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from ntcspec.config.study import TECHNIQUES, Measurement, SamplesFile, StudyFile


def schemas() -> dict[str, dict[str, Any]]:
    """Schema by file name. The stages' parameters, which the models merge first, are filled in here."""
    config, samples = StudyFile.model_json_schema(), SamplesFile.model_json_schema()
    for technique, model in TECHNIQUES.items():
        inner = model.model_json_schema(ref_template=f"#/$defs/{technique}_{{model}}")
        definitions = {f"{technique}_{name}": body for name, body in inner.pop("$defs", {}).items()}
        for schema in (config, samples):
            schema.setdefault("$defs", {}).update(definitions)
        config["properties"]["defaults"]["properties"] = {
            **config["properties"]["defaults"].get("properties", {}),
            technique: inner,
        }
        config["properties"]["defaults"]["additionalProperties"] = False
        stages = samples["$defs"][Measurement.__name__]["properties"]
        stages.update({name: body for name, body in inner["properties"].items() if name in stages})
    config["properties"]["defaults"].pop("propertyNames", None)
    return {"config.schema.json": config, "samples.schema.json": samples}


def write(folder: Path) -> None:
    """Write the schemas into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in schemas().items():
        (folder / name).write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "config/schema"))
