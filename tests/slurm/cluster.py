"""A real Slurm on this machine for as long as a test needs it: Debian's packages on loopback, without systemd or cgroups.

    with Cluster(nodes=3) as cluster: ...

needs root, for Slurm reads /etc/slurm/slurm.conf whatever it is told (the executor's inner `srun` loses SLURM_CONF). The
nodes are virtual: they may claim more than the machine has.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

CONF = Path("/etc/slurm/slurm.conf")
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "sinfo")
PATIENCE_S = 30.0
TEXT = """\
ClusterName=loopback
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={base}/munge.sock
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmctldPidFile={base}/slurmctld.pid
SlurmdPidFile={base}/slurmd-%n.pid
SlurmctldLogFile={base}/slurmctld.log
SlurmdLogFile={base}/slurmd-%n.log
SlurmdSpoolDir={base}/spool-%n
StateSaveLocation={base}/state
ProctrackType=proctrack/pgid
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SlurmdParameters=config_overrides
DefMemPerCPU=1000
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill,UsePss
FirstJobId={first}
ReturnToService=2
SlurmctldTimeout=10
SlurmdTimeout=10
KillWait=3
MinJobAge=3600
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,bf_interval=5
DebugFlags=NO_CONF_HASH
AccountingStorageType=accounting_storage/none
"""
NODE = (
    "NodeName=n{i} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs={cpus} RealMemory={mem_mb} State=UNKNOWN\n"
)
PARTITION = "PartitionName=main Nodes=n[0-{last}] Default=YES MaxTime=1-00:00:00 DefaultTime=10 State=UP\n"


def missing() -> str:
    """Why no cluster can be had here; '' where it can."""
    lacking = [program for program in PROGRAMS if not shutil.which(program)]
    if lacking:
        return f"not installed: {', '.join(lacking)} (tests/outside/debian.txt)"
    if os.geteuid() != 0:
        return "a cluster of one's own needs root"
    if CONF.exists():
        return f"{CONF} is there: another cluster's"
    return ""


class Cluster:
    """Context: munge, slurmctld and some slurmd, which end with it and with the process that started it."""

    def __init__(self, nodes: int = 3, cpus: int = 2, mem_mb: int = 60_000) -> None:
        self.nodes = nodes
        self.base = Path(tempfile.mkdtemp(prefix="slurm-"))
        self.daemons: dict[str, subprocess.Popen[bytes]] = {}
        self.base.chmod(0o755)
        for name in ("state", *(f"spool-n{i}" for i in range(nodes))):
            (self.base / name).mkdir()
        host = socket.gethostname().partition(".")[0]
        port, *ports = _free_ports(nodes + 1)
        first = random.SystemRandom().randrange(10_000, 1_000_000)  # so that a number tells whose a process is
        text = TEXT.format(host=host, base=self.base, port=port, first=first)
        text += "".join(NODE.format(i=i, host=host, port=p, cpus=cpus, mem_mb=mem_mb) for i, p in enumerate(ports))
        (self.base / "slurm.conf").write_text(text + PARTITION.format(last=nodes - 1))

    def __enter__(self) -> Cluster:
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self) -> None:
        base, conf = self.base, str(self.base / "slurm.conf")
        CONF.parent.mkdir(exist_ok=True)
        CONF.unlink(missing_ok=True)  # a link to what is no more
        CONF.symlink_to(conf)
        (base / "munge").mkdir(mode=0o700)
        (base / "munge/key").write_bytes(os.urandom(128))
        (base / "munge/key").chmod(0o400)
        own = (
            ("key-file", "munge/key"),
            ("pid-file", "munge/pid"),
            ("seed-file", "munge/seed"),
            ("socket", "munge.sock"),
        )
        self.daemon("munged", "--foreground", "--force", *(f"--{option}={base / name}" for option, name in own))
        self.until(lambda: _succeeds("munge", "-n", "-S", str(base / "munge.sock")), "munge")
        self.daemon("slurmctld", "-D", "-f", conf)
        for i in range(self.nodes):
            self.start_node(f"n{i}")
        self.until(lambda: self.states().count("idle") == self.nodes, "slurmctld, slurmd")

    def __exit__(self, *_: object) -> None:
        if "slurmctld" in self.daemons:
            with contextlib.suppress(subprocess.TimeoutExpired):
                subprocess.run(["scancel", "--me"], timeout=5, check=False, capture_output=True)
            with contextlib.suppress(TimeoutError):  # processes of jobs would outlive their node's daemon
                self.until(lambda: not self.jobs(), "an empty queue", 10)
        for name in reversed(self.daemons):
            process = self.daemons[name]
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if CONF.is_symlink() and CONF.readlink() == self.base / "slurm.conf":
            CONF.unlink()
        shutil.rmtree(self.base, ignore_errors=True)

    def daemon(self, *command: str) -> None:
        """Start one in the foreground; it is known by its program, a node by its name."""
        name = command[-1] if command[0] == "slurmd" else command[0]
        with (self.base / f"{name}.out").open("ab") as out:
            self.daemons[name] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, preexec_fn=_end_with_parent
            )

    def kill_node(self, name: str) -> None:
        """As if its power failed: the daemon and all processes of its jobs, at once."""
        numbers = [job.split()[0] for job in self.jobs() if job.endswith(f" RUNNING {name}")]
        daemon = self.daemons.pop(name)
        daemon.kill()
        for pid in [pid for number in numbers for pid in processes_of(number)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        daemon.wait()

    def start_node(self, name: str) -> None:
        """Start a node, again after it was killed."""
        self.daemon("slurmd", "-D", "-f", str(self.base / "slurm.conf"), "-N", name)

    def ready(self) -> None:
        """Wait until all nodes are free; one that Slurm has set aside, for a job that died slowly, is taken back."""
        for i, state in enumerate(self.states()):
            if state.startswith(("drain", "down")):
                subprocess.run(
                    ["scontrol", "update", f"NodeName=n{i}", "State=RESUME"], check=False, capture_output=True
                )
        self.until(lambda: self.states().count("idle") == self.nodes, "all nodes are idle", 90)

    def pause(self, number: str) -> None:
        """Stop the Snakemake of a job, so that it cannot end before it is disturbed."""
        for pid in processes_of(number):
            with contextlib.suppress(OSError):
                if b"snakemake" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    os.kill(pid, signal.SIGSTOP)

    def end_time(self, number: str) -> None:
        """Let the time of a job be over: Slurm counts in minutes, and looks twice in one."""
        subprocess.run(["scontrol", "update", f"JobId={number}", "EndTime=now"], check=True)

    def states(self) -> list[str]:
        """'idle', 'mixed', 'down' ... of each node."""
        return _says("sinfo", "-h", "-N", "-o", "%T").split()

    def jobs(self) -> list[str]:
        """A line for each job in the queue: number, name, state, node."""
        return _says("squeue", "-h", "-o", "%i %j %T %N").splitlines()

    def node_of(self, number: str) -> str:
        """Where a job runs."""
        return _says("squeue", "-h", f"--jobs={number}", "-o", "%N").strip()

    def past_jobs(self) -> list[str]:
        """A line for each job that has ended: number, node."""
        return _says("squeue", "-h", "--states=all", "-o", "%i %N").splitlines()

    def until(self, done: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
        """Wait for it. Raises TimeoutError with the end of every log."""
        end = time.monotonic() + patience_s
        while not done():
            if time.monotonic() > end:
                logs = [f"{path.name}: {path.read_text()[-500:]}" for path in self.base.glob("*.log")]
                raise TimeoutError(f"{what}: not within {patience_s:.0f} s\n" + "\n".join(logs))
            time.sleep(0.1)


def processes_of(number: str) -> list[int]:
    """Everything that a job of Slurm has started on this machine, and what started it; numbers differ between clusters."""
    mark, step = f"SLURM_JOB_ID={number}".encode(), f"slurmstepd: [{number}.".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark in (path / "environ").read_bytes().split(b"\0") or (path / "cmdline").read_bytes().startswith(step):
                found.append(int(path.name))
    return found


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _succeeds(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, timeout=5, check=False).returncode == 0


def _says(*command: str) -> str:
    with contextlib.suppress(subprocess.TimeoutExpired):
        return subprocess.run(command, capture_output=True, text=True, timeout=5, check=False).stdout
    return ""


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
