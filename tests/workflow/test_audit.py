"""show says what is there; artifacts hold nothing of the machine; check sums are in the standard format."""

import os
import re
from pathlib import Path

import pytest
from study import ntcspec


def test_show_tells_how_a_raw_file_is_read(finished: Path) -> None:
    run = ntcspec("show", finished / "raw/a1.xdi")
    assert run.returncode == 0, run.stderr
    assert "ln(i0 / itrans)" in run.stdout and "ln(itrans / irefer)" in run.stdout


@pytest.mark.parametrize("name", ["a/exafs/reduce.nxs", "a/exafs/measure.json", "panels/map.pdf", "metrics.csv"])
def test_show_tells_what_an_artifact_holds(finished: Path, name: str) -> None:
    run = ntcspec("show", finished / "results" / name)
    assert run.returncode == 0, run.stderr
    assert "made from:" in run.stdout and "SIMULATED" in run.stdout


def test_no_path_host_or_user_in_any_artifact(finished: Path) -> None:
    host = os.uname().nodename.encode()
    words = [str(finished).encode(), b"/home/", b"/tmp/", b"/root/", *([host] if len(host) > 5 else [])]
    for path in (finished / "results").rglob("*.*"):
        if path.is_file() and "logs" not in path.parts and path.name != "ro-crate-metadata.json":
            data = path.read_bytes()
            assert [w for w in words if w in data] == [], path


def test_checksums_are_in_the_standard_format(study: Path) -> None:
    lines = (study / "results/SHA256SUMS").read_text().splitlines()
    assert all(re.fullmatch(r"[0-9a-f]{64}  \S.*", line) for line in lines)
    assert len(lines) == 2 * 6 + 2 + 3 * 4 + 2  # stages, tables, panels; the study in one file, the report
