"""The crystal structures that spectra are computed from, as CIF: an analysis may ask FEFF what they would give."""

from __future__ import annotations

from pathlib import Path

from ntcspec.demo.series import NOTICE, Made

NAMES = ("NaCl_Fm-3m.cif", "NaTaCl6_P21c.cif", "TaCl5_C2m_MODEL_P1.cif")


def make(resources: Path, seed: int) -> Made:
    """structures/*.cif; there is nothing random in them."""
    notice = f"# {NOTICE}\n".encode()
    return Made({f"structures/{name}": notice + (resources / name).read_bytes() for name in NAMES})
