"""The Raman files look like genuine LabSpec 6 exports, and a parser that is not ours reads them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from ntcspec.demo import find_resources, raman
from ntcspec.demo.labspec import AXES, Export, format_export, header
from ntcspec.demo.series import Made

# Keys of a genuine file (LabRAM HR Evolution, 532 nm, 1800 gr/mm) in their order, copied to pin names and repeats.
GENUINE = """Acq. time (s)|Accumulations|Range|Autofocus|Macrospot|AutoExposure|Spike filter|Delay time (s)|Binning
Readout mode|DeNoise|ICS correction|Dark correction|Inst. Process|Detector Gain|Detector ADC
Detector temperature (°C)|Instrument|Detector|Objective|Grating|ND Filter|Laser (nm)|Spectro (cm-¹)|Hole|Temperature
Range|Laser Pol.|Raman. Pol.|Laser Pol. (°)|Raman Pol. (°)|StageXY|StageZ|X (µm)|Y (µm)|Z (µm)|Full time(mm:ss)
Project|Sample|Site|Title|Remark|Date|Acquired""".replace("\n", "|").split("|")
NOT_OURS = {"Temperature", "Laser Pol.", "Raman. Pol.", "Laser Pol. (°)", "Raman Pol. (°)"}  # extras of that microscope


@pytest.fixture(scope="module")
def made() -> Made:
    return raman.make(find_resources(), 7)


def head_and_body(data: bytes) -> tuple[list[bytes], list[bytes]]:
    lines = data.splitlines(keepends=True)
    return [line for line in lines if line.startswith(b"#")], [line for line in lines if not line.startswith(b"#")]


def test_keys_are_genuine_in_order_and_number(made: Made) -> None:
    for name, data in made.files.items():
        head, _ = head_and_body(data)
        assert 35 <= len(head) <= 51, name
        keys = [line.decode("cp1252")[1:].split("=")[0] for line in head]
        assert keys[:-4] == [key for key in GENUINE if key not in NOT_OURS]
        assert keys.count("Range") == 2
        tail = [line.decode("cp1252").strip() for line in head[-4:]]
        assert tail == ["#AxisType[0]=Intens", "#AxisUnit[0]=Cnt", "#AxisType[1]=Spectr", "#AxisUnit[1]=1/cm"]
        assert all(re.match(rb"#[^=]+=\t", line) for line in head[:-4])


def test_encoding_and_line_ends(made: Made) -> None:
    """cp1252, no UTF-8; rows end with CRLF, headers with LF except in one file."""
    crlf = []
    for name, data in made.files.items():
        head, body = head_and_body(data)
        assert b"#Spectro (cm-\xb9)=" in data and b"#Detector temperature (\xb0C)=" in data and b"#X (\xb5m)=" in data
        with pytest.raises(UnicodeDecodeError):
            data.decode("utf-8")
        assert len(body) == 1024 and all(line.endswith(b"\r\n") and line.count(b"\t") == 1 for line in body)
        if all(line.endswith(b"\r\n") for line in head):
            crlf.append(name)
        else:
            assert not any(b"\r" in line for line in head)
    assert crlf == ["labram/TaCl5.txt"]


def test_settings_and_notice(made: Made) -> None:
    for data in made.files.values():
        text = data.decode("cp1252")
        for wanted in ("#Laser (nm)=\t532 ", "#Grating=\t1800 gr/mm", "#Project=\tSIMULATED", "#Acq. time (s)=\t"):
            assert wanted in text
        assert re.search(r"#Remark=\tSIMULATED by ntcspec demo.*no measurement", text)
        assert re.search(r"#Acquired=\t01\.01\.2000 00:00:00", text)


def test_a_descending_export_is_the_same_spectrum_upside_down() -> None:
    shift, counts = np.linspace(50.0, 60.0, 11), np.arange(11.0)
    up, down = (format_export(Export("t", "s", shift, counts, 1.0, 2, 10.0, descending=d)) for d in (False, True))
    assert head_and_body(up)[0] == head_and_body(down)[0]
    assert head_and_body(up)[1] == head_and_body(down)[1][::-1]
    assert len(header(Export("t", "s", shift, counts, 1.0, 2, 10.0))) + len(AXES) == 43


def test_wrighttools_reads_every_file(made: Made, tmp_path: Path) -> None:
    """Axis, units and counts by the LabRAM reader of WrightTools, which divides by the total time."""
    reason = "WrightTools, the LabSpec parser that is not ours, is not installed"
    wt = pytest.importorskip("WrightTools", reason=reason)
    for name, data in made.files.items():
        path = tmp_path / Path(name).name
        path.write_bytes(data)
        read = wt.data.from_LabRAM(path, verbose=False)
        assert read.channel_names == ("signal",) and read.shape == (1024,)
        assert read.variables[0].units == "wn" and read.channels[0].units == "cps"
        text = data.decode("cp1252")
        seconds = float(re.search(r"#Acq\. time \(s\)=\t(\S+)", text)[1]) * int(  # type: ignore[index]
            re.search(r"#Accumulations=\t(\d+)", text)[1]  # type: ignore[index]
        )
        table = np.array([line.split() for line in head_and_body(data)[1]], dtype=np.float64)
        assert np.array_equal(read.variables[0][:], table[:, 0])
        assert read.channels[0][:] * seconds == pytest.approx(table[:, 1], rel=1e-12)
        read.close()
