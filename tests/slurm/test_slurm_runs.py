"""A study on a real Slurm of three nodes ends with the bytes of a local run, also after its driver was killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from cluster import Cluster
from study import ROOT, artifacts, jobs_done, make_study, ntcspec


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = make_study(tmp_path_factory.mktemp("local"))
    run = ntcspec("run", folder, "--cores", "2")
    assert run.returncode == 0, run.stdout + run.stderr
    return artifacts(folder)


@pytest.fixture
def quick(tmp_path: Path) -> Path:
    """The profile of ours, but for how often it asks and how much goes into one job: two samples use two nodes."""
    settings = yaml.safe_load((ROOT / "workflow/profiles/slurm/config.yaml").read_text())
    settings |= {"slurm-init-seconds-before-status-checks": 1, "latency-wait": 5}
    settings["group-components"] = ["measurements=1", "drawings=20"]
    settings |= {"cores": 1, "default-resources": ["mem_mb=40000", "runtime=5"]}  # a node has room for one such job
    (tmp_path / "quick").mkdir()
    (tmp_path / "quick/config.yaml").write_text(yaml.safe_dump(settings))
    return tmp_path / "quick"


def test_a_run_goes_on_after_its_driver_was_killed(
    cluster: Cluster, local: dict[str, bytes], quick: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    folder = make_study(tmp_path / "study")
    command = [sys.executable, "-m", "ntcspec.cli", "run", str(folder), "--profile", str(quick)]
    driver = subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    request.addfinalizer(driver.kill)
    assert driver.stdout
    cluster.until(lambda: sum(" RUNNING " in job for job in cluster.jobs()) == 2, "two jobs", 60)
    nodes = {job.split()[-1] for job in cluster.jobs()}
    assert len(nodes) == 2, cluster.jobs()
    (snakemake,) = Path(f"/proc/{driver.pid}/task/{driver.pid}/children").read_text().split()
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    driver.stdout.close()
    cluster.until(lambda: not _alive(int(snakemake)), "Snakemake dies with its driver")
    old = {job.split()[0] for job in cluster.jobs()}
    assert len(old) == 2, "nobody was there to cancel them"

    run = ntcspec("run", folder, "--profile", quick)

    assert run.returncode == 0, run.stdout + run.stderr + (folder / "results/logs/run.log").read_text()
    assert "cancelling 2 jobs that an earlier run left in the queue" in run.stdout
    assert cluster.jobs() == [] and not (folder / ".ntcspec/slurm").exists()
    assert artifacts(folder) == local
    said = "".join(path.read_text() for path in (folder / "results/logs").rglob("*.log"))
    assert "warm worker is gone" not in said, "each job of Slurm has a worker of its own"
    assert not [pid for pid in _pids() if b"ntcspec.worker\0--" in _words(pid) and _folder(pid) == folder], (
        "workers end"
    )
    again = ntcspec("run", folder, "--profile", quick)
    assert "nothing to compute" in again.stdout and again.returncode == 0


def test_in_one_allocation(cluster: Cluster, local: dict[str, bytes], tmp_path: Path) -> None:
    folder = make_study(tmp_path / "study")
    run = ntcspec("run", folder, "--profile", "slurm-node", "--cores", "2")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "asking Slurm for a node: cpus-per-task=2" in run.stdout and "measure a / exafs" in jobs_done(run)
    assert artifacts(folder) == local
    assert cluster.jobs() == []
    again = ntcspec("run", folder, "--profile", "slurm-node", "--cores", "2")
    assert "nothing to compute" in again.stdout and "asking" not in again.stdout


def test_a_failure_in_an_allocation_is_told_outside(cluster: Cluster, tmp_path: Path) -> None:
    folder = make_study(tmp_path / "study")
    (folder / "raw/b.xdi").write_bytes(b"")
    run = ntcspec("run", folder, "--profile", "slurm-node", "--cores", "2")
    assert run.returncode == 1
    assert "FAILED b / exafs: raw/b.xdi: the file is empty" in run.stderr


def test_only_jobs_of_this_study_are_cancelled(cluster: Cluster, tmp_path: Path) -> None:
    from ntcspec.drive.slurm import cancel_leftovers, job_prefix, leftovers, mark

    root, other = tmp_path / "one", tmp_path / "two"
    for folder in (root, other):
        (folder / ".ntcspec").mkdir(parents=True)
        name = f"--job-name={job_prefix(folder)}_x"
        sleep = ["sbatch", "--parsable", "--mem=100", f"--chdir={folder}", "--output=/dev/null", "--wrap=sleep 60"]
        subprocess.run([*sleep, name], check=True, capture_output=True)
    subprocess.run([*sleep, f"--job-name={job_prefix(root)}_elsewhere"], check=True, capture_output=True)
    assert len(leftovers(root)) == 1
    cancel_leftovers(root)
    assert len(leftovers(root)) == 1, "without the mark nobody asks the cluster"
    mark(root)
    cancel_leftovers(root)
    assert leftovers(root) == [] and len(leftovers(other)) == 1
    subprocess.run(["scancel", "--me"], check=True)
    cluster.until(lambda: not cluster.jobs(), "an empty queue")


def _pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _words(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _folder(pid: int) -> Path | None:
    try:
        return Path(f"/proc/{pid}/cwd").readlink()
    except OSError:
        return None


def _alive(pid: int) -> bool:
    return b"--snakefile" in _words(pid)
