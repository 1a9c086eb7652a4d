"""The mistakes of a run as a list that can be filtered and ordered: no screen, no store, plain functions.

A mistake is a gold entity and a predicted one that do not agree (see `mner_core.evaluation.errors`), or one without the
other. All places count code points of the post's text.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from db.evaluations import Judged
from db.mistake_cases import CHANGES, Change
from db.predictions import PredictedMark
from mner_core.evaluation.errors import NONE, Kind, Outcome, align
from mner_core.types import Span

MISTAKES: tuple[Kind, ...] = ("type", "boundary", "boundary and type", "missed", "spurious")


@dataclass(frozen=True, slots=True)
class Case:
    """One mistake, or one right prediction.

    What is there (`gold`) and what the run says (`predicted`); one of the two may be missing.
    `change` says how the run differs from the one it is compared with, None where there is none. A case that is
    `fixed` is the other run's mistake, and `predicted` what the other run said.
    """

    outcome: Outcome
    predicted: PredictedMark | None
    words: int
    change: Change | None = None

    @property
    def kind(self) -> Kind:
        """Which kind of mistake it is."""
        return self.outcome.kind

    @property
    def gold_label(self) -> str:
        """The type in the gold, "none" where there is no entity."""
        return self.outcome.gold.label if self.outcome.gold else NONE

    @property
    def predicted_label(self) -> str:
        """The type that was predicted, "none" where nothing was."""
        return self.outcome.predicted.label if self.outcome.predicted else NONE

    @property
    def label(self) -> str:
        """The type that the case is filed under: that of the gold, or the predicted one where there is no gold."""
        return self.outcome.place.label


@dataclass(frozen=True, slots=True)
class PostCases:
    """A post with its mistakes, in the order of the text."""

    judged: Judged
    cases: tuple[Case, ...]

    @property
    def post(self) -> int:
        """The post's number in the store."""
        return self.judged.gold_post.post

    @property
    def surest(self) -> float:
        """The largest confidence of a wrong prediction; -1 where every mistake is a missed entity."""
        return max((case.predicted.confidence for case in self.cases if case.predicted), default=-1.0)

    @property
    def least_sure(self) -> float:
        """The smallest confidence of a wrong prediction; 2 where every mistake is a missed entity."""
        return min((case.predicted.confidence for case in self.cases if case.predicted), default=2.0)


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
    by = {
        "sure": lambda post: -post.surest,
        "unsure": lambda post: post.least_sure,
        "most": lambda post: -len(post.cases),
        "file": lambda _: 0,
    }
    return sorted(posts, key=by.get(order, by["sure"]))


def _cases(judged: Judged, mistaken: bool = True) -> Iterable[Case]:
    said = {mark.span: mark for mark in judged.prediction.marks}
    for outcome in outcomes(judged):
        if (outcome.kind != "correct") == mistaken:
            words = words_in(judged, outcome.place)
            yield Case(outcome, said[outcome.predicted] if outcome.predicted else None, words)


def _compared(judged: Judged, other: Judged) -> Iterable[Case]:
    """A gold entity is a mistake of a run that does not find it, a spurious one of a run that makes it up."""
    mine = {_subject(case): case for case in _cases(judged)}
    theirs = {_subject(case): case for case in _cases(other)}
    for subject in sorted(mine.keys() | theirs.keys()):
        if subject not in mine:
            case, change = theirs[subject], CHANGES[0]
        else:
            case, change = mine[subject], CHANGES[2 if subject in theirs else 1]
        yield Case(case.outcome, case.predicted, case.words, change)


def _subject(case: Case) -> tuple[Span, bool]:
    return case.outcome.place, case.outcome.gold is None


def words_in(judged: Judged, place: Span) -> int:
    """How many words of the gold's tokenisation a place touches."""
    tokens = judged.gold_post.example.tokens
    return sum(token.start < place.end and place.start < token.end for token in tokens)
