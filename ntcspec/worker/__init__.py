"""A warm worker: one process a node that has the libraries imported, and forks a child for each job.

A job of milliseconds would otherwise pay an interpreter and its imports (larch alone 1 s of processor time).

    with warm(modules) as environment: ...      what is started with `environment` hands its jobs over
    ntcspec worker -- COMMAND                   the same round any command: plain Snakemake, a batch script
    python -m ntcspec.worker --beside PID       the same as long as a process lives, such as a batch script

A rule hands a job over by its key, through `workflow/scripts/job.py`, which imports nothing of ours:

    book      Snakemake's `onstart` writes every job of the plan into .ntcspec/books/*.sqlite, by key (`book`).
    hand over The script connects to the socket that the variable NTCSPEC_WORKER names and sends book, key, working
              folder, umask, environment, and its own standard streams (`server`).
    child     The child takes these over, and the script's limits, nice value and processors; then it does the job as a
              process of its own would (`child`). It ends with the job: nothing passes from one job to the next.
    answer    The script ends as the child ended: the same exit code, or the same signal.

Without a worker, or where it is lost, the script becomes `python -m ntcspec.worker BOOK KEY`, which does the job in
place. A child that crashes takes its own job alone. If the script dies (Snakemake kills a job), its child is killed; if
the worker dies, the kernel kills its children first. Whoever started the worker holds a pipe to it: the worker ends
with them.

On a cluster start it inside the allocation (`ntcspec worker -- snakemake ...` in the batch script), never on the login
node: the socket lies in a folder of this node that the user alone can enter, and children stay in the cgroup of the
worker.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

VARIABLE = "NTCSPEC_WORKER"
LONGEST = 100  # bytes: a socket's path may have 107
SERVE = (sys.executable, "-P", "-m", "ntcspec.worker", "--serve")
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@contextlib.contextmanager
def warm(modules: Iterable[str] = (), log: Path | None = None) -> Iterator[dict[str, str]]:
    """A worker with everything imported that `modules` (none: all stages) reach; yields the environment to use.

    It is loaded while the caller goes on. Its own words, should it have any, go to `log`. Where no folder for the
    socket can be had, the environment names no worker, and jobs are done in place.
    """
    environment = {**os.environ, **ONE_THREAD}
    environment.pop(VARIABLE, None)
    folder = _private_folder()
    if folder is None:
        yield environment
        return
    address = folder / "socket"
    try:
        process = _start(address, modules, log, environment)
        try:
            yield {**environment, VARIABLE: str(address)}
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def beside(pid: int, modules: Iterable[str] = ()) -> None:
    """Start a worker that ends with the process `pid`, print its address, and return at once (in a shell: `$(...)`)."""
    watch = os.pidfd_open(pid)
    if os.fork():
        return
    os.setsid()
    with warm(modules) as environment:
        print(environment.get(VARIABLE, ""), flush=True)
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nothing, stream)
        select.select([watch], [], [])


def _start(
    address: Path, modules: Iterable[str], log: Path | None, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """Start the worker with a socket that already listens, so that no job comes too early."""
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener,
        (log or Path(os.devnull)).open("ab") as words,
    ):
        listener.bind(str(address))
        listener.listen(128)
        return subprocess.Popen(
            [*SERVE, str(listener.fileno()), str(address), *sorted(set(modules))],
            stdin=subprocess.PIPE,
            stdout=words,
            stderr=words,
            env=environment,
            pass_fds=[listener.fileno()],
            start_new_session=True,
        )


def _private_folder() -> Path | None:
    """A new folder that the user alone can enter, with a path short enough for a socket."""
    for place in (tempfile.gettempdir(), "/tmp"):
        if len(os.fsencode(place)) < LONGEST - 30:
            with contextlib.suppress(OSError):
                return Path(tempfile.mkdtemp(prefix="ntcspec-", dir=place))
    return None
