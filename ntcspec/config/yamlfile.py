"""Read YAML so that an error can name the file, the line and the key."""

from __future__ import annotations

import codecs
import contextlib
import gc
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ntcspec.config.yamlsize import MOST_BYTES, SPLIT, refuse_large
from ntcspec.errors import UserError
from ntcspec.opening import open_regular

Key = tuple[str | int, ...]
# Control characters but tab and ends of lines, halves of characters, and what Unicode keeps free: not for files or XML
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class YamlFile:
    """A parsed YAML file: `data` as plain objects, `lines` from key path to line number (from 1)."""

    shown: str
    data: Any
    lines: dict[Key, int]

    def where(self, key: Key) -> str:
        """'config/samples.yaml, line 12: samples.x.files[0]', with the line of the nearest key that is there."""
        line, near = 0, key
        while near and not line:
            line, near = self.lines.get(near, 0), near[:-1]
        place = f"{self.shown}, line {line}" if line else self.shown
        return f"{place}: {dotted(key)}" if key else place


def dotted(key: Key) -> str:
    """samples.x.files[0]"""
    words = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in key)
    return words.lstrip(".")


def load(path: Path, shown: str) -> YamlFile:
    """Parse a YAML file; `shown` is its name in messages.

    Raises UserError: no such file, not UTF-8, not YAML, too large (`yamlsize`), a key that stands twice, a value that
    is not what its tag says, not a mapping.
    """
    text = _text(path, shown)
    lines: dict[Key, int] = {}
    with _no_garbage():
        loader = _Loader(text)
        try:
            refuse_large(text, shown, _Loader)
            node = loader.get_single_node()
            _check(node, (), lines, shown)
            data = _values(loader, node, shown)
        except yaml.YAMLError as error:
            raise _syntax_error(shown, text, error) from None
        finally:
            loader.dispose()
    if not isinstance(data, dict):
        raise UserError(shown, "holds no keys", "see docs/configuration.md for what belongs in it")
    return YamlFile(shown, data, lines)


def _text(path: Path, shown: str) -> str:
    try:
        with open_regular(path) as stream:
            content = stream.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise UserError(shown, "no such file", "name a config.yaml or the folder that holds it") from None
    except OSError as error:
        raise UserError(shown, f"cannot be read: {error.strerror}", "name a readable YAML file") from None
    if len(content) > MOST_BYTES:
        raise UserError(shown, f"is larger than {MOST_BYTES // 1_000_000} MB", SPLIT)
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in content[:2]:
        raise UserError(shown, "is UTF-16 text, not UTF-8", "save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        word = content[error.start : error.start + 1].decode("cp1252", errors="replace")
        what = f"is not UTF-8 text (the first other character may be {word!r})"
        raise UserError(f"{shown}, line {line}", what, "save it as UTF-8") from None


def _values(loader: Any, node: Any, shown: str) -> Any:
    """The plain values of a document; UserError where one is not what it says, such as the date 2024-13-45."""
    try:
        return loader.construct_document(node) if node is not None else None
    except (ValueError, AttributeError, KeyError, OverflowError):  # what PyYAML lets pass
        place, word = _first_bad(node)
        where = f"{shown}, line {place}" if place else shown
        what = f"{word!r} cannot be taken for the number or date that it looks like"
        raise UserError(where, what, f"if it is a name, put quotes around it: '{word}'") from None


def _first_bad(node: Any) -> tuple[int, str]:
    """Line and text of the first value that cannot be made; (0, '') without one."""
    maker, waiting = yaml.constructor.SafeConstructor(), [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, yaml.ScalarNode):
            try:
                maker.construct_object(one)
            except Exception:
                return one.start_mark.line + 1, str(one.value)[:40]
        elif isinstance(one, yaml.SequenceNode):
            waiting += reversed(one.value)
        else:
            waiting += [part for pair in reversed(one.value) for part in reversed(pair)]
    return 0, ""


@contextlib.contextmanager
def _no_garbage() -> Iterator[None]:
    """Without a search for garbage among millions of new objects of which none is: it takes two thirds of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _check(node: Any, key: Key, lines: dict[Key, int], shown: str) -> None:
    """Note the line of every key, and refuse a key that stands twice (YAML keeps only the last)."""
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for name, value in node.value:
            word, line = str(name.value), name.start_mark.line + 1
            _check(name, (*key, word), lines, shown)
            if word in seen:
                where = f"{shown}, line {line}: {dotted((*key, word))}"
                raise UserError(where, f"this key stands on line {seen[word]} already", "keep one of the two")
            seen[word] = line
            lines[(*key, word)] = line
            _check(value, (*key, word), lines, shown)
    elif isinstance(node, yaml.SequenceNode):
        for i, value in enumerate(node.value):
            lines[(*key, i)] = value.start_mark.line + 1
            _check(value, (*key, i), lines, shown)
    elif isinstance(node, yaml.ScalarNode) and (bad := _UNPRINTABLE.search(node.value)):
        where = f"{shown}, line {node.start_mark.line + 1}: {dotted(key)}".encode("ascii", "backslashreplace").decode()
        raise UserError(where, f"holds the character U+{ord(bad[0]):04X}, which no text should", "take it out")


def _syntax_error(shown: str, text: str, error: yaml.YAMLError) -> UserError:
    mark = getattr(error, "problem_mark", None)
    where = f"{shown}, line {mark.line + 1}, column {mark.column + 1}" if mark else shown
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    hint = "check indentation, colons and quotes near this place"
    if mark and "\t" in "".join(text.splitlines()[mark.line : mark.line + 1])[: mark.column + 1]:
        hint = "indent with blanks, not tabs"
    return UserError(where, f"is not valid YAML: {problem}", hint)
