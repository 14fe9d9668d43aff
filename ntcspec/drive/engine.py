"""Snakemake as its own command starts it, but for two things that no option changes.

    python -m ntcspec.drive.engine OPTIONS OF SNAKEMAKE

Jobs here: no limit on how many start in a second. For it Snakemake (9.27) wakes itself by a timer after each choice
of jobs. As long as jobs wait, every waking leads to another choice and another timer, so that there are as many timers
as jobs were done, each with a thread: with a thousand measurements, half of the processor time of the whole run. The
limit is there for the queue of a cluster.

Jobs by Slurm: how its executor does groups, see `ntcspec.drive.executor`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

from snakemake.cli import args_to_api, parse_args
from snakemake.exceptions import print_exception

from ntcspec.drive.executor import mend
from ntcspec.drive.profile import HERE


def main(words: Sequence[str]) -> bool:
    """Run Snakemake; whether all went well."""
    try:
        parser, options = parse_args(words)
        if (options.executor or HERE[0]) in HERE:
            options.max_jobs_per_timespan = None
        if options.executor == "slurm":
            mend(import_module("snakemake_executor_plugin_slurm").Executor)
        return bool(args_to_api(options, parser))
    except Exception as error:  # as Snakemake's own command does
        print_exception(error)
        return False


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
