"""JCAMP-DX, the IUPAC text format of spectra: XYDATA, XYPOINTS and RAMAN spectra of one block.

    ##LABEL=value                       labelled data record; blanks, -, / and _ in a label do not count
    ##XYDATA=(X++(Y..Y))                a line: x, then equidistant y; x is only a check
    ##XYPOINTS=(XY..XY)                 pairs of x and y
    ##PEAK TABLE=(XY..XY)               lines, no spectrum: refused

y in the compressed forms of `ntcspec.readers.jcamp`. x_i = FIRSTX + i (LASTX - FIRSTX) / (NPOINTS - 1), as x
on the lines is rounded; y = YFACTOR * number.

Source: R. S. McDonald, P. A. Wilks, Appl. Spectrosc. 42, 151 (1988).
"""

from __future__ import annotations

import re

import numpy as np

from ntcspec.errors import UserError
from ntcspec.readers.jcamp import EXPORT, ordinates, table_lines
from ntcspec.readers.jcamp import LABEL as _LABEL
from ntcspec.readers.jcamp import plain as _plain
from ntcspec.readers.jcamp import records as _records
from ntcspec.readers.raman.build import RamanDraft, RamanSpec, build, number_in, plausible_laser
from ntcspec.readers.text import TextFile, shorten
from ntcspec.types import Array, Note
from ntcspec.types.raman import RamanScan

NAME = "jcampdx"


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


def _factor(labels: dict[str, str], name: str) -> float:
    value = number_in(labels.get(name, ""))
    return value if np.isfinite(value) and value != 0.0 else 1.0


def _points(file: TextFile, first: int, last: int) -> tuple[Array, Array, tuple[Note, ...]]:
    """Pairs of x and y."""
    values: list[float] = []
    for n, words in table_lines(file, first, last):
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
    y, checked = ordinates(file, first, last)
    low, high = number_in(labels.get("FIRSTX", "")), number_in(labels.get("LASTX", ""))
    if not (np.isfinite(low) and np.isfinite(high)) or len(y) < 2:
        raise UserError(file.source, "FIRSTX or LASTX is missing, or there are no data", EXPORT)
    note = (f"differences: {checked} checks between lines passed",) if checked else ()
    return np.linspace(low, high, len(y)), np.array(y) * _factor(labels, "YFACTOR"), note
