"""Coordinates of frames: from steps, lists, tables and headers; and what a series says as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ntcspec.config.frames import Frames
from ntcspec.errors import UserError
from ntcspec.frames.coordinates import coordinates_of, field_of, shown
from ntcspec.frames.summary import Summary


def settings(**given: Any) -> dict[str, Any]:
    return Frames(**given).model_dump(mode="json")


def test_steps_values_and_counting() -> None:
    assert coordinates_of(settings(), None).of(4, "")[0] == 5.0, "without anything frames are counted from 1"
    steps = coordinates_of(settings(along="time", unit="s", start=2.0, step=0.5), None)
    assert steps.of(3, "")[0] == 3.5
    assert (steps.names, steps.units) == (("time",), ("s",))
    listed = coordinates_of(settings(along="time", values=[1, 5, 9]), None)
    assert listed.of(2, "")[0] == 9.0
    listed.check(3)
    with pytest.raises(UserError, match="3 values for 2 frames"):
        listed.check(2)
    with pytest.raises(UserError, match="3 values for at least 4 frames"):
        listed.of(3, "")


@pytest.mark.parametrize(
    ("text", "columns", "rows"),
    [
        ("time (s)\n0\n1.5\n\n3e1\n", 1, ((0.0,), (1.5,), (30.0,))),
        ("# x, y\n0.1, 2\n0.2;3\n", 2, ((0.1, 2.0), (0.2, 3.0))),
        ("1 2\n3\tnan\n", 2, None),
    ],
)
def test_a_table_has_one_row_a_frame(tmp_path: Path, text: str, columns: int, rows: Any) -> None:
    path = tmp_path / "t.txt"
    path.write_text(text)
    given = settings(along="x", across="y" if columns == 2 else None, unit="mm", table="t.txt")
    found = coordinates_of(given, (path, "raw/t.txt"))
    if rows:
        assert found.rows == rows
    else:
        assert np.isnan(found.rows[1][1])


def test_a_bad_row_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "t.txt"
    path.write_text("time\n1\n2 3\n")
    with pytest.raises(UserError, match="'2 3' is not 1 number") as caught:
        coordinates_of(settings(along="time", table="t.txt"), (path, "raw/t.txt"))
    assert caught.value.where == "raw/t.txt, line 3"
    path.write_text("nothing here\n")
    with pytest.raises(UserError, match="no row of numbers"):
        coordinates_of(settings(along="time", table="t.txt"), (path, "raw/t.txt"))


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("# Sample.temperature: 300.5 K", "Sample.temperature", 300.5),
        ("#T 12  (Seconds)", "T", 12.0),
        ("entry/sample/temperature = -1.5e2", "temperature", -150.0),
        ("  temperature=77", "Temperature", 77.0),
        ("# Sample.temperatures: 300", "Sample.temperature", float("nan")),
        ("# Note: temperature 300", "temperature", float("nan")),
    ],
)
def test_a_coordinate_from_the_header(line: str, name: str, value: float) -> None:
    header = f"# XDI/1.0\n{line}\n# end"
    assert field_of(header, name) == pytest.approx(value, nan_ok=True)


def test_bad_frames_are_listed_shortly() -> None:
    names = [f"f{i}" for i in range(1, 9)]
    assert shown(names, ["", "no", *[""] * 6]) == "frame 2 (f2): no"
    assert shown(names, ["no"] * 8, 2) == "frame 1 (f1): no; frame 2 (f2): no; and 6 more"


# --- summary ------------------------------------------------------------------------------------


def summary(
    x: np.ndarray, value: np.ndarray, u: np.ndarray, choices: np.ndarray, along: str = "time"
) -> dict[str, Any]:
    one = Summary("m", "eV", "how", along)
    for rows in (slice(0, 3), slice(3, None)):
        one.add(x[rows], value[rows], u[rows], choices[rows])
    return {m.name: m for m in one.metrics()}


def test_sums_in_blocks_are_what_numpy_makes_of_all_at_once() -> None:
    rng = np.random.default_rng(2)
    x = np.sort(rng.uniform(300, 400, 12))
    value, u = 2823.0 + 0.01 * x + rng.normal(0, 0.2, 12), rng.uniform(0.1, 0.2, 12)
    choices = value[:, None] * [1.0, 1.0001] + rng.normal(0, 0.1, (12, 2))
    found = summary(x, value, u, choices)
    every = np.column_stack([value, choices])
    slopes = np.polyfit(x, every, 1, w=1 / u)[0] * np.ptp(x)
    chi2 = np.sum(((value - np.polyval(np.polyfit(x, value, 1, w=1 / u), x)) / u) ** 2) / 10
    w = u**-2
    error = np.sqrt(max(1.0, chi2) / np.sum(w * (x - np.sum(w * x) / w.sum()) ** 2)) * np.ptp(x)
    assert found["m.mean"].value == pytest.approx(value.mean())
    assert found["m.mean"].u_stat == pytest.approx(np.sqrt(np.sum(u**2)) / 12)
    assert found["m.mean"].u_sys == pytest.approx(0.5 * np.ptp(every.mean(axis=0)))
    assert found["m.change"].value == pytest.approx(slopes[0])
    assert found["m.change"].u_stat == pytest.approx(error)
    assert found["m.change"].u_sys == pytest.approx(0.5 * np.ptp(slopes), rel=1e-6)
    spreads = np.sqrt(every.var(axis=0, ddof=1) - np.mean(u**2))
    assert found["m.spread"].value == pytest.approx(spreads[0])
    assert found["m.spread"].u_sys == pytest.approx(0.5 * np.ptp(spreads), rel=1e-6)


def test_u_stat_of_the_spread_is_what_noise_makes_of_it() -> None:
    rng = np.random.default_rng(7)
    true, noise = np.linspace(0.0, 1.0, 40), 0.2
    none = np.empty((40, 0))
    found = [summary(true, true + rng.normal(0, noise, 40), np.full(40, noise), none)["m.spread"] for _ in range(400)]
    assert np.std([m.value for m in found]) == pytest.approx(np.median([m.u_stat for m in found]), rel=0.15)
    assert np.mean([m.value for m in found]) == pytest.approx(true.std(ddof=1), rel=0.02)


def test_what_is_missing_has_a_reason() -> None:
    x, nan = np.arange(6.0), np.full(6, np.nan)
    known = np.full(6, 0.1)
    value = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    none = np.empty((6, 0))
    nothing = summary(x, nan, nan, none)
    assert nothing["m.mean"].reason == "no frame has it"
    assert "0 frames have it" in nothing["m.spread"].reason and "0 frames have it" in nothing["m.change"].reason
    assert summary(x, value, known, none)["m.mean"].reason == "u_sys: no other normalisation was asked for"
    lost = summary(x, value, known, np.full((6, 1), np.nan))["m.mean"]
    assert lost.reason == "u_sys: no frame has it under every normalisation" and lost.value == 2.5
    noiseless = summary(x, value, nan, none)
    assert "noise of the frames is not known" in noiseless["m.mean"].reason
    assert noiseless["m.change"].value == pytest.approx(5.0)
    assert "at 1 different coordinates" in summary(np.ones(6), value, known, none)["m.change"].reason
    assert "m.change" not in summary(x, value, known, none, along=""), "two coordinates have no one direction"
