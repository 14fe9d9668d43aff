"""The schemas that editors use are those of the models, and accept the studies that we ship."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from ntcspec.config.docs import page
from ntcspec.config.schema import schemas

ROOT = Path(__file__).parents[2]
STUDIES = [ROOT / "config", ROOT / "tests/studies/measured"]


@pytest.mark.parametrize("name", ["config.schema.json", "samples.schema.json", "claims.schema.json"])
def test_schema_in_the_repository_is_current(name: str) -> None:
    stored = json.loads((ROOT / "config/schema" / name).read_text(encoding="utf-8"))
    assert stored == schemas()[name], "run `make schema`"


@pytest.mark.parametrize("folder", STUDIES, ids=lambda p: p.name)
@pytest.mark.parametrize("name", ["config", "samples"])
def test_shipped_studies_fit_the_schema(folder: Path, name: str) -> None:
    data = yaml.safe_load((folder / f"{name}.yaml").read_text(encoding="utf-8"))
    jsonschema.validate(data, schemas()[f"{name}.schema.json"])


def test_shipped_claims_fit_the_schema() -> None:
    data = yaml.safe_load((ROOT / "config/claims.yaml").read_text(encoding="utf-8"))
    jsonschema.validate(data, schemas()["claims.schema.json"])


def test_schema_refuses_a_typo() -> None:
    wrong = {"study": "x", "defaults": {"exafs": {"reduce": {"rbgk_ang": 1.0}}}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schemas()["config.schema.json"])


def test_configuration_page_is_current() -> None:
    stored = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    assert stored == page(), "run `make schema`"
