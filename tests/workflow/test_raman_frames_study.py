"""A Raman ramp of many files with one that is broken, and a map in one file, through run, audit and panels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from study import ntcspec, write_yaml

from ntcspec import store
from ntcspec.plot.data import PanelData
from ntcspec.types.frames import FramesMeasured

X = np.arange(100.0, 460.0, 1.0)
RAMP, COLUMNS, ROWS, BROKEN = 12, 4, 3, 5
SETTINGS = {
    "reduce": {"baselines": ["arpls lam=1e4", "imodpoly"]},
    "measure": {"regions": {"a1g": [340, 430], "f2g": [140, 210]}, "ratios": {"f2g_to_a1g": ["f2g", "a1g"]}},
}


def counts(height: float, rng: np.random.Generator) -> np.ndarray:
    line = height / (1 + 4 * ((X - 385) / 12) ** 2) + 800 / (1 + 4 * ((X - 176) / 12) ** 2)
    return rng.poisson(300 + 400 * np.exp(-X / 150) + line).astype(float)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raman_frames")
    rng = np.random.default_rng(4)
    (folder / "raw").mkdir()
    for i in range(RAMP):
        rows = "\n".join(f"{x:.1f}\t{y:.0f}" for x, y in zip(X, counts(3000 - 150 * i, rng), strict=True))
        head = f"# MADE UP for a test\n# temperature: {300 + 20 * i}\nRaman shift (cm-1)\tcounts"
        (folder / f"raw/r{i + 1}.txt").write_text("nothing\n" if i + 1 == BROKEN else f"{head}\n{rows}\n")
    lines = ["#AxisUnit[0]=\t1/cm", "#Laser=\t532", "\t\t" + "\t".join(f"{x:.1f}" for x in X)]
    for i in range(COLUMNS * ROWS):
        y = counts(500.0 + 300 * (i % COLUMNS), rng)
        lines.append(f"{i % COLUMNS}\t{i // COLUMNS}\t" + "\t".join(f"{v:.0f}" for v in y))
    (folder / "raw/map.txt").write_text("\n".join(lines) + "\n")
    ramp = {"technique": "raman", "files": ["raw/r*.txt"], "ingest": {"laser_nm": 532},
            "frames": {"along": "temperature", "unit": "K", "header": ["temperature"]}}  # fmt: skip
    spot = {"technique": "raman", "files": ["raw/map.txt"], "frames": {}}
    panels = {
        "all": {"kind": "raman.frames", "measurement": "ramp"},
        "area": {"kind": "raman.frame_metric", "measurement": "ramp", "options": {"metric": "f2g_to_a1g"}},
        "where": {"kind": "raman.frame_map", "measurement": "spot", "options": {"metric": "a1g.area"}},
    }
    write_yaml(folder / "config.yaml", {"study": "made up", "defaults": {"raman": SETTINGS}, "panels": panels})
    measurements = {"ramp": ramp, "spot": spot}
    write_yaml(folder / "samples.yaml", {"samples": {"cell": {"simulated": True, "measurements": measurements}}})
    run = ntcspec("run", folder, "--cores", "1")
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


def test_the_ramp_is_found_and_the_broken_file_is_named(finished: Path) -> None:
    found = store.read(finished / "results/cell/ramp/measure.nxs", FramesMeasured)
    area = next(m for m in found.frame_metrics if m.name == "a1g.area")
    assert np.isnan(area.along[BROKEN - 1]) and np.isnan(area.value[BROKEN - 1]), "nothing is known of that file"
    assert np.nanmax(np.abs(np.delete(area.along - 300 - 20 * np.arange(RAMP), BROKEN - 1))) == 0
    change = next(m for m in found.metrics if m.name == "a1g.area.change")
    assert change.value < -5 * change.u_stat and change.u_sys > 0
    assert f"frame {BROKEN} (raw/r{BROKEN}.txt): this is no Raman spectrum" in found.notes[1]


def test_panels_hold_what_they_draw(finished: Path) -> None:
    rows = store.read(finished / "results/panels/all.nxs", PanelData)
    assert rows.maps[0].z.shape == (RAMP, X.size) and rows.simulated and rows.z_unit == "counts"
    image = store.read(finished / "results/panels/where.nxs", PanelData).maps[0]
    assert image.z.shape == (ROWS, COLUMNS)
    assert (np.diff(image.z.mean(axis=0)) > 0).all(), "as the map was made"
    panel = store.read(finished / "results/panels/area.nxs", PanelData)
    assert panel.x_label == "Temperature", "one file of which nothing is known leaves a gap"
    curve = panel.series[0]
    assert np.isfinite(curve.y).sum() == RAMP - 1


def test_the_audit_goes_down_to_every_file(finished: Path) -> None:
    assert ntcspec("verify", finished).returncode == 0
    replayed = ntcspec("replay", finished / "results/cell/spot/measure.nxs")
    assert replayed.returncode == 0 and "identical bytes" in replayed.stdout, replayed.stdout
