"""A family as JSON, by resources/trace.schema.json."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ntcspec.audit.number import FoundNumber
from ntcspec.audit.tree import Family, Node
from ntcspec.provenance import about_of

SCHEMA = "ntcspec-trace/1"


def family_json(family: Family, number: FoundNumber | None = None) -> dict[str, Any]:
    """The whole family; docs/provenance.md says what each key means."""
    found = [{"path": path, "what": what} for path, what in family.findings]
    return {
        **{
            "schema": SCHEMA,
            "file": family.top,
            "simulated": family.simulated,
            "number": asdict(number) if number else None,
        },
        "nodes": {path: _node(node) for path, node in family.nodes.items()},
        **{"findings": found, "checked": list(family.checked), "not_checked": list(family.unchecked)},
    }


def _node(node: Node) -> dict[str, Any]:
    known = {"kind": node.root, "state": node.state, "sha256": node.sha256 or None, "bytes": node.bytes or None}
    if not node.record:
        return known
    record = node.record
    taken = [{"role": role, "path": path} for role, path in node.inputs]
    same = {name: record[name] for name in ("parameters", "code", "packages", "python", "ntcspec", "key", "seal")}
    return {**known, "about": about_of(record), **same, "inputs": taken}
