"""Series of near edges made by formulas: the edge moves and the white line fades along the series."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from helpers import scan

from ntcspec.types import Array
from ntcspec.types.blocks import Blocks
from ntcspec.types.xas_frames import RawFrame, XasFrames

ENERGY = np.concatenate([np.arange(2780, 2815, 1.0), np.arange(2815, 2845, 0.15), np.arange(2845, 2920, 1.0)])
ATOM = {"element": "Cl", "edge": "K", "edge_energy_ev": 2822.4}
REDUCE: dict[str, Any] = {
    "e0_ev": 2823.5,
    "pre2_ev": -8.0,
    "norm1_ev": 25.0,
    "choices": {"pre1_shift_ev": [0.0, 5.0], "norm1_shift_ev": [-5.0, 0.0, 10.0], "norm_degree": [0, 1]},
}
MEASURE: dict[str, Any] = {
    "edge_range_ev": None,
    "features": {"wl": {"range_ev": (2823.0, 2829.0)}, "c": {"range_ev": (2832.0, 2842.0), "smooth_ev": 0.8}},
    "windows": {"w": (2822.0, 2830.0)},
    "peaks": {},
    "mixture": None,
}
SMOOTH_EV = 0.25


def mu_at(t: float, energy_ev: Array = ENERGY) -> Array:
    """mu at time t, 0 to 1."""
    e0 = 2823.0 + 1.5 * t
    step = 0.5 + np.arctan((energy_ev - e0) / 0.8) / np.pi
    line = (0.8 - 0.5 * t) * np.exp(-0.5 * (energy_ev - e0 - 2.0) ** 2)
    broad = 0.1 * np.exp(-0.5 * ((energy_ev - e0 - 14.0) / 4.0) ** 2)
    return 0.2 + 1e-3 * (energy_ev - 2823.0) + 1.3 * (step * (1 - 3e-4 * (energy_ev - 2823.0)) + line + broad)


def series(count: int, *, noise: float = 1e-3, seed: int = 1) -> tuple[Array, Array]:
    """Times (count,) and mu (count, E)."""
    times = np.linspace(0.0, 1.0, count)
    rng = np.random.default_rng(seed)
    return times, np.array([mu_at(t) for t in times]) + rng.normal(0.0, noise, (count, ENERGY.size))


def frames(
    times: Array, mus: Array, *, energies: Sequence[Array] | None = None, reasons: Sequence[str] = (), block: int = 7
) -> XasFrames:
    """As `ingest` hands them on; energies: where not all are ENERGY, all of one length."""
    axes = np.array(energies if energies is not None else [ENERGY] * len(mus))
    why = tuple(reasons) or ("",) * len(mus)

    def make() -> Iterator[RawFrame]:
        for start in range(0, len(mus), block):
            rows = slice(start, start + block)
            names = tuple(f"scan_{i}.xdi" for i in range(start, start + len(mus[rows])))
            none = np.full(len(names), np.nan)
            yield RawFrame(axes[rows], mus[rows, None, :], times[rows], none, names, why[rows])

    return XasFrames(scan(ENERGY, mus[0]), ("mu",), ("time",), ("s",), Blocks(RawFrame, make), ())
