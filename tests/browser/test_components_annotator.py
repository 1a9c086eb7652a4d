"""The annotator in Chromium: what a person drags and types is what Python gets."""

import json
import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from mner_core.data.tokenize import tokenize
from tests.browser.component_demo import POSTS

pytestmark = pytest.mark.browser
DEMO = Path(__file__).with_name("component_demo.py")


@pytest.fixture(scope="module")
def address(serve) -> str:
    return serve(DEMO)


@pytest.fixture
def annotate(page: Page, address: str):
    """Opens the annotator on one of the demo's posts."""

    def open_post(name: str) -> Page:
        page.goto(f"{address}/?post={name}")
        expect(page.locator(".text .piece").first).to_be_visible()
        return page

    return open_post


def point_at(page: Page, name: str, share: float, nth: int = 0) -> tuple[float, float]:
    """A point of the screen inside the `nth` place where the text says `name`, `share` of its width from the left."""
    rect = page.locator(".root .text").evaluate(
        """(box, [name, nth]) => {
            const pieces = [...box.querySelectorAll('.piece')].map((piece) => piece.firstChild);
            const whole = pieces.map((node) => node.data).join('');
            let at = -1;
            for (let count = 0; count <= nth; count++) at = whole.indexOf(name, at + 1);
            const find = (unit, last) => { for (const node of pieces) {
                if (unit < node.length || (last && unit === node.length)) return [node, unit];
                unit -= node.length; } };
            const range = document.createRange();
            range.setStart(...find(at)); range.setEnd(...find(at + name.length, true));
            const {left, top, width, height} = range.getBoundingClientRect();
            return {left, top, width, height};
        }""",
        [name, nth],
    )
    return rect["left"] + rect["width"] * share, rect["top"] + rect["height"] / 2


def drag(page: Page, first: str, last: str, start: float = 0.3, end: float = 0.7) -> None:
    """Drags from inside the word `first` to inside the word `last`."""
    page.mouse.move(*point_at(page, first, start))
    page.mouse.down()
    x, y = point_at(page, last, end)
    page.mouse.move(x - 1, y, steps=4)
    page.mouse.move(x, y)
    page.mouse.up()


def shown(page: Page) -> list[tuple[str, str]]:
    """The marks as they stand on the screen: (text, label)."""
    found = page.locator(".root .text").evaluate(
        """(box) => {
            const of = (mark) => [...box.querySelectorAll(`.piece[data-mark="${mark}"]`)];
            const text = (mark) => of(mark).map((piece) => piece.textContent).join('');
            return [...box.querySelectorAll('.mark-tag')].map((tag) => [text(tag.dataset.mark), tag.textContent]);
        }"""
    )
    return [(text, label) for text, label in found]


def save(page: Page) -> dict:
    """Saves with the keys and reads what Python got."""
    page.keyboard.press("Control+Enter")
    code = page.get_by_test_id("stCode")
    expect(code).to_be_visible(timeout=20_000)
    return json.loads(code.locator("code").text_content())


def reruns(page: Page) -> int:
    return int(re.findall(r"\d+", page.get_by_text(re.compile(r"^reruns \d+$")).inner_text())[0])


def test_drag_over_words_reaches_python_as_the_right_slice(annotate):
    page = annotate("match")
    page.keyboard.press("Tab")
    drag(page, "drops", "as")
    page.keyboard.press("2")
    done = save(page)
    text = POSTS["match"][0]
    marked = [mark for mark in done["marks"] if mark[1] == "LOC"]
    assert [text[mark[3] : mark[4]] for mark in marked] == ["drops 41 as"]
    assert done["marks"][-1][:3] == ["Durant says", "MISC", "old0"]
    assert done["revision"] == 0


def test_offsets_hold_after_emoji_flags_and_combining_marks(annotate):
    page = annotate("emoji")
    drag(page, "Beyoncé", "Beyoncé")
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    drag(page, "Paris", "Paris")
    drag(page, "e\u0301lan", "Zoe\u0308")
    text = POSTS["emoji"][0]
    done = save(page)
    assert [(text[start:end], label) for _, label, _, start, end in done["marks"]] == [
        ("Beyoncé", "PER"),
        ("Paris", "LOC"),
        ("e\u0301lan Zoe\u0308", "LOC"),
    ]


def test_right_to_left_text(annotate):
    page = annotate("rtl")
    drag(page, "محمد", "صلاح", 0.6, 0.4)
    drag(page, "Liverpool", "FC")
    text = POSTS["rtl"][0]
    assert [text[start:end] for *_, start, end in save(page)["marks"]] == ["محمد صلاح", "Liverpool FC"]


def test_alt_marks_characters_and_cuts_the_word(annotate):
    page = annotate("match")
    page.keyboard.down("Alt")
    drag(page, "Warr", "Warr", 0.02, 0.98)
    page.keyboard.up("Alt")
    done = save(page)
    assert ["Warr", "PER"] in [mark[:2] for mark in done["marks"]]
    assert "iors" in done["tokens"]


def test_alt_never_cuts_a_joined_emoji(annotate):
    page = annotate("emoji")
    page.keyboard.down("Alt")
    family = POSTS["emoji"][0].split()[0]
    drag(page, family, family, 0.1, 0.9)
    page.keyboard.up("Alt")
    assert shown(page) in ([], [(family, "PER")])


def test_relabel_delete_undo_redo(annotate):
    page = annotate("match")
    page.locator(".piece", has_text="Durant says").click()
    page.keyboard.press("3")
    assert shown(page) == [("Durant says", "ORG")]
    page.keyboard.press("Delete")
    assert shown(page) == []
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    assert shown(page) == [("Durant says", "MISC")]
    page.keyboard.press("Control+Shift+z")
    assert shown(page) == [("Durant says", "ORG")]
    page.keyboard.press("Control+y")
    assert shown(page) == []
    page.get_by_role("button", name="Undo").click()
    assert shown(page) == [("Durant says", "ORG")]
    assert save(page)["marks"][0][1:3] == ["ORG", "old0"]


def test_resize_by_keys_and_by_handle_keeps_the_identity(annotate):
    page = annotate("match")
    page.locator(".piece", has_text="Durant says").click()
    page.keyboard.press("Shift+ArrowRight")
    assert shown(page) == [("Durant says thanks", "MISC")]
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Shift+ArrowLeft")
    assert shown(page) == [("Durant", "MISC")]
    page.keyboard.press("Shift+ArrowLeft")
    assert shown(page) == [("Durant", "MISC")]
    page.keyboard.press("Control+Shift+ArrowLeft")
    assert shown(page) == [("! Durant", "MISC")]
    page.keyboard.press("Alt+Shift+ArrowLeft")
    assert shown(page) == [("! Duran", "MISC")]
    page.keyboard.press("Control+z")
    handle = page.locator(".handle[data-edge=end]").bounding_box()
    page.mouse.move(handle["x"], handle["y"] + handle["height"] / 2)
    page.mouse.down()
    x, y = point_at(page, "thanks", 0.5)
    page.mouse.move(x, y, steps=5)
    page.mouse.up()
    assert shown(page) == [("! Durant says thanks", "MISC")]
    assert save(page)["marks"][0][1:3] == ["MISC", "old0"]


def test_a_mark_does_not_grow_over_its_neighbour(annotate):
    page = annotate("same")
    drag(page, "Ann", "Ann")
    drag(page, "Paris", "Paris")
    for _ in range(5):
        page.keyboard.press("Control+Shift+ArrowLeft")
    assert shown(page) == [("Ann", "PER"), ("in Paris", "PER")]


def test_an_edge_stops_at_the_other_edge(annotate):
    page = annotate("same")
    drag(page, "in", "Paris")
    handle = page.locator(".handle[data-edge=start]").bounding_box()
    page.mouse.move(handle["x"], handle["y"] + handle["height"] / 2)
    page.mouse.down()
    page.mouse.move(*point_at(page, "Texas", 0.5), steps=5)
    page.mouse.up()
    assert shown(page) == [("Paris", "PER")]


def test_dragging_over_marks_replaces_them_and_undo_brings_them_back(annotate):
    page = annotate("same")
    drag(page, "Ann", "Ann")
    drag(page, "Paris", "Paris")
    drag(page, "Ann", "Paris")
    assert shown(page) == [("Ann in Paris", "PER")]
    expect(page.locator(".status")).to_contain_text("2 overlapping marks were removed")
    page.keyboard.press("Control+z")
    assert shown(page) == [("Ann", "PER"), ("Paris", "PER")]


def test_all_alike_takes_whole_words_and_minds_case(annotate):
    page = annotate("same")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="LOC").click()
    drag(page, "Paris", "Paris")
    page.keyboard.press("l")
    assert shown(page) == [("Paris", "LOC"), ("Paris", "LOC")]
    page.keyboard.press("Control+z")
    assert shown(page) == [("Paris", "LOC")]


def test_predictions_are_accepted_one_by_one_and_all_at_once(annotate):
    page = annotate("match")
    page.locator(".guess-tag", has_text="ORG").click()
    page.keyboard.press("a")
    assert shown(page) == [("Warriors", "ORG"), ("Durant says", "MISC")]
    expect(page.locator(".status")).to_contain_text("Predicted LOC")
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+A")
    assert ("San Francisco", "LOC") in shown(page)
    assert ("Kevin Durant", "PER") in shown(page)
    assert ("Durant says", "MISC") in shown(page)
    expect(page.locator(".status")).to_contain_text("1 left: they overlap marks")
    expect(page.locator(".guess-tag")).to_have_count(1)


def test_keyboard_alone_marks_two_words(annotate):
    page = annotate("same")
    page.locator(".root .text").focus()
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowRight", "2"):
        page.keyboard.press(key)
    assert shown(page) == [("in Paris", "LOC")]
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(page.locator(".status")).to_contain_text("LOC: “in Paris”")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.shadowRoot.activeElement.dataset.act") in ("undo", "redo", "save")


def test_keys_and_colours_follow_the_types(annotate):
    page = annotate("types")
    buttons = page.locator(".root .labels button")
    expect(buttons).to_have_text(["PERSONP", "PLACE2", "LANGUAGEL"])
    expect(buttons.first).to_have_attribute("title", "People and pets. For example: Rex.")
    drag(page, "Rome", "Rome")
    for key, label in (("2", "PLACE"), ("l", "LANGUAGE"), ("P", "PERSON")):
        page.keyboard.press(key)
        assert shown(page) == [("Rome", label)]
    red, green, blue = page.locator(".root .text .mark").evaluate(
        "(mark) => getComputedStyle(mark).backgroundColor.match(/[0-9]+/g).slice(0, 3).map(Number)"
    )
    assert red > max(green, blue) + 40, "the colour that was chosen for the type"
    expect(page.get_by_role("button", name="Label all").locator("kbd")).to_be_hidden()
    expect(page.get_by_role("button", name="Undo").locator("kbd")).to_be_visible()


def test_the_active_type_stays(annotate):
    page = annotate("match")
    page.keyboard.press("Tab")
    page.locator(".root .text").focus()
    page.keyboard.press("3")
    drag(page, "drops", "drops")
    page.locator(".guess-tag", has_text="PER 97%").click()
    page.keyboard.press("a")
    drag(page, "win", "win")
    assert ("win", "ORG") in shown(page)


def test_no_bare_key_reaches_streamlit(annotate):
    page = annotate("match")
    page.locator(".root .text").focus()
    before = reruns(page)
    for key in "rcRCxvbn":
        page.keyboard.press(key)
    page.get_by_role("button", name="LOC").focus()
    for key in "rc":
        page.keyboard.press(key)
    page.wait_for_timeout(1000)
    assert reruns(page) == before
    expect(page.get_by_test_id("stDialog")).to_have_count(0)


def test_a_new_revision_resets_and_a_rerun_does_not(annotate):
    page = annotate("match")
    drag(page, "drops", "41")
    page.keyboard.press("Escape")
    page.locator(".root .text").evaluate("(box) => box.blur()")
    before = reruns(page)
    page.keyboard.press("r")
    expect(page.get_by_text(f"reruns {before + 1}")).to_be_visible()
    assert ("drops 41", "PER") in shown(page)
    page.locator(".root .text").focus()
    save(page)
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    assert ("drops 41", "PER") in shown(page)
    focused = page.evaluate("document.activeElement.shadowRoot?.activeElement?.className")
    assert focused == "text"


def test_a_refused_save_keeps_the_work_and_says_why(annotate):
    page = annotate("match")
    page.get_by_role("button", name="MISC").click()
    drag(page, "drops", "drops")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("Nobody is called drops")
    assert ("drops", "MISC") in shown(page)
    expect(page.locator(".status")).not_to_contain_text("draft")
    expect(page.get_by_role("button", name="Undo")).to_be_enabled()
    page.locator(".piece", has_text="drops").click()
    page.keyboard.press("1")
    assert ["drops", "PER"] in [mark[:2] for mark in save(page)["marks"]]


def test_a_draft_survives_a_reload_and_goes_with_the_save(annotate):
    page = annotate("match")
    drag(page, "drops", "41")
    page.reload()
    expect(page.locator(".status")).to_contain_text("unsaved draft is back")
    assert ("drops 41", "PER") in shown(page)
    page.locator(".root .text").focus()
    save(page)
    page.wait_for_function("Object.keys(localStorage).filter((key) => key.startsWith('mner draft')).length === 0")


@pytest.mark.parametrize(("post", "word"), [("match", "drops"), ("emoji", "Paris")])
def test_a_draft_survives_the_closed_tab_until_another_revision_is_shown(annotate, post, word):
    page = annotate(post)
    drag(page, word, word)
    other = page.context.new_page()
    page.close()
    other.goto(page.url)
    expect(other.locator(".status")).to_contain_text("unsaved draft is back")
    assert (word, "PER") in shown(other)
    older = "Object.keys(localStorage).find((key) => key.startsWith('mner draft'))"
    other.evaluate(f"() => localStorage.setItem({older}.replace(/[0-9]+$/, '99'), '{{}}')")
    other.reload()
    expect(other.locator(".status")).to_contain_text("unsaved draft is back")
    assert other.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('mner draft')).length") == 1


@pytest.mark.parametrize(
    ("post", "first", "last"), [("match&lost=1", "drops", "41"), ("emoji&lost=1", "Paris", "Paris")]
)
def test_a_draft_outlives_a_save_that_was_lost_while_the_page_changed(annotate, post, first, last):
    page = annotate(post)
    drag(page, first, last)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".status")).to_contain_text("unsaved draft is back")
    words = first if first == last else f"{first} {last}"
    assert (words, "PER") in shown(page)
    page.locator(".root .text").focus()
    assert [words, "PER"] in [mark[:2] for mark in save(page)["marks"]]
    page.wait_for_function("Object.keys(localStorage).filter((key) => key.startsWith('mner draft')).length === 0")


def test_hostile_text_is_text(annotate):
    page = annotate("hostile")
    drawn = page.locator(".root .text").evaluate(
        "(box) => [...box.querySelectorAll('.piece')].map((piece) => piece.textContent).join('')"
    )
    assert drawn == POSTS["hostile"][0]
    assert page.evaluate("window.hacked") is None
    assert page.locator(".root .text script, .root .text img, .root .text b").count() == 0


@pytest.mark.parametrize(("name", "word"), [("pile", "Rome"), ("long", "Ann")])
def test_ten_thousand_marks_and_twenty_thousand_characters_do_not_freeze_it(annotate, name, word):
    page = annotate(name)
    began = time.monotonic()
    drag(page, word, word)
    page.keyboard.press("2")
    page.keyboard.press("l")
    assert (word, "LOC") in shown(page)
    done = save(page)
    text = POSTS[name][0]
    expected = sum(token.text == word for token in tokenize(text))
    assert len(done["marks"]) == expected
    assert all(text[start:end] == word for *_, start, end in done["marks"])
    assert page.locator(".root .text").bounding_box()["height"] < 600
    print(f"{name}: {time.monotonic() - began:.1f} s")  # noqa: T201
