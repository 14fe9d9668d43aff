"""Rank correlation of few samples, with the exact chance that their order arose by accident.

Symbols: n samples with numbers x_i and y_i, r_i their ranks (equal numbers share the mean of their ranks).

    Spearman rho = correlation of the ranks of x and y
    Kendall tau_b = sum_ij sign(x_i - x_j) sign(y_i - y_j) / sqrt(pairs not equal in x * pairs not equal in y)
    p = share of all orders of y that give a statistic at least as far from zero (two-sided)

All n! orders are counted up to n = 9; beyond, 99,999 drawn ones and the one observed. With n samples no order is rarer
than 2 / n! (none equal): 0.33 for three, 0.083 for four, 0.017 for five. A perfect order of three or four samples
decides nothing.

Sources: C. Spearman, Am. J. Psychol. 15, 72 (1904); M. G. Kendall, Biometrika 33, 239 (1945); drawn orders: B. Phipson,
G. K. Smyth, Stat. Appl. Genet. Mol. Biol. 9, 39 (2010).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations

import numpy as np
import numpy.typing as npt

from ntcspec.types import Array

EXACT_UP_TO = 9
DRAWN = 99_999
FEW = 5  # fewer samples cannot decide at p = 0.05
_SLACK = 1e-9  # rounding of statistics that are equal


@dataclass(frozen=True)
class Order:
    """How two orders agree. NaN where one of them has no two different numbers, or with fewer than three samples."""

    n: int
    rho: float
    p_rho: float
    tau: float
    p_tau: float
    exact: bool  # all orders were counted


def order(x: Array, y: Array) -> Order:
    """Rank correlations of x and y, shape (n,), finite. Raises ValueError for shapes that differ and NaN."""
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if x.shape != y.shape or x.ndim != 1 or not np.all(np.isfinite([x, y])):
        raise ValueError("two series of finite numbers of one length are needed")
    n, exact = x.size, x.size <= EXACT_UP_TO
    if n < 3 or np.ptp(x) == 0.0 or np.ptp(y) == 0.0:
        return Order(n, np.nan, np.nan, np.nan, np.nan, exact)
    orders = _orders(n)
    rank_x, rank_y = _centred(ranks(x)), _centred(ranks(y))
    rho = float(rank_x @ rank_y)
    p_rho = _share(rank_y[orders] @ rank_x, rho, exact)
    first, second = np.triu_indices(n, 1)
    sign_x, sign_y = np.sign(x[first] - x[second]), np.sign(y[first] - y[second])
    norm = float(np.sqrt(np.count_nonzero(sign_x) * np.count_nonzero(sign_y)))
    tau = float(sign_x @ sign_y) / norm
    whole = np.sign(y[:, None] - y[None, :])
    others = np.zeros(len(orders))
    for i, j, sign in zip(first, second, sign_x, strict=True):
        others += sign * whole[orders[:, i], orders[:, j]]
    return Order(n, rho, p_rho, tau, _share(others / norm, tau, exact), exact)


def ranks(values: Array) -> Array:
    """Ranks from 1; equal numbers share the mean of theirs."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2.0)[which], dtype=np.float64)


def smallest_p(n: int) -> float:
    """The smallest p that n samples can give, none of them equal."""
    p = 2.0
    for i in range(2, n + 1):
        p /= i
    return min(p, 1.0) if n <= EXACT_UP_TO else 1.0 / (DRAWN + 1)


def false_discovery(p: Array) -> Array:
    """p corrected for the number of tests: expected share of false ones among those at or below it. NaN stays NaN.

    Y. Benjamini, D. Yekutieli, Ann. Stat. 29, 1165 (2001): holds however the tests depend on each other, as metrics of
    the same samples do.
    """
    out = np.full(p.shape, np.nan)
    known = np.flatnonzero(np.isfinite(p))
    m = known.size
    if m:
        down = known[np.argsort(p[known])][::-1]
        raised = p[down] * m * np.sum(1.0 / np.arange(1, m + 1)) / np.arange(m, 0, -1)
        out[down] = np.minimum(np.minimum.accumulate(raised), 1.0)
    return out


def _centred(rank: Array) -> Array:
    """Ranks less their mean, with unit length."""
    rank = rank - rank.mean()
    return np.asarray(rank / np.linalg.norm(rank))


@lru_cache(maxsize=4)
def _orders(n: int) -> npt.NDArray[np.intp]:
    """All orders of n samples, or many drawn ones: always the same."""
    if n <= EXACT_UP_TO:
        return np.array(list(permutations(range(n))), dtype=np.intp)
    rng = np.random.default_rng(n)
    return np.argsort(rng.random((DRAWN, n)), axis=1)


def _share(others: Array, observed: float, exact: bool) -> float:
    far = int(np.count_nonzero(np.abs(others) >= abs(observed) - _SLACK))
    return far / len(others) if exact else (far + 1) / (len(others) + 1)
