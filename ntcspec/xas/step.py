"""The edge step of EXAFS data by either method: pre-edge line and post-edge polynomial, or MBACK."""

from __future__ import annotations

from typing import Any

from ntcspec.types import Array
from ntcspec.xas import _larch, mback
from ntcspec.xas.edge_step import Normaliser, Ranges

METHODS = ("polynomial", "mback")


def edge_step(
    energy_ev: Array, mu: Array, ranges: Ranges, *, method: str, element: str, edge_ev: float
) -> _larch.PreEdge:
    """Normalise mu, shape (n,). element and edge_ev, the tabulated edge (eV), are what MBACK takes its table for.

    Raises ValueError for an unknown method and for what the data do not allow.
    """
    if method not in METHODS:
        raise ValueError(f"normalisation {method!r} is unknown, one of: {', '.join(METHODS)}")
    used: dict[str, Any] = {
        "pre1_ev": ranges.pre1_ev,
        "pre2_ev": ranges.pre2_ev,
        "norm1_ev": ranges.norm1_ev,
        "norm2_ev": ranges.norm2_ev,
    }
    if method == "polynomial":
        degrees: dict[str, Any] = {"norm_degree": ranges.norm_degree, "victoreen": ranges.victoreen}
        return _larch.pre_edge(energy_ev, mu, e0_ev=ranges.e0_ev, **used, **degrees)
    normaliser = Normaliser(energy_ev)
    match = mback.match_of(normaliser, mback.tabulated(element, energy_ev), ranges, edge_energy_ev=edge_ev)
    edge = normaliser.normalise(mu, ranges, match)
    return _larch.PreEdge(
        pre_edge=edge.pre_edge, post_edge=edge.post_edge, norm=edge.norm, edge_step=edge.edge_step, **used,
        e0_index=edge.e0_index, pre_points=edge.pre_points, post_points=edge.post_points,
    )  # fmt: skip
