"""Entities that a file's tags do not really write."""

from mner_core.data.conll import join_words
from mner_core.label_errors.malformed_tags import malformed
from mner_core.tags import decode
from mner_core.types import Example, Span


def tagged(*tags: str) -> Example:
    text, tokens = join_words([f"w{place}" for place in range(len(tags))])
    return Example(id="-".join(tags), text=text, tokens=tokens, tags=tags, spans=tuple(decode(tags)))


SOUND = [tagged("B-LOC", "I-LOC", "O", "B-PER", "B-PER")] * 3


def test_an_orphan_and_what_it_was_torn_from() -> None:
    posts = [tagged("O", "I-LOC", "I-LOC"), tagged("B-PER", "I-ORG", "O"), tagged("I-PER", "O", "B-LOC")]
    assert malformed([*SOUND, *posts])[3:] == [
        {Span(1, 3, "LOC")},
        {Span(0, 1, "PER"), Span(1, 2, "ORG")},
        {Span(0, 1, "PER")},
    ]
    assert not any(malformed(SOUND))


def test_bioes_is_read_as_bioes() -> None:
    whole = tagged("S-LOC", "O", "B-PER", "I-PER", "E-PER", "S-LOC")
    assert malformed([whole, tagged("O", "E-LOC", "O", "S-PER")]) == [frozenset(), {Span(1, 2, "LOC")}]


def test_where_most_entities_begin_so_it_is_the_files_scheme() -> None:
    iob1 = [tagged("I-LOC", "I-LOC", "O", "I-PER"), tagged("O", "I-ORG", "B-ORG")]
    assert malformed(iob1) == [frozenset(), frozenset()]


def test_labels_that_came_as_offsets_have_no_tags() -> None:
    one = tagged("O", "I-LOC").with_spans([Span(1, 2, "LOC")])
    assert malformed([*SOUND, one])[3] == frozenset()
