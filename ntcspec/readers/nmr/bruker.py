"""Directories of Bruker spectrometers (TopSpin, XWIN-NMR): a decay `fid`, or a processed spectrum `1r`.

    fid         numbers, real and imaginary in turn; acqus has their type DTYPA (0 int32, 2 float64), byte order BYTORDA
                (0 little, 1 big), number TD, exponent NC (numbers times 2^NC), width SW_h, carrier SFO1, nucleus NUC1.
                Padded with zeros to full blocks of 1024 bytes.
    pdata/n/    1r absorption, 1i dispersion, from high to low frequency; procs has DTYPP, BYTORDP, NC_proc, size SI,
                width SW_p, frequency of shift 0 SF, shift of the first point OFFSET.

Points are not conjugated. Point k of 1r has the shift OFFSET - k SW_p/(SF SI), the carrier is point SI/2: in numpy's
words 1r is fftshift(fft(conj(x))), not the reverse of fftshift(fft(x)), which is one point off.

Group delay g of the digital filter in points: GRPDLY where it is not negative; else by DSPFVS and DECIM (table from the
Bruker manual as W. M. Westler and F. Abildgaard published it, 1996); 0 with DIGMOD 0.

Frequency of shift 0: SF of pdata/1/procs. acqus alone tells none: BF1 is where the reference of the field lies, and
nobody has looked at a reference compound.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import numpy as np

from ntcspec.errors import UserError
from ntcspec.readers.nmr.nuclei import nucleus_of
from ntcspec.readers.nmr.parts import COPY, NAN, Draft, Folder, NmrSpec, build, number, numbers, whole
from ntcspec.readers.text import read_bytes
from ntcspec.types import Array, Note
from ntcspec.types.nmr import NmrFid, NmrSpectrum

NAME, NAME_PROCESSED = "bruker", "bruker_1r"
BLOCK = 1024
TYPES = {0: "i4", 2: "f8"}
ORDERS = {0: "<", 1: ">"}
MOST_NC = 64  # exponents of real files stand between -20 and 20
SIMULTANEOUS = (1, 3)  # AQ_mod: qsim, DQD
_DECIM = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048)
_DELAYS = {
    10: (44.75, 33.5, 66.625, 59.0833333333, 68.5625, 60.375, 69.53125, 61.0208333333, 70.015625, 61.34375, 70.2578125,
         61.5052083333, 70.37890625, 61.5859375, 70.439453125, 61.6263020833, 70.4697265625, 61.646484375,
         70.48486328125, 61.6565755208, 70.492431640625),
    11: (46.0, 36.5, 48.0, 50.1666666667, 53.25, 69.5, 72.25, 70.1666666667, 72.75, 70.5, 73.0, 70.6666666667, 72.5,
         71.3333333333, 72.25, 71.6666666667, 72.125, 71.8333333333, 72.0625, 71.9166666667, 72.03125),
    12: (46.0, 36.5, 48.0, 50.1666666667, 53.25, 69.5, 71.625, 70.1666666667, 72.125, 70.5, 72.375, 70.6666666667,
         72.5, 71.3333333333, 72.25, 71.6666666667, 72.125, 71.8333333333, 72.0625, 71.9166666667, 72.03125),
    13: (2.75, 2.8333333333, 2.875, 2.9166666667, 2.9375, 2.9583333333, 2.96875, 2.9791666667, 2.984375, 2.9895833333,
         2.9921875, 2.9947916667),
}  # fmt: skip
DELAYS = {(v, d): g for v, row in _DELAYS.items() for d, g in zip(_DECIM, row, strict=False)}
_RECORD = re.compile(r"^##(\$?[^=\n]*)=[ \t]*(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)


def recognise(folder: Folder) -> str:
    """'fid' beside acqus, or '1r' beside procs; '' otherwise."""
    beside = {"fid": "acqus", "1r": "procs"}.get(folder.path.name, "")
    return f"'{folder.path.name}' beside {beside}" if beside and folder.has(beside) else ""


def parse_parameters(words: str) -> list[tuple[str, str]]:
    """Keys without ## and $ and their values, in order; arrays as numbers on one line, words without their <>."""
    found = []
    for match in _RECORD.finditer(words):
        value = re.sub(r"\$\$.*", "", match[2])
        value = re.sub(r"^\(\d+\.\.\d+\)\s*", "", value)
        value = " ".join(value.split())
        if value.startswith("<") and value.endswith(">") and value.count("<") == 1:
            value = value[1:-1]
        found.append((match[1].strip().lstrip("$"), value))
    return found


def read(folder: Folder, evidence: str, spec: NmrSpec | None = None) -> NmrFid | NmrSpectrum:
    """Read the decay `fid`, or the processed spectrum `1r`.

    Raises
    ------
    UserError
        Parameters missing or unknown, sequential or real points, a file that is cut off, a wrong byte order.
    """
    return _read_fid(folder, evidence, spec) if folder.path.name == "fid" else _read_processed(folder, evidence)


def _read_fid(folder: Folder, evidence: str, spec: NmrSpec | None) -> NmrFid:
    texts = {"acqus": folder.text("acqus", "the frequency of the points and their dwell")}
    if folder.has("procs"):
        texts["procs"] = folder.text("procs", "")
    pairs = parse_parameters(texts["acqus"])
    keys = dict(pairs)
    delay, said = _group_delay(folder, keys)
    zero, told, doubt = _zero(dict(parse_parameters(texts.get("procs", ""))), keys)
    draft = Draft(
        folder=folder,
        format=NAME,
        evidence=evidence,
        files=(folder.source, *(folder.name_of(name) for name in texts)),
        points=_points(folder, keys),
        orientation="as in the file",
        width_hz=_needed(folder, keys, "SW_h"),
        width_key=f"{folder.name_of('acqus')}: SW_h",
        carrier_mhz=_needed(folder, keys, "SFO1"),
        zero_mhz=zero,
        zero_evidence=told,
        nucleus=nucleus_of(keys.get("NUC1", "")),
        spinning_hz=_spinning(keys),
        group_delay_points=delay,
        scans=number(keys, "NS"),
        pulse_program=keys.get("PULPROG", ""),
        pairs=tuple(pairs),
        notes=(*said, *doubt),
        header="".join(f"== {name} ==\n{words}" for name, words in texts.items()),
    )
    return build(draft, spec)


def _needed(folder: Folder, keys: Mapping[str, str], name: str) -> float:
    value = number(keys, name)
    if math.isnan(value):
        raise UserError(f"{folder.name_of('acqus')}: {name}", "it is missing or no number", COPY)
    return value


def _points(folder: Folder, keys: Mapping[str, str]) -> np.ndarray[tuple[int], np.dtype[np.complex128]]:
    where = folder.name_of("acqus")
    mode = whole(number(keys, "AQ_mod"))
    if mode not in SIMULTANEOUS:
        what = f"AQ_mod={mode}: its two channels were not sampled together"
        raise UserError(f"{where}: AQ_mod", what, "such decays (qf, qseq) are not read: give the processed spectrum 1r")
    kind, order = TYPES.get(whole(number(keys, "DTYPA"))), ORDERS.get(whole(number(keys, "BYTORDA")))
    if kind is None or order is None:
        what = f"DTYPA={keys.get('DTYPA', '')} and BYTORDA={keys.get('BYTORDA', '')} name no known numbers"
        raise UserError(where, what, COPY)
    count = whole(_needed(folder, keys, "TD"))
    content = read_bytes(folder.path, folder.source)
    needed = count * int(kind[1:])
    if count <= 0 or count % 2 or len(content) < needed:
        what = f"{len(content)} bytes; TD={keys['TD']} numbers need {needed}"
        raise UserError(folder.source, what, "the file is cut off: " + COPY)
    if len(content) - needed >= BLOCK:
        what = f"{len(content)} bytes, but TD={count} numbers need {needed}: several decays, or of another acqus"
        raise UserError(folder.source, what, "give a one-dimensional measurement")
    exponent = number(keys, "NC")
    values = numbers(content[:needed], order + kind, folder.source, "DTYPA and BYTORDA in acqus")
    if math.isfinite(exponent):
        if abs(exponent) > MOST_NC:
            raise UserError(f"{where}: NC", f"numbers times 2^{exponent:g} are impossible", COPY)
        values = values * 2.0**exponent
    pairs: np.ndarray[tuple[int], np.dtype[np.complex128]] = values.view(np.complex128)
    return pairs


def _group_delay(folder: Folder, keys: Mapping[str, str]) -> tuple[float, tuple[Note, ...]]:
    if whole(number(keys, "DIGMOD")) == 0:
        return 0.0, ()
    stated = number(keys, "GRPDLY")
    if stated > number(keys, "TD") / 4.0:
        what = f"a group delay of {stated:g} points is impossible in a decay of {number(keys, 'TD') / 2.0:g}"
        raise UserError(f"{folder.name_of('acqus')}: GRPDLY", what, COPY)
    if stated >= 0:
        return stated, (f"group delay {stated:g} points (GRPDLY)",)
    if math.isnan(number(keys, "DECIM")) and math.isnan(number(keys, "DSPFVS")):
        return 0.0, ("acqus names no digital filter: no group delay",)
    version, rate = whole(number(keys, "DSPFVS")), whole(number(keys, "DECIM"))
    if rate == 1:
        return 0.0, ()
    if (version, rate) not in DELAYS:
        what = f"GRPDLY is missing, and there is no delay for DSPFVS={version}, DECIM={rate}"
        raise UserError(folder.name_of("acqus"), what, "convert the decay to analogue in TopSpin (convdta)")
    delay = DELAYS[version, rate]
    return delay, (f"group delay {delay:g} points (DSPFVS {version}, DECIM {rate})",)


def _spinning(keys: Mapping[str, str]) -> float:
    """MASR where it is above 0; TopSpin leaves 0 or -1 there where it does not know."""
    rate = number(keys, "MASR")
    return rate if rate > 0 else NAN


def _zero(procs: Mapping[str, str], keys: Mapping[str, str]) -> tuple[float, str, tuple[Note, ...]]:
    zero, basic = number(procs, "SF"), number(keys, "BF1")
    if math.isnan(zero):
        return NAN, "there is no pdata/1/procs with SF: acqus alone holds no reference", ()
    note = f"SF is BF1 ({basic:g} MHz), as where nobody has referenced the spectrum: check it"
    return zero, f"SF={procs['SF']} MHz (pdata/1/procs)", (note,) if zero == basic else ()


def _read_processed(folder: Folder, evidence: str) -> NmrSpectrum:
    texts = {"procs": folder.text("procs", "the axis of the spectrum")}
    if folder.has("acqus"):
        texts["acqus"] = folder.text("acqus", "")
    listed = [pair for words in texts.values() for pair in parse_parameters(words)]
    procs, acqus = dict(parse_parameters(texts["procs"])), dict(parse_parameters(texts.get("acqus", "")))
    size, zero = whole(number(procs, "SI")), number(procs, "SF")
    width, offset = number(procs, "SW_p"), number(procs, "OFFSET")
    where = folder.name_of("procs")
    if size <= 0 or not (width > 0 and zero > 0) or math.isnan(offset):
        raise UserError(where, "SI, SF, SW_p or OFFSET is missing or no number", "without them there is no axis")
    real = _processed(folder, "1r", procs, size)
    has_imaginary = folder.has("1i")
    imaginary = -_processed(folder, "1i", procs, size) if has_imaginary else np.full(size, NAN)
    names = ["1i"] if has_imaginary else []
    broadening = number(procs, "LB") if whole(number(procs, "WDW")) == 1 else NAN
    return NmrSpectrum(
        source=folder.source,
        format=NAME_PROCESSED,
        format_evidence=evidence,
        files=(folder.source, *(folder.name_of(name) for name in [*names, *texts])),
        offset_hz=(offset * zero - width / size * np.arange(size, dtype=np.float64))[::-1].copy(),
        real=real[::-1].copy(),
        imaginary=imaginary[::-1].copy(),
        zero_mhz=zero,
        zero_evidence=f"SF={procs['SF']} MHz, OFFSET={offset:g} ppm (procs)",
        observe_mhz=number(acqus, "SFO1"),
        nucleus=nucleus_of(procs.get("AXNUC", "")) or nucleus_of(acqus.get("NUC1", "")),
        spinning_hz=_spinning(acqus),
        broadening_hz=broadening,
        scans=number(acqus, "NS"),
        pulse_program=acqus.get("PULPROG", ""),
        keys=tuple(key for key, _ in listed),
        values=tuple(value for _, value in listed),
        notes=("phased and referenced by the program that wrote it",),
        header="".join(f"== {name} ==\n{words}" for name, words in texts.items()),
    )


def _processed(folder: Folder, name: str, procs: Mapping[str, str], size: int) -> Array:
    """Numbers of 1r or 1i, from high to low frequency."""
    source = folder.source if name == folder.path.name else folder.name_of(name)
    kind, order = TYPES.get(whole(number(procs, "DTYPP"))), ORDERS.get(whole(number(procs, "BYTORDP")))
    if kind is None or order is None:
        what = f"DTYPP={procs.get('DTYPP', '')} and BYTORDP={procs.get('BYTORDP', '')} name no known numbers"
        raise UserError(folder.name_of("procs"), what, COPY)
    content = read_bytes(folder.path.with_name(name), source)
    if len(content) != size * int(kind[1:]):
        what = f"{len(content)} bytes; SI={size} numbers need {size * int(kind[1:])}"
        raise UserError(source, what, "the file is cut off, or holds two dimensions: " + COPY)
    exponent = number(procs, "NC_proc")
    values = numbers(content, order + kind, source, "DTYPP and BYTORDP in procs")
    return values * 2.0**exponent if math.isfinite(exponent) else values
