"""`ntcspec trace FILE[:NUMBER]`: from a figure, a table, a NeXus file or one number back to the raw bytes."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ntcspec.audit.as_json import family_json
from ntcspec.audit.graph import graph_svg
from ntcspec.audit.number import find_number, number_lines, split_address
from ntcspec.audit.place import place_of
from ntcspec.audit.text import tree_lines, verdict_lines
from ntcspec.audit.tree import Family, family_of
from ntcspec.errors import Problems, UserError
from ntcspec.provenance import write_atomic


def main(options: argparse.Namespace) -> int:
    """Exit code: 0 all that could be checked is as recorded, 1 something is not, 2 there is nothing to trace."""
    try:
        path, address = split_address(options.file)
        place = place_of(path, options.study)
        number = find_number(path, address, place) if address else None
        family = family_of(path, place, address, number.sources if number else ())
        if options.graph:
            _write_graph(family, options.graph)
    except (UserError, Problems) as error:
        print(f"ntcspec trace: {error}" if isinstance(error, UserError) else error, file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(family_json(family, number), indent=1, ensure_ascii=False))
    else:
        if number:
            print(*number_lines(number), sep="\n")
        print(*tree_lines(family), "", *verdict_lines(family), sep="\n")
    bad = family.findings or family.count("CHANGED") or family.count("MISSING") or (number and number.differs)
    return 1 if bad else 0


def _write_graph(family: Family, target: Path) -> None:
    if target.suffix.lower() != ".svg":
        raise UserError(target.as_posix(), "the graph is drawn as SVG", "give a name that ends in .svg")
    try:
        write_atomic(target, graph_svg(family).encode())
    except OSError as error:
        raise UserError(target.as_posix(), f"cannot be written ({error.strerror})", "name another place") from None
    print(f"{target}: {len(family.nodes)} files drawn", file=sys.stderr)
