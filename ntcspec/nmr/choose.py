"""Which model the data support: a crystal site, a distribution, both, a plain line.

Symbols: k fitted parameters, n points, e how many independent points one is worth, chi2 weighted sum of squares,
c = max(1, smallest chi2 over its expected value of all models).

    BIC = e chi2 / c + k ln(e n)

e is 1 / sum of the noise's correlations, or (1 - r)/(1 + r) with the correlation r of neighbouring residuals of the
best-fitting model where that is less: a misfit that all models share is no evidence for the one with most parameters.
The smallest BIC wins. Margin: BIC of the runner-up minus that of the winner; below 2 not decided, 2 to 6 positive, 6 to
10 strong, above 10 very strong (Kass and Raftery). Undecided, the model with fewer parameters is taken. A winner with a
site below 3 sigma is refused for the best model without such a site whose BIC is within 10 of its own. Beyond 10 the
data speak against every model without the site: its area is badly known because its shape can stand in for another, not
because it may be 0 (the 3 sigma are a straight-line estimate, the BIC compares fits). Then the winner stays, its weak
site is not given as found, and it is said.

A true model whose line shapes are wrong by more than the noise (a phase error at high signal to noise) loses to one
with another site, and that site may stand far above 3 sigma: no criterion on these fits tells. What tells is chi2 above
its expected value under every model; a note says so.

Source: R. E. Kass, A. E. Raftery, J. Am. Stat. Assoc. 90, 773 (1995). ntcspec.peaks.compare does the same for lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log

import numpy as np

from ntcspec.nmr.fit import SiteFit
from ntcspec.nmr.noise import effective_share
from ntcspec.peaks.compare import SIGNIFICANT, STRONG, UNDECIDED, VERY_STRONG


@dataclass(frozen=True)
class Choice:
    """The fits by name of model, which is taken and why. delta_bic: margin of the winner, NaN with one model."""

    fits: Mapping[str, SiteFit]
    bic: Mapping[str, float]
    winner: str
    chosen: str
    delta_bic: float
    refused: Mapping[str, str]
    inflation: float
    share: float

    @property
    def decided(self) -> bool:
        """Whether the winner is taken, and by 2 or more."""
        return self.chosen == self.winner and not self.delta_bic < UNDECIDED

    @property
    def evidence(self) -> str:
        """Words for the margin."""
        if not np.isfinite(self.delta_bic):
            return "not compared"
        steps = ((UNDECIDED, "not decided"), (STRONG, "positive"), (VERY_STRONG, "strong"))
        return next((word for limit, word in steps if self.delta_bic < limit), "very strong")

    @property
    def misfit(self) -> bool:
        """Whether even the smallest chi2 is above its expected value by 3 of its standard deviations."""
        independent = self.share * self.fit.data.y.size
        return self.inflation > 1.0 + SIGNIFICANT * float(np.sqrt(2.0 / independent))

    @property
    def fit(self) -> SiteFit:
        """That of the model taken."""
        return self.fits[self.chosen]


def choose(fits: Mapping[str, SiteFit]) -> Choice:
    """Compare fits of the same data by model."""
    best = min(fits.values(), key=lambda one: one.reduced_chi2)
    inflation = max(1.0, best.reduced_chi2)
    share = min(effective_share(best.data.correlation, best.data.y.size), _residual_share(best))
    n = share * best.data.y.size
    bic = {name: share * one.chi2 / inflation + one.p.size * log(n) for name, one in fits.items()}
    order = sorted(fits, key=lambda name: (bic[name], fits[name].p.size))
    refused = {name: why for name, one in fits.items() if len(fits) > 1 and (why := weak_site(one))}
    near = [name for name in order if bic[name] < bic[order[0]] + VERY_STRONG]
    good = [name for name in near if name not in refused] or order[:1]
    close = [name for name in good if bic[name] < bic[good[0]] + UNDECIDED]
    chosen = min(close, key=lambda name: (fits[name].p.size, bic[name]))
    margin = bic[order[1]] - bic[order[0]] if len(order) > 1 else float("nan")
    return Choice(dict(fits), bic, order[0], chosen, margin, refused, inflation, share)


def weak_site(one: SiteFit) -> str:
    """The first site whose area is below 3 sigma; '' if there is none."""
    for site in one.sites:
        at = one.at(f"{site.name}.area")
        error = float(np.sqrt(one.covariance[at, at])) if np.isfinite(one.covariance[at, at]) else float("inf")
        if not one.p[at] > SIGNIFICANT * error:
            return f"{site.name} below {SIGNIFICANT:g} sigma"
    return ""


def _residual_share(one: SiteFit) -> float:
    """(1 - r) / (1 + r) of neighbouring residuals, where r is significant."""
    rest = (one.data.y - one.total) / one.data.sigma
    total = float(rest @ rest)
    r = float(rest[1:] @ rest[:-1]) / total if total > 0 else 0.0
    return (1.0 - r) / (1.0 + r) if r > 2.0 / np.sqrt(rest.size) else 1.0
