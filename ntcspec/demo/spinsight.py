"""Directories as Spinsight, the program of Chemagnetics and Varian Infinity Plus spectrometers, writes them.

`data`: no header, big-endian 32-bit integers (floats if `proc` has datatype=1), the real parts of all points, then the
imaginary parts; not conjugated. `acq` acquisition, `acq_2` what changes while acquiring, `proc` processing: lines
key=value with a single `=`, units of one letter (s, u) attached to the number, as the converter of OpenVnmrJ
(src/bin/cmx.c) parses them. The shift axis is ((sf1 - rmp1) 10^6 + nu)/rmp1 + rmv1, rmp1 the frequency (MHz) of the
reference line, rmv1 its shift (ppm); the frequencies stand with 0.01 Hz.

The comment `com` of `acq`, which readers copy or ignore, says that the directory is simulated.
"""

from __future__ import annotations

import numpy as np

from ntcspec.demo.nmr_signal import Fid
from ntcspec.demo.series import NOTICE

DATE = "01/01/00"  # nothing was acquired, and the files may not depend on the day


def _number(value: float) -> str:
    """A decimal number without exponent and trailing zeros."""
    return f"{value:.8f}".rstrip("0").rstrip(".")


def _text(pairs: list[tuple[str, str]]) -> bytes:
    return "".join(f"{key}={value}\n" for key, value in pairs).encode("ascii")


def reference_mhz(fid: Fid) -> float:
    """Absolute frequency of the reference line (MHz)."""
    return fid.zero_mhz * (1.0 + fid.reference_ppm * 1e-6)


def _acq(fid: Fid) -> list[tuple[str, str]]:
    return [
        ("ppfn", fid.pulse_program),
        ("al", f"{len(fid.points)}"),
        ("dw", f"{_number(fid.dwell_s)}s"),
        ("aqtm", f"{_number(len(fid.points) * fid.dwell_s)}s"),
        ("na", f"{fid.scans}"),
        ("pd", "2s"),
        ("rg", "100"),
        ("gain", "40"),
        ("ch1", "1"),
        ("sf1", f"{fid.carrier_mhz:.8f}"),
        ("sf2", "399.48000000"),
        ("pw90X", "5.7u"),
        ("speed", f"{fid.spinning_hz / 1000.0:.3f}kHz"),
        ("temp", "25"),
        ("com", f"{fid.sample}. {NOTICE}"),
    ]


def format_directory(fid: Fid) -> dict[str, bytes]:
    """Bytes of the four files by name."""
    channels = np.concatenate([fid.points.real, fid.points.imag])
    acq_2 = [("ac", f"{fid.scans}"), ("use_array", "0"), ("start_date", DATE), ("end_date", DATE)]
    proc = [
        ("current_size1", f"{len(fid.points)}"),
        ("current_size2", "1"),
        ("domain1", "0"),
        ("datatype", "1" if fid.float_data else "0"),
        ("rmp1", f"{reference_mhz(fid):.8f}"),
        ("rmv1", f"{fid.reference_ppm:g}"),
        ("rmvunits1", "1"),
        ("em_lb1", "0"),
    ]
    return {
        "data": channels.astype(">f4" if fid.float_data else ">i4").tobytes(),
        "acq": _text(_acq(fid)),
        "acq_2": _text(acq_2),
        "proc": _text(proc),
    }
