"""A fit's model: parameters, constraints between them, and the paths that take them.

Symbols: p free parameters and those whose own uncertainty counts, chi(k) = sum of the paths' chi.

A parameter is a guess (free, between bounds), set (constant, perhaps with an uncertainty), or an expression of others.
What a path takes (N, S02, dR or R, sigma2, E0, C3, C4) is an expression of parameters, of `reff` (half length of the
path, Angstrom) and of `degen` (its degeneracy). Every path takes its own: two entries made from the same file of FEFF
share nothing but what their expressions share.

Order of steps: expressions are checked when the model is made; `Model.at` gives values; `Model.slopes` derivatives of
everything by p, by the complex step along each p, asked only of what depends on it; `chi_and_slopes` the sum over paths
and its derivatives by the chain rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ntcspec.expressions import Expression, slope, value
from ntcspec.types import Array
from ntcspec.xas.paths.feff_files import FeffPath
from ntcspec.xas.paths.path_chi import PathTables, path_chi_gradient, path_tables

SLOTS = ("n", "s02", "delta_r_ang", "sigma2_ang2", "e0_ev", "c3_ang3", "c4_ang4")  # names as in `path_chi`
OF_PATH = ("reff", "degen")


@dataclass(frozen=True)
class Guess:
    """A free parameter."""

    start: float
    low: float = -np.inf
    high: float = np.inf


@dataclass(frozen=True)
class Known:
    """A constant; u is its standard uncertainty."""

    value: float
    u: float = 0.0


Parameter = Guess | Known | Expression


@dataclass(frozen=True)
class FitPath:
    """One path of FEFF in one data set, and an expression for each of SLOTS. `entry` is its name in the config."""

    entry: str
    feff: FeffPath
    slots: Mapping[str, Expression]

    @property
    def facts(self) -> dict[str, float]:
        """What its expressions know of the path itself."""
        return {"reff": self.feff.reff_ang, "degen": self.feff.degeneracy}


@dataclass(frozen=True)
class Model:
    """Parameters by name, and the paths of each data set.

    Raises ValueError for names that are not known, a circle of expressions, and guesses that nothing depends on.
    """

    name: str
    parameters: Mapping[str, Parameter]
    paths: tuple[tuple[FitPath, ...], ...]
    order: tuple[str, ...] = field(init=False)  # of the expressions among the parameters
    needs: Mapping[str, frozenset[str]] = field(init=False)  # p that each parameter depends on

    def __post_init__(self) -> None:
        order, needs = _resolve(self.parameters)
        object.__setattr__(self, "order", order)
        object.__setattr__(self, "needs", needs)
        used: set[str] = set()
        for path in (path for paths in self.paths for path in paths):
            for slot, words in path.slots.items():
                unknown = words.names - set(self.parameters) - set(OF_PATH)
                if unknown:
                    raise ValueError(f"{path.entry}.{slot}: no parameter {sorted(unknown)[0]!r}")
                used |= self.depends(words)
        idle = [name for name in self.free if name not in used]
        if idle:
            raise ValueError(f"no path depends on the parameter {idle[0]!r}")

    @property
    def free(self) -> tuple[str, ...]:
        """Names of the free parameters."""
        return tuple(n for n, p in self.parameters.items() if isinstance(p, Guess))

    @property
    def uncertain(self) -> tuple[str, ...]:
        """Names of the constants that have an uncertainty."""
        return tuple(n for n, p in self.parameters.items() if isinstance(p, Known) and p.u > 0)

    @property
    def moving(self) -> tuple[str, ...]:
        """p: free parameters, then uncertain constants."""
        return self.free + self.uncertain

    @property
    def u_constants(self) -> Array:
        """Standard uncertainties of the uncertain constants."""
        known = (self.parameters[n] for n in self.uncertain)
        return np.array([p.u for p in known if isinstance(p, Known)], dtype=np.float64)

    @cached_property
    def tables(self) -> tuple[PathTables, ...]:
        """Splines of FEFF's tables, one set a data set."""
        return tuple(path_tables([path.feff for path in paths]) for paths in self.paths)

    def depends(self, words: Expression) -> frozenset[str]:
        """The p that an expression depends on."""
        return frozenset().union(*(self.needs.get(name, frozenset()) for name in words.names))

    def start(self) -> tuple[Array, Array, Array]:
        """Start and bounds of the free parameters."""
        guesses = [p for p in self.parameters.values() if isinstance(p, Guess)]
        columns = np.array([[g.start, g.low, g.high] for g in guesses], dtype=np.float64).reshape(-1, 3)
        return columns[:, 0], columns[:, 1], columns[:, 2]

    def at(self, free: Array) -> dict[str, float]:
        """Value of every parameter. Raises ValueError where an expression has none."""
        found = dict(zip(self.free, free.tolist(), strict=True))
        found |= {n: p.value for n, p in self.parameters.items() if isinstance(p, Known)}
        for name in self.order:
            found[name] = value(self._expression(name), found)
        return found

    def slopes(self, values: Mapping[str, float]) -> dict[str, dict[str, float]]:
        """Derivatives of the parameters by each p: {p: {name: derivative}}, zeros left out."""
        found: dict[str, dict[str, float]] = {}
        for p in self.moving:
            along = {p: 1.0}
            for name in self.order:
                if p in self.needs[name]:
                    along[name] = slope(self._expression(name), values, along)
            found[p] = along
        return found

    def _expression(self, name: str) -> Expression:
        found = self.parameters[name]
        assert isinstance(found, Expression)
        return found

    def slot_values(self, data: int, values: Mapping[str, float]) -> dict[str, Array]:
        """What the paths of a data set take, shape (paths,) each."""
        return {
            slot: np.array([value(path.slots[slot], {**values, **path.facts}) for path in self.paths[data]])
            for slot in SLOTS
        }

    def derivative(
        self, words: Expression, values: Mapping[str, float], along: Mapping[str, dict[str, float]]
    ) -> Array:
        """Derivative of an expression by each p, shape (p,)."""
        depends = self.depends(words)
        return np.array([slope(words, values, along[p]) if p in depends else 0.0 for p in self.moving])

    def chi_and_slopes(self, data: int, k_inv_ang: Array, values: Mapping[str, float]) -> tuple[Array, Array]:
        """chi of each path, shape (paths, k), and derivative of their sum by each p, shape (p, k).

        Raises ValueError where k does not lie above the shifted E0, or an expression has no value.
        """
        slots = self.slot_values(data, values)
        gradient = path_chi_gradient(self.tables[data], k_inv_ang, **slots)
        along = self.slopes(values)
        total = np.zeros((len(self.moving), k_inv_ang.size))
        for i, path in enumerate(self.paths[data]):
            here = {**values, **path.facts}
            for slot in SLOTS:
                if self.depends(path.slots[slot]):
                    total += np.outer(self.derivative(path.slots[slot], here, along), gradient[slot][i])
        return slots["n"][:, None] * gradient["n"], total


def _resolve(parameters: Mapping[str, Parameter]) -> tuple[tuple[str, ...], dict[str, frozenset[str]]]:
    """Order in which expressions can be evaluated, and the free or uncertain parameters that each name needs."""
    needs: dict[str, frozenset[str]] = {}
    waiting: dict[str, Expression] = {}
    for name, parameter in parameters.items():
        if isinstance(parameter, Expression):
            waiting[name] = parameter
            for other in sorted(parameter.names - set(parameters)):
                raise ValueError(f"{name}: no parameter {other!r}")
        else:
            moves = isinstance(parameter, Guess) or parameter.u > 0
            needs[name] = frozenset([name]) if moves else frozenset()
    order: list[str] = []
    while waiting:
        ready = [name for name, words in waiting.items() if words.names <= set(needs)]
        if not ready:
            raise ValueError(f"{', '.join(waiting)}: expressions that need each other")
        for name in ready:
            needs[name] = frozenset().union(*(needs[other] for other in waiting.pop(name).names))
            order.append(name)
    return tuple(order), needs
