"""Tag schemes: hypothesis against seqeval, whose readers are what the field calls right."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities
from seqeval.scheme import IOB2, IOBES, Tokens

from mner_core.tags import (
    SCHEMES,
    Scheme,
    decode,
    decode_strict,
    encode,
    may_follow,
    of_whole_words,
    split_tag,
    tag_set,
)
from mner_core.types import InputError, Span

LABELS = ("PER", "LOC", "a-b")  # a label may hold a dash itself
SEQEVAL = {"BIO2": IOB2, "BIOES": IOBES}

any_tags = st.lists(st.sampled_from(tag_set(LABELS, "BIOES")), max_size=12)
bio_tags = st.lists(st.sampled_from(tag_set(LABELS, "BIO2")), max_size=12)
schemes = st.sampled_from(SCHEMES)


@st.composite
def posts(draw: st.DrawFn) -> tuple[list[Span], int]:
    """Spans that do not overlap, and the number of words they lie in."""
    spans, word = [], 0
    for _ in range(draw(st.integers(0, 5))):
        start = word + draw(st.integers(0, 2))
        word = start + draw(st.integers(1, 4))
        spans.append(Span(start, word, draw(st.sampled_from(LABELS))))
    return spans, word + draw(st.integers(0, 2))


def as_spans(entities: list[tuple[str, int, int]]) -> list[Span]:
    return [Span(start, last + 1, label) for label, start, last in entities]


@given(any_tags)
def test_lenient_decoding_is_seqevals_default(tags: list[str]) -> None:
    assert decode(tags) == as_spans(get_entities(tags))


@given(bio_tags)
def test_strict_bio2_decoding_is_seqevals_strict_mode(tags: list[str]) -> None:
    assert decode_strict(tags, "BIO2") == [Span(e.start, e.end, e.tag) for e in Tokens(tags, IOB2).entities]


@given(any_tags)
def test_strict_bioes_decoding_is_seqevals_strict_mode(tags: list[str]) -> None:
    assert decode_strict(tags, "BIOES") == [Span(e.start, e.end, e.tag) for e in Tokens(tags, IOBES).entities]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_all_short_sequences_of_two_labels_decode_as_seqeval_does(scheme: Scheme) -> None:
    tags = tag_set(("A", "B"), scheme)
    for length in range(5 if scheme == "BIO2" else 4):
        for sequence in map(list, itertools.product(tags, repeat=length)):
            assert decode(sequence) == as_spans(get_entities(sequence))
            strict = [Span(e.start, e.end, e.tag) for e in Tokens(sequence, SEQEVAL[scheme]).entities]
            assert decode_strict(sequence, scheme) == strict


@given(posts(), schemes)
def test_decoding_undoes_encoding(post: tuple[list[Span], int], scheme: Scheme) -> None:
    spans, num_words = post
    tags = encode(spans, num_words, scheme)
    assert len(tags) == num_words
    assert set(tags) <= set(tag_set(LABELS, scheme))
    assert decode(tags) == decode_strict(tags, scheme) == spans
    assert encode(spans[::-1], num_words, scheme) == tags


def allowed(tags: list[str], scheme: Scheme) -> bool:
    edges = [None, *tags, None]
    return all(may_follow(a, b, scheme) for a, b in itertools.pairwise(edges))


@given(posts(), schemes)
def test_encoding_writes_only_allowed_transitions(post: tuple[list[Span], int], scheme: Scheme) -> None:
    assert allowed(encode(*post, scheme), scheme)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_allowed_sequences_are_exactly_those_that_encoding_writes(scheme: Scheme) -> None:
    for sequence in map(list, itertools.product(tag_set(("A", "B"), scheme), repeat=4)):
        assert allowed(sequence, scheme) == (encode(decode(sequence), 4, scheme) == sequence)


def test_an_orphan_inside_tag_is_an_entity_to_the_lenient_reader_only() -> None:
    tags = ["I-PER", "O", "I-LOC", "I-LOC", "B-PER", "I-LOC"]
    assert decode(tags) == [Span(0, 1, "PER"), Span(2, 4, "LOC"), Span(4, 5, "PER"), Span(5, 6, "LOC")]
    assert decode_strict(tags) == [Span(4, 5, "PER")]


@pytest.mark.parametrize(
    "tag", ["X", "[CLS]", "[SEP]", "", "O", "B", "B-", "I", "-PER", "O-PER", "b-PER", "PER", "BB-PER"]
)
def test_what_is_no_tag_counts_as_outside(tag: str) -> None:
    assert split_tag(tag) == ("O", "")
    assert decode(["B-PER", tag, "I-PER"]) == [Span(0, 1, "PER"), Span(2, 3, "PER")]
    assert decode_strict(["B-PER", tag, "I-PER"]) == [Span(0, 1, "PER")]


def test_tag_set_numbers_outside_first_then_label_by_label() -> None:
    assert tag_set(("PER", "LOC"), "BIO2") == ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
    assert tag_set(("PER",), "BIOES") == ("O", "B-PER", "I-PER", "E-PER", "S-PER")
    assert tag_set((), "BIO2") == ("O",)


@pytest.mark.parametrize(
    ("spans", "message"),
    [
        ([Span(0, 3, "PER")], "ends after the last of 2 words"),
        ([Span(0, 2, "PER"), Span(1, 2, "LOC")], "overlaps another one"),
        ([Span(0, 1, "PER"), Span(0, 1, "PER")], "overlaps another one"),
    ],
)
def test_spans_that_tags_cannot_say_are_refused(spans: list[Span], message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        encode(spans, 2)


def test_a_span_that_begins_or_ends_inside_a_word_is_no_tags() -> None:
    whole, inside, other = Span(0, 1, "PER"), Span(1, 2, "LOC", (3, 5)), Span(2, 4, "PER")
    assert of_whole_words([other, inside, whole]) == [other, whole]
    assert of_whole_words([inside]) == []
    with pytest.raises(InputError, match=re.escape("The span 1..2 LOC begins or ends inside a word.")):
        encode([whole, inside, other], 4)
    assert encode([whole, other], 4) == ["B-PER", "O", "B-PER", "I-PER"], "the last word may be an entity's"


@pytest.mark.parametrize("tags", [["B-A", "I-A"], ["S-A", "O"], ["B-A", "E-A"], ["B-A", "B-A"]])
def test_bio2_is_meant_where_no_scheme_is_named(tags: list[str]) -> None:
    assert decode_strict(tags) == decode_strict(tags, "BIO2")
    assert encode([Span(0, 2, "A")], 2) == encode([Span(0, 2, "A")], 2, "BIO2") == ["B-A", "I-A"]
