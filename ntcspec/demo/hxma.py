"""Raw text files as the HXMA beamline of the Canadian Light Source writes them ("CLS Data Acquisition"), two dialects.

Dialect A: process variables tab separated in quotes, labels are macros that were not expanded, background event with
two slits. Dialect B: process variables separated by blanks, human labels in quotes among macros, background event
with slits and amplifier gains. Rows are the same in both: event, E set, E feedback, E achieved, diode, I0, I1, I2, k,
dwell (ms), ring current (mA); k is computed from E set and is zero up to the edge; E achieved repeats E feedback. The
line before the rows is the background event: dark time in 0.1 us (zero: none was measured), four darks, edge energy,
slits, gains.

Lines `# Simulation.*`, which a reader ignores, say that the file is simulated. In dialect B they stand before the
first line, where the CLS XASDB puts its own; in dialect A behind it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntcspec.demo.absorption import TA_L3_EV
from ntcspec.demo.counts import DETECTORS, Counts, Darks
from ntcspec.demo.feff import ETOK

Array = npt.NDArray[np.float64]

PVS = [
    "BL1606-ID-1:Energy",
    "MONO16061I1001:Energy:fbk",
    "MONO16061I1001:Energy:sp",
    *[f"BL1606-ID1:mcs0{i}:fbk" for i in range(3, 7)],
    "BL1606-ID-1:k",
    "BL1606-ID1:mcs:delay",
    "PCT1402-01:mA:fbk",
]
MACROS_A = [
    "$(AbsEnergyName)",
    "$(EnergyFeedback)",
    "$(EnergyAchieved)",
    *[f"$(Detector{i})" for i in range(1, 5)],
    "$(kName)",
    "$(acqDwellmSec)",
    "$(RingCurrent)",
]
LABELS_B = (
    '"BL1606-ID-1 Energy Setting" $(EnergyFeedback) $(EnergyAchieved) "Idiode" "I0" "I1" "I2" '
    '$(kName) "Delay between scans" "PCT for SR1"'
)
BACKGROUND_PVS = [
    *["BL1606-ID1:mcs:background"] * 2,
    "BL1606-ID-1:Energy:0",
    "PSL16062I1005:gap:mm",
    "PSL16062I1006:gap:mm",
]
BACKGROUND_MACROS_A = ["$(Background)[0]", "$(Background)[1-4]", "$(EdgeEnergy)", "$(XAFS_Slits_V)", "$(XAFS_Slits_H)"]
MORE_PVS_B = ["PSL16062I1021:gap", "PSL16062I1022:gap", *[f"Amp1606-2-I10-0{i}:gain:fbk" for i in range(1, 5)]]
BACKGROUND_LABELS_B = (
    '$(Background)[0] $(Background)[1-4] "Energy Base" $(XAFS_Slits_V) $(XAFS_Slits_H) '
    "$(XAFS_JJSlits_V) $(XAFS_JJSlits_H) $(XAFS_Amp1) $(XAFS_Amp2) $(XAFS_Amp3) $(XAFS_Amp4)"
)
SLITS_A = "5.0000, 5.0000"
SLITS_AND_GAINS_B = "1.6000, 7.5000, 0.200, 0.700, 1000000000, 10000000, 10000000, 10000000"


@dataclass(frozen=True)
class Scan:
    """What one file holds."""

    dialect: str  # 'A' or 'B'
    remarks: tuple[str, ...]  # 'Simulation.seed: 1' and the like
    energy_set_ev: Array
    energy_read_ev: Array
    dwell_s: Array
    counts: Counts
    darks: Darks


def energy_grid(k_max_inv_ang: float = 16.0) -> tuple[Array, Array]:
    """Energies (eV) and dwell times (s) of a scan, as in a genuine file.

    10 eV steps, then 0.5 eV from 30 below to 37 above the edge, 1 s each; then 0.05 1/A in k, 2 s each.
    """
    before = np.arange(TA_L3_EV - 200.0, TA_L3_EV - 30.0, 10.0)
    across = np.arange(TA_L3_EV - 30.0, TA_L3_EV + 37.25, 0.5)
    k_first = float(np.sqrt(ETOK * (across[-1] - TA_L3_EV))) + 0.05
    k = np.arange(k_first, k_max_inv_ang, 0.05)
    beyond = TA_L3_EV + np.append(k, k_max_inv_ang) ** 2 / ETOK
    energy = np.round(np.concatenate([before, across, beyond]), 3)
    dwell = np.where(np.arange(len(energy)) < len(before) + len(across), 1.0, 2.0)
    return energy, dwell


def _header_a(remarks: list[str]) -> list[str]:
    """Header lines of dialect A up to the background event."""

    def quoted(tag: str, words: list[str]) -> str:
        return "\t".join([tag, *[f'"{word}"' for word in words]])

    return [
        "# CLS Data Acquisition",
        *remarks,
        quoted("#(1)", ["Event-ID", *PVS]),
        quoted("#(1)", ["Event-ID", *MACROS_A]),
        quoted("#(2)", BACKGROUND_PVS),
        quoted("#(2)", BACKGROUND_MACROS_A),
    ]


def _header_b(remarks: list[str]) -> list[str]:
    """Header lines of dialect B up to the background event."""
    return [
        *remarks,
        "# CLS Data Acquisition",
        " ".join(["#(1) Event-ID", *PVS]),
        f"#(1) Event-ID {LABELS_B}",
        " ".join(["#(2)", *BACKGROUND_PVS, *MORE_PVS_B]),
        f"#(2) {BACKGROUND_LABELS_B}",
    ]


def format_scan(scan: Scan) -> str:
    """Text of the file.

    Raises:
        ValueError: dialect other than 'A' or 'B'.
    """
    if scan.dialect not in ("A", "B"):
        raise ValueError(f"no HXMA dialect {scan.dialect!r}")
    remarks = [f"# {remark}" for remark in scan.remarks]
    lines = _header_a(remarks) if scan.dialect == "A" else _header_b(remarks)
    slits = SLITS_A if scan.dialect == "A" else SLITS_AND_GAINS_B
    darks = ", ".join(str(n) for n in scan.darks.counts)
    time = f"{scan.darks.time_s * 1e7:g}"  # 0 or 1e+07, as C prints a double
    lines.append(f"# Background counts time={time}(x .1 microseconds), {darks}, {TA_L3_EV:.3f}, {slits}")
    k = np.sqrt(ETOK * np.maximum(scan.energy_set_ev - TA_L3_EV, 0.0))
    for i, (wanted, read) in enumerate(zip(scan.energy_set_ev, scan.energy_read_ev, strict=True)):
        signals = ", ".join(f"{scan.counts.detectors[name][i]:.2f}" for name in DETECTORS)
        row = f"1, {wanted:.3f}, {read:.3f}, {read:.3f}, {signals}, {k[i]:.4f}"
        lines.append(f"{row}, {scan.dwell_s[i] * 1000.0:.1f}, {scan.counts.ring_ma[i]:.6f}")
    return "\n".join([*lines, ""])
