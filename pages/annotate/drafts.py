"""What is being worked on: the opened post with the revision it is made from, and a save that came too late.

A post stays on the revision that it was opened with until it is saved or left: what somebody else saves meanwhile must
not wipe out what is being marked, it is met when saving.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from db.annotations import Revision, StaleRevision, Status, revert, save, save_first
from db.character_spans import Mark
from db.connection import StoreError
from db.engine import Store
from db.posts import GOLD, Post
from mner_core.types import InputError

_OPENED = "annotate opened"
_CONFLICT = "annotate conflict"
_DONE = "annotate done"
_PROBLEM = "annotate problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A post on a track. `marks` are what the annotator begins with, taken from `source`: a track, one of its
    revisions, or nothing. `began` is the track alone, which the first revision notes.
    """

    post: int
    track: str
    base: int
    marks: tuple[Mark, ...]
    status: Status | None
    source: str
    began: str

    @property
    def id(self) -> str:
        """What the annotator knows it by: another source is another working copy."""
        return f"{self.post}, {self.track} from {self.source}"

    @property
    def is_blind(self) -> bool:
        """Whether a person gives a second opinion without having seen the first: it began empty, nothing is saved."""
        return not self.source and self.track != GOLD and self.status is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A save that was refused, because `theirs` is there now and not what it was made from."""

    post: int
    track: str
    mine: tuple[Mark, ...]
    theirs: Revision | None
    status: Status
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The last thing that was saved, so that it can be undone."""

    post: int
    name: str
    track: str
    number: int
    status: Status


def opened(post: int, track: str, past: Sequence[Revision], empty: bool = False) -> Opened:
    """The post as it was opened, or as it is now where it is opened just now. `past` is its history, oldest first.

    A track that has nothing of the post begins with the gold, or with nothing where it shall be `empty`.
    """
    kept: Opened | None = st.session_state.get(_OPENED)
    if kept is not None and (kept.post, kept.track) == (post, track):
        return kept
    newest = newest_of(past, track)
    begin = newest or (None if empty and track != GOLD else newest_of(past, GOLD))
    found = Opened(
        post=post,
        track=track,
        base=newest.number if newest else 0,
        marks=newest.marks if newest else without_ids(begin.marks) if begin else (),
        status=newest.status if newest else None,
        source=begin.track if begin else "" if track != GOLD else GOLD,
        began=begin.track if begin else "",
    )
    st.session_state[_OPENED] = found
    return found


def close() -> None:
    """Forgets the opened post, so that it is read anew."""
    st.session_state.pop(_OPENED, None)
    st.session_state.pop(_CONFLICT, None)


def take_over(now: Opened, other: Revision) -> None:
    """Begins again with somebody else's marks; nothing is saved yet."""
    source = f"{other.track} {other.number}"
    st.session_state[_OPENED] = replace(now, marks=without_ids(other.marks), source=source, began=other.track)


def newest_of(past: Sequence[Revision], track: str) -> Revision | None:
    """The last revision of a track."""
    return next((revision for revision in reversed(past) if revision.track == track), None)


def without_ids(marks: Sequence[Mark]) -> tuple[Mark, ...]:
    """The marks as new ones, for another track."""
    return tuple(replace(mark, id="") for mark in marks)


def keep(
    store: Store, post: Post, now: Opened, marks: Sequence[Mark], status: Status, author: str, run: str | None
) -> bool:
    """Saves, and says whether that worked; a save on a stale base becomes the conflict that the screen shows.

    Raises:
        InputError: a mark cannot be, or the store has no room; the annotator shows the sentence.
    """
    try:
        if now.base or now.track == GOLD:
            made = save(store, post.id, now.track, base=now.base, marks=marks, author=author, status=status, run=run)
        else:
            made = save_first(store, post.id, now.track, now.began, marks=marks, author=author, status=status, run=run)
    except StaleRevision as stale:
        st.session_state[_CONFLICT] = Conflict(
            post=post.id, track=now.track, mine=stale.mine, theirs=stale.theirs, status=status, sentence=str(stale)
        )
        return False
    except StoreError as error:
        raise InputError(str(error)) from error
    _done(post.id, post.example.id, made)
    return True


def bring_back(store: Store, post: int, name: str, track: str, to: int, base: int, author: str) -> None:
    """Makes the post say again what revision `to` said, as a new revision."""
    try:
        _done(post, name, revert(store, post, track, to=to, base=base, author=author))
    except (StaleRevision, InputError, StoreError) as error:
        close()
        tell(f"Nothing was changed. {error}")


def conflict(post: int, track: str) -> Conflict | None:
    """The refused save of this post, where there is one."""
    found: Conflict | None = st.session_state.get(_CONFLICT)
    return found if found and (found.post, found.track) == (post, track) else None


def last_done() -> Done | None:
    """What was saved last."""
    found: Done | None = st.session_state.get(_DONE)
    return found


def tell(sentence: str) -> None:
    """Something the screen says once."""
    st.session_state[_PROBLEM] = sentence


def told() -> str:
    """What is to be said now."""
    said: Any = st.session_state.pop(_PROBLEM, "")
    return str(said)


def _done(post: int, name: str, made: Revision) -> None:
    close()
    st.session_state[_DONE] = Done(post=post, name=name, track=made.track, number=made.number, status=made.status)
