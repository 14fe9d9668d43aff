"""Small studies of made-up XDI files, and `ntcspec` as a command."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import yaml

ROOT = Path(__file__).parents[2]
E0, ETOK = 9881.0, 0.2624682917

CONFIG = {
    "study": "made up",
    "defaults": {
        "exafs": {
            "reduce": {"e0_ev": E0},
            "transform": {"kmin_inv_ang": 3.0, "kmax_inv_ang": 11.0},
            "wavelet": {"eta_sigma": 7.0},
            "measure": {"windows": {"first_shell": [1.3, 2.6]}, "boxes": {"lobe": {"k": [4, 10], "r": [1.3, 2.6]}}},
        }
    },
    "panels": {"chi_r": {"kind": "exafs.chi_r"}, "map": {"kind": "exafs.wavelet"}, "mu": {"kind": "exafs.mu"}},
}


def table(r_ang: float = 1.95, seed: int = 1) -> np.ndarray:
    """Columns energy, i0, itrans, irefer of one shell at R (not phase-corrected), with counting noise."""
    rng = np.random.default_rng(seed)
    k = np.arange(2.8, 13.01, 0.05)
    energy = np.concatenate([np.arange(-200, -20, 5.0), np.arange(-20, 30, 0.5), k**2 / ETOK])
    edge = 0.5 + np.arctan(energy / 2.0) / np.pi
    wave = np.sqrt(np.maximum(energy, 1.0) * ETOK)
    chi = np.where(energy > 5, 1.2 * np.sin(2 * wave * r_ang) / wave**2 * np.exp(-0.006 * wave**2) * wave / 3, 0.0)
    mu = 0.4 - 2e-4 * energy + edge * (1 + chi)
    i0 = 1e6 * (1 - 1e-4 * energy)
    i1 = i0 * np.exp(-mu)
    i2 = i1 * np.exp(-0.3 - 0.8 * edge)
    counts = rng.poisson(np.column_stack([i0, i1, i2]) * 30) / 30
    return np.column_stack([E0 + energy, counts])


def xdi(path: Path, data: np.ndarray, *, head: str = "", unit: str = "eV") -> None:
    """Write a table as XDI."""
    names = [f"energy {unit}".strip(), "i0", "itrans", "irefer"]
    lines = ["# XDI/1.0 made-up", "# Element.symbol: Ta", "# Element.edge: L3", *head.splitlines()]
    lines += [f"# Column.{i}: {name}" for i, name in enumerate(names, 1)]
    lines += ["# ///", "# MADE UP for a test", "# ---", "# energy i0 itrans irefer"]
    lines += ["  ".join(f"{x:.4f}" for x in row) for row in data]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


def measurement(*files: str, **own: object) -> dict[str, object]:
    return {"element": "Ta", "edge": "L3", "files": list(files), **own}


def make_study(folder: Path, samples: Mapping[str, object] | None = None) -> Path:
    """Two samples, one of them with two repeat scans; or the given ones on the same raw files."""
    xdi(folder / "raw/a1.xdi", table(1.95, 1))
    xdi(folder / "raw/a2.xdi", table(1.95, 2))
    xdi(folder / "raw/b.xdi", table(2.10, 3))
    if samples is None:
        exafs = {"a": measurement("raw/a1.xdi", "raw/a2.xdi"), "b": measurement("raw/b.xdi")}
        samples = {name: {"simulated": True, "measurements": {"exafs": m}} for name, m in exafs.items()}
    write_yaml(folder / "config.yaml", CONFIG)
    write_yaml(folder / "samples.yaml", {"samples": dict(samples)})
    return folder


def write_yaml(path: Path, data: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(data, sort_keys=False, allow_unicode=True), encoding="utf-8")


def ntcspec(*words: str | Path, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as a user would."""
    command = [sys.executable, "-m", "ntcspec.cli", *map(str, words), *(["--verbose"] if words[0] == "run" else [])]
    env = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    cwd = cwd or Path(tempfile.gettempdir())  # not the checkout, which Python would import from
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=600, check=False)


def jobs_done(run: subprocess.CompletedProcess[str]) -> set[str]:
    """Messages of the jobs that a run did."""
    return {line.strip() for line in run.stdout.splitlines() if line.startswith("  ")}


def artifacts(folder: Path) -> dict[str, bytes]:
    """Bytes of every artifact; logs and the crate, which hold times, are none."""
    results = folder / "results"
    files = (p for p in sorted(results.rglob("*")) if p.is_file() and "logs" not in p.relative_to(results).parts)
    files = (p for p in files if p.name != "ro-crate-metadata.json")
    return {p.relative_to(results).as_posix(): p.read_bytes() for p in files}
