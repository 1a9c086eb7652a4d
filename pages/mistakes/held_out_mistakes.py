"""The posts on which a model that has not seen them and the labels of now disagree."""

import streamlit as st

from db.change_token import newest_revision
from db.engine import Store
from db.held_out_results import HeldOut, judged_held_out, newest_held_out
from db.outcomes import parts
from db.posts import GOLD
from db.revision_states import posts_since
from mner_core.home import Home

_NONE = -1.0
"""Less than any confidence: every mistake is a missed entity."""


def held_out_mistakes(store: Store, dataset: str) -> list[int]:
    """These posts, surest mistakes first; empty where nobody has had them judged."""
    found = newest_held_out(store, dataset)
    if found is None:
        return []
    until, wrong = _judged_once(store, found, store.home, dataset, found.job.id)
    with store.read() as session:
        changed = set(session.scalars(posts_since(GOLD, until)))
    now = {**wrong, **dict.fromkeys(changed)}
    now |= _wrong_among(store, dataset, found, [post for post in changed if post in found.said])
    surest = {post: sure for post in found.said if (sure := now.get(post)) is not None}
    return sorted(surest, key=lambda post: -surest[post])


@st.cache_resource(max_entries=4, show_spinner="Comparing labels with what models say of posts they have not seen")
def _judged_once(
    _store: Store,
    _found: HeldOut,
    home: Home,  # noqa: ARG001  it is part of the cache's key, as the job is
    dataset: str,
    job: int,  # noqa: ARG001
) -> tuple[int, dict[int, float]]:
    """What was wrong at the moment that was the newest then; later corrections are looked at one by one."""
    until = newest_revision(_store)
    return until, _wrong_among(_store, dataset, _found, list(_found.said))


def _wrong_among(store: Store, dataset: str, found: HeldOut, posts: list[int]) -> dict[int, float]:
    """The posts with a mistake, each with the largest confidence of a wrong prediction."""
    wrong = {}
    for some in parts(posts):
        for each in judged_held_out(store, dataset, found, some):
            said = {mark.span: mark.confidence for mark in each.prediction.marks}
            if said.keys() != set(each.gold):
                wrong[each.gold_post.post] = max((said[span] for span in said.keys() - set(each.gold)), default=_NONE)
    return wrong
