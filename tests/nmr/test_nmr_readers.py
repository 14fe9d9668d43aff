"""Every format: vectors made by hand, round trips in every type of numbers, and other programs on measured files."""

from __future__ import annotations

import struct
from pathlib import Path
from tempfile import TemporaryDirectory

import nmr_files
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntcspec.readers.nmr import read_nmr
from ntcspec.readers.nmr.bruker import DELAYS, parse_parameters
from ntcspec.readers.nmr.nuclei import XI_PERCENT, nucleus_by_ratio, nucleus_of
from ntcspec.readers.nmr.procpar import parse_procpar
from ntcspec.types.nmr import NmrFid, NmrSpectrum

X = nmr_files.decay()
SF = {"SF": 105.6697, "SW_p": 50000.0, "SI": 512, "OFFSET": 300.0, "LB": 50, "WDW": 1, "AXNUC": "<23Na>"}


def fid(path: Path, name: str = "x", **more: object) -> NmrFid:
    one = read_nmr(path, name, **more)  # type: ignore[arg-type]
    assert isinstance(one, NmrFid)
    return one


def points(one: NmrFid) -> np.ndarray:
    return one.real + 1j * one.imaginary


def written(kind: str, folder: Path, x: np.ndarray, dtype: str) -> Path:
    return {"bruker": nmr_files.bruker, "varian": nmr_files.varian, "spinsight": nmr_files.spinsight}[kind](
        folder, x, dtype=dtype
    )  # type: ignore[operator]


TYPES = [
    ("bruker", "<i4"), ("bruker", ">i4"), ("bruker", "<f8"), ("bruker", ">f8"), ("varian", ">i2"), ("varian", ">i4"),
    ("varian", ">f4"), ("spinsight", ">i4"), ("spinsight", ">f4"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "dtype"), TYPES)
@given(data=st.data())
def test_round_trip_in_every_type(kind: str, dtype: str, data: st.DataObject) -> None:
    size = data.draw(st.integers(16, 80))
    most = {"i2": 32767, "i4": 2**23, "f4": 2**20, "f8": 2**40}[dtype[1:]]
    whole = st.lists(st.integers(-most, most), min_size=size, max_size=size)
    x = np.array(data.draw(whole), dtype=float) + 1j * np.array(data.draw(whole), dtype=float)
    x[0] = most // 2 + 1j  # no decay is all zeros
    if dtype[1] == "f":
        x = x / 64
    with TemporaryDirectory() as folder:
        one = fid(
            written(kind, Path(folder) / "m", x, dtype),
            "m",
        )
    assert np.array_equal(points(one), x) and one.dwell_s == pytest.approx(2e-5) and one.nucleus == "23Na"
    assert one.carrier_mhz == 105.67 and one.time_s.size == x.size


@pytest.mark.parametrize(("kind", "dtype"), [("bruker", "<i4"), ("varian", ">f4"), ("spinsight", ">i4")])
def test_a_line_at_plus_nu_turns_forward(tmp_path: Path, kind: str, dtype: str) -> None:
    one = fid(written(kind, tmp_path / kind, X, dtype), kind)
    found = np.fft.fft(points(one))
    assert np.fft.fftfreq(256, one.dwell_s)[np.argmax(np.abs(found))] == pytest.approx(4000.0, abs=100.0)


def test_varian_by_hand(tmp_path: Path) -> None:
    """16 points (k, -k) of int16 behind the headers: conjugated on reading; the bit of 'data present' is not set."""
    numbers = [v for k in range(1, 17) for v in (k, -k)]
    head = struct.pack(">6l2hl", 1, 1, 32, 2, 64, 92, 0, 0x4100, 1)
    (tmp_path / "fid").write_bytes(head + bytes(28) + struct.pack(">32h", *numbers))
    (tmp_path / "procpar").write_text(nmr_files.procpar({**nmr_files.PROCPAR, "np": 32}))
    one = fid(tmp_path)
    assert np.array_equal(points(one), np.arange(1, 17) * (1 + 1j)) and one.format == "varian"
    assert one.files == ("x/fid", "x/procpar") and one.scans == 8 and one.first("text") == 'a "quoted" word, two\nlines'
    assert one.zero_mhz == 105.6697 and "reffrq" in one.zero_evidence


def test_spinsight_by_hand(tmp_path: Path) -> None:
    """All real parts, then all imaginary parts; the reference line at its shift, exactly."""
    (tmp_path / "data").write_bytes(struct.pack(">32i", *range(100, 132)))
    (tmp_path / "acq").write_text("al=16\ndw=0.00002s\nsf1[0]=105.67\nsf2=399.48\nch1=1\nspeed=12kHz\ncom=a=b\n")
    (tmp_path / "proc").write_text("rmp1=105.66970423\nrmv1=0.04\nrmvunits1=1\n")
    one = fid(tmp_path)
    assert np.array_equal(points(one), np.arange(100, 116) + 1j * np.arange(116, 132))
    assert (105.66970423 / one.zero_mhz - 1) * 1e6 == pytest.approx(0.04, abs=1e-9)
    assert one.spinning_hz == 12000 and one.first("com") == "a=b" and one.files == ("x/data", "x/acq", "x/proc")
    assert one.nucleus == "23Na" and "26.4519" in " ".join(one.notes)


@pytest.mark.parametrize(
    ("words", "dwell"), [("10us", 1e-5), ("10u", 1e-5), ("0.01ms", 1e-5), ("1e-05s", 1e-5), ("0.00001", 1e-5)]
)
def test_units_of_the_dwell(tmp_path: Path, words: str, dwell: float) -> None:
    assert fid(nmr_files.spinsight(tmp_path, X, dw=words)).dwell_s == pytest.approx(dwell, rel=1e-12)


def test_zeros_that_spinsight_filled_in_are_left_out(tmp_path: Path) -> None:
    padded = np.concatenate([X, np.zeros(256)])
    one = fid(nmr_files.spinsight(tmp_path, padded, al="256"))
    assert one.real.size == 256 and "256 zeros" in " ".join(one.notes)


def test_bruker_by_hand(tmp_path: Path) -> None:
    (tmp_path / "fid").write_bytes(struct.pack("<32i", *range(8, 40)))
    (tmp_path / "acqus").write_text(
        nmr_files.jcamp_parameters({**nmr_files.ACQUS, "TD": 32, "NC": -3, "GRPDLY": -1, "DSPFVS": 12, "DECIM": 16})
    )
    one = fid(tmp_path)
    assert np.array_equal(one.real, np.arange(8, 40, 2) / 8) and np.array_equal(one.imaginary, np.arange(9, 40, 2) / 8)
    assert one.group_delay_points == 71.625 and np.isnan(one.zero_mhz) and one.spinning_hz == 12000
    assert one.first("D") == "0 0.05 1 2" and one.first("SW_h") == "50000.0" and one.pulse_program == "zg"


def test_group_delays_are_those_of_nmrglue() -> None:
    from nmrglue.fileio.bruker import bruker_dsp_table

    known = {(v, d): g for v, row in bruker_dsp_table.items() for d, g in row.items()}
    assert set(known) == set(DELAYS) and all(DELAYS[k] == pytest.approx(g, abs=1e-6) for k, g in known.items())


def test_the_reference_of_bruker_comes_from_procs(tmp_path: Path) -> None:
    one = fid(nmr_files.bruker(tmp_path / "a", X, procs={**SF, "SF": 105.66966}))
    assert one.zero_mhz == 105.66966 and one.files == ("x/fid", "x/acqus", "x/pdata/1/procs")
    assert "BF1" in " ".join(fid(nmr_files.bruker(tmp_path / "b", X, procs=SF)).notes)


def test_processed_bruker_spectrum(tmp_path: Path) -> None:
    """Point k has the shift OFFSET - k SW_p/(SF SI); handed on ascending, the imaginary part in our orientation."""
    folder = nmr_files.bruker(tmp_path / "m", X, procs=SF | {"DTYPP": 0, "BYTORDP": 1, "NC_proc": 1}) / "pdata" / "1"
    (folder / "1r").write_bytes(np.arange(512).astype(">i4").tobytes())
    (folder / "1i").write_bytes(np.arange(512).astype(">i4").tobytes())
    one = read_nmr(folder, "m/pdata/1")
    assert isinstance(one, NmrSpectrum) and one.broadening_hz == 50 and one.nucleus == "23Na"
    shift = one.offset_hz / one.zero_mhz
    assert shift[-1] == pytest.approx(300.0) and one.real[-1] == 0 and one.imaginary[0] == -1022
    assert shift[0] == pytest.approx(300.0 - 511 * 50000.0 / (105.6697 * 512)) and one.real[0] == 2 * 511
    assert one.files == ("m/pdata/1/1r", "m/pdata/1/1i", "m/pdata/1/procs", "m/acqus")


@pytest.mark.parametrize("form", ["affn", "dif"])
@given(values=st.lists(st.integers(-99999, 99999), min_size=16, max_size=60))
def test_jcamp_round_trip(form: str, values: list[int]) -> None:
    y = np.array(values)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.dx"
        path.write_text(nmr_files.jcamp_spectrum(y, form=form, head="##$OFFSET= 12.5\n##$SF= 100.1"))
        one = read_nmr(path, "a.dx")
    assert isinstance(one, NmrSpectrum)
    assert np.array_equal(one.real, 2.0 * y[::-1]) and np.isnan(one.imaginary).all() and one.nucleus == "1H"
    assert one.offset_hz[-1] / one.zero_mhz == pytest.approx(12.5) and one.offset_hz[-1] - one.offset_hz[
        0
    ] == pytest.approx(5000)


def test_jcamp_ways_to_a_zero(tmp_path: Path) -> None:
    y = np.arange(32)

    def read(head: str, **more: object) -> NmrSpectrum:
        (tmp_path / "a.dx").write_text(nmr_files.jcamp_spectrum(y, head=head, **more))  # type: ignore[arg-type]
        return read_nmr(tmp_path / "a.dx", "a.dx")  # type: ignore[return-value]

    at_four = read("##.SHIFT REFERENCE= INTERNAL, TMS, 4, 3.0\n##$SF= 100.1\n##$OFFSET= 99")
    assert at_four.offset_hz[-4] / 100.1 == pytest.approx(3.0)
    assert np.isnan(read("").zero_mhz) and "in Hz" in read("").zero_evidence
    ppm = read("", unit="PPM", first=10.0, last=0.0)
    assert ppm.offset_hz[-1] / ppm.zero_mhz == pytest.approx(10.0) and "1e-4" in " ".join(ppm.notes)


def test_one_decay_of_an_array(tmp_path: Path) -> None:
    from ntcspec.readers.nmr import NmrSpec

    for path in (nmr_files.varian(tmp_path / "v", X, blocks=3), nmr_files.spinsight(tmp_path / "s", X, copies=3)):
        assert np.array_equal(points(fid(path, "x", spec=NmrSpec(trace=3))), 4 * X)


@pytest.mark.parametrize("words", ["23Na", "^23NA", "Na23", "na-23", "<23Na>", ' "Na23" '])
def test_names_of_nuclei(words: str) -> None:
    assert nucleus_of(words) == "23Na"


def test_nuclei_by_their_ratio() -> None:
    assert (
        nucleus_by_ratio(105.67, 399.48) == "23Na"
        and nucleus_by_ratio(100.0, 399.48) == ""
        and nucleus_by_ratio(1.0, 0.0) == ""
    )
    assert all(nucleus_by_ratio(4.0 * xi, 400.0) == name for name, xi in XI_PERCENT.items())
    assert nucleus_of("sodium") == "" and nucleus_of("") == ""


def test_frequencies_of_nuclei_against_mrsimulator() -> None:
    """Xi over 100 is the ratio of magnetogyric ratios, but for the shielding by the electrons."""
    isotope = pytest.importorskip("mrsimulator.spin_system.isotope").Isotope
    protons = isotope(symbol="1H").gyromagnetic_ratio
    for name, xi in XI_PERCENT.items():
        ratio = 100.0 * abs(isotope(symbol=name).gyromagnetic_ratio / protons)
        assert -0.003 < ratio / xi - 1.0 < 0.016, name  # bare nuclei are shielded less, heavy ones by up to 1.5 %


# --- measured files -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ethylindanone_1H", "dnplab_PROTON_01", "dnplab_PROTON_07", "cheminfo_1H"])
def test_varian_files_as_nmrglue_reads_them(data_folder: Path, name: str) -> None:
    import nmrglue

    folder = data_folder / "nmr" / "varian" / f"{name}.fid"
    about, theirs = nmrglue.varian.read(str(folder))
    one = fid(folder, name)
    assert np.allclose(points(one), np.conj(theirs), rtol=1e-6, atol=0)
    listed = dict(parse_procpar((folder / "procpar").read_text(), "procpar"))
    assert set(listed) == set(about["procpar"])
    for key, value in about["procpar"].items():
        ours = [" ".join(v.split()) for v in listed[key]]
        assert ours == [" ".join(v.split()) for v in value["values"]] or "\n" in "".join(listed[key]), key


def test_bruker_file_as_nmrglue_reads_it(data_folder: Path) -> None:
    import nmrglue

    folder = data_folder / "nmr" / "bruker" / "7Li_hahnecho"
    about, theirs = nmrglue.bruker.read(str(folder))
    one = fid(folder, "7Li")
    assert np.allclose(8 * points(one), theirs[: one.real.size]) and one.real.size == 19898 // 2
    keys = dict(parse_parameters((folder / "acqus").read_text()))
    assert all(
        float(keys[k]) == pytest.approx(v)
        for k, v in about["acqus"].items()
        if isinstance(v, float | int) and not isinstance(v, bool) and k in keys
    )
    assert one.group_delay_points == 67.96875 and one.spinning_hz == 7000 and one.nucleus == "7Li"
    _, real = nmrglue.bruker.read_pdata(str(folder / "pdata" / "1"), scale_data=False)
    ours = read_nmr(folder / "pdata" / "1", "1")
    assert np.allclose(16 * ours.real[::-1], real)


def test_jcamp_file_as_nmrglue_reads_it(data_folder: Path) -> None:
    import nmrglue

    path = data_folder / "nmr" / "jcamp" / "17O_La2NiO4_hahnecho.dx"
    _, theirs = nmrglue.jcampdx.read(str(path))
    one = read_nmr(path, "17O")
    assert np.allclose(one.real[::-1], theirs[0]) and np.allclose(-one.imaginary[::-1], theirs[1])
    assert "3194 checks" in " ".join(one.notes)


@pytest.mark.parametrize("speed", ["0.000kHz", "0", "fast"])
def test_a_spinning_rate_that_was_never_set_is_unknown(tmp_path: Path, speed: str) -> None:
    one = read_nmr(nmr_files.spinsight(tmp_path, nmr_files.decay(), speed=speed), "x")
    assert isinstance(one, NmrFid) and np.isnan(one.spinning_hz)
