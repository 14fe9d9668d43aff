"""A structure in the config adds the stage `paths`; without one there is none."""

import csv
import json
import shutil
from pathlib import Path

import yaml
from study import ROOT, jobs_done, ntcspec, write_yaml

CIF = ROOT / "resources/demo/NaTaCl6_P21c.cif"


def with_structure(study: Path, file: str) -> Path:
    config = yaml.safe_load((study / "config.yaml").read_text())
    config["defaults"]["exafs"]["paths"] = {"structures": {"crystal": {"file": file}}}
    write_yaml(study / "config.yaml", config)
    return study


def test_a_structure_adds_its_jobs_and_metrics_and_is_audited(study: Path) -> None:
    shutil.copy(CIF, study / "raw/model.cif")
    run = ntcspec("run", with_structure(study, "raw/model.cif"))
    assert run.returncode == 0, run.stdout + run.stderr
    assert jobs_done(run) == {
        "paths a / exafs",
        "paths b / exafs",
        "table of all metrics",
        "the whole study in one file",
        "report",
        "check sums",
        "crate",
    }
    lines = (study / "results/metrics.csv").read_text(encoding="utf-8").splitlines()[1:]
    shares = [row for row in csv.DictReader(lines) if row["metric"].endswith(".share")]
    assert {row["sample"] for row in shares} == {"a", "b"} and all(float(row["u_sys"]) > 0 for row in shares)
    shown = ntcspec("show", study / "results/a/exafs/paths.nxs").stdout
    assert "paths of crystal" in shown and "forward        Ta-Cl-Ta-Cl" in shown
    record = json.loads((study / "results/a/exafs/paths.json").read_text())["record"]
    assert [i["path"] for i in record["inputs"] if i["root"] == "raw"] == ["raw/model.cif"]
    (study / "raw/model.cif").write_text(CIF.read_text() + "\n# changed\n")
    assert "raw/model.cif: its bytes are not those that results/a/exafs/paths.nxs" in ntcspec("verify", study).stderr
    assert jobs_done(ntcspec("run", study)) >= {"paths a / exafs", "paths b / exafs"}


def test_a_structure_that_is_not_there_is_told_at_its_place(study: Path) -> None:
    run = ntcspec("check", with_structure(study, "raw/modle.cif"))
    assert run.returncode == 1 and "Traceback" not in run.stderr
    assert "defaults.exafs.paths.structures.crystal.file: no such file 'raw/modle.cif'" in run.stderr


def test_a_structure_that_cannot_be_used_fails_by_name_and_takes_nothing_with_it(study: Path) -> None:
    before = (study / "results/a/exafs/measure.json").read_bytes()
    (study / "raw/model.cif").write_text("no structure\n")
    run = ntcspec("run", with_structure(study, "raw/model.cif"))
    assert run.returncode == 1 and "Traceback" not in run.stdout + run.stderr
    assert "FAILED a / exafs" in run.stdout + run.stderr and "model.cif" in run.stdout + run.stderr
    assert (study / "results/a/exafs/measure.json").read_bytes() == before


def test_a_structure_that_two_stages_take_is_told_once_and_atoms_in_words(study: Path) -> None:
    config = yaml.safe_load((with_structure(study, "raw/modle.cif") / "config.yaml").read_text())
    model = {
        "parameters": {"n": {"guess": 6}}, "paths": {"Cl": {"atoms": "Ta-Cl", "near_ang": 2.3, "n": "n"}},
    }  # fmt: skip
    config["defaults"]["exafs"]["fit"] = {"models": {"one": model}}
    write_yaml(study / "config.yaml", config)
    run = ntcspec("check", study)
    assert run.stderr.count("no such file 'raw/modle.cif'") == 1
    config["defaults"]["exafs"]["paths"]["sigma2_of_ang2"] = {"Ta-Cl beyond 4": 0.03}
    write_yaml(study / "config.yaml", config)
    run = ntcspec("check", study)
    assert "name the atoms of a path, absorber first, such as Ta-Na, or Ta-Cl from 4" in run.stderr
