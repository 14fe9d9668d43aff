"""Fixtures for all tests."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))

from browsing import chromium

# A slow machine is no defect; a CI run must be repeatable. New examples are looked for on developers' machines.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI", "").lower() == "true" else "local")


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Folder of the measured files: $NTCSPEC_DATA, or shared/data beside the repository."""
    given = os.environ.get("NTCSPEC_DATA")
    folder = Path(given) if given else Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        reason = f"measured files not found at {folder}: set NTCSPEC_DATA"
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


@pytest.fixture(scope="session")
def xas_data(data_folder: Path) -> Path:
    """Folder of the measured XAS files."""
    return data_folder / "xas"


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """The one browser of a test process: a second beside it would refuse to start."""
    with chromium() as one:
        yield one
