"""Directories of Varian and Agilent spectrometers (VnmrJ, OpenVnmrJ): `fid` and `procpar`.

    fid      big-endian. Header of 32 bytes: nblocks ntraces np ebytes tbytes bbytes (32-bit), vers_id status (16-bit),
             nbheaders. Each block: nbheaders headers of 28 bytes, then ntraces times np numbers, real and imaginary in
             turn; np counts both. Type by status: 0x8 float32, else 0x4 int32, else int16.
    procpar  parameters (`procpar`)

Two signs: the points of the file are the complex conjugate of our orientation. Type and sizes are those of the header
of fid, which the spectrometer wrote; procpar can be changed later, and must agree. Bit 0x1 of status (data present) is
not set in every genuine file, so nothing is concluded from it.

Axis: (sfrq - reffrq) 1e6 = sw/2 - rfl + rfp, rfl distance of the reference line from the right edge (Hz), rfp its shift
in Hz. Frequency of shift 0 is reffrq; where both sides differ by more than 1 Hz, or rfl and rfp are both 0 (never
referenced), the file tells no zero.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

import numpy as np

from ntcspec.errors import UserError
from ntcspec.readers.nmr.nuclei import nucleus_of
from ntcspec.readers.nmr.parts import COPY, NAN, Draft, Folder, NmrSpec, build, number, numbers
from ntcspec.readers.nmr.procpar import parse_procpar
from ntcspec.readers.nmr.spinsight import pick
from ntcspec.readers.text import read_bytes
from ntcspec.types.nmr import NmrFid

NAME = "varian"
HEAD, BLOCK_HEAD = 32, 28
FLOAT, INT32, SPECTRUM, HYPERCOMPLEX = 0x8, 0x4, 0x2, 0x20
SLOWEST_HZ = 200.0
AGREE_HZ = 1.0
AGREE = 0.01  # relative: at against np / (2 sw)
CONTRADICTS = "the decay was saved with the parameters of another: " + COPY


@dataclass(frozen=True)
class Header:
    """Of the binary file."""

    blocks: int
    traces: int
    np: int
    element_bytes: int
    trace_bytes: int
    block_bytes: int
    status: int
    block_headers: int

    @property
    def dtype(self) -> str:
        return ">f4" if self.status & FLOAT else ">i4" if self.status & INT32 else ">i2"


def recognise(folder: Folder) -> str:
    """The sizes in the header of `fid`, where they agree with one another; '' otherwise."""
    if folder.path.name != "fid" or folder.has("acqus"):
        return ""
    header = _header(read_bytes(folder.path, folder.source, HEAD))
    consistent = (
        header is not None
        and header.blocks > 0
        and header.traces > 0
        and header.np > 0
        and header.element_bytes in (2, 4)
        and header.trace_bytes == header.np * header.element_bytes
        and header.block_bytes == header.traces * header.trace_bytes + header.block_headers * BLOCK_HEAD
    )
    if header is None or not (consistent or folder.has("procpar")):
        return ""
    kind = "" if consistent else "; its sizes contradict one another"
    return f"header of fid: {header.blocks} x {header.traces} x {header.np} numbers, status {header.status:#x}{kind}"


def read(folder: Folder, evidence: str, spec: NmrSpec | None = None) -> NmrFid:
    """Read the one decay of a directory, or the one that `spec.trace` names.

    Raises
    ------
    UserError
        procpar missing or of another decay, a file that is cut off, several decays, a spectrum, contradicting sizes.
    """
    spec = spec or NmrSpec()
    words = folder.text("procpar", "the frequency of the points and their dwell")
    listed = parse_procpar(words, folder.name_of("procpar"))
    keys = {name: values[0] for name, values in listed if values}
    content = read_bytes(folder.path, folder.source)
    header = _checked(folder, content, keys)
    trace = pick(folder.source, header.blocks * header.traces, spec.trace)
    points = np.conj(_trace(folder, content, header, trace))
    width, carrier = number(keys, "sw"), number(keys, "sfrq")
    _check_axis(folder, keys, points.size, width, carrier)
    zero, told = _zero(keys, width, carrier)
    rate = number(keys, "srate")
    spinning = rate if rate >= SLOWEST_HZ else NAN  # probes for liquids leave some 20 Hz there
    draft = Draft(
        folder=folder,
        format=NAME,
        evidence=evidence,
        files=(folder.source, folder.name_of("procpar")),
        points=points,
        orientation="complex conjugate of the file",
        width_hz=width,
        width_key=f"{folder.name_of('procpar')}: sw",
        carrier_mhz=carrier,
        zero_mhz=zero,
        zero_evidence=told,
        nucleus=nucleus_of(keys.get("tn", "")),
        spinning_hz=spinning,
        scans=number(keys, "ct"),
        pulse_program=keys.get("seqfil", ""),
        pairs=tuple((name, ", ".join(values)) for name, values in listed),
        header=words,
    )
    return build(draft, spec)


def _header(content: bytes) -> Header | None:
    if len(content) < HEAD:
        return None
    blocks, traces, count, element, trace, block, _, status, headers = struct.unpack(">6l2hl", content[:HEAD])
    return Header(blocks, traces, count, element, trace, block, status & 0xFFFF, headers)


def _checked(folder: Folder, content: bytes, keys: dict[str, str]) -> Header:
    """The header, found to agree with the file's length and with procpar."""
    header = _header(content)
    if header is None:
        raise UserError(folder.source, f"{len(content)} bytes: the header alone has {HEAD}", COPY)
    size = int(header.dtype[2:])
    sound = header.np > 0 and header.np % 2 == 0 and header.traces > 0 and header.blocks > 0 <= header.block_headers
    sound &= header.trace_bytes == header.np * size
    whole = header.traces * header.np * size + header.block_headers * BLOCK_HEAD
    if not sound or header.element_bytes != size or header.block_bytes != whole:
        what = (
            f"the header contradicts itself: {header.traces} x {header.np} numbers of {header.element_bytes} bytes "
            f"(status {header.status:#x}: {size}) in blocks of {header.block_bytes} bytes"
        )
        raise UserError(folder.source, what, "a file in the byte order of another machine? " + COPY)
    if header.status & SPECTRUM:
        raise UserError(folder.source, "it holds a spectrum, not the decay", "name the fid, not data/ or datdir/")
    if header.status & HYPERCOMPLEX:
        raise UserError(folder.source, "its points are hypercomplex (two dimensions)", "give a one-dimensional decay")
    needed = HEAD + header.blocks * header.block_bytes
    if len(content) < needed:
        what = f"{len(content)} bytes, its header needs {needed}"
        raise UserError(folder.source, what, "the file is cut off: " + COPY)
    stated = number(keys, "np")
    if not math.isnan(stated) and stated != header.np:
        what = f"procpar has np={stated:g}, the header of fid {header.np}"
        raise UserError(folder.source, what, CONTRADICTS)
    return header


def _trace(
    folder: Folder, content: bytes, header: Header, trace: int
) -> np.ndarray[tuple[int], np.dtype[np.complex128]]:
    block, inside = divmod(trace, header.traces)
    begin = HEAD + block * header.block_bytes + header.block_headers * BLOCK_HEAD + inside * header.trace_bytes
    values = numbers(content[begin : begin + header.trace_bytes], header.dtype, folder.source, "status of its header")
    pairs: np.ndarray[tuple[int], np.dtype[np.complex128]] = values.view(np.complex128)
    return pairs


def _check_axis(folder: Folder, keys: dict[str, str], points: int, width: float, carrier: float) -> None:
    where = folder.name_of("procpar")
    for name, value in (("sw", width), ("sfrq", carrier)):
        if math.isnan(value):
            raise UserError(where, f"{name} is missing or no number", "without it there is no axis: " + COPY)
    stated = number(keys, "at")
    if not math.isnan(stated) and width > 0 and abs(stated * width / points - 1.0) > AGREE:
        what = f"{points} points at a width of {width:g} Hz take {points / width:g} s, at says {stated:g} s"
        raise UserError(f"{where}: sw", what, CONTRADICTS)


def _zero(keys: dict[str, str], width: float, carrier: float) -> tuple[float, str]:
    """Frequency of shift 0, and what told it or why it is missing."""
    reffrq, rfl, rfp = (number(keys, name) for name in ("reffrq", "rfl", "rfp"))
    if math.isnan(rfl) or math.isnan(rfp):
        return NAN, "procpar has no reference (rfl, rfp)"
    if rfl == 0.0 and rfp == 0.0:
        return NAN, "rfl and rfp are 0 in procpar: it was never referenced"
    offset_hz = width / 2.0 - rfl + rfp
    if math.isnan(reffrq) or reffrq <= 0:
        return carrier - offset_hz * 1e-6, f"rfl={rfl:g} Hz, rfp={rfp:g} Hz (procpar)"
    apart = (carrier - reffrq) * 1e6 - offset_hz
    if abs(apart) > AGREE_HZ:
        return NAN, f"reffrq and rfl, rfp in procpar put shift 0 at places {abs(apart):.1f} Hz apart"
    return reffrq, f"reffrq={reffrq:.9g} MHz, rfl={rfl:g} Hz, rfp={rfp:g} Hz (procpar)"
