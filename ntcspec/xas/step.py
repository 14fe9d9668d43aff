"""The edge step of EXAFS data by either method: pre-edge line and post-edge polynomial, or MBACK."""

from __future__ import annotations

from ntcspec.types import Array
from ntcspec.xas import mback
from ntcspec.xas._larch import checked
from ntcspec.xas.edge_step import Edge, Normaliser, Ranges

METHODS = ("polynomial", "mback")


def edge_step(
    energy_ev: Array, mu: Array, ranges: Ranges, *, method: str, element: str, edge_ev: float, response: bool
) -> Edge:
    """Normalise mu, shape (n,). element and edge_ev, the tabulated edge (eV), are what MBACK takes its table for.

    response: whether the response of the step to mu is wanted. Raises ValueError for an unknown method and for what
    the data do not allow.
    """
    if method not in METHODS:
        raise ValueError(f"normalisation {method!r} is unknown, one of: {', '.join(METHODS)}")
    energy, values = checked(energy_ev, mu)
    normaliser = Normaliser(energy)
    match = None
    if method == "mback":
        match = mback.match_of(normaliser, mback.tabulated(element, energy), ranges, edge_energy_ev=edge_ev)
    return normaliser.normalise(values, ranges, match, response=response)
