"""What an audit of a study found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

MISSING, UNREADABLE, BYTES, RECORD, STUDY, CODE, TABLE, SUMS_FILE, CRATE = KINDS = (
    *("missing", "unreadable", "bytes", "record", "study", "code", "table", "sums", "crate"),
)


@dataclass(frozen=True)
class Finding:
    """One thing that is not as recorded.

    path: the file, from the study's root. kind: missing, unreadable, bytes (changed), record (contradicts itself or
    another), study (config asks for something else), code (made by another version), table (another number than in the
    files it was made from), sums (results/SHA256SUMS), crate. what: in words. also: other files of the same job of
    which the same holds.
    """

    path: str
    kind: str
    what: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """The audit of a study, or of one artifact and its family.

    follows: by the path of a finding, the artifacts that were made from it. notes: what is worth knowing and wrong in
    no way.
    """

    study: str
    artifacts: int
    raw_files: int
    findings: tuple[Finding, ...]
    follows: dict[str, tuple[str, ...]]
    notes: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """0 as recorded, 1 something is not, 2 something could not be read, and nothing else was found."""
        if not self.findings:
            return 0
        return 2 if all(f.kind == UNREADABLE for f in self.findings) else 1


def distinct(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each finding once, in the order in which they were made."""
    return tuple(dict.fromkeys(findings))
