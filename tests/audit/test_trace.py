"""trace: from any artifact to raw bytes, beside its study and alone, as text and as JSON."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from forge import edit_record, flip
from jsonschema import Draft202012Validator

from ntcspec.audit.place import place_of
from ntcspec.audit.tree import Family, family_of
from ntcspec.cli import main

ROOT = Path(__file__).parents[2]
RAW = ("raw/a1.xdi", "raw/a2.xdi", "raw/b.xdi")
EVERY = ("panels/map.png", "panels/mu.pdf", "panels/chi_r.svg", "panels/mu.nxs", "metrics.csv", "samples.csv")


def family(path: Path) -> Family:
    return family_of(path, place_of(path))


def say(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    """Exit code and what is printed and said of errors by `ntcspec trace`."""
    code = main(["trace", *map(str, words)])
    out = capsys.readouterr()
    return code, out.out, out.err


@pytest.fixture
def copy(audited: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(audited, tmp_path / "copy", copy_function=os.link))


@pytest.mark.parametrize("name", [*EVERY, "claims.csv", "trends.csv"])
def test_every_artifact_leads_to_all_raw_files(audited: Path, name: str) -> None:
    found = family(audited / "results" / name)
    assert {path for path, node in found.nodes.items() if node.root == "raw"} == set(RAW)
    assert {node.state for node in found.nodes.values()} == {"ok"} and not found.findings and found.simulated


def test_an_artifact_made_from_raw_files_alone_leads_to_them(
    audited: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = audited / "results/a/exafs/ingest.nxs"
    code, out, _ = say(capsys, file)
    assert code == 0 and "checked      the bytes of 2 raw files that it was made from" in out
    for words in ("raw/a1.xdi  (raw file, ", "raw/a2.xdi  (raw file, ", "; code ", "SIMULATED"):
        assert words in out
    shutil.copytree(audited, tmp_path / "study")
    flip(tmp_path / "study/raw/a1.xdi", 100)
    code, out, _ = say(capsys, tmp_path / "study/results/a/exafs/ingest.nxs")
    assert code == 1 and "CHANGED" in out


def test_text_holds_parameters_packages_code_and_hashes(audited: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = say(capsys, audited / "results/panels/map.png")
    assert code == 0
    assert out.splitlines()[0] == "map.png  ok  SIMULATED"
    for words in ("kmin_inv_ang: 3.0", "eta_sigma: 7.0", "numpy ", "; code ", "(raw file, ", "sha256 ", "see above"):
        assert (words in out) == (words != "see above"), words
    for path, node in family(audited / "results/panels/map.png").nodes.items():
        assert path in out and node.sha256[:16] in out
    assert "not checked  whether the picture is what this code makes of these inputs" in out


def test_what_is_used_twice_is_told_once(audited: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = say(capsys, audited / "results/a/exafs/measure.nxs")
    assert out.count("results/a/exafs/reduce.nxs  (") == 2 and out.count("(see above)") >= 1
    assert out.count("│ reduce: ntcspec") == 1


def test_json_follows_its_schema(audited: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    schema = json.loads((ROOT / "resources/trace.schema.json").read_text())
    shutil.copy(audited / "results/panels/mu.svg", tmp_path / "mail.svg")
    shutil.copy(audited / "results/metrics.csv", tmp_path / "m.csv")
    for named in (
        audited / "results/claims.csv",
        tmp_path / "mail.svg",
        f"{tmp_path}/m.csv:a/exafs.first_shell.position",
        f"{audited}/results/samples.csv:a/dose",
    ):
        _, out, _ = say(capsys, named, "--json")
        Draft202012Validator(schema).validate(json.loads(out))
    Draft202012Validator.check_schema(schema)


def test_json_holds_the_whole_record(audited: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = say(capsys, audited / "results/panels/mu.png", "--json")
    node = json.loads(out)["nodes"]["results/a/exafs/reduce.nxs"]
    assert node["parameters"]["e0_ev"] == 9881.0 and node["about"]["sample"] == "a"
    assert "ntcspec.xas.reduce" in node["code"]["modules"] and node["packages"]["numpy"]
    assert node["inputs"] == [{"role": "ingest", "path": "results/a/exafs/ingest.nxs"}]


def test_a_figure_by_mail_is_checked_as_far_as_it_goes(
    audited: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "fig 2 final(3).png"
    shutil.copy(audited / "results/panels/map.png", path)
    code, out, _ = say(capsys, path)
    assert code == 0 and all(raw in out for raw in RAW)
    assert "checked      the 9 records in it: keys, seals and code follow from what it says" in out
    assert "not checked  the bytes of 3 raw files: the study is not here" in out
    assert f"not checked  the bytes of {path.name}" in out
    assert "  ok" not in out


EDITS: dict[str, Any] = {
    "a parameter of an ancestor": lambda r: r["ancestry"]["results/a/exafs/reduce.nxs"]["parameters"].update(e0_ev=1.0),
    "the hash of a raw file": lambda r: r["ancestry"]["results/b/exafs/ingest.nxs"]["inputs"][0].update(
        sha256="0" * 64
    ),
    "the version of a package": lambda r: r["packages"].update(numpy="1.0"),
    "a module": lambda r: r["code"]["modules"].popitem(),
    "the word simulated": lambda r: r.update(simulated=False),
    "an ancestor": lambda r: r["ancestry"].pop("results/a/exafs/reduce.nxs"),
    "all of the inputs": lambda r: r.pop("inputs"),
}


@pytest.mark.parametrize("what", EDITS)
def test_an_edited_record_is_found_in_a_figure_alone(
    audited: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    path = tmp_path / "mail.png"
    shutil.copy(audited / "results/panels/map.png", path)
    edit_record(path, EDITS[what])
    code, out, _ = say(capsys, path)
    assert code == 1 and "FOUND        " in out, out
    assert "checked      the 9 records" not in out


def test_what_changed_since_is_said(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flip(copy / "raw/a1.xdi", -20)
    (copy / "results/b/exafs/transform.nxs").unlink()
    code, out, _ = say(capsys, copy / "results/panels/map.png")
    assert code == 1
    assert "FOUND        raw/a1.xdi: CHANGED" in out
    assert "FOUND        results/b/exafs/transform.nxs: MISSING" in out


def test_the_traced_file_itself_is_compared_with_the_check_sums(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = copy / "results/metrics.csv"
    text = path.read_text()
    path.unlink(), path.write_text(text + "\n")
    code, out, _ = say(capsys, path)
    assert code == 1 and out.startswith("metrics.csv  CHANGED")


def test_a_study_elsewhere_can_be_named(audited: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(audited / "results/panels/map.png", tmp_path / "mail.png")
    code, out, _ = say(capsys, tmp_path / "mail.png", "--study", audited)
    assert code == 0 and "checked      the bytes of 3 raw files that it was made from" in out
    code, _, err = say(capsys, tmp_path / "mail.png", "--study", tmp_path)
    assert code == 2 and "holds no config.yaml" in err


def test_results_without_a_config_are_checked_but_for_raw_files(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (copy / "config.yaml").unlink()
    code, out, _ = say(capsys, copy / "results/panels/map.png")
    assert code == 0
    assert "checked      the bytes of 8 artifacts that it was made from" in out
    assert "not checked  the bytes of 3 raw files: nobody knows where they lie" in out


def test_a_folder_named_results_makes_no_study(
    audited: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "results").mkdir()
    shutil.copy(audited / "results/panels/map.png", tmp_path / "results/mail.png")
    code, out, _ = say(capsys, tmp_path / "results/mail.png")
    assert code == 0 and "MISSING" not in out and "the study is not here" in out


def test_what_is_no_artifact_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "figure.png").write_bytes(b"no picture")
    for name, words in (
        ("figure.png", "not a PNG, PDF or SVG file"),
        ("figur.png", "no such file (did you mean 'figure.png'?)"),
        (".", "is a folder"),
    ):
        code, out, err = say(capsys, tmp_path / name)
        assert code == 2 and not out and words in err, err


def test_graph_goes_to_svg_alone(audited: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    panel = audited / "results/panels/mu.png"
    code, _, err = say(capsys, panel, "--graph", tmp_path / "g.png")
    assert code == 2 and "drawn as SVG" in err
    code, _, err = say(capsys, panel, "--graph", tmp_path / "nowhere/g.svg")
    assert code == 2 and "cannot be written" in err
    code, _, _ = say(capsys, panel, "--graph", tmp_path / "g.svg")
    assert code == 0 and (tmp_path / "g.svg").read_text().startswith("<?xml")
