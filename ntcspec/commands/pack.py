"""`ntcspec pack`: one zip of a study for a reviewer or an archive."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ntcspec.audit.crate_check import absent_raw
from ntcspec.audit.pack import folder_name, write_pack
from ntcspec.commands.verify import findings
from ntcspec.config.load import load_study, root_of
from ntcspec.errors import UserError
from ntcspec.plan import CRATE, Plan
from ntcspec.provenance import sha256_file


def main(options: argparse.Namespace) -> int:
    """Exit code 1 if the study does not verify: then nothing is written, unless --force."""
    study = load_study(options.study, absent_raw(root_of(options.study)))
    target = options.to or Path(f"{folder_name(study)}.zip")
    if target.suffix.lower() != ".zip" or target.is_dir():
        raise UserError(str(target), "is no name for a zip", "name a file that ends with .zip")
    if options.raw and study.absent:
        name = next(iter(study.absent))
        raise UserError(study.raw(name), "missing", "get the raw files back, or pack without them: --no-raw")
    plan = Plan(study)
    found = list(findings(plan))
    for path, what in found:
        print(f"{path}: {what}", file=sys.stderr)
    if found and not options.force:
        print(f"{study.name}: {len(found)} findings, not packed; `ntcspec run` first, or --force", file=sys.stderr)
        return 1
    if not (study.root / CRATE).is_file():
        raise UserError(CRATE, "missing", "run the study first: ntcspec run")
    count = write_pack(plan, target, raw=options.raw, findings=found)
    size = f"{target.stat().st_size / 1e6:.1f} MB"
    print(f"{target}: {count} files, {size}, {'with' if options.raw else 'WITHOUT'} raw files")
    print(f"sha256 of the crate: {sha256_file(study.root / CRATE)}  (keep it somewhere that you cannot change)")
    return 0
