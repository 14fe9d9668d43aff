"""PONI files of pyFAI: where the detector stands. Lines `Key: value`, `#` starts a comment; keys in any case.

Version 1 (no `poni_version`): PixelSize1, PixelSize2, SplineFile, or `Detector: name`. Version 2: `Detector` and
`Detector_config` (JSON). 2.1: `orientation` in the config. 3: `Parallax`. Lengths in metres, angles in radians.
pyFAI appends to such files: where a key stands twice the last one counts, in all programs that read them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ntcspec.errors import UserError, did_you_mean
from ntcspec.readers.table import is_number, to_number
from ntcspec.readers.text import TextFile, load_text, shorten
from ntcspec.types import Note
from ntcspec.types.scattering import DetectorGeometry

NUMBERS = ("distance", "poni1", "poni2", "rot1", "rot2", "rot3", "wavelength")
KNOWN = (*NUMBERS, "poni_version", "detector", "detector_config", "pixelsize1", "pixelsize2", "splinefile", "parallax")
WAVELENGTH_M = (1e-12, 1e-9)
DISTANCE_M = (1e-3, 100.0)
PIXEL_M = (1e-6, 1e-2)
CALIBRATE = "calibrate with pyFAI-calib2 and give the file that it saves"


def read_poni(path: Path, source: str) -> DetectorGeometry:
    """The geometry of a PONI file.

    Raises
    ------
    UserError
        A key that is missing, a value that is no number or has another unit: with its line.
    """
    file = load_text(path, source)
    entries, notes = _entries(file)
    if "distance" not in entries or "poni1" not in entries:
        raise UserError(source, "this is no PONI file: `Distance` and `Poni1` are not in it", CALIBRATE)
    values = {key: _number(file, entries, key) for key in NUMBERS}
    for key in ("distance", "poni1", "poni2"):
        if np.isnan(values[key]):
            raise UserError(source, f"the key {key.capitalize()!r} is missing", CALIBRATE)
    _check(file, entries, values)
    version = entries["poni_version"][1] if "poni_version" in entries else "1"
    if is_number(version) and to_number(version) > 3:
        raise UserError(
            file.at(entries["poni_version"][0]), f"version {version} is not known", "known are 1, 2, 2.1, 3"
        )
    name, config, more = _detector(file, entries)
    if entries.get("parallax", (0, ""))[1].casefold() == "true":
        more = (*more, "the PONI file asks for a correction of parallax in the sensor: it is not made")
    return DetectorGeometry(
        source=source,
        version=version,
        detector=name,
        detector_config=config,
        distance_m=values["distance"],
        poni1_m=values["poni1"],
        poni2_m=values["poni2"],
        rot1_rad=_or_zero(values["rot1"]),
        rot2_rad=_or_zero(values["rot2"]),
        rot3_rad=_or_zero(values["rot3"]),
        wavelength_ang=values["wavelength"] * 1e10,
        notes=(*file.notes, *notes, *more),
        header="\n".join(file.lines),
    )


def _entries(file: TextFile) -> tuple[dict[str, tuple[int, str]], tuple[Note, ...]]:
    """Line and value by key in lower case; of a key that repeats the last."""
    found: dict[str, tuple[int, str]] = {}
    again: list[str] = []
    for number, words in enumerate(file.lines, 1):
        line = words.strip()
        if not line or line.startswith("#"):
            continue
        key, colon, value = line.partition(":")
        key = key.strip()
        if not colon:
            raise UserError(file.at(number), f"{shorten(line, 40)!r} is no line `Key: value`", "is this a PONI file?")
        folded = key.casefold()
        if folded in found and found[folded][1] != value.strip() and folded not in again:
            again.append(folded)
        elif folded not in KNOWN and did_you_mean(folded, KNOWN):
            raise UserError(file.at(number), f"the key {key!r} is not known{did_you_mean(folded, KNOWN)}", "mend it")
        found[folded] = (number, value.strip())
    notes = f"it holds several calibrations ({', '.join(again)} differ): the last one counts, as in pyFAI"
    return found, (notes,) if again else ()


def _number(file: TextFile, entries: Mapping[str, tuple[int, str]], key: str) -> float:
    line, value = entries.get(key, (0, "None"))
    if value.casefold() in ("none", ""):
        return float("nan")
    if not is_number(value) or not np.isfinite(to_number(value)):
        raise UserError(file.at(line), f"{key.capitalize()} is {shorten(value, 30)!r}, no number", CALIBRATE)
    return to_number(value)


def _check(file: TextFile, entries: Mapping[str, tuple[int, str]], values: Mapping[str, float]) -> None:
    for key, (low, high) in (("wavelength", WAVELENGTH_M), ("distance", DISTANCE_M)):
        if not np.isnan(values[key]) and not low <= values[key] <= high:
            fix = f"PONI files give metres: {low:g} to {high:g} m are expected"
            if key == "wavelength" and 0.01 <= values[key] <= 10.0:
                fix = f"this looks like Angstrom: write {values[key] * 1e-10:g}"
            elif key == "distance" and 10.0 <= values[key] <= 1e5:
                fix = f"this looks like millimetres: write {1e-3 * values[key]:g}"
            raise UserError(file.at(entries[key][0]), f"{key.capitalize()} is {values[key]:g} m", fix)
    for key in ("rot1", "rot2", "rot3"):
        if abs(values[key]) > 2.0 * np.pi:
            fix = "PONI files give radians; this looks like degrees"
            raise UserError(file.at(entries[key][0]), f"{key.capitalize()} is {values[key]:g} rad", fix)


def _detector(file: TextFile, entries: Mapping[str, tuple[int, str]]) -> tuple[str, dict[str, Any], tuple[Note, ...]]:
    """Name and config; of version 1 the pixel sizes become a config."""
    name = entries.get("detector", (0, "Detector"))[1]
    line, words = entries.get("detector_config", (0, ""))
    config: dict[str, Any] = {}
    if words:
        try:
            config = json.loads(words)
        except ValueError as error:
            raise UserError(file.at(line), f"Detector_config is no JSON: {error}", CALIBRATE) from None
        if not isinstance(config, dict):
            raise UserError(file.at(line), "Detector_config is no JSON object {...}", CALIBRATE)
    for key, inside in (("pixelsize1", "pixel1"), ("pixelsize2", "pixel2")):
        if key in entries and inside not in config:
            config[inside] = _number(file, entries, key)
    spline = entries.get("splinefile", (0, "None"))
    if spline[1].casefold() not in ("none", "") or config.get("splineFile") or config.get("filename"):
        raise UserError(
            file.at(spline[0] or line), "the detector is described in a further file, which is not read", CALIBRATE
        )
    for inside in ("pixel1", "pixel2"):
        value = config.get(inside)
        if value is not None and not (isinstance(value, (int, float)) and PIXEL_M[0] <= value <= PIXEL_M[1]):
            at = entries.get(f"pixelsize{inside[-1]}", (line, ""))[0]
            raise UserError(file.at(at), f"{inside} is {value!r}, no pixel size in metres", "write it in metres")
    if name.casefold() in ("detector", "none", "") and not ("pixel1" in config and "pixel2" in config):
        raise UserError(file.source, "it names no detector and no pixel size", "add `Detector_config` or `PixelSize1`")
    _check_shape_and_orientation(file, line, config)
    orientation = config.get("orientation")
    why = "rows and columns run as in pyFAI's orientation 3 (origin at the first pixel, seen from the sample)"
    return name, config, () if orientation else (f"the PONI file gives no orientation: {why}",)


def _check_shape_and_orientation(file: TextFile, line: int, config: Mapping[str, Any]) -> None:
    shape = config.get("max_shape")
    if shape is not None and not (
        isinstance(shape, list) and len(shape) == 2 and all(isinstance(n, int) for n in shape)
    ):
        raise UserError(file.at(line), f"max_shape is {shape!r}, not [rows, columns]", CALIBRATE)
    if config.get("orientation") not in (None, 0, 1, 2, 3, 4):
        raise UserError(file.at(line), f"orientation is {config['orientation']!r}", "one of 1, 2, 3, 4")


def _or_zero(value: float) -> float:
    return 0.0 if np.isnan(value) else value
