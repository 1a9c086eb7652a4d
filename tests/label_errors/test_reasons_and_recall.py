"""What a person is told of a label, word by word; and how what is found is counted, to the digit."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from mner_core.data.corrupt import Corruption
from mner_core.label_errors.crf_marginals import SpanTable
from mner_core.label_errors.label_statistics import LabelStatistics
from mner_core.label_errors.reasons import Item, item_of
from mner_core.label_errors.recall import EARLY, average_precision, finds, ranks_found, recall_at_k
from mner_core.label_errors.search import of_posts
from mner_core.label_errors.span_features import PostContext
from mner_core.types import Example, PostKey, Span
from tests.label_errors.test_ranking import post

ASKED = post("p", ["saw", "Ann", "Bo", "go"])
NAME = Span(1, 3, "PER")


def told(
    span: Span = NAME,
    others: Sequence[Example] = (),
    missing: bool = False,
    torn: bool = False,
    outside: float = 0.0,
    **likely: float,
) -> Item:
    """The item; `likely` has spans as START_END_LABEL with what the models give them."""
    table, labels = np.zeros((4, 3, 3)), ("LOC", "ORG", "PER")
    for place, share in likely.items():
        start, end, label = place.split("_")
        table[int(start[1:]), int(end) - int(start[1:]) - 1, labels.index(label)] = share
    statistics = LabelStatistics([ASKED, *others]).others_of(ASKED)
    spans = frozenset({span}) if torn else frozenset()
    known = PostContext(ASKED, SpanTable(labels, table, np.full((4, 3), outside)), statistics, {}, spans)
    return item_of(known, span, 0.5, missing)


def elsewhere(**counts: int) -> list[Example]:
    return [
        post(f"{label}{number}", ["ann", "bo"], Span(0, 2, label))
        for label, count in counts.items()
        for number in range(count)
    ]


def test_the_largest_share_is_the_reason() -> None:
    spurious = told(outside=0.5, s1_3_PER=0.1, s1_3_LOC=0.3)
    assert (spurious.reason, spurious.suggested) == ("spurious", None)
    assert spurious.detail == "The models see no entity here (50 %)."
    kind = told(outside=0.2, s1_3_PER=0.1, s1_3_LOC=0.3)
    assert (kind.reason, kind.suggested) == ("type", Span(1, 3, "LOC"))
    assert kind.detail == "The models see 'Ann Bo' as LOC (30 %), 'Ann Bo' as PER (10 %)."
    borders = told(outside=0.2, s1_3_PER=0.1, s1_2_PER=0.4, s1_3_LOC=0.3)
    assert (borders.reason, borders.suggested) == ("boundary", Span(1, 2, "PER"))
    assert borders.detail == "The models see 'Ann' as PER (40 %), 'Ann Bo' as PER (10 %)."
    assert (borders.post, borders.text, borders.score, borders.span) == ("p", "Ann Bo", 0.5, NAME)


@pytest.mark.parametrize(
    ("likely", "outside", "detail"),
    [
        ({"s1_3_PER": 0.9, "s1_2_PER": 0.06}, 0.02, "The models see 'Ann Bo' as PER (90 %), 'Ann' as PER (6 %)."),
        ({"s1_3_PER": 0.9, "s1_3_LOC": 0.07}, 0.02, "The models see 'Ann Bo' as PER (90 %), 'Ann Bo' as LOC (7 %)."),
        ({"s1_3_PER": 0.99, "s1_2_PER": 0.001}, 0.0, "The models see 'Ann Bo' as PER (99 %)."),
        ({"s1_3_PER": 0.6}, 0.4, "The models see 'Ann Bo' as PER (60 %), no entity here (40 %)."),
        ({"s1_3_PER": 1.0}, 0.0, "The models see 'Ann Bo' as PER (100 %)."),
        ({"s1_3_PER": 0.001, "s1_2_PER": 0.6}, 0.3, "The models see 'Ann' as PER (60 %)."),
    ],
)
def test_what_the_models_see_most_is_said_first_and_nothing_that_they_exclude(
    likely: dict[str, float], outside: float, detail: str
) -> None:
    assert told(outside=outside, **likely).detail == detail


def test_without_a_rival_there_is_no_entity() -> None:
    assert told(s1_3_PER=0.4).reason == "spurious"


def test_what_gold_lacks_is_what_the_models_see() -> None:
    found = told(missing=True, others=elsewhere(PER=1), s1_3_PER=0.75)
    assert (found.reason, found.suggested) == ("missing", NAME)
    assert found.detail == "Gold has nothing here, the models see PER (75 %); 'Ann Bo' is PER once in other posts."


@pytest.mark.parametrize(
    ("counts", "reason"),
    [({"LOC": 2, "PER": 1}, "inconsistent"), ({"LOC": 1, "PER": 1}, "type"), ({"LOC": 1, "PER": 2}, "type")],
)
def test_a_label_is_inconsistent_where_most_others_are_otherwise(counts: dict[str, int], reason: str) -> None:
    assert told(others=elsewhere(**counts), outside=0.1, s1_3_PER=0.25, s1_3_ORG=0.5).reason == reason


def test_the_commonest_type_elsewhere_is_suggested_unless_the_borders_are_in_doubt() -> None:
    others = elsewhere(ORG=1, LOC=3)
    found = told(others=others, outside=0.5, s1_3_PER=0.25)
    assert (found.reason, found.suggested) == ("inconsistent", Span(1, 3, "LOC"))
    assert found.detail == "'Ann Bo' is ORG once, LOC 3 times in other posts, here PER (models 25 %)."
    borders = told(others=others, outside=0.1, s1_2_PER=0.5)
    assert borders.reason == "boundary"
    assert borders.detail.endswith("; 'Ann Bo' is ORG once, LOC 3 times in other posts.")


def test_malformed_tags_are_told_before_other_posts() -> None:
    found = told(torn=True, others=elsewhere(PER=2), outside=0.5)
    assert found.detail == (
        "The models see no entity here (50 %); the file's tags are malformed here, an I- begins an entity; "
        "'Ann Bo' is PER 2 times in other posts."
    )
    alone = told(torn=True, outside=0.5)
    assert alone.detail.endswith("; the file's tags are malformed here, an I- begins an entity.")


def test_an_item_as_json() -> None:
    record = told(outside=0.2, s1_3_PER=0.1, s1_3_LOC=0.3).to_json()
    assert record == {
        "post": "p", "split": "", "start": 1, "end": 3, "label": "PER", "score": 0.5, "reason": "type",
        "detail": "The models see 'Ann Bo' as LOC (30 %), 'Ann Bo' as PER (10 %).", "text": "Ann Bo",
        "suggested": {"start": 1, "end": 3, "label": "LOC"},
    }  # fmt: skip
    assert told(outside=0.5).to_json()["suggested"] is None


def item(name: str, span: Span = NAME, score: float = 0.5, reason: Any = "type", split: str = "") -> Item:
    return Item(post=name, split=split, span=span, text="", score=score, reason=reason, detail="", suggested=None)


@pytest.mark.parametrize(
    ("span", "reason", "found"),
    [
        (Span(1, 3, "LOC"), "type", True),
        (Span(1, 2, "PER"), "type", False),
        (Span(2, 3, "PER"), "type", False),
        (Span(1, 3, "PER"), "missing", True),
    ],
)
def test_a_wrong_span_is_found_by_its_very_words(span: Span, reason: str, found: bool) -> None:
    change = Corruption("p", "type", Span(0, 3, "PER"), Span(1, 3, "LOC"))
    assert finds(item("p", span, reason=reason), change) == found


@pytest.mark.parametrize(
    ("span", "reason", "found"),
    [
        (Span(0, 2, "LOC"), "missing", True),
        (Span(2, 4, "LOC"), "missing", True),
        (Span(0, 1, "PER"), "missing", False),
        (Span(3, 4, "PER"), "missing", False),
        (Span(1, 3, "PER"), "type", False),
    ],
)
def test_a_dropped_span_is_found_by_a_missing_one_that_shares_a_word(span: Span, reason: str, found: bool) -> None:
    assert finds(item("p", span, reason=reason), Corruption("p", "dropped", NAME, None)) == found
    assert not finds(item("p", span, reason=reason), Corruption("p", "dropped", None, None))


def test_the_first_item_that_finds_a_change_counts() -> None:
    items = [item("a"), item("p", Span(0, 1, "LOC")), item("p"), item("p")]
    change = Corruption("p", "type", NAME, Span(1, 3, "LOC"))
    assert ranks_found(items, [change, Corruption("b", "type", NAME, NAME)]) == [3, None]
    assert ranks_found(items, []) == []


def test_recall_precision_and_the_curve_by_hand() -> None:
    """Six items; of three changes two are found, at ranks 1 and 6, one never: of the first six, two."""
    items = [item(name) for name in ("a", "b", "c", "d", "e", "f")] + [item("g", Span(0, 1, "PER"))] * 2
    changes = [
        Corruption("a", "type", NAME, Span(1, 3, "LOC")),
        Corruption("g", "dropped", NAME, None),
        Corruption("f", "type", NAME, Span(1, 3, "LOC")),
    ]
    found = recall_at_k(items, [PostKey("", name) for name in ("b", "a", "c", "f")], changes)
    assert (found["corruptions"], found["k"]) == (3, 6)
    assert found["average_precision"] == pytest.approx(100 * (1 / 1 + 2 / 6) / 3)
    assert found["chance"] == pytest.approx(100 * 3 / 8)
    assert found["precision_at_k"] == pytest.approx(100 * 2 / 6)
    assert found["recall_at_k"] == pytest.approx(100 * 2 / 3)
    assert found["recall_at_k_of"] == {"type": 100.0, "dropped": 0.0}
    assert found["posts"]["average_precision"] == pytest.approx(100 * (1 / 2 + 2 / 4) / 3)
    assert found["posts"]["chance"] == pytest.approx(100 * 3 / 4)
    curve = found["curve"]
    assert [point["checked"] for point in curve] == [round(0.6 * number) for number in range(1, 21)]
    assert curve[-1] == {"checked": 12, "found": 2, "random": 2.0}
    assert curve[0] == {"checked": 1, "found": 1, "random": 0.2}
    assert {point["checked"]: point["found"] for point in curve} | {5: 1, 6: 2} == {
        number: 2 if number >= 6 else 1 for number in {point["checked"] for point in curve}
    }


def test_what_is_found_at_rank_k_is_found_early_and_behind_it_is_not() -> None:
    change = Corruption("p", "type", NAME, Span(1, 3, "LOC"))
    for before, recall in ((0, 100.0), (1, 100.0), (2, 0.0)):
        found = recall_at_k([*[item("x")] * before, item("p")], [], [change])
        assert (found["k"], found["recall_at_k"]) == (2, recall)


def test_nothing_wrong_and_nothing_ranked_are_nought() -> None:
    found = recall_at_k([], [], [])
    assert (found["k"], found["precision_at_k"], found["recall_at_k"], found["recall_at_k_of"]) == (0, 0.0, 0.0, {})
    assert found["curve"][-1] == {"checked": 0, "found": 0, "random": 0.0}
    assert average_precision([], 0, 0) == {
        "average_precision": 0.0, "chance": 0.0, "times_chance": 0.0, "precision_at_100": 0.0,
    }  # fmt: skip
    assert average_precision([], 2, 0)["chance"] == 200.0, "never more than what is ranked can be asked for"


@pytest.mark.parametrize(("ranked", "share"), [(50, 2.0), (99, 100 / 99), (100, 1.0), (101, 1.0), (1000, 1.0)])
def test_the_first_hundred_or_all_there_are(ranked: int, share: float) -> None:
    assert EARLY == 100
    assert average_precision([7, 101], 2, ranked)["precision_at_100"] == pytest.approx(share)
    assert average_precision([100], 1, 1000)["precision_at_100"] == 1.0


def test_a_posts_score_grows_with_those_of_its_labels() -> None:
    items = [
        item("a", score=0.5),
        item("b", score=0.6),
        item("a", score=0.5),
        item("c", score=0.2),
        item("d", score=0.2),
    ]
    again = [*items, item("c", score=0.2, split="valid")]
    assert of_posts(again) == [
        {"post": "a", "split": "", "score": 0.75},
        {"post": "b", "split": "", "score": 0.6},
        {"post": "c", "split": "", "score": 0.2},
        {"post": "c", "split": "valid", "score": 0.2},
        {"post": "d", "split": "", "score": 0.2},
    ]
