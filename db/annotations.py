"""What people say about posts: append-only revisions on tracks, a save on a stale base refused.

A track is `gold` or a person's name; its revisions of one post are numbered 1, 2, 3. A `draft` is work that is not done
and does not count yet; `submitted` counts; `discarded` says that the post shall be left out of the data set.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from sqlalchemy import exc, select
from sqlalchemy.orm import Session

from db.character_spans import Mark, from_json, settle, spans_from_marks, to_json
from db.engine import Store
from db.gold import CURRENT, ORIGINAL, words_of
from db.gold_totals import gold_follows
from db.outcomes import lock, revision_saved
from db.posts import GOLD, post_row
from db.scores import rescore
from db.tables import Posts, Revisions
from mner_core.types import InputError, Span, Token

Status: TypeAlias = Literal["draft", "submitted", "discarded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One saved state of a post on a track. `tokens` are the post's words; `began` is what the first one was made from:
    a track's name, empty for nothing, None where nobody noted it.
    """

    id: int
    post: int
    track: str
    number: int
    status: Status
    marks: tuple[Mark, ...]
    tokens: tuple[Token, ...]
    author: str
    created: float
    run: str | None
    imported: bool
    began: str | None = None

    @property
    def spans(self) -> tuple[Span, ...]:
        """The marks as spans of words."""
        return spans_from_marks(self.tokens, self.marks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """What became of the marks between two revisions; a mark is followed by its id, or else by its place and label."""

    added: tuple[Mark, ...]
    removed: tuple[Mark, ...]
    changed: tuple[tuple[Mark, Mark], ...]
    """(before, after)"""


class StaleRevision(RuntimeError):  # noqa: N818 - the word that screens and tests use
    """Somebody else saved first, nothing was kept. `mine` is what was to be saved, `theirs` what is there now."""

    def __init__(self, base: int, mine: tuple[Mark, ...], theirs: Revision | None) -> None:
        now = f"revision {theirs.number} by {theirs.author or 'the import'}" if theirs else "no revision"
        super().__init__(f"You started from revision {base}, and there is {now} now: look at both and save again.")
        self.base, self.mine, self.theirs = base, mine, theirs


def save(
    store: Store,
    post: int,
    track: str,
    *,
    base: int,
    marks: Sequence[Mark],
    author: str,
    status: Status = "submitted",
    run: str | None = None,
) -> Revision:
    """Adds the revision that follows number `base` (0: none yet) and returns it; it is on the disk then.

    A submitted revision of gold re-scores this post for every run
    that has predictions for it. `run` names the run whose suggestion the author started from.

    Raises:
        StaleRevision: the track's newest revision of this post is not `base`; nothing was kept.
        InputError: there is no such post, or a mark, the track or the status cannot be.
        StoreError: there is no room left, or the store stayed busy; nothing was kept.
    """
    return _save(store, post, _Wanted(track, base, tuple(marks), author, status, run, None))


def save_first(
    store: Store,
    post: int,
    track: str,
    began: str,
    *,
    marks: Sequence[Mark],
    author: str,
    status: Status = "submitted",
    run: str | None = None,
) -> Revision:
    """`save` of a track's first revision of a post, with what its author began with: a track's name, empty for nothing.

    Raises:
        StaleRevision, InputError, StoreError: as `save` does.
    """
    return _save(store, post, _Wanted(track, 0, tuple(marks), author, status, run, began))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A revision that somebody wants to add."""

    track: str
    base: int
    marks: tuple[Mark, ...]
    author: str
    status: Status
    run: str | None
    began: str | None


def _save(store: Store, post: int, wanted: _Wanted) -> Revision:
    _check_names(wanted.track, wanted.author, wanted.status)
    with store.read() as session:
        row, dataset = post_row(session, post)
        settled = settle(row.text, words_of(row), wanted.marks, dataset.labels)
    with store.write() as session:
        lock(session, [post])
        newest = _newest(session, post, wanted.track)
        if (newest.base + 1 if newest else 0) != wanted.base:
            raise StaleRevision(wanted.base, settled, to_revision(row, newest) if newest else None)
        revision = Revisions(
            post_id=post, track=wanted.track, base=wanted.base, status=wanted.status, marks=to_json(settled),
            tokens=None, author=wanted.author, created=store.now(), run=wanted.run, began=wanted.began, imported=False,
        )  # fmt: skip
        with gold_follows(session, [post]):
            session.add(revision)
            try:
                session.flush()
            except exc.IntegrityError as error:  # where the database lets two writers in at once
                raise _lost_race(session, store, row, wanted.track, wanted.base, settled) from error
            revision_saved(session, revision)
        if wanted.track == GOLD and wanted.status == "submitted":
            rescore(session, store, row, dataset.name, revision)
        return to_revision(row, revision)


def revert(store: Store, post: int, track: str, *, to: int, base: int, author: str) -> Revision:
    """Undoes what came after revision `to`, by a new revision that says the same; `to` 0 is the post without marks.

    Raises:
        StaleRevision: the newest revision is not `base`.
        InputError: there is no revision `to`.
    """
    past = {revision.number: revision for revision in history(store, post, track)}
    if to and to not in past:
        raise InputError(f"There is no revision {to} of post {post} on the track {track!r}.")
    marks, status = (past[to].marks, past[to].status) if to else ((), "submitted")
    return save(store, post, track, base=base, marks=marks, author=author, status=status)


def newest(store: Store, post: int, track: str = GOLD) -> Revision | None:
    """The track's newest revision of the post, drafts included; its number is the base of the next save.

    Raises:
        InputError: there is no such post.
    """
    with store.read() as session:
        row, _ = post_row(session, post)
        found = _newest(session, post, track)
        return to_revision(row, found) if found else None


def history(store: Store, post: int, track: str | None = None) -> list[Revision]:
    """All revisions of a post, or those of one track, oldest first.

    Raises:
        InputError: there is no such post.
    """
    wanted = select(Revisions).where(Revisions.post_id == post).order_by(Revisions.id)
    if track is not None:
        wanted = wanted.where(Revisions.track == track)
    with store.read() as session:
        row, _ = post_row(session, post)
        return [to_revision(row, revision) for revision in session.scalars(wanted)]


def diff(before: Revision | None, after: Revision | None) -> Diff:
    """What one has to do to the marks of `before` to get those of `after`; None stands for no marks at all."""
    old = {mark.id: mark for mark in (before.marks if before else ())}
    new = {mark.id: mark for mark in (after.marks if after else ())}
    same = [(old[name], new[name]) for name in new if name in old]
    removed = {mark.span: mark for name, mark in old.items() if name not in new}
    added = [mark for name, mark in new.items() if name not in old]
    kept = {mark.span for mark in added} & removed.keys()
    return Diff(
        added=tuple(mark for mark in added if mark.span not in kept),
        removed=tuple(mark for span, mark in removed.items() if span not in kept),
        changed=tuple((one, other) for one, other in same if one != other),
    )


def _check_names(track: str, author: str, status: str) -> None:
    if not track.strip() or not author.strip():
        raise InputError("A revision needs a track and an author.")
    if track in {ORIGINAL, CURRENT}:
        raise InputError(f"{track!r} names a gold, no track: save on {GOLD!r} or under a person's name.")
    if status not in get_args(Status):
        raise InputError(f"There is no status {status!r}; choose one of {', '.join(get_args(Status))}.")


def _newest(session: Session, post: int, track: str) -> Revisions | None:
    wanted = select(Revisions).where(Revisions.post_id == post, Revisions.track == track)
    return session.scalar(wanted.order_by(Revisions.base.desc()).limit(1))


def _lost_race(
    session: Session, store: Store, row: Posts, track: str, base: int, mine: tuple[Mark, ...]
) -> StaleRevision:
    session.rollback()
    return StaleRevision(base, mine, newest(store, row.id, track))


def to_revision(row: Posts, revision: Revisions) -> Revision:
    """A row as a plain revision; `row` is its post."""
    return Revision(
        id=revision.id,
        post=revision.post_id,
        track=revision.track,
        number=revision.base + 1,
        status=revision.status,  # type: ignore[arg-type]
        marks=from_json(revision.marks),
        tokens=words_of(row),
        author=revision.author,
        created=revision.created,
        run=revision.run,
        imported=revision.imported,
        began=revision.began,
    )
