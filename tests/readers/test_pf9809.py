"""Photon Factory 9809: the measured file, and what its header may say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ntcspec.errors import UserError
from ntcspec.readers import ColumnSpec, pf9809
from ntcspec.readers.text import TextFile, load_text
from ntcspec.types.xas import XasScan

MERCURY = "PF_BL12C_angle_Hg-L3.dat"
D = 3.13551


def text_of(*, modes: str = "1 2 3 3", offsets: str = "10.5 20.5 0 1", points: int = 6, angles: float = 0.0) -> str:
    """A file of four channels; counts 1000, 2000 .. times the time, one more each row."""
    channels = " ".join(str(n) for n in range(2, 2 + len(modes.split())))
    lines = [
        "  9809     KEK-PF   NW10A",
        f" Mono :   SI(111)       D=  {D} A    Initial angle=  9.25969 deg",
        f" NW10A     Fluorescence( 3)   Repetition=  1     Points=  {points}",
        " Ortec(-1)     NDCH = 4",
        f"  Angle(c)  Angle(o)    time/s  {channels}",
        f"      Mode         0         0  {modes}",
        f"    Offset         0         0  {offsets}",
    ]
    for i in range(6):
        angle, time = 9.4 - 0.01 * i, 1.0 + (i > 2)
        counts = " ".join(str(int(1000 * (n + 1) * time) + i) for n in range(len(modes.split())))
        lines.append(f"   {angle:.5f}   {angle + angles:.5f}   {time:.2f} {counts}")
    return "\n".join(lines) + "\n"


def read(text: str, spec: ColumnSpec | None = None) -> XasScan:
    file = TextFile("x.dat", tuple(text.removesuffix("\n").split("\n")), True)
    evidence = pf9809.recognise(file)
    assert evidence
    return pf9809.read(file, evidence, spec)


def refusal(text: str, spec: ColumnSpec | None = None) -> UserError:
    with pytest.raises(UserError) as caught:
        read(text, spec)
    assert caught.value.fix
    return caught.value


def test_measured_file(xas_data: Path) -> None:
    file = load_text(xas_data / MERCURY, MERCURY)
    scan = pf9809.read(file, pf9809.recognise(file))
    raw = np.array([line.split() for line in file.lines[19:837]], dtype=float)
    assert (scan.energy_ev.size, int(scan.row_line[0]), int(scan.row_line[-1])) == (818, 20, 837)
    by_hand = 12398.42 / (2 * D * np.sin(np.deg2rad(raw[:, 1])))
    np.testing.assert_allclose(scan.energy_ev, by_hand, rtol=1e-7)
    assert scan.energy_ev[0] == pytest.approx(12049.0, abs=0.2)  # block 1 starts there
    i0, transmitted = raw[:, 3] - 826.150 * raw[:, 2], raw[:, 4] - 652.975 * raw[:, 2]
    np.testing.assert_allclose(scan.mu("transmission"), np.log(i0 / transmitted), rtol=1e-12)
    assert scan.preferred == "transmission" and [c.mode for c in scan.channels] == ["transmission"]
    for words in ("calculated one differs by up to 17 eV", "826.15 counts/s x time", "d = 3.13551 angstrom"):
        assert any(words in note for note in scan.notes)
    np.testing.assert_array_equal(scan.column("channel 2").values, raw[:, 3])


def test_the_edge_of_the_measured_file_is_where_mercury_has_it(xas_data: Path) -> None:
    file = load_text(xas_data / MERCURY, MERCURY)
    scan = pf9809.read(file, pf9809.recognise(file))
    fine = (scan.energy_ev > 12250) & (scan.energy_ev < 12330)
    energy, mu = scan.energy_ev[fine], scan.mu("transmission")[fine]
    smooth = np.convolve(mu, np.ones(9) / 9, mode="valid")
    steepest = energy[4:-4][np.argmax(np.gradient(smooth, energy[4:-4]))]
    assert steepest == pytest.approx(12284.0, abs=8.0)  # Hg L3, Elam


def test_several_fluorescence_channels_are_summed_and_dark_counts_scale_with_time() -> None:
    scan = read(text_of())
    time, i = np.repeat([1.0, 2.0], 3), np.arange(6)
    i0, transmitted = 1000 * time + i - 10.5 * time, 2000 * time + i - 20.5 * time
    third, fourth = 3000 * time + i, 4000 * time + i - 1.0 * time
    np.testing.assert_allclose(scan.mu("transmission"), np.log(i0 / transmitted), rtol=1e-12)
    np.testing.assert_allclose(scan.mu("fluorescence"), (third + fourth) / i0, rtol=1e-12)
    assert scan.preferred == "fluorescence"
    assert "line 6: channel 2 has mode 1, i0" in scan.channels[0].evidence
    assert not any("points" in note for note in scan.notes)


def test_without_offsets_the_counts_are_used_as_they_are() -> None:
    scan = read(text_of(offsets="0 0 0 0"))
    assert scan.channels[0].formula == "ln(channel 2 / channel 3)" and len(scan.columns) == 7
    text = "\n".join(line for line in text_of().split("\n") if "Offset" not in line)
    assert read(text).channels[0].formula == "ln(channel 2 / channel 3)"


def test_two_channels_of_one_role() -> None:
    text = text_of(modes="1 1 2 3")
    assert refusal(text).what == "columns 4 and 5 both have the mode of i0"
    scan = read(text, ColumnSpec(i0=5))
    assert scan.channels[0].numerator == ("channel 3",)


def test_the_observed_angle_is_the_axis() -> None:
    scan = read(text_of(angles=0.01))
    np.testing.assert_array_equal(scan.column("Angle(o)").values - scan.column("Angle(c)").values > 0.009, True)
    np.testing.assert_allclose(
        scan.energy_ev, 12398.41984 / (2 * D * np.sin(np.deg2rad(scan.column("Angle(o)").values))), rtol=1e-12
    )
    assert any("the calculated one differs by up to 13 eV" in note for note in scan.notes)


def test_an_aborted_scan_is_noted() -> None:
    assert any("announces 9 points, the file holds 6" in note for note in read(text_of(points=9)).notes)


def test_damage() -> None:
    assert "nothing states the lattice spacing" in refusal(text_of().replace("D=", "E=")).what
    scan = read(text_of().replace("D=", "E="), ColumnSpec(d_spacing_ang=D))
    assert scan.energy_ev[0] == pytest.approx(12398.41984 / (2 * D * np.sin(np.deg2rad(9.4))))
    assert "no line 'Mode' follows" in refusal(text_of().replace("Mode", "Mood")).what
    assert "Offset should hold 6 numbers" in refusal(text_of(offsets="1 2 3")).what
    assert "Mode should hold 6 numbers" in refusal(text_of(offsets="1 2 3 4").replace("1 2 3 3", "1 2 x 3")).what
    assert "is no number" in refusal(text_of().replace(" 1001 ", " 1oo1 ")).what
    assert "no column is known as I0" in refusal(text_of(modes="0 2 3 3")).what


def test_only_its_own_files_are_recognised(xas_data: Path) -> None:
    for path in sorted(xas_data.glob("*.dat")):
        assert bool(pf9809.recognise(load_text(path, path.name))) == (path.name == MERCURY)
