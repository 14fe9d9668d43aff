"""One demo folder for all tests: written once a session."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ntcspec.demo import find_resources, write_raw
from ntcspec.demo import samples as setup
from ntcspec.demo.disorder import molecular_msrd
from ntcspec.demo.exafs import FOIL, Phase, foil_cluster, run_phase
from ntcspec.demo.structure import clusters_from_cif

EXAFS = (("exafs", "ntcspec.demo.exafs:make"), ("structures", "ntcspec.demo.structures:make"))


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the EXAFS raw files of the default seed; pytest's workers share it."""
    base = tmp_path_factory.getbasetemp()
    target = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "exafs-demo"
    with target.with_suffix(".lock").open("w") as lock, pytest.MonkeyPatch.context() as patch:
        fcntl.flock(lock, fcntl.LOCK_EX)  # whoever comes second finds the folder complete
        patch.setattr("ntcspec.demo.INSTRUMENTS", EXAFS)
        write_raw(target)
    return target


@pytest.fixture(scope="session")
def truth(demo: Path) -> dict[str, Any]:
    """truth.json of that folder, EXAFS."""
    return json.loads((demo / "truth.json").read_text())["exafs"]


@pytest.fixture(scope="session")
def static_phases() -> Mapping[str, Phase]:
    """The phases without snapshots: FEFF runs in a second."""
    tacl5 = clusters_from_cif(find_resources() / setup.TACL5_CIF, "Ta", setup.CLUSTER_ANG)
    foil, debye = foil_cluster()
    return {FOIL: run_phase("bcc Ta", [foil], debye), "TaCl5": run_phase(setup.TACL5_CIF, tacl5, molecular_msrd)}
