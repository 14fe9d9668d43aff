"""Files that change while a study runs: no artifact ever says that it was made from bytes that were not read."""

import os
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import h5py
import pytest
from study import ROOT, artifacts, jobs_done, ntcspec, table, xdi

from ntcspec import stage, store
from ntcspec.config.load import load_study
from ntcspec.plan import Plan
from ntcspec.stage import run_stage

AT_ONCE = "{code}"
BEFORE_JOBS = """
    from ntcspec.drive import lock
    hold = lock.hold_for_jobs
    def hold_for_jobs(root):
        hold(root)
        {code}
    lock.hold_for_jobs = hold_for_jobs
"""


def meddle(tmp_path: Path, when: str, code: str) -> str:
    """PYTHONPATH with which Snakemake does that as it starts (the run is planned then), or when its first job is due."""
    folder = tmp_path / "meddler"
    folder.mkdir()
    body = when.replace("{code}", code)
    text = f"import os, shutil, sys\nif '--snakefile' in sys.orig_argv:\n    {body.strip()}\n"
    (folder / "sitecustomize.py").write_text(text)
    return f"{folder}{os.pathsep}{ROOT}"


def replace_b(study: Path, tmp_path: Path) -> str:
    """Code that puts another spectrum in the place of b's."""
    xdi(tmp_path / "other.xdi", table(2.05, 9))
    return f"shutil.copy({str(tmp_path / 'other.xdi')!r}, {str(study / 'raw/b.xdi')!r})"


def raw_of(artifact: Path) -> list[str]:
    return [one["sha256"] for one in store.read_record(artifact)["inputs"] if one["root"] == "raw"]


def digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def spoil(artifact: Path) -> None:
    """Change a number in an artifact and nothing else."""
    with h5py.File(artifact, "r+") as file:
        found: list[Any] = []
        file["entry/data"].visititems(lambda _, one: found.append(one) if isinstance(one, h5py.Dataset) else None)
        array = next(one for one in found if one.ndim == 1 and one.dtype.kind == "f" and one.size > 9)
        array[3] *= 1.01


@pytest.mark.parametrize("when", [AT_ONCE, BEFORE_JOBS], ids=["as Snakemake plans", "before the first job"])
def test_a_raw_file_that_changes_is_told_and_the_next_run_is_right(study: Path, tmp_path: Path, when: str) -> None:
    (study / "results/b/exafs/ingest.nxs").unlink()
    before = artifacts(study)
    run = ntcspec("run", study, PYTHONPATH=meddle(tmp_path, when, replace_b(study, tmp_path)))
    assert run.returncode == 1 and "Traceback" not in run.stdout + run.stderr
    assert "raw/b.xdi: changed while the study ran -> start the run again" in run.stderr
    ingest = study / "results/b/exafs/ingest.nxs"
    if when == BEFORE_JOBS:
        assert not ingest.exists()
        assert {k: v for k, v in artifacts(study).items() if k.startswith("a/")}.items() <= before.items()
    else:
        assert raw_of(ingest) == [digest(study / "raw/b.xdi")]
    run = ntcspec("run", study)
    assert run.returncode == 0, run.stderr
    assert raw_of(ingest) == [digest(tmp_path / "other.xdi")]
    assert ntcspec("verify", study).returncode == 0


def test_a_raw_file_that_is_deleted(study: Path, tmp_path: Path) -> None:
    before = artifacts(study)
    (study / "results/b/exafs/ingest.nxs").unlink()
    kept = (study / "raw/b.xdi").read_bytes()
    code = f"os.unlink({str(study / 'raw/b.xdi')!r})"
    run = ntcspec("run", study, PYTHONPATH=meddle(tmp_path, BEFORE_JOBS, code))
    said = run.stdout + run.stderr
    assert run.returncode == 1 and "Traceback" not in said and "internal error" not in said
    assert "raw/b.xdi: is gone: it was there when the run started -> put it back" in run.stderr
    assert not (study / "results/b/exafs/ingest.nxs").exists()
    (study / "raw/b.xdi").write_bytes(kept)
    assert ntcspec("run", study).returncode == 0
    assert artifacts(study) == before


def test_an_artifact_that_is_changed_before_it_is_used(study: Path, tmp_path: Path) -> None:
    """What was made from it names its new hash, so that records and check sums alone would agree."""
    before = artifacts(study)
    ingest = study / "results/b/exafs/ingest.nxs"
    spoiled = tmp_path / "spoiled.nxs"
    spoiled.write_bytes(ingest.read_bytes())
    spoil(spoiled)
    (study / "results/b/exafs/reduce.nxs").unlink()
    code = f"shutil.copy({str(spoiled)!r}, {str(ingest)!r})"
    run = ntcspec("run", study, PYTHONPATH=meddle(tmp_path, BEFORE_JOBS, code))
    assert run.returncode == 1
    assert "results/b/exafs/ingest.nxs: changed while the study ran -> start the run again" in run.stderr
    assert artifacts(study)["b/exafs/reduce.nxs"] != before["b/exafs/reduce.nxs"]
    again = ntcspec("run", study)
    assert again.returncode == 0, again.stderr
    assert "results/b/exafs/ingest.nxs: not what its job wrote, so it is made again" in again.stdout
    assert artifacts(study) == before and ntcspec("verify", study).returncode == 0


def test_an_artifact_that_was_changed_by_hand_is_made_again(study: Path) -> None:
    before = artifacts(study)
    spoil(study / "results/a/exafs/transform.nxs")
    with (study / "results/metrics.csv").open("a") as stream:
        stream.write("a,exafs,exafs,first_shell.position,9.99,angstrom,,,,\n")
    run = ntcspec("run", study)
    assert run.returncode == 0, run.stderr
    assert "results/metrics.csv: not what its job wrote" in run.stdout
    assert {"transform a / exafs", "measure a / exafs", "table of all metrics"} <= jobs_done(run)
    assert artifacts(study) == before


def test_a_file_that_changes_and_changes_back_is_refused(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its hash is that of the plan again, but the bytes that were read were others."""
    raw = study / "raw/b.xdi"
    kept, first = raw.read_bytes(), "results/b/exafs/ingest.nxs"
    plan = Plan(load_study(study))
    job, named = plan.jobs[first], stage.named
    xdi(study / "other.xdi", table(2.05, 9))

    def meddling(name: str) -> Any:
        function = named(name)

        def read(*values: Any, **settings: Any) -> Any:
            raw.write_bytes((study / "other.xdi").read_bytes())
            result = function(*values, **settings)
            raw.write_bytes(kept)
            return result

        return read

    monkeypatch.setattr(stage, "named", meddling)
    monkeypatch.chdir(study)
    Path(first).unlink()
    outputs: Sequence[str] = job.outputs
    with pytest.raises(SystemExit):
        run_stage(job.params(), plan.paths(first), outputs, job.log)
    assert "error: raw/b.xdi: changed while the study ran" in Path(job.log).read_text()
    assert not Path(first).exists()


def test_a_job_whose_raw_file_is_gone(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Snakemake does not look for it first, as for a name that it would read as a pattern."""
    first = "results/b/exafs/ingest.nxs"
    plan = Plan(load_study(study))
    job = plan.jobs[first]
    monkeypatch.chdir(study)
    Path("raw/b.xdi").unlink()
    Path(first).unlink()
    with pytest.raises(SystemExit):
        run_stage(job.params(), plan.paths(first), job.outputs, job.log)
    assert "error: raw/b.xdi: is gone: it was there when the run started" in Path(job.log).read_text()
    assert not Path(first).exists()
