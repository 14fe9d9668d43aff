"""A study that says who made it, with an odd name and a failed measurement; and how to look into its crate."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from study import CONFIG, make_study, measurement, write_yaml

ROOT = Path(__file__).parents[3]
CHECKERS = ROOT / ".venv/checkers/bin"
ABOUT = {
    "description": "Two made-up samples.",
    "licence": "CC-BY-4.0",
    "authors": [
        {
            "name": "Josiah Carberry",
            "orcid": "0000-0002-1825-0097",
            "affiliation": {"name": "Brown University", "url": "https://ror.org/05gq02987"},
        }
    ],
    "publisher": {"name": "Zenodo", "url": "https://zenodo.org"},
    "doi": "10.5281/zenodo.1234567",
}
ODD = "näme <script>alert(1)</script> #7?%20"


def make_told(folder: Path) -> Path:
    """A study with `about`: one sample, and one with an odd name whose second measurement cannot be done."""
    bad = measurement("raw/b.xdi", technique="exafs", transform={"kmax_inv_ang": 25.0})
    odd = {"simulated": True, "measurements": {"exafs": measurement("raw/odd näme #1.xdi"), "late k": bad}}
    good = {"simulated": True, "measurements": {"exafs": measurement("raw/a1.xdi", "raw/a2.xdi")}}
    make_study(folder, {"a": good, ODD: odd})
    shutil.copy(folder / "raw/b.xdi", folder / "raw/odd näme #1.xdi")
    write_yaml(folder / "config.yaml", {**CONFIG, "study": "made up: 100 % <b>", "about": ABOUT})
    return folder


def crate(study: Path) -> dict[str, dict[str, Any]]:
    """The entities of a study's crate by id."""
    document = json.loads((study / "results/ro-crate-metadata.json").read_text(encoding="utf-8"))
    return {one["@id"]: one for one in document["@graph"]}


def change(study: Path, edit: Callable[[dict[str, dict[str, Any]]], object]) -> None:
    """Edit the entities of a study's crate."""
    path = study / "results/ro-crate-metadata.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    entities = {one["@id"]: one for one in document["@graph"]}
    edit(entities)
    path.write_text(json.dumps({**document, "@graph": list(entities.values())}), encoding="utf-8")


def checker(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a program of the checkers' venv."""
    name, *rest = map(str, words)
    program = CHECKERS / name
    if not program.exists():
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(f"{program} is missing: make test installs it")
        pytest.skip("the checkers are not installed: make test installs them")
    return subprocess.run([program, *rest], capture_output=True, text=True, timeout=600, check=False)


def load(path: Path) -> dict[str, object]:
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))
