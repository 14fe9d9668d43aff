"""Profiles: which there are, what they need, and what is said where it is not there."""

import re
from pathlib import Path

import pytest
import yaml

from ntcspec.drive import profile as module
from ntcspec.drive.profile import find_profile
from ntcspec.drive.slurm import job_prefix
from ntcspec.errors import UserError
from ntcspec.places import home


@pytest.fixture
def on_a_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "which", lambda program: f"/usr/bin/{program}")


@pytest.mark.usefixtures("on_a_cluster")
def test_ours() -> None:
    assert not find_profile("default").elsewhere and not find_profile("default").slurm
    assert find_profile("slurm").elsewhere and find_profile("slurm").slurm
    node = find_profile("slurm-node")
    assert node.slurm and not node.elsewhere and node.allocation["cpus-per-task"] == 8


def test_every_rule_has_its_group() -> None:
    """A rule without one would be a job of Slurm for each of its files."""
    settings = yaml.safe_load((home() / "workflow/profiles/slurm/config.yaml").read_text())
    texts = [path.read_text() for path in (home() / "workflow/rules").glob("*.smk")]
    rules = {name for text in texts for name in re.findall(r"^rule (\w+):", text, re.M)}
    assert {one.partition("=")[0] for one in settings["groups"]} == rules


def test_local_runs_and_slurm_go_by_the_same_triggers() -> None:
    one, other = (
        yaml.safe_load((home() / f"workflow/profiles/{n}/config.yaml").read_text()) for n in ("default", "slurm")
    )
    for key in set(one) - {"cores"}:
        assert one[key] == other[key], key


def test_no_such_profile(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no such profile -> one of default, slurm, slurm-node, or a folder"):
        find_profile(str(tmp_path / "none"))


@pytest.mark.usefixtures("on_a_cluster")
def test_without_the_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"needs snakemake-executor-plugin-slurm, .* -> pip install 'ntcspec\[slurm\]'"):
        find_profile("slurm")


def test_another_executor_names_its_plugin(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("executor: no-such-thing\njobs: 1\n")
    with pytest.raises(UserError, match=r"-> pip install snakemake-executor-plugin-no-such-thing"):
        find_profile(str(tmp_path))


@pytest.mark.parametrize(("name", "program"), [("slurm", "sbatch"), ("slurm-node", "srun")])
def test_not_on_a_cluster(monkeypatch: pytest.MonkeyPatch, name: str, program: str) -> None:
    monkeypatch.setattr(module, "which", lambda program: None)
    with pytest.raises(UserError, match=f"no {program} on this machine -> start it on a login node"):
        find_profile(name)


@pytest.mark.usefixtures("on_a_cluster")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mem: 1G\n", "has no cpus-per-task"),
        ("cpus-per-task: [1, 2]\n", "cpus-per-task: .* is no value"),
        ("- 1\n", "holds no keys"),
        ("a: [", "cannot be read"),
    ],
)
def test_a_bad_allocation(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "allocation.yaml").write_text(text)
    with pytest.raises(UserError, match=said):
        find_profile(str(tmp_path))


def test_names_of_jobs_tell_studies_apart(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert job_prefix(tmp_path / "a") == job_prefix(tmp_path / "b") != job_prefix(tmp_path)
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,50}", job_prefix(tmp_path))
