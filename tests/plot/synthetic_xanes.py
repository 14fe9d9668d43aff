"""Small XANES artifacts made of steps and lines, for the tests of the panels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from synthetic_panels import LONG

from ntcspec.plot import Entry
from ntcspec.types import Metric
from ntcspec.types.xanes import (
    Difference,
    Mark,
    Normalised,
    PeakFit,
    XanesMeasured,
    XanesReduced,
    XanesTransformed,
)
from ntcspec.types.xanes_series import XanesRank

EMPTY = np.zeros(0)
ENERGY = np.arange(1060.0, 1110.01, 0.25)


def line(energy: np.ndarray, centre: float, fwhm: float) -> np.ndarray:
    return np.exp(-4 * np.log(2) * ((energy - centre) / fwhm) ** 2)


def spectrum(mode: str = "fluorescence", *, shift: float = 0.0, white: float = 1.0, band: float = 0.1) -> Normalised:
    """A step at 1077 eV, a pre-edge at 1073 eV and lines a (1079 eV) and c (1090 eV); a band in per cent of norm."""
    e = ENERGY
    norm = 0.5 + np.arctan((e - 1077 - shift) / 0.8) / np.pi + 0.1 * line(e, 1073, 1.0)
    norm += white * line(e, 1079 + shift, 2.0) + 0.2 * line(e, 1090 + shift, 4.0)
    return Normalised(
        mode=mode,
        energy_ev=e,
        mu=0.5 * norm,
        mu_error=np.full_like(e, 0.01),
        pre_edge=0 * e,
        post_edge=0 * e + 0.5,
        norm=norm,
        norm_error=np.full_like(e, 0.02),
        norm_low=norm * (1 - band),
        norm_high=norm * (1 + 2 * band),
        flat=norm * 0.98,
        norm_measured=EMPTY,
        e0_ev=1077.0 + shift,
        edge_step=0.5,
        edge_step_error=np.nan,
        choice_names=("a", "b", "c"),
        choice_norm=np.array([norm * (1 - band), norm, norm * (1 + 2 * band)]),
        choice_edge_step=np.full(3, 0.5),
        shift_ev=np.zeros(1),
        shift_error_ev=np.zeros(1),
        weight=np.ones(1),
        chosen={},
        notes=(),
    )


def reduced(*spectra: Normalised) -> XanesReduced:
    """Fluorescence first, then total electron yield with a higher white line, unless given."""
    spectra = spectra or (spectrum(), spectrum("tey", white=1.4))
    return XanesReduced(spectra[0].mode, spectra, 0.0, np.nan, "", ())


def fit(lines: int = 2, *, bic: dict[str, Any] | None = None, error: bool = True, name: str = "pre_edge") -> PeakFit:
    """Lines at 1072.5 and 1074 eV on a slope, with a ripple that is not fitted."""
    e = np.arange(1069.0, 1076.01, 0.2)
    fine = np.linspace(e[0], e[-1], 141)

    def curves(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        baseline = 0.02 * (x - 1069)
        parts = np.array([0.1 * line(x, 1072.5 + 1.5 * i, 1.0) for i in range(lines)]).reshape(lines, x.size)
        return baseline + parts.sum(axis=0), baseline, parts

    total, baseline, parts = curves(e)
    return PeakFit(
        name=name,
        energy_ev=e,
        data=total + 0.01 * np.sin(5 * e),
        data_error=np.full_like(e, 0.01) if error else EMPTY,
        total=total,
        baseline=baseline,
        lines=parts,
        curve_ev=fine,
        curve_total=curves(fine)[0],
        curve_baseline=curves(fine)[1],
        curve_lines=curves(fine)[2],
        compared=bic if bic is not None else {"1": {"bic": 52.0}, "2": {"bic": 40.0}},
    )


MARKS = (
    Mark("a", "maximum", 1079.0, 1.9),
    Mark("b", "", np.nan, np.nan),
    Mark("c", "shoulder", 1090.0, 1.2),
)


def measured(*fits: PeakFit, marks: tuple[Mark, ...] = MARKS) -> XanesMeasured:
    """Features a and c found, b not; a fit of two lines unless given."""
    return XanesMeasured((), (), ("a", "b", "c"), np.zeros((0, 3)), marks, fits or (fit(),), ())


def transformed(standard: str = "salt", *, height: float = 0.3) -> XanesTransformed:
    """A derivative, and a difference with one bump."""
    norm, e = spectrum().norm, ENERGY
    bump = height * line(e, 1080, 3.0)
    one = Difference(standard, e, bump, np.full_like(e, 0.02), ("c",), bump[None] + 0.1, bump - 0.05, bump + 0.1)
    slope = np.gradient(norm, e)
    return XanesTransformed(
        mode="fluorescence",
        energy_ev=e,
        smooth_ev=0.4,
        smooth=norm,
        derivative=slope,
        derivative_error=np.full_like(e, 0.03),
        second=np.gradient(slope, e),
        second_error=EMPTY,
        noise=0.01,
        differences=(one,),
        notes=(),
    )


def entry(label: str = "A", shift: float = 0.0, *, simulated: bool = False, **stages: Any) -> Entry:
    """An entry with all three artifacts."""
    moved = tuple(replace(m, energy_ev=m.energy_ev + shift) for m in MARKS)
    both = (spectrum(shift=shift), spectrum("tey", shift=shift, white=1.4))
    artifacts = {"reduce": reduced(*both), "measure": measured(marks=moved), "transform": transformed(), **stages}
    return Entry(sample=label.casefold(), label=label, simulated=simulated, stages=artifacts)


def entries(number: int, *, long: bool = False, simulated: bool = False) -> list[Entry]:
    """That many entries with edges further and further up."""
    labels = [f"{LONG}{i}" if long else f"sample {i}" for i in range(number)]
    return [entry(label, 0.1 * i, simulated=simulated) for i, label in enumerate(labels)]


def without_values(label: str) -> Entry:
    """An entry whose artifacts hold NaN only."""
    nan = np.full_like(ENERGY, np.nan)
    hollow = replace(fit(), data=np.full_like(fit().data, np.nan))
    change = transformed()
    differences = tuple(replace(d, difference=nan) for d in change.differences)
    return entry(
        label,
        reduce=reduced(replace(spectrum(), norm=nan, flat=nan)),
        measure=measured(hollow),
        transform=replace(change, derivative=nan, differences=differences),
        rank=replace(ranked(), singular_values=np.full(5, np.nan), scores=np.full((5, 5), np.nan)),
    )


def ranked(samples: int = 5, *, noise: bool = True, known: bool = True) -> XanesRank:
    """Two components above the noise, of that many samples."""
    number = np.arange(1.0, samples + 1)
    values = 10.0 ** (1 - number)
    metric = Metric("rank", 2.0 if known else np.nan, "1", np.nan, 0.0, "", "" if known else "the noise is not known")
    x = np.arange(1.0, samples + 1)
    return XanesRank(
        metrics=(metric,),
        notes=(),
        energy_ev=ENERGY,
        samples=tuple(f"sample-{i}" for i in range(samples)),
        component=number,
        singular_values=values,
        noise_singular_values=np.where(number < samples, 0.03, np.nan) if noise else np.full(samples, np.nan),
        ind=np.full(samples, np.nan),
        significance=np.full(samples, np.nan),
        explained=values**2 / np.sum(values**2),
        components=np.zeros((samples, ENERGY.size)),
        scores=np.outer(x, 10.0 ** (1 - number)) * np.where(number % 2, 1, -1),
        choice_names=("a", "b"),
        choice_singular_values=np.array([0.9 * values, 1.2 * values]),
        candidates=(),
        targets=np.zeros((0, ENERGY.size)),
        projected=np.zeros((0, ENERGY.size)),
    )


def series(number: int, *, long: bool = False, simulated: bool = False) -> list[Entry]:
    """That many series."""
    labels = [f"{LONG}{i}" if long else f"series {i}" for i in range(number)]
    made = [
        replace(ranked(4 + i % 3), singular_values=ranked(4 + i % 3).singular_values * (1 + i)) for i in range(number)
    ]
    return [Entry(n.casefold(), n, simulated, {"xanes.rank": r}) for n, r in zip(labels, made, strict=True)]
