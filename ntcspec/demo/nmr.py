"""The simulated 23Na NMR measurements: phases -> lines -> echoes -> Spinsight and Varian directories, and the truth.

9.4 T (105.67 MHz), 12 kHz magic angle spinning, rotor-synchronised echoes of the milled samples, of NaCl, and one
decay of 1 M NaCl(aq), the reference: +0.04 ppm on the scale whose zero is 0.1 M NaCl in D2O at infinite dilution.

Values and what they rest on:
- Crystal: one site, CQ 0.9 MHz, eta 0.6. Glass: Czjzek, sigma 0.6 MHz as ssNake and DMFit define it (0.3 MHz in
  mrsimulator), rms PQ 1.34 MHz. Point charges in the structure models of the demo give rms PQ 0.6 to 1.5 MHz in the
  crystal (mean eta 0.6) and 0.8 to 2.5 MHz in the glass, depending on the charges and the antishielding, always more
  in the glass; the numbers used lie within, and the ratio 1.4 at the low end. They do not follow from the structure
  model of the other instruments.
- delta_iso is -9.0 ppm in BOTH phases. The number puts the lines near -11 ppm, where lines of such chlorides were
  reported; that it is the same is an assumption, so that whatever moves from sample to sample is the quadrupolar shift
  and the mixing, and no change of shielding is put in. The glass has shifts spread by 1 ppm (standard deviation).
- Solid NaCl: 7.2 ppm, no quadrupolar coupling. Its share of the signal in the milled samples is invented.
- Every Na counts alike in the central transition (ideal excitation). Satellites are excited with a fifth of their
  ideal intensity and make first-order sidebands up to the fourth.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ntcspec.demo import nmr_lines, spinsight, varian
from ntcspec.demo.nmr_lines import Lines
from ntcspec.demo.nmr_signal import Component, Fid, Timing, clean, deposit_frequencies, digitise
from ntcspec.demo.series import GLASS, NOTICE, SERIES, Made

Array = npt.NDArray[np.float64]

CARRIER_MHZ, ZERO_MHZ = 105.67, 105.6697  # receiver; 0 ppm
NU0_HZ = ZERO_MHZ * 1e6
SPINNING_HZ = 12000.0
DWELL_S, POINTS, REFERENCE_POINTS = 1e-5, 2048, 8192
START_S = 20e-6  # first point after the second pulse
GROUP_POINTS = 3  # delay of the digital filter, in points
T2_S, REFERENCE_T2_S = 0.015, 0.016
DELTA_ISO_PPM, NACL_PPM, REFERENCE_PPM = -9.0, 7.2, 0.04
CQ_HZ, ETA, SIGMA_HZ = 0.9e6, 0.6, 0.6e6
CRYSTAL_HZ, NACL_HZ, REFERENCE_HZ = 120.0, 90.0, 2.0  # Gaussian FWHM
GLASS_SPREAD_PPM = 1.0
SATELLITES = 1.5 * 0.2  # ideal intensity relative to the central transition, times excitation
ORDERS = range(-4, 5)
FULL_SCALE = 4.0e6
VARIAN_STEM, FLOAT_STEM, REFERENCE_STEM = "NTC-6h", "NTC-36h", "NaCl-aq"
REFERENCE_NAME = "1 M NaCl(aq)"


@dataclass(frozen=True)
class Run:
    """How one sample was measured.

    nacl: its share of the signal. tau_rotor: rotor periods before the refocusing pulse, 0 for one pulse. noise:
    standard deviation of one channel of a point, the top of the echo being 1.
    """

    nacl: float
    phase_deg: float
    tau_rotor: int
    noise: float
    scans: int = 2048


RUNS = {
    "NaCl": Run(1.0, 24.0, 4, 0.003, 64),
    "NTC-annealed": Run(0.02, 37.0, 8, 0.004),
    "NTC-6h": Run(0.05, -61.0, 8, 0.004),
    "NTC-26h": Run(0.04, 112.0, 6, 0.005),
    "NTC-36h": Run(0.03, 8.0, 8, 0.005),
    "NTC-40h": Run(0.02, -143.0, 4, 0.004),
}
REFERENCE_RUN = Run(0.0, 15.0, 0, 0.002, 16)
REFERENCE_TIMING = Timing(REFERENCE_POINTS, DWELL_S, float(GROUP_POINTS), GROUP_POINTS, REFERENCE_T2_S)

NOTE = (
    "SIMULATED by ntcspec demo; truth of the files beside it, for tests only. Shifts in ppm from 0.1 M NaCl in D2O, "
    "high frequency positive. cog: centre of gravity of the central transition, delta_iso + quadrupolar shift."
)
NOISE_NOTE = "standard deviation of each channel of a point, relative to the signal at the top of the echo"
SIGMA_NOTE = "sigma_mhz as in ssNake and DMFit: P ~ CQ^4 eta (1 - eta^2/9) exp(-CQ^2 (1 + eta^2/3)/(2 sigma^2))"


def offset_hz(shift_ppm: float) -> float:
    """Frequency of a shift relative to the carrier (Hz)."""
    return shift_ppm * ZERO_MHZ + (ZERO_MHZ - CARRIER_MHZ) * 1e6


def phase_spectrum(lines: Lines, shares: dict[int, float]) -> Array:
    """Central transition (area 1) and satellite sidebands of a phase at delta_iso, on the frequency grid."""
    centre = offset_hz(DELTA_ISO_PPM)
    total = deposit_frequencies(centre + lines.offset_hz2 / NU0_HZ, lines.weight, DWELL_S)
    for order, share in shares.items():
        frequency = centre + lines.satellite_hz2 / NU0_HZ + order * SPINNING_HZ
        total += SATELLITES * share * deposit_frequencies(frequency, lines.weight, DWELL_S)
    return total


def stick(shift_ppm: float) -> Array:
    """A single line of area 1."""
    return deposit_frequencies(np.array([offset_hz(shift_ppm)]), np.array([1.0]), DWELL_S)


def phases() -> dict[str, Component]:
    """Crystal, glass, solid NaCl and the solution, each with area 1 in the central transition."""
    site = (np.array([CQ_HZ]), np.array([ETA]), np.array([1.0]))
    crystal_shares = nmr_lines.sideband_shares(SPINNING_HZ, ORDERS, *site)
    glass_shares = nmr_lines.sideband_shares(SPINNING_HZ, ORDERS, *nmr_lines.czjzek_sites(SIGMA_HZ))
    spread_hz = GLASS_SPREAD_PPM * ZERO_MHZ * np.sqrt(8.0 * np.log(2.0))
    return {
        "crystal": Component(phase_spectrum(nmr_lines.single_site(CQ_HZ, ETA), crystal_shares), CRYSTAL_HZ, 1.0),
        "glass": Component(
            phase_spectrum(nmr_lines.czjzek(SIGMA_HZ), glass_shares), float(np.hypot(CRYSTAL_HZ, spread_hz)), 1.0
        ),
        "nacl": Component(stick(NACL_PPM), NACL_HZ, 1.0),
        "solution": Component(stick(REFERENCE_PPM), REFERENCE_HZ, 1.0),
    }


def sample_components(parts: dict[str, Component], glass: float | None, nacl: float) -> list[Component]:
    """The phases of a sample with their shares of the central transition."""
    shares = {"nacl": nacl}
    if glass is not None:
        shares |= {"crystal": (1.0 - nacl) * (1.0 - glass), "glass": (1.0 - nacl) * glass}
    return [Component(parts[n].spectrum, parts[n].gauss_hz, share) for n, share in shares.items() if share > 0.0]


def echo_timing(run: Run) -> Timing:
    """Top of the echo: tau - start after the first point, later by the delay of the filter."""
    top = (run.tau_rotor / SPINNING_HZ - START_S) / DWELL_S + GROUP_POINTS
    return Timing(POINTS, DWELL_S, top, GROUP_POINTS, T2_S)


def noise_free_line(components: list[Component]) -> dict[str, float]:
    """Maximum (ppm) and full width at half height (Hz) of the absorption line of a decay from the top on, no window."""
    size = 65536
    decay = clean(components, Timing(POINTS, DWELL_S, 0.0, 0, T2_S))
    decay[0] *= 0.5
    height = np.fft.fftshift(np.fft.fft(decay, size)).real
    frequency = np.fft.fftshift(np.fft.fftfreq(size, DWELL_S))
    above = frequency[height >= height.max() / 2.0]
    peak = float(frequency[np.argmax(height)])
    shift = (peak + (CARRIER_MHZ - ZERO_MHZ) * 1e6) / ZERO_MHZ
    return {"peak_ppm": round(shift, 3), "fwhm_hz": round(float(above[-1] - above[0]), 1)}


def quadrupolar_shift_ppm(pq_hz: float) -> float:
    """delta_QIS of the central transition of a spin 3/2, -25000 (PQ/nu0)^2 ppm."""
    return -25000.0 * (pq_hz / NU0_HZ) ** 2


def phase_truth() -> dict[str, Any]:
    """Parameters and centres of gravity of the phases."""
    pq_crystal, pq_glass = CQ_HZ * np.sqrt(1.0 + ETA**2 / 3.0), np.sqrt(5.0) * SIGMA_HZ
    return {
        "crystal": {
            "delta_iso_ppm": DELTA_ISO_PPM,
            "cq_mhz": CQ_HZ / 1e6,
            "eta": ETA,
            "pq_mhz": round(float(pq_crystal) / 1e6, 5),
            "cog_ppm": round(DELTA_ISO_PPM + quadrupolar_shift_ppm(float(pq_crystal)), 4),
            "gauss_fwhm_hz": CRYSTAL_HZ,
        },
        "glass": {
            "delta_iso_ppm": DELTA_ISO_PPM,
            "sigma_mhz": SIGMA_HZ / 1e6,
            "sigma_mrsimulator_mhz": SIGMA_HZ / 2e6,
            "sigma_convention": SIGMA_NOTE,
            "rms_pq_mhz": round(float(pq_glass) / 1e6, 5),
            "cog_ppm": round(DELTA_ISO_PPM + quadrupolar_shift_ppm(float(pq_glass)), 4),
            "shift_spread_ppm": GLASS_SPREAD_PPM,
            "gauss_fwhm_hz": CRYSTAL_HZ,
        },
        "nacl": {"delta_iso_ppm": NACL_PPM, "gauss_fwhm_hz": NACL_HZ},
    }


def timing_truth(timing: Timing) -> dict[str, float]:
    """Top of the echo, whole points to shift by, and what the rest means as a phase of first order."""
    whole = int(np.floor(timing.top_points + 0.5))
    rest = timing.top_points - whole
    return {
        "echo_top_points": round(timing.top_points, 6),
        "left_shift_points": whole,
        "rest_points": round(rest, 6),
        "first_order_phase_deg": round(360.0 * rest, 4),
        "group_points": timing.group_points,
        "t2_s": timing.t2_s,
    }


def measure(
    rng: np.random.Generator, components: list[Component], timing: Timing, run: Run, *, stem: str, sample: str
) -> Fid:
    """One measurement as the spectrometer stores it; no spinning and one pulse where there is no echo."""
    signal = clean(components, timing)
    points = digitise(rng, signal, timing, phase_deg=run.phase_deg, noise=run.noise, full_scale=FULL_SCALE)
    echo = run.tau_rotor > 0
    return Fid(
        points,
        DWELL_S,
        CARRIER_MHZ,
        ZERO_MHZ,
        sample=sample,
        pulse_program="solidecho" if echo else "onepulse",
        scans=run.scans,
        spinning_hz=SPINNING_HZ if echo else 0.0,
        reference_ppm=REFERENCE_PPM,
        float_data=stem == FLOAT_STEM,
    )


def sample_truth(components: list[Component], glass: float | None, run: Run) -> dict[str, Any]:
    """What an analysis of one sample should find."""
    found: dict[str, Any] = {"nacl_fraction": run.nacl, **noise_free_line(components)}
    if glass is not None:
        known = phase_truth()
        cog = (1.0 - glass) * known["crystal"]["cog_ppm"] + glass * known["glass"]["cog_ppm"]
        found |= {"glass": glass, "cog_ppm": round(cog, 4)}
    return found


def acquisition_truth(fid: Fid, timing: Timing, run: Run) -> dict[str, Any]:
    """How the points came about."""
    return {
        "phase_deg": run.phase_deg,
        "noise": run.noise,
        "points": len(fid.points),
        "pulse_program": fid.pulse_program,
        **timing_truth(timing),
    }


def make(resources: Path, seed: int, *, glass: str = GLASS) -> Made:
    """The simulated NMR data sets and the truth.

    `spinsight/<stem>` of the five milled samples, of NaCl and of the reference NaCl-aq; `varian/<stem>.fid` with the
    same points as one of them. `resources` is not read; `glass` names the structure model of the other instruments, the
    lines do not follow from it.
    """
    parts = phases()
    jobs = [
        (m.name, m.stem, sample_components(parts, m.glass, RUNS[m.stem].nacl), RUNS[m.stem], m.glass)
        for m in SERIES
        if m.stem in RUNS
    ]
    jobs.append((REFERENCE_NAME, REFERENCE_STEM, [parts["solution"]], REFERENCE_RUN, None))
    files: dict[str, bytes] = {}
    samples: dict[str, Any] = {}
    streams = np.random.SeedSequence(seed).spawn(len(jobs))
    for (name, stem, components, run, x), stream in zip(jobs, streams, strict=True):
        timing = echo_timing(run) if run.tau_rotor else REFERENCE_TIMING
        fid = measure(np.random.default_rng(stream), components, timing, run, stem=stem, sample=name)
        samples[name] = {"spinsight": f"spinsight/{stem}", **sample_truth(components, x, run)}
        files |= {f"spinsight/{stem}/{file}": data for file, data in spinsight.format_directory(fid).items()}
        if stem == VARIAN_STEM:
            files |= {f"varian/{stem}.fid/{file}": data for file, data in varian.format_directory(fid).items()}
            samples[name]["varian"] = f"varian/{stem}.fid"
        samples[name] |= acquisition_truth(fid, timing, run)
    reference = {**samples.pop(REFERENCE_NAME), "delta_iso_ppm": REFERENCE_PPM}
    truth = {
        "note": NOTE,
        "notice": NOTICE,
        "seed": seed,
        "structure_model": {"name": glass, "has_influence": False},
        "larmor_mhz": ZERO_MHZ,
        "carrier_mhz": CARRIER_MHZ,
        "carrier_ppm": round((CARRIER_MHZ / ZERO_MHZ - 1.0) * 1e6, 6),
        "dwell_s": DWELL_S,
        "spinning_hz": SPINNING_HZ,
        "sideband_spacing_ppm": round(SPINNING_HZ / ZERO_MHZ, 4),
        "noise": NOISE_NOTE,
        "phases": phase_truth(),
        "samples": samples,
        "reference": reference,
    }
    return Made(files, truth)
