"""Entities of an RO-Crate as plain dictionaries (JSON-LD, flattened): make, link, write down.

Ids of files are paths from the crate's folder, percent-encoded; '#' starts what is no file of the crate.
https://www.researchobject.org/ro-crate/specification/1.1/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

CONTEXT = ["https://w3id.org/ro/crate/1.1/context", "https://w3id.org/ro/terms/workflow-run/context"]
FORMATS = {
    ".nxs": "application/x-hdf5",
    ".h5": "application/x-hdf5",
    ".json": "application/json",
    ".csv": "text/csv",
    ".png": "image/png",
    ".pdf": "application/pdf",
    ".svg": "image/svg+xml",
    ".html": "text/html",
    ".yaml": "application/yaml",
    ".py": "text/x-python",
    ".md": "text/markdown",
}
RAW = "#raw/"

Entity = dict[str, Any]
Ref = dict[str, str]


def file_id(path: str) -> str:
    """The id of a file of the crate."""
    return quote(path, safe="/")


def local_id(kind: str, *names: str) -> str:
    """The id of something that is no file: '#kind/name/name'."""
    return "#" + "/".join((kind, *(quote(name, safe="/") for name in names)))


def raw_id(name: str) -> str:
    """The id of a raw file, which lies outside of the crate: a local name, so that nobody looks for it inside."""
    return RAW + quote(name, safe="/")


def format_of(path: str) -> str:
    """Media type by the end of the name; raw files of instruments have none that is known."""
    return FORMATS.get("." + path.rpartition(".")[2].lower(), "text/plain" if _is_text(path) else OCTETS)


OCTETS = "application/octet-stream"


def _is_text(path: str) -> bool:
    return path.endswith((".log", ".smk", "Snakefile", "SHA256SUMS", ".txt"))


class Graph:
    """Entities by id, in the order in which they were first named."""

    def __init__(self) -> None:
        self._entities: dict[str, Entity] = {}

    def add(self, name: str, kind: str | list[str], /, **properties: Any) -> Ref:
        """An entity; None and empty properties are left out. One that is there already stays as it is."""
        if name not in self._entities:
            self._entities[name] = {"@id": name, "@type": kind}
            self.fill(name, properties)
        return {"@id": name}

    def fill(self, name: str, properties: Mapping[str, Any]) -> None:
        """Give an entity properties; what is empty is left out."""
        kept = {key: one for key, one in properties.items() if key == "value" or one not in (None, "", [], ())}
        self._entities[name].update(kept)

    def link(self, name: str, key: str, target: Ref) -> None:
        """Add one more value to a property of an entity; a value that it has stays single."""
        values = self._entities[name].setdefault(key, [])
        if target not in values:
            values.append(target)

    def __contains__(self, name: str) -> bool:
        return name in self._entities

    def of_type(self, kind: str) -> list[Ref]:
        """References to all entities of a type."""
        return [{"@id": name} for name, one in self._entities.items() if kind in types_of(one)]

    def document(self) -> dict[str, Any]:
        """The JSON-LD document; lists of one are written as that one, as RO-Crate 1.1 recommends."""
        graph = [{key: _compact(value) for key, value in one.items()} for one in self._entities.values()]
        return {"@context": CONTEXT, "@graph": graph}


def types_of(entity: Mapping[str, Any]) -> list[str]:
    """The types of an entity as a list."""
    kind = entity.get("@type", [])
    return [kind] if isinstance(kind, str) else list(kind)


def refs_of(entity: Mapping[str, Any], key: str = "") -> Iterator[str]:
    """The ids that an entity (or one property of it) refers to."""
    for name, value in entity.items():
        if key and name != key:
            continue
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict) and "@id" in one:
                yield str(one["@id"])


def _compact(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value
