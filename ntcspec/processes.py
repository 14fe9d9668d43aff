"""A process that ends with the one that started it."""

from __future__ import annotations

import ctypes
import signal

PR_SET_PDEATHSIG = 1
_prctl = getattr(ctypes.CDLL(None, use_errno=True), "prctl", None)  # looked up here, and not between fork and exec


def end_with_parent() -> None:
    """Have the kernel kill this process when its parent is gone, however that came; `preexec_fn` of subprocess.

    Linux alone knows this; elsewhere it does nothing. It does not pass on to processes that this one starts.
    """
    if _prctl is not None:
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
