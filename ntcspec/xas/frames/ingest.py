"""`ingest` for many absorption spectra: raw files to scans that were checked one by one, in blocks.

Each scan goes through the checks of a single one (`ntcspec.xas.ingest`). What would refuse that one is the reason why
this frame is left out; what concerns the study as a whole (simulated data that hides it, coordinates that do not fit)
refuses all. Of the first frame that can be used everything is kept, of the others the columns that detection modes use.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ntcspec.errors import UserError
from ntcspec.frames.coordinates import NAN, Coordinates, coordinates_of
from ntcspec.readers import each_scan
from ntcspec.readers.columns import ColumnSpec
from ntcspec.readers.simulated import refuse_hidden
from ntcspec.types import Array
from ntcspec.types.blocks import Blocks, block_rows
from ntcspec.types.xas import XasScan
from ntcspec.types.xas_frames import RawFrame, XasFrames
from ntcspec.xas.ingest import check_scan


@dataclass(frozen=True)
class _Frame:
    """One frame: energies, signals (columns, E), coordinates, where it is from, and why it cannot be used."""

    energy_ev: Array
    signals: Array
    at: tuple[float, float]
    source: str
    reason: str


@dataclass(frozen=True)
class _Files:
    """The raw files of a measurement, and how they are read and checked."""

    paths: Sequence[Path]
    sources: Sequence[str]
    spec: ColumnSpec | None
    select: str
    simulated: bool
    checks: Mapping[str, Any]

    def scans(self) -> Iterator[tuple[str, XasScan | UserError]]:
        """Every scan, checked, or why it cannot be used. Raises UserError for simulated data that hides it."""
        for path, source in zip(self.paths, self.sources, strict=True):
            for shown, scan in each_scan(path, source, self.spec, self.select):
                if isinstance(scan, XasScan):
                    refuse_hidden(scan.header, shown, simulated=self.simulated)
                    yield shown, _checked(scan, self.checks)
                else:
                    yield shown, scan


def ingest_frames(
    paths: Sequence[Path],
    sources: Sequence[str],
    *,
    element: str,
    edge: str,
    edge_energy_ev: float,
    bad_rows: Literal["refuse", "drop"],
    columns: Mapping[str, Any] | None,
    frames: Mapping[str, Any],
    files: Mapping[str, tuple[Path, str]],
    simulated: bool = False,
    select: str = "",
) -> XasFrames:
    """Read the raw files of one measurement, each scan a frame, in the order of the study and of the files.

    Parameters as those of `ntcspec.xas.raw.ingest_files`; frames: the section of the study; files: 'table', if there is
    one, with its path and its name. Raises UserError where no frame can be used; also while the blocks are made, for
    coordinates that are not as many as frames.
    """
    coordinates = coordinates_of(frames, files.get("table"))
    spec = ColumnSpec(**{**columns, "fluorescence": tuple(columns["fluorescence"])}) if columns is not None else None
    checks = {"element": element, "edge": edge, "edge_energy_ev": edge_energy_ev, "bad_rows": bad_rows}
    raw = _Files(paths, sources, spec, select, simulated, checks)
    first = _first(raw)
    used = dict.fromkeys(n for c in first.channels for n in (*c.numerator, c.denominator) if n)
    return XasFrames(
        first=first,
        column_names=tuple(used),
        coordinate_names=coordinates.names,
        coordinate_units=coordinates.units,
        frames=Blocks(RawFrame, lambda: _blocks(_frames(raw, first, tuple(used), coordinates))),
        notes=(f"the header and all columns are kept of the first frame that can be used, {first.source}",),
    )


def _first(raw: _Files) -> XasScan:
    reasons = []
    for _, scan in raw.scans():
        if isinstance(scan, XasScan):
            return scan
        reasons.append(scan)
    why = reasons[0] if reasons else UserError("files", "they hold no scan", "name other files")
    raise UserError(why.where, f"none of {len(reasons)} frames can be used; the first: {why.what}", why.fix)


def _checked(scan: XasScan, checks: Mapping[str, Any]) -> XasScan | UserError:
    try:
        return check_scan(scan, **checks)
    except UserError as error:
        return error


def _frames(raw: _Files, first: XasScan, names: tuple[str, ...], coordinates: Coordinates) -> Iterator[_Frame]:
    count = 0
    for source, scan in raw.scans():
        header = scan.header if isinstance(scan, XasScan) else ""
        at = coordinates.of(count, header)
        count += 1
        reason = _why(source, scan) if isinstance(scan, UserError) else _unlike(scan, first, names)
        if isinstance(scan, XasScan) and not reason:
            signals = np.array([scan.column(name).values for name in names], dtype=np.float64)
            yield _Frame(scan.energy_ev, signals, at, source, "")
        else:
            size = first.energy_ev.size
            yield _Frame(np.full(size, NAN), np.full((len(names), size), NAN), at, source, reason)
    coordinates.check(count)


def _why(source: str, error: UserError) -> str:
    """An error in the words of a frame whose source is told beside it: 'line 20: 1 of 331 rows cannot be used'."""
    place = error.where.removeprefix(source).removeprefix(":").strip(", ")
    return f"{place}: {error.what}" if place else error.what


def _unlike(scan: XasScan, first: XasScan, names: Sequence[str]) -> str:
    """Why a scan cannot stand beside the first one; empty if it can."""
    known = {column.name for column in scan.columns}
    lost = [name for name in names if name not in known]
    if lost:
        return f"it has no column {lost[0]!r}, which {first.source} has"
    return ""


def _blocks(frames: Iterator[_Frame]) -> Iterator[RawFrame]:
    waiting: list[_Frame] = []
    for frame in frames:
        waiting.append(frame)
        if len(waiting) >= block_rows(RawFrame, 8 * (len(frame.signals) + 1) * frame.energy_ev.size):
            yield _block(waiting)
            waiting = []
    if waiting:
        yield _block(waiting)


def _block(frames: Sequence[_Frame]) -> RawFrame:
    """Frames of one block side by side, the shorter ones filled up with NaN."""
    most = max(frame.energy_ev.size for frame in frames)
    energy = np.full((len(frames), most), NAN)
    signals = np.full((len(frames), len(frames[0].signals), most), NAN)
    for i, frame in enumerate(frames):
        energy[i, : frame.energy_ev.size] = frame.energy_ev
        signals[i, :, : frame.energy_ev.size] = frame.signals
    along, across = np.array([frame.at for frame in frames]).T
    return RawFrame(
        energy, signals, along.copy(), across.copy(), tuple(f.source for f in frames), tuple(f.reason for f in frames)
    )
