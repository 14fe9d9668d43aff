"""What runs again, and what does not."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml
from study import ROOT, artifacts, jobs_done, make_study, ntcspec, write_yaml


def edit(study: Path, *keys: str, value: object) -> None:
    config = yaml.safe_load((study / "config.yaml").read_text())
    place = config
    for key in keys[:-1]:
        place = place.setdefault(key, {})
    place[keys[-1]] = value
    write_yaml(study / "config.yaml", config)


def test_two_folders_give_the_same_bytes(finished: Path, tmp_path: Path) -> None:
    other = make_study(tmp_path / "another folder")
    run = ntcspec("run", other, "--cores", "1")
    assert run.returncode == 0, run.stdout + run.stderr
    mine, theirs = artifacts(finished), artifacts(other)
    assert mine.keys() == theirs.keys()
    assert [name for name in mine if mine[name] != theirs[name]] == []
    assert {Path(n).suffix for n in mine} >= {".nxs", ".png", ".pdf", ".svg", ".csv", ".json", ".html"}


def test_a_second_run_does_nothing(study: Path) -> None:
    log = study / "results/logs/run.log"
    log.write_text("of the run before")
    run = ntcspec("run", study)
    assert "nothing to compute, all results are current" in run.stdout and "report:" in run.stdout
    assert log.read_text() == "of the run before"  # Snakemake is not even started


def test_times_that_are_in_order_are_left(study: Path) -> None:
    """Jobs of one sample were done after later stages of another: what is remembered by times is remembered still."""
    for sample, begun in (("a", 1e9), ("b", 1.1e9)):
        for n, stage in enumerate(("ingest", "reduce", "transform", "wavelet", "measure")):
            for path in (study / f"results/{sample}/exafs").glob(f"{stage}.*"):
                os.utime(path, (begun + n, begun + n))
    times = {path: path.stat().st_mtime_ns for path in (study / "results").glob("*/exafs/*.*")}
    assert ntcspec("run", study).returncode == 0
    assert {path: path.stat().st_mtime_ns for path in times} == times


def test_lost_sums_and_crates_are_made_again(study: Path) -> None:
    for name in ("SHA256SUMS", "ro-crate-metadata.json"):
        path = study / "results" / name
        before = path.read_bytes()
        path.unlink()
        run = ntcspec("run", study)
        assert run.returncode == 0, run.stdout + run.stderr
        assert path.is_file() and (name == "ro-crate-metadata.json" or path.read_bytes() == before)
    assert ntcspec("verify", study).returncode == 0


def test_touching_every_file_runs_nothing(study: Path) -> None:
    for path in [*study.rglob("*.*")]:
        if path.is_file() and ".snakemake" not in path.parts:
            os.utime(path)
    assert jobs_done(ntcspec("run", study)) == set()


def test_results_copied_into_a_fresh_folder_are_used(finished: Path, tmp_path: Path) -> None:
    fresh = make_study(tmp_path / "fresh")
    shutil.copytree(finished / "results", fresh / "results", copy_function=shutil.copy)  # new times, in any order
    for i, path in enumerate(sorted((fresh / "results").rglob("*.*"))):
        os.utime(path, (1e9 - i, 1e9 - i))
    run = ntcspec("run", fresh)
    assert jobs_done(run) == set(), run.stdout
    assert artifacts(fresh) == artifacts(finished)


def test_plain_snakemake_does_nothing_either(study: Path) -> None:
    profile = ROOT / "workflow/profiles/default"
    words = ["--snakefile", ROOT / "Snakefile", "--directory", study, "--workflow-profile", profile, "--dry-run"]
    command = [sys.executable, "-m", "snakemake", *map(str, words), "--config", "study=config.yaml"]
    run = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False
    )
    assert "Nothing to be done" in run.stdout + run.stderr, run.stdout + run.stderr


def test_a_wavelet_parameter_reruns_the_wavelet_alone(study: Path) -> None:
    before = artifacts(study)
    edit(study, "defaults", "exafs", "wavelet", "eta_sigma", value=9.0)
    run = ntcspec("run", study)
    assert jobs_done(run) == {
        "wavelet a / exafs", "wavelet b / exafs", "measure a / exafs", "measure b / exafs",
        "table of all metrics", "panel map", "the whole study in one file", "report", "check sums", "crate",
    }  # fmt: skip
    after = artifacts(study)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {
        *(f"{s}/exafs/{f}" for s in "ab" for f in ("wavelet.nxs", "measure.nxs", "measure.json")),
        *(f"panels/map.{suffix}" for suffix in ("nxs", "png", "pdf", "svg")),
        "study/config.yaml",
        "metrics.csv", "samples.csv", "made_up.nxs", "report.html", "SHA256SUMS",
    }  # fmt: skip


def test_old_results_of_other_parameters_are_not_taken_for_new(finished: Path, tmp_path: Path) -> None:
    """Without Snakemake's memory, the key in the artifact decides."""
    fresh = make_study(tmp_path / "fresh")
    shutil.copytree(finished / "results", fresh / "results")
    edit(fresh, "defaults", "exafs", "wavelet", "eta_sigma", value=9.0)
    assert "wavelet a / exafs" in jobs_done(ntcspec("run", fresh))
    assert ntcspec("verify", fresh).returncode == 0


def test_a_changed_raw_byte_reruns_that_sample(study: Path) -> None:
    path = study / "raw/b.xdi"
    path.write_text(path.read_text() + "# one more comment\n")
    done = jobs_done(ntcspec("run", study))
    assert "ingest b / exafs" in done and "measure b / exafs" in done
    assert not any(" a " in job for job in done)


def test_a_new_sample_runs_its_own_jobs_and_the_study_level(study: Path) -> None:
    samples = yaml.safe_load((study / "samples.yaml").read_text())
    samples["samples"]["c"] = samples["samples"]["b"]
    write_yaml(study / "samples.yaml", samples)
    done = jobs_done(ntcspec("run", study))
    assert {job for job in done if " a " in job or " b " in job} == set()
    assert {"ingest c / exafs", "measure c / exafs", "table of all metrics", "panel chi_r"} <= done


def test_editing_a_module_reruns_its_stage(study: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    for part in ("ntcspec", "workflow", "resources"):
        shutil.copytree(ROOT / part, home / part)
    shutil.copy(ROOT / "Snakefile", home)
    assert jobs_done(ntcspec("run", study, PYTHONPATH=str(home))) == set()  # another checkout runs nothing
    module = home / "ntcspec/xas/wavelet.py"
    module.write_text(module.read_text() + "\n# edited\n")
    done = jobs_done(ntcspec("run", study, PYTHONPATH=str(home)))
    assert "wavelet a / exafs" in done and "panel map" in done
    assert not any(job.startswith(("ingest", "reduce", "transform")) for job in done)
