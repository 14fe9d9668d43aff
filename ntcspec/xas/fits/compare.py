"""Which model the data prefer: by the Bayesian information criterion, and only where the difference is large.

Symbols: BIC = n ln(chi2 / n) + m ln n (`solve.py`); D its difference from the lowest.

exp(-D / 2) is about the odds of a model against the best one. D above 6 is called strong (R. E. Kass, A. E. Raftery, J.
Am. Stat. Assoc. 90, 773 (1995)); below that, or where another reasonable treatment of the data (a systematic variant)
prefers another model, it cannot be decided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

STRONG = 6.0
UNDECIDED = "cannot be decided"


def prefer(bic: Mapping[str, float], variants: Sequence[tuple[str, Mapping[str, float]]]) -> tuple[str, str]:
    """The model of lowest BIC and a sentence. variants: names and BIC of the same models under other treatments."""
    best = min(bic, key=lambda name: bic[name])
    rest = sorted((value - bic[best], name) for name, value in bic.items() if name != best)
    if not rest:
        return best, "one model: nothing to compare"
    listed = ", ".join(f"{name} +{above:.1f}" for above, name in rest)
    reason = ""
    if rest[0][0] < STRONG:
        reason = f"{rest[0][1]} is within {STRONG:g}"
    for name, other in variants:
        if not reason and min(other, key=lambda n: other[n]) != best:
            reason = f"with {name} it is {min(other, key=lambda n: other[n])}"
    head = f"{best} has the lowest BIC ({listed})"
    return best, f"{UNDECIDED}: {head}, but {reason}" if reason else f"{head}, under every variant"
