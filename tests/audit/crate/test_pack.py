"""A pack is one zip, the same every time, that unpacks anywhere and verifies there."""

import os
import pwd
import shutil
import stat
import subprocess
import zipfile
from pathlib import Path

import pytest
from study import ntcspec
from told import load

from ntcspec.audit.crate_check import absent_raw
from ntcspec.audit.pack import LEFT_OUT, write_pack
from ntcspec.cli import main
from ntcspec.commands.verify import findings
from ntcspec.config.load import load_study
from ntcspec.errors import UserError
from ntcspec.plan import CRATE, Plan

TOP = "made_up_100_b_"


def plan_of(study: Path) -> Plan:
    return Plan(load_study(study, absent_raw(study)))


def unpack(pack: Path, folder: Path) -> Path:
    with zipfile.ZipFile(pack) as file:
        file.extractall(folder)
    return folder / TOP


@pytest.fixture(scope="module")
def packed(told: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packed")
    write_pack(plan_of(told), folder / "with.zip", raw=True)
    write_pack(plan_of(told), folder / "without.zip", raw=False)
    return folder


def test_the_same_study_gives_the_same_zip(told: Path, packed: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(told, tmp_path / "copy"))
    for path in copy.rglob("*"):
        os.utime(path)
    write_pack(plan_of(copy), tmp_path / "again.zip", raw=True)
    assert (tmp_path / "again.zip").read_bytes() == (packed / "with.zip").read_bytes()


def test_names_are_sorted_below_one_folder_and_other_programs_can_unpack(packed: Path) -> None:
    with zipfile.ZipFile(packed / "with.zip") as file:
        names = file.namelist()
        assert names == sorted(names) and all(name.startswith(f"{TOP}/") for name in names)
        assert not [name for name in names if ".." in name.split("/") or name.startswith("/") or "\\" in name]
        assert file.testzip() is None
    if shutil.which("unzip"):
        done = subprocess.run(["unzip", "-tq", packed / "with.zip"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_unpacked_elsewhere_it_verifies(packed: Path, tmp_path: Path) -> None:
    study = unpack(packed / "with.zip", tmp_path)
    run = ntcspec("verify", study)
    assert run.returncode == 0 and "down to 4 raw files" in run.stdout, run.stderr
    assert "SIMULATED" in (study / "README.txt").read_text()
    sums = subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=study / "results", check=False)
    assert sums.returncode == 0


def test_without_raw_files_it_says_so_and_verifies_the_rest(packed: Path, told: Path, tmp_path: Path) -> None:
    study = unpack(packed / "without.zip", tmp_path)
    assert not list(study.rglob("*.xdi"))
    run = ntcspec("verify", study)
    assert run.returncode == 3 and "4 raw files were left out of this pack" in run.stderr, run.stdout + run.stderr
    assert len((study / LEFT_OUT).read_text(encoding="utf-8").splitlines()) == 4
    shutil.copytree(told / "raw", study / "raw")
    listed = subprocess.run(["sha256sum", "--check", "--quiet", LEFT_OUT], cwd=study, check=False)
    assert listed.returncode == 0
    assert list(findings(plan_of(study))) == []


@pytest.mark.parametrize("name", ["results/metrics.csv", "results/a/exafs/reduce.nxs", "results/a/exafs/measure.json"])
def test_without_raw_files_a_change_of_the_rest_is_found(packed: Path, tmp_path: Path, name: str) -> None:
    study = unpack(packed / "without.zip", tmp_path)
    data = bytearray((study / name).read_bytes())
    data[-20] ^= 1
    (study / name).write_bytes(data)
    assert name in {path for path, _ in findings(plan_of(study))}


def test_a_raw_file_that_is_missing_is_no_left_out_one(study: Path) -> None:
    (study / "raw/b.xdi").unlink()
    found = list(findings(plan_of(study)))
    assert any(path == "raw/b.xdi" and what.startswith("missing") for path, what in found), found


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_another_user_can_verify_it_read_only(packed: Path, tmp_path: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    study = unpack(packed / "with.zip", tmp_path)
    for path in (study, *study.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    top = tmp_path
    while top != top.parent:  # pytest's folders are closed to others
        top.chmod(top.stat().st_mode | stat.S_IXOTH | stat.S_IROTH)
        top = top.parent
        if top == Path("/tmp"):
            break

    assert main(["verify", str(study)]) == 0  # and loads all modules, which may lie where others cannot read
    child = os.fork()
    if not child:
        os.setgroups([])
        os.setgid(nobody.pw_gid)
        os.setuid(nobody.pw_uid)
        try:
            os._exit(10 if os.access(study, os.W_OK) else main(["verify", str(study)]))
        finally:
            os._exit(11)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


OUTSIDE = ["absolute", "${NTCSPEC_TEST_RAW}", "../outside"]


@pytest.mark.parametrize("how", OUTSIDE)
def test_raw_files_outside_of_the_study_come_into_the_pack(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    shutil.move(study / "raw", tmp_path / "outside/raw")
    monkeypatch.setenv("NTCSPEC_TEST_RAW", str(tmp_path / "outside"))
    place = str(tmp_path / "outside") if how == "absolute" else how
    config = study / "config.yaml"
    config.write_text(f"raw_root: {place}\n{config.read_text()}")
    assert main(["run", str(study), "--dry-run"]) == 0
    plan = plan_of(study)
    from ntcspec.audit.crate import write_crate

    write_crate(plan)
    assert list(findings(plan)) == []
    write_pack(plan, tmp_path / "x.zip", raw=True)
    shutil.rmtree(tmp_path / "outside")
    monkeypatch.delenv("NTCSPEC_TEST_RAW")
    there = unpack(tmp_path / "x.zip", tmp_path / "elsewhere")
    assert load(there / "config.yaml")["raw_root"] == "raw"
    assert load(there / "results/study/config.yaml")["raw_root"] == place, "as it was run"
    assert (there / "raw/raw/a1.xdi").is_file()
    assert list(findings(plan_of(there))) == []
    assert {j.key for j in plan_of(there).jobs.values()} == {j.key for j in plan.jobs.values()}


def test_what_does_not_verify_is_not_packed_unless_forced(study: Path, tmp_path: Path) -> None:
    with (study / "results/metrics.csv").open("a") as stream:
        stream.write("x\n")
    run = ntcspec("pack", study, "--to", tmp_path / "x.zip")
    assert run.returncode == 1 and "not packed" in run.stderr and "results/metrics.csv" in run.stderr
    assert list(tmp_path.glob("*.zip")) == []
    run = ntcspec("pack", study, "--to", tmp_path / "x.zip", "--force")
    assert run.returncode == 0
    words = (unpack(tmp_path / "x.zip", tmp_path / "there") / "README.txt").read_text()
    assert "DOES NOT VERIFY" in words and "results/metrics.csv" in words


def test_the_command_names_what_it_wrote(told: Path, tmp_path: Path) -> None:
    run = ntcspec("pack", told, cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert f"{TOP}.zip" in run.stdout and "with raw files" in run.stdout and "sha256 of the crate: " in run.stdout
    assert [p.name for p in tmp_path.iterdir()] == [f"{TOP}.zip"], "nothing half-written is left"


def test_a_file_that_changes_while_packing_stops_it(study: Path, tmp_path: Path) -> None:
    plan = plan_of(study)
    (study / "results/panels/map.png").write_bytes(b"other")
    with pytest.raises(UserError, match=r"results/panels/map\.png: is not the file that .*tells of"):
        write_pack(plan, tmp_path / "x.zip", raw=True)
    assert list(tmp_path.iterdir()) == [study]


@pytest.mark.parametrize("to", ["x.tar", "config.yaml"])
def test_only_a_zip_is_written(told: Path, tmp_path: Path, to: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.yaml").write_text("mine")
    assert main(["pack", str(told), "--to", str(tmp_path / to)]) == 1
    assert "name a file that ends with .zip" in capsys.readouterr().err
    assert (tmp_path / "config.yaml").read_text() == "mine"


def test_a_place_that_cannot_be_written_is_said(told: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written"):
        write_pack(plan_of(told), tmp_path / "no such folder/x.zip", raw=True)


@pytest.mark.parametrize("name", ["../x", "/x", "a\\b", "C:x", "a//b", "a/./b", "a\nb"])
def test_names_that_leave_the_folder_are_refused(name: str) -> None:
    from ntcspec.audit.pack import _safe

    with pytest.raises(UserError, match="cannot be packed"):
        _safe(name)


def test_a_study_without_a_crate_is_not_packed(study: Path, tmp_path: Path) -> None:
    (study / CRATE).unlink()
    run = ntcspec("pack", study, "--to", tmp_path / "x.zip", "--force")
    assert run.returncode == 1 and "ntcspec run" in run.stderr and "Traceback" not in run.stderr


def test_files_of_any_size_fit(told: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if 4 GB were 1 kB: larger files get the fields of 64 bits, and are read back whole."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 1000)
    write_pack(plan_of(told), tmp_path / "x.zip", raw=True)
    with zipfile.ZipFile(tmp_path / "x.zip") as file:
        assert file.testzip() is None
        assert max(one.extract_version for one in file.infolist()) == zipfile.ZIP64_VERSION
        name = f"{TOP}/results/a/exafs/reduce.nxs"
        assert file.read(name) == (told / "results/a/exafs/reduce.nxs").read_bytes()
