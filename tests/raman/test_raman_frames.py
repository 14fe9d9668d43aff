"""Raman frames: the numbers that a map of the same spectra gives, in blocks; coordinates of files; bad files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from spectra_for_raman import lorentz, scan_of

from ntcspec.config.frames import Frames
from ntcspec.errors import UserError
from ntcspec.raman.frames.ingest import ingest_raman_frames
from ntcspec.raman.frames.measure import measure_raman_frames
from ntcspec.raman.frames.reduce import reduce_raman_frames
from ntcspec.raman.measure import measure_raman
from ntcspec.raman.reduce import reduce_raman
from ntcspec.types import Array, Metric
from ntcspec.types.blocks import Blocks
from ntcspec.types.frames import FramesMeasured
from ntcspec.types.raman import RamanIngested
from ntcspec.types.raman_frames import RamanFrames, RawRamanFrame

X = np.arange(100.0, 500.0, 0.8)
REGIONS = {"a1g": (340.0, 430.0), "f2g": (140.0, 210.0)}
RATIOS = {"f2g_to_a1g": ("f2g", "a1g")}
BASELINES = ("arpls lam=1e4", "imodpoly")
COUNTS: dict[str, Any] = {"intensity_unit": "Cnt"}


def spectra(count: int, *, moved: float = 8.0, seed: int = 1) -> Array:
    """Counts of spectra whose strong band moves and fades along the series."""
    rng = np.random.default_rng(seed)
    t = np.linspace(0.0, 1.0, count)
    mean = [400 + 500 * np.exp(-X / 150) + 0.3 * X + (3000 - 1500 * a) * lorentz(X, 381 + moved * a, 10)
            + 900 * lorentz(X, 176, 12) for a in t]  # fmt: skip
    return rng.poisson(mean).astype(float)


def raw(y: Array, *, block: int = 7, reasons: dict[int, str] | None = None, **scan: Any) -> RamanFrames:
    """As `ingest` hands them on."""
    words = tuple((reasons or {}).get(i, "") for i in range(len(y)))

    def make() -> Iterator[RawRamanFrame]:
        for start in range(0, len(y), block):
            part = y[start : start + block]
            at, none = np.arange(start, start + len(part), dtype=float), np.full(len(part), np.nan)
            names = tuple(f"s{i}.txt" for i in range(start, start + len(part)))
            yield RawRamanFrame(np.repeat(X[None], len(part), 0), part, at, none, names, words[start : start + block])

    return RamanFrames(scan_of(X, y[:1], **scan), (), (), ("time",), ("s",), Blocks(RawRamanFrame, make), ())


def measured(frames: RamanFrames, **settings: Any) -> FramesMeasured:
    reduced = reduce_raman_frames(frames, **{"baselines": BASELINES, **settings})
    return measure_raman_frames(reduced, regions=REGIONS, ratios=RATIOS)


def metric(found: FramesMeasured, name: str) -> Metric:
    return next(m for m in found.metrics if m.name == name)


@pytest.mark.parametrize("scan", [{}, {"accumulations": 40.0}, {"intensity_unit": "Cnt/sec", "exposure_s": 0.02}])
def test_frames_have_the_numbers_of_the_same_map(scan: dict[str, Any]) -> None:
    y = spectra(24) * (30.0 if scan.get("accumulations") else 1.0)
    y[3, 200] += 60000  # a cosmic ray
    whole = reduce_raman(RamanIngested((scan_of(X, y, **scan),)), baselines=BASELINES)
    table = measure_raman(whole, regions=REGIONS, ratios=RATIOS).tables[0]
    reduced = reduce_raman_frames(raw(y, **scan), baselines=BASELINES)
    np.testing.assert_allclose(reduced.frames.column("corrected"), whole.corrected, rtol=0, atol=1e-6 * y.max())
    np.testing.assert_allclose(reduced.frames.column("sigma"), whole.sigma, rtol=1e-6)
    assert reduced.frames.column("spikes").sum() == whole.spikes.sum() > 0
    assert reduced.intensity_unit == whole.intensity_unit
    found = measure_raman_frames(reduced, regions=REGIONS, ratios=RATIOS)
    assert [m.name for m in found.frame_metrics] == list(table.names)
    for one, unit, value, error in zip(
        found.frame_metrics, table.metric_units, table.values.T, table.u_stat.T, strict=True
    ):
        assert one.metric_unit == unit
        np.testing.assert_allclose(one.value, value, rtol=1e-5, err_msg=one.name)
        np.testing.assert_allclose(one.u_stat, error, rtol=1e-4, err_msg=one.name)


def test_u_sys_is_what_the_baselines_give_each_frame_alone() -> None:
    y = spectra(6)
    found = {m.name: m for m in measured(raw(y)).frame_metrics}
    for i in (0, 4):
        alone = measure_raman(reduce_raman(RamanIngested((scan_of(X, y[i]),)), baselines=BASELINES), regions=REGIONS)
        for one in (m for m in alone.metrics if m.name.endswith(("area", "centroid"))):
            assert found[one.name].value[i] == pytest.approx(one.value, rel=1e-5)
            assert found[one.name].u_sys[i] == pytest.approx(one.u_sys, rel=1e-2), one.name


def test_a_trend_is_found_and_frames_in_another_order_lose_it() -> None:
    y = spectra(40)
    change = metric(measured(raw(y)), "a1g.area.change")
    assert change.value < -20 * change.u_stat and change.u_sys > 0
    mixed = metric(measured(raw(y[np.random.default_rng(3).permutation(40)])), "a1g.area.change")
    assert abs(mixed.value) < 3 * mixed.u_stat
    found = measured(raw(spectra(40, moved=0.0)))
    still, moving = (metric(found, f"{name}.area.spread").value for name in ("f2g", "a1g"))
    assert still < 0.1 * moving, "this band does not change; what is left is the scatter of its baselines"


@pytest.mark.parametrize("block", [1, 3, 24])
def test_blocks_of_any_size_decide_alike(block: int) -> None:
    """One frame is brighter than one exposure can be: counts are sums in all of them."""
    y = spectra(12)
    y[10] *= 40
    y[2] *= 65000 / y[2].max()
    frames = raw(y, block=block, accumulations=10.0)
    full = reduce_raman_frames(frames, baselines=()).frames.column("saturated")
    assert not full.any(), "a sum of ten exposures may reach what one cannot"
    one, other = (measured(raw(y, block=b, accumulations=10.0)) for b in (block, 12))
    for mine, theirs in zip(one.frame_metrics, other.frame_metrics, strict=True):
        np.testing.assert_allclose(mine.value, theirs.value, rtol=1e-4, err_msg=mine.name)
        np.testing.assert_allclose(mine.u_stat, theirs.u_stat, rtol=1e-3, err_msg=mine.name)


def test_a_bad_frame_is_named_and_takes_nothing_with_it() -> None:
    y = spectra(9)
    bad = y.copy()
    bad[4] = np.nan
    found = measured(raw(bad, reasons={4: "no number in line 7"}))
    good = measured(raw(np.delete(y, 4, axis=0)))
    assert found.notes[:2] == ("8 of 9 frames are used", "left out: frame 5 (s4.txt): no number in line 7")
    np.testing.assert_allclose(np.delete(found.frame_metrics[0].value, 4), good.frame_metrics[0].value, rtol=1e-6)
    with pytest.raises(UserError, match=r"none can be used: frame 1 \(s0.txt\): gone; and 2 more"):
        measured(raw(np.full((3, X.size), np.nan), reasons=dict.fromkeys(range(3), "gone")))


def test_a_baseline_taken_away_already_is_not_taken_twice() -> None:
    treated = raw(spectra(3))
    treated = replace(treated, first=replace(treated.first, history=("Base: Sub",)))
    with pytest.raises(UserError, match="already taken a baseline away"):
        reduce_raman_frames(treated)
    with pytest.raises(UserError, match="'sometimes' is not known"):
        reduce_raman_frames(raw(spectra(3)), spikes="sometimes")


# --- ingest ---------------------------------------------------------------------------------------


def write(path: Path, *columns: Array, head: str = "Raman shift (cm-1)\tcounts") -> Path:
    rows = "\n".join("\t".join(f"{v:.3f}" for v in row) for row in np.column_stack([X, *columns]))
    path.write_text(f"{head}\n{rows}\n")
    return path


def ingested(paths: list[Path], **given: Any) -> RamanFrames:
    frames = Frames(**given).model_dump(mode="json")
    return ingest_raman_frames(paths, [p.name for p in paths], files={}, frames=frames, laser_nm=532.0)


def test_many_files_and_files_of_many_spectra_are_frames(tmp_path: Path) -> None:
    y = spectra(5)
    paths = [write(tmp_path / "a.txt", y[0]), write(tmp_path / "b.txt", *y[1:4]), write(tmp_path / "c.txt", y[4])]
    found = ingested(paths, along="time", unit="s", step=2.0)
    assert found.frames.column("source") == ("a.txt", "b.txt::1", "b.txt::2", "b.txt::3", "c.txt")
    assert found.frames.column("along").tolist() == [0.0, 2.0, 4.0, 6.0, 8.0]
    np.testing.assert_allclose(found.frames.column("intensity"), y, atol=1e-3)
    assert found.first.intensity.shape[0] == 1, "of the first file the header and one spectrum"


def test_the_coordinates_of_a_map_are_those_of_its_file(tmp_path: Path) -> None:
    y, (rows, columns) = spectra(6), np.divmod(np.arange(6), 3)
    lines = ["#AxisUnit[0]=\t1/cm", "#Laser=\t532", "\t\t" + "\t".join(f"{x:.3f}" for x in X)]
    lines += [
        f"{c:g}\t{r:g}\t" + "\t".join(f"{v:.1f}" for v in one) for r, c, one in zip(rows, columns, y, strict=True)
    ]
    path = tmp_path / "map.txt"
    path.write_text("\n".join(lines) + "\n")
    found = ingested([path])
    assert len(found.coordinate_names) == 2
    assert sorted(zip(found.frames.column("along"), found.frames.column("across"), strict=True)) == sorted(
        (float(c), float(r)) for r, c in zip(rows, columns, strict=True)
    )
    counted = ingested([path], along="time", values=[5, 4, 3, 2, 1, 0])
    assert counted.frames.column("along").tolist() == [5, 4, 3, 2, 1, 0], "the study wins over the file"


def test_a_file_that_cannot_be_read_is_a_bad_frame(tmp_path: Path) -> None:
    y = spectra(3)
    paths = [write(tmp_path / f"{i}.txt", one) for i, one in enumerate(y)]
    paths[1].write_text("nothing\n")
    found = ingested(paths)
    reasons = found.frames.column("reason")
    assert not reasons[0] and "no Raman spectrum" in reasons[1] and not reasons[2]
    assert measured(found, noise="poisson").notes[0] == "2 of 3 frames are used"
    short = write(tmp_path / "short.txt", y[0])
    short.write_text("\n".join(short.read_text().splitlines()[:200]))
    cut = reduce_raman_frames(ingested([paths[0], short]), baselines=())
    assert "it runs from 100 to" in cut.frames.column("reason")[1]
    paths[0].write_text("nothing\n")
    with pytest.raises(UserError, match="none of 1 files can be used"):
        ingested(paths[:1])
