"""Bad neighbours at their true size: what a study does with files that are far larger than usual, or wrong altogether.

    python benchmarks/neighbours.py                       all of them; needs 3 GB of disc for a while
    python benchmarks/neighbours.py stack text --folder /tmp/x

stack    images of 60 frames, 2048 x 2048 pixels of 32 bits, 1 GB: HDF5, TIFF, EDF; one that is cut off
text     100,000 points of each technique; a header of 100,000 lines; 500 MB that are no spectrum
yaml     a study of 10,000 samples; 10,000 mistakes; aliases of aliases; 50 MB
paths    names and folders near the 255 bytes and the depth that a disc allows

Each is a study with one good sample beside the bad one, and goes through the commands as a user would give them.
Processor time is of all processes together, memory of the largest one. All data is made up here.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from neighbours_files import stacks, texts, yamls
from neighbours_paths import paths
from scale import machine

Row = tuple[str, str, float, float, str]
GROUPS: dict[str, Callable[[Path], Iterator[Row]]] = {"stack": stacks, "text": texts, "yaml": yamls, "paths": paths}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("groups", nargs="*", default=list(GROUPS), metavar="GROUP", help=f"of {', '.join(GROUPS)}")
    asked.add_argument("--folder", type=Path, help="where to write (default: a temporary folder)")
    options = asked.parse_args()
    if unknown := set(options.groups) - set(GROUPS):
        asked.error(f"no group {', '.join(unknown)}; known: {', '.join(GROUPS)}")
    print(machine())
    print("| what | size | CPU s | largest process MB | outcome |\n|---|---|---|---|---|")
    top = Path(tempfile.mkdtemp(prefix="neighbours-", dir=options.folder))
    try:
        for group in options.groups:
            for what, size, cpu, peak, outcome in GROUPS[group](top / group):
                print(f"| {what} | {size} | {cpu:.1f} | {peak:.0f} | {outcome} |", flush=True)
            shutil.rmtree(top / group, ignore_errors=True)
    finally:
        shutil.rmtree(top, ignore_errors=True)


if __name__ == "__main__":
    main()
