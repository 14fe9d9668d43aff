"""Load a raw text file once: its bytes become numbered lines, or a UserError says why not.

Lines end at LF, CRLF or CR and nowhere else, so that line numbers agree with a text editor.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ntcspec.errors import UserError
from ntcspec.opening import open_regular
from ntcspec.types import Note

MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89HDF\r\n\x1a\n", "an HDF5 (NeXus) file"),
    (b"\x1f\x8b", "a gzip file (perhaps an Athena project)"),
    (b"PK\x03\x04", "a zip file (perhaps a spreadsheet)"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    (b"BZh", "a bzip2 file"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
)
LARGEST = 200_000_000
EXPORT_TEXT = "give the text file that the beamline wrote, or export the scan as text"


@dataclass(frozen=True, eq=False)
class TextFile:
    """A raw text file in memory. `lines[n - 1]` is line n, without its line end. Each stands for itself alone."""

    source: str
    lines: tuple[str, ...]
    ends_with_newline: bool
    notes: tuple[Note, ...] = ()

    def at(self, line: int) -> str:
        """'x.dat, line 212', as errors name a place."""
        return f"{self.source}, line {line}"

    def quote(self, line: int) -> str:
        """ "line 5: '# Column.1: energy eV'", as evidence names a header line."""
        return f"line {line}: {shorten(self.lines[line - 1])!r}"


def shorten(words: str, length: int = 160) -> str:
    """Blanks squeezed, and cut with '...' where longer than `length` characters."""
    words = " ".join(words.split())
    return words if len(words) <= length else words[: length - 3] + "..."


def storable(words: str) -> str:
    """Without NUL and lone surrogates, which neither HDF5 nor UTF-8 can hold."""
    return words.replace("\0", "").encode("utf-8", errors="replace").decode("utf-8")


def load_text(path: Path, source: str) -> TextFile:
    """Read `path`; `source` is the name that errors and notes show.

    Raises
    ------
    UserError
        Missing file, directory, unreadable, empty, or not text.
    """
    return text_file(read_bytes(path, source), source)


def text_file(content: bytes, source: str) -> TextFile:
    """The lines of `content`; UserError if it is empty or no text."""
    _refuse_binary(content, source)
    words, notes = _decode(content)
    words = words.replace("\r\n", "\n").replace("\r", "\n")
    words = re.sub(r"\x1a\s*\Z", "", words)  # end-of-file mark of DOS and VMS
    if not words.strip():
        raise UserError(source, "the file is empty", "copy it again from the beamline, or take it out of the study")
    lines = words.split("\n")
    ends_with_newline = lines[-1] == ""
    if ends_with_newline:
        lines.pop()
    return TextFile(source, tuple(lines), ends_with_newline, notes)


def read_bytes(path: Path, source: str, most: int = -1) -> bytes:
    """The first `most` bytes of a file, or all; UserError if missing, a folder, unreadable or too large."""
    try:
        with open_regular(path) as file:
            content = file.read(most if most >= 0 else LARGEST + 1)
    except FileNotFoundError:
        raise UserError(source, "no such file", "check the path; it is case-sensitive") from None
    except IsADirectoryError:
        raise UserError(source, "this is a folder, not a file", "name the raw files in it one by one") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(source, f"the file cannot be read: {reason}", "check path and permissions") from None
    if most < 0 and len(content) > LARGEST:
        what = f"it is larger than {LARGEST // 1_000_000} MB, and no scan or spectrum is"
        raise UserError(source, what, "is it the right file? Cut out the scan, or average neighbouring points")
    return content


def _refuse_binary(content: bytes, source: str) -> None:
    for magic, what in MAGIC:
        if content.startswith(magic):
            raise UserError(source, f"this is {what}, not a text file", EXPORT_TEXT)
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UserError(source, "this is UTF-16 text", "save it as UTF-8")
    where = content.find(b"\0")
    if where >= 0:
        raise UserError(source, f"this is a binary file (byte {where + 1} is NUL), not a text file", EXPORT_TEXT)


def _decode(content: bytes) -> tuple[str, tuple[Note, ...]]:
    try:
        return content.decode("utf-8-sig"), ()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        words = content.decode("cp1252", errors="replace")
        lost = words.count("\ufffd")
        more = f"; {lost} byte(s) without a meaning there were replaced" if lost else ""
        return words, (f"line {line} is not UTF-8: the file was read as Windows-1252{more}",)
