"""One G(r) that metrics are read from: the nominal one, or that of a variant, with the transform that made it.

A row w gives the number w . G at some r. Through the sine transform it acts on F, and `errors` carries it to the noise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ntcspec.peaks import value
from ntcspec.peaks.value import NAN
from ntcspec.scattering import errors
from ntcspec.scattering.sine import Sine
from ntcspec.types import Array
from ntcspec.types.scattering_pdf import ScatteringTransformed

UNKNOWN = "u_stat: no errors came with I(Q)"


@dataclass(frozen=True)
class Value(value.Value):
    """extra_sys is added to u_sys in quadrature."""

    extra_sys: float = 0.0


def missing(unit: str, method: str, reason: str) -> Value:
    """A value that is not there."""
    return Value(NAN, NAN, unit, method, reason)


@dataclass(frozen=True, eq=False)
class View:
    """G on r_ang of `of`, up to qmax. noisy: whether errors are wanted; they are known for the nominal one alone."""

    of: ScatteringTransformed
    g: Array
    qmax_inv_ang: float
    noisy: bool

    @cached_property
    def sine(self) -> Sine:
        """The transform that made G."""
        t = self.of
        step = float(t.r_ang[1] - t.r_ang[0])
        return Sine(t.q_inv_ang, t.step_inv_ang, t.qmin_inv_ang, self.qmax_inv_ang, step, lorch=t.lorch, line=t.line)

    @property
    def known(self) -> bool:
        """Whether errors by counting can be given."""
        return self.noisy and bool(self.of.propagation.covariance.size)

    def at(self, r_ang: Array) -> Array:
        """G at r_ang, linear between the points."""
        return np.interp(r_ang, self.of.r_ang, self.g)

    def standard(self, rows: Array, r_ang: Array) -> Array:
        """Standard uncertainty of rows . G(r_ang), shape (R,) for rows (R, r); NaN where unknown."""
        if not self.known:
            return np.full(rows.shape[0], NAN)
        return errors.standard(self.of.propagation, rows @ self.sine.matrix(r_ang))

    def covariance(self, r_ang: Array) -> Array:
        """Covariance of G at r_ang, shape (r, r)."""
        return errors.covariance(self.of.propagation, self.sine.matrix(r_ang))

    def why(self, reason: str = "") -> str:
        """The reason, with the one for a missing u_stat."""
        return "; ".join(w for w in (reason, UNKNOWN if self.noisy and not self.known else "") if w)


def nominal(of: ScatteringTransformed) -> View:
    """The G(r) that is reported."""
    return View(of, of.g_r, of.qmax_inv_ang, True)


def of_variants(of: ScatteringTransformed) -> Iterator[tuple[str, str, View]]:
    """(group, name, view) of each variant."""
    for group, name, g in zip(of.variant_groups, of.variant_names, of.variant_g, strict=True):
        qmax = float(name.partition("=")[2]) if group == "qmax_inv_ang" else of.qmax_inv_ang
        yield group, name, View(of, g, qmax, False)
