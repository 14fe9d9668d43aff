"""A study of near edges: standards, calibration and series across samples, and what a broken standard does."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from study import jobs_done, ntcspec, write_yaml, xdi

E0, SHIFT = 2825.0, 0.7  # the axis of all files stands this much too low

CONFIG = {
    "study": "made up",
    "measurements": {
        "cl_k": {
            "technique": "xanes",
            "element": "Cl",
            "edge": "K",
            "reduce": {
                "e0_ev": E0,
                "pre2_ev": -15,
                "norm1_ev": 25,
                "calibrate": {"point": "maximum", "range_ev": [2824, 2829], "energy_ev": 2827.0, "standard": "salt"},
            },
            "transform": {"standards": ["salt"]},
            "measure": {
                "features": {"b": {"range_ev": [2824, 2830]}},
                "peaks": {"pre_edge": {"range_ev": [2812, 2823], "peak_range_ev": [2818, 2822.5], "baseline": "arctan"}},
                "windows": {"white_line": [2822, 2832]},
                "mixture": {"standards": ["salt", "dimer"], "range_ev": [2815, 2860]},
            },
        }
    },
    "series": {"rank": {"kind": "xanes.rank", "measurement": "cl_k", "options": {"range_ev": [2815, 2860]}}},
    "panels": {"norm": {"kind": "xanes.norm", "measurement": "cl_k"}, "diff": {"kind": "xanes.difference", "measurement": "cl_k"}},
}  # fmt: skip


def table(dimer: float, seed: int) -> np.ndarray:
    """Columns energy, i0, itrans, irefer: (1 - dimer) salt + dimer of a spectrum with a pre-edge peak at 2820.5 eV."""
    rng = np.random.default_rng(seed)
    energy = np.concatenate([np.arange(2770, 2814, 1.0), np.arange(2814, 2840, 0.15), np.arange(2840, 2905, 0.75)])
    step = 0.5 + np.arctan((energy - E0) / 0.6) / np.pi
    salt = step + 1.2 * np.exp(-(((energy - 2827.0) / 1.2) ** 2))
    other = step + 0.5 * np.exp(-(((energy - 2827.6) / 1.6) ** 2)) + 0.6 * np.exp(-(((energy - 2820.5) / 0.7) ** 2))
    mu = 0.5 - 3e-4 * (energy - E0) + (1 - dimer) * salt + dimer * other
    i0 = np.full_like(energy, 1e6)
    i1 = i0 * np.exp(-mu)
    counts = rng.poisson(np.column_stack([i0, i1, i1 * 0.5]) * 20) / 20
    return np.column_stack([energy - SHIFT, counts])


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("xanes")
    samples = {}
    for number, (name, dimer) in enumerate({"salt": 0.0, "dimer": 1.0, "half": 0.5}.items()):
        files = [f"raw/{name}_{scan}.xdi" for scan in (1, 2)]
        for scan, file in enumerate(files):
            xdi(folder / file, table(dimer, 10 * number + scan))
            path = folder / file
            path.write_text(path.read_text().replace("symbol: Ta", "symbol: Cl").replace("edge: L3", "edge: K"))
        samples[name] = {"simulated": True, "measurements": {"cl_k": {"files": files}}}
    write_yaml(folder / "config.yaml", CONFIG)
    write_yaml(folder / "samples.yaml", {"samples": samples})
    run = ntcspec("run", folder, "--cores", "2")
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


def metrics(folder: Path) -> dict[tuple[str, str], dict[str, str]]:
    lines = (folder / "results/metrics.csv").read_text(encoding="utf-8").splitlines()[1:]
    return {(row["sample"], row["metric"]): row for row in csv.DictReader(lines)}


def test_all_samples_are_calibrated_on_the_standard(finished: Path) -> None:
    found = metrics(finished)
    assert float(found["salt", "b.position"]["value"]) == pytest.approx(2827.0, abs=0.03)
    assert float(found["half", "pre_edge.position"]["value"]) == pytest.approx(2820.5, abs=0.03)
    assert found["salt", "pre_edge.height"]["value"] == "" and found["salt", "pre_edge.height"]["reason"]


def test_the_mixture_is_found_within_its_uncertainty(finished: Path) -> None:
    found = metrics(finished)
    for standard in ("salt", "dimer"):
        row = found["half", f"mixture.{standard}.fraction"]
        total = np.hypot(float(row["u_stat"]), float(row["u_sys"]))
        assert abs(float(row["value"]) - 0.5) < 3 * total
        assert total < 0.05


def test_the_series_stands_in_the_table_under_its_own_name(finished: Path) -> None:
    rows = [row for (sample, name), row in metrics(finished).items() if not sample]
    assert rows and all(row["metric"].startswith("rank.") and row["measurement"] == "cl_k" for row in rows)
    assert json.loads((finished / "results/series/rank.json").read_text())["failure"] == ""


def test_a_changed_standard_runs_what_stands_on_it_and_nothing_else(finished: Path, tmp_path: Path) -> None:
    study = Path(shutil.copytree(finished, tmp_path / "study"))
    assert jobs_done(ntcspec("run", study)) == set()
    samples = yaml.safe_load((study / "samples.yaml").read_text())
    samples["samples"]["dimer"]["measurements"]["cl_k"]["files"].pop()
    write_yaml(study / "samples.yaml", samples)
    run = ntcspec("run", study)
    assert run.returncode == 0, run.stdout + run.stderr
    done = jobs_done(run)
    assert {d for d in done if "salt" in d} == {"measure salt / cl_k"}  # its mixture names the dimer
    assert {d for d in done if "half" in d} == {"measure half / cl_k"}
    assert {d.split()[0] for d in done if "dimer" in d} == {"ingest", "reduce", "transform", "measure"}


def test_a_broken_standard_is_named_and_takes_only_its_fractions(finished: Path, tmp_path: Path) -> None:
    study = Path(shutil.copytree(finished, tmp_path / "study"))
    for scan in (1, 2):
        (study / f"raw/dimer_{scan}.xdi").write_text("nothing\n")
    run = ntcspec("run", study)
    assert run.returncode == 1 and "Traceback" not in run.stdout + run.stderr
    found = metrics(study)
    row = found["half", "mixture.dimer.fraction"]
    assert row["value"] == "" and "dimer" in row["reason"]
    assert found["half", "b.position"]["value"] != ""
