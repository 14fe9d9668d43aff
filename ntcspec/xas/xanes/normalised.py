"""One detection mode, merged, into `Normalised`: the nominal normalisation, all choices, over-absorption, noise.

Order of steps: ranges cut to the data; nominal normalisation with its response to noise; each choice; the envelope.
With over-absorption, each normalisation is: norm -> undo -> normalised again in the same ranges. The error goes
through both by the chain rule; edge_step, pre_edge and post_edge stay those of mu as measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ntcspec.errors import UserError
from ntcspec.types import Array
from ntcspec.types.xanes import Normalised
from ntcspec.xas import mback
from ntcspec.xas.edge_step import Edge, Match, Normaliser, Ranges, factors, flattened, norm_error
from ntcspec.xas.merge import Merged
from ntcspec.xas.normalize import cut_ranges
from ntcspec.xas.over_absorption import Thick, undo
from ntcspec.xas.xanes.choices import Choice, choice_of, combinations, name_of

METHODS = ("polynomial", "mback")


@dataclass(frozen=True)
class Plan:
    """How every mode of a measurement is normalised; `ranges`: pre1_ev .. norm2_ev, norm_degree, victoreen."""

    where: str
    element: str
    edge_energy_ev: float
    e0_ev: float
    ranges: Mapping[str, Any]
    normalisation: str
    choices: Mapping[str, Sequence[Any]]


@dataclass(frozen=True)
class _Outcome:
    """One normalisation and, with over-absorption, what it becomes; `again` normalises the corrected norm."""

    edge: Edge
    again: Edge | None
    slope: Array  # d corrected / d norm before it is normalised again; empty without a correction

    @property
    def norm(self) -> Array:
        return self.edge.norm if self.again is None else self.again.norm


class Method:
    """Normalises mu of one mode under any choice; the table of MBACK and least-squares inverses are kept."""

    def __init__(self, energy_ev: Array, plan: Plan, alpha: float) -> None:
        self.normaliser, self.plan, self.alpha = Normaliser(energy_ev), plan, alpha
        self._table = np.empty(0)

    def __call__(self, mu: Array, choice: Choice, *, response: bool = False) -> _Outcome:
        """Raises ValueError for what the data do not allow."""
        match = self._match(choice.ranges) if choice.normalisation == "mback" else None
        edge = self.normaliser.normalise(mu, choice.ranges, match, response=response)
        if not np.isfinite(self.alpha):
            return _Outcome(edge, None, np.empty(0))
        corrected, slope = undo(edge.norm, self.alpha)
        return _Outcome(edge, self.normaliser.normalise(corrected, choice.ranges, match, response=response), slope)

    def functional(self, choice: Choice) -> Array:
        """F (3, n) of a choice: pre-edge coefficients and step of any mu on this grid. Raises ValueError likewise."""
        match = self._match(choice.ranges) if choice.normalisation == "mback" else None
        return self.normaliser.functional(choice.ranges, match)

    def _match(self, ranges: Ranges) -> Match:
        if not self._table.size:
            self._table = mback.tabulated(self.plan.element, self.normaliser.energy_ev)
        return mback.match_of(self.normaliser, self._table, ranges, edge_energy_ev=self.plan.edge_energy_ev)


def normalise_mode(mode: str, merged: Merged, plan: Plan, thick: Thick | None) -> Normalised:
    """Nominal normalisation and all choices. Raises UserError where the nominal one cannot be made."""
    energy, mu = merged.energy_ev, merged.mu
    nominal, notes = nominal_choice(energy, plan)
    method = Method(energy, plan, thick.alpha if thick else float("nan"))
    try:
        outcome = method(mu, nominal, response=bool(merged.mu_error.size))
    except ValueError as problem:
        fix = "set reduce.e0_ev, pre1_ev .. norm2_ev or normalisation to what the data allow"
        raise UserError(plan.where, f"{mode}: {problem}", fix) from None
    norm_errors, step_error = _errors(outcome, merged.mu_error)
    names, norms, steps, choice_notes = _all_choices(method, mu, nominal)
    envelope = np.vstack([outcome.norm[None, :], norms])
    edge = outcome.edge
    return Normalised(
        mode=mode,
        energy_ev=energy,
        mu=mu,
        mu_error=merged.mu_error,
        pre_edge=edge.pre_edge,
        post_edge=edge.post_edge,
        norm=outcome.norm,
        norm_error=norm_errors,
        norm_low=envelope.min(axis=0),
        norm_high=envelope.max(axis=0),
        flat=flattened(outcome.again or edge, outcome.norm),
        norm_measured=edge.norm if thick else np.empty(0),
        e0_ev=plan.e0_ev,
        edge_step=edge.edge_step,
        edge_step_error=step_error,
        choice_names=tuple(names),
        choice_norm=norms,
        choice_edge_step=np.array(steps),
        shift_ev=merged.shift_ev,
        shift_error_ev=merged.shift_error_ev,
        weight=merged.weight,
        chosen=_chosen(nominal, edge, merged, thick),
        notes=(*merged.notes, *notes, *choice_notes),
    )


def nominal_choice(energy_ev: Array, plan: Plan) -> tuple[Choice, list[str]]:
    """The nominal ranges, cut to the data, and notes."""
    if plan.normalisation not in METHODS:
        raise UserError("reduce.normalisation", f"{plan.normalisation!r} is unknown", "one of: " + ", ".join(METHODS))
    asked = {k: plan.ranges[k] for k in ("pre1_ev", "pre2_ev", "norm1_ev", "norm2_ev")}
    pre1, norm2, notes = cut_ranges(energy_ev, where=plan.where, e0_ev=plan.e0_ev, **asked)
    if plan.ranges["norm_degree"] > 0 and norm2 - asked["norm1_ev"] < asked["norm1_ev"]:
        notes.append(
            f"the post-edge range of {norm2 - asked['norm1_ev']:.0f} eV is extrapolated by {asked['norm1_ev']:g} eV to "
            f"e0 with degree {plan.ranges['norm_degree']}: the step rests on its slope, consider norm_degree 0"
        )
    ranges = Ranges(
        plan.e0_ev, pre1, asked["pre2_ev"], asked["norm1_ev"], norm2, plan.ranges["norm_degree"],
        plan.ranges["victoreen"],
    )  # fmt: skip
    return Choice("", ranges, plan.normalisation), notes


def _all_choices(method: Method, mu: Array, nominal: Choice) -> tuple[list[str], Array, list[float], list[str]]:
    """Names, norms (choices, n) and steps of the choices that the data allow, and one note for those they do not."""
    names: list[str] = []
    norms: list[Array] = []
    steps: list[float] = []
    refused: list[tuple[str, str]] = []
    for combination in combinations(method.plan.choices):
        try:
            choice = choice_of(combination, nominal, method.normaliser.energy_ev)
            outcome = method(mu, choice)
        except UserError as problem:
            refused.append((name_of(combination), problem.what))
            continue
        except ValueError as problem:
            refused.append((name_of(combination), str(problem)))
            continue
        names.append(choice.name)
        norms.append(outcome.norm)
        steps.append(outcome.edge.edge_step)
    return names, np.array(norms).reshape(len(norms), mu.size), steps, refusals(refused, len(names))


def refusals(refused: Sequence[tuple[str, str]], possible: int) -> list[str]:
    """A note on choices, given by name and reason, that are not possible beside those that are; none without any."""
    total = len(refused) + possible
    words = f"{len(refused)} of {total} choices are not possible and were left out, e.g. "
    return [words + ": ".join(refused[0])] if refused else []


def _errors(outcome: _Outcome, mu_error: Array) -> tuple[Array, float]:
    """Standard uncertainties of norm and of the step from those of mu; empty and NaN where these are unknown."""
    if not mu_error.size:
        return np.empty(0), float("nan")
    of_norm, of_step = norm_error(outcome.edge, mu_error)
    if outcome.again is None:
        return of_norm, of_step
    edge, again = outcome.edge, outcome.again  # d norm / d mu = d - u v: d diagonal, of u and v six rows
    d, slope = outcome.slope / edge.edge_step, outcome.slope[:, None]
    u = np.column_stack([slope * factors(edge) / edge.edge_step, factors(again)])
    through_first = again.response * d - (again.response @ u[:, :3]) @ edge.response
    v, variance = np.vstack([edge.response, through_first]), mu_error**2
    covariance = (v * variance) @ v.T
    found = d**2 * variance - 2.0 * d * variance * np.sum(u * v.T, axis=1) + np.sum((u @ covariance) * u, axis=1)
    return np.sqrt(np.clip(found, 0.0, None)) / again.edge_step, of_step


def _chosen(nominal: Choice, edge: Edge, merged: Merged, thick: Thick | None) -> dict[str, Any]:
    ranges = nominal.ranges
    chosen: dict[str, Any] = {
        "e0_ev": ranges.e0_ev,
        "edge_step_energy_ev": float(merged.energy_ev[edge.e0_index]),
        "pre_edge_range_ev": [ranges.pre1_ev, ranges.pre2_ev],
        "post_edge_range_ev": [ranges.norm1_ev, ranges.norm2_ev],
        "pre_edge_points": list(edge.pre_points),
        "post_edge_points": list(edge.post_points),
        **merged.chosen,
    }
    return chosen if thick is None else {**chosen, "over_absorption": thick.chosen}
