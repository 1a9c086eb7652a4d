"""The screen errors: what it counts, filters, orders and compares."""

from dataclasses import replace
from pathlib import Path

import pytest

from db.engine import Store
from db.evaluations import judged
from db.mistake_cases import CHANGES
from pages.mistakes.cases import compared, correct, mistakes, ordered
from pages.mistakes.filters import Facts, Filter, facet, matching
from pages.mistakes.sentences import sentences
from pages.shared.text import plain, quoted
from tests.app.filled import HOSTILE, SET, fill, open_app, shown


def said(store: Store, run: str = "second"):
    return judged(store, run, SET, "valid")


def kinds(posts) -> dict[str, list[str]]:
    return {post.judged.gold_post.example.id: [case.kind for case in post.cases] for post in posts}


def test_every_mistake_of_the_run_is_a_case(store: Store) -> None:
    assert kinds(mistakes(said(store))) == {
        "match": ["type", "spurious"],
        "hostile": ["missed"],
        "broken": ["boundary"],
        "bare": ["boundary and type"],
    }


def test_two_runs_fix_break_and_share_mistakes(store: Store) -> None:
    others = {each.gold_post.post: each for each in said(store, "first")}
    found = compared(said(store), others)
    changes = {post.judged.gold_post.example.id: [case.change for case in post.cases] for post in found}
    assert changes == {
        "match": ["wrong in both", "broken"],
        "paris": ["fixed"],
        "hostile": ["wrong in both"],
        "broken": ["wrong in both", "fixed"],
        "bare": ["wrong in both"],
    }
    fixed = next(post for post in found if post.judged.gold_post.example.id == "paris")
    assert sentences("Paris Hilton came", fixed.cases, "first") == "Fixed. first: “Paris Hilton” is PER, missed"


@pytest.mark.parametrize(
    ("wanted", "posts"),
    [
        (Filter(), ["match", "hostile", "broken", "bare"]),
        (Filter(kind="missed"), ["hostile"]),
        (Filter(type="ORG"), ["match", "broken"]),
        (Filter(pair="ORG>LOC"), ["match"]),
        (Filter(pair="none>LOC"), ["match"]),
        (Filter(pair="PER>none"), ["hostile"]),
        (Filter(picture="with"), ["match"]),
        (Filter(picture="without"), ["hostile", "bare"]),
        (Filter(picture="broken"), ["broken"]),
        (Filter(name="seen"), ["match"]),
        (Filter(length="2"), ["match"]),
        (Filter(labels="corrected"), ["bare"]),
        (Filter(labels="imported", kind="type"), ["match"]),
        (Filter(kind="missed", type="LOC"), []),
    ],
)
def test_filters(store: Store, wanted: Filter, posts: list[str]) -> None:
    everything = mistakes(said(store))
    bare = next(post.post for post in everything if post.judged.gold_post.example.id == "bare")
    known = Facts(
        frozenset({"warriors"}), frozenset({bare}), lambda each: each.gold_post.example.image_name != "broken.jpg"
    )
    assert [post.judged.gold_post.example.id for post in matching(everything, wanted, known)] == posts


def test_counts_of_a_filter_stand_under_all_others(store: Store) -> None:
    everything = mistakes(said(store))
    assert dict(facet(everything, Filter(kind="missed", type="ORG"), Facts(), "kind")) == {"type": 1, "boundary": 1}
    assert dict(facet(everything, Filter(), Facts(), "pair")) == {
        "ORG>LOC": 1, "none>LOC": 1, "PER>none": 1, "ORG>ORG": 1, "PER>LOC": 1,
    }  # fmt: skip


def test_orders(store: Store) -> None:
    everything = mistakes(said(store))

    def names(order: str) -> list[str]:
        return [post.judged.gold_post.example.id for post in ordered(everything, order)]

    assert names("sure") == ["match", "bare", "broken", "hostile"]
    assert names("unsure") == ["broken", "bare", "match", "hostile"]
    assert names("most")[0] == "match"
    assert names("file") == ["match", "hostile", "broken", "bare"]


@pytest.mark.parametrize("change", ["", *CHANGES])
@pytest.mark.parametrize(
    "wanted",
    [
        Filter(),
        Filter(kind="type"),
        Filter(type="PER"),
        Filter(length="2"),
        Filter(picture="with"),
        Filter(name="seen"),
    ],
)
def test_a_cell_counts_what_choosing_it_lists(store: Store, change: str, wanted: Filter) -> None:
    """Under every other filter, the comparison with a run included."""
    others = {each.gold_post.post: each for each in said(store, "first")}
    posts = compared(said(store), others)
    known = Facts(frozenset({"warriors"}), opens=lambda each: each.gold_post.example.image_name != "broken.jpg")
    wanted = replace(wanted, change=change)
    counts = facet(posts, wanted, known, "pair")
    pairs = {f"{case.gold_label}>{case.predicted_label}" for post in posts for case in post.cases}
    for pair in pairs:
        listed = matching(posts, replace(wanted, pair=pair), known)
        assert sum(len(post.cases) for post in listed) == counts.get(pair, 0)
    assert sum(counts.values()) == sum(len(post.cases) for post in matching(posts, wanted, known))


def test_the_diagonal_counts_right_entities_under_the_filters_that_speak_of_them(store: Store) -> None:
    right = correct(said(store))
    assert facet(right, Filter(), Facts(), "pair") == {"PER>PER": 3, "LOC>LOC": 2}
    assert facet(right, Filter(length="1"), Facts(), "pair") == {"PER>PER": 1, "LOC>LOC": 2}
    assert facet(right, Filter(picture="without"), Facts(), "pair") == {"PER>PER": 1, "LOC>LOC": 1}
    assert facet(right, Filter(kind="missed"), Facts(), "pair") == {}
    assert facet(right, Filter(change="broken"), Facts(), "pair") == {}


def test_quoted_text_is_short_and_harmless() -> None:
    assert quoted("a\nb") == "“a b”"
    assert len(quoted(HOSTILE)) < 80
    assert quoted("x" * 100).endswith("…”")
    assert quoted("\u202eevil").startswith("“\u2068")
    assert plain("**b** <i> :red[x] $a$") == r"\*\*b\*\* \<i\> \:red\[x\] \$a\$"
    assert "\u2060" in plain("see https://t.co/x")


def test_the_screen_lists_and_filters(store: Store) -> None:
    app = open_app("errors")
    assert "makes **5 mistakes** on 6 posts with 9 entities" in shown(app)
    assert "5 mistakes in 4 posts" in shown(app)
    app.button_group(key="filter kind").set_value("missed").run()
    assert "1 mistake in 1 post" in shown(app)
    assert app.query_params["kind"] == "missed"
    app.button_group(key="filter type").set_value("PER").run()
    assert not app.exception
    app.button_group(key="filter kind").set_value(None).run()
    assert "2 mistakes in 2 posts" in shown(app)


def test_the_address_alone_opens_a_filtered_list(store: Store) -> None:
    app = open_app("errors", run="second", dataset=SET, split="valid", kind="type", order="file")
    assert "1 mistake in 1 post" in shown(app)
    app = open_app("errors", run="second", kind="missed", type="LOC")
    assert "No mistake matches these filters" in shown(app)
    next(each for each in app.button if each.label == "Show all mistakes").click().run()
    assert "5 mistakes in 4 posts" in shown(app)
    assert not open_app("errors", page="99999", order="nonsense", kind="nonsense", pair="x>y").exception


def test_the_screen_compares_two_runs(store: Store) -> None:
    app = open_app("errors", compare="first")
    assert "makes **5 mistakes**" in shown(app)
    assert "7 mistakes in 5 posts, 2 of them fixed" in shown(app)
    assert set(app.button_group(key="filter change").options) == {"fixed 2", "broken 1", "wrong in both 4"}
    app.button_group(key="filter change").set_value(CHANGES[0]).run()
    assert "2 mistakes in 2 posts" in shown(app)


def test_without_posts_or_runs_the_screen_says_what_to_do(home: Path) -> None:
    assert "no posts yet" in shown(open_app("errors"))
    filled = fill(home)
    with filled.write() as session:
        from db.tables import Runs

        for run in session.query(Runs):
            session.delete(run)
    filled.close()
    assert "No run has been trained yet" in shown(open_app("errors"))


def test_a_split_that_the_run_has_not_read_says_so(store: Store) -> None:
    assert "has not read these posts yet, so its mistakes are not known" in shown(open_app("errors", split="train"))
