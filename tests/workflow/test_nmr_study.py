"""A study of NMR directories of two spectrometers: lines and a fit, and bad measurements among good ones."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nmr_files
import numpy as np
import pytest
from study import ROOT, artifacts, jobs_done, ntcspec, write_yaml
from test_cost import HEAVY, RUN, SCRIPT

from ntcspec import store
from ntcspec.types.nmr import NmrMeasured, NmrReduced

SHIFT = (4000.0 + 300.0) / 105.6697  # ppm: the line of the files, 4000 Hz from a receiver that is 300 Hz above shift 0
CONFIG = {
    "study": "made up",
    "measurements": {
        "nmr": {
            "measure": {
                "lines": {"main": {"range_ppm": [25, 56], "sidebands": 1}},
                "fits": {
                    "na": {
                        "range_ppm": [0, 80],
                        "sites": {"line": {"model": "lorentzian", "shift_ppm": [20, 60]}},
                    }
                },
            }
        }
    },
    "panels": {"spectra": {"kind": "nmr.spectra"}, "fits": {"kind": "nmr.fit"}},
}


def decay(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(2, 512)) * 300.0
    return np.rint(nmr_files.decay(512) + noise[0] + 1j * noise[1])


def write_raw(raw: Path) -> None:
    x = decay(1)
    nmr_files.spinsight(raw / "spinsight", x)
    nmr_files.varian(raw / "varian.fid", decay(2))
    nmr_files.varian(raw / "no-procpar.fid", x)
    (raw / "no-procpar.fid/procpar").unlink()
    nmr_files.varian(raw / "other-procpar.fid", x, np=2048)
    data = nmr_files.spinsight(raw / "cut", x) / "data"
    data.write_bytes(data.read_bytes()[:1000])
    nmr_files.spinsight(raw / "slow", x, dw="20s")
    nmr_files.spinsight(raw / "array", x, copies=4)
    nmr_files.spinsight(raw / "unreferenced", x)
    (raw / "unreferenced/proc").unlink()
    nmr_files.spinsight(raw / "nameless", x, sf2=None)
    nmr_files.spinsight(raw / "no-acq", x)
    (raw / "no-acq/acq").unlink()
    (raw / "empty").mkdir()


BAD = {
    "no-procpar.fid": r"raw/no-procpar\.fid/procpar: no such file, and the frequency of the points and their dwell "
    r"cannot be read without it -> ",
    "other-procpar.fid": r"raw/other-procpar\.fid/fid: procpar has np=2048, the header of fid 1024 -> ",
    "cut": r"raw/cut/data: 1000 bytes; 512 complex points need 4096 -> the file is cut off",
    "slow": r"raw/slow/acq: dw: a spectral width of 0\.05 Hz \(dwell 20 s\) is impossible -> between ",
    "array": r"raw/array/data: 4 decays \(an arrayed measurement\), where one spectrum is expected -> .*trace: 1",
    "unreferenced": r"raw/unreferenced/data: its axis has no zero \(the file proc, which holds the reference, is not there\) -> name a measurement of the reference",
    "nameless": r"raw/nameless/data: ingest\.nucleus: the file does not say which nucleus it is -> say it: ",
    "no-acq": r"raw/no-acq/acq: no such file, and the points, their dwell and their frequency cannot be read",
    "beyond": r"measure\.lines\.main\.range_ppm: 25 to 5600 ppm .* -> ",
    "empty": r"samples\.yaml, line \d+: .*'raw/empty' is an empty folder -> ",
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nmr")
    write_raw(folder / "raw")
    own: dict[str, dict[str, object]] = {name: {"files": [f"raw/{name}"]} for name in BAD if name != "beyond"}
    own |= {name: {"files": [f"raw/{name}"]} for name in ("spinsight", "varian.fid")}
    own["beyond"] = {"files": ["raw/spinsight"], "measure": {"lines": {"main": {"range_ppm": [25, 5600]}}}}
    samples = {name: {"simulated": True, "measurements": {"nmr": about}} for name, about in own.items()}
    write_yaml(folder / "config.yaml", CONFIG)
    write_yaml(folder / "samples.yaml", {"samples": samples})
    run = ntcspec("run", folder, "--cores", "2")
    assert run.returncode == 1 and "Traceback" not in run.stdout + run.stderr  # of the bad files
    (folder / "said.txt").write_text(run.stdout + run.stderr)
    return folder


def metrics(folder: Path, sample: str) -> dict[str, dict[str, str]]:
    lines = (folder / "results/metrics.csv").read_text(encoding="utf-8").splitlines()[1:]
    return {row["metric"]: row for row in csv.DictReader(lines) if row["sample"] == sample}


@pytest.mark.parametrize("sample", ["spinsight", "varian.fid"])
def test_a_line_stands_at_its_shift_with_its_width(finished: Path, sample: str) -> None:
    found = metrics(finished, sample)
    for name, truth in (("main.position", SHIFT), ("na.line.position", SHIFT), ("na.line.fwhm", 300.0)):
        row = found[name]
        assert abs(float(row["value"]) - truth) < 4 * np.hypot(float(row["u_stat"]), float(row["u_sys"])), name
    assert float(found["na.line.position"]["u_stat"]) < 0.05


@pytest.mark.parametrize(("sample", "message"), BAD.items())
def test_a_bad_file_says_what_and_how_to_mend_it_and_takes_nothing_with_it(
    finished: Path, sample: str, message: str
) -> None:
    (only,) = metrics(finished, sample).values()
    assert only["value"] == "" and re.search(message, only["reason"]), only["reason"]
    assert re.search(message, (finished / "said.txt").read_text())


def test_check_finds_the_files_that_cannot_be_read_before_anything_runs(finished: Path) -> None:
    run = ntcspec("check", finished)
    assert run.returncode == 1 and "Traceback" not in run.stderr
    for name in ("no-procpar.fid/procpar", "other-procpar.fid", "cut", "slow", "array", "no-acq", "empty"):
        assert f"raw/{name}" in run.stderr, name


def test_a_changed_file_beside_the_points_runs_that_sample_alone(finished: Path, tmp_path: Path) -> None:
    study = Path(shutil.copytree(finished, tmp_path / "study"))
    assert jobs_done(ntcspec("run", study)) == set()
    for name, samples in (("spinsight/acq", {"spinsight", "beyond"}), ("varian.fid/procpar", {"varian.fid"})):
        with (study / "raw" / name).open("a") as file:
            file.write("\n")
        done = {one for one in jobs_done(ntcspec("run", study, "--cores", "2")) if " / nmr" in one}
        assert {one.split(" / ")[0].split(" ", 1)[1] for one in done} == samples
        assert {f"ingest {sample} / nmr" for sample in samples} <= done


def test_the_number_of_cores_changes_no_byte(finished: Path, tmp_path: Path) -> None:
    study = tmp_path / "study"
    shutil.copytree(finished, study, ignore=shutil.ignore_patterns("results", ".snakemake"))
    assert ntcspec("run", study, "--cores", "1").returncode == 1
    assert artifacts(study) == artifacts(finished)


def test_a_record_names_the_files_beside_the_points(finished: Path) -> None:
    record = json.loads((finished / "results/spinsight/nmr/measure.json").read_text())["record"]
    inputs = record["ancestry"]["results/spinsight/nmr/ingest.nxs"]["inputs"]
    assert [(i["role"], i["path"]) for i in inputs] == [
        ("raw", "raw/spinsight/data"),
        *(("companion", f"raw/spinsight/{name}") for name in ("acq", "acq_2", "proc")),
    ]


def test_export_writes_columns_that_other_programs_read(finished: Path, tmp_path: Path) -> None:
    run = ntcspec("export", finished, "--to", tmp_path / "out")
    assert run.returncode == 1 and "not exported: cut / nmr" in run.stdout and "Traceback" not in run.stderr
    path = tmp_path / "out/varian.fid/nmr/nmr.dat"
    assert "SIMULATED data" in path.read_text() and "# Nmr.mhz_at_0_ppm: 105.6697" in path.read_text()
    reduced = store.read(finished / "results/varian.fid/nmr/reduce.nxs", NmrReduced)
    columns = (reduced.shift_ppm, reduced.real, reduced.imaginary, reduced.sigma, reduced.baseline)
    assert np.allclose(np.genfromtxt(path).T, columns, rtol=1e-9)
    (fit,) = store.read(finished / "results/varian.fid/nmr/measure.nxs", NmrMeasured).fits
    path = path.with_name("nmr_fit_na.dat")
    assert path.read_text().splitlines()[-fit.data.size - 1].split() == [
        "#", "shift", "data", "data_error", "fit", "background", "site_line",
    ]  # fmt: skip
    assert np.allclose(
        np.genfromtxt(path).T,
        (fit.shift_ppm, fit.data, fit.data_error, fit.total, fit.background, fit.sites[0]),
        rtol=1e-9,
    )


@pytest.mark.parametrize("stage", ["ingest", "reduce", "measure"])
def test_no_stage_imports_more_than_numpy(finished: Path, tmp_path: Path, stage: str) -> None:
    study = Path(shutil.copytree(finished, tmp_path / "study"))
    script = SCRIPT.replace(
        "['stage'] == sys.argv[1])", "['stage'] == sys.argv[1] and j.about['sample'] == 'spinsight')"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = {"cwd": study, "env": env, "capture_output": True, "text": True, "check": True}
    planned = subprocess.run([sys.executable, "-c", script, stage], **words)  # type: ignore[call-overload]
    done = subprocess.run([sys.executable, "-c", RUN, stage], input=planned.stdout, **words)  # type: ignore[call-overload]
    assert not set(json.loads(done.stdout)) & set(HEAVY)
