"""What the classifier of label errors is told of a span, counted and computed by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest

from mner_core.label_errors.crf_marginals import SpanTable, mean
from mner_core.label_errors.feature_tagger import word_features
from mner_core.label_errors.label_statistics import Elsewhere, LabelStatistics
from mner_core.label_errors.logistic_regression import error_probabilities
from mner_core.label_errors.malformed_tags import malformed
from mner_core.label_errors.search import enough_epochs
from mner_core.label_errors.span_features import LEAST, PostContext
from mner_core.types import Span
from tests.label_errors.test_malformed_tags import tagged
from tests.label_errors.test_ranking import post

POSTS = [
    post("0", ["Rio", "is", "Rio"], Span(0, 1, "LOC")),
    post("1", ["rio", "won"], Span(0, 1, "ORG")),
    post("2", ["Rio", "RIO", "fell"], Span(0, 1, "ORG"), Span(1, 2, "LOC")),
    post("3", ["in", "New", "York", "City", "now"], Span(1, 3, "LOC")),
    post("4", ["New", "York", "City", "is", "new"], Span(0, 3, "ORG")),
]
STATISTICS = LabelStatistics(POSTS)


def log(share: float) -> object:
    return pytest.approx(math.log(share))


@pytest.mark.parametrize(
    ("number", "span", "counted"),
    [
        (0, Span(0, 1, "LOC"), (1, 2, 0)),
        (0, Span(2, 3, "ORG"), (2, 1, 0)),
        (1, Span(0, 1, "ORG"), (1, 2, 1)),
        (2, Span(0, 1, "PER"), (0, 2, 1)),
        (3, Span(1, 3, "LOC"), (0, 0, 1)),
        (3, Span(1, 4, "LOC"), (0, 1, 0)),
        (4, Span(0, 2, "LOC"), (1, 0, 0)),
        (4, Span(1, 3, "LOC"), (0, 0, 1)),
        (4, Span(0, 4, "LOC"), (0, 0, 0)),
        (4, Span(0, 5, "LOC"), (0, 0, 0)),
        (0, Span(1, 2, "LOC"), (0, 0, 1)),
    ],
)
def test_other_posts_have_the_words_with_this_type_with_others_and_without(
    number: int, span: Span, counted: tuple[int, int, int]
) -> None:
    assert STATISTICS.others_of(POSTS[number]).elsewhere(span) == Elsewhere(*counted)


def test_sequences_are_counted_up_to_four_words_and_names_of_any_length() -> None:
    long = ["a", "b", "c", "d", "e"]
    posts = [post("x", long, Span(0, 5, "ORG")), post("y", long, Span(0, 4, "ORG")), post("z", long)]
    asked = LabelStatistics(posts).others_of(posts[2])
    assert asked.elsewhere(Span(0, 5, "ORG")) == Elsewhere(same=1, other=0, none=0), "five words are not counted"
    assert asked.elsewhere(Span(0, 4, "ORG")) == Elsewhere(same=1, other=0, none=1)
    assert asked.elsewhere(Span(0, 4, "LOC")) == Elsewhere(same=0, other=1, none=1)


def test_the_odds_of_a_word_leave_out_what_its_own_post_says() -> None:
    asked = STATISTICS.others_of(POSTS[0])  # elsewhere rio is ORG twice and LOC once, and never outside
    assert asked.entity_odds(0) == asked.entity_odds(2) == log(3.3 / 0.6)
    assert asked.entity_odds(1) == log(0.3 / 1.6)
    assert asked.entity_odds(-1) == asked.entity_odds(3) == -2.0
    assert asked.label_odds(0, "LOC") == log(1.3 / 2.6)
    assert asked.label_odds(0, "ORG") == log(2.3 / 1.6)
    assert asked.label_odds(0, "PER") == log(0.3 / 3.6)
    assert asked.label_odds(1, "PER") == log(0.3 / 0.6)
    last = STATISTICS.others_of(POSTS[4])  # elsewhere: new and york LOC once each, city outside once
    assert last.entity_odds(0) == last.entity_odds(4) == log(1.3 / 0.6)
    assert last.entity_odds(2) == log(0.3 / 1.6)
    assert last.types(0, 2) == {"LOC": 1}
    assert last.types(0, 3) == {}


def test_what_begins_inside_a_word_says_nothing_of_whole_words() -> None:
    inside = post("5", ["Rio", "won"], Span(0, 1, "LOC", (0, 2)))
    asked = LabelStatistics([*POSTS, inside]).others_of(POSTS[0])
    assert asked.elsewhere(Span(0, 1, "LOC")) == Elsewhere(same=1, other=2, none=1)


WORDS = ["the", "#", "Rio", "Open", "won"]


def context(spans: np.ndarray[object, np.dtype[np.float64]] | None = None) -> PostContext:
    table = np.zeros((5, 3, 2)) if spans is None else spans
    asked = post("a", WORDS)
    others = LabelStatistics([*POSTS, asked]).others_of(asked)
    return PostContext(asked, SpanTable(("LOC", "ORG"), table, np.full((5, 3), 0.25)), others, {"LOC": 0.75})


def test_the_shares_of_probability_are_those_of_the_words_and_of_what_overlaps() -> None:
    spans = np.zeros((5, 3, 2))
    spans[2, 1] = 0.5, 0.125  # "Rio Open": LOC, ORG
    spans[1, 2, 0], spans[3, 1, 1], spans[2, 0, 1] = 0.0625, 0.03125, 0.015625  # they overlap it
    spans[1, 0, 0], spans[4, 0, 0] = 0.9, 0.9  # beside it
    found = context(spans).shares(Span(2, 4, "LOC"))
    assert (found.certain, found.type, found.boundary, found.outside) == (0.5, 0.125, 0.109375, 0.25)
    assert (found.rival, found.rival_share) == (Span(2, 4, "ORG"), 0.125)
    other = context(spans).shares(Span(2, 4, "ORG"))
    assert (other.certain, other.type, other.rival, other.rival_share) == (0.125, 0.5, Span(2, 4, "LOC"), 0.5)
    first = context(spans).shares(Span(2, 3, "LOC"))
    assert (first.certain, first.type, first.boundary) == (0.0, 0.015625, 0.6875)
    assert first.rival == Span(2, 4, "LOC")


def test_a_span_that_the_models_cannot_see_has_no_share() -> None:
    spans = np.zeros((5, 3, 2))
    spans[0, 0, 0] = 0.5
    long = context(spans).shares(Span(0, 4, "LOC"))
    assert (long.certain, long.type, long.boundary, long.outside) == (0.0, 0.0, 0.5, 0.0)
    assert long.rival == Span(0, 1, "LOC")
    unknown = context(spans).shares(Span(0, 1, "PER"))
    assert (unknown.certain, unknown.type, unknown.boundary, unknown.rival) == (0.0, 0.5, 0.0, Span(0, 1, "LOC"))
    nothing = context().shares(Span(2, 3, "LOC"))
    assert (nothing.rival, nothing.rival_share, nothing.outside) == (None, 0.0, 0.25)


def test_all_features_of_a_span_by_hand() -> None:
    spans = np.zeros((5, 3, 2))
    spans[2, 1] = 0.5, 0.125
    found = context(spans).features(Span(2, 4, "LOC")).tolist()
    thought = [math.log(share) for share in (0.5, 0.125, LEAST, 0.25, 0.125, 0.5)]
    assert found[:6] == pytest.approx(thought)
    nowhere, unseen = math.log(0.3 / 0.6), math.log(0.3 / 0.6)
    rio = math.log(4.3 / 1.6)  # in five posts: LOC twice, ORG twice, outside once
    elsewhere = [0.0, 0.0, 0.0, math.log(0.5), math.log(0.5), rio, unseen, nowhere, math.log(0.3 / 1.6)]
    assert found[6:15] == pytest.approx(elsewhere)
    rio_is_loc = math.log(2.3 / 2.6)
    assert found[15:17] == pytest.approx([(rio_is_loc + unseen) / 2, math.log(0.75)])
    looks = [1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 2.0]  # capitals at both ends, none around; behind a sign; two words
    assert found[17:] == looks
    assert context().features(Span(0, 5, "PER")).tolist()[16:] == pytest.approx(
        [math.log(LEAST), 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 5.0]
    )
    assert context().features(Span(3, 5, "LOC")).tolist()[17:] == [1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 2.0]


@pytest.mark.parametrize("words", [["Rio", "is", "Open", "of", "York"], ["of", "Rio", "is", "Open", "York"]])
@pytest.mark.parametrize("span", [Span(2, 3, "LOC"), Span(2, 4, "ORG"), Span(3, 4, "LOC")])
def test_odds_and_capitals_are_those_of_the_ends_and_of_the_words_beside_them(words: list[str], span: Span) -> None:
    asked = post("a", words)
    others = LabelStatistics([*POSTS, asked]).others_of(asked)
    spans = SpanTable(("LOC", "ORG"), np.zeros((5, 3, 2)), np.zeros((5, 3)))
    found = PostContext(asked, spans, others, {}).features(span).tolist()
    beside = [span.start, span.end - 1, span.start - 1, span.end]
    assert found[11:15] == [others.entity_odds(word) for word in beside]
    assert found[17:21] == [float(words[word].istitle()) for word in beside]


def test_known_names_are_counted_with_their_type_and_others() -> None:
    asked = post("a", ["Rio"], Span(0, 1, "LOC"))
    others = LabelStatistics([*POSTS, asked]).others_of(asked)
    one = PostContext(asked, SpanTable(("LOC",), np.zeros((1, 1, 1)), np.zeros((1, 1))), others, {"LOC": 1.0})
    found = one.features(Span(0, 1, "LOC")).tolist()
    assert found[6:11] == pytest.approx(
        [math.log(3), math.log(3), math.log(2), math.log(2.3 / 4.6), math.log(2.3 / 3.6)]
    )


@pytest.mark.parametrize(
    ("posts", "folds", "batch", "epochs"),
    [
        *((16, 2, 16, 12), (10_000, 5, 16, 3), (1000, 5, 16, 10), (2000, 5, 16, 5), (1667, 5, 16, 6), (2667, 5, 16, 4)),
        *((2500, 5, 16, 4), (3333, 5, 16, 4), (3334, 5, 16, 3), (910, 5, 16, 11), (900, 5, 16, 12), (0, 0, 1, 12)),
        *((1000, 2, 16, 12), (1000, 2, 8, 8)),
    ],
)
def test_a_folds_model_takes_500_steps_but_3_to_12_epochs(posts: int, folds: int, batch: int, epochs: int) -> None:
    assert enough_epochs(posts, folds, batch) == epochs


def test_judges_are_heard_by_their_weight() -> None:
    tables = [SpanTable(("A",), np.full((1, 1, 1), share), np.full((1, 1), 1 - share)) for share in (1.0, 0.5)]
    plain, weighted = mean(tables), mean(tables, [0.25, 0.75])
    assert (plain.spans[0, 0, 0], plain.outside[0, 0]) == (0.75, 0.25)
    assert (weighted.spans[0, 0, 0], weighted.outside[0, 0]) == (0.625, 0.375)


@pytest.mark.parametrize(("orphans", "sound", "found"), [(2, 2, 2), (3, 2, 0), (3, 3, 3), (1, 0, 0)])
def test_where_more_than_half_of_the_spans_begin_with_i_that_is_the_scheme(
    orphans: int, sound: int, found: int
) -> None:
    posts = [tagged("O", "I-LOC")] * orphans + [tagged("B-LOC", "O")] * sound
    assert sum(map(len, malformed(posts))) == found


def test_posts_without_tags_have_no_say_in_the_scheme() -> None:
    posts = [tagged("O", "I-LOC"), tagged("B-LOC", "O"), replace(tagged("B-PER", "B-LOC"), tags=None)]
    assert [len(each) for each in malformed(posts)] == [1, 0, 0]
    assert malformed([tagged("O", "I-LOC"), replace(tagged("B-PER", "B-LOC", "B-LOC"), tags=None)]) == [frozenset()] * 2


def test_every_word_is_described_by_itself_and_by_two_on_both_sides() -> None:
    first, second, third, fourth = word_features(["@Ann", "saw", "B2B", "e-mail"])
    assert first == [
        *("bias", "w=@ann", "bare=ann", "s=@Xx", "begins=ann", "ends=nn", "ends=ann"),
        *("-2end", "-1end", "1w=saw", "1s=x", "2w=b2b", "2s=X0X"),
        *(" @ann<", ">@ann saw", "s=@Xx x"),
    ]
    assert second[7:] == [
        *("-2end", "-1w=@ann", "-1s=@Xx", "1w=b2b", "1s=X0X", "2w=e-mail", "2s=x.x"),
        *("@ann saw<", ">saw b2b", "s=@Xx x X0X"),
    ]
    assert third[7:] == [
        *("-2w=@ann", "-2s=@Xx", "-1w=saw", "-1s=x", "1w=e-mail", "1s=x.x", "2end"),
        *("saw b2b<", ">b2b e-mail", "s=x X0X x.x"),
    ]
    assert fourth[7:] == [
        *("-2w=saw", "-2s=x", "-1w=b2b", "-1s=X0X", "1end", "2end", "b2b e-mail<", ">e-mail ", "s=X0X x.x"),
    ]
    [shape] = word_features(["aBcDeFgH"])
    assert "s=xXxXxX" in shape, "six runs"


def test_what_is_like_the_wrong_ones_is_likely_wrong_and_importance_counts() -> None:
    given = np.array([[0.0], [0.1], [-0.1], [0.05], [3.0]])
    wrong = np.array([[3.0], [3.1], [2.9]])
    chances = error_probabilities(given, wrong, np.ones(3))
    assert chances.argmax() == 4
    assert chances[4] > 0.5 > chances[:4].max()
    less = error_probabilities(given, wrong, np.full(3, 0.1))
    assert less.shape == (5,)
    assert less[4] < chances[4]


@pytest.mark.parametrize("importance", [0.25, 1.0])
def test_what_is_likely_wrong_counts_less_in_the_next_of_three_rounds(importance: float) -> None:
    """Where all look alike, an error is as likely as the weight of the wrong ones in the weight of all."""
    chance = 0.0
    for _ in range(3):
        chance = 4 * importance / (5 * (1 - chance) + 4 * importance)
    found = error_probabilities(np.ones((5, 2)), np.ones((4, 2)), np.full(4, importance))
    assert found == pytest.approx([chance] * 5, abs=2e-4)
