"""A study that changes by YAML alone: exactly what runs again, where the change shows, and what is left over."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from study import CONFIG, jobs_done, make_study, measurement, ntcspec, table, write_yaml, xdi

from ntcspec.commands.leftovers import leftovers
from ntcspec.config.load import load_study
from ntcspec.plan import Plan
from ntcspec.workflow import read_any_record

STAGES = ("ingest", "reduce", "transform", "wavelet", "measure")
TABLE, TRENDS, CLAIMS = "table of all metrics", "trends of metrics against properties", "claims tested on the metrics"
DRAWN = {"panel chi_r", "panel mu", "panel numbers"}  # panels that draw every sample
SHARED = {"results/metrics.csv", "results/samples.csv", "results/trends.csv", "results/panels/numbers.nxs"}
METRIC = "exafs.first_shell.position"


def sample(*files: str, time: float, **own: object) -> dict[str, object]:
    known = {"milling_time": {"value": time, "unit": "h"}}
    return {"simulated": True, "properties": known, "measurements": {"exafs": measurement(*files)}, **own}


def claim(*samples: str, kind: str = "trend", **own: object) -> dict[str, object]:
    words = {"says": "it grows", "source": "made up", "refuted_by": "it shrinks", "kind": kind, "metric": METRIC}
    return {**words, "samples": list(samples), **({"goes": "up"} if kind == "trend" else {}), **own}


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two samples with a property, a trend, a claim, panels of all samples, and one of a single sample."""
    folder = tmp_path_factory.mktemp("changes")
    two = {"a": sample("raw/a1.xdi", "raw/a2.xdi", time=6.0), "b": sample("raw/b.xdi", time=26.0)}
    make_study(folder, two)
    xdi(folder / "raw/c.xdi", table(2.20, 4))
    panels = {
        "chi_r": {"kind": "exafs.chi_r"},
        "mu": {"kind": "exafs.mu"},
        "only_a": {"kind": "exafs.chi_r", "samples": ["a"]},
        "numbers": {"kind": "study.trend", "options": {"metrics": [METRIC], "against": "milling_time", "x_log": False}},
    }
    write_yaml(folder / "config.yaml", {**CONFIG, "panels": panels, "trends": {"milling_time": {}}})
    write_yaml(folder / "claims.yaml", {"claims": {"grows": claim("a", "b")}})
    run = ntcspec("run", folder, "--cores", "2")
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


@pytest.fixture
def study(before: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(before, tmp_path / "study"))


def edit(file: Path, change: Callable[[dict[str, Any]], object]) -> None:
    data = yaml.safe_load(file.read_text(encoding="utf-8"))
    change(data)
    write_yaml(file, data)


def add_c(study: Path) -> None:
    edit(study / "samples.yaml", lambda d: d["samples"].update(c=sample("raw/c.xdi", time=40.0)))


def run(study: Path) -> set[str]:
    """Jobs done; every artifact of the study must be as its record says afterwards."""
    done = ntcspec("run", study, "--cores", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    verified = ntcspec("verify", study)
    assert verified.returncode == 0, verified.stderr
    return jobs_done(done)


def state(study: Path) -> dict[str, tuple[int, bytes]]:
    """Inode, which is new after every writing, and bytes of every artifact on disk."""
    found = [p for p in sorted((study / "results").rglob("*.*")) if p.is_file() and p.suffix != ".log"]
    return {p.relative_to(study).as_posix(): (p.stat().st_ino, p.read_bytes()) for p in found}


def own_jobs(*samples: str, measurement: str = "exafs") -> set[str]:
    return {f"{stage} {name} / {measurement}" for name in samples for stage in STAGES}


def of_samples(done: set[str]) -> set[str]:
    """Those jobs that are stages of a measurement."""
    return {job for job in done if " / " in job}


def untouched(study: Path, earlier: dict[str, tuple[int, bytes]], *begins: str) -> None:
    """Artifacts of which the path begins so were not written again, not even with the same bytes."""
    now = state(study)
    kept = [path for path in earlier if path.startswith(begins)]
    assert kept and [path for path in kept if now.get(path) != earlier[path]] == []


def naming(study: Path, name: str) -> set[str]:
    """Artifacts of the study whose record names a sample, its own or that of anything they are made from."""
    plan = Plan(load_study(study))
    word = json.dumps(name)
    return {path for path in plan.outputs() if word in json.dumps(read_any_record(study / path))}


def rows(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()[1:]))


def test_a_new_sample_runs_its_own_jobs_and_shows_everywhere(study: Path) -> None:
    earlier = state(study)
    add_c(study)
    edit(study / "claims.yaml", lambda d: d["claims"].update(all=claim("a", "b", "c", against="milling_time")))
    done = run(study)
    assert of_samples(done) == own_jobs("c")
    assert done >= {TABLE, TRENDS, CLAIMS, *DRAWN, "check sums"} and "panel only_a" not in done
    untouched(study, earlier, "results/a/", "results/b/", "results/panels/only_a")
    plan = Plan(load_study(study))
    whole = {path for job in plan.jobs.values() if "sample" not in job.about for path in job.outputs}
    own = {path for path in plan.outputs() if path.startswith("results/c/")}
    assert naming(study, "c") == own | {path for path in whole if "only_a" not in path}
    assert {r["sample"] for r in rows(study / "results/metrics.csv")} == {"a", "b", "c"}
    assert [r["sample"] for r in rows(study / "results/samples.csv")] == ["a", "b", "c"]
    assert {r["samples"] for r in rows(study / "results/trends.csv") if r["metric"] == METRIC} == {"a; b; c"}
    assert rows(study / "results/claims.csv")[1]["verdict"] == "holds"
    assert panel_entries(study, "chi_r") == ["a", "b", "c"] == panel_entries(study, "numbers")


def panel_entries(study: Path, panel: str) -> list[str]:
    """Samples that a panel draws, by the record of its PNG."""
    record: Any = read_any_record(study / f"results/panels/{panel}.png")
    return [entry["sample"] for entry in record["parameters"]["entries"]]


def test_a_sample_taken_out_is_gone_from_everything_and_its_results_are_named(study: Path) -> None:
    add_c(study)
    run(study)
    with_c = state(study)
    edit(study / "samples.yaml", lambda d: d["samples"].pop("c"))
    second = ntcspec("run", study)
    assert of_samples(jobs_done(second)) == set()
    assert naming(study, "c") == set()
    assert {r["sample"] for r in rows(study / "results/metrics.csv")} == {"a", "b"}
    assert {r["samples"] for r in rows(study / "results/trends.csv") if r["metric"] == METRIC} == {"a; b"}
    assert panel_entries(study, "chi_r") == ["a", "b"]
    untouched(study, with_c, "results/c/")  # named, not deleted
    named = "left over: results/c/exafs/: 6 files of sample c / exafs\n"
    for words in (second.stdout, ntcspec("run", study).stdout, ntcspec("check", study).stdout):
        assert named in words and "`ntcspec clean`" in words
    assert ntcspec("verify", study).returncode == 0


def test_results_that_were_kept_are_used_when_the_sample_comes_back(study: Path) -> None:
    add_c(study)
    run(study)
    with_c = state(study)
    edit(study / "samples.yaml", lambda d: d["samples"].pop("c"))
    run(study)
    add_c(study)
    assert of_samples(run(study)) == set()
    crate = "results/ro-crate-metadata.json"  # says when
    now = {path: data for path, (_, data) in state(study).items() if path != crate}
    assert now == {path: data for path, (_, data) in with_c.items() if path != crate}


def test_a_renamed_sample_runs_alone_under_its_new_name(study: Path) -> None:
    earlier = state(study)
    edit(study / "samples.yaml", lambda d: d.update(samples={"a": d["samples"]["a"], "b2": d["samples"]["b"]}))
    edit(study / "claims.yaml", lambda d: d.update(claims={"grows": claim("a", "b2")}))
    done = run(study)
    assert of_samples(done) == own_jobs("b2")
    untouched(study, earlier, "results/a/", "results/panels/only_a", "results/b/")
    assert naming(study, "b") == set() and naming(study, "b2") >= SHARED
    assert [one.what for one in leftovers(Plan(load_study(study)))] == ["sample b / exafs"]


def test_another_order_of_samples_reruns_only_what_draws_or_lists_them_in_order(study: Path) -> None:
    earlier = state(study)
    edit(study / "samples.yaml", lambda d: d.update(samples={n: d["samples"][n] for n in ("b", "a")}))
    done = run(study)
    assert of_samples(done) == set() and done >= {TABLE, *DRAWN} and "panel only_a" not in done
    untouched(study, earlier, "results/a/", "results/b/", "results/panels/only_a")
    assert [r["sample"] for r in rows(study / "results/samples.csv")] == ["b", "a"]
    assert panel_entries(study, "chi_r") == ["b", "a"]


def test_a_further_measurement_runs_alone(study: Path) -> None:
    earlier = state(study)
    further = measurement("raw/a2.xdi", technique="exafs")
    edit(study / "samples.yaml", lambda d: d["samples"]["a"]["measurements"].update(again=further))
    done = run(study)
    assert of_samples(done) == own_jobs("a", measurement="again")
    assert done >= {TABLE, TRENDS, CLAIMS, "panel numbers"} and not done & {"panel chi_r", "panel mu", "panel only_a"}
    untouched(study, earlier, "results/a/exafs/", "results/b/", "results/panels/chi_r", "results/panels/mu.")
    assert {r["measurement"] for r in rows(study / "results/metrics.csv")} == {"exafs", "again"}


def test_a_property_runs_no_stage(study: Path) -> None:
    earlier = state(study)
    known = {"value": 1e-3, "unit": "S/cm"}
    edit(study / "samples.yaml", lambda d: d["samples"]["a"]["properties"].update(conductivity=known))
    done = run(study)
    assert of_samples(done) == set() and done >= {TABLE, TRENDS, CLAIMS, "panel numbers"}
    untouched(study, earlier, "results/a/", "results/b/", "results/panels/chi_r", "results/panels/mu.")
    assert rows(study / "results/samples.csv")[0]["conductivity [S/cm]"] == "0.001"


def test_a_claim_runs_the_claims_alone(study: Path) -> None:
    earlier = state(study)
    edit(study / "claims.yaml", lambda d: d["claims"].update(window=claim("a", kind="window", range=[1.8, 2.1])))
    done = run(study)
    assert of_samples(done) == set() and CLAIMS in done
    assert not done & {TABLE, TRENDS, *DRAWN, "panel only_a"}
    untouched(study, earlier, "results/a/", "results/b/", "results/panels/", "results/metrics", "results/trends")
    assert [r["verdict"] for r in rows(study / "results/claims.csv")] == ["holds", "holds"]


def test_check_says_how_much_it_looked_at(study: Path) -> None:
    said = ntcspec("check", study).stdout
    counts = "2 samples, 2 measurements, 3 raw files, 0 series, 1 trend, 1 claim, 4 panels"
    assert said == f"made up: nothing wrong in {counts}\n"


def test_clean_lists_and_deletes_only_what_carries_a_record_and_is_asked_for(study: Path, tmp_path: Path) -> None:
    add_c(study)
    run(study)
    edit(study / "samples.yaml", lambda d: d["samples"].pop("c"))
    edit(study / "config.yaml", lambda d: d["panels"].pop("mu"))
    run(study)
    notes = {"results/c/exafs/notes.csv": "my notes\n", "results/own.json": '{"mine": 1}', "results/c/plan.txt": "x"}
    for name, text in notes.items():
        (study / name).write_text(text)
    outside = tmp_path / "elsewhere"
    shutil.copytree(study / "results/c/exafs", outside / "exafs")
    (study / "results/linked").symlink_to(outside)
    (study / "results/linked.nxs").symlink_to(outside / "exafs/ingest.nxs")
    current = {p: d for p, d in state(study).items() if p in Plan(load_study(study)).outputs()}
    kept_outside = state_of(outside)

    listed = ntcspec("clean", study)
    files = [f"results/c/exafs/{f}" for f in (*(f"{s}.nxs" for s in STAGES), "measure.json")]
    files += [f"results/panels/mu.{suffix}" for suffix in ("nxs", "pdf", "png", "svg")]
    assert sorted(line.strip() for line in listed.stdout.splitlines() if line.startswith("  ")) == sorted(files)
    assert all((study / name).is_file() for name in files)  # listing deletes nothing

    deleted = ntcspec("clean", study, "--delete")
    assert deleted.returncode == 0 and "10 files deleted" in deleted.stdout, deleted.stdout + deleted.stderr
    assert not any((study / name).exists() for name in files)
    assert {name: (study / name).read_text() for name in notes} == notes
    assert state_of(outside) == kept_outside and (study / "results/linked.nxs").is_symlink()
    assert {p: d for p, d in state(study).items() if p in current} == current
    assert "nothing is left over" in ntcspec("clean", study).stdout
    assert run(study) <= {"check sums"}


def state_of(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_measurement_with_a_mistake_is_not_left_over(study: Path) -> None:
    edit(study / "samples.yaml", lambda d: d["samples"]["b"]["measurements"]["exafs"].update(edge="L9"))
    assert leftovers(Plan(load_study(study))) == []
    assert "left over" not in ntcspec("run", study).stdout


def test_what_another_study_made_in_this_folder_is_told_apart(study: Path) -> None:
    edit(study / "config.yaml", lambda d: (d.update(study="new name"), d["panels"].pop("mu")))
    (one,) = [x for x in leftovers(Plan(load_study(study))) if x.what == "panel mu"]
    assert one.study == "made up"
    mine = ntcspec("clean", study, "--delete")
    assert "no files deleted" in mine.stdout and "--made-by 'made up'" in mine.stdout
    assert (study / "results/panels/mu.png").is_file()
    assert "5 files deleted" in ntcspec("clean", study, "--delete", "--made-by", "made up").stdout
    assert not (study / "results/panels/mu.png").exists()


def test_the_last_good_of_a_measurement_that_is_there_is_not_left_over(study: Path) -> None:
    folder = study / "results/a/exafs/last-good"
    folder.mkdir()
    shutil.copy(study / "results/b/exafs/reduce.nxs", folder / "reduce.nxs")
    assert leftovers(Plan(load_study(study))) == []
    shutil.copytree(study / "results/a", study / "results/z")
    assert len(leftovers(Plan(load_study(study)))[0].paths) == 6
