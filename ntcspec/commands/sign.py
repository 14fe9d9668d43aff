"""`ntcspec sign`: put a signature under the crate of a study, and so under every file of its results."""

from __future__ import annotations

import argparse

from ntcspec.audit.sign import sign
from ntcspec.config.load import load_study
from ntcspec.errors import UserError
from ntcspec.plan import CRATE


def main(options: argparse.Namespace) -> int:
    """Exit code 0 when the signature is written."""
    study = load_study(options.study)
    crate = study.root / CRATE
    if not crate.is_file():
        raise UserError(CRATE, "missing", "run the study first: ntcspec run")
    print(f"{CRATE}: {sign(crate, options.key)}")
    return 0
