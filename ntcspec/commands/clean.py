"""`ntcspec clean`: list the results that belong to nothing in the study any more; with --delete, delete them."""

from __future__ import annotations

import argparse
import sys

from ntcspec.commands.leftovers import delete, leftovers, made_by
from ntcspec.config.load import load_study
from ntcspec.drive.lock import one_driver
from ntcspec.plan import Plan
from ntcspec.workflow import left_out


def main(options: argparse.Namespace) -> int:
    """Exit code 0. Only artifacts that this study made, or the one that `--made-by` names, are deleted."""
    study = load_study(options.study)
    with one_driver(study.root):
        plan = Plan(study)
        print(*(f"{line}\n" for line in left_out(plan.study)), sep="", end="", file=sys.stderr)
        found = leftovers(plan)
        for one in found:
            print(f"{one}{made_by(one, plan)}", *(f"  {path}" for path in one.paths), sep="\n")
        if not found:
            print(f"{study.name}: nothing is left over in results/")
            return 0
        mine = [one for one in found if one.study in (study.name, options.made_by)]
        files = sum(len(one.paths) for one in mine)
        if options.delete:
            delete(study.root, mine)
            print(f"{study.name}: {files or 'no'} files deleted")
        elif mine:
            print(f"{study.name}: nothing deleted; `ntcspec clean --delete` deletes {files} files")
    for other in dict.fromkeys(one.study for one in found if one not in mine):
        print(f"kept: results of the study {other!r}; if that is gone: ntcspec clean --delete --made-by {other!r}")
    return 0
