"""What models say of posts that they have never seen: from cross-validation, or from a run trained on other posts.

Of each model only the tagger's scores are kept (a few MB a data set); all spans' probabilities follow from them.
"""

import hashlib
import json
import random
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file, save

from mner_core.batches.buckets import length_buckets
from mner_core.caches import UNREADABLE, kept
from mner_core.data.fingerprint import data_fingerprint
from mner_core.device import device
from mner_core.evaluation.scoring import post_digest
from mner_core.files import one_at_a_time, write_whole
from mner_core.home import Home
from mner_core.label_errors.crf_marginals import CrfMarginals, Floats
from mner_core.training.cache_key import training_key
from mner_core.training.plan import OnProgress
from mner_core.training.run import Run, load
from mner_core.training.train import TrainingRequest, train
from mner_core.types import Example, InputError, PostKey

SEEN_SHARE = 0.05
"""A file of which a run has seen more than this share is one it was trained on; fewer are texts that occur twice."""


@dataclass(frozen=True)
class HeldOutScores:
    """One model's scores for posts it has not seen: emissions [words, tags] by post."""

    marginals: CrfMarginals
    emissions: Mapping[PostKey, Floats]


def folds(posts: Sequence[Example], count: int, seed: int) -> list[list[Example]]:
    """The posts in `count` parts of like size, each in the posts' order; posts with the same words stay together.

    Raises:
        InputError: there are fewer than two parts, or fewer different posts than parts.
    """
    if count < 2:
        raise InputError(f"Cross-validation needs at least 2 folds, got {count}.")
    sizes = Counter(post_digest(post) for post in posts)
    if len(sizes) < count:
        raise InputError(f"There are only {len(sizes)} different labelled posts; {count} folds need more.")
    groups = sorted(sizes)
    random.Random(seed).shuffle(groups)
    part_of: dict[str, int] = {}
    filled = [0] * count
    for digest in groups:
        part_of[digest] = filled.index(min(filled))
        filled[part_of[digest]] += sizes[digest]
    return [[post for post in posts if part_of[post_digest(post)] == number] for number in range(count)]


def cross_validated(
    request: TrainingRequest, count: int, home: Home, on_progress: OnProgress = lambda what, done, total: None
) -> list[HeldOutScores]:
    """The scores of one model for each part of `request.train`, each trained on the other parts.

    `request.dev` picks the epoch; where it is empty, a tenth of the training posts does. What is finished is kept in
    the home under what it follows from (data, pictures, settings, code): a killed call goes on where it stopped, a
    repeated one is quick.
    """
    held_out = []
    parts = folds(request.train, count, request.seed)
    for number, part in enumerate(parts, 1):
        rest = [post for other in parts if other is not part for post in other]
        dev = list(request.dev)
        if not dev:
            dev, rest = rest[::10], [post for place, post in enumerate(rest) if place % 10]
        one = replace(request, train=rest, dev=dev, others=[*request.others, *part])
        fold = f"fold {number} of {count}"
        held_out.append(
            _of_fold(one, part, fold, home, lambda what, *rest, fold=fold: on_progress(f"{fold}, {what}", *rest))
        )
    return held_out


def of_run(run: Run, posts: Sequence[Example]) -> tuple[list[Example], HeldOutScores]:
    """The posts that the run has not seen, and its scores of them.

    Raises:
        InputError: it was trained on these posts.
    """
    trained = set(run.record.trained_posts)
    fresh = [post for post in posts if post_digest(post) not in trained]
    seen = len(posts) - len(fresh)
    if seen > SEEN_SHARE * len(posts):
        raise InputError(
            f"The run {run.folder.name} was trained on {seen} of these {len(posts)} posts, so it repeats their labels; "
            "name a run that never saw them, or cross-validate with --data DIR --model M."
        )
    return fresh, _scores_of(run, fresh)


def _of_fold(
    request: TrainingRequest, part: Sequence[Example], fold: str, home: Home, on_progress: OnProgress
) -> HeldOutScores:
    """Trained once: the run's folder makes way for the scores as soon as they are on disk."""
    asked = json.dumps([training_key(request, __name__), data_fingerprint(part)], sort_keys=True)
    folder = home.root / "held-out" / hashlib.sha256(asked.encode()).hexdigest()[:20]
    file = folder.with_suffix(".safetensors")

    def make() -> HeldOutScores:
        return _scores_of(_trained(request, folder, home, on_progress), part)

    def write(made: HeldOutScores) -> None:
        _write(made, part, _asked(request, part, fold), file)

    with one_at_a_time(folder.with_suffix(".lock")):
        scores = kept(file, lambda file: _read(file, request, part), make, write)
        shutil.rmtree(folder, ignore_errors=True)
    return scores


def _asked(request: TrainingRequest, part: Sequence[Example], fold: str) -> str:
    """What the scores are the answer to, whatever labels and code they follow from: newer ones stand in their place."""
    plan, splits = request.plan, sorted({post.split for post in part})
    return json.dumps([request.data, splits, plan.system.name, plan.variant, plan.profile.name, request.seed, fold])


def _trained(request: TrainingRequest, folder: Path, home: Home, on_progress: OnProgress) -> Run:
    """The fold's run: the one of a killed call where it is whole, else trained now."""
    if folder.is_dir():
        try:
            return load(folder, home)
        except UNREADABLE:
            shutil.rmtree(folder)
    train(request, folder, home, on_progress)
    return load(folder, home)


@torch.no_grad()
def _scores_of(run: Run, posts: Sequence[Example]) -> HeldOutScores:
    model, crf = run.model, run.model.crf
    emissions: dict[PostKey, Floats] = {}
    for rows in length_buckets([len(post.tokens) for post in posts], run.plan.settings.batch):
        batch = run.batcher.batch([posts[row] for row in rows]).to(device())
        scored = model.emissions(model.states(batch, None)).double().cpu().numpy()
        emissions |= {posts[row].key: scored[place, : len(posts[row].tokens)] for place, row in enumerate(rows)}
    parts = (crf.chain.transitions, crf.chain.start_transitions, crf.chain.end_transitions)
    steps, starts, ends = (part.detach().double().cpu().numpy() for part in parts)
    marginals = CrfMarginals(labels=run.plan.labels, scheme=crf.scheme, steps=steps, starts=starts, ends=ends)
    return HeldOutScores(marginals, emissions)


def _write(scores: HeldOutScores, part: Sequence[Example], asked: str, file: Path) -> None:
    marginals = scores.marginals
    rows = [scores.emissions[post.key] for post in part if post.tokens]
    emissions = np.concatenate(rows) if rows else np.zeros((0, len(marginals.starts)))
    parts = {"steps": marginals.steps, "starts": marginals.starts, "ends": marginals.ends, "emissions": emissions}
    write_whole(file, save({name: np.ascontiguousarray(part) for name, part in parts.items()}, {"asked": asked}))


def _read(file: Path, request: TrainingRequest, part: Sequence[Example]) -> HeldOutScores:
    stored = load_file(file)
    marginals = CrfMarginals(
        labels=request.plan.labels,
        scheme=request.plan.settings.scheme,
        **{name: stored[name] for name in ("steps", "starts", "ends")},
    )
    if len(stored["emissions"]) != sum(len(post.tokens) for post in part):
        raise ValueError("it holds the scores of other posts")
    pieces = np.split(stored["emissions"], np.cumsum([len(post.tokens) for post in part])[:-1])
    return HeldOutScores(marginals, {post.key: piece for post, piece in zip(part, pieces, strict=True) if post.tokens})
