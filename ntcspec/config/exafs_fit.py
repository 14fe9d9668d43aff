"""Parameters of the stage `fit` of the technique exafs: models of paths with constraints."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ntcspec.config.base import Interval, Parameters, param
from ntcspec.config.xas import Name
from ntcspec.errors import did_you_mean
from ntcspec.expressions import FUNCTIONS, expression

Words = str | float  # an expression, or a plain number
RESERVED = {*FUNCTIONS, "pi", "reff", "degen"}
SLOTS = ("n", "s02", "delta_r_ang", "r_ang", "sigma2_ang2", "e0_ev", "c3_ang3", "c4_ang4")


class FitParameter(Parameters):
    """One parameter of a model: `guess` (free), `set` (constant) or `expr` (of other parameters)."""

    guess: float | None = param(None, "", "start of a free parameter")
    min: float | None = param(None, "", "lower bound of a free parameter; without it that of what it stands in")
    max: float | None = param(None, "", "upper bound of a free parameter; without it that of what it stands in")
    set: float | None = param(None, "", "value of a constant")
    u: float = param(0.0, "", "standard uncertainty of a constant; it goes into u_sys", ge=0)
    expr: str | None = param(None, "", "expression of other parameters, such as 2 * ss")

    @model_validator(mode="after")
    def _one_kind(self) -> FitParameter:
        if sum(kind is not None for kind in (self.guess, self.set, self.expr)) != 1:
            raise ValueError("give one of `guess`, `set` and `expr`")
        if self.guess is None and (self.min is not None or self.max is not None):
            raise ValueError("`min` and `max` are bounds of a `guess`")
        if self.set is None and self.u:
            raise ValueError("`u` is the uncertainty of a `set` value")
        if self.min is not None and self.max is not None and self.min >= self.max:
            raise ValueError("`min` must be below `max`")
        return self


class FitPath(Parameters):
    """FEFF paths and what they take. Expressions know the parameters of the model, `reff` (half path length of the
    path, angstrom) and `degen` (its degeneracy)."""

    structure: Name | None = param(None, "", "structure of `paths.structures`; without it the only one there")
    atoms: str | None = param(None, "", "atoms of the path, absorber first, such as Ta-Cl or Ta-Cl-Ta-Cl")
    kind: Literal["single", "forward", "forward_focus", "triangle", "other"] | None = param(None, "", "kind of path")
    near_ang: float | None = param(None, "angstrom", "takes the one path of this half length, or nearest to it", gt=0)
    within_ang: Interval | None = param(None, "angstrom", "takes all paths with half lengths in this range")
    index: tuple[int, ...] = param((), "", "takes the paths of these numbers in FEFF's list")
    n: Words = param("degen", "", "number of paths N")
    s02: Words = param(1.0, "", "amplitude reduction factor")
    delta_r_ang: Words | None = param(None, "angstrom", "change of the half path length")
    r_ang: Words | None = param(None, "angstrom", "half path length itself, instead of its change")
    sigma2_ang2: Words = param(0.0, "angstrom^2", "mean-square disorder of the half path length")
    e0_ev: Words = param(0.0, "eV", "FEFF's origin of k minus that of the data")
    c3_ang3: Words = param(0.0, "angstrom^3", "third cumulant")
    c4_ang4: Words = param(0.0, "angstrom^4", "fourth cumulant")

    @model_validator(mode="after")
    def _consistent(self) -> FitPath:
        if self.delta_r_ang is not None and self.r_ang is not None:
            raise ValueError("give `r_ang` or `delta_r_ang`, not both")
        if self.near_ang is not None and self.within_ang is not None:
            raise ValueError("give `near_ang` or `within_ang`, not both")
        if self.atoms is None and not self.index:
            raise ValueError("say which path: `atoms` (Ta-Cl), or `index`")
        return self


class Derived(Parameters):
    """A number made of the parameters of a model, such as a mean distance."""

    expr: str = param(..., "", "expression of the parameters")
    unit: str = param(..., "", "its unit")


class FitModel(Parameters):
    """A model: parameters, the paths that take them, and what else is to be reported."""

    parameters: dict[Name, FitParameter] = param(..., "", "parameters by name")
    paths: Annotated[dict[Name, FitPath], Field(min_length=1)] = param(..., "", "paths by name")
    derived: dict[Name, Derived] = param({}, "", "numbers made of the parameters, by name")

    @model_validator(mode="after")
    def _names(self) -> FitModel:
        used: set[str] = set()
        for name in self.parameters.keys() & RESERVED:
            raise ValueError(f"parameters.{name}: {name!r} has a meaning of its own in expressions: take another name")
        for name, parameter in self.parameters.items():
            used |= self._known(f"parameters.{name}.expr", parameter.expr or 0.0)
        for name, path in self.paths.items():
            for slot in SLOTS:
                words = getattr(path, slot)
                used |= self._known(f"paths.{name}.{slot}", words if words is not None else 0.0, ("reff", "degen"))
        for name, derived in self.derived.items():
            self._known(f"derived.{name}.expr", derived.expr)
        idle = [name for name, one in self.parameters.items() if one.guess is not None and name not in used]
        if idle:
            raise ValueError(f"no path takes the parameter {idle[0]!r}: use it, or remove it")
        return self

    def _known(self, key: str, words: Words, more: tuple[str, ...] = ()) -> frozenset[str]:
        """Names in an expression, all of which must be known."""
        try:
            names = expression(words).names
        except ValueError as problem:
            raise ValueError(f"{key}: {problem}") from None
        known = (*self.parameters, *more)
        for name in sorted(names - set(known)):
            raise ValueError(f"{key}: no parameter {name!r}{did_you_mean(name, known)}")
        return names


class Fit(Parameters):
    """Fits of FEFF paths of `paths.structures` to chi(k), through the window of the transform. Without models the stage
    is not run."""

    models: dict[Name, FitModel] = param({}, "", "models by name; their order is that of the results")
    space: Literal["r", "q", "k"] = param(
        "r", "", "where data and model are compared: chi(R), its back transform, chi(k)"
    )
    kweights: Annotated[tuple[Annotated[float, Field(ge=0, le=3)], ...], Field(min_length=1)] = param(
        (1, 2, 3), "", "k weights that are fitted together"
    )
    range_ang: Interval = param((1.0, 3.0), "angstrom", "R range of the fit (not phase-corrected)")


class JointFit(Parameters):
    """Series analysis `exafs.fit`: one model fitted to all samples at once, with parameters in common."""

    model: Name = param(..., "", "name of the model, among those that the samples have under `fit.models`")
    shared: tuple[Name, ...] = param((), "", "parameters that all samples have in common, such as e0")
