"""What outside checkers say of NeXus files, as JSON: both exit 0 whatever they find, so their verdicts are read here.

.venv/checkers/bin/python tests/outside/check_nexus.py FILE...

For each file: `applications`, by entry that names a definition: [name, verdict of pynxtools, its words];
`base_classes`: [warnings, errors, words] of nexusformat by the definitions that pynxtools holds, which are newer than
its own; `own`: the same by its own.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import pynxtools
from nexusformat.nexus import validate as nexusformat
from pynxtools.dataconverter import helpers
from pynxtools.dataconverter import validation as pynx

DEFINITIONS = Path(pynxtools.__file__).parent / "definitions"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class _Words(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.words: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.words.append(COLOUR.sub("", record.getMessage()).strip())


@contextmanager
def _heard(name: str | logging.Logger) -> Iterator[list[str]]:
    """What a logger says, and nothing of it on the terminal."""
    logger = logging.getLogger(name) if isinstance(name, str) else name
    handlers, level, handler = logger.handlers, logger.level, _Words()
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.WARNING)
    try:
        yield handler.words
    finally:
        logger.handlers = handlers
        logger.setLevel(level)


def applications(path: str) -> dict[str, Any]:
    """Verdict of pynxtools on every entry and subentry that says which definition it follows."""
    named: dict[str, str] = {}

    def visit(name: str, item: Any) -> None:
        if item.attrs.get("NX_class") in ("NXentry", "NXsubentry") and "definition" in item:
            named[name] = item["definition"].asstr()[()]

    found = {}
    with h5py.File(path) as file:
        file.visititems(visit)
        for entry, definition in named.items():
            helpers.collector.clear()
            with _heard("pynxtools") as words:
                valid = pynx.validate_hdf_group_against(definition, file[entry], path)
            found[entry] = [definition, bool(valid), words]
    return found


def base_classes(paths: list[str], definitions: Path | None) -> dict[str, list[Any]]:
    """[warnings, errors, words] of nexusformat, by file."""
    nexusformat.validators.clear()  # it keeps the definitions that it has read, whatever set they are of
    found = {}
    for path in paths:
        with _heard(nexusformat.logger) as words:
            # None: it could not even read the file, and says why
            warnings, errors = nexusformat.validate_file(path, definitions=definitions) or (0, 1)
        found[path] = [warnings, errors, [w for w in words if w]]
    return found


if __name__ == "__main__":
    names = sys.argv[1:]
    new, own = base_classes(names, DEFINITIONS), base_classes(names, None)
    report = {name: {"applications": applications(name), "base_classes": new[name], "own": own[name]} for name in names}
    print(json.dumps(report, indent=1))
