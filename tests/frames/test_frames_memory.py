"""Memory of the stages does not grow with the number of frames. Numbers are peaks of processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

FEW, MANY = 200, 2000
MOST_MB = (
    30  # more than the peak moves from one run to the next; frames that lie in memory together take over twice that
)
SCRIPT = """
import sys
from pathlib import Path
import h5py, numpy as np
sys.path[:0] = [{xas!r}, {own!r}]
from frames_made import ATOM, ENERGY, MEASURE, REDUCE, SMOOTH_EV, mu_at
from ntcspec import store
from ntcspec.config.frames import Frames
from ntcspec.types import blocks
from ntcspec.types.xas_frames import XanesFrames, XasFrames
from ntcspec.xas.frames.ingest import ingest_frames
from ntcspec.xas.frames.measure import measure_frames
from ntcspec.xas.frames.reduce import reduce_frames
import scipy.interpolate, scipy.optimize

folder, count, stage, block = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
blocks.BLOCK_BYTES = block or blocks.BLOCK_BYTES
raw, out = folder / f"{{count}}.h5", lambda stage: folder / f"{{stage}}{{count}}.nxs"
choices = {{**REDUCE["choices"], "pre2_shift_ev": [-3.0, 0.0], "norm2_shift_ev": [-15.0, 0.0]}}
record = {{"study": "s", "sample": "a", "stage": stage, "simulated": True, "parameters": {{}}, "ntcspec": "0",
          "order": 0, "ancestry": {{}}}}
if stage == "raw":
    rng = np.random.default_rng(1)
    with h5py.File(raw, "w") as file:
        file["energy"], file["time"] = ENERGY, np.arange(float(count))
        file["energy"].attrs["units"] = "eV"
        sets = [file.create_dataset(n, (count, ENERGY.size), dtype="f4", chunks=(50, ENERGY.size)) for n in ("i0", "it")]
        for start in range(0, count, 50):
            mu = np.array([mu_at(i / count) for i in range(start, start + 50)]) + rng.normal(0, 1e-3, (50, ENERGY.size))
            sets[0][start : start + 50], sets[1][start : start + 50] = 1e6, 1e6 * np.exp(-mu)
elif stage == "ingest":
    frames = Frames(along="time", unit="s", header=("time",)).model_dump(mode="json")
    store.write(out(stage), ingest_frames([raw], ["raw.h5"], **ATOM, bad_rows="refuse", columns=None, frames=frames,
                files={{}}), record)
elif stage == "reduce":
    reduced = reduce_frames(store.read(out("ingest"), XasFrames), **ATOM, **{{**REDUCE, "choices": choices}})
    store.write(out(stage), reduced, record)
else:
    transform = {{"smooth_ev": SMOOTH_EV, "standards": ()}}
    measured = measure_frames(store.read(out("reduce"), XanesFrames), **MEASURE, transform=transform)
    store.write(out(stage), measured, record)
    assert all(len(m.value) == count for m in measured.frame_metrics)
status = Path("/proc/self/status").read_text()  # ru_maxrss would be that of the process that started this one
print(int(status.split("VmHWM:")[1].split()[0]) // 1024)
"""
XAS = Path(__file__).parents[1] / "xas"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("memory")


@cache
def peak_mb(folder: Path, count: int, stage: str, block: int = 0) -> int:
    """Peak of the memory of a process that does one stage; the stages before it are done."""
    script = SCRIPT.format(xas=str(XAS), own=str(XAS / "frames"))
    before = {"ingest": "raw", "reduce": "ingest", "measure": "reduce"}.get(stage)
    if before:
        peak_mb(folder, count, before)
    env = {**os.environ, "PYTHONPATH": str(XAS.parents[1]), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", script, str(folder), str(count), stage, str(block)]
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="peaks are read from /proc")
@pytest.mark.parametrize("stage", ["ingest", "reduce", "measure"])
def test_ten_times_as_many_frames_take_no_more_memory(folder: Path, stage: str) -> None:
    assert peak_mb(folder, MANY, stage) - peak_mb(folder, FEW, stage) < MOST_MB


@pytest.mark.skipif(sys.platform != "linux", reason="peaks are read from /proc")
def test_all_frames_in_one_block_would(folder: Path) -> None:
    """What the test above would see."""
    assert peak_mb(folder, MANY, "reduce", 10**9) - peak_mb(folder, FEW, "reduce") > 2 * MOST_MB
