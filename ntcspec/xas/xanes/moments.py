"""Area and centroid of norm over named windows.

Symbols: E energy (eV), y norm as measured, joined by straight lines; [a, b] window.

    area      A = integral of y dE over [a, b]                    (eV: norm has no unit)
    centroid  C = integral of E y dE over [a, b], divided by A    (eV)

Both integrals are exact for the broken line through the points, cut at a and b, and so linear in y: with weights u_j
and v_j, A = sum u_j y_j and A (C - m) = sum v_j y_j, m the middle of the window. Uncertainties for independent errors:
sigma_A^2 = sum (u_j sigma_j)^2, sigma_C^2 = sum ((v_j - (C - m) u_j) sigma_j)^2 / A^2. Nothing is subtracted: an edge
under the window counts. Where norm changes sign a centroid may lie anywhere, hence it needs A > 3 sigma_A and must lie
inside the window.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ntcspec.peaks.value import NAN, Value, missing
from ntcspec.types import Array
from ntcspec.xas.xanes.derivative import point_error

SIGNIFICANT = 3.0
HOW = {"area": "integral of norm, straight lines between points", "centroid": "mean energy weighted by norm"}


def moments(
    energy_ev: Array, norm: Array, norm_error: Array, *, windows: Mapping[str, Sequence[float]]
) -> dict[str, dict[str, Value]]:
    """'area' and 'centroid' (eV) of each window {name: (low, high)}.

    energy_ev ascending, norm (E,); norm_error (E,), or empty: then the scatter of the points stands in for it.
    Raises ValueError for a window that does not ascend.
    """
    sigma, _ = point_error(energy_ev, norm, norm_error)
    out = {}
    for name, window in windows.items():
        low, high = float(window[0]), float(window[1])
        reason = _beyond(energy_ev, low, high)
        if reason:
            out[name] = {quantity: missing("eV", how, reason) for quantity, how in HOW.items()}
            continue
        u, v = window_weights(energy_ev, low_ev=low, high_ev=high)
        middle, area = 0.5 * (low + high), float(u @ norm)
        offset = float(v @ norm) / area if area else NAN
        u_area, u_centroid, unknown = NAN, NAN, "u_stat: the noise is not known"
        if sigma.size:
            u_area, unknown = float(np.sqrt(np.sum((u * sigma) ** 2))), ""
            u_centroid = float(np.sqrt(np.sum(((v - offset * u) * sigma) ** 2))) / abs(area)
        here = {"area": Value(area, u_area, "eV", HOW["area"], unknown)}
        if area <= SIGNIFICANT * np.nan_to_num(u_area):
            here["centroid"] = missing("eV", HOW["centroid"], f"the area is not {SIGNIFICANT:g} sigma above 0")
        elif abs(offset) >= 0.5 * (high - low):
            here["centroid"] = missing("eV", HOW["centroid"], "norm changes sign: it would lie outside the window")
        else:
            here["centroid"] = Value(middle + offset, u_centroid, "eV", HOW["centroid"], unknown)
        out[name] = here
    return out


def moment_values(
    energy_ev: Array, spectra: Array, *, windows: Mapping[str, Sequence[float]]
) -> dict[str, dict[str, Array]]:
    """'area' and 'centroid' of each window in each of the spectra (n, E): arrays (n,), NaN as in `moments`."""
    spectra = np.atleast_2d(spectra)
    out = {}
    for name, window in windows.items():
        low, high = float(window[0]), float(window[1])
        if _beyond(energy_ev, low, high):
            out[name] = {quantity: np.full(spectra.shape[0], NAN) for quantity in HOW}
            continue
        u, v = window_weights(energy_ev, low_ev=low, high_ev=high)
        area = spectra @ u
        offset = np.divide(spectra @ v, area, out=np.full(area.shape, NAN), where=area > 0)
        offset[np.abs(offset) >= 0.5 * (high - low)] = NAN
        out[name] = {"area": area, "centroid": 0.5 * (low + high) + offset}
    return out


def window_weights(energy_ev: Array, *, low_ev: float, high_ev: float) -> tuple[Array, Array]:
    """u and v (E,): u @ y and v @ y are the integrals of y and of (E - middle) y over the window, for broken lines y.

    Each interval between points, cut at the ends of the window, has its two ends x0, x1 and width h: the integral of
    a straight line is h (y0 + y1) / 2, that of x times it h (x0 (2 y0 + y1) + x1 (y0 + 2 y1)) / 6.
    Raises ValueError for a window that does not ascend or leaves the data.
    """
    if not low_ev < high_ev:
        raise ValueError(f"the window {low_ev:g} to {high_ev:g} eV does not ascend")
    if _beyond(energy_ev, low_ev, high_ev):
        raise ValueError(_beyond(energy_ev, low_ev, high_ev))
    inside = energy_ev[(energy_ev > low_ev) & (energy_ev < high_ev)]
    nodes = np.concatenate([[low_ev], inside, [high_ev]])
    x, h = nodes - 0.5 * (low_ev + high_ev), np.diff(nodes)
    at_nodes = np.zeros((2, nodes.size))
    at_nodes[0, :-1] += 0.5 * h
    at_nodes[0, 1:] += 0.5 * h
    at_nodes[1, :-1] += h * (2 * x[:-1] + x[1:]) / 6
    at_nodes[1, 1:] += h * (x[:-1] + 2 * x[1:]) / 6
    left = np.clip(np.searchsorted(energy_ev, nodes, side="right") - 1, 0, energy_ev.size - 2)
    share = (nodes - energy_ev[left]) / (energy_ev[left + 1] - energy_ev[left])
    weights = np.zeros((2, energy_ev.size))
    for row, wanted in zip(weights, at_nodes, strict=True):
        np.add.at(row, left, wanted * (1.0 - share))
        np.add.at(row, left + 1, wanted * share)
    return weights[0], weights[1]


def _beyond(energy: Array, low: float, high: float) -> str:
    """Why the data do not cover the window; empty if they do."""
    if low >= energy[0] and high <= energy[-1]:
        return ""
    return f"the window {low:g} to {high:g} eV is beyond the data, {energy[0]:g} to {energy[-1]:g} eV"
