"""Two runs side by side where labels follow one of them: both figures, no verdict on labels that a run wrote."""

from collections.abc import Sequence
from typing import Any

import pytest

from db.annotations import save
from db.character_spans import Mark
from db.engine import Store
from db.figure_kinds import compute
from db.figures import Question
from db.gold import fingerprint
from db.posts import post_ids
from pages.shared.number_format import short
from tests.app.filled import SAID, SET, TEXTS, open_app, place, settled, shown


def accept(store: Store, names: Sequence[str], run: str) -> None:
    """Takes over all that a run says of some posts, as the annotator does it."""
    for name in names:
        said = SAID[run].get(name, [])
        marks = [
            Mark(start=start, end=end, label=label)
            for part, label, _ in said
            for start, end in [place(TEXTS[name][0], part)]
        ]
        number = post_ids(store, SET)["valid", name]
        save(store, number, "gold", base=1, marks=marks, author="ann", run=run)


@pytest.fixture
def accepted(store: Store) -> Store:
    """A store in which what `second` says of its four posts has become the labels."""
    accept(store, ["match", "paris", "broken", "bare"], "second")
    return store


def compared(store: Store, gold: str) -> dict[str, Any]:
    asked = Question(kind="comparison", dataset=SET, split="valid", golds=(gold,), runs=("first", "second"))
    return compute(store, asked)


def test_a_comparison_takes_back_what_a_run_wrote(accepted: Store) -> None:
    found, original = compared(accepted, "current"), compared(accepted, "original")
    for same in ("before", "after", "changes", "tested"):
        assert found[same] == original[same]
    assert (original["fair"]["posts"], found["fair"]["posts"]) == (0, 4)
    first, second = found["as_labelled"]
    assert second > 90 > first


def test_the_overview_shows_both_figures(accepted: Store) -> None:
    app = settled(open_app("overview", dataset=SET, run="second", compare="first"), accepted)
    text = shown(app)
    assert "Labels of these posts were suggested by second (on 4 posts), and favour it." in text
    assert "On 4 of 6 posts the labels were suggested by one of these runs" in text
    assert "On the labels as they are: first 46.2, second 94.7, which says nothing of which is better." in text
    assert [(metric.label, metric.value) for metric in app.metric[4:6]] == [("F1", "55.6"), ("Fixed", "2")]


def test_the_errors_are_those_on_the_fair_labels(accepted: Store) -> None:
    app = settled(open_app("errors", dataset=SET, run="second", compare="first"), accepted)
    text = shown(app)
    fair = compared(accepted, "current")["after"]["gold_sha256"]
    assert f"F1 **55.6**, protocol entity, one seed, gold {short(fair)}." in text
    assert "On 4 of 6 posts the labels were suggested by one of these runs" in text
    assert "first 46.2, second 94.7" in text
    alone = shown(settled(open_app("errors", dataset=SET, run="second"), accepted))
    assert (
        f"F1 **94.7**, protocol entity, one seed, gold {short(fingerprint(accepted, SET, 'current', 'valid'))}" in alone
    )


def test_nothing_is_said_where_no_run_suggested_anything(store: Store) -> None:
    for screen in ("overview", "errors"):
        text = shown(settled(open_app(screen, dataset=SET, run="second", compare="first"), store))
        assert "suggested by" not in text
        assert "labels as they are" not in text
