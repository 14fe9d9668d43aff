"""A small study with every technique, series, trends, claims, table panels, a structure for FEFF, and a bad file of each.

Names stand in another order than that of the alphabet wherever the study has a choice.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))
sys.path.insert(0, str(Path(__file__).parents[1] / "nmr"))

import nmr_files
import numpy as np
import scattering_files
import test_nmr_study
import test_raman_study
import test_scattering_study
import test_xanes_study
from study import CONFIG, ROOT, measurement, table, write_yaml, xdi

EXAFS = CONFIG["defaults"]["exafs"]  # type: ignore[index]
MEASURE = {"windows": {"second": [2.6, 4.0], "first_shell": [1.3, 2.6]}, "boxes": EXAFS["measure"]["boxes"]}
STRUCTURES = {"z_crystal": {"file": "raw/model.cif"}}
RAMAN = test_raman_study.CONFIG["measurements"]["raman"]  # type: ignore[index]
NMR = test_nmr_study.CONFIG["measurements"]["nmr"]  # type: ignore[index]
CL_K = test_xanes_study.CONFIG["measurements"]["cl_k"]  # type: ignore[index]
PATTERN = test_scattering_study.CONFIG["measurements"]["pattern"]  # type: ignore[index]
IMAGE = test_scattering_study.CONFIG["measurements"]["pdf"]  # type: ignore[index]
LOBE = "exafs.first_shell.position"

STUDY: dict[str, Any] = {
    "study": "every technique",
    "defaults": {"exafs": {**EXAFS, "measure": MEASURE, "paths": {"structures": STRUCTURES}}},
    "measurements": {"raman": RAMAN, "nmr": NMR, "cl_k": CL_K, "pattern": PATTERN, "pdf": IMAGE},
    "series": {"rank": {"kind": "xanes.rank", "measurement": "cl_k", "options": {"range_ev": [2815, 2860]}}},
    "trends": {"dose": {"scale": "linear", "metrics": [LOBE]}},
    "panels": {
        "z_chi": {"kind": "exafs.chi_r"},
        "map": {"kind": "exafs.wavelet"},
        "norm": {"kind": "xanes.norm", "measurement": "cl_k"},
        "rank": {"kind": "xanes.rank"},
        "g": {"kind": "scattering.g_r", "measurement": "pattern"},
        "rings": {"kind": "scattering.image", "measurement": "pdf"},
        "stack": {"kind": "raman.stack"},
        "nmr": {"kind": "nmr.fit"},
        "trend": {"kind": "study.trend", "options": {"metrics": [LOBE], "against": "dose", "x_log": False}},
        "rows": {"kind": "study.correlation", "options": {"metrics": [LOBE], "against": "dose", "x_log": False}},
    },
}
CLAIM = {"says": "b is longer", "source": "made up", "refuted_by": "b shorter", "kind": "compare"}
BAD = {
    "exafs": "raw/bad.xdi",
    "raman": "raw/bad.txt",
    "nmr": "raw/bad.fid",
    "pattern": "raw/bad.chi",
    "cl_k": "raw/no.xdi",
}


def make_everything(folder: Path) -> Path:
    """Write raw files, config.yaml, samples.yaml and claims.yaml into a folder."""
    raw = folder / "raw"
    raw.mkdir(parents=True)
    xdi(raw / "z/a1.xdi", table(1.95, 1)), xdi(raw / "z/a2.xdi", table(1.95, 2)), xdi(raw / "b.xdi", table(2.10, 3))
    shutil.copy(ROOT / "resources/demo/NaTaCl6_P21c.cif", raw / "model.cif")
    for name, dimer in (("salt", 0.0), ("dimer", 1.0), ("half", 0.5)):
        xdi(raw / f"{name}.xdi", test_xanes_study.table(dimer, int(10 * dimer)))
        path = raw / f"{name}.xdi"
        path.write_text(path.read_text().replace("symbol: Ta", "symbol: Cl").replace("edge: L3", "edge: K"))
    for name in ("Si", "sharp"):
        (raw / f"{name}.txt").write_bytes(test_raman_study.spectra()[name].encode("cp1252"))
    nmr_files.varian(raw / "one.fid", test_nmr_study.decay(2))
    scattering_files.chi(raw / "good.chi", test_scattering_study.SAMPLE, axis=test_scattering_study.Q)
    scattering_files.chi(
        raw / "empty.chi", scattering_files.halo(test_scattering_study.Q), axis=test_scattering_study.Q
    )
    for name in ("good.poni", "mask.tif", "empty.tif", "good.tif"):
        test_scattering_study.FILES[name](raw / name)
    (raw / "bad.xdi").write_bytes(np.random.default_rng(4).bytes(3000))
    (raw / "bad.txt").write_text("no spectrum\n")
    nmr_files.varian(raw / "bad.fid", test_nmr_study.decay(3))
    (raw / "bad.fid/procpar").unlink()
    (raw / "bad.chi").write_text("no pattern\n")
    write_yaml(folder / "config.yaml", STUDY)
    write_yaml(folder / "samples.yaml", {"samples": _samples()})
    claims = {"z_longer": {**CLAIM, "samples": ["b"], "to": ["a"], "relation": "above", "metric": LOBE}}
    write_yaml(folder / "claims.yaml", {"claims": {**claims, "again": claims["z_longer"]}})
    return folder


def _samples() -> dict[str, Any]:
    measured: dict[str, dict[str, Any]] = {
        "b": {"exafs": measurement("raw/b.xdi")},
        "a": {
            "exafs": measurement("raw/z/a1.xdi", "raw/z/a2.xdi"),
            "raman": {"files": ["raw/sharp.txt"]},
            "nmr": {"files": ["raw/one.fid"]},
            "pattern": {"files": ["raw/good.chi"]},
            "pdf": {"files": ["raw/good.tif"]},
        },
        **{name: {"cl_k": {"files": [f"raw/{name}.xdi"]}} for name in ("salt", "dimer", "half")},
        "bad": {
            "exafs": measurement(BAD["exafs"]),
            **{name: {"files": [file]} for name, file in BAD.items() if name != "exafs"},
        },
    }
    dose = {name: {"value": i, "unit": "h", "u": 0.1, "source": "made up"} for i, name in enumerate(measured, 1)}
    return {
        name: {
            "simulated": True,
            "composition": "NaTaCl6",
            "properties": {"dose": dose[name], "age": dose[name]},
            "measurements": m,
        }
        for name, m in measured.items()
    }
