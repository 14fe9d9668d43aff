"""The `ingest` stage of XAS: checks and repairs of the scans of one measurement. Pure: no file is opened.

Order of steps, for each scan: what the file says of itself, modes without signal, bad rows, order of the energies,
duplicates, the range around the edge, the edge step; then all repeat scans against the longest. Every repair is a
note in the scan; what cannot be repaired without a guess is refused with file and line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from ntcspec.errors import UserError
from ntcspec.types import Array
from ntcspec.types.xas import Channel, Column, XasScan, XasScans

FEWEST_ROWS = 10
MOST_ROWS = 100_000
FEWEST_ROWS_BESIDE_EDGE = 3
FALL_BACK = 0.02  # of the range: energies that fall further behind are another sweep, not jitter
SHORTEST_REPEAT = 0.80  # of the range of the longest scan
LEAST_STEP = 1e-3  # no edge of a sample is as weak as that in transmission
SAME_EDGE_EV = 1500.0  # a scan that ends this close to the edge has been aborted, one further away is of another edge

Rows = npt.NDArray[np.bool_]
BadRows = Literal["refuse", "drop"]


def ingest(
    scans: Sequence[XasScan],
    *,
    element: str,
    edge: str,
    edge_energy_ev: float,
    bad_rows: BadRows = "refuse",
) -> XasScans:
    """Check and repair the repeat scans of one measurement.

    Parameters
    ----------
    scans : as read, in the order of the study
    element, edge, edge_energy_ev : what the study says was measured, such as 'Ta', 'L3', 9881
    bad_rows : what to do with rows that hold NaN, inf or counts <= 0 where a mode needs them

    Raises
    ------
    UserError
        With file and line: another element or edge than the study's, bad rows, two sweeps in one file, too few
        or very many rows, a range that does not hold the edge, a preferred mode without edge step, an aborted
        repeat scan.
    """
    if not scans:
        raise UserError("files", "there is no scan to ingest", "name at least one raw file")
    checked = tuple(
        check_scan(scan, element=element, edge=edge, edge_energy_ev=edge_energy_ev, bad_rows=bad_rows) for scan in scans
    )
    _refuse_aborted(checked)
    return XasScans(checked)


def _refuse_very_many_rows(scan: XasScan) -> None:
    """Beyond steps of 0.01 eV over 1 keV: smoothing over neighbours would take more memory than a computer has."""
    if scan.energy_ev.size > MOST_ROWS:
        what = f"it has {scan.energy_ev.size:,} rows, and {MOST_ROWS:,} are the most"
        raise UserError(scan.source, what, "average neighbouring points, to steps of 0.1 eV or so, and give that")


def check_scan(scan: XasScan, *, element: str, edge: str, edge_energy_ev: float, bad_rows: BadRows) -> XasScan:
    """One scan checked and repaired, whatever the others are. Parameters and errors as of `ingest`."""
    _refuse_very_many_rows(scan)
    _refuse_other_edge(scan, element, edge)
    scan = _without_dead_modes(scan)
    scan = _without_bad_rows(scan, bad_rows)
    _refuse_few_rows(scan)
    scan = _ascending(scan)
    scan = _without_duplicates(scan)
    _refuse_few_rows(scan)
    _refuse_wrong_range(scan, element, edge, edge_energy_ev)
    return _with_step_notes(scan, element, edge, edge_energy_ev)


# --- what the file says -----------------------------------------------------------------------


def _refuse_other_edge(scan: XasScan, element: str, edge: str) -> None:
    stated = " ".join(word for word in (scan.element, scan.edge) if word)
    other_element = scan.element and scan.element.casefold() != element.casefold()
    other_edge = scan.edge and scan.edge.casefold() != edge.casefold()
    if other_element or other_edge:
        raise UserError(
            scan.source,
            f"the file states {stated}, the study {element} {edge}",
            "correct element and edge in the study, or take the file out",
        )


# --- rows -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    """Rows that one mode, or the energy (mode ''), cannot use, and why: 'itrans' 'is not a finite number'."""

    mode: str
    what: str
    why: str
    rows: Rows


def _faults(scan: XasScan) -> list[Fault]:
    energy = scan.energy_ev
    faults = [
        Fault("", "energy", "is not a finite number", ~np.isfinite(energy)),
        Fault("", "energy", "is not positive", np.isfinite(energy) & (energy <= 0)),
    ]
    for channel in scan.channels:
        faults += _channel_faults(scan, channel)
    return faults


def _channel_faults(scan: XasScan, channel: Channel) -> list[Fault]:
    names = dict.fromkeys((*channel.numerator, channel.denominator) if channel.denominator else channel.numerator)
    faults = [
        Fault(channel.mode, name, "is not a finite number", ~np.isfinite(scan.column(name).values)) for name in names
    ]
    if channel.kind != "direct":
        below = scan.column(channel.denominator).values
        faults.append(Fault(channel.mode, channel.denominator, "is not positive", np.isfinite(below) & (below <= 0)))
    if channel.kind == "log":
        above = np.sum([scan.column(name).values for name in channel.numerator], axis=0)
        name = " + ".join(channel.numerator)
        faults.append(Fault(channel.mode, name, "is not positive", np.isfinite(above) & (above <= 0)))
    return faults


def _without_dead_modes(scan: XasScan) -> XasScan:
    """Without modes that no row, or less than half of the rows, can serve: nothing was behind that detector.

    Raises
    ------
    UserError
        If that is the mode which the file prefers, or leaves none.
    """
    dead: dict[str, Fault] = {}
    for fault in _faults(scan):
        if fault.mode and 2 * np.count_nonzero(fault.rows) > fault.rows.size:
            dead.setdefault(fault.mode, fault)
    if not dead:
        return scan
    channels = tuple(channel for channel in scan.channels if channel.mode not in dead)
    reasons = {
        mode: f"{fault.what!r} {fault.why} in {np.count_nonzero(fault.rows)} of {fault.rows.size} rows"
        for mode, fault in dead.items()
    }
    if scan.preferred in dead or not channels:
        mode = scan.preferred if scan.preferred in dead else next(iter(dead))
        line = int(scan.row_line[np.argmax(dead[mode].rows)])
        raise UserError(
            f"{scan.source}, line {line}",
            f"{mode} cannot be computed: {reasons[mode]}",
            "is it the right column? Name another in the study: `columns: {energy: .., i0: .., transmitted: ..}`",
        )
    notes = tuple(f"{mode} was left out: {reason}" for mode, reason in reasons.items())
    return replace(scan, channels=channels, notes=scan.notes + notes)


def _without_bad_rows(scan: XasScan, bad_rows: BadRows) -> XasScan:
    faults = [fault for fault in _faults(scan) if fault.rows.any()]
    if not faults:
        return scan
    bad = np.logical_or.reduce([fault.rows for fault in faults])
    shown = []
    for row in np.flatnonzero(bad)[:5]:
        reasons = dict.fromkeys(f"{fault.what!r} {fault.why}" for fault in faults if fault.rows[row])
        shown.append(f"line {scan.row_line[row]} ({', '.join(reasons)})")
    count = int(np.count_nonzero(bad))
    listed = ", ".join(shown) + (f" and {count - 5} more" if count > 5 else "")
    if bad_rows == "drop":
        note = f"{count} row(s) were dropped as the study says: {listed}"
        return replace(_take(scan, ~bad), notes=(*scan.notes, note))
    raise UserError(
        f"{scan.source}, line {scan.row_line[int(np.argmax(bad))]}",
        f"{count} of {bad.size} rows cannot be used: {listed}",
        "mend the file, or leave these rows out: `ingest: {bad_rows: drop}`",
    )


def _refuse_few_rows(scan: XasScan) -> None:
    if scan.energy_ev.size < FEWEST_ROWS:
        raise UserError(
            scan.source,
            f"{scan.energy_ev.size} usable rows, at least {FEWEST_ROWS} are needed",
            "was the scan aborted? Take the file out of the study",
        )


def _take(scan: XasScan, rows: Rows | npt.NDArray[np.intp]) -> XasScan:
    """The scan with these rows only, in this order."""
    return replace(
        scan,
        energy_ev=scan.energy_ev[rows],
        row_line=scan.row_line[rows],
        columns=tuple(replace(column, values=column.values[rows]) for column in scan.columns),
    )


# --- order ------------------------------------------------------------------------------------


def _ascending(scan: XasScan) -> XasScan:
    """The scan with energies that never fall.

    Raises
    ------
    UserError
        The energy goes back over part of the range: two sweeps, or a glitch.
    """
    steps = np.diff(scan.energy_ev)
    if np.count_nonzero(steps < 0) > np.count_nonzero(steps > 0):
        note = "the energies fall: the rows were put in reverse order"
        scan = replace(_take(scan, np.arange(scan.energy_ev.size)[::-1]), notes=(*scan.notes, note))
        steps = np.diff(scan.energy_ev)
    if np.all(steps >= 0):
        return scan
    _refuse_second_sweep(scan)
    behind = np.flatnonzero(steps < 0) + 1
    lines = ", ".join(str(line) for line in scan.row_line[behind[:5]]) + (", .." if behind.size > 5 else "")
    note = f"the energy steps back {behind.size} time(s) (line {lines}): the rows were sorted"
    return replace(_take(scan, np.argsort(scan.energy_ev, kind="stable")), notes=(*scan.notes, note))


def _refuse_second_sweep(scan: XasScan) -> None:
    energy = scan.energy_ev
    fall = np.maximum.accumulate(energy) - energy
    back = fall > FALL_BACK * np.ptp(energy)
    if not back.any():
        return
    row = int(np.argmax(back))
    line, before = int(scan.row_line[row]), int(scan.row_line[row - 1])
    raise UserError(
        f"{scan.source}, line {line}",
        f"the energy goes back from {energy[:row].max():g} to {energy[row]:g} eV (line {before} is the row before)",
        "two sweeps in one file? Make one file of each; a glitch? Delete the row",
    )


def _without_duplicates(scan: XasScan) -> XasScan:
    """Rows of exactly the same energy become one: the mean of every column."""
    energy, first, counts = np.unique(scan.energy_ev, return_index=True, return_counts=True)
    if energy.size == scan.energy_ev.size:
        return scan

    def mean(values: Array) -> Array:
        return np.asarray(np.add.reduceat(values, first) / counts, dtype=np.float64)

    doubled = energy[counts > 1]
    shown = ", ".join(f"{value:g}" for value in doubled[:5]) + (", .." if doubled.size > 5 else "")
    note = (
        f"{scan.energy_ev.size - energy.size} row(s) repeat an energy ({shown} eV): "
        "rows of the same energy were averaged, column by column"
    )
    columns = tuple(Column(column.name, column.unit, mean(column.values)) for column in scan.columns)
    return replace(scan, energy_ev=energy, row_line=scan.row_line[first], columns=columns, notes=(*scan.notes, note))


# --- range and edge ---------------------------------------------------------------------------


def _refuse_wrong_range(scan: XasScan, element: str, edge: str, edge_energy_ev: float) -> None:
    energy = scan.energy_ev
    below = int(np.count_nonzero(energy < edge_energy_ev))
    above = energy.size - below
    if min(below, above) >= FEWEST_ROWS_BESIDE_EDGE:
        return
    covers = f"it covers {energy[0]:.1f} to {energy[-1]:.1f} eV"
    expected = f"the {element} {edge} edge at {edge_energy_ev:.1f} eV"
    first_line, last_line = int(scan.row_line.min()), int(scan.row_line.max())
    if edge_energy_ev - energy[-1] > SAME_EDGE_EV or energy[0] - edge_energy_ev > SAME_EDGE_EV:
        raise UserError(
            f"{scan.source}, lines {first_line} to {last_line}",
            f"the scan is nowhere near {expected}: {covers}",
            "another element? Correct element and edge in the study, the file, or the unit of the energy",
        )
    if above < FEWEST_ROWS_BESIDE_EDGE:
        line = int(scan.row_line[-1])
        raise UserError(
            f"{scan.source}, line {line}",
            f"the scan stops before {expected}, or on it: {covers}",
            "an aborted scan? Take it out of the study",
        )
    raise UserError(
        f"{scan.source}, line {int(scan.row_line[0])}",
        f"the scan starts behind {expected}, or on it: {covers}",
        "is it the right file, element and edge?",
    )


def _with_step_notes(scan: XasScan, element: str, edge: str, edge_energy_ev: float) -> XasScan:
    """A note for each mode whose mu does not rise at the edge; refused where the file prefers that mode."""
    notes = []
    for channel in scan.channels:
        step, noise = edge_step(scan.energy_ev, scan.mu(channel.mode), edge_energy_ev)
        least = max(3.0 * noise, LEAST_STEP if channel.kind == "log" else 0.0)
        if step > least:
            continue
        falls = step < -least
        what = (
            f"{channel.mode}: {channel.formula} {'falls' if falls else 'does not rise'} at the {element} {edge} edge "
            f"({edge_energy_ev:.1f} eV; step {step:.2g}, scatter {noise:.1g})"
        )
        if channel.mode == scan.preferred:
            raise UserError(
                scan.source,
                what,
                "detectors swapped? Name them in the study: `columns: {energy: .., i0: .., transmitted: ..}`",
            )
        notes.append(what + ("; are the detectors swapped?" if falls else "; no absorber in this beam?"))
    return replace(scan, notes=(*scan.notes, *notes)) if notes else scan


def edge_step(energy_ev: Array, mu: Array, edge_energy_ev: float) -> tuple[float, float]:
    """Height of mu behind the edge over the line through mu before it, and the scatter about that line.

    A rough number that tells an edge from none: the line is fitted to the rows that end 15 eV before the edge (or to
    all before it where those are fewer than three); the height is the median 10 to 60 eV behind (or of all behind).
    There must be a row on either side of the edge.
    """
    x = energy_ev - edge_energy_ev
    before = x < -15.0 if np.count_nonzero(x < -15.0) >= 3 else x < 0
    behind = (x > 10.0) & (x < 60.0) if np.count_nonzero((x > 10.0) & (x < 60.0)) >= 3 else x >= 0
    near = before & (x > -200.0)
    before = near if np.count_nonzero(near) >= 3 else before
    scale = max(float(np.abs(x[before]).max()), 1.0)
    basis = np.stack([np.ones(np.count_nonzero(before)), x[before] / scale], axis=1)
    line, *_ = np.linalg.lstsq(basis, mu[before], rcond=None)
    scatter = float(np.std(mu[before] - basis @ line))
    height = float(np.median(mu[behind] - (line[0] + line[1] * x[behind] / scale)))
    return height, scatter


# --- repeat scans -----------------------------------------------------------------------------


def _refuse_aborted(scans: tuple[XasScan, ...]) -> None:
    longest = max(scans, key=lambda scan: float(np.ptp(scan.energy_ev)))
    low, high = float(longest.energy_ev[0]), float(longest.energy_ev[-1])
    for scan in scans:
        first, last = float(scan.energy_ev[0]), float(scan.energy_ev[-1])
        covered = (min(last, high) - max(first, low)) / (high - low)
        if covered < SHORTEST_REPEAT:
            raise UserError(
                f"{scan.source}, line {int(scan.row_line[-1])}",
                f"it covers {first:.1f} to {last:.1f} eV, {100 * max(covered, 0.0):.0f} % of the range of "
                f"{longest.source} ({low:.1f} to {high:.1f} eV)",
                "an aborted scan? Take it out of the list of files",
            )
