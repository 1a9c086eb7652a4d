"""How long a person waits for a screen in Chromium: until the script has ended and nothing drawn is stale.

Every figure stands beside the same on an empty Streamlit page, measured in turns with it.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from playwright.sync_api import Browser, BrowserContext, Page

PATIENCE = 120_000
RERUN = "r"
"""The key with which Streamlit runs a page's script again."""

_IS_DRAWN = """() => {
  const app = document.querySelector('[data-testid=stApp]');
  return app && app.getAttribute('data-test-script-state') === 'notRunning'
    && document.querySelector('[data-testid=stMain] h1') && !document.querySelector('[data-stale=true]');
}"""
_WATCH = """() => {
  const app = document.querySelector('[data-testid=stApp]');
  window.growthHasRun = false;
  if (window.growthRuns) window.growthRuns.disconnect();
  window.growthRuns = new MutationObserver(() => {
    if (app.getAttribute('data-test-script-state') !== 'notRunning') window.growthHasRun = true;
  });
  window.growthRuns.observe(app, {attributes: true});
}"""
_HAS_RUN = f"() => window.growthHasRun && ({_IS_DRAWN})()"


@dataclass(slots=True)
class Times:
    """Seconds of one thing, and of the same on the empty page."""

    seconds: list[float] = field(default_factory=list)
    empty: list[float] = field(default_factory=list)

    def over(self) -> tuple[float, float]:
        """Median and 95th percentile, each less that of the empty page."""
        (median, high), (empty_median, empty_high) = (quantiles(each) for each in (self.seconds, self.empty))
        return median - empty_median, high - empty_high


def quantiles(seconds: Sequence[float]) -> tuple[float, float]:
    """Median and 95th percentile."""
    return statistics.median(seconds), statistics.quantiles(seconds, n=20, method="inclusive")[-1]


class Watch:
    """A browser on the program and on an empty page."""

    def __init__(self, browser: Browser, address: str, empty: str) -> None:
        self.browser, self.address, self._empty_address = browser, address, empty
        self._context = self.context()
        self._empty = self.open(self._context, empty)

    def context(self) -> BrowserContext:
        """A browser as a person has it."""
        context = self.browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="light")
        context.set_default_timeout(PATIENCE)
        return context

    def open(self, context: BrowserContext, address: str) -> Page:
        """A tab with a drawn page."""
        page = context.new_page()
        page.goto(address)
        page.wait_for_function(_IS_DRAWN)
        return page

    def open_path(self, path: str) -> Page:
        """A tab with a drawn screen of the program."""
        return self.open(self._context, f"{self.address}/{path}")

    def go(self, page: Page, path: str) -> None:
        """Another screen in the same tab, drawn."""
        page.goto(f"{self.address}/{path}")
        page.wait_for_function(_IS_DRAWN)

    def visit(self, path: str) -> None:
        """A screen is drawn once, and closed."""
        self.open_path(path).close()

    def first_loads(self, path: str, times: int) -> Times:
        """From the address to the drawn page, each in a session of its own."""
        found = Times()
        for _ in range(times):
            for address, seconds in ((f"{self.address}/{path}", found.seconds), (self._empty_address, found.empty)):
                begun = time.perf_counter()
                page = self.open(self._context, address)
                seconds.append(time.perf_counter() - begun)
                page.close()
        return found

    def reruns(self, path: str, times: int) -> Times:
        """A screen drawn again, nothing changed."""
        page = self.open_path(path)
        found = self.times(page, lambda: page.keyboard.press(RERUN), times)
        page.close()
        return found

    def times(
        self,
        page: Page,
        act: Callable[[], object],
        times: int,
        behind: str = "",
        before: Callable[[], object] = lambda: None,
    ) -> Times:
        """From an action to the drawn page, the first not counted (see `acted`); `before` makes ready for it."""
        found = Times()
        for number in range(times + 1):
            page.bring_to_front()
            before()
            seconds = acted(page, act, behind)
            empty = acted(self._empty, lambda: self._empty.keyboard.press(RERUN))
            if number:
                found.seconds.append(seconds)
                found.empty.append(empty)
        return found


def acted(page: Page, act: Callable[[], object], behind: str = "") -> float:
    """Seconds from an action to the drawn page; `behind` is JavaScript that has another value behind the action, and
    none while it is under way.
    """
    page.bring_to_front()  # a tab behind another is drawn when the browser likes
    before = page.evaluate(behind) if behind else None
    page.evaluate(_WATCH)
    begun = time.perf_counter()
    act()
    if behind:
        changed = f"before => {{ const now = ({behind})(); return now && now !== before && ({_IS_DRAWN})(); }}"
        page.wait_for_function(changed, arg=before)
    else:
        page.wait_for_function(_HAS_RUN)
    return time.perf_counter() - begun
