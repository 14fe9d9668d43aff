"""How far a long loop has come: told to whoever listens, to nobody otherwise.

    for i in steps(10_000, "fits of a1g"):     in the loop; costs nothing measurable
    with listening(tell):                      round it; tell(what, done, total, seconds_left)

Loops that end within `FIRST_S` say nothing.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar

Tell = Callable[[str, int, int, float], None]
FIRST_S, EVERY_S = 2.0, 1.0
_listener: ContextVar[Tell | None] = ContextVar("listener", default=None)


@contextlib.contextmanager
def listening(tell: Tell) -> Iterator[None]:
    """Within this context `tell` hears of every loop."""
    token = _listener.set(tell)
    try:
        yield
    finally:
        _listener.reset(token)


def steps(total: int, what: str) -> Iterator[int]:
    """0 .. total - 1, as range; `what` names the loop."""
    tell = _listener.get()
    start = time.monotonic()
    due = start + FIRST_S
    for i in range(total):
        yield i
        now = time.monotonic()
        if tell and now >= due:
            due = now + EVERY_S
            tell(what, i + 1, total, (now - start) / (i + 1) * (total - i - 1))
