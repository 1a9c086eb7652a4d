"""The error taxonomy: by hand, against nervaluate where its pairing is unambiguous, and against seqeval."""

import warnings

import numpy as np
import pytest
from hypothesis import assume, given
from nervaluate import Evaluator
from seqeval.metrics import f1_score

from mner_core.evaluation.errors import KINDS, NONE, Outcome, align, confusion, tally
from mner_core.tags import decode
from mner_core.types import Span
from tests.evaluation.posts import LABELS, tagged_splits

G = Span(2, 5, "PER")


@pytest.mark.parametrize(
    ("predicted", "kind"),
    [
        (Span(2, 5, "PER"), "correct"),
        (Span(2, 5, "LOC"), "type"),
        (Span(2, 4, "PER"), "boundary"),
        (Span(4, 9, "LOC"), "boundary and type"),
    ],
)
def test_one_pair_is_of_one_kind(predicted: Span, kind: str) -> None:
    assert [outcome.kind for outcome in align([G], [predicted])] == [kind]


def test_spans_that_only_touch_are_missed_and_spurious() -> None:
    assert [outcome.kind for outcome in align([G], [Span(5, 6, "PER")])] == ["missed", "spurious"]


def pairs(gold: list[Span], predicted: list[Span]) -> set[tuple[Span | None, Span | None]]:
    return {(outcome.gold, outcome.predicted) for outcome in align(gold, predicted)}


def test_an_exact_pair_comes_before_a_longer_overlap() -> None:
    long, short = Span(0, 9, "LOC"), Span(2, 5, "PER")
    assert pairs([G], [long, short]) == {(G, short), (None, long)}


def test_the_same_words_come_before_the_same_type() -> None:
    same_words, same_type = Span(2, 5, "LOC"), Span(2, 9, "PER")
    assert pairs([G], [same_words, same_type]) == {(G, same_words), (None, same_type)}


def test_more_shared_words_come_before_the_same_type() -> None:
    one, two = Span(1, 3, "PER"), Span(3, 6, "LOC")
    assert pairs([G], [one, two]) == {(G, two), (None, one)}


def test_among_equal_overlaps_type_then_fit_then_place_decide() -> None:
    left, right = Span(0, 3, "PER"), Span(4, 6, "LOC")
    assert pairs([G], [left, right]) == {(G, left), (None, right)}  # one type
    left, right = Span(0, 3, "PER"), Span(4, 6, "PER")
    assert pairs([G], [left, right]) == {(G, right), (None, left)}  # fewer words outside
    left, right = Span(1, 3, "PER"), Span(4, 6, "PER")
    assert pairs([G], [left, right]) == {(G, left), (None, right)}  # leftmost


def test_no_span_is_used_twice() -> None:
    first, second, wide = Span(0, 2, "PER"), Span(2, 3, "PER"), Span(0, 3, "PER")
    assert align([first, second], [wide]) == [Outcome(first, wide), Outcome(second, None)]
    assert align([wide], [first, second]) == [Outcome(wide, first), Outcome(None, second)]


def test_a_span_given_twice_counts_once() -> None:
    assert align([G, G], [G, G]) == [Outcome(G, G)]


def test_outcomes_come_in_reading_order_and_tell_where_to_look() -> None:
    gold, predicted = [Span(4, 5, "PER"), Span(0, 2, "LOC")], [Span(2, 3, "ORG"), Span(3, 5, "PER")]
    outcomes = align(gold, predicted)
    assert [outcome.place for outcome in outcomes] == [Span(0, 2, "LOC"), Span(2, 3, "ORG"), Span(4, 5, "PER")]
    assert [outcome.kind for outcome in outcomes] == ["missed", "spurious", "boundary"]
    long, inside = Span(0, 9, "PER"), Span(1, 2, "LOC")  # what begins first comes first, wherever it ends
    assert [outcome.place for outcome in align([long], [inside, long])] == [long, inside]


@given(tagged_splits())
def test_every_span_has_exactly_one_outcome(tags: tuple[list[list[str]], list[list[str]]]) -> None:
    for gold, predicted in zip(map(decode, tags[0]), map(decode, tags[1]), strict=True):
        outcomes = align(gold[::-1], predicted[::-1])
        assert sorted(outcome.gold for outcome in outcomes if outcome.gold) == gold
        assert sorted(outcome.predicted for outcome in outcomes if outcome.predicted) == predicted
        paired = [outcome for outcome in outcomes if outcome.gold and outcome.predicted]
        assert all(outcome.gold.overlaps(outcome.predicted) for outcome in paired)
        free = [outcome for outcome in outcomes if outcome not in paired]
        missed = [outcome.gold for outcome in free if outcome.gold]
        spurious = [outcome.predicted for outcome in free if outcome.predicted]
        assert not any(one.overlaps(other) for one in missed for other in spurious)


@given(tagged_splits())
def test_correct_pairs_give_seqevals_micro_f1(tags: tuple[list[list[str]], list[list[str]]]) -> None:
    counts = tally(
        outcome for gold, predicted in zip(*tags, strict=True) for outcome in align(decode(gold), decode(predicted))
    )
    gold = sum(counts[kind] for kind in KINDS if kind != "spurious")
    predicted = sum(counts[kind] for kind in KINDS if kind != "missed")
    assume(gold + predicted)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert 2 * counts["correct"] / (gold + predicted) == pytest.approx(f1_score(*tags, zero_division=0))


def nervaluate_counts(gold: list[list[Span]], predicted: list[list[Span]]) -> dict[str, dict[str, int]]:
    """What nervaluate counts, for each of its four ways of matching."""
    as_dicts = [
        [[{"label": s.label, "start": s.start, "end": s.end - 1} for s in post] for post in split]
        for split in (gold, predicted)
    ]
    overall = Evaluator(*as_dicts, tags=list(LABELS), loader="dict").evaluate()["overall"]
    kinds = ("correct", "incorrect", "partial", "missed", "spurious")
    return {way: {kind: getattr(overall[way], kind) for kind in kinds} for way in overall}


@given(tagged_splits())
def test_kinds_agree_with_nervaluate(tags: tuple[list[list[str]], list[list[str]]]) -> None:
    gold, predicted = [[decode(row) for row in split] for split in tags]
    for ours, theirs in zip(
        gold, predicted, strict=True
    ):  # it pairs greedily, from the left: keep what has one reading
        assume(all(sum(one.overlaps(other) for other in theirs) <= 1 for one in ours))
        assume(all(sum(one.overlaps(other) for other in ours) <= 1 for one in theirs))
    counts = tally(outcome for pair in zip(gold, predicted, strict=True) for outcome in align(*pair))
    ways = nervaluate_counts(gold, predicted)
    wrong_bounds = counts["boundary"] + counts["boundary and type"]
    assert ways["strict"]["correct"] == counts["correct"]
    assert ways["strict"]["incorrect"] == counts["type"] + wrong_bounds
    assert ways["ent_type"]["correct"] == counts["correct"] + counts["boundary"]
    assert ways["exact"]["correct"] == counts["correct"] + counts["type"]
    assert ways["partial"]["partial"] == wrong_bounds
    for way in ways.values():
        assert (way["missed"], way["spurious"]) == (counts["missed"], counts["spurious"])


def test_the_confusion_matrix_has_a_row_and_a_column_for_none() -> None:
    gold = [Span(0, 1, "PER"), Span(2, 3, "LOC"), Span(5, 7, "PER")]
    predicted = [Span(0, 1, "LOC"), Span(4, 5, "ORG"), Span(5, 6, "PER")]
    result = confusion(align(gold, predicted), labels=("PER", "MISC"))
    assert result.names == ("PER", "MISC", "LOC", "ORG", NONE)
    expected = np.zeros((5, 5), int)
    expected[0, 2] = expected[0, 0] = expected[2, 4] = expected[4, 3] = 1
    np.testing.assert_array_equal(result.matrix, expected)


def test_a_label_named_none_is_not_mistaken_for_no_entity() -> None:
    result = confusion(align([Span(0, 1, "none")], [Span(3, 4, "none")]))
    assert result.names == ("none", NONE)
    np.testing.assert_array_equal(result.matrix, [[0, 1], [1, 0]])


@given(tagged_splits())
def test_the_confusion_matrix_counts_every_outcome(tags: tuple[list[list[str]], list[list[str]]]) -> None:
    outcomes = [o for pair in zip(*tags, strict=True) for o in align(*map(decode, pair))]
    result = confusion(outcomes, LABELS)
    assert result.matrix.sum() == len(outcomes)
    assert result.matrix[:-1].sum() == sum(outcome.gold is not None for outcome in outcomes)
    assert result.matrix[:, :-1].sum() == sum(outcome.predicted is not None for outcome in outcomes)
