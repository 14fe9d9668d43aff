"""What is wrong with a file is said: where, what, and the way out. Never a plausible axis that is false."""

from __future__ import annotations

import random
from pathlib import Path
from tempfile import TemporaryDirectory

import nmr_files
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntcspec.errors import UserError
from ntcspec.nmr.raw import ingest_nmr
from ntcspec.nmr.reduce import reduce_nmr
from ntcspec.readers.nmr import NmrSpec, is_nmr, read_nmr

X = nmr_files.decay()


def refused(path: Path, match: str, spec: NmrSpec | None = None) -> UserError:
    with pytest.raises(UserError, match=match) as caught:
        read_nmr(path, "raw/m", spec)
    assert caught.value.fix and caught.value.where.startswith("raw/m")
    return caught.value


def cut(path: Path, size: int) -> None:
    path.write_bytes(path.read_bytes()[:size])


def test_folders_without_data(tmp_path: Path) -> None:
    refused(tmp_path, "this folder is empty")
    (tmp_path / "log").write_text("x")
    refused(tmp_path, "this folder holds no NMR data .fid, data, 1r.")


@pytest.mark.parametrize("name", ["fid", "data", "1r", "ser"])
def test_a_main_file_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\1\2" * 200)
    with pytest.raises(UserError, match="nothing beside it tells what it is"):
        read_nmr(tmp_path / name, f"raw/m/{name}")


def test_data_without_acq(tmp_path: Path) -> None:
    nmr_files.spinsight(tmp_path, X)
    (tmp_path / "acq").unlink()
    problem = refused(
        tmp_path, "no such file, and the points, their dwell and their frequency cannot be read without it"
    )
    assert problem.where == "raw/m/acq"


def test_procpar_missing(tmp_path: Path) -> None:
    nmr_files.varian(tmp_path, X)
    (tmp_path / "procpar").unlink()
    assert refused(tmp_path, "no such file, and the frequency").where == "raw/m/procpar"


@pytest.mark.parametrize(
    ("keys", "match"),
    [
        ({"np": 1024}, "procpar has np=1024, the header of fid 512"),
        ({"sw": 20000.0}, "256 points at a width of 20000 Hz take 0.0128 s, at says 0.00512 s"),
        ({"sw": None, "at": None}, "sw is missing or no number"),
        ({"sfrq": None}, "sfrq is missing or no number"),
        ({"sw": 0.0, "at": None}, "a spectral width of 0 Hz .dwell infinite. is impossible"),
        ({"sw": 5e9, "at": None}, "a spectral width of 5e.09 Hz .* is impossible"),
        ({"sfrq": 0.001}, "a carrier of 0.001 MHz is impossible"),
    ],
)
def test_procpar_that_does_not_belong_to_the_fid(tmp_path: Path, keys: dict[str, object], match: str) -> None:
    refused(nmr_files.varian(tmp_path, X, **keys), match)


def test_procpar_that_is_broken(tmp_path: Path) -> None:
    nmr_files.varian(tmp_path, X)
    whole = (tmp_path / "procpar").read_text()
    (tmp_path / "procpar").write_text(whole.replace("sw 1 1", "sw one"))
    assert "line" in refused(tmp_path, "does not begin a parameter").where
    (tmp_path / "procpar").write_text(whole[: whole.index('lines"')])
    refused(tmp_path, "1 strings, 2 stated in line 2")
    (tmp_path / "procpar").write_text(whole.replace("1 105.67\n", "2 105.67\n"))
    refused(tmp_path, "values, 2 stated|does not begin")


@pytest.mark.parametrize("dtype", [">f4", ">i4", ">i2"])
def test_varian_cut_off(tmp_path: Path, dtype: str) -> None:
    nmr_files.varian(tmp_path, X / 16, dtype=dtype)
    cut(tmp_path / "fid", 700)
    refused(tmp_path, "700 bytes, its header needs .*: |700 bytes, its header needs")
    cut(tmp_path / "fid", 20)
    with pytest.raises(UserError, match=r"nothing beside it|the header alone"):
        read_nmr(tmp_path, "raw/m")


@pytest.mark.parametrize(("at", "value"), [(16, 3), (28, -1)])  # tbytes, nbheaders
def test_varian_header_with_a_false_size(tmp_path: Path, at: int, value: int) -> None:
    nmr_files.varian(tmp_path, X)
    content = bytearray((tmp_path / "fid").read_bytes())
    content[at : at + 4] = value.to_bytes(4, "big", signed=True)
    size = 8 * X.size + 28 * value if at == 28 else 8 * X.size + 28  # bbytes, so that the rest agrees
    content[20:24] = size.to_bytes(4, "big")
    (tmp_path / "fid").write_bytes(bytes(content) + b"\0" * 400)
    refused(tmp_path, "the header contradicts itself|bytes, its header needs|other byte order|is no number")


def test_a_count_that_is_no_ascii_digit(tmp_path: Path) -> None:
    nmr_files.varian(tmp_path, X)
    path = tmp_path / "procpar"
    path.write_bytes(path.read_bytes().replace(b"\n2 ", b"\n\xb2 ", 1))
    refused(tmp_path, "does not begin with the number of values")


def test_a_carrier_of_zero(tmp_path: Path) -> None:
    refused(nmr_files.spinsight(tmp_path, X, sf1="0"), "a carrier of 0 MHz is impossible")


def test_varian_header_of_another_machine(tmp_path: Path) -> None:
    nmr_files.varian(tmp_path, X)
    content = np.frombuffer((tmp_path / "fid").read_bytes()[:32], ">i4").astype("<i4").tobytes()
    (tmp_path / "fid").write_bytes(content + (tmp_path / "fid").read_bytes()[32:])
    refused(tmp_path, "the header contradicts itself")


@pytest.mark.parametrize(("status", "match"), [(0x8 | 0x2, "it holds a spectrum"), (0x8 | 0x20, "hypercomplex")])
def test_varian_of_another_kind(tmp_path: Path, status: int, match: str) -> None:
    refused(nmr_files.varian(tmp_path, X, status=status), match)


@pytest.mark.parametrize("kind", ["varian", "spinsight"])
def test_an_array_where_one_spectrum_is_expected(tmp_path: Path, kind: str) -> None:
    path = nmr_files.varian(tmp_path, X, blocks=4) if kind == "varian" else nmr_files.spinsight(tmp_path, X, copies=4)
    assert "trace: 1" in refused(path, "4 decays .an arrayed measurement., where one spectrum is expected").fix
    refused(path, "there is no decay 5", NmrSpec(trace=5))


@pytest.mark.parametrize(
    ("keys", "match"),
    [
        ({"dw": None}, "'' is no dwell"),
        ({"dw": "20furlongs"}, "'20furlongs' is no dwell"),
        ({"dw": "-20us"}, "'-20us' is no dwell"),
        ({"dw": "20s"}, "a spectral width of 0.05 Hz .* is impossible"),
        ({"aqtm": "10ms"}, "times 256 points is 0.00512 s, aqtm says 10ms"),
        ({"sw": "100kHz"}, "a dwell of 2e-05 s is a width of 50000 Hz, sw says 100kHz"),
        ({"sf1": None}, "the frequency of the channel that observes is missing"),
        ({"al": "x", "current_size1": None}, "'x' is no number of points"),
        ({"domain1": "1"}, "data holds a spectrum, not the decay"),
        ({"current_size1": "300"}, "2048 bytes; 300 complex points need 2400"),
    ],
)
def test_spinsight_parameters(tmp_path: Path, keys: dict[str, str | None], match: str) -> None:
    path = nmr_files.spinsight(tmp_path, X, **keys)
    if keys.get("current_size1") == "300":
        (path / "acq").write_text((path / "acq").read_text().replace("al=256", "al=300"))
    refused(path, match)


@pytest.mark.parametrize(
    ("keys", "match"),
    [
        ({"AQ_mod": 2}, "AQ_mod=2: its two channels were not sampled together"),
        ({"DTYPA": 7}, "DTYPA=7 and BYTORDA=0 name no known numbers"),
        ({"TD": 600}, "2048 bytes; TD=600 numbers need 2400"),
        ({"TD": 100}, "several decays, or of another acqus"),
        ({"SW_h": None}, "it is missing or no number"),
        ({"GRPDLY": -1, "DSPFVS": 99, "DECIM": 16}, "there is no delay for DSPFVS=99, DECIM=16"),
        ({"SW_h": -5.0}, "a spectral width of -5 Hz"),
        ({"NC": 99999}, "numbers times 2.99999 are impossible"),
        ({"GRPDLY": 1e300}, "a group delay of 1e.300 points is impossible in a decay of 256"),
    ],
)
def test_bruker_parameters(tmp_path: Path, keys: dict[str, object], match: str) -> None:
    refused(nmr_files.bruker(tmp_path, X, **keys), match)


@pytest.mark.parametrize(("dtype", "order"), [("<i4", 1), (">i4", 0), ("<f8", 1), (">f8", 0)])
def test_wrong_byte_order(tmp_path: Path, dtype: str, order: int) -> None:
    refused(nmr_files.bruker(tmp_path, X, dtype=dtype, BYTORDA=order), "make sense only in the other byte order")


@pytest.mark.parametrize("dtype", [">i4", ">f4"])
def test_wrong_byte_order_of_formats_that_have_one(tmp_path: Path, dtype: str) -> None:
    nmr_files.spinsight(tmp_path, X / 8, dtype=dtype)
    numbers = np.frombuffer((tmp_path / "data").read_bytes(), dtype)
    (tmp_path / "data").write_bytes(numbers.astype("<" + dtype[1:]).tobytes())
    refused(tmp_path, "make sense only in the other byte order")


def test_points_that_cannot_be_a_decay(tmp_path: Path) -> None:
    refused(nmr_files.bruker(tmp_path / "short", X[:8]), "8 complex points: a decay needs at least 16")
    refused(nmr_files.bruker(tmp_path / "zero", 0 * X), "all points are 0")
    broken = X.copy()
    broken[3] = np.nan
    refused(nmr_files.varian(tmp_path / "nan", broken), "point 4 is no number|other byte order")


def test_processed_spectra_that_are_broken(tmp_path: Path) -> None:
    keys = {"SF": 105.6697, "SW_p": 50000.0, "SI": 512, "OFFSET": 300.0, "DTYPP": 0, "BYTORDP": 0}
    folder = nmr_files.bruker(tmp_path / "m", X, procs=keys) / "pdata" / "1"
    (folder / "1r").write_bytes(np.arange(500).astype("<i4").tobytes())
    refused(folder, "2000 bytes; SI=512 numbers need 2048")
    (folder / "procs").write_text(nmr_files.jcamp_parameters({**keys, "OFFSET": "?"}))
    refused(folder, "SI, SF, SW_p or OFFSET is missing")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (("NMR SPECTRUM", "NMR FID"), "it holds a decay, not a spectrum"),
        (("##NPOINTS= 32", "##NPOINTS= 40"), "32 points, NPOINTS says 40"),
        (("##XUNITS= HZ", "##XUNITS= FURLONGS"), "an axis in 'FURLONGS'"),
        (("##FIRSTX= 5000.0", "##X="), "FIRSTX or LASTX is missing"),
        (("##.OBSERVE FREQUENCY= 100.0", "##X="), "neither .SF nor .OBSERVE FREQUENCY"),
        (("##XYDATA=", "##PEAK TABLE="), "0 tables XYDATA"),
        (("##END=", "0 1 2 ! 3\n##END="), "holds characters of no JCAMP-DX form"),
        (("##LASTX= 0.0", "##LASTX= 5000"), "the axis runs from 5000 to 5000 HZ"),
        (("##YFACTOR= 2", "##YFACTOR= 1e308"), "a number of the table is too large"),
    ],
)
def test_jcamp_that_is_broken(tmp_path: Path, change: tuple[str, str], match: str) -> None:
    text = nmr_files.jcamp_spectrum(np.arange(32))
    assert change[0] in text
    (tmp_path / "a.dx").write_text(text.replace(*change))
    refused(tmp_path / "a.dx", match)


def test_a_table_without_a_line(tmp_path: Path) -> None:
    text = nmr_files.jcamp_spectrum(np.arange(32))
    (tmp_path / "a.dx").write_text(text[: text.index("##XYDATA=")] + "##XYDATA= (X++(Y..Y))\n")
    refused(tmp_path / "a.dx", "0 points, NPOINTS says 32")


def test_files_of_other_kinds(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("1 2\n3 4\n")
    refused(tmp_path / "a.txt", "this is no NMR measurement in a known format")
    (tmp_path / "b.bin").write_bytes(b"\0\1")
    refused(tmp_path / "b.bin", "this is no NMR measurement in a known format")
    assert not is_nmr(tmp_path / "a.txt", "a") and not is_nmr(tmp_path / "no", "no") and not is_nmr(tmp_path, "x")
    assert is_nmr(nmr_files.varian(tmp_path / "v", X, np=7), "v")


def ingested(path: Path, **more: object) -> object:
    return ingest_nmr([path], ["raw/m"], **more)  # type: ignore[arg-type]


def test_nucleus_unknown_or_wrong(tmp_path: Path) -> None:
    silent = nmr_files.spinsight(tmp_path / "a", X, sf2=None)
    with pytest.raises(UserError, match=r"does not say which nucleus it is .*nucleus: 23Na"):
        ingested(silent)
    assert ingested(silent, nucleus="Na23").fids[0].nucleus == "23Na"  # type: ignore[attr-defined]
    with pytest.raises(UserError, match="'sodium' names no nucleus"):
        ingested(silent, nucleus="sodium")
    with pytest.raises(UserError, match=r"'24Na' is no nucleus that is known .did you mean '23Na'"):
        ingested(silent, nucleus="24Na")
    with pytest.raises(UserError, match="the study says 7Li, the file 23Na"):
        ingested(nmr_files.varian(tmp_path / "b", X), nucleus="7Li")


def test_a_simulated_file_must_be_called_so(tmp_path: Path) -> None:
    path = nmr_files.spinsight(tmp_path, X, com="NTC. SIMULATED by ntcspec demo")
    with pytest.raises(UserError, match="add `simulated: true`"):
        ingested(path)
    assert ingested(path, simulated=True)


def test_a_standard_of_another_nucleus_or_processed(tmp_path: Path) -> None:
    path = nmr_files.varian(tmp_path / "a", X)
    other = nmr_files.varian(tmp_path / "b", X, sfrq=400.0)
    with pytest.raises(UserError, match=r"the standard was measured at 400.000 MHz, the sample at 105.670 MHz"):
        ingested(path, files={"standard": (other, "raw/b")})
    (tmp_path / "a.dx").write_text(nmr_files.jcamp_spectrum(np.arange(32)))
    with pytest.raises(UserError, match="the standard is a processed spectrum"):
        ingested(path, files={"standard": (tmp_path / "a.dx", "raw/a.dx")})


PROCS = {"SF": 105.6697, "SW_p": 50000.0, "SI": 512, "OFFSET": 300.0, "DTYPP": 0, "BYTORDP": 0}


def written(folder: Path, kind: str) -> Path:
    if kind == "jcamp":
        folder.mkdir()
        (folder / "a.dx").write_text(nmr_files.jcamp_spectrum(np.arange(64), form="dif", head="##$OFFSET= 5"))
        return folder / "a.dx"
    if kind == "bruker":
        return nmr_files.bruker(folder, X, procs=PROCS)
    return nmr_files.varian(folder, X) if kind == "varian" else nmr_files.spinsight(folder, X)


@given(st.sampled_from(["spinsight", "varian", "bruker", "jcamp"]), st.randoms(use_true_random=False))
def test_damage_is_an_error_that_says_so_or_leaves_a_spectrum_of_numbers(kind: str, chance: random.Random) -> None:
    """Bytes flipped, cut out and put in, and files cut off."""
    with TemporaryDirectory() as name:
        path = written(Path(name) / "m", kind)
        files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
        one = chance.choice(files)
        content = bytearray(one.read_bytes())
        at = chance.randrange(min(len(content), chance.choice([40, len(content)])))
        damage = chance.randrange(4)
        if damage == 0:
            content[at] ^= 1 << chance.randrange(8)
        elif damage == 1:
            del content[at : at + chance.randrange(1, 30)]
        elif damage == 2:
            content[at:at] = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 9)))
        else:
            del content[at:]
        one.write_bytes(bytes(content))
        try:
            reduced = reduce_nmr(ingest_nmr([path], ["raw/m"]))
        except UserError as problem:
            assert problem.where and problem.what and problem.fix
            return
    assert np.isfinite(reduced.real).all() and np.isfinite(reduced.shift_ppm).all()
