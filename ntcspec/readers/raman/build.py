"""From the parts of a raw file to a RamanScan: the axis in cm^-1, ascending, and what was done to it.

Symbols: lambda wavelength, lambda_L that of the laser (nm), nu absolute wavenumber, E photon energy.

    unit of the axis   shift s
    1/cm               as it is
    nm                 s = 1e7/lambda_L - 1e7/lambda        both in the same medium; needs the laser
    1/cm abs           s = 1e7/lambda_L - nu                needs the laser
    eV                 s = 1e7/lambda_L - E * 8065.543937   needs the laser

Order of steps: unit; a row of numbers that are not finite is refused; ascending order (a descending axis is turned
round, windows that were stitched are sorted, points with one shift are averaged). Nothing is resampled here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from ntcspec.errors import UserError
from ntcspec.readers.text import storable
from ntcspec.types import Array, Note
from ntcspec.types.raman import RamanScan

NAN = float("nan")
CM1_PER_EV = 8065.543937  # e / (h c), CODATA 2018, exact
FEWEST = 8  # points of a spectrum
WINDOWS = 40  # more turns of the axis than this are no stitched windows
LASER_NM = (200.0, 1200.0)
_UNITS = {
    "1/cm": "1/cm", "cm-1": "1/cm", "cm-¹": "1/cm", "cm⁻¹": "1/cm", "cm^-1": "1/cm", "1/cm abs": "1/cm abs",
    "nm": "nm", "nanometers": "nm", "ev": "eV",
}  # fmt: skip
_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?(?:[eE][+-]?[0-9]+)?")


@dataclass(frozen=True)
class RamanSpec:
    """What the study says about raw files; it wins over the header. None leaves it to the file."""

    laser_nm: float | None = None
    axis_unit: str | None = None
    exposure_s: float | None = None
    accumulations: float | None = None


@dataclass(frozen=True)
class RamanDraft:
    """The parts of a file, as a reader found them. axis: shape (n,); intensity: (m, n); coordinates: (m, c)."""

    source: str
    format: str
    evidence: str
    axis: Array
    intensity: Array
    axis_unit: str  # as the file names it; '' where it does not
    axis_evidence: str
    coordinates: Array = field(default_factory=lambda: np.zeros((0, 0)))
    coordinate_names: tuple[str, ...] = ()
    coordinate_units: tuple[str, ...] = ()
    intensity_unit: str = ""
    laser_nm: float = NAN
    exposure_s: float = NAN
    accumulations: float = NAN
    spike_filter: str = ""
    history: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    notes: tuple[Note, ...] = ()
    header: str = ""


def build(draft: RamanDraft, spec: RamanSpec | None = None) -> RamanScan:
    """The scan of a draft.

    Raises
    ------
    UserError
        Too few points, numbers that are not finite, an axis in nm without a laser, an axis that goes to and fro.
    """
    spec = spec or RamanSpec()
    _check(draft)
    laser, laser_note = _laser(draft, spec)
    shift, told, notes = _to_shift(draft, spec, laser)
    shift, intensity, order_notes = _ascending(draft.source, shift, draft.intensity)
    m = intensity.shape[0]
    coordinates = draft.coordinates if draft.coordinates.size else np.zeros((m, 0))
    return RamanScan(
        source=draft.source,
        format=draft.format,
        format_evidence=storable(draft.evidence),
        axis_evidence=told,
        shift_cm1=shift,
        intensity=intensity,
        mean_intensity=intensity.mean(axis=0),
        intensity_unit=storable(draft.intensity_unit),
        coordinate_names=tuple(storable(name) for name in draft.coordinate_names),
        coordinate_units=tuple(storable(unit) for unit in draft.coordinate_units),
        coordinates=coordinates,
        laser_nm=laser,
        exposure_s=draft.exposure_s if spec.exposure_s is None else spec.exposure_s,
        accumulations=draft.accumulations if spec.accumulations is None else spec.accumulations,
        spike_filter=storable(draft.spike_filter),
        history=tuple(storable(one) for one in draft.history),
        keys=tuple(storable(key) for key, _ in draft.pairs),
        values=tuple(storable(value) for _, value in draft.pairs),
        notes=(*draft.notes, *laser_note, *notes, *order_notes),
        header=storable(draft.header),
    )


def number_in(words: str) -> float:
    """The first number in a value such as '532nm_Edge', '0,4' or ' 12 '; NaN without one."""
    found = _NUMBER.search(words)
    return float(found.group().replace(",", ".")) if found else NAN


def plausible_laser(nm: float) -> float:
    """nm where it can be a laser wavelength, else NaN."""
    return nm if LASER_NM[0] <= nm <= LASER_NM[1] else NAN


def unit_of(words: str) -> str:
    """'1/cm', '1/cm abs', 'nm' or 'eV' for what a file calls the unit of its axis; '' if that is not known."""
    return _UNITS.get(" ".join(words.split()).casefold(), "")


def _check(draft: RamanDraft) -> None:
    points = draft.axis.size
    if points < FEWEST or draft.intensity.shape[0] == 0:
        what = f"{draft.intensity.shape[0]} spectra of {points} points: a spectrum needs at least {FEWEST}"
        raise UserError(draft.source, what, "is the file complete, and a Raman spectrum?")
    bad = ~np.isfinite(draft.axis)
    if bad.any():
        raise UserError(draft.source, f"point {int(np.argmax(bad)) + 1} of the axis is no number", "export it again")
    missing = np.argwhere(~np.isfinite(draft.intensity))
    if missing.size:
        row, column = (int(i) for i in missing[0])
        what = f"spectrum {row + 1}: no intensity at {draft.axis[column]:g} on the axis (NaN or infinite)"
        raise UserError(draft.source, what, "cut the range, or export the file again")


def _laser(draft: RamanDraft, spec: RamanSpec) -> tuple[float, tuple[Note, ...]]:
    if spec.laser_nm is None:
        return plausible_laser(draft.laser_nm), ()
    if np.isnan(plausible_laser(spec.laser_nm)):
        what = f"{spec.laser_nm:g} nm is no laser of a Raman spectrometer"
        raise UserError(f"{draft.source}: laser_nm", what, f"give {LASER_NM[0]:g} to {LASER_NM[1]:g} nm")
    return spec.laser_nm, (f"laser {spec.laser_nm:g} nm as the study says",)


def _to_shift(draft: RamanDraft, spec: RamanSpec, laser: float) -> tuple[Array, str, tuple[Note, ...]]:
    """Shift in file order, what told the unit, notes."""
    named = spec.axis_unit if spec.axis_unit is not None else draft.axis_unit
    unit, told = unit_of(named), draft.axis_evidence
    notes: tuple[Note, ...] = ()
    if spec.axis_unit is not None:
        told = "the study says so"
    if named and not unit:
        known = ", ".join(dict.fromkeys(_UNITS.values()))
        raise UserError(
            f"{draft.source}: axis_unit", f"the unit {named!r} of the axis is not known", f"one of: {known}"
        )
    if not unit:
        unit, told = "1/cm", "nothing in the file: taken as Raman shift in 1/cm"
        notes = ("the file does not state the unit of its axis: taken as Raman shift in 1/cm",)
    if unit == "1/cm":
        return draft.axis.astype(float), told, notes
    if np.isnan(laser):
        what = f"the axis is in {unit} and the file does not state the laser"
        raise UserError(draft.source, what, "say it: `laser_nm: 532.0`")
    absolute = {"nm": lambda a: 1e7 / a, "1/cm abs": lambda a: a, "eV": lambda a: a * CM1_PER_EV}[unit]
    if (draft.axis <= 0).any():
        raise UserError(draft.source, f"the axis in {unit} holds values that are not above 0", "is the unit right?")
    shift = 1e7 / laser - absolute(draft.axis.astype(float))
    note = (
        f"axis in {unit}: shift = 1e7/laser - wavenumber with laser {laser:g} nm; "
        f"0.1 nm there moves all shifts by {1e6 / laser**2:.1f} 1/cm"
    )
    return shift, told, (*notes, note)


def _ascending(source: str, shift: Array, intensity: Array) -> tuple[Array, Array, tuple[Note, ...]]:
    step = np.diff(shift)
    if (step > 0).all():
        return shift, np.ascontiguousarray(intensity, dtype=float), ()
    if (step < 0).all():
        return shift[::-1].copy(), intensity[:, ::-1].astype(float), ("the axis descends in the file: turned round",)
    forward = float(np.sign(np.median(step)))
    turns = int(np.count_nonzero(np.sign(step) == -forward))
    if forward == 0 or turns > WINDOWS or turns > shift.size // 10:
        what = f"the axis goes to and fro ({turns} turns in {shift.size} points)"
        raise UserError(source, what, "is the first column the Raman shift?")
    order = np.argsort(shift, kind="stable")
    shift, intensity = shift[order], intensity[:, order]
    unique, first = np.unique(shift, return_index=True)
    if unique.size < shift.size:
        intensity = np.add.reduceat(intensity, first, axis=1) / np.diff([*first, shift.size])
    double = shift.size - unique.size
    note = f"{turns + 1} stitched windows: sorted by shift" + (f", {double} double points averaged" if double else "")
    return unique, np.asarray(intensity, dtype=float), (note,)
