"""First and last line of a job's log: when it ran, on which machine, for whom, for which key; what it wrote.

These stand in logs, and in the crate that is made from them, and nowhere else: artifacts hold neither time nor name.
"""

from __future__ import annotations

import getpass
import json
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

STARTED, ENDED = "started ", "ended "


@dataclass(frozen=True)
class Ran:
    """When and where a job ran. Times are ISO 8601, in UTC, to the millisecond; key: of the job's artifacts.

    wrote: sha256 of what it wrote, by path from the study's root; empty where it failed, or is not known.
    """

    start: str
    end: str
    host: str
    user: str
    key: str
    wrote: Mapping[str, str] = field(default_factory=dict)


def now() -> str:
    """This moment: 2026-03-01T12:00:00.000+00:00."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def started(key: str) -> str:
    """The first line of a log."""
    facts = {"time": now(), "host": platform.node(), "user": _user(), "key": key}
    return STARTED + json.dumps(facts, ensure_ascii=False)


def ended(wrote: Mapping[str, str]) -> str:
    """The last line of a log; wrote: as in `Ran`."""
    return ENDED + json.dumps({"time": now(), "wrote": dict(wrote)}, ensure_ascii=False)


def read(log: Path) -> Ran | None:
    """When the job of a log ran; None where the log is missing or lacks its first or last line."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        first, last = lines[0], lines[-1]
        if not (first.startswith(STARTED) and last.startswith(ENDED)):
            return None
        begun, over = json.loads(first.removeprefix(STARTED)), json.loads(last.removeprefix(ENDED))
        times = [datetime.fromisoformat(one["time"]) for one in (begun, over)]
        if times[0] > times[1]:
            return None  # the clock was set back: when the job ran is not known
        wrote = {str(path): str(digest) for path, digest in over.get("wrote", {}).items()}
        return Ran(begun["time"], over["time"], str(begun["host"]), str(begun["user"]), str(begun["key"]), wrote)
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError):
        return None


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container may run for a user that has no name
        return f"user {os.getuid()}"
