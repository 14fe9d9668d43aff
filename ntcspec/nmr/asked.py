"""What the stage `measure` is asked for: lines, fits with their sites and models, other choices; checked.

Mappings come from the configuration (or from a caller in Python) and leave as frozen dataclasses. Everything wrong is a
UserError with the key where it stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from ntcspec.errors import UserError, did_you_mean
from ntcspec.nmr.fit import BACKGROUNDS
from ntcspec.nmr.sites import COUPLED, PARAMETERS, Site

SPINS = {
    "1H": 0.5, "2H": 1.0, "6Li": 1.0, "7Li": 1.5, "9Be": 1.5, "11B": 1.5, "13C": 0.5, "15N": 0.5, "17O": 2.5,
    "19F": 0.5, "23Na": 1.5, "25Mg": 2.5, "27Al": 2.5, "29Si": 0.5, "31P": 0.5, "33S": 1.5, "35Cl": 1.5, "37Cl": 1.5,
    "39K": 1.5, "43Ca": 3.5, "45Sc": 3.5, "47Ti": 2.5, "49Ti": 3.5, "51V": 3.5, "55Mn": 2.5, "59Co": 3.5, "63Cu": 1.5,
    "65Cu": 1.5, "67Zn": 2.5, "69Ga": 1.5, "71Ga": 1.5, "79Br": 1.5, "81Br": 1.5, "87Rb": 1.5, "87Sr": 4.5,
    "91Zr": 2.5, "93Nb": 4.5, "115In": 4.5, "127I": 2.5, "133Cs": 3.5, "137Ba": 1.5, "139La": 3.5, "181Ta": 3.5,
}  # fmt: skip
RANGES = {
    "fwhm": ("fwhm_hz", (5.0, 2000.0)),
    "gaussian": ("gaussian_hz", (1.0, 2000.0)),
    "sigma": ("sigma_mhz", (0.05, 1.5)),
    "cq": ("cq_mhz", (0.1, 4.0)),
    "eta": ("eta", (0.0, 1.0)),
}
SITE_KEYS = ("model", "shift_ppm", *(key for key, _ in RANGES.values()))


@dataclass(frozen=True)
class LineAsked:
    """A range without a model. sidebands: highest order that is measured; 0 for none."""

    range_ppm: tuple[float, float]
    sidebands: int = 0


@dataclass(frozen=True)
class FitAsked:
    """A fit: all sites by name, and the models to try, each a selection of them."""

    range_ppm: tuple[float, float]
    sites: tuple[Site, ...]
    models: Mapping[str, tuple[Site, ...]]
    background: str = "constant"
    satellites: bool = False
    lorentzian_hz: float = 0.0


@dataclass(frozen=True)
class Choices:
    """Other reasonable choices, for the spread: phase and limits are moved both ways."""

    phase_deg: float = 2.0
    limits_ppm: float = 1.0
    backgrounds: tuple[str, ...] = field(default=("none", "linear"))


def line_of(name: str, settings: Mapping[str, Any]) -> LineAsked:
    """A line from keywords. Raises UserError for unknown and missing ones."""
    where = f"measure.lines.{name}"
    _known(where, settings, ("range_ppm", "sidebands"))
    low, high = _range(where, settings, "range_ppm")
    return LineAsked((low, high), int(settings.get("sidebands", 0)))


def fit_of(name: str, settings: Mapping[str, Any]) -> FitAsked:
    """A fit from keywords. Raises UserError for unknown and missing ones, unknown models, sites without a name."""
    where = f"measure.fits.{name}"
    _known(where, settings, ("range_ppm", "sites", "models", "background", "satellites", "lorentzian_hz"))
    if not settings.get("sites"):
        raise UserError(f"{where}.sites", "no site to fit", "name at least one, such as {glass: {model: czjzek, ...}}")
    sites = {key: _site(f"{where}.sites.{key}", key, one) for key, one in settings["sites"].items()}
    background = settings.get("background", "constant")
    if background not in BACKGROUNDS:
        raise UserError(f"{where}.background", f"unknown background {background!r}", _one_of(BACKGROUNDS))
    models = {}
    for key, names in (settings.get("models") or {"all": list(sites)}).items():
        for one in names:
            if one not in sites:
                what = f"no site is called {one!r}{did_you_mean(one, sites)}"
                raise UserError(f"{where}.models.{key}", what, _one_of(sites))
        if not names or len(set(names)) < len(names):
            raise UserError(f"{where}.models.{key}", f"{list(names)} is no list of different sites", _one_of(sites))
        models[key] = tuple(sites[one] for one in names)
    return FitAsked(
        _range(where, settings, "range_ppm"), tuple(sites.values()), models, background,
        bool(settings.get("satellites", False)), float(settings.get("lorentzian_hz", 0.0)),
    )  # fmt: skip


def choices_of(settings: Mapping[str, Any]) -> Choices:
    """Other choices from keywords."""
    _known("measure.choices", settings, ("phase_deg", "limits_ppm", "backgrounds"))
    for background in settings.get("backgrounds", ()):
        if background not in BACKGROUNDS:
            raise UserError("measure.choices.backgrounds", f"unknown background {background!r}", _one_of(BACKGROUNDS))
    given: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()}
    return Choices(**given)


def spin_of(nucleus: str, spin: float | None, sites: Sequence[Site]) -> float:
    """The spin, from the table where none is given. Raises UserError where it is needed and unknown or too small."""
    coupled = next((site.name for site in sites if site.model in COUPLED), None)
    found = SPINS.get(nucleus) if spin is None else spin
    if coupled is None:
        return 1.5 if found is None else found
    if found is None:
        hint = did_you_mean(nucleus, SPINS)
        raise UserError(
            "measure.spin", f"the spin of {nucleus or 'an unnamed nucleus'} is not known{hint}", "give spin"
        )
    if found < 1.5 or (2.0 * found) % 2 != 1:
        what = f"site {coupled} has a quadrupolar coupling, but {nucleus} has spin {found:g}"
        raise UserError("measure.spin", what, "only spins 3/2, 5/2, 7/2 and 9/2 have a central transition")
    return found


def refuse_twice(groups: Mapping[str, Sequence[str]]) -> None:
    """UserError where one name is used for two things whose metrics could not be told apart."""
    names = list(chain.from_iterable(groups.values()))
    for name in names:
        if names.count(name) > 1:
            where = [kind for kind, members in groups.items() if name in members]
            raise UserError(
                f"measure.{where[0]}.{name}", "the name is used twice", "give lines and fits names of their own"
            )


def _site(where: str, name: str, settings: Mapping[str, Any]) -> Site:
    _known(where, settings, SITE_KEYS)
    model = settings.get("model", "czjzek")
    if model not in PARAMETERS:
        raise UserError(
            f"{where}.model", f"unknown model {model!r}{did_you_mean(model, PARAMETERS)}", _one_of(PARAMETERS)
        )
    pairs = [_range(where, settings, "shift_ppm")]
    for parameter in PARAMETERS[model][1:]:
        key, otherwise = RANGES.get(parameter, ("", (0.0, 1.0)))
        pairs.append(_range(where, {key: otherwise, **settings}, key) if key else otherwise)
        if key and key != "eta" and not pairs[-1][0] > 0.0:
            raise UserError(f"{where}.{key}", f"starts at {pairs[-1][0]:g}", "give a range above 0")
        if key == "eta" and not (pairs[-1][0] >= 0.0 and pairs[-1][1] <= 1.0):
            raise UserError(f"{where}.eta", f"{pairs[-1][0]:g} to {pairs[-1][1]:g}", "eta lies between 0 and 1")
    return Site(name, model, tuple(low for low, _ in pairs), tuple(high for _, high in pairs))


def _range(where: str, settings: Mapping[str, Any], key: str) -> tuple[float, float]:
    if settings.get(key) is None:
        raise UserError(where, f"{key} is missing", "give (from, to)")
    low, high = (float(v) for v in settings[key])
    if not low < high:
        raise UserError(f"{where}.{key}", f"{low:g} to {high:g} is not an ascending range", "give (from, to)")
    return low, high


def _known(where: str, settings: Mapping[str, Any], known: Sequence[str]) -> None:
    for key in settings:
        if key not in known:
            raise UserError(where, f"unknown parameter {key!r}{did_you_mean(key, known)}", _one_of(known))


def _one_of(names: Any) -> str:
    return "one of: " + ", ".join(names)
