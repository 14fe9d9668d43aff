"""Small artifacts made of sinusoids, for the tests of the panels."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from ntcspec.plot import KINDS, Entry
from ntcspec.types.exafs import ExafsReduced, ExafsTransformed, WaveletMap
from ntcspec.types.exafs_fit import ExafsFits, FittedModel
from ntcspec.types.study import Number, SampleNumbers

OTHERS = ("nmr", "raman", "scattering", "xanes")  # techniques with a module of their own
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


def fitted(name: str = "two", bic: float = 0.0, r: float = 2.0) -> FittedModel:
    """Two paths that make up one shell at `r`, fitted with a little misfit."""
    one, k = transformed(r), np.arange(3, 12, 0.05)
    parts = np.array([0.7 * one.chir_mag, 0.3 * one.chir_mag])
    wiggle = np.sin(2 * r * k)
    return FittedModel(
        name=name,
        definition={},
        parameters=("r1",),
        value=np.array([r]),
        u_noise=np.array([0.01]),
        u_misfit=np.array([0.0]),
        correlation=np.ones((1, 1)),
        at_bound=(),
        chi2=10.0,
        independent=12.0,
        reduced_chi2=1.1,
        r_factor=0.012,
        aic=bic,
        bic=bic,
        entries=("near", "far"),
        entry_chir_mag=parts,
        k_inv_ang=k,
        data_chi=1.05 * wiggle,
        model_chi=wiggle,
        r_ang=one.r_ang,
        data_re=1.05 * one.chir_re,
        data_mag=1.05 * one.chir_mag,
        model_re=one.chir_re,
        model_mag=one.chir_mag,
    )


def fits(
    r: float = 2.0, *, verdict: str = "two has the lowest BIC, under every variant", kweight: float = 2.0
) -> ExafsFits:
    """Two models, of which `two` is better."""
    return ExafsFits(
        metrics=(),
        notes=(),
        models=(fitted("one", 9.0, r), fitted("two", 0.0, r)),
        failed={"three": "more parameters than independent points"},
        best="two",
        verdict=verdict,
        kweight=kweight,
        range_ang=(1.2, 2.6),
        k_inv_ang=EMPTY,
        chi=EMPTY,
        chi_covariance=np.zeros((0, 0)),
        variant_names=(),
        variant_chi=np.zeros((0, 0)),
        setup={},
        tables=(),
    )


def numbers(r: float = 2.0) -> SampleNumbers:
    """A distance that grows with the milling time, with both uncertainties; the conductivity of some."""
    metrics = {
        "exafs.shell.r": Number(r, "angstrom", 0.03, 0.04, ""),
        "exafs.other.r": Number(r + 0.3, "angstrom", 0.03, np.nan, ""),
        "exafs.shell.n": Number(6.0, "1", 0.1, 0.2, ""),
        "exafs.lost.r": Number(np.nan, "angstrom", np.nan, np.nan, "below 3 sigma"),
    }
    properties = {
        "milling_time": Number(20 * (r - 1.7), "h", 0.5, 0.0, ""),
        "conductivity": Number(10 ** (-8 + 2 * (r - 1.8)), "S/cm", np.nan, 0.0, ""),
        "energy": Number(np.nan, "eV", np.nan, 0.0, "not stated"),
    }
    return SampleNumbers(metrics, properties)


def entry(label: str = "A", r: float = 2.0, *, simulated: bool = False, **stages: Any) -> Entry:
    """An entry with all artifacts."""
    artifacts = {"reduce": reduced(r), "transform": transformed(r), "wavelet": wavelet(r)}
    artifacts |= {"fit": fits(r), "table": numbers(r), **stages}
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
    if KINDS[kind].frames:
        found: list[Entry] = made_for(kind).entries(kind, number, long=long, simulated=simulated)
        return found
    if KINDS[kind].series:
        import synthetic_xanes

        return synthetic_xanes.series(number, long=long, simulated=simulated)
    make = made_for(kind).entries
    return make(number, long=long, simulated=simulated)


def made_for(kind: str) -> Any:
    """The module with synthetic artifacts of the technique of a kind."""
    technique = KINDS[kind].technique
    if KINDS[kind].frames:
        return import_module("synthetic_frames")
    return import_module(f"synthetic_{technique}" if technique in OTHERS else "synthetic_panels")
