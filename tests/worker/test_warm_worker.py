"""A job ends in the worker as it does in a process of its own, and takes nothing else with it."""

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jobs_for_worker import ENDS

from ntcspec.places import home
from ntcspec.worker import VARIABLE, warm
from ntcspec.worker.book import write_entries

HERE = Path(__file__).parent
CLIENT = [sys.executable, "-I", "-S", str(home() / "workflow/scripts/job.py")]


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    """A worker that has next to nothing imported."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{home()}{os.pathsep}{HERE}")
        with warm(["ntcspec.errors"]) as found:
            yield found


@pytest.fixture
def book(tmp_path: Path) -> Callable[..., list[str]]:
    """Writes a book of one job; returns the command of its script."""

    def write(function: str, **params: Any) -> list[str]:
        entry = {
            "function": f"jobs_for_worker:{function}",
            "params": params,
            "inputs": [],
            "outputs": [str(tmp_path / "output")],
            "log": str(tmp_path / "log"),
        }
        write_entries(tmp_path / "book.sqlite", [("key", entry)])
        return [*CLIENT, str(tmp_path / "book.sqlite"), "key"]

    return write


def worker_of(environment: dict[str, str]) -> int:
    """Process id of the worker: of our children the one that serves this socket."""
    address = environment[VARIABLE]
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):  # it ended meanwhile
                words = (folder / "cmdline").read_bytes().split(b"\0")
                parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
                if address.encode() in words and parent == str(os.getpid()):
                    return int(folder.name)
    raise AssertionError("no worker")


def gone(pid: int) -> bool:
    """Whether a process has ended within some seconds."""
    for _ in range(200):
        try:
            if (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


def started(path: Path) -> list[int]:
    for _ in range(600):
        if path.exists() and path.read_text():
            return [int(word) for word in path.read_text().split()]
        time.sleep(0.05)
    raise AssertionError("the job never started")


@pytest.mark.parametrize("name", ENDS)
@pytest.mark.parametrize("warmed", [True, False], ids=["worker", "in place"])
def test_exit_codes_and_signals(environment, book, name: str, warmed: bool) -> None:  # type: ignore[no-untyped-def]
    params, code = ENDS[name]
    env = environment if warmed else {k: v for k, v in environment.items() if k != VARIABLE}
    run = subprocess.run(book("end", **params), env=env, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == code, run.stderr
    assert "the warm worker is gone" not in run.stderr
    if name in ("defect", "memory"):
        assert ("RuntimeError: a defect" if name == "defect" else "MemoryError") in run.stderr


def test_the_worker_survives_all_of_these(environment, book, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    before = worker_of(environment)
    for params, _ in ENDS.values():
        subprocess.run(book("end", **params), env=environment, capture_output=True, timeout=60, check=False)
    subprocess.run(book("surroundings"), env=environment, capture_output=True, timeout=60, check=True)
    child = json.loads((tmp_path / "output").read_text())["pid"]
    assert worker_of(environment) == before != child


def test_what_a_job_took_is_counted_at_the_end(environment, book) -> None:  # type: ignore[no-untyped-def]
    """By whoever started the worker, as by `time`; the child had nothing more to do, and was killed."""
    run = (
        "import resource, subprocess, sys\nfrom ntcspec.worker import warm\n"
        "with warm(['ntcspec.errors']) as environment:\n"
        "    subprocess.run(sys.argv[1:], env=environment, check=True)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    env = {k: v for k, v in environment.items() if k != VARIABLE}
    command = [sys.executable, "-c", run, *book("hold", bytes=300_000_000)]
    used = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=True)
    assert int(used.stdout) > 290_000  # kB


def test_a_job_finds_itself_where_its_script_is(environment, book, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    place = tmp_path / "a folder"
    place.mkdir()

    def under() -> None:
        os.umask(0o27)
        resource.setrlimit(resource.RLIMIT_NOFILE, (123, 123))
        os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])

    env = {**environment, "OF_THE_JOB": "é", "OMP_NUM_THREADS": "1"}
    run = subprocess.run(
        book("surroundings"), env=env, cwd=place, preexec_fn=under, capture_output=True, text=True, timeout=60, check=True
    )  # fmt: skip
    assert (run.stdout, run.stderr) == ("to stdout\n", "to stderr\n")
    found = json.loads((tmp_path / "output").read_text())
    assert found["cwd"] == str(place) and found["umask"] == 0o27 and found["files"] == 123
    assert len(found["processors"]) == 1
    assert {k: v for k, v in found["environment"].items() if k in env} == env
    subprocess.run(book("surroundings"), env=environment, timeout=60, capture_output=True, check=True)
    after = json.loads((tmp_path / "output").read_text())
    assert after["files"] != 123 and "OF_THE_JOB" not in after["environment"]


def test_children_are_used_again_until_one_fails(environment, book, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    def pid() -> int:
        subprocess.run(book("surroundings"), env=environment, timeout=60, capture_output=True, check=True)
        return int(json.loads((tmp_path / "output").read_text())["pid"])

    first = pid()
    assert pid() == first
    subprocess.run(book("end", how="exit", code=1), env=environment, timeout=60, check=False)
    assert pid() != first and gone(first)


def test_the_same_warning_stands_in_each_log(environment, book, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    logs = set()
    for env in (environment, environment, {k: v for k, v in environment.items() if k != VARIABLE}):
        subprocess.run(book("warn"), env=env, timeout=60, capture_output=True, check=True)
        logs.add("\n".join((tmp_path / "log").read_text().splitlines()[1:-1]))  # between the lines that say when
    assert len(logs) == 1 and "RuntimeWarning: again" in logs.pop()


def test_a_killed_script_takes_its_job_with_it(environment, book, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    script = subprocess.Popen(book("wait"), env=environment)
    job, sleeper = started(tmp_path / "output")
    script.kill()
    script.wait()
    assert gone(job) and gone(sleeper)
    subprocess.run(book("end", how="exit", code=0), env=environment, timeout=60, check=True)


def test_a_lost_worker_is_said_and_done_without(book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("PYTHONPATH", f"{home()}{os.pathsep}{HERE}")
    with warm(["ntcspec.errors"]) as env:
        script = subprocess.Popen(book("wait"), env=env, stderr=subprocess.PIPE, text=True)
        job, sleeper = started(tmp_path / "output")
        os.kill(worker_of(env), signal.SIGKILL)
        _, said = script.communicate(timeout=60)
        assert "the warm worker is gone: this job runs in a process of its own" in said
        assert script.returncode == 0 and gone(job)
        os.kill(sleeper, signal.SIGKILL)
        run = subprocess.run(book("end", how="exit", code=5), env=env, capture_output=True, timeout=60, check=False)
        assert run.returncode == 5


def test_the_worker_ends_with_whoever_started_it(tmp_path: Path) -> None:
    text = (
        "import os, sys\nfrom ntcspec.worker import warm\nwith warm(['ntcspec.errors']) as e:\n"
        f"    print(e[{VARIABLE!r}], flush=True)\n    sys.stdin.read()\n"
    )
    starter = subprocess.Popen([sys.executable, "-c", text], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert starter.stdout
    address = starter.stdout.readline().strip()
    listed = subprocess.run(["pgrep", "-f", address], capture_output=True, text=True, check=True).stdout.split()
    assert Path(address).parent.stat().st_mode & 0o777 == 0o700
    starter.kill()
    starter.wait()
    assert all(gone(int(pid)) for pid in listed if int(pid) != starter.pid)


def test_jobs_of_a_killed_run_end_with_it(book, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """Done in place instead, they would write beside those of the next run."""
    text = (
        "import subprocess, sys\nfrom ntcspec.worker import warm\nwith warm(['ntcspec.errors']) as e:\n"
        f"    print(e[{VARIABLE!r}], flush=True)\n    sys.exit(subprocess.run(sys.argv[1:], env=e).returncode)\n"
    )
    shell = ["sh", "-c", '"$0" "$@"; echo $? > code', *book("wait")]
    env = {**os.environ, "PYTHONPATH": f"{home()}{os.pathsep}{HERE}"}
    starter = subprocess.Popen(
        [sys.executable, "-c", text, *shell], cwd=tmp_path, env=env, stdout=subprocess.PIPE, text=True
    )
    assert starter.stdout
    address = Path(starter.stdout.readline().strip())
    job, sleeper = started(tmp_path / "output")
    starter.kill()
    starter.wait()
    assert gone(job) and gone(sleeper)
    code = started(tmp_path / "code")
    assert code == [128 + signal.SIGKILL] and not address.parent.exists()


def test_it_stops_importing_when_nobody_waits_for_it() -> None:
    text = (
        "import sys\nfrom ntcspec.worker.preload import all_modules, preload\npreload(all_modules(), lambda: False)\n"
        "print({'scipy', 'lmfit', 'matplotlib'} & sys.modules.keys())\n"
    )
    run = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"


def test_nothing_runs_in_threads_and_no_file_is_open_when_the_worker_forks() -> None:
    """A thread would be missing in a child, and a lock that it holds would stay closed there for ever."""
    text = (
        "import os, threading\nfrom ntcspec.worker.preload import all_modules, preload\npreload(all_modules())\n"
        "names = [open(f'/proc/self/task/{t}/comm').read().strip() for t in os.listdir('/proc/self/task')]\n"
        "print(threading.active_count(), [n for n in names if not n.startswith(('python', 'pytest', 'jemalloc'))])\n"
        "fds = [os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd') "
        "if os.path.exists(f'/proc/self/fd/{n}')]\n"
        "print([f for f in fds if f.endswith(('.db', '.sqlite', '.h5', '.nxs'))])\n"
        "import larch.xafs, pymatgen.io.cif, pyFAI.detectors, matplotlib.figure\n"
    )
    env = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    run = subprocess.run([sys.executable, "-c", text], env=env, capture_output=True, text=True, check=True)
    assert run.stdout.split("\n")[:2] == ["1 []", "[]"], run.stdout
