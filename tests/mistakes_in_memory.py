"""The mistakes of a run as lists made in memory, whole splits at a time: what the store's answers are held against."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from db.evaluations import Judged
from db.mistake_cases import CHANGES
from db.mistakes import StoredCase
from mner_core.evaluation.errors import Outcome, align
from mner_core.types import Span
from pages.mistakes.cases import PostCases
from pages.mistakes.filters import Filter


@dataclass(frozen=True, slots=True)
class Facts:
    """What a filter needs to know beyond the cases: names seen in training, corrected posts, pictures that open."""

    seen: frozenset[str] = frozenset()
    corrected: frozenset[int] = frozenset()
    opens: Callable[[Judged], bool] = field(default=lambda _: True)


def outcomes(judged: Judged) -> list[Outcome]:
    """Gold and predictions of one post, paired."""
    return align(judged.gold, (mark.span for mark in judged.prediction.marks))


def mistakes(judged: Iterable[Judged]) -> list[PostCases]:
    """The posts that hold a mistake, with all of them."""
    found = (PostCases(each, tuple(_cases(each))) for each in judged)
    return [post for post in found if post.cases]


def correct(judged: Iterable[Judged]) -> list[PostCases]:
    """The posts that hold an entity which was predicted as it is, with all of these as cases of the kind "correct"."""
    found = (PostCases(each, tuple(_cases(each, mistaken=False))) for each in judged)
    return [post for post in found if post.cases]


def compared(judged: Sequence[Judged], others: Mapping[int, Judged]) -> list[PostCases]:
    """The mistakes of a run and those that another run makes on the same posts, each marked as one of `CHANGES`.

    `others` is what the other run says, by post; a post that it has not looked at is left out.
    """
    found = []
    for each in judged:
        other = others.get(each.gold_post.post)
        if other is not None:
            found.append(PostCases(each, tuple(_compared(each, other))))
    return [post for post in found if post.cases]


def ordered(posts: Iterable[PostCases], order: str) -> list[PostCases]:
    """The posts in one of `db.mistakes.ORDERS`, the first where it is another word; equals go by their place."""
    by: dict[str, Callable[[PostCases], float]] = {
        "sure": lambda post: -max(_confidences(post), default=-1.0),
        "unsure": lambda post: min(_confidences(post), default=2.0),
        "most": lambda post: -len(post.cases),
        "file": lambda _: 0,
    }
    return sorted(posts, key=by.get(order, by["sure"]))


def _confidences(post: PostCases) -> list[float]:
    return [case.predicted.confidence for case in post.cases if case.predicted]


def _cases(judged: Judged, mistaken: bool = True) -> Iterable[StoredCase]:
    said = {mark.span: mark for mark in judged.prediction.marks}
    for outcome in outcomes(judged):
        if (outcome.kind != "correct") == mistaken:
            yield StoredCase(outcome=outcome, predicted=said[outcome.predicted] if outcome.predicted else None)


def _compared(judged: Judged, other: Judged) -> Iterable[StoredCase]:
    """A gold entity is a mistake of a run that does not find it, a spurious one of a run that makes it up."""
    mine = {_subject(case): case for case in _cases(judged)}
    theirs = {_subject(case): case for case in _cases(other)}
    for subject in sorted(mine.keys() | theirs.keys()):
        if subject not in mine:
            case, change = theirs[subject], CHANGES[0]
        else:
            case, change = mine[subject], CHANGES[2 if subject in theirs else 1]
        yield replace(case, change=change)


def _subject(case: StoredCase) -> tuple[Span, bool]:
    return case.outcome.place, case.outcome.gold is None


def gold_label(case: StoredCase) -> str:
    """The type in the gold, "none" where there is no entity."""
    return case.outcome.gold.label if case.outcome.gold else "none"


def predicted_label(case: StoredCase) -> str:
    """The type that was predicted, "none" where nothing was."""
    return case.outcome.predicted.label if case.outcome.predicted else "none"


def words_in(judged: Judged, place: Span) -> int:
    """How many words of the gold's tokenisation a place touches."""
    tokens = judged.gold_post.example.tokens
    return sum(token.start < place.end and place.start < token.end for token in tokens)


def matching(posts: Iterable[PostCases], wanted: Filter, facts: Facts) -> list[PostCases]:
    """The posts that still hold a case after filtering, with those cases alone."""
    kept = (
        PostCases(post.judged, tuple(case for case in post.cases if _case_fits(case, post.judged, wanted, facts)))
        for post in posts
        if post_fits(post.judged, wanted, facts)
    )
    return [post for post in kept if post.cases]


def facet(posts: Iterable[PostCases], wanted: Filter, facts: Facts, name: str) -> Mapping[str, int]:
    """How many cases each value of one field would leave, under all other fields of the filter."""
    others: Any = {name: ""}
    left = matching(posts, replace(wanted, **others), facts)
    return Counter(str(_value(case, name)) for post in left for case in post.cases)


def post_fits(judged: Judged, wanted: Filter, facts: Facts) -> bool:
    """Whether a post is one of those that the filter asks for, whatever mistakes it holds."""
    if wanted.picture and wanted.picture != _picture(judged, facts):
        return False
    return not wanted.labels or (judged.gold_post.post in facts.corrected) == (wanted.labels == "corrected")


def _picture(judged: Judged, facts: Facts) -> str:
    if judged.gold_post.example.image_name is None:
        return "without"
    return "with" if facts.opens(judged) else "broken"


def surface(judged: Judged, case: StoredCase) -> str:
    """The words of an entity, with single spaces and without regard to case: what makes two mentions the same name."""
    place = case.outcome.place
    tokens = judged.gold_post.example.tokens
    return " ".join(token.text for token in tokens if token.start < place.end and place.start < token.end).casefold()


def _case_fits(case: StoredCase, judged: Judged, wanted: Filter, facts: Facts) -> bool:
    for name in ("kind", "type", "pair", "change"):
        asked = getattr(wanted, name)
        if asked and _value(case, name) != asked:
            return False
    if wanted.length and str(min(words_in(judged, case.outcome.place), 3)) != wanted.length:
        return False
    return not wanted.name or (surface(judged, case) in facts.seen) == (wanted.name == "seen")


def _value(case: StoredCase, name: str) -> str:
    if name == "pair":
        return f"{gold_label(case)}>{predicted_label(case)}"
    return str({"kind": case.outcome.kind, "type": case.outcome.place.label, "change": case.change}[name])
