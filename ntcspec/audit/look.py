"""The state of the files of a family: on disk against what records say, and what cannot be told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from ntcspec.audit.files import Files
from ntcspec.audit.place import Place
from ntcspec.audit.study import read_sums
from ntcspec.plan import SUMS

OK, CHANGED, MISSING, UNKNOWN = STATES = ("ok", "CHANGED", "MISSING", "not checked")


class Seen(Protocol):
    """What is asked of a node here."""

    @property
    def root(self) -> str: ...

    @property
    def state(self) -> str: ...


class Look:
    """Files on disk against hashes in records."""

    def __init__(self, path: Path, place: Place | None) -> None:
        self.path, self.place, self.files = path, place, Files()
        self.sums = _sums(place)

    def state(self, one: Mapping[str, Any]) -> str:
        """The state of an input that a record names."""
        file = self.place.locate(one["root"], one["path"]) if self.place else None
        if file is None:
            return UNKNOWN
        if self.files.trouble(file):
            return MISSING
        return OK if self.files[file] == one["sha256"] else CHANGED

    def artifact(self, path: str) -> str:
        """The state of an artifact by results/SHA256SUMS."""
        if self.place is None or path not in self.sums:
            return UNKNOWN
        file = self.place.root / path
        if self.files.trouble(file):
            return MISSING
        return OK if self.files[file] == self.sums[path] else CHANGED

    def itself(self) -> str:
        """The state of the file that is traced."""
        if self.place is None or not self.path.absolute().is_relative_to(self.place.root):
            return UNKNOWN
        return self.artifact(self.path.absolute().relative_to(self.place.root).as_posix())

    def checked(self, nodes: Mapping[str, Seen], top: str) -> Iterator[str]:
        if nodes[top].state in (OK, CHANGED):
            yield f"the bytes of {top}, against {SUMS}"
        for root, what in (("raw", "raw file"), ("study", "artifact")):
            seen = [n for name, n in nodes.items() if name != top and n.root == root and n.state != UNKNOWN]
            if seen:
                yield f"the bytes of {len(seen)} {what}{'s' * (len(seen) > 1)} that it was made from"

    def unchecked(self, nodes: Mapping[str, Seen], top: str) -> Iterator[str]:
        for root, what in (("raw", "raw file"), ("study", "artifact")):
            left = [n for name, n in nodes.items() if name != top and n.root == root and n.state == UNKNOWN]
            if left:
                yield f"the bytes of {len(left)} {what}{'s' * (len(left) > 1)}: {self._why()}"
        if nodes[top].state == UNKNOWN:
            yield f"the bytes of {top}: no {SUMS} lists them, and no record gives the hash of the file that carries it"
        shown = "the picture" if Path(top).suffix.lower() in (".png", ".pdf", ".svg") else "the content"
        yield f"whether {shown} is what this code makes of these inputs (ntcspec replay makes it again)"

    def _why(self) -> str:
        if self.place is None:
            return "the study is not here, and the file lies in no results/ folder"
        return f"nobody knows where they lie, the study's config cannot be read ({self.place.reason})"


def _sums(place: Place | None) -> dict[str, str]:
    try:
        return read_sums(place.root / SUMS)[0] if place else {}
    except OSError:
        return {}
