"""Slices: the rule, by hand, and what must hold for any predictions."""

from pathlib import Path

from hypothesis import given
from PIL import Image

from mner_core.data.fingerprint import gold_fingerprint
from mner_core.evaluation.scoring import Counts, pool, score
from mner_core.evaluation.slices import entities_counts, posts_counts, score_slices
from mner_core.tags import decode
from mner_core.types import ImageObject, Span
from tests.evaluation.posts import post, split_of, tagged_splits

JORDAN, PARIS = Span(0, 1, "PER"), Span(2, 3, "LOC")


def test_an_entity_slice_takes_its_gold_and_the_predictions_that_overlap_it() -> None:
    gold = [post("Jordan in Paris today ok", [JORDAN, PARIS], subsets={"ambiguous": frozenset({JORDAN})})]
    predicted = [[Span(0, 2, "LOC"), PARIS, Span(4, 5, "ORG")]]
    slices = score_slices(gold, predicted)
    ambiguous = slices["ambiguous"]
    assert (ambiguous.support, ambiguous.precision, ambiguous.f1) == (1, 0.0, 0.0)
    assert set(ambiguous.per_type) == {"PER", "LOC"}  # what was predicted there; PARIS and the ORG elsewhere are not
    assert ambiguous.gold_sha256 == gold_fingerprint(gold)
    assert score_slices(gold, [[JORDAN]])["ambiguous"].f1 == 100.0


def test_a_subset_counts_over_the_posts_that_do_not_have_it_too() -> None:
    gold = [post("Jordan", [JORDAN], subsets={"ambiguous": frozenset({JORDAN})}), post("Jordan", [JORDAN])]
    assert score_slices(gold, [[JORDAN], [JORDAN]])["ambiguous"].support == 1


def test_a_prediction_that_touches_two_slices_counts_in_both() -> None:
    gold = [post("a b c d", [Span(0, 1, "PER"), Span(1, 3, "PER")])]
    slices = score_slices(gold, [[Span(0, 3, "PER")]])
    assert slices["length-1"].precision == slices["length-2"].precision == 0.0
    assert entities_counts(gold, [[Span(0, 3, "PER")]], lambda _, span: span.start == 1) == {"PER": Counts(0, 1, 1)}
    assert "length-3+" not in slices


def test_seen_in_training_goes_by_surface_form_and_by_type() -> None:
    train = [post("JORDAN met nobody", [JORDAN]), post("Paris x", [Span(0, 1, "LOC")]), post("Rome", None)]
    gold = [post("Jordan in Paris by Rome", [JORDAN, Span(2, 3, "PER"), Span(4, 5, "LOC")])]
    slices = score_slices(gold, [[JORDAN]], train=train)
    supports = {name: slices[name].support for name in ("seen", "unseen", "seen-same-type", "seen-other-type")}
    assert supports == {"seen": 2, "unseen": 1, "seen-same-type": 1, "seen-other-type": 1}
    assert (slices["seen-same-type"].f1, slices["seen-other-type"].f1) == (100.0, 0.0)
    assert "seen" not in score_slices(gold, [[JORDAN]])


def test_post_slices_take_whole_posts(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(picture := tmp_path / "picture.png")
    gold = [post("Jordan x", [JORDAN], image=picture), post("Jordan x", [JORDAN])]
    slices = score_slices(gold, [[JORDAN, Span(1, 2, "ORG")], []])
    assert (slices["image"].precision, slices["image"].recall) == (50.0, 100.0)
    assert (slices["no-image"].recall, slices["no-image"].support) == (0.0, 1)


def test_a_picture_that_does_not_open_or_is_missing_is_none(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(picture := tmp_path / "picture.png")
    (broken := tmp_path / "broken.jpg").write_bytes(b"no picture")
    images = (picture, broken, tmp_path / "missing.jpg", None)
    slices = score_slices([post("Jordan x", [JORDAN], image=image) for image in images], [[JORDAN]] * 4)
    assert (slices["image"].support, slices["no-image"].support) == (1, 3)


def test_a_subset_without_entities_is_a_slice_of_posts() -> None:
    """What must not be found is a part of no gold: its posts count whole, predictions that touch no gold included."""
    decoy, none = {"decoys": frozenset[Span]()}, post("Monday", [], subsets={"decoys": frozenset()})
    gold = [post("Monday with Jordan", [Span(2, 3, "PER")], subsets=decoy), none, post("Jordan", [JORDAN])]
    predicted = [[Span(2, 3, "PER"), Span(0, 1, "PER")], [Span(0, 1, "PER")], []]
    decoys = score_slices(gold, predicted)["decoys"]
    assert (decoys.precision, decoys.recall, decoys.support) == (100 / 3, 100.0, 1)
    assert score_slices(gold, [[Span(2, 3, "PER")], [], []])["decoys"].f1 == 100.0


def test_strict_slices_leave_orphans_out() -> None:
    gold = [post("a b c", tags=["I-PER", "O", "B-PER"])]
    assert score_slices(gold, [[]])["length-1"].support == 2
    assert score_slices(gold, [[]], protocol="entity-strict")["length-1"].support == 1


def test_label_consistency_divides_the_names_that_training_knows_with_this_type() -> None:
    train = [post("Jordan x", [JORDAN]), post("Jordan x", [Span(0, 1, "LOC")]), post("Paris x", [Span(0, 1, "LOC")])]
    gold = [post("Jordan in Paris by Paris", [JORDAN, PARIS, Span(4, 5, "PER")])]
    slices = score_slices(gold, [[JORDAN]], train=train)
    names = ("seen-same-type", "consistent", "inconsistent", "seen-other-type")
    assert {name: slices[name].support for name in names} == dict(zip(names, (2, 1, 1, 1), strict=True))
    assert (slices["inconsistent"].f1, slices["consistent"].f1) == (100.0, 0.0)


def test_what_is_inside_an_entity() -> None:
    gold = [post("#Rio @kim \u2764 Kim\U0001f600 Lee", [Span(n, n + 1, "PER") for n in range(5)])]
    slices = score_slices(gold, [[Span(0, 1, "PER")]])
    assert {name: slices[name].support for name in ("hashtag", "mention", "emoji")} == {
        "hashtag": 1,
        "mention": 1,
        "emoji": 2,
    }
    assert (slices["hashtag"].f1, slices["mention"].f1) == (100.0, 0.0)


def test_posts_by_length_and_by_objects() -> None:
    thing = ImageObject("cat", (0, 0, 1, 1))
    lengths = {1: 0, 10: 1, 11: 2, 20: 3, 21: None}
    gold = [
        post("w " * (words - 1) + "w", [JORDAN], id=f"{words}", objects=None if number is None else (thing,) * number)
        for words, number in lengths.items()
    ]
    slices = score_slices(gold, [[JORDAN]] * 5)
    supports = {name: part.support for name, part in slices.items() if name.startswith(("words", "objects"))}
    assert supports == {
        "words-1-10": 2,
        "words-11-20": 2,
        "words-21+": 1,
        "objects-0": 1,
        "objects-1-2": 2,
        "objects-3+": 1,
    }


def test_relevance_divides_the_posts_that_have_one_into_thirds() -> None:
    gold = [post("Jordan x", [JORDAN], id=f"p{n}") for n in range(7)]
    predicted = [[JORDAN] if n < 3 else [] for n in range(7)]
    slices = score_slices(gold, predicted, relevance=[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, None])
    found = {name: (part.support, part.recall) for name, part in slices.items() if name.startswith("relevance")}
    assert found == {
        "relevance-low": (2, 100.0),
        "relevance-middle": (2, 50.0),
        "relevance-high": (2, 0.0),
    }
    same = score_slices(gold, predicted, relevance=[0.5] * 7)
    assert same["relevance-low"].support == 7
    assert "relevance-high" not in same


@given(tagged_splits())
def test_slices_that_partition_the_gold_add_up_to_it(tags: tuple[list[list[str]], list[list[str]]]) -> None:
    gold, predicted = split_of(tags[0]), [decode(row) for row in tags[1]]
    whole = score(gold, predicted)
    slices = score_slices(gold, predicted)
    for kind in ("length-", "words-"):
        assert sum(part.support for name, part in slices.items() if name.startswith(kind)) == whole.support
    rules = [lambda post: len(post.words) > 3, lambda post: len(post.words) <= 3]
    assert pool(posts_counts(gold, predicted, rule) for rule in rules) == posts_counts(gold, predicted, lambda _: True)


def test_posts_of_two_splits_with_one_id_have_a_relevance_each() -> None:
    gold = [post("Jordan", [JORDAN], id="0", split=split) for split in ("train", "valid", "test")]
    slices = score_slices(gold, [[JORDAN], [], [JORDAN]], relevance=[0.1, 0.5, 0.9])
    names = ("relevance-low", "relevance-middle", "relevance-high")
    assert [(slices[name].support, slices[name].recall) for name in names] == [(1, 100.0), (1, 0.0), (1, 100.0)]
    few = score_slices(gold, [[JORDAN], [], [JORDAN]], relevance=[0.1, None, 0.9])
    assert sum(part.support for name, part in few.items() if name in names) == 2, "the post without a value is in none"
