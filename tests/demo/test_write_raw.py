"""write_raw: the same bytes for the same seed, nothing done twice, nothing of the user's overwritten.

Instruments of `instruments_for_tests` stand in for real ones; that the real ones give the same bytes twice is tested
with them.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ntcspec import demo as package
from ntcspec.demo import Instrument, find_resources, instrument_seed, manifest, write_raw
from ntcspec.errors import UserError
from ntcspec.provenance import write_atomic

SLOW = ("slow", "instruments_for_tests:slow")
QUICK = ("quick", "instruments_for_tests:quick")
NAMES = ["quick/image.bin", "quick/seed.txt", "slow/0.dat", "slow/1.dat"]


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, hidden ones included."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def choose(monkeypatch: pytest.MonkeyPatch, *instruments: Instrument) -> None:
    monkeypatch.setattr(package, "INSTRUMENTS", instruments)


@pytest.fixture(autouse=True)
def two_instruments(monkeypatch: pytest.MonkeyPatch) -> None:
    choose(monkeypatch, SLOW, QUICK)


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("raw")
    with pytest.MonkeyPatch.context() as patch:
        choose(patch, SLOW, QUICK)
        write_raw(target)
    return target


@pytest.fixture
def copy(once: Path, tmp_path: Path) -> Path:
    """A copy of the folder that a test may damage."""
    return Path(shutil.copytree(once, tmp_path / "copy"))


def test_same_seed_same_bytes_other_seed_other_bytes(once: Path, tmp_path: Path) -> None:
    paths = write_raw(tmp_path / "again")
    assert paths == [tmp_path / "again" / name for name in NAMES]
    assert contents(tmp_path / "again") == contents(once)
    assert set(contents(once)) == {".demo.json", "truth.json", *NAMES}
    write_raw(tmp_path / "other", seed=7)
    assert contents(tmp_path / "other")["slow/0.dat"] != contents(once)["slow/0.dat"]


def test_one_more_instrument_changes_nothing_for_the_others(
    once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(monkeypatch, QUICK)
    write_raw(tmp_path)
    assert contents(tmp_path)["quick/seed.txt"] == contents(once)["quick/seed.txt"]
    choose(monkeypatch, SLOW, QUICK)
    assert [p.relative_to(tmp_path).as_posix() for p in write_raw(tmp_path)] == NAMES
    assert contents(tmp_path) == contents(once)
    choose(monkeypatch, QUICK)
    write_raw(tmp_path)
    assert not (tmp_path / "slow" / "0.dat").exists()


def test_seeds_of_instruments_are_their_own() -> None:
    found = {instrument_seed(seed, name) for seed in range(50) for name in ("exafs", "xanes", "raman")}
    assert len(found) == 150 and all(0 <= seed < 2**32 for seed in found)
    assert instrument_seed(20240430, "exafs") == 3193066315


def test_truth_and_manifest_name_the_instruments(once: Path) -> None:
    truth = json.loads((once / "truth.json").read_text())
    assert "SIMULATED" in truth["note"] and truth["seed"] == 20240430
    assert truth["slow"] == {"seed": instrument_seed(20240430, "slow")}
    made_from = json.loads((once / manifest.NAME).read_text())["made_from"]
    assert list(made_from["instruments"]) == ["slow", "quick"]
    assert {"cry_1600.npz", "NaTaCl6_P21c.cif"} <= set(made_from["inputs"])


def test_a_complete_folder_costs_nothing(once: Path) -> None:
    """In a process of its own: no numpy, nothing computed, no file touched."""
    before = {p: p.stat().st_mtime_ns for p in once.rglob("*")}
    code = (
        f"import sys; sys.path.append({str(Path(__file__).parent)!r}); "
        "from pathlib import Path; from ntcspec import demo; "
        f"demo.INSTRUMENTS = ({SLOW!r}, {QUICK!r}); "
        f"assert len(demo.write_raw(Path({str(once)!r}))) == 4; assert 'numpy' not in sys.modules"
    )
    start = time.monotonic()
    subprocess.run([sys.executable, "-c", code], check=True)
    assert time.monotonic() - start < 5.0
    assert {p: p.stat().st_mtime_ns for p in once.rglob("*")} == before


def test_a_missing_file_is_made_again(copy: Path, once: Path) -> None:
    (copy / NAMES[0]).unlink()
    write_raw(copy)
    assert contents(copy) == contents(once)


def test_a_changed_file_is_kept_unless_forced(copy: Path, once: Path) -> None:
    file = copy / NAMES[1]
    file.write_text("mine\n")
    with pytest.raises(UserError, match=r"seed\.txt.*is not as .* wrote it"):
        write_raw(copy)
    with pytest.raises(UserError):
        write_raw(copy, seed=7)
    assert file.read_text() == "mine\n"
    write_raw(copy, force=True)
    assert contents(copy) == contents(once)


def test_a_foreign_file_of_that_name_is_kept(tmp_path: Path) -> None:
    file = tmp_path / NAMES[2]
    file.parent.mkdir()
    file.write_text("mine\n")
    with pytest.raises(UserError, match=r"0\.dat"):
        write_raw(tmp_path)
    assert contents(tmp_path) == {NAMES[2]: b"mine\n"}


def test_an_interrupted_run_is_finished(copy: Path, once: Path) -> None:
    """Files but no manifest yet: they are what would be written, so they are accepted."""
    (copy / manifest.NAME).unlink()
    write_raw(copy)
    assert contents(copy) == contents(once)


def test_other_inputs_replace_our_own_files(copy: Path) -> None:
    write_raw(copy, seed=7)
    assert json.loads((copy / manifest.NAME).read_text())["made_from"]["seed"] == 7
    assert str(instrument_seed(7, "slow")) in (copy / NAMES[2]).read_text()


def test_errors_say_what_to_do(copy: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"NaTaCl6_P21c\.cif: no such file -> restore it"):
        write_raw(tmp_path / "new", resources=tmp_path)
    (copy / manifest.NAME).write_text("{")
    with pytest.raises(UserError, match="is damaged -> delete it"):
        write_raw(copy)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("refusing", r"^glass\.cif: no such file -> restore it$"),
        ("broken", r"ntcspec demo: wrong: cannot be simulated \(ZeroDivisionError: of a kind\)"),
        ("absent", r"ntcspec demo: wrong: cannot be simulated \(AttributeError"),
        ("same_file", r"ntcspec demo: wrong: quick/seed\.txt is written by quick too"),
    ],
)
def test_the_error_of_one_instrument_is_told_and_nothing_is_written(
    name: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(monkeypatch, QUICK, ("wrong", f"instruments_for_tests:{name}"))
    with pytest.raises(UserError, match=message):
        write_raw(tmp_path)
    assert contents(tmp_path) == {}


def test_every_input_has_its_source_and_all_are_small() -> None:
    text = (find_resources() / "README.md").read_text()
    for name in package.INPUTS:
        assert f"`{name}`" in text
    assert "MIT" in text
    assert sum(p.stat().st_size for p in find_resources().rglob("*") if p.is_file()) < 1_000_000


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Path, target: Path) -> Path:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(UserError, match=r"a\.dat: cannot be written: disk full"):
        write_atomic(tmp_path / "a.dat", b"x\n")
    assert contents(tmp_path) == {}
