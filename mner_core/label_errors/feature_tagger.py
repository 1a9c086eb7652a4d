"""A tagger without a net: logistic regression on each word's features, with the tags' transitions as counted.

It trains in seconds, so that it may read all labelled posts of a data set, and it looks at words as they are written,
where an encoder looks at what they mean: the two err in different places. Features as in Ratinov and Roth 2009 (Design
Challenges and Misconceptions in Named Entity Recognition), without lists of names. A word's scores are
log p(tag | word) - log p(tag), a hybrid of classifier and Markov chain (Bourlard and Morgan 1994, Connectionist Speech
Recognition).
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from mner_core.label_errors.crf_marginals import IMPOSSIBLE, CrfMarginals
from mner_core.label_errors.cross_validation import HeldOutScores, folds
from mner_core.tags import encode, may_follow, tag_set
from mner_core.types import Example

BUCKETS = 2**18
"""Columns that features are hashed into."""
STRENGTH, PASSES = 3e-5, 12
"""L2 penalty, and passes over the words: of 3e-6, 1e-5 and 3e-5 the last gave gold spans of the Twitter sets' valid
posts the highest probability, by a tagger trained on train."""
CHAIN = 0.7
"""Weight of the transitions: part of what they say is in the neighbours' features already."""
LEAST = 1e-6


def feature_tagger_scores(
    posts: Sequence[Example], others: Sequence[Example], labels: Sequence[str], count: int, seed: int
) -> list[HeldOutScores]:
    """The scores of a tagger for each of `count` parts of the posts, trained on the other parts and on `others`.

    Spans of types that are not among `labels` count as outside. Where the posts are too few for so many parts, each
    different post is a part of its own; a single one is judged by `others` alone, or by nobody.
    """
    posts, others = [[post for post in some if post.tokens and post.spans is not None] for some in (posts, others)]
    different = len({post.words for post in posts})
    if different < 2:
        return [_trained_on(others, posts, labels, seed)] if posts and others else []
    parts = folds(posts, min(count, different), seed)
    return [
        _trained_on([*others, *(post for other in parts if other is not part for post in other)], part, labels, seed)
        for part in parts
    ]


def _trained_on(train: Sequence[Example], asked: Sequence[Example], labels: Sequence[str], seed: int) -> HeldOutScores:
    # imported where labels are ranked: it costs seconds that no other command should pay
    from sklearn.feature_extraction import FeatureHasher
    from sklearn.linear_model import SGDClassifier

    tags = tag_set(labels, "BIO2")
    paths = [_path(post, labels, tags) for post in train]
    hasher = FeatureHasher(BUCKETS, input_type="string", alternate_sign=False)
    classifier = SGDClassifier(
        loss="log_loss", alpha=STRENGTH, max_iter=PASSES, tol=None, average=True, random_state=seed
    )
    given = np.concatenate(paths)
    words = hasher.transform(features for post in asked for features in word_features(post.words))
    chances = np.zeros((words.shape[0], len(tags)))
    if len(set(given.tolist())) > 1:
        classifier.fit(hasher.transform(each for post in train for each in word_features(post.words)), given)
        chances[:, classifier.classes_] = classifier.predict_proba(words)
    else:
        chances[:, given[0]] = 1.0
    scores = np.log(np.maximum(chances, LEAST))
    pieces = np.split(scores, np.cumsum([len(post.tokens) for post in asked])[:-1])
    return HeldOutScores(
        _chain(paths, labels, tags), {post.key: piece for post, piece in zip(asked, pieces, strict=True)}
    )


def word_features(words: Sequence[str]) -> Iterator[list[str]]:
    """Of each word: itself, its shape, beginning and ends, and words and shapes in a window of two on both sides."""
    shapes = [_shape(word) for word in words]
    folded = [word.casefold() for word in words]
    for place, word in enumerate(folded):
        bare = word.lstrip("#@")
        found = ["bias", f"w={word}", f"bare={bare}", f"s={shapes[place]}"]
        found += [f"begins={bare[:3]}", f"ends={bare[-2:]}", f"ends={bare[-3:]}"]
        around = {step: place + step for step in (-2, -1, 1, 2)}
        for step, other in around.items():
            inside = 0 <= other < len(words)
            found += [f"{step}w={folded[other]}", f"{step}s={shapes[other]}"] if inside else [f"{step}end"]
        before = folded[place - 1] if place else ""
        after = folded[place + 1] if place + 1 < len(words) else ""
        found += [f"{before} {word}<", f">{word} {after}", "s=" + " ".join(shapes[max(place - 1, 0) : place + 2])]
        yield found


def _shape(word: str) -> str:
    """Capitals, small letters, digits and the rest, a run as one: "McDonald's" is XxXx.x."""
    if word.casefold().startswith(("http://", "https://")):
        return "link"
    return "".join(sign for sign, _ in groupby(map(_sign, word)))[:6]


def _sign(character: str) -> str:
    if character.isalpha():
        return "X" if character.isupper() else "x"
    return "0" if character.isdigit() else character if character in "#@" else "."


def _path(post: Example, labels: Sequence[str], tags: Sequence[str]) -> NDArray[np.int64]:
    spans = [span for span in post.spans or () if span.label in labels]
    return np.array([tags.index(tag) for tag in encode(spans, len(post.tokens), "BIO2")])


def _chain(paths: Sequence[NDArray[np.int64]], labels: Sequence[str], tags: Sequence[str]) -> CrfMarginals:
    """Transitions as counted, half a count added to each that may be; over the tags' own frequency."""
    pairs, starts, single = (np.full(shape, 0.5) for shape in ((len(tags), len(tags)), len(tags), len(tags)))
    for path in paths:
        np.add.at(pairs, (path[:-1], path[1:]), 1)
        np.add.at(single, path, 1)
        starts[path[0]] += 1
    frequency = np.log(single / single.sum())
    steps = CHAIN * (np.log(pairs / pairs.sum(axis=1, keepdims=True)) - frequency)
    first = CHAIN * (np.log(starts / starts.sum()) - frequency)
    for place, tag in enumerate(tags):
        if not may_follow(None, tag, "BIO2"):
            first[place] = IMPOSSIBLE
        for before, other in enumerate(tags):
            if not may_follow(other, tag, "BIO2"):
                steps[before, place] = IMPOSSIBLE
    return CrfMarginals(labels=tuple(labels), scheme="BIO2", steps=steps, starts=first, ends=np.zeros(len(tags)))
