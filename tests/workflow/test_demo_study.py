"""The default study, from nothing: simulated raw files, every stage, panels that say SIMULATED."""

import csv
import itertools
import re
import shutil
from pathlib import Path

import pytest
from study import ROOT, artifacts, ntcspec

NTC = ("NTC annealed", "NTC 6 h", "NTC 26 h", "NTC 36 h", "NTC 40 h")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    shutil.copytree(ROOT / "config", folder / "config")
    for words in (("demo", "raw"), ("run", "--cores", "2")):
        run = ntcspec(*words, cwd=folder)
        assert run.returncode == 0, run.stdout + run.stderr
    return folder


def metric(folder: Path, sample: str, name: str) -> float:
    lines = (folder / "results/metrics.csv").read_text(encoding="utf-8").splitlines()[1:]
    (row,) = [r for r in csv.DictReader(lines) if (r["sample"], r["metric"]) == (sample, name)]
    return float(row["value"])


def falls(values: list[float]) -> bool:
    return all(after < before for before, after in itertools.pairwise(values))


def test_the_lobe_falls_with_milling_and_a_shuffled_order_does_not(demo: Path) -> None:
    volume = [metric(demo, sample, "multiple_scattering.volume") for sample in NTC]
    assert falls(volume)
    assert not falls([volume[i] for i in (2, 0, 4, 1, 3)])


def test_the_shells_of_tacl5_and_the_crystal_stand_where_feff_puts_them(demo: Path) -> None:
    assert metric(demo, "TaCl5", "first_shell.position") == pytest.approx(1.84, abs=0.02)
    assert metric(demo, "NTC annealed", "first_shell.position") == pytest.approx(1.83, abs=0.02)


def test_every_picture_says_simulated(demo: Path) -> None:
    pictures = sorted((demo / "results/panels").glob("*.pdf"))
    assert len(pictures) == 4
    for path in pictures:
        shown = ntcspec("show", path).stdout
        assert "SIMULATED" in shown
        assert b"SIMULATED" in path.with_suffix(".nxs").read_bytes()
        assert re.search(r"SIMULATED", path.with_suffix(".svg").read_text(encoding="utf-8"))


def test_the_samples_table_joins_properties_and_metrics(demo: Path) -> None:
    lines = (demo / "results/samples.csv").read_text(encoding="utf-8").splitlines()[1:]
    rows = {row["sample"]: row for row in csv.DictReader(lines)}
    assert list(rows) == ["TaCl5", *NTC]
    assert float(rows["NTC 40 h"]["conductivity [S/cm]"]) == 4e-3
    assert rows["NTC 36 h"]["conductivity [S/cm]"] == ""
    assert all(float(row["exafs.multiple_scattering.volume [angstrom^-2]"]) > 0 for row in rows.values())


def test_raw_files_and_results_are_audited(demo: Path) -> None:
    before = artifacts(demo)
    again = ntcspec("demo", "raw", cwd=demo)
    assert again.returncode == 0
    assert ntcspec("verify", demo).returncode == 0
    assert "nothing to compute" in ntcspec("run", demo).stdout
    assert artifacts(demo) == before
