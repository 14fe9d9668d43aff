"""Messages with open files, from a script to the worker and from the worker to a child."""

from __future__ import annotations

import array
import socket
import struct
from collections.abc import Sequence

LONGEST = 1 << 24  # bytes
HEAD = struct.Struct("!I")  # length of a message
ANSWER = struct.Struct("!i")  # exit code of a job, or its signal as a negative number
MOST_FILES = 4


def send(channel: socket.socket, message: bytes, descriptors: Sequence[int]) -> None:
    """A message, and open files with it."""
    files = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))
    channel.sendmsg([HEAD.pack(len(message))], [files])
    channel.sendall(message)


def receive(channel: socket.socket) -> tuple[bytes, list[int]]:
    """A message and its open files. Raises EOFError where the other side is gone, ValueError where it says nonsense."""
    descriptors = array.array("i")
    space = socket.CMSG_SPACE(MOST_FILES * descriptors.itemsize)
    head, ancillary, _, _ = channel.recvmsg(HEAD.size, space)
    for level, kind, content in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            descriptors.frombytes(content[: len(content) // descriptors.itemsize * descriptors.itemsize])
    head += _rest(channel, HEAD.size - len(head))
    size = HEAD.unpack(head)[0]
    if size > LONGEST:
        raise ValueError(f"a message of {size} bytes")
    return _rest(channel, size), list(descriptors)


def _rest(channel: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = channel.recv(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data
