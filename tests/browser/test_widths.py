"""Nothing that is read or pressed is cut off: every screen, filled, on a desktop's, a laptop's and a phone's width."""

import pytest
from playwright.sync_api import Page

from tests.app.filled import fill
from tests.browser.conftest import ROOT, Serve
from tests.browser.test_back_and_forward import at_rest

pytestmark = pytest.mark.browser

CUT_OFF = """
() => {
  const main = document.querySelector('[data-testid="stMain"]');
  const width = document.documentElement.clientWidth;
  const found = [];
  for (const each of main.querySelectorAll('button, a, label, h1, h2, h3, [data-testid="stCaptionContainer"] p')) {
    if (!each.checkVisibility() || !each.innerText.trim()) continue;
    const box = each.getBoundingClientRect();
    let scrolls = false;
    for (let at = each.parentElement; at && at !== main; at = at.parentElement) {
      const how = getComputedStyle(at).overflowX;
      scrolls ||= how === 'auto' || how === 'scroll';
      const outer = at.getBoundingClientRect();
      if (how !== 'visible' && !scrolls && (box.right > outer.right + 1 || box.left < outer.left - 1)) {
        found.push(`${each.innerText.trim().slice(0, 40)} in its box`);
      }
    }
    if (!scrolls && box.width && (box.right > width + 1 || box.left < -1)) {
      found.push(`${each.innerText.trim().slice(0, 40)} in the window`);
    }
  }
  return found;
}
"""


@pytest.fixture(scope="module")
def app(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    home = tmp_path_factory.mktemp("filled") / "home"
    fill(home).close()
    return serve(ROOT / "app.py", MNER_HOME=str(home), MNER_USER="ann")


@pytest.mark.parametrize("width", [1280, 1024, 390])
@pytest.mark.parametrize(
    "screen",
    ["overview", "errors?run=second", "errors?run=second&compare=first", "post?run=second&post=match&similar=grid",
     "annotate?post=match&similar=text", "runs", "experiments", "data"],
)  # fmt: skip
def test_nothing_is_cut_off(app: str, page: Page, screen: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{app}/{screen}")
    at_rest(page)
    assert page.evaluate(CUT_OFF) == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0


@pytest.mark.parametrize("width", [1280, 390])
def test_the_kinds_of_mistake_are_read_whole(app: str, page: Page, width: int) -> None:
    """The row of kinds was cut at the last one on 1280 pixels: Streamlit lets a long row scroll, and shows no bar."""
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{app}/errors?run=second&compare=first")
    at_rest(page)
    for kind in ("missed", "boundary", "type", "spurious"):
        pill = page.get_by_test_id("stMain").get_by_text(f"{kind} ").first
        over, right = pill.evaluate(
            "(each) => [each.scrollWidth - each.clientWidth, each.getBoundingClientRect().right]"
        )
        assert over <= 1, f"the name {kind} is cut in its pill"
        assert right <= width
    rows = page.get_by_test_id("stButtonGroup").get_by_role("radiogroup")
    assert rows.count() == 3
    assert rows.evaluate_all("(all) => all.map((each) => each.scrollWidth - each.clientWidth)") == [0, 0, 0]


def test_what_is_cut_is_found(page: Page) -> None:
    page.set_viewport_size({"width": 400, "height": 300})
    row = '<div data-testid="stMain"><div style="{}; width: 300px; white-space: nowrap">{}</div></div>'
    pills = "".join(f"<button>{kind} and more of it</button>" for kind in ("missed", "boundary", "spurious"))
    for style, is_cut in (("overflow: clip", True), ("", True), ("overflow-x: auto", False), ("", False)):
        page.set_content(row.format(style, pills if style or is_cut else "<button>missed</button>"))
        assert bool(page.evaluate(CUT_OFF)) == is_cut
