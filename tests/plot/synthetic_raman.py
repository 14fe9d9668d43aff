"""Small Raman artifacts for the tests of the panels."""

from __future__ import annotations

from typing import Any

import numpy as np

from ntcspec.plot import Entry
from ntcspec.types import Array
from ntcspec.types.raman import BandFit, RamanMeasured, RamanReduced

EMPTY = np.zeros(0)
SHIFT = np.arange(70.0, 560.0, 0.5)


def line(x: Array, centre: float, fwhm: float) -> Array:
    return np.asarray(1.0 / (1.0 + 4.0 * ((x - centre) / fwhm) ** 2))


def reduced(fwhm: float = 8.0, *, height: float = 900.0, variants: int = 3) -> RamanReduced:
    """A1g and F2g lines on a background that other methods see otherwise."""
    bands = height * (line(SHIFT, 381, fwhm) + 0.5 * line(SHIFT, 176, fwhm))
    base = 400 + 0.2 * SHIFT
    one = bands[None, :]
    return RamanReduced(
        shift_cm1=SHIFT, shift_error_cm1=np.full_like(SHIFT, 0.3), measured_shift_cm1=SHIFT + 1.3,
        intensity=one + base, sigma=np.full_like(one, 8.0), baseline=base[None, :], corrected=one,
        mean_intensity=bands + base, mean_baseline=base, mean_corrected=bands,
        intensity_unit="counts", variant_names=tuple(f"method {i}" for i in range(variants)),
        variant_baseline=np.array([base + 10.0 * (i - 1) for i in range(variants)]).reshape(variants, SHIFT.size),
        spikes=0 * one, saturated=0 * one, coordinate_names=(), coordinate_units=(), coordinates=np.zeros((1, 0)),
        laser_nm=532.0, calibration="silicon", instrument_fwhm_cm1=float("nan"),
        instrument_fwhm_error_cm1=float("nan"), chosen={}, notes=(),
    )  # fmt: skip


def fit(name: str = "a1g", fwhm: float = 8.0, *, lines: int = 2, delta: float = 12.0) -> BandFit:
    x = np.arange(330.0, 450.0, 0.5)
    background = 20 + 0.01 * x
    parts = np.array([500 * line(x, 381, fwhm), 200 * line(x, 405, 3 * fwhm)][:lines]).reshape(lines, x.size)
    total = background + parts.sum(axis=0)
    compared = {str(n): {"bic": 100.0 + (0.0 if n == lines else delta)} for n in (0, 1, 2)}
    return BandFit(name, x, total + 5 * np.sin(x), np.full_like(x, 6.0), total, background, parts, compared)


def measured(*fits: BandFit) -> RamanMeasured:
    return RamanMeasured((), (), (), np.zeros((0, 0)), fits or (fit(),), ())


def entry(label: str = "A", fwhm: float = 8.0, *, simulated: bool = False, **stages: Any) -> Entry:
    artifacts = {"reduce": reduced(fwhm), "measure": measured(fit(fwhm=fwhm)), **stages}
    return Entry(label.casefold(), label, simulated, artifacts)


def entries(number: int, *, long: bool = False, simulated: bool = False) -> list[Entry]:
    """That many entries with lines that broaden."""
    from synthetic_panels import LONG

    labels = [f"{LONG}{i}" if long else f"sample {i}" for i in range(number)]
    return [entry(label, 8.0 + 3 * i, simulated=simulated) for i, label in enumerate(labels)]


def without_values(label: str) -> Entry:
    one = fit()
    bad = BandFit(one.name, one.shift_cm1, np.full_like(one.data, np.nan), *(getattr(one, n) for n in
                  ("data_error", "total", "background", "lines", "compared")))  # fmt: skip
    from dataclasses import replace

    nothing = replace(reduced(), mean_corrected=np.full_like(SHIFT, np.nan))
    return Entry(label.casefold(), label, False, {"reduce": nothing, "measure": measured(bad)})
