"""What keeps a path of a study from being a raw file: told when the study is read, before anything runs."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from ntcspec.opening import kind_of

NOWHERE = "no such file"
MEND = "mend the path"
_REASONS = {  # by number: what, and the way out
    errno.ELOOP: ("a symbolic link that leads to itself", "make it lead to the file"),
    errno.ENAMETOOLONG: ("too long a path for this disc", "shorten the names of its folders"),
    errno.EACCES: ("in a folder that you may not enter", "ask for its permissions"),
}


def trouble(path: Path) -> tuple[str, str]:
    """What a path is instead of a file that can be read, and the way out; ('', '') for one that can."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return ("a symbolic link that leads nowhere", MEND) if path.is_symlink() else (NOWHERE, MEND)
    except OSError as error:
        return _REASONS.get(error.errno or 0, (f"out of reach ({error.strerror})", "is its disc there?"))
    if stat.S_ISDIR(mode):
        return _folder(path)
    if not stat.S_ISREG(mode):
        return f"{kind_of(mode)}, not a file", "copy what it gives into a file, and name that"
    if not os.access(path, os.R_OK):
        return "a file that you may not read", "ask for its permissions"
    return "", ""


def _folder(path: Path) -> tuple[str, str]:
    try:
        full = any(path.iterdir())
    except OSError as error:
        return f"a folder that cannot be read ({error.strerror})", "name the raw files in it"
    return ("a folder", "name the raw files in it") if full else ("an empty folder", "mend the path, or copy it again")
