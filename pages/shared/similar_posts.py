"""Posts like the one that is shown, with their pictures and labels: how the like was labelled, on Post and Annotate.

The address says by what they are compared, how many are shown and from which split, so that a link shows the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from db.change_token import change_token
from db.connection import StoreError
from db.gold import gold_posts_in
from db.jobs import enqueue, jobs
from db.posts import Post, dataset
from db.posts import post as post_of
from db.runs import runs
from db.scores import places
from db.workers import is_running
from mner_core.data.entity_types import EntityType
from mner_core.data.images import opens
from mner_core.retrieval.likeness import KINDS, WORDS, By, nothing_to_compare
from mner_core.types import Example, InputError
from pages.components.span_text import MarkedText, span_text
from pages.shared import address
from pages.shared.inference_requests import answer_to
from pages.shared.marking import marks_of
from pages.shared.number_format import counted
from pages.shared.pictures import THUMBNAIL, picture_uri, why_no_picture
from pages.shared.selection import Selection, gold_name, page_link
from pages.shared.status import active_jobs, going_on
from pages.shared.store import me, store
from pages.shared.text import plain
from pages.shared.waiting import wait_for

BY, NUMBER, AMONG = address.SIMILAR
"""What the address says: by what, how many, and of which split (of all where it says nothing)."""
MOST, USUAL = 20, 4
PROFILE = "compact"
"""What computes the vectors where no trained run is chosen; else it is the run's own profile, whose features are there.
"""
_SAID = "similar said"
_THUMBNAIL = 96
"""Pixels that a neighbour's picture is wide: beside its text on a telephone, too."""


def draw_similar(chosen: Selection, each: Post, types: Sequence[EntityType], *, compact: bool = False) -> None:
    """The choice of what to compare by, and the neighbours; nothing is asked before something is chosen."""
    by = _draw_choices(each, compact)
    if by is None:
        return
    if sentence := st.session_state.pop(_SAID, ""):
        st.error(plain(sentence))
    if by not in comparable(each.example):
        st.info(f"{nothing_to_compare(by)} Choose another kind.")
    elif not is_running(store()):
        st.info("No worker is running, so similar posts cannot be looked for.")
    elif _is_being_compared(each.dataset, by):
        going_on(["similar"])
    else:
        _ask(chosen, each, types, by, compact)


def comparable(example: Example) -> tuple[By, ...]:
    """By what a post can be compared, as far as its text and file say; whether objects are found the worker says."""
    has_picture = opens(example.image)
    has: Mapping[By, bool] = {
        "text": bool(example.text.strip()),
        "grid": has_picture,
        "objects": has_picture,
        "caption": bool(example.caption) or (has_picture and example.caption is None),
    }
    return tuple(kind for kind in reversed(KINDS) if has[kind])


def cosine(score: float) -> str:
    """A cosine with three decimals; 1.000 is what is the same, and nothing that is almost so."""
    return f"{score if score == 1 else min(score, 0.999):.3f}"


def profile_of(chosen: Selection) -> str:
    """Whose encoders compare posts."""
    run = next((each for each in runs(store()) if each.name == chosen.run and not each.is_brought), None)
    return run.profile if run else PROFILE


def _draw_choices(each: Post, compact: bool) -> By | None:
    """By what, how many, of which split: what the address says, and what changes it."""
    by, has = _by(), comparable(each.example)
    st.session_state["similar by"] = by
    with st.container(horizontal=not compact, vertical_alignment="bottom", gap="medium"):
        st.segmented_control(
            "Similar posts by" if compact else "Compared by",
            [kind for kind in reversed(KINDS) if kind in (*has, by)],
            format_func=lambda kind: WORDS[kind].capitalize(),
            key="similar by",
            on_change=lambda: address.write({BY: st.session_state["similar by"]}),
            width="content",
        )
        if by is not None:
            with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", width="content"):
                _draw_number()
                _draw_split(each.dataset)
    if by is not None and "grid" not in has:
        st.caption(f"{why_no_picture(each.example)} It is compared by what else it has.")
    return by


def _draw_number() -> None:
    st.session_state["similar k"] = _number()
    st.slider(
        "How many", 1, MOST, key="similar k", width=120,
        on_change=lambda: address.write({NUMBER: str(st.session_state["similar k"])}),
    )  # fmt: skip


def _draw_split(name: str) -> None:
    st.session_state["similar among"] = _among(name) or ""
    st.selectbox(
        "Among", ["", *(split for split in dataset(store(), name).splits if split)], key="similar among", width=170,
        format_func=lambda split: f"posts of {split}" if split else "posts of all splits",
        on_change=lambda: address.write({AMONG: st.session_state["similar among"]}),
    )  # fmt: skip


def _by() -> By | None:
    return next((kind for kind in KINDS if kind == st.query_params.get(BY)), None)


def _number() -> int:
    said = st.query_params.get(NUMBER, "")
    return min(max(int(said), 1), MOST) if said.isascii() and said.isdigit() and len(said) < 7 else USUAL


def _among(name: str) -> str | None:
    said = st.query_params.get(AMONG)
    return said if said in dataset(store(), name).splits else None


def _is_being_compared(name: str, by: By) -> bool:
    asked = (job.payload for job in active_jobs(store(), ["similar"]))
    return any((payload.get("dataset"), payload.get("by")) == (name, by) for payload in asked)


def _ask(chosen: Selection, each: Post, types: Sequence[EntityType], by: By, compact: bool) -> None:
    last = next(iter(jobs(store(), ("done", "failed"), ("similar",), dataset=each.dataset, limit=1)), None)
    payload = {
        "dataset": each.dataset, "by": by, "profile": profile_of(chosen), "k": MOST, "split": _among(each.dataset),
        "post": each.id, "state": [change_token(store(), each.dataset), last and last.id],
    }  # fmt: skip
    found = answer_to(store(), "similar", payload)
    if found is None or found.response is None:
        wait_for(found, "similar", payload, "Similar posts are being looked for.")
    elif "problem" in found.response:
        st.info(f"{plain(found.response['problem'])} Choose another kind.")
    elif "neighbours" in found.response:
        _draw_neighbours(chosen, found.response, types, compact)
    else:
        if last and last.status == "failed" and last.payload.get("by") == by:
            st.error(plain(last.error), icon=":material/error:")
        _draw_first_time(payload)


def _draw_first_time(payload: Mapping[str, Any]) -> None:
    """What has to be done once, and the button that has it done."""
    by = WORDS[payload["by"]]
    st.info(
        f"The posts of {plain(payload['dataset'])} have not been compared by {by} yet, or have changed since. "
        "The worker does that once; all later answers take a moment."
    )
    asked = {name: payload[name] for name in ("dataset", "by", "profile")}
    st.button(f"Compare all posts by {by}", icon=":material/join_inner:", on_click=_compare, args=(asked,))


def _compare(asked: Mapping[str, Any]) -> None:
    try:
        enqueue(store(), "similar", asked, author=me(), dedupe_key=f"similar {' '.join(map(str, asked.values()))}")
    except (InputError, StoreError) as error:
        st.session_state[_SAID] = str(error)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Neighbour:
    """A post, its cosine, and what stands above its text."""

    example: Example
    post: int
    score: float
    state: str


def _draw_neighbours(
    chosen: Selection, response: Mapping[str, Any], types: Sequence[EntityType], compact: bool
) -> None:
    shown = response["neighbours"][: _number()]
    if not shown:
        st.info(f"No other post here has anything to compare by {WORDS[response['by']]}.")
        return
    st.caption(
        f"The likest of {counted(response['compared'], 'other post')}, by the cosine of their vectors (1: the same). "
        f"Filled: {plain(gold_name(chosen.gold))}."
    )
    for each in _labelled(chosen, shown):
        _draw_one(chosen, each, types, compact)


def _labelled(chosen: Selection, shown: Sequence[Mapping[str, Any]]) -> list[_Neighbour]:
    """The neighbours in their order, with the labels of the chosen gold."""
    numbers = [each["post"] for each in shown]
    with store().read() as session:
        found = gold_posts_in(session, store(), chosen.dataset or "", chosen.gold, None, (), numbers)
    by_number = {each.post: each for each in found}
    made = []
    for each in shown:
        gold = by_number.get(each["post"])
        state = "left out" if gold is None else "" if gold.revision is not None else "not labelled yet"
        example = gold.example if gold else post_of(store(), each["post"]).example
        made.append(_Neighbour(example=example, post=each["post"], score=each["score"], state=state))
    return made


def _draw_one(chosen: Selection, each: _Neighbour, types: Sequence[EntityType], compact: bool) -> None:
    example = each.example
    name = f"{example.split}/{example.id}" if example.split else example.id
    parts = (f"cosine {cosine(each.score)}", name, each.state)
    with st.container(border=True, horizontal=True):
        with st.container(width=_THUMBNAIL):
            uri = picture_uri(example.image, THUMBNAIL)
            if uri:
                st.image(uri, width="stretch", alt=f"Picture of the post {example.id}")
            else:
                st.caption(why_no_picture(example))
        with st.container(width="stretch", gap="small"):
            span_text(
                MarkedText(
                    id=example.id,
                    text=example.text,
                    gold=marks_of(places(example)) if example.spans is not None else (),
                    note=", ".join(filter(None, parts)),
                ),
                types,
                key=f"similar {each.post}",
                lines=3 if compact else 4,
            )
            page_link("post", "Look closer", dataset=chosen.dataset, split=example.split, post=example.id)
