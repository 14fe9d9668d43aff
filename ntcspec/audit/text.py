"""A family as a tree of text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ntcspec.audit.tree import Family, Node

LONG = 200  # characters of a value that is still shown whole


def tree_lines(family: Family) -> Iterator[str]:
    """Lines of the tree; an artifact that was named before is not spelled out again."""
    top = family.nodes[family.top]
    yield f"{family.top}{_state(top)}{'  SIMULATED' if top.record.get('simulated') else ''}"
    yield from _node(top, "", family, {family.top})


def verdict_lines(family: Family) -> Iterator[str]:
    """What was checked, what was found, and what cannot be checked here."""
    bad = [node for node in family.nodes.values() if node.state in ("CHANGED", "MISSING")]
    yield from (f"FOUND        {path}: {what}" for path, what in family.findings)
    yield from (f"FOUND        {node.path}: {node.state}" for node in bad)
    yield from (f"checked      {what}" for what in family.checked)
    yield from (f"not checked  {what}" for what in family.unchecked)


def _node(node: Node, indent: str, family: Family, seen: set[str]) -> Iterator[str]:
    yield from (f"{indent}│ {line}" for line in _about(node))
    for number, (role, path) in enumerate(node.inputs, 1):
        one, last, known = family.nodes[path], number == len(node.inputs), path in seen
        seen.add(path)
        what = f"{'raw file' if one.root == 'raw' else role}, {one.bytes} bytes, sha256 {one.sha256[:16]}"
        above = "  (see above)" if known and one.inputs else ""
        yield f"{indent}{'└' if last else '├'}─ {path}  ({what}){_state(one)}{above}"
        if not known:
            yield from _node(one, indent + ("   " if last else "│  "), family, seen)


def _about(node: Node) -> Iterator[str]:
    """Stage, code, packages and parameters of an artifact; nothing of a raw file."""
    if not node.record:
        return
    record = node.record
    packages = ", ".join(f"{name} {version}" for name, version in record["packages"].items())
    versions = f"ntcspec {record['ntcspec']}, Python {record['python']}" + (f", {packages}" if packages else "")
    code = f"code {record['code']['fingerprint']} ({len(record['code']['modules'])} modules)"
    yield f"{record['stage']}: {versions}; {code}"
    for name, value in sorted(record["parameters"].items()):
        yield f"  {name}: {_value(value)}"


def _value(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONG else f"{text[:LONG]}... ({len(text)} characters; --json has them)"


def _state(node: Node) -> str:
    return f"  {node.state}"
