"""Arrays of charts, each written once: base64 of float32, maps of 16-bit steps. report.js reads them again.

A chart names arrays instead of holding them:

    {"$": i}                  array i
    {"$": i, "plus": c}       array i plus c
    {"$": i, "ten": true}     10 to the power of array i
    {"loop": [i, j]}          array i, then array j backwards: the outline of a band; with "plus" as above

float32 holds seven digits: 0.001 eV at 10 keV. A map is stored in 65534 equal steps from its least to its largest
value; 65535 stands for 'no value'. The panel's .nxs holds all digits.
"""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from ntcspec.types import Array

STEPS, NOTHING = 65534, 65535


class Pool:
    """The arrays of one chart."""

    def __init__(self) -> None:
        self.arrays: list[dict[str, Any]] = []
        self._known: dict[bytes, int] = {}

    def add(self, values: Array) -> int:
        """The place of an array of any shape among the arrays."""
        data = np.asarray(values, dtype="<f4")
        return self._put(data, {"kind": "f4"}, data.shape)

    def add_map(self, values: Array) -> int:
        """The same for a map, shape (y, x), in steps."""
        good = np.isfinite(values)
        low = float(values[good].min()) if good.any() else 0.0
        step = (float(values[good].max()) - low) / STEPS if good.any() else 0.0
        steps = np.full(values.shape, NOTHING, dtype="<u2")
        steps[good] = np.rint((values[good] - low) / (step or 1.0))
        return self._put(steps, {"kind": "u2", "low": low, "step": step}, values.shape)

    def _put(self, data: Any, about: dict[str, Any], shape: tuple[int, ...]) -> int:
        key = data.tobytes() + repr((about, shape)).encode()
        if key not in self._known:
            self._known[key] = len(self.arrays)
            text = base64.b64encode(data.tobytes()).decode("ascii")
            self.arrays.append({**about, "shape": list(shape), "data": text})
        return self._known[key]
