"""NMR spectra for tests: from a decay by a short Fourier transform, and from a model of sites with noise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from ntcspec.demo import nmr as demo
from ntcspec.nmr.decay import Grid
from ntcspec.nmr.fit import Data, evaluate
from ntcspec.nmr.sites import Nucleus, Site
from ntcspec.types import Array
from ntcspec.types.nmr import NmrReduced

ZERO_MHZ = 105.67
LORENTZIAN_HZ = 1.0 / np.pi / demo.T2_S  # of the demo's decay with T2
NACL = {"model": "gaussian", "shift_ppm": [5, 9]}
GLASS = {"model": "czjzek", "shift_ppm": [-20, 0]}
CRYSTAL = {"model": "quadrupolar", "shift_ppm": [-20, 0]}


def reduced(shift_ppm: Array, spectrum: Any, sigma: float, correlation: Array, **facts: Any) -> NmrReduced:
    """An artifact of `reduce` with usual facts."""
    known = {"larmor_mhz": ZERO_MHZ, "spinning_hz": 12000.0, "broadening_hz": 0.0, "nucleus": "23Na"} | facts
    return NmrReduced(
        shift_ppm=shift_ppm, real=np.real(spectrum).copy(), imaginary=np.imag(spectrum).copy(),
        baseline=np.zeros(shift_ppm.size), sigma=np.full(shift_ppm.size, sigma), noise_correlation=correlation,
        larmor_mhz=known["larmor_mhz"], spinning_hz=known["spinning_hz"], broadening_hz=known["broadening_hz"],
        gaussian_hz=0.0, nucleus=known["nucleus"], reference_compound="1 M NaCl(aq)", reference_ppm=0.04,
        reference_method="given", reference_error_ppm=0.02, phase0_deg=0.0, phase1_deg=0.0, pivot_ppm=0.0,
        echo_points=float("nan"), chosen={}, notes=(),
    )  # fmt: skip


def transform(
    points: Any, dwell_s: float, noise: float, *, carrier_mhz: float, zero_mhz: float, rest: float = 0.0,
    broadening_hz: float = 0.0, zero_fill: int = 2, **facts: Any,
) -> NmrReduced:  # fmt: skip
    """Spectrum of a decay that starts `rest` of a point after the first one (negative: before)."""
    n = 1 << int(np.ceil(np.log2(points.size * zero_fill)))
    window = np.exp(-np.pi * broadening_hz * np.arange(points.size) * dwell_s)
    decay = points * window
    decay[0] *= 0.5 - rest
    frequency = (np.arange(n) - n // 2) / (n * dwell_s)
    spectrum = np.fft.fftshift(np.fft.fft(decay, n)) * np.exp(2j * np.pi * frequency * rest * dwell_s)
    power = np.zeros(n)
    power[: points.size] = window**2
    correlation = np.fft.fft(power).real / power.sum()
    shift = ((carrier_mhz - zero_mhz) * 1e6 + frequency) / zero_mhz
    return reduced(shift, spectrum, noise * np.sqrt(power.sum()), correlation[:128], larmor_mhz=zero_mhz,
                   broadening_hz=broadening_hz, **facts)  # fmt: skip


def spinsight(folder: Path, **how: Any) -> tuple[NmrReduced, dict[str, Any]]:
    """A synthetic Spinsight echo with its truth; the place and the phase of the echo are taken from the truth."""
    truth = json.loads((folder / "truth.json").read_text())
    raw = np.fromfile(folder / "data", ">i4").astype(float)
    echo = raw[: raw.size // 2] + 1j * raw[raw.size // 2 :]
    noise = float(np.std(raw[raw.size // 2 - 400 : raw.size // 2]))
    points = echo[truth["echo_top_point"] :] * np.exp(-1j * np.deg2rad(truth["zero_order_phase_deg"]))
    zero = 105.67000423 * (1.0 - 0.04e-6)  # rmp1 stands for rmv1 = 0.04 ppm
    return transform(points, 2e-5, noise, carrier_mhz=105.67, zero_mhz=zero, **how), truth


def demo_sample(stem: str, glass: float, *, seed: int = 7, **changes: Any) -> NmrReduced:
    """A sample of the demo study; changes: delta_iso_ppm of both phases."""
    run = demo.RUNS[stem]
    timing = demo.echo_timing(run)
    kept = demo.DELTA_ISO_PPM
    try:
        demo.DELTA_ISO_PPM = changes.get("delta_iso_ppm", kept)
        parts = demo.sample_components(demo.phases(), glass, run.nacl)
    finally:
        demo.DELTA_ISO_PPM = kept
    fid = demo.measure(np.random.default_rng(seed), parts, timing, run, stem=stem, sample=stem)
    top = int(np.floor(timing.top_points + 0.5))
    points = fid.points[top:] * np.exp(-1j * np.deg2rad(run.phase_deg))
    return transform(
        points, demo.DWELL_S, run.noise * demo.FULL_SCALE, carrier_mhz=demo.CARRIER_MHZ, zero_mhz=demo.ZERO_MHZ,
        rest=timing.top_points - top,
    )  # fmt: skip


def modelled(
    sites: list[tuple[Site, list[float]]], *, noise: float, rng: np.random.Generator, count: int = 2048,
    width_hz: float = 50000.0, broadening_hz: float = 0.0, spinning_hz: float = 12000.0,
) -> NmrReduced:  # fmt: skip
    """Absorption of sites (with [area, shape ...]) and noise as of a decay of count/2 points, filled with zeros."""
    step = width_hz / ZERO_MHZ / count
    grid = Grid(-step * (count // 2), step, count, ZERO_MHZ, broadening_hz)
    nothing = np.zeros(count)
    data = Data(grid, Nucleus(1.5, spinning_hz), 0, nothing, nothing + 1.0, np.ones(1))
    p = np.array([v for _, shape in sites for v in shape])
    clean = evaluate([site for site, _ in sites], "none", data, p)[0].sum(axis=0)
    made = transform(
        (rng.normal(size=count // 2) + 1j * rng.normal(size=count // 2)) * noise, 1.0 / width_hz, noise,
        carrier_mhz=ZERO_MHZ, zero_mhz=ZERO_MHZ, broadening_hz=broadening_hz, spinning_hz=spinning_hz,
    )  # fmt: skip
    return reduced(made.shift_ppm, clean + made.real + 1j * made.imaginary, float(made.sigma[0]),
                   made.noise_correlation, broadening_hz=broadening_hz, spinning_hz=spinning_hz)  # fmt: skip
