"""The posts that somebody goes through one after another, on the screens post and annotate.

A list is what it was when it was made, so that a corrected post does not slip away under the hand that corrects it: the
store is asked for it as of the revision that was the newest then. A session keeps that revision, how long the list is,
and the posts around the open one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias, get_args

import streamlit as st

from db.change_token import newest_revision
from db.engine import Store
from db.label_error_results import LabelError, newest_ranking, read_ranking
from db.mistakes import in_order
from db.post_lists import Done, KeptList, ListedPost, PostList, done_since, names_of
from db.posts import GOLD
from db.worklists import all_posts, least_sure, uncorrected
from mner_core.home import Home
from pages.mistakes.filters import Filter, current_filter
from pages.mistakes.held_out_mistakes import held_out_mistakes
from pages.mistakes.like_mistakes import like_mistakes
from pages.mistakes.stored import asked_of_cases, mistakes_of, order_of
from pages.shared.selection import Selection, post_name

ListName: TypeAlias = Literal["mistakes", "doubts", "held-out", "similar-mistakes", "uncorrected", "unsure", "all"]
LISTS: tuple[ListName, ...] = get_args(ListName)
TITLES: dict[ListName, str] = {
    "mistakes": "Mistakes of the run",
    "doubts": "Label errors",
    "held-out": "Mistakes in train (cross-validated)",
    "similar-mistakes": "Like the mistakes",
    "uncorrected": "Not corrected yet",
    "unsure": "Least sure first",
    "all": "All posts",
}

ListPlace: TypeAlias = tuple[int, str]
"""A post's number and name."""

_MEMORY = "work list"
_BEFORE, _BEHIND = 6, 24
"""Posts on either side of the open one that are asked for at once."""


@dataclass(frozen=True, slots=True)
class _Around:
    """Posts that follow each other on a list; the first of them is number `first`, counted from 1."""

    first: int
    posts: tuple[ListedPost, ...] = ()
    names: Mapping[int, str] = field(default_factory=dict)
    """How the address names each."""

    def find(self, post: int) -> int | None:
        """Which one of these a post is, from 0."""
        return next((place for place, each in enumerate(self.posts) if each.post == post), None)


class WorkList:
    """A list as it was when it was made, at the revision number `until`."""

    def __init__(self, store: Store, name: ListName, chosen: Selection, posts: PostList, until: int) -> None:
        self.store, self.name, self.chosen, self.posts, self.until = store, name, chosen, posts, until
        self.total = posts.number() or 0
        self._around = _Around(1)
        self._done: dict[str, int] = {}

    def beside(self, post: int | None, step: Literal[-1, 1]) -> ListPlace | None:
        """The post before or behind this one; from a post that is not on the list, the first."""
        at = None if post is None else self._look(post)
        if at is None:
            return self.first() if step > 0 else None
        there = at + step
        return self.named(self._around.posts[there].post) if 0 <= there < len(self._around.posts) else None

    def first(self, track: str | None = None) -> ListPlace | None:
        """The first post that is not done on a track, or else the first of all."""
        undone = track and self.posts.page(None, 1, undone=Done(track=track))
        found = undone or self.posts.page(None, 1)
        return self.named(found[0].post) if found else None

    def place(self, post: int | None) -> int | None:
        """Which one it is, counted from 1; None where it is not on the list."""
        at = None if post is None else self._look(post)
        return None if at is None else self._around.first + at

    def done(self, track: str) -> int:
        """How many posts of the list are corrected or left out on a track: nothing is left to do on them."""
        if track not in self._done:
            self._done[track] = self.posts.number(Done(track=track, until=self.until)) or 0
        return self._done[track] + done_since(self.store, self.posts, track, self.until)

    def _look(self, post: int) -> int | None:
        """Where the post is among those that are at hand; those beside it are at hand, too."""
        at = self._around.find(post)
        number = None if at is None else self._around.first + at
        if at is not None and (at > 0 or number == 1) and (at + 1 < len(self._around.posts) or number == self.total):
            return at
        place = self.posts.place_of(post) if at is None else self._around.posts[at].at
        if place is None:
            return None
        before = self.posts.page(place, _BEFORE, backwards=True) or []
        behind = self.posts.page(place, _BEHIND) or []
        number = number or (self.posts.number_before(place) or 0) + 1
        together = (*reversed(before), ListedPost(post=post, at=place), *behind)
        self._around = _Around(number - len(before), together, self._names([each.post for each in together]))
        return len(before)

    def named(self, post: int) -> ListPlace:
        """A post with how the address names it, be it on the list or not."""
        return post, self._around.names.get(post) or self._names([post])[post]

    def _names(self, posts: Sequence[int]) -> dict[int, str]:
        found = names_of(self.store, posts)
        return {post: post_name(self.chosen, split, name) for post, (split, name) in found.items()}


def chosen_list(default: ListName) -> ListName:
    """Which list the address names, else the default."""
    said = st.query_params.get("list", default)
    return said if said in LISTS else default


def work_list(store: Store, chosen: Selection, name: ListName, track: str = GOLD) -> WorkList:
    """The list as it was when it was first asked for, under this selection and filter; an empty one is made anew."""
    wanted = current_filter()
    key = (name, chosen.dataset, chosen.split, *((chosen.run,) if name in ("mistakes", "unsure") else ()))
    key += (chosen.gold, wanted) if name == "mistakes" else (track,) if name == "uncorrected" else ()
    kept = st.session_state.get(_MEMORY)
    if kept is None or kept[0] != key or not kept[1].total:
        until = newest_revision(store)
        kept = (key, WorkList(store, name, chosen, _posts(store, chosen, name, track, wanted, until), until))
        st.session_state[_MEMORY] = kept
    made: WorkList = kept[1]
    return made


def label_errors(store: Store, dataset: str | None) -> list[LabelError]:
    """The labels of a data set that look wrong, likeliest first, as last looked for; empty where nobody has."""
    ranking = newest_ranking(store, dataset) if dataset else None
    return _label_errors(store.home, ranking.id) if ranking else []


@st.cache_resource(max_entries=4, show_spinner=False)  # nobody changes it, and the annotator asks at every post
def _label_errors(home: Home, job: int) -> list[LabelError]:
    return read_ranking(home, job)


def forget_list() -> None:
    """The next `work_list` is made anew."""
    st.session_state.pop(_MEMORY, None)


def _posts(store: Store, chosen: Selection, name: ListName, track: str, wanted: Filter, until: int) -> PostList:
    if chosen.dataset is None:
        return KeptList(store, ())
    dataset, split = chosen.dataset, chosen.split
    made: Mapping[ListName, Callable[[], PostList]] = {
        "mistakes": lambda: _with_mistakes(store, chosen, wanted, until),
        "doubts": lambda: _kept(store, chosen, [each.post for each in label_errors(store, dataset)]),
        "held-out": lambda: _kept(store, chosen, held_out_mistakes(store, dataset)),
        "similar-mistakes": lambda: _kept(store, chosen, [each.post for each in like_mistakes(store, dataset)]),
        "uncorrected": lambda: uncorrected(store, dataset, split, track, until),
        "unsure": lambda: (
            all_posts(store, dataset, split) if chosen.run is None else least_sure(store, dataset, split, chosen.run)
        ),
        "all": lambda: all_posts(store, dataset, split),
    }
    return made[name]()


def _with_mistakes(store: Store, chosen: Selection, wanted: Filter, until: int) -> PostList:
    """The run's own mistakes; beside a second run where the filter asks what has changed."""
    if chosen.run is None:
        return KeptList(store, ())
    of = mistakes_of(store, chosen if wanted.change else replace(chosen, compare=None))
    return in_order(store, replace(of, until=until), asked_of_cases(wanted), order_of(wanted))


def _kept(store: Store, chosen: Selection, posts: list[int]) -> PostList:
    """Those of the posts that are in the split, each once."""
    here = all_posts(store, chosen.dataset or "", chosen.split).among(posts) or set()
    return KeptList(store, tuple(dict.fromkeys(post for post in posts if post in here)))
