"""Small NMR artifacts for the tests of the panels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ntcspec.plot import Entry
from ntcspec.types import Array
from ntcspec.types.nmr import NmrFit, NmrLine, NmrMeasured, NmrReduced, NmrSideband

SHIFT = np.arange(-180.0, 180.0, 0.25)
NAN = float("nan")
SPACING = 113.6


def line(centre: float, fwhm: float, x: Array = SHIFT) -> Array:
    return np.asarray(1.0 / (1.0 + 4.0 * ((x - centre) / fwhm) ** 2))


def reduced(fwhm: float = 4.0, *, height: float = 900.0) -> NmrReduced:
    """A broad line, NaCl and two sidebands."""
    y = height * (line(-11, fwhm) + 0.1 * line(7.2, 1.0))
    y += height * 0.05 * (line(-11 - SPACING, fwhm) + line(-11 + SPACING, fwhm))
    return NmrReduced(
        shift_ppm=SHIFT, real=y, imaginary=0 * y, baseline=0 * y, sigma=np.full(SHIFT.size, 5.0),
        noise_correlation=np.ones(1), larmor_mhz=105.67, spinning_hz=12000.0, broadening_hz=50.0, gaussian_hz=0.0,
        nucleus="23Na", reference_compound="1 M NaCl(aq)", reference_ppm=0.04, reference_method="given",
        reference_error_ppm=0.02, phase0_deg=0.0, phase1_deg=0.0, pivot_ppm=0.0, echo_points=NAN, chosen={}, notes=(),
    )  # fmt: skip


def fit(name: str = "na", fwhm: float = 4.0, *, model: str = "both", delta: float = 12.0) -> NmrFit:
    x = SHIFT[(SHIFT > -60) & (SHIFT < 40)]
    sites = np.array([700 * line(-11, fwhm, x), 400 * line(-14, 2 * fwhm, x), 80 * line(7.2, 1.0, x)])
    background = np.full(x.size, 4.0)
    total = background + sites.sum(axis=0)
    compared = {one: {"bic": 100.0 + (0.0 if one == model else delta)} for one in ("both", "glass")}
    return NmrFit(
        name=name, model=model, decided=delta > 2, shift_ppm=x, data=total + 5 * np.sin(7 * x),
        data_error=np.full(x.size, 5.0), total=total, background=background, sites=sites,
        site_names=("crystal", "glass", "nacl"), site_models=("quadrupolar", "czjzek", "gaussian"), parameter_names=(),
        parameters=np.zeros(0), covariance=np.zeros((0, 0)), delta_iso_ppm=-9.0, quadrupole_shift_ppm=-2.0,
        shift_covariance=np.eye(2), choice_delta_iso_ppm=np.zeros(0), choice_quadrupole_shift_ppm=np.zeros(0),
        compared=compared,
    )  # fmt: skip


def measured(*fits: NmrFit, detected: bool = True) -> NmrMeasured:
    lines = (NmrLine("main", -30, 2, -11.0, 900.0, True), NmrLine("nacl", 5, 9, 7.2, 90.0, detected))
    bands = tuple(NmrSideband("main", n, -11 + n * SPACING, 10.0, 50.0, 1.0, True) for n in (-1, 1))
    return NmrMeasured((), (), (), np.zeros((0, 0)), 0.02, fits or (fit(),), lines, bands)


def entry(label: str = "A", fwhm: float = 4.0, *, simulated: bool = False, **stages: Any) -> Entry:
    artifacts = {"reduce": reduced(fwhm), "measure": measured(fit(fwhm=fwhm)), **stages}
    return Entry(label.casefold(), label, simulated, artifacts)


def entries(number: int, *, long: bool = False, simulated: bool = False) -> list[Entry]:
    """That many entries with a line that broadens."""
    from synthetic_panels import LONG

    labels = [f"{LONG}{i}" if long else f"sample {i}" for i in range(number)]
    return [entry(label, 4.0 + 1.5 * i, simulated=simulated) for i, label in enumerate(labels)]


def without_values(label: str) -> Entry:
    one = fit()
    nothing = replace(reduced(), real=np.full(SHIFT.size, np.nan))
    bad = replace(one, data=np.full(one.data.size, np.nan))
    return Entry(label.casefold(), label, False, {"reduce": nothing, "measure": measured(bad)})
