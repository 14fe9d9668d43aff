"""verify finds every tampering of a table, names the file, and finds nothing where nothing was done."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import tampered_files  # noqa: F401  (fills the table)
import tampered_words  # noqa: F401
from forge import put
from tamperings import PANELS, TABLE, Tampering

from ntcspec.audit.study import audit_study
from ntcspec.config.load import load_study


@pytest.fixture
def copy(audited: Path, tmp_path: Path) -> Path:
    """A copy that shares the bytes of the finished study until a file is replaced."""
    return Path(shutil.copytree(audited, tmp_path / "copy", copy_function=os.link))


def audit(root: Path) -> Any:
    return audit_study(load_study(root))


@pytest.mark.parametrize("what", TABLE)
def test_each_tampering_is_found_and_the_file_named(copy: Path, what: str) -> None:
    named, deed = TABLE[what]
    deed(copy)
    outcome = audit(copy)
    assert outcome.exit_code == 1
    assert named in {finding.path for finding in outcome.findings}, outcome.findings


def test_there_are_many_tamperings() -> None:
    assert len(TABLE) >= 100


def times(root: Path) -> None:
    for number, path in enumerate(sorted(root.rglob("*"))):
        os.utime(path, (1e9 - number, 1e9 - number))


INNOCENT: dict[str, Tampering] = {
    "nothing": lambda root: None,
    "a log": lambda root: put(root / "results/logs/metrics.log", "other words\n"),
    "all logs gone": lambda root: shutil.rmtree(root / "results/logs"),
    "times in another order": times,
    "Snakemake's memory gone": lambda root: shutil.rmtree(root / ".snakemake"),
    "the cache of hashes gone": lambda root: shutil.rmtree(root / ".ntcspec"),
    "a cache of hashes that lies": lambda root: put(
        root / ".ntcspec/hashes.json",
        json.dumps({str(p): [0, 0, 0, 0, "0" * 64] for p in (root / "raw").iterdir()}),
    ),
    "a file of the user's": lambda root: put(root / "results/panels/notes.txt", "draft\n"),
    "a comment in the config": lambda root: put(root / "config.yaml", (root / "config.yaml").read_text() + "# yes\n"),
    "a link to the same bytes": lambda root: (
        (root / PANELS / "mu.png").rename(root / "elsewhere.png"),
        (root / PANELS / "mu.png").symlink_to("../../elsewhere.png"),
    ),
}


@pytest.mark.parametrize("what", INNOCENT)
def test_nothing_is_found_where_nothing_was_changed(copy: Path, what: str) -> None:
    INNOCENT[what](copy)
    crate = what in ("a log", "all logs gone", "a comment in the config")  # no result hangs on them, but the crate does
    assert [f for f in audit(copy).findings if not (crate and f.kind == "crate")] == []
