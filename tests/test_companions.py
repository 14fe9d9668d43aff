"""Raw formats that are directories: which files belong together, that all are hashed, and that a stage reads them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ntcspec.cli import main
from ntcspec.companions import COMPANION, companions, main_file
from ntcspec.config.load import load_study
from ntcspec.demo import find_resources, nmr
from ntcspec.errors import Problems
from ntcspec.plan import Plan
from ntcspec.provenance import sha256_file
from ntcspec.stage import run_stage
from ntcspec.store import read, read_failure, read_record
from ntcspec.types.nmr import NmrIngested

CONFIG = "study: test\nraw_root: raw\n"
SAMPLES = "samples:\n  one:\n    measurements:\n      exafs: {{element: Ta, edge: L3, files: [{}]}}\n"


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


@pytest.mark.parametrize(
    ("files", "main_name", "beside"),
    [
        (("fid", "procpar", "text", "log"), "fid", ["procpar"]),
        (("fid", "acqus", "acqu", "pdata/1/procs", "pdata/1/1r"), "fid", ["acqus", "pdata/1/procs"]),
        (("data", "acq", "acq_2", "proc", "truth.json"), "data", ["acq", "acq_2", "proc"]),
        (("data",), "data", []),
        (("1r", "1i", "procs"), "1r", ["1i", "procs"]),
    ],
)
def test_what_belongs_together(tmp_path: Path, files: tuple[str, ...], main_name: str, beside: list[str]) -> None:
    folder = touch(tmp_path / "m", *files)
    main = main_file(folder)
    assert main == folder / main_name and main_file(main) == main
    assert companions(main) == [folder / name for name in beside]


def test_a_processed_spectrum_belongs_to_its_acquisition(tmp_path: Path) -> None:
    folder = touch(tmp_path / "7", "acqus", "pdata/1/1r", "pdata/1/procs")
    assert companions(folder / "pdata/1/1r") == [folder / "pdata/1/procs", folder / "acqus"]


def test_other_files_and_folders_have_none(tmp_path: Path) -> None:
    touch(tmp_path, "scan.dat", "acq", "procpar")
    assert companions(tmp_path / "scan.dat") == [] and main_file(tmp_path) is None
    assert main_file(tmp_path / "none") == tmp_path / "none"


def study(tmp_path: Path, files: str) -> Path:
    (tmp_path / "config.yaml").write_text(CONFIG)
    (tmp_path / "samples.yaml").write_text(SAMPLES.format(files))
    return tmp_path


@pytest.mark.parametrize("named", ["m.fid", "m.fid/", "m.fid/fid"])
def test_the_plan_hashes_every_file_of_a_directory(tmp_path: Path, named: str) -> None:
    touch(tmp_path / "raw", "m.fid/fid", "m.fid/procpar", "m.fid/text")
    loaded = load_study(study(tmp_path, named))
    job = Plan(loaded).job("results/one/exafs/ingest.nxs")
    assert [(i.role, i.path) for i in job.inputs] == [("raw", "m.fid/fid"), (COMPANION, "m.fid/procpar")]
    assert job.inputs[1].identity == sha256_file(tmp_path / "raw/m.fid/procpar")
    (tmp_path / "raw/m.fid/procpar").write_text("changed")
    assert Plan(load_study(tmp_path)).job("results/one/exafs/ingest.nxs").key != job.key


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ("other", "'other' is a folder -> name the raw files in it"),
        ("empty", "'empty' is an empty folder -> mend the path"),
        ("m.fid, m.fid/fid", "'m.fid/fid' stands twice"),
        ("m.fix", "did you mean 'm.fid'"),
    ],
)
def test_mistakes_with_directories(tmp_path: Path, files: str, told: str) -> None:
    touch(tmp_path / "raw", "m.fid/fid", "m.fid/procpar", "other/x")
    (tmp_path / "raw/empty").mkdir()
    with pytest.raises(Problems) as caught:
        load_study(study(tmp_path, files))
    assert told in str(caught.value)


def spinsight(folder: Path, *stems: str) -> Path:
    made = nmr.make(find_resources(), 3)
    for name, content in made.files.items():
        if name.startswith(tuple(f"spinsight/{stem}/" for stem in stems)):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
    return folder


def params(raw: Path, files: list[tuple[str, str]], settings: dict[str, Any]) -> dict[str, Any]:
    origin = [{"role": role, "root": "raw", "path": name, "identity": sha256_file(raw / name)} for role, name in files]
    about = {
        "study": "s",
        "sample": "a",
        "measurement": "nmr",
        "technique": "nmr",
        "composition": "",
        "simulated": True,
        "stage": "ingest",
        "order": 0,
    }
    work = {
        "function": "ntcspec.nmr.raw:ingest_nmr",
        "takes": [],
        "extra": ["standard"] if "standard" in settings else [],
    }
    modules = ["ntcspec.nmr.raw"]
    return {
        "work": work,
        "about": about,
        "settings": settings,
        "origin": origin,
        "modules": modules,
        "code": "",
        "key": "k",
    }


def test_a_stage_gets_main_files_and_records_all(tmp_path: Path) -> None:
    """The standard comes after the sample, the companions of both behind them."""
    raw = spinsight(tmp_path, "NTC-6h", "NaCl-aq")
    mains = [("raw", "spinsight/NTC-6h/data"), ("standard", "spinsight/NaCl-aq/data")]
    beside = [
        (COMPANION, f"spinsight/{stem}/{name}") for stem in ("NTC-6h", "NaCl-aq") for name in ("acq", "acq_2", "proc")
    ]
    files = [*mains, *beside]
    settings = {"standard": "spinsight/NaCl-aq/data", "nucleus": None, "simulated": True}
    out = tmp_path / "ingest.nxs"
    run_stage(params(raw, files, settings), [str(raw / n) for _, n in files], [str(out)], str(tmp_path / "log"))
    found = read(out, NmrIngested)
    assert len(found.fids) == 1 and found.fids[0].source == "spinsight/NTC-6h/data" and len(found.standard) == 1
    assert found.fids[0].files == tuple(n for _, n in files if "NTC-6h" in n)
    record = read_record(out)
    assert [i["path"] for i in record["inputs"]] == [n for _, n in files] and all(i["sha256"] for i in record["inputs"])


def test_a_companion_that_changed_stops_the_stage(tmp_path: Path) -> None:
    raw = spinsight(tmp_path, "NTC-6h")
    files = [
        ("raw", "spinsight/NTC-6h/data"),
        (COMPANION, "spinsight/NTC-6h/acq"),
        (COMPANION, "spinsight/NTC-6h/proc"),
    ]
    given = params(raw, files, {"simulated": True})
    acq = raw / "spinsight/NTC-6h/acq"
    acq.write_text(acq.read_text().replace("ch1=1", "ch1=1 "))
    with pytest.raises(SystemExit):
        run_stage(given, [str(raw / n) for _, n in files], [str(tmp_path / "o.nxs")], str(tmp_path / "log"))
    assert "spinsight/NTC-6h/acq: changed while the study ran" in (tmp_path / "log").read_text()


def test_a_missing_companion_is_a_failure_with_its_reason(tmp_path: Path) -> None:
    raw = spinsight(tmp_path, "NTC-6h")
    (raw / "spinsight/NTC-6h/acq").unlink()
    files = [("raw", "spinsight/NTC-6h/data")]
    run_stage(
        params(raw, files, {"simulated": True}),
        [str(raw / files[0][1])],
        [str(tmp_path / "o.nxs")],
        str(tmp_path / "log"),
    )
    assert "spinsight/NTC-6h/acq: no such file" in str(read_failure(tmp_path / "o.nxs"))


@pytest.mark.parametrize("named", ["spinsight/NTC-6h", "spinsight/NTC-6h/data"])
def test_show_tells_how_a_measurement_would_be_read(
    tmp_path: Path, named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", str(spinsight(tmp_path, "NTC-6h") / named)]) == 0
    said = capsys.readouterr().out
    for words in (
        "format    spinsight: 'data' beside acq, acq_2, proc",
        "nucleus   23Na",
        "rmp1=105.66970423 MHz is 0.04 ppm",
        "spinning  12000 Hz",
    ):
        assert words in said
    assert main(["show", str(touch(tmp_path / "no", "x"))]) == 1
    assert "this folder holds no NMR data" in capsys.readouterr().err


def test_a_folder_in_a_parameter_becomes_its_main_file(tmp_path: Path) -> None:
    """As for `paths.structures` of EXAFS: the key holds what was read."""
    touch(tmp_path / "raw", "a.dat", "s/fid", "s/procpar")
    (tmp_path / "config.yaml").write_text(CONFIG)
    (tmp_path / "samples.yaml").write_text(
        SAMPLES.format("a.dat").replace("files: [a.dat]}", "files: [a.dat], paths: {structures: {x: {file: s}}}}")
    )
    (one,) = load_study(tmp_path).measurements
    assert json.loads(json.dumps(one.parameters["paths"]))["structures"]["x"]["file"] == "s/fid"
    assert one.companions == ("s/procpar",)
