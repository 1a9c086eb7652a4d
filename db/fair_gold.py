"""A gold that is fair to the runs that are compared: nobody is measured on labels that it wrote itself.

Who corrects a post beside a run's suggestions notes that run in the revision. Labels so made follow the run, and a
comparison on them favours it. There, the labels count that the post had before the first such revision; a post that had
none is left out. A run's other seeds make much the same mistakes: runs of one setting (system, variant, profile and
settings, whatever seed and labels they learned from) count as one.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from db.engine import Store
from db.gold import CURRENT, ORIGINAL, counts_as
from db.gold_totals import labelled_posts
from db.outcomes import parts
from db.posts import GOLD, dataset_key, in_dataset
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
        labelled = labelled_posts(session, dataset_key(session, dataset), split, gold)
        begun = {post for post, run in _begun(session, dataset, split, gold) if run in by}
        fair = _fair(session, begun, gold, by)
    return Suggested(labelled=labelled, posts=len(begun), left_out=len(begun) - fair)


def suggesting_runs(store: Store, dataset: str, split: str | None, gold: str) -> dict[str, int]:
    """For each run on how many labelled posts the labels go back to its suggestions, most first.

    Raises:
        InputError: there is no such data set.
    """
    with store.read() as session:
        return dict(Counter(run for _, run in _begun(session, dataset, split, gold)).most_common())


def _begun(session: Session, dataset: str, split: str | None, gold: str) -> set[tuple[int, str]]:
    """Which posts' labels go back to a suggestion of which run."""
    if gold == ORIGINAL:
        return set()
    begun, track = aliased(Revisions), GOLD if gold == CURRENT else gold
    is_of_post = (Revisions.post_id == begun.post_id) & (begun.base <= Revisions.base)
    wanted = (
        select(begun.post_id, begun.run)
        .join(Revisions, is_of_post & counts_as(gold) & (Revisions.status == "submitted"))
        .join(Posts, Posts.id == begun.post_id)
        .where(begun.track == track, begun.run.is_not(None), *in_dataset(session, dataset, split))
    )
    return {(post, run) for post, run in session.execute(wanted) if run is not None}


def _fair(session: Session, posts: Collection[int], gold: str, fair_to: Sequence[str]) -> int:
    """How many of some posts count as labelled once the suggestions are taken back."""
    fair = select(func.count()).select_from(Revisions).where(counts_as(gold, fair_to), Revisions.status != "discarded")
    return sum(session.scalar(fair.where(Revisions.post_id.in_(part))) or 0 for part in parts(sorted(posts)))
