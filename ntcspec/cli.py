"""ntcspec run | check | show | trace | verify | replay | sign | pack | clean | export | demo | worker"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from ntcspec import __version__
from ntcspec.errors import Problems, UserError
from ntcspec.files import of_the_disk

Commands = Any  # of argparse, whose type has no public name
STUDY_HELP = "a study's config.yaml, or its folder (default: this folder)"


def parser() -> argparse.ArgumentParser:
    """The command line; each subcommand names the module of ntcspec.commands that carries it out."""
    top = argparse.ArgumentParser(
        prog="ntcspec",
        description="From raw beamline files to numbers with uncertainties, figure panels and their provenance.",
    )
    top.add_argument("--version", action="version", version=f"ntcspec {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    for add in (_work, _audit, _hand_on):
        add(commands)
    return top


def _work(commands: Commands) -> None:
    """Commands that work on a study."""
    run = commands.add_parser("run", help="run the whole study; only what changed is computed")
    run.add_argument("study", nargs="?", type=Path, default=Path(), help=STUDY_HELP)
    run.add_argument("--cores", help="processor cores to use (default: what the profile says; all)")
    run.add_argument("--profile", default="default", help="where: default, slurm, slurm-node, or a folder")
    run.add_argument("--dry-run", "-n", action="store_true", help="say what would run, and why; run nothing")
    run.add_argument("--verbose", "-v", action="store_true", help="a line for each job as it starts")

    check = commands.add_parser("check", help="say everything that is wrong with a study, at once")
    check.add_argument("study", nargs="?", type=Path, default=Path(), help=STUDY_HELP)
    check.add_argument("--all", action="store_true", help="list every mistake, however many there are")

    clean = commands.add_parser("clean", help="list results that the study no longer has, or delete them")
    clean.add_argument("study", nargs="?", type=Path, default=Path(), help=STUDY_HELP)
    clean.add_argument("--delete", action="store_true", help="delete what is listed")
    clean.add_argument("--made-by", metavar="STUDY", help="also what the study of that name made (after renaming it)")


def _audit(commands: Commands) -> None:
    """Commands that look at what there is, and prove it."""
    show = commands.add_parser("show", help="what is in an artifact, or how a raw file would be read and why")
    show.add_argument("file", type=Path)

    trace = commands.add_parser("trace", help="from a figure, a table or one number back to the raw bytes, as a tree")
    trace.add_argument("file", metavar="FILE[:NUMBER]", help="e.g. fig.png, or results/metrics.csv:SAMPLE/METRIC")
    trace.add_argument("--json", action="store_true", help="the whole family as JSON, for programs")
    trace.add_argument("--graph", type=Path, metavar="OUT.svg", help="draw it as well")
    trace.add_argument("--study", type=Path, help="the study it is from, if the file lies elsewhere")

    verify = commands.add_parser("verify", help="recompute every hash and walk every edge; exit 1 if anything changed")
    verify.add_argument("study", nargs="?", type=Path, default=Path(), help=f"{STUDY_HELP}; or a file of its results")
    verify.add_argument("--json", action="store_true", help="findings as JSON, for scripts")
    verify.add_argument("--signers", type=Path, help="names and public keys that may sign (allowed_signers of SSH)")

    replay = commands.add_parser("replay", help="recompute an artifact from raw files in a scratch folder, and compare")
    replay.add_argument("file", type=Path, help="a figure, table or NeXus file; one received by mail will do")
    replay.add_argument(
        "--raw", type=Path, action="append", default=[], metavar="FOLDER",
        help="where the raw files are, renamed or not (default: where the study has them that FILE lies in)",
    )  # fmt: skip
    replay.add_argument("--keep", type=Path, metavar="FOLDER", help="work in this new folder and keep what is made")
    replay.add_argument("--numbers", action="store_true", help="compare numbers where bytes differ for no known reason")
    replay.add_argument("--json", action="store_true", help="print the outcome as JSON")

    sign = commands.add_parser("sign", help="sign the crate of a study with an SSH key")
    sign.add_argument("study", nargs="?", type=Path, default=Path(), help=STUDY_HELP)
    sign.add_argument("--key", type=Path, required=True, help="a private SSH key, such as ~/.ssh/id_ed25519")

    pack = commands.add_parser("pack", help="one zip with all that somebody needs to check a study")
    pack.add_argument("study", nargs="?", type=Path, default=Path(), help=STUDY_HELP)
    pack.add_argument("--to", type=Path, help="the zip to write (default: the study's name, in this folder)")
    pack.add_argument("--raw", action=argparse.BooleanOptionalAction, default=True, help="raw files too (default)")
    pack.add_argument("--force", action="store_true", help="pack what does not verify; the pack says so")


def _hand_on(commands: Commands) -> None:
    """Commands at the edges: other programs, the demo, the worker."""
    export = commands.add_parser("export", help="results as Athena projects and columns of text, for other programs")
    export.add_argument("study", nargs="?", type=Path, default=Path(), help=STUDY_HELP)
    export.add_argument("--to", type=Path, default=Path("export"), help="folder to write into (default: export)")

    demo = commands.add_parser("demo", help="write the SIMULATED raw files of the demo study")
    demo.add_argument("folder", nargs="?", type=Path, default=Path("raw"), help="where to (default: raw)")
    demo.add_argument("--force", action="store_true", help="replace files that were changed by hand")

    worker = commands.add_parser(
        "worker", help="run a command with a warm worker at its side (`ntcspec run` has its own)"
    )
    worker.add_argument("words", nargs=argparse.REMAINDER, metavar="-- COMMAND", help="e.g. snakemake --profile ...")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; returns the exit code. What a user can mend is told in one line."""
    options = parser().parse_args(arguments)
    try:
        return int(import_module(f"ntcspec.commands.{options.command}").main(options))
    except (UserError, Problems) as error:
        print(f"ntcspec {options.command}: {error}" if isinstance(error, UserError) else error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `ntcspec trace ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if mended := of_the_disk(error, "the output"):
            print(f"ntcspec {options.command}: {mended}", file=sys.stderr)
            return 1
        if os.environ.get("NTCSPEC_DEBUG"):
            raise
        print(f"ntcspec {options.command}: internal error ({type(error).__name__}: {error})", file=sys.stderr)
        print("This is a defect of ntcspec: please report it with what NTCSPEC_DEBUG=1 shows.", file=sys.stderr)
        return 70


if __name__ == "__main__":
    sys.exit(main())
