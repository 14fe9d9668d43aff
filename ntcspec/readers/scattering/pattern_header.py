"""What the header of an integrated pattern says: format, unit of the axis, wavelength, and where the numbers start.

format      told by                                   axis
srxplanar   [Experiment] with `integrationspace`       qspace: 1/A, twotheta: degrees
pdfgetx3    [DEFAULT] with `version = .. pdfgetx`      `#L` line; outputtype iq is Q in 1/A
pyfai       '# == pyFAI calibration =='                last comment: q_A^-1, q_nm^-1, 2th_deg, 2th_rad
fit2d_chi   title, axis label, intensity label, count  'Q (Inverse Nanometres)', '2-Theta Angle (Degrees)'
columns     any table                                  words such as 'Q (1/A)' or '2theta (deg)' in the header
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ntcspec.errors import UserError
from ntcspec.readers.table import COMMENT, is_number, to_number
from ntcspec.readers.text import TextFile

NAN = float("nan")
UNITS = ("1/A", "1/nm", "2theta_deg", "2theta_rad")
_PAIR = re.compile(r"^[#\s]*([A-Za-z ]+?)\s*[=:]\s*(.*?)\s*$")
_PYFAI = {"q_A^-1": "1/A", "q_nm^-1": "1/nm", "2th_deg": "2theta_deg", "2th_rad": "2theta_rad"}
_WORDS: tuple[tuple[str, str], ...] = (
    (r"(?<![a-z])q(?![a-z]).{0,14}(?:inverse\s+nanomet|1/nm|nm\s*(?:\^|\*\*)?\s*[({$]*\s*[-⁻]\s*[1¹])", "1/nm"),
    (
        r"(?<![a-z])q(?![a-z]).{0,14}(?:inverse\s+[aå]ngstr|1/(?:[aåÅ]\b|ang)|[aåÅ]\w*\s*(?:\^|\*\*)?\s*[({$]*\s*[-⁻]\s*[1¹])",
        "1/A",
    ),
    (r"(?:2|two)[\s_-]*th(?:eta)?(?![a-z]).{0,14}rad", "2theta_rad"),
    (r"(?:2|two)[\s_-]*th(?:eta)?(?![a-z]).{0,14}deg|2θ.{0,4}(?:deg|°)", "2theta_deg"),
)


@dataclass(frozen=True)
class PatternHeader:
    """first: line of the first row of numbers may stand here or below; unit '' and wavelength NaN: not said."""

    format: str
    evidence: str
    first: int
    unit: str = ""
    unit_evidence: str = ""
    wavelength_ang: float = NAN
    wavelength_evidence: str = ""


def read_header(file: TextFile) -> PatternHeader:
    """The header of any of the formats. Raises UserError for what is a result, or no pattern."""
    for read in (_srxplanar, _pdfgetx3, _pyfai, _fit2d):
        found = read(file)
        if found is not None:
            return found
    return _columns(file)


def _srxplanar(file: TextFile) -> PatternHeader | None:
    lines = _pairs(file, 60)
    if "integrationspace" not in lines:
        return None
    line, space = lines["integrationspace"]
    unit = {"qspace": "1/A", "twotheta": "2theta_deg"}.get(space.casefold(), "")
    if not unit:
        raise UserError(file.at(line), f"integrationspace {space!r} is not known", "qspace or twotheta")
    starts = [n for n, words in enumerate(file.lines[:200], 1) if re.match(r"#+\s*(start\s+)?data", words, re.I)]
    first = starts[0] + 1 if starts else next(n for n in range(1, len(file.lines) + 1) if _is_row(file.lines[n - 1]))
    wave, told = _wavelength(file, lines, 1.0)
    return PatternHeader("srxplanar", file.quote(line), first, unit, file.quote(line), wave, told)


def _pdfgetx3(file: TextFile) -> PatternHeader | None:
    lines = _pairs(file, 60)
    if "version" not in lines or "pdfget" not in lines["version"][1].casefold():
        return None
    kind = lines.get("outputtype", (0, ""))
    if kind[1] != "iq":
        what = f"this is a result of PDFgetX3 ({kind[1] or 'outputtype is not said'}), no measured intensity"
        raise UserError(file.at(kind[0] or lines["version"][0]), what, "give the raw pattern, or its .iq")
    first = next((n for n, words in enumerate(file.lines, 1) if _is_row(words)), 1)
    wave, told = _wavelength(file, lines, 1.0)
    return PatternHeader("pdfgetx3", file.quote(lines["version"][0]), first, "1/A", file.quote(kind[0]), wave, told)


def _pyfai(file: TextFile) -> PatternHeader | None:
    start = next((n for n, words in enumerate(file.lines[:20], 1) if "pyFAI" in words and words.startswith("#")), 0)
    if not start:
        return None
    first = next((n for n, words in enumerate(file.lines, 1) if words.strip() and not words.startswith("#")), 1)
    unit, told = "", ""
    for number in range(first - 1, 0, -1):
        words = file.lines[number - 1].lstrip("# ").split()
        if words and words[0] in _PYFAI:
            unit, told = _PYFAI[words[0]], file.quote(number)
            break
    wave, wave_told = _wavelength(file, _pairs(file, first), 1e10)
    return PatternHeader("pyfai", file.quote(start), first, unit, told, wave, wave_told)


def _fit2d(file: TextFile) -> PatternHeader | None:
    lines = file.lines
    if len(lines) < 5 or not is_number(lines[3].strip()) or not _is_row(lines[4]) or _is_row(lines[1]):
        return None
    if len(lines[3].split()) != 1 or not any(c.isalpha() for c in lines[1]):
        return None
    unit = _unit_in(lines[1])
    count, rows = int(to_number(lines[3])), sum(1 for words in lines[4:] if words.strip())
    if rows < count:
        raise UserError(
            file.at(4), f"{count} points are announced, {rows} are there: the file is cut off", "copy it again"
        )
    return PatternHeader("fit2d_chi", file.quote(2), 5, unit, file.quote(2) if unit else "")


def _columns(file: TextFile) -> PatternHeader:
    first = next((n for n, words in enumerate(file.lines, 1) if _is_row(words)), 0)
    if not first:
        raise UserError(file.source, "there is no row of numbers in this file", "is it a pattern, and complete?")
    evidence = f"line {first} is the first row of numbers"
    wave, told = _wavelength(file, _pairs(file, first), 1.0)
    for number in range(first - 1, 0, -1):
        unit = _unit_in(file.lines[number - 1])
        if unit:
            return PatternHeader("columns", evidence, first, unit, file.quote(number), wave, told)
    return PatternHeader("columns", evidence, first, "", "", wave, told)


def _unit_in(words: str) -> str:
    return next((unit for pattern, unit in _WORDS if re.search(pattern, words, re.IGNORECASE)), "")


def _is_row(words: str) -> bool:
    cells = words.replace(",", " ").replace(";", " ").split()
    return len(cells) >= 2 and not COMMENT.match(words) and all(is_number(cell) for cell in cells)


def _pairs(file: TextFile, most: int) -> dict[str, tuple[int, str]]:
    """Line and value of 'key = value' and 'key: value', keys in lower case; of a key that repeats the first."""
    found: dict[str, tuple[int, str]] = {}
    for number, words in enumerate(file.lines[:most], 1):
        pair = _PAIR.match(words)
        if pair:
            found.setdefault(pair.group(1).strip().casefold(), (number, pair.group(2)))
    return found


def _wavelength(file: TextFile, pairs: dict[str, tuple[int, str]], factor: float) -> tuple[float, str]:
    """Wavelength in A and the line that told it; factor: A per unit of the file, where no unit is written."""
    line, words = pairs.get("wavelength", (0, ""))
    cells = words.split()
    if not cells or not is_number(cells[0]) or not to_number(cells[0]) > 0.0:
        return NAN, ""
    unit = cells[1].casefold() if len(cells) > 1 else ""
    scale = {"m": 1e10, "nm": 10.0, "a": 1.0, "å": 1.0, "ang": 1.0, "angstrom": 1.0}.get(unit, factor)
    return to_number(cells[0]) * scale, file.quote(line)
