"""Opinions of models that have not seen the posts: folds, resume, and the refusal of runs that have."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open

from mner_core.catalog.profiles import profile
from mner_core.catalog.systems import system
from mner_core.data.dataset import Dataset, read_dataset
from mner_core.home import Home
from mner_core.label_errors import cross_validation
from mner_core.label_errors.cross_validation import cross_validated, folds, of_run
from mner_core.label_errors.search import by_held_out_scores, of_posts
from mner_core.scenes.write import write_scenes
from mner_core.training.plan import Plan
from mner_core.training.run import load
from mner_core.training.train import TrainingRequest, train
from mner_core.types import InputError, PostKey


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("data") / "scenes"
    write_scenes(folder, 60, 1)
    return read_dataset(folder)


@pytest.fixture
def request_(scenes: Dataset) -> TrainingRequest:
    entry = system("bert-crf")
    settings = entry.resolve("tiny", "", {"epochs": 1})
    plan = Plan(system=entry, variant="", settings=settings, labels=scenes.labels, profile=profile("tiny"))
    posts = scenes.split("train")
    return TrainingRequest(plan=plan, train=posts, dev=[], others=[], data="scenes", seed=0)


def test_folds_part_the_posts_and_keep_like_ones_together(scenes: Dataset) -> None:
    posts = [*scenes.posts, replace(scenes.posts[0], id="again")]
    parts = folds(posts, 3, 0)
    assert sorted(post.id for part in parts for post in part) == sorted(post.id for post in posts)
    assert max(map(len, parts)) - min(map(len, parts)) <= 4
    assert sum({scenes.posts[0].id, "again"} <= {post.id for post in part} for part in parts) == 1
    assert folds(posts, 3, 1) != parts
    with pytest.raises(InputError, match="at least 2 folds"):
        folds(posts, 1, 0)
    with pytest.raises(InputError, match="only 1 different"):
        folds(posts[:1], 2, 0)


def test_what_was_interrupted_goes_on_and_gives_the_same(
    request_: TrainingRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = cross_validated(request_, 2, Home(tmp_path / "whole"))
    posts = {post.key: post for post in request_.train}
    assert sorted(post for scores in whole for post in scores.emissions) == sorted(posts)
    home = Home(tmp_path / "home")

    def stop(what: str, done: int, total: int) -> None:
        if what.startswith("fold 2"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cross_validated(request_, 2, home, stop)
    trained: list[set[PostKey]] = []

    def watched(request: TrainingRequest, *rest: Any) -> None:
        trained.append({post.key for post in request.train} | {post.key for post in request.dev})
        train(request, *rest)

    monkeypatch.setattr(cross_validation, "train", watched)
    again = cross_validated(request_, 2, home)
    assert len(trained) == 1, "the first fold was there already"
    assert trained[0].isdisjoint(again[1].emissions)
    for one, other in zip(whole, again, strict=True):
        assert one.emissions.keys() == other.emissions.keys()
        assert all(np.array_equal(one.emissions[post], other.emissions[post]) for post in one.emissions)
    assert by_held_out_scores(request_.train, whole) == by_held_out_scores(request_.train, again)
    assert [each.suffix for each in (home.root / "held-out").iterdir()] == [".safetensors"] * 2


def test_scores_say_in_whose_place_they_stand(request_: TrainingRequest, tmp_path: Path) -> None:
    """The same fold after a label was taken back answers the same question; another fold another one."""
    home = Home(tmp_path / "home")
    first = next(number for number, post in enumerate(request_.train) if post.spans)
    corrected = [replace(post, spans=()) if number == first else post for number, post in enumerate(request_.train)]
    for posts in (request_.train, corrected):
        cross_validated(replace(request_, train=posts), 2, home)
    asked: Counter[str] = Counter()
    for file in (home.root / "held-out").glob("*.safetensors"):
        with safe_open(file, framework="numpy") as scores:
            asked[scores.metadata()["asked"]] += 1
    assert sorted(asked.values()) == [2, 2]
    assert all('"scenes"' in each and "bert-crf" in each for each in asked)


def test_a_run_is_not_asked_about_what_it_was_trained_on(
    request_: TrainingRequest, scenes: Dataset, tmp_path: Path
) -> None:
    home = Home(tmp_path / "home")
    train(replace(request_, dev=scenes.split("valid")), tmp_path / "run", home)
    run = load(tmp_path / "run", home)
    with pytest.raises(InputError, match="was trained on"):
        of_run(run, request_.train)
    unseen = [*scenes.split("valid"), *scenes.split("test")]
    fresh, scores = of_run(run, unseen)
    assert {*scores.emissions} == {post.key for post in fresh} == {post.key for post in unseen}
    few = [*unseen * 2, request_.train[0]]
    assert len(of_run(run, few)[0]) == len(few) - 1, "a text that occurs twice is left out"


def test_ids_that_occur_in_two_splits_are_two_posts(request_: TrainingRequest, scenes: Dataset, tmp_path: Path) -> None:
    """Numbered from 0 in each split, as tag files are: every post is judged by its own scores, and named with them."""
    home = Home(tmp_path / "home")
    train(replace(request_, dev=scenes.split("valid")), tmp_path / "run", home)
    run = load(tmp_path / "run", home)
    unique = [*scenes.split("valid"), *scenes.split("test")]
    numbered = [
        replace(post, id=str(number)) for split in ("valid", "test") for number, post in enumerate(scenes.split(split))
    ]
    assert len({post.id for post in numbered}) < len(numbered)
    expected, found = (by_held_out_scores(posts, [of_run(run, posts)[1]]) for posts in (unique, numbered))
    named = {post.key: other.key for post, other in zip(numbered, unique, strict=True)}
    told = [(named[item.key], item.span, item.score, item.suggested) for item in found]
    assert sorted(told) == sorted((item.key, item.span, item.score, item.suggested) for item in expected)
    assert {item.to_json()["split"] for item in found} == {"valid", "test"}
    ranked = [(named[PostKey(each["split"], each["post"])], each["score"]) for each in of_posts(found)]
    assert sorted(ranked) == sorted(
        (PostKey(each["split"], each["post"]), each["score"]) for each in of_posts(expected)
    )
