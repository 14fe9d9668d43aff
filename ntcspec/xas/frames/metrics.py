"""What is read from every frame of a block: edge, windows, features, each nominal and under every choice.

The same quantities as `ntcspec.xas.xanes.readings` reads from one spectrum, by the same maps, for all frames at once;
definitions and symbols stand in `edge.py`, `features.py` and `moments.py` there. Differences:

- u_stat holds the error of the edge step, since the scatter of a frame's points says how large it is. It counts as if
  independent of the points, as it does for one spectrum: u_stat of areas and heights is up to half too large;
- a feature is a maximum or a shoulder in all frames alike: what it is in the mean of the frames, where the study leaves
  that open. Of several the strongest is taken; it counts if its curvature stands out of the noise. Width, sharpness and
  prominence are not read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ntcspec.frames.gather import Read
from ntcspec.peaks.value import NAN
from ntcspec.types import Array
from ntcspec.types.xas_frames import NormalisedFrame, XanesFrames
from ntcspec.xas.frames.curves import Change, Curves
from ntcspec.xas.xanes import edge as single_edge
from ntcspec.xas.xanes import features as single
from ntcspec.xas.xanes.moments import HOW, SIGNIFICANT, window_weights


@dataclass(frozen=True)
class Block:
    """A block of frames as the readings take it."""

    norm: Array
    noise: Array
    step: Array
    step_error: Array
    lines: Array

    @property
    def change(self) -> Change:
        """From the nominal norm to that under each choice."""
        nominal, chosen = self.lines[:, :1], self.lines[:, 1:]
        step = chosen[:, :, 2]
        return Change(nominal[:, :, 2] / step, (nominal[:, :, :2] - chosen[:, :, :2]) / step[:, :, None])

    @property
    def relative(self) -> Array:
        """Relative error of the step (frames,)."""
        return np.nan_to_num(self.step_error / self.step)


def block_of(frames: NormalisedFrame) -> Block:
    """Of a block as it is stored."""
    return Block(frames.norm, frames.noise, frames.edge_step, frames.edge_step_error, frames.lines)


class Readings:
    """Everything that is read from a frame of a measurement; maps that all frames share are made once.

    Parameters as of `measure_xanes`; smooth_ev: of the stage `transform`. Raises ValueError as `derivative.Smoother`
    does, and for a window that does not ascend.
    """

    def __init__(
        self,
        reduced: XanesFrames,
        *,
        edge_range_ev: Sequence[float],
        smooth_ev: float,
        features: Mapping[str, Mapping[str, Any]],
        windows: Mapping[str, Sequence[float]],
    ) -> None:
        energy, basis = reduced.energy_ev, reduced.basis
        self.notes: list[str] = []
        self._basis = basis
        low, high = edge_range_ev
        self._edge = Curves(energy, basis, low_ev=low, high_ev=high, smooth_ev=smooth_ev)
        self._features = [
            (name, kind, ends, curves)
            for name, given in features.items()
            if (found := self._feature(reduced, name, given, smooth_ev))
            for kind, ends, curves in [found]
        ]
        self._windows = {}
        for name, (first, last) in windows.items():
            if first < energy[0] or last > energy[-1]:
                self.notes.append(f"{name}: the window {first:g} to {last:g} eV is beyond the frames")
            else:
                weights = window_weights(energy, low_ev=float(first), high_ev=float(last))
                self._windows[name] = (float(first), float(last), *weights)

    def _feature(
        self, reduced: XanesFrames, name: str, given: Mapping[str, Any], smooth_ev: float
    ) -> tuple[str, tuple[float, float], Curves] | None:
        """Kind, range and curves of a feature; None, with a note, where its range is beyond the frames."""
        energy = reduced.energy_ev
        low, high = (float(x) for x in given["range_ev"])
        smooth = float(given.get("smooth_ev") or smooth_ev)
        if low < energy[0] or high > energy[-1]:
            self.notes.append(f"{name}: the range {low:g} to {high:g} eV is beyond the frames")
            return None
        kind = str(given.get("kind", "auto"))
        if kind == "auto":
            found = single.find_features(
                energy, reduced.mean_norm, np.empty(0), smooth_ev=smooth, features={name: {**given, "kind": "auto"}}
            )
            kind = found.marks[0].kind or "maximum"
            self.notes.append(f"{name}: a {kind} in the mean of the frames, and looked for as that in each")
        around = 2.0 * smooth
        ends = max(low - around, float(energy[0])), min(high + around, float(energy[-1]))
        curves = Curves(energy, reduced.basis, low_ev=ends[0], high_ev=ends[1], smooth_ev=smooth)
        return kind, (low, high), curves

    def read(self, block: Block) -> list[Read]:
        """All readings of a block."""
        change = block.change
        step = Read("edge_step", "1", "edge step of the normalisation", block.step, block.step_error,
                    block.lines[:, 1:, 2])  # fmt: skip
        found = [*_edge(self._edge, block, change), step]
        for name, kind, ends, curves in self._features:
            found += _feature(name, kind, ends, curves, block, change)
        for name, window in self._windows.items():
            found += _window(name, window, self._basis, block, change)
        return found


def _window(
    name: str, window: tuple[float, float, Array, Array], basis: Array, block: Block, change: Change
) -> list[Read]:
    """Area and centroid of a window, as `moments.moments` has them."""
    low, high, u, v = window
    area, offset = block.norm @ u, block.norm @ v
    with np.errstate(divide="ignore", invalid="ignore"):
        offset = offset / area
        u_area = block.noise * np.sqrt(u @ u)
        u_centroid = block.noise * np.sqrt(v @ v - 2.0 * offset * (u @ v) + offset**2 * (u @ u)) / np.abs(area)
        areas = change.of(area, basis.T @ u)
        offsets = change.of(offset * area, basis.T @ v) / areas
    bad = (area <= SIGNIFICANT * np.nan_to_num(u_area)) | (np.abs(offset) >= 0.5 * (high - low))
    offset, u_centroid = np.where(bad, NAN, offset), np.where(bad, NAN, u_centroid)
    offsets = np.where((areas <= 0) | (np.abs(offsets) >= 0.5 * (high - low)), NAN, offsets)
    middle = 0.5 * (low + high)
    return [
        Read(f"{name}.area", "eV", HOW["area"], area, np.hypot(u_area, np.abs(area) * block.relative), areas),
        Read(f"{name}.centroid", "eV", HOW["centroid"], middle + offset, u_centroid, middle + offsets),
    ]


def _edge(curves: Curves, block: Block, change: Change) -> list[Read]:
    """'e0.derivative' and 'e0.half_step', as `edge.edge_position` has them."""
    value, first, second = (block.norm @ curves.map(order) for order in (0, 1, 2))
    steepest = _steepest(curves, first, second, block.noise)
    u_steepest = _u_root(curves, second, 2, steepest, block.noise)
    half = _half_step(curves, value, block.noise)
    u_half = _u_root(curves, value, 0, half, block.noise)
    slope = curves.read(first, half[:, None])[0][:, 0]
    u_half = np.hypot(u_half, np.abs(0.5 * block.relative / slope))
    return [
        Read("e0.derivative", "eV", single_edge.HOW["derivative"], steepest, u_steepest,
             curves.follow(second, 2, steepest, change)),
        Read("e0.half_step", "eV", single_edge.HOW["half_step"], half, u_half,
             curves.follow(value, 0, half, change, single_edge.HALF)),
    ]  # fmt: skip


def _steepest(curves: Curves, first: Array, second: Array, noise: Array) -> Array:
    """Energy of the largest maximum of D that is significant and is not at an end (frames,); NaN without one."""
    crossing = (second[:, :-1] > 0) & (second[:, 1:] <= 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = 0.5 * second[:, :-1] ** 2 / (second[:, :-1] - second[:, 1:]) * curves.step_ev
    heights = np.where(crossing, first[:, :-1] + gain, -np.inf)
    left = heights.argmax(axis=1)
    height = heights.max(axis=1)
    noise_there = np.nan_to_num(noise) * np.sqrt(curves.shared(1, 1))[left]
    at_end = np.isin(first.argmax(axis=1), (0, first.shape[1] - 1)) & (first.max(axis=1) > height * (1 + 1e-6))
    good = np.isfinite(height) & (height > SIGNIFICANT * noise_there) & ~at_end
    return np.where(good, curves.root(second, left), NAN)


def _half_step(curves: Curves, value: Array, noise: Array) -> Array:
    """Last upward passage of V through 0.5 below its highest point, unless that is on a peak before the edge."""
    rows, count = np.arange(len(value)), value.shape[1]
    place = np.arange(count)
    top = value.argmax(axis=1)
    below = (value < single_edge.HALF) & (place <= top[:, None])
    left = np.where(below.any(axis=1), count - 1 - below[:, ::-1].argmax(axis=1), 0)
    good = below.any(axis=1) & (value[rows, top] > single_edge.HALF)
    left = np.minimum(left, count - 2)
    behind = (place >= left[:, None]) & (place <= top[:, None])
    passed = behind & (value >= 1.0)
    end = np.where(passed.any(axis=1), passed.argmax(axis=1), top)
    rising = np.where((place >= left[:, None]) & (place <= end[:, None]), value, -np.inf)
    highest = np.maximum.accumulate(rising, axis=1)
    with np.errstate(invalid="ignore"):
        fall = np.where(np.isfinite(rising), highest - rising, 0.0)
    valley = fall.argmax(axis=1)
    limit = 1e-6 + np.nan_to_num(noise) * np.sqrt(curves.shared(0, 0))[valley]
    good &= fall[rows, valley] <= SIGNIFICANT * np.sqrt(2.0) * limit
    return np.where(good, curves.root(value, left, single_edge.HALF), NAN)


def _u_root(curves: Curves, curve: Array, order: int, x: Array, noise: Array) -> Array:
    """Standard uncertainty of a root x (frames,) of V, D, S or T: that of the curve there over its slope."""
    variance = curves.read(curves.shared(order, order), x[:, None])[0][:, 0]
    slope = curves.read(curve, x[:, None])[1][:, 0]
    return np.where(np.isfinite(x), noise * np.sqrt(variance) / np.abs(slope), NAN)


def _feature(
    name: str, kind: str, ends: tuple[float, float], curves: Curves, block: Block, change: Change
) -> list[Read]:
    """Position and height of the strongest maximum or shoulder in a range, as `features.find_features` has them."""
    order, sign = single.ROOT[kind], 1.0 if kind == "maximum" else -1.0
    value, second, root = (block.norm @ curves.map(o) for o in (0, 2, order))
    signal, through = sign * (value if kind == "maximum" else second), sign * root
    crossing = (through[:, :-1] > 0) & (through[:, 1:] <= 0)
    crossing &= (curves.at_ev[1:] >= ends[0]) & (curves.at_ev[:-1] <= ends[1]) & (second[:, :-1] < 0)
    strength = np.where(crossing, np.maximum(signal[:, :-1], signal[:, 1:]), -np.inf)
    left = strength.argmax(axis=1)
    x = np.where(crossing.any(axis=1), curves.root(root, left), NAN)
    bend = curves.read(second, x[:, None])[0][:, 0]
    noise = np.nan_to_num(block.noise) * np.sqrt(curves.shared(2, 2))[left]
    limit = single.threshold(*ends, smooth_ev=curves.smooth_ev)
    x = np.where((x >= ends[0]) & (x <= ends[1]) & (-bend > limit * noise), x, NAN)
    u_position = _u_root(curves, root, order, x, block.noise)
    height, tilt = (part[:, 0] for part in curves.read(value, x[:, None]))
    ratio = tilt / curves.read(root, x[:, None])[1][:, 0]
    own, mixed, of_root = (
        curves.read(curves.shared(*pair), x[:, None])[0][:, 0] for pair in ((0, 0), (0, order), (order, order))
    )
    u_height = block.noise * np.sqrt(own - 2.0 * ratio * mixed + ratio**2 * of_root)
    lost = np.isnan(x)
    positions = curves.follow(root, order, x, change)
    positions = np.where((positions >= ends[0]) & (positions <= ends[1]), positions, NAN)
    heights = change.a * curves.read(value, positions)[0] + sum(
        change.d[:, :, i] * curves.read(one, positions)[0] for i, one in enumerate(curves.basis(0))
    )
    how = single.HOW
    return [
        Read(f"{name}.position", "eV", how[kind, "position"], x, u_position, positions),
        Read(f"{name}.height", "1", how[kind, "height"], np.where(lost, NAN, height),
             np.where(lost, NAN, np.hypot(u_height, np.abs(height) * block.relative)),
             np.where(np.isnan(positions), NAN, heights)),
    ]  # fmt: skip
