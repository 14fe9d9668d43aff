"""Raw formats: each module has NAME, recognise() and read(). A format is told by content, never by file name."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from ntcspec.readers import columns as _columns
from ntcspec.readers import hxma, xdi
from ntcspec.readers.columns import ColumnSpec
from ntcspec.readers.describe import describe
from ntcspec.readers.text import TextFile, load_text
from ntcspec.types import XasScan

__all__ = ["XAS_READERS", "ColumnSpec", "describe", "load_text", "read_xas", "recognise"]

XAS_READERS: tuple[ModuleType, ...] = (xdi, hxma)


def recognise(file: TextFile) -> tuple[ModuleType, str] | None:
    """The reader that knows this file and the evidence for it; None if none does."""
    for reader in XAS_READERS:
        evidence = reader.recognise(file)
        if evidence:
            return reader, evidence
    return None


def read_xas(path: Path, source: str, columns: ColumnSpec | None = None) -> XasScan:
    """Read one XAS scan.

    Parameters
    ----------
    path : where to open the file
    source : its name as the study gives it, for errors and for the record
    columns : what the study says about columns; it wins over the header

    Raises
    ------
    UserError
        What is wrong with the file, where, and what would help.
    """
    file = load_text(path, source)
    known = recognise(file)
    if known:
        reader, evidence = known
        scan: XasScan = reader.read(file, evidence, columns)
        return scan
    return _columns.read(file, _columns.recognise(file), columns)
