"""A worker beside a shell: it serves as long as the shell lives, and ends with it, also when that is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = f"""
NTCSPEC_WORKER=$({sys.executable} -P -m ntcspec.worker --beside $$ ntcspec.errors)
test -S "$NTCSPEC_WORKER" && echo "$NTCSPEC_WORKER"
read end
"""


@pytest.mark.parametrize("killed", [False, True])
def test_it_lives_as_long_as_the_shell(killed: bool) -> None:
    shell = subprocess.Popen(
        ["sh", "-c", SCRIPT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert shell.stdout and shell.stdin
    socket = Path(shell.stdout.readline().strip())
    assert socket.is_socket() and _servers(socket)
    if killed:
        shell.send_signal(signal.SIGKILL)
    else:
        shell.stdin.write("\n")
    shell.stdin.close()
    shell.wait()
    end = time.monotonic() + 60
    while (socket.parent.exists() or _servers(socket)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not socket.parent.exists() and not _servers(socket)


def _servers(socket: Path) -> list[str]:
    """Workers that serve there."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes()
        except OSError:
            continue
        if b"--serve" in words and os.fsencode(socket) in words:
            found.append(path.parent.name)
    return found
