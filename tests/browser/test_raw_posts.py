"""From raw posts to a run that is measured: types, splits, suggestions of another set's run, twenty labels, a training.

The posts are drawn scenes without their labels; the same walk goes through real tweets where a folder of raw posts is
there (`MNER_RAW_POSTS`, or `shared/data/mvsa_tweets/raw` beside the repository), and is skipped where it is not.
"""

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from db.engine import Store, open_store
from db.evaluations import evaluate
from db.gold_totals import labelled_counts
from db.jobs import enqueue, job, jobs
from db.posts import dataset
from db.runs import run
from mner_core.home import Home
from mner_core.scenes.write import write_scenes
from tests.browser.conftest import ROOT
from tests.browser.test_loop import LONGEST, _patient, import_posts, settled, train, wait_for_run, working_home

__all__ = ["_patient", "working_home"]
pytestmark = [pytest.mark.browser, pytest.mark.slow]
POSTS = 40


def without_labels(scenes: Path, out: Path) -> Path:
    """All posts of a drawn set in one split, as if nobody had labelled them."""
    lines = [
        line for split in ("train", "valid", "test") for line in (scenes / f"{split}.jsonl").read_text().splitlines()
    ]
    return raw_set([json.loads(line) for line in lines], scenes / "images", out)


def raw_set(records: list[dict[str, object]], images: Path, out: Path) -> Path:
    """The records' ids, texts and pictures as a folder with one split."""
    (out / "images").mkdir(parents=True)
    kept = [{name: record[name] for name in ("id", "text", "image") if record.get(name)} for record in records]
    (out / "train.jsonl").write_text("".join(json.dumps(record) + "\n" for record in kept))
    for record in kept:
        if "image" in record:
            shutil.copy(images / str(record["image"]), out / "images")
    return out


def tweets() -> Path | None:
    """A folder of real raw posts on this machine."""
    named = os.environ.get("MNER_RAW_POSTS")
    places = [Path(named)] if named else [each / "shared/data/mvsa_tweets/raw" for each in ROOT.parents]
    return next((place for place in places if (place / "train.jsonl").is_file()), None)


@pytest.fixture(params=["scenes", "tweets"])
def posts(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Forty raw posts, packed."""
    if request.param == "scenes":
        write_scenes(tmp_path / "scenes", POSTS, 7)
        folder = without_labels(tmp_path / "scenes", tmp_path / "raw")
    else:
        there = tweets()
        if there is None:
            pytest.skip("there is no folder of raw tweets on this machine")
        lines = (there / "train.jsonl").read_text().splitlines()[:POSTS]
        folder = raw_set([json.loads(line) for line in lines], there / "images", tmp_path / "raw")
    return Path(shutil.make_archive(str(tmp_path / "posts"), "zip", folder))


@pytest.fixture
def store(working_home: Path, tmp_path: Path) -> Store:
    """The worker's store, in which a run is trained on other data."""
    write_scenes(tmp_path / "other", 60, 3)
    opened = open_store(Home(working_home))
    first = enqueue(opened, "import", {"folder": str(tmp_path / "other"), "name": "Other"}, author="ann")
    settings = {"epochs": 8}
    payload = {"dataset": "Other", "model": "bert-crf", "profile": "tiny", "settings": settings, "name": "helper"}
    second = enqueue(opened, "train", payload, author="ann")
    for queued in (first, second):
        until = time.monotonic() + LONGEST
        while job(opened, queued.id).status in ("queued", "running"):
            assert time.monotonic() < until
            time.sleep(0.3)
        assert job(opened, queued.id).status == "done", job(opened, queued.id).error
    return opened


def test_from_raw_posts_to_a_measured_run(page: Page, serve: Callable[..., str], store: Store, posts: Path) -> None:
    address = serve(ROOT / "app.py", MNER_HOME=str(store.home.root), MNER_USER="ann")
    import_posts(page, address, str(posts), "Raw", POSTS)
    name_types(page, address, ["PERSON", "LOCATION"])
    divide(page, address)
    splits = dataset(store, "Raw").splits
    assert sum(splits.values()) == POSTS
    ask_for_suggestions(page, address, store)
    correct(page, address, "train", 14)
    correct(page, address, "test", 6)
    assert {split: labelled for split, (labelled, _) in labelled_counts(store, "Raw").items()} == {
        "train": 14, "valid": 0, "test": 6
    }  # fmt: skip
    page.goto(f"{address}/annotate?dataset=Raw&split=train&list=all&run=helper")
    page.get_by_role("link", name="Train on these").click()
    expect(page.get_by_text("It learns from 14 labelled posts of train.")).to_be_visible()
    expect(page.get_by_text("nothing is measured").first).to_be_visible()
    train(page, "mine")
    wait_for_run(store.home.root, "mine")
    wait_until_idle(store)
    assert run(store, "mine").metrics["dev"]["f1"] is None
    assert run(store, "mine").data["left_out"] == splits["train"] - 14
    page.goto(f"{address}/runs?run=mine")
    expect(page.get_by_text("Nothing was measured: no post of valid was labelled.")).to_be_visible()
    page.goto(f"{address}/overview?dataset=Raw&split=test&run=mine")
    [found] = evaluate(store, ["mine"], "Raw", "test")
    assert found.posts == 6
    expect(page.get_by_text(f"{found.score.support} entities in 6 posts").first).to_be_visible()


def name_types(page: Page, address: str, names: list[str]) -> None:
    page.goto(f"{address}/annotate?dataset=Raw")
    expect(page.get_by_role("heading", name="Name the types first")).to_be_visible()
    for place, name in enumerate(names):
        field = page.get_by_role("textbox", name="Type", exact=True).nth(place)
        field.fill(name)
        field.press("Tab")
        settled(page)
    page.get_by_role("button", name="Save the types").click()
    expect(page.locator(".root > .text .piece").first).to_be_visible()
    expect(page.locator(".root .labels button")).to_have_text([f"{name}{key}" for key, name in enumerate(names, 1)])


def divide(page: Page, address: str) -> None:
    page.goto(f"{address}/data?dataset=Raw")
    page.get_by_text("All posts are in one split: divide them").click()
    for split, share in (("Train", 60), ("Valid", 20), ("Test", 20)):
        field = page.get_by_role("spinbutton", name=f"{split}, %")
        field.fill(str(share))
        field.press("Tab")
        settled(page)
    expect(page.get_by_text("It would be 24 in train, 8 in valid, 8 in test.")).to_be_visible()
    page.get_by_role("button", name="Divide", exact=True).click()
    expect(page.get_by_text("Divide the posts otherwise")).to_be_visible()


def ask_for_suggestions(page: Page, address: str, store: Store) -> None:
    """From a run of other data, whose PER and LOC stand for the types named here."""
    page.goto(f"{address}/annotate?dataset=Raw&split=train&run=helper&list=uncorrected")
    expect(page.get_by_text("helper has not read 24 of these posts.")).to_be_visible()
    expect(page.get_by_role("combobox", name="PER", exact=True)).to_have_value("PERSON")
    expect(page.get_by_role("combobox", name="LOC", exact=True)).to_have_value("LOCATION")
    page.get_by_role("button", name="Predict this split").click()
    expect(page.get_by_role("button", name="Predict this split")).to_have_count(0)
    wait_until_idle(store)
    expect(page.get_by_text("Labels of helper in this set: ")).to_be_visible()
    expect(page.get_by_text("helper has not read")).to_have_count(0)


def correct(page: Page, address: str, split: str, number: int) -> None:
    """Accepts what is suggested, marks the first word where nothing is, saves, and goes on."""
    page.goto(f"{address}/annotate?dataset=Raw&split={split}&run=helper&list=uncorrected")
    box = page.locator(".root > .text")
    expect(box.locator(".piece").first).to_be_visible()
    settled(page)
    box.focus()  # no click: where the page is still growing, that would meet the button above
    for done in range(1, number + 1):
        mark_something(page)
        page.keyboard.press("Control+Enter")
        expect(page.locator("[data-testid=stProgress]").filter(has_text=f"{done} of ")).to_be_visible()
        expect(box.locator(".mark")).to_have_count(0)  # the next post is there
        expect(page.get_by_role("button", name="Save and next")).to_be_enabled()


def mark_something(page: Page) -> None:
    """Keys that a rerun of the page swallowed are pressed again, as a person does."""
    box = page.locator(".root > .text")
    for _ in range(20):
        box.focus()
        page.keyboard.press("Escape")
        page.keyboard.press("Shift+A")
        if not box.locator(".mark").count():
            page.keyboard.press("ArrowRight")
            page.keyboard.press("1")
        if box.locator(".mark").count():
            return
        page.wait_for_timeout(500)
    expect(box.locator(".mark").first).to_be_visible()


def wait_until_idle(store: Store) -> None:
    until = time.monotonic() + LONGEST
    while jobs(store, ("queued", "running")):
        assert time.monotonic() < until
        time.sleep(0.3)
    failed = jobs(store, ("failed", "cancelled"))
    assert not failed, failed[0].error
