"""The posts that somebody goes through one after another, on the screens post and annotate.

A list is made once and then stands still, so that a corrected post does not slip away under the hand that corrects it.
"""

from collections.abc import Collection, Set
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import streamlit as st

from db.engine import Store
from db.held_out_results import judged_held_out, newest_held_out
from db.label_error_results import LabelError, newest_ranking, read_ranking
from db.posts import GOLD, post_ids
from db.predictions import predictions
from db.worklists import queue
from mner_core.home import Home
from pages.mistakes.cases import mistakes, ordered
from pages.mistakes.filters import Filter, current_filter, matching
from pages.mistakes.loading import facts, load
from pages.shared.selection import Selection, post_name

ListName: TypeAlias = Literal["mistakes", "doubts", "held-out", "uncorrected", "unsure", "all"]
LISTS: tuple[ListName, ...] = get_args(ListName)
TITLES: dict[ListName, str] = {
    "mistakes": "Mistakes of the run",
    "doubts": "Label errors",
    "held-out": "Mistakes in train (cross-validated)",
    "uncorrected": "Not corrected yet",
    "unsure": "Least sure first",
    "all": "All posts",
}

ListPlace: TypeAlias = tuple[int, str]
"""A post's number and name."""

_MEMORY = "work list"


@dataclass(frozen=True, slots=True)
class WorkList:
    """Numbers of posts, and how the address names them, in order."""

    name: ListName
    posts: tuple[int, ...]
    titles: tuple[str, ...]

    def beside(self, post: int | None, step: int) -> ListPlace | None:
        """The post that comes `step` after this one; from a post that is not on the list, the first."""
        if post not in self.posts:
            return self.first() if step > 0 else None
        place = self.posts.index(post) + step
        return (self.posts[place], self.titles[place]) if 0 <= place < len(self.posts) else None

    def first(self, done: Collection[int] = ()) -> ListPlace | None:
        """The first post that is not done, or else the first."""
        places = list(zip(self.posts, self.titles, strict=True))
        return next((place for place in places if place[0] not in done), places[0] if places else None)

    def place(self, post: int | None) -> int | None:
        """Which one it is, counted from 1; None where it is not on the list."""
        return self.posts.index(post) + 1 if post in self.posts else None


def chosen_list(default: ListName) -> ListName:
    """Which list the address names, else the default."""
    said = st.query_params.get("list", default)
    return said if said in LISTS else default


def work_list(store: Store, chosen: Selection, name: ListName, track: str = GOLD) -> WorkList:
    """The list as it was when it was first asked for, under this selection and filter."""
    wanted = current_filter()
    key = (name, chosen.dataset, chosen.split, *((chosen.run,) if name in ("mistakes", "unsure") else ()))
    key += (chosen.gold, wanted) if name == "mistakes" else (track,) if name == "uncorrected" else ()
    kept = st.session_state.get(_MEMORY)
    if kept is None or kept[0] != key:
        kept = (key, _make(store, chosen, name, track, wanted))
        st.session_state[_MEMORY] = kept
    made: WorkList = kept[1]
    return made


def label_errors(store: Store, dataset: str | None) -> list[LabelError]:
    """The labels of a data set that look wrong, likeliest first, as last looked for; empty where nobody has."""
    ranking = newest_ranking(store, dataset) if dataset else None
    return _label_errors(store.home, ranking.id) if ranking else []


@st.cache_data(max_entries=4, show_spinner=False)
def _label_errors(home: Home, job: int) -> list[LabelError]:
    return read_ranking(home, job)


def forget_list() -> None:
    """The next `work_list` is made anew."""
    st.session_state.pop(_MEMORY, None)


def _make(store: Store, chosen: Selection, name: ListName, track: str, wanted: Filter) -> WorkList:
    if chosen.dataset is None:
        return WorkList(name, (), ())
    titles = {
        number: post_name(chosen, split, name)
        for (split, name), number in post_ids(store, chosen.dataset).items()
        if chosen.split in (None, split)
    }
    every = list(titles)
    posts = {
        "mistakes": lambda: _with_mistakes(store, chosen, wanted),
        "doubts": lambda: list(
            dict.fromkeys(each.post for each in label_errors(store, chosen.dataset) if each.post in titles)
        ),
        "held-out": lambda: _with_held_out_mistakes(store, chosen.dataset or "", titles.keys()),
        "uncorrected": lambda: _uncorrected(store, chosen, track, every),
        "unsure": lambda: _unsure(store, chosen, every),
        "all": lambda: every,
    }[name]()
    return WorkList(name, tuple(posts), tuple(titles[number] for number in posts))


def _with_mistakes(store: Store, chosen: Selection, wanted: Filter) -> list[int]:
    found = matching(load(store, chosen, compare=bool(wanted.change)).cases, wanted, facts(store, chosen, wanted))
    return [post.post for post in ordered(found, wanted.order)]


def _with_held_out_mistakes(store: Store, dataset: str, every: Set[int]) -> list[int]:
    """The posts on which a model that has not seen them and the labels of now disagree, surest first."""
    found = newest_held_out(store, dataset)
    wrong = mistakes(judged_held_out(store, dataset, found)) if found else []
    return [post.post for post in ordered(wrong, "sure") if post.post in every]


def _uncorrected(store: Store, chosen: Selection, track: str, every: list[int]) -> list[int]:
    assert chosen.dataset is not None, "a list is made of a data set's posts"
    done = {
        post
        for state in ("corrected", "discarded")
        for post in queue(store, chosen.dataset, state, track, chosen.split)
    }
    return [post for post in every if post not in done]


def _unsure(store: Store, chosen: Selection, every: list[int]) -> list[int]:
    """The posts by the smallest confidence in them; those without any prediction last."""
    if chosen.run is None:
        return every
    said = predictions(store, chosen.run, chosen.dataset, chosen.split)
    least = {post: min((mark.confidence for mark in each.marks), default=1.0) for post, each in said.items()}
    return sorted(every, key=lambda post: least.get(post, 2.0))
