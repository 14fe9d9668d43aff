"""CLS SXRMB (06B1-1) before Acquaman (to about 2013): text files of the "dacq" library, see ntcspec.readers.dacq.

    # CLS Data Acquisition
    #(1) "Event-ID" "BL1606-B1-1:Energy" "BL1606-B1-1:Energy:fbk" ...   process variable of each column
    #(1) "Event-ID" "Energy Setting" "$(EnergyFeedback)" "I0" "TEY" ... label of each column
    1, 2810.000, 2810.03, ...

A detector's role comes from its label; only where the label is a macro, from its process variable, by the names that
Acquaman's SXRMBBeamline.cpp later gave the channels of the scaler BL1606-B1-1:mcs (16: I0 of the beamline, 17: I0,
18: TEY). Columns of a fluorescence detector have no name that is known: the study says which they are.

No measured file was found in public. That the files have the header of HXMA with BL1606-B1-1 in it is what Demeter's
plug-in "the HXMA and SXRMB beamlines at the CLS" goes by; all else is tested on files made to that layout.
"""

from __future__ import annotations

import re

from ntcspec.readers import dacq
from ntcspec.readers.build import Draft, build_scan, unique_names
from ntcspec.readers.dacq import ColumnLabel
from ntcspec.readers.roles import NAMES, ColumnSpec
from ntcspec.readers.text import TextFile
from ntcspec.types.xas import XasScan

NAME = "sxrmb-dacq"
_ENERGY = re.compile(r"BL1606-B1-?1:(?:AddOns:)?Energy\b")
SCALERS = {"mcs16": "i0", "mcs17": "i0", "mcs18": "tey"}


def recognise(file: TextFile) -> str:
    """The dacq line and the first line of columns, quoted; '' unless both are there and speak of SXRMB."""
    first, columns = dacq.recognise(file, _ENERGY)
    return f"{file.quote(first)}; {file.quote(columns)}" if first and columns else ""


def read(file: TextFile, evidence: str, spec: ColumnSpec | None = None) -> XasScan:
    """Read an SXRMB file of the dacq library.

    Raises
    ------
    UserError
        Labels and rows contradict each other, or no column has a known role.
    """
    header_end, labels, table, notes = dacq.read_event_1(file)
    roles, energy_note = dacq.find_roles(file, labels, _detector, spec)
    by_scaler = [label.pv for label in labels if label.is_macro and _detector(label)]
    if by_scaler:
        names = ", ".join(by_scaler)
        notes = (*notes, f"detectors by the scaler's channels as Acquaman names them: {names}; labels are not expanded")
    seconds, darks, dark_notes = dacq.background(file, header_end)
    if seconds and any(darks):
        dark_notes = ("dark counts were not subtracted: the file does not say which detectors they belong to",)
    draft = Draft(
        file=file,
        format=NAME,
        evidence=evidence,
        header_end=header_end,
        table=table,
        names=unique_names([label.name for label in labels]),
        units=tuple("eV" if dacq.energy_rank(label) < len(dacq.ENERGIES) else "" for label in labels),
        roles=roles,
        notes=(*notes, *energy_note, *dark_notes),
    )
    return build_scan(draft, spec)


def _detector(label: ColumnLabel) -> str:
    if label.is_macro:
        return next((role for scaler, role in SCALERS.items() if f":{scaler}:" in label.pv), "")
    folded = label.label.casefold().removeprefix("beamline ")
    return next((role for role, known in NAMES.items() if folded in known), "")
