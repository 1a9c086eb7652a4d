"""A data set and a run are renamed, deleted and brought back in the browser."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from db.deletion import deleted_things
from db.engine import Store
from db.posts import datasets
from db.runs import runs
from tests.app.filled import SET, fill
from tests.browser.conftest import ROOT

pytestmark = pytest.mark.browser
PATIENCE = 90_000
"""Milliseconds: as in `test_deep_links`."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    filled = fill(tmp_path / "home")
    yield filled
    filled.close()


def choose(page: Page, what: str, thing: str) -> None:
    page.locator(f".st-key-more-{thing} button:visible").first.click()
    page.get_by_role("menuitem", name=what).or_(page.get_by_role("option", name=what)).first.click()
    expect(page.get_by_role("dialog")).to_be_visible()


def press(page: Page, what: str) -> None:
    page.get_by_role("dialog").get_by_role("button", name=what, exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_renamed_deleted_and_brought_back(page: Page, serve: Callable[..., str], store: Store) -> None:
    address = serve(ROOT / "app.py", MNER_HOME=str(store.home.root), MNER_USER="ann")
    page.set_default_timeout(PATIENCE)
    page.goto(f"{address}/data?dataset={SET.replace(' ', '+')}")
    heading = page.get_by_test_id("stMain").get_by_role("heading")
    expect(heading.filter(has_text=SET)).to_be_visible(timeout=PATIENCE)
    choose(page, "Rename", "dataset")
    page.get_by_role("dialog").get_by_label("Name").fill("Better set")
    page.keyboard.press("Tab")
    press(page, "Rename")
    expect(heading.filter(has_text="Better set")).to_be_visible()
    expect(page).to_have_url(f"{address}/data?dataset=Better+set")
    assert [each.name for each in datasets(store)] == ["Better set"]

    page.goto(f"{address}/runs?run=second")
    expect(heading.filter(has_text="second")).to_be_visible(timeout=PATIENCE)
    choose(page, "Delete", "run")
    expect(page.get_by_role("dialog").get_by_text("what it predicted of 6 posts go")).to_be_visible()
    press(page, "Delete")
    expect(heading.filter(has_text="first")).to_be_visible()
    assert [each.name for each in runs(store)] == ["first"]
    page.get_by_text("Deleted (1)").click()
    page.get_by_role("button", name="Bring back").click()
    expect(heading.filter(has_text="second")).to_be_visible()
    expect(page.get_by_text("Deleted (1)")).to_have_count(0)
    assert deleted_things(store) == []
