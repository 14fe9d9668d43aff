"""Import everything that stages import, also inside their functions, so that a forked child has it."""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Callable, Iterable
from importlib import import_module

from ntcspec.provenance import code_of, imports_of
from ntcspec.techniques import FRAMES, SERIES, STAGES
from ntcspec.worker.book import STAGE, STUDY


def all_modules() -> list[str]:
    """Where every kind of job starts."""
    stages = (module for chain in (*STAGES.values(), *FRAMES.values()) for stage in chain for module in stage.modules)
    series = (module for kind in SERIES.values() for module in kind.modules)
    functions = (function.partition(":")[0] for function in (STAGE, *STUDY.values()))
    return sorted({*stages, *series, *functions})


def preload(modules: Iterable[str], wanted: Callable[[], bool] = lambda: True) -> None:
    """Import what `modules` reach, as long as it is wanted.

    What cannot be imported is left: the job that needs it says so, in its log.
    """
    ours = code_of(*modules)[0]
    for name in sorted({*ours, *(one for module in ours for one in imports_of(module))}):
        if name not in sys.modules and wanted():
            with contextlib.suppress(Exception):
                import_module(name)
    gc.collect()
    gc.freeze()  # a collection in a child would write to every page that it shares with the others
