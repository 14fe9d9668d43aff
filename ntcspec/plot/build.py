"""What the panels of all techniques are built with: finding artifacts, notes, and the panel of stacked curves.

numpy only; nothing is drawn here. Every builder takes the entries and the resolved options and returns a
PanelData. Steps: take the artifact of each entry, or note why there is none; choose the horizontal range;
make the curves; stack them; write the notes. The first entry stands at the bottom of a stack.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ntcspec.plot import Entry, stack, units
from ntcspec.plot.data import DATA, Mark, PanelData, Series
from ntcspec.types import Array

NONE = np.zeros(0)
NBSP = "\u00a0"  # keeps words on one line
BAND_NOTE = "Band: one standard uncertainty, where wider than the line."
OUTSIDE = "no data in the drawn range"
Missing = list[tuple[Entry, str]]


@dataclass(frozen=True)
class Found:
    """An entry with its artifact; `index` is its place among all entries, so that colours stay with samples."""

    index: int
    entry: Entry
    artifact: Any

    def series(
        self,
        role: str,
        x: Array,
        y: Array,
        y_error: Array = NONE,
        *,
        y_range: tuple[Array, Array] = (NONE, NONE),
        offset: float = 0.0,
        detail: str = "",
    ) -> Series:
        """A curve of this entry, not yet placed; offset: from the place of the sample."""
        who = self.entry
        return Series(
            who.sample, who.label, role, self.index, who.simulated, x, y, y_error, offset, 0.0, *y_range, detail
        )


def artifact(entry: Entry, kind: type) -> Any:
    """The artifact of that type; None without it."""
    return next((a for a in entry.stages.values() if isinstance(a, kind)), None)


def find(entries: Sequence[Entry], kind: type, finite: str = "") -> tuple[list[Found], Missing]:
    """Entries that hold an artifact of that type, with finite values in the field `finite` if named; and the others."""
    found: list[Found] = []
    missing: Missing = []
    for index, entry in enumerate(entries):
        one = artifact(entry, kind)
        if entry.missing or one is None:
            missing.append((entry, entry.missing or "no result"))
        elif finite and not np.any(np.isfinite(getattr(one, finite))):
            missing.append((entry, "no finite values"))
        else:
            found.append(Found(index, entry, one))
    return found, missing


def pick(found: list[Found], missing: Missing, choose: Callable[[Found], Any | str]) -> list[Found]:
    """Each with the part of its artifact that `choose` gives; where it gives words, they are noted as the reason."""
    kept = []
    for f in found:
        part = choose(f)
        if isinstance(part, str):
            missing.append((f.entry, part))
        else:
            kept.append(replace(f, artifact=part))
    return kept


def same(found: list[Found], missing: Missing, key: Callable[[Any], Any], reason: str) -> list[Found]:
    """Those that agree with the first; the others cannot share its axis and are noted."""
    kept = [f for f in found if key(f.artifact) == key(found[0].artifact)]
    missing.extend((f.entry, reason.format(key(f.artifact))) for f in found if f not in kept)
    return kept


def status_notes(found: Sequence[Found], missing: Missing) -> tuple[str, ...]:
    """Which of the drawn samples are simulated, if not all; which are not drawn and why."""
    notes = []
    simulated = [f.entry.label for f in found if f.entry.simulated]
    if simulated and len(simulated) < len(found):
        notes.append(f"Simulated: {', '.join(simulated)}.")
    notes.extend(f"not drawn: {entry.label} ({reason})" for entry, reason in missing)
    return tuple(notes)


def inside(x: Array, limits: Sequence[float]) -> bool:
    """Whether there is a point between the limits."""
    return bool(np.any((x >= limits[0]) & (x <= limits[1])))


def drop_outside(found: list[Found], missing: Missing, limits: Sequence[float], axis: str) -> list[Found]:
    """Those with data between the limits; the others are noted."""
    missing.extend((f.entry, OUTSIDE) for f in found if not inside(getattr(f.artifact, axis), limits))
    return [f for f in found if inside(getattr(f.artifact, axis), limits)]


def band(error: Array, shape: tuple[int, ...], wanted: bool) -> Array:
    """The error if a band is wanted and can be drawn; else empty."""
    return error if wanted and error.shape == shape and np.any(np.isfinite(error)) else NONE


def span(axes: Sequence[Array]) -> tuple[float, float]:
    """From the lowest to the highest value of some ascending axes; (0, 1) without any."""
    return (min(float(a[0]) for a in axes), max(float(a[-1]) for a in axes)) if axes else (0.0, 1.0)


def curves(
    kind: str,
    entries: Sequence[Entry],
    groups: Sequence[Sequence[Series]],
    x_limits: Sequence[float],
    axes: Mapping[str, str],
    notes: Sequence[str],
    *,
    offset: float | None,
    ylim: tuple[float, float] | None,
    label_at_end: bool = False,
    zero_of: Sequence[str] = (DATA,),
    marks: Sequence[Mark] = (),
) -> PanelData:
    """Stack the curves, one group a sample, and put the panel together.

    The first curve of a group carries the label. zero_of: roles of the curves that get a zero line.
    Marks come with heights without offset.
    """
    groups = [[group[0], *(replace(s, label="") for s in group[1:])] for group in groups]
    marked = {m.colour: np.array([n.x for n in marks if n.colour == m.colour]) for m in marks}
    placed, step = stack.place(groups, x_limits, offset, label_at_end=label_at_end, marked=marked)
    statistical = any(s.y_error.size and s.role in stack.BANDED for s in placed)
    bases = {group[0].colour: stack.tidy(i * step) for i, group in enumerate(groups)}
    zeros = {s.offset for s in placed if s.role in zero_of}
    return PanelData(
        kind=kind,
        title="",
        x_label=axes["x_label"],
        x_unit=axes["x_unit"],
        y_label=axes["y_label"],
        y_unit=axes["y_unit"],
        z_label="",
        z_unit="",
        x_limits=np.array(x_limits, dtype=float),
        y_limits=stack.y_limits(placed, x_limits, ylim, marked),
        z_limits=NONE,
        z_levels=NONE,
        palette=len(entries),
        series=tuple(stack.trim(s, x_limits) for s in placed),
        maps=(),
        notes=(
            *_offset_note(step if len(groups) > 1 else 0.0, axes["y_unit"]),
            *((BAND_NOTE,) if statistical else ()),
            *notes,
        ),
        simulated=any(e.simulated for e in entries),
        zeros=np.array(sorted(zeros), dtype=float),
        marks=tuple(replace(m, y=m.y + bases[m.colour]) for m in marks),
    )


def _offset_note(step: float, unit: str) -> tuple[str, ...]:
    return (f"Offset between curves: {units.number(step)} {units.unit_text(unit)}".rstrip() + ".",) if step else ()
