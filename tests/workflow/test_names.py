"""Names that shells, YAML, Snakemake, CSV, XML, HTML and matplotlib could take for their own, through the pipeline."""

from __future__ import annotations

import csv
import io
import re
import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from study import CONFIG, make_study, measurement, ntcspec, table, write_yaml, xdi

from ntcspec.config.load import load_study
from ntcspec.plan import Plan
from ntcspec.workflow import read_any_record

ALL = 'a "b" <script>alert(1)</script> é 你好 / \\ \' ; $(x) {wildcard} %s'
SAMPLES = {  # raw file by sample
    ALL: 'raw/a "b" <script> é 你好 \\ \' ; $(x) {wildcard} %s #1.xdi',
    '=cmd()|x, "y" $\\frac{1}{0}$ $\\bad{$': "raw/{sample},ancient(x)*?[1].xdi",
    "# metrics.csv": "raw/-rf <b>.xdi",
}
STUDY = f"st/udy {ALL}"
LABEL = 'S/cm "$x^{$" <b> 你'


@pytest.fixture(scope="module")
def nasty(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    folder = tmp_path_factory.mktemp("nasty a{b} é $x") / "the study's <folder>"
    samples: dict[str, object] = {}
    for i, (name, raw) in enumerate(SAMPLES.items()):
        xdi(folder / raw, table(2.0 + 0.1 * i, i))
        known = {"conductivity": {"value": 1.0 + i, "unit": LABEL, "source": ALL}}
        measured = {"exafs": measurement(raw)}
        samples[name] = {"simulated": True, "properties": known, "measurements": measured}
    samples[ALL]["measurements"][f"ta.l3 {ALL[:30]}"] = measurement(*SAMPLES.values(), technique="exafs")  # type: ignore[index]
    make_study(folder, samples)
    metric = "exafs.first_shell.position"
    panels = {
        "fig.2b": {"kind": "exafs.chi_r", "title": "$\\bad{ <script> & 你好 {x} %s"},
        "trend": {"kind": "study.trend", "options": {"metrics": [metric], "against": "conductivity"}},
    }
    claim = {
        "says": "=cmd() <script>", "source": ALL, "refuted_by": "{x}", "kind": "trend", "metric": metric, "goes": "up",
        "samples": list(SAMPLES),
    }  # fmt: skip
    write_yaml(folder / "config.yaml", {**CONFIG, "study": STUDY, "panels": panels, "trends": {"conductivity": {}}})
    write_yaml(folder / "claims.yaml", {"claims": {"grows": claim}})
    run = ntcspec("run", folder, "--cores", "2")
    assert run.returncode == 0, run.stdout + run.stderr
    return folder, run.stdout, run.stderr


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8").partition("\n")[2], newline="")))


def test_everything_is_made_and_verified(nasty: tuple[Path, str, str]) -> None:
    folder, out, err = nasty
    assert err == "" and "Warning" not in out
    verified = ntcspec("verify", folder)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert STUDY in verified.stdout
    assert ntcspec("check", folder).returncode == 0
    assert "nothing to compute" in ntcspec("run", folder).stdout


def test_every_artifact_is_traced_to_its_raw_files(nasty: tuple[Path, str, str]) -> None:
    folder, _, _ = nasty
    for path in Plan(load_study(folder)).outputs():
        if path.endswith((".png", ".csv", "measure.nxs", "measure.json")):
            traced = ntcspec("trace", folder / path)
            assert traced.returncode == 0 and traced.stderr == "", traced.stderr
            assert any(raw in traced.stdout for raw in SAMPLES.values()), path


def test_tables_give_the_names_back(nasty: tuple[Path, str, str]) -> None:
    results = nasty[0] / "results"
    assert [r["sample"] for r in rows(results / "samples.csv")] == list(SAMPLES)
    assert {r["sample"] for r in rows(results / "metrics.csv")} == set(SAMPLES)
    assert f"conductivity [{LABEL}]" in rows(results / "samples.csv")[0]
    (claim,) = rows(results / "claims.csv")
    assert (claim["verdict"], claim["n"], claim["statement"]) == ("holds", "3", "=cmd() <script>")
    assert {r["n"] for r in rows(results / "trends.csv") if r["metric"] == "exafs.first_shell.position"} == {"3"}


def test_figures_hold_words_and_no_markup(nasty: tuple[Path, str, str]) -> None:
    for path in (nasty[0] / "results/panels").glob("*.svg"):
        tags = {re.sub(r"\{.*\}", "", e.tag) for e in ElementTree.parse(path).iter()}
        assert "svg" in tags and not tags & {"script", "b"}
        assert read_any_record(path)["study"] == STUDY


def test_the_folders_are_plain(nasty: tuple[Path, str, str]) -> None:
    made = {m.folder for m in load_study(nasty[0]).measurements}
    assert len(made) == 4 and all(re.fullmatch(r"results/[\w.+-]+/[\w.+-]+", folder) for folder in made)


def test_other_commands_take_them(nasty: tuple[Path, str, str], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(nasty[0], tmp_path / "copy"))
    for raw in SAMPLES.values():
        assert ntcspec("show", folder / raw).returncode == 0
    exported = ntcspec("export", folder, "--to", tmp_path / "out {x} <y>")
    assert exported.returncode == 0, exported.stderr
    assert "nothing is left over" in ntcspec("clean", folder).stdout


def deep(top: Path, length: int) -> Path:
    """A folder whose path has that many bytes."""
    while len(bytes(top)) < length - 100:
        top = top / ("d" * 60 + "é")
    return top / ("x" * (length - len(bytes(top)) - 1))


def test_paths_near_what_a_disc_allows(tmp_path: Path) -> None:
    """A root of 400 bytes, a raw file of 254, sample and measurement of 100, with what is written beside them."""
    folder = deep(tmp_path, 400)
    raw = "raw/" + "é" * 125 + ".xdi"
    sample, name = (first + "".join(chr(97 + i * 7 % 26) for i in range(99)) for first in "sm")
    assert len(Path(raw).name.encode()) == 254 and {len(sample), len(name)} == {100}
    xdi(folder / raw, table())
    measured = {name: measurement(raw, technique="exafs")}
    make_study(folder, {sample: {"simulated": True, "measurements": measured}})
    panels = {"p" + "qrstuvwxyz" * 2 + "_" * 5 + "abcdefghi" * 8: {"kind": "exafs.chi_r"}}
    write_yaml(folder / "config.yaml", {**CONFIG, "panels": panels})
    run = ntcspec("run", folder, "--cores", "2")
    assert run.returncode == 0, run.stdout + run.stderr
    packed = ntcspec("pack", folder, "--to", tmp_path / "p.zip")
    assert packed.returncode == 0, packed.stderr
    shutil.unpack_archive(tmp_path / "p.zip", tmp_path / "there")
    (there,) = (tmp_path / "there").iterdir()
    for place in (folder, there):
        verified = ntcspec("verify", place)
        assert verified.returncode == 0, verified.stdout + verified.stderr


def test_a_root_that_is_too_deep_is_told(tmp_path: Path) -> None:
    folder = make_study(deep(tmp_path, 401))
    run = ntcspec("run", folder)
    assert run.returncode == 1 and "internal error" not in run.stderr
    assert "the path of the study's folder has 401 bytes, and 400 are the most -> move the study" in run.stderr
