"""The posts with mistakes, page by page: text, thumbnail, and what is wrong in words."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from db.posts import dataset
from mner_core.data.entity_types import EntityType
from mner_core.types import Example
from pages.components.span_text import MarkedText, span_text
from pages.errors.kept_answers import KeptAnswers
from pages.mistakes.cases import PostCases
from pages.mistakes.filters import Filter
from pages.mistakes.sentences import sentences
from pages.mistakes.stored import asked_of_cases, order_of, with_their_cases
from pages.shared.address import write
from pages.shared.marking import gold_marks, suggestions
from pages.shared.number_format import counted
from pages.shared.pictures import THUMBNAIL, picture_uri, why_no_picture
from pages.shared.selection import Selection, post_name
from pages.shared.store import store
from pages.shared.text import plain

PAGE = 10
"""Posts on a page."""


def draw_list(chosen: Selection, answers: KeptAnswers, wanted: Filter) -> bool:
    """One page of posts and, where there are more, the way to the others. Returns whether there is any."""
    asked = asked_of_cases(wanted)
    cases, posts = answers.number_of(asked) or (0, 0)
    if not posts:
        return False
    fixed = 0
    if answers.of.compare and not asked.change:
        fixed, _ = answers.number_of(replace(asked, change="fixed")) or (0, 0)
    others = f", {fixed:,} of them fixed" if 0 < fixed < cases else ""
    st.header(f"{counted(cases, 'mistake')} in {counted(posts, 'post')}{others}")
    st.caption("Filled: the labels it is measured on. Underlined: what the run predicts.")
    pages = -(-posts // PAGE)
    page = min(_page(), pages)
    types = dataset(store(), chosen.dataset or "").types
    for post in _posts_of_page(answers, wanted, page):
        _draw_post(chosen, post, wanted, types)
    if pages > 1:
        key = f"errors page {page} of {pages}"  # a widget of its own, because its value is what the address says
        st.pagination(pages, default=page, key=key, on_change=lambda: write({"page": str(st.session_state[key])}))
    return True


def _posts_of_page(answers: KeptAnswers, wanted: Filter, page: int) -> list[PostCases]:
    found = answers.page(asked_of_cases(wanted), order_of(wanted), (page - 1) * PAGE, PAGE)
    return with_their_cases(store(), answers.of, wanted, found or [])


def _page() -> int:
    said = st.query_params.get("page", "")
    return max(1, int(said)) if said.isascii() and said.isdigit() and len(said) < 7 else 1


def _draw_post(chosen: Selection, post: PostCases, wanted: Filter, types: Sequence[EntityType]) -> None:
    example = post.judged.gold_post.example
    with st.container(border=True):
        side, main = st.columns([1, 6], gap="medium", vertical_alignment="center")
        with side:
            _draw_thumbnail(post)
        with main:
            span_text(
                MarkedText(
                    id=example.id,
                    text=example.text,
                    gold=gold_marks(post.judged),
                    predicted=suggestions(post.judged.prediction.marks),
                    note=sentences(example.text, post.cases, chosen.compare or ""),
                ),
                types,
                key=f"case {post.post}",
                lines=4,
            )
            _draw_links(chosen, example, wanted)


def _draw_thumbnail(post: PostCases) -> None:
    example = post.judged.gold_post.example
    uri = picture_uri(example.image, THUMBNAIL)
    if uri:
        st.image(uri, width="stretch", alt=f"Picture of the post {example.id}")
    else:
        st.caption(why_no_picture(example))


def _draw_links(chosen: Selection, example: Example, wanted: Filter) -> None:
    name = post_name(chosen, example.split, example.id)
    here = chosen.parameters() | {"post": name, "list": "mistakes"} | wanted.parameters()
    here |= {"split": example.split} if chosen.split else {}
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link("pages/post/view.py", label="Look closer", query_params=here, icon=":material/image_search:")
        st.page_link("pages/annotate/view.py", label="Correct", query_params=here, icon=":material/edit:")
        st.caption(plain(name))
