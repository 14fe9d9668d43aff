"""`ntcspec worker -- COMMAND`: run a command with a warm worker at its side, which takes its jobs."""

from __future__ import annotations

import argparse
import subprocess

from ntcspec.errors import UserError
from ntcspec.worker import warm


def main(options: argparse.Namespace) -> int:
    """The exit code of the command; 128 and the signal's number where one ended it."""
    words = options.words[1:] if options.words[:1] == ["--"] else options.words
    if not words:
        raise UserError("ntcspec worker", "no command is given", "ntcspec worker -- snakemake --profile ...")
    with warm() as environment:
        try:
            code = subprocess.run(words, env=environment, check=False).returncode
        except OSError as error:
            raise UserError(words[0], f"cannot be started ({error.strerror})", "mend the command") from None
    return 128 - code if code < 0 else code
