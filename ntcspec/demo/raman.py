"""The simulated Raman spectra: bands -> counts -> LabSpec files, and the truth.

A confocal microscope, 532 nm, 1800 gr/mm, one window of 1024 pixels, powders behind a cover glass because they do not
bear air. With s the true shift, the mean counts of one exposure are

    y(s) = bias + T(s) [throughput B(s) + fluorescence(s) + wing(s) + halo(s)],

B the bands (`raman_bands`), T the edge filter. The file holds the mean of n exposures, so y has the standard deviation
sqrt(y/n): the detector counts photoelectrons one by one, and its read noise is neglected.

Assumptions:
- A milled sample is (1 - x) crystal + x glass, x its fraction of glass, the same scattering power per Ta. The bands of
  the glass are INVENTED (see the table); the structure model of the other instruments has no influence here.
- Throughput (focus, colour of the powder), fluorescence and halo differ from sample to sample by hand, in no relation
  to x: heights cannot be compared between files, ratios within one can.
- The displayed axis lies 1.3 cm-1 above the true one, as if the wavelength of the laser were not quite known; silicon,
  measured in the same session, shows it.
- Rayleigh wing: exponential in s. Halo: one broad Gaussian near 450 cm-1 (silicate glass). Edge filter: logistic.
- NaCl has no first-order Raman spectrum and gets no file; residual NaCl in the milled samples is invisible.
- One file has cosmic rays and was taken without the spike filter; one has a descending axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ntcspec.demo import labspec, raman_bands
from ntcspec.demo.raman_bands import Band
from ntcspec.demo.series import GLASS, NOTICE, SERIES, Made, Member

Array = npt.NDArray[np.float64]

LASER_NM = 532.0
PIXELS, FIRST_CM1 = 1024, 46.0  # the first pixel's true shift
PIXEL_NM = (0.01500, 0.01461)  # first and last step, as a genuine 1800 gr/mm file has them
AXIS_OFFSET_CM1 = 1.3  # displayed minus true
BIAS = 350.0
COUNTS_PER_AREA = 2.2e4  # counts of one exposure times cm-1
EDGE_CM1, EDGE_WIDTH_CM1 = 57.0, 2.5
WING, WING_CM1 = 900.0, 140.0
HALO_CM1, HALO_FWHM_CM1 = 450.0, 260.0
SPIKES, SPIKE_GAP = 6, 20
SPIKE_ON_BAND_CM1 = 372.0  # one cosmic ray hits the flank of A1g


@dataclass(frozen=True)
class Shot:
    """How one spectrum was taken. fluorescence: counts of one exposure at 0 and at 500 cm-1; halo: at its top."""

    throughput: float
    fluorescence: tuple[float, float]
    halo: float
    exposure_s: float = 10.0
    accumulations: int = 5
    filter_percent: float = 10.0
    spikes: bool = False
    descending: bool = False
    crlf_header: bool = False


SHOTS = {
    "TaCl5": Shot(1.00, (150.0, 180.0), 200.0, crlf_header=True),
    "NTC-annealed": Shot(0.95, (240.0, 300.0), 350.0),
    "NTC-6h": Shot(0.80, (420.0, 520.0), 300.0),
    "NTC-26h": Shot(0.90, (380.0, 430.0), 420.0, spikes=True),
    "NTC-36h": Shot(0.65, (500.0, 640.0), 380.0, descending=True),
    "NTC-40h": Shot(0.75, (450.0, 600.0), 330.0),
}
SILICON = Shot(1.8, (20.0, 20.0), 0.0, exposure_s=1.0, accumulations=3)

NOTE = (
    "SIMULATED by ntcspec demo; truth of the files beside it, for tests only. The bands of the glass are INVENTED. "
    "Shifts are true ones unless they are called shown; shown = true + axis_offset_cm1."
)
NOISE = "standard deviation of a point sqrt(y/accumulations), y the counts of the file without spikes"


def true_axis() -> Array:
    """True shift (cm-1) of the pixels, ascending: wavelength steps fall linearly along the detector."""
    first_nm = 1.0 / (1.0 / LASER_NM - FIRST_CM1 * 1e-7)
    wavelength_nm = first_nm + np.append(0.0, np.cumsum(np.linspace(*PIXEL_NM, PIXELS - 1)))
    return 1e7 / LASER_NM - 1e7 / wavelength_nm


def mean_counts(shift_cm1: Array, bands: Sequence[Band], shot: Shot) -> Array:
    """Counts of one exposure without noise and spikes, at true shifts."""
    at_0, at_500 = shot.fluorescence
    fluorescence = at_0 + (at_500 - at_0) * shift_cm1 / 500.0
    wing = WING * np.exp(-shift_cm1 / WING_CM1)
    halo = shot.halo * np.exp(-4.0 * np.log(2.0) * ((shift_cm1 - HALO_CM1) / HALO_FWHM_CM1) ** 2)
    passed = 1.0 / (1.0 + np.exp(-(shift_cm1 - EDGE_CM1) / EDGE_WIDTH_CM1))
    scattered = shot.throughput * COUNTS_PER_AREA * raman_bands.spectrum(shift_cm1, bands)
    return BIAS + passed * (scattered + fluorescence + wing + halo)


def cosmic_rays(rng: np.random.Generator, shift_cm1: Array, mean: Array, accumulations: int) -> list[dict[str, Any]]:
    """Spikes of one or two pixels, 15 to 80 standard deviations high, one on the flank of A1g, the others anywhere.

    Each is given by its pixels (counted from the low end of the axis) and the counts that it adds to the file.
    """
    places = [int(np.argmin(np.abs(shift_cm1 - SPIKE_ON_BAND_CM1)))]
    while len(places) < SPIKES:
        place = int(rng.integers(SPIKE_GAP, len(mean) - SPIKE_GAP))
        if min(abs(place - other) for other in places) > SPIKE_GAP:
            places.append(place)
    found = []
    for place in sorted(places):
        electrons = rng.uniform(15.0, 80.0) * np.sqrt(mean[place] * accumulations)
        shares = [1.0] if rng.random() < 0.5 else [1.0, rng.uniform(0.25, 0.6)]
        added = [float(np.rint(electrons * share)) / accumulations for share in shares]
        found.append({"pixels": list(range(place, place + len(added))), "counts_added": added})
    return found


def take(
    rng: np.random.Generator, bands: Sequence[Band], shot: Shot, *, title: str, sample: str
) -> tuple[labspec.Export, list[dict[str, Any]]]:
    """One file, and the cosmic rays in it."""
    shift = true_axis()
    mean = mean_counts(shift, bands, shot)
    counts = rng.poisson(mean * shot.accumulations) / shot.accumulations
    spikes = cosmic_rays(rng, shift, mean, shot.accumulations) if shot.spikes else []
    for spike in spikes:
        counts[spike["pixels"]] += spike["counts_added"]
        spike["shown_cm1"] = [round(float(shift[i]) + AXIS_OFFSET_CM1, 3) for i in spike["pixels"]]
    export = labspec.Export(
        title=title,
        sample=sample,
        shift_cm1=shift + AXIS_OFFSET_CM1,
        counts=counts,
        exposure_s=shot.exposure_s,
        accumulations=shot.accumulations,
        filter_percent=shot.filter_percent,
        spike_filter=labspec.FILTER_OFF if shot.spikes else labspec.FILTER_ON,
        descending=shot.descending,
        crlf_header=shot.crlf_header,
    )
    return export, spikes


def _listed(bands: Sequence[Band]) -> list[dict[str, Any]]:
    """The bands as the truth lists them."""
    return [
        {
            "shift_cm1": band.shift_cm1,
            "shown_cm1": round(band.shift_cm1 + AXIS_OFFSET_CM1, 3),
            "fwhm_cm1": band.fwhm_cm1,
            "area": round(band.area, 6),
            "assignment": band.assignment,
            "source": band.source,
        }
        for band in bands
    ]


def bands_of(member: Member, table: dict[str, tuple[Band, ...]]) -> tuple[Band, ...]:
    """The bands of one sample of the series."""
    if member.glass is None:
        return table[member.stem]
    return raman_bands.mix(table["crystal"], table["glass"], member.glass)


def make(resources: Path, seed: int, *, glass: str = GLASS) -> Made:
    """The LabSpec files `labram/<stem>.txt` and `labram/Si.txt`, and the truth.

    `glass` names the structure model of the other instruments; the bands here do not follow from it.

    Raises:
        UserError: the band table is missing or not what it was.
    """
    table = raman_bands.load_bands(resources / raman_bands.TABLE)
    members = [member for member in SERIES if member.stem in SHOTS]
    streams = np.random.SeedSequence(seed).spawn(len(members) + 1)
    files: dict[str, bytes] = {}
    samples: dict[str, Any] = {}
    jobs = [(m.name, m.stem, bands_of(m, table), SHOTS[m.stem]) for m in members]
    jobs.append(("silicon", "Si", table["silicon"], SILICON))
    for (name, stem, bands, shot), stream in zip(jobs, streams, strict=True):
        export, spikes = take(np.random.default_rng(stream), bands, shot, title=stem, sample=name)
        files[f"labram/{stem}.txt"] = labspec.format_export(export)
        samples[name] = {
            "file": f"labram/{stem}.txt",
            "bands": _listed(bands),
            "throughput": shot.throughput,
            "accumulations": shot.accumulations,
            "descending": shot.descending,
            "spikes": spikes,
        }
    for member in members:
        if member.glass is not None:
            samples[member.name] |= {"glass": member.glass, **raman_bands.noise_free(bands_of(member, table))}
    silicon = samples.pop("silicon")
    truth = {
        "note": NOTE,
        "notice": NOTICE,
        "seed": seed,
        "structure_model": {"name": glass, "has_influence": False},
        "laser_nm": LASER_NM,
        "axis_offset_cm1": AXIS_OFFSET_CM1,
        "instrument_fwhm_cm1": raman_bands.INSTRUMENT_CM1,
        "lorentz_share": raman_bands.LORENTZ_SHARE,
        "counts_per_area": COUNTS_PER_AREA,
        "noise": NOISE,
        "windows_cm1": {"a1g": list(raman_bands.A1G_CM1), "f2g": list(raman_bands.F2G_CM1)},
        "samples": samples,
        "calibration": silicon,
    }
    return Made(files, truth)
