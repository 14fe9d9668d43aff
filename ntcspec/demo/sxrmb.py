"""Raw text files as the SXRMB beamline of the Canadian Light Source writes them (Acquaman, general ASCII export).

Cells are TAB separated with a TAB at the end, a blank line follows the column line, numbers have six significant
digits as C's %g prints them. `EnergyFeedback.X` is the set point, `EnergyFeedback` the readback, `norm_X` is X divided
by BeamlineI0Detector. Regions are measured with both ends, so the energy where two meet stands twice.

Lines `# Simulation.*` stand before `# Scan:`, where the CLS XASDB puts lines of its own; a reader ignores them. The
date is a constant that no beam time has.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

DWELL_MS = 1000
ROI_HALF_EV = 100.0


@dataclass(frozen=True)
class Region:
    """Part of a scan: start, step, stop in eV."""

    start_ev: float
    step_ev: float
    stop_ev: float

    def energies(self) -> Array:
        """Set points, both ends included."""
        steps = round((self.stop_ev - self.start_ev) / self.step_ev)
        return np.round(self.start_ev + self.step_ev * np.arange(steps + 1), 2)


@dataclass(frozen=True)
class Scan:
    """What one file holds; counts are whole numbers below a million, which %g prints in full."""

    name: str
    number: int
    element: str
    line_ev: float
    remarks: tuple[str, ...]  # 'Simulation.seed: 1' and the like
    regions: tuple[Region, ...]
    energy_set_ev: Array
    energy_read_ev: Array
    i0: npt.NDArray[np.int64]
    tey: npt.NDArray[np.int64]
    fluorescence: npt.NDArray[np.int64]


def set_points(regions: tuple[Region, ...]) -> Array:
    """Set points (eV) of a scan; the end of a region and the start of the next both stand there."""
    return np.concatenate([region.energies() for region in regions])


def _header(scan: Scan) -> list[str]:
    """Header lines from the simulation remarks to the column line."""
    low, high = scan.line_ev - ROI_HALF_EV, scan.line_ev + ROI_HALF_EV
    line = f"{scan.element}Ka1"
    regions = [
        f"Start:\t{r.start_ev:g} eV\tStep: {r.step_ev:g} eV\tEnd:\t{r.stop_ev:g} eV\tTime: {DWELL_MS / 1000:g} s"
        for r in scan.regions
    ]
    columns = ["EnergyFeedback.X", "EnergyFeedback", "BeamlineI0Detector", "TEYDetector", "ScalerDwellTimeFeedback"]
    rest = [
        f"Scan: {scan.name} #{scan.number}",
        f"Date: 2000 01 01 00:{20 * (scan.number - 1):02d}:00",
        "Facility: CLS SXRMB Beamline",
        "",
        "Configuration of the Scan",
        "",
        f"Scanned Edge:\t{scan.element} K",
        "JJ Horizontal Gap:\t10 mm",
        "Focus position:\t3.5 mm",
        "7E detector distance:\t200 mm",
        "",
        "Regions Of Interest",
        f"{scan.element} Ka1\t{low:.2f} eV\t{high:.2f} eV",
        "",
        "",
        "Regions Scanned",
        *regions,
        "",
        "Endstation: Solid State",
        "Sample stage X:\t-3",
        "Sample stage Y:\t3.5",
        "Sample stage Z:\t134.5",
        "Sample stage R:\t-45",
        "",
        "",
        "",
        "-------------------------------------",
        "\t".join([*columns, line, f"norm_{line}", "norm_TEYDetector", ""]),
    ]
    return [f"# {text}" for text in [*scan.remarks, *rest]]


def format_scan(scan: Scan) -> str:
    """Text of the file.

    Raises:
        ValueError: a count has more than six digits, so that the printed ratio would not be the ratio as printed.
    """
    if max(int(scan.i0.max()), int(scan.tey.max()), int(scan.fluorescence.max())) > 999_999:
        raise ValueError(f"{scan.name} #{scan.number}: a count has more than six digits")
    lines = [*_header(scan), ""]
    rows = zip(scan.energy_set_ev, scan.energy_read_ev, scan.i0, scan.tey, scan.fluorescence, strict=True)
    for wanted, read, i0, tey, ka in rows:
        cells = [f"{wanted:g}", f"{read:g}", f"{i0:d}", f"{tey:d}", f"{DWELL_MS:d}", f"{ka:d}"]
        lines.append("\t".join([*cells, f"{ka / i0:g}", f"{tey / i0:g}", ""]))
    return "\n".join([*lines, ""])
