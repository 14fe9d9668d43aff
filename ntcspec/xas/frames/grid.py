"""One energy grid for all frames, and mu of every frame on it.

Order of steps: frames that cover less than 80 % of the range of the longest are left out; the grid is that of the first
frame that is used, cut to what all of them cover. A frame on that grid is taken as it is; another one is interpolated
by a cubic spline, as repeat scans are (`ntcspec.xas.merge`). Points almost at one energy are averaged. A spike, judged
frame by frame, is replaced by the spline through the other points: a grid that all share cannot lose a point.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntcspec.errors import UserError
from ntcspec.types import Array
from ntcspec.types.xas_frames import RawFrame, XasFrames
from ntcspec.xas.ingest import SHORTEST_REPEAT
from ntcspec.xas.merge import SAME_GRID_EV
from ntcspec.xas.spikes import close_pairs, find_spikes, join_pairs, may_have_spikes

FEWEST_POINTS = 20


@dataclass(frozen=True)
class Grid:
    """measured_ev: energies of the first frame that is used; pairs: of its points that are averaged; keep: which of
    the others are in the grid; reason (frames,): why a frame is left out, empty if it is not."""

    measured_ev: Array
    pairs: npt.NDArray[np.intp]
    keep: npt.NDArray[np.bool_]
    reason: tuple[str, ...]

    @property
    def energy_ev(self) -> Array:
        """The grid."""
        return np.asarray(join_pairs(self.measured_ev, self.pairs)[self.keep])


@dataclass(frozen=True)
class Spectra:
    """A block of frames on the grid: mu (frames, E), NaN where there is a reason."""

    mu: Array
    along: Array
    across: Array
    source: tuple[str, ...]
    reason: tuple[str, ...]


def find_grid(raw: XasFrames) -> Grid:
    """The grid of a measurement. Raises UserError where the frames have no 20 points in common."""
    ends, reasons = [], []
    for energy, reason in raw.frames.parts("energy_ev", "reason"):
        ends.append(np.array([np.fmin.reduce(energy, axis=1), np.fmax.reduce(energy, axis=1)]).T)
        reasons += reason
    low, high = np.concatenate(ends).T
    good = np.array([not reason for reason in reasons])
    longest = int(np.nanargmax(np.where(good, high - low, np.nan)))
    covered = (np.minimum(high, high[longest]) - np.maximum(low, low[longest])) / (high[longest] - low[longest])
    for i in np.flatnonzero(good & (covered < SHORTEST_REPEAT)):
        reasons[i] = (
            f"it covers {low[i]:.1f} to {high[i]:.1f} eV, {100 * max(covered[i], 0.0):.0f} % of the range of the "
            "longest frame: aborted?"
        )
    used = np.flatnonzero(good & (covered >= SHORTEST_REPEAT))
    measured = _energies_of(raw, int(used[0]))
    pairs = close_pairs(measured)
    joined = join_pairs(measured, pairs)
    keep = (joined >= low[used].max() - SAME_GRID_EV) & (joined <= high[used].min() + SAME_GRID_EV)
    if np.count_nonzero(keep) < FEWEST_POINTS:
        raise UserError(raw.first.source, "the frames do not overlap in energy", "are they of one edge?")
    return Grid(measured, pairs, keep, tuple(reasons))


def _energies_of(raw: XasFrames, index: int) -> Array:
    start = 0
    for (energy,) in raw.frames.parts("energy_ev"):
        if index < start + len(energy):
            row = energy[index - start]
            return np.asarray(row[np.isfinite(row)])
        start += len(energy)
    raise IndexError(index)


def spectra(raw: XasFrames, grid: Grid, mode: str, *, spikes: str) -> Iterator[Spectra]:
    """mu of a detection mode of all frames, block by block; spikes: 'drop' or 'keep'."""
    channel = next(c for c in raw.first.channels if c.mode == mode)
    start = 0
    for block in raw.frames:
        reasons = list(grid.reason[start : start + len(block.reason)])
        start += len(reasons)
        with np.errstate(divide="ignore", invalid="ignore"):
            mu = channel.absorption(lambda name, b=block: b.signals[:, raw.column_names.index(name)])  # type: ignore[misc]
        on_grid = _on_grid(block, mu, grid, np.array([not reason for reason in reasons]), spikes)
        for i in np.flatnonzero(~np.isfinite(on_grid).all(axis=1)):
            reasons[i] = reasons[i] or f"{mode}: {channel.formula} is not a number at every energy"
            on_grid[i] = np.nan
        yield Spectra(on_grid, block.along, block.across, block.source, tuple(reasons))


def _on_grid(block: RawFrame, mu: Array, grid: Grid, used: npt.NDArray[np.bool_], spikes: str) -> Array:
    """mu (frames, E) of the grid; NaN where a frame is not used."""
    size = grid.measured_ev.size
    out = np.full((len(mu), np.count_nonzero(grid.keep)), np.nan)
    alike = np.zeros(len(mu), dtype=bool)
    if block.energy_ev.shape[1] >= size:
        apart = np.abs(block.energy_ev[:, :size] - grid.measured_ev)
        alike = np.all(apart <= SAME_GRID_EV, axis=1) & np.isnan(block.energy_ev[:, size:]).all(axis=1)
    same = np.flatnonzero(used & alike & np.isfinite(mu[:, :size]).all(axis=1))
    joined = join_pairs(mu[same, :size], grid.pairs)
    if spikes == "drop" and same.size:
        energy = join_pairs(grid.measured_ev, grid.pairs)
        for i in np.flatnonzero(may_have_spikes(energy, joined)):
            joined[i] = _spline(energy, joined[i], energy, spikes)
    out[same] = joined[:, grid.keep]
    for i in np.flatnonzero(used & ~alike):
        there = np.isfinite(block.energy_ev[i])
        energy, values = block.energy_ev[i, there], mu[i, there]
        if np.isfinite(values).all():
            pairs = close_pairs(energy)
            out[i] = _spline(join_pairs(energy, pairs), join_pairs(values, pairs), grid.energy_ev, spikes)
    return out


def _spline(energy: Array, mu: Array, to_ev: Array, spikes: str) -> Array:
    """mu at other energies, from the points that are no spikes."""
    from scipy.interpolate import CubicSpline

    kept = np.ones(energy.size, dtype=bool)
    if spikes == "drop":
        kept[[spike.index for spike in find_spikes([energy], [mu])]] = False
    return np.asarray(CubicSpline(energy[kept], mu[kept])(to_ev))
