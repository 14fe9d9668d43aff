"""Jobs that do what jobs should not, for tests of the worker."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

STATE: list[int] = []


def surroundings(params: Any, inputs: Any, outputs: list[str], log: str) -> None:
    """Where the job finds itself."""
    os.umask(umask := os.umask(0))
    found = {
        "cwd": str(Path.cwd()),
        "umask": umask,
        "environment": dict(os.environ),
        "files": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        "processors": sorted(os.sched_getaffinity(0)),
        "pid": os.getpid(),
    }
    Path(outputs[0]).write_text(json.dumps(found))
    print("to stdout")
    print("to stderr", file=sys.stderr)


def end(params: Any, inputs: Any, outputs: Any, log: str) -> None:
    """End in the way that params name."""
    how = params["how"]
    if how == "exit":
        sys.exit(params["code"])
    if how == "_exit":
        os._exit(params["code"])
    if how == "signal":
        os.kill(os.getpid(), params["code"])
    if how == "raise":
        raise RuntimeError("a defect")
    if how == "memory":
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
        bytearray(4 << 30)


def wait(params: Any, inputs: Any, outputs: list[str], log: str) -> None:
    """Start a process of its own, say so, and go on for long; the first time only."""
    if Path(outputs[0]).exists():
        return
    sleeper = subprocess.Popen(["sleep", "600"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    Path(outputs[0]).write_text(f"{os.getpid()} {sleeper.pid}")
    time.sleep(600)


def hold(params: Any, inputs: Any, outputs: Any, log: str) -> None:
    """Hold so many bytes for a moment."""
    bytearray(b"x") * params["bytes"]


def warn(params: Any, inputs: Any, outputs: list[str], log: str) -> None:
    """The same warning each time, through the log of a job."""
    from ntcspec.stage import job

    with job(log):
        warnings.warn("again", RuntimeWarning, stacklevel=1)


ENDS: dict[str, tuple[dict[str, Any], int]] = {
    "success": ({"how": "exit", "code": 0}, 0),
    "failure": ({"how": "exit", "code": 3}, 3),
    "silent": ({"how": "_exit", "code": 139}, 139),
    "crash": ({"how": "signal", "code": int(signal.SIGSEGV)}, -int(signal.SIGSEGV)),
    "killed": ({"how": "signal", "code": int(signal.SIGKILL)}, -int(signal.SIGKILL)),
    "defect": ({"how": "raise"}, 1),
    "memory": ({"how": "memory"}, 1),
}
