"""The family of an artifact, from the record in it: what it was made from, down to raw files, and the state of each.

Nothing but the record is needed, so it works on a figure that somebody received by mail. Where the files of the study
lie beside it, each is compared with the hash that the record gives.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ntcspec.audit.look import Look
from ntcspec.audit.place import Place
from ntcspec.audit.records import Record, damage, record_findings
from ntcspec.workflow import read_any_record


@dataclass(frozen=True)
class Node:
    """One file of a family. sha256 and bytes are as recorded; '' and 0 for that at the top, which no record names."""

    path: str
    root: str  # raw, study, or file: the one that is traced
    state: str
    sha256: str = ""
    bytes: int = 0
    record: Record = field(default_factory=dict)
    inputs: tuple[tuple[str, str], ...] = ()  # (role, path) of what it was made from


@dataclass(frozen=True)
class Family:
    """All nodes by path, the traced file first, inputs before what they were made from never before it.

    findings: (path, what) of contradictions in the record itself. checked and unchecked: in words.
    """

    top: str
    nodes: Mapping[str, Node]
    findings: tuple[tuple[str, str], ...]
    checked: tuple[str, ...]
    unchecked: tuple[str, ...]

    @property
    def simulated(self) -> bool:
        return any(bool(node.record.get("simulated")) for node in self.nodes.values())

    def count(self, state: str, root: str = "") -> int:
        return sum(node.state == state and root in ("", node.root) for node in self.nodes.values())


def family_of(path: Path, place: Place | None, number: str = "", sources: Collection[str] = ()) -> Family:
    """The family of an artifact; or of one number in it, with what it was taken from.

    sources: the artifacts behind the number, any of the artifact's ancestors. Raises UserError where the file carries
    no record.
    """
    record, look = read_any_record(path), Look(path, place)
    top = f"{path.name}:{number}" if number else path.name
    findings = tuple((ancestor or path.name, what) for ancestor, what in record_findings(record))
    broken = bool(damage(record))  # a whole one may have no ancestors: ingest was made from raw files alone
    family: dict[str, Record] = {} if broken else record["ancestry"]
    node = Node(top, "file", look.itself(), record={} if number or broken else record)
    listed = _entries(record, family, sources) if number else node.record.get("inputs", [])
    nodes: dict[str, Node] = {}
    _visit(top, node, listed, family, look, nodes)
    checked = () if findings else (f"{_many(len(family) + 1)} in it: keys, seals and code follow from what it says",)
    return Family(
        top,
        nodes,
        findings,
        (*checked, *look.checked(nodes, top)),
        tuple(look.unchecked(nodes, top)),
    )


def _many(records: int) -> str:
    return f"the {records} records" if records > 1 else "the record"


def _entries(record: Record, family: Mapping[str, Record], sources: Collection[str]) -> list[dict[str, Any]]:
    """What the records say of `sources` as inputs."""
    every = {one["path"]: one for member in (record, *family.values()) for one in member["inputs"]}
    return [every[path] for path in sources]


def _visit(
    name: str,
    node: Node,
    listed: Sequence[Mapping[str, Any]],
    family: Mapping[str, Record],
    look: Look,
    nodes: dict[str, Node],
) -> None:
    nodes[name] = replace(node, inputs=tuple((one["role"], one["path"]) for one in listed))
    for one in listed:
        path = one["path"]
        if path not in nodes:
            record = family.get(path, {})
            child = Node(path, one["root"], look.state(one), one["sha256"], one["bytes"], record)
            _visit(path, child, record.get("inputs", []), family, look, nodes)
