"""Run FEFF6L or FEFF8L, once for each input: a content-addressed cache of result folders.

    key = sha256(layout of the cache, program, sha256 of each of its binaries, text of feff.inp)

A result is CACHE/<key>/ with feff.inp, feffNNNN.dat, the lists of paths, feff.log (all that the program said) and
SHA256SUMS. It is made in a scratch folder beside it and renamed in one step, so that several processes may share a
cache: who comes second finds the folder and drops its own. A folder that does not match its SHA256SUMS is made again.
No time, host or path enters a result: the same input gives the same bytes.

The binaries are those of the xraylarch package; they are found without importing larch (0.3 s).
"""

from __future__ import annotations

import contextlib
import hashlib
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from ntcspec.errors import UserError
from ntcspec.processes import end_with_parent

LAYOUT = "ntcspec feff 1"  # of a result folder; another layout gets other keys
FEFF8_MODULES = ("rdinp", "pot", "xsph", "pathfinder", "genfmt", "ff2x")
BINARIES = {"feff6l": ("feff6l",), "feff8l": tuple(f"feff8l_{module}" for module in FEFF8_MODULES)}
TIMEOUT_S = 120.0
KEPT = ("feff.inp", "feff.log", "feff[0-9][0-9][0-9][0-9].dat", "files.dat", "list.dat", "paths.dat")
SUMS = "SHA256SUMS"
OTHER_MACHINE = "FEFF runs on Linux x86_64, macOS and Windows with xraylarch installed by pip: run it there"


@dataclass(frozen=True)
class FeffRun:
    """A folder with the results of FEFF."""

    folder: Path
    key: str  # sha256 of program and input
    version: str  # as the program names itself
    cached: bool  # it was there before


def find_binaries(program: str = "feff6l") -> tuple[Path, ...]:
    """The binaries of 'feff6l' or 'feff8l' inside xraylarch, in the order in which they run.

    Raises UserError where xraylarch has none for this platform, or is not installed; ValueError for another program.
    """
    if program not in BINARIES:
        raise ValueError(f"unknown program {program!r}, known: {', '.join(BINARIES)}")
    spec = find_spec("larch")
    if spec is None or spec.origin is None:
        raise UserError(program, "xraylarch is not installed", "pip install xraylarch")
    system = {"linux": "linux", "darwin": "darwin", "win32": "win"}.get(sys.platform, sys.platform)
    bits = platform.architecture()[0].replace("bit", "")
    folder = Path(spec.origin).parent / "bin" / f"{system}{bits}"
    suffix = ".exe" if system == "win" else ""
    found = tuple(folder / f"{name}{suffix}" for name in BINARIES[program])
    for path in found:
        if not path.is_file():
            where = f"{platform.system()} {platform.machine()}"
            raise UserError(
                program, f"xraylarch ships no {program} for this platform ({where}: no {path.name})", OTHER_MACHINE
            )
    return found


def call_program(text: str, folder: Path, *, program: str = "feff6l", timeout_s: float = TIMEOUT_S) -> str:
    """Run FEFF in `folder` on this feff.inp; all that it said.

    Raises:
        UserError: the program is absent, does not run on this platform, takes longer than `timeout_s` or fails; its
            whole output is in the message.
    """
    (folder / "feff.inp").write_text(text)
    end = time.monotonic() + timeout_s
    said = ""
    for binary in find_binaries(program):
        try:
            done = subprocess.run(
                [binary], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                timeout=max(end - time.monotonic(), 0.01), check=False, preexec_fn=end_with_parent,
            )  # fmt: skip
        except OSError as error:
            raise UserError(binary.name, f"does not run on this machine ({error.strerror})", OTHER_MACHINE) from error
        except subprocess.TimeoutExpired as error:
            last = error.stdout.decode(errors="replace") if isinstance(error.stdout, bytes) else (error.stdout or "")
            what = f"did not end within {timeout_s:g} s; it said:\n{said}{last}"
            raise UserError(binary.name, what, "take a smaller radius or a shorter rmax") from error
        said += done.stdout + done.stderr
        if done.returncode or not _succeeded(binary.stem, done.stdout):
            what = f"failed; it said:\n{said.strip() or 'nothing'}\n"
            raise UserError(binary.name, what, "mend the structure that feff.inp was made from")
    return said


def _succeeded(binary: str, output: str) -> bool:
    """Whether the program says that it came to its end; the first module of FEFF8L never does."""
    if binary == "feff6l":
        return "Feff done" in output
    return binary == "feff8l_rdinp" or "Done with module" in output


def run_key(text: str, *, program: str = "feff6l") -> str:
    """The cache key of an input. Raises UserError as `find_binaries`."""
    parts = [LAYOUT, program, *(_sha256(binary.read_bytes()) for binary in find_binaries(program)), text]
    return _sha256("\0".join(parts).encode())


def run_feff(text: str, *, cache: Path, program: str = "feff6l", timeout_s: float = TIMEOUT_S) -> FeffRun:
    """Results of FEFF for this feff.inp, from `cache` or by a run (0.1 to some seconds).

    Raises:
        UserError: as `call_program`; no path was found; the cache cannot be written.
    """
    key = run_key(text, program=program)
    target = cache / key
    if _is_whole(target):
        return FeffRun(target, key, _version(target), cached=True)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".running-", dir=cache))
        scratch.chmod(0o755)  # a cache may be shared
    except OSError as error:
        what = f"the cache of FEFF cannot be written ({error.strerror})"
        raise UserError(str(cache), what, "name another folder") from error
    try:
        said = call_program(text, scratch, program=program, timeout_s=timeout_s)
        (scratch / "feff.log").write_text(said)
        _keep(scratch, said)
        _move(scratch, target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return FeffRun(target, key, _version(target), cached=False)


def _keep(folder: Path, said: str) -> None:
    """Remove what is not a result and write SHA256SUMS."""
    kept = {path.name for pattern in KEPT for path in folder.glob(pattern)}
    if not any(name.startswith("feff0") for name in kept):
        raise UserError("feff.inp", f"FEFF found no path; it said:\n{said}", "take a longer rmax or lower criteria")
    for path in folder.iterdir():
        if path.name not in kept:
            path.unlink()
    sums = [f"{_sha256((folder / name).read_bytes())}  {name}\n" for name in sorted(kept)]
    (folder / SUMS).write_text("".join(sums))


def _move(scratch: Path, target: Path) -> None:
    """Rename the new result to its place; a whole result of another process stays, a damaged one goes."""
    for _ in range(3):
        with contextlib.suppress(OSError):
            scratch.rename(target)
            return
        if _is_whole(target):
            return
        aside = Path(tempfile.mkdtemp(prefix=".damaged-", dir=target.parent))
        with contextlib.suppress(OSError):
            target.rename(aside / "result")
        shutil.rmtree(aside, ignore_errors=True)
    raise UserError(str(target), "cannot be replaced", "remove the folder, and see that the cache can be written")


def _is_whole(folder: Path) -> bool:
    """Whether the folder holds what its SHA256SUMS says."""
    try:
        lines = (folder / SUMS).read_text().splitlines()
        pairs = [line.split("  ", 1) for line in lines]
        return bool(pairs) and all(_sha256((folder / name).read_bytes()) == sha for sha, name in pairs)
    except (OSError, ValueError):
        return False


def _version(folder: Path) -> str:
    """The first thing that FEFF says: its name and version."""
    return " ".join((folder / "feff.log").read_text().strip().splitlines()[0].split())


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
