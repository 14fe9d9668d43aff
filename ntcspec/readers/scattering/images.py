"""Images: TIFF, EDF, CBF, MAR and the other formats of fabio; stacks in NeXus and HDF5; numpy arrays.

A format is told by the first bytes, never by the name. fabio is imported when the first image is opened. External
links of HDF5 are not followed (`_hdf5`): of an Eiger give the data file, not the master file.
"""

from __future__ import annotations

import io
import logging
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ntcspec.errors import UserError, did_you_mean
from ntcspec.readers import _hdf5
from ntcspec.readers.text import read_bytes, shorten, storable
from ntcspec.types import Note
from ntcspec.types.scattering import Pixels

NPY = b"\x93NUMPY"
MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
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

    silent = logging.getLogger("fabio")
    level = silent.level
    silent.setLevel(logging.CRITICAL + 1)  # it prints a line for each reader that it tries
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = fabio.open(str(path))
            if image.data is None:
                raise ValueError("no reader got pixels out of it")
            first = _two_dimensional(np.asarray(image.data), source)
            others = {image.get_frame(i).data.shape for i in range(1, image.nframes)}
    except UserError:
        raise
    except Exception as error:  # what fabio raises on damaged files is anything, AttributeError included
        what = f"this {kind or 'image'} file cannot be read, it is cut off or damaged ({shorten(str(error), 80)})"
        raise UserError(source, what, AGAIN) from None
    finally:
        silent.setLevel(level)
    if others - {first.shape}:
        raise UserError(
            source, f"frames of other shapes than {first.shape} are in it: {sorted(others)}", "split the file"
        )
    header = {str(key): storable(str(value)) for key, value in image.header.items()}
    name = (
        kind if kind in ("cbf", "edf", "mar345") else type(image).__name__.removesuffix("Image").removesuffix("image")
    )
    return RawImage(
        source=source,
        format=name.casefold().replace("tif", "tiff").replace("tifff", "tiff"),
        evidence=f"first bytes {read_bytes(path, source, 6)!r}; read by fabio as {type(image).__name__}",
        frames=int(image.nframes),
        shape=(int(first.shape[0]), int(first.shape[1])),
        frame=lambda i: first if i == 0 else np.asarray(image.get_frame(i).data),
        exposure_s=_first_number(header, EXPOSURE_KEYS),
        saturation=_saturation(header, first.dtype),
        header="\n".join(f"{key}: {value}" for key, value in header.items()),
    )


def _open_numpy(path: Path, source: str) -> RawImage:
    try:
        values = np.load(io.BytesIO(read_bytes(path, source)), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise UserError(source, f"this numpy file cannot be read ({shorten(str(error), 80)})", AGAIN) from None
    if values.dtype.kind not in "fiub":
        raise UserError(source, f"this numpy file holds {values.dtype}, no numbers", "save the counts as numbers")
    stack = values.astype(np.uint8) if values.dtype.kind == "b" else values
    stack = stack[None] if stack.ndim == 2 else stack
    if stack.ndim != 3:
        raise UserError(source, f"an array of shape {values.shape} is no image", "give (rows, columns)")
    return RawImage(
        source=source,
        format="numpy",
        evidence=f"first bytes {NPY!r}",
        frames=int(stack.shape[0]),
        shape=(int(stack.shape[1]), int(stack.shape[2])),
        frame=lambda i: stack[i],
        exposure_s=float("nan"),
        saturation=_saturation({}, values.dtype),
        header=f"shape: {values.shape}\ndtype: {values.dtype}",
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
        frame=lambda i: file.part(name, i if len(shape) == 3 else None),
        exposure_s=_first_number(named, EXPOSURE_KEYS),
        saturation=_saturation(named, file.dtype(name)),
        header="\n".join(header.lines),
    )


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
