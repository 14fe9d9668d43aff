"""Why a line moved from sample to sample: shielding, coupling, or undecided.

Symbols: d isotropic shift, q quadrupolar shift (means of the coupled sites of a fit), D differences from the first
sample.

    centre of gravity  D(d + q) = D d + D q

Order of steps:
1. for each sample D d, D q and their sum; u_stat from both covariances (d and q of one fit are correlated, two samples
   are not);
2. u_sys: limits and backgrounds are chosen alike for all samples, so it is half the range of the difference over them;
   each spectrum has a phase error of its own, so the half ranges over phases of both are added in quadrature, and to
   the former likewise. The reference of both is taken to be one;
3. a part moved where |D| > 3 u, u both uncertainties in quadrature; it did not where 3 u < 1/2 of the larger of |D d|,
   |D q| and it is not seen; else nothing can be said of it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ntcspec.errors import UserError, did_you_mean
from ntcspec.peaks.least_squares import Flags
from ntcspec.peaks.value import SIGNIFICANT
from ntcspec.types import Array, Metric
from ntcspec.types.nmr import NmrFit, NmrMeasured, NmrSplit

PARTS = ("shielding", "quadrupole", "cog")
WORDS = {"shielding": "isotropic shift", "quadrupole": "quadrupolar shift", "cog": "centre of gravity"}
UNSEEN = 0.5


def split_nmr(found: Mapping[str, NmrMeasured | str], *, fit: str, reference: str | None = None) -> NmrSplit:
    """Changes of a fit's mean shifts from the reference sample (the first without one).

    found : sample -> its artifact, or why there is none, in study order.
    Raises UserError for a reference or fit that is not there, and fewer than two samples.
    """
    fits, notes = _fits(found, fit)
    first = reference or next(iter(fits), "")
    if first not in fits:
        raise UserError("split.reference", f"no fit {fit!r} of {first!r}{did_you_mean(first, fits)}",
                        "one of: " + (", ".join(fits) or "no sample has it"))  # fmt: skip
    if len(fits) < 2:
        raise UserError("split", f"{len(fits)} sample with fit {fit!r}", "at least 2 are needed")
    order = [first, *(name for name in fits if name != first)]
    phases = np.array([one.startswith("phase") for one in _choice_names(found)], dtype=bool)
    rows = [_difference(fits[first], fits[name], phases) for name in order]
    value, stat, syst = (np.array([row[i] for row in rows]) for i in range(3))
    verdicts = tuple(verdict(v, s, y) for v, s, y in zip(value, stat, syst, strict=True))
    metrics = [
        Metric(f"{name}.{part}", float(value[i, k]), "ppm", float(stat[i, k]), float(syst[i, k]),
               f"change of the {WORDS[part]} from {first}; {verdicts[i]}", "")
        for i, name in enumerate(order) if i
        for k, part in enumerate(PARTS)
    ]  # fmt: skip
    notes += [f"{name}: {words}" for name, words in zip(order[1:], verdicts[1:], strict=True)]
    return NmrSplit(
        tuple(metrics), tuple(notes), tuple(order), value[:, 0], value[:, 1], value[:, 2], stat, syst,
        ("reference", *verdicts[1:]), np.arange(float(len(order))),
    )  # fmt: skip


def _fits(found: Mapping[str, NmrMeasured | str], fit: str) -> tuple[dict[str, NmrFit], list[str]]:
    fits, notes = {}, []
    for name, one in found.items():
        if isinstance(one, str):
            notes.append(f"left out: {name} ({one})")
            continue
        there = next((f for f in one.fits if f.name == fit), None)
        if there is None:
            notes.append(f"left out: {name} (no fit {fit})")
        elif not np.isfinite(there.delta_iso_ppm):
            notes.append(f"left out: {name} (no site of its model has a coupling: no split is possible)")
        else:
            fits[name] = there
    return fits, notes


def _choice_names(found: Mapping[str, NmrMeasured | str]) -> tuple[str, ...]:
    """Those of all samples where they are the same; none else."""
    names = {one.choice_names for one in found.values() if not isinstance(one, str)}
    return names.pop() if len(names) == 1 else ()


def _difference(first: NmrFit, other: NmrFit, phases: Flags) -> tuple[Array, Array, Array]:
    """Changes, statistical and systematic uncertainties of the three parts, each (3,)."""
    both = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    one, two = (np.array([f.delta_iso_ppm, f.quadrupole_shift_ppm]) for f in (first, other))
    if other is first:
        return np.zeros(3), np.zeros(3), np.zeros(3)
    covariance = both @ (first.shift_covariance + other.shift_covariance) @ both.T
    choices = [both @ np.array([f.choice_delta_iso_ppm, f.choice_quadrupole_shift_ppm]) for f in (first, other)]
    value = both @ (two - one)
    stat = np.sqrt(np.diag(covariance))
    if any(one.shape[1] != phases.size for one in choices):
        return value, stat, np.full(3, np.nan)
    shared = _half_range(value, choices[1][:, ~phases] - choices[0][:, ~phases])
    own = [_half_range(both @ v, c[:, phases]) for v, c in zip((one, two), choices, strict=True)]
    return value, stat, np.sqrt(shared**2 + own[0] ** 2 + own[1] ** 2)


def _half_range(value: Array, others: Array) -> Array:
    """Half the range of a value (3,) and of what it is under other choices (3, choices)."""
    varied = np.column_stack([value, others])
    return np.asarray(0.5 * (np.nanmax(varied, axis=1) - np.nanmin(varied, axis=1)))


def verdict(value: Array, stat: Array, syst: Array) -> str:
    """What moved, in words, from the changes of shielding, coupling and their sum with their uncertainties."""
    u = np.hypot(stat, np.nan_to_num(syst))
    largest = float(np.abs(value[:2]).max())
    words = []
    for k in range(2):
        name, amount = WORDS[PARTS[k]], f"{value[k]:+.2f} +- {u[k]:.2f} ppm"
        if abs(value[k]) > SIGNIFICANT * u[k]:
            words.append(f"{name} changes by {amount}")
        elif SIGNIFICANT * u[k] < UNSEEN * largest:
            words.append(f"no change of the {name} is seen ({amount})")
        else:
            words.append(f"undecided whether the {name} changes ({amount})")
    return "; ".join(words)
