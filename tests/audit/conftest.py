"""One finished study of made-up files with claims and a series of outputs of every kind, made once."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))
sys.path.insert(0, str(Path(__file__).parent))

from study import make_study, measurement, ntcspec, write_yaml
from threadpoolctl import threadpool_limits
from yaml import safe_load

from ntcspec import cli

Run = tuple[int, str]


def make_audited(folder: Path) -> Path:
    """Two simulated samples with a property, a claim on them and trends; three panels, two of them in a figure."""
    exafs = {"a": measurement("raw/a1.xdi", "raw/a2.xdi"), "b": measurement("raw/b.xdi")}
    values = {"a": 1.0, "b": 2.0}
    samples = {
        name: {
            "simulated": True,
            "properties": {"dose": {"value": values[name], "unit": "h", "u": 0.1, "source": "made up"}},
            "measurements": {"exafs": m},
        }
        for name, m in exafs.items()
    }
    make_study(folder, samples)
    config = safe_load((folder / "config.yaml").read_text())
    trends = {"dose": {"scale": "linear", "metrics": ["exafs.first_shell.*"]}}
    figures = {"Figure_1": {"panels": {"A": "chi_r", "B": "mu"}}}
    write_yaml(folder / "config.yaml", {**config, "trends": trends, "figures": figures})
    words = {"says": "b is longer than a", "source": "made up", "refuted_by": "b shorter than a"}
    compare = {"kind": "compare", "samples": ["b"], "to": ["a"], "relation": "above"}
    claims = {"longer": {**words, **compare, "metric": "exafs.first_shell.position"}}
    write_yaml(folder / "claims.yaml", {"claims": claims})
    return folder


@pytest.fixture(scope="session")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_audited(tmp_path_factory.mktemp("audited"))
    run = ntcspec("run", folder, "--cores", "2")
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


@pytest.fixture(scope="session")
def replayed_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_study(tmp_path_factory.mktemp("replayed"))
    run = ntcspec("run", folder, "--cores", "2")
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


@pytest.fixture
def study(replayed_study: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(replayed_study, tmp_path / "study", ignore=shutil.ignore_patterns(".snakemake")))


@pytest.fixture
def replay(capsys: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    """The command in this process: exit code, and all that it said."""

    def run(*words: str | Path) -> Run:
        with threadpool_limits(1):  # the command says so in the environment, before it loads numpy
            code = cli.main(["replay", *map(str, words)])
        said = capsys.readouterr()
        assert "Traceback" not in said.err and "internal error" not in said.err, said.err
        return code, said.out + said.err

    return run
