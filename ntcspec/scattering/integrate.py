"""An image to I(Q) with its uncertainty, by pyFAI.

Symbols: N counts of a frame (mean of n frames), D dark (mean of m), g counts of one photon, s read noise (counts),
w = solid angle x polarisation x flat of a pixel, all relative.

    I_bin     = sum(N - D) / sum(w)
    counting    var I = sum(v) / sum(w)^2,   v = g max(N - D, 0) / n + s^2 (1/n + 1/m)
                without a dark v = g max(N, 0) / n + s^2 / n
    scatter     var I from the scatter of (N - D) / w about I in the bin

Solid angle is cos^3 of the angle to the detector's normal; polarisation 1/2 (1 + cos^2 2theta - p cos 2phi
sin^2 2theta). A pixel belongs to one bin as a whole: pixels that are split between bins make neighbours depend on each
other and sigma too small (1.6 to 1.8 times). Rings of bins without a pixel are left out, not filled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ntcspec.errors import UserError
from ntcspec.scattering.geometry import Setup
from ntcspec.scattering.pixels import Flags, used_pixels
from ntcspec.types import Array, Note
from ntcspec.types.scattering import Pixels, ScatteringImage

METHOD = ("no", "histogram", "cython")
METHOD_REJECT = ("no", "csr", "cython")
MIDDLE_PERCENT = (10, 90)
UNIT = "q_A^-1"
FLIPS = {"none": (1, 1), "vertical": (-1, 1), "horizontal": (1, -1), "both": (-1, -1)}
ROWS = 512  # that are enough to see whether the noise is that of counting
MUCH = 1.25  # scatter over counting that is told


@dataclass(frozen=True)
class Options:
    """How images are integrated; the parameters of the stage of these names."""

    polarisation: float | None = 0.95
    solid_angle: bool = True
    flip: str = "none"
    errors: str = "counting"
    gain: float = 1.0
    read_noise: float = 0.0
    dark_frames: int = 1
    reject: str = "none"
    reject_z: float = 5.0
    saturation: float | None = None
    saturated: str = "refuse"
    negative: str = "refuse"
    beam_stop: str = "refuse"


@dataclass(frozen=True)
class Correction:
    """What belongs to the detector: images, or None."""

    mask: ScatteringImage | None = None
    dark: ScatteringImage | None = None
    flat: ScatteringImage | None = None


@dataclass(frozen=True)
class Integrated:
    """q, intensity, sigma (empty: unknown), pixels: of the bins that hold a pixel. signal, used: of the image."""

    q: Array
    intensity: Array
    sigma: Array
    pixels: Array
    signal: Array
    used: Flags
    scatter: float
    notes: tuple[Note, ...]


def integrate(setup: Setup, image: ScatteringImage, correction: Correction, options: Options) -> Integrated:
    """I(Q) of one image.

    Raises
    ------
    UserError
        As `used_pixels`; a flat that is not positive, a dark that is brighter than the image.
    """
    raw, mask = flipped(image.pixels, options.flip), _pixels(correction.mask, options.flip)
    signal, dark = _signal(raw, image, correction.dark, options)
    flat = _flat(correction.flat, options.flip)
    if flat is not None:
        mask = (flat <= 0.0) if mask is None else (mask > 0) | (flat <= 0.0)
    level = image.saturation if options.saturation is None else options.saturation
    used = used_pixels(
        setup,
        raw,
        signal,
        mask,
        image.source,
        saturation=level,
        saturated=options.saturated,
        negative=options.negative,
        beam_stop=options.beam_stop,
        gain=options.gain,
    )
    if dark is not None:
        _check_dark(signal, used.flags, image, correction.dark)
    variance = _variance(signal, image, correction.dark, options) if options.errors == "counting" else None
    flags, notes = used.flags, list(used.notes)
    if options.reject == "sigma_clip":
        flags = flags & ~_off_ring(setup, signal, flags, flat, options)
        notes.append(
            f"{int((used.flags & ~flags).sum())} pixels beyond {options.reject_z:g} standard deviations left out"
        )
    result = _run(setup, signal, variance, ~flags, flat, options)
    kept = np.asarray(result.count) > 0
    q = setup.centres[kept]
    intensity = np.asarray(result.intensity, dtype=np.float64)[kept]
    sigma = np.zeros(0) if options.errors == "none" else np.asarray(result.sigma, dtype=np.float64)[kept]
    scatter = scatter_over_counting(setup, signal, variance, flags, flat, options)
    if scatter > MUCH:
        notes.append(
            f"pixels of a ring scatter {scatter:.2f} times as much as counting and read noise alone: gain, flat, "
            "grains, or light that is not round; `errors: scatter` takes sigma from it"
        )
    return Integrated(
        q, intensity, sigma, np.asarray(result.count, dtype=np.float64)[kept], signal, flags, scatter, tuple(notes)
    )


def flipped(pixels: Pixels, flip: str) -> Pixels:
    """The image turned over: 'vertical' puts the last row first."""
    rows, columns = FLIPS[flip]
    return pixels[::rows, ::columns]


def _pixels(image: ScatteringImage | None, flip: str) -> Pixels | None:
    return None if image is None else flipped(image.pixels, flip)


def _signal(raw: Pixels, image: ScatteringImage, dark: ScatteringImage | None, options: Options) -> tuple[Any, Any]:
    """Counts without the dark (float32 where the counts are exact in it), and the dark."""
    exact = raw.dtype.kind in "iu" and (raw.dtype.itemsize <= 2 or int(raw.max()) < 2**24)
    signal = raw.astype(np.float32 if exact else np.float64)
    taken = _pixels(dark, options.flip)
    if taken is None or dark is None:
        return signal, None
    if abs(image.exposure_s - dark.exposure_s) > 0.01 * image.exposure_s:
        what = f"exposed for {dark.exposure_s:g} s, {image.source} for {image.exposure_s:g} s"
        raise UserError(dark.source, what, "give a dark of the same exposure")
    return signal - taken.astype(signal.dtype), taken


def _check_dark(signal: Array, used: Flags, image: ScatteringImage, dark: ScatteringImage | None) -> None:
    if dark is not None and float(np.mean(signal[used] < 0.0)) > 0.5:
        what = f"more than half of the pixels of {image.source} count less than this dark"
        raise UserError(dark.source, what, "was it exposed longer, or with another offset?")


def _flat(flat: ScatteringImage | None, flip: str) -> Array | None:
    if flat is None:
        return None
    values = flipped(flat.pixels, flip).astype(np.float64)
    positive = values[values > 0.0]
    if positive.size < 0.5 * values.size:
        raise UserError(flat.source, "most of the flat is not positive", "give the response of the pixels, near 1")
    return values / float(np.median(positive))


def _variance(signal: Array, image: ScatteringImage, dark: ScatteringImage | None, options: Options) -> Array:
    read = options.read_noise**2 / image.frames
    if dark is not None:
        read += options.read_noise**2 / max(dark.frames, options.dark_frames)
    return np.maximum(signal, 0.0) * signal.dtype.type(options.gain / image.frames) + signal.dtype.type(read)


def _run(setup: Setup, signal: Array, variance: Array | None, mask: Flags, flat: Array | None, options: Options) -> Any:
    common: dict[str, Any] = {
        "unit": UNIT,
        "radial_range": (0.0, setup.last_inv_ang),
        "correctSolidAngle": options.solid_angle,
        "polarization_factor": options.polarisation,
        "flat": flat,
        "safe": False,
    }
    if variance is not None:
        common["variance"] = variance
    elif options.errors == "scatter":
        common["error_model"] = "azimuthal"
    if options.reject != "median":
        return setup.ai.integrate1d_ng(signal, setup.bins, method=METHOD, mask=mask, **common)
    clean = np.where(mask, np.float32(np.nan), signal.astype(np.float32))  # so that the sparse matrix serves all images
    return setup.ai.medfilt1d_ng(clean, setup.bins, method=METHOD_REJECT, percentile=MIDDLE_PERCENT, **common)


def _off_ring(setup: Setup, signal: Array, flags: Flags, flat: Array | None, options: Options) -> Flags:
    """Pixels beyond `reject_z` of the scatter of their ring, which is found without them (pyFAI's sigma_clip)."""
    clean = np.where(flags, signal.astype(np.float32), np.float32(np.nan))
    clipped = setup.ai.sigma_clip_ng(
        clean,
        setup.bins,
        method=METHOD_REJECT,
        error_model="azimuthal",
        thres=options.reject_z,
        max_iter=5,
        unit=UNIT,
        radial_range=(0.0, setup.last_inv_ang),
        correctSolidAngle=options.solid_angle,
        polarization_factor=options.polarisation,
        flat=flat,
        safe=False,
    )
    spread = options.reject_z * np.asarray(clipped.std, dtype=np.float32)
    limit = np.where(np.isfinite(spread) & (spread > 0.0), spread, np.float32(np.inf))
    value = signal / _weights(setup, flat, options)
    return np.abs(value - np.asarray(clipped.intensity, dtype=np.float32)[setup.bin_of]) > limit[setup.bin_of]


def scatter_over_counting(
    setup: Setup, signal: Array, variance: Array | None, used: Flags, flat: Array | None, options: Options
) -> float:
    """Scatter of pixels round their rings over what counting makes of it, median over the bins; NaN where unknown.

    Of 512 rows or more, evenly spread. Per bin: sqrt(sum((N - D - I w)^2) / sum(v)). The profile of a ring across its
    bin counts as scatter too.
    """
    if variance is None:
        return float("nan")
    rows = slice(None, None, max(setup.shape[0] // ROWS, 1))
    w, v = _weights(setup, flat, options, rows), variance[rows].ravel()
    which = np.where(used[rows], setup.bin_of[rows], setup.bins).ravel()
    x, ww = signal[rows].ravel(), w.ravel()
    mean = np.bincount(which, x, setup.bins + 1) / np.maximum(np.bincount(which, ww, setup.bins + 1), 1e-30)
    square = np.bincount(which, (x - mean[which].astype(x.dtype) * ww) ** 2, setup.bins + 1)[:-1]
    counted = np.bincount(which, v, setup.bins + 1)[:-1]
    good = (np.bincount(which, minlength=setup.bins + 1)[:-1] > 20) & (counted > 0.0)
    return float(np.median(np.sqrt(square[good] / counted[good]))) if good.any() else float("nan")


def _weights(setup: Setup, flat: Array | None, options: Options, rows: slice = slice(None)) -> Any:
    w: Any = np.ones((len(range(setup.shape[0])[rows]), setup.shape[1]), dtype=np.float32)
    if options.solid_angle:
        w *= np.asarray(setup.ai.solidAngleArray(setup.shape))[rows]
    if options.polarisation is not None:
        w *= np.asarray(setup.ai.polarization(setup.shape, factor=options.polarisation))[rows]
    return w if flat is None else w * flat[rows].astype(np.float32)
