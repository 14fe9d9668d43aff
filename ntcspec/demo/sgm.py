"""HDF5 files as the SGM beamline of the Canadian Light Source writes them today, as far as its reader tells.

The layout follows what sgmdata (Canadian-Light-Source/sgmdata, load.py) expects; no public raw file was found to
compare with. One group of class NXentry a pass; a dataset `command` whose second word names the axis; fly-scan arrays
of the same length, give or take less than 30; `sdd1` to `sdd4` (frames, 256 bins of 10 eV), `emission` (energies of
the bins, eV), `clock` (duration of each frame, s), `sample/name` padded by NUL. Frames do not lie on a grid. What
follows `eemscan en start stop` in `command` is a guess (the duration in s), as is that the arrays stand in the entry
itself.

The last frames of the SDDs are missing in one pass, which the reader's tolerance says to expect. All SDDs see the same
spectrum with different efficiency: the K line of the sample, elastic scattering, O K and C K of the tape, and a flat
background. At 1 keV the elastic peak overlaps the Na K line. Attributes `simulation` say that the file is simulated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

FRAME_S = 0.05
FRAMES = 300
START_EV, STOP_EV = 1060.0, 1110.0
ENCODER_EV = 0.015  # scatter of the encoder, which is what `en` holds
RAMP = 0.04  # share of the pass in which the monochromator accelerates, and slows down
BINS, BIN_EV = 256, 10.0
NAME_BYTES = 64
EFFICIENCY = (1.0, 0.82, 1.15, 0.93)
SHORT_PASS, MISSING_FRAMES = 1, 3
ELECTRON_EV, FANO, NOISE_EV = 3.65, 0.115, 21.0  # silicon: eV per pair, Fano factor, electronic noise (sigma)
TAPE_EV = ((277.0, 0.20), (525.0, 0.10))  # C K, O K and their counts over the edge step of the sample
FLAT = 0.02  # counts of the flat background over those of the edge step, spread over all bins


@dataclass(frozen=True)
class Pass:
    """One fly scan; all arrays (frames,), sdd (frames, 256) with frames possibly fewer."""

    en_ev: Array
    clock_s: Array
    i0: Counts
    tey: Counts
    pd: Counts
    sdd: tuple[npt.NDArray[np.uint16], ...]


def fly(rng: np.random.Generator) -> tuple[Array, Array]:
    """Energies (eV) and durations (s) of the frames of one pass: trapezoidal speed, encoder scatter, jitter."""
    clock = FRAME_S * (1.0 + 0.01 * rng.standard_normal(FRAMES))
    time = (np.cumsum(clock) - 0.5 * clock) / clock.sum()
    edge = RAMP * 0.5
    cruise = np.clip(time, RAMP, 1.0 - RAMP) - edge
    start = np.minimum(time, RAMP) ** 2 / (2.0 * RAMP) - edge
    end = edge - (1.0 - np.maximum(time, 1.0 - RAMP)) ** 2 / (2.0 * RAMP)
    way = (cruise + start + end) / (1.0 - RAMP)
    return START_EV + (STOP_EV - START_EV) * way + ENCODER_EV * rng.standard_normal(FRAMES), clock


def peak(centre_ev: Array) -> Array:
    """Share of the counts in each bin for lines at `centre_ev` (any shape); one more axis of 256 bins."""
    from scipy.special import ndtr

    sigma = np.sqrt(ELECTRON_EV * FANO * centre_ev + NOISE_EV**2)[..., None]
    edges = BIN_EV * (np.arange(BINS + 1) - 0.5)
    return np.diff(ndtr((edges - centre_ev[..., None]) / sigma), axis=-1)


def sdd_spectra(
    rng: np.random.Generator, energy_ev: Array, line_ev: float, line: Array, scatter: Array, step: float
) -> tuple[npt.NDArray[np.uint16], ...]:
    """Counts of the four SDDs, shape (frames, 256) each.

    line, scatter: mean counts per frame of the K line and of elastic scattering; step: those of the line's edge step.
    """
    mean = line[:, None] * peak(np.array(line_ev)) + scatter[:, None] * peak(energy_ev)
    mean = mean + step * FLAT / BINS
    for centre, share in TAPE_EV:
        mean = mean + step * share * peak(np.array(centre))
    return tuple(rng.poisson(mean * efficiency).astype(np.uint16) for efficiency in EFFICIENCY)


def format_file(name: str, passes: Sequence[Pass], remarks: dict[str, str]) -> bytes:
    """Bytes of the HDF5 file: no times in it, the same for the same input and the same HDF5 library."""
    import h5py

    buffer = BytesIO()
    with h5py.File(buffer, "w") as file:
        file.attrs.update(remarks)
        for number, one in enumerate(passes, start=1):
            entry = file.create_group(f"entry{number}")
            entry.attrs.update({"NX_class": "NXentry", **remarks})
            entry.create_dataset("command", data=np.bytes_(f"eemscan en {START_EV:g} {STOP_EV:g} {FRAMES * FRAME_S:g}"))
            sample = entry.create_group("sample")
            sample.attrs["NX_class"] = "NXsample"
            sample.create_dataset("name", data=np.array(name.encode("ascii"), dtype=f"S{NAME_BYTES}"))
            entry.create_dataset("emission", data=BIN_EV * np.arange(BINS, dtype=np.float32))
            for key in ("en_ev", "clock_s", "i0", "tey", "pd"):
                kind = np.float64 if key == "en_ev" else np.float32
                entry.create_dataset(key.split("_")[0], data=getattr(one, key).astype(kind))
            for i, counts in enumerate(one.sdd, start=1):
                entry.create_dataset(
                    f"sdd{i}", data=counts, chunks=counts.shape, compression="gzip", compression_opts=6, shuffle=True
                )
    return buffer.getvalue()
