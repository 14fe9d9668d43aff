"""G(r) made again with one parameter changed: the choices that are as reasonable as the one that was made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ntcspec.errors import UserError
from ntcspec.scattering import absolute
from ntcspec.scattering.plan import Settings, plan
from ntcspec.types import Array
from ntcspec.types.scattering import ScatteringReduced

SUBTRACTED = ("container", "air")
MIN_RANGE_INV_ANG = 1.0
NAN = float("nan")


@dataclass(frozen=True)
class Variant:
    """group: the parameter; name: 'parameter=value'; slope: of G at low r before any filter, NaN for adhoc."""

    group: str
    name: str
    g: Array
    slope: float


def variants(
    reduced: ScatteringReduced, fractions: Mapping[str, float], settings: Settings,
    systematic: Mapping[str, Sequence[Any]],
) -> list[Variant]:  # fmt: skip
    """Each variant that the config names, and the factor of each exposure moved by its own uncertainty.

    Raises UserError for one that the data do not reach.
    """
    found = []
    for group, name, changed, intensity in _asked(reduced, settings, systematic):
        made = plan(reduced.q_inv_ang, fractions, changed)
        unfiltered = made.unfiltered(made.grid.to_grid(intensity))
        f = made.adhoc.corrected(unfiltered) if made.adhoc is not None else made.low_r(unfiltered)
        slope = NAN
        if made.adhoc is None:
            slope = absolute.low_r_slope(made.sine, unfiltered, range_ang=settings.slope_range_ang)[0]
        found.append(Variant(group, name, made.sine(f, made.r_ang), slope))
    return found


def half_range(nominal: float, tried: Sequence[tuple[str, float]]) -> float:
    """Half the range over {nominal, its variants} of each group, groups in quadrature; NaN without variants."""
    groups: dict[str, list[float]] = {}
    for group, value in tried:
        groups.setdefault(group, [nominal]).append(value)
    halves = [0.5 * (max(values) - min(values)) for values in groups.values()]
    return float(np.sqrt(np.sum(np.square(halves)))) if halves else NAN


def _asked(
    reduced: ScatteringReduced, s: Settings, systematic: Mapping[str, Sequence[Any]]
) -> Iterator[tuple[str, str, Settings, Array]]:
    """(group, name, settings, intensity) of each."""
    of_range = _qmax(reduced, s, systematic)
    of_scale = _adhoc(s, systematic) if s.normalisation == "adhoc" else _absolute(s, systematic)
    for group, name, changed in (*of_range, *of_scale):
        yield group, name, changed, reduced.intensity
    for group, name, intensity in _subtracted(reduced, systematic):
        yield group, name, s, intensity


def _qmax(
    reduced: ScatteringReduced, s: Settings, systematic: Mapping[str, Sequence[Any]]
) -> Iterator[tuple[str, str, Settings]]:
    for shift in systematic.get("qmax_shift_inv_ang", ()):
        qmax = s.qmax_inv_ang + shift
        end = min(s.qmaxinst_inv_ang, float(reduced.q_inv_ang[-1]))
        if not s.qmin_inv_ang + MIN_RANGE_INV_ANG < qmax <= end + 1e-6:
            raise UserError(
                "transform.systematic.qmax_shift_inv_ang",
                f"{shift:+g} 1/A makes qmax {qmax:g} 1/A; the data are used from {s.qmin_inv_ang:.3g} to {end:.4g} 1/A",
                "give shifts that stay within",
            )
        yield "qmax_inv_ang", f"qmax_inv_ang={qmax:.6g}", replace(s, qmax_inv_ang=qmax)


def _adhoc(s: Settings, systematic: Mapping[str, Sequence[Any]]) -> Iterator[tuple[str, str, Settings]]:
    for shift in systematic.get("rpoly_shift_ang", ()):
        rpoly = s.rpoly_ang + shift
        yield "rpoly_ang", f"rpoly_ang={rpoly:.6g}", replace(s, rpoly_ang=rpoly)


def _absolute(s: Settings, systematic: Mapping[str, Sequence[Any]]) -> Iterator[tuple[str, str, Settings]]:
    for method in systematic.get("method", ()):
        possible = method == "least_squares" or (np.isfinite(s.rho0_inv_ang3) and not s.constant)
        if method != s.method and possible:
            yield "method", f"method={method}", replace(s, method=method)
    for shift in systematic.get("fit_qmin_shift_inv_ang", ()) if s.method == "least_squares" else ():
        low = s.fit_qmin_inv_ang + shift
        yield "fit_qmin_inv_ang", f"fit_qmin_inv_ang={low:.6g}", replace(s, fit_qmin_inv_ang=low)


def _subtracted(
    reduced: ScatteringReduced, systematic: Mapping[str, Sequence[Any]]
) -> Iterator[tuple[str, str, Array]]:
    """What is subtracted, more and less of it."""
    for shift in systematic.get("container_scale_shift", ()) if _has(reduced, "container") else ():
        yield "container_scale", f"container_scale={1 + shift:.6g}", _moved(reduced, "container", shift)
    for role in SUBTRACTED:
        error = max((p.factor_error for p in reduced.parts if p.role == role and p.factor_error > 0), default=0.0)
        for sign in (-1.0, 1.0) if error else ():
            yield f"{role}_factor", f"{role}_factor={sign * error:+.4g}", _moved(reduced, role, sign, by_error=True)


def _has(reduced: ScatteringReduced, role: str) -> bool:
    return any(p.role == role for p in reduced.parts)


def _moved(reduced: ScatteringReduced, role: str, share: float, *, by_error: bool = False) -> Array:
    """I(Q) with the factor of one kind of exposure changed: by a share, or by `share` times its own uncertainty."""
    total = reduced.intensity.copy()
    for part in reduced.parts:
        if part.role == role:
            change = share * (float(np.nan_to_num(part.factor_error)) if by_error else 1.0)
            total += change * np.interp(reduced.q_inv_ang, part.q_inv_ang, part.factor * part.intensity)
    return total
