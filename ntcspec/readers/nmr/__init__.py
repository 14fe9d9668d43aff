"""Raw formats of NMR: each module has NAME, recognise() and read(). A format is told by content.

Decays: Spinsight (Chemagnetics, Varian Infinity Plus), Varian and Agilent, Bruker. Spectra: Bruker 1r, JCAMP-DX.
Formats that are directories are named by the directory or its main file (`ntcspec.companions`).

Not read: two-dimensional and arrayed sets as such (one decay of an array can be picked), Tecmag, JEOL, CSDM.
"""

from __future__ import annotations

import math
from pathlib import Path

from ntcspec.companions import MAIN, main_file
from ntcspec.errors import UserError
from ntcspec.readers.nmr import bruker, jcampdx, spinsight, varian
from ntcspec.readers.nmr.parts import Folder, NmrSpec
from ntcspec.readers.text import read_bytes, text_file
from ntcspec.types.nmr import NmrFid, NmrSpectrum

__all__ = ["DIRECTORIES", "NmrSpec", "describe_nmr", "is_nmr", "read_nmr"]

DIRECTORIES = (bruker, varian, spinsight)
KNOWN = "known are the directories of Spinsight, Varian and Bruker, and JCAMP-DX spectra"
BESIDE = {
    "data": "acq, acq_2 and proc stand beside `data` in a directory of Spinsight",
    "fid": "procpar (Varian) or acqus (Bruker) stands beside `fid`",
    "1r": "procs stands beside `1r`",
    "ser": "`ser` holds two dimensions; only one-dimensional sets are read",
}


def read_nmr(path: Path, source: str, spec: NmrSpec | None = None) -> NmrFid | NmrSpectrum:
    """Read a raw NMR measurement.

    Parameters
    ----------
    path : the directory or its main file, or a JCAMP-DX file
    source : its name as the study gives it, for errors and for the record
    spec : what the study says about it; it wins over the file

    Raises
    ------
    UserError
        What is wrong with it, where, and what would help.
    """
    path, source = _main(path, source)
    folder = Folder(path, source)
    for reader in DIRECTORIES:
        evidence = reader.recognise(folder)
        if evidence:
            return reader.read(folder, evidence, spec)
    if path.name in BESIDE:
        raise UserError(source, "nothing beside it tells what it is", BESIDE[path.name])
    try:
        file = text_file(read_bytes(path, source), source)
    except UserError as problem:
        raise UserError(source, f"this is no NMR measurement in a known format ({problem.what})", KNOWN) from None
    evidence = jcampdx.recognise(file)
    if not evidence:
        raise UserError(source, "this is no NMR measurement in a known format", KNOWN)
    return jcampdx.read(file, evidence)


def is_nmr(path: Path, source: str) -> bool:
    """Whether the content says that this is an NMR measurement, readable or not."""
    try:
        path, source = _main(path, source)
        if any(reader.recognise(Folder(path, source)) for reader in DIRECTORIES):
            return True
        return bool(jcampdx.recognise(text_file(read_bytes(path, source), source)))
    except UserError:
        return False


def describe_nmr(path: Path, source: str) -> list[str]:
    """How a raw measurement would be read, and why: what `show` prints."""
    one = read_nmr(path, source)
    lines = [f"file      {one.source}", f"format    {one.format}: {one.format_evidence}"]
    lines += [f"read      {', '.join(one.files)}", f"nucleus   {one.nucleus or 'not named in the file'}"]
    if isinstance(one, NmrFid):
        lines += [
            f"decay     {one.time_s.size} complex points, dwell {1e6 * one.dwell_s:.6g} us",
            f"width     {one.width_hz:.6g} Hz",
            f"carrier   {one.carrier_mhz:.7f} MHz",
            f"points    {one.orientation}; group delay {one.group_delay_points:g} points",
        ]
    else:
        shift = one.offset_hz / one.zero_mhz
        span = f"{shift[0]:.2f} to {shift[-1]:.2f} ppm" if math.isfinite(one.zero_mhz) else "no zero of shift"
        lines += [f"spectrum  {one.offset_hz.size} points, {span}"]
    zero = f"{one.zero_mhz:.7f} MHz: " if math.isfinite(one.zero_mhz) else "not known: "
    lines += [f"shift 0   {zero}{one.zero_evidence}"]
    spinning = f"{one.spinning_hz:g} Hz" if math.isfinite(one.spinning_hz) else "not known"
    lines += [f"spinning  {spinning}", f"sequence  {one.pulse_program or 'not named'}, {one.scans:g} transients"]
    return lines + [f"note      {note}" for note in one.notes]


def _main(path: Path, source: str) -> tuple[Path, str]:
    """The main file of a directory, and its name in the study."""
    found = main_file(path)
    if found is None:
        empty = not any(path.iterdir())
        what = "this folder is empty" if empty else f"this folder holds no NMR data ({', '.join(MAIN)})"
        raise UserError(source, what, "name the directory of one measurement; " + KNOWN)
    return found, source if found == path else f"{source.rstrip('/')}/{found.name}"
