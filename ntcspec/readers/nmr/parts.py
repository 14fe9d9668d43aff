"""What the readers of NMR formats share: a directory's files, numbers checked for their byte order, the built NmrFid.

Orientation: whatever the file has, the points that are handed on turn as exp(+2 pi i nu t) for a line at +nu from the
carrier, high frequency positive.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ntcspec.companions import companions
from ntcspec.errors import UserError
from ntcspec.readers.nmr.nuclei import nucleus_of
from ntcspec.readers.text import read_bytes, storable
from ntcspec.types import Array, Note
from ntcspec.types.nmr import NmrFid

NAN = float("nan")
FEWEST = 16  # complex points of a decay
WIDTH_HZ = (1.0, 1e8)
CARRIER_MHZ = (1.0, 2500.0)
COPY = "copy the whole directory again from the spectrometer"


@dataclass(frozen=True)
class NmrSpec:
    """What the study says about raw files; it wins over the file. None leaves it to the file."""

    nucleus: str | None = None
    spinning_hz: float | None = None
    trace: int | None = None


@dataclass(frozen=True)
class Folder:
    """A main file and those beside it. `source` is the name of the main file in the study."""

    path: Path
    source: str

    def has(self, name: str) -> bool:
        return any(one.name == name for one in companions(self.path))

    def name_of(self, name: str) -> str:
        """The study's name of a file beside the main file, for errors and the record."""
        path = next((one for one in companions(self.path) if one.name == name), self.path.with_name(name))
        above = 0
        folder = self.path.parent
        while folder != path.parent and folder not in path.parents:
            folder, above = folder.parent, above + 1
        head = Path(self.source).parent
        for _ in range(above):
            head = head.parent
        return (head / path.relative_to(folder)).as_posix()

    def text(self, name: str, needed_for: str) -> str:
        """The words of a file beside the main file; UserError if it is missing."""
        if not self.has(name):
            beside = (Path(self.source).parent / name).as_posix()
            raise UserError(beside, f"no such file, and {needed_for} cannot be read without it", COPY)
        path = next(one for one in companions(self.path) if one.name == name)
        return storable(decode(read_bytes(path, self.name_of(name))))


@dataclass(frozen=True)
class Draft:
    """The parts of a decay, as a reader found them. points: complex, in our orientation."""

    folder: Folder
    format: str
    evidence: str
    files: tuple[str, ...]
    points: npt.NDArray[np.complex128]
    orientation: str
    width_hz: float
    width_key: str  # file and key that say so
    carrier_mhz: float
    zero_mhz: float
    zero_evidence: str
    nucleus: str
    spinning_hz: float = NAN
    group_delay_points: float = 0.0
    scans: float = NAN
    pulse_program: str = ""
    pairs: tuple[tuple[str, str], ...] = ()
    notes: tuple[Note, ...] = field(default=())
    header: str = ""


def build(draft: Draft, spec: NmrSpec | None = None) -> NmrFid:
    """The decay of a draft.

    Raises
    ------
    UserError
        An impossible dwell or carrier, too few points, points that are no numbers or all zero, a nucleus that is none.
    """
    spec = spec or NmrSpec()
    _check(draft)
    nucleus, notes = _nucleus(draft, spec)
    dwell = 1.0 / draft.width_hz
    return NmrFid(
        source=draft.folder.source,
        format=draft.format,
        format_evidence=storable(draft.evidence),
        files=draft.files,
        time_s=np.arange(draft.points.size, dtype=np.float64) * dwell,
        real=np.ascontiguousarray(draft.points.real),
        imaginary=np.ascontiguousarray(draft.points.imag),
        orientation=draft.orientation,
        dwell_s=dwell,
        width_hz=draft.width_hz,
        carrier_mhz=draft.carrier_mhz,
        zero_mhz=draft.zero_mhz,
        zero_evidence=storable(draft.zero_evidence),
        nucleus=nucleus,
        spinning_hz=draft.spinning_hz if spec.spinning_hz is None else float(spec.spinning_hz),
        group_delay_points=draft.group_delay_points,
        scans=draft.scans,
        pulse_program=storable(draft.pulse_program),
        keys=tuple(key for key, _ in draft.pairs),
        values=tuple(value for _, value in draft.pairs),
        notes=(*draft.notes, *notes),
        header=draft.header,
    )


def decode(content: bytes) -> str:
    """Words of a parameter file, ends of lines made alike."""
    try:
        words = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        words = content.decode("cp1252", errors="replace")
    return words.replace("\r\n", "\n").replace("\r", "\n")


def number(pairs: Mapping[str, str], key: str) -> float:
    """The number of a key; NaN where it is missing or none."""
    try:
        value = float(pairs.get(key, ""))
    except ValueError:
        return NAN
    return value if math.isfinite(value) else NAN


def whole(value: float) -> int:
    """An integer, or -1 where the number is none."""
    return int(value) if math.isfinite(value) and value == int(value) else -1


def numbers(content: bytes, dtype: str, source: str, stated_by: str) -> Array:
    """Numbers of a binary file; `stated_by` tells what gave type and byte order, for the error.

    Raises UserError where they make sense only with their bytes turned round. Integers of 32 bits: turned, all fit into
    24 bits and are 64 times smaller. Floats: a fifth of them has a size that no receiver gives; turned, none has. Of
    integers of 16 bits nothing can be told.
    """
    raw = np.frombuffer(content, dtype)
    probe = raw[:: max(1, raw.size // 4096)]
    if probe.size and _turned_round(probe):
        what = f"the numbers ({_named(dtype)} by {stated_by}) make sense only in the other byte order"
        raise UserError(source, what, "the file was converted, or a parameter was changed: " + COPY)
    return raw.astype(np.float64)


def _named(dtype: str) -> str:
    kind = {"i": "integers", "f": "floats"}[dtype[1]]
    return f"{8 * int(dtype[2:])}-bit {kind}, {'big' if dtype[0] == '>' else 'little'}-endian"


def _turned_round(probe: npt.NDArray[Any]) -> bool:
    other = probe.view(probe.dtype.newbyteorder())
    if probe.dtype.kind == "f":
        return _extreme(probe) > 0.2 and _extreme(other) < 0.01
    if probe.dtype.itemsize != 4:
        return False
    size, turned = np.abs(probe.astype(np.float64)), np.abs(other.astype(np.float64))
    return bool(turned.max() < 2**24 and np.median(size) > 64.0 * max(float(np.median(turned)), 1.0))


def _extreme(values: npt.NDArray[Any]) -> float:
    """Share of the numbers that no receiver gives: not finite, or further than 25 powers of ten from 1 and not 0."""
    with np.errstate(all="ignore"):
        sizes = np.abs(values.astype(np.float64))
        return float(np.mean(~np.isfinite(sizes) | (sizes > 1e25) | ((sizes > 0) & (sizes < 1e-25))))


def _check(draft: Draft) -> None:
    source, points = draft.folder.source, draft.points
    if not WIDTH_HZ[0] <= draft.width_hz <= WIDTH_HZ[1]:
        what = f"a spectral width of {draft.width_hz:g} Hz (dwell {_dwell(draft.width_hz)}) is impossible"
        raise UserError(draft.width_key, what, f"between {WIDTH_HZ[0]:g} and {WIDTH_HZ[1]:g} Hz are possible: " + COPY)
    if not CARRIER_MHZ[0] <= draft.carrier_mhz <= CARRIER_MHZ[1]:
        raise UserError(source, f"a carrier of {draft.carrier_mhz:g} MHz is impossible", COPY)
    if points.size < FEWEST:
        raise UserError(source, f"{points.size} complex points: a decay needs at least {FEWEST}", COPY)
    bad = ~np.isfinite(points)
    if bad.any():
        raise UserError(source, f"point {int(np.argmax(bad)) + 1} is no number", COPY)
    if not points.any():
        raise UserError(source, "all points are 0", "was the measurement saved before its first transient?")


def _dwell(width_hz: float) -> str:
    if not width_hz:
        return "infinite"
    return f"{1e6 / width_hz:.4g} us" if abs(width_hz) > 1e3 else f"{1.0 / width_hz:.4g} s"


def _nucleus(draft: Draft, spec: NmrSpec) -> tuple[str, tuple[Note, ...]]:
    if spec.nucleus is None:
        return draft.nucleus, ()
    given = nucleus_of(spec.nucleus)
    if not given:
        where = f"{draft.folder.source}: ingest.nucleus"
        raise UserError(where, f"{spec.nucleus!r} names no nucleus", "write it as 23Na")
    if draft.nucleus and draft.nucleus != given:
        what = f"the study says {given}, the file {draft.nucleus}"
        raise UserError(f"{draft.folder.source}: ingest.nucleus", what, "is it the right file?")
    return given, ()
