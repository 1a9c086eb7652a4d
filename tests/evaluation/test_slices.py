"""Slices: the rule, by hand, and what must hold for any predictions."""

from hypothesis import given

from mner_core.data.fingerprint import gold_fingerprint
from mner_core.evaluation.scoring import Counts, pool, score
from mner_core.evaluation.slices import entities_counts, posts_counts, score_slices
from mner_core.tags import decode
from mner_core.types import Span
from tests.evaluation.posts import WITH_IMAGE, post, split_of, tagged_splits

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


def test_post_slices_take_whole_posts() -> None:
    gold = [post("Jordan x", [JORDAN], image=WITH_IMAGE), post("Jordan x", [JORDAN])]
    slices = score_slices(gold, [[JORDAN, Span(1, 2, "ORG")], []])
    assert (slices["image"].precision, slices["image"].recall) == (50.0, 100.0)
    assert (slices["no-image"].recall, slices["no-image"].support) == (0.0, 1)


def test_strict_slices_leave_orphans_out() -> None:
    gold = [post("a b c", tags=["I-PER", "O", "B-PER"])]
    assert score_slices(gold, [[]])["length-1"].support == 2
    assert score_slices(gold, [[]], protocol="entity-strict")["length-1"].support == 1


@given(tagged_splits())
def test_slices_that_partition_the_gold_add_up_to_it(tags: tuple[list[list[str]], list[list[str]]]) -> None:
    gold, predicted = split_of(tags[0]), [decode(row) for row in tags[1]]
    whole = score(gold, predicted)
    slices = score_slices(gold, predicted)
    lengths = [part for name, part in slices.items() if name.startswith("length-")]
    assert sum(part.support for part in lengths) == whole.support
    rules = [lambda post: len(post.words) > 3, lambda post: len(post.words) <= 3]
    assert pool(posts_counts(gold, predicted, rule) for rule in rules) == posts_counts(gold, predicted, lambda _: True)
