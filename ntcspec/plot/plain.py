"""Text of panels without a page to stand on; standard library only."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ntcspec.plot.data import PanelData

# Control, surrogate, unassigned and private characters: XML and fonts have no place for them.
_NOT_ON_PAPER = {"Cc", "Cs", "Cn", "Co"}


def clean(text: str) -> str:
    """One line: white space (but no-break spaces) becomes single blanks, what cannot be drawn is left out."""
    kept = "".join(c if c.isspace() or unicodedata.category(c) not in _NOT_ON_PAPER else "" for c in text)
    return re.sub(r"[^\S\u00a0]+", " ", kept).strip()


def describe(data: PanelData) -> str:
    """One line for people who do not see the figure: 'SIMULATED exafs.chi_k: Ta foil, K2PtCl6'."""
    labels = [m.label for m in data.maps] or [s.label for s in data.series if s.label]
    words = f"{data.kind}: {', '.join(labels) or 'nothing to draw'}"
    return clean(f"SIMULATED {words}" if data.simulated else words)
