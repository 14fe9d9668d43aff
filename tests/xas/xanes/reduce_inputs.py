"""What the tests of the stage `reduce` of xanes share: a near edge, scans, options, measured files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ntcspec.config.xanes import Reduce
from ntcspec.edges import edges_of
from ntcspec.types import Array
from ntcspec.types.xanes import XanesReduced
from ntcspec.types.xas import Channel, Column, XasScan, XasScans
from ntcspec.xas.raw import ingest_files
from ntcspec.xas.xanes.reduce import reduce_xanes

E0 = 2825.0
GRID = np.concatenate([np.arange(2790.0, 2817.0, 1.0), np.arange(2817.0, 2840.0, 0.2), np.arange(2840.0, 2910.0, 0.75)])
NO_CHOICES: dict[str, tuple[float, ...]] = {
    "pre1_shift_ev": (),
    "pre2_shift_ev": (),
    "norm1_shift_ev": (),
    "norm2_shift_ev": (),
    "norm_degree": (),
}


def near_edge(energy_ev: Array, *, e0_ev: float = E0, step: float = 1.0, line: float = 1.2) -> Array:
    """An edge of known step with a pre-edge line and a white line, on a falling background; flat far above."""
    x = energy_ev - e0_ev
    rise = 0.5 * (1.0 + np.tanh(x / 0.8))
    white = line * np.exp(-0.5 * ((x - 1.5) / 0.7) ** 2) + 0.15 * np.exp(-0.5 * ((x + 3.0) / 0.5) ** 2)
    return 0.7 - 2e-3 * x + step * (rise + white)


def scan(energy_ev: Array, source: str = "scan.dat", preferred: str = "", **modes: Array) -> XasScan:
    """A scan that holds mu of each mode directly."""
    columns = [Column("energy", "eV", energy_ev), *(Column(mode, "", mu) for mode, mu in modes.items())]
    channels = [Channel(mode, "direct", (mode,), "", "made by a test") for mode in modes]
    rows = np.arange(1, energy_ev.size + 1)
    return XasScan(source, "test", "", "", energy_ev, rows, tuple(columns), tuple(channels), preferred, "", "", (), "")


def options(**given: Any) -> dict[str, Any]:
    """All keywords of Reduce with their defaults, as the config hands them on."""
    return Reduce(**given).model_dump()


def reduced(
    scans: XasScans | Sequence[XasScan], *, element: str = "Cl", edge: str = "K", composition: str = "", **given: Any
) -> XanesReduced:
    """reduce_xanes with the defaults of the config."""
    references = given.pop("references", None)
    scans = scans if isinstance(scans, XasScans) else XasScans(tuple(scans))
    return reduce_xanes(
        scans, element=element, edge=edge, edge_energy_ev=edges_of(element)[edge], composition=composition,
        references=references, **options(**given),
    )  # fmt: skip


def measured(path: Path, *, element: str, edge: str, select: str = "") -> XasScans:
    """A measured file through the reader and the checks of ingest."""
    return ingest_files(
        [path], [path.name], element=element, edge=edge, edge_energy_ev=edges_of(element)[edge], bad_rows="refuse",
        columns=None, select=select,
    )  # fmt: skip
