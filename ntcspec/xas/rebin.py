"""Rebinning: mu(E) of a finely or continuously scanned edge in bins of constant width in E, and in k above the edge.

Symbols: E energy (eV), E0 edge, k = sqrt(0.2624682917 (E - E0)) (1/Angstrom), s_i standard uncertainty of mu_i.

Bins: width `pre_step_ev` up to E0 + edge_range[0], `edge_step_ev` up to E0 + edge_range[1], `kstep_inv_ang` above. A
bin holds the points from half of the way to the neighbouring centre on either side. Its energy and mu are the means of
its points, its uncertainty sqrt(sum s_i^2) / n, for the points are independent. A bin without points is left out, one
with a single point is that point: nothing is interpolated, so that noise stays white and no value stands for two.

The mean of mu over a bin that is w wide differs from mu at its centre by w^2 mu'' / 24: bins of 0.05 1/Angstrom lower
an oscillation sin(2 k R) by (0.05 R)^2 / 6, 0.7 % at R = 4 Angstrom.

Source of the layout: larch.xafs.rebin_xafs, which fills empty bins by interpolation instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ntcspec.errors import UserError
from ntcspec.types import Array
from ntcspec.xas.merge import Merged

K2_PER_EV = 0.2624682917  # 2 m / hbar^2
LEAST_POINTS = 20


def edges_of(energy_ev: Array, *, e0_ev: float, settings: Mapping[str, Any]) -> Array:
    """Limits of the bins (eV), ascending, shape (bins + 1,); settings are section `rebin` of the config."""
    low, high = (e0_ev + one for one in settings["edge_range_ev"])
    pre = np.arange(low, energy_ev[0] - settings["pre_step_ev"], -settings["pre_step_ev"])[::-1]
    edge = np.arange(low, high, settings["edge_step_ev"])[1:]
    kmin, kmax = np.sqrt(K2_PER_EV * np.maximum([high - e0_ev, energy_ev[-1] - e0_ev], 0.0))
    k = np.arange(kmin, kmax + settings["kstep_inv_ang"], settings["kstep_inv_ang"])
    centres = np.concatenate([pre, edge, e0_ev + k**2 / K2_PER_EV])
    return np.concatenate([[-np.inf], 0.5 * (centres[:-1] + centres[1:]), [np.inf]])


def rebin(merged: Merged, *, e0_ev: float, settings: Mapping[str, Any], where: str) -> Merged:
    """The merged scans in bins. Raises UserError, which names `where`, for bins that leave too few points."""
    energy = merged.energy_ev
    bins = np.searchsorted(edges_of(energy, e0_ev=e0_ev, settings=settings), energy, side="right")
    _, start, count = np.unique(bins, return_index=True, return_counts=True)
    if start.size < LEAST_POINTS:
        raise UserError(where, f"rebinning leaves {start.size} points", "make the steps of reduce.rebin smaller")

    def mean(values: Array) -> Array:
        return np.asarray(np.add.reduceat(values, start) / count)

    error = np.sqrt(mean(merged.mu_error**2) / count) if merged.mu_error.size else merged.mu_error
    note = f"rebinned: {energy.size} points to {start.size}, up to {count.max()} in a bin"
    return replace(
        merged, energy_ev=mean(energy), mu=mean(merged.mu), mu_error=error, notes=(*merged.notes, note),
        chosen={**merged.chosen, "rebinned_from_points": int(energy.size)},
    )  # fmt: skip
