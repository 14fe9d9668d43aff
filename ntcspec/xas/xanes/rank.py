"""Study level: how many components the spectra of a series hold, and which candidates lie in their space.

Symbols: D norm of the samples on a common grid, s_n its singular values, D' its derivative by energy.

Order of steps:
1. samples onto a common grid; candidates are left out and wait as targets;
2. decomposition and three decisions (`factors.py`). The verdict is that by noise where the noise is known; it carries a
   reason where the others disagree. Without known noise IND and the F test must agree, else there is no verdict;
3. the same under each choice of normalisation that all samples have, made alike: u_sys is half the range;
4. which energy misalignment between samples would make a component alone: s_n / |D'| (Frobenius norm), rms;
5. target transformation of each candidate with the components of the verdict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ntcspec.errors import UserError
from ntcspec.peaks.value import NAN
from ntcspec.types import Array, Metric, Note
from ntcspec.types.xanes import Normalised, XanesReduced
from ntcspec.types.xanes_series import XanesRank
from ntcspec.xas.xanes.factors import Decomposition, Target, on_grid, pca, target
from ntcspec.xas.xanes.spectra import Spectrum, as_spectrum, choice_norm, shared_choices

FEW = 8  # samples below which a note says what they cannot tell
SPOILED = 6.0
ABOVE_NOISE = 2.0  # rms of a target's residual over that of noise
COUNT = "a count has no statistical uncertainty; the significance of each component stands beside it"
HOW = {
    "rank": "verdict: components that noise cannot make; IND and F test beside it",
    "rank.noise": "singular values against noise of the known size",
    "rank.ind": "minimum of Malinowski's IND",
    "rank.f_test": "F test of reduced eigenvalues, 5 %",
}


def rank_xanes(
    found: Mapping[str, XanesReduced | str], *, range_ev: tuple[float, float], candidates: Sequence[str] = ()
) -> XanesRank:
    """Number of components of the samples that are not candidates; each candidate tested as target.

    found: sample -> its artifact, or why there is none, in study order; the primary mode is used. range_ev in eV.
    Raises UserError for a candidate that is not there, fewer than 3 samples, and a range that a sample does not cover.
    """
    reduced = {name: one for name, one in found.items() if not isinstance(one, str)}
    left_out = [f"left out: {name} ({why})" for name, why in found.items() if isinstance(why, str)]
    candidates = [name for name in candidates if not isinstance(found.get(name), str)]
    samples = _samples(reduced, candidates, range_ev)
    modes = {one.mode for one in samples.values()}
    spectra = [as_spectrum(name, one) for name, one in samples.items()]
    try:
        parts = _decompose(spectra, [s.norm for s in spectra], range_ev)
    except ValueError as problem:
        raise UserError("rank.range_ev", str(problem), "widen the range") from None
    choices = shared_choices(list(samples.values()))
    varied = _under_choices(spectra, list(samples.values()), choices, range_ev)
    metrics = _counts(parts, varied)
    count = metrics[0].value
    tested = [_target(parts, varied, name, reduced[name].primary, count) for name in candidates]
    notes = [*left_out, *_notes(parts, count, tuple(samples)), *(n for _, _, n in tested)]
    if len(modes) > 1:
        notes.append(f"detection modes differ ({', '.join(sorted(modes))}): a component may be over-absorption")
    targets = [t for t, _, _ in tested if t is not None]
    empty = np.empty((0, parts.energy_ev.size))
    return XanesRank(
        metrics=tuple(metrics + [m for _, ms, _ in tested for m in ms]),
        notes=tuple(notes),
        energy_ev=parts.energy_ev,
        samples=tuple(samples),
        component=np.arange(1.0, len(samples) + 1),
        singular_values=parts.singular_values,
        noise_singular_values=parts.noise_singular_values,
        ind=parts.ind,
        significance=parts.significance,
        explained=parts.singular_values**2 / np.sum(parts.singular_values**2),
        components=parts.components,
        scores=parts.scores,
        choice_names=choices,
        choice_singular_values=np.array([v.singular_values for v in varied.values()]).reshape(-1, len(samples)),
        candidates=tuple(n for n, (t, _, _) in zip(candidates, tested, strict=True) if t is not None),
        targets=np.stack([t.target for t in targets]) if targets else empty,
        projected=np.stack([t.projected for t in targets]) if targets else empty,
    )


def _samples(
    reduced: Mapping[str, XanesReduced], candidates: Sequence[str], range_ev: Sequence[float]
) -> dict[str, Normalised]:
    """Spectra to decompose, which cover the range."""
    for name in candidates:
        if name not in reduced:
            raise UserError("rank.candidates", f"no reduced spectrum of {name!r}", "name one of: " + ", ".join(reduced))
    samples = {name: one.primary for name, one in reduced.items() if name not in candidates}
    if len(samples) < 3:
        raise UserError("rank", f"{len(samples)} samples to decompose", "at least 3 are needed beside the candidates")
    for name, one in samples.items():
        if one.energy_ev[0] > range_ev[0] or one.energy_ev[-1] < range_ev[1]:
            have = f"{name} has data from {one.energy_ev[0]:.1f} to {one.energy_ev[-1]:.1f} eV only"
            raise UserError("rank.range_ev", have, "narrow the range, or leave the sample out")
    return samples


def _decompose(spectra: Sequence[Spectrum], norms: Sequence[Array], range_ev: Sequence[float]) -> Decomposition:
    return pca([s.energy_ev for s in spectra], norms, [s.noise for s in spectra], range_ev=range_ev)


def _under_choices(
    spectra: Sequence[Spectrum], samples: Sequence[Normalised], choices: Sequence[str], range_ev: Sequence[float]
) -> dict[str, Decomposition]:
    """The decomposition for each choice; the noise scales with the edge step of the choice."""
    norms = [choice_norm(one, choices) for one in samples]
    out = {}
    for k, name in enumerate(choices):
        scaled = []
        for spectrum, one in zip(spectra, samples, strict=True):
            ratio = abs(one.edge_step / one.choice_edge_step[one.choice_names.index(name)])
            scaled.append(Spectrum(spectrum.name, spectrum.energy_ev, spectrum.norm, spectrum.noise * ratio))
        out[name] = _decompose(scaled, [n[k] for n in norms], range_ev)
    return out


def verdict(found: Decomposition) -> tuple[float, str]:
    """Number of components, and what speaks against it; NaN where nothing decides."""
    votes = f"noise says {found.rank_noise}, IND {found.rank_ind}, F test {found.rank_f}"
    size = len(found.singular_values)
    if found.rank_noise < 0:
        if found.rank_ind == found.rank_f:
            return float(found.rank_ind), "the noise is not known: from IND and the F test alone"
        return NAN, f"the noise is not known, and IND says {found.rank_ind}, F test {found.rank_f}"
    if found.rank_noise == size:
        return float(size), f"every sample adds a component: at least {size}, more samples are needed ({votes})"
    if found.rank_noise == found.rank_ind == found.rank_f:
        return float(found.rank_noise), ""
    return float(found.rank_noise), f"the methods disagree: {votes}"


def _counts(found: Decomposition, varied: Mapping[str, Decomposition]) -> list[Metric]:
    """The verdict and the three numbers that it rests on."""

    def numbers(one: Decomposition) -> dict[str, float]:
        by_noise = float(one.rank_noise) if one.rank_noise >= 0 else NAN
        return {
            "rank": verdict(one)[0],
            "rank.noise": by_noise,
            "rank.ind": float(one.rank_ind),
            "rank.f_test": float(one.rank_f),
        }

    nominal, others = numbers(found), [numbers(v) for v in varied.values()]
    out = []
    for name, value in nominal.items():
        reasons = [verdict(found)[1]] if name == "rank" else []
        if name == "rank.noise" and np.isnan(value):
            reasons = ["the noise of a sample is not known"]
        u_sys = NAN
        if not others:
            reasons.append("u_sys: no choice of normalisation that all samples have")
        elif np.isfinite(value):
            tried = [value, *(o[name] for o in others)]
            u_sys = 0.5 * (max(tried) - min(tried))  # NaN if a choice has none
        reason = "; ".join(r for r in [*reasons, f"u_stat: {COUNT}"] if r)
        method = f"{HOW[name]}; u_sys: half the range over the choices of normalisation, made alike"
        out.append(Metric(name, value, "1", NAN, u_sys, method, reason))
    return out


def _target(
    found: Decomposition, varied: Mapping[str, Decomposition], name: str, candidate: Normalised, count: float
) -> tuple[Target | None, list[Metric], Note]:
    """Metrics of one candidate and a sentence on it."""
    grid, method = found.energy_ev, f"target transformation with {count:g} components"
    spectrum = as_spectrum(name, candidate)
    why = ""
    if not 1 <= count < len(found.singular_values):
        why = "no number of components below that of the samples: nothing is left to test against"
    elif spectrum.energy_ev[0] > grid[0] or spectrum.energy_ev[-1] < grid[-1]:
        why = f"{name} has data from {spectrum.energy_ev[0]:.1f} to {spectrum.energy_ev[-1]:.1f} eV only"
    if why:
        metrics = [Metric(f"{name}.{q}", NAN, "1", NAN, NAN, method, why) for q in ("residual", "spoil")]
        return None, metrics, f"{name}: {why}"
    error = on_grid(spectrum.energy_ev, spectrum.noise, grid) if spectrum.noise.size else spectrum.noise
    tested = target(found, on_grid(spectrum.energy_ev, spectrum.norm, grid), error, count=int(count))
    both = [choice for choice in varied if choice in candidate.choice_names]
    alike = [
        target(varied[choice], on_grid(spectrum.energy_ev, norm, grid), error, count=int(count))
        for choice, norm in zip(both, choice_norm(candidate, both), strict=True)
    ]
    expected = tested.expected_rms
    u_stat = expected / float(np.sqrt(2.0 * (grid.size - count)))
    known = f"noise alone gives {expected:.2g}" if np.isfinite(expected) else "the noise is not known"
    none = "" if both else "u_sys: no choice of normalisation that the samples and the candidate share"
    residuals = [tested.residual_rms, *(t.residual_rms for t in alike)]
    spoils = [tested.spoil, *(t.spoil for t in alike)]
    by_choice = "u_sys: half the range over the choices of normalisation, made alike"
    half = [0.5 * (max(v) - min(v)) if both else NAN for v in (residuals, spoils)]
    judged = "; ".join(r for r in ("u_stat: a ratio to judge by has none", none) if r)
    metrics = [
        Metric(f"{name}.residual", tested.residual_rms, "1", u_stat, half[0], f"{method}; {known}; {by_choice}", none),
        Metric(f"{name}.spoil", tested.spoil, "1", NAN, half[1], f"{method}, SPOIL; {by_choice}", judged),
    ]
    outside = tested.residual_rms > ABOVE_NOISE * expected if np.isfinite(expected) else tested.spoil > SPOILED
    where = "is not in" if outside else "can be in"
    said = f"{name} {where} the space of the components: rms residual {tested.residual_rms:.2g}, {known}"
    return tested, metrics, f"{said}, SPOIL {tested.spoil:.2g}"


def _notes(found: Decomposition, count: float, samples: Sequence[str]) -> list[Note]:
    """What the number does not say."""
    notes = []
    if count >= 2:
        slope = float(np.linalg.norm(np.gradient(found.data, found.energy_ev, axis=1)))
        sizes = [f"{n + 1}: {found.singular_values[n] / slope:.2g} eV" for n in range(1, int(count))]
        notes.append(f"rms energy misalignment between samples that would make a component alone: {', '.join(sizes)}")
    if len(samples) < FEW:
        most = len(samples) - 1
        notes.append(
            f"{len(samples)} samples: not more than {most} components can be told from noise; what changes in one "
            "sample alone is a component as much as a phase; phases whose fractions go together count as one; the F "
            f"test has at most {most} degrees of freedom and misses weak components"
        )
    return notes
