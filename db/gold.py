"""Which labels count: the gold of a data set by name, as posts a model can train on or be measured on.

`original` is the gold that came with the data, for ever. `current` is what people have made of it: the newest revision
of the track `gold` that is no draft; posts discarded there are left out. Any other name is a person's track, read the
same way. A corrected data set is such a name and the fingerprint of what it stood for.

A gold that is fair to some runs takes back what they suggested (`db.fair_gold` says which runs count as one).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased

from db.character_spans import from_json, spans_from_marks
from db.engine import Store
from db.posts import GOLD, in_dataset, subsets_from_json, to_post
from db.tables import Posts, Revisions
from mner_core.data.fingerprint import gold_fingerprint
from mner_core.types import Example, Token

ORIGINAL = "original"
CURRENT = "current"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldPost:
    """A post under a named gold. `revision` is the row that says so, None where nobody has labelled the post."""

    post: int
    revision: int | None
    example: Example


def examples(store: Store, dataset: str, gold: str = CURRENT, split: str | None = None) -> list[Example]:
    """A data set's posts with the named gold; `spans` is None where nobody has labelled the post.

    Raises:
        InputError: there is no such data set.
    """
    return [each.example for each in gold_posts(store, dataset, gold, split)]


def fingerprint(store: Store, dataset: str, gold: str = CURRENT, split: str | None = None) -> str:
    """The sha256 that names what this gold says now, over the labelled posts."""
    return gold_fingerprint(post for post in examples(store, dataset, gold, split) if post.spans is not None)


def gold_posts(store: Store, dataset: str, gold: str = CURRENT, split: str | None = None) -> list[GoldPost]:
    """A data set's posts with the named gold and the revisions that it consists of."""
    with store.read() as session:
        return gold_posts_in(session, store, dataset, gold, split)


def gold_posts_in(
    session: Session,
    store: Store,
    dataset: str,
    gold: str,
    split: str | None,
    fair_to: Sequence[str] = (),
    among: Collection[int] | None = None,
) -> list[GoldPost]:
    """`gold_posts` within a transaction that is already open; `fair_to` as in `counts_as`, `among` some posts alone."""
    wanted = (
        select(Posts, Revisions)
        .outerjoin(Revisions, (Revisions.post_id == Posts.id) & counts_as(gold, fair_to))
        .where(*in_dataset(session, dataset, split))
        .order_by(Posts.place)
    )
    if among is not None:
        wanted = wanted.where(Posts.id.in_(among))
    return [
        GoldPost(
            post=row.id,
            revision=None if revision is None else revision.id,
            example=labelled(store, row, dataset, revision),
        )
        for row, revision in session.execute(wanted)
        if revision is None or revision.status != "discarded"
    ]


def counts_as(gold: str, fair_to: Sequence[str] = (), until: int | None = None) -> ColumnElement[bool]:
    """The condition that a revision is the one that counts for its post under the named gold.

    Where somebody started from a suggestion of one of the runs `fair_to`, the labels before that count: later revisions
    go on from what was suggested. Beside such runs, `until` takes the labels as they were when that was the newest
    revision's number.
    """
    if gold == ORIGINAL:
        return (Revisions.track == GOLD) & Revisions.imported
    track = GOLD if gold == CURRENT else gold
    if not fair_to:
        return (Revisions.track == track) & Revisions.is_newest.is_(True)
    other, begun = aliased(Revisions), aliased(Revisions)
    suggested = select(func.min(begun.base)).where(
        begun.post_id == Revisions.post_id, begun.track == track, begun.run.in_(fair_to), *_known(begun, until)
    )
    first = suggested.correlate(Revisions).scalar_subquery()
    newest = select(func.max(other.base)).where(
        other.post_id == Revisions.post_id,
        other.track == track,
        other.status != "draft",
        or_(first.is_(None), other.base < first),
        *_known(other, until),
    )
    return (Revisions.track == track) & (Revisions.base == newest.correlate(Revisions).scalar_subquery())


def _known(revisions: Any, until: int | None) -> Sequence[ColumnElement[bool]]:
    return () if until is None else (revisions.id <= until,)


def labelled(store: Store, row: Posts, dataset: str, revision: Revisions | None) -> Example:
    """The post as a revision says it is; the file's own tags and subsets speak of the imported gold alone."""
    example = to_post(store, row, dataset).example
    if revision is None:
        return example
    spans = spans_from_marks(example.tokens, from_json(revision.marks))
    if not revision.imported:
        return replace(example, spans=spans)
    tags = None if row.tags is None else tuple(row.tags)
    return replace(example, spans=spans, tags=tags, subsets=subsets_from_json(row.subsets))


def words_of(row: Posts) -> tuple[Token, ...]:
    """The post's words. Revisions of earlier versions cut them where a mark ended (their `tokens`); no more."""
    return tuple(Token(row.text[start:end], start, end) for start, end in row.tokens)
