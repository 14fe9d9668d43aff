"""chi(k) of scattering paths and its derivatives by the path parameters, all paths at once.

Symbols: k wavenumber from E0 of the data (1/A), e0 shift of it (eV; positive moves the origin up), q the wavenumber
from the shifted origin, F, phi, lambda, rep columns of feffNNNN.dat at q, ei imaginary energy (eV), p complex
wavenumber (1/A), N degeneracy, R = Reff half path length, dR its change (A), sigma2, C3, C4 cumulants of the half path
length (A^2, A^3, A^4).

    q^2 = k^2 - ETOK e0
    p^2 = (rep + i / lambda)^2 + i ETOK ei
    chi = Im { N S02 F / [q (R + dR)^2] exp(X) }
    X   = -2 R Im(p) - 2 p^2 sigma2 + (2/3) p^4 C4 + i [2 q R + phi + 2 p dR - 4 p sigma2 / R - (4/3) p^3 C3]

Source: M. Newville, "EXAFS analysis using FEFF and FEFFIT", J. Synchrotron Rad. 8 (2001) 322 and the FEFFIT manual,
as larch.xafs.path2chi computes it (agreement 1e-8 with the same ETOK; larch's from CODATA is 5e-7 larger, which shows
where e0 is not 0). Splines over k: cubic, not-a-knot, as in larch. larch replaces the first point by an extrapolation
and goes on below q = 0; here chi must be asked for where it exists.

Derivatives are those of these formulas, e0 by the chain rule through q in all columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ntcspec.types import Array
from ntcspec.xas.paths.feff_files import FeffPath

ETOK = 0.2624682917  # k^2 per eV (1/A^2 eV)
PARAMETERS = ("n", "s02", "delta_r_ang", "sigma2_ang2", "e0_ev", "c3_ang3", "c4_ang4", "ei_ev")
Complex = npt.NDArray[np.complex128]
Value = float | Sequence[float] | Array  # one for all paths, or one a path


@dataclass(frozen=True)
class PathTables:
    """Splines of the columns of some paths; made once, used for any parameters."""

    degeneracy: Array  # shape (paths,)
    reff_ang: Array
    groups: tuple[tuple[npt.NDArray[np.intp], Any, float], ...]  # rows, spline of (rows, 4, k), end of its k

    @property
    def size(self) -> int:
        """Number of paths."""
        return len(self.reff_ang)


def path_tables(paths: Sequence[FeffPath]) -> PathTables:
    """Splines over k of phase, amplitude, lambda and real p; paths of several runs of FEFF may be mixed."""
    from scipy.interpolate import CubicSpline

    rows: dict[bytes, list[int]] = {}
    for i, path in enumerate(paths):
        rows.setdefault(path.k_inv_ang.tobytes(), []).append(i)
    groups = []
    for members in rows.values():
        k = paths[members[0]].k_inv_ang
        chosen = [paths[i] for i in members]
        columns = np.array([[p.phase, p.amplitude, p.lambda_ang, p.real_p_inv_ang] for p in chosen])
        groups.append((np.array(members, dtype=np.intp), CubicSpline(k, columns, axis=2), float(k[-1])))
    degeneracy = np.array([path.degeneracy for path in paths])
    return PathTables(degeneracy, np.array([path.reff_ang for path in paths]), tuple(groups))


@dataclass(frozen=True)
class _Parts:
    """What chi and its derivatives are made of; arrays of shape (paths, k) or (paths, 1)."""

    n: Array
    s02: Array
    distance: Array  # R + dR
    reff: Array
    delta_r: Array
    sigma2: Array
    c3: Array
    c4: Array
    q: Array
    columns: Array  # phi, F, lambda, rep, shape (4, paths, k)
    p: Complex
    pp: Complex
    exponent: Complex


def _at_q(tables: PathTables, k: Array, e0: Array, derivative: int = 0) -> tuple[Array, Array]:
    """q, shape (paths, k), and the columns there, shape (4, paths, k)."""
    q = np.empty((tables.size, k.size))
    columns = np.empty((4, tables.size, k.size))
    for rows, spline, end in tables.groups:
        for shift in np.unique(e0[rows]):
            square = k**2 - shift * ETOK
            if square.size and (np.min(square) <= 0.0 or np.max(square) > end**2):
                raise ValueError("k must lie above the shifted E0 and within the table of FEFF")
            at = np.sqrt(square)
            which = e0[rows] == shift
            values = spline(at, derivative)
            q[rows[which]] = at
            columns[:, rows[which]] = np.moveaxis(values, 1, 0)[:, which]
    return q, columns


def _column(value: Value | None, size: int, name: str) -> Array:
    """A parameter as shape (paths, 1)."""
    array = np.asarray(value, dtype=np.float64)
    if array.ndim > 1 or (array.ndim == 1 and array.size != size):
        raise ValueError(f"{name}: {array.size} values for {size} paths")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} is not finite")
    return np.broadcast_to(array, (size,))[:, None]


def _parts(tables: PathTables, k: Array, given: dict[str, Value | None]) -> _Parts:
    """Evaluate the columns at q, p and the exponent X."""
    if given["n"] is None:
        given = {**given, "n": tables.degeneracy}
    n, s02, delta_r, sigma2, e0, c3, c4, ei = (_column(given[name], tables.size, name) for name in PARAMETERS)
    q, columns = _at_q(tables, np.asarray(k, dtype=np.float64), e0[:, 0])
    phase, _, mean_free_path, real_p = columns
    p = real_p + 1j / mean_free_path
    pp = p**2
    if np.any(ei):
        pp = pp + 1j * ETOK * ei
        p = np.sqrt(pp)
    reff = tables.reff_ang[:, None]
    angle = 2.0 * q * reff + phase - 4.0 * p * sigma2 / reff
    exponent = 1j * (angle + 2.0 * p * (delta_r - 2.0 / 3.0 * pp * c3))
    exponent += -2.0 * reff * p.imag - 2.0 * pp * sigma2 + 2.0 / 3.0 * pp**2 * c4
    return _Parts(n, s02, reff + delta_r, reff, delta_r, sigma2, c3, c4, q, columns, p, pp, exponent)


def path_chi(
    tables: PathTables,
    k_inv_ang: Array,
    *,
    n: Value | None = None,
    s02: Value = 1.0,
    delta_r_ang: Value = 0.0,
    sigma2_ang2: Value = 0.0,
    e0_ev: Value = 0.0,
    c3_ang3: Value = 0.0,
    c4_ang4: Value = 0.0,
    ei_ev: Value = 0.0,
) -> Array:
    """chi(k) of each path, shape (paths, k); formula in the module's head.

    Each parameter is one number for all paths or one a path; n None means FEFF's degeneracy. k_inv_ang (any order) must
    lie above the shifted origin, k^2 > 0.2625 e0_ev, and below the end of the tables (20 1/A).
    Raises:
        ValueError: k out of that range, a parameter that is not finite or of the wrong length.
    """
    given = dict(zip(PARAMETERS, (n, s02, delta_r_ang, sigma2_ang2, e0_ev, c3_ang3, c4_ang4, ei_ev), strict=True))
    parts = _parts(tables, k_inv_ang, given)
    size = parts.n * parts.s02 * parts.columns[1]
    return np.asarray((size * np.exp(parts.exponent) / (parts.q * parts.distance**2)).imag)


def path_chi_gradient(
    tables: PathTables,
    k_inv_ang: Array,
    *,
    n: Value | None = None,
    s02: Value = 1.0,
    delta_r_ang: Value = 0.0,
    sigma2_ang2: Value = 0.0,
    e0_ev: Value = 0.0,
    c3_ang3: Value = 0.0,
    c4_ang4: Value = 0.0,
    ei_ev: Value = 0.0,
) -> dict[str, Array]:
    """d chi / d parameter of each path, shape (paths, k), by the names of the parameters; all else as in `path_chi`."""
    given = dict(zip(PARAMETERS, (n, s02, delta_r_ang, sigma2_ang2, e0_ev, c3_ang3, c4_ang4, ei_ev), strict=True))
    parts = _parts(tables, k_inv_ang, given)
    unit: Complex = np.asarray(np.exp(parts.exponent) / (parts.q * parts.distance**2))  # chi / (N S02 F)
    whole = parts.n * parts.s02 * parts.columns[1] * unit
    p, pp = parts.p, parts.pp
    found = {
        "n": parts.s02 * parts.columns[1] * unit,
        "s02": parts.n * parts.columns[1] * unit,
        "delta_r_ang": whole * (2j * p - 2.0 / parts.distance),
        "sigma2_ang2": whole * (-2.0 * pp - 4j * p / parts.reff),
        "e0_ev": -ETOK / (2.0 * parts.q) * _by_q(tables, k_inv_ang, e0_ev, parts, unit),
        "c3_ang3": whole * (-4j / 3.0 * p * pp),
        "c4_ang4": whole * (2.0 / 3.0 * pp**2),
        "ei_ev": whole * _by_pp(parts, np.asarray(1j * ETOK, dtype=np.complex128)),
    }
    return {name: np.asarray(value.imag) for name, value in found.items()}


def _by_pp(parts: _Parts, d_pp: Complex) -> Complex:
    """Change of the exponent with p^2, at constant q; Im(p) in it is no analytic function of p."""
    d_p = d_pp / (2.0 * parts.p)
    angle = d_p * (2.0 * parts.delta_r - 4.0 * parts.sigma2 / parts.reff)
    angle = angle - 4.0 / 3.0 * parts.c3 * (d_p * parts.pp + parts.p * d_pp)
    return np.asarray(
        1j * angle - 2.0 * parts.reff * d_p.imag - 2.0 * d_pp * parts.sigma2 + 4.0 / 3.0 * parts.pp * d_pp * parts.c4
    )


def _by_q(tables: PathTables, k_inv_ang: Array, e0_ev: Value, parts: _Parts, unit: Complex) -> Complex:
    """d/dq of the complex chi, through phase, amplitude, lambda and real p."""
    shift = _column(e0_ev, tables.size, "e0_ev")[:, 0]
    slopes = _at_q(tables, np.asarray(k_inv_ang, dtype=np.float64), shift, derivative=1)[1]
    d_phase, d_amplitude, d_lambda, d_real_p = slopes
    _, amplitude, mean_free_path, real_p = parts.columns
    p0 = real_p + 1j / mean_free_path
    d_pp = 2.0 * p0 * (d_real_p - 1j * d_lambda / mean_free_path**2)
    slope = 1j * (2.0 * parts.reff + d_phase) + _by_pp(parts, d_pp) - 1.0 / parts.q
    return np.asarray(parts.n * parts.s02 * (d_amplitude + amplitude * slope) * unit)
