"""Which files make up one raw measurement: some programs write a directory, of which the study names one path.

    main file   beside it                        written by
    fid         procpar                          Varian, Agilent (VnmrJ, OpenVnmrJ)
    fid         acqus, pdata/1/procs             Bruker (TopSpin)
    data        acq, acq_2, proc                 Chemagnetics, Varian Infinity Plus (Spinsight)
    1r          1i, procs, ../../acqus           Bruker, a processed spectrum

The study may name the directory or the main file. Every file that a reader opens is in `companions`, so that it can be
hashed and a change of it be seen; the readers take their files from here too. Nothing is opened here, and nothing heavy
is imported: the workflow asks this for every raw file.
"""

from __future__ import annotations

import posixpath
from pathlib import Path

COMPANION = "companion"  # their role among the inputs of a stage
MAIN = ("fid", "data", "1r")
BESIDE = {
    "fid": ("procpar", "acqus", "pdata/1/procs"),
    "data": ("acq", "acq_2", "proc"),
    "1r": ("1i", "procs", "../../acqus"),
}


def main_file(path: Path) -> Path | None:
    """The file that stands for a directory, or the path itself if it is none; None for a directory without one."""
    if not path.is_dir():
        return path
    return next((path / name for name in MAIN if (path / name).is_file()), None)


def beside_of(name: str) -> list[str]:
    """The names that companions of a raw file would have, whether they are there or not."""
    folder, _, file = name.rpartition("/")
    return [posixpath.normpath(f"{folder}/{one}" if folder else one) for one in BESIDE.get(file, ())]


def companions(path: Path) -> list[Path]:
    """The files beside a main file that belong to it, as far as they exist; empty for any other file."""
    found = []
    for name in BESIDE.get(path.name, ()):
        beside = path.parent
        for part in name.split("/"):
            beside = beside.parent if part == ".." else beside / part
        if beside.is_file():
            found.append(beside)
    # A directory of Varian has no acqus; where both stand there, each reader takes its own.
    return found
