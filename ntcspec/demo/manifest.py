"""Which files of a demo folder are ours: `.demo.json` holds the sha256 of each. Nothing of the user's is overwritten.

Imports nothing heavy: a folder that is complete is recognised in milliseconds.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ntcspec.errors import UserError
from ntcspec.provenance import sha256_bytes, sha256_file, write_atomic

NAME = ".demo.json"


def load(target: Path) -> dict[str, Any]:
    """The manifest of `target`, or one that lists nothing.

    Raises:
        UserError: the file is no manifest.
    """
    path = target / NAME
    if not path.exists():
        return {"made_from": None, "files": {}}
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        return {"made_from": manifest["made_from"], "files": dict(manifest["files"])}
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(str(path), "is damaged", "delete it: then the files themselves are compared") from error


def changed(target: Path, files: dict[str, str]) -> list[str]:
    """Files that exist but differ from their digest in `files`."""
    return [name for name, digest in files.items() if (target / name).exists() and sha256_file(target / name) != digest]


def is_complete(target: Path, manifest: dict[str, Any], made_from: dict[str, Any]) -> bool:
    """Whether all listed files are there, unchanged, and made from the same inputs."""
    files = manifest["files"]
    there = bool(files) and all((target / name).exists() for name in files)
    return there and manifest["made_from"] == made_from and not changed(target, files)


def refuse(target: Path, names: list[str]) -> UserError:
    """The error for files that are the user's own."""
    listed = ", ".join(str(target / name) for name in names)
    fix = "move it away, choose another folder, or overwrite it with force"
    return UserError(listed, "is not as `ntcspec demo` wrote it", fix)


def write(target: Path, made_from: dict[str, Any], contents: dict[str, bytes], *, force: bool) -> None:
    """Write all files, the manifest last. Files of an earlier run that are no longer made are removed if unchanged.

    Raises:
        UserError: such a file exists, neither listed in the manifest nor equal to the new one; not with `force`.
    """
    files = {name: sha256_bytes(data) for name, data in contents.items()}
    old = load(target)["files"] if not force else {}
    foreign = [name for name in changed(target, files) if name not in old]
    if foreign and not force:
        raise refuse(target, foreign)
    for name, data in contents.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        write_atomic(target / name, data)
    text = json.dumps({"made_from": made_from, "files": files}, indent=1)
    write_atomic(target / NAME, f"{text}\n".encode())
    for name in sorted(set(old) - set(files) - set(changed(target, old))):
        (target / name).unlink(missing_ok=True)
