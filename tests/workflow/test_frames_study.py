"""The study of docs/frames.md, on made-up files: a ramp with a bad frame and a map, through run, audit and panels."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from study import ROOT, artifacts, ntcspec, xdi

from ntcspec import store
from ntcspec.plot.data import PanelData
from ntcspec.types.frames import FramesMeasured

ENERGY = np.concatenate([np.arange(2770, 2814, 1.0), np.arange(2814, 2845, 0.2), np.arange(2845, 2905, 1.0)])
RAMP, COLUMNS, ROWS, ABORTED = 24, 5, 4, 9


def frame(path: Path, edge_ev: float, temperature_k: float, rng: np.random.Generator, rows: int | None = None) -> None:
    """A chlorine edge, as XDI."""
    mu = 0.5 - 3e-4 * (ENERGY - 2825) + 0.5 + np.arctan((ENERGY - edge_ev) / 0.6) / np.pi
    mu += np.exp(-(((ENERGY - edge_ev - 2) / 1.2) ** 2))
    i0 = np.full_like(ENERGY, 1e4)
    counts = rng.poisson(np.column_stack([i0, i0 * np.exp(-mu), 0.5 * i0 * np.exp(-mu)]) * 20) / 20
    xdi(path, np.column_stack([ENERGY, counts])[:rows], head=f"# Sample.temperature: {temperature_k:g} K")
    text = path.read_text().replace("Element.symbol: Ta", "Element.symbol: Cl")
    path.write_text(text.replace("Element.edge: L3", "Element.edge: K"))


def edge_at(step: float) -> float:
    return 2825.0 + 1.5 / (1.0 + np.exp(-8.0 * (step - 0.5)))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("frames")
    rng = np.random.default_rng(6)
    for i in range(RAMP):
        rows = 90 if i + 1 == ABORTED else None
        frame(folder / f"raw/scan_{i + 1}.xdi", edge_at(i / (RAMP - 1)), 300 + 10 * i, rng, rows)
    places = []
    for i in range(COLUMNS * ROWS):
        x, y = i % COLUMNS, i // COLUMNS
        frame(folder / f"map/px_{i + 1}.xdi", 2825.0 + 0.2 * x + 0.05 * y, 300, rng)
        places.append(f"{0.1 * x:.3f} {0.1 * y:.3f}")
    (folder / "map/positions.txt").write_text("x y\n" + "\n".join(places))
    page = (ROOT / "docs/frames.md").read_text(encoding="utf-8")
    for name, text in re.findall(r"```yaml\n# (\w+\.yaml)\n(.*?)```", page, re.DOTALL):
        (folder / name).write_text(text, encoding="utf-8")
    run = ntcspec("run", folder, "--cores", "1")
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


def test_the_ramp_is_found_and_the_aborted_frame_is_named(finished: Path) -> None:
    measured = store.read(finished / "results/cell/ramp/measure.nxs", FramesMeasured)
    edge = next(m for m in measured.frame_metrics if m.name == "e0.half_step")
    np.testing.assert_array_equal(edge.along, 300 + 10 * np.arange(RAMP))
    assert np.isnan(edge.value[ABORTED - 1]) and np.isfinite(np.delete(edge.value, ABORTED - 1)).all()
    true = np.array([edge_at(i / (RAMP - 1)) for i in range(RAMP)])
    moved = np.delete(edge.value - edge.value[0] - (true - true[0]), ABORTED - 1)
    assert np.abs(moved).max() < 5 * np.nanmedian(edge.u_stat)
    told = json.loads((finished / "results/cell/ramp/measure.json").read_text())
    assert told["notes"][0] == f"{RAMP - 1} of {RAMP} frames are used"
    assert f"frame {ABORTED} (raw/scan_{ABORTED}.xdi): it covers" in told["notes"][1]
    change = next(m for m in told["metrics"] if m["name"] == "e0.half_step.change")
    assert change["value"] > 10 * change["u_stat"]
    assert change["u_sys"] is not None and change["unit"] == "eV" and not change["reason"]


def test_the_map_is_in_the_table_without_a_direction(finished: Path) -> None:
    rows = (finished / "results/metrics.csv").read_text().splitlines()
    spot = [row for row in rows if row.startswith("cell,xanes,spot,")]
    assert any(",e0.half_step.spread," in row for row in spot)
    assert not any(".change," in row for row in spot)


def test_panels_hold_what_they_draw_and_say_that_it_is_simulated(finished: Path) -> None:
    for name, shape in (("all", (RAMP, None)), ("where", (ROWS, COLUMNS))):
        data = store.read(finished / f"results/panels/{name}.nxs", PanelData)
        (one,) = data.maps
        assert data.simulated and one.z.shape[0] == shape[0] and shape[1] in (None, one.z.shape[1])
    edge = store.read(finished / "results/panels/edge.nxs", PanelData)
    assert edge.simulated and edge.y_label == "Edge energy" and edge.x_label == "Temperature"
    assert np.isnan(edge.series[0].y[ABORTED - 1])
    assert "SIMULATED" in (finished / "results/panels/all.svg").read_text()


def test_the_audit_goes_down_to_every_frame(finished: Path) -> None:
    verified = ntcspec("verify", finished)
    assert verified.returncode == 0, verified.stdout
    traced = ntcspec("trace", finished / "results/panels/edge.png")
    assert traced.returncode == 0
    assert all(f"raw/scan_{i}.xdi" in traced.stdout for i in range(1, RAMP + 1))
    shown = ntcspec("show", finished / "results/cell/ramp/reduce.nxs")
    assert f"frames/norm: {RAMP} x " in shown.stdout and "SIMULATED" in shown.stdout
    replayed = ntcspec("replay", finished / "results/cell/spot/measure.nxs")
    assert replayed.returncode == 0 and "identical bytes" in replayed.stdout, replayed.stdout
    assert "map/positions.txt" in ntcspec("trace", finished / "results/cell/spot/measure.nxs").stdout


def test_a_pack_holds_the_frames_and_verifies(finished: Path, tmp_path: Path) -> None:
    packed = ntcspec("pack", finished, "--to", tmp_path / "p.zip")
    assert packed.returncode == 0, packed.stdout + packed.stderr
    shutil.unpack_archive(tmp_path / "p.zip", tmp_path / "p")
    assert len(list((tmp_path / "p").rglob("scan_*.xdi"))) == RAMP


def test_frames_are_not_exported_and_the_message_says_so(finished: Path, tmp_path: Path) -> None:
    exported = ntcspec("export", finished, "--to", tmp_path / "out")
    assert exported.returncode == 1
    assert "not exported: cell / ramp: results/cell/ramp/reduce.nxs: frames are not exported" in exported.stdout


def test_one_changed_frame_is_found_and_measured_again(finished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    shutil.copytree(finished, folder)
    before = artifacts(folder)
    path = folder / "raw/scan_3.xdi"
    text = path.read_text()
    path.write_text(text.replace("2770.0000", "2770.0100", 1))
    verified = ntcspec("verify", folder)
    assert verified.returncode == 1 and "raw/scan_3.xdi" in verified.stderr
    path.write_text(text)
    (folder / "raw/scan_25.xdi").write_text(text)  # one more frame, which the pattern finds
    run = ntcspec("run", folder, "--cores", "1")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "ingest cell / ramp" in run.stdout and "ingest cell / spot" not in run.stdout
    after = artifacts(folder)
    assert before["cell/spot/measure.nxs"] == after["cell/spot/measure.nxs"]
    assert len(store.read(folder / "results/cell/ramp/measure.nxs", FramesMeasured).source) == RAMP + 1


def test_check_goes_through_every_frame(finished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    shutil.copytree(finished, folder)
    assert ntcspec("check", folder).returncode == 0
    table = folder / "map/positions.txt"
    table.write_text("\n".join(table.read_text().splitlines()[:-1]))
    checked = ntcspec("check", folder)
    assert checked.returncode == 1
    assert "map/positions.txt: 19 values for at least 20 frames" in checked.stdout + checked.stderr
