"""Studies of N measurements for `scale.py`: every technique in equal parts, from the SIMULATED raw files of the demo.

    python benchmarks/scale_study.py FOLDER N

Each measurement has raw files of its own: copies of the demo's that differ in the seed, name or lowest bit that they
carry, so that no two have the same hash. Total scattering starts from I(Q) of the demo's images, because 2 MB a
measurement would make the study one of reading images. The settings are the demo's, without what takes longest (paths,
fits of EXAFS, fits of NMR lines with simulated spectra): cheap jobs are the hard case for whatever is paid per job.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ntcspec.places import home
from ntcspec.provenance import write_atomic
from ntcspec.types import Array

SOURCES = ("NTC-annealed", "NTC-6h", "NTC-26h", "NTC-36h", "NTC-40h")  # names in the demo's raw files
CONFIG: dict[str, Any] = {
    "study": "benchmark (SIMULATED)",
    "defaults": {
        "exafs": {
            "reduce": {"e0_ev": 9882.5, "rbkg_ang": 1.2},
            "transform": {"kweight": 2, "kmin_inv_ang": 3.0, "kmax_inv_ang": 13.0},
            "wavelet": {"eta_sigma": 7.0},
            "measure": {
                "windows": {"first_shell": [1.3, 2.6], "second_shell": [3.0, 5.0]},
                "boxes": {"lobe": {"k": [3.0, 8.0], "r": [3.2, 4.6]}},
            },
        },
    },
    "measurements": {
        "exafs": {"element": "Ta", "edge": "L3"},
        "cl_k": {
            "technique": "xanes",
            "element": "Cl",
            "edge": "K",
            "reduce": {"mode": "tey", "e0_ev": 2823.0, "pre2_ev": -8.0, "norm1_ev": 25.0},
            "transform": {"smooth_ev": 0.25},
            "measure": {
                "edge_range_ev": [2816, 2828],
                "features": {"pre": {"range_ev": [2820.5, 2823]}, "b": {"range_ev": [2823.8, 2826.6]}},
                "windows": {"white_line": [2823.5, 2829]},
            },
        },
        "pdf": {
            "technique": "scattering",
            "transform": {"rmax_ang": 20},
            "measure": {"peaks": {"first_shell": {"range_ang": [2.0, 2.65], "pair": ["Ta", "Cl"]}}},
        },
        "raman": {
            "reduce": {"range_cm1": [70, 560], "instrument_fwhm_cm1": 2.0},
            "transform": {"temperature_k": 295},
            "measure": {"bands": {"a1g": {"range_cm1": [330, 450], "peak_range_cm1": [345, 435], "lines": [1, 2]}}},
        },
        "nmr": {"measure": {"lines": {"ntc": {"range_ppm": [-40, 4], "sidebands": 2}}}},
    },
    "panels": {
        "chi_r": {"kind": "exafs.chi_r"},
        "cl_k": {"kind": "xanes.norm", "measurement": "cl_k"},
        "raman": {"kind": "raman.stack"},
        "trend": {
            "kind": "study.trend",
            "options": {"metrics": ["exafs.first_shell.position"], "against": "milling_time"},
        },
    },
}
DRAWN = 5  # samples in a panel of spectra: more than that no one can tell apart
TECHNIQUES = 5  # measurements a sample


def main() -> None:
    if len(sys.argv) != 3:
        print(__doc__)
        return
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    make_study(folder, Sources(folder.parent / "demo"), count)
    print(f"{folder}: {count} measurements")


class Sources:
    """The demo's raw files, by sample and measurement; made in `folder` unless they are there."""

    def __init__(self, folder: Path) -> None:
        from ntcspec.demo import write_raw

        self.raw = folder / "raw"
        if not self.raw.is_dir():
            self.raw.mkdir(parents=True)
            write_raw(self.raw)
        self.patterns = _patterns(folder)

    def files(self, source: str, number: int) -> Iterator[tuple[str, str, bytes, bool]]:
        """(measurement, name of the file, its bytes with `number` worked in, whether it is listed in samples.yaml)."""
        for measurement, names in {
            "cl_k": [f"sxrmb/{source}_ClK_{i}.dat" for i in (1, 2)],
            "exafs": [f"hxma/{source}_TaL3_{i}.dat" for i in (1, 2)],
        }.items():
            for name in names:
                data = (self.raw / name).read_bytes().replace(b"# Simulation.seed: ", b"# Simulation.seed: %d" % number)
                yield measurement, Path(name).name, data, True
        data = (self.raw / f"labram/{source}.txt").read_bytes().replace(b"#Remark=\t", b"#Remark=\t%d " % number)
        yield "raman", "raman.txt", data, True
        yield "pdf", "pdf.chi", self.patterns[source].replace(b"SIMULATED", b"SIMULATED %d" % number, 1), True
        for path in sorted((self.raw / "spinsight" / source).iterdir()):
            points = path.read_bytes()
            if path.name == "data":
                counts = np.frombuffer(points, ">i4").copy()
                counts[-32:] ^= (number >> np.arange(32)) & 1  # in the tail of the decay, below the noise
                points = counts.tobytes()
            yield "nmr", f"nmr/{path.name}", points, False


def _patterns(folder: Path) -> dict[str, bytes]:
    """I(Q) of the demo's images as text of Fit2D, by sample; made in `folder` unless it is there."""
    from ntcspec import store
    from ntcspec.config.load import load_study
    from ntcspec.plan import Plan
    from ntcspec.stage import run_stage
    from ntcspec.types.scattering import ScatteringReduced

    if not all((folder / f"{name}.chi").is_file() for name in SOURCES):
        shutil.copytree(home() / "config", folder / "config", dirs_exist_ok=True)
        plan = Plan(load_study(folder))
        with contextlib.chdir(folder):
            for first, job in plan.jobs.items():
                if job.about.get("measurement") == "pdf" and job.about["stage"] in ("ingest", "reduce"):
                    run_stage(job.params(), plan.paths(first), job.outputs, job.log)
        for m in plan.study.measurements:
            if m.name == "pdf":
                reduced = store.read(folder / m.folder / "reduce.nxs", ScatteringReduced)
                write_atomic(folder / f"{Path(m.files[0]).stem}.chi", _chi(reduced.q_inv_ang, reduced.intensity))
    return {name: (folder / f"{name}.chi").read_bytes() for name in SOURCES}


def _chi(q: Array, intensity: Array) -> bytes:
    head = ["SIMULATED by ntcspec demo", "Q (Inverse Angstroms)", "Intensity", f"       {q.size}"]
    rows = (f" {x:.7E}  {y:.7E}" for x, y in zip(q, intensity, strict=True))
    return ("\n".join([*head, *rows]) + "\n").encode()


def make_study(folder: Path, sources: Sources, count: int) -> None:
    """Write a study of `count` measurements; what is there is kept where it is the same."""
    samples = {}
    for number in range(-(-count // TECHNIQUES)):
        name = f"s{number:05d}"
        samples[name] = {
            "composition": "NaTaCl6",
            "simulated": True,
            "properties": {"milling_time": {"value": number % 40, "unit": "h", "source": "made up"}},
            "measurements": _measurements(folder / "raw", name, number, sources, count - TECHNIQUES * number),
        }
    panels = {
        name: panel if panel["kind"] == "study.trend" else {**panel, "samples": list(samples)[:DRAWN]}
        for name, panel in CONFIG["panels"].items()
    }
    write_atomic(folder / "config.yaml", yaml.safe_dump({**CONFIG, "panels": panels}, sort_keys=False).encode())
    write_atomic(folder / "samples.yaml", yaml.safe_dump({"samples": samples}, sort_keys=False).encode())


def _measurements(raw: Path, sample: str, number: int, sources: Sources, left: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for measurement, name, data, listed in sources.files(SOURCES[number % len(SOURCES)], number + 1):
        if measurement not in found and len(found) == left:
            break
        path = raw / sample / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != data:
            write_atomic(path, data)
        shown = f"raw/{sample}/{name if listed else Path(name).parent}"
        files = found.setdefault(measurement, {"files": []})["files"]
        if shown not in files:
            files.append(shown)
    return found


if __name__ == "__main__":
    main()
