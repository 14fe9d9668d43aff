"""Decays and echoes with known truth, made from lines in time, sharing nothing with the transforms under test."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from ntcspec.readers.nmr import read_nmr
from ntcspec.types.nmr import NmrFid, NmrIngested, NmrReduced, NmrSpectrum

NAN = float("nan")
DWELL = 1e-5
ZERO, CARRIER = 105.6697, 105.67


def signal(
    n: int = 2048,
    *,
    lines: tuple[tuple[float, float, float], ...] = ((-1100.0, 400.0, 1.0), (800.0, 120.0, 0.1)),
    top: float = 0.0,
    t2: float = np.inf,
    phase_deg: float = 0.0,
    noise: float = 0.0,
    seed: int = 0,
    spinning: float = 12000.0,
    sidebands: float = 0.0,
) -> np.ndarray:
    """Lines (Hz from the carrier, Gaussian FWHM, amplitude) refocused at `top`, with a decay T2 that is not."""  # fmt: skip
    t = (np.arange(n) - top) * DWELL
    x = np.zeros(n, dtype=complex)
    for nu, width, amplitude in lines:
        core = np.exp(2j * np.pi * nu * t - (np.pi * width * t) ** 2 / (4 * np.log(2)))
        x += (
            amplitude
            * core
            * (1 + 2 * sidebands * (np.cos(2 * np.pi * spinning * t) + np.cos(4 * np.pi * spinning * t)))
        )
    x *= np.exp(-t / t2) * np.exp(1j * np.deg2rad(phase_deg))
    rng = np.random.default_rng(seed)
    return x + noise * (rng.standard_normal(n) + 1j * rng.standard_normal(n))


def fid_of(x: np.ndarray, **more: object) -> NmrFid:
    plain = {
        "source": "made up", "format": "spinsight", "format_evidence": "", "files": ("made up",), "time_s": np.arange(x.size) * DWELL,
        "real": x.real.copy(), "imaginary": x.imag.copy(), "orientation": "", "dwell_s": DWELL, "width_hz": 1 / DWELL,
        "carrier_mhz": CARRIER, "zero_mhz": ZERO, "zero_evidence": "made up", "nucleus": "23Na", "spinning_hz": 12000.0,
        "group_delay_points": 0.0, "scans": 1.0, "pulse_program": "onepulse", "keys": (), "values": (), "notes": (), "header": "",
    }  # fmt: skip
    return NmrFid(**{**plain, **more})  # type: ignore[arg-type]


def ingested(*fids: NmrFid, standard: NmrFid | None = None) -> NmrIngested:
    return NmrIngested(fids, (), (standard,) if standard else ())


def of_file(path: Path, name: str = "x") -> NmrIngested:
    one = read_nmr(path, name)
    return NmrIngested((one,), (), ()) if isinstance(one, NmrFid) else NmrIngested((), (one,), ())


def highest(one: NmrReduced, low: float = -np.inf, high: float = np.inf) -> float:
    """Shift of the highest point between two ends, by a parabola."""
    inside = np.flatnonzero((one.shift_ppm >= low) & (one.shift_ppm <= high))
    at = int(inside[np.argmax(one.real[inside])])
    a, b, c = one.real[at - 1 : at + 2]
    step = one.shift_ppm[1] - one.shift_ppm[0]
    return float(one.shift_ppm[at] + step * (a - c) / (2 * (a - 2 * b + c)))


def spectrum_of(real: np.ndarray, **more: object) -> NmrSpectrum:
    plain = {
        "source": "made up", "format": "jcampdx", "format_evidence": "", "files": ("made up",), "offset_hz": np.arange(real.size) * 10.0 - 5000,
        "real": real, "imaginary": np.full(real.size, NAN), "zero_mhz": ZERO, "zero_evidence": "made up", "observe_mhz": CARRIER,
        "nucleus": "23Na", "spinning_hz": NAN, "broadening_hz": NAN, "scans": 1.0, "pulse_program": "", "keys": (), "values": (),
        "notes": (), "header": "",
    }  # fmt: skip
    return NmrSpectrum(**{**plain, **more})  # type: ignore[arg-type]


def scaled(one: NmrFid, factor: float) -> NmrFid:
    return replace(one, real=one.real * factor, imaginary=one.imaginary * factor)
