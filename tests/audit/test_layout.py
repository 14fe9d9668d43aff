"""The drawn graph: boxes that do not overlap, layers in order, few crossings, and a file that a browser can read."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from itertools import combinations, pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ntcspec.audit.graph import BEND_GAP, GAP, HEIGHT, graph_svg
from ntcspec.audit.layout import Layout, crossings, lay_out
from ntcspec.audit.place import place_of
from ntcspec.audit.tree import Family, Node, family_of

SVG = "{http://www.w3.org/2000/svg}"


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, list[str]]:
    """A graph without cycles, all of which leads to 'top'."""
    names = [f"n{i}" for i in range(draw(st.integers(1, 14)))]
    inputs: dict[str, list[str]] = {}
    for number, name in enumerate(names):
        inputs[name] = draw(st.lists(st.sampled_from(names[:number]), unique=True, max_size=4)) if number else []
    used = {one for listed in inputs.values() for one in listed}
    return {**inputs, "top": [name for name in names if name not in used]}


def check(inputs: dict[str, list[str]], found: Layout) -> None:
    for target, sources in inputs.items():
        assert all(found.layers[source] < found.layers[target] for source in sources)
    for one, other in combinations(found.layers, 2):
        if found.layers[one] == found.layers[other]:
            assert abs(found.y[one] - found.y[other]) >= GAP - 1e-6
    for source, target, bends in found.edges:
        assert len(bends) == found.layers[target] - found.layers[source] - 1
        for layer, y in enumerate(bends, found.layers[source] + 1):
            beside = [found.y[name] for name in found.layers if found.layers[name] == layer]
            assert all(abs(y - box) >= (GAP + BEND_GAP) / 2 - 1e-6 > HEIGHT / 2 for box in beside)


@given(graphs())
def test_nothing_overlaps_and_no_line_passes_through_a_box(inputs: dict[str, list[str]]) -> None:
    found = lay_out(inputs, "top", GAP, BEND_GAP)
    check(inputs, found)
    assert lay_out(inputs, "top", GAP, BEND_GAP) == found
    assert min(found.y.values()) >= -1e-6


def test_a_tree_is_drawn_without_crossings() -> None:
    inputs = {"top": ["b", "a"], "a": ["a1", "a2"], "b": ["b1", "b2"], "a1": [], "a2": [], "b1": [], "b2": []}
    found = lay_out(inputs, "top", GAP, BEND_GAP)
    for one, other in pairwise(sorted({0, 1})):
        left = sorted((n for n in inputs if found.layers[n] == one), key=lambda n: found.y[n])
        right = sorted((n for n in inputs if found.layers[n] == other), key=lambda n: found.y[n])
        assert crossings([left, right], {n: list(inputs[n]) for n in right}) == 0
    for name in ("a", "b"):
        assert found.y[f"{name}1"] < found.y[name] < found.y[f"{name}2"]


def test_a_chain_is_drawn_as_a_straight_line() -> None:
    names = [f"{sample}{stage}" for sample in "abc" for stage in range(4)]
    inputs = {name: [f"{name[0]}{int(name[1]) - 1}"] if name[1] != "0" else [] for name in names}
    inputs |= {"extra": [], "top": ["a3", "b3", "extra", "c3"]}
    found = lay_out(inputs, "top", GAP, BEND_GAP)
    for sample in "abc":
        assert (
            max(found.y[f"{sample}{n}"] for n in range(4)) - min(found.y[f"{sample}{n}"] for n in range(4)) <= GAP / 2
        )


def test_crossings_are_counted() -> None:
    assert crossings([["a", "b"], ["x", "y"]], {"x": ["b"], "y": ["a"]}) == 1
    assert crossings([["a", "b"], ["x", "y"]], {"x": ["a"], "y": ["b"]}) == 0
    assert crossings([["a", "b", "c"], ["x", "y"]], {"x": ["b", "c"], "y": ["a", "b"]}) == 3
    assert crossings([["a"], ["x", "y"]], {"x": ["a"], "y": ["a"]}) == 0


def test_the_drawing_names_all_files_and_their_states(audited: Path) -> None:
    path = audited / "results/metrics.csv"
    family = family_of(path, place_of(path))
    text = graph_svg(family)
    assert text == graph_svg(family_of(path, place_of(path)))
    root = ElementTree.fromstring(text)
    assert root.get("role") == "img" and root.get("aria-labelledby") == "trace-title trace-desc"
    assert root.find(f"{SVG}title").text == "metrics.csv - SIMULATED data"
    assert "3 raw files by way of 10 other artifacts" in root.find(f"{SVG}desc").text
    titles = [group.find(f"{SVG}title").text for group in root.iter(f"{SVG}g")]
    assert len(titles) == len(family.nodes)
    for name, node in family.nodes.items():
        assert any(t.startswith(f"{name}\n{node.state}") and node.sha256 in t for t in titles)
    assert {e.text for e in root.iter(f"{SVG}text")} >= {"ok", "a1.xdi", "reduce.nxs", "a / exafs"}


def test_names_cannot_break_the_drawing() -> None:
    evil = 'results/<b> & "x"\x07/\ud800.nxs'
    nodes = {
        "top": Node("top", "file", "CHANGED", inputs=(("raw", evil),)),
        evil: Node(evil, "raw", "MISSING", "ab" * 32, 12),
    }
    text = graph_svg(Family("top", nodes, (("top", "its <record> & more"),), (), ()))
    root = ElementTree.fromstring(text.encode())
    words = [e.text for e in root.iter(f"{SVG}text")]
    assert 'results/<b> & "x"\ufffd' in words and "MISSING" in words and "CHANGED" in words
    assert "its <record> & more" in root.find(f"{SVG}desc").text
