# Hand a job over to the warm worker of this node, and end as it ends; where there is none, do it here (ntcspec/worker).
# Every job pays for this process, so it imports next to nothing: `_socket` is `socket` without its conveniences.
import _socket
import os
import sys

answer, handed_over, worker = b"", False, os.environb.get(b"NTCSPEC_WORKER")
if worker:
    try:
        os.umask(umask := os.umask(0o77))
        place = [os.fsencode(word) for word in (*sys.argv[1:3], os.getcwd(), str(umask))]  # noqa: PTH109
        message = b"\0".join(place + [name + b"=" + value for name, value in os.environb.items()])
        connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        connection.connect(worker)
        streams = (_socket.SOL_SOCKET, _socket.SCM_RIGHTS, b"".join(n.to_bytes(4, sys.byteorder) for n in (0, 1, 2)))
        connection.sendmsg([len(message).to_bytes(4, "big")], [streams])
        connection.sendall(message)
        handed_over = True
        answer = connection.recv(4)
    except OSError:
        pass
    if handed_over and not answer and not os.access(worker, os.F_OK):
        sys.exit("the run that wanted this job is gone")
    if not answer:
        print("the warm worker is gone: this job runs in a process of its own", file=sys.stderr, flush=True)
if not answer:
    os.execv(sys.executable, [sys.executable, "-P", "-m", "ntcspec.worker", *sys.argv[1:3]])
code = int.from_bytes(answer, "big", signed=True)
if code < 0:
    os.kill(os.getpid(), -code)
sys.exit(code)
