"""Counts of 100,000 posts are read whole: in the confusion matrix, beside each other or one above the other."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Serve

pytestmark = pytest.mark.browser

_CUT = """each => {
  const cell = each.closest('td').getBoundingClientRect(), box = each.getBoundingClientRect();
  return each.scrollWidth > each.clientWidth + 1 || box.left < cell.left - 1 || box.right > cell.right + 1;
}"""
_BESIDE = """each => {
  const [right, button] = [...each.children].map(part => part.getBoundingClientRect());
  return Math.abs(right.top + right.height / 2 - button.top - button.height / 2) < 2;
}"""


@pytest.fixture(scope="module")
def matrices(serve: Serve) -> str:
    return serve(Path(__file__).with_name("matrix_demo.py"))


@pytest.mark.parametrize("width", [1280, 1024, 700])
def test_no_number_of_the_matrix_is_cut(matrices: str, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(matrices)
    large, small = page.get_by_role("table").first, page.get_by_role("table").last
    expect(large.get_by_text("110,992").first).to_be_visible()
    expect(large.get_by_role("button", name="LOC with other words: 12,345")).to_have_text("12,345")
    expect(large.get_by_role("button", name="gold ORG, predicted none: 14,790")).to_be_visible()
    for part in (*large.locator("button, .right").all(), *small.locator("button, .right").all()):
        assert not part.evaluate(_CUT), part.inner_text()
    assert all(small.locator(".both").nth(place).evaluate(_BESIDE) for place in range(4)), "small ones share a line"
