"""Read the record out of a figure: PNG text chunk, PDF Keywords, SVG dc:description.

Standard library only, so that a figure can be audited without matplotlib. Formats are told by
content, not by suffix. Sources: PNG specification (third edition) 11.3.3; ISO 32000-1, 7.3.4 and
14.3.3; SVG 1.1, 21 (metadata) with Dublin Core.
"""

from __future__ import annotations

import codecs
import re
import xml.etree.ElementTree as ElementTree
import zlib
from io import BytesIO
from pathlib import Path

from ntcspec.errors import UserError

PNG_KEYWORD = "ntcspec"
_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_DC_DESCRIPTION = "{http://purl.org/dc/elements/1.1/}description"
_PDF_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def read_record(path: Path) -> str:
    """The record that `ntcspec.plot.save` put into a figure, exactly as it was given.

    Raises:
        UserError: no such file, not a PNG, PDF or SVG, a damaged file, or no record in it.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise UserError(str(path), f"cannot be read: {error.strerror}") from error
    return record_of(content, str(path))


def record_of(content: bytes, where: str) -> str:
    """The record in the bytes of a figure; `where` names it in errors. Raises UserError as `read_record`."""
    try:
        if content.startswith(_PNG_MAGIC):
            record = _png_text(content, PNG_KEYWORD)
        elif content.startswith(b"%PDF-"):
            record = _pdf_info(content, b"Keywords")
        elif b"<svg" in content[:4096]:
            record = _svg_description(content)
        else:
            raise UserError(where, "not a PNG, PDF or SVG file", "give a figure that ntcspec wrote")
    except (ValueError, IndexError, zlib.error, ElementTree.ParseError) as error:
        raise UserError(where, f"damaged figure: {error}", "make the panel again") from error
    if not record:
        raise UserError(
            where, "no record in this figure", "it was not written by ntcspec, or another program saved it anew"
        )
    return record


# --- PNG ------------------------------------------------------------------------------------


def _png_text(content: bytes, keyword: str) -> str | None:
    """Text of the first tEXt, zTXt or iTXt chunk with that keyword."""
    position = len(_PNG_MAGIC)
    while position + 12 <= len(content):
        length = int.from_bytes(content[position : position + 4], "big")
        kind, body = content[position + 4 : position + 8], content[position + 8 : position + 8 + length]
        checksum = int.from_bytes(content[position + 8 + length : position + 12 + length], "big")
        if zlib.crc32(kind + body) != checksum:
            raise ValueError(f"wrong checksum of a PNG chunk at byte {position}")
        if kind in (b"tEXt", b"zTXt", b"iTXt"):
            name, _, rest = body.partition(b"\0")
            if name.decode("latin-1") == keyword:
                return _png_chunk_text(kind, rest)
        position += 12 + length
    return None


def _png_chunk_text(kind: bytes, rest: bytes) -> str:
    if kind == b"tEXt":
        return rest.decode("latin-1")
    if kind == b"zTXt":
        return zlib.decompress(rest[1:]).decode("latin-1")
    compressed = rest[0] == 1
    _language, _translated, text = rest[2:].split(b"\0", 2)
    return (zlib.decompress(text) if compressed else text).decode("utf-8")


# --- PDF ------------------------------------------------------------------------------------


def _pdf_info(content: bytes, key: bytes) -> str | None:
    """Value of a string entry in the document information dictionary of an uncompressed trailer."""
    references = list(re.finditer(rb"/Info\s+(\d+)\s+(\d+)\s+R", content))
    if not references:
        return None
    # updates are appended to a PDF, so the last one counts
    starts = list(re.finditer(rb"(?:^|[\r\n])%b %b obj\s*<<" % references[-1].groups(), content))
    return _pdf_dictionary_string(content, starts[-1].end(), key) if starts else None


def _pdf_dictionary_string(content: bytes, position: int, key: bytes) -> str | None:
    """The string that follows /key in the dictionary whose '<<' ends at `position`."""
    name = b""
    while True:
        character = content[position : position + 1]
        if character == b"(":
            value, position = _pdf_literal(content, position)
            if name == key:
                return _pdf_decode(value)
        elif character == b"<" and content[position + 1 : position + 2] != b"<":
            end = content.index(b">", position)
            if name == key:
                digits = re.sub(rb"\s", b"", content[position + 1 : end])
                return _pdf_decode(bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii")))
            position = end + 1
        elif character == b"/":
            found = re.compile(rb"/([^\s()<>\[\]{}/%]*)").match(content, position)
            assert found is not None
            name, position = found.group(1), found.end()
        elif content[position : position + 2] == b">>" or not character:
            return None
        else:
            position += 1


def _pdf_literal(content: bytes, position: int) -> tuple[bytes, int]:
    """Bytes of the literal string that opens at `position`, and the position after it."""
    out, depth = bytearray(), 0
    token = re.compile(rb"[^()\\\r]+|[()]|\r\n?|\\(?:[0-7]{1,3}|\r\n|[\s\S])")
    while found := token.match(content, position):
        piece, position = found.group(), found.end()
        if piece == b"(":
            depth += 1
            if depth == 1:
                continue
        elif piece == b")":
            depth -= 1
            if depth == 0:
                return bytes(out), position
        elif piece[:1] == b"\r":
            piece = b"\n"
        elif piece[:1] == b"\\":
            escaped = piece[1:]
            if escaped[:1].isdigit() and escaped[0] < ord("8"):
                piece = bytes([int(escaped, 8) & 0xFF])
            elif escaped in (b"\r\n", b"\r", b"\n"):
                piece = b""
            else:
                piece = _PDF_ESCAPES.get(escaped, escaped)
        out += piece
    raise ValueError("a PDF string does not end")


def _pdf_decode(value: bytes) -> str:
    if value.startswith(codecs.BOM_UTF16_BE):
        return value[2:].decode("utf-16-be")
    if value.startswith(codecs.BOM_UTF8):
        return value[3:].decode("utf-8")
    return value.decode("latin-1")  # PDFDocEncoding; ASCII is all that is written without a mark


# --- SVG ------------------------------------------------------------------------------------


def _svg_description(content: bytes) -> str | None:
    """Text of the first dc:description; stops reading there."""
    for _, element in ElementTree.iterparse(BytesIO(content), events=("end",)):
        if element.tag == _DC_DESCRIPTION:
            return element.text
    return None
