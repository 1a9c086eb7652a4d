"""Back and Forward on every screen whose widgets keep what they say in the address."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.app.filled import fill
from tests.browser.conftest import ROOT, Serve

pytestmark = pytest.mark.browser
BEGUN_MS = 1500
"""A script begins to run a moment after the event that asks for it: before that, the page looks settled."""
PATIENCE = 90_000
"""Milliseconds on a machine that others use, too."""


@pytest.fixture(scope="module")
def app(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    home = tmp_path_factory.mktemp("filled") / "home"
    fill(home).close()
    return serve(ROOT / "app.py", MNER_HOME=str(home), MNER_USER="ann")


def at_rest(page: Page) -> None:
    page.wait_for_timeout(BEGUN_MS)
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning", timeout=PATIENCE)


def choose(page: Page, title: str, value: str) -> None:
    page.get_by_test_id("stSelectbox").filter(has_text=title).get_by_role("combobox").click()
    page.get_by_role("option", name=value, exact=True).click()
    at_rest(page)


def sliced(page: Page, title: str, value: str) -> None:
    page.get_by_test_id("stMain").get_by_role("button", name="Filters").click()
    choose(page, title, value)


def pressed(page: Page, name: str) -> None:
    page.get_by_test_id("stMain").get_by_text(name, exact=True).click()
    at_rest(page)


def value(page: Page, title: str) -> str:
    return page.get_by_test_id("stSelectbox").filter(has_text=title).get_by_role("combobox").input_value()


def heading(page: Page) -> str:
    return page.get_by_test_id("stMain").get_by_role("heading").first.inner_text()


def count(page: Page) -> str:
    return page.get_by_role("heading").filter(has_text="in ").first.inner_text()


CASES: dict[str, tuple[str, Callable[[Page], None], Callable[[Page], str]]] = {
    "filter": ("errors", lambda page: pressed(page, "missed 1"), count),
    "slice": ("errors", lambda page: sliced(page, "Picture", "without"), count),
    "second run": ("errors", lambda page: choose(page, "Compared with", "first"), lambda page: value(page, "Compared")),
    "split": ("errors", lambda page: choose(page, "Split", "train"), lambda page: value(page, "Split")),
    "run": ("post", lambda page: choose(page, "Run", "first"), lambda page: value(page, "Run")),
    "gold": ("overview", lambda page: choose(page, "Labels", "original labels"), lambda p: value(p, "Labels")),
    "post": ("post?list=all", lambda page: pressed(page, "Next"), heading),
    "list": ("annotate", lambda page: choose(page, "Work list", "All posts"), lambda page: value(page, "Work list")),
    "track": ("annotate", lambda page: choose(page, "Save to", "my own (ann)"), lambda page: value(page, "Save to")),
    "form": ("experiments?table=data", lambda page: pressed(page, "Full"), lambda page: chosen(page, "Full")),
}


def chosen(page: Page, name: str) -> str:
    button = page.get_by_test_id("stButtonGroup").get_by_role("radio", name=name, exact=True)
    return str(button.get_attribute("aria-checked"))


@pytest.mark.parametrize("case", CASES)
def test_one_step_back_and_one_forward(page: Page, app: str, case: str) -> None:
    screen, act, read = CASES[case]
    page.goto(f"{app}/{screen}")
    at_rest(page)
    before, address = read(page), page.url
    act(page)
    after, changed = read(page), page.url
    assert (after, changed) != (before, address)
    assert after != before
    page.go_back()
    at_rest(page)
    assert (read(page), page.url) == (before, address), "one step back undoes the choice"
    page.go_forward()
    at_rest(page)
    assert (read(page), page.url) == (after, changed)


def test_the_sidebar_keeps_what_was_looked_at_and_the_address_says_so(page: Page, app: str) -> None:
    page.goto(f"{app}/errors")
    at_rest(page)
    pressed(page, "missed 1")
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Annotate").click()
    at_rest(page)
    expect(page.get_by_role("heading", name="Annotate")).to_be_visible()
    assert "kind=missed" in page.url
    choose(page, "Work list", "All posts")
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Post", exact=True).click()
    at_rest(page)
    assert "list=all" in page.url
    assert "kind=missed" in page.url
