"""Time of `ntcspec verify` on a study of 1,000 artifacts of 1 MB, beside `sha256sum --check` of the same files.

The study is planned as any other; its artifacts are not computed but filled: NeXus files with an array of 1 MB, texts
with as much behind the record, panels with a picture of noise, each with the record and key that the plan gives it, so
that verify has the same hashing, reading and walking to do. Run: python benchmarks/verify_speed.py [FOLDER]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "workflow"))

from study import CONFIG, measurement, table, write_yaml, xdi

from ntcspec import store
from ntcspec.audit.crate import write_crate
from ntcspec.config.load import load_study
from ntcspec.plan import REPORT, SUMS, TABLE, Plan
from ntcspec.provenance import ancestry_of, canonical, make_record, sha256_file
from ntcspec.records import HTML_RECORD
from ntcspec.report.embed import safe_json
from ntcspec.study.table import metrics_csv, samples_csv
from ntcspec.types import Metric, array, text

SAMPLES, SIZE = 165, 1_000_000
RNG = np.random.default_rng(1)


@dataclass(frozen=True)
class Filled:
    """What stands in place of a result: one megabyte."""

    metrics: tuple[Metric, ...] = text("made up")
    noise: np.ndarray = array("", "noise")


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(sys.argv[1] if len(sys.argv) > 1 else scratch)
        build(folder)
        files = [path for path in (folder / "results").rglob("*.*") if path.is_file()]
        size = sum(path.stat().st_size for path in files)
        print(
            f"{len(files)} artifacts, {size / 1e6:.0f} MB, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}"
        )
        summed, summed_cpu = timed(["sha256sum", "--check", "--quiet", "SHA256SUMS"], folder / "results")
        verified, cpu = timed([sys.executable, "-m", "ntcspec.cli", "verify", str(folder)], Path(scratch))
        print(f"sha256sum --check: {summed:.1f} s ({summed_cpu:.1f} s of processor)")
        print(f"ntcspec verify:    {verified:.1f} s ({cpu:.1f} s of processor), {verified / summed:.1f} times as long")


def build(folder: Path) -> None:
    """A study of SAMPLES samples with everything in place."""
    xdi(folder / "raw/a.xdi", table())
    samples = {
        f"s{n:03d}": {"simulated": True, "measurements": {"exafs": measurement("raw/a.xdi")}} for n in range(SAMPLES)
    }
    panels = {"few": {"kind": "exafs.chi_r", "samples": list(samples)[:7]}, "all": {"kind": "exafs.chi_k"}}
    write_yaml(folder / "config.yaml", {**CONFIG, "panels": panels})
    write_yaml(folder / "samples.yaml", {"samples": samples})
    plan = Plan(load_study(folder))
    records: dict[str, dict[str, Any]] = {}
    sums = []
    for job in plan.jobs.values():
        listed, upstream = [], {}
        for one, path in zip(job.inputs, plan.paths(job.outputs[0]), strict=True):
            file = folder / path
            known = {"sha256": sha256_file(file), "bytes": file.stat().st_size}
            listed.append({"role": one.role, "root": one.root, "path": one.path, **known})
            if one.root != "raw":
                upstream[one.path] = records[one.path]
        record = make_record(
            about=job.about, parameters=job.parameters, inputs=listed, modules=job.modules, key=job.key,
            ancestry=ancestry_of(upstream),
        )  # fmt: skip
        record = json.loads(canonical(record))
        for path in job.outputs:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            records[path] = record
        fill(folder, plan, job, record)
        sums += [f"{sha256_file(folder / path)}  {path.removeprefix('results/')}\n" for path in job.outputs]
    (folder / SUMS).write_text("".join(sums))
    write_crate(plan)


def fill(folder: Path, plan: Plan, job: Any, record: dict[str, Any]) -> None:
    """Write the artifacts of a job."""
    metric = Metric("x", 1.0, "eV", 0.1, 0.1, "made up", "")
    if job.outputs[0] == TABLE:
        measured = [json.loads((folder / path).read_text()) for path in plan.paths(TABLE)]
        (folder / job.outputs[0]).write_text(metrics_csv(measured, [], canonical(record)))
        (folder / job.outputs[1]).write_text(samples_csv(measured, job.parameters["samples"], canonical(record)))
        return
    if job.outputs[0] == REPORT:
        page = f"<!doctype html>{HTML_RECORD}{safe_json(record)}</script><p>{'x' * SIZE}"
        (folder / REPORT).write_text(page)
        return
    store.write(folder / job.outputs[0], Filled((metric,), RNG.random(SIZE // 8)), record)
    for path in job.outputs[1:]:
        if path.endswith(".json"):
            note = "x" * SIZE
            content = {"metrics": [vars(metric)], "notes": [note], "failure": "", "record": record}
            (folder / path).write_text(json.dumps(content))
    if len(job.outputs) == 4:
        from matplotlib.figure import Figure

        from ntcspec.plot.files import save

        figure = Figure()
        figure.add_subplot().imshow(RNG.random((700, 700)), interpolation="nearest")
        save(figure, (folder / job.outputs[0]).with_suffix(""), canonical(record))


def timed(command: list[str], folder: Path) -> tuple[float, float]:
    """Wall time and processor time of a command, s; it must succeed."""
    start, before = time.monotonic(), os.times()
    subprocess.run(command, cwd=folder, check=True)
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return time.monotonic() - start, spent


if __name__ == "__main__":
    main()
