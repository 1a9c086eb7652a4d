"""What the store keeps of outcomes, and the same computed anew from posts, labels and predictions in another way."""

from collections import Counter, defaultdict
from typing import Any

from sqlalchemy import select

from db.engine import Store
from db.evaluations import Judged, judged
from db.gold import CURRENT, ORIGINAL, examples, gold_posts
from db.posts import GOLD, datasets
from db.runs import runs
from db.scores import count
from db.tables import Datasets, GoldTotals, Outcomes, Posts, Revisions, Runs, RunTotals, TrainingNames
from db.worklists import tracks
from mner_core.data.images import opens
from mner_core.evaluation.errors import align
from mner_core.evaluation.scoring import Counts, pool
from mner_core.evaluation.slices import surface_form

Row = tuple[Any, ...]


def golds_of(store: Store, dataset: str) -> list[str]:
    """The names of all golds that a data set has."""
    return [ORIGINAL, CURRENT, *(track for track in tracks(store, dataset) if track != GOLD)]


def outcomes_anew(store: Store) -> Counter[Row]:
    """Every gold entity and prediction of every run under every named gold, one row each."""
    return Counter(
        row
        for dataset in datasets(store)
        for run in runs(store)
        for gold in golds_of(store, dataset.name)
        for each in judged(store, run.name, dataset.name, None, gold)
        for row in _rows(run.name, gold, each)
    )


def _rows(run: str, gold: str, each: Judged) -> list[Row]:
    example = each.gold_post.example
    here = (run, each.gold_post.post, example.split, gold)
    sure = {mark.span: mark.confidence for mark in each.prediction.marks}
    rows = []
    for pair in align(each.gold, sure):
        words = [word for word in example.tokens if word.start < pair.place.end and pair.place.start < word.end]
        name = " ".join(word.text for word in words).casefold()
        place, said = pair.place, pair.predicted
        predicted = (said.start, said.end, said.label, sure[said]) if said else (None,) * 4
        rows.append((*here, pair.kind, place.start, place.end, place.label, *predicted, len(words), name))
    return rows or [(*here, "nothing", 0, 0, "", *(None,) * 4, 0, "")]


def outcomes_kept(store: Store) -> Counter[Row]:
    """What the table says, each row under every gold that it belongs to."""
    it = Outcomes
    wanted = select(
        Runs.name, it.post_id, it.split, it.kind, it.start, it.end, it.label, it.predicted_start, it.predicted_end,
        it.predicted_label, it.confidence, it.words, it.name, it.is_newest, it.imported, it.track,
    ).join(Runs, Runs.id == it.run_id)  # fmt: skip
    found: Counter[Row] = Counter()
    with store.read() as session:
        for run, post, split, *columns, is_newest, imported, track in session.execute(wanted):
            if is_newest:
                found[(run, post, split, CURRENT if track == GOLD else track, *columns)] += 1
            if imported:
                found[(run, post, split, ORIGINAL, *columns)] += 1
    return found


def totals_anew(store: Store) -> dict[Row, Row]:
    """True positives, predicted, entities and posts of every run, split, gold and label that is not all zeros."""
    found: dict[Row, Row] = {}
    for dataset in datasets(store):
        for run in runs(store):
            for gold in golds_of(store, dataset.name):
                for split in dataset.splits:
                    looked = judged(store, run.name, dataset.name, split, gold)
                    if looked:
                        key = (run.name, dataset.name, split, gold)
                        found |= _totals(key, looked)
    return found


def _totals(key: Row, looked: list[Judged]) -> dict[Row, Row]:
    counts = pool(
        count(each.gold_post.example, (mark.span for mark in each.prediction.marks), "entity") for each in looked
    )
    every = sum(counts.values(), Counts())
    return {
        (*key, ""): (every.true_positives, every.predicted, every.gold, len(looked)),
        **{(*key, label): (part.true_positives, part.predicted, part.gold, 0) for label, part in counts.items()},
    }


def gold_sums_anew(store: Store) -> dict[Row, Row]:
    """Labelled posts, entities and posts left out of every data set, split, gold and label that is not all zeros."""
    found: defaultdict[Row, list[int]] = defaultdict(lambda: [0, 0, 0])
    for dataset in datasets(store):
        for gold in golds_of(store, dataset.name):
            kept = gold_posts(store, dataset.name, gold)
            for each in kept:
                if each.revision is not None:
                    key = (dataset.name, each.example.split, gold)
                    found[*key, ""][0] += 1
                    for span in each.example.spans or ():
                        found[*key, ""][1] += 1
                        found[*key, span.label][1] += 1
            shown = Counter(each.example.split for each in kept)
            for split, posts in dataset.splits.items():
                if posts > shown[split]:
                    found[dataset.name, split, gold, ""][2] += posts - shown[split]
    return {key: tuple(sums) for key, sums in found.items()}


def gold_sums_kept(store: Store) -> dict[Row, Row]:
    """What the table says."""
    it = GoldTotals
    wanted = select(Datasets.name, it.split, it.gold, it.label, it.posts, it.entities, it.discarded)
    with store.read() as session:
        found = session.execute(wanted.join(Datasets, Datasets.id == it.dataset_id)).all()
    return {tuple(row[:4]): tuple(row[4:]) for row in found}


def totals_kept(store: Store) -> dict[Row, Row]:
    """What the table says."""
    it = RunTotals
    wanted = (
        select(
            Runs.name,
            Datasets.name,
            it.split,
            it.gold,
            it.label,
            it.true_positives,
            it.predicted,
            it.entities,
            it.posts,
        )
        .join(Runs, Runs.id == it.run_id)
        .join(Datasets, Datasets.id == it.dataset_id)
    )
    with store.read() as session:
        return {tuple(row[:5]): tuple(row[5:]) for row in session.execute(wanted)}


def totals_of_rows(store: Store) -> dict[Row, Row]:
    """What the rows of outcomes that the store keeps add up to, whether they are true or wait to be made anew."""
    with store.read() as session:
        wanted = select(Posts.id, Datasets.name).join(Datasets, Datasets.id == Posts.dataset_id)
        datasets_of = {number: name for number, name in session.execute(wanted)}  # noqa: C416
    sums: defaultdict[Row, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    posts = set()
    for (run, post, split, gold, kind, _, _, label, _, _, said, *_), number in outcomes_kept(store).items():
        key, is_right = (run, datasets_of[post], split, gold), number * (kind == "correct")
        posts.add((*key, post))
        if kind not in ("spurious", "nothing"):
            for name in ("", label):
                sums[*key, name][0] += is_right
                sums[*key, name][2] += number
        if said is not None:
            sums[*key, ""][1] += number
            sums[*key, said][1] += number
    for *key, _ in posts:
        sums[*key, ""][3] += 1
    return {key: tuple(parts) for key, parts in sums.items()}


def names_anew(store: Store) -> Counter[tuple[str, str]]:
    """How often each name is an entity of the imported training posts, by data set."""
    return Counter(
        (dataset.name, surface_form(post, span))
        for dataset in datasets(store)
        for post in examples(store, dataset.name, ORIGINAL, "train")
        for span in post.spans or ()
    )


def names_kept(store: Store) -> Counter[tuple[str, str]]:
    """What the table says."""
    wanted = select(Datasets.name, TrainingNames.name, TrainingNames.entities)
    with store.read() as session:
        found = session.execute(wanted.join(Datasets, Datasets.id == TrainingNames.dataset_id)).all()
    return Counter({(dataset, name): number for dataset, name, number in found})


def newest_anew(store: Store) -> set[int]:
    """The revisions that are the newest of their post and track, drafts aside."""
    wanted = select(Revisions.post_id, Revisions.track, Revisions.id).where(Revisions.status != "draft")
    with store.read() as session:
        rows = session.execute(wanted.order_by(Revisions.base)).all()
    return set({(post, track): number for post, track, number in rows}.values())


def newest_kept(store: Store) -> set[int]:
    """What the table says."""
    with store.read() as session:
        return set(session.scalars(select(Revisions.id).where(Revisions.is_newest.is_(True))))


def pictures_anew(store: Store) -> dict[int, str]:
    """Whether each post has a picture that opens, by opening it."""
    with store.read() as session:
        rows = session.execute(select(Posts.id, Posts.image_name, Posts.image_sha256)).all()
    return {
        post: "without" if name is None else "with" if sha256 and opens(store.home.images / sha256) else "broken"
        for post, name, sha256 in rows
    }


def pictures_kept(store: Store) -> dict[int, str | None]:
    """What the table says."""
    with store.read() as session:
        return {number: state for number, state in session.execute(select(Posts.id, Posts.picture))}  # noqa: C416
