"""Measured spectra and synthetic ones for the Raman tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ntcspec.raman.noise import point_noise
from ntcspec.readers.raman import read_raman
from ntcspec.types import Array
from ntcspec.types.raman import RamanScan

LN2_4 = 4.0 * np.log(2.0)


def load(data_folder: Path, name: str) -> tuple[RamanScan, Array]:
    """A measured scan and the uncertainty of its points, shape (spectra, points)."""
    scan = read_raman(data_folder / "raman" / name, name)
    return scan, sigma_of(scan)


def sigma_of(scan: RamanScan) -> Array:
    return point_noise(
        scan.intensity, accumulations=scan.accumulations, exposure_s=scan.exposure_s, unit=scan.intensity_unit,
        treated=scan.baseline_subtracted,
    ).sigma  # fmt: skip


def scan_of(shift: Array, intensity: Array, **more: object) -> RamanScan:
    """A scan as a reader would give it."""
    y = np.atleast_2d(np.asarray(intensity, dtype=float))
    m = y.shape[0]
    fields: dict[str, object] = {
        "source": "x.txt", "format": "labspec", "format_evidence": "", "axis_evidence": "", "shift_cm1": shift,
        "intensity": y,
        "mean_intensity": y.mean(axis=0), "intensity_unit": "Cnt", "coordinate_names": ("X",) if m > 1 else (),
        "coordinate_units": ("µm",) if m > 1 else (), "coordinates": np.arange(m, dtype=float)[:, None] if m > 1 else np.zeros((m, 0)),
        "laser_nm": 532.0, "exposure_s": 10.0, "accumulations": 1.0, "spike_filter": "Off", "history": (), "keys": (),
        "values": (), "notes": (), "header": "",
    }  # fmt: skip
    return RamanScan(**(fields | more))  # type: ignore[arg-type]


def gauss(x: Array, centre: float, fwhm: float) -> Array:
    """Height 1."""
    return np.exp(-LN2_4 * ((x - centre) / fwhm) ** 2)


def lorentz(x: Array, centre: float, fwhm: float) -> Array:
    """Height 1."""
    return 1.0 / (1.0 + 4.0 * ((x - centre) / fwhm) ** 2)
