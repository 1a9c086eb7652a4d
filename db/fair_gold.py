"""A gold that is fair to the runs that are compared: nobody is measured on labels that it wrote itself.

Who corrects a post beside a run's suggestions notes that run in the revision. Labels so made follow the run, and a
comparison on them favours it. There, the labels count that the post had before the first such revision; a post that had
none is left out. A run's other seeds make much the same mistakes: runs of one setting (system, variant, profile and
settings, whatever seed and labels they learned from) count as one.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from db.engine import Store
from db.gold import CURRENT, ORIGINAL, counts_as
from db.posts import GOLD, in_dataset
from db.runs import runs
from db.tables import Posts, Revisions


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggested:
    """Of `labelled` posts, on how many (`posts`) the labels go back to a suggestion of some runs; `left_out` of them
    had no labels before.
    """

    labelled: int
    posts: int
    left_out: int


def of_their_setting(store: Store, names: Sequence[str]) -> tuple[str, ...]:
    """The named runs, and every other run of the same setting as one of them."""
    known = runs(store)
    settings = [(run.model, run.variant, run.profile, dict(run.settings)) for run in known if run.name in names]
    same = [run.name for run in known if (run.model, run.variant, run.profile, dict(run.settings)) in settings]
    return tuple(dict.fromkeys([*names, *same]))


def suggested(store: Store, dataset: str, split: str | None, gold: str, by: Sequence[str]) -> Suggested:
    """On how many labelled posts the labels go back to a suggestion of the runs `by`.

    Raises:
        InputError: there is no such data set.
    """
    with store.read() as session:
        now = _labelled(session, dataset, split, gold)
        fair = _labelled(session, dataset, split, gold, by)
        begun = {post for post, run in _begun(session, dataset, split, gold) if run in by}
    return Suggested(labelled=len(now), posts=len(begun), left_out=len(begun - fair))


def suggesting_runs(store: Store, dataset: str, split: str | None, gold: str) -> dict[str, int]:
    """For each run on how many labelled posts the labels go back to its suggestions, most first.

    Raises:
        InputError: there is no such data set.
    """
    with store.read() as session:
        return dict(Counter(run for _, run in _begun(session, dataset, split, gold)).most_common())


def _begun(session: Session, dataset: str, split: str | None, gold: str) -> set[tuple[int, str]]:
    """Which posts' labels go back to a suggestion of which run."""
    begun = aliased(Revisions)
    track = GOLD if gold == CURRENT else gold
    wanted = (
        select(Posts.id, begun.run)
        .select_from(Posts)
        .join(Revisions, (Revisions.post_id == Posts.id) & counts_as(gold) & (Revisions.status == "submitted"))
        .join(begun, (begun.post_id == Posts.id) & (begun.track == track) & (begun.base <= Revisions.base))
        .where(*in_dataset(session, dataset, split), begun.run.is_not(None))
    )
    return {(post, run) for post, run in session.execute(wanted) if run is not None and gold != ORIGINAL}


def _labelled(session: Session, dataset: str, split: str | None, gold: str, fair_to: Sequence[str] = ()) -> set[int]:
    """The posts that count as labelled under the named gold."""
    wanted = select(Posts.id).join(Revisions, (Revisions.post_id == Posts.id) & counts_as(gold, fair_to))
    return set(session.scalars(wanted.where(*in_dataset(session, dataset, split), Revisions.status != "discarded")))
