"""Scores on named parts of the gold: ambiguous names, entities seen in training, posts without a picture.

The rule, which every number here follows:

- A slice of *entities* takes the gold spans that belong to it, and those predictions that share a word with one of
  them. A prediction that touches no gold span is in no such slice, and one that touches two slices counts in both:
  precision there says how well the model did around these entities, and the counts do not add up to the whole.
- A slice of *posts* takes everything in them, gold and predicted, so such slices partition the counts.

Every slice carries the fingerprint of the whole gold it was cut from.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from mner_core.data.fingerprint import gold_fingerprint
from mner_core.data.images import opens
from mner_core.evaluation.gold import gold_entities
from mner_core.evaluation.scoring import Counts, Score, count, from_counts, pool
from mner_core.types import Example, Span

EntityRule: TypeAlias = Callable[[Example, Span], bool]
PostRule: TypeAlias = Callable[[Example], bool]

_EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f]")

_POST_RULES: Mapping[str, PostRule] = {
    "image": lambda post: opens(post.image),
    "no-image": lambda post: not opens(post.image),
    "words-1-10": lambda post: len(post.tokens) <= 10,
    "words-11-20": lambda post: 11 <= len(post.tokens) <= 20,
    "words-21+": lambda post: len(post.tokens) >= 21,
    "objects-0": lambda post: post.objects is not None and not post.objects,
    "objects-1-2": lambda post: 1 <= len(post.objects or ()) <= 2,
    "objects-3+": lambda post: len(post.objects or ()) >= 3,
}
_ENTITY_RULES: Mapping[str, EntityRule] = {
    "length-1": lambda _, span: span.end - span.start == 1,
    "length-2": lambda _, span: span.end - span.start == 2,
    "length-3+": lambda _, span: span.end - span.start >= 3,
    "hashtag": lambda post, span: "#" in post.span_text(span),
    "mention": lambda post, span: "@" in post.span_text(span),
    "emoji": lambda post, span: _EMOJI.search(post.span_text(span)) is not None,
}

TITLES: Mapping[str, str] = {
    "image": "posts with a picture",
    "no-image": "posts without a picture",
    "words-1-10": "posts of 1 to 10 words",
    "words-11-20": "posts of 11 to 20 words",
    "words-21+": "posts of 21 words and more",
    "objects-0": "no object in the picture",
    "objects-1-2": "1 or 2 objects in the picture",
    "objects-3+": "3 objects and more in the picture",
    "relevance-low": "picture far from the text",
    "relevance-middle": "picture in between",
    "relevance-high": "picture close to the text",
    "length-1": "entities of 1 word",
    "length-2": "entities of 2 words",
    "length-3+": "entities of 3 words and more",
    "hashtag": "entities with a hashtag inside",
    "mention": "entities with a mention inside",
    "emoji": "entities with an emoji inside",
    "seen": "names seen in training",
    "unseen": "names not seen in training",
    "seen-same-type": "names seen with their type",
    "seen-other-type": "names seen with other types only",
    "consistent": "names seen with their type alone",
    "inconsistent": "names seen with their type and others",
}
"""What people call a slice; a subset of the data set is called by its own name."""


def score_slices(
    gold: Sequence[Example],
    predicted: Sequence[Sequence[Span]],
    *,
    train: Sequence[Example] = (),
    relevance: Sequence[float | None] = (),
    protocol: str = "entity",
    entities: Sequence[AbstractSet[Span]] | None = None,
) -> dict[str, Score]:
    """The scores of all slices that have something in them, by name. `entities` are the gold's, where they are known.

    Of posts: `image` and `no-image` (whether it has a picture that opens); `words-1-10`, `words-11-20`, `words-21+`;
    `objects-0`, `objects-1-2`, `objects-3+` (of posts whose objects are known); and where `relevance` says of each post
    how much its image has to do with its text (None where that is not known), `relevance-low`, `-middle` and `-high`:
    the thirds of these posts, equal values in one third.

    Of entities: `length-1`, `length-2`, `length-3+` words; `hashtag`, `mention`, `emoji` (one is inside); where `train`
    posts are given, `seen` and `unseen` (the surface form is an entity there, of whatever type), `seen-same-type` and
    `seen-other-type` (of this type, or only of others), and of the former `consistent` and `inconsistent` (of no other
    type, or of others as well); and one slice for each name in `Example.subsets`, which takes the place of any of these
    that has its name. A subset that is empty wherever it is named has no entities of its own: it is a slice of the
    posts that name it.
    """
    names = sorted({name for post in gold for name in post.subsets})
    of_entities = [name for name in names if any(post.subsets.get(name) for post in gold)]
    of_posts = {name: _with_subset(name) for name in names if name not in of_entities}
    entity_rules = {**_ENTITY_RULES, **_seen_rules(train), **{name: _in_subset(name) for name in of_entities}}
    post_rules = {**_POST_RULES, **_relevance_rules(gold, relevance), **of_posts}
    entities = gold_entities(gold, protocol) if entities is None else entities
    counted = [replace(post, spans=tuple(sorted(true))) for post, true in zip(gold, entities, strict=True)]
    parts = {name: posts_counts(counted, predicted, rule) for name, rule in post_rules.items()}
    parts |= {name: entities_counts(counted, predicted, rule) for name, rule in entity_rules.items()}
    fingerprint = gold_fingerprint(gold)
    return {
        name: from_counts(counts, protocol=protocol, gold_sha256=fingerprint)
        for name, counts in parts.items()
        if counts
    }


def entities_counts(
    gold: Sequence[Example], predicted: Sequence[Sequence[Span]], belongs: EntityRule
) -> dict[str, Counts]:
    """Pooled counts, label by label, of the gold entities that belong and the predictions that overlap one of them."""

    def counts(post: Example, spans: Sequence[Span]) -> dict[str, Counts]:
        part = [span for span in post.spans or () if belongs(post, span)]
        return count(part, (span for span in spans if any(span.overlaps(other) for other in part)))

    return pool(counts(post, spans) for post, spans in zip(gold, predicted, strict=True))


def posts_counts(gold: Sequence[Example], predicted: Sequence[Sequence[Span]], belongs: PostRule) -> dict[str, Counts]:
    """Pooled counts, label by label, of everything in the posts that belong."""
    pairs = zip(gold, predicted, strict=True)
    return pool(count(post.spans or (), spans) for post, spans in pairs if belongs(post))


def surface_form(post: Example, span: Span) -> str:
    """An entity's words with single spaces between them, case folded: what makes two mentions the same name.

    Of one that begins or ends inside a word, its own characters.
    """
    own = (token.text for token in post.tokens[span.start : span.end])
    return " ".join(post.span_text(span).split() if span.chars else own).casefold()


def seen_types(train: Sequence[Example]) -> dict[str, set[str]]:
    """For each surface form that is an entity in `train`, the types it has there. Unlabelled posts add nothing."""
    types: dict[str, set[str]] = {}
    for post in train:
        for span in post.spans or ():
            types.setdefault(surface_form(post, span), set()).add(span.label)
    return types


def _in_subset(name: str) -> EntityRule:
    return lambda post, span: span in post.subsets.get(name, frozenset())


def _relevance_rules(gold: Sequence[Example], relevance: Sequence[float | None]) -> dict[str, PostRule]:
    known = {post.key: value for post, value in zip(gold, relevance, strict=False) if value is not None}
    if not known:
        return {}
    low, high = np.quantile(list(known.values()), [1 / 3, 2 / 3])
    return {
        "relevance-low": lambda post: post.key in known and known[post.key] <= low,
        "relevance-middle": lambda post: post.key in known and low < known[post.key] <= high,
        "relevance-high": lambda post: post.key in known and known[post.key] > high,
    }


def _with_subset(name: str) -> PostRule:
    return lambda post: name in post.subsets


def _seen_rules(train: Sequence[Example]) -> dict[str, EntityRule]:
    if not train:
        return {}
    types = seen_types(train)

    def seen_as(post: Example, span: Span) -> set[str]:
        return types.get(surface_form(post, span), set())

    return {
        "seen": lambda post, span: bool(seen_as(post, span)),
        "unseen": lambda post, span: not seen_as(post, span),
        "seen-same-type": lambda post, span: span.label in seen_as(post, span),
        "consistent": lambda post, span: seen_as(post, span) == {span.label},
        "inconsistent": lambda post, span: span.label in seen_as(post, span) and len(seen_as(post, span)) > 1,
        "seen-other-type": lambda post, span: bool(seen_as(post, span)) and span.label not in seen_as(post, span),
    }
