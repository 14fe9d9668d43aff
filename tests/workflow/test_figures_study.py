"""Figures of several panels through the whole workflow, and Snakemake's own report of the study."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from study import CONFIG, ROOT, make_study, measurement, ntcspec, write_yaml

FIGURES = {
    "Figure_1": {"panels": {"A": "mu", "B": "chi_r", "C": "lost"}, "rows": ["AB", "CC"], "title": "Tantalum"},
    "map": {"panels": {"a": "map"}, "width_mm": 89},
}
PANELS = {**CONFIG["panels"], "lost": {"kind": "exafs.chi_k", "samples": ["gone"]}}
SAMPLES = {
    "a": {"label": "First", "simulated": True, "measurements": {"exafs": measurement("raw/a1.xdi", "raw/a2.xdi")}},
    "gone": {"measurements": {"exafs": measurement("raw/none.xdi")}},
}
ADDED = {"b": {"label": "Second one", "simulated": True, "measurements": {"exafs": measurement("raw/b.xdi")}}}
SUFFIXES = ("png", "pdf", "svg")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished study with two figures; a panel of one of them has nothing to draw."""
    folder = make_study(tmp_path_factory.mktemp("drawn"), SAMPLES)
    write_yaml(folder / "config.yaml", {**CONFIG, "panels": PANELS, "figures": FIGURES})
    run = ntcspec("run", folder, "--cores", "2")
    assert "FAILED gone" in run.stderr and "NOT MADE" not in run.stderr, run.stdout + run.stderr
    assert "results/figures (2 of several panels)" in run.stdout
    return folder


def test_every_format_is_there_and_traces_to_the_raw_files(drawn: Path) -> None:
    for suffix in SUFFIXES:
        run = ntcspec("trace", drawn / f"results/figures/Figure_1.{suffix}")
        assert run.returncode == 0, run.stderr
        assert "SIMULATED" in run.stdout.splitlines()[0]
        for panel in ("mu", "chi_r", "lost"):
            assert re.search(rf"^[├└]─ results/panels/{panel}\.nxs .*  ok$", run.stdout, re.MULTILINE), run.stdout
        for raw in ("raw/a1.xdi", "raw/a2.xdi"):
            assert re.search(rf"{raw}  \(raw file, \d+ bytes, sha256 [0-9a-f]{{16}}\)  ok", run.stdout)


def test_show_names_the_figure(drawn: Path) -> None:
    run = ntcspec("show", drawn / "results/figures/map.pdf")
    assert run.stdout.startswith("figure of map\nSIMULATED data\n")
    assert 'panels: {"a": "map"}' in run.stdout


def test_verify_knows_the_figures(drawn: Path, tmp_path: Path) -> None:
    assert ntcspec("verify", drawn).returncode == 0
    study = Path(shutil.copytree(drawn, tmp_path / "study"))
    png = study / "results/figures/map.png"
    data = bytearray(png.read_bytes())
    data[-20] ^= 1
    png.write_bytes(data)
    (study / "results/figures/Figure_1.svg").unlink()
    told = ntcspec("verify", study).stderr
    assert (
        "results/figures/map.png: its bytes are not those of" in told
        and "results/figures/Figure_1.svg: missing" in told
    )


def test_replay_makes_a_figure_again_from_the_raw_files(drawn: Path) -> None:
    run = ntcspec("replay", drawn / "results/figures/map.pdf")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "identical bytes" in run.stdout


def test_a_panel_without_data_stands_in_the_figure_with_its_reason(drawn: Path) -> None:
    svg = (drawn / "results/figures/Figure_1.svg").read_text(encoding="utf-8")
    title = re.search("<title>(.*)</title>", svg)
    assert title and title[1] == (
        "A: SIMULATED exafs.mu: First; B: SIMULATED exafs.chi_r: First; C: exafs.chi_k: nothing to draw"
    )
    words = re.findall("<!-- (.*) -->", svg)
    assert "nothing to draw" in words and "not drawn: gone (error in the study's files)" in words
    assert [w for w in words if w in ("A", "B", "C")] == ["A", "B", "C"]
    assert words.count("SIMULATED") == 2


def test_a_sample_added_to_samples_yaml_is_in_the_figure(drawn: Path, tmp_path: Path) -> None:
    study = Path(shutil.copytree(drawn, tmp_path / "study"))
    write_yaml(study / "samples.yaml", {"samples": SAMPLES | ADDED})
    ntcspec("run", study, "--cores", "2")
    for name in ("Figure_1", "map"):
        svg = (study / f"results/figures/{name}.svg").read_text(encoding="utf-8")
        assert "<!-- Second one -->" in svg
        trace = ntcspec("trace", "--json", study / f"results/figures/{name}.pdf").stdout
        assert "results/b/exafs/reduce.nxs" in json.loads(trace)["nodes"]


def test_a_changed_layout_draws_only_that_figure_again_and_the_report(drawn: Path, tmp_path: Path) -> None:
    study = Path(shutil.copytree(drawn, tmp_path / "study"))
    config = yaml.safe_load((study / "config.yaml").read_text())
    config["figures"]["map"]["width_mm"] = 120
    write_yaml(study / "config.yaml", config)
    lines = ntcspec("run", study, "--dry-run").stdout.splitlines()
    assert lines[0].startswith("would do: figure     results/figures/map.png")
    assert lines[1].startswith("would do: report ") and lines[2].startswith("2 of")


@pytest.fixture(scope="module")
def report(drawn: Path) -> str:
    """The page that Snakemake makes of the finished study, without a network."""
    dead = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(drawn)]
    command += ["--workflow-profile", str(ROOT / "workflow/profiles/default"), "--config", "study=config.yaml"]
    run = subprocess.run(
        [*command, "--report", "report.html"], env=os.environ | dead, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return (drawn / "report.html").read_text(encoding="utf-8")


def results_of(report: str) -> dict[str, dict[str, Any]]:
    found = re.search(r'<script id="results">\s*var results = (.*?);\s*</script>', report, re.DOTALL)
    assert found
    return json.loads(found[1])


def caption(report: str, path: str) -> str:
    """As it is read: without tags."""
    return " ".join(re.sub("<[^>]*>", "", results_of(report)[path]["caption"]).split())


def test_snakemake_report_holds_figures_panels_and_tables(report: str, drawn: Path) -> None:
    found = results_of(report)
    panels, figures = (
        sorted(f"results/{k}/{n}.png" for n in names) for k, names in (("panels", PANELS), ("figures", FIGURES))
    )
    assert sorted(found) == sorted([*panels, *figures, "results/metrics.csv", "results/samples.csv"])
    listed = re.search(r"var categories = (.*?);\s*</script>", report, re.DOTALL)
    assert listed
    by_category = {
        name: sorted(path for part in inside.values() for path in part)
        for name, inside in json.loads(listed[1]).items()
    }
    assert by_category["Figures"] == figures and by_category["Panels"] == panels and len(by_category["Tables"]) == 2
    assert found["results/figures/Figure_1.png"]["labels"] == {"figure": "Figure_1"}
    for path in (*figures, *panels):
        embedded = base64.b64decode(found[path]["data_uri"].partition("base64,")[2])
        assert embedded == (drawn / path).read_bytes()


def test_snakemake_report_has_captions(report: str) -> None:
    assert caption(report, "results/figures/Figure_1.png") == (
        "Figure_1, of SIMULATED data: Tantalum. Its panels are A (mu), B (chi_r), C (lost); results/panels has the data of each."
    )
    assert caption(report, "results/panels/chi_r.png") == (
        "Panel chi_r (exafs.chi_r) of SIMULATED data. Drawn from results/a/exafs/transform.nxs. "
        "Not drawn: gone (error in the study's files)."
    )
    assert "Nothing to draw. Not drawn: gone" in caption(report, "results/panels/lost.png")
    for name in ("metrics", "samples"):
        assert "(with SIMULATED data)" in caption(report, f"results/{name}.csv")


def test_snakemake_report_needs_no_network_to_be_read(report: str) -> None:
    assert re.findall(r"""<(?:script|link|img)[^>]*(?:src|href)=["'](?:https?:)?//""", report) == []
