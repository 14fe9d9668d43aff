"""Bytes on disk: each file is hashed once, many at a time."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ntcspec.provenance import sha256_file

UNREADABLE = "cannot be read ("


class Files:
    """sha256 by path, remembered for the length of one audit; nothing is taken from an earlier one."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[str, str]] = {}

    def prefetch(self, paths: Iterable[Path]) -> None:
        """Hash files in threads: the hash function works outside of Python's lock."""
        waiting = [path for path in dict.fromkeys(paths) if path not in self._known]
        with ThreadPoolExecutor(min(16, (os.cpu_count() or 1) + 1)) as pool:
            self._known.update(zip(waiting, pool.map(_look, waiting), strict=True))

    def __getitem__(self, path: Path) -> str:
        """Hash of a file's bytes; '' where there is none to read."""
        return self._of(path)[0]

    def trouble(self, path: Path) -> str:
        """Why a file cannot be read; '' if it can."""
        return self._of(path)[1]

    def strict(self) -> _Strict:
        """The same hashes, but that a file which is there and cannot be read is an OSError, as it is for a run."""
        return _Strict(self)

    def save(self) -> None:
        """A plan asks for this; there is nothing to keep."""

    def _of(self, path: Path) -> tuple[str, str]:
        if path not in self._known:
            self._known[path] = _look(path)
        return self._known[path]


class _Strict:
    def __init__(self, files: Files) -> None:
        self._files = files

    def __getitem__(self, path: Path) -> str:
        trouble = self._files.trouble(path)
        if trouble.startswith(UNREADABLE):
            raise OSError(errno.EIO, trouble.removeprefix(UNREADABLE).removesuffix(")"))
        return self._files[path]

    def save(self) -> None:
        """As above."""


def _look(path: Path) -> tuple[str, str]:
    """(sha256, '') or ('', why it cannot be read)."""
    try:
        return sha256_file(path), ""
    except (FileNotFoundError, NotADirectoryError):
        return "", "is a symbolic link that leads nowhere" if path.is_symlink() else "missing"
    except IsADirectoryError:
        return "", "is a folder, not a file"
    except OSError as error:
        return "", f"{UNREADABLE}{error.strerror})"
