"""One driver at a time in a study."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

from ntcspec.errors import UserError


class one_driver:
    """Context: refuse a second live driver in the same study; clear what a killed one left behind."""

    def __init__(self, root: Path, name: str = "lock") -> None:
        self.root, self.name = root, name
        self.stream: IO[str] | None = None

    def __enter__(self) -> None:
        folder = self.root / ".ntcspec"
        try:
            folder.mkdir(exist_ok=True)
            self.stream = (folder / self.name).open("w")
        except OSError as error:
            raise UserError(
                str(self.root), f"cannot be written ({error.strerror})", "run in a folder of yours"
            ) from None
        try:
            fcntl.flock(self.stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(str(self.root), "another run is working on this study", "wait for it, or stop it") from None
        locks = self.root / ".snakemake" / "locks"
        for left in locks.glob("*") if locks.is_dir() else ():
            left.unlink(missing_ok=True)

    def __exit__(self, *_: object) -> None:
        if self.stream:
            self.stream.close()
