"""Directories `<name>.fid` as Varian's VnmrJ writes them: `fid`, `procpar` and `text`.

`fid`: big-endian, 32 bytes of file header (nblocks, ntraces, np, ebytes, tbytes, bbytes, vers_id, status, nbheaders),
28 bytes of block header, then float32, real and imaginary parts in turn; np counts both. The raw data are the complex
conjugate of the IUPAC orientation. `procpar`: three or more lines a parameter. The shift axis of x = conj(fid) is

    ppm = (nu + sw/2 - rfl + rfp)/reffrq,   (sfrq - reffrq) 10^6 = sw/2 - rfl + rfp,

rfl the place of the reference line from the right edge (Hz), rfp its shift in Hz, reffrq the frequency of 0 ppm (MHz).
Parameters are a selection with the codes of a genuine file. `comment` and `text` say that it is simulated.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from ntcspec.demo.nmr_signal import Fid
from ntcspec.demo.series import NOTICE

STATUS = 0xC9  # data, float, as in a genuine file
WIDE = "9.99999984307e+17 -9.99999984307e+17 0"
CODES = {  # subtype, basic type (1 real, 2 string), largest, smallest, step, groups, protection, active, pointer
    "arraydim": "7 1 32768 1 1 2 1 5 1 64",
    "array": "2 2 256 0 0 2 1 1 1 64",
    "at": "1 1 14 14 14 2 1 8203 1 64",
    "comment": "2 2 8 0 0 3 1 0 1 64",
    "console": "2 2 8 0 0 2 1 0 1 64",
    "ct": "7 1 1000000000 0 1 2 1 6 1 64",
    "d1": "3 1 14 14 14 2 1 8194 1 64",
    "date": "2 2 9 0 0 2 1 1 1 64",
    "dfrq": "5 1 1000000000 -1000000000 0 2 1 8 1 64",
    "dn": "2 2 4 0 0 2 1 8 1 64",
    "lb": "1 1 100000 -100000 0 3 1 1 1 64",
    "lp": "1 1 3600 -3600 0.1 4 1 3 1 64",
    "np": "7 1 524288 32 2 2 1 11 1 64",
    "nt": "7 1 1000000000 1 1 2 1 2 1 64",
    "pw": "6 1 13 13 13 2 1 8194 1 64",
    "pw90": "6 1 13 13 13 2 1 8194 1 64",
    "reffrq": f"1 1 {WIDE} 4 1 0 1 64",
    "rfl": "1 1 1000000000 -1000000000 0 4 1 1 1 64",
    "rfp": "1 1 1000000000 -1000000000 0 4 1 1 1 64",
    "rp": "1 1 3600 -3600 0.1 4 1 3 1 64",
    "samplename": "2 2 8 0 0 2 1 9 1 64",
    "seqfil": "2 2 8 0 0 2 1 11 1 64",
    "sfrq": "1 1 1000000000 0 0 2 1 11 1 64",
    "srate": "7 1 32767 0 1 2 1 1 1 64",
    "sw": "1 1 5 5 5 2 1 8203 1 64",
    "time_complete": "2 2 8 0 0 4 1 0 1 64",
    "tn": "2 2 4 0 0 2 1 8 1 64",
    "tof": "5 1 7 7 7 2 1 8202 1 64",
}


def parameters(fid: Fid) -> dict[str, Any]:
    """Values of the parameters."""
    carrier_hz = (fid.carrier_mhz - fid.zero_mhz) * 1e6
    rfp_hz = fid.reference_ppm * fid.zero_mhz
    return {
        "arraydim": 1,
        "array": "",
        "at": len(fid.points) * fid.dwell_s,
        "comment": NOTICE,
        "console": "SIMULATED",
        "ct": fid.scans,
        "d1": 2,
        "date": "Jan  1 2000",
        "dfrq": 399.48,
        "dn": "H1",
        "lb": 0,
        "lp": 0,
        "np": 2 * len(fid.points),
        "nt": fid.scans,
        "pw": 5.7,
        "pw90": 5.7,
        "reffrq": fid.zero_mhz,
        "rfl": fid.width_hz / 2.0 + rfp_hz - carrier_hz,
        "rfp": rfp_hz,
        "rp": 0,
        "samplename": fid.sample,
        "seqfil": fid.pulse_program,
        "sfrq": fid.carrier_mhz,
        "srate": round(fid.spinning_hz),
        "sw": fid.width_hz,
        "time_complete": "20000101T000000",
        "tn": "Na23",
        "tof": 0,
    }


def format_procpar(values: dict[str, Any]) -> bytes:
    """Text of procpar: name and codes, number of values and values, number of permitted values (none)."""
    lines = []
    for name, value in values.items():
        shown = f'"{value}"' if isinstance(value, str) else f"{value:.12g} "
        lines += [f"{name} {CODES[name]}", f"1 {shown}", "0 "]
    return ("\n".join(lines) + "\n").encode("ascii")


def format_fid(fid: Fid) -> bytes:
    """Bytes of the binary file, one block, one trace."""
    conjugate = np.conj(fid.points)
    numbers = np.column_stack([conjugate.real, conjugate.imag]).astype(">f4").tobytes()
    file_header = struct.pack(">6l2hl", 1, 1, 2 * len(fid.points), 4, len(numbers), len(numbers) + 28, 0, STATUS, 1)
    block_header = struct.pack(">4hl4f", 0, STATUS, 1, 0, fid.scans, 0.0, 0.0, 0.0, 0.0)
    return file_header + block_header + numbers


def format_directory(fid: Fid) -> dict[str, bytes]:
    """Bytes of the three files by name."""
    text = f"{fid.sample}\n{NOTICE}\n".encode("ascii")
    return {"fid": format_fid(fid), "procpar": format_procpar(parameters(fid)), "text": text}
