"""The samples of the demo study and how they are "measured": every physical input that is a choice stands here.

Assumptions:
- S02 = 0.88 for all, usual for a 5d L3 edge; FEFF's own zero of k is taken as E0 (no shift).
- E0 is 9881.0 eV for the foil (by definition of the edge energy) and 1.5 eV higher for Ta(V) chlorides: between the
  metal and the oxide, for which published scans show about 2.5 eV. The two chlorides have the same E0 and white line.
- White lines: areas and widths that give peak heights of about 2.6 (metal) and 2.4 edge steps (chloride), as
  published scans of the metal and the oxide show them. Empirical.
- Edge steps near 1 for samples and foil (foil 4 um, 16.65 g/cm3).
- The monochromator drifts between the two scans of a sample: the second reads 0.15 eV too high. Its readback scatters
  by 0.01 eV about the set value; the photons have the energy of the readback minus the drift.
"""

from __future__ import annotations

from dataclasses import dataclass

from ntcspec.demo.absorption import TA_L3_EV, Edge

S02 = 0.88
FEFF_E0_SHIFT_EV = 0.0
CLUSTER_ANG, RMAX_ANG = 7.0, 6.0
CHLORIDE = Edge(TA_L3_EV + 1.5, white_line_area_ev=20.5, white_line_fwhm_ev=6.2, white_line_ev=1.85)
METAL = Edge(TA_L3_EV, white_line_area_ev=18.5, white_line_fwhm_ev=4.9, white_line_ev=1.55)
TA_LATTICE_ANG = 3.3013
FOIL_G_CM2 = 4e-4 * 16.65
ENERGY_DRIFT_EV = (0.0, 0.15)  # reading minus true energy, one value a scan
READBACK_EV = 0.01
SCAN_S, FILL_S = 1800.0, 3600.0  # time from scan to scan; age of the ring fill at the first one


@dataclass(frozen=True)
class Sample:
    """One sample and its two files."""

    name: str
    cif: str
    composition: dict[str, int]
    edge_step: float
    dialect: str
    dark_time_s: float  # 0: no darks were measured, and the detectors have none
    dark_rates_per_s: tuple[float, float, float, float]

    @property
    def files(self) -> tuple[str, ...]:
        """File names, one a scan."""
        return tuple(f"{self.name}_TaL3_{i}.dat" for i in range(1, len(ENERGY_DRIFT_EV) + 1))


SAMPLES = (
    Sample("NaTaCl6", "NaTaCl6_P21c.cif", {"Na": 1, "Ta": 1, "Cl": 6}, 1.05, "A", 0.0, (0.0, 0.0, 0.0, 0.0)),
    Sample("TaCl5", "TaCl5_C2m_MODEL_P1.cif", {"Ta": 1, "Cl": 5}, 0.95, "B", 1.0, (2e4, 6e5, 4.5e5, 9e5)),
)
