"""How the samples of the series are "measured" at the Ta L3 edge: every physical input that is a choice stands here.

Assumptions:
- S02 = 0.88 for all, usual for a 5d L3 edge; FEFF's own zero of k is taken as E0 (no shift).
- E0 is 9881.0 eV for the foil (by definition of the edge energy) and 1.5 eV higher for Ta(V) chlorides: between the
  metal and the oxide, for which published scans show about 2.5 eV. All chlorides have the same E0 and white line.
- White lines: areas and widths that give peak heights of about 2.6 (metal) and 2.4 edge steps (chloride), as
  published scans of the metal and the oxide show them. Empirical.
- Edge steps near 1 for samples and foil (foil 4 um, 16.65 g/cm3).
- chi of a phase of NaTaCl6 is the mean over SITES Ta sites of each of three snapshots, drawn once and for all (not by
  the seed). Standard error of the mean, as rms of k^2 chi over 3-13 1/A: 0.062 of 0.48 (crystal), 0.057 of 0.56
  (glass); 4 % of the second-shell wavelet lobe of each. All mixtures share the two means.
- The monochromator drifts between the two scans of a sample: the second reads 0.15 eV too high. Its readback scatters
  by 0.01 eV about the set value; the photons have the energy of the readback minus the drift.
"""

from __future__ import annotations

from dataclasses import dataclass

from ntcspec.demo.absorption import TA_L3_EV, Edge
from ntcspec.demo.series import SERIES, Member

S02 = 0.88
FEFF_E0_SHIFT_EV = 0.0
CLUSTER_ANG, RMAX_ANG = 7.0, 6.0
SITES = {"crystal": 12, "glass": 20}  # a snapshot
SITE_STREAM = 1
TACL5_CIF = "TaCl5_C2m_MODEL_P1.cif"
CHLORIDE = Edge(TA_L3_EV + 1.5, white_line_area_ev=20.5, white_line_fwhm_ev=6.2, white_line_ev=1.85)
METAL = Edge(TA_L3_EV, white_line_area_ev=18.5, white_line_fwhm_ev=4.9, white_line_ev=1.55)
TA_LATTICE_ANG = 3.3013
FOIL_G_CM2 = 4e-4 * 16.65
ENERGY_DRIFT_EV = (0.0, 0.15)  # reading minus true energy, one value a scan
READBACK_EV = 0.01
SCAN_S, FILL_S = 1800.0, 3600.0  # time from scan to scan; age of the ring fill at the first one


@dataclass(frozen=True)
class Sample:
    """One sample of the series in the beam, and its two files.

    dark_time_s: 0 where no darks were measured, and then the detectors have none.
    """

    member: Member
    edge_step: float
    dialect: str = "A"
    dark_time_s: float = 0.0
    dark_rates_per_s: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)

    @property
    def files(self) -> tuple[str, ...]:
        """Paths below the target folder, one a scan."""
        return tuple(f"hxma/{self.member.stem}_TaL3_{i}.dat" for i in range(1, len(ENERGY_DRIFT_EV) + 1))

    @property
    def phases(self) -> dict[str, float]:
        """Share of the Ta atoms in each phase, those with none left out."""
        glass = self.member.glass
        shares = {"TaCl5": 1.0} if glass is None else {"crystal": 1.0 - glass, "glass": glass}
        return {name: round(share, 9) for name, share in shares.items() if share > 0.0}


_BY_NAME = {member.name: member for member in SERIES}
SAMPLES = (
    Sample(_BY_NAME["TaCl5"], 0.95, "B", 1.0, (2e4, 6e5, 4.5e5, 9e5)),
    Sample(_BY_NAME["NTC annealed"], 1.05),
    Sample(_BY_NAME["NTC 6 h"], 0.98),
    Sample(_BY_NAME["NTC 26 h"], 1.10),
    Sample(_BY_NAME["NTC 36 h"], 0.93),
    Sample(_BY_NAME["NTC 40 h"], 1.02),
)
