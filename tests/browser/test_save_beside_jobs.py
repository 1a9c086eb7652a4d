"""A save that is sent while the screen changes because a job has ended: it is made, and its answer is shown."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from db.engine import Store, open_store
from db.imports import About, import_examples
from db.job_leases import claim, finish
from db.jobs import enqueue
from db.runs import add_run
from mner_core.data.tokenize import tokenize
from mner_core.home import Home
from mner_core.types import Example
from tests.browser.conftest import ROOT
from tests.db.test_runs import write_run

pytestmark = pytest.mark.browser
POSTS = 8
RUNNING = "document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'running'"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Posts without labels, and a run that has read none of them."""
    opened = open_store(Home(tmp_path / "home"))
    texts = [f"Ann met Bob in Rome on day {number}" for number in range(POSTS)]
    posts = [
        Example(id=f"p{number}", text=text, tokens=tokenize(text), spans=None, split="valid")
        for number, text in enumerate(texts)
    ]
    import_examples(opened, "Raw", posts, About(labels=("PER", "LOC")))
    data = {"name": "Raw", "fingerprint": "d", "gold": "g", "train": 1, "dev": 5}
    add_run(opened, write_run(opened.home, "reader", data=data, created=1000.0))
    return opened


def test_a_save_while_a_job_ends_is_shown(page: Page, serve: Callable[..., str], store: Store) -> None:
    address = serve(ROOT / "app.py", MNER_HOME=str(store.home.root), MNER_USER="ann")
    for round_ in range(4):
        enqueue(store, "predict", {"run": "reader", "dataset": "Raw", "split": "valid"}, author="ann")
        held = claim(store, "w", "cpu")
        assert held is not None
        page.goto(f"{address}/annotate?dataset=Raw&split=valid&run=reader&list=all")
        box = page.locator(".root > .text")
        expect(box.locator(".piece").first).to_be_visible()
        expect(page.get_by_text("Predicting Raw with reader").first).to_be_visible()
        expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
        box.focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("1")
        expect(box.locator(".mark").first).to_be_visible()
        finish(store, held, {})
        page.wait_for_function(RUNNING)
        page.keyboard.press("Control+Enter")
        done = page.get_by_test_id("stProgress").filter(has_text=f"{round_ + 1} of {POSTS}")
        expect(done).to_be_visible()
        expect(page.get_by_text("reader has not read")).to_be_visible()
        expect(done).to_be_visible()
        expect(box.locator(".mark")).to_have_count(0)
