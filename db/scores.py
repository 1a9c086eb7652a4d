"""Counts of one run on one post against one revision: the smallest piece of every score.

Places are compared in code points, so that a run and a reviser may cut the words of a post differently. Totals are
sums of these counts, and a corrected post costs one piece for each run that has looked at it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import String, cast, insert, or_, select
from sqlalchemy.orm import Session

from db.engine import Store
from db.gold import labelled
from db.posts import in_dataset
from db.tables import Counts, Predictions, Revisions
from db.tables import Posts as PostRows
from mner_core.data.tokenize import character_offsets
from mner_core.evaluation import scoring
from mner_core.evaluation.gold import PROTOCOLS, gold_spans
from mner_core.tags import Scheme
from mner_core.types import Example, Span


def count(
    gold: Example, predicted: Iterable[Span], protocol: str, scheme: Scheme = "BIO2"
) -> dict[str, scoring.Counts]:
    """Counts of what a run says, in code points, on a labelled post; `scheme` is that of its data set's tags.

    Raises:
        InputError: there is no such protocol.
    """
    return scoring.count(places(gold, protocol, scheme), predicted)


def places(gold: Example, protocol: str = "entity", scheme: Scheme = "BIO2") -> tuple[Span, ...]:
    """The entities of a labelled post as spans of code points, in order.

    Raises:
        InputError: there is no such protocol.
    """
    found = gold_spans(gold, protocol, scheme)
    return tuple(sorted(Span(*character_offsets(gold.tokens, span), span.label) for span in found))


def scheme_of_dataset(session: Session, dataset: str) -> Scheme:
    """The scheme of the tags that came with a data set's posts: BIOES where any begins with E- or S-, else BIO2."""
    tags = cast(PostRows.tags, String)
    has_ends = or_(*(tags.like(f'%"{prefix}-_%') for prefix in ("E", "S")))
    found = session.scalar(select(PostRows.id).where(*in_dataset(session, dataset), has_ends).limit(1))
    return "BIO2" if found is None else "BIOES"


def rescore(session: Session, store: Store, post: PostRows, dataset: str, revision: Revisions) -> None:
    """Adds what every run that has looked at the post scores against its new revision, which has marks and no tags."""
    predicted = select(Predictions.run_id, Predictions.marks).where(Predictions.post_id == post.id)
    rows = session.execute(predicted).all()
    if not rows:
        return
    gold = labelled(store, post, dataset, revision)
    session.execute(
        insert(Counts),
        [
            {
                "run_id": run_id,
                "revision_id": revision.id,
                "protocol": protocol,
                "counts": to_json(count(gold, (Span(*mark[:3]) for mark in marks), protocol)),
            }
            for run_id, marks in rows
            for protocol in PROTOCOLS
        ],
    )


def to_json(counts: Mapping[str, scoring.Counts]) -> dict[str, Any]:
    """The form in which the store keeps counts: {label: [true positives, predicted, gold]}."""
    return {label: [part.true_positives, part.predicted, part.gold] for label, part in counts.items()}


def from_json(record: Mapping[str, Any]) -> dict[str, scoring.Counts]:
    """The inverse of `to_json`."""
    return {label: scoring.Counts(*part) for label, part in record.items()}
