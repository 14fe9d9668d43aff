"""How large a YAML file of a study may be, told before its values are built.

A few lines can stand for billions of values (an alias of aliases of aliases) or nest so deep that a reader of YAML
runs out of stack. Events of the parser are counted one by one: no value is built for that, and counting ends at the
limit, however long the file is.
"""

from __future__ import annotations

from typing import Any

import yaml

from ntcspec.errors import UserError

MOST_BYTES = 100_000_000
MOST_VALUES = 1_000_000  # keys and values, with all that aliases stand for: 20,000 samples of five measurements
DEEPEST = 50
SPLIT = "make several studies of it, each with a samples.yaml of its own"


def refuse_large(text: str, shown: str, loader: Any) -> None:
    """Raises UserError where `text` holds too many values, nests too deep, or an alias stands inside of itself.

    Raises yaml.YAMLError where it is not YAML.
    """
    counter = _Counter()
    for event in yaml.parse(text, Loader=loader):
        wrong = counter.take(event)
        if wrong:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise UserError(f"{shown}, line {line}", *wrong)


class _Counter:
    """How many values there are so far, what each anchor stands for, and which collections are open."""

    def __init__(self) -> None:
        self.count = 0
        self.sizes: dict[str, int] = {}
        self.inside: list[tuple[str | None, int]] = []  # anchor, and the count before it

    def take(self, event: yaml.Event) -> tuple[str, str] | None:
        """What is wrong with the document up to this event, and the way out; None where nothing is."""
        if isinstance(event, yaml.AliasEvent):
            if any(anchor == event.anchor for anchor, _ in self.inside):
                return f"the alias *{event.anchor} stands inside of what it names", "take it out"
            self.count += self.sizes.get(event.anchor or "", 0)
        elif isinstance(event, yaml.ScalarEvent):
            self.count += 1
            if event.anchor:
                self.sizes[event.anchor] = 1
        elif isinstance(event, yaml.CollectionStartEvent):
            self.inside.append((event.anchor, self.count))
            self.count += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = self.inside.pop()
            if anchor:
                self.sizes[anchor] = self.count - before
        return self.limits()

    def limits(self) -> tuple[str, str] | None:
        if len(self.inside) > DEEPEST:
            return f"nests more than {DEEPEST} levels deep", "no key of a study lies that deep: mend it"
        if self.count > MOST_VALUES:
            aliases = ", with what its aliases stand for" if self.sizes else ""
            return f"holds more than {MOST_VALUES:,} keys and values{aliases}", SPLIT
        return None
