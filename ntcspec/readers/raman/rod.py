"""Raman Open Database (ROD) and other CIF files with a loop of Raman shift and intensity.

    _raman_measurement_device.excitation_laser_wavelength 488      nm
    _raman_measurement.baseline_correction no
    loop_
    _raman_spectrum.raman_shift
    _raman_spectrum.intensity
    50.000 429

Only what is needed of CIF is read: items with their value on the same line or the next, and that one loop.
Source: Y. El Mendili et al., J. Appl. Cryst. 52, 618 (2019).
"""

from __future__ import annotations

import numpy as np

from ntcspec.errors import UserError
from ntcspec.readers.raman.build import RamanDraft, RamanSpec, build, number_in, plausible_laser
from ntcspec.readers.table import is_number, to_number
from ntcspec.readers.text import TextFile, shorten
from ntcspec.types.raman import RamanScan

NAME = "rod"
SHIFT, INTENSITY = "_raman_spectrum.raman_shift", "_raman_spectrum.intensity"
LASER = "_raman_measurement_device.excitation_laser_wavelength"
DONE = ("_raman_measurement.baseline_correction", "_raman_measurement.background_subtraction")
NOT_DONE = ("", "no", "none", "?", ".")


def recognise(file: TextFile) -> str:
    """The line that names the shift column, quoted; '' if there is none."""
    return next((file.quote(n) for n, words in enumerate(file.lines, 1) if words.strip().casefold() == SHIFT), "")


def read(file: TextFile, evidence: str, spec: RamanSpec | None = None) -> RamanScan:
    """Read the spectrum of a ROD file.

    Raises
    ------
    UserError
        A loop without intensity, a row that is broken, several spectra.
    """
    starts = [n for n, words in enumerate(file.lines, 1) if words.strip().casefold() == SHIFT]
    if len(starts) != 1:
        raise UserError(file.at(starts[1]), f"{len(starts)} spectra in this file", "give a file with one spectrum")
    names, first = _loop(file, starts[0])
    if INTENSITY not in names:
        raise UserError(file.at(starts[0]), "the loop has a shift and no intensity", "complete the file")
    rows = []
    for number, words in enumerate(file.lines[first - 1 :], first):
        cells = words.split()
        if not cells or cells[0].startswith(("#", "_", "loop_", "data_")):
            break
        if len(cells) != len(names) or not all(is_number(cell) for cell in cells):
            raise UserError(file.at(number), f"{shorten(words, 40)!r} is no row of {len(names)} numbers", "mend it")
        rows.append([to_number(cell) for cell in cells])
    values = np.array(rows).reshape(len(rows), len(names))
    pairs = _items(file)
    value = dict(reversed(pairs))
    done = [key for key in DONE if value.get(key, "").casefold() not in NOT_DONE]
    history = tuple(f"Base:Sub {key} {value[key]}" for key in done)
    draft = RamanDraft(
        source=file.source,
        format=NAME,
        evidence=evidence,
        axis=values[:, names.index(SHIFT)],
        intensity=values[:, names.index(INTENSITY)][None, :],
        axis_unit="1/cm",
        axis_evidence=file.quote(starts[0]),
        laser_nm=plausible_laser(number_in(value.get(LASER, ""))),
        exposure_s=number_in(value.get("_raman_measurement.integration_time", "")),
        history=history,
        pairs=tuple(pairs),
        notes=(*file.notes, *(f"the file says: {one}" for one in history)),
        header="\n".join(file.lines[: starts[0] - 1]),
    )
    return build(draft, spec)


def _loop(file: TextFile, start: int) -> tuple[list[str], int]:
    """Column names of the loop round line `start`, and its first row."""
    top = start
    while top > 1 and file.lines[top - 2].strip().startswith("_"):
        top -= 1
    names, line = [], top
    while line <= len(file.lines) and file.lines[line - 1].strip().startswith("_"):
        names.append(file.lines[line - 1].split()[0].casefold())
        line += 1
    return names, line


def _items(file: TextFile) -> list[tuple[str, str]]:
    """Items and values, in order; a value in a text field is its lines."""
    found: list[tuple[str, str]] = []
    lines = list(file.lines)
    for i, words in enumerate(lines):
        if not words.startswith("_"):
            continue
        name, _, value = words.partition(" ")
        if not value.strip() and i + 1 < len(lines):
            value = _next_value(lines, i + 1)
        found.append((name.casefold() if name.startswith("_raman") else name, value.strip().strip("'\"")))
    return found


def _next_value(lines: list[str], at: int) -> str:
    """The value below an item: one line, or a text field between semicolons."""
    if not lines[at].startswith(";"):
        return "" if lines[at].startswith(("_", "loop_")) else lines[at]
    block = [lines[at][1:]]
    for words in lines[at + 1 :]:
        if words.startswith(";"):
            break
        block.append(words)
    return " ".join(" ".join(block).split())
