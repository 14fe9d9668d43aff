"""Fixtures for all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

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
