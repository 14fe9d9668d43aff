"""Measured EXAFS through the whole pipeline, against published reference numbers (REFERENCE.json beside the data)."""

import csv
import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from study import ROOT, ntcspec

from ntcspec import store
from ntcspec.types.exafs import ExafsReduced, ExafsTransformed

REFERENCE = {
    "Ta_foil": "BMM_Ta-L3-Ta_foil.xdi",
    "Ta2O5": "BMM_Ta-L3-Ta2O5.xdi",
    "K2PtCl6": "BMM_Pt-L3-K2PtCl6.xdi",
    "WO3": "WO3/W-L3_WO3_rt_0[123].xdi",
    "As": "CLS_HXMA_dialectA_As_K.dat",
}


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory, xas_data: Path) -> Path:
    folder = tmp_path_factory.mktemp("measured")
    for name in ("config.yaml", "samples.yaml"):
        shutil.copy(ROOT / "tests/studies/measured" / name, folder)
    run = ntcspec("run", folder, "--cores", "2", NTCSPEC_DATA=str(xas_data.parent))
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


@pytest.fixture
def expected(xas_data: Path, sample: str) -> dict[str, Any]:
    return json.loads((xas_data / "REFERENCE.json").read_text())[REFERENCE[sample]]


@pytest.mark.parametrize("sample", REFERENCE)
def test_normalisation_and_chi(measured: Path, sample: str, expected: dict[str, Any]) -> None:
    reduced = store.read(measured / f"results/{sample}/exafs/reduce.nxs", ExafsReduced)
    assert reduced.edge_step == pytest.approx(expected["edge_step"], rel=1e-6)
    for offset, value in expected["norm_at"].items():  # stored with 6 digits: half a unit is 5e-7
        found = np.interp(reduced.e0_ev + float(offset), reduced.energy_ev, reduced.norm)
        assert found == pytest.approx(value, abs=1e-5), offset
    for k, value in expected["chi_at_k"].items():
        found = np.interp(float(k), reduced.k_inv_ang, reduced.chi)
        assert found == pytest.approx(value, abs=1e-6), k


@pytest.mark.parametrize("sample", REFERENCE)
def test_fourier_transform(measured: Path, sample: str, expected: dict[str, Any]) -> None:
    transformed = store.read(measured / f"results/{sample}/exafs/transform.nxs", ExafsTransformed)
    for r, value in expected["chir_mag_at_R"].items():
        found = np.interp(float(r), transformed.r_ang, transformed.chir_mag)
        assert found == pytest.approx(value, abs=1e-5), r
    peak = np.argmax(transformed.chir_mag)
    assert transformed.chir_mag[peak] == pytest.approx(expected["chir_mag_peak"], abs=1e-5)


def test_metrics_have_units_and_both_uncertainties(measured: Path) -> None:
    lines = (measured / "results/metrics.csv").read_text(encoding="utf-8").splitlines()
    rows = list(csv.DictReader(lines[1:]))
    assert {row["sample"] for row in rows} == {"Ta foil", "Ta2O5", "K2PtCl6", "WO3", "As"}
    for row in rows:
        assert row["unit"] and float(row["u_stat"]) > 0 and float(row["u_sys"]) > 0 and not row["reason"], row
    wo3 = next(row for row in rows if row["sample"] == "WO3")
    assert "scatter of repeat scans" in wo3["method"]


def test_no_trace_of_the_data_folder(measured: Path, xas_data: Path) -> None:
    for path in (measured / "results").rglob("*.*"):
        if path.is_file() and "logs" not in path.parts:
            assert os.fsencode(xas_data.resolve()) not in path.read_bytes(), path


def test_the_audit_holds(measured: Path, xas_data: Path) -> None:
    run = ntcspec("verify", measured, NTCSPEC_DATA=str(xas_data.parent))
    assert run.returncode == 0, run.stderr
    tree = ntcspec("trace", measured / "results/panels/wavelet.pdf", NTCSPEC_DATA=str(xas_data.parent)).stdout
    assert "BMM_Pt-L3-K2PtCl6.xdi" in tree and "CHANGED" not in tree and "MISSING" not in tree
