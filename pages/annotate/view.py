"""Correct the labels of posts, one after another: text and picture, a model's predictions as a second layer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from db.annotations import Revision, Status, history
from db.engine import Store
from db.gold import CURRENT
from db.posts import GOLD, Post, dataset, post
from db.predictions import PostPrediction, predictions
from db.queues import queue
from pages.annotate import working
from pages.annotate.beside import draw_conflict, draw_others, draw_versions
from pages.errors.marking import suggestions
from pages.errors.wording import plain
from pages.errors.worklist import LISTS, TITLES, ListName, WorkList, choose_list, chosen_list, forget_list, work_list
from pages.shared.pickers import pick_dataset, pick_run, pick_split
from pages.shared.pictures import picture_uri
from pages.shared.selection import Selection, change, go, page_link, selection
from pages.shared.span_annotator import Save, span_annotator
from pages.shared.store import me, store

_TRACK = "annotate track"
_AS = "annotate as"


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything the screen needs of one post."""

    chosen: Selection
    works: WorkList
    post: Post
    track: str
    past: Sequence[Revision]
    labels: tuple[str, ...]
    predicted: PostPrediction | None


def main() -> None:
    """Draws the screen."""
    chosen = selection()
    st.title("Annotate")
    if chosen.dataset is None:
        st.info("There are no posts yet. Import some, and correct their labels here.")
        page_link("data", "Import posts")
        return
    track = _track()
    name = chosen_list("mistakes" if chosen.run else "uncorrected")
    _draw_pickers(chosen, name, track)
    works = work_list(store(), chosen, name, track)
    if chosen.post_id is None and works.posts:
        change(post=_first_open(works, chosen, track))
        chosen = selection()
    _draw_progress(chosen, works, track)
    if chosen.post_id is None:
        st.info(_nothing(chosen, name))
        return
    desk = _desk(chosen, works, chosen.post_id, track)
    _draw_desk(desk)
    _prefetch(desk)


def _track() -> str:
    return me() if st.session_state.get(_TRACK, st.query_params.get("track")) == "mine" else GOLD


def _draw_pickers(chosen: Selection, name: str, track: str) -> None:
    columns = st.columns(5)
    with columns[0]:
        key = "annotate list"
        st.session_state[key] = name
        st.selectbox(
            "Work list",
            LISTS,
            format_func=lambda each: TITLES[each],
            key=key,
            on_change=lambda: _other_list(st.session_state[key]),
        )
    with columns[1]:
        st.session_state[_TRACK] = "gold" if track == GOLD else "mine"
        st.selectbox(
            "Save to",
            ["gold", "mine"],
            format_func=lambda each: "the gold labels" if each == "gold" else f"my own ({me()})",
            key=_TRACK,
            on_change=lambda: st.query_params.update(track=st.session_state[_TRACK]),
            help="Runs are measured and trained on the gold labels. Your own are kept beside them, until somebody "
            "takes them over into the gold.",
        )
    for column, pick in zip(columns[2:], (pick_run, pick_split, pick_dataset), strict=True):
        with column:
            pick(chosen)


def _other_list(name: ListName) -> None:
    choose_list(name)
    change(post=None)


def _first_open(works: WorkList, chosen: Selection, track: str) -> str:
    done = set(queue(store(), chosen.dataset or "", "corrected", track, chosen.split))
    pairs = zip(works.posts, works.titles, strict=True)
    return next((title for number, title in pairs if number not in done), works.titles[0])


def _nothing(chosen: Selection, name: str) -> str:
    if name == "mistakes" and chosen.run is None:
        return "No run has been trained yet, so there is no list of mistakes: choose another work list."
    return {
        "mistakes": "The run makes no mistake on these posts: choose another work list, other posts or another run.",
        "uncorrected": "Every post has been corrected.",
    }.get(name, "There is no post here: choose other posts.")


def _draw_progress(chosen: Selection, works: WorkList, track: str) -> None:
    done = set(queue(store(), chosen.dataset or "", "corrected", track, chosen.split)) & set(works.posts)
    total = len(works.posts)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.progress(len(done) / max(total, 1), f"{len(done)} of {total} corrected", width=170)
        for step, label, icon, shortcut in (
            (-1, "Previous", ":material/arrow_back:", "Alt+Up"),
            (1, "Next", ":material/arrow_forward:", "Alt+Down"),
        ):
            there = works.beside(chosen.post_id, step)
            st.button(label, icon=icon, disabled=there is None, on_click=_leave_for, args=(there,), shortcut=shortcut)
        place = works.place(chosen.post_id)
        st.caption(f"{place} of {total}" if place else "not on this list", width="content")
        st.space("stretch")
        st.button("New list", on_click=_new_list, help="Makes the list again, as things stand now.", type="tertiary")
        st.button(
            "Train on these",
            icon=":material/model_training:",
            on_click=_train,
            args=(chosen,),
            help="Starts from the corrected labels.",
        )


def _leave_for(name: str | None) -> None:
    working.close()
    change(post=name)


def _new_list() -> None:
    forget_list()
    working.close()
    change(post=None)


def _train(chosen: Selection) -> None:
    go("runs", dataset=chosen.dataset, gold=CURRENT, run=chosen.run, new="1", start=chosen.run)


def _desk(chosen: Selection, works: WorkList, post_id: int, track: str) -> Desk:
    return Desk(
        chosen=chosen,
        works=works,
        post=post(store(), post_id),
        track=track,
        past=history(store(), post_id),
        labels=dataset(store(), chosen.dataset or "").labels,
        predicted=_predicted(chosen, post_id),
    )


def _predicted(chosen: Selection, post_id: int) -> PostPrediction | None:
    if chosen.run is None:
        return None
    return predictions(store(), chosen.run, chosen.dataset, chosen.split).get(post_id)


def _draw_desk(desk: Desk) -> None:
    now = working.opened(desk.post.id, desk.track, desk.past)
    if said := working.told():
        st.warning(plain(said))
    _draw_last_done(store())
    left, right = st.columns([7, 5], gap="medium")
    with left:
        _draw_state(desk, now)
        stale = working.conflict(desk.post.id, desk.track)
        if stale:
            draw_conflict(desk.post, desk.labels, stale, _after_save(desk))
        elif desk.post.example.text.strip():
            _draw_annotator(desk, now)
        else:
            st.info("This post has no text, so nothing can be marked in it.")
        _draw_states(desk, now)
    with right:
        _draw_picture(desk.post)
    draw_others(desk.post, desk.labels, now, desk.past)
    draw_versions(desk.post, desk.track, desk.past)


def _draw_state(desk: Desk, now: working.Opened) -> None:
    newest = working.newest_of(desk.past, desk.track)
    state = {"draft": ("draft", "orange"), "discarded": ("left out", "gray"), "submitted": ("corrected", "green")}
    label, colour = state[newest.status] if newest else ("not labelled yet", "gray")
    if newest and newest.imported:
        label, colour = "as imported", "blue"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(desk.post.example.id)}**", width="content")
        st.badge(label, color=colour)  # type: ignore[arg-type]
        if now.source != desk.track:
            st.caption(f"begins with the labels of {plain(now.source)}", width="content")


def _draw_annotator(desk: Desk, now: working.Opened) -> None:
    example = desk.post.example
    as_draft = st.session_state.get(_AS) == "draft"

    def saved(done: Save) -> None:
        status: Status = "draft" if as_draft else "submitted"
        run = desk.chosen.run if desk.predicted else None
        if working.keep(store(), desk.post, desk.track, now.base, done.marks, status, me(), run):
            _after_save(desk)()

    span_annotator(
        now.id,
        now.base,
        example.text,
        example.tokens,
        now.marks,
        desk.labels,
        suggestions(desk.predicted.marks) if desk.predicted else (),
        key="annotator",
        on_save=saved,
        save_label="Keep draft and next" if as_draft else "Save and next",
    )


def _after_save(desk: Desk) -> Callable[[], None]:
    following = desk.works.beside(desk.post.id, 1)

    def go_on() -> None:
        if following is None:
            working.tell("That was the last post of this list. Take another list, or train on what you corrected.")
        else:
            change(post=following)

    return go_on


def _draw_states(desk: Desk, now: working.Opened) -> None:
    def leave_out() -> None:
        if working.keep(store(), desk.post, desk.track, now.base, now.marks, "discarded", me(), None):
            _after_save(desk)()

    with st.container(horizontal=True, vertical_alignment="center"):
        st.segmented_control(
            "Save as", ["done", "draft"], default="done", required=True, key=_AS, label_visibility="collapsed",
            persist_state="session", help="A draft is kept, but does not count yet."
        )  # fmt: skip
        st.button(
            "Leave this post out",
            icon=":material/block:",
            on_click=leave_out,
            disabled=now.status == "discarded",
            help="The post is no longer measured or trained on. Saving it again brings it back.",
        )
        page_link("post", "Look closer")


def _draw_last_done(store: Store) -> None:
    done = working.last_done()
    if done is None:
        return

    def undo() -> None:
        working.bring_back(store, done.post, done.name, done.track, done.number - 1, done.number, me())
        change(post=done.name)

    how = {"submitted": "Saved", "draft": "Kept as a draft:", "discarded": "Left out:"}[done.status]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f":material/check: {how} {plain(done.name)} (revision {done.number}).", width="content")
        st.button("Undo", key="undo save", on_click=undo, type="tertiary", icon=":material/undo:")


def _draw_picture(each: Post) -> None:
    uri = picture_uri(each.example.image)
    if uri:
        st.image(uri, width="stretch", alt=f"Picture of the post {each.example.id}")
    elif each.example.image_name is None:
        st.info("This post has no picture.")
    else:
        st.info("The picture of this post does not open.")
    if each.example.caption:
        st.caption(plain(each.example.caption))


def _prefetch(desk: Desk) -> None:
    """Makes the next post's picture ready while this one is being read."""
    if desk.post.id in desk.works.posts[:-1]:
        following = post(store(), desk.works.posts[desk.works.posts.index(desk.post.id) + 1])
        picture_uri(following.example.image)


main()
