"""A finished study with a crate, and the validator of crates, which has a venv of its own."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow"))
sys.path.insert(0, str(Path(__file__).parent))

from study import ntcspec
from told import ROOT, checker, make_told


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_told(tmp_path_factory.mktemp("told"))
    run = ntcspec("run", folder, "--cores", "2")
    assert run.returncode == 1 and "FAILED" in run.stderr and "NOT MADE" not in run.stderr, run.stdout + run.stderr
    return folder


@pytest.fixture
def study(told: Path, tmp_path: Path) -> Path:
    """A copy of the finished study."""
    return Path(shutil.copytree(told, tmp_path / "study"))


@pytest.fixture(scope="session")
def issues(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path, str], list[tuple[str, str, str]]]:
    """What roc-validator says of a folder, offline: (severity, entity, message)."""
    folder = tmp_path_factory.mktemp("validator")
    primed = checker("python", ROOT / "tests/outside/offline.py", folder / "cache")
    assert primed.returncode == 0, primed.stderr

    def validate(crate_folder: Path, level: str) -> list[tuple[str, str, str]]:
        out = folder / "out.json"
        out.unlink(missing_ok=True)
        where = ("-f", "json", "-o", out, "-p", "provenance-run-crate-0.5", crate_folder)
        words = (
            "--disable-color",
            "validate",
            "--offline",
            "--cache-path",
            folder / "cache",
            "--no-paging",
            "-l",
            level,
        )
        run = checker("rocrate-validator", "-y", *words, *where)
        report = json.loads(out.read_text(encoding="utf-8"))
        assert run.returncode == (0 if report["passed"] else 1), run.stdout + run.stderr
        return [(i["severity"], str(i.get("violatingEntity")), i["message"]) for i in report["issues"]]

    return validate
