"""Records and number tables of JCAMP-DX files, which Raman and NMR share.

    ##LABEL=value       labelled data record; blanks, -, / and _ in a label do not count

Tables (X++(Y..Y)): x, then equidistant y on each line, in the forms AFFN (plain numbers), PAC (signs as separators),
SQZ (first digit and sign as one letter: @, A-I, a-i), DIF (difference to the value before: %, J-R, j-r), DUP (repeat:
S-Z, s). A line in DIF form ends with a value that the next line repeats as a check; it is compared and left out.

Source: R. S. McDonald, P. A. Wilks, Appl. Spectrosc. 42, 151 (1988).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from ntcspec.errors import UserError
from ntcspec.readers.text import TextFile, shorten

LABEL = re.compile(r"\s*##([^=]*)=(.*)$")
_TOKEN = re.compile(
    r"[+-]?[0-9]+\.?[0-9]*(?:[eE][+-][0-9]+)?|[+-]?\.[0-9]+|[@A-Ia-i%J-Rj-r][0-9]*\.?[0-9]*|[S-Zs][0-9]*|\?"
)
_DIGITS = "0123456789"
SQZ = dict(zip("@ABCDEFGHI", _DIGITS, strict=True)) | {c: f"-{i}" for i, c in enumerate("abcdefghi", 1)}
DIF = dict(zip("%JKLMNOPQR", _DIGITS, strict=True)) | {c: f"-{i}" for i, c in enumerate("jklmnopqr", 1)}
DUP = {letter: i for i, letter in enumerate("STUVWXYZs", 1)}
_DIFS = "".join(DIF)
_SIGNS, _FIRST = np.zeros(256, np.uint8), np.zeros(256, np.uint8)  # of a letter: its sign and digit, as characters
for _letter, _spelling in (SQZ | DIF).items():
    _SIGNS[ord(_letter)] = ord("-" if _spelling[0] == "-" else "+")
    _FIRST[ord(_letter)] = ord(_spelling[-1])
_SEPARATORS = str.maketrans("", "", " ,;\t")
MOST_REPEATS = 100_000
EXPORT = "export the spectrum again, as XYDATA in AFFN form or as two columns of text"

Record = tuple[str, str, int, int]  # label, value on its line, first and last line of what follows


def plain(label: str) -> str:
    """A label as it is compared: capitals, without blanks, -, / and _, and without the . or $ before it."""
    return re.sub(r"[\s/_-]", "", label).upper().lstrip(".$")


def records(file: TextFile) -> list[Record]:
    """Label, value on its line, first and last line of what follows, of each record."""
    marked = [(n, words) for n, words in enumerate(file.lines, 1) if "##" in words]  # most lines hold numbers
    starts = [(n, found) for n, words in marked if (found := LABEL.match(words))]
    ends = [*(n - 1 for n, _ in starts[1:]), len(file.lines)][: len(starts)]
    return [
        (found.group(1), found.group(2).split("$$")[0].strip(), n + 1, end)
        for (n, found), end in zip(starts, ends, strict=True)
    ]


def table_lines(file: TextFile, first: int, last: int) -> list[tuple[int, str]]:
    """Numbered lines of a table, without comments and empty ones."""
    lines = [(n, file.lines[n - 1].split("$$")[0].strip()) for n in range(first, last + 1)]
    return [(n, words) for n, words in lines if words]


def ordinates(file: TextFile, first: int, last: int) -> tuple[list[float], int]:
    """The y of a table (X++(Y..Y)) in lines first to last, without a factor; and how many checks were passed.

    Raises UserError with the line for characters of no form, a missing value, a check that fails.
    """
    y: list[float] = []
    checked, in_dif = 0, False
    lines = table_lines(file, first, last)
    if not lines:
        return y, checked
    for (n, words), letters, numbers in zip(lines, *_spelled([words for _, words in lines]), strict=True):
        if letters[:1] in SQZ and len(letters) > 1 and not letters[1:].strip(_DIFS):
            values = list(accumulate(map(float, numbers.split()[1:])))  # most lines of large tables, the fast way
            y, checked = _joined(file, n, y, values, checked, in_dif)
            in_dif = True
            continue
        tokens = _TOKEN.findall(words)
        if sum(map(len, tokens)) != len(words.translate(_SEPARATORS)):
            raise UserError(file.at(n), f"{shorten(words, 40)!r} holds characters of no JCAMP-DX form", EXPORT)
        values, ends_in_dif = _decode(file, n, tokens[1:], words)
        y, checked = _joined(file, n, y, values, checked, in_dif)
        in_dif = ends_in_dif
    return y, checked


def _spelled(lines: Sequence[str]) -> tuple[list[str], list[str]]:
    """Of each line what is no digit; and its numbers, the letter before each as blank, sign and first digit."""
    content = "\n".join(lines).encode("latin-1", errors="replace")
    letters = content.translate(None, b"0123456789.")
    codes = np.frombuffer(content, np.uint8)
    is_letter = _SIGNS[codes] > 0
    spelled = np.repeat(codes, np.where(is_letter, 3, 1))
    at = np.flatnonzero(is_letter) + 2 * np.arange(np.count_nonzero(is_letter))
    spelled[at], spelled[at + 1], spelled[at + 2] = ord(" "), _SIGNS[codes[is_letter]], _FIRST[codes[is_letter]]
    return letters.decode("latin-1").split("\n"), spelled.tobytes().decode("latin-1").split("\n")


def _joined(
    file: TextFile, line: int, y: list[float], values: list[float], checked: int, in_dif: bool
) -> tuple[list[float], int]:
    """y with the values of a line, whose first is a check after a line in DIF form; and the number of checks."""
    if in_dif and values:
        if values[0] != y[-1]:
            what = f"the line begins with {values[0]:g}, the one before ends with {y[-1]:g}: the check fails"
            raise UserError(file.at(line), what, "is the file complete? " + EXPORT)
        del values[0]
        checked += 1
    y += values
    return y, checked


def _decode(file: TextFile, line: int, tokens: Sequence[str], words: str) -> tuple[list[float], bool]:
    """Values of one line, and whether its last value came from a difference."""
    values: list[float] = []
    step: float | None = None
    for token in tokens:
        letter, rest = token[0], token[1:]
        if letter == "?":
            raise UserError(file.at(line), "a value is missing ('?')", "cut the range, or " + EXPORT)
        if letter in DUP:
            count = int(f"{DUP[letter]}{rest}") - 1
            if count > MOST_REPEATS:
                raise UserError(
                    file.at(line), f"a value is to be repeated {count} times", "is the file damaged? " + EXPORT
                )
            for _ in range(count if values else 0):
                values.append(values[-1] + (step or 0.0))
        elif letter in DIF:
            if not values:
                raise UserError(file.at(line), f"{shorten(words, 40)!r} begins with a difference", EXPORT)
            step = float(DIF[letter] + rest)
            values.append(values[-1] + step)
        else:
            step = None
            values.append(float(SQZ[letter] + rest) if letter in SQZ else float(token))
    return values, step is not None
