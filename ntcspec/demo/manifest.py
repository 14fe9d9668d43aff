"""Which files of a demo folder are ours: `.demo.json` holds the sha256 of each. Nothing of the user's is overwritten.

Imports nothing heavy: a folder that is complete is recognised in milliseconds.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from ntcspec.errors import UserError

NAME = ".demo.json"


def sha256(path: Path) -> str:
    """Hex digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_atomic(path: Path, text: str) -> None:
    """Write `text` (UTF-8, Unix line ends) beside `path`, then rename: the file is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


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
    return [name for name, digest in files.items() if (target / name).exists() and sha256(target / name) != digest]


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


def write(target: Path, made_from: dict[str, Any], texts: dict[str, str], *, force: bool) -> None:
    """Write all files, the manifest last.

    Raises:
        UserError: such a file exists, neither listed in the manifest nor equal to the new one; not with `force`.
    """
    files = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}
    ours = load(target)["files"] if not force else {}
    foreign = [name for name in changed(target, files) if name not in ours]
    if foreign and not force:
        raise refuse(target, foreign)
    for name, text in texts.items():
        write_atomic(target / name, text)
    write_atomic(target / NAME, json.dumps({"made_from": made_from, "files": files}, indent=1) + "\n")
