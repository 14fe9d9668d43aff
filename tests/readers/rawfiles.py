"""Raw files for tests, written as beamlines write them, and a short way to read them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ntcspec.errors import UserError
from ntcspec.readers import ColumnSpec, read_xas
from ntcspec.types import Array, XasScan

HXMA_PVS = (
    "BL1606-ID-1:Energy",
    "MONO16061I1001:Energy:fbk",
    "MONO16061I1001:Energy:sp",
    "BL1606-ID1:mcs03:fbk",
    "BL1606-ID1:mcs04:fbk",
    "BL1606-ID1:mcs05:fbk",
    "BL1606-ID1:mcs06:fbk",
    "BL1606-ID-1:k",
    "BL1606-ID1:mcs:delay",
    "PCT1402-01:mA:fbk",
)
HXMA_MACROS = (
    "$(AbsEnergyName)",
    "$(EnergyFeedback)",
    "$(EnergyAchieved)",
    "$(Detector1)",
    "$(Detector2)",
    "$(Detector3)",
    "$(Detector4)",
    "$(kName)",
    "$(acqDwellmSec)",
    "$(RingCurrent)",
)
HXMA_LABELS = (
    '"BL1606-ID-1 Energy Setting" $(EnergyFeedback) $(EnergyAchieved) "Idiode" "I0" "I1" "I2" $(kName) '
    '"Delay between scans" "PCT for SR1"'
)


def xdi(columns: Sequence[str], rows: Sequence[str], *fields: str, labels: str = "") -> str:
    """An XDI file: `columns` as 'energy eV', `rows` and `fields` as they stand in the file."""
    lines = ["# XDI/1.0 test", *(f"# Column.{n}: {name}" for n, name in enumerate(columns, 1))]
    lines += [f"# {field}" for field in fields]
    lines += ["# ///", "# a comment: Column.1: not a field", "# ---", *([f"# {labels}"] if labels else []), *rows]
    return "\n".join(lines) + "\n"


def transmission_rows(count: int = 20, start: float = 9800.0, step: float = 10.0) -> list[str]:
    """Rows of energy, i0 and itrans."""
    return [f"{start + step * i:.3f}  {1000 + i:.2f}  {500 + 2 * i:.2f}" for i in range(count)]


def hxma(dialect: str, values: Array, background: str = "0(x .1 microseconds), 0, 0, 0, 0") -> str:
    """An HXMA file; `values` has the ten columns behind the event id."""
    if dialect == "A":
        lines = [
            "# CLS Data Acquisition",
            "\t".join(["#(1)", '"Event-ID"', *(f'"{pv}"' for pv in HXMA_PVS)]),
            "\t".join(["#(1)", '"Event-ID"', *(f'"{macro}"' for macro in HXMA_MACROS)]),
        ]
    else:
        lines = [
            "# Publication.authors: Ada O'Neil, I0 I1",
            "# CLS Data Acquisition",
            " ".join(["#(1) Event-ID", *HXMA_PVS]),
            f"#(1) Event-ID {HXMA_LABELS}",
        ]
    lines += ["#(2) BL1606-ID1:mcs:background", f"# Background counts time={background}, 9881.000, 5.0, 5.0"]
    lines += ["1, " + ", ".join(repr(float(value)) for value in row) for row in values]
    return "\n".join(lines) + "\n"


def hxma_values(count: int = 20) -> Array:
    """Ten columns of an HXMA scan with counts that are easy to check; dwell 1000 ms, then 2000 ms."""
    i = np.arange(count, dtype=float)
    dwell = np.where(i < count / 2, 1000.0, 2000.0)
    achieved = 9800.0 + 10.0 * i + 0.004
    one = np.ones(count)
    return np.column_stack(
        [9800.0 + 10.0 * i, achieved, achieved, 5000 + i, 90000 + i, 40000 + i, 20000 + i, 0 * i, dwell, 200 * one]
    )


def write(folder: Path, content: str | bytes, name: str = "x.dat") -> Path:
    """`content` in a file, byte by byte."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(folder: Path, content: str | bytes, columns: ColumnSpec | None = None) -> XasScan:
    """Write and read; the source is 'x.dat'."""
    return read_xas(write(folder, content), "x.dat", columns)


def refusal(folder: Path, content: str | bytes, columns: ColumnSpec | None = None) -> UserError:
    """Write, read, and return the error that this must give."""
    path = write(folder, content)
    with pytest.raises(UserError) as caught:
        read_xas(path, "x.dat", columns)
    assert caught.value.fix, "an error must say the way out"
    return caught.value
