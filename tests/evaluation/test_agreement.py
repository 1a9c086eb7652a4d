"""Agreement: scikit-learn's kappa and seqeval's F1 as oracles, and a case by hand."""

import json
import warnings
from dataclasses import replace

import pytest
from hypothesis import assume, given
from seqeval.metrics import f1_score
from sklearn.metrics import cohen_kappa_score

from mner_core.data.tokenize import split_tokens
from mner_core.evaluation.agreement import agreement, cohens_kappa
from mner_core.tags import split_tag
from mner_core.types import Example, InputError, Span
from tests.evaluation.posts import post, split_of, tagged_splits

PER, LOC = Span(0, 2, "PER"), Span(3, 4, "LOC")


def test_kappa_by_hand() -> None:
    """Cohen's own layout: 20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no: 0.7 observed, 0.5 by chance."""
    pairs = [(1, 1)] * 20 + [(1, 0)] * 5 + [(0, 1)] * 10 + [(0, 0)] * 15
    assert cohens_kappa(pairs) == pytest.approx(0.4)
    assert cohens_kappa([("a", "a")] * 3) is None
    assert cohens_kappa([]) is None
    assert cohens_kappa([(0, 1), (1, 0)]) == -1.0


@given(tagged_splits())
def test_figures_are_those_of_sklearn_and_seqeval(tags: tuple[list[list[str]], list[list[str]]]) -> None:
    found = agreement(*map(split_of, tags))
    words = [[split_tag(tag)[1] for row in side for tag in row] for side in tags]
    assert found.words == len(words[0])
    assume(any(words[0]) or any(words[1]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert found.spans.f1 == pytest.approx(100 * f1_score(*tags, zero_division=0))
    if len(set(words[0]) | set(words[1])) > 1:
        assert found.kappa == pytest.approx(cohen_kappa_score(*words))
    for label, kappa in found.kappa_per_type.items():
        either = [[word == label for word in side] for side in words]
        if kappa is not None:
            assert kappa == pytest.approx(cohen_kappa_score(*either))


@given(tagged_splits())
def test_the_sides_may_change_places(tags: tuple[list[list[str]], list[list[str]]]) -> None:
    one, other = agreement(*map(split_of, tags)), agreement(*map(split_of, tags[::-1]))
    assert one.spans.f1 == pytest.approx(other.spans.f1)
    assert (one.kappa is None) == (other.kappa is None)
    assert one.kappa == pytest.approx(other.kappa) if one.kappa is not None else True
    assert len(one.disagreements) == len(other.disagreements)


def test_disagreements_say_where_and_what() -> None:
    first = [post("New York wins Rome ok", [PER, LOC], id="x"), post("a b", [], id="y")]
    second = [post("New York wins Rome ok", [Span(0, 1, "PER"), Span(3, 4, "ORG")]), post("a b", [Span(1, 2, "PER")])]
    found = agreement(first, second)
    assert [(each.post, each.kind, each.text) for each in found.disagreements] == [
        ("x", "boundary", "New York"),
        ("x", "type", "Rome"),
        ("y", "only second", "b"),
    ]
    assert (found.posts, found.words, found.spans.f1) == (2, 7, 0.0)
    assert set(found.per_type) == {"PER", "LOC", "ORG"}
    record = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert record["disagreements"][0]["second"] == {"start": 0, "end": 1, "label": "PER"}
    assert record["disagreements"][2]["first"] is None
    assert all("split" not in each for each in record["disagreements"]), "these posts have none"


def test_disagreements_name_the_split_where_there_is_one() -> None:
    first = [post("a b", [Span(0, 1, "PER")], id="0", split=split) for split in ("train", "valid")]
    second = [replace(first[0], spans=()), replace(first[1], spans=(Span(0, 1, "LOC"),))]
    told = agreement(first, second).to_json()["disagreements"]
    assert [(each["split"], each["post"], each["kind"]) for each in told] == [
        ("train", "0", "only first"),
        ("valid", "0", "type"),
    ]


def test_words_that_nobody_marked_do_not_help_the_second_kappa() -> None:
    first, second = [post("a b c d e f g h", [PER])], [post("a b c d e f g h", [Span(0, 2, "LOC")])]
    found = agreement(first, second)
    assert found.kappa == pytest.approx((0.75 - 36 / 64) / (1 - 36 / 64))
    assert found.kappa_marked == 0.0


def test_words_that_one_side_has_cut_are_compared_in_the_finer_words() -> None:
    """The first side marks `Rio-bound` whole, the second has cut it and marks `Rio` alone; one agrees on `Kim`."""
    whole = post("Rio-bound Kim", [Span(0, 1, "LOC"), Span(1, 2, "PER")])
    tokens = (*split_tokens(whole.tokens, 0, 3),)
    cut = replace(whole, tokens=tokens, spans=(Span(0, 1, "LOC"), Span(2, 3, "PER")), tags=None)
    found = agreement([whole], [cut])
    assert found.words == 3
    assert [(each.kind, each.text) for each in found.disagreements] == [("boundary", "Rio-bound")]
    assert found.per_type["PER"].f1 == 100.0
    assert agreement([cut], [whole]).kappa == pytest.approx(found.kappa)


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ([], "got 1 and 0"),
        ([post("a c", [])], "another text"),
        ([post("a b", None)], "not labelled on both sides"),
    ],
)
def test_other_posts_are_refused(second: list[Example], message: str) -> None:
    with pytest.raises(InputError, match=message):
        agreement([post("a b", [])], second)


@pytest.mark.parametrize("texts", [["a b"], ["a b", "c"], ["a b", "c d e", "f"]])
def test_without_a_span_on_either_side_there_is_no_f1(texts: list[str]) -> None:
    empty = [post(text, []) for text in texts]
    record = json.loads(json.dumps(agreement(empty, empty).to_json(), allow_nan=False))
    assert record["spans"] == {"precision": None, "recall": None, "f1": None, "support": 0}
    assert (record["kappa"], record["kappa_marked"], record["per_type"]) == (None, None, {})


def test_one_side_with_spans_and_one_without_disagree() -> None:
    marked, empty = [post("a b c d", [PER, LOC])], [post("a b c d", [])]
    for first, second in ((marked, empty), (empty, marked)):
        found = agreement(first, second).spans
        assert (found.f1, found.precision, found.recall, found.support) == (0.0, 0.0, 0.0, 2 if first is marked else 0)
