"""Raw formats of total scattering: images, their geometry, and patterns that were integrated elsewhere.

`is_image` tells images from text by the first bytes. Images: TIFF, EDF, CBF, MAR and whatever else fabio knows, NeXus
and HDF5, numpy arrays (`images`, `frames`). Patterns: `pattern_header` tells the format, `pattern` reads it.
"""

from __future__ import annotations

from ntcspec.readers.scattering.frames import read_image
from ntcspec.readers.scattering.images import is_image
from ntcspec.readers.scattering.pattern import PatternSpec, describe_pattern, read_pattern
from ntcspec.readers.scattering.poni import read_poni

__all__ = ["PatternSpec", "describe_pattern", "is_image", "read_image", "read_pattern", "read_poni"]
