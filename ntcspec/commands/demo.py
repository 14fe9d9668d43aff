"""`ntcspec demo`: the SIMULATED raw files of the demo study."""

from __future__ import annotations

import argparse


def main(options: argparse.Namespace) -> int:
    """Write the files unless they are there."""
    from ntcspec.demo import write_raw

    files = write_raw(options.folder, force=options.force)
    print(f"{options.folder}: {len(files)} SIMULATED raw files")
    return 0
