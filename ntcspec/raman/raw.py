"""Stage `ingest` of the technique raman: the raw files of a measurement, and those that calibrate its axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ntcspec.readers.raman import RamanSpec, read_raman
from ntcspec.readers.simulated import refuse_hidden
from ntcspec.types.raman import RamanIngested, RamanScan


def ingest_raman(
    paths: Sequence[Path],
    sources: Sequence[str],
    *,
    files: Mapping[str, tuple[Path, str]],
    laser_nm: float | None = None,
    axis_unit: str | None = None,
    exposure_s: float | None = None,
    accumulations: float | None = None,
    silicon: str | None = None,
    neon: str | None = None,
    simulated: bool = False,
) -> RamanIngested:
    """Read the raw files of one measurement in the order of the study.

    paths: where to open each file; sources: its name in the study. files: path and name of the spectra of silicon and
    neon, where the study names them. laser_nm .. accumulations: what the study says of all of them; of the calibration
    files exposure and accumulations are those of their own headers. simulated: whether the study calls the sample so.
    Raises UserError for whatever keeps a file from being read as a Raman spectrum.
    """
    spec = RamanSpec(laser_nm=laser_nm, axis_unit=axis_unit, exposure_s=exposure_s, accumulations=accumulations)
    scans = tuple(read_raman(path, source, spec) for path, source in zip(paths, sources, strict=True))
    beside = RamanSpec(laser_nm=laser_nm, axis_unit=axis_unit)
    found: dict[str, tuple[RamanScan, ...]] = {
        name: (read_raman(*files[name], beside),) for name in ("silicon", "neon") if name in files
    }
    for scan in (*scans, *(one for some in found.values() for one in some)):
        refuse_hidden(scan.header, scan.source, simulated=simulated)
    return RamanIngested(scans, found.get("silicon", ()), found.get("neon", ()))
