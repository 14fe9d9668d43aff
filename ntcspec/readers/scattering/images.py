"""Images: TIFF, EDF, CBF, MAR and the other formats of fabio; stacks in NeXus and HDF5; numpy arrays.

A format is told by the first bytes, never by the name. fabio is imported when the first image is opened. External
links of HDF5 are not followed (`_hdf5`): of an Eiger give the data file, not the master file.
"""

from __future__ import annotations

import contextlib
import logging
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ntcspec.errors import UserError, did_you_mean
from ntcspec.readers import _hdf5
from ntcspec.readers.scattering.tiff_pages import pages
from ntcspec.readers.text import read_bytes, shorten, storable
from ntcspec.types import Note
from ntcspec.types.scattering import Pixels

NPY = b"\x93NUMPY"
MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),
    (b"MM\x00+", "tiff"),
    (b"###CBF", "cbf"),
    (b"{", "edf"),
    (b"\xd2\x04\x00\x00", "mar345"),
    (b"\x00\x00\x04\xd2", "mar345"),
    (b"\x1f\x8b", "packed with gzip"),
    (b"BZh", "packed with bzip2"),
    (NPY, "numpy"),
    (_hdf5.SIGNATURE, "hdf5"),
)
HEAD = 4096
SLAB = 128_000_000  # bytes of the frames that are unpacked at a time
AGAIN = "copy it again from the beamline"
_SECONDS = re.compile(r"([0-9.eE+-]+)\s*(s|sec|seconds)?\s*$")
EXPOSURE_KEYS = ("Exposure_time", "ExposureTime", "exposure_time", "count_time", "acq_expo_time", "exposuretime")
CUTOFF_KEYS = ("Count_cutoff", "saturation_value", "CCD_IMAGE_SATURATION")


@dataclass(frozen=True)
class RawImage:
    """A file of one or more frames of one shape; `frame(i)` reads one."""

    source: str
    format: str
    evidence: str
    frames: int
    shape: tuple[int, int]
    kind: np.dtype[Any]
    frame: Callable[[int], Pixels]
    exposure_s: float
    saturation: float
    header: str
    notes: tuple[Note, ...] = ()


def is_image(path: Path, source: str) -> bool:
    """Whether a file holds an image, by its first bytes; UserError if it cannot be read."""
    head = read_bytes(path, source, HEAD)
    return any(head.startswith(magic) for magic, _ in MAGIC) or b"\0" in head


def open_image(path: Path, source: str, dataset: str = "") -> RawImage:
    """An image file, its pixels not read yet.

    dataset: of HDF5 the path of the array; needed where several could be meant.

    Raises
    ------
    UserError
        No image, cut off, several arrays in it, no two dimensions.
    """
    head = read_bytes(path, source, HEAD)
    kind = next((name for magic, name in MAGIC if head.startswith(magic)), "")
    if not head:
        raise UserError(source, "the file is empty", AGAIN)
    if kind == "hdf5":
        return _open_hdf5(path, source, dataset)
    if dataset:
        raise UserError(source, f"it is no HDF5 file, and `dataset: {dataset}` asks for an array in it", "take it out")
    if kind == "numpy":
        return _open_numpy(path, source)
    if not kind and b"\0" not in head:
        raise UserError(source, "this is text, not an image", "give an image (TIFF, EDF, CBF, MAR, HDF5, npy)")
    return _open_fabio(path, source, kind)


def _open_fabio(path: Path, source: str, kind: str) -> RawImage:
    import fabio

    with _damage_told(source, kind):
        image = fabio.open(str(path))
        if image.data is None:
            raise ValueError("no reader got pixels out of it")
        first = _two_dimensional(np.asarray(image.data), source)
        if getattr(image, "incomplete_file", False):  # fabio fills up with zeros
            raise ValueError(f"its frame {image.nframes} is not whole")
    frames = int(image.nframes)
    if kind == "tiff":
        _check_pages(path, source, 1 if getattr(image, "lib", "") == "PIL" else frames)
    header = {str(key): storable(str(value)) for key, value in image.header.items()}
    name = (
        kind if kind in ("cbf", "edf", "mar345") else type(image).__name__.removesuffix("Image").removesuffix("image")
    )

    def frame(number: int) -> Pixels:
        with _damage_told(source, kind):  # of a copy, for a frame of EDF keeps its pixels once they were read
            pixels = first if number == 0 else np.asarray(copy(image.get_frame(number)).data)
        if pixels.shape != first.shape:
            what = f"frame {number + 1} is of another shape than the first: {pixels.shape}, not {first.shape}"
            raise UserError(source, what, "split the file")
        return pixels

    return RawImage(
        source=source,
        format=name.casefold().replace("tif", "tiff").replace("tifff", "tiff"),
        evidence=f"first bytes {read_bytes(path, source, 6)!r}; read by fabio as {type(image).__name__}",
        frames=frames,
        shape=(int(first.shape[0]), int(first.shape[1])),
        kind=first.dtype,
        frame=frame,
        exposure_s=_first_number(header, EXPOSURE_KEYS),
        saturation=_saturation(header, first.dtype),
        header="\n".join(f"{key}: {value}" for key, value in header.items()),
    )


@contextlib.contextmanager
def _damage_told(source: str, kind: str) -> Iterator[None]:
    """What fabio raises on damaged files, which is anything, AttributeError included, as a UserError."""
    silent = logging.getLogger("fabio")
    level = silent.level
    silent.setLevel(logging.CRITICAL + 1)  # it prints a line for each reader that it tries
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except UserError:
        raise
    except Exception as error:
        what = f"this {kind or 'image'} file cannot be read, it is cut off or damaged ({shorten(str(error), 80)})"
        raise UserError(source, what, AGAIN) from None
    finally:
        silent.setLevel(level)


def _check_pages(path: Path, source: str, read: int) -> None:
    """Refuses a TIFF file of which fabio reads fewer frames than are in it."""
    with _damage_told(source, "tiff"), path.open("rb") as file:
        held = pages(file, path.stat().st_size)
    if held > read:
        what = f"it holds {held} images, of which {read} can be read: they are compressed, or it is BigTIFF"
        raise UserError(source, what, "save the frames without compression, as HDF5, or in files of their own")


def _open_numpy(path: Path, source: str) -> RawImage:
    def load() -> Any:
        return np.load(path, mmap_mode="r", allow_pickle=False)

    try:
        values = load()
    except (ValueError, EOFError, OSError) as error:
        raise UserError(source, f"this numpy file cannot be read ({shorten(str(error), 80)})", AGAIN) from None
    if values.dtype.kind not in "fiub":
        raise UserError(source, f"this numpy file holds {values.dtype}, no numbers", "save the counts as numbers")
    shape, kind = values.shape, np.dtype(np.uint8) if values.dtype.kind == "b" else values.dtype
    if len(shape) not in (2, 3) or not all(shape):
        raise UserError(source, f"an array of shape {shape} is no image", "give (rows, columns)")
    return RawImage(
        source=source,
        format="numpy",
        evidence=f"first bytes {NPY!r}",
        frames=1 if len(shape) == 2 else int(shape[0]),
        shape=(int(shape[-2]), int(shape[-1])),
        kind=kind,
        frame=lambda i: np.array(load() if len(shape) == 2 else load()[i], dtype=kind),  # mapped for that frame alone
        exposure_s=float("nan"),
        saturation=_saturation({}, values.dtype),
        header=f"shape: {shape}\ndtype: {values.dtype}",
    )


def _open_hdf5(path: Path, source: str, dataset: str) -> RawImage:
    file = _hdf5.load(path, source)
    name = _dataset(file, dataset)
    shape = file.shape(name) or ()
    frames = 1 if len(shape) == 2 else int(shape[0])
    if not frames:
        raise UserError(f"{source}, {name}", f"a stack of shape {shape} holds no frame", AGAIN)
    header = file.header()
    named = {path.rsplit("/", 1)[-1]: file.text(path) for path in file.nodes}
    return RawImage(
        source=source,
        format="hdf5",
        evidence=f"signature of HDF5; array {name} of shape {shape}",
        frames=frames,
        shape=(int(shape[-2]), int(shape[-1])),
        kind=file.dtype(name),
        frame=_Slabs(file, name, frames) if len(shape) == 3 else lambda _: file.part(name, None),
        exposure_s=_first_number(named, EXPOSURE_KEYS),
        saturation=_saturation(named, file.dtype(name)),
        header="\n".join(header.lines),
    )


class _Slabs:
    """Frames of a stack in HDF5, as many at a time as one chunk of the file holds: it is unpacked as a whole."""

    def __init__(self, file: _hdf5.Hdf5File, name: str, frames: int) -> None:
        shape = file.shape(name) or (1, 1, 1)
        frame = shape[1] * shape[2] * file.dtype(name).itemsize
        self.file, self.name, self.frames = file, name, frames
        self.depth = max(min(file.chunk(name)[0], SLAB // frame), 1)
        self.first, self.slab = -1, np.empty(0)

    def __call__(self, number: int) -> Pixels:
        first = number - number % self.depth
        if first != self.first:
            self.first = first
            self.slab = self.file.part(self.name, slice(first, min(first + self.depth, self.frames)))
        return self.slab[number - first]


def _dataset(file: _hdf5.Hdf5File, wanted: str) -> str:
    """The array that is meant: named, or the signal of the default plot, or the only one of two or three dimensions."""
    arrays = [
        path for path in file.nodes if len(file.shape(path) or ()) in (2, 3) and min(file.shape(path) or (0,)) > 0
    ]
    arrays = [path for path in arrays if min((file.shape(path) or (0, 0))[-2:]) >= 8]
    where = f"{file.source}: dataset"
    if wanted:
        if wanted.strip("/") not in arrays:
            what = f"there is no array of images at {wanted!r}{did_you_mean(wanted.strip('/'), arrays)}"
            raise UserError(where, what, f"it holds {', '.join(arrays[:10]) or 'none'}")
        return wanted.strip("/")
    plot = _default_signal(file)
    if plot in arrays:
        return plot
    if len(arrays) != 1:
        what = f"it holds {len(arrays)} arrays that may be images: {', '.join(arrays[:10])}"
        none = "no array of images is in this HDF5 file (external links are not followed)"
        fix = "name it: ingest.dataset" if arrays else "give the file that holds the frames themselves"
        raise UserError(file.source, what if arrays else none, fix)
    return arrays[0]


def _default_signal(file: _hdf5.Hdf5File) -> str:
    """Path of the signal of the NXdata that `default` leads to; '' where that ends nowhere."""
    place = file.default
    for _ in range(8):
        further = file.attribute(place, "default")
        if not further:
            break
        place = f"{place}/{further}".strip("/")
    signal = file.attribute(place, "signal")
    return f"{place}/{signal}" if signal else ""


def _two_dimensional(data: Pixels, source: str) -> Pixels:
    if data.ndim != 2:
        raise UserError(
            source, f"an image of shape {data.shape} has not two dimensions: is it a colour picture?", "give counts"
        )
    return data


def _first_number(header: Mapping[str, str], keys: tuple[str, ...]) -> float:
    """Seconds or counts of the first key that is there; NaN without."""
    folded = {key.casefold(): value for key, value in header.items()}
    for key in keys:
        words = folded.get(key.casefold(), "")
        found = _SECONDS.match(words.replace("counts", "").strip())
        if found:
            try:
                value = float(found.group(1))
            except ValueError:
                continue
            if value > 0.0:
                return value
    return float("nan")


def _saturation(header: Mapping[str, str], kind: np.dtype[Any]) -> float:
    """The count at which a pixel is full: as the header says, else the largest that 8 or 16 bits hold."""
    said = _first_number(header, CUTOFF_KEYS)
    if not np.isnan(said):
        return said
    if kind.kind in "iu" and kind.itemsize <= 2:
        return float(np.iinfo(kind).max)
    return float("nan")
