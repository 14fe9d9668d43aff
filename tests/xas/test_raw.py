"""`ingest` from raw files: what the file says of itself is not lost."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ntcspec.demo.series import NOTICE
from ntcspec.errors import UserError
from ntcspec.readers.simulated import SIMULATED
from ntcspec.xas.raw import ingest_files

TANTALUM: dict[str, Any] = {
    "element": "Ta", "edge": "L3", "edge_energy_ev": 9881.0, "bad_rows": "refuse", "columns": None,
}  # fmt: skip


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    energy = np.arange(9700.0, 10400.0, 2.0)
    counts = 1e6 * np.exp(-(0.5 + np.arctan(energy - 9881.0) / np.pi))
    rows = "\n".join(f"{e:.1f} 1000000.0 {c:.1f}" for e, c in zip(energy, counts, strict=True))
    head = f"# XDI/1.0\n# Column.1: energy eV\n# Column.2: i0\n# Column.3: itrans\n# ///\n# {NOTICE}\n# ---\n"
    path = tmp_path / "demo.xdi"
    path.write_text(head + rows + "\n")
    return path


def test_simulated_data_cannot_pass_for_measured(raw: Path) -> None:
    assert SIMULATED in NOTICE
    with pytest.raises(UserError, match="add `simulated: true`"):
        ingest_files([raw], ["demo.xdi"], **TANTALUM)
    scans = ingest_files([raw], ["demo.xdi"], **TANTALUM, simulated=True)
    assert len(scans.scans) == 1
