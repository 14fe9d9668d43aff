"""What a forked child does: take over the place of the process that hands a job over, do the job, wait for the next."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path

from ntcspec.errors import UserError
from ntcspec.processes import end_with_parent
from ntcspec.worker.book import do
from ntcspec.worker.wire import ANSWER, receive

MOST_KB = 1_000_000  # a child that ever held more than 1 GB ends with its job


@dataclass(frozen=True)
class Request:
    """What a script hands over with its standard streams: the job, and where it stands itself."""

    book: Path
    key: str
    folder: bytes
    umask: int
    environment: dict[bytes, bytes]


def parse(message: bytes) -> Request:
    """Take a message of workflow/scripts/job.py apart. Raises ValueError where it is none."""
    book, key, folder, umask, *rest = message.split(b"\0")
    pairs = (item.partition(b"=") for item in rest)
    return Request(Path(os.fsdecode(book)), key.decode(), folder, int(umask), {n: v for n, _, v in pairs})


def work(channel: socket.socket, parent: int) -> None:
    """Do jobs from the channel, one after the other, until one fails or the channel closes; never returns.

    With each come the script's streams and its connection, held as long as the job runs: the connection ends for the
    script only when the worker and this child are both gone, so that no job is done twice at a time.
    """
    end_with_parent()
    code = 0
    try:
        os.setpgid(0, 0)  # so that whatever a job starts can be killed with it
        signal.signal(signal.SIGINT, signal.default_int_handler)
        nothing = os.open(os.devnull, os.O_RDWR)
        while code == 0 and os.getppid() == parent:
            message, descriptors = receive(channel)
            _streams(descriptors[:3])
            code = run(parse(message))
            _streams([nothing] * 3)
            for descriptor in descriptors:
                os.close(descriptor)
            last = code or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > MOST_KB
            channel.sendall(ANSWER.pack(code))
            if last:
                break
    except EOFError:
        pass
    finally:
        os._exit(0)


def run(request: Request) -> int:
    """Do a job as the script itself would; returns its exit code."""
    os.chdir(request.folder)
    os.umask(request.umask)
    if dict(os.environb) != request.environment:
        os.environb.clear()
        os.environb.update(request.environment)
    try:
        do(request.book, request.key)
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    except SystemExit as end:
        return end.code & 0xFF if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _streams(descriptors: list[int]) -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
