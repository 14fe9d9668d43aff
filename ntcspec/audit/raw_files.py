"""The raw files that a record names: found by path or, where they were renamed or moved, by their sha256."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from ntcspec.audit.place import root_of
from ntcspec.config.load import raw_folder
from ntcspec.errors import UserError
from ntcspec.provenance import sha256_file

Wanted = Mapping[str, tuple[str, int]]  # path in the record -> sha256, bytes


def wanted(records: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, int]]:
    """Every raw file that these records name. Raises UserError where two of them name other bytes of one file."""
    found: dict[str, tuple[str, int]] = {}
    for one in (i for record in records for i in record["inputs"] if i["root"] == "raw"):
        this = (one["sha256"], one["bytes"])
        if found.setdefault(one["path"], this) != this:
            what = "the records behind this artifact name it with two different contents"
            raise UserError(one["path"], what, "run the study again: it was made in parts")
    return found


def study_folder(file: Path) -> Path | None:
    """Where raw files of the study start whose results/ the file lies in; its folder where no config says so."""
    root = root_of(file.resolve())
    if root is None:
        return None
    try:
        return raw_folder(root)
    except UserError:
        return root


def locate(files: Wanted, folders: Sequence[Path]) -> dict[str, Path]:
    """Each raw file in one of these folders, by path, by name, or anywhere below by content.

    Raises UserError that names every file of which these bytes are nowhere.
    """
    hashes: dict[Path, str] = {}
    found: dict[str, Path] = {}
    changed: dict[str, Path] = {}
    for name, (sha256, size) in files.items():
        for path in (f / n for f in folders for n in (name, PurePosixPath(name).name)):
            if path.is_file():
                if path.stat().st_size == size and _sha256(path, hashes) == sha256:
                    found[name] = path
                    break
                changed.setdefault(name, path)
    missing = {name: files[name] for name in files if name not in found}
    found |= _by_content(missing, folders, hashes)
    lost = [_why(name, files[name], changed.get(name), folders, hashes) for name in files if name not in found]
    if lost:
        fix = "name the folder that holds the raw files: --raw FOLDER"
        more = f"; {len(lost) - 1} more raw files are missing or changed" if len(lost) > 1 else ""
        raise UserError(lost[0][0], lost[0][1] + more, fix)
    return found


def _by_content(missing: Wanted, folders: Sequence[Path], hashes: dict[Path, str]) -> dict[str, Path]:
    sizes = {size for _, size in missing.values()}
    known: dict[str, Path] = {}
    for path in sorted(_below(folders)) if missing else ():
        if path.stat().st_size in sizes:
            known.setdefault(_sha256(path, hashes), path)
    return {name: known[sha256] for name, (sha256, _) in missing.items() if sha256 in known}


def _below(folders: Sequence[Path]) -> Iterable[Path]:
    for folder in folders:
        for top, _, names in os.walk(folder):
            yield from (path for path in (Path(top) / name for name in names) if path.is_file())


def _sha256(path: Path, hashes: dict[Path, str]) -> str:
    if path not in hashes:
        hashes[path] = sha256_file(path)
    return hashes[path]


def _why(
    name: str, known: tuple[str, int], changed: Path | None, folders: Sequence[Path], hashes: dict[Path, str]
) -> tuple[str, str]:
    sha256, size = known
    recorded = f"{size} bytes, sha256 {sha256[:16]}"
    if changed is not None:
        here = f"{changed.stat().st_size} bytes, sha256 {_sha256(changed, hashes)[:16]}"
        return name, f"this raw file is not what the artifact was made from: {here} here, {recorded} in the record"
    where = " or ".join(str(folder) for folder in folders)
    looked = f"not found below {where}, by name or by content" if where else "no folder to look for it was named"
    return name, f"the raw file is missing ({recorded}): {looked}"


def depth(names: Iterable[str]) -> int:
    """How many folders up the highest of these paths leads."""
    tops = [Path(os.path.normpath(name)).parts.count("..") for name in names]
    return max(tops, default=0)


def link(files: Mapping[str, Path], folder: Path) -> None:
    """Put the raw files at their recorded paths below `folder`, as links: nothing is copied, nothing is written to."""
    for name, path in files.items():
        place = Path(os.path.normpath(folder / name))
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(path.resolve())
