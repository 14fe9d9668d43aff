"""Text files as HORIBA LabSpec 6 exports one Raman spectrum.

`#Key=<TAB>value` lines in cp1252, then rows `shift<TAB>counts` with six significant digits. As in genuine files: keys
repeat (`Range`: first of the scan, then of the optics), the header ends with LF and the rows with CRLF within one file
(some versions write CRLF throughout), the axis descends with some detectors, `AxisType` and `AxisUnit` stand last, and
the counts are those of one exposure: the mean over the accumulations, so that they need not be integers and their
noise is smaller than their square root. The remark says that the file is simulated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntcspec.demo.series import NOTICE

Array = npt.NDArray[np.float64]

ENCODING = "cp1252"
DATE = "01.01.2000 00:00"  # readers want one; nothing was acquired, and the files may not depend on the day
FILTER_ON, FILTER_OFF = "Multiple accum.", "Off"


@dataclass(frozen=True)
class Export:
    """One spectrum and what LabSpec says of it.

    shift_cm1 as the spectrometer displays it, ascending; counts: mean of the accumulations, same shape.
    """

    title: str
    sample: str
    shift_cm1: Array
    counts: Array
    exposure_s: float
    accumulations: int
    filter_percent: float  # neutral density filter in the laser beam
    spike_filter: str = FILTER_ON
    descending: bool = False
    crlf_header: bool = False


def header(export: Export) -> list[tuple[str, str]]:
    """Keys and values in the order of a genuine file; keys repeat."""
    total_s = round(export.exposure_s * export.accumulations)
    return [
        ("Acq. time (s)", f"{export.exposure_s:g}"),
        ("Accumulations", f"{export.accumulations}"),
        ("Range", "Off"),
        ("Autofocus", "Off"),
        ("Macrospot", "Off"),
        ("AutoExposure", "Off"),
        ("Spike filter", export.spike_filter),
        ("Delay time (s)", "0"),
        ("Binning", "1"),
        ("Readout mode", "Signal"),
        ("DeNoise", "Off"),
        ("ICS correction", "Off"),
        ("Dark correction", "Off"),
        ("Inst. Process", "Off"),
        ("Detector Gain", "High Sensitivity"),
        ("Detector ADC", "20 kHz       "),
        ("Detector temperature (°C)", "-60.1"),
        ("Instrument", "LabRAM HR Evol"),
        ("Detector", "Synapse BIDD"),
        ("Objective", "x50_LWD"),
        ("Grating", "1800 gr/mm"),
        ("ND Filter", f"{export.filter_percent:g}%"),
        ("Laser (nm)", "532 "),
        ("Spectro (cm-¹)", f"{export.shift_cm1[len(export.shift_cm1) // 2]:.6g}"),
        ("Hole", "150.001"),
        ("Range", "Visible"),
        ("StageXY", "Marzhauser"),
        ("StageZ", "Marzhauser"),
        ("X (µm)", "0"),
        ("Y (µm)", "0"),
        ("Z (µm)", "0"),
        ("Full time(mm:ss)", f"{total_s // 60}:{total_s % 60:02d}"),
        ("Project", "SIMULATED"),
        ("Sample", export.sample),
        ("Site", ""),
        ("Title", export.title),
        ("Remark", NOTICE),
        ("Date", DATE),
        ("Acquired", f"{DATE}:00"),
    ]


AXES = (("AxisType[0]", "Intens"), ("AxisUnit[0]", "Cnt"), ("AxisType[1]", "Spectr"), ("AxisUnit[1]", "1/cm"))


def format_export(export: Export) -> bytes:
    """Bytes of the file."""
    newline = "\r\n" if export.crlf_header else "\n"
    lines = [f"#{key}=\t{value}{newline}" for key, value in header(export)]
    lines += [f"#{key}={value}{newline}" for key, value in AXES]
    order = slice(None, None, -1) if export.descending else slice(None)
    rows = zip(export.shift_cm1[order], export.counts[order], strict=True)
    lines += [f"{shift:.6g}\t{counts:.6g}\r\n" for shift, counts in rows]
    return "".join(lines).encode(ENCODING)
