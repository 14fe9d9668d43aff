"""Stage `ingest` of the technique nmr: the raw files of a measurement, and that of the reference compound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ntcspec.errors import UserError, did_you_mean
from ntcspec.readers.nmr import NmrSpec, read_nmr
from ntcspec.readers.nmr.nuclei import XI_PERCENT, nucleus_of
from ntcspec.readers.simulated import refuse_hidden
from ntcspec.types.nmr import NmrFid, NmrIngested, NmrSpectrum


def ingest_nmr(
    paths: Sequence[Path],
    sources: Sequence[str],
    *,
    files: Mapping[str, tuple[Path, str]] | None = None,
    nucleus: str | None = None,
    spinning_hz: float | None = None,
    trace: int | None = None,
    standard: str | None = None,
    simulated: bool = False,
) -> NmrIngested:
    """Read the raw files of one measurement in the order of the study.

    paths: where to open each file, the directory or its main file; sources: its name in the study. files: path and name
    of the measurement of the reference compound as `standard`, where the study names one. nucleus .. trace: what the
    study says of the measurement. simulated: whether the study calls the sample so.
    Raises UserError for whatever keeps a file from being read, and where nobody says which nucleus it is.
    """
    spec = NmrSpec(nucleus=nucleus, spinning_hz=spinning_hz, trace=trace)
    found = [_with_nucleus(read_nmr(path, source, spec), nucleus) for path, source in zip(paths, sources, strict=True)]
    beside: list[NmrFid | NmrSpectrum] = []
    if files and "standard" in files:
        beside = [read_nmr(*files["standard"])]
    for one in [*found, *beside]:
        refuse_hidden(one.header, one.source, simulated=simulated)
    for one in beside:
        if not isinstance(one, NmrFid):
            fix = "name the raw directory of the reference compound"
            raise UserError(one.source, "the standard is a processed spectrum: its frequencies were set already", fix)
        if abs(one.carrier_mhz / _frequency(found[0]) - 1.0) > 0.01:
            what = (
                f"the standard was measured at {one.carrier_mhz:.3f} MHz, the sample at {_frequency(found[0]):.3f} MHz"
            )
            raise UserError(one.source, what, "name a measurement of the same nucleus in the same field")
    fids = tuple(one for one in found if isinstance(one, NmrFid))
    spectra = tuple(one for one in found if isinstance(one, NmrSpectrum))
    return NmrIngested(fids, spectra, tuple(one for one in beside if isinstance(one, NmrFid)))


def _frequency(one: NmrFid | NmrSpectrum) -> float:
    return one.carrier_mhz if isinstance(one, NmrFid) else one.observe_mhz


def _with_nucleus(one: NmrFid | NmrSpectrum, given: str | None) -> NmrFid | NmrSpectrum:
    """The same, its nucleus known."""
    where = f"{one.source}: ingest.nucleus"
    name = nucleus_of(given) if given else one.nucleus
    if not name and given:
        raise UserError(where, f"{given!r} names no nucleus", "write it as 23Na")
    if not name:
        raise UserError(where, "the file does not say which nucleus it is", "say it: `ingest: {nucleus: 23Na}`")
    if name not in XI_PERCENT:
        raise UserError(where, f"{name!r} is no nucleus that is known{did_you_mean(name, XI_PERCENT)}", "mend it")
    if one.nucleus and one.nucleus != name:
        raise UserError(where, f"the study says {name}, the file {one.nucleus}", "is it the right file?")
    return replace(one, nucleus=name)
