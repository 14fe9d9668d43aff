"""verify as a command: exit codes, JSON, one artifact, other users and folders, other versions of the code."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from forge import edit_yaml, flip, put
from jsonschema import Draft202012Validator
from study import ROOT, make_study, ntcspec

from ntcspec.cli import main

Capture = pytest.CaptureFixture[str]


def say(capsys: Capture, *words: object) -> tuple[int, str, str]:
    code = main(["verify", *map(str, words)])
    out = capsys.readouterr()
    return code, out.out, out.err


@pytest.fixture
def copy(audited: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(audited, tmp_path / "copy", copy_function=os.link))


def test_zero_where_all_is_as_recorded(audited: Path, capsys: Capture) -> None:
    code, out, err = say(capsys, audited)
    assert code == 0 and not err
    assert "33 artifacts are what their records say, down to 3 raw files" in out


def test_one_and_one_line_for_what_changed_whatever_follows_from_it(copy: Path, capsys: Capture) -> None:
    flip(copy / "raw/a1.xdi", -20)
    code, _, err = say(capsys, copy)
    assert code == 1
    first, last = err.splitlines()
    assert first.startswith("raw/a1.xdi: its bytes are not those that results/a/exafs/ingest.nxs was made from")
    assert first.endswith("; 27 artifacts made from it")
    assert last == "made up: 1 finding in 1 file, 33 artifacts checked"


def test_two_where_nothing_can_be_checked(copy: Path, tmp_path: Path, capsys: Capture) -> None:
    put(copy / "config.yaml", "study: [\n")
    shutil.copy(copy / "results/panels/mu.png", tmp_path / "mail.png")
    for named, words in (
        (copy, "config.yaml"),
        (tmp_path / "nowhere", "no such file"),
        (tmp_path / "mail.png", "lies in no study's results/"),
    ):
        code, out, err = say(capsys, named)
        assert (code, out) == (2, "") and words in err, err


def test_a_study_without_results_has_all_of_them_missing(tmp_path: Path, capsys: Capture) -> None:
    code, _, err = say(capsys, make_study(tmp_path))
    assert code == 1 and "results/a/exafs/ingest.nxs: missing" in err


def test_json_follows_its_schema(copy: Path, capsys: Capture) -> None:
    schema = json.loads((ROOT / "resources/verify.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    code, out, err = say(capsys, copy, "--json")
    clean = json.loads(out)
    Draft202012Validator(schema).validate(clean)
    assert (code, clean["exit_code"], clean["findings"], err) == (0, 0, [], "")
    flip(copy / "results/a/exafs/wavelet.nxs", -1)
    edit_yaml(copy / "config.yaml", lambda d: d["panels"]["mu"].update(title="x"))
    code, out, _ = say(capsys, copy, "--json")
    found = json.loads(out)
    Draft202012Validator(schema).validate(found)
    by_path = {one["path"]: one for one in found["findings"]}
    assert code == found["exit_code"] == 1
    assert "results/panels/map.png" in by_path["results/a/exafs/wavelet.nxs"]["follows"]
    assert by_path["results/panels/mu.nxs"]["also"] == [f"results/panels/mu.{s}" for s in ("png", "pdf", "svg")]


def test_one_artifact_is_checked_with_what_it_was_made_from_alone(copy: Path, capsys: Capture) -> None:
    flip(copy / "results/b/exafs/reduce.nxs", -1)
    code, out, _ = say(capsys, copy / "results/a/exafs/wavelet.nxs")
    assert code == 0
    assert "results/a/exafs/wavelet.nxs: 4 artifacts are what their records say, down to 2 raw files" in out
    code, _, err = say(capsys, copy / "results/panels/map.png")
    assert code == 1 and err.startswith("results/b/exafs/reduce.nxs: ")
    code, _, err = say(capsys, copy / "results/panels/other.png")
    assert code == 2 and "is no artifact of this study" in err


def test_other_packages_are_noted_and_are_no_finding(audited: Path, capsys: Capture, monkeypatch: Any) -> None:
    from importlib import metadata

    from ntcspec.audit import study as audit

    known = metadata.version
    monkeypatch.setattr(audit.metadata, "version", lambda name: "0.1" if name == "numpy" else known(name))
    code, out, _ = say(capsys, audited)
    assert code == 0
    assert f"note: made with numpy {known('numpy')}; here it is 0.1" in out


def test_results_of_another_version_of_the_code_are_found(audited: Path, tmp_path: Path) -> None:
    """With a package in which one line of one module is another."""
    shutil.copytree(ROOT / "ntcspec", tmp_path / "ntcspec", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Snakefile", "workflow", "resources"):
        (tmp_path / name).symlink_to(ROOT / name)
    module = tmp_path / "ntcspec/xas/wavelet.py"
    module.write_text(module.read_text() + "\nEDITED = True\n")
    run = ntcspec("verify", audited, PYTHONPATH=str(tmp_path))
    assert run.returncode == 1
    line = ", ".join(
        f"results/{name}" for name in ("a/exafs/wavelet.nxs", "b/exafs/wavelet.nxs", "a/exafs/measure.nxs")
    )
    what = ", results/a/exafs/measure.json and 2 more: made by another version of the code, which differs in "
    assert f"{line}{what}ntcspec.xas.wavelet\n" in run.stderr, run.stderr
    assert "results/panels" not in run.stderr and "reduce.nxs" not in run.stderr
    assert ntcspec("verify", audited).returncode == 0


AS_NOBODY = """
import os, sys
sys.path.insert(0, {root!r})
from ntcspec.cli import main
assert main(["verify", {study!r}]) == 0  # loads all modules: Python itself may lie where nobody may read
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
sys.exit(main(["verify", {copy!r}]))
"""


def test_a_copy_that_belongs_to_somebody_else_and_cannot_be_written_is_as_recorded(
    audited: Path, tmp_path: Path
) -> None:
    """`cp -r` gives new times; the reader is another user where the tests run as root."""
    copy = tmp_path / "another place"
    subprocess.run(["cp", "-r", str(audited), str(copy)], check=True)
    for path in [copy, *copy.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    opened = open_way(tmp_path)
    try:
        code = AS_NOBODY.format(root=str(ROOT), study=str(audited), copy=str(copy))
        command = [sys.executable, "-c", code]
        environment = {**os.environ, "HOME": "/nonexistent", "MPLCONFIGDIR": "/nonexistent"}
        run = subprocess.run(
            command, env=environment, cwd="/", capture_output=True, text=True, timeout=300, check=False
        )
    finally:
        for path, mode in opened:
            path.chmod(mode)
        for path in [copy, *copy.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.count("33 artifacts are what their records say") == 2


def open_way(folder: Path) -> list[tuple[Path, int]]:
    """Let everybody through the folders above, and tell what they were; pytest closes its own."""
    changed = []
    for path in folder.parents:
        mode = stat.S_IMODE(path.stat().st_mode)
        if path.stat().st_uid == os.geteuid() and mode & 0o005 != 0o005:
            changed.append((path, mode))
            path.chmod(mode | 0o055)
    changed.append((folder, stat.S_IMODE(folder.stat().st_mode)))
    folder.chmod(0o755)
    return changed


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
def test_two_where_a_file_must_not_be_read(copy: Path, capsys: Capture) -> None:
    put(copy / "raw/b.xdi", (copy / "raw/b.xdi").read_bytes())
    (copy / "raw/b.xdi").chmod(0)
    code, _, err = say(capsys, copy)
    assert code == 2 and "raw/b.xdi: cannot be read (Permission denied)" in err
