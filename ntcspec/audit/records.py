"""What can be checked in a record without any other file: keys, seals and fingerprints follow from what it says.

A record names its inputs, and carries the records of all artifacts among them (its ancestry). So every key can be
recomputed from the raw hashes on, and nothing in the family can be edited, left out or put in without a contradiction,
unless all that hangs on it is made to fit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ntcspec.provenance import SCHEMA, about_of, fingerprint_of, key_of, seal_of

Record = Mapping[str, Any]
FIELDS: dict[str, type] = {
    **{"schema": str, "study": str, "stage": str, "simulated": bool, "parameters": dict, "inputs": list, "code": dict},
    **{"packages": dict, "python": str, "ntcspec": str, "key": str, "seal": str},
}
INPUT: dict[str, type] = {"role": str, "root": str, "path": str, "sha256": str, "bytes": int}


def record_findings(record: Record, known: Callable[[str, Record], bool] | None = None) -> Iterator[tuple[str, str]]:
    """(path of an ancestor, '' for the record itself; what is wrong), from the record alone.

    known: says of an ancestor (path, record) whether it was checked elsewhere.
    """
    if what := damage(record):
        yield "", what
        return
    family = record["ancestry"]
    whole = {"": record, **family}
    for path, one in whole.items():
        if not path or known is None or not known(path, one):
            yield from ((path, what) for what in _own_findings(one, family))
    yield from _family_findings(whole)


def damage(record: Any) -> str:
    """What is missing in a record or its ancestry, or of the wrong kind; '' if nothing is."""
    what = own_damage(record)
    if what or not isinstance(record.get("ancestry"), dict):
        return what or "its record is damaged: no ancestry"
    inside = ((path, own_damage(one)) for path, one in record["ancestry"].items())
    return next((f"{what} (that of {path} in it)" for path, what in inside if what), "")


def own_damage(record: Any) -> str:
    """As `damage`, of the record alone, without its ancestry."""
    if not isinstance(record, dict):
        return "its record is no mapping"
    wrong = [name for name, kind in FIELDS.items() if not isinstance(record.get(name), kind)]
    if wrong:
        return f"its record is damaged: {', '.join(wrong)} missing or of the wrong kind"
    if record["schema"] != SCHEMA:
        return f"its record is of another kind ({record['schema']!r}, not {SCHEMA!r})"
    if not isinstance(record["code"].get("modules"), dict) or not isinstance(record["code"].get("fingerprint"), str):
        return "its record is damaged: code without modules or fingerprint"
    for number, one in enumerate(record["inputs"]):
        if not isinstance(one, dict) or not all(isinstance(one.get(name), kind) for name, kind in INPUT.items()):
            return f"its record is damaged: input {number} without {', '.join(INPUT)}"
    return ""


def _own_findings(record: Record, family: Mapping[str, Record]) -> Iterator[str]:
    """One record of a family against itself."""
    try:
        seal = seal_of(record)
    except ValueError:
        seal = "none: a number that is not finite"
    if record["seal"] != seal:
        yield "its record was edited: its seal does not fit what it says"
    if fingerprint_of(record["code"]["modules"]) != record["code"]["fingerprint"]:
        yield "its record was edited: the fingerprint of the code does not follow from the modules that it lists"
    if not _lost(record, family) and not key_fits(record, family):
        yield "its record was edited: its key does not follow from its parameters, code and inputs"


def key_fits(record: Record, family: Mapping[str, Record]) -> bool:
    """Whether the key of a record follows from what it says; family: records of the artifacts that it was made from."""
    named = ((i["role"], i["root"], i["path"], _identity(i, family)) for i in record["inputs"])
    return key_of(about_of(record), record["parameters"], record["code"]["fingerprint"], named) == str(record["key"])


def _lost(record: Record, family: Mapping[str, Record]) -> list[str]:
    """Artifacts among the inputs whose records the family lacks."""
    return [i["path"] for i in record["inputs"] if i["root"] != "raw" and i["path"] not in family]


def _identity(one: Record, family: Mapping[str, Record]) -> str:
    """What the key of a job knows an input by."""
    return str(one["sha256"] if one["root"] == "raw" else family[one["path"]]["key"])


def _family_findings(whole: Mapping[str, Record]) -> Iterator[tuple[str, str]]:
    """A family as a whole; '' is the record that carries it."""
    hashes: dict[tuple[str, str], set[tuple[str, int]]] = {}
    for path, one in whole.items():
        if lost := _lost(one, whole):
            yield path, f"its record lacks the record of its input {', '.join(lost)}"
        for i in one["inputs"]:
            hashes.setdefault((i["root"], i["path"]), set()).add((i["sha256"], i["bytes"]))
    for (_, path), found in hashes.items():
        if len(found) > 1:
            shorts = " and ".join(sorted(f"{sha256[:16]} ({size} bytes)" for sha256, size in found))
            yield "", f"its record names {path} with different hashes: {shorts}"
    used = {"", *(path for root, path in hashes if root != "raw")}
    for path in (path for path in whole if path not in used):
        yield "", f"its record carries the record of {path}, which nothing in it was made from"
    simulated = [path for path, one in whole.items() if one["simulated"]]
    if simulated and not whole[""]["simulated"]:
        yield "", f"its record does not say SIMULATED, but that of {simulated[0]}, which it was made from, does"


def differences(old: Any, new: Any, name: str = "") -> Iterator[tuple[str, Any, Any]]:
    """(dotted name, old, new) of the values in which two JSON values differ; None for what one of them lacks."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            yield from differences(old.get(key), new.get(key), f"{name}.{key}" if name else key)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new) and name:
        for number, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from differences(one, other, f"{name}[{number}]")
    elif old != new:
        yield name, old, new


def own(record: Record) -> dict[str, Any]:
    """A record as another one's ancestry carries it."""
    return {name: value for name, value in record.items() if name != "ancestry"}
