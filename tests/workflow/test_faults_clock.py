"""The clock set back by a year: what is current stays, what changed is made again, and no time runs backwards."""

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from study import ROOT, artifacts, jobs_done, make_study, ntcspec


@pytest.fixture(scope="module")
def faketime() -> str:
    """The program that gives others another time."""
    found = shutil.which("faketime")
    if not found:
        reason = "needs faketime (Debian: apt-get install faketime)"
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def a_year_ago(faketime: str, study: Path) -> subprocess.CompletedProcess[str]:
    """A run; libfaketime (0.9.10) lets a sleep fail now and then (`Invalid argument`), and then it is given again."""
    words = [faketime, "--exclude-monotonic", "-f", "-365d", sys.executable, "-m", "ntcspec.cli", "run", str(study)]
    env, said = {**os.environ, "PYTHONPATH": str(ROOT)}, ""
    for _ in range(5):
        run = subprocess.run([*words, "--verbose"], env=env, capture_output=True, text=True, timeout=600, check=False)
        said += run.stdout
        if "[Errno 22] Invalid argument" not in run.stdout + run.stderr:
            break
    return subprocess.CompletedProcess(run.args, run.returncode, said, run.stderr)


def test_nothing_runs_again_and_what_changed_does(study: Path, faketime: str) -> None:
    before = artifacts(study)
    run = a_year_ago(faketime, study)
    assert run.returncode == 0 and jobs_done(run) == set(), run.stdout + run.stderr
    raw = study / "raw/b.xdi"
    raw.write_text(raw.read_text() + "# one more comment\n")
    os.utime(raw, (1e9, 1e9))
    run = a_year_ago(faketime, study)
    assert run.returncode == 0, run.stdout + run.stderr
    done = jobs_done(run)
    assert {"ingest b / exafs", "measure b / exafs", "panel chi_r", "crate"} <= done
    assert not any(" a " in job for job in done)
    assert not re.search(r"-\d", re.sub(r"\S*/\S*", "", run.stdout)), run.stdout  # no negative time
    assert jobs_done(ntcspec("run", study)) == set()
    _times_run_forward(study)
    assert ntcspec("verify", study).returncode == 0
    make_study(study)
    run = ntcspec("run", study)
    assert run.returncode == 0 and artifacts(study) == before, run.stderr


def test_files_of_the_future_do_not_stop_a_run(study: Path) -> None:
    """As from a beamline's computer whose clock goes ahead: what is made from them is older, and right all the same."""
    before = artifacts(study)
    (study / "results/b/exafs/reduce.nxs").unlink()
    (study / "results/a/exafs/ingest.nxs").unlink()
    for path in (study / "raw/a1.xdi", study / "results/b/exafs/ingest.nxs", study / "results/SHA256SUMS"):
        os.utime(path, (4e9, 4e9))
    run = ntcspec("run", study)
    assert run.returncode == 0, run.stdout + run.stderr
    assert {"ingest a / exafs", "reduce b / exafs"} <= jobs_done(run) and artifacts(study) == before
    assert jobs_done(ntcspec("run", study)) == set()


def _times_run_forward(study: Path) -> None:
    graph = json.loads((study / "results/ro-crate-metadata.json").read_text())["@graph"]
    spans = [(one["startTime"], one["endTime"]) for one in graph if "startTime" in one]
    assert len(spans) > 14
    for begun, over in spans:
        assert datetime.fromisoformat(begun) <= datetime.fromisoformat(over)
    years = {begun[:4] for begun, _ in spans}
    assert len(years) == 2, "jobs of both times should be there"
