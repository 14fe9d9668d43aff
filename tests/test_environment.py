"""pyproject.toml, environment.yml and constraints.txt name the same direct dependencies."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
CONDA_NAME = {"snakemake-minimal": "snakemake"}


@pytest.fixture(scope="module")
def project() -> dict[str, str]:
    data = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = data["dependencies"] + data["optional-dependencies"]["test"]
    return {canonicalize_name(Requirement(r).name): str(Requirement(r).specifier) for r in listed}


def test_conda_environment_is_the_same(project: dict[str, str]) -> None:
    listed = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    flat = [entry for entry in listed if isinstance(entry, str)] + listed[-1]["pip"]
    found = {}
    for entry in flat:
        name, specifier = re.fullmatch(r"([A-Za-z0-9_.-]+)(.*)", entry).groups()  # type: ignore[union-attr]
        found[canonicalize_name(CONDA_NAME.get(name, name))] = specifier
    found.pop("python"), found.pop("pip")
    assert found == project


def test_constraints_pin_every_direct_dependency(project: dict[str, str]) -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {canonicalize_name(line.partition("==")[0]): line.partition("==")[2] for line in lines if "==" in line}
    for name, specifier in project.items():
        assert name in pinned, name
        assert pinned[name] in Requirement(f"{name}{specifier}").specifier, name
