"""What runs get right and wrong, as rows (`Outcomes`) and their sums (`RunTotals`), written with whatever changes them.

For every run and every submitted revision of a post that the run has read there are the pairs of `errors.align`. All
functions here work within a write transaction of the caller. A post that is noted as `Uncounted` is left alone: its
rows are made anew later, all at once (`db.uncounted`), and until then they still add up to the totals.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from db.character_spans import from_json, spans_from_marks
from db.gold import CURRENT, ORIGINAL, words_of
from db.posts import GOLD
from db.sums import add_to
from db.tables import Outcomes, Posts, Predictions, Revisions, RunTotals, Uncounted
from mner_core.data.tokenize import character_offsets
from mner_core.evaluation.errors import Outcome, align
from mner_core.types import Span, Token

NOTHING = "nothing"
"""The kind of the row of a post in which neither the gold nor the run has an entity."""
PART = 200
"""Posts in one statement."""

_Row = Mapping[str, Any]
_KEY = ("run_id", "dataset_id", "split", "gold", "label")
_SUMS = ("true_positives", "predicted", "entities", "posts")
_COUNTED = (
    Outcomes.run_id, Outcomes.dataset_id, Outcomes.split, Outcomes.track, Outcomes.number, Outcomes.is_newest,
    Outcomes.imported, Outcomes.kind, Outcomes.label, Outcomes.predicted_label,
)  # fmt: skip
_NO_ENTITY: _Row = {
    "kind": NOTHING, "start": 0, "end": 0, "label": "", "predicted_start": None, "predicted_end": None,
    "predicted_label": None, "confidence": None, "words": 0, "name": "",
}  # fmt: skip
_POST = (Posts.id, Posts.dataset_id, Posts.split, Posts.place, Posts.text, Posts.tokens)


def lock(session: Session, posts: Sequence[int]) -> None:
    """Lets nobody else write what follows from these posts; SQLite has one writer anyway."""
    if session.get_bind().dialect.name != "sqlite":
        for part in parts(sorted(posts)):
            session.execute(select(Posts.id).where(Posts.id.in_(part)).order_by(Posts.id).with_for_update())


def judge(session: Session, posts: Sequence[int], run: int | None = None) -> None:
    """Makes the outcomes of some posts anew, those of one run or of all, and moves the totals by what they differ."""
    for part in parts(posts):
        here = Outcomes.post_id.in_(part) & Outcomes.post_id.not_in(select(Uncounted.post_id))
        if run is not None:
            here &= Outcomes.run_id + 0 == run  # the sum keeps SQLite from reading all that the run has said
        old = _counted(session, here)
        session.execute(delete(Outcomes).where(here))
        new = list(_rows_of(session, part, run))
        _write(session, new)
        _move_totals(session, old, new)


def revision_saved(session: Session, revision: Revisions) -> None:
    """Lets a revision that was just added count on its track, unless it is a draft, and pairs it with every run."""
    if revision.status == "draft":
        return
    of_track = (Revisions.post_id == revision.post_id, Revisions.track == revision.track)
    before = list(
        session.scalars(
            select(Revisions.id).where(*of_track, Revisions.is_newest.is_(True), Revisions.id != revision.id)
        )
    )
    session.execute(update(Revisions).where(Revisions.id.in_(before)).values(is_newest=False))
    revision.is_newest = True
    session.flush()
    if session.get(Uncounted, revision.post_id) is not None:
        return
    here = (Outcomes.post_id == revision.post_id) & Outcomes.revision_id.in_(before)
    old = _counted(session, here)
    session.execute(update(Outcomes).where(here).values(is_newest=False))
    new = []
    if revision.status == "submitted":
        post = session.execute(select(*_POST).where(Posts.id == revision.post_id)).one()
        new = list(_rows_of_post(post, [revision], _predictions(session, [post.id], None)[post.id]))
    _write(session, new)
    _move_totals(session, old, [*({**row, "is_newest": False} for row in old), *new])


def posts_moved(session: Session, posts: Sequence[int]) -> None:
    """Takes the outcomes of posts along into the splits where the posts are now."""
    split = select(Posts.split).where(Posts.id == Outcomes.post_id).scalar_subquery()
    for part in parts(posts):
        here = Outcomes.post_id.in_(part) & Outcomes.post_id.not_in(select(Uncounted.post_id))
        old = _counted(session, here)
        session.execute(update(Outcomes).where(here).values(split=split))
        _move_totals(session, old, _counted(session, here))


def parts(posts: Sequence[int]) -> Iterator[Sequence[int]]:
    """The posts in groups that one statement can name."""
    return (posts[begin : begin + PART] for begin in range(0, len(posts), PART))


def _counted(session: Session, here: Any) -> list[_Row]:
    return [dict(row._mapping) for row in session.execute(select(*_COUNTED).where(here))]


def _write(session: Session, rows: Sequence[_Row]) -> None:
    if rows:
        session.execute(insert(Outcomes), [dict(row) for row in rows])


def _move_totals(session: Session, old: Iterable[_Row], new: Iterable[_Row]) -> None:
    moved: defaultdict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0] * len(_SUMS))
    for rows, sign in ((old, -1), (new, 1)):
        for row in rows:
            for gold in _golds(row):
                for label, counts in _counts(row):
                    total = moved[row["run_id"], row["dataset_id"], row["split"], gold, label]
                    for place, count in enumerate(counts):
                        total[place] += sign * count
    named = ({**dict(zip(_KEY, key, strict=True)), **dict(zip(_SUMS, by, strict=True))} for key, by in moved.items())
    add_to(session, RunTotals, _KEY, _SUMS, named)


def _golds(row: _Row) -> Iterator[str]:
    """The names of the golds to which the row's revision belongs."""
    if row["is_newest"]:
        yield CURRENT if row["track"] == GOLD else row["track"]
    if row["imported"] and row["track"] == GOLD:
        yield ORIGINAL


def _counts(row: _Row) -> Iterator[tuple[str, tuple[int, int, int, int]]]:
    """What a row adds to the totals, by label: true positives, predicted, entities, posts."""
    is_gold, is_right = row["kind"] not in ("spurious", NOTHING), int(row["kind"] == "correct")
    said = row["predicted_label"]
    yield "", (is_right, int(said is not None), int(is_gold), int(row["number"] == 0))
    if is_gold:
        yield row["label"], (is_right, 0, 1, 0)
    if said is not None:
        yield said, (0, 1, 0, 0)


def _rows_of(session: Session, posts: Sequence[int], run: int | None) -> Iterator[_Row]:
    said = _predictions(session, posts, run)
    revisions: defaultdict[int, list[Revisions]] = defaultdict(list)
    wanted = select(Revisions).where(Revisions.post_id.in_(list(said)), Revisions.status == "submitted")
    for revision in session.scalars(wanted.order_by(Revisions.id)):
        revisions[revision.post_id].append(revision)
    counted = Posts.id.in_(list(revisions)) & Posts.id.not_in(select(Uncounted.post_id))
    for post in session.execute(select(*_POST).where(counted)):
        yield from _rows_of_post(post, revisions[post.id], said[post.id])


def _predictions(session: Session, posts: Sequence[int], run: int | None) -> dict[int, list[tuple[int, list[Any]]]]:
    """For each post the keys of the runs that have read it, with what they say."""
    wanted = select(Predictions.post_id, Predictions.run_id, Predictions.marks).where(Predictions.post_id.in_(posts))
    if run is not None:
        wanted = wanted.where(Predictions.run_id == run)
    found: defaultdict[int, list[tuple[int, list[Any]]]] = defaultdict(list)
    for post, key, marks in session.execute(wanted.order_by(Predictions.run_id)):
        found[post].append((key, marks))
    return found


def _rows_of_post(post: Any, revisions: Iterable[Revisions], said: Sequence[tuple[int, list[Any]]]) -> Iterator[_Row]:
    words = words_of(post)
    of_post = {"post_id": post.id, "dataset_id": post.dataset_id, "split": post.split, "place": post.place}
    for revision in revisions:
        entities = spans_from_marks(words, from_json(revision.marks))
        gold = [Span(*character_offsets(words, span), span.label) for span in entities]
        of_revision = {
            **of_post, "revision_id": revision.id, "track": revision.track, "is_newest": bool(revision.is_newest),
            "imported": revision.imported,
        }  # fmt: skip
        for run, marks in said:
            confidences = {Span(start, end, label): sure for start, end, label, sure in marks}
            pairs: list[Outcome | None] = [*align(gold, confidences)]
            for number, pair in enumerate(pairs or [None]):
                yield {**of_revision, "run_id": run, "number": number, **_columns(pair, words, confidences)}


def _columns(pair: Outcome | None, words: Sequence[Token], confidences: Mapping[Span, float]) -> _Row:
    if pair is None:
        return _NO_ENTITY
    place, said = pair.place, pair.predicted
    touched = [word.text for word in words if word.start < place.end and place.start < word.end]
    return {
        "kind": pair.kind,
        "start": place.start,
        "end": place.end,
        "label": place.label,
        "predicted_start": said.start if said else None,
        "predicted_end": said.end if said else None,
        "predicted_label": said.label if said else None,
        "confidence": confidences[said] if said else None,
        "words": len(touched),
        "name": " ".join(touched).casefold(),
    }
