"""Corrections that training does not read: said where people correct and where they train, and moved into train."""

import pytest
from streamlit.testing.v1 import AppTest

from db.annotations import save
from db.character_spans import Mark
from db.engine import Store
from db.imports import import_examples
from db.posts import dataset, post_ids
from tests.app.filled import SET, TEXTS, open_app, place, shown
from tests.app.test_label_errors import looked
from tests.db.samples import sample_post

__all__ = ["looked"]


def correct(store: Store, split: str, name: str, track: str = "gold") -> None:
    start, end = place({**{each: text for each, (text, _) in TEXTS.items()}, "trained": "Warriors win"}[name], "i")
    mark = Mark(start=start, end=end, label="ORG")
    base = 1 if track == "gold" else 0
    save(store, post_ids(store, SET)[split, name], track, base=base, marks=[mark], author="ann")


def press(app: AppTest, label: str) -> AppTest:
    next(each for each in app.button if each.label == label).click().run()
    assert not app.exception, app.exception
    return app


def links(app: AppTest) -> list[str]:
    return [link.label for link in app.main if link.type == "page_link"]


SCREENS = [("annotate", {}), ("runs", {"new": "1"})]


@pytest.mark.parametrize(("screen", "more"), SCREENS)
def test_nothing_is_said_before_anybody_corrected(store: Store, screen: str, more: dict[str, str]) -> None:
    correct(store, "valid", "match", track="bob")
    assert "correction" not in shown(open_app(screen, dataset=SET, **more))


@pytest.mark.parametrize(("screen", "more"), SCREENS)
def test_corrections_that_are_not_read_are_counted_and_moved(store: Store, screen: str, more: dict[str, str]) -> None:
    for name in ("match", "paris"):
        correct(store, "valid", name)
    correct(store, "train", "trained")
    app = open_app(screen, dataset=SET, **more)
    said = "2 of the 3 corrections lie in valid, which training does not read: a run learns nothing from them."
    assert said in shown(app)
    assert "Label errors of train" in links(app)
    press(app, "Move 2 posts into train")
    assert dataset(store, SET).splits == {"train": 3, "valid": 4}
    text = shown(app)
    assert "2 posts are in train now. Left to measure on: 4 labelled posts in valid." in text
    assert "training does not read" not in text
    if screen == "runs":
        assert "3 corrections reach this training." in text
        assert "It learns from 3 labelled posts of train." in text
    else:
        assert app.query_params["post"] in {"bare", "hostile", "broken", "wordless"}


def test_in_a_large_set_what_would_move_is_looked_up_for_those_who_ask(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.mistakes.corrections_reach._AT_ONCE", 5)
    correct(store, "valid", "match")
    app = open_app("annotate", dataset=SET)
    assert not [each for each in app.button if each.label.startswith("Move")]
    press(press(app, "What would move into train"), "Move 2 posts into train")
    assert dataset(store, SET).splits == {"train": 3, "valid": 4}


def test_one_correction_is_one(store: Store) -> None:
    correct(store, "valid", "bare")
    assert "The only correction lies in valid, which training does not read: a run learns nothing from it." in shown(
        open_app("annotate", dataset=SET)
    )


def test_splits_are_named_with_their_numbers(store: Store) -> None:
    import_examples(store, SET, [sample_post("late", "Ann in Rome", (), "test"), sample_post("l2", "Bo", (), "test")])
    save(store, post_ids(store, SET)["test", "late"], "gold", base=1, marks=[], author="ann")
    for name in ("match", "paris"):
        correct(store, "valid", name)
    text = shown(open_app("runs", dataset=SET, new="1"))
    assert "All 3 corrections lie in valid (2) and test (1), which training does not read" in text


def test_the_original_labels_learn_from_none(store: Store) -> None:
    correct(store, "train", "trained")
    app = open_app("runs", dataset=SET, new="1")
    assert "1 correction reaches this training." in shown(app)
    app.selectbox(key="train gold").set_value("original").run()
    assert "It learns the original labels: 1 correction reaches no training on them." in shown(app)


def test_where_nothing_would_be_left_to_measure_on_it_says_so(store: Store) -> None:
    for name in TEXTS:
        number = post_ids(store, SET)["valid", name]
        save(store, number, "gold", base=1, marks=[], author="ann")
    app = open_app("annotate", dataset=SET, list="all")
    assert "Every labelled post of valid is corrected" in shown(app)
    assert not [each for each in app.button if each.label.startswith("Move")]


def test_ones_own_labels_are_not_spoken_of(store: Store) -> None:
    correct(store, "valid", "match")
    assert "corrections" not in shown(open_app("annotate", dataset=SET, track="mine"))


def test_a_run_says_that_posts_have_left_since(store: Store) -> None:
    assert "are left there" not in shown(open_app("runs", dataset=SET, run="first"))
    for name in ("match", "paris"):
        correct(store, "valid", name)
    press(open_app("runs", dataset=SET, new="1"), "Move 2 posts into train")
    assert "It was measured on 5 labelled posts of valid, of which 4 are left there." in shown(
        open_app("runs", dataset=SET, run="first")
    )


def test_suspicious_labels_are_links_away(looked: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_app("data", dataset=SET)
    app.toggle(key="label errors").set_value(True).run()
    assert "Go through them in Annotate" in links(app)
    assert "Correct bare" not in links(app)
    monkeypatch.setattr("streamlit.dataframe", lambda *_, **__: {"selection": {"rows": [0]}})
    assert "Correct bare" in links(app.run())
