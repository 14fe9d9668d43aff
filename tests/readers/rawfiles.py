"""Raw files for tests, written as beamlines write them, and a short way to read them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ntcspec.demo import sxrmb as sxrmb_writer
from ntcspec.errors import UserError
from ntcspec.readers import ColumnSpec, read_xas
from ntcspec.types import Array
from ntcspec.types.xas import XasScan

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


SXRMB_PVS = (
    "BL1606-B1-1:Energy",
    "BL1606-B1-1:Energy:fbk",
    "BL1606-B1-1:mcs17:fbk",
    "BL1606-B1-1:mcs18:fbk",
    "BL1606-B1-1:mca:roi1",
    "PCT1402-01:mA:fbk",
)
SXRMB_LABELS = ("Energy Setting", "$(EnergyFeedback)", "I0", "TEY", "Cl Ka", "Ring current")
SXRMB_MACROS = ("$(AbsEnergyName)", "$(EnergyFeedback)", "$(Detector1)", "$(Detector2)", "$(Detector3)", "$(Ring)")


def sxrmb_dacq(labels: Sequence[str] = SXRMB_LABELS, rows: int = 20, background: str = "0") -> str:
    """An SXRMB file of the dacq library: set point and readback 0.03 eV apart, counts that are easy to check."""
    lines = [
        "# Sample.name: NaCl",
        "# CLS Data Acquisition",
        "# Tue Mar 10 14:02:11 2009",
        "\t".join(["#(1)", '"Event-ID"', *(f'"{pv}"' for pv in SXRMB_PVS)]),
        "\t".join(["#(1)", '"Event-ID"', *(f'"{label}"' for label in labels)]),
        f"# Background counts time={background}(x .1 microseconds), 7, 8, 9, 10, 2822.0",
    ]
    lines += [
        f"1, {2810 + i}.000, {2810 + i}.030, {90000 + i}.00, {4000 + 3 * i}.00, {500 + i}.00, 250.1"
        for i in range(rows)
    ]
    return "\n".join(lines) + "\n"


def bioxas(counts: Array, rates: Array | None = None, *, ring: str = "") -> str:
    """A BioXAS file as Acquaman writes XDI: Fe K, `counts` of shape (elements, rows), `rates` as ICR columns.

    ring: what column 1, labelled 'energy eV', holds; '' for the photon energy itself.
    """
    count, rows = counts.shape
    names = ["energy eV", "EnergyFeedback eV", "ScalerDwellTimeFeedback", "I0Detector", "I0Detector_DarkCorrect"]
    names += ["I1Detector_DarkCorrect", "I2Detector_DarkCorrect"]
    names += [f"FeKa1_spectra{n}_OutB_DarkCorrect" for n in range(1, count + 1)]
    names += [f"Ge32ElementICR{n}_OutB" for n in range(1, count + 1)] if rates is not None else []
    energy = 7000 + 5.0 * np.arange(rows)
    columns = [np.full(rows, float(ring)) if ring else energy, energy + 0.02, np.full(rows, 1000.0)]
    columns += [np.full(rows, 1100.0), np.full(rows, 1000.0), np.full(rows, 500.0), np.full(rows, 250.0)]
    columns += [*counts, *(rates if rates is not None else [])]
    lines = ["# XDI/1.0 Acquaman/1.0", "# Element.symbol: Fe", "# Element.edge: K", "# Beamline.name: BioXAS-Side"]
    lines += [f"# Column.{n}: {name}" for n, name in enumerate(names, 1)]
    lines += ["#/////", "# Scan: Fe foil", "#-----"]
    lines += ["\t".join(f"{value:.10g}" for value in row) for row in np.column_stack(columns)]
    return "\n".join(lines) + "\n"


def sxrmb(rows: int = 12) -> str:
    """A short SXRMB file of Acquaman."""
    wanted = np.arange(rows) + 2810.0
    i = np.arange(rows)
    scan = sxrmb_writer.Scan(
        name="x",
        number=1,
        element="Cl",
        line_ev=2622.0,
        remarks=(),
        regions=(sxrmb_writer.Region(2810.0, 1.0, 2810.0 + rows - 1),),
        energy_set_ev=wanted,
        energy_read_ev=wanted + 0.03,
        i0=700_000 - 11 * i,
        tey=400_000 + 1013 * i,
        fluorescence=90_000 + 37 * i,
    )
    return sxrmb_writer.format_scan(scan)


def sgm_dacq(rows: int = 12) -> str:
    """An older SGM file: commas, a background row."""
    pvs = ("BL1611-ID-1:Energy", "A1611-4-14:A:fbk", "A1611-4-15:A:fbk", "A1611-4-16:A:fbk", "PCT1402-01:mA:fbk")
    lines = ["# COMMENT", "# END COMMENT", f"#(1) Event-ID {' '.join(pvs)}", "#(2) Event-ID", "2, 0, 0"]
    return "\n".join(lines + [f"1, {1060 + i}, {1000 + i}, {2000 + i}, {3000 + i}, 250" for i in range(rows)]) + "\n"


def pf9809(rows: int = 12) -> str:
    """A short file of the Photon Factory, with dark counts."""
    lines = [
        "  9809     KEK-PF   NW10A",
        " Mono :   SI(111)       D=  3.13551 A    Initial angle=  9.25969 deg",
        f" NW10A     Transmission( 2)   Repetition=  1     Points=  {rows}",
        "  Angle(c)  Angle(o)    time/s  2  3",
        "      Mode         0         0  1  2",
        "    Offset         0         0  10.5  20.5",
    ]
    lines += [f"   {9.4 - 0.01 * i:.5f}   {9.4 - 0.01 * i:.5f}   1.00  {2000 + i}  {1000 + i}" for i in range(rows)]
    return "\n".join(lines) + "\n"


def spec(rows: int = 12) -> str:
    """A SPEC file of two scans."""
    lines = ["#F /data/foil", "#E 1700000000", ""]
    for number in (1, 2):
        lines += [f"#S {number} ascan  energy 9800 9900 20 1", "#N 3", "#L Energy  I0  It"]
        lines += [f"{9800 + 5 * i} {1000 + i} {500 + number}" for i in range(rows)] + [""]
    return "\n".join(lines) + "\n"


def athena(points: int = 12) -> str:
    """An Athena project of two groups."""
    lines = ["# Athena project file -- Demeter version 0.9.26", ""]
    for name in ("one", "two"):
        x = ",".join(f"'{9800 + 5 * k}'" for k in range(points))
        y = ",".join(f"'0.{k:02d}'" for k in range(points))
        args = f"'label','foil {name}','bkg_e0','9881.5','bkg_eshift','0.5','is_col','1','ln','1'"
        lines += [f"$old_group = '{name}';", f"@args = ({args});", f"@x = ({x});", f"@y = ({y});", "[record]", ""]
    return "\n".join([*lines, "@journal = ('it\\'s', undef);", "", "1;"]) + "\n"


def athena_json(points: int = 12) -> str:
    """The JSON flavour, one group."""
    x, y = [str(9800 + 5 * k) for k in range(points)], [f"0.{k:02d}" for k in range(points)]
    group = {"args": {"label": "foil", "bkg_e0": "9881.5"}, "x": x, "y": y}
    title = {"_____header1": "# Athena project file -- Demeter version 0.9.26"}
    return json.dumps({**title, "one": group, "_____order": ["one"]}, indent=0) + "\n"


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
