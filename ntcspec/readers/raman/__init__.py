"""Raw formats of Raman spectra: each module has NAME, recognise() and read(). A format is told by content.

Renishaw WDF is binary: `renishaw` takes the bytes, and a package that is optional. Not read: LabSpec .l6s and .l6m
(binary, not documented).
"""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from types import ModuleType

from ntcspec.errors import UserError
from ntcspec.readers.raman import columns_text, jcampdx, labspec, labspec_xml, renishaw, rod
from ntcspec.readers.raman.build import RamanSpec
from ntcspec.readers.text import TextFile, read_bytes, text_file
from ntcspec.types.raman import RamanScan

__all__ = ["RAMAN_READERS", "RamanSpec", "describe_raman", "is_raman", "read_raman", "recognise"]

RAMAN_READERS: tuple[ModuleType, ...] = (labspec_xml, jcampdx, rod, labspec, columns_text)
LABSPEC_BINARY = b"LabSpec6"
GZIP = b"\x1f\x8b"


def read_raman(path: Path, source: str, spec: RamanSpec | None = None) -> RamanScan:
    """Read a raw Raman file; one that is packed with gzip is unpacked.

    Parameters
    ----------
    path : where to open the file
    source : its name as the study gives it, for errors and for the record
    spec : what the study says about it; it wins over the header

    Raises
    ------
    UserError
        What is wrong with the file, where, and what would help.
    """
    content = _unpacked(path, source)
    if content.startswith(renishaw.MAGIC):
        return renishaw.read(content, source, spec)
    if content.startswith(LABSPEC_BINARY):
        raise UserError(source, "this is a binary LabSpec 6 file (.l6s, .l6m), which is not read", "export it as text")
    file = text_file(content, source)
    reader, evidence = recognise(file)
    scan: RamanScan = reader.read(file, evidence, spec)
    return scan


def recognise(file: TextFile) -> tuple[ModuleType, str]:
    """The reader that knows this file, and the evidence for it. Raises UserError if none does."""
    for reader in RAMAN_READERS:
        evidence = reader.recognise(file)
        if evidence:
            return reader, evidence
    known = ", ".join(reader.NAME for reader in RAMAN_READERS)
    raise UserError(file.source, "this is no Raman spectrum in a known format", f"known are {known}")


def is_raman(path: Path, source: str) -> bool:
    """Whether the content says that this is a Raman file; bare columns of numbers say nothing."""
    try:
        content = _unpacked(path, source)
        if content.startswith((renishaw.MAGIC, LABSPEC_BINARY)):
            return True
        file = text_file(content, source)
    except UserError:
        return False
    if jcampdx.recognise(file):
        return jcampdx.says_raman(file)
    return any(reader.recognise(file) for reader in RAMAN_READERS if reader not in (columns_text, jcampdx))


def describe_raman(path: Path, source: str) -> list[str]:
    """How a raw file would be read, and why: what `show` prints."""
    scan = read_raman(path, source)
    shift = scan.shift_cm1
    lines = [
        f"file      {source}",
        f"format    {scan.format}: {scan.format_evidence}",
        f"axis      {shift[0]:g} to {shift[-1]:g} 1/cm, {shift.size} points: {scan.axis_evidence}",
        f"spectra   {scan.intensity.shape[0]}"
        + (f" by {', '.join(scan.coordinate_names)}" if scan.coordinate_names else ""),
        f"laser     {scan.laser_nm:g} nm, {scan.exposure_s:g} s x {scan.accumulations:g}",
    ]
    return lines + [f"note      {note}" for note in scan.notes]


def _unpacked(path: Path, source: str) -> bytes:
    content = read_bytes(path, source)
    if content.startswith(GZIP):
        try:
            return gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise UserError(source, f"this gzip file is broken: {error}", "copy it again") from None
    return content
