"""replay makes an artifact again from raw bytes by its record alone, and finds whatever was changed."""

import json
import os
import shutil
import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from forge import edit_nxs, edit_record
from study import ntcspec

from ntcspec import provenance
from ntcspec.workflow import read_any_record
from ntcspec.xas import fourier

Run = tuple[int, str]


def state(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(p.relative_to(folder)): (p.stat().st_mtime_ns, p.read_bytes()) for p in folder.rglob("*") if p.is_file()
    }


# --- as it was --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["panels/map.png", "panels/chi_r.pdf", "panels/mu.svg", "panels/chi_r.nxs",
                                  "metrics.csv", "samples.csv", "made_up.nxs", "a/exafs/measure.json", "b/exafs/wavelet.nxs"])  # fmt: skip
def test_an_untouched_artifact_comes_back_byte_by_byte_and_nothing_is_written(
    replayed_study: Path, replay: Callable[..., Run], name: str
) -> None:
    before = state(replayed_study)
    code, said = replay(replayed_study / "results" / name)
    assert code == 0 and f"{Path(name).name}: identical bytes" in said.splitlines() and "differs" not in said, said
    assert "results/b/exafs/ingest.nxs: identical bytes" in said or name.startswith("a/")
    assert state(replayed_study) == before


def test_a_figure_by_mail_needs_the_raw_files_alone_however_they_are_named(
    replayed_study: Path, tmp_path: Path
) -> None:
    mail, raw = tmp_path / "mail", tmp_path / "from the beamline" / "deep"
    mail.mkdir(), raw.mkdir(parents=True)
    shutil.copy(replayed_study / "results/panels/map.png", mail / "Fig. 3 final.png")
    for number, file in enumerate(sorted((replayed_study / "raw").glob("*.xdi"))):
        shutil.copy(file, raw / f"scan {number}.txt")
    left = tmp_path / "tmp"
    left.mkdir()
    run = ntcspec("replay", mail / "Fig. 3 final.png", "--raw", raw.parent, cwd=mail, TMPDIR=str(left))
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.splitlines()[-1] == "Fig. 3 final.png: identical bytes"
    assert "raw/a1.xdi was found as" in run.stdout and list(left.iterdir()) == []
    alone = ntcspec("replay", mail / "Fig. 3 final.png", cwd=mail)
    assert (
        alone.returncode == 2
        and "raw/a1.xdi: the raw file is missing" in alone.stderr
        and "--raw FOLDER" in alone.stderr
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_study_that_cannot_be_written_is_replayed(study: Path, replay: Callable[..., Run]) -> None:
    for folder in [p for p in study.rglob("*") if p.is_dir()] + [study]:
        folder.chmod(0o555)
    try:
        assert replay(study / "results/panels/chi_r.png")[0] == 0
    finally:
        for folder in [study, *(p for p in study.rglob("*") if p.is_dir())]:
            folder.chmod(0o755)


def test_what_was_made_can_be_kept(replayed_study: Path, replay: Callable[..., Run], tmp_path: Path) -> None:
    figure = replayed_study / "results/panels/chi_r.png"
    assert replay(figure, "--keep", tmp_path / "kept")[0] == 0
    assert (tmp_path / "kept/results/panels/chi_r.png").read_bytes() == figure.read_bytes()
    code, said = replay(figure, "--keep", tmp_path / "kept")
    assert code == 2 and "is not empty -> name a new folder" in said


def test_the_outcome_as_json(replayed_study: Path) -> None:
    run = ntcspec("replay", "--json", replayed_study / "results/b/exafs/transform.nxs")
    told = json.loads(run.stdout)
    assert run.returncode == 0 and told["verdict"] == "identical bytes" and told["versions"] == []
    assert [a["path"] for a in told["artifacts"]] == [
        f"results/b/exafs/{s}.nxs" for s in ("ingest", "reduce", "transform")
    ]
    assert set(told["raw"]) == {"raw/b.xdi"}


def test_order_of_parameters_is_kept_in_the_record(replayed_study: Path) -> None:
    """Metrics come in the order of the config; sorted, the record of a panel could not make them again."""
    record = read_any_record(replayed_study / "results/a/exafs/measure.nxs")
    listed = json.loads((replayed_study / "results/a/exafs/measure.json").read_text())["record"]
    assert list(record) == list(listed) and list(record["parameters"]) == list(listed["parameters"])
    assert list(record["parameters"]) != sorted(record["parameters"])


# --- raw files --------------------------------------------------------------------------------


def test_a_changed_raw_byte_is_refused(study: Path, replay: Callable[..., Run]) -> None:
    data = bytearray((study / "raw/b.xdi").read_bytes())
    data[-30] ^= 1
    (study / "raw/b.xdi").write_bytes(data)
    code, said = replay(study / "results/panels/chi_r.png")
    assert code == 2 and "raw/b.xdi: this raw file is not what the artifact was made from" in said
    assert replay(study / "results/a/exafs/measure.json")[0] == 0  # which it does not concern


def test_a_renamed_raw_file_in_the_study_is_found(study: Path, replay: Callable[..., Run]) -> None:
    (study / "raw/b.xdi").rename(study / "raw/other name.xdi")
    assert replay(study / "results/b/exafs/reduce.nxs")[0] == 0


# --- changed by hand --------------------------------------------------------------------------


def larger_kmin(record: dict[str, Any]) -> None:
    record["parameters"]["kmin_inv_ang"] = 3.5


def test_a_parameter_changed_in_the_record_is_found(study: Path, replay: Callable[..., Run]) -> None:
    path = study / "results/a/exafs/transform.nxs"
    edit_record(path, larger_kmin)
    code, said = replay(path)
    assert code == 1 and "its record was changed: its key does not follow from what it says" in said
    assert "largest difference at /entry/data/window" in said  # and the numbers are not those of that parameter


def test_a_parameter_changed_together_with_its_key_is_found_by_the_numbers(
    study: Path, replay: Callable[..., Run]
) -> None:
    def forge(record: dict[str, Any]) -> None:
        larger_kmin(record)
        named_inputs = [
            (i["role"], i["root"], i["path"], record["ancestry"][i["path"]]["key"]) for i in record["inputs"]
        ]
        about = provenance.about_of(record)
        record["key"] = provenance.key_of(about, record["parameters"], record["code"]["fingerprint"], named_inputs)

    path = study / "results/a/exafs/transform.nxs"
    edit_record(path, forge)
    code, said = replay(path)
    assert code == 1 and "its record was changed" not in said and "largest difference at /entry/data/window" in said


def test_a_changed_parameter_of_an_ancestor_is_found(study: Path, replay: Callable[..., Run]) -> None:
    path = study / "results/a/exafs/wavelet.nxs"
    edit_record(path, lambda record: larger_kmin(record["ancestry"]["results/a/exafs/transform.nxs"]))
    code, said = replay(path)
    assert code == 1 and "results/a/exafs/transform.nxs: its record was changed" in said


def alter_number(file: h5py.File) -> None:
    file["entry/data/chir_mag"][40] *= 1.02


def alter_title(file: h5py.File) -> None:
    del file["entry/title"]
    file["entry/title"] = "a / exafs / transform"  # no longer SIMULATED


def alter_unit(file: h5py.File) -> None:
    file["entry/data/r_ang"].attrs["units"] = "nm"


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (alter_number, "/entry/data/chir_mag[40]"),
        (alter_title, "/entry/title"),
        (alter_unit, "/entry/chi_r/r_ang@units"),
    ],
)
def test_an_array_or_a_word_changed_in_a_file_is_found(
    study: Path, replay: Callable[..., Run], change: Callable[[h5py.File], None], where: str
) -> None:
    path = study / "results/a/exafs/transform.nxs"
    edit_nxs(path, change)
    code, said = replay(path)
    assert code == 1 and f"differs; largest difference at {where}" in said


def test_a_change_below_the_tolerance_is_found_by_bytes(study: Path, replay: Callable[..., Run]) -> None:
    path = study / "results/a/exafs/transform.nxs"

    def nudge(file: h5py.File) -> None:
        file["entry/data/chir_mag"][40] *= 1 + 1e-12

    edit_nxs(path, nudge)
    code, said = replay(path)
    assert code == 1 and "the bytes should be the same, and are not" in said and "/entry/data/chir_mag[40]" in said
    code, said = replay(path, "--numbers")
    assert code == 0 and "same numbers within tolerance" in said


def repaint(path: Path) -> None:
    """Blacken a corner of a PNG, record untouched."""
    content, at, chunks = path.read_bytes(), 8, []
    while at < len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        chunks.append((content[at + 4 : at + 8], content[at + 8 : at + 8 + length]))
        at += 12 + length
    width, height = struct.unpack(">II", chunks[0][1][:8])
    rows = bytearray(zlib.decompress(b"".join(body for kind, body in chunks if kind == b"IDAT")))
    stride = len(rows) // height
    for row in range(height // 2, height // 2 + 20):  # filter type 0, black and opaque
        rows[row * stride : (row + 1) * stride] = b"\0" + b"\0\0\0\xff" * width
    out = [(k, b) for k, b in chunks if k != b"IDAT"]
    out.insert(-1, (b"IDAT", zlib.compress(bytes(rows))))
    packed = (struct.pack(">I", len(b)) + k + b + struct.pack(">I", zlib.crc32(k + b)) for k, b in out)
    path.write_bytes(content[:8] + b"".join(packed))


def move_a_stroke(path: Path) -> None:
    data = path.read_bytes()
    start = data.index(b"stream\n", data.index(b"/FlateDecode")) + 7
    end = data.index(b"endstream", start)
    page = zlib.decompress(data[start:end])
    line = next(one for one in page.splitlines() if one.endswith(b" l") and b"." in one)
    x, y, _ = line.split()
    changed = page.replace(line, b"%.6f %s l" % (float(x) + 3, y), 1)
    path.write_bytes(data[:start] + zlib.compress(changed) + b"\n" + data[end:])


def text(old: str, new: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        assert old in path.read_text(encoding="utf-8")
        path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")

    return change


def raise_a_cell(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    cells = lines[2].split(",")
    cells[4] = f"{float(cells[4]) * 1.1:.10g}"
    path.write_text("\n".join([*lines[:2], ",".join(cells), *lines[3:]]) + "\n", encoding="utf-8")


CHANGED = {
    "panels/chi_r.png": (repaint, "% of the pixels differ"),
    "panels/chi_r.svg": (text('<path d="M 0', '<path d="M 9'), "drawing, part"),
    "panels/chi_r.pdf": (move_a_stroke, "drawing, part"),
    "metrics.csv": (raise_a_cell, "row 1/value"),
    "samples.csv": (text("\na,a,,yes", "\na,a,,no"), "row 1/simulated"),
    "a/exafs/measure.json": (text('"u_sys": 0', '"u_sys": 1'), "/u_sys"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGED)
def test_whatever_was_changed_in_a_file_is_found(study: Path, replay: Callable[..., Run], name: str) -> None:
    path = study / "results" / name
    change, where = CHANGED[name]
    record = read_any_record(path)
    change(path)
    assert read_any_record(path) == record  # the record is as it was
    code, said = replay(path)
    assert code == 1 and "differs; largest difference at" in said and where in said.splitlines()[-1], said


# --- other code, other versions -----------------------------------------------------------------


def scaled(factor: float) -> Callable[..., Any]:
    real = fourier.transform_exafs

    def transform(*values: Any, **settings: Any) -> Any:
        result = real(*values, **settings)
        object.__setattr__(result, "chir_mag", result.chir_mag * factor)
        return result

    transform.__wrapped__ = real  # type: ignore[attr-defined]
    return transform


def test_a_stage_that_computes_something_else_differs(
    replayed_study: Path, replay: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fourier, "transform_exafs", scaled(1.05))
    code, said = replay(replayed_study / "results/panels/chi_r.png")
    assert code == 1 and "% of the pixels differ" in said
    assert "results/a/exafs/reduce.nxs: identical bytes" in said  # and it is said where it begins
    assert "results/a/exafs/transform.nxs: differs (/entry/data/chir_mag" in said


@pytest.fixture
def other(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Pretend that a package has another version."""

    def pretend(package: str) -> None:
        real = provenance.metadata.version
        monkeypatch.setattr(provenance.metadata, "version", lambda name: "0.0.1" if name == package else real(name))

    return pretend


@pytest.mark.parametrize(
    "name", ["a/exafs/transform.nxs", "b/exafs/measure.json", "metrics.csv", "samples.csv", "panels/chi_r.png",
             "panels/chi_r.svg", "panels/chi_r.pdf", "panels/map.nxs"]
)  # fmt: skip
def test_other_versions_with_equal_numbers_are_the_same_numbers(
    replayed_study: Path, replay: Callable[..., Run], other: Callable[[str], None], name: str
) -> None:
    other("numpy")
    code, said = replay(replayed_study / "results" / name)
    assert code == 0 and "versions differ, so bytes must: numpy " in said and "-> 0.0.1" in said
    assert "same numbers within tolerance (1 % of the statistical uncertainty" in said
    assert "every number is equal to the last bit" in said and "identical bytes" not in said.splitlines()[-1]


@pytest.mark.parametrize(("factor", "code"), [(1 + 1e-9, 0), (1.01, 1)])
def test_other_versions_with_other_numbers_are_judged_by_the_uncertainty(
    replayed_study: Path,
    replay: Callable[..., Run],
    other: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    factor: float,
    code: int,
) -> None:
    other("numpy")
    monkeypatch.setattr(fourier, "transform_exafs", scaled(factor))
    got, said = replay(replayed_study / "results/a/exafs/transform.nxs")
    assert got == code and "largest difference at /entry/data/chir_mag" in said
    assert ("same numbers" if code == 0 else "differs;") in said.splitlines()[-1]


def test_another_matplotlib_is_judged_by_the_drawn_data(
    study: Path, replay: Callable[..., Run], other: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ntcspec.plot import style

    other("matplotlib")
    monkeypatch.setattr(style, "FONT_PT", 7.02)  # words are set a little differently
    figure = study / "results/panels/chi_r.png"
    assert replay(figure)[0] == 0
    (study / "results/panels/chi_r.nxs").unlink()
    code, said = replay(figure)
    assert code == 1 and "drawn by another matplotlib, and no chi_r.nxs of this panel beside it" in said
