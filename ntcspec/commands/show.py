"""`ntcspec show FILE`: what is in an artifact, or how a raw file would be read, and why."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from ntcspec.errors import UserError
from ntcspec.opening import open_regular
from ntcspec.workflow import read_any_record


def main(options: argparse.Namespace) -> int:
    """Artifacts are known by the record that they carry; anything else is taken for a raw file."""
    path: Path = options.file
    if not os.path.lexists(path):
        raise UserError(path.as_posix(), "no such file", "name an artifact of results/ or a raw file")
    if not path.is_dir():
        _refuse_unreadable(path)
    try:
        record = read_any_record(path)
    except (UserError, ValueError):
        record = None
    print("\n".join(_artifact(path, record) if record else _raw(path)))
    return 0


def _refuse_unreadable(path: Path) -> None:
    try:
        with open_regular(path) as stream:
            stream.read(1)
    except OSError as error:
        raise UserError(path.as_posix(), f"cannot be read: {error.strerror}", "check path and permissions") from None


def _raw(path: Path) -> list[str]:
    """By the technique that its content names; else as absorption or a pattern, else as columns of a Raman spectrum."""
    from ntcspec.readers import describe_file
    from ntcspec.readers.nmr import describe_nmr, is_nmr
    from ntcspec.readers.raman import describe_raman, is_raman
    from ntcspec.readers.scattering import describe_scattering

    if path.is_dir() or is_nmr(path, path.name):  # a directory can only be a measurement by NMR
        return describe_nmr(path, path.name)
    if is_raman(path, path.name):
        return describe_raman(path, path.name)
    if _is_scattering(path):
        return describe_scattering(path, path.name)
    problems = []
    for describe in (describe_file, describe_scattering):
        try:
            return describe(path, path.name)
        except UserError as problem:
            problems.append(problem)
    try:
        lines = describe_raman(path, path.name)
    except UserError:
        lines = []
    if "spectra   1" not in lines:
        if problems[0].what == problems[1].what:  # of the file itself, such as that it is empty
            raise problems[0]
        kinds = dict(zip(("a spectrum", "total scattering"), problems, strict=True))
        what = "; ".join(f"as {kind}: {problem.what}" for kind, problem in kinds.items())
        fix = "; ".join(f"{kind}: {problem.fix}" for kind, problem in kinds.items())
        raise UserError(path.name, f"it is read neither way: {what}", fix)
    return [
        *lines,
        "note      this holds where the study names it under `raman`; nothing in the file says what it is",
        f"note      as total scattering: {problems[1].what} -> {problems[1].fix}",
    ]


def _is_scattering(path: Path) -> bool:
    """Whether first bytes or name say that it can be nothing else; HDF5 and gzip can be more than an image."""
    from ntcspec.readers.scattering import is_image
    from ntcspec.readers.text import read_bytes

    head = read_bytes(path, path.name, 4096)
    image = is_image(path, path.name) and not head.startswith((b"\x89HDF", b"\x1f\x8b"))
    return image or path.suffix.casefold() == ".poni" or b"\noutputtype = " in head


def _artifact(path: Path, record: dict[str, Any]) -> list[str]:
    subject = [
        record.get("sample", ""),
        record.get("measurement", ""),
        record.get("panel", ""),
        record.get("figure", ""),
    ]
    lines = [f"{record['stage']} of {' / '.join(s for s in subject if s) or record['study']}"]
    if record["simulated"]:
        lines.append("SIMULATED data")
    if path.suffix == ".nxs":
        from ntcspec import store

        failure = store.read_failure(path)
        if failure is not None:
            lines.append(f"failed: {failure}")
        elif record["stage"] == "paths":
            lines += _paths(path)
        lines += ["holds:", *(f"  {name}: {what}" for name, what in store.outline(path))]
    elif path.suffix == ".json":
        for metric in json.loads(path.read_text(encoding="utf-8"))["metrics"]:
            lines.append(f"  {metric['name']} = {metric['value']} {metric['unit']} {metric['reason']}".rstrip())
    lines += ["parameters:", *(f"  {name}: {json.dumps(v)}" for name, v in sorted(record["parameters"].items()))]
    lines += ["made from:", *(f"  {i['path']}  sha256 {i['sha256'][:16]}" for i in record["inputs"])]
    packages = ", ".join(f"{name} {version}" for name, version in record["packages"].items())
    return [*lines, f"by ntcspec {record['ntcspec']} (code {record['code']['fingerprint']}) with {packages}"]


def _paths(path: Path) -> list[str]:
    """FEFF's list of each structure, by which a fit names its paths."""
    from ntcspec import store
    from ntcspec.types.exafs import ExafsPaths

    found: ExafsPaths = store.read(path, ExafsPaths)
    width = max((len(p.label) for p in found.paths), default=0)
    lines = []
    for name in found.structures:
        lines.append(f"paths of {name}, half length R, size in % of the strongest:")
        lines.append(f"  {'path':>4}  {'kind':13}  {'atoms':{width}}  {'N':>6}  {'R/A':>6}  {'%':>5}")
        for p in (p for p in found.paths if p.structure == name):
            numbers = f"{p.degeneracy:6.2f}  {p.reff_ang:6.3f}  {p.strength_percent:5.1f}"
            lines.append(f"  {p.index:4d}  {p.kind:13}  {p.label:{width}}  {numbers}")
    return lines
