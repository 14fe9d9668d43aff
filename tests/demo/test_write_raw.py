"""write_raw: the same bytes for the same seed, nothing done twice, nothing of the user's overwritten."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ntcspec.demo import find_resources, manifest, write_raw
from ntcspec.errors import UserError

NAMES = ["NaTaCl6_TaL3_1.dat", "NaTaCl6_TaL3_2.dat", "TaCl5_TaL3_1.dat", "TaCl5_TaL3_2.dat"]


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, hidden ones included."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture
def copy(demo: Path, tmp_path: Path) -> Path:
    """A copy of the demo folder that a test may damage."""
    return Path(shutil.copytree(demo, tmp_path / "copy"))


def test_same_seed_same_bytes_other_seed_other_bytes(demo: Path, tmp_path: Path) -> None:
    paths = write_raw(tmp_path / "again")
    assert [p.name for p in paths] == NAMES and all(p.parent == tmp_path / "again" / "hxma" for p in paths)
    assert contents(tmp_path / "again") == contents(demo)
    assert set(contents(demo)) == {".demo.json", "hxma/truth.json", *(f"hxma/{name}" for name in NAMES)}
    write_raw(tmp_path / "other", seed=7)
    ours, theirs = contents(demo), contents(tmp_path / "other")
    assert all(ours[f"hxma/{name}"] != theirs[f"hxma/{name}"] for name in NAMES)


def test_a_complete_folder_costs_nothing(demo: Path) -> None:
    """In a process of its own: no numpy, no FEFF, no file touched."""
    before = {p: p.stat().st_mtime_ns for p in demo.rglob("*")}
    code = (
        "import sys; from pathlib import Path; from ntcspec.demo import write_raw; "
        f"assert len(write_raw(Path({str(demo)!r}))) == 4; assert 'numpy' not in sys.modules"
    )
    start = time.monotonic()
    subprocess.run([sys.executable, "-c", code], check=True)
    assert time.monotonic() - start < 5.0
    assert {p: p.stat().st_mtime_ns for p in demo.rglob("*")} == before


def test_a_missing_file_is_made_again(copy: Path, demo: Path) -> None:
    (copy / "hxma" / NAMES[0]).unlink()
    write_raw(copy)
    assert contents(copy) == contents(demo)


def test_a_changed_file_is_kept_unless_forced(copy: Path, demo: Path) -> None:
    file = copy / "hxma" / NAMES[1]
    file.write_text("mine\n")
    with pytest.raises(UserError, match=r"NaTaCl6_TaL3_2\.dat.*is not as .* wrote it"):
        write_raw(copy)
    with pytest.raises(UserError):
        write_raw(copy, seed=7)
    assert file.read_text() == "mine\n"
    write_raw(copy, force=True)
    assert contents(copy) == contents(demo)


def test_a_foreign_file_of_that_name_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "hxma" / NAMES[2]
    file.parent.mkdir()
    file.write_text("mine\n")
    with pytest.raises(UserError, match=r"TaCl5_TaL3_1\.dat"):
        write_raw(tmp_path)
    assert contents(tmp_path) == {f"hxma/{NAMES[2]}": b"mine\n"}


def test_an_interrupted_run_is_finished(copy: Path, demo: Path) -> None:
    """Files but no manifest yet: they are what would be written, so they are accepted."""
    (copy / manifest.NAME).unlink()
    write_raw(copy)
    assert contents(copy) == contents(demo)


def test_other_inputs_replace_our_own_files(copy: Path) -> None:
    write_raw(copy, seed=7)
    assert json.loads((copy / manifest.NAME).read_text())["made_from"]["seed"] == 7
    assert "seed: 7" in (copy / "hxma" / NAMES[0]).read_text()


def test_errors_say_what_to_do(copy: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"NaTaCl6_P21c\.cif: no such file -> restore it"):
        write_raw(tmp_path / "new", resources=tmp_path)
    (copy / manifest.NAME).write_text("{")
    with pytest.raises(UserError, match="is damaged -> delete it"):
        write_raw(copy)


def test_every_structure_has_its_source(demo: Path) -> None:
    text = (find_resources() / "README.md").read_text()
    for cif in find_resources().glob("*.cif"):
        assert f"`{cif.name}`" in text
    assert "MIT" in text


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Path, target: Path) -> Path:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        manifest.write_atomic(tmp_path / "a.dat", "x\n")
    assert contents(tmp_path) == {}
