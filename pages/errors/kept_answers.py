"""What the store has counted for the screen Errors, kept for as long as it holds.

Who turns a page, chooses a kind or comes back asks for the same counts again. An answer follows from its question and
from what the change token counts; drafts and suggestions move no token, so questions that look at them follow from the
newest revision, too. While something is still to be counted, nothing is kept.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import streamlit as st

from db.change_token import change_token, newest_revision
from db.engine import Store
from db.mistake_cases import CaseFilter, MistakesOf
from db.mistakes import Cell, Order, cells, in_order, number_of, page_end, posts_read
from db.post_lists import PlaceInOrder
from db.uncounted import waiting_posts

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class KeptAnswers:
    """The questions of `db.mistakes` about one run's mistakes, each asked of the store once; None while there is none.

    `state` differs once an answer can be another; it is empty while posts wait to be counted.
    """

    store: Store
    of: MistakesOf
    state: str

    def cells(self, wanted: CaseFilter) -> list[Cell] | None:
        """As `db.mistakes.cells`."""
        return self._once("cells", wanted.slices, lambda: cells(self.store, self.of, wanted))

    def number_of(self, wanted: CaseFilter) -> tuple[int, int] | None:
        """As `db.mistakes.number_of`."""
        return self._once("number of", wanted, lambda: number_of(self.store, self.of, wanted))

    def posts_read(self) -> int | None:
        """As `db.mistakes.posts_read`."""
        return self._once("posts read", CaseFilter(), lambda: posts_read(self.store, self.of))

    def page(self, wanted: CaseFilter, order: Order, behind: int, limit: int) -> list[int] | None:
        """The posts of the list that stand behind the post number `behind`, counted from 1; 0 for the beginning."""

        def ask() -> list[int] | None:
            place = self._end(wanted, order, behind) if behind else None
            found = in_order(self.store, self.of, wanted, order).page(place, limit)
            if found:  # where the next page begins is known with this one
                self._once(f"end {order} {behind + len(found)}", wanted, lambda: found[-1].at)
            return None if found is None else [each.post for each in found]

        return self._once(f"page {order} {behind} {limit}", wanted, ask)

    def _end(self, wanted: CaseFilter, order: Order, posts: int) -> PlaceInOrder | None:
        """As `db.mistakes.page_end`."""
        ask = partial(page_end, self.store, self.of, wanted, order, posts)
        return self._once(f"end {order} {posts}", wanted, ask)

    def _once(self, question: str, wanted: CaseFilter, ask: Callable[[], _Answer | None]) -> _Answer | None:
        if not self.state:
            return ask()
        state = self.state
        if self.of.fair_to or wanted.labels:
            state += f" {newest_revision(self.store)}"
        try:
            answer: _Answer = _kept(str(self.store.home.root), f"{question} {self.of} {wanted}", state, ask)
        except _NoAnswerYetError:
            return None
        return answer


def kept_answers(store: Store, of: MistakesOf) -> KeptAnswers:
    """The answers as of now.

    Raises:
        InputError: there is no such data set.
    """
    runs = [run for run in (of.run, of.compare) if run is not None]
    state = "" if waiting_posts(store, of.dataset) else change_token(store, of.dataset, of.split, (of.gold,), runs)
    return KeptAnswers(store, of, state)


class _NoAnswerYetError(Exception):
    """Texts are still being made searchable: such an answer is not kept."""


@st.cache_resource(max_entries=1000, show_spinner=False)
def _kept(root: str, question: str, state: str, _ask: Callable[[], Any]) -> Any:  # noqa: ARG001 they are the key
    answer = _ask()
    if answer is None:
        raise _NoAnswerYetError
    return answer
