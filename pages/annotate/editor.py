"""One post to correct, and the way to the next: a part of the screen that runs again by itself.

Whoever saves waits for this part alone. Which post is open is kept here and in the address; the selection that other
screens remember is brought up to date after everything is drawn.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import streamlit as st

from db.annotations import Revision, Status, history
from db.held_out_results import HeldOut, newest_held_out
from db.posts import GOLD, Post, dataset, post
from db.predictions import PostPrediction, prediction_of
from mner_core.data.entity_types import EntityType
from pages.annotate import drafts
from pages.annotate.beginning import begins_empty
from pages.annotate.beside_text import draw_beside
from pages.annotate.history_panel import draw_conflict, draw_others, draw_versions
from pages.annotate.like_mistakes import draw_reason
from pages.annotate.list_place import draw_progress, go_to, open_place, why_nothing
from pages.components.span_annotator import Save, Suggestion, span_annotator
from pages.mistakes.corrections_reach import draw_reach
from pages.mistakes.worklist import ListName, ListPlace, WorkList, forget_list, label_errors, work_list
from pages.shared.marking import suggestions
from pages.shared.number_format import counted
from pages.shared.pictures import picture_uri
from pages.shared.selection import Selection, change, post_name
from pages.shared.store import me, store
from pages.shared.text import plain

_AS = "annotate as"
_REASONS = 4
"""Reasons that stand above a post; what is less likely wrong is not spoken of."""


@dataclass(frozen=True, slots=True)
class Editor:
    """Everything that is drawn of one post."""

    chosen: Selection
    works: WorkList
    post: Post
    track: str
    past: Sequence[Revision]
    types: tuple[EntityType, ...]
    predicted: PostPrediction | None
    suggests: str | None
    """Whose prediction it is, as a revision notes it."""


@st.fragment
def draw_editor(chosen: Selection, name: ListName, track: str) -> None:
    """The open post, progress on the list, and what to do with both."""
    works = work_list(store(), chosen, name, track)
    at = open_place(chosen, works, track)
    draw_progress(chosen, works, works.done(track), at)
    if at is None:
        st.info(why_nothing(chosen, name))
        return
    editor = _editor(chosen, works, at, track)
    _draw(editor)
    _follow_up(editor, at)


def _editor(chosen: Selection, works: WorkList, at: ListPlace, track: str) -> Editor:
    held = newest_held_out(store(), chosen.dataset or "") if works.name == "held-out" else None
    return Editor(
        chosen=chosen,
        works=works,
        post=post(store(), at[0]),
        track=track,
        past=history(store(), at[0]),
        types=dataset(store(), chosen.dataset or "").types,
        predicted=_predicted(chosen, held, at[0]),
        suggests=held.name if held else chosen.run,
    )


def _predicted(chosen: Selection, held: HeldOut | None, post: int) -> PostPrediction | None:
    stored = prediction_of(store(), chosen.run, post) if chosen.run and not held else None
    return held.said.get(post) if held else stored


def _draw(editor: Editor) -> None:
    is_empty = begins_empty(editor.chosen, editor.track)
    now = drafts.opened(editor.post.id, editor.track, editor.past, is_empty)
    is_hidden = is_empty and now.is_blind and editor.predicted is not None
    editor = replace(editor, predicted=None) if is_hidden else editor
    with st.container():  # always there, so that the annotator keeps its place and its keyboard
        if said := drafts.told():
            st.warning(plain(said))
        _draw_last_done(editor.works)
    left, right = st.columns([7, 5], gap="medium")
    with left:
        _draw_state(editor, now)
        if editor.works.name == "doubts":
            _draw_label_errors(editor)
        if editor.works.name == "similar-mistakes":
            draw_reason(editor.chosen, editor.post.id)
        stale = drafts.conflict(editor.post.id, editor.track)
        if stale:
            draw_conflict(editor.post, editor.types, stale, _after_save(editor))
        elif editor.post.example.text.strip():
            _draw_annotator(editor, now)
        else:
            st.info("This post has no text, so nothing can be marked in it.")
        if is_hidden:
            st.caption(f"What {plain(editor.suggests or '')} suggests is shown once you have saved your own.")
        _draw_states(editor, now)
    with right:
        draw_beside(editor.chosen, editor.post, editor.types, is_blind=is_empty and now.is_blind)
    if editor.track == GOLD:
        draw_reach(editor.post.dataset, after=_begin_anew)
    draw_others(editor.post, editor.types, now, editor.past)
    draw_versions(editor.post, editor.track, editor.past)


def _begin_anew() -> None:
    """Posts have left the split: the list is made again, and begins with its first post that is not done."""
    drafts.close()
    forget_list()
    go_to(None)


def _draw_state(editor: Editor, now: drafts.Opened) -> None:
    newest = drafts.newest_of(editor.past, editor.track)
    state = {"draft": ("draft", "orange"), "discarded": ("left out", "gray"), "submitted": ("corrected", "green")}
    label, colour = state[newest.status] if newest else ("not labelled yet", "gray")
    if newest and newest.imported:
        label, colour = "as imported", "blue"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(editor.post.example.id)}**", width="content")
        st.badge(label, color=colour)  # type: ignore[arg-type]
        if now.source != editor.track:
            begins = f"begins with the labels of {plain(now.source)}" if now.source else "begins empty"
            st.caption(begins, width="content")


def _draw_label_errors(editor: Editor) -> None:
    """Why the post is on the list: the reasons that were given when wrong labels were looked for."""
    of_post = [each for each in label_errors(store(), editor.chosen.dataset) if each.post == editor.post.id]
    for each in of_post[:_REASONS]:
        st.caption(f":material/help: score {100 * each.score:.0f} **{plain(each.text)}**: {plain(each.detail)}")


def _draw_annotator(editor: Editor, now: drafts.Opened) -> None:
    example = editor.post.example
    as_draft = st.session_state.get(_AS) == "draft"

    def saved(done: Save) -> None:
        status: Status = "draft" if as_draft else "submitted"
        run = editor.suggests if editor.predicted else None
        if drafts.keep(store(), editor.post, now, done.marks, status, me(), run):
            _after_save(editor)()

    span_annotator(
        now.id,
        now.base,
        example.text,
        example.tokens,
        now.marks,
        editor.types,
        _draw_suggested(editor),
        key=f"annotator {me()}",  # a draft that the browser keeps is that of the person
        on_save=saved,
        save_label="Keep draft and next" if as_draft else "Save and next",
    )


def _draw_suggested(editor: Editor) -> list[Suggestion]:
    """What the run suggests of the set's own types; others cannot be accepted, and are counted in a caption."""
    names = {each.name for each in editor.types}
    every = suggestions(editor.predicted.marks) if editor.predicted else []
    if foreign := sorted({each.label for each in every} - names):
        left = sum(each.label in foreign for each in every)
        st.caption(f"{counted(left, 'suggestion')} not shown: this set has no type {plain(', '.join(foreign))}.")
    return [each for each in every if each.label in names]


def _after_save(editor: Editor) -> Callable[[], None]:
    following = editor.works.beside(editor.post.id, 1)

    def go_on() -> None:
        if following is None:
            drafts.tell("That was the last post of this list. Take another list, or train on what you corrected.")
        else:
            go_to(following)

    return go_on


def _draw_states(editor: Editor, now: drafts.Opened) -> None:
    def leave_out() -> None:
        if drafts.keep(store(), editor.post, now, now.marks, "discarded", me(), None):
            _after_save(editor)()

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
        name = post_name(editor.chosen, editor.post.example.split, editor.post.example.id)
        here = editor.chosen.parameters() | {"post": name, "list": editor.works.name}
        st.page_link("pages/post/view.py", label="Look closer", query_params=here, icon=":material/image_search:")


def _draw_last_done(works: WorkList) -> None:
    done = drafts.last_done()
    if done is None:
        return

    def undo() -> None:
        drafts.bring_back(store(), done.post, done.name, done.track, done.number - 1, done.number, me())
        go_to(works.named(done.post))

    how = {"submitted": "Saved", "draft": "Kept as a draft:", "discarded": "Left out:"}[done.status]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f":material/check: {how} {plain(done.name)} (revision {done.number}).", width="content")
        st.button("Undo", key="undo save", on_click=undo, type="tertiary", icon=":material/undo:")


def _follow_up(editor: Editor, at: ListPlace) -> None:
    """What nobody waits for: the next post's picture is made ready, and the selection is told where we are."""
    following = editor.works.beside(at[0], 1)
    if following and editor.works.place(at[0]):
        picture_uri(post(store(), following[0]).example.image)
    if editor.chosen.post != at[1]:
        change(post=at[1])
