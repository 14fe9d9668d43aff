"""Several frames of one exposure become their mean, pixel by pixel.

With three frames or more, a frame whose sum is below half or above twice the median is left out (shutter, beam lost);
two frames that differ so much are refused, since nothing says which is right. A frame that is there twice is told.
Left out as well is a pixel that stands above the median of its frames by more than `z` standard deviations of counting:
a cosmic ray or a flash, never a diffraction spot, which is in all frames. Frames are scaled for that to equal sums of
the fainter 99 % of the pixels. A pixel that is full in one of the other frames counts as full, and one that the
detector marks as dead (-1, -2) in any frame as dead: their mean would look like a count. Uncertainty is not estimated
from the scatter of frames: it is that of counting (`scattering.integrate`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import pairwise
from pathlib import Path

import numpy as np

from ntcspec.errors import UserError
from ntcspec.readers.scattering.images import RawImage, open_image
from ntcspec.readers.scattering.stack import Stack
from ntcspec.types import Array, Note
from ntcspec.types.scattering import Pixels, ScatteringImage

FEWEST = 3
BLOCK = 16_000_000  # bytes of float64 at a time: the frames themselves stay in their own type
MOST_BYTES = 16_000_000_000
MOST_PIXELS = 100_000_000
DEAD = (-2, -1)
USUAL = 0.99  # share of the pixels that frames are compared by
FEW_ROWS = 4  # every fourth row tells the level
LEAST, MOST, ODD = 0.5, 2.0, 0.05
SURE = 8.0  # standard deviations of counting


def read_image(
    paths: Sequence[Path], sources: Sequence[str], role: str, *, dataset: str = "", z: float | None = 8.0
) -> ScatteringImage:
    """The image of one role from one or more files of one or more frames.

    paths, sources: where to open each file, and its name in the study. dataset: array in HDF5. z: see above; None
    leaves nothing out.

    Raises
    ------
    UserError
        As `open_image`; frames of unlike shape, type or exposure; more frames than fit into memory.
    """
    files = [open_image(path, source, dataset) for path, source in zip(paths, sources, strict=True)]
    _check(files)
    first = files[0]
    count = sum(file.frames for file in files)
    notes = [note for file in files for note in file.notes]
    if count == 1:
        pixels, left_out = _frame(first, 0), np.zeros((0, 0), dtype=np.uint16)
    else:
        frames = (_frame(file, i) for file in files for i in range(file.frames))
        stack, more = _whole_frames(Stack(frames, source=first.source, size=_bytes(files)), " + ".join(sources))
        count = len(stack)
        pixels, left_out = mean_of(stack, z if count >= FEWEST else None)
        _keep_marks(pixels, stack, first.saturation, left_out)
        notes += [*more, f"{count} frames were averaged pixel by pixel"]
        if left_out.size:
            notes.append(f"{int(left_out.sum())} pixels struck in a single frame were left out of the mean")
        elif z is not None and count < FEWEST:
            notes.append("two frames cannot tell which of them was struck: nothing was left out")
    return ScatteringImage(
        role=role,
        source=" + ".join(sources),
        format=first.format,
        format_evidence=first.evidence,
        pixels=pixels,
        frames=count,
        left_out=left_out,
        exposure_s=first.exposure_s,
        saturation=first.saturation,
        notes=tuple(notes),
        header=first.header,
    )


def mean_of(stack: Stack, z: float | None) -> tuple[Array, Pixels]:
    """Mean of frames, and in how many frames each pixel was left out (empty where none was)."""
    shape, count = stack.shape, len(stack)
    mean, left_out = np.empty(shape), np.zeros(shape, dtype=np.uint16)
    totals = totals_of(stack)
    scale = totals / np.median(totals) if np.all(totals > 0.0) else np.ones(count)
    height = min(max(BLOCK // (8 * count * shape[1]), 1), shape[0])
    for top in range(0, shape[0], height):
        rows = slice(top, min(top + height, shape[0]))
        block = stack.rows(rows.start, rows.stop)
        if z is None:
            mean[rows] = block.mean(axis=0)
            continue
        expected = np.median(block / scale[:, None, None], axis=0) * scale[:, None, None]
        struck = block - expected > z * np.sqrt(np.maximum(expected, 1.0))
        kept = np.where(struck, 0.0, block).sum(axis=0)
        usual = np.where(struck, 0.0, scale[:, None, None]).sum(axis=0)  # the others, as if the sums were equal
        mean[rows] = kept * (scale.sum() / np.maximum(usual, scale.min())) / count
        left_out[rows] = struck.sum(axis=0)
    return mean, left_out if left_out.any() else np.zeros((0, 0), dtype=np.uint16)


def totals_of(stack: Stack) -> Array:
    """Sum of each frame over the 99 % of the pixels that are faintest in all frames: a flash does not count."""
    brightest = reduce(np.maximum, stack)
    used = (brightest <= np.quantile(brightest[::FEW_ROWS], USUAL)) & (reduce(np.minimum, stack) >= 0)
    return np.array([float(np.sum(frame, where=used, dtype=np.float64)) for frame in stack])


def _keep_marks(mean: Array, stack: Stack, full: float, left_out: Pixels) -> None:
    """Put the marks of single frames into the mean: full pixels, and those that are marked as dead."""
    often = np.zeros(mean.shape, dtype=np.uint16)
    for frame in stack:
        if np.isfinite(full):
            often += frame >= full
        if frame.dtype.kind != "u":
            for mark in DEAD:
                mean[frame == mark] = mark
    if often.any():
        seen = often > (left_out if left_out.size else 0)  # full in a frame that was left out does not matter
        mean[seen & (mean >= 0.0)] = full


def _whole_frames(stack: Stack, source: str) -> tuple[Stack, list[Note]]:
    """Without frames that another amount of light fell on; and what was found. UserError: see the top."""
    totals = totals_of(stack)
    middle = float(np.median(totals))
    if middle <= 0.0:
        return stack, []
    notes = _copies(stack, totals)
    if len(stack) < FEWEST:
        low, high = sorted(totals)
        if low < LEAST * high and high - low > SURE * np.sqrt(high):
            what = f"of two frames one has {low / high:.0%} of the counts of the other, and nothing says which is right"
            raise UserError(source, what, "leave out the one without beam, or give more frames")
        notes += [f"one frame has {low / high:.1%} of the counts of the other"] if low < (1 - ODD) * high else []
        return stack, notes
    ratio, kept = totals / middle, []
    for number, one in enumerate(ratio, 1):
        if not LEAST <= one <= MOST:
            notes.append(f"frame {number} has {one:.0%} of the counts of the others: it was left out")
            continue
        if abs(one - 1.0) > ODD:
            notes.append(f"frame {number} has {one:.1%} of the counts of the others: it was kept")
        kept.append(number - 1)
    return stack.only(kept), notes


def _copies(stack: Stack, totals: Array) -> list[Note]:
    """Frames that count photons are never alike."""
    order = np.argsort(totals, kind="stable")
    for a, b in pairwise(order):
        if totals[a] == totals[b] and np.array_equal(stack[a], stack[b]):
            one, other = sorted((int(a) + 1, int(b) + 1))
            return [f"frames {one} and {other} are the same to the last count: of a copy sigma is too small"]
    return []


def _frame(file: RawImage, number: int) -> Pixels:
    frame = file.frame(number)
    if frame.dtype.kind == "f" and not np.isfinite(frame).all():
        at = np.argwhere(~np.isfinite(frame))
        what = f"{len(at)} pixels are NaN or infinite, the first at row {at[0][0]}, column {at[0][1]}"
        raise UserError(file.source, what, "give the image as counted; name dead pixels in `mask`")
    return frame


def _check(files: Sequence[RawImage]) -> None:
    first = files[0]
    for file in files[1:]:
        if file.shape != first.shape:
            what = f"an image of {_size(file.shape)}, in {first.source} of {_size(first.shape)}"
            raise UserError(file.source, what, "frames that are averaged must come from one detector")
        if abs(file.exposure_s - first.exposure_s) > 1e-3 * first.exposure_s:
            what = f"exposed for {file.exposure_s:g} s, {first.source} for {first.exposure_s:g} s"
            raise UserError(file.source, what, "make measurements of their own of frames of unlike exposure")
    if first.shape[0] * first.shape[1] > MOST_PIXELS:
        raise UserError(first.source, f"an image of {_size(first.shape)} is larger than a detector", "cut it out")
    if _bytes(files) > MOST_BYTES:
        taken = f"{sum(f.frames for f in files)} frames take {_bytes(files) / 1e9:.0f} GB"
        what = f"{taken}, and {MOST_BYTES / 1e9:.0f} GB are the most"
        raise UserError(first.source, what, "average them in groups first")


def _bytes(files: Sequence[RawImage]) -> int:
    """Of all frames together, unpacked."""
    return sum(file.frames * file.shape[0] * file.shape[1] * file.kind.itemsize for file in files)


def _size(shape: tuple[int, int]) -> str:
    return f"{shape[0]} rows x {shape[1]} columns"
