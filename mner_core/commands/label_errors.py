"""The commands about wrong labels: making them on purpose, and finding them."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mner_core.catalog.profiles import profile
from mner_core.catalog.systems import system
from mner_core.commands.inputs import must_be_run
from mner_core.commands.main import Answer, graph_of, say_defects
from mner_core.commands.progress_bars import Bars
from mner_core.data.corrupt import DAMAGES, LIST, corrupt_folder, read_corruptions
from mner_core.data.dataset import Dataset, read_dataset
from mner_core.home import Home
from mner_core.types import Example, InputError, PostKey

if TYPE_CHECKING:
    from mner_core.label_errors.reasons import Item

SHOWN = 20
"""Items that a person is shown; --json has all of them."""


def corrupt(options: argparse.Namespace) -> Answer:
    """Copies a data set with wrong labels and says what was changed."""
    changes = corrupt_folder(
        options.data, options.out, options.share, options.seed, options.split, realistic=options.realistic
    )
    counts = {kind: sum(change.kind == kind for change in changes) for kind in DAMAGES}
    return {"corruptions": len(changes), "kinds": counts, "list": str(options.out / LIST)}


def label_errors(options: argparse.Namespace) -> Answer:
    """Ranks gold labels worth a second look, by cross-validation or by a run that never saw the posts."""
    if (options.model is None) == (options.run is None):
        raise InputError("`label-errors` takes either --model (and cross-validates), or --run with posts it never saw.")
    changes = read_corruptions(options.corrupted) if options.corrupted else None
    data = read_dataset(options.data)
    say_defects(data.defects)
    posts = data.posts if options.data.is_file() else data.split(options.split)
    posts = [post for post in posts if post.spans is not None]
    if not posts:
        raise InputError(f"No post of {options.data.name} is labelled; there is nothing to check.")
    home = Home.from_environment()
    unknown: dict[str, int] = {}
    if options.run is not None:
        must_be_run(options.run)
        from mner_core.label_errors.search import by_run

        items, considered, unknown = by_run(options.run, posts, home, _beside(data, posts, labelled=True))
    else:
        items, considered = _cross_validated(options, data, posts, home), len(posts)
    from mner_core.label_errors.recall import recall_at_k
    from mner_core.label_errors.search import of_posts

    posts_ranked = of_posts(items)
    shown = len(items) if options.json else SHOWN
    answer: Answer = {
        "posts_considered": considered,
        "posts_left_out": len(posts) - considered,
        "labels_unknown_to_run": unknown,
        "items_in_all": len(items),
        "items": [item.to_json() for item in items[:shown]],
        "posts": posts_ranked[:shown],
    }
    if changes is None:
        return answer
    ranked = [PostKey(post["split"], post["post"]) for post in posts_ranked]
    return {**answer, "against_corruptions": recall_at_k(items, ranked, changes)}


def _beside(data: Dataset, posts: Sequence[Example], labelled: bool = False) -> list[Example]:
    """The data set's other posts; only those that somebody labelled where so asked."""
    keys = {post.key for post in posts}
    return [post for post in data.posts if post.key not in keys and not (labelled and post.spans is None)]


def _cross_validated(options: argparse.Namespace, data: Dataset, posts: Sequence[Example], home: Home) -> "list[Item]":
    entry, chosen = system(options.model), profile(options.profile)
    settings = entry.resolve(chosen.name, options.variant, {} if options.epochs is None else {"epochs": options.epochs})
    from mner_core.label_errors.search import by_cross_validation, enough_epochs

    if options.epochs is None:
        settings = replace(settings, epochs=enough_epochs(len(posts), options.folds, settings.batch))
    labels = tuple(sorted({span.label for post in posts for span in post.spans or ()}))
    if not labels:
        raise InputError(f"No post of {data.name} has a labelled span; there is nothing to learn.")
    others = _beside(data, posts)
    from mner_core.training.plan import Plan
    from mner_core.training.train import TrainingRequest

    request = TrainingRequest(
        plan=Plan(system=entry, variant=options.variant, settings=settings, labels=labels, profile=chosen),
        train=posts,
        dev=[post for post in others if post.split == "valid" and post.spans is not None],
        others=[post for post in others if post.split != "valid"],
        data=data.name,
        seed=options.seed,
        graph=graph_of(data, settings),
    )
    return by_cross_validation(request, options.folds, home, Bars())
