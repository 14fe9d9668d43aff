"""Read YAML so that an error can name the file, the line and the key."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ntcspec.errors import UserError

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

    Raises UserError: no such file, not UTF-8, not YAML, a key that stands twice, not a mapping.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UserError(shown, "no such file", "name a config.yaml or the folder that holds it") from None
    except (IsADirectoryError, PermissionError) as error:
        raise UserError(shown, f"cannot be read: {error.strerror}", "name a readable YAML file") from None
    except UnicodeDecodeError:
        raise UserError(shown, "is not UTF-8 text", "save it as UTF-8") from None
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        lines: dict[Key, int] = {}
        _check(node, (), lines, shown)
        data = loader.construct_document(node) if node is not None else None
    except yaml.YAMLError as error:
        raise _syntax_error(shown, error) from None
    finally:
        loader.dispose()
    if not isinstance(data, dict):
        raise UserError(shown, "holds no keys", "see docs/configuration.md for what belongs in it")
    return YamlFile(shown, data, lines)


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


def _syntax_error(shown: str, error: yaml.YAMLError) -> UserError:
    mark = getattr(error, "problem_mark", None)
    where = f"{shown}, line {mark.line + 1}, column {mark.column + 1}" if mark else shown
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    hint = (
        "indent with blanks, not tabs" if "\\t" in problem else "check indentation, colons and quotes near this place"
    )
    return UserError(where, f"is not valid YAML: {problem}", hint)
