"""One finished study, made once and copied by each test that changes it."""

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "nmr"))
sys.path.insert(0, str(Path(__file__).parent))

from study import make_study, ntcspec


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_study(tmp_path_factory.mktemp("finished"))
    run = ntcspec("run", folder, "--cores", "2")
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


@pytest.fixture
def study(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished study, with Snakemake's memory of it."""
    return Path(shutil.copytree(finished, tmp_path / "study"))
