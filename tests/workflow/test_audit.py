"""verify finds what was changed and nothing else; trace goes from a figure to raw bytes; show says what is there."""

import json
import os
import re
import shutil
from pathlib import Path

import pytest
import yaml
from study import make_study, ntcspec, write_yaml


def flip(path: Path, position: int = -20) -> None:
    data = bytearray(path.read_bytes())
    data[position] ^= 1
    path.write_bytes(data)


def test_verify_finds_nothing_in_an_untouched_copy(study: Path) -> None:
    run = ntcspec("verify", study)
    assert run.returncode == 0, run.stderr
    assert "are what their records say" in run.stdout


TAMPER = {
    "raw/a1.xdi": lambda p: flip(p),
    "results/a/exafs/reduce.nxs": lambda p: flip(p, 3000),
    "results/b/exafs/measure.json": lambda p: p.write_text(p.read_text().replace('"value": ', '"value": 9', 1)),
    "results/panels/chi_r.png": lambda p: flip(p),
    "results/panels/chi_r.svg": lambda p: p.write_text(p.read_text().replace("<path", "<path ", 1)),
    "results/panels/map.pdf": lambda p: flip(p),
    "results/panels/mu.nxs": lambda p: p.unlink(),
    "results/metrics.csv": lambda p: p.write_text(p.read_text() + "x,,,,,,,,,\n"),
    "results/SHA256SUMS": lambda p: p.unlink(),
}


@pytest.mark.parametrize("name", TAMPER)
def test_verify_names_what_was_tampered_with(study: Path, name: str) -> None:
    before = (study / name).read_bytes()
    TAMPER[name](study / name)
    assert not (study / name).exists() or (study / name).read_bytes() != before
    run = ntcspec("verify", study)
    assert run.returncode == 1
    assert name.removeprefix("results/") in run.stderr.replace("results/", "")


def test_verify_names_swapped_files(study: Path) -> None:
    one, two = study / "results/a/exafs/transform.nxs", study / "results/b/exafs/transform.nxs"
    one.rename(study / "t"), two.rename(one), (study / "t").rename(two)
    assert "results/a/exafs/transform.nxs" in ntcspec("verify", study).stderr


def test_verify_names_a_parameter_that_the_config_no_longer_has(study: Path) -> None:
    config = yaml.safe_load((study / "config.yaml").read_text())
    config["defaults"]["exafs"]["transform"]["kmin_inv_ang"] = 3.5
    write_yaml(study / "config.yaml", config)
    run = ntcspec("verify", study)
    assert run.returncode == 1
    assert "made with other parameters than the study has now: kmin_inv_ang" in run.stderr


@pytest.mark.parametrize(
    "name", ["panels/map.png", "panels/map.pdf", "panels/map.svg", "panels/map.nxs", "metrics.csv"]
)
def test_trace_reaches_the_raw_files(finished: Path, name: str) -> None:
    run = ntcspec("trace", finished / "results" / name)
    assert run.returncode == 0, run.stderr
    for raw in ("raw/a1.xdi", "raw/a2.xdi", "raw/b.xdi"):
        assert re.search(rf"{raw}  \(raw file, \d+ bytes, sha256 [0-9a-f]{{16}}\)  ok", run.stdout), run.stdout
    assert "SIMULATED" in run.stdout.splitlines()[0]


def test_trace_works_on_a_figure_alone(finished: Path, tmp_path: Path) -> None:
    shutil.copy(finished / "results/panels/map.png", tmp_path / "by mail.png")
    run = ntcspec("trace", tmp_path / "by mail.png")
    assert run.returncode == 0 and "raw/a1.xdi" in run.stdout and "not checked" in run.stdout
    record = json.loads(ntcspec("trace", "--json", tmp_path / "by mail.png").stdout)
    assert record["schema"] == "ntcspec-record/1"


def test_trace_says_what_changed(study: Path) -> None:
    flip(study / "raw/a1.xdi")
    lines = ntcspec("trace", study / "results/panels/map.png").stdout.splitlines()
    assert [line for line in lines if "raw/a1.xdi" in line and "CHANGED" in line]


def test_trace_and_show_refuse_what_is_no_artifact(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(b"no picture")
    for name in ("x.png", "nothing.nxs"):
        run = ntcspec("trace", tmp_path / name)
        assert run.returncode == 1 and "Traceback" not in run.stderr and name in run.stderr


def test_show_tells_how_a_raw_file_is_read(finished: Path) -> None:
    run = ntcspec("show", finished / "raw/a1.xdi")
    assert run.returncode == 0, run.stderr
    assert "ln(i0 / itrans)" in run.stdout and "ln(itrans / irefer)" in run.stdout


@pytest.mark.parametrize("name", ["a/exafs/reduce.nxs", "a/exafs/measure.json", "panels/map.pdf", "metrics.csv"])
def test_show_tells_what_an_artifact_holds(finished: Path, name: str) -> None:
    run = ntcspec("show", finished / "results" / name)
    assert run.returncode == 0, run.stderr
    assert "made from:" in run.stdout and "SIMULATED" in run.stdout


def test_no_path_host_or_user_in_any_artifact(finished: Path) -> None:
    host = os.uname().nodename.encode()
    words = [str(finished).encode(), b"/home/", b"/tmp/", b"/root/", *([host] if len(host) > 5 else [])]
    for path in (finished / "results").rglob("*.*"):
        if path.is_file() and "logs" not in path.parts and path.name != "ro-crate-metadata.json":
            data = path.read_bytes()
            assert [w for w in words if w in data] == [], path


def test_checksums_are_in_the_standard_format(study: Path) -> None:
    lines = (study / "results/SHA256SUMS").read_text().splitlines()
    assert all(re.fullmatch(r"[0-9a-f]{64}  \S.*", line) for line in lines)
    assert len(lines) == 2 * 6 + 2 + 3 * 4


def test_fresh_study_has_everything_missing(tmp_path: Path) -> None:
    run = ntcspec("verify", make_study(tmp_path))
    assert run.returncode == 1 and "results/a/exafs/ingest.nxs: missing" in run.stderr
