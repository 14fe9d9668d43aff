"""A disk that is full, and folders that cannot be written: said in one line, nothing half-written, and mended by a rerun."""

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from study import ROOT, artifacts, make_study, ntcspec

from ntcspec.stage import job

NO_SPACE = "cannot be written: no space left on the disk -> free some space and give the command again"
Allow = Callable[[int], None]


def size_kb(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) // 1024


@pytest.fixture
def small(tmp_path: Path, finished: Path) -> Iterator[tuple[Path, Allow]]:
    """A fresh study on a file system of its own, and what sets its size (kB)."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "none", str(disk)]
    made = subprocess.run(mount, capture_output=True, text=True, check=False) if os.getuid() == 0 else None
    if made is None or made.returncode:
        pytest.skip(f"no file system can be mounted here ({made.stderr.strip() if made else 'not root'})")
    try:
        study = make_study(disk / "study")

        def allow(more_kb: int) -> None:
            now = size_kb(disk) * 5 // 4 + 100  # pages, folders
            subprocess.run(["mount", "-o", f"remount,size={now + more_kb}k", str(disk)], check=True)

        yield study, allow
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def no_half(study: Path) -> bool:
    return not [path for path in study.rglob(".*") if path.name.endswith(".tmp")]


@pytest.mark.parametrize("part", [0.0, 0.01, 0.5], ids=["before the first job", "at the first jobs", "half way"])
def test_a_full_disk(small: tuple[Path, Allow], finished: Path, part: float) -> None:
    study, allow = small
    allow(int(part * size_kb(finished / "results")))
    run = ntcspec("run", study, "--cores", "2")
    said = run.stdout + run.stderr
    assert run.returncode == 1 and NO_SPACE in run.stderr, said
    assert "Traceback" not in said and "internal error" not in said and no_half(study)
    kept = {name: data for name, data in artifacts(study).items() if not name.startswith("study/")}
    good = artifacts(finished)
    assert {name for name, data in kept.items() if good[name] != data} <= {"SHA256SUMS", "README.md"}
    allow(64_000)
    again = ntcspec("run", study, "--cores", "2")
    assert again.returncode == 0, again.stdout + again.stderr
    assert artifacts(study) == good


def test_files_that_may_not_grow(study: Path) -> None:
    """The limit of a process needs no small disk; the study's own file is the largest."""
    before = artifacts(study)
    largest = study / "results/made_up.nxs"
    limit = largest.stat().st_size // 2
    largest.unlink()
    command = [sys.executable, "-m", "ntcspec.cli", "run", str(study)]
    run = subprocess.run(
        command,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    said = run.stdout + run.stderr
    assert run.returncode == 1 and "Traceback" not in said and no_half(study)
    assert "NOT MADE results/made_up.nxs: results/made_up.nxs: cannot be written: file too large" in run.stderr
    assert ntcspec("run", study).returncode == 0 and artifacts(study) == before


def test_a_log_that_cannot_be_written(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "log").symlink_to("/dev/full")
    with pytest.raises(SystemExit) as end, job(tmp_path / "log"):
        print("words of the job")
    assert end.value.code == 1
    assert capfd.readouterr().err == f"error: {tmp_path}/log: {NO_SPACE}; what was made so far is kept\n"


def test_what_a_run_only_tells_may_go_missing(study: Path) -> None:
    """Its own log, and what makes the next guess of the time left better."""
    before = artifacts(study)
    (study / "results/metrics.csv").unlink()
    log = study / "results/logs/run.log"
    log.unlink()
    log.symlink_to("/dev/full")
    run = ntcspec("run", study)
    assert run.returncode == 0, run.stdout + run.stderr
    assert artifacts(study) == before


def test_a_terminal_that_takes_no_words(study: Path) -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "ntcspec.cli", "run", str(study), "--dry-run"]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        run = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, env=env, check=False)
    assert run.returncode != 0 and NO_SPACE in run.stderr and "Traceback" not in run.stderr


def run_as_others(study: Path) -> subprocess.CompletedProcess[str]:
    """`ntcspec run` without the rights of root to write where nobody may."""
    command = [sys.executable, "-m", "ntcspec.cli", "run", str(study)]
    if os.getuid() == 0:
        assert shutil.which("setpriv"), "needs setpriv (util-linux)"
        command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", *command]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=600, check=False)


def close(folder: Path) -> None:
    for path in [folder, *(p for p in folder.rglob("*") if p.is_dir())]:
        path.chmod(0o555)


def open_again(study: Path) -> None:
    for path in (p for p in study.rglob("*") if p.is_dir()):
        path.chmod(0o755)


@pytest.mark.parametrize(
    ("closed", "told"),
    [
        ("results", "NOT MADE results/logs/metrics.log: permission denied"),
        (".ntcspec", ".ntcspec/forced/config.yaml: cannot be written: permission denied"),
        (".snakemake", ".snakemake/locks: permission denied"),
    ],
)
def test_a_folder_that_cannot_be_written(study: Path, closed: str, told: str) -> None:
    before = artifacts(study)
    (study / "results/metrics.csv").write_text("not a table\n")
    close(study / closed)
    try:
        run = run_as_others(study)
    finally:
        open_again(study)
    said = run.stdout + run.stderr
    assert run.returncode == 1 and told in run.stderr, said
    assert "-> see that you may read and write it" in run.stderr and "changed while" not in said
    assert "Traceback" not in said and "internal error" not in said and no_half(study)
    assert ntcspec("run", study).returncode == 0 and artifacts(study) == before


def test_a_sample_whose_folder_cannot_be_written_stops_no_other(study: Path) -> None:
    before = artifacts(study)
    for sample in "ab":
        (study / f"results/{sample}/exafs/ingest.nxs").write_bytes(b"no artifact")
    close(study / "results/a")
    try:
        run = run_as_others(study)
    finally:
        open_again(study)
    assert run.returncode == 1 and "Traceback" not in run.stdout + run.stderr
    assert "results/a/exafs/ingest.nxs: cannot be written: permission denied -> see that you may" in run.stderr
    after = artifacts(study)
    assert {name: after[name] for name in after if name.startswith("b/")} == {
        name: before[name] for name in before if name.startswith("b/")
    }
    assert ntcspec("run", study).returncode == 0 and artifacts(study) == before
