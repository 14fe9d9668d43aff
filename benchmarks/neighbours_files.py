"""Raw files for `neighbours.py`: stacks of images, long texts, large YAML, and what studies of them cost. MADE UP."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ntcspec.places import home

FRAMES, SIDE = 60, 2048
POINTS = 100_000
E0 = 9881.0
PIXEL_M, DISTANCE_M, WAVELENGTH = 2e-4, 0.2, 0.2095
Row = tuple[str, str, float, float, str]


@dataclass(frozen=True)
class Cost:
    """Of one command with all that it starts: processor s, MB of the largest process, exit code, what it said."""

    cpu: float
    peak: float
    code: int
    said: str

    def told(self, *words: str) -> str:
        """The exit code, and the line that holds the first of these words that is found."""
        lines = self.said.splitlines()
        found = (line.strip() for word in words for line in lines if re.search(word, line))
        bad = "TRACEBACK, " if "Traceback" in self.said or "internal error" in self.said else ""
        line = next(found, lines[-1] if lines else "")
        return f"{bad}exit {self.code}: {line[:160].replace('|', '/')}"


LAUNCH = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[2:]).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
open(sys.argv[1], "w").write(f"{code} {used.ru_utime + used.ru_stime} {used.ru_maxrss}")
"""


def command(*words: object, cwd: Path | None = None) -> Cost:
    """Run ntcspec, or the program that the first word is a path of. It is started by a small process: a large one that
    starts another is counted with it."""
    start = [str(words[0])] if isinstance(words[0], Path) else [sys.executable, "-m", "ntcspec.cli", str(words[0])]
    with tempfile.TemporaryFile("w+") as said, tempfile.NamedTemporaryFile("r") as used:
        launcher = [sys.executable, "-I", "-S", "-c", LAUNCH, used.name, *start, *map(str, words[1:])]
        subprocess.run(launcher, stdout=said, stderr=said, cwd=cwd, check=True)
        said.seek(0)
        code, cpu, peak = used.read().split()
        return Cost(float(cpu), float(peak) / 1000, int(code), said.read())


# --- studies --------------------------------------------------------------------------------------

CONFIG: dict[str, Any] = {
    "study": "bad neighbours (MADE UP)",
    "defaults": {
        "exafs": {
            "reduce": {"e0_ev": E0},
            "transform": {"kmin_inv_ang": 3.0, "kmax_inv_ang": 11.0},
            "wavelet": {"eta_sigma": 7.0},
            "measure": {"windows": {"first_shell": [1.3, 2.6]}, "boxes": {"lobe": {"k": [4, 10], "r": [1.3, 2.6]}}},
        },
        "xanes": {"measure": {"windows": {"white_line": [9878, 9895]}}},
        "raman": {"measure": {"bands": {"a1g": {"range_cm1": [330, 450], "lines": [1]}}}},
        "scattering": {"transform": {"rmax_ang": 20}, "measure": {"peaks": {"first": {"range_ang": [2.0, 2.65]}}}},
    },
    "panels": {
        "chi_r": {"kind": "exafs.chi_r"},
        "mu": {"kind": "exafs.mu"},
        "norm": {"kind": "xanes.norm"},
        "raman": {"kind": "raman.stack"},
        "g_r": {"kind": "scattering.g_r"},
        "i_q": {"kind": "scattering.i_q"},
    },
}


def make_study(folder: Path, name: str, measurement: dict[str, Any]) -> Path:
    """A study of one measurement in the sample 'bad' and one small one in the sample 'good'."""
    write(folder / "raw/good.xdi", xdi(400))
    good = {"exafs": {"element": "Ta", "edge": "L3", "files": ["raw/good.xdi"]}}
    samples = {
        "good": {"simulated": True, "composition": "NaTaCl6", "measurements": good},
        "bad": {"simulated": True, "composition": "NaTaCl6", "measurements": {name: measurement}},
    }
    write(folder / "config.yaml", yaml.safe_dump(CONFIG, sort_keys=False).encode())
    write(folder / "samples.yaml", yaml.safe_dump({"samples": samples}, sort_keys=False).encode())
    return folder


def write(path: Path, *parts: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.writelines(parts)
    return path


def outcome(folder: Path, run: Cost) -> str:
    """What a run made of the two samples."""
    rows = folder / "results/metrics.csv"
    text = rows.read_text(encoding="utf-8") if rows.is_file() else ""
    good = any(line.startswith("good,") and "first_shell.position" in line for line in text.splitlines())
    report = folder / "results/report.html"
    if not rows.is_file():
        return f"NOTHING IS MADE: {run.told()}"
    size = f"report {report.stat().st_size / 1e6:.1f} MB" if report.is_file() else "NO REPORT"
    bad = run.told("FAILED bad", "left out: ") if "FAILED bad" in run.said or "left out" in run.said else "works"
    return f"{bad}; the other sample {'goes on' if good else 'IS LOST'}; {size}"


def ran(folder: Path) -> tuple[float, float, str]:
    run = command("run", folder, "--cores", "1")
    return run.cpu, run.peak, outcome(folder, run)


# --- images ---------------------------------------------------------------------------------------


def stacks(folder: Path) -> Iterator[Row]:
    """A stack in each format, as a run takes it; then one that is cut off."""
    for kind, written in {"HDF5": hdf5, "TIFF": multi_tiff, "EDF": edf}.items():
        study = make_study(folder / kind, "scattering", {"files": ["raw/stack"], "ingest": {"poni": "raw/s.poni"}})
        write(study / "raw/s.poni", poni())
        path = study / "raw/stack"
        written(path, FRAMES, SIDE)
        yield (f"stack of {FRAMES} frames, {kind}", mb(path), *ran(study))
        if kind != "HDF5":
            os.truncate(path, path.stat().st_size * 65 // 99)
            yield (f"the same, cut off, {kind}", mb(path), *ran(study))
        path.unlink()


def frames(count: int, side: int) -> Iterator[np.ndarray]:
    """Frames (side, side) of uint32: halo of NaTaCl6 on a flat detector, with noise."""
    from ntcspec.scattering.atoms import averages, compton

    c = {"Na": 1 / 8, "Ta": 1 / 8, "Cl": 6 / 8}
    place = (np.arange(side) + 0.5 - side / 2) * PIXEL_M * SIDE / side
    radius = np.hypot(place[:, None], place[None, :])
    angle = np.arctan(radius / DISTANCE_M)
    axis = np.linspace(0.01, 40, 4000)
    curve = averages(c, axis).squared_mean + compton(c, axis, wavelength_ang=WAVELENGTH, exponent=3)
    curve *= 1.0 + 0.3 * np.sinc(axis * 2.36 / np.pi)
    polarisation = 0.5 * (1 + np.cos(angle) ** 2)
    expected = np.interp(4 * np.pi / WAVELENGTH * np.sin(angle / 2), axis, curve) * np.cos(angle) ** 3 * polarisation
    expected = (0.1 * expected).astype(np.float32)
    for number in range(count):
        noise = np.random.default_rng(number).standard_normal((side, side), dtype=np.float32)
        yield np.maximum(np.rint(expected + np.sqrt(expected) * noise), 0).astype("<u4")


def poni() -> bytes:
    config = f'{{"pixel1": {PIXEL_M}, "pixel2": {PIXEL_M}, "max_shape": [{SIDE}, {SIDE}], "orientation": 3}}'
    centre = PIXEL_M * SIDE / 2
    lines = ["poni_version: 2.1", "Detector: Detector", f"Detector_config: {config}", f"Distance: {DISTANCE_M}"]
    lines += [f"Poni1: {centre}", f"Poni2: {centre}", "Rot1: 0", "Rot2: 0", "Rot3: 0", f"Wavelength: {WAVELENGTH}e-10"]
    return ("\n".join([*lines, "# MADE UP"]) + "\n").encode()


def hdf5(path: Path, count: int, side: int) -> None:
    """As detectors of Dectris write it: one frame a chunk, packed with bitshuffle and LZ4."""
    import h5py
    import hdf5plugin

    packed = hdf5plugin.Bitshuffle(cname="lz4")
    with h5py.File(path, "w") as file:
        data = file.create_dataset("entry/data/data", (count, side, side), "<u4", chunks=(1, side, side), **packed)
        for number, frame in enumerate(frames(count, side)):
            data[number] = frame


def edf(path: Path, count: int, side: int) -> None:
    with path.open("wb") as file:
        for number, frame in enumerate(frames(count, side), 1):
            keys = f"HeaderID = EH:{number:06d}:000000:000000 ;\nImage = {number} ;\nByteOrder = LowByteFirst ;\n"
            keys += f"DataType = UnsignedInteger ;\nDim_1 = {side} ;\nDim_2 = {side} ;\nSize = {frame.nbytes} ;\n"
            file.write(f"{{\n{keys}".ljust(1022).encode() + b"}\n")
            file.write(frame.tobytes())


def multi_tiff(path: Path, count: int, side: int) -> None:
    size = 4 * side * side
    with path.open("wb") as file:
        file.write(b"II*\0" + struct.pack("<I", 8))
        for number, frame in enumerate(frames(count, side), 1):
            tags = {256: side, 257: side, 258: 32, 259: 1, 262: 1, 273: 0, 277: 1, 278: side, 279: size, 339: 1}
            start = file.tell() + 2 + 12 * len(tags) + 4
            tags[273] = start
            file.write(struct.pack("<H", len(tags)))
            file.writelines(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
            file.write(struct.pack("<I", start + size if number < count else 0))
            file.write(frame.tobytes())


# --- texts ----------------------------------------------------------------------------------------


def texts(folder: Path) -> Iterator[Row]:
    """100,000 points of each technique, a header of 100,000 lines, 500 MB that are none."""
    absorption = {"element": "Ta", "edge": "L3"}
    for technique, content in LONG.items():
        study = make_study(folder / technique, technique, {"files": [f"raw/long{SUFFIX[technique]}"]})
        path = write(study / f"raw/long{SUFFIX[technique]}", content(POINTS))
        if technique in ("exafs", "xanes"):
            make_study(study, technique, {"files": [f"raw/{path.name}"], **absorption})
        yield (f"{POINTS:,} points, {technique}", mb(path), *ran(study))
    study = make_study(folder / "nmr", "nmr", {"files": ["raw/fid"], "ingest": {"nucleus": "23Na"}})
    for name, content_of in fid(POINTS).items():
        write(study / "raw/fid" / name, content_of)
    yield (f"{POINTS:,} points, nmr", mb(study / "raw/fid/data"), *ran(study))
    study = make_study(folder / "header", "exafs", {"files": ["raw/x.xdi"], **absorption})
    head = b"".join(b"# Remark.line%d: nothing\n" % i for i in range(POINTS))
    path = write(study / "raw/x.xdi", xdi(400).replace(b"# Column.1", head + b"# Column.1", 1))
    yield (f"header of {POINTS:,} lines", mb(path), *ran(study))
    for what, block in NO_SPECTRUM.items():
        study = make_study(folder / "none", "exafs", {"files": ["raw/x.dat"], **absorption})
        path = write(study / "raw/x.dat", *([block] * (500_000_000 // len(block))))
        yield (what, mb(path), *ran(study))
        path.unlink()


NO_SPECTRUM = {
    "500 MB of prose": b"This is no spectrum at all, it is what a program said to itself while it ran.\n" * 1000,
    "500 MB on one line": b"0123456789 " * 10_000,
    "500 MB of numbers in rows": b"9881.0 1.0 2.0 3.0\n" * 10_000,
}


def xdi(points: int) -> bytes:
    """Absorption of one shell at 1.95 A, counted."""
    energy = E0 + np.concatenate([np.linspace(-200, -20, points // 10), np.linspace(-20, 640, points - points // 10)])
    above = np.maximum(energy - E0, 0.0)
    k = np.sqrt(above * 0.2624682917)
    chi = np.where(above > 5, 0.4 * np.sin(2 * k * 1.95) * np.exp(-0.006 * k**2) / np.maximum(k, 1.0), 0.0)
    mu = 0.4 - 2e-4 * (energy - E0) + (0.5 + np.arctan((energy - E0) / 2) / np.pi) * (1 + chi)
    rng = np.random.default_rng(1)
    counts = rng.poisson(np.column_stack([np.full(energy.size, 3e7), 3e7 * np.exp(-mu)]))
    head = "# XDI/1.0 made-up\n# Element.symbol: Ta\n# Element.edge: L3\n# Column.1: energy eV\n# Column.2: i0\n"
    rows = "".join(f"{e:.4f} {a} {b}\n" for e, (a, b) in zip(energy, counts, strict=True))
    return f"{head}# Column.3: itrans\n# ///\n# MADE UP\n# ---\n# energy i0 itrans\n{rows}".encode()


def raman(points: int) -> bytes:
    """Five lines on a baseline, as columns of a text."""
    shift = np.linspace(60, 1060, points)
    lines = ((95, 800), (150, 500), (330, 200), (387, 3000), (420, 300))
    expected = 200 + 0.1 * shift + sum(a * 36 / ((shift - x) ** 2 + 36) for x, a in lines)
    counts = np.random.default_rng(2).poisson(expected)
    return "".join(f"{x:.5f}\t{y}\n" for x, y in zip(shift, counts, strict=True)).encode()


def chi(points: int) -> bytes:
    """I(Q) of NaTaCl6 with one shell, as Fit2D writes it."""
    from ntcspec.scattering.atoms import averages, compton, factors

    c = {"Na": 1 / 8, "Ta": 1 / 8, "Cl": 6 / 8}
    q = np.linspace(0.4, 26.0, points)
    average, f = averages(c, q), factors(c, q)
    shell = 2 * c["Ta"] * 6 * f["Ta"] * f["Cl"] * np.sinc(q * 2.36 / np.pi) * np.exp(-0.5 * (0.09 * q) ** 2)
    y = average.squared_mean + shell + compton(c, q, wavelength_ang=WAVELENGTH, exponent=3)
    y *= 1.0 + 1e-3 * np.random.default_rng(3).standard_normal(points)
    head = ["MADE UP", "Q (Inverse Angstroms)", "Intensity", f"       {points}"]
    return ("\n".join([*head, *(f" {a:.7E}  {b:.7E}" for a, b in zip(q, y, strict=True))]) + "\n").encode()


def fid(points: int) -> dict[str, bytes]:
    """A decaying line and noise, as a directory of Spinsight."""
    from ntcspec.demo.nmr_signal import Fid
    from ntcspec.demo.spinsight import format_directory

    t, rng = np.arange(points) * 2e-6, np.random.default_rng(4)
    signal = 1e6 * np.exp(-2j * np.pi * 1500 * t - t / 4e-4)
    noise = 3e3 * (rng.standard_normal(points) + 1j * rng.standard_normal(points))
    return format_directory(Fid(np.round(signal + noise), 2e-6, 105.8, 105.8, "made up", "one pulse", 64, 15e3, 7.2))


LONG: dict[str, Callable[[int], bytes]] = {"exafs": xdi, "xanes": xdi, "raman": raman, "scattering": chi}
SUFFIX = {"exafs": ".xdi", "xanes": ".xdi", "raman": ".txt", "scattering": ".chi"}


# --- YAML -----------------------------------------------------------------------------------------


def yamls(folder: Path) -> Iterator[Row]:
    """10,000 samples through the commands; 10,000 mistakes; aliases of aliases; 50 MB."""
    study = make_study(folder / "many", "exafs", {"element": "Ta", "edge": "L3", "files": ["raw/good.xdi"]})
    content = xdi(200)
    for number in range(SAMPLES):
        write(study / f"raw/s{number:05d}.xdi", content)
    size = mb(write(study / "samples.yaml", samples("s").encode()))
    snakemake = (sys.executable, "-m", "snakemake", "--snakefile", home() / "Snakefile", "--directory", study, "-n")
    profile = ("--profile", home() / "workflow/profiles/default", "--quiet", "--config", "study=config.yaml")
    for words in (("run", study, "--dry-run"), ("check", study), (Path(snakemake[0]), *snakemake[1:], *profile)):
        cost = command(*words)
        shown = (
            "snakemake -n" if isinstance(words[0], Path) else "ntcspec " + " ".join(str(w) for w in words if w != study)
        )
        yield (f"{SAMPLES:,} samples, `{shown}`", size, cost.cpu, cost.peak, cost.told("jobs to do", "nothing wrong"))
    write(study / "samples.yaml", (samples("lost") + GOOD).encode())
    cost = command("check", study)
    yield (f"{SAMPLES:,} mistakes, `ntcspec check`", size, cost.cpu, cost.peak, cost.told(r"^\.\.\. and"))
    for what, text in LARGE.items():
        path = write(study / "samples.yaml", text().encode())
        cost = command("check", study)
        yield (what, mb(path), cost.cpu, cost.peak, cost.told("samples.yaml"))


def samples(prefix: str) -> str:
    """samples.yaml with as many samples, each with a raw file of its own."""
    entries = (
        f"  s{i:05d}:\n    simulated: true\n    composition: NaTaCl6\n    measurements:\n"
        f"      exafs: {{element: Ta, edge: L3, files: [raw/{prefix}{i:05d}.xdi]}}\n"
        for i in range(SAMPLES)
    )
    return "samples:\n" + "".join(entries)


SAMPLES = 10_000
GOOD = "  good: {measurements: {exafs: {element: Ta, edge: L3, files: [raw/good.xdi]}}}\n"
LARGE: dict[str, Callable[[], str]] = {
    "YAML of 50 MB": lambda: "samples:\n" + "".join(f"  s{i}: {{composition: NaTaCl6}}\n" for i in range(1_600_000)),
    "aliases of aliases (10^9 values)": lambda: (
        "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 10))
    ),
    "100,000 levels": lambda: "a: " + "[" * 100_000,
}


def mb(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:.0f} MB"
