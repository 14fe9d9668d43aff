"""Raw files that are none, or cannot be read: told with file and line, never waited for, and the other samples go on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from study import make_study, measurement, ntcspec, table, write_yaml, xdi

from ntcspec.config.load import load_study
from ntcspec.errors import Problems
from ntcspec.plan import Plan
from ntcspec.provenance import sha256_file

ODD = {  # raw file by sample: what is said of it
    "pipe": "'raw/pipe' is a pipe, not a file -> copy what it gives into a file, and name that",
    "zero": "'raw/zero' is a device, not a file",
    "loop": "'raw/loop' is a symbolic link that leads to itself -> make it lead to the file",
    "gone": "'raw/gone' is a symbolic link that leads nowhere -> mend the path",
    "folder": "'raw/folder' is a folder -> name the raw files in it",
    "empty-folder": "'raw/empty-folder' is an empty folder -> mend the path, or copy it again",
    "a.xdi/b": "no such file 'raw/a.xdi/b' in '.' (there is no folder 'a.xdi') -> mend the path",
    "long" * 70: f"'raw/{'long' * 70}' is too long a path for this disc -> shorten the names of its folders",
    "broken": "raw/broken: cannot be read: Input/output error -> is its disc there, and whole?",
}


def odd_study(folder: Path) -> Path:
    """One good sample, and one for each odd file; the bytes of `broken` cannot be read, as on a share that went away."""
    names = {"good": "a.xdi", **{f"s{i}": name for i, name in enumerate(ODD)}, "s-empty": "empty.xdi"}
    samples = {s: {"simulated": True, "measurements": {"exafs": measurement(f"raw/{f}")}} for s, f in names.items()}
    make_study(folder, samples)
    raw = folder / "raw"
    xdi(raw / "a.xdi", table())
    os.mkfifo(raw / "pipe")
    (raw / "zero").symlink_to("/dev/zero")
    (raw / "loop").symlink_to("loop")
    (raw / "gone").symlink_to("nowhere")
    (raw / "folder").mkdir()
    (raw / "folder/x.dat").write_text("1 2\n")
    (raw / "empty-folder").mkdir()
    (raw / "broken").symlink_to("/proc/self/mem")  # a file by its looks, and an I/O error when it is read
    (raw / "empty.xdi").write_bytes(b"")
    return folder


def test_a_study_with_every_odd_raw_file_runs(tmp_path: Path) -> None:
    folder = odd_study(tmp_path)
    run = ntcspec("run", folder, "--cores", "2")
    assert run.returncode == 1 and "Traceback" not in run.stdout + run.stderr
    for name, told in ODD.items():
        assert told in run.stderr, (name, run.stderr)
    assert "FAILED s-empty / exafs: raw/empty.xdi: the file is empty -> copy it again" in run.stderr
    rows = (folder / "results/metrics.csv").read_text().splitlines()
    assert any(row.startswith("good,") and "first_shell.position" in row for row in rows)
    for i, name in enumerate(ODD):
        assert any(row.startswith(f"s{i},") for row in rows), name
    verified = ntcspec("verify", folder)
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_check_and_show_tell_them_too(tmp_path: Path) -> None:
    folder = odd_study(tmp_path)
    check = ntcspec("check", folder)
    assert check.returncode == 1 and "internal error" not in check.stderr
    for told in (*ODD.values(), "raw/empty.xdi: the file is empty"):
        assert told in check.stderr, check.stderr
    for name, told in {
        "pipe": "it is a pipe, not a file", "zero": "it is a device, not a file", "loop": "Too many levels",
        "gone": "No such file", "broken": "Input/output error", "empty.xdi": "the file is empty",
    }.items():  # fmt: skip
        shown = ntcspec("show", folder / "raw" / name)
        assert shown.returncode == 1 and told in shown.stderr, (name, shown.stdout, shown.stderr)


def test_permissions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may read anything: what the kernel would say to somebody else is put in its place."""
    folder = make_study(tmp_path)
    closed = folder / "raw/b.xdi"
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != closed)
    (problem,) = load_study(folder).problems
    assert "'raw/b.xdi' is a file that you may not read -> ask for its permissions" in str(problem)


def test_a_file_that_cannot_be_read_to_its_end(tmp_path: Path) -> None:
    folder = make_study(tmp_path)

    class Hashes:
        def __getitem__(self, path: Path) -> str:
            if path.name in bad:
                raise OSError(116, "Stale file handle")
            return sha256_file(path)

        def save(self) -> None: ...

    bad = {"a2.xdi"}
    plan = Plan(load_study(folder), Hashes())
    assert [m.sample for m in plan.study.measurements] == ["b"]
    assert [(e.sample, e.name) for e in plan.study.excluded] == [("a", "exafs")]
    assert plan.study.excluded[0].reason.startswith("raw/a2.xdi: cannot be read: Stale file handle")
    bad |= {"b.xdi"}
    with pytest.raises(Problems, match=r"raw/b.xdi: cannot be read"):
        Plan(load_study(folder), Hashes())


def test_samples_yaml_that_is_a_pipe(tmp_path: Path) -> None:
    folder = make_study(tmp_path)
    (folder / "samples.yaml").unlink()
    os.mkfifo(folder / "samples.yaml")
    check = ntcspec("check", folder)
    assert check.returncode == 1
    assert "samples.yaml: cannot be read: it is a pipe, not a file" in check.stderr


def test_of_many_mistakes_the_first_are_shown(tmp_path: Path) -> None:
    folder = make_study(tmp_path)
    samples = {f"s{i:03d}": {"measurements": {"exafs": measurement(f"raw/s{i:03d}.xdi")}} for i in range(100)}
    write_yaml(folder / "samples.yaml", {"samples": samples})
    check = ntcspec("check", folder)
    lines = check.stderr.splitlines()
    assert check.returncode == 1 and len(lines) == 21
    assert lines[0].startswith("samples.yaml, line 8: samples.s000.measurements.exafs.files[0]: no such file")
    assert lines[20] == "... and 80 more; `ntcspec check --all` lists them all"
    everything = ntcspec("check", folder, "--all").stderr.splitlines()
    assert len(everything) == 100 and "raw/s099.xdi" in everything[99]
    samples["good"] = {"measurements": {"exafs": measurement("raw/b.xdi")}}
    write_yaml(folder / "samples.yaml", {"samples": samples})
    dry = ntcspec("run", folder, "--dry-run")
    assert dry.returncode == 0
    told = dry.stderr.splitlines()
    assert len(told) == 21 and told[20].startswith("... and 80 more; `ntcspec check --all`")
