"""FEFF: input, run, cache. The cache is asked for speed, for the same bytes, for races and for damage."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from path_models import tacl6

from ntcspec.errors import UserError
from ntcspec.xas.paths import feff_run
from ntcspec.xas.paths.feff_files import read_paths
from ntcspec.xas.paths.feff_input import feff6_input, feff8_input, scatterers
from ntcspec.xas.paths.feff_run import find_binaries, run_feff, run_key

TEXT = feff6_input(tacl6(), edge="L3", rmax_ang=3.0)


def names(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str) -> None:
    """A program of this content in place of feff6l."""
    binary = tmp_path / "feff6l"
    binary.write_text(script)
    binary.chmod(0o755)
    monkeypatch.setattr(feff_run, "find_binaries", lambda program: (binary,))


def test_the_binaries_are_those_that_larch_uses() -> None:
    from larch.utils import bindir

    (six,) = find_binaries()
    assert six.parent == Path(bindir) and len(find_binaries("feff8l")) == 6
    with pytest.raises(ValueError, match="known: feff6l, feff8l"):
        find_binaries("feff9")


@pytest.mark.parametrize(("edge", "hole"), [("K", 1), ("L1", 2), ("L2", 3), ("L3", 4)])
def test_input_of_feff6(edge: str, hole: int) -> None:
    lines = feff6_input(tacl6(), edge=edge, rmax_ang=5.0).splitlines()
    assert f"HOLE {hole} 1.0" in lines and not any(line.startswith("EDGE") for line in lines)
    start = lines.index("POTENTIALS")
    assert lines[start : start + 5] == ["POTENTIALS", "0 73 Ta", "1 17 Cl", "ATOMS", "0.000000 0.000000 0.000000 0"]
    assert len(lines) == start + 12 and lines[-1] == "END"


def test_input_refuses_what_feff_cannot_hold() -> None:
    cluster = tacl6()
    with pytest.raises(UserError, match="unknown edge 'M5'"):
        feff6_input(cluster, edge="M5", rmax_ang=5.0)
    many = replace(cluster, symbols=("Ta", "H", "C", "N", "O", "F", "Na"), xyz_ang=cluster.xyz_ang)
    assert scatterers(many) == ("C", "F", "H", "N", "Na", "O")
    more = replace(
        many, symbols=(*many.symbols, "Cl", "K"), xyz_ang=np.vstack([cluster.xyz_ang, [[5, 5, 5], [6, 6, 6]]])
    )
    with pytest.raises(UserError, match="8 elements around the absorber"):
        feff8_input(more, edge="L3", rmax_ang=5.0)


def test_a_second_run_is_read_from_the_cache_in_50_ms(tmp_path: Path) -> None:
    start = time.perf_counter()
    first = run_feff(TEXT, cache=tmp_path / "cache")
    cold = time.perf_counter() - start
    assert not first.cached and first.version == "Feff 6L.02" and cold < 10.0
    times = []
    for _ in range(5):
        start = time.perf_counter()
        again = run_feff(TEXT, cache=tmp_path / "cache")
        read_paths(again.folder)
        times.append(time.perf_counter() - start)
    assert again.cached and replace(again, cached=False) == first
    assert min(times) < 0.050


def test_two_caches_hold_the_same_bytes(tmp_path: Path) -> None:
    one, two = (run_feff(TEXT, cache=tmp_path / name) for name in ("one", "two"))
    assert one.key == two.key and names(one.folder) == names(two.folder)
    assert {"feff.inp", "feff.log", "feff0001.dat", "files.dat", "paths.dat", "SHA256SUMS"} == set(names(one.folder))


def test_the_key_follows_input_and_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keys = {run_key(TEXT), run_key(TEXT + " "), run_key(TEXT, program="feff8l")}
    fake(monkeypatch, tmp_path, "another version")
    keys.add(run_key(TEXT))
    assert len(keys) == 4


def test_runs_at_the_same_time_share_one_result(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda _: run_feff(TEXT, cache=tmp_path), range(8)))
    assert len({run.folder for run in runs}) == 1 and not all(run.cached for run in runs)
    assert [path.name for path in tmp_path.iterdir()] == [runs[0].key]  # no scratch folder is left


@pytest.mark.parametrize("damage", ["cut", "removed", "emptied"])
def test_a_damaged_result_is_made_again(tmp_path: Path, damage: str) -> None:
    first = run_feff(TEXT, cache=tmp_path)
    good = names(first.folder)
    file = first.folder / "feff0001.dat"
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:500])
    elif damage == "removed":
        file.unlink()
    else:
        for path in first.folder.iterdir():
            path.unlink()
    again = run_feff(TEXT, cache=tmp_path)
    assert not again.cached and names(again.folder) == good
    assert [path.name for path in tmp_path.iterdir()] == [first.key]


def test_an_error_of_feff_is_shown_in_full_and_not_kept(tmp_path: Path) -> None:
    """The absorber without a potential of its own: FEFF's words, first to last line."""
    broken = TEXT.replace("0 73 Ta\n", "")
    with pytest.raises(UserError) as caught:
        run_feff(broken, cache=tmp_path)
    assert "Feff 6L.02" in caught.value.what and "Fatal Error: No absorbing atom (ipot=0) defined" in caught.value.what
    assert not list(tmp_path.iterdir())


def test_no_path_within_rmax(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"found no path|failed; it said"):
        run_feff(feff6_input(tacl6(), edge="L3", rmax_ang=1.5), cache=tmp_path)


def test_a_program_that_does_not_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake(monkeypatch, tmp_path, "#!/bin/sh\necho started\nexec sleep 60\n")
    with pytest.raises(UserError, match=r"did not end within 0\.5 s; it said:\nstarted"):
        run_feff(TEXT, cache=tmp_path / "cache", timeout_s=0.5)
    assert not list((tmp_path / "cache").iterdir())


def test_the_program_ends_with_a_job_that_is_killed(tmp_path: Path) -> None:
    """It would go on for two minutes beside the run that comes after."""
    binary, told = tmp_path / "feff6l", tmp_path / "pid"
    binary.write_text(f"#!/bin/sh\necho $$ > {told}\nexec sleep 600\n")
    binary.chmod(0o755)
    text = (
        "import sys\nfrom pathlib import Path\nfrom ntcspec.xas.paths import feff_run\n"
        "feff_run.find_binaries = lambda program: (Path(sys.argv[1]),)\n"
        "feff_run.call_program('', Path(sys.argv[2]))\n"
    )
    job = subprocess.Popen([sys.executable, "-c", text, str(binary), str(tmp_path)])
    while not told.exists() or not told.read_text():
        time.sleep(0.02)
    state = Path(f"/proc/{told.read_text().strip()}/stat")
    job.kill()
    job.wait()
    end = time.monotonic() + 10
    while state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z" and time.monotonic() < end:
        time.sleep(0.02)
    gone = not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"
    if not gone:
        subprocess.run(["kill", "-9", told.read_text().strip()], check=False)
    assert gone


def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cache of FEFF cannot be written"):
        run_feff(TEXT, cache=tmp_path / "file")


def test_feff8l_gives_the_same_paths(tmp_path: Path, feff_cache: Path) -> None:
    """Same geometry as FEFF6; the first shell alike within 15 % above k = 4 (potentials are built otherwise)."""
    six = read_paths(run_feff(TEXT, cache=feff_cache).folder)
    run = run_feff(feff8_input(tacl6(), edge="L3", rmax_ang=3.0), cache=tmp_path, program="feff8l")
    eight = read_paths(run.folder)
    assert run.version.startswith("Feff8L") and run.key != run_key(TEXT)
    assert [(p.label, p.degeneracy, p.reff_ang) for p in eight] == [(p.label, p.degeneracy, p.reff_ang) for p in six]
    k = np.arange(4.0, 14.0, 0.5)
    one, other = (np.interp(k, p.k_inv_ang, p.amplitude) for p in (six[0], eight[0]))
    assert other == pytest.approx(one, rel=0.15) and not np.array_equal(one, other)


def test_self_consistency_is_a_card_of_feff8_that_must_be_asked_for() -> None:
    text = feff8_input(tacl6(), edge="L3", rmax_ang=3.0, scf_radius_ang=4.0)
    assert "SCF 4.000" in text and "SCF" not in feff8_input(tacl6(), edge="L3", rmax_ang=3.0)
