"""What tests look at in a browser."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

# Elements whose text does not show whole: beyond the window, cut by their own frame, or by that of the chart.
CUT = """() => {
  const found = [];
  const width = document.documentElement.clientWidth;
  const scrolls = (e) => { for (let p = e; p; p = p.parentElement)
    if (['auto', 'scroll'].includes(getComputedStyle(p).overflowX) && p !== document.documentElement && p !== document.body) return true;
    return false; };
  const shown = (e) => e.checkVisibility({visibilityProperty: true, contentVisibilityAuto: true}) && !e.closest('.hidden, .skip, thead, .modebar');
  if (document.documentElement.scrollWidth > width) found.push(`page: ${document.documentElement.scrollWidth} > ${width}`);
  for (const e of document.querySelectorAll('body *')) {
    if (!shown(e) || e.closest('svg') || !e.innerText?.trim()) continue;
    const box = e.getBoundingClientRect();
    if (!box.width) continue;
    if ((box.right > width + 1 || box.left < -1) && !scrolls(e)) found.push(`${e.tagName}.${e.className}: ${e.innerText.slice(0, 60)} ends at ${box.right}`);
    if (getComputedStyle(e).overflowX === 'hidden' && e.scrollWidth > e.clientWidth + 1) found.push(`${e.tagName}.${e.className} hides: ${e.innerText.slice(0, 60)}`);
  }
  for (const t of document.querySelectorAll('.interactive svg text')) {
    const text = t.textContent.trim(), frame = t.closest('.interactive').getBoundingClientRect(), box = t.getBoundingClientRect();
    if (text && box.width && (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1))
      found.push(`${t.closest('figure').dataset.panel}: ${text}: ${[box.left - frame.left, box.right - frame.right, box.top - frame.top, box.bottom - frame.bottom].map(Math.round)}`);
  }
  return found;
}"""


@contextmanager
def chromium() -> Iterator[Any]:
    """Debian's chromium, headless; where it is not there, tests are skipped, but for a CI run, which fails."""
    if not CHROMIUM.exists():
        reason = f"no browser at {CHROMIUM}: apt install chromium"
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


class Watched:
    """A page without network; `problems` collects errors, dialogs, and requests for anything but its own file."""

    def __init__(self, browser: Any, file: Path, width: int, fragment: str, context: Mapping[str, Any]) -> None:
        self.problems: list[str] = []
        size = {"width": width, "height": 844 if width < 500 else 900}
        self.context = browser.new_context(viewport=size, offline=True, **context)
        self.page = self.context.new_page()
        self.address = file.resolve().as_uri()
        self.page.on(
            "console", lambda m: m.type in ("error", "warning") and self.problems.append(f"{m.type}: {m.text}")
        )
        self.page.on("pageerror", lambda e: self.problems.append(f"error: {e}"))
        self.page.on("dialog", self._dialog)
        self.page.on("request", self._request)
        self.page.goto(self.address + fragment)

    def _dialog(self, dialog: Any) -> None:
        self.problems.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Any) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.problems.append(f"request: {request.url}")

    def panel(self, name: str) -> Any:
        """The figure of a panel, scrolled to and drawn."""
        figure = self.page.locator(f'figure.panel[data-panel="{name}"]')
        figure.scroll_into_view_if_needed()
        figure.locator(".interactive .main-svg").first.wait_for(state="attached")
        self.page.wait_for_function("f => f.classList.contains('drawn')", arg=figure.element_handle())
        return figure

    def draw_all(self) -> list[str]:
        """Draws every panel; their names."""
        names = self.page.eval_on_selector_all("figure.panel", "all => all.map(f => f.dataset.panel)")
        for name in names:
            self.panel(name)
        return names

    def close(self) -> None:
        self.context.close()
