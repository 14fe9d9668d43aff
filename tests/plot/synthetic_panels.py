"""Small artifacts made of sinusoids, for the tests of the panels."""

from __future__ import annotations

from typing import Any

import numpy as np

from ntcspec.plot import KINDS, Entry
from ntcspec.types.exafs import ExafsReduced, ExafsTransformed, WaveletMap

LONG = "Na₀.₈Ta₀.₉Cl₅.₃ ball-milled 40 h, annealed at 473 K, batch 7"
EMPTY = np.zeros(0)


def reduced(r: float = 2.0, *, error: bool = True) -> ExafsReduced:
    """An edge at 9881 eV with a wiggle."""
    energy = np.arange(9700.0, 10700.0, 2.5)
    step = 0.5 + np.arctan((energy - 9881) / 2) / np.pi
    k = np.sqrt(0.2624682917 * np.maximum(energy - 9881, 0))
    mu = 0.8 * step * (1 + 0.1 * np.sin(2 * r * k) * np.exp(-0.02 * k**2))
    chi = np.sin(2 * r * np.arange(0, 14, 0.05))
    return ExafsReduced(
        mode="transmission",
        energy_ev=energy,
        mu=mu,
        mu_error=np.full_like(mu, 0.02) if error else EMPTY,
        pre_edge=0 * mu,
        post_edge=0 * mu + 0.8,
        norm=mu / 0.8,
        background=0 * mu,
        e0_ev=9881.0,
        edge_step=0.8,
        k_inv_ang=np.arange(0, 14, 0.05),
        chi=chi,
        chi_covariance=np.zeros((0, 0)),
        variant_names=(),
        variant_chi=np.zeros((0, chi.size)),
        shift_ev=np.zeros(1),
        shift_error_ev=np.zeros(1),
        weight=np.ones(1),
        chosen={},
        notes=(),
    )


def transformed(r: float = 2.0, *, kweight: float = 2.0, error: float = 0.1) -> ExafsTransformed:
    """One shell at `r`."""
    k, r_axis = np.arange(0, 14.01, 0.05), np.arange(0, 10, 0.03)
    chi = np.sin(2 * r * k) * np.exp(-(((k - 7) / 4) ** 2))
    magnitude = 1.5 * np.exp(-(((r_axis - r) / 0.3) ** 2))
    phase = 14 * (r_axis - r)
    return ExafsTransformed(
        kweight=kweight,
        k_inv_ang=k,
        chi_weighted=chi,
        window=np.where((k > 3) & (k < 12), 1.0, 0.0),
        r_ang=r_axis,
        chir_re=magnitude * np.cos(phase),
        chir_im=magnitude * np.sin(phase),
        chir_mag=magnitude,
        chir_mag_error=np.full_like(r_axis, error) if error else EMPTY,
        noise=0.1,
        chi_sigma=0.01,
        q_inv_ang=k,
        chiq_re=chi,
        chiq_mag=np.abs(chi),
        notes=(),
    )


def wavelet(r: float = 2.0, height: float = 1.0) -> WaveletMap:
    """One spot at (7, r)."""
    k, r_axis = np.arange(0, 14.01, 0.2), np.arange(0.5, 6.01, 0.1)
    spot = height * np.exp(-(((k[None, :] - 7) / 2) ** 2) - ((r_axis[:, None] - r) / 0.4) ** 2)
    return WaveletMap(
        family="cauchy",
        order=10.0,
        kweight=2.0,
        k_inv_ang=k,
        r_ang=r_axis,
        magnitude=spot,
        real=spot,
        imag=0 * spot,
        fwhm_k_inv_ang=3.7 / r_axis,
        fwhm_r_ang=0.3 * r_axis,
        notes=(),
    )


def entry(label: str = "A", r: float = 2.0, *, simulated: bool = False, **stages: Any) -> Entry:
    """An entry with all three artifacts."""
    artifacts = {"reduce": reduced(r), "transform": transformed(r), "wavelet": wavelet(r), **stages}
    return Entry(sample=label.casefold(), label=label, simulated=simulated, stages=artifacts)


def entries(number: int, *, long: bool = False, simulated: bool = False) -> list[Entry]:
    """That many entries with shells further and further out."""
    labels = [f"{LONG}{i}" if long else f"sample {i}" for i in range(number)]
    return [entry(label, 1.8 + 0.2 * i, simulated=simulated) for i, label in enumerate(labels)]


def missing(label: str = "B", reason: str = "below 3 sigma") -> Entry:
    """An entry without artifacts."""
    return Entry(sample=label.casefold(), label=label, simulated=False, stages={}, missing=reason)


def entries_of(kind: str, number: int, *, long: bool = False, simulated: bool = False) -> list[Entry]:
    """Entries that this kind of panel can draw."""
    import synthetic_xanes

    if KINDS[kind].series:
        return synthetic_xanes.series(number, long=long, simulated=simulated)
    make = synthetic_xanes.entries if kind.startswith("xanes.") else entries
    return make(number, long=long, simulated=simulated)
