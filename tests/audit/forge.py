"""Tools to tamper with a study: each leaves a file that is whole of its kind, where the name says so."""

from __future__ import annotations

import json
import re
import shutil
import zlib
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import h5py
import yaml

Record = dict[str, Any]
PREFIX = "# ntcspec-record "
SUMS = "results/SHA256SUMS"


def put(path: Path, data: bytes | str) -> None:
    """Replace a file; not in place, because the copies of a study share their bytes."""
    path.unlink(missing_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())


def flip(path: Path, position: int) -> None:
    """Change one bit."""
    data = bytearray(path.read_bytes())
    data[position] ^= 1
    put(path, bytes(data))


def replace(path: Path, old: str | bytes, new: str | bytes) -> None:
    """Put one text in place of another, once; it must be there."""
    one, other = (text.encode() if isinstance(text, str) else text for text in (old, new))
    data = path.read_bytes()
    assert one in data, f"{path} holds no {old!r}"
    put(path, data.replace(one, other, 1))


def edit_yaml(path: Path, change: Callable[[Any], None]) -> None:
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(data)
    put(path, yaml.safe_dump(data, sort_keys=False, allow_unicode=True))


def edit_json(path: Path, change: Callable[[Any], None]) -> None:
    data = json.loads(path.read_text(encoding="utf-8"))
    change(data)
    put(path, json.dumps(data, indent=1))


def edit_nxs(path: Path, change: Callable[[h5py.File], None]) -> None:
    copy = path.with_name("copy.tmp")
    shutil.copyfile(path, copy)
    with h5py.File(copy, "r+") as file:
        change(file)
    copy.replace(path)


def chunks(png: bytes) -> list[tuple[bytes, bytes]]:
    """(type, body) of the chunks of a PNG."""
    found, position = [], 8
    while position < len(png):
        length = int.from_bytes(png[position : position + 4], "big")
        found.append((png[position + 4 : position + 8], png[position + 8 : position + 8 + length]))
        position += 12 + length
    return found


def png_of(parts: list[tuple[bytes, bytes]]) -> bytes:
    """A PNG with right checksums."""
    crc = ((kind, body, zlib.crc32(kind + body).to_bytes(4, "big")) for kind, body in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(len(b).to_bytes(4, "big") + k + b + c for k, b, c in crc)


def edit_pixel(path: Path) -> None:
    """Another colour in the first row of a PNG, compressed and checked as it should be."""
    parts = chunks(path.read_bytes())
    pixels = bytearray(zlib.decompress(b"".join(body for kind, body in parts if kind == b"IDAT")))
    pixels[5] ^= 255
    rest = [part for part in parts if part[0] != b"IDAT"]
    put(path, png_of([*rest[:-1], (b"IDAT", zlib.compress(bytes(pixels))), rest[-1]]))


def edit_record(path: Path, change: Callable[[Record], None]) -> None:
    """Change the record in an artifact of any kind but PDF; the file stays whole."""

    def changed(text: str) -> str:
        record = json.loads(text)
        change(record)
        return json.dumps(record, ensure_ascii=False)

    if path.suffix == ".json":
        edit_json(path, lambda data: change(data["record"]))
    elif path.suffix == ".csv":
        first, _, rest = path.read_text(encoding="utf-8").partition("\n")
        put(path, f"{PREFIX}{changed(first.removeprefix(PREFIX))}\n{rest}")
    elif path.suffix == ".html":
        text = path.read_text(encoding="utf-8")
        _, head, rest = text.partition('id="ntcspec-record">')
        old_record, _, _ = rest.partition("</script>")
        put(path, text.replace(head + old_record, head + changed(old_record).replace("<", "\\u003c"), 1))
    elif path.suffix == ".svg":
        text = path.read_text(encoding="utf-8")
        old = re.search(r"<dc:description>(.*?)</dc:description>", text, re.DOTALL)
        assert old
        from html import unescape

        put(path, text.replace(old[1], escape(changed(unescape(old[1]))), 1))
    elif path.suffix == ".png":
        edit_png_text(path, changed)
    else:

        def write(file: h5py.File) -> None:
            place = "entry/record/data" if "entry" in file else "study/record/data"
            text = changed(file[place][()].decode())
            del file[place]
            file[place] = text

        edit_nxs(path, write)


def edit_png_text(path: Path, changed: Callable[[str], str]) -> None:
    """Change the text chunk that holds the record, whatever kind of text chunk it is."""
    parts = []
    for kind, body in chunks(path.read_bytes()):
        name, _, rest = body.partition(b"\0")
        if name == b"ntcspec" and kind == b"tEXt":
            body = name + b"\0" + changed(rest.decode("latin-1")).encode("latin-1")
        elif name == b"ntcspec" and kind == b"iTXt":
            head, text = rest[:4], rest[4:]
            plain = zlib.decompress(text) if rest[0] else text
            new = changed(plain.decode()).encode()
            body = name + b"\0" + head + (zlib.compress(new) if rest[0] else new)
        parts.append((kind, body))
    put(path, png_of(parts))


def resum(root: Path, *names: str) -> None:
    """Make results/SHA256SUMS fit the files, as a careful forger does."""
    text = (root / SUMS).read_text()
    for name in names:
        digest = sha256((root / name).read_bytes()).hexdigest()
        inside = re.escape(name.removeprefix("results/"))
        text, count = re.subn(rf"^[0-9a-f]{{64}}(  {inside})$", rf"{digest}\1", text, flags=re.MULTILINE)
        assert count == 1
    put(root / SUMS, text)


def reseal(record: Record) -> None:
    """Make the seal of a record fit, by the rule that docs/provenance.md gives."""
    own = {name: value for name, value in record.items() if name not in ("seal", "ancestry")}
    text = json.dumps(own, separators=(",", ":"), ensure_ascii=False)
    record["seal"] = sha256(text.encode()).hexdigest()[:32]
