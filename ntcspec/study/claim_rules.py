"""The rule of each kind of claim: from numbers to a verdict. `claims.py` states the rules in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations, pairwise
from typing import Any

import numpy as np

from ntcspec.study.judge import CLEAR, Sum, detected, inside, side, weighted
from ntcspec.study.order import FEW, order, smallest_p
from ntcspec.study.trends import DECIDED
from ntcspec.study.verdicts import (
    HOLDS,
    NOT,
    OPEN,
    Finding,
    Used,
    missing_of,
    unit_trouble,
    unknown_of,
    verdict_of,
)
from ntcspec.types.study import Number

Properties = Mapping[str, Mapping[str, Number]]
Rule = Callable[[Mapping[str, Any], tuple[Used, ...], Properties], Finding]
BEYOND = "twice their uncertainty"


def _with_value(used: Sequence[Used]) -> list[Used]:
    return [u for u in used if math.isfinite(u.number.value)]


def _unit(used: Sequence[Used]) -> str:
    return next((u.number.unit for u in _with_value(used)), "")


def _but(verdict: str, missing: list[str]) -> str:
    """A claim on all its samples does not hold for some of them: what is missing leaves it open."""
    return OPEN if verdict == HOLDS and missing else verdict


def trend(claim: Mapping[str, Any], used: tuple[Used, ...], properties: Properties) -> Finding:
    """A metric rises or falls along the samples."""
    missing, about = missing_of(used), claim["against"]
    placed: list[tuple[float, Used]] = []
    for i, one in enumerate(used):
        x = properties.get(one.sample, {}).get(about) if about else Number(float(i), "", 0.0, 0.0, "")
        if x is None or not math.isfinite(x.value):
            missing.append(f"{one.sample}: {about}: {(x.reason if x else '') or 'not given'}")
        elif math.isfinite(one.number.value):
            placed.append((x.value, one))
    placed.sort(key=lambda p: p[0])
    trouble = unit_trouble(used)
    if trouble or len({x for x, _ in placed}) < 2:
        why = trouble or f"fewer than two samples to compare; {'; '.join(missing) or f'{about} is equal in all'}"
        return Finding(OPEN, why, len(placed))
    sign = 1.0 if claim["goes"] == "up" else -1.0

    def step(low: Used, high: Used) -> Sum:
        return weighted([(1.0, high.number), (-1.0, low.number)], claim["systematic"])

    def way(low: Used, high: Used) -> int:
        return side(step(low, high), 0.0) * int(sign)

    places = sorted({x for x, _ in placed})
    steps = [
        (a, b) for x, y in pairwise(places) for p, a in placed for q, b in placed if p == x and q == y
    ]  # from one value of the property to the next
    reversed_ = [(a, b) for (p, a), (q, b) in combinations(placed, 2) if p < q and way(a, b) < 0]
    clear = sum(way(a, b) > 0 for a, b in steps)
    verdict = NOT if reversed_ else _but(HOLDS if clear == len(steps) else OPEN, missing)
    why = f"{clear} of {len(steps)} steps go {claim['goes']} by more than {BEYOND}"
    if reversed_:
        a, b = reversed_[0]
        why += f"; from {a.sample} to {b.sample} it goes {'down' if sign > 0 else 'up'} by more"
    why += f"; left out: {'; '.join(missing)}" if missing else ""
    first, last = placed[0][1], placed[-1][1]
    p, general = _beyond(placed)
    return Finding(
        verdict, why + unknown_of(used), len(placed), step(first, last), _unit(used),
        f"{last.sample} less {first.sample}", p, general,
    )  # fmt: skip


def _beyond(placed: Sequence[tuple[float, Used]]) -> tuple[float, str]:
    """The chance of such an order, and what it says beyond these samples."""
    n = len(placed)
    found = order(np.array([x for x, _ in placed]), np.array([u.number.value for _, u in placed]))
    if math.isnan(found.tau):
        return math.nan, f"not decided: {n} samples" if n < 3 else "not decided: all values are equal"
    if found.p_tau <= DECIDED:
        return found.p_tau, f"{'rises' if found.tau > 0 else 'falls'}, p = {found.p_tau:.2g}"
    few = f"; no order of {n} is rarer than p = {smallest_p(n):.2g}" if n < FEW else ""
    return found.p_tau, f"not decided: p = {found.p_tau:.2g}{few}"


def compare(claim: Mapping[str, Any], used: tuple[Used, ...], _: Properties) -> Finding:
    """A metric of samples above, below or equal to that of others."""
    if trouble := unit_trouble(used):
        return Finding(OPEN, trouble, len(_with_value(used)))
    by_sample = {u.sample: u for u in _with_value(used)}
    pairs = [
        (by_sample[a], by_sample[b])
        for a in claim["samples"]
        for b in claim["to"]
        if {a, b} <= set(by_sample) and a != b
    ]
    missing = missing_of(used)
    if not pairs:
        return Finding(OPEN, f"nothing to compare; {'; '.join(missing)}".rstrip("; "), len(by_sample))
    judged = [_pair(claim, a, b) for a, b in pairs]
    verdict = _but(verdict_of([s for s, *_ in judged]), missing)
    worst = min(range(len(pairs)), key=lambda i: judged[i][1])  # the least favourable pair
    (a, b), counts = pairs[worst], [s for s, *_ in judged]
    asked = _asked(claim, _unit(used))
    why = f"{sum(s > 0 for s in counts)} of {len(pairs)} pairs are {asked}"
    why += f", {sum(s < 0 for s in counts)} are clearly not" if min(counts) < 0 else ""
    why += f"; left out: {'; '.join(missing)}" if missing else ""
    return Finding(verdict, why + unknown_of(used), len(by_sample), *_effect(claim, a, b, _unit(used)))


def _asked(claim: Mapping[str, Any], unit: str) -> str:
    if claim["relation"] == "equal":
        return f"equal within {claim['within']:g} {unit}"
    least = f" by a factor of {claim['factor']:g}" if claim["factor"] else ""
    least += f" by {claim['difference']:g} {unit}" if claim["difference"] else ""
    return f"{claim['relation']}{least}, by more than {BEYOND}"


def _pair(claim: Mapping[str, Any], a: Used, b: Used) -> tuple[int, float]:
    """1, 0, -1 for one pair; and how favourable it is, in units of its uncertainty."""
    if claim["relation"] == "equal":
        apart = weighted([(1.0, a.number), (-1.0, b.number)], claim["systematic"])
        room = claim["within"] - abs(apart.value)
        return inside(apart, -claim["within"], claim["within"]), _in_u(room, apart.u)
    high, low = (a, b) if claim["relation"] == "above" else (b, a)
    margin = weighted([(1.0, high.number), (-(claim["factor"] or 1.0), low.number)], claim["systematic"])
    limit = claim["difference"] or 0.0
    if claim["factor"] and low.number.value <= 0:
        return 0, -math.inf  # a ratio to nothing
    return side(margin, limit), _in_u(margin.value - limit, margin.u)


def _in_u(room: float, u: float) -> float:
    return room / u if u > 0 else math.copysign(math.inf, room)


def _effect(claim: Mapping[str, Any], a: Used, b: Used, unit: str) -> tuple[Sum, str, str]:
    """Difference of a pair, or its ratio where a factor is asked for."""
    if not claim["factor"] or b.number.value == 0:
        apart = weighted([(1.0, a.number), (-1.0, b.number)], claim["systematic"])
        return apart, unit, f"{a.sample} less {b.sample}"
    ratio = a.number.value / b.number.value
    spread = weighted([(1.0 / b.number.value, a.number), (-ratio / b.number.value, b.number)], claim["systematic"])
    return Sum(ratio, spread.u_stat, spread.u_sys), "1", f"{a.sample} over {b.sample}"


def window(claim: Mapping[str, Any], used: tuple[Used, ...], _: Properties) -> Finding:
    """A metric in a range."""
    low, high = claim["range"] or (claim["value"] - claim["within"], claim["value"] + claim["within"])
    found, missing = _with_value(used), missing_of(used)
    if trouble := unit_trouble(used):
        return Finding(OPEN, trouble, len(found))
    if not found:
        return Finding(OPEN, f"no value; {'; '.join(missing)}", 0)
    sums = [weighted([(1.0, u.number)], "worst") for u in found]
    sides = [inside(s, low, high) for s in sums]
    worst = min(range(len(found)), key=lambda i: _in_u(min(sums[i].value - low, high - sums[i].value), sums[i].u))
    counts = f"{sum(s > 0 for s in sides)} of {len(found)} lie in {low:.6g} to {high:.6g} {_unit(used)}".rstrip()
    out = sum(s < 0 for s in sides)
    why = f"{counts} with twice their uncertainty" + (f", {out} clearly outside" if out else "")
    why += f"; left out: {'; '.join(missing)}" if missing else ""
    effect_is = f"value of {found[worst].sample}"
    verdict = _but(verdict_of(sides), missing)
    return Finding(verdict, why + unknown_of(used), len(found), sums[worst], _unit(used), effect_is)


def seen(claim: Mapping[str, Any], used: tuple[Used, ...], _: Properties) -> Finding:
    """A feature that is there, or is not."""
    wanted = 1 if claim["kind"] == "present" else -1
    sides = [detected(u.number) * wanted for u in used]
    words = [_how_seen(u.number) for u in used]
    told = "; ".join(f"{u.sample}: {w}" for u, w in zip(used, words, strict=True))
    found = _with_value(used)
    if not found:
        return Finding(verdict_of(sides), told, 0)
    worst = (max if wanted < 0 else min)(
        found, key=lambda u: _in_u(u.number.value, weighted([(1.0, u.number)], "worst").u)
    )
    effect = weighted([(1.0, worst.number)], "worst")
    return Finding(verdict_of(sides), told, len(found), effect, worst.number.unit, f"value of {worst.sample}")


def _how_seen(number: Number) -> str:
    there = detected(number)
    if not math.isfinite(number.value):
        return f"{'not found' if there < 0 else 'missing'} ({number.reason or 'no value'})"
    u = weighted([(1.0, number)], "worst").u
    if math.isnan(u):
        return "its uncertainty is not known"
    if there < 0:
        return f"consistent with zero, below {number.value + CLEAR * u:.3g}"
    return "detected" if there else "between two and three times its uncertainty"


def count(claim: Mapping[str, Any], used: tuple[Used, ...], _: Properties) -> Finding:
    """A number of things."""
    samples = list(dict.fromkeys(u.sample for u in used))
    numbers: dict[str, float] = {}
    missing: list[str] = []
    for sample in samples:
        of = [u.number for u in used if u.sample == sample]
        if claim["metric"]:
            number = of[0].value
        else:
            number = math.nan if any(detected(n) == 0 for n in of) else float(sum(detected(n) > 0 for n in of))
        if math.isfinite(number):
            numbers[sample] = number
        else:
            open_ = next(n for n in of if not math.isfinite(n.value) or detected(n) == 0)
            missing.append(f"{sample}: {open_.reason or 'its uncertainty is too large, or not known'}")
    if not numbers:
        return Finding(OPEN, f"no number; {'; '.join(missing)}", 0)
    right = {s: claim["least"] <= n <= claim["most"] for s, n in numbers.items()}
    verdict = NOT if not all(right.values()) else _but(HOLDS, missing)
    worst = max(numbers, key=lambda s: max(claim["least"] - numbers[s], numbers[s] - claim["most"]))
    span = f"{claim['least']}" if claim["least"] == claim["most"] else f"{claim['least']} to {claim['most']}"
    why = f"{', '.join(f'{n:g} in {s}' for s, n in numbers.items())}, claimed {span}"
    why += f"; left out: {'; '.join(missing)}" if missing else ""
    return Finding(verdict, why, len(numbers), Sum(numbers[worst], math.nan, math.nan), "1", f"number in {worst}")


RULES: Mapping[str, Rule] = {
    "trend": trend, "compare": compare, "window": window, "present": seen, "absent": seen, "count": count,
}  # fmt: skip
