"""FEFF runs for the tests of this folder, each once a session."""

from __future__ import annotations

from pathlib import Path

import pytest
from path_models import tacl6

from ntcspec.xas.paths.feff_files import FeffPath, read_paths
from ntcspec.xas.paths.feff_input import feff6_input
from ntcspec.xas.paths.feff_run import run_feff


@pytest.fixture(scope="session")
def feff_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("feff-cache")


@pytest.fixture(scope="session")
def tacl6_folder(feff_cache: Path) -> Path:
    """All paths up to 5 A of the linear octahedron."""
    text = feff6_input(tacl6(), edge="L3", rmax_ang=5.0, criteria=(0.0, 0.0))
    return run_feff(text, cache=feff_cache).folder


@pytest.fixture(scope="session")
def tacl6_paths(tacl6_folder: Path) -> tuple[FeffPath, ...]:
    return read_paths(tacl6_folder)
