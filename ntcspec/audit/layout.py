"""Where the boxes of a family stand: layers from raw files (left) to what was made of them (right).

The layered drawing of Sugiyama, Tagawa and Toda (IEEE Trans. SMC 11, 109 (1981)): a node's layer is its longest way
from a raw file; an edge that skips layers gets a bend in each, so that it passes between boxes; the order in a layer
follows the mean place of the neighbours, and the order with the fewest crossings is kept; heights are those nearest to
the neighbours' mean that leave the order and the distances (isotonic regression). Nothing is drawn by chance.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

SWEEPS = 8
Name = str | tuple[str, str, int]  # a node, or the bend of an edge (from, to) in a layer
Links = dict[Name, list[Name]]


@dataclass(frozen=True)
class Layout:
    """layers: layer of each node, 0 is the leftmost. y: middle of each node. edges: (from, to, y of its bends)."""

    layers: Mapping[str, int]
    y: Mapping[str, float]
    edges: tuple[tuple[str, str, tuple[float, ...]], ...]


def lay_out(inputs: Mapping[str, Sequence[str]], top: str, gap: float, bend_gap: float) -> Layout:
    """A layout of a graph without cycles.

    inputs: by node, what it was made from, in the order in which they should stand. top: the node that all lead to.
    gap: least distance of two nodes of a layer; bend_gap: of two bends; a node and a bend keep the mean of both.
    """
    layers = _layers(inputs, top)
    left, order = _insert_bends(inputs, top, layers)
    right: Links = {}
    for name, sources in left.items():
        for source in sources:
            right.setdefault(source, []).append(name)
    order = _fewest_crossings(order, left, right)

    def distance(one: Name, other: Name) -> float:
        nodes = isinstance(one, str) + isinstance(other, str)
        return (bend_gap, (gap + bend_gap) / 2, gap)[nodes]

    y = _heights(order, left, right, distance)
    edges = []
    for target, taken in inputs.items():
        for one in dict.fromkeys(taken):
            bends = tuple(y[(one, target, layer)] for layer in range(layers[one] + 1, layers[target]))
            edges.append((one, target, bends))
    return Layout(layers, {name: y[name] for name in inputs}, tuple(edges))


def _layers(inputs: Mapping[str, Sequence[str]], top: str) -> dict[str, int]:
    """The longest way from a node without inputs."""
    found: dict[str, int] = {}

    def visit(name: str) -> int:
        if name not in found:
            found[name] = 1 + max((visit(source) for source in inputs[name]), default=-1)
        return found[name]

    visit(top)
    return found


def _insert_bends(
    inputs: Mapping[str, Sequence[str]], top: str, layers: Mapping[str, int]
) -> tuple[Links, list[list[Name]]]:
    """Neighbours to the left of nodes and bends, and a first order of each layer: as a walk from the top meets them."""
    left: Links = {}
    order: list[list[Name]] = [[] for _ in range(layers[top] + 1)]

    def visit(name: str) -> None:
        left[name] = []
        order[layers[name]].append(name)
        for source in dict.fromkeys(inputs[name]):
            last: Name = name
            for layer in range(layers[name] - 1, layers[source], -1):
                bend = (source, name, layer)
                left[last].append(bend)
                left[bend] = []
                order[layer].append(bend)
                last = bend
            left[last].append(source)
            if source not in left:
                visit(source)

    visit(top)
    return left, order


def _fewest_crossings(order: list[list[Name]], left: Links, right: Links) -> list[list[Name]]:
    best, fewest = order, crossings(order, left)
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        neighbours = left if forward else right
        order = [list(layer) for layer in order]
        steps = range(1, len(order)) if forward else range(len(order) - 2, -1, -1)
        for number in steps:
            beside = order[number - 1 if forward else number + 1]
            place = {name: float(i) for i, name in enumerate(beside)}
            own = {name: float(i) for i, name in enumerate(order[number])}
            order[number].sort(key=lambda name: _mean(neighbours.get(name, ()), place, own[name]))
        count = crossings(order, left)
        if count < fewest:
            best, fewest = order, count
    return best


def crossings(order: list[list[Name]], left: Links) -> int:
    """How often edges between neighbouring layers cross."""
    total = 0
    for one, other in pairwise(order):
        place = {name: i for i, name in enumerate(one)}
        seen: list[int] = []
        for name in other:
            places = sorted(place[source] for source in left.get(name, ()))
            total += sum(len(seen) - bisect_left(seen, p + 1) for p in places)
            for p in places:
                insort(seen, p)
    return total


def _mean(names: Sequence[Name], place: Mapping[Name, float], default: float) -> float:
    return sum(place[name] for name in names) / len(names) if names else default


def _heights(
    order: list[list[Name]], left: Links, right: Links, distance: Callable[[Name, Name], float]
) -> dict[Name, float]:
    """Heights of all nodes and bends; the topmost is 0."""
    y: dict[Name, float] = {}
    for layer in order:
        y.update(_spread(layer, [0.0] * len(layer), distance))
    for sweep in range(2 * SWEEPS):
        for layer in order if sweep % 2 == 0 else order[::-1]:
            wanted = [_pulled(name, left, right, y) for name in layer]
            y.update(_spread(layer, wanted, distance))
    highest = min(y.values())
    return {name: value - highest for name, value in y.items()}


def _pulled(name: Name, left: Links, right: Links, y: Mapping[Name, float]) -> float:
    """Mean height of the neighbours; one that many share pulls each of them the less, so that chains stay straight."""
    pulls = [(y[one], 1 / len(right[one])) for one in left.get(name, ())]
    pulls += [(y[one], 1 / len(left[one])) for one in right.get(name, ())]
    total = sum(weight for _, weight in pulls)
    return sum(height * weight for height, weight in pulls) / total if total else y[name]


def _spread(layer: list[Name], wanted: list[float], distance: Callable[[Name, Name], float]) -> dict[Name, float]:
    """Heights nearest to `wanted` (least squares) that keep the order and the least distances."""
    offsets = [0.0]
    for one, other in pairwise(layer):
        offsets.append(offsets[-1] + distance(one, other))
    blocks: list[list[float]] = []  # mean, count
    for target, offset in zip(wanted, offsets, strict=True):
        blocks.append([target - offset, 1])
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            (mean, count), (other_mean, other_count) = blocks[-2], blocks.pop()
            total = count + other_count
            blocks[-1] = [(mean * count + other_mean * other_count) / total, total]
    flat = [mean for mean, count in blocks for _ in range(int(count))]
    return {name: base + offset for name, base, offset in zip(layer, flat, offsets, strict=True)}
