"""What an artifact holds, as fields that can be compared, without what must differ between versions of the code.

Left out: the record, but for what it says of the job (kind `record`): subject, parameters, raw files. Where the code
differs, key, fingerprint, versions and hashes of artifacts on the way follow from that.
"""

from __future__ import annotations

import csv
import json
import re
import typing
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ntcspec import store
from ntcspec.audit.compare import Compared, compare, flatten, unfolded
from ntcspec.audit.drawings import compare_drawings
from ntcspec.errors import UserError
from ntcspec.provenance import about_of
from ntcspec.study.table import RECORD_PREFIX

_RECORD = re.compile(r'<script type="application/json" id="ntcspec-record">.*?</script>', re.DOTALL)
FIGURES = (".png", ".pdf", ".svg")
_CELL = re.compile(r"(.*) \[.*\]")  # 'name [unit]' in samples.csv
_KNOWN_BY = {"value": "u_stat", "effect": "u_stat", "slope": "u_stat", "u_stat": "u_stat", "u_sys": "u_sys"}


def compare_files(old: Path, new: Path, kind: type | None, same_matplotlib: bool) -> Compared:
    """An artifact against the one made again. kind: type of what a NeXus file holds.

    Raises UserError where the recorded one cannot be read.
    """
    if new.suffix in FIGURES:
        with _readable(old):
            return compare_drawings(old, new, same_matplotlib)
    read = {".nxs": _nexus, ".json": _json, ".html": _page}.get(new.suffix, _table)
    with _readable(old):
        recorded = read(old)
    made = read(new)
    return compare(recorded, made, _errors_of(kind) if new.suffix == ".nxs" else _beside)


@contextmanager
def _readable(file: Path) -> Iterator[None]:
    """Whatever keeps a file from being read is told of that file."""
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, SyntaxError) as error:
        fix = "take a whole copy of the file"
        raise UserError(file.name, f"cannot be read to the end ({error})", fix) from None


def compare_records(old: Mapping[str, Any], new: Mapping[str, Any]) -> Compared:
    """What two records say of the job itself; equal unless one of them was made for something else."""
    return compare(_said(old), _said(new), lambda path: None)


def _said(record: Mapping[str, Any]) -> dict[str, Any]:
    raw = [i for i in record["inputs"] if i["root"] == "raw"]
    others = [{"role": i["role"], "path": i["path"]} for i in record["inputs"] if i["root"] != "raw"]
    subject = {"parameters": record["parameters"], "raw": raw, "inputs": others}
    return flatten({**about_of(record), **subject}, "record")


def _nexus(path: Path) -> dict[str, Any]:
    """Datasets and attributes; the plots of a file are links into its data, of which only the attributes count."""
    held = store.contents(path)
    plots = {name.removesuffix("@NX_class") for name in held if name.endswith("@NX_class") and held[name] == "NXdata"}

    def counts(name: str) -> bool:
        parent, _, leaf = name.rpartition("/")
        linked = parent in plots and leaf != "title" and "@" not in leaf and f"/{store.ENTRY}/record/data" in held
        return not linked and not name.endswith("/record/data") and leaf != "version"

    return unfolded({name: value for name, value in held.items() if counts(name)})


def _json(path: Path) -> dict[str, Any]:
    held = json.loads(path.read_text(encoding="utf-8"))
    named = {f"{i} {one['name']}": one for i, one in enumerate(held.pop("metrics"))}
    del held["record"]
    return flatten({"metrics": named, **held})


def _page(path: Path) -> dict[str, Any]:
    """A page of HTML, line by line, without its record."""
    text = _RECORD.sub("", path.read_text(encoding="utf-8"))
    return {f"line {number}": line for number, line in enumerate(text.splitlines(), 1)}


def _table(path: Path) -> dict[str, Any]:
    """Cells by 'row 3/column'; what parses as a number is one."""
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = list(csv.reader(line for line in lines if not line.startswith(RECORD_PREFIX)))
    header, *body = rows
    found: dict[str, Any] = {"columns": np.array(header, dtype=object), "rows": len(body)}
    for number, row in enumerate(body, 1):
        found |= {f"row {number}/{n}": _cell(c) for n, c in zip(header, row, strict=True)}
    return found


def _cell(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _beside(path: str) -> str | None:
    """The statistical uncertainty of a number in a table or a list of metrics; of an uncertainty itself."""
    parent, _, name = path.rpartition("/")
    if name.startswith(("u_stat(", "u_sys(")):
        return path
    if named := _CELL.fullmatch(name):
        return f"{parent}/u_stat({named[1]})"
    return f"{parent}/{_KNOWN_BY[name]}" if name in _KNOWN_BY else None


def _errors_of(kind: type | None) -> Callable[[str], str | None]:
    """Which dataset is the uncertainty of another, by the types that a file holds; of an uncertainty itself."""
    named = _named_errors(kind) if kind else {}
    known = {**_KNOWN_BY, **named, **{error: error for error in named.values()}}

    def error(path: str) -> str | None:
        parent, _, name = path.rpartition("/")
        return f"{parent}/{known[name]}" if name in known else None

    return error


def _named_errors(kind: type) -> dict[str, str]:
    """Field -> field of its uncertainty, of a dataclass and all that it holds."""
    found: dict[str, str] = {}
    hints = typing.get_type_hints(kind)
    for field in fields(kind):
        if field.metadata.get("errors"):
            found[field.name] = field.metadata["errors"]
        for inner in (hints[field.name], *typing.get_args(hints[field.name])):
            if is_dataclass(inner) and inner is not kind:
                found |= _named_errors(typing.cast(type, inner))
    return found
