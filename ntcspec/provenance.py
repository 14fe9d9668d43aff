"""Records: what every artifact carries, so that it can be traced to raw bytes and recomputed.

A record is plain JSON: schema, study, sample, measurement, technique, stage, parameters as resolved,
inputs (role, root, path, sha256, bytes), fingerprint of the code that ran, versions of the packages
that it used, the key, a seal, and the records of all artifacts that it was made from (`ancestry`). No time,
host, user or absolute path stands in it.

key = sha256(stage, parameters, code fingerprint, keys of the inputs, sha256 of raw inputs): it is known
before a job runs, and says whether an artifact on disk is what the study asks for now. seal = sha256 of the record
without its ancestry. Both follow from the record, so that one that was edited is found in a file alone.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import platform
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import metadata, util
from pathlib import Path
from typing import Any, Protocol

from ntcspec import __version__
from ntcspec.errors import UserError
from ntcspec.files import new_file
from ntcspec.opening import open_regular

SCHEMA = "ntcspec-record/1"
EVERY_RECORD = ["schema", "parameters", "inputs", "code", "packages", "python", "ntcspec", "key", "seal", "ancestry"]
DISTRIBUTION = {"PIL": "pillow", "larch": "xraylarch", "pywt": "PyWavelets", "wdf": "renishaw-wdf", "yaml": "PyYAML"}
OPTIONAL = ("wdf",)  # a reader that few need
BEHIND = {"larch": ("lmfit", "scipy")}  # what does the work inside


def canonical(value: Any) -> str:
    """JSON without blanks: equal values in equal order give equal text.

    The order of keys counts: metrics, bands and boxes come out in the order in which the study names them.
    """
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sha256_bytes(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """sha256 of a file's bytes, as hex. Raises OSError as `open_regular`."""
    with open_regular(path) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class Hashes(Protocol):
    """Where a plan gets the sha256 of raw files from."""

    def __getitem__(self, path: Path) -> str: ...

    def save(self) -> None: ...


class FileCache:
    """What was once read from a file (sha256 of a raw one, key of an artifact), remembered by its size, inode, times.

    It makes planning a study of thousands of files fast.
    A cache only saves time: `verify` never uses it, and a stage hashes the bytes that it reads.
    """

    def __init__(self, file: Path, read: Callable[[Path], str]) -> None:
        self.file, self.read = file, read
        self.changed = False
        try:
            self.known: dict[str, list[Any]] = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self.known = {}

    def __getitem__(self, path: Path) -> str:
        """What `read` says of the file. Raises OSError where there is none."""
        stat = path.stat()
        stamp = [stat.st_size, stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns]
        name = os.path.abspath(path)  # noqa: PTH100, a tenth of the time of Path.resolve
        entry = self.known.get(name)
        if entry and entry[:4] == stamp:
            return str(entry[4])
        found = self.read(path)
        self.known[name] = [*stamp, found]
        self.changed = True
        return found

    def save(self) -> None:
        if not self.changed:
            return
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(self.file, canonical(self.known).encode())
        except (OSError, UserError):
            pass  # a read-only study works, only slower


def hash_cache(root: Path) -> FileCache:
    """sha256 of raw files of the study at `root`."""
    return FileCache(root / ".ntcspec" / "hashes.json", sha256_file)


def write_atomic(path: Path, data: bytes) -> None:
    """Write a file whole or not at all. Raises UserError where it cannot be written."""
    with new_file(path) as temporary:
        temporary.write_bytes(data)


# --- code ---------------------------------------------------------------------------------------


@cache
def _source(module: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """sha256 of a module's source, the ntcspec modules it imports, and the foreign packages it imports."""
    text = _text(module)
    ours, foreign = set(), set()
    for name in _imports(ast.parse(text)):
        if name.split(".")[0] == "ntcspec":
            ours.add(name)
        elif name.split(".")[0] not in sys.stdlib_module_names:
            foreign.add(name.split(".")[0])
    return sha256_bytes(text.encode()), tuple(sorted(ours)), tuple(sorted(foreign))


def _imports(tree: ast.AST) -> Iterable[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if _is_module(inner) else node.module


def imports_of(module: str) -> frozenset[str]:
    """Every module that a module of ours imports, also inside its functions, as it names it."""
    return frozenset(_imports(ast.parse(_text(module))))


def _text(module: str) -> str:
    spec = util.find_spec(module)
    if spec is None or spec.origin is None:
        raise ImportError(module)
    return Path(spec.origin).read_text(encoding="utf-8")


@cache
def _is_module(name: str) -> bool:
    if not name.startswith("ntcspec."):
        return False
    path = Path(__file__).parent.joinpath(*name.split(".")[1:])
    return path.is_dir() or path.with_suffix(".py").is_file()


@cache
def code_of(*modules: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """The ntcspec modules that `modules` reach by imports, with their sha256, and the packages they import."""
    hashes: dict[str, str] = {}
    foreign: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module not in hashes:
            digest, ours, packages = _source(module)
            hashes[module] = digest
            foreign.update(packages)
            waiting.extend(ours)
    return dict(sorted(hashes.items())), tuple(sorted(foreign))


def fingerprint(*modules: str) -> str:
    """One hash for the code behind a stage: changes when a module that it reaches changes."""
    return fingerprint_of(shown(code_of(*modules)[0]))


def fingerprint_of(modules: Mapping[str, str]) -> str:
    """The fingerprint of modules by their hashes as records list them."""
    return sha256_bytes(canonical(modules).encode())[:16]


def shown(hashes: Mapping[str, str]) -> dict[str, str]:
    """Hashes of modules as records list them: the first 16 digits of each."""
    return {module: digest[:16] for module, digest in hashes.items()}


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Version by distribution name, for import names; an optional package that is not installed is left out."""
    names = {name for p in packages for name in (p, *BEHIND.get(p, ()))}
    names -= {name for name in OPTIONAL if util.find_spec(name) is None}
    return {DISTRIBUTION.get(n, n): metadata.version(DISTRIBUTION.get(n, n)) for n in sorted(names)}


# --- records ------------------------------------------------------------------------------------


def make_record(
    *,
    about: Mapping[str, Any],
    parameters: Mapping[str, Any],
    inputs: list[dict[str, Any]],
    modules: tuple[str, ...],
    key: str,
    ancestry: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """A record; `about` names study, sample, measurement, technique, stage, simulated."""
    code, packages = code_of(*modules)
    record = {
        "schema": SCHEMA,
        **about,
        "parameters": dict(parameters),
        "inputs": inputs,
        "code": {"fingerprint": fingerprint(*modules), "modules": shown(code)},
        "packages": versions(packages),
        "python": platform.python_version(),
        "ntcspec": __version__,
        "key": key,
    }
    family = {path: dict(record) for path, record in sorted(ancestry.items())}
    return {**record, "seal": seal_of(record), "ancestry": family}


def seal_of(record: Mapping[str, Any]) -> str:
    """The seal of a record: a hash of all of it but the seal itself and the records of others."""
    own = {name: value for name, value in record.items() if name not in ("seal", "ancestry")}
    return sha256_bytes(canonical(own).encode())[:32]


def about_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """What a record is about, as `make_record` was given it."""
    return {name: value for name, value in record.items() if name not in EVERY_RECORD}


def ancestry_of(records: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The flat family tree of artifacts: each record by its path, without its own ancestry."""
    family: dict[str, dict[str, Any]] = {}
    for path, record in records.items():
        family.update(record.get("ancestry", {}))
        family[path] = {name: value for name, value in record.items() if name != "ancestry"}
    return family


def key_of(
    about: Mapping[str, Any], parameters: Mapping[str, Any], code: str, inputs: Iterable[tuple[str, str, str, str]]
) -> str:
    """The key of a job from what it is about; inputs: role, root, path, identity (sha256 of raw bytes, else key)."""
    stage = f"{about.get('technique', 'study')}.{about['stage']}"
    subject = [list(one) for one in inputs]
    return job_key(stage, {"about": dict(about), "settings": parameters}, code, {"inputs": subject})


def job_key(stage: str, parameters: Mapping[str, Any], code: str, inputs: Mapping[str, Any]) -> str:
    """The key of a job: known before it runs."""
    text = canonical({"stage": stage, "parameters": parameters, "code": code, "inputs": inputs, "schema": SCHEMA})
    return sha256_bytes(text.encode())[:32]
