"""Every peak of |chi(R)| and every extremum of Im chi(R), and what each is worth.

Symbols: u(R) = sum_j a_j chi_j exp(-2 i k_j R) as in `shells.py`, f the followed curve (|u|^2 / 2 or Im u), s standard
uncertainty of |u| where it stands, N rms of |chi(R)| at high R, dR = pi / (2 (kmax - kmin)) the resolution.

Order of steps: local extrema of f on a fine grid; each refined by Newton's method to where f' = 0, so that positions
are not tied to any grid; uncertainty by the delta method; then the flags:

    'below rbkg'        R < rbkg: AUTOBK has taken the signal there, what is left says nothing of the sample
    'near rbkg'         within dR above it: taken in part
    'below 3 noise'     |u| < 3 max(s, N): noise makes such peaks
    'absent with ...'   a variant of reduction or transform has no such extremum within dR / 2, of a third of its
                        height or more

A peak without flag stands on the data. u_sys of its position: half ranges over the variants, groups in quadrature.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ntcspec.types import Array
from ntcspec.types.exafs import RPeak
from ntcspec.xas import fourier
from ntcspec.xas.fourier import Complex
from ntcspec.xas.shells import Measured
from ntcspec.xas.variants import Variant, half_ranges

SIGNIFICANT = 3.0
SAME = 1.0 / 3.0
NFFT = 16384  # a grid of 0.004 Angstrom for steps of 0.05 1/Angstrom
MAX_MOVE_ANG = 0.01
CURVES = ("magnitude", "imaginary")
NAN = float("nan")
Error = Callable[[Array], float]  # gradient over k -> standard uncertainty


def track(
    k_inv_ang: Array,
    chi: Array,
    weight: Array,
    *,
    range_ang: Sequence[float],
    rbkg_ang: float,
    noise: float,
    error: Error,
    variants: Sequence[Variant] = (),
) -> tuple[RPeak, ...]:
    """Peaks between the ends of range_ang, those of |chi(R)| first, by R.

    chi, weight (Omega k^w): shape (k,); noise: rms of |chi(R)| where there is no signal; error: standard uncertainty of
    what has a given gradient by chi(k).
    """
    found: list[RPeak] = []
    inside = k_inv_ang[weight > 0.5 * weight.max()]
    reach = np.pi / (2.0 * float(inside[-1] - inside[0])) if inside.size > 1 else 0.0
    tried = [(v, _transform(k_inv_ang, v.chi * v.weight, range_ang)) for v in variants]
    nominal = _transform(k_inv_ang, chi * weight, range_ang)
    for curve in CURVES:
        others = [(v, _extrema(*seen, curve, range_ang)) for v, seen in tried]
        for start in _extrema(*nominal, curve, range_ang)[0].tolist():
            position, height = _refined(k_inv_ang, chi, weight, start, curve)
            flags, spread = _moves(position.value, height.value, others, reach / 2)
            own = error(height.gradient)
            low = abs(height.value) < SIGNIFICANT * max(own, noise)
            flags = [*_background(position.value, rbkg_ang, reach), *(["below 3 noise"] if low else []), *flags]
            u = error(position.gradient)
            found.append(RPeak(curve, position.value, u, spread, height.value, own, "; ".join(flags)))
    return tuple(found)


def _background(r: float, rbkg: float, reach: float) -> list[str]:
    if r < rbkg:
        return ["below rbkg"]
    return ["near rbkg"] if r < rbkg + reach else []


def _moves(
    r: float, height: float, others: Sequence[tuple[Variant, tuple[Array, Array]]], reach: float
) -> tuple[list[str], float]:
    """Flags of variants without such an extremum, and u_sys of the position over those that have it."""
    lost, values = [], []
    for variant, (places, sizes) in others:
        near = places[(np.abs(places - r) <= reach) & (sizes / height > SAME)]
        if near.size:
            values.append((variant.group, float(near[np.abs(near - r).argmin()])))
        else:
            lost.append(variant.name)
    spread = half_ranges(r, values) if values and not lost else NAN
    return ([f"absent with {', '.join(lost)}"] if lost else []), spread


def _transform(k_inv_ang: Array, weighted: Array, range_ang: Sequence[float]) -> tuple[Array, Complex]:
    """R on a fine grid, one step past the range at either end, and u there. weighted: Omega k^w chi."""
    step = float(k_inv_ang[1] - k_inv_ang[0])
    u = fourier.forward(weighted, kstep_inv_ang=step, nfft=NFFT)
    r = fourier.r_grid(kstep_inv_ang=step, nfft=NFFT, rmax_ang=np.inf)
    first, last = np.searchsorted(r, range_ang[0]), np.searchsorted(r, range_ang[1], side="right")
    part = slice(max(int(first) - 1, 0), min(int(last) + 1, u.size))
    return r[part], u[part]


def _extrema(r: Array, u: Complex, curve: str, range_ang: Sequence[float]) -> tuple[Array, Array]:
    """Places (vertex of a parabola on the grid, right to 1e-5 Angstrom) and heights of the maxima of |u|, or of the
    maxima and minima of Im u, in the range."""
    y = np.abs(u) if curve == "magnitude" else u.imag
    rises, falls = y[1:-1] - y[:-2], y[2:] - y[1:-1]
    is_top = (rises > 0) & (falls <= 0)
    if curve == "imaginary":
        is_top |= (rises < 0) & (falls >= 0)
    top = np.flatnonzero(is_top)
    places = r[top + 1] + 0.5 * (r[1] - r[0]) * (rises[top] + falls[top]) / (rises[top] - falls[top])
    inside = (places >= range_ang[0]) & (places <= range_ang[1])
    return places[inside], y[top + 1][inside]


def _refined(k_inv_ang: Array, chi: Array, weight: Array, start: float, curve: str) -> tuple[Measured, Measured]:
    """Position and height by Newton's method from near the extremum, with their derivatives by chi(k)."""
    used = np.flatnonzero(weight)
    k, x = k_inv_ang[used], chi[used]
    a = float(k_inv_ang[1] - k_inv_ang[0]) / np.sqrt(np.pi) * weight[used]
    r, magnitude = start, curve == "magnitude"
    for _ in range(30):
        kernel = a * np.exp(-2j * k * r)
        first = -2j * k * kernel
        u, u1, u2 = kernel @ x, first @ x, (-4 * k**2 * kernel) @ x
        slope = (np.conj(u) * u1).real if magnitude else u1.imag
        bend = abs(u1) ** 2 + (np.conj(u) * u2).real if magnitude else u2.imag
        move = float(np.clip(-slope / bend if bend else 0.0, -MAX_MOVE_ANG, MAX_MOVE_ANG))
        if abs(r + move - start) > MAX_MOVE_ANG:
            break
        r += move
        if abs(move) < 1e-13:
            break
    by_slope = (np.conj(kernel) * u1 + np.conj(u) * first).real if magnitude else first.imag
    by_height = (np.conj(u) * kernel).real / abs(u) if magnitude else kernel.imag
    rows = np.zeros((2, chi.size))
    rows[:, used] = -by_slope / bend, by_height
    return Measured(r, rows[0]), Measured(float(abs(u) if magnitude else u.imag), rows[1])


def words(peak: RPeak) -> str:
    """One line for the notes."""
    spread = f" +- {peak.u_sys_ang:.3f} (sys)" if np.isfinite(peak.u_sys_ang) else ""
    total = f"{peak.r_ang:.4f} +- {peak.u_stat_ang:.4f} (stat){spread} A"
    return f"peak of |chi(R)| at {total}" + (f": {peak.flags}" if peak.flags else "")
