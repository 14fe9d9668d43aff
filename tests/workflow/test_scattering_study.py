"""Total scattering as a study: good files among every bad one. One clear line each, and the good ones are done."""

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scattering_files as made
from study import ROOT, artifacts, ntcspec, write_yaml
from test_cost import RUN

from ntcspec import store
from ntcspec.errors import SHOWN
from ntcspec.types.scattering_pdf import ScatteringTransformed

Q = np.arange(20, 1101) * 0.02
CONFIG = {
    "study": "made up",
    "measurements": {
        "pdf": {
            "technique": "scattering",
            "ingest": {"poni": "raw/good.poni", "mask": "raw/mask.tif", "container": "raw/empty.tif"},
            "reduce": {"container_scale": 1.0, "q_range_inv_ang": [0.6, 21.0]},
            "transform": {"rmax_ang": 20},
            "measure": {"peaks": {"first_shell": {"range_ang": [2.0, 2.7], "pair": ["Ta", "Cl"]}}},
        },
        "pattern": {
            "technique": "scattering",
            "ingest": {"container": "raw/empty.chi"},
            "reduce": {"container_scale": 1.0},
            "transform": {"rmax_ang": 20},
            "measure": {"peaks": {"first_shell": {"range_ang": [2.0, 2.7], "pair": ["Ta", "Cl"]}}},
        },
    },
    "panels": {"g": {"kind": "scattering.g_r", "measurement": "pdf"}},
}


def image(file: str = "raw/good.tif", **sections: Any) -> dict[str, Any]:
    return {"pdf": {"files": [file], **sections}}


def pattern(file: str = "raw/good.chi", **sections: Any) -> dict[str, Any]:
    return {"pattern": {"files": [file], **sections}}


def cut(path: Path) -> None:
    made.tiff(path, made.counts("sample", 1))
    path.write_bytes(path.read_bytes()[:100_000])


def negative(path: Path) -> None:
    pixels = made.counts("sample", 1)
    pixels[40:60, 30:50] = -7
    made.tiff(path, pixels)


SAMPLE = made.intensity(Q) + made.halo(Q)
FILES: dict[str, Callable[[Path], object]] = {
    "good.poni": made.poni,
    "mm.poni": lambda p: made.poni(p, distance=200),
    "no_wavelength.poni": lambda p: made.poni(p, wavelength=False),
    "other_shape.poni": lambda p: made.poni(p, shape=(256, 256)),
    "mask.tif": lambda p: made.tiff(p, np.zeros(made.SHAPE), np.uint8),
    "inverted.tif": lambda p: made.tiff(p, np.pad(np.zeros((5, 5)), ((0, 251), (0, 235)), constant_values=1), np.uint8),
    "good.tif": lambda p: made.tiff(p, made.counts("sample", 1)),
    "again.tif": lambda p: made.tiff(p, made.counts("sample", 2)),
    "empty.tif": lambda p: made.tiff(p, made.counts("empty", 3)),
    "long_empty.tif": lambda p: made.tiff(p, made.counts("empty", 3, factor=40.0)),
    "cut.tif": cut,
    "full.tif": lambda p: made.tiff(p, 30 * made.counts("sample", 1), np.uint16),
    "negative.tif": negative,
    "stop.tif": lambda p: made.tiff(p, made.counts("sample", 1, stop=0.012)),
    "dark.tif": lambda p: made.tiff(p, np.zeros(made.SHAPE)),
    "text.tif": lambda p: p.write_text("Dear reader,\nthis is no image.\n"),
    "good.chi": lambda p: made.chi(p, SAMPLE, axis=Q),
    "nm.chi": lambda p: made.chi(p, SAMPLE, axis=10 * Q),  # says 1/A
    "angle.chi": lambda p: made.chi(p, SAMPLE, axis=2 * Q, unit="2-Theta Angle (Degrees)"),
    "no_unit.xy": lambda p: np.savetxt(p, np.column_stack([Q, SAMPLE])),
    "nan.chi": lambda p: made.chi(p, np.where(np.arange(Q.size) == 500, np.nan, SAMPLE), axis=Q),
    "empty.chi": lambda p: made.chi(p, made.halo(Q), axis=Q),
    "short_empty.chi": lambda p: made.chi(p, made.halo(Q)[:600], axis=Q[:600]),
    "long_empty.chi": lambda p: made.chi(p, 60 * made.halo(Q), axis=Q),
    "result.gr": lambda p: p.write_text(
        "[DEFAULT]\n\nversion = diffpy.pdfgetx-2.2.1\noutputtype = gr\n\n#### start data\n#S 1\n#L r(A)  G(A^-2)\n"
        + "".join(f"{0.01 * i:.2f} {np.sin(i):.4f}\n" for i in range(3000))
    ),
}
GOOD = {
    "image": image(),
    "two_frames": {"pdf": {"files": ["raw/good.tif", "raw/again.tif"]}},
    "one_pattern": pattern(),
    "mask_misses_stop": image("raw/stop.tif"),
}
ABSOLUTE = {"normalisation": "absolute"}
# sample: its measurements, which file or key the reason names, and what it says
BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    "millimetres": (image(ingest={"poni": "raw/mm.poni"}), "raw/mm.poni", "looks like millimetres: write 0.2"),
    "no_wavelength": (image(ingest={"poni": "raw/no_wavelength.poni"}), "raw/no_wavelength.poni", "wavelength"),
    "other_shape": (image(ingest={"poni": "raw/other_shape.poni"}), "raw/other_shape.poni", "256 rows x 240 columns"),
    "no_poni": (image(ingest={"poni": None}), "ingest.poni", "needs its geometry"),
    "missing_poni": (image(ingest={"poni": "raw/goood.poni"}), "raw/goood.poni", "did you mean"),
    "inverted_mask": (image(ingest={"mask": "raw/inverted.tif"}), "raw/inverted.tif", "other way round"),
    "cut_off": (image("raw/cut.tif"), "raw/cut.tif", "cut off"),
    "saturated": (image("raw/full.tif"), "raw/full.tif", "saturated"),
    "negative": (image("raw/negative.tif"), "raw/negative.tif", "below zero"),
    "beam_stop": (image("raw/stop.tif", ingest={"mask": None}), "raw/stop.tif", "beam stop"),
    "no_light": (image("raw/dark.tif"), "raw/dark.tif", "no exposure"),
    "text": (image("raw/text.tif"), "raw/text.tif", "is text"),
    "long_container": (image(ingest={"container": "raw/long_empty.tif"}), "raw/long_empty.tif", "exposed longer"),
    "beyond": (image(transform={"qmax_inv_ang": 30}), "transform.qmax_inv_ang", "beyond the data"),
    "density": (image(transform={**ABSOLUTE, "rho0_inv_ang3": 3.0}), "transform.rho0_inv_ang3", "g/cm^3"),
    "option": (image(transform={"qmax_inv_an": 20}), "qmax_inv_an", "did you mean 'qmax_inv_ang'?"),
    "two_densities": (image(transform={"rho0_inv_ang3": 0.03, "density_g_cm3": 3.0}), "transform", "not both"),
    "nanometres": (pattern("raw/nm.chi"), "raw/nm.chi", "220"),
    "angle": (pattern("raw/angle.chi"), "raw/angle.chi", "wavelength"),
    "no_unit": (pattern("raw/no_unit.xy"), "raw/no_unit.xy", "unit"),
    "nan": (pattern("raw/nan.chi"), "raw/nan.chi", "line 505"),
    "result": (pattern("raw/result.gr"), "raw/result.gr", "gr"),
    "short_container": (pattern(ingest={"container": "raw/short_empty.chi"}), "raw/short_empty.chi", "12.38 1/A"),
    "strong_container": (pattern(ingest={"container": "raw/long_empty.chi"}), "raw/long_empty.chi", "less than nothing"),
    "image_container": (pattern(ingest={"container": "raw/empty.tif"}), "raw/empty.tif", "image"),
    "formula": (image(), "composition", "NaTaCl6)"),
    "element": (image(), "composition", "Tq"),
}  # fmt: skip
FORMULAS = {"formula": "NaTaCl6)", "element": "NaTqCl6"}


def make_study(folder: Path, samples: dict[str, dict[str, Any]]) -> Path:
    (folder / "raw").mkdir(parents=True, exist_ok=True)
    for name, write in FILES.items():
        write(folder / "raw" / name)
    listed = {
        name: {"composition": FORMULAS.get(name, "NaTaCl6"), "simulated": True, "measurements": m}
        for name, m in samples.items()
    }
    write_yaml(folder / "config.yaml", CONFIG)
    write_yaml(folder / "samples.yaml", {"samples": listed})
    return folder


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """Good and bad together, run once."""
    folder = make_study(tmp_path_factory.mktemp("scattering"), GOOD | {name: m for name, (m, *_) in BAD.items()})
    return folder, ntcspec("run", folder, "--cores", "2")


def rows_of(folder: Path) -> dict[str, list[dict[str, str]]]:
    lines = (folder / "results/metrics.csv").read_text(encoding="utf-8").splitlines()[1:]
    found: dict[str, list[dict[str, str]]] = {}
    for row in csv.DictReader(lines):
        found.setdefault(row["sample"], []).append(row)
    return found


def test_no_traceback_reaches_the_user(broken: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, run = broken
    assert run.returncode == 1
    assert "Traceback" not in run.stdout + run.stderr and "internal error" not in run.stdout + run.stderr
    for log in (folder / "results/logs").rglob("*.log"):
        assert "Traceback" not in log.read_text(), log


@pytest.mark.parametrize("sample", BAD)
def test_each_bad_input_has_one_reason_with_a_way_out(
    broken: tuple[Path, subprocess.CompletedProcess[str]], sample: str
) -> None:
    folder, _ = broken
    (row,) = rows_of(folder)[sample]
    _, where, what = BAD[sample]
    assert row["value"] == "" and where in row["reason"] and what in row["reason"], row["reason"]
    assert " -> " in row["reason"] or "give " in row["reason"]


def test_as_many_as_a_screen_holds_are_told(broken: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, run = broken
    reasons = {row["reason"] for sample in BAD for row in rows_of(folder)[sample]}
    told = [line for line in run.stderr.splitlines() if line.startswith("FAILED ")]
    assert len(told) == SHOWN < len(BAD) and all(any(reason in line for reason in reasons) for line in told)
    assert f"... and {len(BAD) - SHOWN} more; results/metrics.csv names them all" in run.stderr


@pytest.mark.parametrize("sample", GOOD)
def test_the_others_are_done(broken: tuple[Path, subprocess.CompletedProcess[str]], sample: str) -> None:
    rows = {row["metric"]: row for row in rows_of(broken[0])[sample]}
    position = rows["first_shell.position"]
    assert abs(float(position["value"]) - made.FIRST_ANG) < 0.01, position
    assert (position["u_stat"] == "") == (sample == "one_pattern")


def test_export_writes_what_the_artifacts_hold(
    broken: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    run = ntcspec("export", broken[0], "--to", tmp_path)
    assert "Traceback" not in run.stdout + run.stderr
    held = store.read(broken[0] / "results/image/pdf/transform.nxs", ScatteringTransformed)
    for kind, x, y, error in (
        ("gr", held.r_ang, held.g_r, held.g_sigma), ("fq", held.q_inv_ang, held.f_q, held.f_sigma),
        ("sq", held.q_inv_ang, held.s_q, held.s_sigma), ("iq", held.q_inv_ang, held.i_q, None),
    ):  # fmt: skip
        text = (tmp_path / f"image/pdf/pdf.{kind}").read_text(encoding="utf-8")
        assert f"outputtype = {kind}" in text and "composition = NaTaCl6" in text and "SIMULATED" in text
        rows = np.array([line.split() for line in text.splitlines() if line[:1].isdigit()], dtype=float)
        first = x.size - len(rows)
        assert first == (kind == "gr")  # r = 0, where G has no uncertainty
        for column, values in ((0, x), (1, y), *([] if error is None else [(3, error)])):
            np.testing.assert_allclose(rows[:, column], values[first:], rtol=1e-8, atol=1e-12)
    assert (tmp_path / "one_pattern/pattern/pdf.gr").is_file() and not (tmp_path / "cut_off").exists()


IMPORTS = """
import json, sys
from pathlib import Path
from ntcspec.config.load import load_study
from ntcspec.plan import Plan
plan = Plan(load_study(Path('.')))
job = next(j for j in plan.jobs.values() if sys.argv[1] in j.outputs)
print(json.dumps([job.params(), plan.paths(job.outputs[0]), list(job.outputs)]))
"""
HEAVY = {
    "fabio",
    "pyFAI",
    "scipy",
    "lmfit",
    "larch",
    "matplotlib",
    "pandas",
    "pydantic",
    "snakemake",
    "xraydb",
    "pymatgen",
}
ALLOWED = {
    "one_pattern/pattern/ingest.nxs": set(),
    "one_pattern/pattern/reduce.nxs": set(),
    "one_pattern/pattern/transform.nxs": {"scipy"},
    "one_pattern/pattern/measure.nxs": {"scipy"},
    "image/pdf/ingest.nxs": {"fabio"},
    "image/pdf/reduce.nxs": {"fabio", "pyFAI", "scipy"},
    "image/pdf/transform.nxs": {"scipy"},
    "panels/g.png": {"matplotlib"},
}


@pytest.mark.parametrize("output", ALLOWED)
def test_no_job_imports_more_than_it_needs(broken: tuple[Path, subprocess.CompletedProcess[str]], output: str) -> None:
    def run(script: str, *words: str, text: str = "") -> str:
        command = [sys.executable, "-c", script, *words]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, cwd=broken[0], env=env, input=text, capture_output=True, text=True, check=True)
        return done.stdout.splitlines()[-1]

    kind = "panel" if output.startswith("panels") else "stage"
    imported = json.loads(run(RUN, kind, text=run(IMPORTS, f"results/{output}")))
    assert set(imported) & HEAVY <= ALLOWED[output]


def test_threads_and_cores_change_no_byte(tmp_path: Path) -> None:
    """`ntcspec run` on two cores; plain snakemake on one, where pyFAI and BLAS may use as many threads as they like."""
    samples = {name: GOOD[name] for name in ("two_frames", "one_pattern")}
    one = make_study(tmp_path / "one", samples)
    other = Path(shutil.copytree(one, tmp_path / "other"))
    run = ntcspec("run", one, "--cores", "2")
    assert run.returncode == 0, run.stdout + run.stderr
    profile = ROOT / "workflow/profiles/default"
    words = ["--snakefile", ROOT / "Snakefile", "--directory", other, "--workflow-profile", profile, "--cores", "1"]
    command = [sys.executable, "-m", "snakemake", *map(str, words), "--config", "study=config.yaml"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "3", "OPENBLAS_NUM_THREADS": "3"}
    plain = subprocess.run(command, capture_output=True, text=True, env=env, cwd=tmp_path, timeout=300, check=False)
    assert plain.returncode == 0, plain.stdout + plain.stderr
    found = artifacts(one)
    assert "one_pattern/pattern/measure.nxs" in found and "two_frames/pdf/reduce.nxs" in found
    assert artifacts(other) == found
