"""What a person does: from a mistake to its post, to the annotator, to a revision; and the whole loop with a worker."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from db.annotations import newest
from db.engine import open_store
from db.jobs import ACTIVE, jobs
from db.posts import post, post_ids
from db.predictions import predictions
from db.runs import runs
from mner_core.home import Home
from mner_core.scenes.write import write_scenes
from tests.app.filled import SET, fill
from tests.browser.conftest import ROOT, SLOWEST_MS, end_group
from tests.browser.test_components_annotator import drag

pytestmark = pytest.mark.browser
APP = ROOT / "app.py"
LONGEST = 900.0
"""Seconds for a job of the worker on a busy machine; alone it takes a tenth of that."""
BEGUN_MS = 1000
"""A script begins to run a moment after the event that asks for it: before that, the page looks settled."""


@pytest.fixture(autouse=True)
def _patient(page: Page) -> Iterator[None]:
    """Two cores may be shared with a worker that trains."""
    page.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    yield
    expect.set_options(timeout=SLOWEST_MS)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("filled") / "home"
    fill(root).close()
    return root


@pytest.fixture(scope="module")
def app(serve: Callable[..., str], home: Path) -> str:
    return serve(APP, MNER_HOME=str(home), MNER_USER="ann")


def mark_of(home: Path, name: str, track: str = "gold") -> list[tuple[str, str]]:
    """The newest revision's marks as (text, label)."""
    store = open_store(Home(home))
    try:
        revision = newest(store, post_ids(store, SET)["valid", name], track)
        text = post(store, revision.post).example.text
        return [(text[mark.start : mark.end], mark.label) for mark in revision.marks]
    finally:
        store.close()


def test_from_a_mistake_to_a_revision(page: Page, app: str, home: Path) -> None:
    page.goto(f"{app}/errors")
    expect(page.get_by_text("5 mistakes in 4 posts")).to_be_visible()
    page.get_by_role("link", name="Look closer").first.click()
    expect(page.get_by_role("heading", name="match")).to_be_visible()
    page.get_by_role("link", name="Correct").click()
    expect(page.get_by_role("heading", name="Annotate")).to_be_visible()
    box = page.locator(".root > .text")
    expect(box).to_contain_text("Kevin Durant")
    drag(page, "San", "Francisco")
    page.keyboard.press("4")  # PER, of LOC MISC ORG PER
    page.keyboard.press("1")  # and relabelled to LOC
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Saved match (revision 2).")).to_be_visible()
    expect(box).to_contain_text("Maria")
    assert mark_of(home, "match") == [("Kevin Durant", "PER"), ("Warriors", "ORG"), ("San Francisco", "LOC")]
    page.get_by_role("button", name="Undo", exact=True).first.click()
    expect(box).to_contain_text("San Francisco")
    expect(page.locator(".root > .text .mark")).to_have_count(2)
    assert mark_of(home, "match") == [("Kevin Durant", "PER"), ("Warriors", "ORG")]


def test_a_cell_of_the_matrix_shows_its_mistakes(page: Page, app: str) -> None:
    page.goto(f"{app}/errors")
    expect(page.get_by_text("5 mistakes in 4 posts")).to_be_visible()
    page.get_by_role("button", name="gold ORG, predicted LOC: 1").click()
    expect(page.get_by_text("1 mistake in 1 post")).to_be_visible()
    assert "pair=ORG%3ELOC" in page.url
    page.reload()
    expect(page.get_by_text("1 mistake in 1 post")).to_be_visible()
    page.get_by_role("button", name="gold ORG, predicted LOC: 1").click()
    expect(page.get_by_text("5 mistakes in 4 posts")).to_be_visible()


def test_a_cell_is_chosen_by_keys_and_stands_under_the_other_filters(page: Page, app: str) -> None:
    page.goto(f"{app}/errors?compare=first&change=wrong+in+both")
    expect(page.get_by_text("4 mistakes in 4 posts")).to_be_visible()
    table = page.get_by_role("table")
    expect(table.get_by_role("columnheader")).to_have_text(["LOC", "ORG", "PER", "none"])
    expect(table.get_by_role("button")).to_have_count(4)
    table.get_by_role("button", name="gold ORG, predicted LOC: 1").focus()
    page.keyboard.press("ArrowRight")
    expect(table.get_by_role("button", name="ORG with other words: 1")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(table.get_by_role("button", name="gold PER, predicted none: 1")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 mistake in 1 post")).to_be_visible()
    assert "change=wrong+in+both" in page.url
    assert "pair=PER%3Enone" in page.url
    expect(table.get_by_role("button", name="gold PER, predicted none: 1")).to_have_attribute("aria-pressed", "true")


def test_a_save_from_a_second_tab_is_refused_with_both_versions(page: Page, app: str, home: Path) -> None:
    other = page.context.new_page()
    for tab in (page, other):
        tab.goto(f"{app}/annotate?list=all&post=broken")
        expect(tab.locator(".root > .text")).to_contain_text("Google")
    drag(page, "in", "in")
    page.keyboard.press("2")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Saved broken (revision 2).")).to_be_visible()
    drag(other, "Google", "Google")
    other.keyboard.press("1")
    other.keyboard.press("Control+Enter")
    expect(other.get_by_text("Not saved.")).to_be_visible()
    expect(other.get_by_text("What ann saved")).to_be_visible()
    other.get_by_role("button", name="Save mine on top").click()
    expect(other.get_by_text("Saved broken (revision 3).")).to_be_visible()
    assert mark_of(home, "broken") == [("Google", "LOC"), ("Berlin", "LOC")]


def test_hostile_text_is_text_on_every_screen(page: Page, app: str) -> None:
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    for screen in ("errors?kind=missed", "post?post=hostile", "annotate?post=hostile&list=all"):
        page.goto(f"{app}/{screen}")
        expect(page.locator(".root .text").first).to_contain_text("<script>alert(1)</script> **Bob")
        wide = page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth - window.innerWidth")
        assert wide <= 0, f"{screen} scrolls sideways"


@pytest.fixture
def working_home(tmp_path: Path) -> Iterator[Path]:
    """An empty home with a real worker on it."""
    root = tmp_path / "home"
    environment = {**os.environ, "MNER_HOME": str(root), "MNER_DEMO": "0", "OMP_NUM_THREADS": "1"}
    with (tmp_path / "worker.log").open("wb") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", "worker"],
            cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    yield root
    end_group(worker)


@pytest.mark.slow
def test_the_whole_loop(page: Page, serve: Callable[..., str], working_home: Path, tmp_path: Path) -> None:
    """Import, train, browse the errors, look at one, correct it, train again from the corrected labels, compare."""
    write_scenes(tmp_path / "scenes", 60, 3)
    packed = shutil.make_archive(str(tmp_path / "scenes"), "zip", tmp_path / "scenes")
    address = serve(APP, MNER_HOME=str(working_home), MNER_USER="ann")
    import_posts(page, address, packed, "Loop")
    page.goto(f"{address}/runs?new=1")
    train(page, "before")
    wait_for_run(working_home, "before")
    correct_first_mistake(page, address)
    page.get_by_role("link", name="Train on these").click()
    expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()
    expect(page.get_by_role("combobox", name="Start from")).to_have_value("before")
    train(page, "after")
    wait_for_run(working_home, "after")
    page.goto(f"{address}/errors?run=after&compare=before&gold=current")
    expect(page.get_by_text("after makes")).to_be_visible()
    expect(page.get_by_text("valid, corrected labels")).to_be_visible()
    expect(page.get_by_text("Against the other run")).to_be_visible()


def import_posts(page: Page, address: str, file: str, name: str, posts: int = 60) -> None:
    page.goto(f"{address}/data")
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_text(Path(file).name)).to_be_visible()
    page.get_by_role("textbox", name="Name").fill(name)
    page.get_by_role("textbox", name="Name").press("Tab")
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text(f"{posts} posts added to {name}")).to_be_visible(timeout=LONGEST * 1000)


def train(page: Page, name: str) -> None:
    button = page.get_by_role("button", name="Train", exact=True)
    expect(button).to_be_visible()
    settled(page)
    if "tiny" not in page.get_by_role("combobox", name="Profile").input_value():
        page.get_by_role("combobox", name="Profile").click()
        page.get_by_role("option", name="tiny").click()
        settled(page)
    page.get_by_role("textbox", name="Name of the new run").fill(name)
    page.get_by_role("textbox", name="Name of the new run").press("Tab")
    button.click()
    expect(page.get_by_text(f"Training {name}").first).to_be_visible()


def settled(page: Page) -> None:
    """Until the form has all its fields: one that appears later moves the button away from under the pointer."""
    page.wait_for_timeout(BEGUN_MS)
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)


def wait_for_run(home: Path, name: str) -> None:
    """Until the run is in the store and has read the posts."""
    store = open_store(Home(home))
    until = time.monotonic() + LONGEST
    try:
        while name not in [run.name for run in runs(store)] or not predictions(store, name):
            failed = jobs(store, ("failed", "cancelled"))
            assert not failed, failed[0].error
            assert time.monotonic() < until, f"{name} was not trained in time: {jobs(store, ACTIVE)}"
            time.sleep(0.3)
    finally:
        store.close()


def look_at_similar_posts(page: Page) -> None:
    """The set is compared once, by the worker, and the like stand there with what chose them."""
    page.get_by_role("radio", name="Text").click()
    page.get_by_role("button", name="Compare all posts by text").click()
    expect(page.get_by_text("The likest of 59 other posts")).to_be_visible(timeout=LONGEST * 1000)
    expect(page.locator(".note", has_text="cosine")).to_have_count(4)
    assert "similar=text" in page.url


def correct_first_mistake(page: Page, address: str) -> None:
    page.goto(f"{address}/errors?run=before")
    page.get_by_role("link", name="Look closer").first.click()
    expect(page.get_by_role("heading", name="Evidence")).to_be_visible()
    expect(page.get_by_text("Retrieved posts: images like the text")).to_be_visible()
    look_at_similar_posts(page)
    page.get_by_role("button", name="Without the picture").click()
    expect(page.get_by_text("As it is")).to_be_visible()
    page.get_by_role("link", name="Correct").click()
    box = page.locator(".root > .text")
    expect(box.locator(".piece").first).to_be_visible()
    box.focus()
    page.keyboard.press("ArrowRight")  # the next word
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("(revision 2).")).to_be_visible()
    expect(page.get_by_text("1 of ").first).to_be_visible()
