"""`ntcspec export`: what comes out is what the artifacts hold."""

from pathlib import Path

import numpy as np
import yaml
from study import ntcspec, write_yaml

from ntcspec import store
from ntcspec.types.exafs import ExafsReduced


def test_export_writes_a_project_and_columns_and_twice_the_same(study: Path, tmp_path: Path) -> None:
    from larch.io import read_athena

    run = ntcspec("export", study, "--to", tmp_path / "out")
    assert run.returncode == 0, run.stdout + run.stderr
    reduced = store.read(study / "results/a/exafs/reduce.nxs", ExafsReduced)
    found = read_athena(str(tmp_path / "out/exafs.prj"), do_preedge=False)
    np.testing.assert_allclose(found.a.mu, reduced.mu, rtol=1e-11)
    assert float(found.a.athena_params.bkg.step) == np.float64(f"{reduced.edge_step:.10g}")
    table = np.loadtxt(tmp_path / "out/a/exafs/chi_k.dat")
    np.testing.assert_allclose(table[:, 0], reduced.k_inv_ang, atol=1e-9)
    np.testing.assert_allclose(table[:, 3], reduced.k_inv_ang**2 * reduced.chi, rtol=1e-8, atol=1e-12)
    assert "SIMULATED data" in (tmp_path / "out/a/exafs/chi_k.dat").read_text()
    files = {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()}
    assert ntcspec("export", study, "--to", tmp_path / "out").returncode == 0
    assert files == {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()}


def test_a_step_that_athena_would_not_find_is_fixed_and_said(study: Path, tmp_path: Path) -> None:
    from larch.io import read_athena

    config = yaml.safe_load((study / "config.yaml").read_text())
    config["defaults"]["exafs"]["reduce"]["normalisation"] = "mback"
    write_yaml(study / "config.yaml", config)
    assert ntcspec("run", study).returncode == 0
    assert ntcspec("export", study, "--to", tmp_path / "out").returncode == 0
    found = read_athena(str(tmp_path / "out/exafs.prj"), do_preedge=False).a
    assert int(found.athena_params.bkg.fixstep) == 1
    step = store.read(study / "results/a/exafs/reduce.nxs", ExafsReduced).edge_step
    assert float(found.athena_params.bkg.step) == np.float64(f"{step:.10g}")
    assert "edge step by MBACK" in (tmp_path / "out/a/exafs/chi_k.dat").read_text()


def test_what_was_not_run_is_named_and_the_rest_is_written(study: Path, tmp_path: Path) -> None:
    (study / "results/b/exafs/reduce.nxs").unlink()
    run = ntcspec("export", study, "--to", tmp_path / "out")
    assert run.returncode == 1 and "not exported: b / exafs" in run.stdout and "Traceback" not in run.stderr
    assert (tmp_path / "out/a/exafs/chi_r.dat").is_file() and not (tmp_path / "out/b").exists()
