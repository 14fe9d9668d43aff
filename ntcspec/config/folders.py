"""Names of samples and measurements as names of folders: safe on every disc, and the same on every machine.

Letters of any script, digits, '.', '_', '+' and '-' stay; accents go (Unicode's compatibility decomposition, so that
'TaCl₅' is 'TaCl5'); everything else becomes '_'. No name begins or ends with a dot. Names that Windows keeps for
devices get '_' before them, and so do samples that are called like something else in results/. Different names may
give one folder, or folders that differ in small and capital letters alone: the study is told so.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST = 100  # bytes: names of files on most discs have at most 255, with what is put before and behind
_REPEATS = re.compile(r"(.+?)\1{9,}")  # Snakemake takes a name like that for an endless recursion
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
_TAKEN = re.compile(
    r"(logs|panels|series|study|figures|sha256sums)$|(?!_).*\.(csv|nxs|json|html|png|pdf|svg)$", re.IGNORECASE
)
LAST_GOOD = "last-good"  # a folder beside artifacts of a stage that failed
_LINES = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]")


def slug(name: str) -> str:
    """A name as a folder; never empty."""
    plain = unicodedata.normalize("NFKD", name)
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    folder = re.sub(r"[^\w.+-]+", "_", plain).strip(".") or "_"
    return f"_{folder}" if _DEVICES.match(folder) or folder.casefold() == LAST_GOOD else folder


def sample_folder(name: str) -> str:
    """The folder of a sample in results/, where other things have theirs."""
    folder = slug(name)
    return f"_{folder}" if _TAKEN.match(folder) else folder


def fits(folder: str) -> bool:
    """Whether a folder can have this name."""
    return len(folder.encode()) <= LONGEST and not _REPEATS.search(folder)


def file_name(name: str) -> str:
    """A name that becomes that of a file as it stands. Raises ValueError where no file should have it."""
    if not fits(name):
        raise ValueError("is too long, or repeats itself too often, for the name of a file: shorten it")
    if _DEVICES.match(name):
        raise ValueError("is a name that Windows keeps for a device: choose another one")
    return name


def wrong_name(name: str) -> str:
    """Why tables and figures cannot have this name; '' if they can."""
    if not name.strip():
        return "this name is empty"
    return f"the name {name!r} holds a line break or the like" if _LINES.search(name) else ""
