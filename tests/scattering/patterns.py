"""Made-up and measured I(Q) as the stage `reduce` hands them on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from gr_files import raw, to_q

from ntcspec.config.scattering_pdf import ScatteringTransform
from ntcspec.formula import fractions
from ntcspec.scattering.atoms import averages, compton
from ntcspec.scattering.transform import transform_scattering
from ntcspec.types.scattering import Part, ScatteringReduced
from ntcspec.types.scattering_pdf import ScatteringTransformed

EMPTY = np.empty(0)
LAB6_KEYS = {"dataformat": "twotheta", "wavelength": "0.270793"}
LAB6 = {"qmin_inv_ang": 0.8, "qmaxinst_inv_ang": 23.0, "qmax_inv_ang": 22.9, "rpoly_ang": 1.3}


def reduced(
    q: np.ndarray, sample: np.ndarray, sigma: np.ndarray = EMPTY, *, container: np.ndarray | None = None,
    container_sigma: np.ndarray = EMPTY, container_q: np.ndarray | None = None, wavelength_ang: float = 0.2095,
    factor: np.ndarray | None = None, factor_error: float = 0.0,
) -> ScatteringReduced:  # fmt: skip
    """Sample less container."""
    one = np.ones(q.size) if factor is None else factor
    parts = [Part("sample", "sample.xy", q, sample, sigma, one, 0.0)]
    total = one * sample
    if container is not None:
        at = q if container_q is None else container_q
        parts.append(Part("container", "empty.xy", at, container, container_sigma, -np.ones(at.size), factor_error))
        total = total - np.interp(q, at, container)
    return ScatteringReduced(q, total, EMPTY, tuple(parts), wavelength_ang, {}, ())


def lab6(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Q, sample and capillary of LaB6: (3, N) each of 2theta, I, sigma."""
    sample = raw(folder / "LaB6_0p4mm_011_av10_monitor.xye")
    return to_q(sample[0], LAB6_KEYS), sample, raw(folder / "0p4mm_capillary_018_av17_monitor.xye")


def shells(q: np.ndarray, formula: str, pairs: list[tuple[str, str, float, float, float]]) -> np.ndarray:
    """F(Q) of shells (a, b, neighbours b of a, distance, its standard deviation), weights that depend on Q."""
    c = fractions(formula, "test")
    from ntcspec.scattering.atoms import factors

    f = factors(c, q)
    mean = sum(c[e] * f[e] for e in c)
    total = np.zeros(q.size)
    for a, b, n, r, sd in pairs:
        weight = (2 - (a == b)) * c[a] * f[a] * f[b] / mean**2
        total += weight * n * np.sin(q * r) / r * np.exp(-0.5 * (sd * q) ** 2)
    return total


def counted(
    q: np.ndarray, f_q: np.ndarray, formula: str, *, scale: float = 3.0, wavelength_ang: float = 0.2095,
    constant: float = 0.0,
) -> np.ndarray:  # fmt: skip
    """I(Q) that F(Q) makes: coherent and Compton scattering in units of 1 / scale electron units."""
    c = fractions(formula, "test")
    average = averages(c, q)
    coherent = average.squared_mean + average.mean_squared * f_q / q
    return scale * (coherent + compton(c, q, wavelength_ang=wavelength_ang, exponent=3) + constant)


def transform(of: ScatteringReduced, formula: str, **given: Any) -> ScatteringTransformed:
    """The stage with the defaults of the config, and what is given."""
    return transform_scattering(of, composition=formula, **ScatteringTransform(**given).model_dump())
