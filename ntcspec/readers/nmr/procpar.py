"""The parameter file `procpar` of Varian and Agilent: three or more lines a parameter.

    name subtype basictype max min step Ggroup Dgroup protection active intptr
    n v1 v2 ... vn          reals on one line; of strings the first follows n, each further one has a line, all quoted
    m e1 ... em             permitted values of a string, 0 for none; strings of several lines are quoted throughout

basictype: 1 real, 2 string. A string may hold line ends between its quotes.
"""

from __future__ import annotations

from ntcspec.errors import UserError
from ntcspec.readers.text import shorten

COPY = "copy procpar again from the spectrometer"


def parse_procpar(words: str, source: str) -> list[tuple[str, tuple[str, ...]]]:
    """Parameters in the order of the file, each with its values as text.

    Raises UserError with the line where the layout ends.
    """
    lines = words.split("\n")
    found: list[tuple[str, tuple[str, ...]]] = []
    at = 0
    while at < len(lines):
        head = lines[at].split()
        if not head:
            at += 1
            continue
        if len(head) < 11 or not head[2].isdecimal() or at + 1 >= len(lines):
            what = f"{shorten(lines[at], 40)!r} does not begin a parameter"
            raise UserError(f"{source}, line {at + 1}", what, "is it complete, and a procpar? " + COPY)
        if head[2] == "2":
            values, at = _strings(lines, at + 1, source)
            _, at = _strings(lines, at, source) if at < len(lines) else ((), at)
        else:
            values, at = _reals(lines, at + 1, source)
            at += 1  # permitted values of a number: one line
        found.append((head[0], values))
    return found


def _count(lines: list[str], at: int, source: str) -> tuple[int, str]:
    head, _, rest = lines[at].strip().partition(" ")
    if not (head.isdecimal() and head.isascii()):
        what = f"{shorten(lines[at], 40)!r} does not begin with the number of values"
        raise UserError(f"{source}, line {at + 1}", what, COPY)
    return int(head), rest


def _reals(lines: list[str], at: int, source: str) -> tuple[tuple[str, ...], int]:
    count, rest = _count(lines, at, source)
    values = rest.split()
    while len(values) < count and at + 1 < len(lines):
        at += 1
        values += lines[at].split()
    if len(values) != count:
        raise UserError(f"{source}, line {at + 1}", f"{len(values)} values, {count} stated", COPY)
    return tuple(values), at + 1


def _strings(lines: list[str], at: int, source: str) -> tuple[tuple[str, ...], int]:
    """Quoted strings from line `at` on, and the line behind them."""
    count, rest = _count(lines, at, source)
    begin = at
    values: list[str] = []
    text = rest
    while len(values) < count:
        start = text.find('"')
        if start >= 0:
            end = _closing(text, start + 1)
            if end >= 0:
                values.append(text[start + 1 : end].replace('\\"', '"'))
                text = text[end + 1 :]
                continue
        at += 1
        if at >= len(lines):
            what = f"{len(values)} strings, {count} stated in line {begin + 1}"
            raise UserError(f"{source}, line {begin + 1}", what, COPY)
        text = f"{text}\n{lines[at]}" if start >= 0 else lines[at]
    return tuple(values), at + 1


def _closing(text: str, at: int) -> int:
    """Where the next quote stands that no backslash makes part of the string; -1 without one."""
    while True:
        at = text.find('"', at)
        if at < 1 or text[at - 1] != "\\":
            return at
        at += 1
