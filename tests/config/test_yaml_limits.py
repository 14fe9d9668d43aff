"""YAML that would take a computer's memory or its stack, and YAML that no program should see as it is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ntcspec.config import yamlfile, yamlsize
from ntcspec.config.yamlfile import load
from ntcspec.errors import UserError

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 10)
)


def told(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        load(path, "s.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        (LAUGHS, "line 7", "holds more than 1,000,000 keys and values, with what its aliases stand for -> make several"),
        ("a: " + "[" * 100_000 + "]" * 100_000, "line 1", "nests more than 50 levels deep -> no key of a study"),
        ("".join(" " * i + f"k{i}:\n" for i in range(3000)), "line 51", "nests more than 50 levels deep"),
        ("x: 1\na: &a [1, *a]\n", "line 2", "the alias *a stands inside of what it names -> take it out"),
        ("a:\n  b: 1\n\tc: 2\n", "line 3, column 1", "is not valid YAML: found .* -> indent with blanks, not tabs"),
        ("a:\n- b\n- {c: 2024-13-45}\n", "line 3", "'2024-13-45' cannot be taken for the number or date .* '2024-13-45'"),
        ("a: 1\nb: !!int x\n", "line 2", "'x' cannot be taken for the number"),
        ("a: 1\nb: " + "9" * 5000, "line 2", "'9{40}' cannot be taken for the number"),
        ("a: !!python/object:os.system x\n", "line 1, column 4", "is not valid YAML: could not determine a constructor"),
    ],
)  # fmt: skip
def test_what_would_break_a_reader_is_told_with_its_line(tmp_path: Path, text: str, where: str, what: str) -> None:
    (tmp_path / "s.yaml").write_text(text)
    message = told(tmp_path / "s.yaml")
    assert message.startswith(f"s.yaml, {where}: "), message
    with pytest.raises(UserError, match=what.replace("*a ", r"\*a ")):
        load(tmp_path / "s.yaml", "s.yaml")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("a: é\n".encode("latin-1"), "s.yaml, line 1: is not UTF-8 text (the first other character may be 'é')"),
        (b"a: 1\nb: 2\nc: \xb5m\n", "s.yaml, line 3: is not UTF-8 text (the first other character may be 'µ')"),
        ("a: é\n".encode("utf-16"), "s.yaml: is UTF-16 text, not UTF-8 -> save it as UTF-8"),
        ("a: é\n".encode("utf-16-le"), "s.yaml: is UTF-16 text, not UTF-8 -> save it as UTF-8"),
        (b"", "s.yaml: holds no keys"),
    ],
)  # fmt: skip
def test_text_that_is_not_utf_8_is_told(tmp_path: Path, content: bytes, what: str) -> None:
    (tmp_path / "s.yaml").write_bytes(content)
    assert told(tmp_path / "s.yaml").startswith(what)


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text("a: é\n", encoding="utf-8-sig")
    assert load(tmp_path / "s.yaml", "s.yaml").data == {"a": "é"}


def test_what_is_no_file_is_told_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert told(tmp_path / "pipe") == "s.yaml: cannot be read: it is a pipe, not a file -> name a readable YAML file"
    assert told(Path("/dev/zero")) == "s.yaml: cannot be read: it is a device, not a file -> name a readable YAML file"
    assert told(tmp_path / "loop").startswith("s.yaml: cannot be read: Too many levels of symbolic links")
    assert told(Path("/proc/self/mem")).startswith("s.yaml: cannot be read: Input/output error")
    assert told(tmp_path / ("x" * 300)).startswith("s.yaml: cannot be read: File name too long")


def test_limits_are_told_before_anything_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many = "samples:\n" + "".join(f"  s{i}: {{composition: NaTaCl6}}\n" for i in range(1000))
    (tmp_path / "s.yaml").write_text(many)
    assert len(load(tmp_path / "s.yaml", "s.yaml").data["samples"]) == 1000
    monkeypatch.setattr(yamlsize, "MOST_VALUES", 3000)
    assert told(tmp_path / "s.yaml").startswith(
        "s.yaml, line 751: holds more than 3,000 keys and values -> make several"
    )
    monkeypatch.setattr(yamlfile, "MOST_BYTES", 20_000)
    assert told(tmp_path / "s.yaml").startswith("s.yaml: is larger than 0 MB -> make several studies")


def test_anchors_of_use_are_kept(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text("a: &a {x: 1}\nb: {<<: *a, y: 2}\nc: [*a, *a]\n")
    found = load(tmp_path / "s.yaml", "s.yaml")
    assert found.data == {"a": {"x": 1}, "b": {"x": 1, "y": 2}, "c": [{"x": 1}, {"x": 1}]}
    assert found.where(("c", 1, "x")) == "s.yaml, line 1: c[1].x"
