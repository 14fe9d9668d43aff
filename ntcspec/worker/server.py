"""The worker's loop: take jobs from a socket, give each to a child, answer how it ended.

The loop itself runs nothing of a job and keeps nothing of one, so that it neither grows nor breaks with them. A child
does one job at a time, and up to JOBS one after the other: a fork for each would cost 35 ms of processor time (page
tables, pages copied as they are touched), as much as the job. One that fails a job, is killed, or grows too large is
not used again.
"""

from __future__ import annotations

import contextlib
import os
import resource
import select
import signal
import socket
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ntcspec.worker import child
from ntcspec.worker.preload import all_modules, preload
from ntcspec.worker.wire import ANSWER, receive, send

JOBS = 64  # of a child
PATIENCE_S = 10.0  # for a message that was begun
CREDENTIALS = struct.Struct("3i")
LIMITS = tuple(getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_"))


@dataclass
class Child:
    """A child, and the script that waits for it, if one does."""

    pid: int
    watch: int
    channel: socket.socket
    surroundings: Any
    script: socket.socket | None = None
    jobs: int = 0

    @property
    def descriptors(self) -> tuple[int, ...]:
        return (self.channel.fileno(), self.watch, *([self.script.fileno()] if self.script else []))


def serve(descriptor: int, address: Path, modules: Sequence[str], jobs: int = JOBS) -> None:
    """Import what is needed; take jobs from a socket that listens, until standard input closes.

    The socket goes before the jobs do: a script that loses its worker, and finds no socket, knows that nobody wants
    its job any more.
    """
    for name in (signal.SIGINT, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)  # meant for whoever started us, who ends us
    with socket.socket(fileno=descriptor) as listener:
        life = sys.stdin.fileno()
        preload(modules or all_modules(), lambda: not select.select([life], [], [], 0)[0])
        worker = Worker(listener, life, jobs)
        worker.run()
        with contextlib.suppress(OSError):
            address.unlink()
            address.parent.rmdir()
        worker.end()


class Worker:
    """One thread, one loop: new jobs, jobs that are done, children that ended, scripts that are gone."""

    def __init__(self, listener: socket.socket, life: int, jobs: int) -> None:
        self.listener, self.life, self.jobs, self.pid = listener, life, jobs, os.getpid()
        self.poll = select.poll()
        self.poll.register(listener.fileno(), select.POLLIN)
        self.poll.register(life, select.POLLIN)
        self.children: dict[int, Child] = {}  # by pid
        self.by_descriptor: dict[int, Child] = {}

    def run(self) -> None:
        """Until standard input closes."""
        while True:
            events = [descriptor for descriptor, _ in self.poll.poll()]
            if self.life in events:
                return
            for descriptor in events:
                if descriptor == self.listener.fileno():
                    self.accept()
                elif descriptor in self.by_descriptor:
                    self.event(descriptor, self.by_descriptor[descriptor])

    def end(self) -> None:
        """Kill the children, whatever they do, and tell the scripts that wait for them.

        They are waited for, so that what they took counts as the worker's (`getrusage`).
        """
        for one in self.children.values():
            _kill(one.pid)
            self.tell(one, ANSWER.pack(-signal.SIGKILL))
        for one in self.children.values():
            select.select([one.watch], [], [], PATIENCE_S)  # one that waits for a disc that is gone ends later
            with contextlib.suppress(ChildProcessError):
                os.waitpid(one.pid, os.WNOHANG)

    def event(self, descriptor: int, one: Child) -> None:
        """Something of a child or of its script."""
        if descriptor == one.channel.fileno():
            self.answered(one)
        elif descriptor == one.watch:
            self.ended(one)
        else:  # the script says nothing more: it is gone, and its job with it
            _kill(one.pid)
            self.forget(descriptor)

    def accept(self) -> None:
        """Give a job to a child that is free, or to a new one."""
        script, _ = self.listener.accept()
        descriptors: list[int] = []
        try:
            script.settimeout(PATIENCE_S)
            surroundings = _surroundings(script)
            one = self.free(surroundings) or self.fork(surroundings, script)  # before it could inherit open files
            message, descriptors = receive(script)
            script.settimeout(None)
            child.parse(message)
            send(one.channel, message, [*descriptors, script.fileno()])
        except (OSError, ValueError, EOFError) as error:
            print(f"a job was refused: {error!r}", file=sys.stderr, flush=True)
            script.close()  # the script then does it in place
            return
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        one.script, one.jobs = script, one.jobs + 1
        self.remember(script.fileno(), one)

    def free(self, surroundings: Any) -> Child | None:
        """A child without a job, under the limits of the script."""
        idle = (one for one in self.children.values() if one.script is None and one.jobs < self.jobs)
        return next((one for one in idle if one.surroundings == surroundings), None)

    def fork(self, surroundings: Any, script: socket.socket) -> Child:
        """A new child; those that are free and cannot be used are let go."""
        for one in [c for c in self.children.values() if c.script is None]:
            self.let_go(one)
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            script.close()
            ours.close()
            self.be_child(theirs, surroundings)
        theirs.close()
        with contextlib.suppress(OSError):
            os.setpgid(pid, pid)  # as the child does: whoever comes first
        one = Child(pid, os.pidfd_open(pid), ours, surroundings)
        self.children[pid] = one
        for descriptor in one.descriptors:
            self.remember(descriptor, one)
        return one

    def be_child(self, channel: socket.socket, surroundings: Any) -> None:
        """Never returns."""
        try:
            for one in self.children.values():
                for end in (one.channel, one.script):
                    if end:
                        end.close()
            self.listener.close()
            _place(surroundings)
            child.work(channel, self.pid)
        finally:
            os._exit(1)

    def answered(self, one: Child) -> None:
        """A child has done its job, or closed its channel because it ends."""
        answer = one.channel.recv(ANSWER.size)
        if not answer:
            self.forget(one.channel.fileno())
            return
        self.tell(one, answer)
        if answer != ANSWER.pack(0) or one.jobs >= self.jobs:
            self.let_go(one)

    def tell(self, one: Child, answer: bytes) -> None:
        """Answer the script of a child, which then has none."""
        if one.script:
            self.forget(one.script.fileno())
            with contextlib.suppress(OSError):
                one.script.sendall(answer)
            one.script.close()
            one.script = None

    def let_go(self, one: Child) -> None:
        """A child that gets no further job sees its channel close, and ends."""
        one.jobs = self.jobs
        with contextlib.suppress(OSError):
            one.channel.shutdown(socket.SHUT_WR)

    def ended(self, one: Child) -> None:
        """A child is gone: in the middle of a job, its exit code or signal is the job's."""
        with contextlib.suppress(OSError):
            one.channel.setblocking(False)
            if answer := one.channel.recv(ANSWER.size):
                self.tell(one, answer)
        _kill(one.pid)  # what it may have left behind in its group
        _, status = os.waitpid(one.pid, 0)
        self.tell(one, ANSWER.pack(os.waitstatus_to_exitcode(status) or 1))
        for descriptor in one.descriptors:
            self.forget(descriptor)
        os.close(one.watch)
        one.channel.close()
        del self.children[one.pid]

    def remember(self, descriptor: int, one: Child) -> None:
        self.by_descriptor[descriptor] = one
        self.poll.register(descriptor, select.POLLIN)

    def forget(self, descriptor: int) -> None:
        if self.by_descriptor.pop(descriptor, None):
            self.poll.unregister(descriptor)


def _kill(pid: int) -> None:
    """A child and whatever it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _surroundings(script: socket.socket) -> Any:
    """Limits, processors and nice value of the process at the other end, which must be of the same user."""
    pid, uid, _ = CREDENTIALS.unpack(script.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size))
    if uid != os.getuid():
        raise ValueError("a job of another user")
    limits = tuple(resource.prlimit(pid, limit) for limit in LIMITS)
    return limits, os.sched_getaffinity(pid), os.getpriority(os.PRIO_PROCESS, pid)


def _place(surroundings: Any) -> None:
    """Put this process under the same."""
    limits, processors, nice = surroundings
    with contextlib.suppress(OSError):
        os.sched_setaffinity(0, processors)
        os.setpriority(os.PRIO_PROCESS, 0, nice)
    for limit, value in zip(LIMITS, limits, strict=True):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(limit, value)
