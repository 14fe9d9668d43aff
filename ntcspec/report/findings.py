"""What the run warns of, collected: failures, what was left out, numbers that are missing, notes of the stages."""

from __future__ import annotations

from dataclasses import dataclass

from ntcspec.report.collect import Content, home_of, numbers_of, own_name
from ntcspec.report.tables import trace


@dataclass(frozen=True)
class Item:
    """One thing to know, and where it stands; `links` are (words, link)."""

    text: str
    links: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Findings:
    """All of them. Equal words of several artifacts stand once."""

    failures: tuple[Item, ...]
    left_out: tuple[Item, ...]
    missing: tuple[Item, ...]
    notes: tuple[Item, ...]
    missing_numbers: int


def findings(content: Content) -> Findings:
    """Collected in the order of the study."""
    failures: dict[str, list[tuple[str, str]]] = {}
    for path, why in content.failures.items():
        failures.setdefault(why, []).append((_short(path), trace(path)))
    missing: dict[str, list[tuple[str, str]]] = {}
    absent = [row for row in numbers_of(content) if not row["value"]]
    for row in absent:
        home = home_of(content, row)
        words = " / ".join(w for w in (row["sample"], row["measurement"], row["metric"]) if w)
        missing.setdefault(row["reason"] or "no reason given", []).append(
            (words, trace(home, own_name(row)) if home else "")
        )
    notes: dict[str, list[tuple[str, str]]] = {}
    for path, own_notes in content.notes.items():
        for note in own_notes:
            notes.setdefault(note, []).append((_short(path), trace(path)))
    left_out = tuple(
        Item(e["reason"], ((f"{e['sample']} / {e['name']}".removesuffix(" / *"), ""),))
        for e in content.settings["excluded"]
    )
    return Findings(_items(failures), left_out, _items(missing), _items(notes), len(absent))


def _items(found: dict[str, list[tuple[str, str]]]) -> tuple[Item, ...]:
    return tuple(Item(text, tuple(dict.fromkeys(links))) for text, links in found.items())


def _short(path: str) -> str:
    """'NTC_6_h/exafs/measure' for 'results/NTC_6_h/exafs/measure.json'."""
    return path.removeprefix("results/").rpartition(".")[0]
