"""CLS SGM (11ID-1): HDF5 files of fly scans, one NXentry a pass, as sgmdata (Canadian-Light-Source) reads them.

    entry1/command      'eemscan en 1060 1110 15': a scan of the axis en
    entry1/en           photon energies of the frames (eV), on no grid
    entry1/i0 (or io), tey, pd, clock      one value a frame
    entry1/sdd1..sdd4   spectra, (frames, bins); bins of 10 eV, or the energies in `emission`
    entry1/sample/name

No public raw file was found: arrays are looked for in the whole entry, the shallowest of a name wins. Steps: cut all
arrays to the shortest (the detectors may miss the last frames); sum each SDD over its region of interest; average the
frames in each bin of GRID_EV, I0 like the rest; only then do modes divide: tey = TEY / I0, fluorescence = sum of SDDs
/ I0. The energy of a bin is the mean of its frames, so bins with few frames shift nothing. `row_line` counts frames.

The file states neither element nor edge. The region of interest is the emission line of the one edge in KNOWN that lies
inside the scan; where there is none, or several, fluorescence is not offered.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np

from ntcspec.errors import UserError
from ntcspec.readers._hdf5 import Hdf5File
from ntcspec.readers.build import Draft, build_scan
from ntcspec.readers.roles import ColumnSpec, Pick, Roles
from ntcspec.readers.table import Table
from ntcspec.types import Array, Note
from ntcspec.types.xas import XasScan

NAME = "sgm"
REPEATS = True  # passes over the same spectrum
GRID_EV = 0.1
TOLERANCE = 30  # arrays whose length differs from that of `en` by less than this belong to the same frames
BIN_EV = 10.0
ROI_HALF_EV = 60.0  # the SDDs' lines are some 70 eV wide (FWHM) at 1 keV
MARGIN_EV = 3.0  # an edge this near to the ends of a scan is not the one that was scanned
FEWEST = 2
_COMMAND = re.compile(r"\S*scan\s+(\S+)", re.IGNORECASE)
_I0 = ("i0", "io")
SCALARS = (*_I0, "tey", "pd", "clock")
_SDD = re.compile(r"sdd[1-9]")
# edge and its strongest line (eV): Elam, Ravel and Sieber (2002), as in xraydb 4.5
KNOWN: tuple[tuple[str, str, float, str, float], ...] = (
    ("C", "K", 284.2, "Ka1", 277.0),
    ("N", "K", 409.9, "Ka1", 392.4),
    ("O", "K", 543.1, "Ka1", 524.9),
    ("F", "K", 696.7, "Ka1", 676.8),
    ("Ne", "K", 870.2, "Ka1", 848.6),
    ("Na", "K", 1070.8, "Ka1", 1040.3),
    ("Mg", "K", 1303.0, "Ka1", 1253.79),
    ("Al", "K", 1559.0, "Ka1", 1486.5),
    ("Si", "K", 1839.0, "Ka1", 1739.8),
    ("P", "K", 2145.5, "Ka1", 2010.5),
    ("S", "K", 2472.0, "Ka1", 2309.5),
    ("Cl", "K", 2822.0, "Ka1", 2622.0),
    ("Ar", "K", 3205.9, "Ka1", 2957.5),
    ("K", "K", 3608.4, "Ka1", 3313.8),
    ("Ca", "K", 4038.5, "Ka1", 3692.3),
    ("Ti", "L3", 453.8, "La1", 451.8),
    ("V", "L3", 512.1, "La1", 510.1),
    ("Cr", "L3", 574.1, "La1", 572.1),
    ("Mn", "L3", 638.7, "La1", 636.7),
    ("Fe", "L3", 706.8, "La1", 704.8),
    ("Co", "L3", 778.1, "La1", 775.1),
    ("Ni", "L3", 852.7, "La1", 848.7),
    ("Cu", "L3", 932.7, "La1", 927.7),
    ("Zn", "L3", 1021.8, "La1", 1011.7),
)


@dataclass(frozen=True)
class Window:
    """Region of interest of the SDDs (eV), and why; `low` is `high` where none is known."""

    low: float
    high: float
    told: str


@dataclass(frozen=True)
class Frames:
    """One pass before binning: all arrays have one value a frame, `signals` in the order of the columns."""

    energy_ev: Array
    energy_told: str
    signals: dict[str, Array]
    window: Window
    dead: tuple[str, ...]
    notes: tuple[Note, ...]


def recognise(file: Hdf5File) -> str:
    """The command of the first pass and the sample; '' if there is no pass over the energy with I0."""
    found = names(file)
    if not found:
        return ""
    sample = sample_name(file, found[0])
    said = f"{found[0]}/command: {file.text(found[0] + '/command')!r}, with {_find(file, found[0], *_I0)}"
    return f"{said}; sample {sample!r}" if sample else said


def names(file: Hdf5File) -> tuple[str, ...]:
    """The entries that are scans of the energy."""
    found = []
    for entry in file.groups("NXentry"):
        command = _COMMAND.match(file.text(f"{entry}/command"))
        if command and command[1] == "en" and _find(file, entry, "en") and _find(file, entry, *_I0):
            found.append(entry)
    return tuple(found)


def sample_name(file: Hdf5File, entry: str) -> str:
    """Name, or else description, of the sample; the file pads it with NUL."""
    return file.text(f"{entry}/sample/name") or file.text(f"{entry}/sample/description")


def read(file: Hdf5File, evidence: str, spec: ColumnSpec | None = None, name: str = "") -> XasScan:
    """Read the pass called `name`, binned; the first one where no name is given.

    Raises
    ------
    UserError
        No I0 that fits the energies, no detector beside it, or energies that are none.
    """
    entries = names(file)
    entry = name or entries[0]
    where = f"{file.source}::{entry}" if len(entries) > 1 else file.source
    frames = read_frames(file, entry, where)
    table, notes = to_grid(frames)
    labels = ("en", *frames.signals, "frames")
    i0 = _find(file, entry, *_I0).rpartition("/")[2]
    picks = {label: Pick(index, _told(file, entry, label)) for index, label in enumerate(labels)}
    if i0 not in picks:
        raise UserError(where, f"{i0} does not fit the {frames.energy_ev.size} energies", "is the file complete?")
    live = [label for label in labels if _SDD.fullmatch(label) and label not in frames.dead]
    fluorescence = tuple(picks[label] for label in live)
    if live:
        fluorescence = (
            *fluorescence[:-1],
            Pick(fluorescence[-1].index, f"{fluorescence[-1].evidence}; {frames.window.told}"),
        )
    roles = Roles(
        energy=Pick(0, frames.energy_told),
        i0=picks[i0],
        fluorescence=fluorescence if frames.window.high > frames.window.low else (),
        tey=picks.get("tey"),
    )
    header = file.header(entry)
    draft = Draft(
        file=replace(header, source=where),
        format=NAME,
        evidence=evidence,
        header_end=len(header.lines),
        table=table,
        names=labels,
        units=("eV", *(file.attribute(_find(file, entry, label), "units") for label in frames.signals), ""),
        roles=roles,
        notes=(*frames.notes, *notes),
    )
    return build_scan(draft, spec)


def _find(file: Hdf5File, entry: str, *wanted: str) -> str:
    """Path of the shallowest dataset of numbers below `entry` with one of these names; '' if there is none."""
    below = [p for p in file.nodes if p.startswith(f"{entry}/") and p.rpartition("/")[2] in wanted and file.shape(p)]
    return min(below, key=lambda path: (path.count("/"), path), default="")


def _told(file: Hdf5File, entry: str, label: str) -> str:
    return f"dataset {_find(file, entry, label) or label}"


def read_frames(file: Hdf5File, entry: str, where: str) -> Frames:
    """All signals of a pass, cut to the length of the shortest; SDDs summed over their region of interest.

    Raises
    ------
    UserError
        The energies are none.
    """
    path = _find(file, entry, "en")
    energy, told, notes = _energy(file, path, where)
    sdds = sorted({p.rpartition("/")[2] for p in file.nodes if _SDD.fullmatch(p.rpartition("/")[2])})
    paths = {label: _find(file, entry, label) for label in (*SCALARS, *sdds)}
    paths = {label: found for label, found in paths.items() if found}
    lengths = {label: (file.shape(found) or (0,))[0] for label, found in paths.items()}
    fitting = {label: n for label, n in lengths.items() if abs(n - energy.size) < TOLERANCE}
    left_out = [f"{label} ({n} frames)" for label, n in lengths.items() if label not in fitting]
    if left_out:
        notes = (*notes, f"left out, as en has {energy.size} frames: {', '.join(left_out)}")
    count = min(energy.size, *fitting.values()) if fitting else energy.size
    if max([energy.size, *fitting.values()]) > count:
        short = next((label for label, n in fitting.items() if n == count), "en")
        notes = (*notes, f"all arrays were cut to the {count} frames of {short}, the last ones are missing there")
    if np.count_nonzero(np.isfinite(energy[:count])) < FEWEST:
        raise UserError(where, f"only {count} frames have all signals", "was the pass aborted? Select the others")
    window = _window(energy[:count])
    signals: dict[str, Array] = {}
    dead: list[str] = []
    for label in fitting:
        values = file.numbers(paths[label])[:count]
        if _SDD.fullmatch(label):
            values = _roi(file, entry, label, values, window, where)
            if not np.any(values):
                dead.append(label)
        elif values.ndim != 1:
            notes = (*notes, f"{label} was left out: its shape is {values.shape}, not one value a frame")
            continue
        signals[label] = values
    if any(_SDD.fullmatch(label) for label in signals):
        notes = (*notes, window.told)
    if dead:
        notes = (*notes, f"{', '.join(dead)}: no counts, not summed")
    return Frames(energy[:count], told, signals, window, tuple(dead), notes)


def _energy(file: Hdf5File, path: str, where: str) -> tuple[Array, str, tuple[Note, ...]]:
    """Energies of the frames in eV."""
    values = file.numbers(path).ravel()
    unit = file.attribute(path, "units")
    if unit.casefold() == "kev":
        return values * 1000.0, f"dataset {path}, in keV", ("energy was converted from keV to eV (x 1000)",)
    if unit.casefold() not in ("", "ev"):
        raise UserError(f"{where}, {path}", f"the unit {unit!r} is not one of energy", "name the unit eV in the file")
    finite = values[np.isfinite(values)]
    if finite.size < FEWEST or finite.min() < 0 or finite.max() > 1e5:
        raise UserError(f"{where}, {path}", "these are no photon energies in eV", "is the file complete?")
    return (
        values,
        f"dataset {path}, the axis of the command; {'in eV' if unit else 'no unit stated, SGM writes eV'}",
        (),
    )


def _window(energy_ev: Array) -> Window:
    """The region of interest for the one edge inside the scan."""
    finite = energy_ev[np.isfinite(energy_ev)]
    low, high = float(finite.min()) + MARGIN_EV, float(finite.max()) - MARGIN_EV
    inside = [known for known in KNOWN if low <= known[2] <= high]
    if len(inside) != 1:
        edges = ", ".join(f"{element} {edge}" for element, edge, *_ in inside) or "no known edge"
        told = (
            f"fluorescence is not offered: {edges} lie(s) inside the scan, so the emission line is not clear; "
            "SDD columns are sums over all bins, to be used with `columns: {fluorescence: [sdd1, ..]}`"
        )
        return Window(0.0, 0.0, told)
    element, edge, at, line, centre = inside[0]
    bottom, top = centre - ROI_HALF_EV, centre + ROI_HALF_EV
    more = ""
    if finite.min() < top:  # a window that cuts through the elastic peak would give it a slope
        top = float(finite.max()) + ROI_HALF_EV
        more = "; up to the elastic peak, whole, as photon energies begin in the window: scattering is counted too"
    why = f"{element} {line} at {centre:g} eV, as {element} {edge} ({at:g} eV) is the one edge inside the scan"
    return Window(bottom, top, f"region of interest {bottom:.0f} to {top:.0f} eV: {why}{more}")


def _roi(file: Hdf5File, entry: str, label: str, spectra: Array, window: Window, where: str) -> Array:
    """Counts in the region of interest, one value a frame; all bins where no region is known."""
    if spectra.ndim != 2:
        raise UserError(f"{where}, {label}", f"its shape is {spectra.shape}, not (frames, bins)", "is this a raw file?")
    bins: Array = np.asarray(BIN_EV * np.arange(spectra.shape[1]), dtype=np.float64)
    emission = _find(file, entry, "emission")
    if emission and file.shape(emission) == bins.shape:
        bins = file.numbers(emission)
    if window.high <= window.low:
        return np.asarray(spectra.sum(axis=1))
    return np.asarray(spectra[:, (bins >= window.low) & (bins <= window.high)].sum(axis=1))


def to_grid(frames: Frames) -> tuple[Table, tuple[Note, ...]]:
    """Means over the frames of each bin, with a last column that counts them; empty bins are left out.

    The energy of a row is the mean of its frames. Rows rise in energy; `row_line` is the first frame, from 1.
    """
    good = np.flatnonzero(np.isfinite(frames.energy_ev))
    index = np.rint(frames.energy_ev[good] / GRID_EV).astype(np.int64)
    bins, first, where, counts = np.unique(index, return_index=True, return_inverse=True, return_counts=True)
    columns = [frames.energy_ev, *frames.signals.values()]
    means = [np.bincount(where, weights=column[good]) / counts for column in columns]
    span = int(bins[-1] - bins[0]) + 1
    empty = span - bins.size
    notes = [
        f"{good.size} frames were averaged in bins of {GRID_EV:g} eV, I0 like the rest, before modes divide; "
        f"the energy of a bin is the mean of its frames; {empty} of {span} bins hold no frame and are left out"
    ]
    if good.size < frames.energy_ev.size:
        notes.append(f"{frames.energy_ev.size - good.size} frame(s) without a finite energy were left out")
    table = Table(np.column_stack([*means, counts]), good[first].astype(np.int64) + 1, ())
    return table, tuple(notes)
