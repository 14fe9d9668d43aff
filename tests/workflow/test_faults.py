"""One bad file never takes the study with it: one clear line each, no traceback, no silent wrong number."""

import csv
import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from study import E0, ROOT, artifacts, jobs_done, make_study, measurement, ntcspec, table, write_yaml, xdi

TAIL = "\n".join(["# ///", "# ---", "# energy i0 itrans irefer"])


def keep(data: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return data[mask]


def with_value(row: int, column: int, value: float) -> np.ndarray:
    data = table()
    data[row, column] = value
    return data


def in_kev(data: np.ndarray) -> np.ndarray:
    return np.column_stack([data[:, 0] / 1000, data[:, 1:]])


def in_degrees(data: np.ndarray) -> np.ndarray:
    return np.column_stack([np.degrees(np.arcsin(12398.42 / (2 * 3.1355 * data[:, 0]))), data[:, 1:]])


def cut_short(path: Path) -> None:
    xdi(path, table())
    path.write_text(path.read_text()[:-14])


FILES: dict[str, Callable[[Path], object]] = {
    "good": lambda p: xdi(p, table()),
    "kev": lambda p: xdi(p, in_kev(table()), unit=""),
    "angle": lambda p: xdi(p, in_degrees(table()), unit=""),
    "nan": lambda p: xdi(p, with_value(100, 1, np.nan)),
    "zero": lambda p: xdi(p, with_value(100, 2, 0.0)),
    "before_edge": lambda p: xdi(p, keep(table(), table()[:, 0] < E0 - 10)),
    "aborted": lambda p: xdi(p, keep(table(), table()[:, 0] < E0 + 90)),
    "other_element": lambda p: xdi(p, table(), head="# Element.symbol: Pt"),
    "empty": lambda p: p.write_bytes(b""),
    "binary": lambda p: p.write_bytes(bytes(range(256)) * 20),
    "prose": lambda p: p.write_text("Dear reader,\nthis is no spectrum.\n"),
    "garbled": lambda p: (xdi(p, table()), p.write_text(p.read_text().replace("9900.", "99x0.", 1))),
}
REFUSED = {  # sample: what the reason must say
    "kev": "keV",
    "angle": "angle",
    "nan": "bad_rows",
    "zero": "bad_rows",
    "before_edge": "9881",
    "aborted": "norm",
    "other_element": "Pt",
    "empty": "empty",
    "binary": "binary",
    "prose": "no row of numbers",
    "garbled": "line ",
    "wrong_column": "did you mean",
    "missing": "no such file",
    "folder": "is a folder",
    "typo": "did you mean 'edge'?",
    "unknown_element": "is no element",
    "late_k": "kmax_inv_ang",
}


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str, int]:
    """A study with one good sample and every bad one, run once."""
    folder = tmp_path_factory.mktemp("broken")
    (folder / "raw").mkdir()
    samples: dict[str, object] = {}
    for name, make in FILES.items():
        make(folder / f"raw/{name}.dat")
        samples[name] = measurement(f"raw/{name}.dat")
    samples["wrong_column"] = measurement(
        "raw/good.dat", columns={"energy": "enrgy", "i0": "i0", "transmitted": "itrans"}
    )
    samples["missing"] = measurement("raw/good.dta")
    samples["folder"] = measurement("raw")
    samples["typo"] = {**measurement("raw/good.dat"), "egde": "L3"}
    samples["unknown_element"] = {**measurement("raw/good.dat"), "element": "Tq"}
    samples["late_k"] = measurement("raw/good.dat", transform={"kmax_inv_ang": 25.0})
    samples["repaired"] = measurement("raw/repaired.dat")
    xdi(folder / "raw/repaired.dat", np.insert(table(), 50, table()[50], axis=0)[::-1])
    samples["cut_short"] = measurement("raw/cut_short.dat")
    cut_short(folder / "raw/cut_short.dat")
    make_study(folder, {name: {"measurements": {"exafs": m}} for name, m in samples.items()})
    run = ntcspec("run", folder, "--cores", "2")
    return folder, run.stdout, run.stderr, run.returncode


def rows_of(folder: Path) -> dict[str, list[dict[str, str]]]:
    lines = (folder / "results/metrics.csv").read_text(encoding="utf-8").splitlines()[1:]
    found: dict[str, list[dict[str, str]]] = {}
    for row in csv.DictReader(lines):
        found.setdefault(row["sample"], []).append(row)
    return found


def test_no_traceback_reaches_the_user(broken: tuple[Path, str, str, int]) -> None:
    folder, out, err, code = broken
    assert code == 1
    assert "Traceback" not in out + err and "internal error" not in out + err
    for log in (folder / "results/logs").rglob("*.log"):
        assert "Traceback" not in log.read_text(), log


@pytest.mark.parametrize("sample", REFUSED)
def test_each_bad_input_has_one_reason_with_a_way_out(broken: tuple[Path, str, str, int], sample: str) -> None:
    folder, _, err, _ = broken
    (row,) = rows_of(folder)[sample]
    assert row["value"] == "" and REFUSED[sample] in row["reason"], row["reason"]
    assert " -> " in row["reason"], row["reason"]
    where = f"{sample}.dat" if sample in FILES else sample if sample in ("typo", "missing", "folder") else ""
    assert where in row["reason"]
    assert row["reason"] in err


@pytest.mark.parametrize("sample", ["good", "repaired", "cut_short"])
def test_the_others_are_done(broken: tuple[Path, str, str, int], sample: str) -> None:
    rows = rows_of(broken[0])[sample]
    position = next(r for r in rows if r["metric"] == "first_shell.position")
    assert abs(float(position["value"]) - 1.95) < 0.05


def test_repairs_are_recorded(broken: tuple[Path, str, str, int]) -> None:
    for sample, told in (
        ("repaired", "repeat an energy"),
        ("repaired", "reverse order"),
        ("cut_short", "the last one, was left out"),
    ):
        shown = ntcspec("show", broken[0] / f"results/{sample}/exafs/ingest.nxs").stdout + json.dumps(
            notes_of(broken[0], sample)
        )
        assert told in shown, shown


def notes_of(folder: Path, sample: str) -> list[str]:
    from ntcspec import store
    from ntcspec.types.xas import XasScans

    return [n for s in store.read(folder / f"results/{sample}/exafs/ingest.nxs", XasScans).scans for n in s.notes]


def test_panels_say_what_is_not_drawn(broken: tuple[Path, str, str, int]) -> None:
    svg = (broken[0] / "results/panels/chi_r.svg").read_text(encoding="utf-8")
    assert "good" in svg
    run = ntcspec("show", broken[0] / "results/panels/chi_r.nxs")
    assert run.returncode == 0


def test_check_says_it_all_at_once(broken: tuple[Path, str, str, int]) -> None:
    run = ntcspec("check", broken[0])
    assert run.returncode == 1 and "Traceback" not in run.stderr
    early = set(REFUSED) - {"aborted", "late_k"}  # those need the reduction
    assert len([line for line in run.stderr.splitlines() if " -> " in line]) >= len(early)


def test_a_file_that_breaks_later_keeps_the_last_good_result(study: Path) -> None:
    before = artifacts(study)
    (study / "raw/b.xdi").write_bytes(b"")
    run = ntcspec("run", study)
    assert run.returncode == 1 and "FAILED b / exafs" in run.stderr and "empty" in run.stderr
    after = artifacts(study)
    assert after["a/exafs/measure.json"] == before["a/exafs/measure.json"]
    for name in ("ingest.nxs", "reduce.nxs", "measure.json"):
        assert after[f"b/exafs/last-good/{name}"] == before[f"b/exafs/{name}"]
    make_study(study)
    run = ntcspec("run", study)
    assert run.returncode == 0 and artifacts(study) == before


def test_a_mistake_in_the_config_touches_nothing(study: Path) -> None:
    before = artifacts(study)
    (study / "config.yaml").write_text((study / "config.yaml").read_text().replace("eta_sigma", "eta_sgima"))
    run = ntcspec("run", study)
    assert run.returncode == 1 and "did you mean 'eta_sigma'?" in run.stderr and "Traceback" not in run.stderr
    assert artifacts(study) == before


def test_a_second_driver_is_refused(study: Path) -> None:
    (study / ".ntcspec").mkdir(exist_ok=True)
    with (study / ".ntcspec/lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        run = ntcspec("run", study)
    assert run.returncode == 1 and "another run is working on this study" in run.stderr


def test_a_lock_that_a_killed_run_left_is_cleared(study: Path) -> None:
    locks = study / ".snakemake/locks"
    locks.mkdir(parents=True, exist_ok=True)
    (locks / "0.input.lock").write_text("raw/b.xdi\n")
    (locks / "0.output.lock").write_text("results/metrics.csv\n")
    (study / "results/metrics.csv").unlink()
    run = ntcspec("run", study)
    assert run.returncode == 0, run.stderr
    assert "table of all metrics" in jobs_done(run)


def test_no_study_and_nothing_in_it(tmp_path: Path) -> None:
    assert "holds no config.yaml" in ntcspec("run", tmp_path).stderr
    write_yaml(tmp_path / "config.yaml", {"study": "x"})
    assert "samples.yaml: no such file" in ntcspec("run", tmp_path).stderr
    write_yaml(tmp_path / "samples.yaml", {"samples": {}})
    assert "lists no sample" in ntcspec("run", tmp_path).stderr


def test_plain_snakemake_names_what_failed(tmp_path: Path) -> None:
    folder = make_study(tmp_path, {"a": {"measurements": {"exafs": measurement("raw/a1.xdi")}}})
    (folder / "raw/a1.xdi").write_bytes(b"")
    profile = ROOT / "workflow/profiles/default"
    words = ["--snakefile", ROOT / "Snakefile", "--directory", folder, "--workflow-profile", profile]
    command = [sys.executable, "-m", "snakemake", *map(str, words), "--config", "study=config.yaml"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(command, capture_output=True, text=True, env=env, cwd=tmp_path, timeout=300, check=False)
    assert "FAILED a / exafs: raw/a1.xdi: the file is empty" in run.stdout + run.stderr
