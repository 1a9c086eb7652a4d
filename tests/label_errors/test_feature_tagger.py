"""The tagger of word features: what it learns, from which posts, and what it is asked about."""

from dataclasses import replace

import numpy as np

from mner_core.label_errors.cross_validation import HeldOutScores
from mner_core.label_errors.feature_tagger import feature_tagger_scores, word_features
from mner_core.types import Example, Span
from tests.label_errors.test_ranking import LABELS, invented_posts, post


def gold_probabilities(posts: list[Example], held_out: list[HeldOutScores]) -> list[float]:
    found = []
    for each in posts:
        (scores,) = [one for one in held_out if each.key in one.emissions]
        table = scores.marginals.table(scores.emissions[each.key], 3)
        found += [table.probability(span) for span in each.spans or ()]
    return found


def test_every_post_is_judged_once_by_a_tagger_of_the_other_parts() -> None:
    posts = invented_posts(120)
    held_out = feature_tagger_scores(posts, [], LABELS, 4, 0)
    assert len(held_out) == 4
    assert sorted(name for scores in held_out for name in scores.emissions) == sorted(each.key for each in posts)
    assert all(scores.emissions[name].shape[1] == 5 for scores in held_out for name in scores.emissions)
    assert np.median(gold_probabilities(posts, held_out)) > 0.7
    again = feature_tagger_scores(posts, [], LABELS, 4, 0)
    assert all(
        np.array_equal(one.emissions[name], two.emissions[name])
        for one, two in zip(held_out, again, strict=True)
        for name in one.emissions
    )


def test_what_it_says_of_a_post_does_not_follow_from_that_posts_labels() -> None:
    posts = invented_posts(60)
    changed = [posts[0].with_spans([Span(0, 1, "PER")]), *posts[1:]]
    (before,) = [one for one in feature_tagger_scores(posts, [], LABELS, 3, 0) if posts[0].key in one.emissions]
    (after,) = [one for one in feature_tagger_scores(changed, [], LABELS, 3, 0) if posts[0].key in one.emissions]
    assert np.array_equal(before.emissions[posts[0].key], after.emissions[posts[0].key])


def test_other_labelled_posts_are_learnt_from() -> None:
    few, others = invented_posts(130)[:10], invented_posts(130)[10:]
    alone = gold_probabilities(few, feature_tagger_scores(few, [], LABELS, 5, 0))
    helped = gold_probabilities(few, feature_tagger_scores(few, others, LABELS, 5, 0))
    assert np.mean(helped) > np.mean(alone) + 0.1


def test_posts_of_two_splits_with_one_id_have_their_own_scores() -> None:
    posts = invented_posts(60)
    numbered = [
        replace(each, id=str(place % 30), split=("train", "valid")[place // 30]) for place, each in enumerate(posts)
    ]
    expected, found = (
        [rows for scores in feature_tagger_scores(some, [], LABELS, 3, 0) for rows in scores.emissions.values()]
        for some in (posts, numbered)
    )
    assert len(found) == len(expected) == len(posts)
    assert all(np.array_equal(one, two) for one, two in zip(expected, found, strict=True))


def test_few_posts_and_unknown_types() -> None:
    one = post("a", ["Ann", "ran"], Span(0, 1, "PER"))
    assert feature_tagger_scores([one], [], LABELS, 5, 0) == []
    assert feature_tagger_scores([], [one], LABELS, 5, 0) == []
    (scores,) = feature_tagger_scores([one], invented_posts(30), LABELS, 5, 0)
    assert scores.emissions.keys() == {one.key}
    two = [post("a", ["Ann", "ran"], Span(0, 1, "ANIMAL")), post("b", ["so", "it", "goes"])]
    held_out = feature_tagger_scores(two, [], LABELS, 5, 0)
    assert len(held_out) == 2, "as many parts as different posts"
    for each in held_out:
        for emissions in each.emissions.values():
            outside = each.marginals.table(emissions, 1).outside[:, 0]
            assert np.all(outside > 0.99), "nobody has ever seen an entity of these types"


def test_features_look_at_words_as_they_are_written() -> None:
    first, second = list(word_features(["#McDonald's", "https://t.co/x"]))
    assert {"w=#mcdonald's", "bare=mcdonald's", "s=#XxXx.", "ends='s", "1s=link", "-1end"} <= set(first)
    assert {"s=link", "-1w=#mcdonald's", "2end", "s=#XxXx. link"} <= set(second)
