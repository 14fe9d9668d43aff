"""Energies of absorption edges (eV), from resources/xray-edges.tsv: xraydb's numbers without its import time."""

from __future__ import annotations

from functools import lru_cache

from ntcspec.places import resource


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, float]]:
    table: dict[str, dict[str, float]] = {}
    for line in resource("xray-edges.tsv").read_text(encoding="utf-8").splitlines()[2:]:
        element, edge, energy = line.split("\t")
        table.setdefault(element, {})[edge] = float(energy)
    return table


def elements() -> list[str]:
    """Symbols with at least one tabulated edge, by atomic number."""
    return list(_table())


def edges_of(element: str) -> dict[str, float]:
    """Edge name -> energy in eV; KeyError for a symbol that is no element."""
    return _table()[element]
