"""Position, height and volume of a lobe in the wavelet map, with their derivatives by chi(k).

Symbols: x = Omega k^w chi weighted signal, P padded length, H_m(R) = 2 h(omega_m / 2R) filter,
W(R, k) = (1/P) sum_m H_m X_m exp(i omega_m k) at any R and k, f = |W|^2 / 2, subscripts derivatives.

    position      f_R = f_k = 0, by Newton in (R, k) from the highest point of the map in the box
    height        |W| there
    volume        int |W| dk dR over the box: cells of the map, those at the border by the share that lies inside

Derivatives (delta method): d height = Re(conj(W) dW) / |W|; d(R, k) = -Hessian^-1 d(f_R, f_k);
d volume = adjoint of the transform applied to conj(W) / |W|. dW / dx_j is the FFT of H_m exp(i omega_m k).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntcspec.types import Array
from ntcspec.xas.families import Family
from ntcspec.xas.shells import Measured, missing
from ntcspec.xas.wavelet import fast_length, filters, padded_length

Complex = npt.NDArray[np.complex128]
H_STEP = 3e-4  # step in u of the central differences of h; its 4th derivative is about 3 n^2


@dataclass(frozen=True)
class Point:
    """W and its derivatives at one (R, k): values, and rows by x for W, W_R and W_k, shape (3, k)."""

    w: complex
    w_r: complex
    w_k: complex
    w_rr: complex
    w_rk: complex
    w_kk: complex
    rows: Complex  # empty unless asked for


def at_point(
    mother: Family, signal: Array, kstep_inv_ang: float, *, r_ang: float, k_inv_ang: float, slopes: bool = True
) -> Point:  # fmt: skip
    """W at R and k (counted from the first point of `signal`) by the direct sum over frequencies; slopes: with rows."""
    needed = padded_length(mother, np.array([r_ang]), signal.size, kstep_inv_ang)
    length = fast_length(int(needed[0]))
    omega = 2 * np.pi / (length * kstep_inv_ang) * np.arange(length // 2 + 1)
    u = omega / (2 * r_ang)
    h_low, h, h_high = (2 * mother.response(np.clip(u + d, 0, None)) for d in (-H_STEP, 0.0, H_STEP))
    h1, h2 = (h_high - h_low) / (2 * H_STEP), (h_high - 2 * h + h_low) / H_STEP**2
    parts = np.stack([h, -u / r_ang * h1, (2 * u * h1 + u**2 * h2) / r_ang**2])
    parts[:, 0] = 0.0
    parts = parts * np.exp(1j * omega * k_inv_ang) / length
    spectrum = np.fft.rfft(signal, length)
    w, w_r, w_rr = parts @ spectrum
    w_k, w_rk = (1j * omega * parts[:2]) @ spectrum
    w_kk = (-(omega**2) * parts[0]) @ spectrum
    rows = np.empty((3, 0), dtype=np.complex128)
    if slopes:
        rows = np.fft.fft(np.stack([parts[0], parts[1], 1j * omega * parts[0]]), n=length, axis=-1)[:, : signal.size]
    return Point(w, w_r, w_k, w_rr, w_rk, w_kk, rows)


def lobe(
    mother: Family,
    k_inv_ang: Array,
    chi: Array,
    weight: Array,
    r_ang: Array,
    values: Complex,
    *,
    k_box: tuple[float, float],
    r_box: tuple[float, float],
    slopes: bool = True,
) -> dict[str, Measured]:
    """'position_r', 'position_k', 'height' and 'volume' of the highest point of the map inside a box.

    values: W on (r_ang, k_inv_ang), both uniform; slopes: with derivatives by chi, which are empty otherwise. Where the
    highest point lies on the border of the box, or the box holds fewer than 3 x 3 points, positions and height are
    missing.
    """
    inside_r = np.flatnonzero((r_ang >= r_box[0]) & (r_ang <= r_box[1]))
    inside_k = np.flatnonzero((k_inv_ang >= k_box[0]) & (k_inv_ang <= k_box[1]))
    label = f"k {k_box[0]:g}-{k_box[1]:g} 1/A, R {r_box[0]:g}-{r_box[1]:g} A"
    if min(inside_r.size, inside_k.size) < 3:
        none = missing(k_inv_ang.size, f"the map has no points inside {label}")
        return {"position_r": none, "position_k": none, "height": none, "volume": none}
    volume = _volume(mother, k_inv_ang, weight, r_ang, values, k_box, r_box, slopes)
    size = np.abs(values[np.ix_(inside_r, inside_k)])
    i, j = np.unravel_index(int(size.argmax()), size.shape)
    if i in (0, inside_r.size - 1) or j in (0, inside_k.size - 1):
        none = missing(k_inv_ang.size, f"no maximum inside {label}")
        return {"position_r": none, "position_k": none, "height": none, "volume": volume}
    start = (float(r_ang[inside_r[i]]), float(k_inv_ang[inside_k[j]]))
    return {**_top(mother, k_inv_ang, chi, weight, start, float(r_ang[1] - r_ang[0]), slopes), "volume": volume}


def _top(
    mother: Family, k: Array, chi: Array, weight: Array, start: tuple[float, float], r_step: float, slopes: bool
) -> dict[str, Measured]:
    """Newton from a grid maximum, then values and derivatives."""
    k_step = float(k[1] - k[0])
    reach = np.array([r_step, k_step])
    place = np.array(start)
    signal = weight * chi
    for _ in range(30):
        p = at_point(mother, signal, k_step, r_ang=float(place[0]), k_inv_ang=float(place[1] - k[0]), slopes=False)
        first = np.array([(np.conj(p.w) * d).real for d in (p.w_r, p.w_k)])
        cross = (np.conj(p.w_k) * p.w_r + np.conj(p.w) * p.w_rk).real
        hessian = np.array(
            [
                [abs(p.w_r) ** 2 + (np.conj(p.w) * p.w_rr).real, cross],
                [cross, abs(p.w_k) ** 2 + (np.conj(p.w) * p.w_kk).real],
            ]
        )
        concave = np.linalg.eigvalsh(hessian)[-1] < 0
        step = -np.linalg.solve(hessian, first) if concave else np.sign(first) * reach / 4
        moved = np.clip(place + step, np.array(start) - reach, np.array(start) + reach)
        done = np.abs(moved - place).max() < 1e-11
        place = moved
        if done:
            break
    if not slopes:
        values = {"position_r": float(place[0]), "position_k": float(place[1]), "height": float(abs(p.w))}
        return {name: Measured(value, np.empty(0)) for name, value in values.items()}
    p = at_point(mother, signal, k_step, r_ang=float(place[0]), k_inv_ang=float(place[1] - k[0]))
    turns = np.stack(
        [(np.conj(p.rows[0]) * d + np.conj(p.w) * row).real for d, row in ((p.w_r, p.rows[1]), (p.w_k, p.rows[2]))]
    )
    moves = -np.linalg.solve(hessian, turns) * weight
    height = Measured(float(abs(p.w)), (np.conj(p.w) * p.rows[0]).real / abs(p.w) * weight)
    return {
        "position_r": Measured(float(place[0]), moves[0]),
        "position_k": Measured(float(place[1]), moves[1]),
        "height": height,
    }


def overlap(grid: Array, low: float, high: float) -> Array:
    """Length of each grid point's cell (half a step to either side) that lies between low and high."""
    half = 0.5 * float(grid[1] - grid[0])
    return np.clip(np.minimum(grid + half, high) - np.maximum(grid - half, low), 0.0, None)


def _volume(
    mother: Family, k: Array, weight: Array, r: Array, values: Complex, k_box: tuple[float, float],
    r_box: tuple[float, float], slopes: bool,
) -> Measured:  # fmt: skip
    """Volume of |W| in the box and its derivatives by chi."""
    cell_r, cell_k = overlap(r, *r_box), overlap(k, *k_box)
    rows = np.flatnonzero(cell_r)
    part, cells = values[rows], cell_r[rows, None] * cell_k
    size = np.abs(part)
    if not slopes:
        return Measured(float(np.sum(size * cells)), np.empty(0))
    unit = np.zeros_like(part)
    np.divide(np.conj(part), size, out=unit, where=size > 0)
    return Measured(float(np.sum(size * cells)), pull(mother, k, r[rows], unit * cells) * weight)


def pull(mother: Family, k: Array, r: Array, by_w: Complex) -> Array:
    """Adjoint of the transform: derivatives by x, shape (k,), of what has d f = Re sum by_w dW; by_w: shape (r, k)."""
    k_step = float(k[1] - k[0])
    length = fast_length(int(padded_length(mother, r.min(keepdims=True), k.size, k_step)[0]))
    pulled = np.fft.ifft(by_w, n=length, axis=-1)[:, : length // 2 + 1] * filters(mother, r, length, k_step)
    return np.asarray(np.fft.fft(pulled.sum(axis=0), n=length)[: k.size].real)
