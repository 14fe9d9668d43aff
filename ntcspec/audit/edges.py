"""Edges: what each record says of the files it was made from, against these files and their own records.

Two files of an edge that disagree do not say which of them was changed. The one that has been found out otherwise is
blamed (its bytes are not those of results/SHA256SUMS, its record contradicts itself, its key is not the study's), else
the input; the finding names both.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ntcspec.audit.files import Files
from ntcspec.audit.outcome import BYTES, MISSING, RECORD, UNREADABLE, Finding
from ntcspec.audit.records import Record, differences, own

Edge = tuple[str, int]  # sha256 and size of an input, as a record names them
User = tuple[str, str]  # what was made from an input, and in which file that stands: its own, or that of a descendant


@dataclass
class Edges:
    """All edges of a study, by (root, path) of the input, what its users say of it: users by edge."""

    users: dict[tuple[str, str], dict[Edge, list[User]]] = field(default_factory=dict)

    def add(self, user: User, record: Record) -> None:
        for one in record["inputs"]:
            by_edge = self.users.setdefault((one["root"], one["path"]), {})
            listed = by_edge.setdefault((one["sha256"], one["bytes"]), [])
            if user not in listed:
                listed.append(user)

    def confirmed(self, path: str, sha256: str) -> list[str]:
        """Who was made from an artifact with just these bytes."""
        found = self.users.get(("study", path), {}).items()
        return [user for (digest, _), users in found if digest == sha256 for user, _ in users]


def gather(records: Mapping[str, Record]) -> Edges:
    """Edges of the records on disk, and of the ancestors that they carry where these differ or are gone."""
    edges = Edges()
    alone = {path: own(record) for path, record in records.items()}
    for path, record in records.items():
        edges.add((path, path), record)
        for ancestor, carried in record["ancestry"].items():
            if alone.get(ancestor) != carried:
                edges.add((ancestor, path), carried)
    return edges


def edge_findings(
    edges: Edges, locate: Callable[[str, str], Path], files: Files, bad: Collection[str]
) -> Iterator[Finding]:
    """Inputs that are not there, or whose bytes are not those that something was made from.

    locate: the file of (root, path). bad: artifacts that have been found out otherwise.
    """
    for (root, path), by_edge in edges.users.items():
        file = locate(root, path)
        if trouble := files.trouble(file):
            kind = UNREADABLE if trouble.startswith("cannot") else MISSING
            users = _names(user for listed in by_edge.values() for user in listed)
            yield Finding(path, kind, f"{trouble}; {few(users, 1)} {_was(users)} made from it")
            continue
        digest, size = files[file], file.stat().st_size
        for (sha256, length), listed in by_edge.items():
            if sha256 == digest and length != size:
                for _, carrier in listed:
                    yield Finding(carrier, RECORD, f"says that its input {path} has {length} bytes, not {size}")
            elif sha256 != digest:
                yield from _wrong_bytes(path, sha256, digest, listed, bad)


def _wrong_bytes(path: str, sha256: str, digest: str, users: list[User], bad: Collection[str]) -> Iterator[Finding]:
    honest = [user for user in users if user[1] not in bad]
    if path not in bad and not honest:
        for _, carrier in users:
            what = f"says that its input {path} had sha256 {sha256[:16]}, but it is {digest[:16]}"
            yield Finding(carrier, RECORD, what)
        return
    names = _names(honest or users)
    what = f"its bytes are not those that {few(names, 1)} {_was(names)} made from"
    yield Finding(path, BYTES, f"{what} (sha256 {sha256[:16]}, now {digest[:16]})")


def ancestry_findings(
    records: Mapping[str, Record], current: Callable[[str, Record], bool], bad: Collection[str]
) -> Iterator[Finding]:
    """Ancestors that a record carries and that are not what the file itself says.

    current: whether a record has the key that the study asks for at that path.
    """
    alone = {path: own(record) for path, record in records.items()}
    disagreed: dict[str, list[tuple[str, list[str]]]] = {}
    for path, record in records.items():
        for ancestor, carried in record["ancestry"].items():
            if ancestor not in alone or alone[ancestor] == carried:
                continue
            names = [name for name, _, _ in differences(dict(carried), alone[ancestor])]
            if current(ancestor, alone[ancestor]) and not current(ancestor, carried):
                yield Finding(path, RECORD, f"was made from another version of {ancestor} than is there now")
            elif path in bad and ancestor not in bad:
                what = f"carries another record of {ancestor} than that file itself ({few(names)})"
                yield Finding(path, RECORD, what)
            else:
                disagreed.setdefault(ancestor, []).append((path, names))
    for ancestor, others in disagreed.items():
        users = [path for path, _ in others]
        names = sorted({name for _, listed in others for name in listed})
        what = f"its record is not the one that {few(users, 1)} {'carry' if len(users) > 1 else 'carries'}"
        yield Finding(ancestor, RECORD, f"{what} ({few(names)})")


def _names(users: Iterable[User]) -> list[str]:
    return list(dict.fromkeys(user for user, _ in users))


def _was(users: list[str]) -> str:
    return "were" if len(users) > 1 else "was"


def few(names: list[str], most: int = 4) -> str:
    """The first of them, and how many more there are."""
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest
