"""The record in an artifact, whatever its format: NeXus, PNG, PDF, SVG, CSV, JSON or HTML."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ntcspec.errors import UserError
from ntcspec.study.table import read_table_record

HTML_RECORD = '<script type="application/json" id="ntcspec-record">'


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
