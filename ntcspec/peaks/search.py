"""Deterministic starts for a fit of lines over a baseline.

Symbols: q parameters of a shape (centre, fwhm, share), B baseline parts, n number of lines.

Order of steps for n lines:
1. a grid of candidates: one new line (centres half a middle width apart, 3 to 12 of them; widths in geometric
   steps) times B (centres and widths of its steps or tails), with the lines of the fit of n - 1 lines as they are.
   For each, areas and heights by linear least squares, all at once from one matrix of inner products. What would make
   an area or a height negative goes to the end of the queue;
2. for n > 1 also: each line of the fit of n - 1 lines as two, side by side or one narrow on one broad. The latter is a
   line of another shape: if that explains the data, two lines must not be claimed, so it has to be found;
3. the best candidates with different new lines and each split: a few steps of the fit; then the best of them to its
   end, and with n > 1 up to n others whose lines stand elsewhere; the lowest chi2.

The grid makes the result independent of any guess by the user; the same data give the same result.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, product

import numpy as np

from ntcspec.peaks.derived import line_count
from ntcspec.peaks.fit import MAX_STEPS, Fit, check, minimise, result
from ntcspec.peaks.model import Part, bounds, line, slices, unit
from ntcspec.types import Array

CENTRES, WIDTHS = 12, 3
BASE_CENTRES, BASE_WIDTHS = 3, 3
STARTS = 3
OVER_STARTS = 2
FIRST_STEPS = 5
OTHER_STEPS = 25
ALIKE = 0.2  # of the narrower width
SPLIT = 0.3  # of the width, each way

Pair = tuple[float, float]


def fit_lines(
    x: Array,
    y: Array,
    sigma: Array | None,
    *,
    lines: int,
    shape: str,
    centre_range: Pair,
    fwhm_range: Pair,
    baseline: Sequence[Part],
    simpler: Fit | None = None,
) -> Fit:
    """Fit `lines` lines and the baseline, from starts found here. Lines come first and in ascending order of centre.

    sigma: standard uncertainties, or None; simpler: the fit of one line less, made here if it is not given.
    Raises ValueError as `fit_from` and for empty ranges.
    """
    parts = tuple(line(f"line{i + 1}", shape, centre=centre_range, fwhm=fwhm_range) for i in range(lines))
    parts += tuple(baseline)
    weight = check(x, y, sigma, sum(len(part.lower) for part in parts))
    if lines > 1 and simpler is None:
        simpler = fit_lines(
            x, y, sigma, lines=lines - 1, shape=shape, centre_range=centre_range, fwhm_range=fwhm_range,
            baseline=baseline,
        )  # fmt: skip
    known = simpler if lines > 1 else None
    starts = _grid(x, y, weight, parts, lines, known)
    if known is not None:
        starts += _splits(known, parts, lines)
    tried = [minimise(x, y, weight, parts, start, FIRST_STEPS) for start in starts]
    p, chi2, converged = _finish(x, y, weight, parts, lines, sorted(tried, key=lambda one: one[1]))
    return result(x, y, sigma, parts, p, chi2, converged)


def fit_over(x: Array, y: Array, sigma: Array | None, *, known: Fit, lines: int, baseline: Sequence[Part]) -> Fit:
    """The `lines` lines of a fit, fitted again over another baseline, or to other points, from where they are.

    Quicker than `fit_lines`, which looks for the lines as well. Raises ValueError as `fit_from`.
    """
    parts = (*known.parts[:lines], *baseline)
    weight = check(x, y, sigma, sum(len(part.lower) for part in parts))
    starts = _grid(x, y, weight, parts, lines, known)[:OVER_STARTS]
    tried = [minimise(x, y, weight, parts, start, FIRST_STEPS) for start in starts]
    best = min(tried, key=lambda one: one[1])
    p, chi2, converged = best if best[2] else minimise(x, y, weight, parts, best[0], MAX_STEPS)
    return result(x, y, sigma, parts, _ordered(p, parts, lines), chi2, converged)


def _finish(
    x: Array, y: Array, weight: Array, parts: Sequence[Part], lines: int, tried: Sequence[tuple[Array, float, bool]]
) -> tuple[Array, float, bool]:
    """The best start and, for two lines or more, others that lead elsewhere, each to its end; the lowest of them."""
    best, *others = tried
    best = best if best[2] else minimise(x, y, weight, parts, best[0], MAX_STEPS)
    seen = [_ordered(best[0], parts, lines)]
    for start, chi2, converged in others if lines > 1 else ():
        p = _ordered(start, parts, lines)
        if len(seen) > lines or any(_alike(p, known, parts, lines) for known in seen):
            continue
        other = (start, chi2, converged) if converged else minimise(x, y, weight, parts, start, OTHER_STEPS)
        if other[1] < best[1]:
            best = other if other[2] else minimise(x, y, weight, parts, other[0], MAX_STEPS)
        seen.append(_ordered(other[0], parts, lines))
    return _ordered(best[0], parts, lines), best[1], best[2]


def _alike(p: Array, q: Array, parts: Sequence[Part], lines: int) -> bool:
    """Whether the lines of two ordered parameter vectors stand at the same places."""
    return all(abs(p[s][1] - q[s][1]) < ALIKE * min(p[s][2], q[s][2]) for s in slices(parts)[:lines])


def _ordered(p: Array, parts: Sequence[Part], lines: int) -> Array:
    """Lines by ascending centre; all have the same bounds."""
    where = slices(parts)
    order = sorted(range(lines), key=lambda i: p[where[i]][1])
    return np.concatenate([p[where[i]] for i in [*order, *range(lines, len(parts))]])


def _shapes(part: Part, centres: int, widths: int) -> list[tuple[float, ...]]:
    """Shape parameters over the ranges of a part: centres inside the range, widths in geometric steps."""
    (c_low, c_high), (w_low, w_high) = ((part.lower[i], part.upper[i]) for i in (1, 2))
    at = c_low + (c_high - c_low) * (np.arange(centres) + 0.5) / centres
    wide = w_low * (w_high / w_low) ** ((np.arange(widths) + 1.0) / (widths + 1.0))
    more = (0.5,) * (len(part.lower) - 3)
    return [(float(c), float(w), *more) for c, w in product(at, wide)]


def _grid(x: Array, y: Array, weight: Array, parts: Sequence[Part], lines: int, known: Fit | None) -> list[Array]:
    """Best starts of the grid: the known lines, a new one if they are fewer than asked for, every baseline."""
    there = 0 if known is None else min(line_count(known.parts), lines)
    new = parts[there:lines]
    fixed = [(parts[i], tuple(known.p[s][1:])) for i, s in _line_slices(known, there)] if known is not None else []
    base = [part for part in parts[lines:] if part.kind != "straight"]
    axes = [_shapes(part, _centres(part), WIDTHS) for part in new]
    axes += [_shapes(part, BASE_CENTRES, BASE_WIDTHS) for part in base]
    pool = [(part, shape) for part, axis in zip([*new, *base], axes, strict=True) for shape in axis] + fixed
    columns = [unit(part, x, shape)[0] for part, shape in pool]
    n_straight = sum(part.kind == "straight" for part in parts)
    for part in parts:
        if part.kind == "straight":
            columns += [np.ones_like(x), x - part.origin]
    firsts = np.cumsum([0, *(len(axis) for axis in axes)])
    always = np.arange(firsts[-1], len(columns))
    combos = list(product(*(range(a, b) for a, b in pairwise(firsts))))  # one, empty, where there is nothing to vary
    index = np.array([[*combo, *always] for combo in combos], dtype=int)
    cost, amplitudes = _linear(np.array(columns) * weight, y * weight, index, 2 * n_straight)
    return _queue(cost, amplitudes, index, pool, parts, lines)


def _line_slices(known: Fit, lines: int) -> list[tuple[int, slice]]:
    return list(enumerate(slices(known.parts)[:lines]))


def _centres(part: Part) -> int:
    """Candidates half of the middle width apart."""
    width = float(np.sqrt(part.lower[2] * part.upper[2]))
    return int(np.clip(np.ceil((part.upper[1] - part.lower[1]) / (0.5 * width)), 3, CENTRES))


def _linear(columns: Array, target: Array, index: Array, free: int) -> tuple[Array, Array]:
    """chi2 and amplitudes of every row of `index`; the last `free` amplitudes may be negative, others are punished."""
    norm = np.sqrt(np.einsum("ij,ij->i", columns, columns))
    norm[norm == 0.0] = 1.0
    columns = columns / norm[:, None]
    gram, right = columns @ columns.T, columns @ target
    a = gram[index[:, :, None], index[:, None, :]] + 1e-9 * np.eye(index.shape[1])
    b = right[index]
    solved = np.linalg.solve(a, b[:, :, None])[:, :, 0]
    cost = float(target @ target) - np.einsum("ij,ij->i", solved, b)
    signed = solved[:, : index.shape[1] - free]
    cost += float(target @ target) * (signed < 0).any(axis=1)
    return cost, solved / norm[index]


def _queue(
    cost: Array,
    amplitudes: Array,
    index: Array,
    pool: Sequence[tuple[Part, tuple[float, ...]]],
    parts: Sequence[Part],
    lines: int,
) -> list[Array]:
    """The best candidates with different new lines (with no line: the best baselines), as full parameter vectors."""
    starts: list[Array] = []
    taken: list[int] = []
    for row in np.argsort(cost, kind="stable"):
        if index.shape[1] and index[row, 0] in taken:
            continue
        found = {
            pool[column][0].name: (float(amplitude), *pool[column][1])
            for column, amplitude in zip(index[row], amplitudes[row], strict=True)
            if column < len(pool)
        }
        straights = iter(amplitudes[row][[column >= len(pool) for column in index[row]]])
        values = [found[part.name] if part.kind != "straight" else (next(straights), next(straights)) for part in parts]
        starts.append(np.concatenate(values))
        taken.append(int(index[row, 0]) if index.shape[1] else 0)
        if len(starts) == STARTS:
            break
    return starts


def _splits(known: Fit, parts: Sequence[Part], lines: int) -> list[Array]:
    """Each line of the simpler fit as two: side by side, and one narrow on one broad (a line of another shape)."""
    where = slices(known.parts)
    low, high = bounds(parts)
    out = []
    for i in range(lines - 1):
        area, centre, fwhm, *more = known.p[where[i]]
        others = [known.p[where[k]] for k in range(lines - 1) if k != i]
        base = [known.p[s] for s in where[lines - 1 :]]
        for move, narrow, broad in ((SPLIT, 0.7, 0.7), (0.0, 0.6, 1.4)):
            pair = [
                np.array([area / 2, centre + sign * move * fwhm, width * fwhm, *more])
                for sign, width in ((-1, narrow), (1, broad))
            ]
            out.append(np.clip(np.concatenate([*pair, *others, *base]), low, high))
    return out
