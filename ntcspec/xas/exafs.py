"""The stages of the technique exafs behind one signature, for whoever runs them.

Order of stages: ingest (`ingest.py`), reduce, transform, wavelet, measure. Each function takes the results of earlier
stages by stage name and its parameters by keyword name; for `measure` these include the parameters of the transform
and of the wavelet under the keys 'transform' and 'wavelet'. Imports wait until a stage runs: only `reduce` needs
larch, `transform`, `wavelet` and `measure` need numpy alone (PyWavelets where such a family is asked for).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ntcspec.types import ExafsReduced, ExafsTransformed, Metrics, WaveletMap

Inputs = Mapping[str, Any]
Parameters = Mapping[str, Any]


def reduce(inputs: Inputs, parameters: Parameters) -> ExafsReduced:
    """inputs: 'ingest' (XasScans)."""
    from ntcspec.xas.reduce import reduce_exafs

    return reduce_exafs(inputs["ingest"], **parameters)


def transform(inputs: Inputs, parameters: Parameters) -> ExafsTransformed:
    """inputs: 'reduce' (ExafsReduced)."""
    from ntcspec.xas.fourier import transform_exafs

    return transform_exafs(inputs["reduce"], **parameters)


def wavelet(inputs: Inputs, parameters: Parameters) -> WaveletMap:
    """inputs: 'transform' (ExafsTransformed)."""
    from ntcspec.xas.wavelet import wavelet_exafs

    return wavelet_exafs(inputs["transform"], **parameters)


def measure(inputs: Inputs, parameters: Parameters) -> Metrics:
    """inputs: 'reduce', 'transform' and 'wavelet' (ExafsReduced, ExafsTransformed, WaveletMap)."""
    from ntcspec.xas.features import measure_exafs

    return measure_exafs(inputs["reduce"], inputs["transform"], inputs["wavelet"], **parameters)


STAGES: dict[str, Callable[[Inputs, Parameters], Any]] = {
    "reduce": reduce,
    "transform": transform,
    "wavelet": wavelet,
    "measure": measure,
}
