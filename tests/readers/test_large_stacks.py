"""Stacks of many frames: the same numbers through a temporary file, in the memory of a few; and stacks that are cut off."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import fabio
import h5py
import numpy as np
import pytest
from PIL import Image

from ntcspec.errors import UserError
from ntcspec.places import home
from ntcspec.readers._hdf5 import Hdf5File
from ntcspec.readers.scattering import frames, images, read_image, stack

FRAMES, ROWS, COLUMNS = 7, 60, 50


def counts(kind: type = np.int32) -> np.ndarray:
    """Frames with a struck pixel, a full one, a dead one, and one frame without beam."""
    rng = np.random.default_rng(4)
    found = rng.poisson(50.0 + np.arange(COLUMNS), (FRAMES, ROWS, COLUMNS)).astype(kind)
    found[2, 10, 10] = 5000
    found[:, 20, 20] = np.iinfo(np.int32).max if kind is np.int32 else 65535
    if kind is np.int32:
        found[3, 30, 30] = -1
    found[5] //= 10
    return found


def npy(folder: Path, values: np.ndarray, name: str = "s.npy") -> Path:
    np.save(folder / name, values)
    return folder / name


def edf(folder: Path, values: np.ndarray) -> Path:
    image = fabio.edfimage.EdfImage(data=values[0])
    for frame in values[1:]:
        image.append_frame(data=frame)
    image.write(str(folder / "s.edf"))
    return folder / "s.edf"


def tiff(folder: Path, values: np.ndarray, compression: str | None = None, *, big: bool = False) -> Path:
    pictures = [Image.fromarray(frame) for frame in values]
    pictures[0].save(folder / "s.tif", save_all=True, append_images=pictures[1:], compression=compression, big_tiff=big)
    return folder / "s.tif"


@pytest.mark.parametrize("z", [8.0, None])
def test_numbers_do_not_depend_on_where_frames_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, z: float | None
) -> None:
    values = counts()
    paths = [npy(tmp_path, values), npy(tmp_path, values[:2].astype(np.uint16) + 1, "t.npy")]
    few = read_image(paths, ["s", "t"], "sample", z=z)
    monkeypatch.setattr(stack, "IN_MEMORY", 0)
    monkeypatch.setattr(frames, "BLOCK", 8 * 9 * COLUMNS * 7)  # seven rows at a time
    many = read_image(paths, ["s", "t"], "sample", z=z)
    np.testing.assert_array_equal(many.pixels, few.pixels)
    np.testing.assert_array_equal(many.left_out, few.left_out)
    assert many.notes == few.notes and many.frames == few.frames == FRAMES + 1
    assert any(note.startswith("frame 6 has") and note.endswith("left out") for note in many.notes)
    assert (few.left_out.sum() >= 1) == (z is not None) and few.pixels[30, 30] == -1.0


@pytest.mark.parametrize("write", [npy, edf, tiff])
def test_memory_is_that_of_a_few_frames(tmp_path: Path, write) -> None:  # type: ignore[no-untyped-def]
    """48 frames of 1 MB take as much as 8, but for some pages."""
    side, code = 512, (
        "import sys; from pathlib import Path; from ntcspec.readers.scattering import read_image, stack\n"
        "stack.IN_MEMORY = 0\n"
        "made = read_image([Path(sys.argv[1])], ['s'], 'sample'); print(made.frames)\n"
        "print(Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0])"  # rusage knows the parent's too
    )  # fmt: skip

    def peak(count: int) -> int:
        values = np.random.default_rng(1).poisson(40.0, (count, side, side)).astype(np.int32)
        path = write(tmp_path, values)
        del values
        run = subprocess.run([sys.executable, "-c", code, path], cwd=home(), capture_output=True, text=True, check=True)
        read, kilobytes = run.stdout.split()
        assert int(read) == count
        return int(kilobytes)

    assert peak(48) - peak(8) < 20_000


@pytest.mark.parametrize("share", [0.05, 0.2, 0.45, 0.6, 0.93, 0.999])
@pytest.mark.parametrize("write", [npy, edf, tiff])
def test_a_stack_that_is_cut_off_is_refused(tmp_path: Path, write, share: float) -> None:  # type: ignore[no-untyped-def]
    path = write(tmp_path, counts())
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(UserError, match=r"^i: this (edf|tiff|numpy) file cannot be read"):
        read_image([path], ["i"], "sample")


def test_a_stack_of_which_only_the_first_frame_can_be_read_is_refused(tmp_path: Path) -> None:
    values = counts(np.uint16)
    assert read_image([tiff(tmp_path, values)], ["i"], "sample").frames == FRAMES - 1
    for path in (lambda: tiff(tmp_path, values, "tiff_lzw"), lambda: tiff(tmp_path, values, big=True)):
        with pytest.raises(
            UserError, match=r"it holds 7 images, of which 1 can be read: .* -> save the frames without"
        ):
            read_image([path()], ["i"], "sample")
    one = read_image([tiff(tmp_path, values[:1], big=True)], ["i"], "sample")
    np.testing.assert_array_equal(one.pixels, values[0])


def test_chunks_of_several_frames_are_unpacked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = counts()
    with h5py.File(tmp_path / "s.h5", "w") as file:
        file.create_dataset("data", data=values, chunks=(3, 60, 25), compression="gzip")
    parts: list[object] = []
    real = Hdf5File.part
    monkeypatch.setattr(Hdf5File, "part", lambda self, path, index: parts.append(index) or real(self, path, index))
    made = read_image([tmp_path / "s.h5"], ["i"], "sample")
    assert parts == [slice(0, 3), slice(3, 6), slice(6, 7)]
    np.testing.assert_array_equal(made.pixels, read_image([npy(tmp_path, values)], ["i"], "sample").pixels)
    monkeypatch.setattr(images, "SLAB", 60 * 50 * 4 * 2)
    parts.clear()
    np.testing.assert_array_equal(read_image([tmp_path / "s.h5"], ["i"], "sample").pixels, made.pixels)
    assert parts[0] == slice(0, 2)


def test_limits_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = npy(tmp_path, counts())
    monkeypatch.setattr(stack, "IN_MEMORY", 0)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=1000))
    with pytest.raises(UserError, match=r"i: its frames need 0\.0 GB of .* for a while, and 0\.0 GB .* -> set TMPDIR"):
        read_image([path], ["i"], "sample")
    monkeypatch.setattr(frames, "MOST_BYTES", 10_000)
    with pytest.raises(UserError, match=r"i: 7 frames take 0 GB, and 0 GB are the most -> average them in groups"):
        read_image([path], ["i"], "sample")
    monkeypatch.setattr(frames, "MOST_PIXELS", 100)
    with pytest.raises(UserError, match=r"i: an image of 60 rows x 50 columns is larger than a detector"):
        read_image([path], ["i"], "sample")


def test_a_disc_that_fills_up_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "IN_MEMORY", 0)
    monkeypatch.setattr(stack, "_temporary", lambda source, size: Path("/dev/full").open("wb"))  # noqa: SIM115
    with pytest.raises(UserError, match=r"i: its frames do not fit into .* \(No space left on device\) -> set TMPDIR"):
        read_image([npy(tmp_path, np.zeros((3, 600, 600), np.int32))], ["i"], "sample")
