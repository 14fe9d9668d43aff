"""A study of Raman spectra: calibration by silicon, bands that broaden and vanish, a map, and bad files among good ones."""

import csv
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from study import jobs_done, ntcspec, write_yaml

from ntcspec import store
from ntcspec.types.raman import RamanMeasured, RamanReduced

SHIFT, OFFSET = np.arange(60.0, 562.0, 0.6), 1.3  # all files show this much too much
HEADER = "#Acq. time (s)=\t10\n#Accumulations=\t4\n#Spike filter=\tOff\n#Laser (nm)=\t532\n#AxisType[1]=\tSpectr\n#AxisUnit[1]=\t1/cm\n"
TAKEN_OFF = "#Base:Sub=\t23.10.2023 17:07:17\n"

CONFIG = {
    "study": "made up",
    "measurements": {
        "raman": {
            "ingest": {"silicon": "raw/Si.txt"},
            "reduce": {"range_cm1": [70, 555], "baselines": ["arpls lam=1e6", "imodpoly"]},
            "transform": {"temperature_k": 295},
            "measure": {
                "bands": {
                    "a1g": {"range_cm1": [330, 450], "peak_range_cm1": [345, 435], "lines": [1, 2]},
                    "f2g": {"range_cm1": [135, 215], "peak_range_cm1": [160, 190]},
                },
                "regions": {"a": [340, 440], "b": [130, 200]},
                "ratios": {"b_to_a": ["b", "a"]},
            },
        }
    },
    "panels": {
        "stack": {"kind": "raman.stack", "options": {"regions": {"a": [340, 440]}, "fits": True, "residual": True}},
        "fits": {"kind": "raman.fit", "options": {"residual": True}},
    },
}  # fmt: skip


def line(centre: float, width: float) -> np.ndarray:
    return 1 / (1 + 4 * ((SHIFT - centre - OFFSET) / width) ** 2)


def counts(width: float, f2g: float, seed: int, centre: float = 381.0) -> np.ndarray:
    """A1g at 381 and F2g at 176 1/cm on a sloping background, mean of four exposures."""
    mean = 600 + 0.4 * SHIFT + 1500 * line(centre, width) + f2g * line(176.0, 9.0)
    return np.random.default_rng(seed).poisson(4 * mean) / 4


def text(y: np.ndarray, header: str = HEADER, shift: np.ndarray = SHIFT) -> str:
    return header + "".join(f"{s:.6g}\t{v:g}\r\n" for s, v in zip(shift, y, strict=True))


def spectra() -> dict[str, str]:
    """Good and bad files by name."""
    good = counts(8.0, 700.0, 1)
    rows = text(good).splitlines(keepends=True)
    rows[40] = rows[40].replace("\t", "\tlost ")
    centres = np.linspace(379.0, 383.0, 12)
    table = "\t" + "\t".join(f"{s:.6g}" for s in SHIFT) + "\n"
    table += "".join(
        f"{i}\t" + "\t".join(f"{v:g}" for v in counts(8.0, 700.0, 50 + i, centre)) + "\n"
        for i, centre in enumerate(centres)
    )
    si = 300 + 20000 * line(520.45, 4.0)
    return {
        "Si": text(np.round(si)),
        "sharp": text(good),
        "broad": text(counts(20.0, 0.0, 2)),
        "map": HEADER.replace("#AxisType[1]", "#AxisType[2]=\tY\n#AxisUnit[2]=\tµm\n#AxisType[1]") + table,
        "treated": text(good, HEADER + TAKEN_OFF),
        "broken": "".join(rows),
        "wavelength": text(good, "#Acq. time (s)=\t10\n#AxisType[1]=\tSpectr\n#AxisUnit[1]=\tnm\n", 530.0 + SHIFT / 20),
        "flat": text(np.full(SHIFT.size, 500.0) + np.arange(SHIFT.size) % 3),
    }


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raman")
    (folder / "raw").mkdir()
    for name, words in spectra().items():
        (folder / f"raw/{name}.txt").write_bytes(words.encode("cp1252"))
    own = {
        "uncalibrated": {"files": ["raw/sharp.txt"], "ingest": {"silicon": "raw/flat.txt"}},
        "beyond": {"files": ["raw/sharp.txt"], "measure": {"regions": {"a": [340, 900]}}},
        "missing": {"files": ["raw/shrap.txt"]},
        "kept": {"files": ["raw/treated.txt"], "reduce": {"baseline": "none"}},
    }
    own |= {
        name: {"files": [f"raw/{name}.txt"]} for name in ("sharp", "broad", "map", "treated", "broken", "wavelength")
    }
    samples = {name: {"simulated": True, "measurements": {"raman": about}} for name, about in own.items()}
    write_yaml(folder / "config.yaml", CONFIG)
    write_yaml(folder / "samples.yaml", {"samples": samples})
    run = ntcspec("run", folder, "--cores", "2")
    assert run.returncode == 1 and "Traceback" not in run.stdout + run.stderr  # of the bad files
    (folder / "said.txt").write_text(run.stdout + run.stderr)
    return folder


def metrics(folder: Path, sample: str) -> dict[str, dict[str, str]]:
    lines = (folder / "results/metrics.csv").read_text(encoding="utf-8").splitlines()[1:]
    return {row["metric"]: row for row in csv.DictReader(lines) if row["sample"] == sample}


def test_bands_broaden_and_vanish_on_a_calibrated_axis(finished: Path) -> None:
    sharp, broad = metrics(finished, "sharp"), metrics(finished, "broad")
    position = sharp["a1g.position"]
    assert float(position["value"]) == pytest.approx(381.0, abs=0.1)
    assert 0.28 <= float(position["u_sys"]) < 0.35 and float(position["u_stat"]) < 0.05
    for name in ("a1g.fwhm", "a.fwhm"):
        low, high = sharp[name], broad[name]
        u = np.sqrt(sum(float(row[key]) ** 2 for row in (low, high) for key in ("u_stat", "u_sys")))
        assert float(high["value"]) - float(low["value"]) > 3 * u
    assert broad["f2g.position"]["value"] == "" and "not detected" in broad["f2g.position"]["reason"]
    assert sharp["f2g.position"]["value"] != "" and "b_to_a.bose_reduced" in sharp


def test_a_map_has_a_row_for_every_spectrum(finished: Path) -> None:
    found = store.read(finished / "results/map/raman/measure.nxs", RamanMeasured)
    (table,) = found.tables
    place = table.values[:, table.names.index("a1g.line1.position")]
    assert table.values.shape[0] == 12 and np.all(np.abs(place - np.linspace(379, 383, 12)) < 0.3)
    reduced = store.read(finished / "results/map/raman/reduce.nxs", RamanReduced)
    assert reduced.coordinate_names == ("Y",) and reduced.coordinate_units == ("µm",)


@pytest.mark.parametrize(
    ("sample", "message"),
    [
        ("treated", r"raw/treated\.txt: LabSpec has already taken a baseline away .*-> give the raw file; or `baseline: none`"),
        ("broken", r"raw/broken\.txt, line 41, column 2: 'lost [0-9.]+' is no number -> mend or delete this row"),
        ("wavelength", r"raw/wavelength\.txt: the axis is in nm and the file does not state the laser -> .*laser_nm: 532"),
        ("uncalibrated", r"raw/flat\.txt: no line between 500 and 540 1/cm -> is this the spectrum of a silicon wafer"),
        ("beyond", r"measure\.regions\.a: 340 to 900 1/cm is beyond the data, 70 to 55\d 1/cm -> narrow the region"),
        ("missing", r"samples\.yaml, line \d+: .*no such file 'raw/shrap\.txt'.*did you mean 'sharp\.txt'"),
    ],
)  # fmt: skip
def test_a_bad_file_says_what_and_how_to_mend_it_and_takes_nothing_with_it(
    finished: Path, sample: str, message: str
) -> None:
    (only,) = metrics(finished, sample).values()
    assert only["value"] == "" and re.search(message, only["reason"]), only["reason"]
    assert re.search(message, (finished / "said.txt").read_text())
    assert metrics(finished, "sharp")["a1g.fwhm"]["value"] and metrics(finished, "kept")["a1g.fwhm"]["value"]


def test_check_finds_the_files_that_cannot_be_read_before_anything_runs(finished: Path) -> None:
    run = ntcspec("check", finished)
    assert run.returncode == 1
    for name in ("broken.txt, line 41", "wavelength.txt", "shrap.txt"):
        assert name in run.stderr


def test_panels_draw_what_there_is_and_name_the_rest(finished: Path) -> None:
    for name in ("stack", "fits"):
        panel = finished / f"results/panels/{name}.png"
        assert panel.stat().st_size > 20_000
    trace = ntcspec("trace", finished / "results/panels/stack.png")
    assert trace.returncode == 0 and "raw/Si.txt" in trace.stdout and "raw/sharp.txt" in trace.stdout


def test_another_silicon_file_runs_ingest_of_those_that_name_it(finished: Path, tmp_path: Path) -> None:
    study = Path(shutil.copytree(finished, tmp_path / "study"))
    assert jobs_done(ntcspec("run", study)) == set()
    path = study / "raw/Si.txt"
    path.write_text(path.read_text().replace("\r\n", "\n"))
    done = jobs_done(ntcspec("run", study, "--cores", "2"))
    assert {"ingest sharp / raman", "measure map / raman"} <= done and "ingest uncalibrated / raman" not in done


def test_a_record_names_the_silicon_file(finished: Path) -> None:
    record = json.loads((finished / "results/sharp/raman/measure.json").read_text())["record"]
    inputs = record["ancestry"]["results/sharp/raman/ingest.nxs"]["inputs"]
    assert [(i["role"], i["path"]) for i in inputs] == [("raw", "raw/sharp.txt"), ("silicon", "raw/Si.txt")]


def test_export_writes_columns_that_other_programs_read(finished: Path, tmp_path: Path) -> None:
    run = ntcspec("export", finished, "--to", tmp_path / "out")
    assert run.returncode == 1 and "not exported: broken / raman" in run.stdout and "Traceback" not in run.stderr
    assert sorted(p.suffix for p in (tmp_path / "out").iterdir() if p.is_file()) == []  # no Athena project
    path = tmp_path / "out/sharp/raman/raman.dat"
    assert "SIMULATED data" in path.read_text() and "silicon 520.45(28)" in path.read_text()
    table = np.genfromtxt(path)
    reduced = store.read(finished / "results/sharp/raman/reduce.nxs", RamanReduced)
    assert np.allclose(table[:, 0], reduced.shift_cm1) and np.allclose(table[:, 5], reduced.mean_corrected, atol=1e-5)
    assert np.all(table[:, 6] <= table[:, 4]) and np.all(table[:, 4] <= table[:, 7])
    assert np.genfromtxt(tmp_path / "out/sharp/raman/raman_bose.dat").shape[1] == 3
    rows = np.genfromtxt(tmp_path / "out/map/raman/raman_map.dat")
    assert rows.shape[0] == 12 and rows[:, 0].tolist() == list(range(12))
