"""Raw formats of total scattering: images, their geometry, and patterns that were integrated elsewhere.

`is_image` tells images from text by the first bytes. Images: TIFF, EDF, CBF, MAR and whatever else fabio knows, NeXus
and HDF5, numpy arrays (`images`, `frames`). Patterns: `pattern_header` tells the format, `pattern` reads it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ntcspec.readers.scattering.frames import read_image
from ntcspec.readers.scattering.images import is_image
from ntcspec.readers.scattering.pattern import PatternSpec, describe_pattern, read_pattern
from ntcspec.readers.scattering.poni import read_poni

__all__ = ["PatternSpec", "describe_scattering", "is_image", "read_image", "read_pattern", "read_poni"]


def describe_scattering(path: Path, source: str) -> list[str]:
    """How an image, a PONI file or a pattern would be read, and why: what `show` prints.

    Raises UserError where it is none of them.
    """
    if is_image(path, source):
        return _describe_image(path, source)
    if path.suffix.casefold() == ".poni":
        return _describe_poni(path, source)
    return describe_pattern(path, source)


def _describe_image(path: Path, source: str) -> list[str]:
    one = read_image([path], [source], "sample")
    rows, columns = one.pixels.shape
    low, middle, high = (float(f(one.pixels)) for f in (np.min, np.median, np.max))
    lines = [
        f"file        {source}",
        f"format      {one.format}: {one.format_evidence}",
        f"pixels      {rows} rows x {columns} columns of {one.pixels.dtype}, {one.frames} frame(s)",
        f"counts      {low:g} to {high:g}, median {middle:g}",
        f"full at     {one.saturation:g}" if np.isfinite(one.saturation) else "full at     not said",
        f"exposure    {one.exposure_s:g} s" if np.isfinite(one.exposure_s) else "exposure    not said",
    ]
    return lines + [f"note        {note}" for note in one.notes]


def _describe_poni(path: Path, source: str) -> list[str]:
    one = read_poni(path, source)
    lines = [
        f"file        {source}",
        f"format      PONI version {one.version}",
        f"detector    {one.detector} {one.detector_config}",
        f"distance    {1e3 * one.distance_m:g} mm, normal incidence at {1e3 * one.poni1_m:g}, {1e3 * one.poni2_m:g} mm",
        f"rotations   {', '.join(f'{np.degrees(r):.4g}' for r in (one.rot1_rad, one.rot2_rad, one.rot3_rad))} degrees",
        f"wavelength  {one.wavelength_ang:g} A" if np.isfinite(one.wavelength_ang) else "wavelength  not said",
    ]
    return lines + [f"note        {note}" for note in one.notes]
