"""Scores: seqeval as the oracle, and cases with answers worked out by hand."""

import json
import random
import warnings
from dataclasses import replace

import pytest
from hypothesis import given, settings
from seqeval.metrics import classification_report
from seqeval.scheme import IOB2, IOBES

from mner_core.data.fingerprint import gold_fingerprint
from mner_core.evaluation.gold import scheme_of
from mner_core.evaluation.protocols import score_posts
from mner_core.evaluation.scoring import (
    Counts,
    from_counts,
    per_post,
    pool,
    post_digest,
    score,
)
from mner_core.tags import decode, decode_strict
from mner_core.types import Example, InputError, Span
from tests.evaluation.posts import post, split_of, tagged_splits

PER, LOC = Span(0, 2, "PER"), Span(3, 4, "LOC")


def assert_equals_seqeval(gold: list[list[str]], predicted: list[list[str]], protocol: str) -> None:
    """Micro, macro and per-type figures and supports are seqeval's, to the last digit that a float can carry."""
    files = split_of(gold), split_of(predicted)
    scheme = scheme_of(*files)
    strict = {"mode": "strict", "scheme": {"BIO2": IOB2, "BIOES": IOBES}[scheme]} if protocol == "entity-strict" else {}
    read = (lambda tags: decode_strict(tags, scheme)) if strict else decode
    ours = score_posts(*files, protocol)
    if not any(map(read, gold)) and not any(map(read, predicted)):
        assert (ours.f1, ours.support, ours.per_type) == (0.0, 0, {})  # seqeval cannot say anything here
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where it divides by zero
        theirs = classification_report(gold, predicted, output_dict=True, zero_division=0, **strict)
    rows = {"micro avg": ours.micro, "macro avg": ours.macro, **ours.per_type}
    assert set(theirs) == set(rows) | {"weighted avg"}
    for name, row in rows.items():
        expected = [100 * theirs[name][key] for key in ("precision", "recall", "f1-score")]
        assert [row.precision, row.recall, row.f1] == pytest.approx(expected, abs=1e-9), name
        assert row.support == theirs[name]["support"]


@given(tagged_splits())
def test_entity_is_seqevals_default(tags: tuple[list[list[str]], list[list[str]]]) -> None:
    assert_equals_seqeval(*tags, "entity")


@given(tagged_splits())
def test_entity_strict_is_seqevals_strict_mode(tags: tuple[list[list[str]], list[list[str]]]) -> None:
    assert_equals_seqeval(*tags, "entity-strict")
    assert_equals_scores_of_spans(*tags)


@settings(max_examples=300)
@given(tagged_splits("BIOES"))
def test_entity_strict_is_seqevals_strict_mode_of_bioes_too(tags: tuple[list[list[str]], list[list[str]]]) -> None:
    assert_equals_seqeval(*tags, "entity-strict")
    assert_equals_scores_of_spans(*tags)


def assert_equals_scores_of_spans(gold: list[list[str]], predicted: list[list[str]]) -> None:
    """A model's spans are scored against the gold file alone, which then decides the scheme."""
    files = split_of(gold), split_of(predicted)
    if scheme_of(files[0]) == scheme_of(*files):
        spans = [decode_strict(tags, scheme_of(files[0])) for tags in predicted]
        assert score(files[0], spans, "entity-strict") == score_posts(*files, "entity-strict")


@pytest.mark.parametrize(
    ("gold", "predicted", "support"),
    [
        ([["O", "S-PER"], ["B-LOC", "O"]], [["O", "S-PER"], ["B-LOC", "O"]], 1),  # seqeval, scheme=IOBES: 1
        ([["B-LOC", "O"]], [["S-LOC", "O"]], 0),  # the predictions say that both files are BIOES
        ([["B-LOC", "I-LOC"], ["B-PER", "E-PER"]], [["O", "O"], ["O", "O"]], 1),
        ([["B-LOC", "I-LOC"], ["B-PER", "I-PER"]], [["O", "O"], ["O", "O"]], 2),
        ([["S-", "B-LOC"]], [["O", "O"]], 1),  # a tag without a type says nothing of the scheme
    ],
)
def test_one_scheme_for_both_files(gold: list[list[str]], predicted: list[list[str]], support: int) -> None:
    assert score_posts(split_of(gold), split_of(predicted), "entity-strict").support == support


def test_strict_counts_no_orphan_in_the_gold_and_support_says_so() -> None:
    gold = [post("a b c d", tags=["I-PER", "I-PER", "O", "B-LOC"])]
    lenient, strict = score(gold, [[PER, LOC]]), score(gold, [[PER, LOC]], "entity-strict")
    assert (lenient.precision, lenient.recall, lenient.support) == (100.0, 100.0, 2)
    assert (strict.precision, strict.recall, strict.support) == (50.0, 100.0, 1)
    assert strict.f1 == pytest.approx(200 / 3)


def test_strict_takes_the_spans_of_a_post_without_tags() -> None:
    gold = post("a b c d", tags=["I-PER", "I-PER", "O", "B-LOC"]).with_spans([PER, LOC])
    assert score([gold], [[PER, LOC]], "entity-strict").support == 2


def test_strict_reads_bioes_tags_as_bioes() -> None:
    gold = [post("a b c d", tags=["B-PER", "E-PER", "O", "S-LOC"]), post("a b", tags=["E-PER", "O"])]
    assert score(gold, [[PER, LOC], []], "entity-strict").f1 == 100.0
    assert score(gold, [[PER, LOC], []], "entity").support == 3


def test_figures_by_hand() -> None:
    gold = [post("a b c d", [PER, LOC]), post("e f", [Span(0, 1, "PER")])]
    result = score(gold, [[PER, Span(2, 4, "LOC")], [Span(0, 1, "ORG"), Span(0, 1, "ORG")]])
    assert result.precision == pytest.approx(100 / 3)
    assert (result.recall, result.f1, result.support) == pytest.approx((100 / 3, 100 / 3, 3))
    assert result.per_type["PER"].precision == 100.0
    assert result.per_type["PER"].recall == 50.0
    assert (result.per_type["ORG"].f1, result.per_type["ORG"].support) == (0.0, 0)
    assert list(result.per_type) == ["LOC", "ORG", "PER"]
    assert result.macro.f1 == pytest.approx(200 / 3 / 3)


def test_json_is_the_contract() -> None:
    gold = [post("a b c d", [PER, LOC])]
    record = json.loads(json.dumps(score(gold, [[PER]]).to_json()))
    half = {"precision": 100.0, "recall": 50.0, "f1": 200 / 3, "support": 2}
    assert record == {
        "protocol": "entity",
        **half,
        "macro": {"precision": 50.0, "recall": 50.0, "f1": 50.0, "support": 2},
        "per_type": {
            "LOC": {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 1},
            "PER": {"precision": 100.0, "recall": 100.0, "f1": 100.0, "support": 1},
        },
        "gold_sha256": gold_fingerprint(gold),
    }


@given(tagged_splits())
def test_a_split_scores_as_the_sum_of_its_posts(tags: tuple[list[list[str]], list[list[str]]]) -> None:
    gold, predicted = split_of(tags[0]), [decode(row) for row in tags[1]]
    for protocol in ("entity", "entity-strict"):
        counts = pool(per_post(*pair, protocol) for pair in zip(gold, predicted, strict=True))
        summed = from_counts(counts, protocol=protocol, gold_sha256=gold_fingerprint(gold))
        assert summed == score(gold, predicted, protocol)


def test_a_correction_moves_only_its_posts_counts() -> None:
    gold = post("a b c d", [PER, LOC])
    assert per_post(gold, [PER]) == {"LOC": Counts(0, 0, 1), "PER": Counts(1, 1, 1)}
    assert per_post(gold.with_spans([PER]), [PER]) == {"PER": Counts(1, 1, 1)}
    assert Counts(1, 2, 3) + Counts(10, 20, 30) == Counts(11, 22, 33)


def test_nothing_predicted_and_nothing_to_find_give_zero() -> None:
    empty = score([post("a b", [])], [[]])
    assert (empty.precision, empty.recall, empty.f1, empty.support, empty.macro.f1) == (0, 0, 0, 0, 0)
    assert score([], []).support == 0


def test_the_fingerprint_names_words_and_labels_and_nothing_else() -> None:
    gold = [post("a b c d", [PER, LOC]), post("e f", [Span(0, 1, "PER")])]
    name = gold_fingerprint(gold)
    as_tags = [
        post("a b c d", tags=["B-PER", "E-PER", "O", "S-LOC"], id="x"),
        post("e f", tags=["B-PER", "O"], image_name="y"),
    ]
    shuffled = random.Random(0).sample(as_tags, 2)
    assert len(name) == 64
    assert gold_fingerprint(as_tags) == gold_fingerprint(shuffled) == name
    for other in (
        [gold[0]],
        [*gold, gold[0]],
        [gold[0].with_spans([PER]), gold[1]],
        [post("a b c D", [PER, LOC]), gold[1]],
        [gold[0], replace(as_tags[1], tags=("I-PER", "O"))],
    ):
        assert gold_fingerprint(other) != name


def test_the_fingerprint_takes_any_text() -> None:
    assert gold_fingerprint([post("\ud800 \U0001f469\u200d\U0001f680", [])]) != gold_fingerprint([post("?", [])])


def test_a_posts_digest_is_of_its_words_alone() -> None:
    seen = {
        post_digest(each) for each in (post("a b", None), post("a b", [PER], id="x"), post("a b", tags=["O", "B-X"]))
    }
    assert len(seen) == 1
    assert post_digest(post("a c", None)) not in seen


UNLABELLED: Example = post("a b", None)


@pytest.mark.parametrize(
    ("gold", "predicted", "protocol", "message"),
    [
        ([post("a", [])], [[]], "exact", "'exact' that counts post by post; choose one of entity, entity-strict"),
        ([], [], "exact", "no scoring protocol 'exact'"),
        ([UNLABELLED], [[]], "entity", "'a b' has no labels"),
        ([post("a", [])], [], "entity", "1 gold posts but predictions for 0"),
    ],
)
def test_what_cannot_be_scored_is_refused(gold: list[Example], predicted: list, protocol: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        score(gold, predicted, protocol)
