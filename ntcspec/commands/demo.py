"""`ntcspec demo`: the SIMULATED raw files of the demo study."""

from __future__ import annotations

import argparse


def main(options: argparse.Namespace) -> int:
    """Write the files unless they are there."""
    from ntcspec.demo import write_raw

    written = write_raw(options.folder, force=options.force)
    print(
        f"{len(written)} SIMULATED raw files in {options.folder}" if written else f"{options.folder}: all there already"
    )
    return 0
