"""JCAMP-DX, the IUPAC text format of spectra: XYDATA, XYPOINTS and RAMAN spectra of one block.

    ##LABEL=value                       labelled data record; blanks, -, / and _ in a label do not count
    ##XYDATA=(X++(Y..Y))                a line: x, then equidistant y; x is only a check
    ##XYPOINTS=(XY..XY)                 pairs of x and y
    ##PEAK TABLE=(XY..XY)               lines, no spectrum: refused

y in compressed forms: AFFN (plain numbers), PAC (signs as separators), SQZ (first digit and sign as one letter: @, A-I,
a-i), DIF (difference to the value before: %, J-R, j-r), DUP (repeat: S-Z, s). A line in DIF form ends with a value that
the next line repeats as a check; it is compared and left out. x_i = FIRSTX + i (LASTX - FIRSTX) / (NPOINTS - 1), as x
on the lines is rounded; y = YFACTOR * number.

Source: R. S. McDonald, P. A. Wilks, Appl. Spectrosc. 42, 151 (1988).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from ntcspec.errors import UserError
from ntcspec.readers.raman.build import RamanDraft, RamanSpec, build, number_in, plausible_laser
from ntcspec.readers.text import TextFile, shorten
from ntcspec.types import Array, Note
from ntcspec.types.raman import RamanScan

NAME = "jcampdx"
_LABEL = re.compile(r"\s*##([^=]*)=(.*)$")
_TOKEN = re.compile(
    r"[+-]?[0-9]+\.?[0-9]*(?:[eE][+-][0-9]+)?|[+-]?\.[0-9]+|[@A-Ia-i%J-Rj-r][0-9]*\.?[0-9]*|[S-Zs][0-9]*|\?"
)
SQZ = {letter: i for i, letter in enumerate("@ABCDEFGHI")} | {letter: -i for i, letter in enumerate("abcdefghi", 1)}
DIF = {letter: i for i, letter in enumerate("%JKLMNOPQR")} | {letter: -i for i, letter in enumerate("jklmnopqr", 1)}
DUP = {letter: i for i, letter in enumerate("STUVWXYZs", 1)}
MOST_REPEATS = 100_000
EXPORT = "export the spectrum again, as XYDATA in AFFN form or as two columns of text"


def recognise(file: TextFile) -> str:
    """The ##TITLE or ##JCAMP-DX line, quoted; '' if the first record is another."""
    for number, words in enumerate(file.lines, 1):
        if words.strip():
            found = _LABEL.match(words)
            known = found and _plain(found.group(1)) in ("TITLE", "JCAMPDX")
            return file.quote(number) if known else ""
    return ""


def says_raman(file: TextFile) -> bool:
    """Whether the data type, or else any record, speaks of Raman: JCAMP-DX holds spectra of all kinds."""
    labels = {_plain(label): value for label, value, _, _ in reversed(_records(file))}
    return any(
        "RAMAN" in value.upper() for value in ([labels["DATATYPE"]] if "DATATYPE" in labels else labels.values())
    )


def read(file: TextFile, evidence: str, spec: RamanSpec | None = None) -> RamanScan:
    """Read the one spectrum of a JCAMP-DX file.

    Raises
    ------
    UserError
        Another kind of spectrum, a peak table, several blocks, no data, a check that fails, a number of points other
        than stated.
    """
    records = _records(file)
    labels = {_plain(label): value for label, value, _, _ in reversed(records)}
    if labels.get("DATATYPE") and "RAMAN" not in labels["DATATYPE"].upper():
        what = f"DATA TYPE={shorten(labels['DATATYPE'], 40)}: this is no Raman spectrum"
        raise UserError(file.source, what, "give the Raman file; if it is one, mend this line")
    tables = [one for one in records if _plain(one[0]) in ("XYDATA", "XYPOINTS")]
    if len(tables) != 1:
        peaks = "PEAKTABLE" in labels or "PEAKASSIGNMENTS" in labels
        what = "a peak table, no spectrum" if peaks and not tables else f"{len(tables)} spectra in this file"
        raise UserError(file.source, what, "give a file with one spectrum: XYDATA or XYPOINTS")
    label, form, first, last = tables[0]
    if _plain(label) == "XYPOINTS" or "XY..XY" in form.replace(" ", "").upper():
        x, y, notes = _points(file, first, last)
        x, y = x * _factor(labels, "XFACTOR"), y * _factor(labels, "YFACTOR")
    else:
        x, y, notes = _ordinates(file, labels, first, last)
    stated = number_in(labels.get("NPOINTS", ""))
    if np.isfinite(stated) and int(stated) != y.size:
        raise UserError(file.source, f"{y.size} points, NPOINTS says {int(stated)}", "is the file complete? " + EXPORT)
    unit = labels.get("XUNITS", "")
    laser = next((v for k, v in labels.items() if "LASER" in k or "EXCITATION" in k), "")
    draft = RamanDraft(
        source=file.source,
        format=NAME,
        evidence=evidence,
        axis=x,
        intensity=y[None, :],
        axis_unit={"NANOMETERS": "nm", "NM": "nm"}.get(unit.strip().upper(), unit.strip() or ""),
        axis_evidence=f"##XUNITS={unit}" if unit else "",
        intensity_unit=labels.get("YUNITS", "").strip(),
        laser_nm=plausible_laser(number_in(laser)),
        pairs=tuple((name.strip(), shorten(value)) for name, value, _, _ in records),
        notes=(*file.notes, *notes),
        header="\n".join(file.lines[: first - 1]),
    )
    return build(draft, spec)


def _plain(label: str) -> str:
    return re.sub(r"[\s/_-]", "", label).upper().lstrip(".$")


def _records(file: TextFile) -> list[tuple[str, str, int, int]]:
    """Label, value on its line, first and last line of what follows, of each record."""
    starts = [(n, found) for n, words in enumerate(file.lines, 1) if (found := _LABEL.match(words))]
    ends = [n - 1 for n, _ in starts[1:]] + [len(file.lines)]
    return [
        (found.group(1), found.group(2).split("$$")[0].strip(), n + 1, end)
        for (n, found), end in zip(starts, ends, strict=True)
    ]


def _factor(labels: dict[str, str], name: str) -> float:
    value = number_in(labels.get(name, ""))
    return value if np.isfinite(value) and value != 0.0 else 1.0


def _lines(file: TextFile, first: int, last: int) -> list[tuple[int, str]]:
    lines = [(n, file.lines[n - 1].split("$$")[0].strip()) for n in range(first, last + 1)]
    return [(n, words) for n, words in lines if words]


def _points(file: TextFile, first: int, last: int) -> tuple[Array, Array, tuple[Note, ...]]:
    """Pairs of x and y."""
    values: list[float] = []
    for n, words in _lines(file, first, last):
        try:
            values += [float(word) for word in re.split(r"[\s,;]+", words.strip(" ,;"))]
        except ValueError:
            raise UserError(file.at(n), f"{shorten(words, 40)!r} is no row of numbers", EXPORT) from None
    if len(values) % 2:
        raise UserError(file.source, "an odd number of values where pairs of x and y are needed", EXPORT)
    pairs = np.array(values).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1], ()


def _ordinates(file: TextFile, labels: dict[str, str], first: int, last: int) -> tuple[Array, Array, tuple[Note, ...]]:
    """x and y of (X++(Y..Y))."""
    y: list[float] = []
    checked, in_dif = 0, False
    for n, words in _lines(file, first, last):
        if _TOKEN.sub("", words).strip(" ,;\t"):
            raise UserError(file.at(n), f"{shorten(words, 40)!r} holds characters of no JCAMP-DX form", EXPORT)
        values, ends_in_dif = _decode(file, n, _TOKEN.findall(words)[1:], words)
        if in_dif and values:
            if values[0] != y[-1]:
                what = f"the line begins with {values[0]:g}, the one before ends with {y[-1]:g}: the check fails"
                raise UserError(file.at(n), what, "is the file complete? " + EXPORT)
            values, checked = values[1:], checked + 1
        y += values
        in_dif = ends_in_dif
    low, high = number_in(labels.get("FIRSTX", "")), number_in(labels.get("LASTX", ""))
    if not (np.isfinite(low) and np.isfinite(high)) or len(y) < 2:
        raise UserError(file.source, "FIRSTX or LASTX is missing, or there are no data", EXPORT)
    note = (f"differences: {checked} checks between lines passed",) if checked else ()
    return np.linspace(low, high, len(y)), np.array(y) * _factor(labels, "YFACTOR"), note


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
            step = _signed(DIF[letter], letter, rest)
            values.append(values[-1] + step)
        else:
            step = None
            values.append(_signed(SQZ[letter], letter, rest) if letter in SQZ else float(token))
    return values, step is not None


def _signed(digit: int, letter: str, rest: str) -> float:
    """The number that a letter and the digits behind it stand for."""
    return float(f"{'-' if letter.islower() else ''}{abs(digit)}{rest}")
