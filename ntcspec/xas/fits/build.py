"""From the words of a config to a model: which paths of FEFF an entry means, bounds, expressions.

An entry names the atoms of its paths. Where several paths have these atoms, it must say which: the one `near_ang`, all
`within_ang`, or by `index`; nothing is chosen in silence. All paths of one entry take the same expressions, in which
`reff` and `degen` are each path's own.

A guess without bounds gets those of what it stands in by itself (BOUNDS), beyond which FEFF's path would be another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ntcspec.errors import UserError, did_you_mean
from ntcspec.expressions import Expression, expression
from ntcspec.xas.fits.model import SLOTS, FitPath, Guess, Known, Model, Parameter
from ntcspec.xas.paths.feff_files import FeffPath

BOUNDS = {
    "n": (0.0, 1000.0), "s02": (0.0, 2.0), "delta_r_ang": (-0.5, 0.5), "sigma2_ang2": (0.0, 0.1),
    "e0_ev": (-25.0, 25.0), "c3_ang3": (-0.01, 0.01), "c4_ang4": (-0.001, 0.001),
}  # fmt: skip
UNITS = {
    "n": "1", "s02": "1", "delta_r_ang": "angstrom", "r_ang": "angstrom", "sigma2_ang2": "angstrom^2", "e0_ev": "eV",
    "c3_ang3": "angstrom^3", "c4_ang4": "angstrom^4",
}  # fmt: skip
Structures = Mapping[str, Sequence[FeffPath]]


def build(name: str, given: Mapping[str, Any], structures: Structures) -> Model:
    """The model of one data set; given: `parameters` and `paths` as in the config.

    Raises UserError, which names the key under fit.models, for what cannot be read and for paths that are not there.
    """
    where = f"fit.models.{name}"
    entries = [_entry(f"{where}.paths.{entry}", entry, one, structures) for entry, one in given["paths"].items()]
    try:
        parameters = {n: _parameter(n, p, given["paths"], entries) for n, p in given["parameters"].items()}
        return Model(name, parameters, (tuple(path for paths in entries for path in paths),))
    except ValueError as problem:
        raise UserError(where, str(problem), "mend the parameters or the expressions of the model") from None


def joined(name: str, models: Mapping[str, Model], shared: Sequence[str]) -> Model:
    """One model of several data sets: parameters in `shared` are common, all others each data set's own.

    The parameter `dr` of data set `a` becomes `dr__0`, that of the next `dr__1`, in their order. Raises ValueError for
    a name in `shared` that is no parameter.
    """
    parameters: dict[str, Parameter] = {}
    paths: list[tuple[FitPath, ...]] = []
    for i, model in enumerate(models.values()):
        unknown = [n for n in shared if n not in model.parameters]
        if unknown:
            raise ValueError(f"no parameter {unknown[0]!r}{did_you_mean(unknown[0], model.parameters)}")
        names = joint_names(model, i, shared)
        for n, parameter in model.parameters.items():
            parameters[names[n]] = renamed(parameter, names) if isinstance(parameter, Expression) else parameter
        paths.append(
            tuple(FitPath(p.entry, p.feff, {s: renamed(w, names) for s, w in p.slots.items()}) for p in model.paths[0])
        )
    return Model(name, parameters, tuple(paths))


def joint_names(model: Model, data: int, shared: Sequence[str]) -> dict[str, str]:
    """Names that the parameters of data set number `data` have in a joint fit."""
    return {n: n if n in shared else f"{n}__{data}" for n in model.parameters}


def renamed(words: Expression, names: Mapping[str, str]) -> Expression:
    """The same expression with other names."""
    import ast

    tree = ast.parse(words.text, mode="eval")
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = names.get(node.id, node.id)
    return expression(ast.unparse(tree))


def _entry(where: str, entry: str, given: Mapping[str, Any], structures: Structures) -> list[FitPath]:
    """The paths of one entry."""
    name = given.get("structure") or next(iter(structures), "")
    if name not in structures or (not given.get("structure") and len(structures) != 1):
        what = f"no structure {name!r}" if given.get("structure") else f"{len(structures)} structures to choose from"
        raise UserError(
            f"{where}.structure", what, f"name one of: {', '.join(structures) or 'paths.structures is empty'}"
        )
    slots = {}
    for slot in SLOTS:
        words: Any = given.get(slot)
        if slot == "delta_r_ang" and given.get("r_ang") is not None:
            words = f"({given['r_ang']}) - reff"
        try:
            slots[slot] = expression(0.0 if words is None else words)
        except ValueError as problem:
            raise UserError(f"{where}.{slot}", str(problem), "write arithmetic, such as 2 * ss") from None
    return [FitPath(entry, path, slots) for path in _choose(where, given, structures[name])]


def _choose(where: str, given: Mapping[str, Any], paths: Sequence[FeffPath]) -> list[FeffPath]:
    """The paths that an entry means."""
    atoms, kind, index = given.get("atoms"), given.get("kind"), given.get("index") or ()
    found = [p for p in paths if atoms in (None, p.label) and kind in (None, p.kind)]
    found = [p for p in found if not index or p.index in index]
    if given.get("within_ang"):
        low, high = given["within_ang"]
        found = [p for p in found if low <= p.reff_ang <= high]
    if not found or (index and len(found) < len(set(index))):
        listed = ", ".join(f"{p.index} {p.label} {p.kind} {p.reff_ang:.3f} A" for p in paths[:12])
        raise UserError(where, "no such path", f"FEFF's list: {listed}{' ...' if len(paths) > 12 else ''}")
    if given.get("near_ang"):
        return [min(found, key=lambda p: (abs(p.reff_ang - given["near_ang"]), p.index))]
    if len(found) > 1 and not (given.get("within_ang") or index):
        lengths = ", ".join(f"{p.reff_ang:.3f} ({p.index})" for p in found[:12])
        what = f"{len(found)} paths are meant, of {lengths} A (number)"
        raise UserError(where, what, "say near_ang for one, within_ang for several, or index")
    return found


def _parameter(
    name: str, given: Mapping[str, Any], paths: Mapping[str, Any], entries: Sequence[list[FitPath]]
) -> Parameter:
    """One parameter. Raises ValueError for an expression that cannot be read and a guess beyond its bounds."""
    if given.get("expr") is not None:
        return expression(given["expr"])
    if given.get("set") is not None:
        return Known(float(given["set"]), float(given.get("u") or 0.0))
    low, high = _bounds(name, paths, entries)
    low, high = (own if given.get(key) is None else float(given[key]) for key, own in (("min", low), ("max", high)))
    if not low <= given["guess"] <= high:
        raise ValueError(f"{name}: guess {given['guess']:g} is not between {low:g} and {high:g}")
    return Guess(float(given["guess"]), low, high)


def _bounds(name: str, paths: Mapping[str, Any], entries: Sequence[list[FitPath]]) -> tuple[float, float]:
    """Bounds of a guess by where it stands by itself; none elsewhere."""
    for given, own in zip(paths.values(), entries, strict=True):
        if str(given.get("r_ang")) == name:
            low, high = BOUNDS["delta_r_ang"]
            return own[0].feff.reff_ang + low, own[-1].feff.reff_ang + high
        for slot, (low, high) in BOUNDS.items():
            if str(given.get(slot)) == name:
                return low, high
    return -np.inf, np.inf


def unit_of(name: str, paths: Mapping[str, Any]) -> str:
    """Unit of a parameter, by what it is part of; '1' where that is unlike or no single thing."""
    found = {UNITS[slot] for given in paths.values() for slot in UNITS if str(given.get(slot)) == name}
    return found.pop() if len(found) == 1 else "1"
