"""Groups and fields of a NeXus file as plain values, and the application definitions that results may follow."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, eq=False)
class Field:
    """One dataset. The same object in two places becomes one dataset with two names."""

    value: Any
    unit: str = ""
    meaning: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Link:
    """A group or field of another file, `file` from the folder of the one that links to it."""

    file: str
    path: str


@dataclass(frozen=True, eq=False)
class Group:
    """One group: its class, and what is in it by name."""

    nx_class: str
    items: Mapping[str, Group | Field | Link] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Application:
    """The application definition that a result follows, and which of its arrays is which field of the definition.

    A result offers it by a method `application()`. plot: name of its plot that shows these fields.
    """

    name: str
    plot: str
    fields: Mapping[str, str]


def nexus_name(text: str, used: Container[str] = ()) -> str:
    """A name that NeXus allows in groups: Latin letters, digits and '_'; numbered where it is used already."""
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    name = re.sub(r"[^A-Za-z0-9_]+", "_", plain) or "_"
    number, unique = 1, name
    while unique in used:
        number += 1
        unique = f"{name}_{number}"
    return unique
