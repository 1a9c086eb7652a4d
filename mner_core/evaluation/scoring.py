"""Precision, recall and F1 of predicted entities against gold, by the protocols that count post by post.

An entity is right when its words and its type are exactly the gold ones. Counts are pooled over the whole split, never
averaged over posts or batches: a split's score is the sum of its posts' counts, and a corrected post re-scores alone.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mner_core.data.fingerprint import gold_fingerprint
from mner_core.evaluation.gold import gold_entities, gold_spans, protocol_named
from mner_core.tags import Scheme
from mner_core.types import Example, InputError, Span


@dataclass(frozen=True, slots=True)
class Counts:
    """How many entities were right, predicted and in the gold. Adding two counts pools them."""

    true_positives: int = 0
    predicted: int = 0
    gold: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.true_positives + other.true_positives, self.predicted + other.predicted, self.gold + other.gold
        )

    def figures(self) -> "Figures":
        """Percentages; 0 where nothing was predicted or nothing was there to find."""
        return Figures(
            precision=_percent(self.true_positives, self.predicted),
            recall=_percent(self.true_positives, self.gold),
            f1=_percent(2 * self.true_positives, self.predicted + self.gold),
            support=self.gold,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Precision, recall and F1, each 0..100, and the number of gold entities that they rest on."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What a protocol says of a split: micro figures over all types, each type's own, and what they were measured on.

    `macro` is the plain mean over the types that occur in gold or predictions; its support is the total.
    """

    micro: Figures
    macro: Figures
    per_type: Mapping[str, Figures]
    protocol: str
    gold_sha256: str

    @property
    def precision(self) -> float:
        """Micro precision, 0..100."""
        return self.micro.precision

    @property
    def recall(self) -> float:
        """Micro recall, 0..100."""
        return self.micro.recall

    @property
    def f1(self) -> float:
        """Micro F1, 0..100."""
        return self.micro.f1

    @property
    def support(self) -> int:
        """The number of gold entities."""
        return self.micro.support

    def to_json(self) -> dict[str, Any]:
        """The object that `evaluate --json` and `score --json` print."""
        return {
            "protocol": self.protocol,
            **asdict(self.micro),
            "macro": asdict(self.macro),
            "per_type": {label: asdict(figures) for label, figures in self.per_type.items()},
            "gold_sha256": self.gold_sha256,
        }


def per_post(
    gold: Example, predicted: Sequence[Span], protocol: str = "entity", scheme: Scheme = "BIO2"
) -> dict[str, Counts]:
    """One post's counts for each label that occurs in it; adding them over the posts of a split gives its score.

    `scheme` is that of the whole file (`gold.scheme_of`).

    Raises:
        InputError: the protocol is unknown, or nobody has labelled the post.
    """
    return count(gold_spans(gold, protocol, scheme), predicted)


def count(gold: Iterable[Span], predicted: Iterable[Span]) -> dict[str, Counts]:
    """Counts for each label of either side; a span that is given twice counts once."""
    gold, predicted = set(gold), set(predicted)
    return {
        label: Counts(
            sum(span.label == label for span in gold & predicted),
            sum(span.label == label for span in predicted),
            sum(span.label == label for span in gold),
        )
        for label in sorted({span.label for span in gold | predicted})
    }


def pool(parts: Iterable[Mapping[str, Counts]]) -> dict[str, Counts]:
    """The sum of several posts' counts, label by label, labels in alphabetical order."""
    total: dict[str, Counts] = {}
    for part in parts:
        for label, counts in part.items():
            total[label] = total.get(label, Counts()) + counts
    return dict(sorted(total.items()))


def from_counts(counts: Mapping[str, Counts], *, protocol: str, gold_sha256: str) -> Score:
    """The score that pooled counts amount to."""
    micro = sum(counts.values(), Counts()).figures()
    per_type = {label: part.figures() for label, part in counts.items()}
    return from_figures(micro, per_type, protocol=protocol, gold_sha256=gold_sha256)


def from_figures(micro: Figures, per_type: Mapping[str, Figures], *, protocol: str, gold_sha256: str) -> Score:
    """The score with these figures over all types and of each."""
    return Score(
        micro=micro,
        macro=_mean(list(per_type.values()), micro.support),
        per_type=per_type,
        protocol=protocol,
        gold_sha256=gold_sha256,
    )


def score(
    gold: Sequence[Example],
    predicted: Sequence[Sequence[Span]],
    protocol: str = "entity",
    scheme: Scheme | None = None,
) -> Score:
    """Scores predicted spans, one sequence a post, against labelled posts.

    `scheme` is how the gold's tags are to be read; None decides it from the gold itself.

    Raises:
        InputError: the protocol is unknown, a post is not labelled, or the numbers of posts differ.
    """
    protocol_named(protocol)
    must_match(gold, predicted)
    entities = gold_entities(gold, protocol, scheme)
    counts = pool(count(true, spans) for true, spans in zip(entities, predicted, strict=True))
    return from_counts(counts, protocol=protocol, gold_sha256=gold_fingerprint(gold))


def must_match(gold: Sequence[Example], predicted: Sequence[object]) -> None:
    """Refuses predictions for more or fewer posts than there are, and posts that nobody has labelled.

    Raises:
        InputError: either is so.
    """
    if len(gold) != len(predicted):
        raise InputError(
            f"There are {len(gold)} gold posts but predictions for {len(predicted)}; they must be the same posts."
        )
    for post in gold:
        if post.spans is None:
            raise InputError(f"Post {post.id!r} has no labels that could be scored; label it or leave it out.")


def post_digest(post: Example) -> str:
    """A sha256 of the post's words: says whether a run has seen the post, whatever its labels were then."""
    return hashlib.sha256(json.dumps(post.words).encode()).hexdigest()


def _percent(part: int, whole: int) -> float:
    return 100.0 * part / whole if whole else 0.0


def _mean(figures: Sequence[Figures], support: int) -> Figures:
    number = max(len(figures), 1)
    return Figures(
        precision=sum(each.precision for each in figures) / number,
        recall=sum(each.recall for each in figures) / number,
        f1=sum(each.f1 for each in figures) / number,
        support=support,
    )
