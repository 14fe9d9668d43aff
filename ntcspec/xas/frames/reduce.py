"""Stage `reduce` of the technique xanes for many spectra: one grid, one E0, every normalisation by projection.

Symbols: mu (frames, E), F (3, E) of a choice (`ntcspec.xas.edge_step`), l0 and l1 coefficients of the pre-edge line,
B (E, 2) what they multiply, s edge step, N = norm, y_i noise of a point of frame i.

Order of steps:
1. the grid, and the mean mu of all frames on it;
2. E0, the same for all: as given, or the steepest point of the mean;
3. ranges cut to the data; F of the nominal choice and of each other one, stacked: (l0, l1, s) = mu F' for all choices
   of a block of frames by one product of matrices, N = (mu - B (l0, l1)) / s;
4. noise: the scatter of the frame's own points, as for a single scan; from it that of the step, y s |F_s|.

N, l0, l1 and s of a frame are those that `reduce_xanes` gives it alone, with the same E0 and grid, to rounding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ntcspec.errors import UserError
from ntcspec.frames.coordinates import shown
from ntcspec.types import Array
from ntcspec.types.blocks import Blocks
from ntcspec.types.xas import XasScans
from ntcspec.types.xas_frames import NormalisedFrame, XanesFrames, XasFrames
from ntcspec.xas.frames.grid import Grid, Spectra, find_grid, spectra
from ntcspec.xas.merge import noises_of
from ntcspec.xas.normalize import choose_mode
from ntcspec.xas.repeats import check_options
from ntcspec.xas.xanes.choices import choice_of, combinations, name_of
from ntcspec.xas.xanes.normalised import Method, Plan, nominal_choice, refusals
from ntcspec.xas.xanes.reduce import find_e0

NONE: Mapping[str, Any] = {}


def reduce_frames(
    raw: XasFrames,
    *,
    element: str,
    edge: str,
    edge_energy_ev: float,
    mode: str = "auto",
    align: str = "auto",
    weights: str = "variance",
    spikes: str = "drop",
    calibrate: Mapping[str, Any] | None = None,
    e0_ev: float | None = None,
    pre1_ev: float | None = None,
    pre2_ev: float = -12.0,
    norm1_ev: float = 25.0,
    norm2_ev: float | None = None,
    norm_degree: int = 1,
    victoreen: int = 0,
    normalisation: str = "polynomial",
    choices: Mapping[str, Sequence[Any]] = NONE,
    over_absorption: Mapping[str, Any] = NONE,
) -> XanesFrames:
    """Normalise all frames of one measurement alike. Parameters as those of `reduce_xanes`; weights: not used, there is
    nothing to merge.

    Raises UserError for what the frames do not allow, and for steps that are not offered for them.
    """
    check_options([("align", align), ("spikes", spikes)])
    _refuse_what_is_not_offered(align, calibrate, over_absorption)
    primary, why = choose_mode(XasScans((raw.first,)), mode)
    grid = find_grid(raw)
    energy, mean = grid.energy_ev, _mean(spectra(raw, grid, primary, spikes=spikes))
    where = raw.first.source
    notes = [f"mode {primary}: {why}"] if mode == "auto" else []
    notes += _grid_notes(raw, grid)
    if e0_ev is None:
        e0_ev, e0_notes = find_e0(where, energy, mean, f"{element} {edge}", edge_energy_ev)
        notes += [f"{note} of the mean of all frames" if n == 0 else note for n, note in enumerate(e0_notes)]
    ranges = {
        "pre1_ev": pre1_ev, "pre2_ev": pre2_ev, "norm1_ev": norm1_ev, "norm2_ev": norm2_ev, "norm_degree": norm_degree,
        "victoreen": victoreen,
    }  # fmt: skip
    plan = Plan(where, element, edge_energy_ev, float(e0_ev), ranges, normalisation, choices)
    how, more = _projections(energy, plan, primary)
    edge_of_mean = how.lines(mean[None])[0, 0]
    return XanesFrames(
        mode=primary,
        energy_ev=energy,
        basis=how.basis,
        mean_norm=(mean - how.basis @ edge_of_mean[:2]) / edge_of_mean[2],
        e0_ev=plan.e0_ev,
        choice_names=how.names,
        coordinate_names=raw.coordinate_names,
        coordinate_units=raw.coordinate_units,
        frames=Blocks(NormalisedFrame, lambda: _normalised(spectra(raw, grid, primary, spikes=spikes), how)),
        chosen={**how.chosen, "edge_step_of_mean": float(edge_of_mean[2])},
        notes=(*notes, *more),
    )


def _grid_notes(raw: XasFrames, grid: Grid) -> list[str]:
    """Frames that are left out, and points that are cut."""
    bad, cut = sum(map(bool, grid.reason)), int(np.count_nonzero(~grid.keep))
    words = shown(raw.frames.column("source"), grid.reason) if bad else ""
    return [
        *([f"{bad} of {len(grid.reason)} frames left out: {words}"] if bad else []),
        *([f"{cut} points of the first frame are not covered by every frame and were cut"] if cut else []),
    ]


def _refuse_what_is_not_offered(
    align: str, calibrate: Mapping[str, Any] | None, over_absorption: Mapping[str, Any]
) -> None:
    for key, wanted, default in (
        ("align", align in ("reference", "signal"), "auto"),
        ("calibrate", calibrate is not None, "null"),
        ("over_absorption.correct", bool(over_absorption.get("correct")), "false"),
    ):
        if wanted:
            what, fix = "it is not offered for frames", f"set it to {default} in this measurement"
            raise UserError(f"reduce.{key}", what, fix)


def _mean(blocks: Iterator[Spectra]) -> Array:
    """Mean mu of the frames that can be used. Raises UserError where there are none."""
    total, count, why = np.zeros(1), 0, ""
    for block in blocks:
        used = np.isfinite(block.mu).all(axis=1)
        total, count = total + block.mu[used].sum(axis=0), count + int(np.count_nonzero(used))
        why = why or shown(block.source, block.reason, 1)
    if not count:
        raise UserError("frames", f"none can be used: {why}", "mend the files, or set reduce.mode")
    return np.asarray(total / count)


@dataclass(frozen=True)
class _Projections:
    """F of the nominal choice and of the others (1 + choices, 3, E), and what belongs to them. scatter_above_ev: where
    the noise of a frame is taken, as `derivative.point_error` does."""

    matrices: Array
    basis: Array
    names: tuple[str, ...]
    energy_ev: Array
    scatter_above_ev: float
    chosen: dict[str, Any]

    def lines(self, mu: Array) -> Array:
        """l0, l1 and s of spectra (frames, E) under every choice: (frames, 1 + choices, 3)."""
        count, _, points = self.matrices.shape
        return np.asarray((mu @ self.matrices.reshape(-1, points).T).reshape(-1, count, 3))


def _projections(energy_ev: Array, plan: Plan, mode: str) -> tuple[_Projections, list[str]]:
    """All choices as matrices, and notes. Raises UserError where the nominal one cannot be made."""
    nominal, notes = nominal_choice(energy_ev, plan)
    method = Method(energy_ev, plan, float("nan"))
    try:
        matrices = [method.functional(nominal)]
        pre, post = method.normaliser.points(nominal.ranges)
    except ValueError as problem:
        fix = "set reduce.e0_ev, pre1_ev .. norm2_ev or normalisation to what the data allow"
        raise UserError(plan.where, f"{mode}: {problem}", fix) from None
    names: list[str] = []
    refused: list[tuple[str, str]] = []
    for combination in combinations(plan.choices):
        try:
            choice = choice_of(combination, nominal, energy_ev)
            matrices.append(method.functional(choice))
            names.append(choice.name)
        except UserError as problem:
            refused.append((name_of(combination), problem.what))
        except ValueError as problem:
            refused.append((name_of(combination), str(problem)))
    used = nominal.ranges
    chosen = {
        "e0_ev": used.e0_ev, "pre_edge_range_ev": [used.pre1_ev, used.pre2_ev], "pre_edge_points": list(pre),
        "post_edge_range_ev": [used.norm1_ev, used.norm2_ev], "post_edge_points": list(post),
    }  # fmt: skip
    basis = method.normaliser.basis(used)
    above = _scatter_above(energy_ev, plan.e0_ev)
    how = _Projections(np.array(matrices), basis, tuple(names), energy_ev, above, chosen)
    return how, [*notes, *refusals(refused, len(names))]


def _scatter_above(energy_ev: Array, e0_ev: float) -> float:
    """Where the spectrum bends least and still has points enough: 30 eV above E0, above E0, all."""
    flat = np.zeros((1, energy_ev.size))
    regions = (e0_ev, e0_ev - 30.0)
    return next((above for above in regions if np.isfinite(noises_of(energy_ev, flat, above_ev=above)[0])), -np.inf)


def _normalised(blocks: Iterator[Spectra], how: _Projections) -> Iterator[NormalisedFrame]:
    """Each block normalised. A frame whose mu falls at the edge is left out with the reason."""
    of_step = float(np.sqrt(np.sum(how.matrices[0, 2] ** 2)))
    for block in blocks:
        lines = how.lines(block.mu)
        step = lines[:, 0, 2]
        reasons = list(block.reason)
        falls = np.isfinite(step) & ~(step > 0)
        for i in np.flatnonzero(falls):
            reasons[i] = f"edge step {step[i]:.3g}: mu falls at the edge"
        lines[falls] = np.nan
        lines[~(lines[:, :, 2] > 0)] = np.nan  # a choice that this frame does not allow
        norm = (block.mu - lines[:, 0, :2] @ how.basis.T) / lines[:, 0, 2:]
        noise = noises_of(how.energy_ev, norm, above_ev=how.scatter_above_ev)
        yield NormalisedFrame(
            norm=norm,
            noise=noise,
            edge_step=lines[:, 0, 2].copy(),
            edge_step_error=noise * lines[:, 0, 2] * of_step,
            lines=lines,
            along=block.along,
            across=block.across,
            source=block.source,
            reason=tuple(reasons),
        )
