"""Images: formats by content, frames, what damage says."""

from __future__ import annotations

import tempfile
from pathlib import Path

import fabio
import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ntcspec.demo.bxds import tiff
from ntcspec.errors import UserError
from ntcspec.readers.scattering import describe_scattering, is_image, read_image
from ntcspec.readers.scattering.frames import mean_of
from ntcspec.readers.scattering.stack import Stack

RNG = np.random.default_rng(3)
IMAGE = RNG.integers(0, 60000, (40, 30)).astype(np.uint16)


def read(path: Path, **more):  # type: ignore[no-untyped-def]
    return read_image([path], ["i"], "sample", **more)


def by_fabio(folder: Path, kind: str, image: np.ndarray, header: dict[str, str] | None = None) -> Path:
    path = folder / "odd.name"
    module = {"edf": fabio.edfimage.EdfImage, "cbf": fabio.cbfimage.CbfImage, "tiff": fabio.tifimage.TifImage}[kind]
    module(data=image, header=header or {}).write(str(folder / f"i.{kind}"))
    (folder / f"i.{kind}").rename(path)  # the name must not matter
    return path


@pytest.mark.parametrize("kind", ["edf", "cbf", "tiff"])
def test_formats_are_told_by_content(tmp_path: Path, kind: str) -> None:
    image = IMAGE.astype(np.int32) if kind == "cbf" else IMAGE
    path = by_fabio(tmp_path, kind, image)
    assert is_image(path, "i")
    one = read(path)
    np.testing.assert_array_equal(one.pixels, image)
    assert one.format == kind and one.frames == 1 and one.pixels.dtype == image.dtype


def test_numpy_arrays(tmp_path: Path) -> None:
    np.save(tmp_path / "i.npy", IMAGE)
    np.testing.assert_array_equal(read(tmp_path / "i.npy").pixels, IMAGE)
    np.save(tmp_path / "m.npy", IMAGE > 9)
    assert read(tmp_path / "m.npy").pixels.dtype == np.uint8
    np.save(tmp_path / "w.npy", np.array(["a", "b"]))
    with pytest.raises(UserError, match="holds <U1, no numbers"):
        read(tmp_path / "w.npy")


def test_a_measured_pilatus_image(data_folder: Path) -> None:
    one = read(data_folder / "scattering/image_ceo2_pilatus/CeO2_Pilatus1M.tif")
    assert (one.pixels.shape, one.exposure_s, one.saturation) == ((1043, 981), 3.0, 1097223.0)
    assert "Silicon" in one.header


def test_how_images_and_geometry_are_described(data_folder: Path) -> None:
    folder = data_folder / "scattering" / "image_ceo2_pilatus"
    lines = describe_scattering(folder / "CeO2_Pilatus1M.tif", "c.tif")
    assert "pixels      1043 rows x 981 columns of int32, 1 frame(s)" in lines and "exposure    3 s" in lines
    lines = describe_scattering(folder / "CeO2_Pilatus1M.poni", "c.poni")
    assert "wavelength  0.4066 A" in lines and any(line.startswith("distance    208.651 mm") for line in lines)


def test_exposure_of_an_edf_header(tmp_path: Path) -> None:
    assert read(by_fabio(tmp_path, "edf", IMAGE, {"ExposureTime": "2.5"})).exposure_s == 2.5


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_file_that_is_cut_off_is_refused(tmp_path: Path, share: float) -> None:
    whole = tiff(IMAGE, "test")
    (tmp_path / "i.tif").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(
        UserError, match=r"i: this tiff file cannot be read, it is cut off or damaged .* -> copy it again"
    ):
        read(tmp_path / "i.tif")


def test_what_is_no_image(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("1 2\n3 4\n")
    assert not is_image(tmp_path / "t", "t")
    with pytest.raises(UserError, match="this is text, not an image"):
        read(tmp_path / "t")
    (tmp_path / "e").write_bytes(b"")
    with pytest.raises(UserError, match="the file is empty"):
        read(tmp_path / "e")
    (tmp_path / "b").write_bytes(bytes(range(256)) * 20)
    with pytest.raises(UserError, match="cannot be read"):
        read(tmp_path / "b")
    with pytest.raises(UserError, match="no such file"):
        read(tmp_path / "none")


def stack_file(folder: Path, stack: np.ndarray, *, nexus: bool = False, more: bool = False) -> Path:
    path = folder / "s.h5"
    with h5py.File(path, "w") as file:
        file["entry/instrument/detector/data"] = stack
        file["entry/instrument/detector/count_time"] = 0.5
        if more:
            file["entry/other/data"] = stack[0]
        if nexus:
            file.attrs["default"] = "entry"
            file["entry"].attrs["default"] = "plot"
            file["entry/plot/frames"] = h5py.SoftLink("/entry/instrument/detector/data")
            file["entry/plot"].attrs["signal"] = "frames"
    return path


def test_hdf5_stacks(tmp_path: Path) -> None:
    stack = np.stack([IMAGE, IMAGE + 2, IMAGE + 4])
    one = read(stack_file(tmp_path, stack))
    assert one.frames == 3 and one.exposure_s == 0.5
    np.testing.assert_allclose(one.pixels, IMAGE + 2.0)
    path = stack_file(tmp_path, stack, more=True)
    with pytest.raises(UserError, match=r"2 arrays that may be images: .* -> name it: ingest\.dataset"):
        read(path)
    assert read(path, dataset="/entry/other/data").frames == 1
    with pytest.raises(UserError, match=r"no array of images at 'entry/other/dat' \(did you mean 'entry/other/data'"):
        read(path, dataset="entry/other/dat")
    assert read(stack_file(tmp_path, stack, nexus=True, more=True)).frames == 3


def save_all(folder: Path, stack: list[np.ndarray]) -> tuple[list[Path], list[str]]:
    paths = []
    for number, one in enumerate(stack):
        np.save(folder / f"{number}.npy", one)
        paths.append(folder / f"{number}.npy")
    return paths, [f"f{n}" for n in range(len(stack))]


def test_a_flash_in_one_of_several_frames_is_left_out(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    stack = [rng.poisson(200 * rate, (64, 70)).astype(np.uint16) for rate in (1.0, 0.97, 1.03, 1.0)]
    expected = np.mean(stack, axis=0)
    struck = [one.copy() for one in stack]
    struck[1][5, 6] += 3000
    struck[3][60, 2] += 900
    one = read_image(*save_all(tmp_path, struck), "sample")
    assert one.frames == 4 and one.left_out[5, 6] == 1 and one.left_out[60, 2] == 1 and one.left_out.sum() == 2
    untouched = one.left_out == 0
    np.testing.assert_allclose(one.pixels[untouched], expected[untouched], rtol=1e-12)
    assert abs(one.pixels[5, 6] - 200) < 5 * np.sqrt(200 / 3)
    assert any("2 pixels struck in a single frame" in note for note in one.notes)
    kept = read_image(*save_all(tmp_path, struck), "sample", z=None)
    np.testing.assert_allclose(kept.pixels, np.mean(struck, axis=0))


def test_a_frame_without_beam_is_left_out_and_two_frames_cannot_tell(tmp_path: Path) -> None:
    stack = [IMAGE, IMAGE, IMAGE // 4, IMAGE]
    one = read_image(*save_all(tmp_path, stack), "sample")
    assert one.frames == 3 and any("frame 3 has 25% of the counts" in note for note in one.notes)
    two = read_image(*save_all(tmp_path, stack[:2]), "sample")
    assert two.frames == 2 and any("two frames cannot tell" in note for note in two.notes)


def test_of_two_frames_that_differ_much_neither_is_believed(tmp_path: Path) -> None:
    """Their mean would be an exposure that nobody made: half of it, beside a container in full."""
    rng = np.random.default_rng(5)
    frames = [rng.poisson(mean, (40, 50)).astype(np.uint16) for mean in (100, 92, 40, 0)]
    paths = [tmp_path / f"f{i}.tif" for i in range(4)]
    for path, frame in zip(paths, frames, strict=True):
        path.write_bytes(tiff(frame, "test"))
    for i, share in ((2, "40%"), (3, "0%")):
        with pytest.raises(UserError, match=rf"^f0 \+ f{i}: of two frames one has {share} of the counts of the other"):
            read_image([paths[0], paths[i]], ["f0", f"f{i}"], "sample")
    kept = read_image(paths[:2], ["f0", "f1"], "sample")
    assert kept.frames == 2 and any("one frame has 9" in note for note in kept.notes)


def test_the_same_image_twice_is_told(tmp_path: Path) -> None:
    frame = np.random.default_rng(5).poisson(100, (40, 50)).astype(np.uint16)
    (tmp_path / "f.tif").write_bytes(tiff(frame, "test"))
    two = read_image([tmp_path / "f.tif"] * 2, ["f", "f"], "sample")
    assert any("frames 1 and 2 are the same to the last count" in note for note in two.notes)


def test_marks_of_single_frames_survive_the_mean(tmp_path: Path) -> None:
    """A pixel full in one frame of two, dead in one of two, and struck to the top in one of four."""
    stack = [np.full((20, 20), 200, np.int32) for _ in range(2)]
    stack[1][3, 3], stack[0][4, 4], stack[1][5, 5] = 60000, -1, -2
    paths = [tmp_path / f"{n}.edf" for n in range(2)]
    for path, one in zip(paths, stack, strict=True):
        fabio.edfimage.EdfImage(data=one, header={"Count_cutoff": "50000"}).write(str(path))
    mean = read_image(paths, ["a", "b"], "sample").pixels
    assert (mean[3, 3], mean[4, 4], mean[5, 5], mean[0, 0]) == (50000, -1, -2, 200)
    four = [np.full((20, 20), 200, np.uint16) for _ in range(4)]
    four[2][3, 3] = 65535  # a cosmic ray: left out, the pixel is used
    four[0][6, 6] = four[1][6, 6] = four[2][6, 6] = 65535
    one = read_image(*save_all(tmp_path, four), "sample")
    assert one.pixels[3, 3] == 200 and one.pixels[6, 6] == 65535 and one.left_out[3, 3] == 1


def test_frames_that_do_not_belong_together(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"f1: an image of 30 rows x 40 columns, in f0 of 40 rows x 30 columns"):
        read_image(*save_all(tmp_path, [IMAGE, IMAGE.T]), "sample")
    paths = [tmp_path / "a.edf", tmp_path / "b.edf"]
    for path, time in zip(paths, ("1.0", "2.0"), strict=True):
        fabio.edfimage.EdfImage(data=IMAGE, header={"ExposureTime": time}).write(str(path))
    with pytest.raises(UserError, match="exposed for 2 s, a for 1 s"):
        read_image(paths, ["a", "b"], "sample")
    bad = IMAGE.astype(float)
    bad[3, 4] = np.nan
    with pytest.raises(UserError, match="1 pixels are NaN or infinite, the first at row 3, column 4"):
        read_image(*save_all(tmp_path, [bad]), "sample")


@settings(max_examples=50, deadline=None)
@given(
    hnp.arrays(
        st.sampled_from([np.uint16, np.int32, np.uint8]),
        st.tuples(st.integers(8, 20), st.integers(8, 20)),
        elements=st.integers(0, 255),
    ),
    st.sampled_from(["tiff", "edf"]),
)
def test_pixels_come_back_exactly(image: np.ndarray, kind: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        one = read(by_fabio(Path(folder), kind, image))
    np.testing.assert_array_equal(one.pixels, image)


@settings(max_examples=50, deadline=None)
@given(
    st.binary(min_size=0, max_size=400),
    st.sampled_from([b"", b"II*\x00", b"{", b"###CBF", b"\x93NUMPY", b"\x89HDF\r\n\x1a\n"]),
)
def test_rubbish_is_refused_never_a_traceback(rubbish: bytes, head: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.tif"
        path.write_bytes(head + rubbish)
        with pytest.raises(UserError):
            read(path)


@settings(max_examples=40, deadline=None)
@given(
    hnp.arrays(
        np.float64, st.tuples(st.integers(3, 6), st.integers(1, 9), st.integers(1, 9)), elements=st.floats(0, 1e4)
    ),
    st.floats(4.0, 20.0),
)
def test_means_of_frames(stack: np.ndarray, z: float) -> None:
    """Without rejection the mean of any frames; with it the same where nothing was left out, and always a number."""
    plain, nothing = mean_of(Stack(stack), None)
    np.testing.assert_allclose(plain, stack.mean(axis=0))
    assert not nothing.size
    mean, left_out = mean_of(Stack(stack), z)
    same = left_out == 0 if left_out.size else np.ones(mean.shape, bool)
    np.testing.assert_allclose(mean[same], plain[same], rtol=1e-9, atol=1e-12)
    assert np.isfinite(mean).all() and (mean >= 0).all() and (not left_out.size or (left_out < stack.shape[0]).all())
