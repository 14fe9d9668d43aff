"""What the exposures of container and air are multiplied by before they are taken off the sample.

Symbols: I_s, I_c, I_a sample, container, air; m their monitors; A absorption (`capillary`); P = (1 + cos^2 2theta) / 2
of patterns, on request, else 1; c the scale of the container.

    I = 1/(A_s,sc P) [(I_s - (m_s/m_a) I_a) - c (A_c,sc / A_c,c) ((m_s/m_c) I_c - (m_s/m_a) I_a)]

c is given; or 1, where the capillary is known (`absorption`): the beam and the wall are the same; or fitted:

`self_scattering`: I_s / (A_s,sc P) = alpha (<f^2> + C) + c (A_c,sc / (A_c,c A_s,sc P)) I_c + oscillations, by least
squares weighted by Q / <f^2>, from each of several Q on; C is Compton scattering, (E'/E)^3 for a detector that adds up
energy. c is the mean of these fits; its uncertainty their scatter and their own, which is that of oscillations taken
as noise. Good to 5 to 10 % where absorption is corrected. Where it is not, 2 % of the sample over the range of Q make
up to 40 % of a weak container, and the uncertainty of c is given as 30 % at least. (A fit of the distances below the
first one, which is often used, was tried and is worse by far where halo and self-scattering are both smooth.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ntcspec.errors import UserError
from ntcspec.formula import fractions
from ntcspec.scattering.capillary import Absorption
from ntcspec.scattering.exposures import Exposure
from ntcspec.types import Array, Note

CUTS = (0.1, 0.2, 0.35, 0.5)  # where the fits start, as shares of the last Q
FEWEST = 50  # points of a fit
POOR = 0.1
UNCORRECTED = 0.3  # least relative uncertainty of c where absorption is not corrected
ENERGY_SUM = 3  # exponent of Breit and Dirac


@dataclass(frozen=True)
class Scale:
    """c, its relative standard uncertainty, and how it was obtained."""

    value: float
    error: float
    method: str
    notes: tuple[Note, ...] = ()


def monitors(
    sample: Exposure, others: dict[str, Exposure], given: dict[str, float | None]
) -> tuple[dict[str, float], tuple[Note, ...]]:
    """What each exposure is multiplied by to have the beam of the sample: m_s / m, by role.

    Raises
    ------
    UserError
        Some of the monitors are given and some are not, or some headers say the time and some do not.
    """
    roles = [role for role in others if role in ("container", "air")]
    if not roles:
        return {}, ()
    said = {role: given.get(role) for role in ("sample", *roles)}
    if any(value is not None for value in said.values()):
        for role, value in said.items():
            if value is None:
                key = "monitor" if role == "sample" else f"{role}_monitor"
                raise UserError(f"reduce.{key}", f"the monitor of the {role} is missing, others are given", "give all")
        return {role: float(said["sample"]) / float(said[role]) for role in roles}, ()  # type: ignore[arg-type]
    times = {"sample": sample.time_s, **{role: others[role].time_s for role in roles}}
    known = {role for role, time in times.items() if np.isfinite(time)}
    if known and len(known) < len(times):
        missing = sorted(set(times) - known)
        what = f"the headers say the exposure of {' and '.join(sorted(known))}, not of {' and '.join(missing)}"
        raise UserError(sample.source, what, "give reduce.monitor, container_monitor, air_monitor")
    if not known:
        return dict.fromkeys(roles, 1.0), ("nothing says how long each exposure was: they are taken as equally long",)
    factors = {role: times["sample"] / times[role] for role in roles}
    notes = [
        f"the {role} was exposed for {times[role]:g} s, the sample for {times['sample']:g} s: times {factor:.4g}"
        for role, factor in factors.items()
        if abs(factor - 1.0) > 1e-3
    ]
    return factors, tuple(notes)


def fit_self_scattering(
    sample: Exposure,
    container: Exposure,
    composition: str,
    wavelength_ang: float,
    correct: tuple[Array, Array],
    monitor: float,
    absorption_known: bool,
) -> Scale:
    """c by `self_scattering`, see above; correct: what I of each is multiplied by without c, on its own axis.

    Raises
    ------
    UserError
        Too few points for a fit, a composition that does not parse, a scale that is not positive.
    """
    from ntcspec.scattering.atoms import averages, check_elements, compton

    where = "reduce.container_scale: self_scattering"
    shares = fractions(composition, where)
    check_elements(shares, where)
    q = sample.q[sample.q > 0.0]
    own = (sample.intensity * correct[0])[sample.q > 0.0]
    wall = monitor * np.interp(q, container.q, container.intensity * correct[1])
    square = averages(shares, q).squared_mean
    known = np.isfinite(wavelength_ang)
    free = compton(shares, q, wavelength_ang=wavelength_ang if known else None, exponent=ENERGY_SUM if known else 0)
    fits = [_one_fit(q, own, wall, square, free, cut * float(q[-1])) for cut in CUTS]
    values, errors = np.array([f for f in fits if f is not None]).reshape(-1, 2).T
    if not values.size:
        raise UserError(where, f"{q.size} points are too few for a fit", "give the scale as a number, or the capillary")
    value = float(values.mean())
    error = float(np.hypot(values.std(), np.sqrt(np.mean(errors**2))))
    if not value > error:
        what = f"the container cannot be told from the sample: a scale of {value:.3g} +- {error:.2g} fits"
        raise UserError(where, what, "give the scale as a number, or the capillary")
    if not absorption_known:
        error = float(np.hypot(error, UNCORRECTED * value))
    notes = [f"container scale {value:.4g} +- {error:.2g}, fitted with the self-scattering of {composition}"]
    if error > POOR * value:
        notes.append(f"the scale of the container is known to {error / value:.0%} only: give it, or the capillary")
    return Scale(value, error / value, "self_scattering", tuple(notes))


def _one_fit(q: Array, own: Array, wall: Array, square: Array, free: Array, start: float) -> tuple[float, float] | None:
    """c and its standard uncertainty from the points beyond `start`; None where they are too few."""
    used = q >= start
    if np.count_nonzero(used) < FEWEST:
        return None
    weight = (q / square)[used]
    columns = np.stack([(square + free)[used] * weight, wall[used] * weight], axis=1)
    y = own[used] * weight
    found, *_ = np.linalg.lstsq(columns, y, rcond=None)
    rest = y - columns @ found
    variance = float(rest @ rest) / (y.size - 2)
    return float(found[1]), float(np.sqrt(variance * np.linalg.inv(columns.T @ columns)[1, 1]))


def factors(
    roles: dict[str, Exposure],
    absorption: dict[str, Absorption | None],
    polarisation: dict[str, Array],
    scale: float,
    monitor: dict[str, float],
) -> dict[str, Array]:
    """The factor of each role on its own axis, see above; absorption and P are given on these axes."""
    found = {}
    for role, one in roles.items():
        a = absorption[role]
        ones = np.ones(one.q.size)
        own = 1.0 / ((a.s_sc if a else ones) * polarisation[role])
        wall = scale * (a.c_sc / a.c_c if a else ones)
        if role == "sample":
            found[role] = own
        elif role == "container":
            found[role] = -own * wall * monitor["container"]
        else:
            found[role] = -own * (ones - (wall if "container" in roles else 0.0)) * monitor["air"]
    return found
