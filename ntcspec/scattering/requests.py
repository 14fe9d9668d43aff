"""What the stage `transform` is asked for, checked against the data: settings, and what had to be chosen.

Number densities of solids lie between 0.003 (a light gas cage would be thinner) and 0.2 atoms per A^3 (diamond 0.176).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ntcspec.errors import UserError
from ntcspec.scattering.atoms import number_density
from ntcspec.scattering.plan import Settings
from ntcspec.types import Array
from ntcspec.types.scattering import ScatteringReduced

RHO0_RANGE = (0.003, 0.2)
NEGATIVE_SHARE = {"absolute": 0.05, "adhoc": 0.5}  # above: refused; the polynomial of adhoc takes up what is smooth
NEGATIVE_TOLD = 0.05  # share of points: above, the note says what it may come from
SUM_TOLERANCE = 1e-6
NAN = float("nan")


def number_density_of(
    fractions: Mapping[str, float], *, rho0_inv_ang3: float | None, density_g_cm3: float | None
) -> float:
    """rho0 in atoms per A^3; NaN where neither is given. Raises UserError where it is absurd."""
    if rho0_inv_ang3 is not None:
        rho0, where, given = rho0_inv_ang3, "transform.rho0_inv_ang3", f"{rho0_inv_ang3:g} atoms/A^3"
    elif density_g_cm3 is not None:
        rho0, where = number_density(fractions, density_g_cm3), "transform.density_g_cm3"
        given = f"{density_g_cm3:g} g/cm^3, {rho0:.3g} atoms/A^3 of this composition,"
    else:
        return NAN
    low, high = RHO0_RANGE
    if not low <= rho0 <= high:
        fix = f"solids have {low:g} to {high:g} atoms/A^3 (NaCl 0.045, diamond 0.176)"
        if rho0_inv_ang3 is not None and low <= number_density(fractions, rho0_inv_ang3) <= high:
            fix += "; if it is a density in g/cm^3, give `density_g_cm3`"
        raise UserError(where, f"{given} is not the density of a solid", fix)
    return rho0


def settings_of(
    reduced: ScatteringReduced, *, normalisation: str, qmin: float | None, qmax: float | None, qmaxinst: float | None,
    rpoly_ang: float, rule: str, lorch: bool, below_qmin: str, r: tuple[float, float, float], rho0: float,
    absolute: Mapping[str, Any],
) -> tuple[Settings, dict[str, Any], list[str]]:  # fmt: skip
    """Settings, what was chosen, and notes. Raises UserError for ranges outside the data and what is missing."""
    notes: list[str] = []
    low, high = _ends(reduced)
    step = (high - low) / (reduced.q_inv_ang.size - 1)
    limit = high if qmaxinst is None else min(qmaxinst, high)
    if qmaxinst is not None and qmaxinst > high + step:
        notes.append(f"qmaxinst {qmaxinst:g} 1/A is beyond the data: {high:.5g} 1/A taken")
    start, end = low if qmin is None else qmin, limit if qmax is None else qmax
    if start < low - step:
        raise UserError(
            "transform.qmin_inv_ang", f"{start:g} 1/A is below the data, which begin at {low:.5g} 1/A",
            f"give {low:.3g} or more, or leave it out",
        )  # fmt: skip
    if end > limit + step:
        what = "data, which end" if limit == high else "data that `qmaxinst_inv_ang` leaves, which end"
        raise UserError(
            "transform.qmax_inv_ang",
            f"{end:g} 1/A is beyond the {what} at {limit:.5g} 1/A",
            f"give {limit:.3g} or less",
        )
    if start >= end:
        raise UserError("transform.qmin_inv_ang", f"{start:g} 1/A is not below qmax, {end:g} 1/A", "swap them")
    if abs(r[2] * round(r[1] / r[2]) - r[1]) > 1e-6:
        notes.append(f"r ends at {r[2] * round(r[1] / r[2]):g} A, a whole number of steps")
    wanted = absolute
    if normalisation == "absolute":
        _check_absolute(wanted, reduced.wavelength_ang, rho0)
    line = below_qmin == "line" or (below_qmin == "auto" and normalisation == "absolute")
    inst = high + 1e-6 if qmaxinst is None else min(qmaxinst, high + step)
    settings = Settings(
        normalisation, start, end, inst, rule, rpoly_ang, lorch, line, *r, reduced.wavelength_ang, rho0,
        method=wanted["method"], fit_qmin_inv_ang=wanted["fit_qmin_inv_ang"], damping_ang2=wanted["damping_ang2"],
        breit_dirac=wanted["breit_dirac"], constant=wanted["constant"], resonant=wanted["resonant"],
        low_r_ang=wanted["low_r_ang"], low_r_passes=wanted["low_r_passes"],
        slope_range_ang=(float(wanted["slope_range_ang"][0]), float(wanted["slope_range_ang"][1])),
    )  # fmt: skip
    chosen = {"qmin_inv_ang": start, "qmax_inv_ang": end, "qmaxinst_inv_ang": limit, "below_qmin_line": line}
    return settings, chosen, notes


def _ends(reduced: ScatteringReduced) -> tuple[float, float]:
    q = reduced.q_inv_ang
    if q.size < 2 or not np.isfinite(q).all() or not (np.diff(q) > 0).all():
        raise UserError("reduce", f"Q has {q.size} points that do not ascend", "look at the result of `reduce`")
    return float(q[0]), float(q[-1])


def _check_absolute(wanted: Mapping[str, Any], wavelength_ang: float, rho0: float) -> None:
    known = np.isfinite(wavelength_ang) and wavelength_ang > 0
    for key, meaning in (("breit_dirac", "the Breit-Dirac factor of Compton scattering"), ("resonant", "f' and f''")):
        if wanted[key] and not known:
            off = "`breit_dirac: 0`" if key == "breit_dirac" else "`resonant: false`"
            raise UserError(
                f"transform.absolute.{key}", f"{meaning} needs the wavelength, which is unknown",
                f"give the wavelength to the stage reduce, or {off}",
            )  # fmt: skip
    if not np.isfinite(rho0):
        for key, needs in (("method", wanted["method"] == "krogh_moe"), ("low_r_ang", wanted["low_r_ang"] is not None)):
            if needs:
                raise UserError(
                    f"transform.absolute.{key}", "needs the number density, which is not given",
                    "give `rho0_inv_ang3` or `density_g_cm3`",
                )  # fmt: skip


def check_intensity(reduced: ScatteringReduced, settings: Settings) -> list[str]:
    """Notes on negative intensity. An absolute scale has no room for it; adhoc only needs most of it to be positive.

    Raises UserError where points are missing or too many are negative, ValueError where parts do not make the sum.
    """
    q, intensity = reduced.q_inv_ang, reduced.intensity
    used = (q >= settings.qmin_inv_ang) & (q <= settings.qmaxinst_inv_ang)
    bad = used & ~np.isfinite(intensity)
    if bad.any():
        at = float(q[bad][0])
        raise UserError(
            "reduce", f"I(Q) has no value at {int(bad.sum())} of {int(used.sum())} points, the first at {at:.4g} 1/A",
            "narrow qmin and qmaxinst, or mend the file",
        )  # fmt: skip
    if not np.isfinite(intensity).all():
        raise UserError("reduce", "I(Q) has no value at some points outside the range", "mend the file")
    total = sum(np.interp(q, p.q_inv_ang, p.factor * p.intensity) for p in reduced.parts)
    if reduced.parts and np.abs(total - intensity).max() > SUM_TOLERANCE * np.abs(intensity).max():
        raise ValueError("the parts of I(Q) do not add up to it")
    return _negative_notes(q, intensity, used, settings)


def _negative_notes(q: Array, intensity: Array, used: npt.NDArray[np.bool_], settings: Settings) -> list[str]:
    negative = used & (intensity < 0)
    count, points = int(negative.sum()), int(used.sum())
    limit = NEGATIVE_SHARE[settings.normalisation]
    if count > limit * points or intensity[used].mean() <= 0:
        fix = "more is subtracted than the sample has: lower reduce.container_scale"
        raise UserError(
            "reduce", f"I(Q) is negative at {count} of {points} points between "
            f"{settings.qmin_inv_ang:.3g} and {min(settings.qmaxinst_inv_ang, float(q[-1])):.4g} 1/A",
            fix + (", or take the ad hoc normalisation" if count <= NEGATIVE_SHARE["adhoc"] * points else ""),
        )  # fmt: skip
    if not count:
        return []
    told = f"I(Q) is negative at {count} of {points} points, the first at {float(q[negative][0]):.4g} 1/A"
    return [told + (": the container may be taken off in excess" if count > NEGATIVE_TOLD * points else "")]
