"""The smallest studies: one sample, one technique, and neither properties, trends, claims nor panels."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nmr_files
import numpy as np
import pytest
import scattering_files
from study import CONFIG, measurement, ntcspec, table, write_yaml, xdi

METRIC = "exafs.first_shell.position"


def raman(path: Path) -> dict[str, Any]:
    shift = np.arange(100.0, 600.0, 0.6)
    band = 600 + 1500 / (1 + 4 * ((shift - 381.0) / 9.0) ** 2)
    path.write_text(
        "".join(f"{s:.6g}\t{v:g}\n" for s, v in zip(shift, np.random.default_rng(1).poisson(band), strict=True))
    )
    return {"measure": {"regions": {"a": [340, 420]}}}


def nmr(path: Path) -> dict[str, Any]:
    rng = np.random.default_rng(1)
    x = np.rint(nmr_files.decay(512) + 300.0 * (rng.normal(size=512) + 1j * rng.normal(size=512)))
    nmr_files.spinsight(path, x)
    return {"measure": {"lines": {"main": {"range_ppm": [25, 56]}}}}


def scattering(path: Path) -> dict[str, Any]:
    q = np.arange(20, 1101) * 0.02
    scattering_files.chi(path, scattering_files.intensity(q), axis=q)
    peaks = {"first_shell": {"range_ang": [2.0, 2.7], "pair": ["Ta", "Cl"]}}
    return {"transform": {"rmax_ang": 20}, "measure": {"peaks": peaks}}


def absorption(path: Path) -> dict[str, Any]:
    xdi(path, table())
    return {"element": "Ta", "edge": "L3", "reduce": {"e0_ev": 9881.0}}


TECHNIQUES: dict[str, tuple[Callable[[Path], dict[str, Any]], dict[str, Any]]] = {
    "xanes": (absorption, {"measure": {"features": {"white_line": {"range_ev": [9875, 9900]}}}}),
    "exafs": (absorption, {"measure": {"windows": {"first_shell": [1.3, 2.6]}}}),
    "scattering": (scattering, {}),
    "raman": (raman, {}),
    "nmr": (nmr, {}),
}


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8").partition("\n")[2], newline="")))


@pytest.mark.parametrize("technique", TECHNIQUES)
def test_one_sample_by_one_technique_and_nothing_else(tmp_path: Path, technique: str) -> None:
    write, own = TECHNIQUES[technique]
    (tmp_path / "raw").mkdir()
    about = write(tmp_path / "raw/a.dat")
    one = {"files": ["raw/a.dat"], **about, **own}
    write_yaml(tmp_path / "config.yaml", {"study": "small"})
    write_yaml(
        tmp_path / "samples.yaml", {"samples": {"a": {"composition": "NaTaCl6", "measurements": {technique: one}}}}
    )
    checked = ntcspec("check", tmp_path)
    assert checked.returncode == 0, checked.stderr
    assert "1 sample, 1 measurement, 1 raw file, 0 series, 0 trends, 0 claims, 0 panels" in checked.stdout
    run = ntcspec("run", tmp_path, "--cores", "1")
    assert run.returncode == 0 and run.stderr == "", run.stdout + run.stderr
    assert "figures:" not in run.stdout and "claims:" not in run.stdout
    metrics = rows(tmp_path / "results/metrics.csv")
    assert {(r["sample"], r["technique"]) for r in metrics} == {("a", technique)}
    assert any(r["value"] and r["unit"] for r in metrics) and all(r["value"] or r["reason"] for r in metrics)
    (sample,) = rows(tmp_path / "results/samples.csv")
    assert (sample["sample"], sample["composition"], sample["simulated"]) == ("a", "NaTaCl6", "no")
    assert not any((tmp_path / "results" / name).exists() for name in ("trends.csv", "claims.csv", "panels", "series"))
    verified = ntcspec("verify", tmp_path)
    assert verified.returncode == 0, verified.stderr
    assert ntcspec("export", tmp_path, "--to", tmp_path / "export").returncode == 0


def claim(kind: str, **own: object) -> dict[str, object]:
    words = {"says": "so", "source": "made up", "refuted_by": "not so", "kind": kind, "metric": METRIC}
    return {**words, "samples": ["a"], **own}


def test_one_sample_with_everything_that_compares_samples(tmp_path: Path) -> None:
    xdi(tmp_path / "raw/a.xdi", table())
    known = {"conductivity": {"value": 1e-3, "unit": "S/cm"}}
    sample = {"properties": known, "measurements": {"exafs": measurement("raw/a.xdi")}}
    options = {"metrics": [METRIC], "against": "conductivity"}
    panels = {n: {"kind": f"study.{n}", "options": options} for n in ("trend", "correlation")}
    more = {"trends": {"conductivity": {}}, "panels": panels}
    write_yaml(tmp_path / "config.yaml", {**CONFIG, **more})
    write_yaml(tmp_path / "samples.yaml", {"samples": {"a": sample}})
    write_yaml(tmp_path / "claims.yaml", {"claims": {"place": claim("window", range=[1, 3])}})
    run = ntcspec("run", tmp_path, "--cores", "1")
    assert run.returncode == 0 and run.stderr == "", run.stdout + run.stderr
    assert "1 hold, 0 do not hold" in run.stdout
    (trend,) = rows(tmp_path / "results/trends.csv")
    assert (trend["property"], trend["n"], trend["verdict"]) == ("conductivity", "0", "not decided: 0 samples")
    assert trend["missing"] == "1 of 1 sample have conductivity; no two of them have the same metric"
    shown = ntcspec("show", tmp_path / "results/panels/correlation.nxs").stdout
    assert "no order of one sample" in shown, shown
    assert ntcspec("verify", tmp_path).returncode == 0


def test_no_sample_at_all_is_told_before_anything_runs(tmp_path: Path) -> None:
    write_yaml(tmp_path / "config.yaml", CONFIG)
    write_yaml(tmp_path / "samples.yaml", {"samples": {}})
    for command in ("run", "check", "clean"):
        done = ntcspec(command, tmp_path)
        assert (done.returncode, done.stderr) == (1, "samples.yaml, line 1: samples: lists no sample -> add one\n")
    assert not (tmp_path / "results").exists()
