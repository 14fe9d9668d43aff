"""Raw files of the demo study say what they are in their header; a study must say it too."""

from __future__ import annotations

from ntcspec.errors import UserError

SIMULATED = "SIMULATED by ntcspec demo"  # stands in the header of every raw file of the demo study


def refuse_hidden(header: str, source: str, *, simulated: bool) -> None:
    """Raises UserError where a file says that it is simulated and the study does not."""
    if SIMULATED in header and not simulated:
        fix = "add `simulated: true` to the sample, so that everything made from it says so"
        raise UserError(source, f"its header says {SIMULATED!r}, the study does not", fix)
