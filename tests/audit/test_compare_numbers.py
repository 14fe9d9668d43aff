"""Tolerances of replay: at their edge on both sides, for numbers alone, in arrays, with uncertainties and in words."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ntcspec.audit import raw_files
from ntcspec.audit.compare import compare, flatten, words
from ntcspec.audit.contents import compare_files
from ntcspec.audit.rebuild import outputs
from ntcspec.errors import UserError
from ntcspec.provenance import sha256_file


def far(old: Any, new: Any, error: Any = None) -> float:
    """Tolerances between two values; 0 if none."""
    pair = compare({"x": old, "u": error}, {"x": new, "u": error}, lambda path: "u" if path == "x" else None)
    return pair.worst.tolerances if pair.worst else 0.0


@pytest.mark.parametrize(
    ("old", "new", "error", "expected"),
    [
        (2.0, 2.0 + 1e-6, None, 0.5),  # 1e-6 of itself
        (2.0, 2.0 + 4e-6, None, 2.0),
        (2.0, 2.005, 1.0, 0.5),  # 1 % of the uncertainty
        (2.0, 2.02, 1.0, 2.0),
        (2.0, 2.0 + 1e-9, 1e-12, 0.5),  # an uncertainty of next to nothing
        (2.0, 2.0 + 1e-6, math.nan, 0.5),  # an unknown one
        (2.0, 2.0 + 1e-6, 0.0, 0.5),
        (math.nan, math.nan, None, 0.0),
        (math.nan, 1.0, None, math.inf),
        (1.0, math.nan, None, math.inf),
        (math.inf, math.inf, None, 0.0),
        (0.0, -0.0, None, 0.0),
        (3, 4, None, math.inf),
        (True, False, None, math.inf),
        ("a", "b", None, math.inf),
        (1.0, "1.0", None, math.inf),
    ],
)
def test_one_number(old: Any, new: Any, error: Any, expected: float) -> None:
    assert far(old, new, error) == pytest.approx(expected, rel=1e-3)


def test_an_array_is_judged_by_its_largest_value_and_points_by_their_own_uncertainty() -> None:
    old = np.array([1000.0, 1e-9, 3.0])
    assert far(old, old + np.array([0.0, 5e-4, 0.0])) == pytest.approx(0.5)  # rounding beside large values
    u = np.array([1.0, 1.0, 0.1])
    worst = compare({"x": old, "u": u}, {"x": old + np.array([0.005, 0.0, 0.002]), "u": u}, {"x": "u"}.get).worst
    assert worst is not None and worst.where == "x[2]" and worst.tolerances == pytest.approx(2.0)
    assert far(old, old[:2]) == math.inf
    assert far(old * 1j, old * 1j * (1 + 5e-7)) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("E0 at 9881.21 eV", "E0 at 9881.21 eV", 0.0),
        ("E0 at 9881.21 eV", "E0 at 9881.22 eV", 1.0),  # both rounded
        ("E0 at 9881.21 eV", "E0 at 9881.23 eV", 2.0),
        ("E0 at 9881.21 eV", "e0 at 9881.21 eV", math.inf),
        ("3 of 4 steps", "2 of 4 steps", 333333.3),
        ("0 of 4", "1 of 4", 1e300),
        ("1.5e-3", "1.6e-3", 1.0),
        ("one 1", "one 1 and 2", math.inf),
    ],
)
def test_numbers_in_words(old: str, new: str, expected: float) -> None:
    assert words(old, new) == pytest.approx(expected, rel=1e-3)


@given(arrays(np.float64, st.integers(1, 20), elements=st.floats(allow_nan=True, allow_infinity=True)), st.data())
def test_equal_is_equal_and_a_changed_point_is_named(values: np.ndarray, data: st.DataObject) -> None:
    assert far(values, values.copy()) == 0.0
    at = data.draw(st.integers(0, values.size - 1))
    changed = values.copy()
    changed[at] = (
        0.0
        if not np.isfinite(values[at])
        else values[at] + 3e-6 * max(1e-300, np.abs(values[np.isfinite(values)]).max())
    )
    if changed[at] != values[at] and np.isfinite(changed[at]):
        pair = compare({"x": values}, {"x": changed}, lambda _: None)
        assert pair.worst is not None and pair.worst.where == f"x[{at}]" and not pair.same


def test_what_one_side_alone_holds_is_a_difference() -> None:
    for old, new in (({"a": 1.0, "b": 2.0}, {"a": 1.0}), ({"a": 1.0}, {"a": 1.0, "b": 2.0})):
        pair = compare(old, new, lambda _: None)
        assert not pair.same and pair.worst is not None and pair.worst.where == "b" and pair.fields == 2


def test_an_uncertainty_may_differ_by_a_hundredth_of_itself(tmp_path: Path) -> None:
    def file(name: str, value: float, u_stat: float, u_sys: float) -> Path:
        metric = {"name": "r", "value": value, "unit": "A", "u_stat": u_stat, "u_sys": u_sys}
        path = tmp_path / name
        path.write_text(json.dumps({"metrics": [metric], "notes": [], "failure": "", "record": {}}))
        return path

    old = file("old.json", 2.0, 0.01, 0.1)
    assert compare_files(old, file("near.json", 2.00005, 0.01009, 0.1009), None, True).same
    for number, other in enumerate(((2.0002, 0.01, 0.1), (2.0, 0.0102, 0.1), (2.0, 0.01, 0.102))):
        assert not compare_files(old, file(f"far{number}.json", *other), None, True).same


def test_json_is_taken_apart() -> None:
    found = flatten({"m": [{"v": None, "n": "x"}], "l": [1, 2.5], "e": []}, "r")
    assert math.isnan(found["r/m/0/v"]) and found["r/m/0/n"] == "x" and list(found["r/l"]) == [1.0, 2.5]


# --- raw files --------------------------------------------------------------------------------


def test_raw_files_are_found_by_path_by_name_and_by_content(tmp_path: Path) -> None:
    (tmp_path / "in/deep").mkdir(parents=True)
    places = {"raw/a.dat": "raw/a.dat", "../other/b.dat": "b.dat", "raw/c.dat": "in/deep/renamed.txt"}
    listed = {}
    for name, place in places.items():
        path = tmp_path / place
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"content of {name}")
        listed[name] = (sha256_file(path), path.stat().st_size)
    found = raw_files.locate(listed, [tmp_path])
    assert {name: path.relative_to(tmp_path).as_posix() for name, path in found.items()} == places
    assert raw_files.depth(listed) == 1
    base = tmp_path / "scratch" / "up"
    raw_files.link(found, base)
    assert (base / "raw/c.dat").read_text() == "content of raw/c.dat"
    assert (tmp_path / "scratch/other/b.dat").read_text() == "content of ../other/b.dat"
    (tmp_path / "in/deep/renamed.txt").write_text("content of raw/x.dat")  # as long as the right one
    with pytest.raises(UserError, match=r"raw/c.dat: the raw file is missing .* not found below"):
        raw_files.locate(listed, [tmp_path])


def test_records_that_name_two_contents_of_one_raw_file_are_refused() -> None:
    one = {"inputs": [{"root": "raw", "path": "a", "sha256": "0", "bytes": 1}]}
    two = {"inputs": [{"root": "raw", "path": "a", "sha256": "1", "bytes": 1}]}
    assert raw_files.wanted([one, one]) == {"a": ("0", 1)}
    with pytest.raises(UserError, match="two different contents"):
        raw_files.wanted([one, two])


def test_names_from_a_record_cannot_lead_out_of_the_folder() -> None:
    for name in ("../../x", "/etc/passwd", "a/../../b"):
        for record in ({"stage": "panel", "panel": name}, {"stage": "series", "series": name}):
            assert all(".." not in Path(path).parts and path.startswith("results/") for path in outputs(record))
