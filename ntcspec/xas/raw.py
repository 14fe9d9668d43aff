"""`ingest` for X-ray absorption: raw files to scans whose rows and roles were checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from ntcspec.readers import read_scans
from ntcspec.readers.columns import ColumnSpec
from ntcspec.readers.simulated import refuse_hidden
from ntcspec.types.xas import XasScans
from ntcspec.xas.ingest import ingest


def ingest_files(
    paths: Sequence[Path],
    sources: Sequence[str],
    *,
    element: str,
    edge: str,
    edge_energy_ev: float,
    bad_rows: Literal["refuse", "drop"],
    columns: Mapping[str, Any] | None,
    simulated: bool = False,
    select: str = "",
) -> XasScans:
    """Read the raw files of one measurement in the order of the study.

    paths: where to open each file; sources: its name in the study, which messages and the store use.
    columns: roles given by the user (ntcspec.config.exafs.Columns), or None.
    simulated: whether the study calls the sample simulated; a file that says so of itself must not pass for measured.
    select: which scan of a file that holds several, 'a|b' or '*' for several repeat scans, '' if there is no choice.
    Raises UserError for whatever keeps a file from being read as absorption of this edge.
    """
    spec = None
    if columns is not None:
        spec = ColumnSpec(**{**columns, "fluorescence": tuple(columns["fluorescence"])})
    pairs = zip(paths, sources, strict=True)
    scans = [scan for path, source in pairs for scan in read_scans(path, source, spec, select)]
    for scan in scans:
        refuse_hidden(scan.header, scan.source, simulated=simulated)
    return ingest(scans, element=element, edge=edge, edge_energy_ev=edge_energy_ev, bad_rows=bad_rows)
