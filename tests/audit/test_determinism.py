"""The same inputs give the same bytes: in another folder, on other cores, in another order, for another user."""

import gzip
import os
import re
import shutil
import subprocess
import sys
import zlib
from pathlib import Path

import h5py
import numpy as np
import pytest
from leaks import leaks

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from every_technique import make_everything
from study import ROOT, artifacts, make_study, ntcspec

HOME, USER, HOST = "xyzzyhome", "xyzzyuser", "xyzzyhost"
LOGS = re.compile(r"^(?:\[.*\]\s*)?(?:Job \d+|localrule \w+|rule \w+): (.+)$", re.MULTILINE)


def strange(folder: Path) -> dict[str, str]:
    """An environment of somebody else: home, names, time zone, language, hash seed, threads."""
    home = folder / HOME
    home.mkdir(parents=True)
    return {
        **{"HOME": str(home), "USER": USER, "LOGNAME": USER, "USERNAME": USER, "HOSTNAME": HOST},
        **{"TZ": "Asia/Kathmandu", "LANG": "de_DE.UTF-8", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "77"},
        **{"OMP_NUM_THREADS": "4", "OPENBLAS_NUM_THREADS": "3"},
    }


def order(log: Path) -> list[str]:
    return LOGS.findall(log.read_text(errors="replace"))


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The study of every technique, run twice under as different conditions as can be had."""
    one = make_everything(tmp_path_factory.mktemp("one") / "study")
    top = tmp_path_factory.mktemp("two")
    two = Path(shutil.copytree(one, top / "Ergebnisse für 5 Å" / "tiefer"))
    run = ntcspec("run", one, "--cores", "1", PYTHONHASHSEED="1")
    assert "internal error" not in run.stderr and "NOT MADE" not in run.stderr, run.stderr

    late = ["results/a/nmr/measure.nxs", "results/half/cl_k/measure.nxs", "results/b/exafs/paths.nxs"]
    command = [
        *(sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(two)),
        *("--workflow-profile", str(ROOT / "workflow/profiles/default"), "--cores", "2", "--nocolor"),
        *("--config", "study=config.yaml", "--prioritize", *late),
    ]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(ROOT), **strange(top)}, cwd=top, capture_output=True, text=True,
        check=False, umask=0o077,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    (two / "results/logs/run.log").write_text(done.stdout + done.stderr)
    return one, two


def test_every_artifact_is_the_same_byte_by_byte(twice: tuple[Path, Path]) -> None:
    one, two = map(artifacts, twice)
    assert list(one) == list(two) and len(one) > 100
    assert [name for name in one if one[name] != two[name]] == []
    beside = [name for name in one if name in ("SHA256SUMS", "README.md") or name.startswith("study/")]  # of the crate
    assert one["SHA256SUMS"].count(b"\n") == len(one) - len(beside)


def test_the_jobs_ran_in_another_order(twice: tuple[Path, Path]) -> None:
    """Or the test above would say less than it seems to."""
    first, second = (order(folder / "results/logs/run.log") for folder in twice)
    assert sorted(first) == sorted(second) and len(first) > 40
    assert first.index("measure a / nmr") > first.index("measure a / exafs")
    assert second.index("measure a / nmr") < second.index("measure a / exafs")


def test_no_artifact_names_a_place_a_host_or_a_user(twice: tuple[Path, Path]) -> None:
    _, two = twice
    real = [os.uname().nodename, Path.home().as_posix()]
    words = [str(two), two.parent.name, HOME, USER, HOST, str(ROOT), "/tmp/", "/home/", "/root/", sys.prefix]
    words += [word for word in real if len(word) > 5]
    results = two / "results"
    files = [p for p in results.rglob("*") if p.is_file() and "logs" not in p.relative_to(results).parts]
    found = {p.relative_to(results).as_posix(): where for p in files if (where := leaks(p, words))}
    assert list(found) == ["ro-crate-metadata.json"]  # which says where and for whom it ran
    assert {p.suffix for p in files} >= {".nxs", ".json", ".csv", ".png", ".pdf", ".svg"}


def test_the_logs_do_name_places_so_the_words_are_the_right_ones(twice: tuple[Path, Path]) -> None:
    logs = list((twice[1] / "results/logs").rglob("*.log"))
    assert any(leaks(log, [str(twice[1])]) for log in logs)


@pytest.mark.parametrize("name", ["x.nxs", "x.png", "x.pdf", "x.gz"])
def test_a_planted_word_is_found(tmp_path: Path, name: str) -> None:
    path, word = tmp_path / name, "/somewhere/of/xyzzyuser"
    packed = zlib.compress(b"path " + word.encode())
    if name == "x.nxs":
        with h5py.File(path, "w") as file:
            file.create_dataset("a/b", data=np.frombuffer(word.encode() * 400, dtype=np.uint8), compression="gzip")
    elif name == "x.png":
        body = b"Comment\0\0" + packed
        chunk = len(body).to_bytes(4, "big") + b"zTXt" + body + zlib.crc32(b"zTXt" + body).to_bytes(4, "big")
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk)
    elif name == "x.pdf":
        path.write_bytes(b"%PDF-1.4\n<< >>\nstream\n" + packed + b"\nendstream\n")
    else:
        path.write_bytes(gzip.compress(word.encode()))
    assert word.encode() not in path.read_bytes()
    assert {found for _, found in leaks(path, [word])} == {word}


def test_what_a_beamline_wrote_into_a_raw_file_is_data_and_stays_in_the_header(tmp_path: Path) -> None:
    """A header is kept whole, whoever it names; nothing of it is carried further than into ingest."""
    folder = make_study(tmp_path)
    raw = folder / "raw/b.xdi"
    raw.write_text(raw.read_text().replace("# ///", "# Scan.file: /home/xyzzyuser/b.xdi\n# ///"))
    run = ntcspec("run", folder, "--cores", "2")
    assert run.returncode == 0, run.stdout + run.stderr
    results = folder / "results"
    found = {p.relative_to(results).as_posix(): {w for w, _ in leaks(p, ["xyzzyuser"])} for p in results.rglob("*.*")
             if p.is_file() and "logs" not in p.parts}  # fmt: skip
    found = {name: where for name, where in found.items() if where}
    assert list(found) == ["b/exafs/ingest.nxs"]
    assert {place.rpartition("/")[2] for place in found["b/exafs/ingest.nxs"] - {"bytes"}} == {"header"}


def test_a_folder_of_raw_files_is_named_as_the_config_names_it(tmp_path: Path) -> None:
    """What is wrong with a measurement stands in the tables; where the raw files lie on this machine does not."""
    folder = make_study(tmp_path / "study")
    raw = tmp_path / "xyzzyplace"
    (folder / "raw").rename(raw)
    config = (folder / "config.yaml").read_text().replace("study: made up", "study: made up\nraw_root: ${XYZZY}")
    (folder / "config.yaml").write_text(config)
    samples = (folder / "samples.yaml").read_text().replace("raw/", "")
    (folder / "samples.yaml").write_text(samples.replace("- b.xdi", "- c.xdi"))
    run = ntcspec("run", folder, "--cores", "2", XYZZY=str(raw))
    assert run.returncode == 1 and "no such file 'c.xdi' in '${XYZZY}'" in run.stderr
    results = folder / "results"
    tables = [results / "metrics.csv", results / "samples.csv", results / "panels/chi_r.nxs"]
    assert "c.xdi" in tables[0].read_text() and [leaks(p, ["xyzzyplace"]) for p in tables] == [[], [], []]


REPLAYED = [
    *("claims.csv", "trends.csv", "series/rank.json", "panels/rings.png", "panels/nmr.svg", "panels/rows.pdf"),
    *("a/exafs/paths.json", "a/nmr/measure.nxs", "bad/nmr/measure.json", "bad/pattern/ingest.nxs"),
]


@pytest.mark.parametrize("name", REPLAYED)
def test_artifacts_of_every_technique_and_failures_are_replayed(twice: tuple[Path, Path], name: str) -> None:
    run = ntcspec("replay", twice[1] / "results" / name)
    assert run.returncode == 0 and run.stdout.splitlines()[-1] == f"{Path(name).name}: identical bytes", run.stderr
