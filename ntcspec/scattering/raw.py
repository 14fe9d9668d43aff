"""Stage `ingest` of the technique scattering: images with their geometry, or patterns; and what was measured alongside.

The raw files of a measurement are frames of one exposure (averaged), or patterns of repeats. Beside them stand the
exposures of the empty container, the air and a calibrant, and of images the PONI file, mask, dark and flat.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ntcspec.errors import UserError
from ntcspec.readers.scattering import PatternSpec, is_image, read_image, read_pattern, read_poni
from ntcspec.readers.simulated import refuse_hidden
from ntcspec.types import Note
from ntcspec.types.scattering import DetectorGeometry, ScatteringImage, ScatteringIngested, ScatteringPattern

Named = tuple[list[Path], list[str]]
EXPOSURES = ("container", "air", "calibrant")
OF_DETECTOR = ("dark", "flat", "mask")
FLAG_WORD = "1 (or any value above 0): the pixel is not used; 0: it is used"


def ingest_scattering(
    paths: Sequence[Path],
    sources: Sequence[str],
    *,
    files: Mapping[str, tuple[Path, str]],
    poni: str | None = None,
    mask: str | Sequence[str] | None = None,
    dark: str | Sequence[str] | None = None,
    flat: str | Sequence[str] | None = None,
    container: str | Sequence[str] | None = None,
    air: str | Sequence[str] | None = None,
    calibrant: str | Sequence[str] | None = None,
    axis_unit: str | None = None,
    wavelength_ang: float | None = None,
    dataset: str = "",
    frame_z: float | None = 8.0,
    simulated: bool = False,
) -> ScatteringIngested:
    """Read the raw files of one measurement in the order of the study.

    paths: where to open each file; sources: its name in the study. files: path and name of what the study names under
    poni .. calibrant, by these names; of several files 'container.1', 'container.2'. axis_unit, wavelength_ang: win
    over the headers. dataset: array in HDF5 files. frame_z: see `readers.scattering.frames`. simulated: whether the
    study calls the sample so. Raises UserError for whatever keeps a file from being read as total scattering.
    """
    named = {"sample": (list(paths), list(sources))}
    named |= {role: _files(files, role) for role in (*EXPOSURES, *OF_DETECTOR) if _files(files, role)[0]}
    pictures = {role: _all_images(*found) for role, found in named.items()}
    if pictures["sample"]:
        found = _images(named, pictures, files, wavelength_ang, dataset, frame_z)
    else:
        found = _patterns(named, pictures, files, PatternSpec(axis_unit, wavelength_ang))
    for image in found.images:
        refuse_hidden(image.header, image.source, simulated=simulated)
    for pattern in found.patterns:
        refuse_hidden(pattern.header, pattern.source, simulated=simulated)
    for geometry in found.geometry:
        refuse_hidden(geometry.header, geometry.source, simulated=simulated)
    return found


def _files(files: Mapping[str, tuple[Path, str]], role: str) -> Named:
    """Paths and names of one role: one file, or those with numbers behind the role."""
    keys = [key for key in files if key == role or key.rpartition(".")[0] == role]
    return [files[key][0] for key in keys], [files[key][1] for key in keys]


def _all_images(paths: Sequence[Path], sources: Sequence[str]) -> bool:
    """Whether these are images; UserError where some are and some are not."""
    kinds = [is_image(path, source) for path, source in zip(paths, sources, strict=True)]
    if len(set(kinds)) > 1:
        one, other = sources[kinds.index(True)], sources[kinds.index(False)]
        raise UserError(other, f"this is a pattern, {one} an image", "make measurements of their own of them")
    return kinds[0]


# --- images ---------------------------------------------------------------------------------------


def _images(
    named: Mapping[str, Named],
    pictures: Mapping[str, bool],
    files: Mapping[str, tuple[Path, str]],
    wavelength_ang: float | None,
    dataset: str,
    frame_z: float | None,
) -> ScatteringIngested:
    for role, (_, sources) in named.items():
        if not pictures[role]:
            raise UserError(sources[0], f"the sample is an image, and this {role} is text", f"give an image as {role}")
    if "poni" not in files:
        raise UserError(f"{named['sample'][1][0]}: ingest.poni", "an image needs its geometry", "name the PONI file")
    geometry = read_poni(*files["poni"])
    images = []
    for role, (paths, sources) in named.items():
        z = frame_z if role not in ("mask", "flat") else None
        own = dataset if role == "sample" or paths[0].suffix in (".h5", ".nxs", ".hdf5") else ""
        images.append(read_image(paths, sources, role, dataset=own, z=z))
    first = images[0]
    for image in images:
        _check_shape(image, first)
    _check_against_geometry(first, geometry)
    wavelength, notes = _wavelength(geometry, wavelength_ang)
    if any(image.role == "mask" for image in images):
        images = [_as_mask(image) if image.role == "mask" else image for image in images]
        notes = (*notes, f"mask, {FLAG_WORD}")
    return ScatteringIngested(tuple(images), (geometry,), (), wavelength, notes)


def _check_shape(image: ScatteringImage, first: ScatteringImage) -> None:
    if image.pixels.shape != first.pixels.shape:
        (r, c), (rows, columns) = image.pixels.shape, first.pixels.shape
        what = f"{image.role} of {r} rows x {c} columns, the sample of {rows} x {columns}"
        raise UserError(image.source, what, "give images of the same detector, binned alike")


def _check_against_geometry(image: ScatteringImage, geometry: DetectorGeometry) -> None:
    shape = geometry.detector_config.get("max_shape")
    if shape is not None and tuple(shape) != image.pixels.shape:
        rows, columns = image.pixels.shape
        what = f"an image of {rows} rows x {columns} columns; {geometry.source} is of {shape[0]} x {shape[1]}"
        raise UserError(image.source, what, "give the PONI file of this detector; calibrate binned images as such")


def _wavelength(geometry: DetectorGeometry, said: float | None) -> tuple[float, tuple[Note, ...]]:
    if said is None:
        if np.isnan(geometry.wavelength_ang):
            what = "nothing says the wavelength: it is not in the PONI file"
            raise UserError(geometry.source, what, "give ingest.wavelength_ang")
        return geometry.wavelength_ang, ()
    if abs(geometry.wavelength_ang - said) > 1e-3 * said:
        words = f"the study says {said:g} A, {geometry.source} {geometry.wavelength_ang:g} A"
        return said, (f"wavelength: {words}: the study's counts",)
    return said, ()


def _as_mask(image: ScatteringImage) -> ScatteringImage:
    """The mask as 0 and 1; refused where it hides next to nothing of what it should, or all."""
    masked = (image.pixels > 0).astype(np.uint8)
    share = float(masked.mean())
    if share > 0.9:
        what = f"{share:.1%} of the pixels are masked"
        raise UserError(image.source, what, f"is the mask the other way round? Here {FLAG_WORD}")
    notes = (*image.notes, f"{share:.2%} of the pixels are masked")
    return ScatteringImage(**{**vars(image), "pixels": masked, "notes": notes})


# --- patterns -------------------------------------------------------------------------------------


def _patterns(
    named: Mapping[str, Named],
    pictures: Mapping[str, bool],
    files: Mapping[str, tuple[Path, str]],
    spec: PatternSpec,
) -> ScatteringIngested:
    for role in (*OF_DETECTOR, "poni"):
        if role in named or role in files:
            source = files[role][1] if role in files else named[role][1][0]
            what = f"{named['sample'][1][0]} is text, so a pattern is looked for, and this belongs to images"
            raise UserError(f"{source}: ingest.{role}", what, "name the image of the sample, or take this out")
    for role, (_, sources) in named.items():
        if pictures[role]:
            raise UserError(sources[0], f"the sample is a pattern, and this {role} an image", "give it as a pattern")
    found: list[ScatteringPattern] = []
    for role, (paths, sources) in named.items():
        found += [read_pattern(path, source, role, spec) for path, source in zip(paths, sources, strict=True)]
    waves = [one.wavelength_ang for one in found if not np.isnan(one.wavelength_ang)]
    for one in found:
        if not np.isnan(one.wavelength_ang) and abs(one.wavelength_ang - waves[0]) > 1e-3 * waves[0]:
            what = f"wavelength {one.wavelength_ang:g} A, that of the others {waves[0]:g} A"
            raise UserError(one.source, what, "measure sample and container at one wavelength, or correct the headers")
    return ScatteringIngested((), (), tuple(found), waves[0] if waves else float("nan"), ())
