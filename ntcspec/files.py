"""New files: whole or not at all, and in plain words why not."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from ntcspec.errors import UserError

NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
NOT_ALLOWED = (errno.EACCES, errno.EPERM, errno.EROFS)
FREE_SOME = "free some space and give the command again; what was made so far is kept"
ALLOW = "see that you may read and write it, or work on a copy in a folder of yours"


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """A temporary file beside `path`, to be written; it takes its place at the end of the context, unless that fails.

    A reader sees the old bytes or the new ones, never a part. Raises UserError where it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def stamp(path: Path) -> tuple[int, ...]:
    """What changes with a file's content, whoever sets its times back; empty where there is none."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_size, found.st_ino, found.st_mtime_ns, found.st_ctime_ns


def cannot_write(path: Path, error: OSError) -> UserError:
    """Why a file or folder cannot be written, and what to do."""
    if error.errno in NO_SPACE:
        return UserError(path.as_posix(), "cannot be written: no space left on the disk", FREE_SOME)
    fix = ALLOW if error.errno in NOT_ALLOWED else "see to the disk, then give the command again"
    return UserError(path.as_posix(), f"cannot be written: {_words(error)}", fix)


def of_the_disk(error: BaseException, where: str) -> UserError | None:
    """The same for an error from anywhere, if it is of space or permission; `where`: if it names no file."""
    if not isinstance(error, OSError) or error.errno not in (*NO_SPACE, *NOT_ALLOWED):
        return None
    path = Path(os.fsdecode(error.filename) if error.filename else where)
    return cannot_write(path, error) if error.errno in NO_SPACE else UserError(path.as_posix(), _words(error), ALLOW)


def _words(error: OSError) -> str:
    words = error.strerror or str(error)
    return f"{words[:1].lower()}{words[1:]}"
