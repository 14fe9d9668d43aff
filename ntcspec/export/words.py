"""Words of the user on their way into a file of another program."""

from __future__ import annotations

import unicodedata

REPLACEMENT = "\ufffd"  # Unicode's sign for what cannot be shown


def one_line(text: str) -> str:
    """On one line, runs of blanks as one. Control characters and lone surrogates, which no text holds, are replaced."""
    line = " ".join(str(text).split())
    return "".join(REPLACEMENT if unicodedata.category(c) in ("Cc", "Cs") else c for c in line)
