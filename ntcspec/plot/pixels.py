"""The pixels of a PNG, to compare two drawings of one panel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.image import imread
from numpy.typing import NDArray


def pixels(path: Path) -> NDArray[np.int64]:
    """Levels 0 to 255, shape (rows, columns, channels). Raises OSError or ValueError where it is no PNG."""
    image = imread(path, format="png")
    levels = np.rint(np.atleast_3d(image) * 255.0)
    return levels.astype(np.int64)
