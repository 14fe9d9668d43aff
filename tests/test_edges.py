"""The table of edges is xraydb's."""

import xraydb

from ntcspec.edges import edges_of, elements


def test_edges_are_those_of_xraydb() -> None:
    for element in elements():
        theirs = {name: edge.energy for name, edge in xraydb.xray_edges(element).items()}
        for name, energy in edges_of(element).items():
            assert abs(energy - theirs[name]) <= 1e-4 * theirs[name], (element, name)


def test_the_edges_of_the_paper_are_there() -> None:
    assert edges_of("Ta")["L3"] == 9881.0
    assert {"K", "L1", "L2", "L3"} <= set(edges_of("Ta"))
    assert "Na" in elements() and "Xx" not in elements()
