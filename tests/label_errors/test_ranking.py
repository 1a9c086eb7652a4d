"""The ranking by itself: held-out scores are made up, labels are made wrong, and what is found is counted."""

import random
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from mner_core.data.conll import join_words
from mner_core.data.corrupt import Corruption, corrupt
from mner_core.label_errors.crf_marginals import CrfMarginals, SpanTable
from mner_core.label_errors.cross_validation import HeldOutScores
from mner_core.label_errors.label_statistics import Elsewhere, LabelStatistics
from mner_core.label_errors.ranking import MALFORMED, missing, rank
from mner_core.label_errors.reasons import Item
from mner_core.label_errors.recall import average_precision, finds, ranks_found, recall_at_k
from mner_core.label_errors.search import by_held_out_scores, judge_weights, of_posts
from mner_core.tags import encode
from mner_core.types import Example, InputError, PostKey, Span

LABELS = ("LOC", "PER")
NAMES = {
    f"{first}{second}": LABELS[(place + other) % 2]
    for place, first in enumerate("ABCDEF")
    for other, second in enumerate("abcdef")
}


def post(name: str, words: list[str], *spans: Span) -> Example:
    text, tokens = join_words(words)
    return Example(id=name, text=text, tokens=tokens, spans=spans)


def invented_posts(number: int) -> list[Example]:
    """Sentences of names, one or two words long, between words in small letters."""
    rng = random.Random(1)
    posts = []
    for index in range(number):
        words: list[str] = []
        spans = []
        for _ in range(rng.randint(1, 3)):
            words += rng.choices(["the", "in", "saw", "and", "now"], k=rng.randint(1, 3))
            name = rng.choice(list(NAMES))
            length = rng.randint(1, 2)
            spans.append(Span(len(words), len(words) + length, NAMES[name]))
            words += [name, f"{name}son"][:length]
        posts.append(post(str(index), [*words, "end"], *spans))
    return posts


def believing(truth: list[Example], sure: float, spread: float) -> Callable[[Example], SpanTable]:
    """Models that know the truth, more or less."""
    rng = np.random.default_rng(0)
    tables = {}
    for each in truth:
        spans = rng.uniform(0, 0.02, (len(each.tokens), 3, 2))
        spans[-1, 1:] = spans[-2, 2:] = 0  # nothing runs over the end
        outside = np.full((len(each.tokens), 3), 0.9)
        for span in each.spans or ():
            share = np.clip(rng.normal(sure, spread), 0, 1)
            spans[span.start, span.end - span.start - 1, LABELS.index(span.label)] = share
            outside[span.start : span.end] = 1 - share
        tables[each.id] = SpanTable(LABELS, spans, outside)
    return lambda each: tables[each.id]


def test_most_of_what_was_made_wrong_comes_first() -> None:
    truth = invented_posts(300)
    wrong, changes = corrupt(truth, 0.1, 5)
    items = rank(wrong, believing(truth, 0.7, 0.3))
    answer = recall_at_k(items, [PostKey(each["split"], each["post"]) for each in of_posts(items)], changes)
    assert answer["k"] == 2 * len(changes)
    assert answer["recall_at_k"] > 85
    assert answer["precision_at_k"] == pytest.approx(answer["recall_at_k"] / 2)
    assert all(point["found"] > 3 * point["random"] for point in answer["curve"][:10])
    assert answer["chance"] == pytest.approx(100 * len(changes) / len(items))
    assert answer["average_precision"] == pytest.approx(answer["times_chance"] * answer["chance"])
    assert min(answer["times_chance"], answer["posts"]["times_chance"] * 2) > 3
    assert answer["posts"]["chance"] > answer["chance"]
    assert [item.score for item in items] == sorted((item.score for item in items), reverse=True)
    assert {(item.post, item.span) for item in items} >= {
        (each.id, span) for each in wrong for span in each.spans or ()
    }
    assert {item.reason for item in items[: len(changes)]} >= {"missing", "spurious", "boundary"}


def test_consistency_alone_tells_much() -> None:
    """Models that know nothing: a name that is otherwise everywhere else is found all the same."""
    truth = invented_posts(300)
    wrong, changes = corrupt(truth, 0.1, 6)

    def nothing(each: Example) -> SpanTable:
        return SpanTable(LABELS, np.full((len(each.tokens), 1, 2), 0.02), np.full((len(each.tokens), 1), 0.5))

    items = rank(wrong, nothing)
    assert recall_at_k(items, [], changes)["recall_at_k_of"]["type"] > 60
    first = next(item for item in items if item.reason == "inconsistent")
    assert "in other posts" in first.detail


def test_the_reason_and_the_suggestion() -> None:
    def table(**likely: float) -> SpanTable:
        spans, outside = np.zeros((4, 3, 2)), np.full((4, 3), 0.01)
        for place, share in likely.items():
            start, length, label = (int(part) for part in place[1:].split("_"))
            spans[start, length, label] = share
        return SpanTable(LABELS, spans, outside)

    words = ["Ann", "Bo", "ran", "off"]
    tables = {
        "right": table(s0_1_1=0.9),
        "type": table(s0_1_0=0.9),
        "boundary": table(s0_0_1=0.9),
        "spurious": SpanTable(LABELS, np.zeros((4, 3, 2)), np.full((4, 3), 0.9)),
    }
    posts = [post(name, [f"{word}{name}" for word in words], Span(0, 2, "PER")) for name in tables]
    posts.append(post("missing", ["Cy", "Di", "fell", "down"]))
    tables["missing"] = table(s1_0_0=0.9)
    items = {item.post: item for item in rank(posts, lambda each: tables[each.id])}
    assert {name: items[name].reason for name in ("type", "boundary", "spurious", "missing")} == {
        name: name for name in ("type", "boundary", "spurious", "missing")
    }
    assert items["type"].suggested == Span(0, 2, "LOC")
    assert items["boundary"].suggested == Span(0, 1, "PER")
    assert items["spurious"].suggested is None
    assert items["missing"].span == items["missing"].suggested == Span(1, 2, "LOC")
    assert items["right"].to_json().keys() >= {"post", "start", "end", "label", "score", "reason"}
    assert {each["post"] for each in of_posts(list(items.values()))} == set(tables)


def test_a_post_is_no_witness_for_itself() -> None:
    posts = [
        post("a", ["Rio", "is", "Rio"], Span(0, 1, "LOC")),
        post("b", ["rio", "won"], Span(0, 1, "ORG")),
        post("c", ["Rio"], Span(0, 1, "ORG")),
    ]
    statistics = LabelStatistics(posts)
    assert statistics.others_of(posts[0]).elsewhere(Span(0, 1, "LOC")) == Elsewhere(same=0, other=2, none=0)
    assert statistics.others_of(posts[1]).elsewhere(Span(0, 1, "ORG")) == Elsewhere(same=1, other=1, none=1)
    assert statistics.others_of(posts[0]).label_odds(0, "ORG") > 0 > statistics.others_of(posts[0]).label_odds(0, "LOC")


def test_missing_spans_share_no_word_with_gold_or_each_other() -> None:
    spans = np.zeros((4, 2, 1))
    spans[0, 1, 0], spans[1, 0, 0], spans[2, 0, 0], spans[3, 0, 0] = 0.6, 0.5, 0.9, 0.001
    table = SpanTable(("A",), spans, np.zeros((4, 2)))
    assert missing(table, []) == [Span(2, 3, "A"), Span(0, 2, "A")]
    assert missing(table, [Span(0, 1, "A"), Span(2, 3, "A")]) == [Span(1, 2, "A")]


def test_what_counts_as_found() -> None:
    def item(span: Span, reason: str) -> Item:
        return Item(post="p", span=span, text="", score=1.0, reason=reason, detail="", suggested=None)  # type: ignore[arg-type]

    dropped = Corruption("p", "dropped", Span(2, 4, "A"), None)
    moved = Corruption("p", "boundary", Span(2, 4, "A"), Span(2, 3, "A"))
    assert finds(item(Span(3, 5, "B"), "missing"), dropped)
    assert not finds(item(Span(3, 5, "B"), "type"), dropped)
    assert not finds(item(Span(4, 5, "A"), "missing"), dropped)
    assert finds(item(Span(2, 3, "A"), "type"), moved)
    assert not finds(item(Span(2, 4, "A"), "missing"), moved)


def test_a_change_is_found_in_its_own_split_and_older_lists_name_posts_by_id_alone() -> None:
    def item(split: str) -> Item:
        span = Span(0, 1, "PER")
        return Item(post="0", split=split, span=span, text="", score=1.0, reason="type", detail="", suggested=None)

    items = [item("valid"), item("train")]
    wrong = Corruption("0", "type", Span(0, 1, "LOC"), Span(0, 1, "PER"), split="train")
    assert ranks_found(items, [wrong, replace(wrong, split="valid"), replace(wrong, split="test")]) == [2, 1, None]
    assert ranks_found(items, [replace(wrong, split="")]) == [1]
    posts = [each.key for each in items]
    assert recall_at_k(items, posts, [wrong])["posts"]["average_precision"] == 50.0
    assert recall_at_k(items, posts, [replace(wrong, split="test")])["posts"]["average_precision"] == 0.0
    assert recall_at_k(items[1:], posts[1:], [replace(wrong, split="")])["posts"]["average_precision"] == 100.0


def test_average_precision_is_the_mean_precision_where_something_wrong_is_found() -> None:
    found = average_precision({1, 4}, 3, 12)
    assert found["average_precision"] == pytest.approx(100 * (1 / 1 + 2 / 4 + 0) / 3)
    assert found["chance"] == pytest.approx(100 * 3 / 12)
    assert found["times_chance"] == pytest.approx(2.0)
    assert found["precision_at_100"] == pytest.approx(100 * 2 / 12), "there are but twelve"
    early = average_precision({5, 100, 101}, 3, 400)
    assert early["precision_at_100"] == pytest.approx(2.0)
    assert average_precision(set(), 0, 0)["times_chance"] == 0


def test_without_labels_there_is_nothing_to_compare_with() -> None:
    with pytest.raises(InputError, match="No post has a labelled span"):
        rank([post("a", ["x"])], lambda each: SpanTable((), np.zeros((1, 1, 0)), np.zeros((1, 1))))


def test_what_other_labelled_posts_call_a_name_counts() -> None:
    """Of two names that occur once, the one that labelled posts elsewhere give another type comes first."""
    posts = [
        *invented_posts(120),
        post("x", ["saw", "Zed"], Span(1, 2, "PER")),
        post("y", ["saw", "Yol"], Span(1, 2, "PER")),
    ]
    elsewhere = [post(f"w{number}", ["in", "Zed", "now"], Span(1, 2, "LOC")) for number in range(5)]

    def place(witnesses: list[Example]) -> tuple[int, int]:
        items = rank(posts, believing(posts, 0.7, 0.0), witnesses=witnesses)
        (first,), (second,) = ([k for k, item in enumerate(items) if item.text == name] for name in ("Zed", "Yol"))
        return first, second

    assert place(elsewhere)[0] < place(elsewhere)[1]
    assert place(elsewhere)[0] < place([])[0]


def test_malformed_tags_come_first_and_say_so() -> None:
    posts = invented_posts(60)
    text, tokens = join_words(["the", "Aason", "end"])
    torn = Example(id="torn", text=text, tokens=tokens, tags=("O", "I-LOC", "O"), spans=(Span(1, 2, "LOC"),))
    tagged = [replace(each, tags=tuple(encode(each.spans or (), len(each.tokens)))) for each in posts]
    items = rank([*tagged, torn], believing([*posts, torn], 0.9, 0.0))
    assert (items[0].post, items[0].span) == ("torn", Span(1, 2, "LOC"))
    assert items[0].score >= MALFORMED
    assert "tags are malformed" in items[0].detail
    assert not any("malformed" in item.detail for item in items[1:])


def test_a_judge_that_knows_less_is_heard_less() -> None:
    good, poor = [0.9, 0.8, 0.95, 0.7], [0.5, 0.2, 0.4, 0.1]
    assert judge_weights([good, poor])[0] > 0.95
    assert sum(judge_weights([good, poor, good])) == pytest.approx(1)
    each_knows_half = judge_weights([[0.9, 0.1], [0.1, 0.9]])
    assert each_knows_half == pytest.approx([0.5, 0.5])
    assert judge_weights([good, good]) == pytest.approx([0.5, 0.5])
    assert judge_weights([[], []]) == [0.5, 0.5]
    assert judge_weights([[0.0, 0.0]]) == [1.0]


def test_the_tagger_is_heard_beside_the_models() -> None:
    """Models that know nothing of the posts: the tagger finds what is wrong all the same, and reads the witnesses."""
    posts = invented_posts(240)
    wrong, changes = corrupt(posts[:40], 0.2, 3)
    chain = CrfMarginals(labels=LABELS, scheme="BIO2", steps=np.zeros((5, 5)), starts=np.zeros(5), ends=np.zeros(5))
    nothing = HeldOutScores(chain, {each.key: np.zeros((len(each.tokens), 5)) for each in wrong})

    def precision(witnesses: list[Example]) -> float:
        items = by_held_out_scores(wrong, [nothing], witnesses)
        return float(recall_at_k(items, [], changes)["average_precision"])

    assert precision(posts[40:]) > precision([]) + 10
