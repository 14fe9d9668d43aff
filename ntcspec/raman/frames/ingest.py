"""`ingest` for Raman frames: every spectrum of every file, in the order of the study and of the files.

A file may hold one spectrum, or a series, a line or a map of them. Without coordinates in the study those that the
files hold are taken (the first two); without any frames are counted. A file is read whole, one at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ntcspec.errors import UserError
from ntcspec.frames.coordinates import NAN, Coordinates, coordinates_of
from ntcspec.readers.raman import RamanSpec, read_raman
from ntcspec.readers.simulated import refuse_hidden
from ntcspec.types import Array
from ntcspec.types.blocks import Blocks, block_rows
from ntcspec.types.raman import RamanScan
from ntcspec.types.raman_frames import RamanFrames, RawRamanFrame

UNCOUNTED = "frame"  # what `frames` is along where the study says nothing


@dataclass(frozen=True)
class _Frame:
    shift_cm1: Array
    intensity: Array
    at: tuple[float, float]
    source: str
    reason: str


@dataclass(frozen=True)
class _Files:
    """The raw files of a measurement, what the study says of them, and where frames get their coordinates."""

    paths: Sequence[Path]
    sources: Sequence[str]
    spec: RamanSpec
    simulated: bool

    def scans(self) -> Iterator[tuple[str, RamanScan | UserError]]:
        """Every file, or why it cannot be read. Raises UserError for simulated data that hides it."""
        for path, source in zip(self.paths, self.sources, strict=True):
            try:
                scan = read_raman(path, source, self.spec)
            except UserError as error:
                yield source, error
                continue
            refuse_hidden(scan.header, source, simulated=self.simulated)
            yield source, scan


def ingest_raman_frames(
    paths: Sequence[Path],
    sources: Sequence[str],
    *,
    files: Mapping[str, tuple[Path, str]],
    frames: Mapping[str, Any],
    laser_nm: float | None = None,
    axis_unit: str | None = None,
    exposure_s: float | None = None,
    accumulations: float | None = None,
    silicon: str | None = None,
    neon: str | None = None,
    simulated: bool = False,
) -> RamanFrames:
    """Read the raw files of one measurement. Parameters as of `ntcspec.raman.raw.ingest_raman`; frames: the section of
    the study; files: also 'table', if there is one.

    Raises UserError where no frame can be used; also while the blocks are made, as for coordinates that are not as many
    as frames.
    """
    spec = RamanSpec(laser_nm=laser_nm, axis_unit=axis_unit, exposure_s=exposure_s, accumulations=accumulations)
    beside = RamanSpec(laser_nm=laser_nm, axis_unit=axis_unit)
    raw = _Files(paths, sources, spec, simulated)
    first = _first(raw)
    alongside = {n: (read_raman(*files[n], beside),) for n in ("silicon", "neon") if n in files}
    for scan in (one for some in alongside.values() for one in some):
        refuse_hidden(scan.header, scan.source, simulated=simulated)
    coordinates = coordinates_of(frames, files.get("table"))
    own = frames["along"] == UNCOUNTED and first.coordinate_names[:2]
    return RamanFrames(
        first=replace(first, intensity=first.intensity[:1], coordinates=first.coordinates[:1]),
        silicon=alongside.get("silicon", ()),
        neon=alongside.get("neon", ()),
        coordinate_names=own or coordinates.names,
        coordinate_units=first.coordinate_units[:2] if own else coordinates.units,
        frames=Blocks(RawRamanFrame, lambda: _blocks(_frames(raw, first, coordinates, bool(own)))),
        notes=(f"the header is that of the first file that can be used, {first.source}",),
    )


def _first(raw: _Files) -> RamanScan:
    reasons = []
    for _, scan in raw.scans():
        if isinstance(scan, RamanScan):
            return scan
        reasons.append(scan)
    why = reasons[0]
    raise UserError(why.where, f"none of {len(reasons)} files can be used; the first: {why.what}", why.fix)


def _frames(raw: _Files, first: RamanScan, coordinates: Coordinates, own: bool) -> Iterator[_Frame]:
    count = 0
    for source, scan in raw.scans():
        reason = str(scan.what) if isinstance(scan, UserError) else _unlike(scan, first)
        if reason or not isinstance(scan, RamanScan):
            at = (NAN, NAN) if own else coordinates.of(count, "")
            count += 1
            nothing = np.full(first.shift_cm1.size, NAN)
            yield _Frame(nothing, nothing, at, source, reason)
            continue
        several = scan.intensity.shape[0] > 1
        for row, intensity in enumerate(scan.intensity):
            at = _at(scan, row, len(first.coordinate_names)) if own else coordinates.of(count, scan.header)
            count += 1
            bad = "" if np.isfinite(intensity).all() else "its intensities are not all numbers"
            name = f"{source}::{row + 1}" if several else source
            yield _Frame(scan.shift_cm1, intensity if not bad else np.full(intensity.size, NAN), at, name, bad)
    if not own:
        coordinates.check(count)


def _at(scan: RamanScan, row: int, number: int) -> tuple[float, float]:
    """The first two coordinates that the file gives a spectrum; NaN for what it does not."""
    values = scan.coordinates[row][:number] if scan.coordinates.size else np.empty(0)
    padded = (*map(float, values[:2]), NAN, NAN)
    return padded[0], padded[1]


def _unlike(scan: RamanScan, first: RamanScan) -> str:
    """Why a file cannot stand beside the first one; empty if it can."""
    if abs(scan.exposure_s - first.exposure_s) > 1e-6 * first.exposure_s:
        return f"exposures of {scan.exposure_s:g} s, in {first.source} of {first.exposure_s:g} s"
    if scan.baseline_subtracted != first.baseline_subtracted:
        return "of this file and of the first one, one has had its baseline taken away already"
    return ""


def _blocks(frames: Iterator[_Frame]) -> Iterator[RawRamanFrame]:
    waiting: list[_Frame] = []
    for frame in frames:
        waiting.append(frame)
        if len(waiting) >= block_rows(RawRamanFrame, 16 * frame.intensity.size):
            yield _block(waiting)
            waiting = []
    if waiting:
        yield _block(waiting)


def _block(frames: Sequence[_Frame]) -> RawRamanFrame:
    most = max(frame.intensity.size for frame in frames)
    shift, intensity = np.full((len(frames), most), NAN), np.full((len(frames), most), NAN)
    for i, frame in enumerate(frames):
        shift[i, : frame.shift_cm1.size] = frame.shift_cm1
        intensity[i, : frame.intensity.size] = frame.intensity
    along, across = np.array([frame.at for frame in frames]).T
    return RawRamanFrame(
        shift, intensity, along.copy(), across.copy(), tuple(f.source for f in frames), tuple(f.reason for f in frames)
    )
