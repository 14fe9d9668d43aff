"""Which column is what: by the name in the header, by what the study says, and as mu(E) of each mode.

Symbols: I0 incident, It transmitted (behind the sample), Ir behind the reference foil, If fluorescence, Ie sample
current (total electron yield). transmission = ln(I0/It), reference = ln(It/Ir), fluorescence = If/I0, tey = Ie/I0.
What the study says wins over the header, one role at a time.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from ntcspec.errors import UserError, did_you_mean
from ntcspec.types.xas import Channel

NAMES: dict[str, frozenset[str]] = {
    "i0": frozenset({"i0", "io", "i_0", "i0detector"}),
    "transmitted": frozenset({"itrans", "it", "i1", "i_t", "i1detector"}),
    "reference": frozenset({"irefer", "iref", "ir", "i2", "i2detector"}),
    "fluorescence": frozenset({"ifluor", "ifluo", "ifl", "if", "iff", "fluor", "fluo"}),
    "tey": frozenset({"tey"}),
}
DARK_CORRECTED = "_darkcorrect"  # behind a name: Acquaman has subtracted the dark current
MU_NAMES = {"mutrans": "transmission", "mufluor": "fluorescence", "murefer": "reference"}
_PLAIN_NAME = re.compile(r"[A-Za-z][\w.-]*", re.ASCII)

ColumnRef = str | int


@dataclass(frozen=True)
class ColumnSpec:
    """`columns:` of the study: names as in the file, or numbers from 1. Detectors that are summed: fluorescence."""

    energy: ColumnRef | None = None
    angle: ColumnRef | None = None
    d_spacing_ang: float | None = None
    energy_unit: Literal["eV", "keV"] | None = None
    i0: ColumnRef | None = None
    transmitted: ColumnRef | None = None
    reference: ColumnRef | None = None
    fluorescence: tuple[ColumnRef, ...] = ()
    tey: ColumnRef | None = None
    mu: ColumnRef | None = None

    def settles(self, role: str) -> bool:
        """Whether it names the column of `role`, so that the header need not be clear about it."""
        return getattr(self, role, None) not in (None, ())

    @property
    def names_detectors(self) -> bool:
        """Whether it says anything beyond the energy axis."""
        return any(self.settles(role) for role in (*NAMES, "mu"))


@dataclass(frozen=True)
class Pick:
    """A column (index from 0) and what told its role."""

    index: int
    evidence: str


@dataclass(frozen=True)
class Roles:
    """What header and study say about the columns of one file.

    `given` is a channel that is spelled out whole: a plot hint of the file, or `columns.mu` of the study.
    """

    energy: Pick | None = None
    angle: Pick | None = None
    d_spacing: tuple[float, str] | None = None
    i0: Pick | None = None
    transmitted: Pick | None = None
    reference: Pick | None = None
    fluorescence: tuple[Pick, ...] = ()
    tey: Pick | None = None
    mu: Mapping[str, Pick] = field(default_factory=dict)
    given: Channel | None = None


def moved(roles: Roles, to: Mapping[int, int]) -> Roles:
    """Detector roles of columns `to` names (old index: new index) given to the new ones; evidence stays."""

    def move(pick: Pick | None) -> Pick | None:
        return replace(pick, index=to.get(pick.index, pick.index)) if pick else None

    return replace(
        roles,
        i0=move(roles.i0),
        transmitted=move(roles.transmitted),
        reference=move(roles.reference),
        fluorescence=tuple(replace(pick, index=to.get(pick.index, pick.index)) for pick in roles.fluorescence),
        tey=move(roles.tey),
    )


def superseded(names: Sequence[str]) -> frozenset[int]:
    """Columns beside which the file has the same signal with its dark current subtracted."""
    folded = [name.casefold() for name in names]
    corrected = {name.removesuffix(DARK_CORRECTED) for name in folded if name.endswith(DARK_CORRECTED)}
    return frozenset(index for index, name in enumerate(folded) if name in corrected)


def detectors_by_name(
    names: Sequence[str], evidence: Sequence[str], source: str, spec: ColumnSpec | None = None
) -> Roles:
    """Roles of detector columns by their names, whatever the case; `evidence` has one text a column.

    A column with its dark current subtracted goes before the same column without.

    Raises
    ------
    UserError
        Two columns claim one role, and `spec` does not say which it is.
    """
    open_roles = {role: known for role, known in NAMES.items() if spec is None or not spec.settles(role)}
    found: dict[str, Pick] = {}
    mu: dict[str, Pick] = {}
    raw = superseded(names)
    for index, name in enumerate(names):
        folded = name.casefold().removesuffix(DARK_CORRECTED)
        if index in raw:
            continue
        for role in (role for role, known in open_roles.items() if folded in known):
            if role in found:
                other = names[found[role].index]
                raise UserError(
                    source,
                    f"columns {found[role].index + 1} {other!r} and {index + 1} {name!r} both look like {role}",
                    f"say which: `columns: {{energy: .., {role}: {yaml_ref(names, index)}}}`",
                )
            found[role] = Pick(index, evidence[index])
        if folded in MU_NAMES:
            mu.setdefault(MU_NAMES[folded], Pick(index, evidence[index]))
    fluorescence = (found["fluorescence"],) if "fluorescence" in found else ()
    return Roles(
        i0=found.get("i0"),
        transmitted=found.get("transmitted"),
        reference=found.get("reference"),
        fluorescence=fluorescence,
        tey=found.get("tey"),
        mu=mu,
    )


def apply_spec(roles: Roles, spec: ColumnSpec | None, names: Sequence[str], source: str) -> Roles:
    """`roles` with what the study says in `columns` put over it, role by role.

    Raises
    ------
    UserError
        A column that is not there, or keys that contradict each other.
    """
    if spec is None:
        return roles
    _refuse_contradictions(spec, source)

    def pick(key: str, ref: ColumnRef) -> Pick:
        return Pick(find_column(ref, names, key, source), f"columns.{key} in the study")

    def over(key: str, found: Pick | None) -> Pick | None:
        ref = getattr(spec, key)
        return found if ref is None else pick(key, ref)

    if spec.energy is not None:
        roles = replace(roles, energy=pick("energy", spec.energy), angle=None)
    if spec.angle is not None:
        roles = replace(roles, angle=pick("angle", spec.angle), energy=None)
    roles = replace(
        roles,
        i0=over("i0", roles.i0),
        transmitted=over("transmitted", roles.transmitted),
        reference=over("reference", roles.reference),
        tey=over("tey", roles.tey),
    )
    if spec.d_spacing_ang is not None:
        roles = replace(roles, d_spacing=(spec.d_spacing_ang, "columns.d_spacing_ang in the study"))
    if spec.fluorescence:
        roles = replace(roles, fluorescence=tuple(pick("fluorescence", ref) for ref in spec.fluorescence))
    _refuse_two_yields(roles, spec, names, source)
    _refuse_missing_partner(roles, spec, names, source)
    return _override_given(roles, spec, names, source)


def _refuse_two_yields(roles: Roles, spec: ColumnSpec, names: Sequence[str], source: str) -> None:
    both = spec.tey is not None and spec.fluorescence
    if both and roles.tey and roles.tey.index in {pick.index for pick in roles.fluorescence}:
        name = names[roles.tey.index]
        raise UserError(
            f"{source}: columns.tey",
            f"{name!r} is named as fluorescence as well",
            "name it once: sample current is tey",
        )


def _override_given(roles: Roles, spec: ColumnSpec, names: Sequence[str], source: str) -> Roles:
    if spec.mu is not None:
        name = names[find_column(spec.mu, names, "mu", source)]
        return replace(roles, given=Channel("transmission", "direct", (name,), "", "columns.mu in the study"))
    mode = roles.given.mode if roles.given else ""
    yields = bool(spec.fluorescence) or spec.tey is not None
    named = {
        "transmission": spec.transmitted is not None or (spec.i0 is not None and not yields),
        "fluorescence": bool(spec.fluorescence),
        "tey": spec.tey is not None,
    }
    return replace(roles, given=None) if named.get(mode) else roles


def _refuse_missing_partner(roles: Roles, spec: ColumnSpec, names: Sequence[str], source: str) -> None:
    needs = (
        ("transmitted", spec.transmitted is not None, "i0", roles.i0),
        ("fluorescence", bool(spec.fluorescence), "i0", roles.i0),
        ("tey", spec.tey is not None, "i0", roles.i0),
        ("reference", spec.reference is not None, "transmitted", roles.transmitted),
    )
    for key, named, partner, found in needs:
        if named and found is None:
            raise UserError(
                f"{source}: columns.{key}",
                f"it is of no use without {partner}, and no column is known as that",
                f"name it too: `columns: {{{partner}: ..}}`; {list_columns(names)}",
            )


def _refuse_contradictions(spec: ColumnSpec, source: str) -> None:
    where = f"{source}: columns"
    if spec.energy is not None and spec.angle is not None:
        raise UserError(where, "both energy and angle are given", "give the one that the file holds")
    if spec.mu is not None and spec.transmitted is not None:
        raise UserError(where, "both mu and transmitted are given", "give mu, or i0 and transmitted")
    if spec.angle is not None and spec.energy_unit is not None:
        raise UserError(where, "energy_unit makes no sense with angle, which is in degrees", "take energy_unit out")
    d = spec.d_spacing_ang
    if d is not None and not (math.isfinite(d) and d > 0):
        raise UserError(f"{where}.d_spacing_ang", f"{d} is no lattice spacing", "Si(111) has 3.1355, Si(220) 1.9201")


def find_column(ref: ColumnRef, names: Sequence[str], key: str, source: str) -> int:
    """Index of the column called `ref` (a name, or a number from 1).

    Raises
    ------
    UserError
        No such column, or several that differ by case alone.
    """
    where = f"{source}: columns.{key}"
    if isinstance(ref, int):
        if not 1 <= ref <= len(names):
            raise UserError(where, f"there is no column {ref}, the file has {len(names)}", list_columns(names))
        return ref - 1
    if ref in names:
        return names.index(ref)
    alike = [index for index, name in enumerate(names) if name.casefold() == ref.casefold()]
    if len(alike) == 1:
        return alike[0]
    if alike:
        raise UserError(where, f"several columns are called {ref!r} but for case", list_columns(names))
    raise UserError(where, f"there is no column {ref!r}{did_you_mean(ref, names)}", list_columns(names))


def list_columns(names: Sequence[str]) -> str:
    """'columns: 1 energy, 2 i0, 3 it', at most 16 of them."""
    shown = ", ".join(f"{number} {name}" for number, name in enumerate(names[:16], 1))
    return f"columns: {shown}" + (f" and {len(names) - 16} more" if len(names) > 16 else "")


def yaml_ref(names: Sequence[str], index: int) -> str:
    """The name of a column as YAML takes it, or its number where the name would need quotes."""
    return names[index] if _PLAIN_NAME.fullmatch(names[index]) else str(index + 1)


def suggest_yaml(names: Sequence[str]) -> str:
    """'say `columns: {energy: energy, i0: i0, transmitted: it}` ..', with the names of this file where they tell."""
    folded = [name.casefold() for name in names]
    words = [frozenset(re.split(r"[^a-z0-9]+", name)) for name in folded]  # KEITHLEY4_TEY_c10 speaks of TEY

    def first(*starts: str) -> int | None:
        return next((i for start in starts for i, name in enumerate(folded) if name.startswith(start)), None)

    energy, angle = first("energy"), first("angle", "theta", "bragg")
    if energy is None and angle is not None:
        roles = {"angle": yaml_ref(names, angle), "d_spacing_ang": "3.1355"}
    else:
        roles = {"energy": ".." if energy is None else yaml_ref(names, energy)}
    for role, known in NAMES.items():
        exact = [i for i, name in enumerate(folded) if name in known]
        index = next(iter([*exact, *(i for i, told in enumerate(words) if told & known)]), None)
        if index is not None:
            ref = yaml_ref(names, index)
            roles[role] = f"[{ref}]" if role == "fluorescence" else ref
    roles.setdefault("i0", "..")
    if not {"transmitted", "fluorescence", "tey"} & roles.keys():
        roles["transmitted"] = ".."
    inside = ", ".join(f"{role}: {ref}" for role, ref in roles.items())
    return (
        f"say in the study which column is what, by name or number from 1, such as `columns: {{{inside}}}` "
        f"(also reference, fluorescence: [..], tey, mu, angle with d_spacing_ang); {list_columns(names)}"
    )


def make_channels(roles: Roles, names: Sequence[str], source: str) -> tuple[Channel, ...]:
    """The detection modes that these roles allow: counts before the mu that the file has computed itself.

    Raises
    ------
    UserError
        No mode at all, or a detector whose partner is missing.
    """
    given = roles.given
    channels = [given] if given else []
    logs = (("transmission", roles.i0, roles.transmitted), ("reference", roles.transmitted, roles.reference))
    for mode, above, below in logs:
        if above and below and above.index != below.index:
            evidence = "; ".join(dict.fromkeys((above.evidence, below.evidence)))
            channels.append(Channel(mode, "log", (names[above.index],), names[below.index], evidence))
    if roles.fluorescence and roles.i0:
        picks = (*roles.fluorescence, roles.i0)
        evidence = "; ".join(dict.fromkeys(pick.evidence for pick in picks))
        summed = tuple(dict.fromkeys(names[pick.index] for pick in roles.fluorescence))
        channels.append(Channel("fluorescence", "ratio", summed, names[roles.i0.index], evidence))
    if roles.tey and roles.i0 and roles.tey.index not in {pick.index for pick in roles.fluorescence}:
        evidence = f"{roles.tey.evidence}; {roles.i0.evidence}"
        channels.append(Channel("tey", "ratio", (names[roles.tey.index],), names[roles.i0.index], evidence))
    for mode, pick in roles.mu.items():
        channels.append(Channel(mode, "direct", (names[pick.index],), "", pick.evidence))
    kept: dict[str, Channel] = {}
    for channel in channels:
        same_as_given = given and channel is not given and channel.formula == given.formula
        if channel.mode not in kept and not same_as_given:
            kept[channel.mode] = channel
    if not kept:
        raise UserError(source, _missing(roles, names), suggest_yaml(names))
    return tuple(kept.values())


def _missing(roles: Roles, names: Sequence[str]) -> str:
    if any(name.casefold() == "chi" for name in names):
        return "this is chi(k), already reduced: no column holds detector counts or mu"
    if roles.i0:
        return f"{names[roles.i0.index]!r} is I0, but no column is known as transmitted, fluorescence, tey or mu"
    if roles.transmitted or roles.fluorescence or roles.tey:
        return "no column is known as I0"
    return "no column is known as I0, transmitted, fluorescence, tey or mu"
