"""`ntcspec trace FILE`: from a figure, a table or a NeXus file back to the raw bytes, as a tree.

The tree comes from the record in the file alone, so it works on a figure that somebody received by mail. Where the
files of the study lie beside it, each is compared with the hash that the record gives.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ntcspec.config.load import load_study
from ntcspec.config.resolved import Study
from ntcspec.errors import Problems, UserError
from ntcspec.provenance import sha256_file
from ntcspec.workflow import read_any_record


def main(options: argparse.Namespace) -> int:
    """Exit code 0; what differs from the record is said in the tree."""
    path: Path = options.file
    if not path.is_file():
        raise UserError(path.as_posix(), "no such file", "name a figure, table or NeXus file of results/")
    record = read_any_record(path)
    if options.json:
        print(json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False))
        return 0
    study = _study_of(path)
    for line in tree(path.name, record, study):
        print(line)
    if study is None:
        print("(the study's own files were not found beside this one: hashes are as recorded, not checked)")
    return 0


def tree(name: str, record: Mapping[str, Any], study: Study | None) -> Iterator[str]:
    """Lines of the tree; an artifact that was named before is not spelled out again."""
    yield f"{name}{'  SIMULATED' if record['simulated'] else ''}"
    seen: set[str] = set()
    yield from _node(record, record.get("ancestry", {}), "", study, seen)


def _node(
    record: Mapping[str, Any], family: Mapping[str, Any], indent: str, study: Study | None, seen: set[str]
) -> Iterator[str]:
    code = record["code"]["fingerprint"]
    yield f"{indent}│ {record['stage']}: ntcspec {record['ntcspec']}, code {code}, {_packages(record)}"
    for name, value in sorted(record["parameters"].items()):
        if name not in ("entries", "transform", "wavelet") or not isinstance(value, dict | list):
            yield f"{indent}│   {name}: {json.dumps(value, ensure_ascii=False)}"
    inputs = record["inputs"]
    for number, one in enumerate(inputs, 1):
        last = number == len(inputs)
        known = one["path"] in seen
        seen.add(one["path"])
        state = "" if known else _state(one, study)
        what = f"{'raw file, ' * (one['root'] == 'raw')}{one['bytes']} bytes, sha256 {one['sha256'][:16]}"
        yield f"{indent}{'└' if last else '├'}─ {one['path']}  ({what}){state}"
        if one["path"] in family and not known:
            yield from _node(family[one["path"]], family, indent + ("   " if last else "│  "), study, seen)
        elif known:
            yield f"{indent}{' ' if last else '│'}    (see above)"


def _packages(record: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {version}" for name, version in record["packages"].items())


def _state(one: Mapping[str, Any], study: Study | None) -> str:
    if study is None:
        return ""
    path = study.root / (study.raw(one["path"]) if one["root"] == "raw" else one["path"])
    if not path.is_file():
        return "  MISSING"
    return "  ok" if sha256_file(path) == one["sha256"] else "  CHANGED since"


def _study_of(path: Path) -> Study | None:
    """The study whose results/ the file lies in."""
    for folder in path.resolve().parents:
        if folder.name == "results":
            try:
                return load_study(folder.parent)
            except (Problems, OSError):
                return None
    return None
