"""The circle in the browser: corrections on valid are told to reach no training, go into train, and reach it there."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from db.annotations import newest
from db.engine import Store
from db.posts import dataset, post_ids
from tests.app.filled import SET, fill
from tests.browser.conftest import ROOT
from tests.browser.test_loop import _patient, settled

__all__ = ["_patient"]
pytestmark = pytest.mark.browser


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    filled = fill(tmp_path / "home")
    yield filled
    filled.close()


def save_and_go_on(page: Page, name: str) -> None:
    """Marks the first word of the post as another type, and saves."""
    box = page.locator(".root > .text")
    expect(box.locator(".piece").first).to_be_visible()
    settled(page)
    box.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("3")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text(f"Saved {name} (revision 2).")).to_be_visible()


def test_from_corrections_on_valid_to_a_training_that_reads_them(
    page: Page, serve: Callable[..., str], store: Store
) -> None:
    address = serve(ROOT / "app.py", MNER_HOME=str(store.home.root), MNER_USER="ann")
    page.goto(f"{address}/annotate?dataset={SET.replace(' ', '+')}&split=valid&run=second&list=mistakes")
    expect(page.get_by_text("corrections")).to_have_count(0)
    save_and_go_on(page, "match")
    expect(page.get_by_text("The only correction lies in valid, which training does not read")).to_be_visible()
    save_and_go_on(page, "bare")
    expect(page.get_by_text("All 2 corrections lie in valid, which training does not read")).to_be_visible()
    expect(page.get_by_role("link", name="Mistakes in train (cross-validated)")).to_be_visible()
    moved = [post_ids(store, SET)["valid", name] for name in ("match", "bare")]
    page.get_by_role("button", name="Move 3 posts into train").click()
    expect(
        page.get_by_text("3 posts are in train now. 1 post with the same text or picture goes along.")
    ).to_be_visible()
    expect(page.get_by_text("which training does not read")).to_have_count(0)
    assert dataset(store, SET).splits == {"train": 4, "valid": 3}
    assert {post_ids(store, SET)["train", name] for name in ("match", "bare")} == set(moved)
    assert [getattr(newest(store, number), "number", None) for number in moved] == [2, 2]
    expect(page.locator(".root > .text .piece").first).to_be_visible()
    page.get_by_role("link", name="Train on these").click()
    expect(page.get_by_text("2 corrections reach this training.")).to_be_visible()
    expect(page.get_by_text("It learns from 4 labelled posts of train.")).to_be_visible()
