"""What a protocol counts in each post: pooled it is the protocol's score, and runs are compared and detailed by it."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mner_core.evaluation import legacy
from mner_core.evaluation.calibration import confidences
from mner_core.evaluation.comparison import compare
from mner_core.evaluation.protocols import ABOUT, batches_of, score
from mner_core.evaluation.scoring import Counts, count, from_counts, pool
from mner_core.evaluation.units import units_of
from mner_core.tags import decode, encode
from mner_core.types import Example, InputError, Prediction, Span
from tests.evaluation.posts import post, split_of

TAGS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC", "X", "[SEP]", "PAD", "B-art-work", "I-team-work")


def pieces(words: Sequence[str]) -> list[int]:
    """Every third word is split in two, every seventh is invisible."""
    return [0 if place % 7 == 6 else 1 + (place % 3 == 2) for place, _ in enumerate(words)]


@st.composite
def splits(draw: st.DrawFn, posts: int | None = None) -> tuple[list[Example], list[list[Span]]]:
    number = posts or draw(st.integers(1, 6))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    longest = 120 if draw(st.booleans()) and posts is None else 9
    gold, said = [], []
    for _ in range(number):
        words = int(random.integers(1, longest))
        tags = [str(tag) for tag in random.choice(TAGS, words)]
        noise = [str(tag) for tag in random.choice(TAGS[:5], words)]
        gold.append(tags)
        said.append(decode(noise if random.random() < 0.5 else [tag if tag in TAGS[:5] else "O" for tag in tags]))
    return split_of(gold), said


@given(splits(), st.sampled_from(["entity", "entity-strict", "umt", "umgf"]))
def test_units_pooled_are_the_score(split: tuple[list[Example], list[list[Span]]], protocol: str) -> None:
    posts, said = split
    found = units_of(posts, said, protocol)
    counts = pool(count(*pair) for pair in zip(found.gold, found.said, strict=True))
    expected = score(posts, said, protocol)
    assert from_counts(counts, protocol=protocol, gold_sha256=expected.gold_sha256) == expected
    assert len(found.posts) == len(posts)


@settings(max_examples=15)
@given(splits(posts=130))
def test_rgcns_units_pooled_are_the_counts_of_its_batches(split: tuple[list[Example], list[list[Span]]]) -> None:
    posts, said = split
    found = units_of(posts, said, "rgcn", pieces)
    counts = pool(count(*pair) for pair in zip(found.gold, found.said, strict=True))
    tags = [encode(spans, len(example.tokens)) for example, spans in zip(posts, said, strict=True)]
    assert sum(counts.values(), Counts()) == sum(pool(batches_of(posts, tags, pieces)).values(), Counts())
    assert len(found.posts) == len(found.gold) == len(found.said) == len(found.begun_by) == 128


@given(splits(), st.sampled_from(["entity", "umt", "umgf"]))
def test_a_predicted_unit_begins_with_a_predicted_span(
    split: tuple[list[Example], list[list[Span]]], protocol: str
) -> None:
    found = units_of(*split, protocol)
    for units, begun_by, spans in zip(found.said, found.begun_by, split[1], strict=True):
        begun = [spans[number] for number in begun_by]
        assert [span.start <= unit.start < span.end for span, unit in zip(begun, units, strict=True)] == [True] * len(
            units
        )
        assert [span.label for span in begun] == [unit.label for unit in units]


def test_an_entity_that_goes_on_in_the_next_post_is_one_unit_there() -> None:
    posts = [post("met Ann", tags=["O", "B-PER"], id="a"), post("Lee in Ulm", tags=["I-PER", "O", "B-LOC"], id="b")]
    said = [[Span(1, 2, "PER")], [Span(0, 1, "PER"), Span(2, 3, "LOC")]]
    found = units_of(posts, said, "umgf")
    assert found.gold == [{Span(1, 2, "PER", (4, 11))}, {Span(2, 3, "LOC")}]
    assert found.said == said
    assert found.posts[0].span_text(Span(1, 2, "PER", (4, 11))) == "Ann"
    assert (units_of(posts, said, "umt").gold[1], score(posts, said, "umgf").support) == (
        {Span(0, 1, "PER"), Span(2, 3, "LOC")},
        2,
    )


def test_a_split_word_ends_a_unit_of_rgcn() -> None:
    name = post("New York O'Neal here", tags=["B-PER", "I-PER", "I-PER", "O"])
    other = post("O'Neal New York here", tags=["B-PER", "I-PER", "I-PER", "O"])
    numbers = {"O'Neal": 3}
    found = units_of(
        [name, other] * 32,
        [[Span(0, 3, "PER")]] * 64,
        "rgcn",
        lambda words: [numbers.get(word, 1) for word in words],
    )
    assert found.gold[:2] == [{Span(0, 3, "PER")}, {Span(0, 1, "PER"), Span(1, 3, "PER")}]
    assert found.begun_by[:2] == [[0], [0, 0]]


def test_a_unit_has_the_confidence_of_the_span_with_which_it_begins() -> None:
    posts = [post("O'Neal New York", tags=["B-PER", "I-PER", "I-PER"])] * 64
    said = [Prediction(spans=(Span(0, 3, "PER"),), confidences=(0.25,), confidence_source="crf")] * 64
    sure, right = confidences(posts, said, "rgcn", lambda words: [3, 1, 1])
    assert (sure.tolist(), right.all()) == ([0.25] * 128, True)
    assert len(confidences(posts, said, "umt")[0]) == 64


@pytest.mark.parametrize("protocol", list(ABOUT))
def test_runs_are_compared_by_the_scores_of_the_protocol(protocol: str) -> None:
    random = np.random.default_rng(3)
    tags = [[str(tag) for tag in random.choice(TAGS[:5], 8)] for _ in range(460)]
    posts = split_of(tags)
    good = [decode(row) if place % 5 else [] for place, row in enumerate(tags)]
    bad = [decode(row) if place % 2 else [] for place, row in enumerate(tags)]
    found = compare(posts, [good], [bad], protocol, pieces)
    expected = [score(posts, said, protocol, pieces).f1 for said in (good, bad)]
    assert (found.ours.mean, found.theirs.mean) == pytest.approx(expected)
    assert (found.protocol, found.supported, found.better) == (protocol, True, True)
    assert found.posts == (448 if protocol == "rgcn" else 460)
    assert (found.mcnemar is None) is (protocol == "rgcn")
    same = compare(posts, [good, bad], [bad, good], protocol, pieces)
    assert same.difference == pytest.approx(0)
    assert not same.supported


@pytest.mark.parametrize(
    ("protocol", "number", "says"),
    [
        ("rgcn", 63, "of 63 posts nothing is left"),
        ("rgcn", 127, "compares batches of 64 posts, and 127 posts make one"),
        ("umt", 1, "cannot be compared on 1 posts"),
        ("best", 3, "no scoring protocol 'best'"),
    ],
)
def test_what_cannot_be_compared_is_a_sentence(protocol: str, number: int, says: str) -> None:
    posts = [post("Ann left", tags=["B-PER", "O"])] * number
    said = [[Span(0, 1, "PER")]] * number
    with pytest.raises(InputError, match=says):
        compare(posts, [said], [said], protocol, pieces)


@pytest.mark.parametrize("protocol", ["umt", "umgf", "rgcn"])
def test_an_entity_that_tags_cannot_say_is_refused(protocol: str) -> None:
    cut = [post("NewYork won", [Span(0, 1, "LOC", (0, 3))])] * legacy.BATCH
    with pytest.raises(InputError, match="inside a word, which no tag can say"):
        units_of(cut, [[]] * legacy.BATCH, protocol, pieces)
