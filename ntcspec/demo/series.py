"""The sample series of the demo study, and what every simulated instrument hands over.

Milled samples mix two phases: crystalline NaTaCl6 (MD snapshots at 300 K) and one glass. Fractions of glass and
coherent domains were chosen by hand so that they grow and shrink with milling; no curve is drawn to follow a paper.
The samples differ in structure alone: every instrument sees the same fractions, domains and snapshots.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

GLASS = "gl4"  # bridged glass; "gl0", without bridges, is the negative control of the tests
NOTICE = "SIMULATED by ntcspec demo. This is no measurement and no beamline wrote this file."


@dataclass(frozen=True)
class Member:
    """One sample of the series.

    name: as in config/samples.yaml. stem: start of its file names. glass: fraction of glass, 0 to 1 (None: no NaTaCl6).
    domain_ang: coherent domain of the crystalline part (Angstrom). milling_h: milling time (h), None if not milled.
    """

    name: str
    stem: str
    composition: dict[str, int]
    glass: float | None = None
    domain_ang: float | None = None
    milling_h: float | None = None


NTC = {"Na": 1, "Ta": 1, "Cl": 6}
SERIES = (
    Member("TaCl5", "TaCl5", {"Ta": 1, "Cl": 5}),
    Member("NaCl", "NaCl", {"Na": 1, "Cl": 1}),
    Member("NTC annealed", "NTC-annealed", NTC, 0.0, 300.0, 6.0),
    Member("NTC 6 h", "NTC-6h", NTC, 0.15, 120.0, 6.0),
    Member("NTC 26 h", "NTC-26h", NTC, 0.45, 70.0, 26.0),
    Member("NTC 36 h", "NTC-36h", NTC, 0.75, 45.0, 36.0),
    Member("NTC 40 h", "NTC-40h", NTC, 0.95, 30.0, 40.0),
)


@dataclass(frozen=True)
class Made:
    """What one simulated instrument hands over: bytes by path below the target folder, and the truth for the tests."""

    files: dict[str, bytes]
    truth: dict[str, Any] = field(default_factory=dict)
