"""The screen errors: what it counts, filters, orders and compares."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select

from db import workers
from db.annotations import history, save
from db.engine import Store
from db.mistake_cases import CHANGES, CaseFilter, MistakesOf
from db.mistakes import StoredCase, cases_of, cells, facet, in_order
from db.post_lists import names_of
from db.posts import numbers_of
from db.tables import Posts, PostTexts
from db.uncounted import count_waiting
from pages.mistakes.filters import Filter
from pages.mistakes.sentences import sentences
from pages.mistakes.stored import asked_of_cases, order_of
from pages.shared.text import plain, quoted
from tests.app.filled import HOSTILE, SET, fill, open_app, shown
from tests.db.test_outcomes import make_old

ONE = MistakesOf(run="second", dataset=SET, split="valid")
BOTH = replace(ONE, compare="first")


def names(store: Store, posts: Collection[int]) -> list[str]:
    return [name for _, name in (names_of(store, posts)[post] for post in posts)]


def listed(store: Store, of: MistakesOf, wanted: Filter) -> list[int]:
    return [each.post for each in in_order(store, of, asked_of_cases(wanted), order_of(wanted)).page(None, 9) or []]


def cases(store: Store, of: MistakesOf, wanted: Filter) -> dict[str, tuple[StoredCase, ...]]:
    posts = listed(store, of, replace(wanted, order="file"))
    found = cases_of(store, of, asked_of_cases(wanted), posts) or {}
    return dict(zip(names(store, posts), (found[post] for post in posts), strict=True))


def test_every_mistake_of_the_run_is_a_case(store: Store) -> None:
    found = cases(store, ONE, Filter())
    assert {name: [case.outcome.kind for case in of_post] for name, of_post in found.items()} == {
        "match": ["type", "spurious"],
        "hostile": ["missed"],
        "broken": ["boundary"],
        "bare": ["boundary and type"],
    }


def test_two_runs_fix_break_and_share_mistakes(store: Store) -> None:
    found = cases(store, BOTH, Filter())
    assert {name: [case.change for case in of_post] for name, of_post in found.items()} == {
        "match": ["wrong in both", "broken"],
        "paris": ["fixed"],
        "hostile": ["wrong in both"],
        "broken": ["wrong in both", "fixed"],
        "bare": ["wrong in both"],
    }
    assert sentences("Paris Hilton came", found["paris"], "first") == "Fixed. first: “Paris Hilton” is PER, missed"


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
    bare = numbers_of(store, SET, ["valid"], ["bare"])["valid", "bare"]
    save(store, bare, "gold", base=1, marks=history(store, bare)[0].marks, author="ann")
    assert names(store, listed(store, ONE, replace(wanted, order="file"))) == posts


def test_counts_of_a_filter_stand_under_all_others(store: Store) -> None:
    every = [cell for cell in cells(store, ONE, CaseFilter()) or [] if cell.kind != "correct"]
    assert facet(every, CaseFilter(kind="missed", type="ORG"), "kind") == {"type": 1, "boundary": 1}
    assert facet(every, CaseFilter(), "pair") == {
        "ORG>LOC": 1, "none>LOC": 1, "PER>none": 1, "ORG>ORG": 1, "PER>LOC": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("order", "posts"),
    [
        ("sure", ["match", "bare", "broken", "hostile"]),
        ("nonsense", ["match", "bare", "broken", "hostile"]),
        ("unsure", ["broken", "bare", "match", "hostile"]),
        ("most", ["match", "hostile", "broken", "bare"]),
        ("file", ["match", "hostile", "broken", "bare"]),
    ],
)
def test_orders(store: Store, order: str, posts: list[str]) -> None:
    assert names(store, listed(store, ONE, Filter(order=order))) == posts


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
    wanted = replace(wanted, change=change)
    found = cells(store, BOTH, asked_of_cases(wanted)) or []
    counts = facet([cell for cell in found if cell.kind != "correct"], asked_of_cases(wanted), "pair")
    for pair in {cell.pair for cell in cells(store, BOTH, CaseFilter()) or [] if cell.kind != "correct"}:
        chosen = cases(store, BOTH, replace(wanted, pair=pair))
        assert sum(len(of_post) for of_post in chosen.values()) == counts.get(pair, 0)
    assert sum(counts.values()) == sum(len(of_post) for of_post in cases(store, BOTH, wanted).values())


def test_the_diagonal_counts_right_entities_under_the_filters_that_speak_of_them(store: Store) -> None:
    def right(**asked: str) -> Mapping[str, int]:
        wanted = CaseFilter(**asked)
        found = cells(store, ONE, wanted) or []
        return facet([cell for cell in found if cell.kind == "correct"], wanted, "pair")

    assert right() == {"PER>PER": 3, "LOC>LOC": 2}
    assert right(length="1") == {"PER>PER": 1, "LOC>LOC": 2}
    assert right(picture="without") == {"PER>PER": 1, "LOC>LOC": 1}
    assert right(kind="missed") == {}
    assert right(change="broken") == {}


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


@pytest.mark.parametrize(
    ("fields", "left"),
    [
        ({"text": "durant 🔥"}, "2 mistakes in 1 post"),
        ({"text": "MARIA in"}, "1 mistake in 1 post"),
        ({"text": '" OR 1'}, "No mistake matches these filters"),
        ({"confidence": "60-81"}, "2 mistakes in 1 post"),
        ({"confidence": "0-50"}, "1 mistake in 1 post"),
        ({"confidence": "nonsense"}, "No mistake matches these filters"),
        ({"source": "valid.jsonl"}, "5 mistakes in 4 posts"),
        ({"source": "other.jsonl"}, "No mistake matches these filters"),
        ({"labels": "draft"}, "No mistake matches these filters"),
        ({"text": "in", "confidence": "0-45", "source": "valid.jsonl", "labels": "imported"}, "1 mistake in 1 post"),
    ],
    ids=str,
)
def test_filters_of_the_address(store: Store, fields: dict[str, str], left: str) -> None:
    app = open_app("errors", run="second", dataset=SET, split="valid", **fields)
    assert left in shown(app)


def test_a_search_and_a_range_are_chosen_and_taken_off(store: Store) -> None:
    app = open_app("errors", run="second", dataset=SET, split="valid")
    app.text_input(key="filter text").set_value("  Ann met ").run()
    assert app.query_params["text"] == "Ann met"
    assert "1 mistake in 1 post" in shown(app)
    app.slider(key="filter confidence").set_value((60, 100)).run()
    assert app.query_params["confidence"] == "60-100"
    assert "No mistake matches these filters" in shown(app)
    app.button(key="without confidence").click().run()
    assert "confidence" not in app.query_params
    assert "1 mistake in 1 post" in shown(app)
    app.text_input(key="filter text").set_value("").run()
    assert "5 mistakes in 4 posts" in shown(app)
    app.selectbox(key="filter picture").set_value("without").run()
    assert [button.label for button in app.button if button.key == "without picture"] == ["Picture: without"]


def test_a_search_waits_for_texts_that_are_not_searchable_yet(store: Store) -> None:
    with store.write() as session:
        session.execute(delete(PostTexts))
        session.execute(insert(PostTexts).from_select(["post_id"], select(Posts.id)))
    app = open_app("errors", run="second", dataset=SET, split="valid", text="Ann")
    assert "Texts are being made searchable: 7 posts to go." in shown(app)
    app.text_input(key="filter text").set_value("").run()
    assert "5 mistakes in 4 posts" in shown(app)


@pytest.mark.parametrize(
    ("said", "split"),
    [("paris", "valid"), ("valid/paris", "valid"), ("trained", "train"), (" train/trained ", "train")],
)
def test_an_id_leads_to_its_post(store: Store, said: str, split: str) -> None:
    app = open_app("errors", run="second", dataset=SET, split="valid")
    app.text_input(key="jump").set_value(said).run()
    assert app.title[0].value == said.strip().rpartition("/")[2]
    assert (app.query_params["post"], app.query_params["split"]) == (said.strip().rpartition("/")[2], split)


@pytest.mark.parametrize("said", ["nobody", "train/paris", "paris/", "%", "<b>x</b>"])
def test_an_id_of_no_post_is_said_to_be_none(store: Store, said: str) -> None:
    app = open_app("errors", run="second", dataset=SET, split="valid")
    app.text_input(key="jump").set_value(said).run()
    assert f"No post “{said}” here" in shown(app)
    assert app.title[0].value == "Errors"


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


def test_while_mistakes_are_counted_the_screens_say_so_and_that_no_worker_does_it(store: Store) -> None:
    make_old(store)
    app = open_app("errors")
    assert "The mistakes of runs are being counted: 7 posts to go." in shown(app)
    assert "No worker is running, so nothing is counted" in shown(app)
    assert "The mistakes of runs are being counted: 7 posts to go." in shown(open_app("annotate", list="mistakes"))
    assert open_app("post").title[0].value == "match", "all posts, while nobody knows those with mistakes"
    workers.beat(store, "there", "cpu")
    assert "No worker is running" not in shown(app.run())
    count_waiting(store)
    assert "makes **5 mistakes**" in shown(app.run())
