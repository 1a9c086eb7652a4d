"""What is in a data set and what its runs are worth: plain numbers, kept while the store stays the same."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from db.change_token import ChangeToken
from db.engine import Store
from db.evaluations import Evaluation, Judged, evaluate, judged
from db.gold import gold_posts
from db.mistake_cases import CHANGES, CaseFilter, Change, MistakesOf
from db.mistakes import Cell, cells
from mner_core.data.images import opens
from mner_core.types import Example, InputError, Span
from pages.mistakes.fairness import Fairness, fairness
from pages.shared.run_words import entities_of_unknown_types

_DRAWS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What is in a data set; `posts`, `entities`, `pictures` and `labelled` are by split."""

    posts: Mapping[str, int]
    labelled: Mapping[str, int]
    pictures: Mapping[str, int]
    entities: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunComparison:
    """What a run does otherwise than another one, on the same posts and a gold that is fair to both.

    `changes` counts mistakes by what became of them ("fixed", "broken", "wrong in both"), `by_type` does so for each
    entity type; `before` and `after` are the scores of the other run and of this one. `supported` says whether tests
    over the posts support that their F1 differs, `tested` what they say. `as_labelled` are the scores on the labels as
    they are, where `fair` took some of them back; else the same as `before` and `after`.
    """

    before: Evaluation
    after: Evaluation
    changes: Mapping[Change, int]
    by_type: Mapping[str, Mapping[Change, int]]
    supported: bool
    tested: str
    fair: Fairness
    as_labelled: tuple[Evaluation, Evaluation]


def count(posts: Sequence[Example]) -> Contents:
    """Counts posts, pictures that open, and entities by split."""
    entities: dict[str, Counter[str]] = {post.split: Counter() for post in posts}
    for post in posts:
        entities[post.split].update(span.label for span in post.spans or ())
    return Contents(
        posts=Counter(post.split for post in posts),
        labelled=Counter(post.split for post in posts if post.spans is not None),
        pictures=Counter(post.split for post in posts if opens(post.image)),
        entities=entities,
    )


@st.cache_data(max_entries=8, show_spinner="Counting posts and pictures")
def contents(_store: Store, now: ChangeToken, dataset: str, gold: str) -> Contents:  # noqa: ARG001  `now` is a key
    """What is in a data set under a gold; `now` is the store's change token."""
    return count([each.example for each in gold_posts(_store, dataset, gold)])


@st.cache_data(max_entries=64, show_spinner=False)
def measured(
    _store: Store,
    now: ChangeToken,  # noqa: ARG001  it is part of the cache's key
    run: str,
    dataset: str,
    split: str | None,
    gold: str,
) -> Evaluation | str:
    """A run's score, or the sentence that says why it has none; `now` is the store's change token."""
    try:
        return evaluate(_store, [run], dataset, split, gold)[0]
    except InputError as error:
        return str(error)


@st.cache_data(max_entries=64, show_spinner=False)
def unknown_to(
    _store: Store,
    now: ChangeToken,  # noqa: ARG001  it is part of the cache's key
    run: str,
    dataset: str,
    split: str | None,
    gold: str,
) -> str:
    """What is said of entities whose types a run does not know, empty where there is none; `now` as in `measured`."""
    examples = (each.example for each in gold_posts(_store, dataset, gold))
    return entities_of_unknown_types(run, dataset, [each for each in examples if split in (None, each.split)])


class _BeingCounted(RuntimeError):  # noqa: N818 - no error, and unlike an answer it is not kept
    """The mistakes of runs are being counted, so nothing can be said of them now."""


def comparison(
    store: Store, now: ChangeToken, runs: tuple[str, str], dataset: str, split: str | None, gold: str
) -> RunComparison | str:
    """What the second of two runs does otherwise than the first, or why that cannot be said; `now` as in `measured`."""
    try:
        return _comparison(store, now, runs, dataset, split, gold)
    except _BeingCounted:
        return "The mistakes of runs are being counted."


@st.cache_data(max_entries=16, show_spinner="Comparing the runs")
def _comparison(
    _store: Store,
    now: ChangeToken,  # noqa: ARG001  it is part of the cache's key
    runs: tuple[str, str],
    dataset: str,
    split: str | None,
    gold: str,
) -> RunComparison | str:
    try:
        fair = fairness(_store, runs, dataset, split, gold)
        as_labelled = evaluate(_store, runs, dataset, split, gold)
        before, after = evaluate(_store, runs, dataset, split, gold, fair_to=fair.fair_to)
        of = MistakesOf(run=runs[1], dataset=dataset, split=split, gold=gold, compare=runs[0], fair_to=fair.fair_to)
        found = cells(_store, of, CaseFilter())
    except InputError as error:
        return str(error)
    if found is None:
        raise _BeingCounted
    mine = judged(_store, runs[1], dataset, split, gold, fair.fair_to)
    others = {each.gold_post.post: each for each in judged(_store, runs[0], dataset, split, gold, fair.fair_to)}
    mine = [each for each in mine if each.gold_post.post in others]  # brought predictions may be of some posts only
    labels = sorted({cell.label for cell in found if cell.change} | set(after.score.per_type))
    supported, tested = _tested(mine, others)
    return RunComparison(
        before=before,
        after=after,
        changes=_changes(found),
        by_type={label: _changes(cell for cell in found if cell.label == label) for label in labels},
        supported=supported,
        tested=tested,
        fair=fair,
        as_labelled=(as_labelled[0], as_labelled[1]),
    )


def _changes(found: Iterable[Cell]) -> dict[Change, int]:
    """How many mistakes are fixed, broken, and wrong in both."""
    counts: Counter[Change | None] = Counter()
    for cell in found:
        counts[cell.change] += cell.number
    return {change: counts[change] for change in CHANGES}


def _tested(mine: Sequence[Judged], others: Mapping[int, Judged]) -> tuple[bool, str]:
    """Whether the two runs' F1 differs on these posts, and what the tests say; a quick look, with fewer draws."""
    from mner_core.evaluation.comparison import compare_spans  # scipy takes a second to load

    def said(each: Judged) -> list[Span]:
        return [mark.span for mark in each.prediction.marks]

    both = [(each, others[each.gold_post.post]) for each in mine if each.gold_post.post in others]
    gold = [frozenset(each.gold) for each, _ in both]
    try:
        found = compare_spans(gold, [[said(one) for one, _ in both]], [[said(two) for _, two in both]], draws=_DRAWS)
    except InputError as error:
        return False, str(error)
    return found.supported, found.sentence
