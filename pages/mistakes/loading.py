"""From the store to the cases of one selection."""

from dataclasses import dataclass

import streamlit as st

from db.change_token import newest_event
from db.engine import Store
from db.evaluations import Judged, judged
from db.gold import CURRENT, ORIGINAL, examples
from db.posts import GOLD
from db.predictions import PostPrediction, predictions
from db.worklists import queue
from mner_core.data.images import opens
from mner_core.evaluation.slices import seen_types
from pages.mistakes.cases import PostCases, compared, mistakes
from pages.mistakes.fairness import fairness
from pages.mistakes.filters import Facts, Filter
from pages.shared.selection import Selection


@dataclass(frozen=True, slots=True)
class Found:
    """All labelled posts that the run has looked at, and those of them with a mistake in it."""

    judged: list[Judged]
    cases: list[PostCases]


def load(store: Store, chosen: Selection, compare: bool = True) -> Found:
    """What the selection's run says on its gold; with `compare`, beside the second run, where one is chosen.

    Two runs are compared on labels that are fair to both.

    Raises:
        InputError: the run is gone.
    """
    if chosen.dataset is None or chosen.run is None:
        return Found([], [])
    asked = (chosen.dataset, chosen.split, chosen.gold)
    if not compare or chosen.compare is None:
        mine = judged(store, chosen.run, *asked)
        return Found(mine, mistakes(mine))
    fair_to = fairness(store, (chosen.compare, chosen.run), *asked).fair_to
    mine = judged(store, chosen.run, *asked, fair_to)
    theirs = judged(store, chosen.compare, *asked, fair_to)
    others = {each.gold_post.post: each for each in theirs}
    both = [each for each in mine if each.gold_post.post in others]
    return Found(both, compared(both, others))


def facts(store: Store, chosen: Selection, wanted: Filter) -> Facts:
    """What the filter needs to know of the store; only what it asks for is looked up."""
    assert chosen.dataset is not None, "a filter is applied to the posts of a data set"
    track = GOLD if chosen.gold in (CURRENT, ORIGINAL) else chosen.gold
    return Facts(
        seen=_names_in_training(store, chosen.dataset) if wanted.name else frozenset(),
        corrected=frozenset(queue(store, chosen.dataset, "corrected", track, chosen.split)) if wanted.labels else _NONE,
        opens=lambda each: opens(each.gold_post.example.image),
    )


def stored_prediction(store: Store, chosen: Selection, post: int) -> PostPrediction | None:
    """What the selection's run said of a post when it read all; None where it has not read it.

    The answers for one split are kept for the session until a job does something: nothing else changes them.
    """
    if chosen.run is None:
        return None
    key = (chosen.dataset, chosen.split, chosen.run, newest_event(store))
    kept = st.session_state.get(_MEMORY)
    if kept is None or kept[0] != key or post not in kept[1]:
        kept = (key, predictions(store, chosen.run, chosen.dataset, chosen.split))
        st.session_state[_MEMORY] = kept
    found: PostPrediction | None = kept[1].get(post)
    return found


_MEMORY = "stored predictions"
_NONE: frozenset[int] = frozenset()


@st.cache_data(max_entries=8, ttl=600, show_spinner="Looking up the names of the training posts")
def _names_in_training(_store: Store, dataset: str) -> frozenset[str]:
    """The entities of the imported training posts, without regard to case."""
    return frozenset(seen_types(examples(_store, dataset, ORIGINAL, "train")))
