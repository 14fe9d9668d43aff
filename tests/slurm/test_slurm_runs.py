"""A study on a real Slurm of three nodes ends with the bytes of a local run, also after its driver was killed."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from cluster import Cluster
from study import ROOT, artifacts, jobs_done, make_study, measurement, ntcspec


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = make_study(tmp_path_factory.mktemp("local"))
    run = ntcspec("run", folder, "--cores", "2")
    assert run.returncode == 0, run.stdout + run.stderr
    return artifacts(folder)


def profile(folder: Path, **settings: object) -> Path:
    """The profile of ours, but for how long it waits, and for these settings."""
    ours = yaml.safe_load((ROOT / "workflow/profiles/slurm/config.yaml").read_text())
    waits = {"slurm-init-seconds-before-status-checks": 1, "latency-wait": 5}
    folder.mkdir()
    (folder / "config.yaml").write_text(yaml.safe_dump({**ours, **waits, **settings}))
    return folder


@pytest.fixture
def quick(tmp_path: Path) -> Path:
    """One measurement in one job, which fills a node: two samples use two nodes."""
    more = {"group-components": ["measurements=1", "drawings=20"], "cores": 1}
    return profile(tmp_path / "quick", **more, **{"default-resources": ["mem_mb=40000", "runtime=5"]})


def differing(folder: Path, other: Path) -> list[str]:
    """Artifacts that are not the same bytes in both, and what was left half-written."""
    one, two = artifacts(folder), artifacts(other)
    left = [str(path.relative_to(folder)) for path in folder.rglob("*.tmp")]
    return left + [name for name in sorted(one.keys() | two.keys()) if one.get(name) != two.get(name)]


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
    cluster.until(lambda: sum(" RUNNING " in job for job in cluster.jobs()) == 2, "two jobs", 120)
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
    assert leftovers(root) == {} and len(leftovers(other)) == 1
    subprocess.run(["scancel", "--me"], check=True)
    cluster.until(lambda: not cluster.jobs(), "an empty queue")


def test_lost_jobs_are_sent_again(cluster: Cluster, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """A node dies, the time of a job ends, a job has too little memory: each is told, and mended by the profile's retries."""
    cluster.ready()
    files = {"a": "raw/a1.xdi", "b": "raw/b.xdi", "c": "raw/a2.xdi"}
    samples = {name: {"simulated": True, "measurements": {"exafs": measurement(file)}} for name, file in files.items()}
    undisturbed, folder = make_study(tmp_path / "local", samples), make_study(tmp_path / "study", samples)
    run = ntcspec("run", undisturbed, "--cores", "2")
    assert run.returncode == 0, run.stdout + run.stderr
    # a job of c never has enough memory; the others have, and fill a node each
    one = {"group-components": ["measurements=1", "drawings=20"], "cores": 1, "retries": 1}
    little = "mem_mb=50 if wildcards.get('sample') == 'c' and attempt < {} else 40000"
    never = profile(tmp_path / "never", **one, **{"default-resources": [little.format(9), "runtime=5 * attempt"]})
    command = [sys.executable, "-m", "ntcspec.cli", "run", str(folder), "--profile", str(never)]
    with (tmp_path / "said").open("w+") as said:
        driver = subprocess.Popen(
            command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=said, stderr=subprocess.STDOUT
        )
        request.addfinalizer(driver.kill)
        node = _disturb(cluster, folder, tmp_path / "said")
        assert driver.wait(500) == 1
        said.seek(0)
        text = said.read()

    again = r"; sent again, try 2 of 2 \(log: \.snakemake/slurm_logs/.*\.log\)$"
    assert re.search(rf"^a / exafs: job \d+ of Slurm was lost with its node {node}{again}", text, re.M), text
    assert re.search(
        rf"^b / exafs: job \d+ of Slurm was not done within the time of \S+ that it had asked for{again}", text, re.M
    ), text
    memory = r"c / exafs: job \d+ of Slurm needed more than the 50MB of memory that it had asked for"
    assert re.search(f"^{memory}{again}", text, re.M), text
    way_out = rf", at the last of 2 tries -> raise mem_mb in {never}/config.yaml \(docs/cluster.md\)"
    assert re.search(f"^FAILED {memory}{way_out}", text, re.M) and re.search(f"^NOT MADE {memory}{way_out}", text, re.M)
    (log,) = re.findall(r"^a / exafs: .*\(log: (.*)\)$", text, re.M)
    assert "Provided cores: 1" in (folder / log).read_text(), "one Snakemake in the job does the work itself"
    made, wanted = artifacts(folder), artifacts(undisturbed)
    for sample in "ab":
        assert {n: made.get(n) for n in wanted if n.startswith(f"{sample}/")} == {
            n: wanted[n] for n in wanted if n.startswith(f"{sample}/")
        }
    assert not any(name.startswith(("c/", "panels/")) for name in made), "nothing half done is left"

    cluster.start_node(node)
    cluster.ready()
    more = profile(tmp_path / "more", **one, **{"default-resources": [little.format(2), "runtime=5 * attempt"]})
    run = ntcspec("run", folder, "--profile", more)
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(f"^{memory}{again}", run.stdout, re.M) and "FAILED" not in run.stdout + run.stderr
    assert "measure a / exafs" not in jobs_done(run), "what is whole is used"
    assert differing(folder, undisturbed) == []


def test_the_default_study_on_three_nodes(cluster: Cluster, finished_demo: Path, tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    for part in ("config", "raw"):
        shutil.copytree(finished_demo / part, folder / part)
    cluster.ready()
    before = cluster.past_jobs()
    run = ntcspec("run", folder, "--profile", profile(tmp_path / "shipped"))
    assert run.returncode == 0, run.stdout + run.stderr + (folder / "results/logs/run.log").read_text()
    assert differing(folder, finished_demo) == []
    jobs = [job for job in cluster.past_jobs() if job not in before]
    assert {job.split()[-1] for job in jobs} == {"n0", "n1", "n2"}
    assert len(jobs) < 15, "the groups of the profile: some 200 steps in ten jobs"


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


def _disturb(cluster: Cluster, folder: Path, said: Path) -> str:
    """In the middle of their work, let the node of a die and the time of b's job be over; returns that node.

    Not before c has failed for good: its second job may run on that node.
    """
    jobs: dict[str, str] = {}

    def begun() -> bool:
        for sample in "ab":
            if sample not in jobs and (folder / f"results/{sample}/exafs/ingest.nxs").exists():
                jobs[sample] = _job_of(sample)
                cluster.pause(jobs[sample])
        return len(jobs) == 2

    cluster.until(begun, "a first artifact of a and b", 120)
    cluster.until(lambda: "FAILED c / exafs" in said.read_text(), "c is told to have failed", 120)
    node = cluster.node_of(jobs["a"])
    cluster.kill_node(node)
    cluster.end_time(jobs["b"])
    return node


def _job_of(sample: str) -> str:
    """Number of the job of Slurm that works on a sample: its Snakemake is told so, and is told the job by Slurm."""
    for pid in _pids():
        if f"sample={sample},".encode() in _words(pid):
            for line in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                if line.startswith(b"SLURM_JOB_ID="):
                    return line.decode().partition("=")[2]
    raise AssertionError(f"no job works on {sample}")


def _alive(pid: int) -> bool:
    return b"--snakefile" in _words(pid)
