"""One zip with all that somebody needs to check a study: results, crate, the study's files, and raw files if wanted.

The same run gives the same bytes: members in the order of their names, without times. Files are streamed and hashed on
the way, so that nothing else goes in than what the crate tells of. Unpacked anywhere, the folder is a study again.
"""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import yaml

from ntcspec import __version__
from ntcspec.audit.entities import RAW, types_of
from ntcspec.audit.facts import RAW_ROOT
from ntcspec.audit.sign import SIGNATURE
from ntcspec.config.resolve import slug
from ntcspec.config.resolved import Study
from ntcspec.errors import UserError
from ntcspec.plan import CRATE, Plan

LEFT_OUT = "RAW-FILES-LEFT-OUT.sha256"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest time that a zip can tell
CHUNK = 1 << 20
README = """\
{name}

{simulated}A study of ntcspec {version}: results, the files that describe it, and a description of the run for
programs (results/ro-crate-metadata.json, a Provenance Run Crate). Start with results/README.md.

How to check it, in this folder:

    ntcspec verify .                                  every hash, every record, the crate
    (cd results && sha256sum --check SHA256SUMS)      the bytes of the results, without ntcspec
{raw}{findings}"""
WITH_RAW = "\nThe raw files are in here, so that `ntcspec run .` can also compute everything again.\n"
WITHOUT_RAW = """
The {count} raw files are not in here. `ntcspec verify .` says so, and ends with exit code 3 if all else is as recorded.
{list} lists their sha256: `sha256sum --check {list}` compares raw files of your own, put where it says.
"""
FINDINGS = "\nPACKED ALTHOUGH IT DOES NOT VERIFY (--force). What was found:\n\n"


@dataclass(frozen=True)
class Member:
    """One file of the pack: its name in the study's folder, and where its bytes are; sha256 as the crate has it."""

    name: str
    content: Path | bytes
    sha256: str = ""


def folder_name(study: Study) -> str:
    """The folder that the zip unpacks into."""
    return slug(study.name)


def write_pack(plan: Plan, target: Path, *, raw: bool, findings: Sequence[tuple[str, str]] = ()) -> int:
    """Write the zip; returns the number of files in it.

    findings: what `verify` found, which the pack then tells. Raises UserError where a file changed meanwhile, has a
    name that cannot be unpacked everywhere, or the zip cannot be written.
    """
    top = folder_name(plan.study)
    members = sorted(_members(plan, raw, findings), key=lambda m: m.name)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as file:
            for member in members:
                _add(file, f"{top}/{_safe(member.name)}", member)
        temporary.replace(target)
    except OSError as error:
        raise UserError(str(target), f"cannot be written ({error.strerror or error})", "name another place") from None
    finally:
        temporary.unlink(missing_ok=True)
    return len(members)


def _add(file: zipfile.ZipFile, name: str, member: Member) -> None:
    info = zipfile.ZipInfo(name, EPOCH)
    info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, 3, 0o100644 << 16
    if isinstance(member.content, bytes):
        file.writestr(info, member.content)
        return
    digest = hashlib.sha256()
    info.file_size = member.content.stat().st_size  # so that large files get the fields that they need
    with member.content.open("rb") as source, file.open(info, "w") as inside:
        while chunk := source.read(CHUNK):
            digest.update(chunk)
            inside.write(chunk)
    if member.sha256 and digest.hexdigest() != member.sha256:
        raise UserError(member.name, f"is not the file that {CRATE} tells of", "run the study again: ntcspec run")


def _safe(name: str) -> str:
    """A name that unpacks below the folder on every system."""
    parts = name.split("/")
    if not all(parts) or {".", ".."} & set(parts) or re.search(r"[\\\x00-\x1f]|^[A-Za-z]:", name):
        raise UserError(name, "has a name that cannot be packed", "rename the file, in the study too")
    return name


def _members(plan: Plan, raw: bool, findings: Sequence[tuple[str, str]]) -> Iterable[Member]:
    study = plan.study
    entities = json.loads((study.root / CRATE).read_text(encoding="utf-8"))["@graph"]
    listed: dict[str, str] = {one["@id"]: one["sha256"] for one in entities if "File" in types_of(one)}
    trusted = not findings  # a forced pack takes the files as they are, and says what is wrong with them
    place, config = _raw_place(study, [unquote(name.removeprefix(RAW)) for name in listed if name.startswith(RAW)])
    found = {m.name: m for m in _own(study, config)}
    for name, sha256 in listed.items():
        if not name.startswith("#"):
            path = f"results/{unquote(name)}"
            if trusted or (study.root / path).is_file():
                found[path] = Member(path, study.root / path, sha256 * trusted)
    for path in (CRATE, CRATE + SIGNATURE):
        if (study.root / path).is_file():
            found[path] = Member(path, study.root / path)
    sums = {}
    for name, sha256 in listed.items():
        if name.startswith(RAW):
            path = unquote(name.removeprefix(RAW))
            inside = posixpath.normpath(posixpath.join(place, path))
            sums[inside] = sha256
            if raw:
                found[inside] = Member(inside, study.root / study.raw(path), sha256 * trusted)
    if not raw:
        lines = "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(sums.items()))
        found[LEFT_OUT] = Member(LEFT_OUT, lines.encode())
    readme = "README.txt" if "README.txt" not in found else "README-PACK.txt"
    return [*found.values(), Member(readme, _readme(study, raw, len(sums), findings).encode())]


def _readme(study: Study, raw: bool, count: int, findings: Sequence[tuple[str, str]]) -> str:
    simulated = any(m.simulated for m in study.measurements)
    told = "".join(f"    {path}: {what}\n" for path, what in findings)
    return README.format(
        name=" ".join(study.name.split()),
        simulated="SIMULATED DATA. " * simulated,
        version=__version__,
        raw=WITH_RAW if raw else WITHOUT_RAW.format(count=count, list=LEFT_OUT),
        findings=FINDINGS + told if findings else "",
    )


def _own(study: Study, config: bytes) -> Iterable[Member]:
    """The study's own files, at the places that they have in its folder."""
    for path in study.sources:
        name = posixpath.normpath(Path(os.path.relpath(path, study.root)).as_posix())
        if name.startswith("../"):
            raise UserError(name, "lies outside of the study's folder", "move it beside config.yaml, then pack again")
        yield Member(name, config if path == study.config else path)


def _raw_place(study: Study, names: Sequence[str]) -> tuple[str, bytes]:
    """Where raw files lie in the pack, as raw_root from its folder, and config.yaml with that raw_root.

    It stays as it is where raw_root lies inside the study; else they go to raw/, and that one line is written anew.
    """
    text = study.config.read_bytes()
    asked = str(yaml.safe_load(text).get("raw_root", "."))
    inside = Path(os.path.relpath(study.root / study.raw_root, study.root)).as_posix()
    paths = [posixpath.normpath(posixpath.join(inside, name)) for name in names]
    if inside.split("/")[0] == ".." or any(path.split("/")[0] == ".." for path in paths):
        up = max((posixpath.normpath(name).split("/").count("..") for name in names), default=0)
        inside = "/".join(["raw", *["files"] * up])
    elif "${" not in asked and not Path(asked).is_absolute():
        return inside, text
    line = f"raw_root: {inside}  # of this pack; as it was run: results/study/config.yaml\n".encode()
    new = RAW_ROOT.sub(line, text, count=1) if RAW_ROOT.search(text) else text.rstrip(b"\n") + b"\n" + line
    before, after = _mapping(text), _mapping(new)
    if after.get("raw_root") != inside or {**before, "raw_root": 0} != {**after, "raw_root": 0}:
        raise UserError(
            "config.yaml: raw_root", "cannot be changed for the pack", "write `raw_root: FOLDER` on one line"
        )
    return inside, new


def _mapping(text: bytes) -> Mapping[str, Any]:
    try:
        return dict(yaml.safe_load(text))
    except (yaml.YAMLError, TypeError, ValueError):
        return {}
