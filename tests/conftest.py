"""Fixtures for all tests."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent / "workflow"))

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
def finished_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default study after a local run, made once for all test processes: to be looked at, or copied."""
    from study import ROOT, ntcspec

    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "finished-demo"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "whole").exists():
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(ROOT / "config", folder / "config")
            for words in (("demo", "raw"), ("run", "--cores", "2")):
                run = ntcspec(*words, cwd=folder)
                assert run.returncode == 0, run.stdout + run.stderr
            (folder / "whole").touch()
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """The one browser of a test process: a second beside it would refuse to start."""
    with chromium() as one:
        yield one
