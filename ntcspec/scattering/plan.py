"""All that turns I(Q) into G(r) and does not depend on I: made once for an axis, a composition and settings.

Order of the work for each pattern: take I to the grid (`axis`), normalise (`adhoc` or `absolute`), correct F
(polynomial or low-r filter), transform (`sine`). Patterns of one axis go through together: arrays are (..., Q).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from ntcspec.errors import UserError
from ntcspec.scattering import absolute, adhoc
from ntcspec.scattering.atoms import Averages, averages, compton
from ntcspec.scattering.axis import Grid, grid
from ntcspec.scattering.sine import Sine
from ntcspec.types import Array

KEPT = 4_000_000  # numbers in a matrix that is kept for the next pattern


@dataclass(frozen=True)
class Settings:
    """What the transform is asked for; units in the names. NaN and None stand for what is unknown or not wanted."""

    normalisation: str
    qmin_inv_ang: float
    qmax_inv_ang: float
    qmaxinst_inv_ang: float
    rule: str
    rpoly_ang: float
    lorch: bool
    line: bool
    rmin_ang: float
    rmax_ang: float
    rstep_ang: float
    wavelength_ang: float
    rho0_inv_ang3: float
    method: str
    fit_qmin_inv_ang: float
    damping_ang2: float
    breit_dirac: int
    constant: bool
    resonant: bool
    low_r_ang: float | None
    low_r_passes: int
    slope_range_ang: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Plan:
    """The prepared transform."""

    settings: Settings
    grid: Grid
    average: Averages
    model: Array  # <f^2> + C; C is 0 for adhoc
    adhoc: adhoc.Adhoc | None
    low_r: absolute.LowR
    sine: Sine
    r_ang: Array

    def scaled(self, on_grid: Array) -> absolute.Scaled:
        """Absolute scale of one pattern."""
        s, q = self.settings, self.grid.q_inv_ang
        if s.method == "krogh_moe":
            return absolute.krogh_moe(
                q, on_grid, self.model, self.average.mean_squared, rho0_inv_ang3=s.rho0_inv_ang3,
                damping_ang2=s.damping_ang2,
            )  # fmt: skip
        return absolute.least_squares(q, on_grid, self.model, fit_qmin_inv_ang=s.fit_qmin_inv_ang, constant=s.constant)

    def unfiltered(self, on_grid: Array) -> Array:
        """F before the polynomial or the low-r filter; on_grid has shape (..., Q)."""
        if self.adhoc is not None:
            return self.adhoc.measured(on_grid, self.adhoc.scale(on_grid))
        q = self.grid.q_inv_ang
        rows = on_grid.reshape(-1, q.size)
        found = [absolute.f_of(q, row, self.scaled(row), self.average, self.model) for row in rows]
        return np.array(found).reshape(on_grid.shape)

    def f_of(self, intensity: Array) -> Array:
        """F (1/A) on the grid from I on the measured axis, shape (..., Q)."""
        unfiltered = self.unfiltered(self.grid.to_grid(intensity))
        return self.adhoc.corrected(unfiltered) if self.adhoc is not None else self.low_r(unfiltered)

    def g_of(self, intensity: Array) -> Array:
        """G (1/A^2) on r_ang from I on the measured axis, shape (..., r)."""
        return self.sine(self.f_of(intensity), self.r_ang)

    def terms(self, on_grid: Array) -> tuple[Array, Array, Array]:
        """gain, left, right of dF/dI before polynomial or filter (types.scattering_pdf.Propagation)."""
        if self.adhoc is not None:
            return self.adhoc.terms(on_grid)
        return absolute.terms(self.grid.q_inv_ang, on_grid, self.scaled(on_grid), self.average)

    @property
    def filter(self) -> tuple[Array, Array]:
        """filter_left and filter_right."""
        if self.adhoc is not None:
            return self.adhoc.weight[:, None] * self.adhoc.basis, self.adhoc.basis
        return self.low_r.left, self.low_r.right

    @cached_property
    def _rows(self) -> Array:
        return self.sine.matrix(self.r_ang)

    def rows(self, start: int, stop: int) -> Array:
        """Rows of the sine transform for a part of r_ang."""
        if self.r_ang.size * self.grid.q_inv_ang.size <= KEPT:
            return self._rows[start:stop]
        return self.sine.matrix(self.r_ang[start:stop])


def plan(q_inv_ang: Array, fractions: Mapping[str, float], settings: Settings) -> Plan:
    """The plan for an axis; the last ones are kept. Raises UserError as its parts do."""
    return _plan(np.ascontiguousarray(q_inv_ang, dtype=np.float64).tobytes(), tuple(fractions.items()), settings)


@lru_cache(maxsize=12)
def _plan(axis: bytes, composition: tuple[tuple[str, float], ...], settings: Settings) -> Plan:
    s, fractions = settings, dict(composition)
    points = grid(np.frombuffer(axis), qmin_inv_ang=s.qmin_inv_ang, qmaxinst_inv_ang=s.qmaxinst_inv_ang, rule=s.rule)
    q = points.q_inv_ang
    sine = Sine(q, points.step_inv_ang, s.qmin_inv_ang, s.qmax_inv_ang, s.rstep_ang, lorch=s.lorch, line=s.line)
    if sine.nodes.size < 2:
        raise UserError("transform", "no points of F(Q) lie between qmin and qmax", "widen the range of Q")
    r = np.arange(round(s.rmin_ang / s.rstep_ang), round(s.rmax_ang / s.rstep_ang) + 1, dtype=np.float64) * s.rstep_ang
    low_r = absolute.no_filter(q.size)
    if s.normalisation == "adhoc":
        average = averages(fractions, q)
        norm = adhoc.prepare(q, average, rpoly_ang=s.rpoly_ang)
        return Plan(s, points, average, average.squared_mean, norm, low_r, sine, r)
    average = averages(fractions, q, resonant_at_ang=s.wavelength_ang if s.resonant else None)
    inelastic = compton(fractions, q, wavelength_ang=s.wavelength_ang, exponent=s.breit_dirac)
    if s.low_r_ang is not None:
        low_r = absolute.low_r_filter(sine, cut_ang=s.low_r_ang, passes=s.low_r_passes, rho0_inv_ang3=s.rho0_inv_ang3)
    return Plan(s, points, average, average.squared_mean + inelastic, None, low_r, sine, r)
