"""Directories of Spinsight, the program of Chemagnetics and Varian Infinity Plus spectrometers.

    data     no header; big-endian 32-bit integers, floats where proc has datatype=1; the real parts of all decays one
             after the other, then all imaginary parts; not conjugated
    acq      acquisition, lines key=value: al complex points, dw dwell with its unit, sfN frequency of channel N (MHz),
             ch1 number of the channel that observes, ppfn pulse program, speed spinning rate
    acq_2    what changes while acquiring: ac transients so far, use_array
    proc     latest processing: current_size1, current_size2 points and rows of data; domain1 0 for time;
             rmp1 absolute frequency (MHz) of the reference point, rmv1 its shift, rmvunits1 1 for ppm

Frequency of shift 0: rmp1 / (1 + rmv1 1e-6). The format is known from OpenVnmrJ (src/bin/cmx.c, convertcmx.c), ssNake
and matNMR, which agree; al2 may be above 1 for a plain decay, only current_size2 counts.
"""

from __future__ import annotations

import math
import re

import numpy as np

from ntcspec.errors import UserError
from ntcspec.readers.nmr.nuclei import nucleus_by_ratio
from ntcspec.readers.nmr.parts import COPY, NAN, Draft, Folder, NmrSpec, build, number, numbers, whole
from ntcspec.readers.text import read_bytes
from ntcspec.types import Note
from ntcspec.types.nmr import NmrFid

NAME = "spinsight"
UNITS = {"": 1.0, "s": 1.0, "m": 1e-3, "ms": 1e-3, "u": 1e-6, "us": 1e-6, "n": 1e-9, "ns": 1e-9}
RATES = {"hz": 1.0, "khz": 1e3, "mhz": 1e6}
AGREE = 0.05  # relative: al * dw against aqtm, which programs round
FAR_PPM = 5000.0  # a reference further from the carrier is one of another channel

_WITH_UNIT = re.compile(r"\s*([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)\s*([A-Za-z]*)\s*")


def recognise(folder: Folder) -> str:
    """What tells that the file `data` is Spinsight's: 'data' beside one of its parameter files."""
    if folder.path.name != "data":
        return ""
    found = [name for name in ("acq", "acq_2", "proc") if folder.has(name)]
    return f"'data' beside {', '.join(found)}" if found else ""


def read(folder: Folder, evidence: str, spec: NmrSpec | None = None) -> NmrFid:
    """Read the one decay of a directory, or the one that `spec.trace` names.

    Raises
    ------
    UserError
        acq missing, no dwell, a spectrum in place of a decay, data that are too short or hold several decays.
    """
    spec = spec or NmrSpec()
    texts = {"acq": folder.text("acq", "the points, their dwell and their frequency")}
    texts |= {name: folder.text(name, "") for name in ("acq_2", "proc") if folder.has(name)}
    pairs = [pair for words in texts.values() for pair in _pairs(words)]
    acq, proc = dict(_pairs(texts["acq"])), dict(_pairs(texts.get("proc", "")))
    keys = {**dict(_pairs(texts.get("acq_2", ""))), **acq, **proc}
    points, notes = _points(folder, acq, proc, spec)
    dwell = _dwell(folder, acq, points.size)
    channel = keys.get("ch1", "1").strip() or "1"
    carrier = _megahertz(folder, acq, channel)
    zero, told = _zero(proc, carrier) if channel == "1" else (NAN, f"channel {channel} observes, rmp1 is of channel 1")
    nucleus, said = _nucleus(acq, channel, carrier)
    draft = Draft(
        folder=folder,
        format=NAME,
        evidence=f"{evidence}; dw={acq['dw']}",
        files=(folder.source, *(folder.name_of(name) for name in texts)),
        points=points,
        orientation="as in the file",
        width_hz=1.0 / dwell,
        width_key=f"{folder.name_of('acq')}: dw",
        carrier_mhz=carrier,
        zero_mhz=zero,
        zero_evidence=told,
        nucleus=nucleus,
        spinning_hz=_rate(acq.get("speed", "")),
        scans=number(keys, "ac" if "ac" in keys else "na"),
        pulse_program=keys.get("ppfn", "").strip(),
        pairs=tuple(pairs),
        notes=(*notes, *said),
        header="".join(f"== {name} ==\n{words}" for name, words in texts.items()),
    )
    return build(draft, spec)


def _pairs(words: str) -> list[tuple[str, str]]:
    """Lines key=value, split at the first '='; of an array of one the index is left out (sf1[0] is sf1)."""
    found = [line.partition("=") for line in words.splitlines() if "=" in line]
    return [(re.sub(r"\[0\]$", "", key.strip()), value.strip()) for key, _, value in found]


def _seconds(words: str) -> float:
    match = _WITH_UNIT.fullmatch(words)
    unit = match and UNITS.get(match[2])
    return float(match[1]) * unit if match and unit else NAN


def _rate(words: str) -> float:
    """A spinning rate in Hz; NaN where there is no unit to tell it by, and for 0, which is what was never set."""
    match = _WITH_UNIT.fullmatch(words)
    unit = RATES.get(match[2].lower()) if match else None
    rate = float(match[1]) * unit if match and unit else NAN
    return rate if rate > 0 else NAN


def _dwell(folder: Folder, acq: dict[str, str], points: int) -> float:
    where = f"{folder.name_of('acq')}: dw"
    dwell = _seconds(acq.get("dw", ""))
    if not (math.isfinite(dwell) and dwell > 0):
        raise UserError(where, f"{acq.get('dw', '')!r} is no dwell", "it stands there with its unit, as dw=10us")
    stated = _seconds(acq.get("aqtm", ""))
    if math.isfinite(stated) and stated > 0 and abs(points * dwell / stated - 1.0) > AGREE:
        what = f"a dwell of {dwell:g} s times {points} points is {points * dwell:g} s, aqtm says {acq['aqtm']}"
        raise UserError(where, what, "one of them was changed: " + COPY)
    width = _rate(acq.get("sw", ""))
    if math.isfinite(width) and width > 0 and abs(width * dwell - 1.0) > AGREE:
        raise UserError(where, f"a dwell of {dwell:g} s is a width of {1 / dwell:g} Hz, sw says {acq['sw']}", COPY)
    return dwell


def _megahertz(folder: Folder, acq: dict[str, str], channel: str) -> float:
    carrier = number(acq, f"sf{channel}")
    if not math.isfinite(carrier):
        where = f"{folder.name_of('acq')}: sf{channel}"
        raise UserError(where, "the frequency of the channel that observes is missing", COPY)
    return carrier


def _points(
    folder: Folder, acq: dict[str, str], proc: dict[str, str], spec: NmrSpec
) -> tuple[np.ndarray[tuple[int], np.dtype[np.complex128]], tuple[Note, ...]]:
    """Complex points, and what was done about zero filling and arrays."""
    content = read_bytes(folder.path, folder.source)
    al, size, rows = whole(number(acq, "al")), whole(number(proc, "current_size1")), number(proc, "current_size2")
    if whole(number(proc, "domain1")) not in (0, -1):
        what = f"proc has domain1={proc['domain1']}: data holds a spectrum, not the decay"
        raise UserError(folder.source, what, "undo the transformation in Spinsight, or copy the raw directory")
    size = size if size > 0 else al
    if size <= 0:
        raise UserError(f"{folder.name_of('acq')}: al", f"{acq.get('al', '')!r} is no number of points", COPY)
    if len(content) == 8 * al * max(1, whole(rows)) and size != al:
        size = al  # proc is of a later processing that was not kept
    count, rest = divmod(len(content), 8 * size)
    if count == 0 or rest:
        what = f"{len(content)} bytes; {size} complex points need {8 * size}"
        raise UserError(folder.source, what, "the file is cut off, or al does not belong to it: " + COPY)
    trace = pick(folder.source, count, spec.trace)
    kind = ">f4" if whole(number(proc, "datatype")) == 1 else ">i4"
    every = numbers(content, kind, folder.source, "datatype in proc" if "datatype" in proc else "its format")
    half = every.reshape(2, count, size)[:, trace]
    points = half[0] + 1j * half[1]
    if 0 < al < size and not points[al:].any():
        return points[:al], (f"{size - al} zeros after the {al} points that were measured were left out",)
    return points, ()


def pick(source: str, count: int, trace: int | None) -> int:
    """Which of the decays of a file is meant, from 0. Raises UserError where that is not said, or there is none."""
    if trace is not None and not 1 <= trace <= count:
        raise UserError(f"{source}: ingest.trace", f"there is no decay {trace}", f"the file holds {count}")
    if count > 1 and trace is None:
        what = f"{count} decays (an arrayed measurement), where one spectrum is expected"
        raise UserError(source, what, "say which: `ingest: {trace: 1}`")
    return (trace or 1) - 1


def _zero(proc: dict[str, str], carrier: float) -> tuple[float, str]:
    """Frequency of shift 0, and what told it or why it is missing."""
    point, value = number(proc, "rmp1"), number(proc, "rmv1")
    if not proc:
        return NAN, "the file proc, which holds the reference, is not there"
    if not (math.isfinite(point) and math.isfinite(value) and point > 0):
        return NAN, "proc names no reference (rmp1, rmv1)"
    if whole(number(proc, "rmvunits1")) != 1:
        return NAN, f"the reference in proc is not in ppm (rmvunits1={proc.get('rmvunits1', '')})"
    if point == carrier and value == 0.0:
        return NAN, "proc has the carrier itself as shift 0: it was never referenced"
    if not carrier > 0:
        return NAN, f"the carrier is {carrier:g} MHz"
    if abs(point / carrier - 1.0) * 1e6 > FAR_PPM:
        return NAN, f"rmp1={proc['rmp1']} lies too far from the carrier ({carrier:g} MHz) to be its reference"
    return point / (1.0 + value * 1e-6), f"rmp1={proc['rmp1']} MHz is {value:g} ppm (proc)"


def _nucleus(acq: dict[str, str], channel: str, carrier: float) -> tuple[str, tuple[Note, ...]]:
    """The format names no nucleus; the ratio to the frequency of another channel can tell it, if that is of protons."""
    for other in ("2", "3", "1"):
        found = nucleus_by_ratio(carrier, number(acq, f"sf{other}")) if other != channel else ""
        if found and found != "1H":
            ratio = 100.0 * carrier / number(acq, f"sf{other}")
            note = f"nucleus {found}: sf{channel}/sf{other} is {ratio:.4f} %, its ratio to the protons; no key names it"
            return found, (note,)
    return "", ()
