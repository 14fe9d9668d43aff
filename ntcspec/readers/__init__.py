"""Raw formats: each module has NAME, recognise() and read(). A format is told by content, never by file name.

Modules of formats that hold several scans in one file also have names(file), the scans of a file by name, and
their read() takes one of these names: read(file, evidence, columns, name). REPEATS = True says that the scans of a
file are repeats of one measurement, taken all where the study does not select.
`file` is a TextFile, or an Hdf5File for the modules of HDF5_READERS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from ntcspec.errors import UserError, did_you_mean
from ntcspec.readers import _hdf5, athena, hxma, nexus, pf9809, sgm, spec, stack, sxrmb, sxrmb_dacq, vlspgm, xdi
from ntcspec.readers import columns as _columns
from ntcspec.readers.columns import ColumnSpec
from ntcspec.readers.describe import describe, describe_one_of
from ntcspec.readers.text import TextFile, load_text, read_bytes, text_file
from ntcspec.types.xas import XasScan

__all__ = [
    "HDF5_READERS",
    "XAS_READERS",
    "ColumnSpec",
    "describe",
    "describe_file",
    "each_scan",
    "load_text",
    "read_scans",
    "read_xas",
    "recognise",
]

XAS_READERS: tuple[ModuleType, ...] = (xdi, hxma, sxrmb, sxrmb_dacq, vlspgm, pf9809, athena, spec)
HDF5_READERS: tuple[ModuleType, ...] = (sgm, nexus, stack)
SHOWN_NAMES = 30


def recognise(file: Any) -> tuple[ModuleType, str] | None:
    """The reader that knows this TextFile or Hdf5File, and the evidence for it; None if none does."""
    for reader in XAS_READERS if isinstance(file, TextFile) else HDF5_READERS:
        evidence = reader.recognise(file)
        if evidence:
            return reader, evidence
    return None


def read_xas(path: Path, source: str, columns: ColumnSpec | None = None) -> XasScan:
    """Read the one XAS scan of a file.

    Parameters
    ----------
    path : where to open the file
    source : its name as the study gives it, for errors and for the record
    columns : what the study says about columns; it wins over the header

    Raises
    ------
    UserError
        What is wrong with the file, where, and what would help; also where the file holds several scans.
    """
    scans = read_scans(path, source, columns)
    if len(scans) > 1:
        raise _several(source, [scan.source.removeprefix(f"{source}::") for scan in scans])
    return scans[0]


def read_scans(path: Path, source: str, columns: ColumnSpec | None = None, select: str = "") -> tuple[XasScan, ...]:
    """Read the XAS scans of a file that may hold several.

    Parameters
    ----------
    path, source, columns : as in `read_xas`
    select : name of one scan, several names separated by '|', or '*' for all; '' where there is nothing to choose

    Returns
    -------
    The scans in the order of `select`, or of the file for '*'. The source of each is 'file::name' where the file
    holds several.

    Raises
    ------
    UserError
        As `read_xas`; a name that is not there; several scans, and nothing says which.
    """
    file = _open(path, source)
    known = recognise(file)
    if known is None:
        if not isinstance(file, TextFile):
            raise UserError(
                source,
                "this is an HDF5 (NeXus) file, not a text file, and no known layout of scans is in it",
                f"known are {', '.join(reader.NAME for reader in HDF5_READERS)}; else export the scan as text",
            )
        _refuse_select(source, select)
        return (_columns.read(file, _columns.recognise(file), columns),)
    reader, evidence = known
    if not hasattr(reader, "names"):
        _refuse_select(source, select)
        return (reader.read(file, evidence, columns),)
    names: tuple[str, ...] = reader.names(file)
    if not select and len(names) > 1 and not getattr(reader, "REPEATS", False):
        raise _several(source, names)
    chosen = pick_names(source, names, select or "*")
    scans = [reader.read(file, evidence, columns, name) for name in chosen]
    if len(names) == 1:
        return tuple(scans)
    return tuple(replace(scan, source=f"{source}::{name}") for scan, name in zip(scans, chosen, strict=True))


def each_scan(
    path: Path, source: str, columns: ColumnSpec | None = None, select: str = ""
) -> Iterator[tuple[str, XasScan | UserError]]:
    """The scans of a file one after the other, each under its source: one that cannot be read takes none with it.

    Parameters as in `read_scans`; `select` '' takes all. Only one scan at a time is in memory, beside the text of the
    file. A file that cannot be read at all is one scan that cannot.

    Raises
    ------
    UserError
        `select` names a scan that is not there.
    """
    try:
        file = _open(path, source)
        known = recognise(file)
    except UserError as error:
        yield source, error
        return
    if known is None or not hasattr(known[0], "names"):
        _refuse_select(source, select)
        yield source, _try(lambda: read_xas(path, source, columns))
        return
    reader, evidence = known
    names: tuple[str, ...] = reader.names(file)
    for name in pick_names(source, names, select or "*"):
        shown = f"{source}::{name}" if len(names) > 1 else source
        scan = _try(lambda name=name: reader.read(file, evidence, columns, name))  # type: ignore[misc]
        yield shown, replace(scan, source=shown) if isinstance(scan, XasScan) else scan


def _try(read: Callable[[], XasScan]) -> XasScan | UserError:
    try:
        return read()
    except UserError as error:
        return error


def _open(path: Path, source: str) -> Any:
    """A TextFile or an Hdf5File, by the signature of the file."""
    if read_bytes(path, source, len(_hdf5.SIGNATURE)) == _hdf5.SIGNATURE:
        return _hdf5.load(path, source)
    return text_file(athena.unpack(read_bytes(path, source), source), source)


def _refuse_select(source: str, select: str) -> None:
    if select.strip() not in ("", "*"):
        raise UserError(f"{source}: select", "this file holds one scan, and it has no name", "take `select` out")


def _several(source: str, names: Sequence[str]) -> UserError:
    return UserError(
        source,
        f"the file holds {len(names)} scans: {list_of(names)}",
        f"say which: `select: {_yaml(names[0])}`; repeat scans: '|' between their names, or `select: '*'` for all",
    )


def _yaml(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"


def pick_names(source: str, names: Sequence[str], select: str) -> tuple[str, ...]:
    """The names that `select` means, in its order; '*' stands for all.

    Raises
    ------
    UserError
        A name that is not there, or twice.
    """
    if select in names:  # a name may hold a bar itself
        return (select,)
    if select.strip() == "*":
        return tuple(names)
    chosen: list[str] = []
    for part in select.split("|"):
        wanted = part.strip()
        alike = [name for name in names if name == wanted] or [n for n in names if n.casefold() == wanted.casefold()]
        if len(alike) != 1:
            what = f"no scan is called {wanted!r}{did_you_mean(wanted, names)}"
            raise UserError(f"{source}: select", what, f"it holds {list_of(names)}")
        if alike[0] in chosen:
            raise UserError(f"{source}: select", f"{wanted!r} stands twice", "name it once")
        chosen.append(alike[0])
    return tuple(chosen)


def list_of(names: Sequence[str]) -> str:
    """Names in quotes with commas between, at most 30 of them."""
    shown = ", ".join(repr(name) for name in names[:SHOWN_NAMES])
    return shown + (f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else "")


def describe_file(path: Path, source: str) -> list[str]:
    """How a raw file would be read, and why: what `show` prints. Several scans are listed."""
    file = _open(path, source)
    known = recognise(file)
    if known is None or not hasattr(known[0], "names"):
        return describe(read_xas(path, source))
    names = known[0].names(file)
    if len(names) == 1:
        return describe(read_xas(path, source))
    repeats = getattr(known[0], "REPEATS", False)
    lines = [f"file      {source}", f"format    {known[0].NAME}: {known[1]}"]
    how = "repeat scans, all taken unless `select` says otherwise" if repeats else "choose with `select` in the study"
    lines.append(f"scans     {len(names)}: {how}")
    for name in names:
        try:
            lines += describe_one_of(name, known[0].read(file, known[1], None, name))
        except UserError as error:
            lines += [f"  {name!r}", f"      not readable as a scan: {error.what}"]
    return lines
