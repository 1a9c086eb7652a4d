"""The annotator under other hands and browsers: double click, finger, foreign keys, blocked storage, old carets."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page, expect

from tests.browser.component_demo import POSTS
from tests.browser.test_components_annotator import drag, point_at, save, shown

pytestmark = pytest.mark.browser
DEMO = Path(__file__).with_name("component_demo.py")
SCRIPTS = Path(__file__).parents[2] / "pages/components/browser"


@pytest.fixture(scope="module")
def address(serve) -> str:
    return serve(DEMO)


def opened(page: Page, address: str, name: str = "match") -> Page:
    page.goto(f"{address}/?post={name}")
    expect(page.locator(".text .piece").first).to_be_visible()
    return page


def press(page: Page, key: str, code: str, **held: bool) -> None:
    """A key as a foreign keyboard sends it: what it types, and the place where it lies."""
    page.locator(".root .text").evaluate(
        "(box, init) => box.dispatchEvent(new KeyboardEvent('keydown', init))",
        {"key": key, "code": code, "bubbles": True, "composed": True, "cancelable": True, **held},
    )


@pytest.mark.parametrize(("word", "label"), [("drops", "PER"), ("win", "PER"), ("Warriors", "ORG")])
def test_a_double_click_marks_a_word_or_accepts_a_prediction(page: Page, address: str, word: str, label: str) -> None:
    opened(page, address)
    page.mouse.dblclick(*point_at(page, word, 0.5))
    assert (word, label) in shown(page)


def test_two_slow_or_distant_clicks_are_no_double_click(page: Page, address: str) -> None:
    opened(page, address)
    page.mouse.click(*point_at(page, "drops", 0.5))
    page.mouse.click(*point_at(page, "thanks", 0.5))
    page.wait_for_timeout(700)
    page.mouse.click(*point_at(page, "thanks", 0.5))
    assert [text for text, _ in shown(page)] == ["Durant says"]


@pytest.mark.parametrize("key", ["ArrowDown", "ArrowUp"])
def test_alt_and_arrows_reach_the_page_from_inside_the_text(page: Page, address: str, key: str) -> None:
    opened(page, address)
    page.evaluate("() => { window.heard = []; addEventListener('keydown', ({ key }) => window.heard.push(key)); }")
    page.locator(".root .text").focus()
    page.keyboard.press(f"Alt+{key}")
    page.keyboard.press("x")
    assert page.evaluate("window.heard") == ["Alt", key], "and bare letters do not"


@pytest.mark.parametrize(
    ("key", "code", "label"),
    [
        ("&", "Digit1", "PER"),
        ("é", "Digit2", "LOC"),
        ('"', "Digit3", "ORG"),
        ("'", "Digit4", "MISC"),
        ("2", "Numpad2", "LOC"),
    ],
)
def test_digits_count_by_place_where_the_key_types_something_else(
    page: Page, address: str, key: str, code: str, label: str
) -> None:
    opened(page, address)
    drag(page, "drops", "drops")
    press(page, key, code)
    assert ("drops", label) in shown(page)


@pytest.mark.parametrize(("undo", "redo"), [("я", "н"), ("ζ", "υ"), ("ז", "ט")])
def test_undo_works_on_keyboards_without_latin_letters(page: Page, address: str, undo: str, redo: str) -> None:
    opened(page, address)
    drag(page, "drops", "drops")
    press(page, undo, "KeyZ", ctrlKey=True)
    assert [text for text, _ in shown(page)] == ["Durant says"]
    press(page, redo, "KeyY", ctrlKey=True)
    assert "drops" in [text for text, _ in shown(page)]


def test_letters_of_ours_count_wherever_they_lie(page: Page, address: str) -> None:
    """On a German keyboard Z lies where an American one has Y."""
    opened(page, address)
    drag(page, "drops", "drops")
    press(page, "z", "KeyY", ctrlKey=True)
    assert [text for text, _ in shown(page)] == ["Durant says"]


def test_it_works_where_the_site_may_store_nothing(page: Page, address: str) -> None:
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } });"
    )
    opened(page, address)
    drag(page, "drops", "drops")
    expect(page.locator(".status")).to_contain_text("keeps no draft")
    assert ["drops", "PER"] in [mark[:2] for mark in save(page)["marks"]]


@pytest.mark.parametrize(
    "lacks",
    [
        "delete Document.prototype.caretPositionFromPoint",
        "delete Document.prototype.caretPositionFromPoint; delete Document.prototype.caretRangeFromPoint",
        "delete Intl.Segmenter; delete Document.prototype.caretPositionFromPoint; delete CSS.highlights",
    ],
)
def test_it_works_in_browsers_without_the_newest_functions(page: Page, address: str, lacks: str) -> None:
    page.add_init_script(lacks)
    opened(page, address, "emoji")
    drag(page, "Beyoncé", "Beyoncé")
    drag(page, "Paris", "Paris")
    text = POSTS["emoji"][0]
    assert [text[start:end] for *_, start, end in save(page)["marks"]] == ["Beyoncé", "Paris"]


def test_a_finger_marks_several_words(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    page = opened(context.new_page(), address)
    session = context.new_cdp_session(page)
    x, y = point_at(page, "drops", 0.4)
    end, _ = point_at(page, "41", 0.6)
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 9):
        at = {"x": x + (end - x) * step / 8, "y": y}
        session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [at]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert ("drops 41", "PER") in shown(page)
    context.close()


def test_the_browser_asks_before_unsaved_marks_are_lost(page: Page, address: str) -> None:
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    opened(page, address)
    page.reload()
    expect(page.locator(".text .piece").first).to_be_visible()
    assert asked == [], "nothing was changed"
    drag(page, "drops", "drops")
    page.reload()
    assert asked == ["beforeunload"]


@pytest.fixture(scope="module")
def functions(browser: Browser) -> Page:
    """A blank page with the components' functions."""
    page = browser.new_page()
    source = "\n".join((SCRIPTS / f"{name}.js").read_text(encoding="utf-8") for name in ("base", "marks", "marking"))
    page.evaluate(f"() => {{ {source}\n Object.assign(window, {{ offsets, inUnits, Marking }}); }}")
    return page


@settings(max_examples=60, deadline=None)
@given(
    text=st.text(
        st.one_of(st.characters(codec="utf-8"), st.sampled_from("a 👩\u200d🚀e\u0301🇫🇷𐐷م")), min_size=1, max_size=20
    )
)
def test_offsets_are_pythons_for_any_text(functions: Page, text: str) -> None:
    found = functions.evaluate(
        "(text) => { const { toUnit, toPoint } = offsets(text); return [toUnit, [...toPoint]]; }", text
    )
    units = [len(text[:point].encode("utf-16-le")) // 2 for point in range(len(text) + 1)]
    assert found[0] == units
    points = [max(point for point, unit in enumerate(units) if unit <= at) for at in range(units[-1] + 1)]
    assert found[1] == points, "the second half of a surrogate pair belongs to its character"


@pytest.mark.parametrize("segmenter", [True, False])
@settings(max_examples=40, deadline=None)
@given(text=st.text(st.sampled_from("ab 𐐷👩🚀é"), min_size=1, max_size=12))
def test_a_character_is_never_half_a_surrogate_pair(functions: Page, segmenter: bool, text: str) -> None:
    code = """([text, segmenter]) => {
        const kept = Intl.Segmenter;
        if (!segmenter) delete Intl.Segmenter;
        const marking = new Marking(text, [], []);
        const found = [...Array(text.length).keys()].map((unit) => marking.character(unit));
        Intl.Segmenter = kept;
        return found;
    }"""
    encoded = text.encode("utf-16-le")
    for unit, (start, end) in enumerate(functions.evaluate(code, [text, segmenter])):
        assert start <= unit < end
        assert json.dumps(encoded[2 * start : 2 * end].decode("utf-16-le")), "whole characters decode"
