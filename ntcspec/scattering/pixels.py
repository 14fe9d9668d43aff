"""Which pixels of an image are used, and what keeps an image from being integrated.

Not used are, in this order: the mask; gaps and dead pixels that the detector marks with -1 and -2; saturated pixels;
other negative counts, on request; pixels that count nothing where their ring counts 30 photons or more.

Refused are an image of one count alone, one with 5 % or more of a ring saturated (its peaks are cut off), negative
counts, and a dark region round the beam centre where there is no mask: the shadow of a beam stop, whose pixels would
pull I(Q) down. Where there is a mask that misses it, it is left out, with a note.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntcspec.errors import UserError
from ntcspec.scattering.geometry import Setup, beam_centre
from ntcspec.types import Array, Note
from ntcspec.types.scattering import Pixels

Flags = npt.NDArray[np.bool_]
MARKS = (-1, -2)
CUT_OFF = 0.05  # share of a ring
DEAD_RING = 30.0  # photons of the ring: a pixel counts 0 there with a chance of 1e-13
DARK_SHARE = 0.25  # of the brighter pixels at the same Q
BRIGHT = 10.0  # photons that a ring must have before a shadow on it can be told
SHADOW_PIXELS = 30
NEAR = 0.06  # of the width of the image: how far from the centre a beam stop is looked for


@dataclass(frozen=True)
class Used:
    """Flags of the pixels that are used, and what was found."""

    flags: Flags
    notes: tuple[Note, ...]


def used_pixels(
    setup: Setup,
    raw: Pixels,
    signal: Array,
    mask: Pixels | None,
    source: str,
    *,
    saturation: float,
    saturated: str,
    negative: str,
    beam_stop: str,
    gain: float = 1.0,
) -> Used:
    """Pixels of one image that may be integrated.

    raw : counts as read; signal : dark taken off; saturation : count of a full pixel, NaN where it is unknown
    gain : counts of one photon; how many photons there were says what cannot be chance

    Raises
    ------
    UserError
        See above; also where nothing is left.
    """
    flags = np.ones(raw.shape, dtype=bool) if mask is None else np.asarray(mask) == 0
    _refuse_constant(raw, flags, source)
    notes: list[Note] = []
    flags &= ~_negative(raw, flags, source, negative, notes)
    flags &= ~_saturated(setup, raw, flags, source, saturation, saturated, notes)
    if not flags.any():
        raise UserError(source, "no pixel is left to integrate", "check the mask and reduce.saturation")
    shadow = _shadow(setup, signal, flags, BRIGHT * gain)
    area = 0 if shadow is None else int(shadow.sum())
    if shadow is not None and area:
        _refuse_shadow(source, area, mask is not None, beam_stop, notes)
        if beam_stop != "keep":
            flags &= ~shadow
    dead = flags & (raw == 0)
    if dead.any():
        dead &= ring_mean(setup.bin_of, signal, flags, setup.bins)[setup.bin_of] >= DEAD_RING * gain
    if dead.any():
        flags &= ~dead
        notes.append(f"{int(dead.sum())} pixels count nothing on bright rings: they are dead and left out")
    return Used(flags, tuple(notes))


def _refuse_constant(raw: Pixels, flags: Flags, source: str) -> None:
    counts = raw[flags]
    if counts.size and counts.min() == counts.max():
        what = f"all pixels that are not masked count {counts[0]:g}: this is no exposure"
        raise UserError(source, what, "was the shutter open? Give an exposed image")


def ring_mean(bin_of: npt.NDArray[np.int64], signal: Array, flags: Flags, bins: int) -> Array:
    """Mean counts of the pixels of each bin that are used; 0 where none is."""
    which = np.where(flags, bin_of, bins).ravel()  # what is not used falls into one bin more
    total = np.bincount(which, signal.ravel(), bins + 1)[:bins]
    return total / np.maximum(np.bincount(which, minlength=bins + 1)[:bins], 1)


def _negative(raw: Pixels, flags: Flags, source: str, negative: str, notes: list[Note]) -> Flags:
    if raw.dtype.kind == "u" or not (raw < 0).any():
        return np.zeros(raw.shape, dtype=bool)
    marks = np.isin(raw, MARKS) if raw.dtype.kind == "i" else (raw == MARKS[0]) | (raw == MARKS[1])
    other = flags & (raw < 0) & ~marks
    if (marks & flags).any():
        notes.append(f"{int((marks & flags).sum())} pixels hold -1 or -2: gaps and dead pixels, left out")
    count = int(other.sum())
    if count and negative == "refuse":
        at = np.argwhere(other)[0]
        what = f"{count} pixels are negative, the first at row {at[0]}, column {at[1]}: no detector counts below zero"
        fix = "give the image as counted, background and dark by name; or say reduce.negative: leave_out, or keep"
        raise UserError(source, what, fix)
    if count:
        done = "left out" if negative == "leave_out" else "kept: their uncertainty by counting is not right"
        notes.append(f"{count} pixels are negative: {done}")
    return marks | (other if negative == "leave_out" else np.zeros(raw.shape, dtype=bool))


def _saturated(
    setup: Setup, raw: Pixels, flags: Flags, source: str, level: float, saturated: str, notes: list[Note]
) -> Flags:
    full = np.zeros(raw.shape, dtype=bool) if np.isnan(level) else flags & (raw >= level)
    count = int(full.sum())
    if not count:
        if np.isnan(level):
            notes.append("nothing says at which count a pixel is full: saturation was not looked for")
        return full
    share = np.bincount(setup.bin_of[full], minlength=setup.bins) / np.maximum(
        np.bincount(setup.bin_of[flags], minlength=setup.bins), 1
    )
    worst = int(np.argmax(np.where(np.bincount(setup.bin_of[full], minlength=setup.bins) >= 3, share, 0.0)))
    if share[worst] >= CUT_OFF and saturated == "refuse":
        q = float(setup.centres[worst])
        what = f"{count} pixels are saturated ({level:g} counts), {share[worst]:.0%} of the ring at Q = {q:.2f} 1/A"
        fix = "the ring is cut off: expose for a shorter time, mask it, or say reduce.saturated: leave_out"
        raise UserError(source, what, fix)
    notes.append(f"{count} saturated pixels ({level:g} counts or more) were left out")
    return full


def _shadow(setup: Setup, signal: Array, flags: Flags, least: float) -> Flags | None:
    """Dark pixels that hang together and reach into the surroundings of the beam centre; None without any."""
    from scipy import ndimage

    row, column = beam_centre(setup)
    if not (0.0 <= row < setup.shape[0] and 0.0 <= column < setup.shape[1]):
        return None
    near = max(NEAR * max(setup.shape), 4.0)
    around = _window(row, column, 2.0 * near)
    labels, _ = ndimage.label(_dark(setup, signal, flags, around, near, least))
    top, left = around[0].start, around[1].start
    inner = _window(row - top, column - left, near)
    if not _large(labels, inner):
        return None  # the usual case: the rest of the image need not be looked at
    labels, _ = ndimage.label(_dark(setup, signal, flags, (slice(0, None), slice(0, None)), near, least))
    return np.isin(labels, _large(labels, _window(row, column, near)))


def _window(row: float, column: float, half: float) -> tuple[slice, slice]:
    rows = slice(max(int(row - half), 0), int(row + half) + 1)
    return rows, slice(max(int(column - half), 0), int(column + half) + 1)


def _large(labels: npt.NDArray[np.int32], window: tuple[slice, slice]) -> list[int]:
    """Regions of at least SHADOW_PIXELS that reach into the window."""
    sizes = np.bincount(labels.ravel())
    return [int(n) for n in np.unique(labels[window]) if n and sizes[n] >= SHADOW_PIXELS]


def _dark(setup: Setup, signal: Array, flags: Flags, window: tuple[slice, slice], near: float, least: float) -> Flags:
    """Pixels of the window that count far less than those of their ring outside any shadow.

    These are the pixels above the mean of the ring: a shadow that covers part of it does not reach them. Behind the
    stop whole rings are dark: there at least half of what rings between one and two times `near` pixels count.
    """
    bin_of, y, used = setup.bin_of[window], signal[window], flags[window]
    mean = ring_mean(bin_of, y, used, setup.bins)
    bright = ring_mean(bin_of, y, used & (y >= mean[bin_of]), setup.bins)
    pixel = 2.0 * np.pi * setup.ai.detector.pixel1 / (setup.wavelength_ang * setup.ai.dist)
    inner = int(near * pixel / setup.step_inv_ang)
    if inner < setup.bins:
        bright[:inner] = np.maximum(bright[:inner], 0.5 * float(np.median(bright[inner : 2 * inner])))
    expected = bright[bin_of]
    return used & (y < DARK_SHARE * expected) & (expected > least)


def _refuse_shadow(source: str, area: int, masked: bool, beam_stop: str, notes: list[Note]) -> None:
    where = "outside the mask" if masked else "and there is no mask"
    what = f"a dark region of {area} pixels lies round the beam centre, {where}: a beam stop, or a dead part"
    if beam_stop == "refuse" and not masked:
        raise UserError(source, what, "name a mask (ingest.mask); or say reduce.beam_stop: keep, if this is no shadow")
    notes.append(f"{what}; it was {'kept' if beam_stop == 'keep' else 'left out'}")
