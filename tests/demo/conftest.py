"""One demo folder for all tests: written once a session."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ntcspec.demo import find_resources, write_raw
from ntcspec.demo.exafs import Site, run_sites


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the raw files of the default seed."""
    target = tmp_path_factory.mktemp("demo")
    write_raw(target)
    return target


@pytest.fixture(scope="session")
def truth(demo: Path) -> dict[str, Any]:
    """truth.json of that folder."""
    return json.loads((demo / "hxma" / "truth.json").read_text())


@pytest.fixture(scope="session")
def sites() -> dict[str, list[Site]]:
    """Sites with their FEFF paths, by material."""
    return run_sites(find_resources())
