"""What a user is told when something is wrong: where, what, and the way out.

Nothing in this module imports numpy, so that the command line can start fast.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

SHOWN = 20  # of many things that are wrong
LIST_ALL = "`ntcspec check --all` lists them all"


class UserError(Exception):
    """Something that the user can mend: shown as one line, never as a traceback.

    where: file with line or column, or file and YAML key ('config/samples.yaml: samples.x.files[0]').
    what: what is wrong, in the words of the field.
    fix: what to do next.
    """

    def __init__(self, where: str, what: str, fix: str = "") -> None:
        self.where, self.what, self.fix = where, what, fix
        super().__init__(str(self))

    def __str__(self) -> str:
        way_out = f" -> {self.fix}" if self.fix else ""
        return f"{self.where}: {self.what}{way_out}"

    def __reduce__(self) -> tuple[type, tuple[str, str, str]]:
        return (type(self), (self.where, self.what, self.fix))


class Problems(Exception):
    """Several UserErrors found in one go; `problems` lists them in file order."""

    def __init__(self, problems: Iterable[UserError]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(first_of([str(p) for p in self.problems], LIST_ALL)))


def first_of(lines: Sequence[str], rest: str) -> list[str]:
    """The first lines; where there are more than a screen holds, as many as are told, and the way to the rest."""
    return [*lines] if len(lines) <= SHOWN else [*lines[:SHOWN], f"... and {len(lines) - SHOWN:,} more; {rest}"]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """' (did you mean 'rbkg_ang'?)' or an empty string."""
    by_folded = {k.casefold(): k for k in known}
    longer = [k for k in by_folded if len(word) > 1 and k.startswith(f"{word.casefold()}_")]  # e0 for e0_ev
    close = longer or get_close_matches(word.casefold(), list(by_folded), n=1, cutoff=0.6)
    return f" (did you mean {by_folded[close[0]]!r}?)" if close else ""
