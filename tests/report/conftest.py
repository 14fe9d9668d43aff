"""Pages of the report, opened in a browser: no network, and nothing that goes wrong stays unseen."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "plot"))
sys.path.insert(0, str(Path(__file__).parent))

from browsing import Watched
from made_report import FOLDER, MadeReport, make


@pytest.fixture
def open_page(browser: object) -> Iterator[Callable[..., Watched]]:
    """open_page(file, width=1280, ...): the page, watched; what went wrong in it fails the test at its end."""
    opened: list[Watched] = []

    def start(file: Path, *, width: int = 1280, fragment: str = "", **context: object) -> Watched:
        one = Watched(browser, file, width, fragment, context)
        opened.append(one)
        return one

    yield start
    wrong = [problem for one in opened for problem in one.problems]
    for one in opened:
        one.close()
    assert not wrong


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> MadeReport:
    """A report with a panel of every kind, samples with hostile names, claims, trends and missing numbers."""
    return make(tmp_path_factory.mktemp("made") / FOLDER)
