"""How far two labellings of the same posts agree: two people, a person and the gold, two releases of a data set.

Neither side is the truth: span F1 does not change when the sides change places (Hripcsak and Rothschild 2005: it is
what kappa tends to where the words without a label are not counted). Cohen's kappa (1960) is on words, whose class is
the type of the entity they are in, or none; since most words are in none, it is given for the words that either side
has marked as well (Brandsen et al. 2020).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mner_core.data.compare import on_common_words
from mner_core.evaluation.errors import Outcome, align
from mner_core.evaluation.scoring import Counts, Figures, count, pool
from mner_core.types import Example, InputError, Span, span_fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """A post in which the sides differ, and one place of it: the spans of either side, None where one has none.

    `kind` is "boundary", "type", "boundary and type", "only first" or "only second"; `split` is empty where posts have
    none.
    """

    post: str
    split: str = ""
    kind: str
    first: Span | None
    second: Span | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanAgreement:
    """Precision and recall of the second side against the first and their F1 (0..100); `support` is the first's spans.

    The three are None where neither side has marked a span: nothing was compared, so that 0 would be as wrong as 100.
    """

    precision: float | None
    recall: float | None
    f1: float | None
    support: int

    @classmethod
    def of(cls, counts: Counts) -> "SpanAgreement":
        """From the counts of the second side against the first."""
        if not counts.gold and not counts.predicted:
            return cls(precision=None, recall=None, f1=None, support=0)
        return cls(**asdict(counts.figures()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Agreement on spans and kappas (-1..1).

    `per_type` and `kappa_per_type` hold every type that either side has; `kappa_marked` is on the words that either
    side has marked. A kappa is None where one class holds all words on both sides.
    """

    posts: int
    words: int
    spans: SpanAgreement
    per_type: dict[str, Figures]
    kappa: float | None
    kappa_marked: float | None
    kappa_per_type: dict[str, float | None]
    disagreements: tuple[Disagreement, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON: the fields, spans as {"start", "end", "label"} in words, splits where posts have one."""
        record = asdict(self, dict_factory=span_fields)
        for each in record["disagreements"]:
            if not each["split"]:
                del each["split"]
        return record


def agreement(first: Sequence[Example], second: Sequence[Example]) -> Agreement:
    """Compares two labellings post by post; a text that one side has cut into other words, in the finer words of both.

    Raises:
        InputError: the posts are not the same, or one of them is not labelled.
    """
    _must_be_same(first, second)
    recut = [on_common_words(*pair) for pair in zip(first, second, strict=True)]
    first, second = [one for one, _ in recut], [other for _, other in recut]
    pairs = [
        (sorted(set(one.spans or ())), sorted(set(two.spans or ()))) for one, two in zip(first, second, strict=True)
    ]
    counts = pool(count(*pair) for pair in pairs)
    classes = [
        pair
        for post, (one, two) in zip(first, pairs, strict=True)
        for pair in zip(_classes(one, post), _classes(two, post), strict=True)
    ]
    return Agreement(
        posts=len(first),
        words=len(classes),
        spans=SpanAgreement.of(sum(counts.values(), Counts())),
        per_type={label: part.figures() for label, part in counts.items()},
        kappa=cohens_kappa(classes),
        kappa_marked=cohens_kappa([pair for pair in classes if pair != (None, None)]),
        kappa_per_type={label: cohens_kappa([(a == label, b == label) for a, b in classes]) for label in counts},
        disagreements=tuple(
            _disagreement(post, outcome)
            for post, pair in zip(first, pairs, strict=True)
            for outcome in align(*pair)
            if outcome.kind != "correct"
        ),
    )


def cohens_kappa(pairs: Sequence[tuple[object, object]]) -> float | None:
    """Agreement beyond chance, (observed - expected) / (1 - expected); None where chance alone agrees always."""
    number = len(pairs)
    if not number:
        return None
    observed = sum(one == other for one, other in pairs) / number
    ours, theirs = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    agreed_by_chance = sum(ours[each] * theirs[each] for each in ours)
    if agreed_by_chance == number**2:
        return None
    expected = agreed_by_chance / number**2
    return (observed - expected) / (1 - expected)


def _must_be_same(first: Sequence[Example], second: Sequence[Example]) -> None:
    if len(first) != len(second):
        raise InputError(f"Agreement needs the same posts on both sides, got {len(first)} and {len(second)}.")
    for one, two in zip(first, second, strict=True):
        if one.words != two.words and one.text != two.text:
            raise InputError(
                f"Agreement needs the same posts on both sides, but post {one.id!r} has another text there."
            )
        if one.spans is None or two.spans is None:
            raise InputError(f"Post {one.id!r} is not labelled on both sides; leave it out.")


def _classes(spans: Sequence[Span], post: Example) -> list[str | None]:
    """The type of the entity that each word is in; the first one's where entities overlap."""
    classes: list[str | None] = [None] * len(post.tokens)
    for span in reversed(spans):
        classes[span.start : span.end] = [span.label] * (span.end - span.start)
    return classes


def _disagreement(post: Example, outcome: Outcome) -> Disagreement:
    kinds = {"missed": "only first", "spurious": "only second"}
    text = post.span_text(outcome.place)
    kind = kinds.get(outcome.kind, outcome.kind)
    return Disagreement(
        post=post.id, split=post.split, kind=kind, first=outcome.gold, second=outcome.predicted, text=text
    )
