"""By the keyboard to a post whose id is known; what was marked and not saved is there when one comes back."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.app.filled import fill
from tests.browser.conftest import ROOT, SLOWEST_MS

pytestmark = pytest.mark.browser
PATIENCE = 90_000
"""Milliseconds: as in `test_deep_links`."""


@pytest.fixture(autouse=True)
def _patient(page: Page) -> Iterator[None]:
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    yield
    expect.set_options(timeout=SLOWEST_MS)


def jump(page: Page, said: str) -> None:
    page.get_by_label("Go to a post").focus()
    page.keyboard.type(said)
    page.keyboard.press("Enter")


def test_an_id_and_enter_open_the_post(page: Page, serve: Callable[..., str], tmp_path: Path) -> None:
    fill(tmp_path / "home").close()
    address = serve(ROOT / "app.py", MNER_HOME=str(tmp_path / "home"), MNER_USER="ann")
    page.goto(f"{address}/post?split=valid&list=all")
    expect(page.get_by_role("heading", name="match")).to_be_visible()
    jump(page, "bare")
    expect(page.get_by_role("heading", name="bare")).to_be_visible()
    jump(page, "nobody")
    expect(page.get_by_text("No post “nobody” here")).to_be_visible()
    expect(page.get_by_role("heading", name="bare")).to_be_visible()

    page.goto(f"{address}/annotate?split=valid&list=all&post=bare")
    box = page.locator(".root > .text")
    expect(box).to_contain_text("Maria")
    expect(box.locator(".mark")).to_have_count(3)
    box.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Delete")
    expect(box.locator(".mark")).to_have_count(2)
    jump(page, "train/trained")
    expect(box).to_contain_text("win")
    jump(page, "valid/bare")
    expect(box).to_contain_text("Maria")
    expect(box.locator(".mark")).to_have_count(2)
    expect(page.locator(".status")).to_contain_text("unsaved draft is back")
