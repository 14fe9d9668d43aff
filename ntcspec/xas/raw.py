"""`ingest` for X-ray absorption: raw files to scans whose rows and roles were checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from ntcspec.readers import read_xas
from ntcspec.readers.columns import ColumnSpec
from ntcspec.types import XasScans
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
) -> XasScans:
    """Read the raw files of one measurement in the order of the study.

    paths: where to open each file; sources: its name in the study, which messages and the store use.
    columns: roles given by the user (ntcspec.config.exafs.Columns), or None.
    Raises UserError for whatever keeps a file from being read as absorption of this edge.
    """
    spec = None
    if columns is not None:
        spec = ColumnSpec(**{**columns, "fluorescence": tuple(columns["fluorescence"])})
    scans = [read_xas(path, source, spec) for path, source in zip(paths, sources, strict=True)]
    return ingest(scans, element=element, edge=edge, edge_energy_ev=edge_energy_ev, bad_rows=bad_rows)
