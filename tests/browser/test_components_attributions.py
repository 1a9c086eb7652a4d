"""The attribution view in Chromium: signs, scales, and attention in the attributions' place."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
DEMO = Path(__file__).with_name("component_demo.py")


@pytest.fixture(scope="module")
def address(serve) -> str:
    return serve(DEMO)


def weight(part) -> float:
    return float(part.evaluate("(each) => each.style.getPropertyValue('--weight')"))


def test_words_and_the_picture_are_painted_each_by_their_strongest(page: Page, address: str) -> None:
    page.goto(f"{address}/?show=attributions")
    chips = page.locator(".chip")
    expect(chips.nth(0)).to_contain_text("Bruno+4.00")
    expect(chips.nth(1)).to_contain_text("of−1.25")
    assert [weight(chips.nth(place)) for place in range(3)] == pytest.approx([1, 0.313, 0.025], abs=1e-3)
    assert "inside" in (chips.nth(0).get_attribute("class") or "")
    assert "against" in (chips.nth(1).get_attribute("class") or "")
    objects = page.locator(".object")
    assert [weight(objects.nth(place)) for place in range(3)] == [1, 0.75, 0]
    expect(objects.nth(1)).to_have_attribute("aria-label", "2 house: −0.75")
    expect(objects.nth(2)).to_have_attribute("aria-label", "3 sun: 0.00")
    assert weight(page.locator(".region").nth(8)) == 0.5
    expect(page.locator(".ranking li").first).to_have_text("word Bruno+4.00")
    expect(page.locator(".ranking li").nth(2)).to_have_text("object 1 bear+1.00")
    expect(page.locator(".caveat")).to_contain_text("strongest word counts ±4.00, the strongest region or object ±1.00")


def test_attention_can_be_shown_in_its_place(page: Page, address: str) -> None:
    page.goto(f"{address}/?show=attributions")
    page.get_by_label("On the picture").select_option(label="attention")
    objects = page.locator(".object")
    expect(objects.nth(1)).to_have_attribute("aria-label", "2 house: 50%")
    assert [weight(objects.nth(place)) for place in range(3)] == [0.5, 1, 0.5]
    assert weight(page.locator(".region").nth(8)) == 0, "attention says nothing of regions here"
    expect(page.locator(".chip").nth(0)).to_contain_text("+4.00")


def test_without_a_picture_it_says_so_and_shows_the_words(page: Page, address: str) -> None:
    page.goto(f"{address}/?show=attributions&bare=1")
    expect(page.locator(".missing")).to_have_text("This post has no picture.")
    expect(page.locator(".chip").nth(0)).to_contain_text("+4.00")
    expect(page.locator(".object")).to_have_count(0)
    expect(page.get_by_label("On the picture")).to_have_count(0)
