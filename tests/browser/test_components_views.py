"""The evidence view and the text view in Chromium."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.component_demo import BOXES, POSTS, all_evidence
from tests.browser.conftest import ROOT

pytestmark = pytest.mark.browser
DEMO = Path(__file__).with_name("component_demo.py")


@pytest.fixture(scope="module")
def address(serve) -> str:
    return serve(DEMO)


@pytest.fixture
def show(page: Page, address: str):
    """Opens the evidence view on the array of that name."""

    def open_array(name: str = "", query: str = "") -> Page:
        page.goto(f"{address}/?show=evidence{query}")
        expect(page.locator(".caveat")).to_be_attached()
        if name:
            page.locator("select").first.select_option(label=name)
        return page

    return open_array


def evidence(name: str):
    return next(each for each in all_evidence() if each.name == name)


def percent(value: float) -> str:
    """As the page writes a share: one digit after the point below ten."""
    return f"{100 * value:.1f}".removesuffix(".0") + "%" if value < 0.1 else f"{100 * value:.0f}%"


def test_hovering_an_entity_writes_its_row_on_the_boxes(show):
    page = show("entities on objects")
    values = evidence("entities on objects").values
    for row, name in enumerate(["Bruno", "Green House", "Ann Lee"]):
        page.locator(".chip", has_text=name).hover()
        expect(page.locator(".reading bdi")).to_have_text(name)
        for place, value in enumerate(values[row]):
            expect(page.locator(".object .number").nth(place)).to_contain_text(percent(value))
        weights = page.locator(".object").evaluate_all(
            "(all) => all.map((each) => +each.style.getPropertyValue('--weight'))"
        )
        glowing = max(values[row].max(), min(1, 4 / len(values[row])))
        assert weights == pytest.approx([float(value / glowing) for value in values[row]], abs=1e-3)
    page.mouse.move(5, 5)
    expect(page.locator(".chip.picked")).to_have_count(1)


def test_boxes_lie_where_they_should(show):
    page = show("entities on objects")
    page.wait_for_function("document.fonts.status === 'loaded'")
    frame = page.locator(".frame").bounding_box()
    house = page.locator(".object", has_text="house").bounding_box()
    assert frame["width"] / frame["height"] == pytest.approx(960 / 720, abs=0.01)
    assert 400 <= frame["height"] <= 641
    assert (house["x"] - frame["x"]) / frame["width"] == pytest.approx(0.417, abs=0.01)
    assert house["height"] / frame["height"] == pytest.approx(0.778 - 0.097, abs=0.01)


def test_pointing_at_an_object_shows_who_looked_at_it(show):
    page = show("entities on objects")
    page.locator(".object", has_text="sun").hover()
    expect(page.locator(".reading")).to_contain_text("how strongly each of 3 entities turned to it")
    top = int(evidence("entities on objects").values[:, 2].argmax())
    expect(page.locator(".ranking .what").first).to_have_text(["Bruno", "Green House", "Ann Lee"][top])


def test_layers_and_heads_are_chosen_and_begin_with_their_mean(show):
    page = show("words on regions")
    array = evidence("words on regions").values
    page.locator(".chip", has_text="House").click()
    expect(page.locator(".region")).to_have_count(len(BOXES))
    selects = page.locator("select")
    assert [selects.nth(place).evaluate("(each) => each.selectedOptions[0].text") for place in (1, 2)] == [
        "mean of all",
        "mean of all",
    ]
    best = page.locator(".ranking .value").first
    expect(best).to_contain_text(percent(array.mean((0, 1))[4].max()))
    selects.nth(1).select_option(label="layer 1")
    selects.nth(2).select_option(label="head 2")
    row = array[0, 1, 4]
    place = int(row.argmax())
    expect(page.locator(".ranking .what").first).to_have_text(f"row {place // 7 + 1}, column {place % 7 + 1}")
    expect(page.locator(".region").nth(place).locator(".number")).to_have_text(f"{round(100 * row[place])}%")


def test_a_list_of_facts_is_ranked_by_its_scores(show):
    page = show("spatial relations")
    facts = page.locator(".ranking .what")
    expect(facts).to_have_text(["A green house lets light in", "Ann is a name", "Bruno is a bear in a film"])
    expect(page.locator(".ranking .value")).to_have_text(["0.90", "0.50", "0.20"])


def test_keys_walk_through_the_words(show):
    page = show("words on regions")
    page.locator(".chip").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".reading bdi")).to_have_text("the")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator(".reading bdi")).to_have_text("the")


@pytest.mark.parametrize(
    ("view", "part", "keys"),
    [
        ("evidence", ".chip", ["Alt", "ArrowDown", "Alt", "ArrowUp"]),
        ("evidence", ".region", ["Alt", "ArrowDown", "Alt", "ArrowUp"]),
        ("texts", ".open", ["Alt", "ArrowDown", "Alt", "ArrowUp"]),
        ("attributions", "select", []),
    ],
)
def test_alt_and_arrows_are_the_pages_and_bare_letters_are_not(
    page: Page, address: str, view: str, part: str, keys: list[str]
):
    page.goto(f"{address}/?show={view}")
    if part == ".region":
        page.locator("select").first.select_option(label="words on regions")
    page.locator(part).first.focus()
    page.evaluate("() => { window.heard = []; addEventListener('keydown', ({ key }) => window.heard.push(key)); }")
    for key in (*(f"Alt+{key}" for key in keys if key != "Alt"), "x"):
        page.keyboard.press(key)
    assert page.evaluate("window.heard") == keys
    assert page.locator(f"{part}:focus").count() == 1, "nothing else was chosen by them"


def test_gates_scores_scalars_and_words_on_words(show):
    page = show("text gate")
    gate = evidence("text gate").values
    assert page.locator(".chip .value").all_inner_texts() == [f"{value:.2f}" for value in gate]
    page.locator("select").first.select_option(label="image relevance")
    expect(page.locator(".reading")).to_have_text("Gate 0.37")
    page.locator("select").first.select_option(label="words on words")
    page.locator(".chip").nth(3).click()
    row = evidence("words on words").values.mean(0)[3]
    best = page.locator(".chip").nth(int(row.argmax())).locator(".value")
    expect(best).to_contain_text(percent(row.max()))
    page.locator("select").first.select_option(label="attributes")
    expect(page.locator(".ranking li")).to_have_count(5)
    expect(page.locator(".ranking .negative").first).to_be_attached()


def test_neighbours_stand_in_a_strip_with_score_and_text(show):
    page = show("similar posts")
    expect(page.locator(".neighbour")).to_have_count(5)
    expect(page.locator(".neighbour").first).to_contain_text("similarity 0.93")
    expect(page.locator(".neighbour").nth(1)).to_contain_text("<b>Sun</b> over a house")
    expect(page.locator(".neighbour img")).to_have_count(2)
    expect(page.locator(".neighbour b")).to_have_count(0)


def test_every_array_draws_and_a_spread_is_told(show):
    page = show()
    for each in all_evidence():
        page.locator("select").first.select_option(label=each.name)
        expect(page.locator(".reading")).not_to_be_empty()
        if each.kind == "attention" and each.values.ndim > 1:
            expect(page.locator(".reading")).to_contain_text(
                re.compile("Spread about as widely as|Even: it says nothing")
            )
        is_attention = each.kind == "attention"
        expect(page.locator(".caveat")).to_contain_text(
            "Attention is not an explanation" if is_attention else "See what"
        )
        expect(page.locator(".caveat").get_by_text("not an explanation")).to_have_count(int(is_attention))
        expect(page.locator(".caveat a")).to_have_attribute("href", "#without")


@pytest.mark.parametrize(
    ("axis", "number", "said"),
    [
        ("object", 1, "1 object"), ("object", 3, "3 objects"), ("entity", 1, "1 entity"), ("entity", 2, "2 entities"),
        ("knowledge", 1, "1 entry"), ("knowledge", 2, "2 entries"), ("region", 1, "1 region"), ("word", 12, "12 words"),
    ],
)  # fmt: skip
def test_one_thing_is_said_of_one(page: Page, axis: str, number: int, said: str):
    source = (ROOT / "pages/components/browser/evidence_data.js").read_text(encoding="utf-8")
    assert page.evaluate(f"(() => {{ {source}; return counted({number}, {axis!r}); }})()") == said


@pytest.mark.parametrize(
    ("even", "said"),
    [(48.9, "Even: it says nothing of any single region."), (10.0, "an even look at 10 regions of 49."),
     (1.2, "an even look at 1 region of 49.")],
)  # fmt: skip
def test_how_far_attention_is_spread_is_said_in_words(page: Page, even: float, said: str):
    source = (ROOT / "pages/components/browser/evidence_data.js").read_text(encoding="utf-8")
    assert page.evaluate(f"(() => {{ {source}; return spreadInWords({even}, 'region', 49); }})()").endswith(said)


def test_without_picture_or_evidence_it_says_so(show):
    page = show(query="&bare=1&none=1")
    expect(page.locator(".missing")).to_have_text("There is no picture to show.")
    expect(page.locator(".reading")).to_have_text("This model gives no evidence for this post.")


def test_texts_are_drawn_whole_and_safely(page: Page, address: str):
    page.goto(f"{address}/?show=texts")
    expect(page.locator(".post")).to_have_count(len(POSTS) + 1)
    drawn = page.locator(".posts").first.locator(".text").evaluate_all(
        "(all) => all.map((box) => [...box.querySelectorAll('.piece')].map((piece) => piece.textContent).join(''))"
    )  # fmt: skip
    assert drawn == [text for text, _ in POSTS.values()]
    assert page.evaluate("window.hacked") is None
    first = page.locator(".post").first
    assert first.locator(".tag").all_inner_texts() == ["PER", "ORG 88%", "LOC 93%", "PER 20%", "MISC"]
    heights = page.locator(".posts").first.locator(".text").evaluate_all("(all) => all.map((box) => box.offsetHeight)")
    assert max(heights) <= 3 * 2 * 1.05 * 15 + 4
    assert page.evaluate("document.documentElement.scrollWidth") == 1280


def test_the_chosen_post_comes_back(page: Page, address: str):
    page.goto(f"{address}/?show=texts")
    page.locator("[data-post=rtl]").click()
    expect(page.get_by_text("opened rtl")).to_be_visible()
