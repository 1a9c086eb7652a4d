"""One post: its labels, what a run predicts, what the run looked at, and what it predicts when that is changed."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from db.annotations import history
from db.posts import dataset, post
from db.predictions import prediction_of
from db.workers import is_running
from pages.mistakes.no_mistakes import is_judged
from pages.mistakes.steps import draw_steps
from pages.mistakes.worklist import TITLES, WorkList, chosen_list, work_list
from pages.post import attributions, counterfactuals, evidence_panel, other_runs
from pages.post.post_state import PostState, gold_revision
from pages.post.prediction_diff import draw_confidence, draw_outcomes
from pages.post.versions import draw_versions
from pages.shared.jump import draw_jump
from pages.shared.pickers import pick_gold, pick_run
from pages.shared.selection import Selection, change, page_link, selection
from pages.shared.similar_posts import draw_similar
from pages.shared.store import store
from pages.shared.text import plain


def main() -> None:
    """Draws the screen."""
    chosen = selection()
    if chosen.dataset is None:
        st.title("Post", anchor=False)
        st.info("There are no posts yet. Import some, and look at them here one by one.")
        page_link("data", "Import posts")
        return
    name = chosen_list("mistakes" if is_judged(chosen) else "all")
    works = work_list(store(), chosen, name)
    if chosen.post_id is None and (first := works.first()):
        change(post=first[1])
        chosen = selection()
    if chosen.post_id is None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.title("Post", anchor=False)
            draw_jump(chosen, _open)
        st.info("There is no post to show: the list is empty. Choose one among the errors, or annotate.")
        page_link("errors", "Errors")
        return
    state = _post_state(chosen, chosen.post_id)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(plain(state.post.example.id), width="content", anchor=False)
        st.caption(_where(chosen, works), width="content")
        st.space("stretch")
        draw_jump(chosen, _open)
        page_link("annotate", "Correct")
        page_link("errors", "Errors")
    there = other_runs.known(chosen)
    others = other_runs.named(there)
    _draw_navigation(chosen, works, there, others)
    _draw_post(state, others)


def _open(name: str) -> None:
    change(post=name)


def _post_state(chosen: Selection, post_id: int) -> PostState:
    assert chosen.dataset, "a post belongs to a data set"
    past = history(store(), post_id)
    return PostState(
        chosen=chosen,
        post=post(store(), post_id),
        types=dataset(store(), chosen.dataset).types,
        past=past,
        gold=gold_revision(past, chosen.gold),
        stored=prediction_of(store(), chosen.run, post_id) if chosen.run else None,
        has_worker=is_running(store()),
    )


def _where(chosen: Selection, works: WorkList) -> str:
    place, title = works.place(chosen.post_id), TITLES[works.name].lower()
    return f"{place:,} of {works.total:,}, {title}" if place else f"not on the list: {title}"


def _draw_navigation(chosen: Selection, works: WorkList, there: Sequence[str], others: Sequence[str]) -> None:
    left, middle, *beside, right = st.columns([4, 2, 3, 2] if there else [6, 2, 2], vertical_alignment="bottom")
    with middle:
        pick_run(chosen)
    for place in beside:
        with place:
            other_runs.draw_choice(there, others)
    with right:
        pick_gold(chosen)
    with left, st.container(horizontal=True, vertical_alignment="center", gap="small"):
        draw_steps(works, chosen.post_id, lambda there: change(post=there[1]))


def _draw_post(state: PostState, others: Sequence[str]) -> None:
    answer = evidence_panel.answer(state, wait=state.stored is None)
    if state.stored is None and answer and answer.response:
        state = replace(state, stored=evidence_panel.prediction(state.post.id, answer.response))
    confidence = draw_outcomes(state)
    other_runs.draw(state, others)
    otherwise = st.container()
    evidence_panel.draw(state)
    answer = evidence_panel.answer(state)
    draw_confidence(confidence, state, answer)
    with otherwise:
        counterfactuals.draw(state, answer)
    attributions.draw(state, answer)
    st.header("Similar posts", anchor=False)
    draw_similar(state.chosen, state.post, state.types)
    draw_versions(state)


main()
