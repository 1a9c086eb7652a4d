"""What screens say of how much there is, and the same counted anew, post by post."""

from collections import Counter
from typing import Any

from sqlalchemy import func, select

from db.annotations import history
from db.corrections import Corrections, corrections
from db.engine import Store
from db.gold import gold_posts
from db.gold_totals import corrected_posts, labelled_counts, pictures
from db.posts import GOLD, Dataset, datasets, post, posts
from db.predictions import Coverage, coverage, predictions
from db.runs import runs
from db.splits import is_dividable
from db.tables import Datasets, Posts
from db.worklists import Queue, progress
from tests.db.counted_anew import golds_of


def assert_sizes_true(store: Store) -> None:
    """Everything that is kept, and what follows from it, is what counting anew says."""
    assert splits_kept(store) == splits_anew(store)
    for each in datasets(store):
        name = each.name
        assert is_dividable(store, name) == _is_dividable_anew(store, each)
        assert corrections(store, name) == _corrections_anew(store, name)
        assert corrected_posts(store, name) == _progress_anew(store, name, GOLD, None)["corrected"]
        for gold in golds_of(store, name):
            assert labelled_counts(store, name, gold) == _labelled_anew(store, name, gold)
            assert pictures(store, name, gold) == _pictures_anew(store, name, gold)
            for split in (None, *each.splits):
                track = GOLD if gold in ("original", "current") else gold
                assert progress(store, name, track, split) == _progress_anew(store, name, track, split)
                for run in runs(store):
                    asked = (run.name, name, split, gold)
                    assert coverage(store, *asked) == _coverage_anew(store, *asked), asked


def splits_kept(store: Store) -> dict[str, dict[str, int]]:
    """The splits of each data set as they are kept."""
    return {each.name: dict(each.splits) for each in datasets(store)}


def splits_anew(store: Store) -> dict[str, dict[str, int]]:
    """The splits of each data set, with their posts counted."""
    found: dict[str, dict[str, int]] = {each.name: {} for each in datasets(store)}
    with store.read() as session:
        counted = select(Datasets.name, Posts.split, func.count()).join(Posts, Posts.dataset_id == Datasets.id)
        for name, split, number in session.execute(counted.group_by(Datasets.name, Posts.split)):
            if name in found:
                found[name][split] = number
    return found


def _is_dividable_anew(store: Store, dataset: Dataset) -> bool:
    with store.read() as session:
        rows = session.execute(select(Posts.split, Posts.origin).where(Posts.dataset_id == dataset.id)).all()
    return len({split if origin is None else origin[0] for split, origin in rows}) <= 1


def _labelled_anew(store: Store, dataset: str, gold: str) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for each in gold_posts(store, dataset, gold):
        known, raw = found.get(each.example.split, (0, 0))
        found[each.example.split] = (known + 1, raw) if each.revision is not None else (known, raw + 1)
    return found


def _pictures_anew(store: Store, dataset: str, gold: str) -> int:
    with store.read() as session:
        opening = set(session.scalars(select(Posts.id).where(Posts.picture == "with")))
    return sum(each.post in opening for each in gold_posts(store, dataset, gold))


def _coverage_anew(store: Store, run: str, dataset: str, split: str | None, gold: str) -> Coverage:
    shown = gold_posts(store, dataset, gold, split)
    said = predictions(store, run, dataset, split)
    labelled = {each.post for each in shown if each.revision is not None}
    return Coverage(
        posts=len(shown),
        labelled=len(labelled),
        read=sum(each.post in said for each in shown),
        judged=len(labelled & said.keys()),
    )


def _progress_anew(store: Store, dataset: str, track: str, split: str | None) -> dict[Queue, int]:
    states: Counter[Any] = Counter()
    for each in posts(store, dataset, split):
        past = history(store, each.id, track)
        newest = past[-1] if past else None
        if newest is None:
            states["unlabelled"] += 1
        elif newest.status != "submitted":
            states[newest.status] += 1
        else:
            states["imported" if newest.imported else "corrected"] += 1
    states["submitted"] = states["imported"] + states["corrected"]
    return {state: states[state] for state in progress(store, dataset, track, split)}


def _corrections_anew(store: Store, dataset: str) -> Corrections:
    found: Counter[str] = Counter()
    for each in gold_posts(store, dataset):
        past = [revision for revision in history(store, each.post, GOLD) if revision.status != "draft"]
        if past and not past[-1].imported and any(before.status == "submitted" for before in past[:-1]):
            found[post(store, each.post).example.split] += 1
    return Corrections(by_split=dict(found))
