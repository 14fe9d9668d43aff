"""Colours of panels, on paper and in the report; standard library only."""

from __future__ import annotations

GREY = "#808080"
PALE = "#c8c8c8"
NO_DATA = "#d9d9d9"  # ground of a map where it has no values
MARK = "#b03000"  # the word SIMULATED
SPAN = "#ececec"  # ground of a shaded range

# Okabe and Ito (2008), black first, strongest contrast on white next; yellow is left out: unreadable as text.
CYCLE = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
SEQUENTIAL, SEQUENTIAL_END = "cividis", 0.88  # the yellow end would vanish on white

# Every 32nd of matplotlib's cividis up to that end (Nuñez, Anderton and Renslow 2018), for whom matplotlib is too much.
CIVIDIS = (
    "#00224e", "#00285b", "#002e6a", "#053371", "#1a386f", "#273e6e", "#32436d", "#3b496c", "#434e6c", "#4b546c",
    "#535a6d", "#5a5f6e", "#61656f", "#686a71", "#6f7073", "#767676", "#7d7c78", "#848279", "#8c8878", "#938e78",
    "#9b9476", "#a39a74", "#aba072", "#b4a76f", "#bcae6c", "#c4b468", "#cdbb63", "#d5c25e", "#dec958", "#e7d150",
)  # fmt: skip


def hex_colours(number: int) -> list[str]:
    """One colour a sample, as '#rrggbb': the cycle, or a dark-to-light sequence where that is too short."""
    if number <= len(CYCLE):
        return list(CYCLE[:number])
    return [_cividis(SEQUENTIAL_END * i / (number - 1)) for i in range(number)]


def _cividis(place: float) -> str:
    low, rest = divmod(place * 32, 1)
    ends = ([int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in CIVIDIS[int(low) : int(low) + 2])
    return "#" + "".join(f"{round(a + (b - a) * rest):02x}" for a, b in zip(*ends, strict=True))
