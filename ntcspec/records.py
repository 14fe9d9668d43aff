"""The record in an artifact, whatever its format: NeXus, PNG, PDF, SVG, CSV, JSON or HTML."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ntcspec.errors import UserError
from ntcspec.provenance import ancestry_of
from ntcspec.study.table import read_table_record

HTML_RECORD = '<script type="application/json" id="ntcspec-record">'

LATEST = (".html", ".csv", ".json")  # what is made last has the most behind it


def family_of(artifacts: Iterable[tuple[str, Path]]) -> dict[str, dict[str, Any]]:
    """The records of artifacts (path in the study, file), and of all that they were made from, by path.

    An artifact from which another of them was made stands in that one's record, and is not opened. Without their own
    ancestry, as `ancestry_of` has them. Raises UserError where there is no record.
    """
    family: dict[str, dict[str, Any]] = {}
    order = [*LATEST, ""]
    for name, path in sorted(artifacts, key=lambda one: order.index(one[1].suffix if one[1].suffix in LATEST else "")):
        if name not in family:
            family.update(ancestry_of({name: read_any_record(path)}))
    return family


def read_any_record(path: Path) -> dict[str, Any]:
    """The record of any artifact. Raises UserError where there is none."""
    if path.suffix == ".nxs":
        from ntcspec import store

        return store.read_record(path)
    if path.suffix in (".png", ".pdf", ".svg"):
        from ntcspec.plot.metadata import read_record

        return dict(json.loads(read_record(path)))
    if path.suffix not in (".json", ".html"):
        return read_table_record(path)
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".html":
            return dict(json.loads(text.partition(HTML_RECORD)[2].partition("</script>")[0]))
        return dict(json.loads(text)["record"])
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(path.as_posix(), "carries no record of ntcspec", "name a file of results/") from None
