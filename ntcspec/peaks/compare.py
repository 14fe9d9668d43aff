"""How many lines the data support.

Symbols: k fitted parameters, n points, chi2 weighted sum of squares, c = max(1, smallest chi2 / (n - k) of all
models), rho correlation of neighbouring residuals of the best-fitting model, s unknown: RSS = chi2 with s = 1.

Order of steps:
1. s known:   AICc = chi2 / c + 2k + 2k(k + 1) / (n - k - 1)       BIC = chi2 / c + k ln n
   s unknown: AICc = n ln(RSS / n) + 2K + 2K(K + 1) / (n - K - 1)  BIC = n ln(RSS / n) + K ln n, K = k + 1 (s counts)
   c > 1 says that s is too small or that no model is right: differences shrink by it (quasi-likelihood, Burnham and
   Anderson 2002), so that a misfit that all models share is no evidence for the one with most parameters;
2. correlated residuals (rho > 2/sqrt n: pooled or interpolated points, or a misfit of the baseline): n points weigh as
   much as e n independent ones, e = (1 - rho) / (1 + rho). With e of the best-fitting model chi2 and n ln(RSS/n) are
   multiplied by e, and n in ln n and in AICc is e n. The uncertainties of each fit are multiplied by 1/sqrt(its own e);
3. the smallest BIC wins. Margin = BIC of the runner-up - BIC of the winner: below 2 not decided, 2 to 6 positive, 6 to
   10 strong, above 10 very strong (Kass and Raftery 1995). Undecided: the model with fewer lines is taken;
4. a winner with lines must be one that can be believed, else the model with fewer lines is taken, and it is said why:
   - height of each line above 3 sigma;
   - no centre or width at the limit of its range: such a line makes up for the baseline;
   - two neighbours further apart than half the width at half maximum of the narrower one. What BIC then prefers is
     another shape, not another line.

Parsimony is meant: a second line is a claim about matter (two sites, a split level), its absence none.

Sources: R. E. Kass, A. E. Raftery, J. Am. Stat. Assoc. 90, 773 (1995); K. P. Burnham, D. R. Anderson, Model Selection
and Multimodel Inference (Springer 2002), 2.4-2.5; effective number of points: M. S. Bartlett, J. R. Stat. Soc. 98, 536
(1935).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import log

import numpy as np

from ntcspec.peaks.derived import line_count, line_heights
from ntcspec.peaks.fit import Fit
from ntcspec.peaks.model import slices

SIGNIFICANT = 3.0
UNDECIDED, STRONG, VERY_STRONG = 2.0, 6.0, 10.0


@dataclass(frozen=True)
class Comparison:
    """The fits by number of lines, which one is taken and why. Their errors allow for correlated residuals."""

    fits: Mapping[int, Fit]
    aicc: Mapping[int, float]
    bic: Mapping[int, float]
    winner: int  # smallest BIC
    chosen: int  # what is taken
    delta_bic: float  # margin of the winner over the runner-up; NaN with one model
    decided: bool  # chosen is the winner, and by 2 or more
    refused: Mapping[int, str]  # number of lines -> why that fit cannot be believed
    inflation: float  # c
    correlation: float  # rho of the best-fitting model

    @property
    def evidence(self) -> str:
        """Words for the margin."""
        if not np.isfinite(self.delta_bic):
            return "not compared"
        steps = ((UNDECIDED, "not decided"), (STRONG, "positive"), (VERY_STRONG, "strong"))
        return next((word for limit, word in steps if self.delta_bic < limit), "very strong")


def compare(fits: Mapping[int, Fit], unbelievable: Callable[[Fit], str] = lambda one: "") -> Comparison:
    """Compare fits of the same data by number of lines.

    unbelievable: why a fit with lines cannot be believed, beyond what step 4 says; empty if it can.
    Raises ValueError for no fits, and for unlike data or weights.
    """
    if not fits:
        raise ValueError("no fits to compare")
    first = next(iter(fits.values()))
    for one in fits.values():
        if one.known_sigma != first.known_sigma or any(
            not np.array_equal(a, b) for a, b in ((one.x, first.x), (one.y, first.y), (one.sigma, first.sigma))
        ):
            raise ValueError("fits of unlike data or weights cannot be compared")
    best = min(fits.values(), key=lambda one: one.reduced_chi2)
    inflation = max(1.0, best.reduced_chi2) if first.known_sigma else 1.0
    effective = effective_share(best)
    aicc, bic = {}, {}
    for lines, one in fits.items():
        aicc[lines], bic[lines] = _criteria(one, inflation, effective)
    widened = {lines: _widen(one, effective_share(one)) for lines, one in sorted(fits.items())}
    order = sorted(fits, key=lambda lines: (bic[lines], lines))
    refused = {n: why for n, one in widened.items() if n and (why := refusal(one) or unbelievable(one))}
    chosen = _choose(bic, refused)
    margin = bic[order[1]] - bic[order[0]] if len(order) > 1 else float("nan")
    decided = chosen == order[0] and not margin < UNDECIDED
    rho = neighbour_correlation(best)
    return Comparison(widened, aicc, bic, order[0], chosen, margin, decided, refused, inflation, rho)


def neighbour_correlation(one: Fit) -> float:
    """rho of the weighted residuals."""
    r = (one.y - one.curves.sum(axis=0)) / one.sigma
    total = float(r @ r)
    return float(r[1:] @ r[:-1]) / total if total > 0 else 0.0


def effective_share(one: Fit) -> float:
    """e: 1 unless the residuals of neighbours are significantly alike."""
    rho = neighbour_correlation(one)
    return (1.0 - rho) / (1.0 + rho) if rho > 2.0 / np.sqrt(one.x.size) else 1.0


def _criteria(one: Fit, inflation: float, effective: float) -> tuple[float, float]:
    n, k = one.x.size, one.p.size
    misfit = one.chi2 / inflation if one.known_sigma else n * log(max(one.chi2, 1e-300) / n)
    k += not one.known_sigma
    n_effective = effective * n
    spare = n_effective - k - 1.0
    misfit *= effective
    aicc = misfit + 2.0 * k + (2.0 * k * (k + 1.0) / spare if spare > 0 else float("inf"))
    return aicc, misfit + k * log(n_effective)


def _widen(one: Fit, effective: float) -> Fit:
    return replace(one, covariance=one.covariance / effective, scale=one.scale / float(np.sqrt(effective)))


def _choose(bic: Mapping[int, float], refused: Mapping[int, str]) -> int:
    """Smallest BIC of those that can be believed; fewer lines within 2 of it. The fewest lines if none can."""
    good = [lines for lines in sorted(bic) if lines not in refused] or [min(bic)]
    lowest = min(bic[lines] for lines in good)
    return next(lines for lines in good if bic[lines] < lowest + UNDECIDED)


def refusal(one: Fit) -> str:
    """Why the lines of this fit cannot be believed; empty if they can."""
    n = line_count(one.parts)
    weak = [
        f"line {i + 1} below {SIGNIFICANT:g} sigma"
        for i, height in enumerate(line_heights(one))
        if not height.value > SIGNIFICANT * height.error
    ]
    if weak:
        return weak[0]
    for name in one.at_bound:
        owner, _, parameter = name.partition(".")
        if owner.startswith("line") and parameter in ("centre", "fwhm"):
            return f"line {owner.removeprefix('line')}: {parameter} at the limit of its range"
    where = slices(one.parts)
    for i in range(n - 1):
        (_, c1, w1, *_), (_, c2, w2, *_) = one.p[where[i]], one.p[where[i + 1]]
        if c2 - c1 <= 0.5 * min(w1, w2):
            return f"not resolved: lines {c2 - c1:.2g} apart, half width {0.5 * min(w1, w2):.2g}"
    return ""
