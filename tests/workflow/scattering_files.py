"""Small made-up detector images and patterns of total scattering."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

WAVELENGTH, DISTANCE_M, PIXEL_M, SHAPE = 0.2095, 0.2, 1.6e-3, (256, 240)
CENTRE_M = (0.205, 0.190)
FIRST_ANG = 2.36


def poni(path: Path, *, distance: float = DISTANCE_M, shape: tuple[int, int] = SHAPE, wavelength: bool = True) -> None:
    config = f'{{"pixel1": {PIXEL_M}, "pixel2": {PIXEL_M}, "max_shape": {list(shape)}, "orientation": 3}}'
    lines = ["poni_version: 2.1", "Detector: Detector", f"Detector_config: {config}", f"Distance: {distance}"]
    lines += [f"Poni1: {CENTRE_M[0]}", f"Poni2: {CENTRE_M[1]}", "Rot1: 0", "Rot2: 0", "Rot3: 0"]
    lines += ["# MADE UP for a test", *([f"Wavelength: {1e-10 * WAVELENGTH}"] if wavelength else [])]
    path.write_text("\n".join(lines) + "\n")


def intensity(q: np.ndarray) -> np.ndarray:
    """NaTaCl6 with one shell of six Cl at 2.36 A around Ta, in electron units with Compton scattering."""
    from ntcspec.scattering.atoms import averages, compton, factors

    c = {"Na": 1 / 8, "Ta": 1 / 8, "Cl": 6 / 8}
    average, f = averages(c, q), factors(c, q)
    shell = 2 * c["Ta"] * 6 * f["Ta"] * f["Cl"] * np.sinc(q * FIRST_ANG / np.pi) * np.exp(-0.5 * (0.09 * q) ** 2)
    return average.squared_mean + shell + compton(c, q, wavelength_ang=WAVELENGTH, exponent=3)


def halo(q: np.ndarray) -> np.ndarray:
    """The empty container."""
    return 120.0 * np.exp(-(((q - 1.3) / 0.7) ** 2)) + 40.0 * np.exp(-q / 8.0)


def counts(kind: str, seed: int, *, stop: float = 0.0, factor: float = 1.0) -> np.ndarray:
    """Counts of 'sample' (in its container) or 'empty'; `stop`: radius of a beam stop, m."""
    rows, columns = ((np.arange(n) + 0.5) * PIXEL_M - c for n, c in zip(SHAPE, CENTRE_M, strict=True))
    radius = np.hypot(rows[:, None], columns[None, :])
    angle = np.arctan(radius / DISTANCE_M)
    q = np.maximum(4 * np.pi / WAVELENGTH * np.sin(angle / 2), 0.05)
    axis = np.linspace(0.05, 30, 6000)
    curve = halo(axis) + (intensity(axis) if kind == "sample" else 0.0)
    azimuth = np.arctan2(rows[:, None], columns[None, :])
    polarisation = 0.5 * (1.0 + np.cos(angle) ** 2 - 0.95 * np.cos(2.0 * azimuth) * np.sin(angle) ** 2)
    expected = factor * 12.0 * np.interp(q, axis, curve) * np.cos(angle) ** 3 * polarisation
    return np.random.default_rng(seed).poisson(np.where(radius < stop, 0.0, expected))


def tiff(path: Path, pixels: np.ndarray, kind: Any = np.int32) -> None:
    import fabio

    fabio.tifimage.TifImage(data=np.clip(pixels, None, np.iinfo(kind).max).astype(kind)).write(str(path))


def chi(path: Path, values: np.ndarray, *, unit: str = "Q (Inverse Angstroms)", axis: np.ndarray) -> None:
    """A pattern as Fit2D writes it."""
    lines = ["MADE UP for a test", unit, "Intensity", f"       {axis.size}"]
    path.write_text("\n".join([*lines, *(f" {x:.7E}  {y:.7E}" for x, y in zip(axis, values, strict=True))]) + "\n")
