"""Names of samples as folders: safe on every disc, stable, and never two samples in one folder unsaid."""

from __future__ import annotations

import re
import unicodedata

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ntcspec.config.folders import file_name, fits, sample_folder, slug, wrong_name
from ntcspec.config.load import load_study
from ntcspec.errors import Problems

NASTY = "\\/:*?\"<>|{}$%'`;&#~!=,() .+-_é你ﬁ₅İıẞßΣςa\u0301\u200b\u202e\U0001f9ea"
NAMES = st.text(st.sampled_from(NASTY) | st.characters(exclude_categories=["Cs"]), max_size=40)
WINDOWS = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(10))}
TAKEN = {"logs", "panels", "series", "study", "figures", "sha256sums"}


@given(NAMES)
def test_a_folder_is_safe_on_every_disc(name: str) -> None:
    folder = sample_folder(name)
    assert folder and re.fullmatch(r"[\w.+-]+", folder)  # no blank, slash, quote, brace, comma
    assert not folder.startswith(".") and not folder.endswith(".")
    assert folder.casefold().split(".")[0] not in WINDOWS | TAKEN
    assert not folder.casefold().endswith((".csv", ".nxs", ".json", ".html")) or folder.startswith("_")


@given(NAMES)
@example("metrics.csv")
@example("CON")
def test_it_does_not_depend_on_how_accents_are_typed_and_is_stable(name: str) -> None:
    assert slug(unicodedata.normalize("NFC", name)) == slug(unicodedata.normalize("NFD", name))
    assert sample_folder(sample_folder(name)) == sample_folder(name)


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("NTC 40 h", "NTC_40_h"), ("TaCl₅", "TaCl5"), ("é", "e"), ("медь", "медь"), ("你好", "你好"), ("../../etc", "_.._etc"),
        ("..", "_"), (".hidden", "hidden"), ("a.", "a"), ("CON", "_CON"), ("nul.txt", "_nul.txt"), ("COM1", "_COM1"),
        ("console", "console"), ("Logs", "_Logs"), ("panels", "_panels"), ("metrics.csv", "_metrics.csv"),
        ("last-good", "_last-good"), ("{sample}", "_sample_"), ("a,b", "a_b"), ("$(x)", "_x_"), ("", "_"),
    ],
)  # fmt: skip
def test_known_names(name: str, folder: str) -> None:
    assert sample_folder(name) == folder


def test_a_name_of_255_bytes_with_what_is_put_round_it() -> None:
    assert fits("x1" * 4 + "y" * 8) and not fits("你" * 34) and not fits("x" * 12) and not fits("ab" * 10)
    longest = max(range(200), key=lambda n: n if fits("".join(chr(0x4E00 + i) for i in range(n))) else 0)
    assert len(f".{'你' * longest}.4194304.tmp".encode()) <= 255


@given(a=NAMES, b=NAMES)
@settings(max_examples=60, deadline=None)
def test_two_samples_have_two_folders_or_are_told_apart_by_an_error(
    tmp_path_factory: pytest.TempPathFactory, a: str, b: str
) -> None:
    folder = tmp_path_factory.mktemp("two")
    (folder / "a.dat").write_text("1 2\n")
    (folder / "config.yaml").write_text("study: two\n")
    both = {name: {"measurements": {"raman": {"files": ["a.dat"]}}} for name in (a, b)}
    (folder / "samples.yaml").write_text(yaml.safe_dump({"samples": both}, allow_unicode=False), encoding="utf-8")
    try:
        study = load_study(folder)
    except Problems as problems:
        assert all(p.what and p.fix for p in problems.problems)
        return
    folders = [m.folder.casefold() for m in study.measurements]
    assert len(set(folders)) == len(folders)
    assert len(folders) == len(both) - len(study.excluded) and len(study.problems) >= len(study.excluded)


@pytest.mark.parametrize("name", ["", " ", "a\nb", "a\tb", "a\u2028b"])
def test_a_name_is_on_one_line(name: str) -> None:
    assert wrong_name(name)


def test_blanks_of_any_width_are_no_line_break() -> None:
    assert wrong_name("40\u00a0h\u2009annealed") == ""


@pytest.mark.parametrize("name", ["aaaaaaaaaaaa", "con", "Nul.a", "x" * 101])
def test_a_panel_cannot_have_the_name(name: str) -> None:
    with pytest.raises(ValueError, match=r"shorten it|choose another"):
        file_name(name)
