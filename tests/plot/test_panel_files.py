"""Files: the same bytes from every process, and the record comes back out of each format."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from synthetic_panels import entries, entry

from ntcspec.errors import UserError
from ntcspec.plot import draw, panel_data, read_record, save
from ntcspec.plot.metadata import record_of

SUFFIXES = ("png", "pdf", "svg")
RECORDS = {
    "plain": json.dumps({"stage": "panel"}),
    "brackets": json.dumps({"a": "f(x)) = ((1 \\ 2) \\( \\101 \\n", "b": "<&>]]>--><!--"}),
    "lines": '{\n  "a": "tab\\t",\n\n  "b": 1}',
    "latin": json.dumps({"a": "Åström µ²"}, ensure_ascii=False),
    "unicode": json.dumps({"a": "χ(k) — Å⁻¹ 試料 🧪 (\\)"}, ensure_ascii=False),
    "large": json.dumps({f"results/s{i}/reduce.nxs": hashlib.sha256(bytes(i)).hexdigest() for i in range(700)}),
    "large unicode": json.dumps({f"Å{i}": "(χ)" * 5 for i in range(2500)}, ensure_ascii=False),
}
DRAW = """
import hashlib, sys
from pathlib import Path
from synthetic_panels import entries_of
from ntcspec.plot import draw, panel_data, save
OPTIONS = {
    "exafs.wavelet": {"contours": 3},  # the others are curves as those that follow
    "xanes.norm": {"inset": [1070, 1076]},
    "xanes.pre_edge": {"residual": True},
}
for kind, options in OPTIONS.items():
    figure = draw(panel_data(kind, entries_of(kind, 2, simulated=True), options), title="K$_2$PtCl$_6$ – one")
    for path in save(figure, Path(sys.argv[1]) / kind, '{"a": "Å"}'):
        print(path.name, hashlib.sha256(path.read_bytes()).hexdigest())
print({"matplotlib.pyplot", "scipy", "larch"} & set(sys.modules))
"""


@pytest.fixture(scope="module")
def figure() -> Figure:
    return draw(panel_data("exafs.chi_r", [entry("<script>alert('&')</script> --> ]]>", simulated=True)], {}))


@pytest.fixture(scope="module")
def saved(figure: Figure, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The three files with the record 'brackets'."""
    paths = save(figure, tmp_path_factory.mktemp("saved") / "a", RECORDS["brackets"])
    return {p.suffix[1:]: p.read_bytes() for p in paths}


def run(code: str, *arguments: str, **environment: str) -> str:
    here = Path(__file__).parent
    paths = os.pathsep.join([str(here), str(here.parents[1])])
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "PYTHONPATH": paths, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_two_processes_write_the_same_bytes(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(run, DRAW, str(tmp_path / "one"), PYTHONHASHSEED="1", SOURCE_DATE_EPOCH="1000", TZ="UTC")
        second = pool.submit(
            run, DRAW, str(tmp_path / "two"), PYTHONHASHSEED="2", SOURCE_DATE_EPOCH="2000", TZ="Asia/Tokyo"
        )
    one, two = first.result(), second.result()
    assert one == two
    assert len(one.splitlines()) == 10
    assert one.splitlines()[-1] == "set()"  # no pyplot, no heavy library


def test_saving_twice_writes_the_same_bytes(tmp_path: Path) -> None:
    figure = draw(panel_data("exafs.wavelet", entries(1), {}))
    first = [p.read_bytes() for p in save(figure, tmp_path / "a", "{}")]
    assert [p.read_bytes() for p in save(figure, tmp_path / "b", "{}")] == first


@pytest.mark.parametrize("name", RECORDS)
def test_record_round_trip(figure: Figure, tmp_path: Path, name: str) -> None:
    record = RECORDS[name]
    paths = save(figure, tmp_path / "panel.3e", record)
    assert [p.name for p in paths] == [f"panel.3e.{s}" for s in SUFFIXES]
    assert [read_record(p) for p in paths] == [record] * 3
    assert len(RECORDS["large"]) > 60_000


def test_no_name_time_or_version_in_the_files(saved: dict[str, bytes]) -> None:
    assert b"Software" not in saved["png"] and b"Date" not in saved["pdf"] and b"Producer" not in saved["pdf"]
    assert b"dc:date" not in saved["svg"]


def test_svg_is_xml_and_says_simulated(saved: dict[str, bytes]) -> None:
    root = ElementTree.fromstring(saved["svg"])
    assert not [e for e in root.iter() if e.tag.endswith("script")]
    title = root.find("{http://www.w3.org/2000/svg}title")
    assert title is not None and title.text == "SIMULATED exafs.chi_r: <script>alert('&')</script> --> ]]>"


def test_a_record_that_cannot_be_carried_writes_nothing(figure: Figure, tmp_path: Path) -> None:
    for record in ("\x00", ""):
        with pytest.raises((RuntimeError, UserError)):
            save(figure, tmp_path / "a", record)
    assert list(tmp_path.iterdir()) == []


def test_no_record(tmp_path: Path) -> None:
    for suffix in SUFFIXES:
        path = tmp_path / f"bare.{suffix}"
        draw(panel_data("exafs.mu", [entry()], {})).savefig(path)
        with pytest.raises(UserError, match="no record in this figure"):
            read_record(path)


def test_other_files(tmp_path: Path) -> None:
    text = tmp_path / "a.png"
    text.write_text("no figure")
    with pytest.raises(UserError, match="not a PNG, PDF or SVG"):
        read_record(text)
    with pytest.raises(UserError, match="cannot be read"):
        read_record(tmp_path / "absent.png")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_damaged_figures_never_crash(saved: dict[str, bytes], suffix: str) -> None:
    content = saved[suffix]
    for end in range(0, len(content), max(len(content) // 60, 1)):
        try:
            assert record_of(content[:end], "a") == RECORDS["brackets"]
        except UserError as error:
            assert error.what


def test_changed_record_in_a_png_is_noticed(saved: dict[str, bytes]) -> None:
    with pytest.raises(UserError, match="checksum"):
        record_of(saved["png"].replace(b"f(x)", b"g(x)"), "a.png")


def chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (b"tEXt", "ntcspec\0µ".encode("latin-1")),
        (b"zTXt", b"ntcspec\0\0" + zlib.compress("µ".encode("latin-1"))),
        (b"iTXt", b"ntcspec\0\0\0\0\0" + "µ".encode()),
        (b"iTXt", b"ntcspec\0\1\0\0\0" + zlib.compress("µ".encode())),
    ],
)
def test_every_png_text_chunk(kind: bytes, body: bytes) -> None:
    other = chunk(b"tEXt", b"Comment\0no")
    assert record_of(b"\x89PNG\r\n\x1a\n" + other + chunk(kind, body) + chunk(b"IEND", b""), "a") == "µ"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (rb"(a\(b\)c\\d\n\101\7)", "a(b)c\\d\nA\x07"),
        (b"(balanced (inner) text)", "balanced (inner) text"),
        (b"(one \\\nline)", "one line"),
        (b"<FEFF03C7>", "χ"),
        (b"< 41 42 5>", "ABP"),
        (b"(\xef\xbb\xbf\xcf\x87)", "χ"),
    ],
)
def test_pdf_strings(value: bytes, expected: str) -> None:
    pdf = (
        b"%PDF-1.4\n1 0 obj\n<< /Title (/Keywords \\(no\\)) /A [ <41> ] /Keywords "
        + value
        + b" >>\nendobj\ntrailer\n<< /Size 2 /Info 1 0 R >>\n"
    )
    assert record_of(pdf, "a.pdf") == expected


def test_importing_needs_no_heavy_library() -> None:
    heavy = "{'matplotlib', 'numpy', 'scipy', 'larch', 'h5py'} & set(sys.modules)"
    for module in ("ntcspec.plot", "ntcspec.plot.metadata", "ntcspec.plot.exafs_options", "ntcspec.plot.xanes_options"):
        assert run(f"import sys, {module}; print({heavy})").strip() == "set()"


def test_panel_data_needs_no_matplotlib() -> None:
    draws = "panel_data('exafs.mu', [], {}); panel_data('xanes.norm', [], {'inset': [1, 2]})"
    modules = run(f"import sys; from ntcspec.plot import panel_data; {draws}; print(sorted(sys.modules))")
    assert "'numpy'" in modules and "'matplotlib'" not in modules and "'scipy'" not in modules


def test_a_panel_loads_only_its_own_technique() -> None:
    code = (
        "import sys; from ntcspec.plot import panel_data; panel_data('xanes.norm', [], {}); print(sorted(sys.modules))"
    )
    modules = run(code)
    assert "'ntcspec.plot.xanes'" in modules and "'ntcspec.plot.exafs'" not in modules
