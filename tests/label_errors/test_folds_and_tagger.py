"""Which posts teach which fold, and how the tagger of word features is trained."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mner_core.home import Home
from mner_core.label_errors import cross_validation
from mner_core.label_errors.crf_marginals import CrfMarginals
from mner_core.label_errors.cross_validation import HeldOutScores, cross_validated, folds, of_run
from mner_core.label_errors.feature_tagger import feature_tagger_scores
from mner_core.training.train import TrainingRequest
from mner_core.types import Example, InputError, Span
from tests.label_errors.test_ranking import LABELS, invented_posts, post
from tests.label_errors.test_reasons_and_recall import item


class Requested:
    """Folds that are asked for and never trained."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[tuple[TrainingRequest, Sequence[Example]]] = []
        self.told: list[str] = []

        def of_fold(request: TrainingRequest, part: Sequence[Example], _: str, home: Home, say: Any) -> HeldOutScores:
            self.asked.append((request, part))
            say("training", 1, 2)
            return HeldOutScores(None, {})  # type: ignore[arg-type]

        monkeypatch.setattr(cross_validation, "_of_fold", of_fold)

    def of(self, posts: Sequence[Example], dev: Sequence[Example], others: Sequence[Example], count: int) -> None:
        plan: Any = None
        request = TrainingRequest(plan=plan, train=posts, dev=dev, others=others, data="x", seed=3)
        cross_validated(request, count, Home(Path("nowhere")), lambda what, done, total: self.told.append(what))


@pytest.mark.parametrize("count", [2, 5])
def test_each_part_is_judged_by_what_was_taught_by_all_others(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    posts, dev, others = invented_posts(43), [post("dev", ["x"])], [post("other", ["y"])]
    requested = Requested(monkeypatch)
    requested.of(posts, dev, others, count)
    assert [part for _, part in requested.asked] == folds(posts, count, 3)
    for request, part in requested.asked:
        inside = {each.key for each in part}
        assert {each.key for each in request.train} == {each.key for each in posts} - inside
        assert request.dev == dev
        assert request.others == [*others, *part]
    assert requested.told == [f"fold {number} of {count}, training" for number in range(1, count + 1)]


def test_without_posts_that_pick_the_epoch_every_tenth_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    posts = invented_posts(43)
    requested = Requested(monkeypatch)
    requested.of(posts, [], [], 2)
    for (request, _), other in zip(requested.asked, reversed(folds(posts, 2, 3)), strict=True):
        assert [each.key for each in request.dev] == [each.key for each in other[::10]]
        rest = [each.key for place, each in enumerate(other) if place % 10]
        assert [each.key for each in request.train] == rest


def test_a_folds_scores_are_kept_under_the_code_that_makes_them_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`training_key` holds the code of the training; what turns its model into scores is this module."""
    held, asked = HeldOutScores(None, {}), []  # type: ignore[arg-type]

    def keyed(request: TrainingRequest, *modules: str) -> dict[str, Any]:
        asked.append(modules)
        return {"train": len(request.train), "code": len(asked) // 3}

    kept: list[Path] = []
    monkeypatch.setattr(cross_validation, "training_key", keyed)
    monkeypatch.setattr(cross_validation, "kept", lambda file, *_: kept.append(file) or held)
    plan: Any = None
    posts = invented_posts(12)
    request = TrainingRequest(plan=plan, train=posts, dev=[], others=[], data="x", seed=3)
    cross_validated(request, 2, Home(tmp_path))
    cross_validated(request, 2, Home(tmp_path))
    assert set(asked) == {(cross_validation.__name__,)}
    assert len(asked) == 4
    assert len(set(kept)) == 4, "other code and another part are other scores"


def test_parts_differ_by_no_more_than_their_largest_group() -> None:
    posts = invented_posts(40)
    twins = [replace(each, id=f"twin {each.id}") for each in posts[:3]]
    parts = folds([*posts, *twins], 4, 0)
    assert sorted(map(len, parts)) in ([10, 11, 11, 11], [10, 10, 11, 12])
    for part in parts:
        keys = [each.id for each in part]
        assert all((each.id in keys) == (f"twin {each.id}" in keys) for each in posts[:3])
    places = {each.id: place for place, each in enumerate([*posts, *twins])}
    assert all([places[each.id] for each in part] == sorted(places[each.id] for each in part) for part in parts)


@pytest.mark.parametrize(("count", "posts"), [(2, 2), (3, 3)])
def test_as_many_parts_as_different_posts_are_enough(count: int, posts: int) -> None:
    assert [len(part) for part in folds(invented_posts(posts), count, 0)] == [1] * posts
    with pytest.raises(InputError, match=f"only {posts} different labelled posts; {count + 1} folds"):
        folds(invented_posts(posts), count + 1, 0)


@pytest.mark.parametrize(("unseen", "refused"), [(18, True), (19, False), (20, False)])
def test_a_run_may_have_seen_one_post_in_twenty(monkeypatch: pytest.MonkeyPatch, unseen: int, refused: bool) -> None:
    posts = invented_posts(unseen + 1)
    trained = [cross_validation.post_digest(posts[0])]

    class Named:
        folder = Path("first")

        class record:  # noqa: N801
            trained_posts = trained

    run: Any = Named()
    monkeypatch.setattr(cross_validation, "_scores_of", lambda run, fresh: len(fresh))
    if refused:
        with pytest.raises(InputError, match=f"trained on 1 of these {unseen + 1} posts"):
            of_run(run, posts)
    else:
        assert of_run(run, posts) == (posts[1:], unseen)


def test_the_tagger_is_trained_as_it_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """3e-5 and 12 passes gave gold spans of valid posts the highest probability; the seed decides its order."""
    import sklearn.feature_extraction
    import sklearn.linear_model

    told: list[dict[str, Any]] = []
    columns: list[int] = []
    classifier, hasher = sklearn.linear_model.SGDClassifier, sklearn.feature_extraction.FeatureHasher
    monkeypatch.setattr(
        sklearn.linear_model, "SGDClassifier", lambda **asked: told.append(asked) or classifier(**asked)
    )
    monkeypatch.setattr(
        sklearn.feature_extraction,
        "FeatureHasher",
        lambda number, **asked: columns.append(number) or hasher(number, **asked),
    )
    feature_tagger_scores(invented_posts(20), [], LABELS, 2, 7)
    assert columns == [2**18] * 2
    wanted = {"loss": "log_loss", "alpha": 3e-5, "max_iter": 12, "tol": None, "average": True, "random_state": 7}
    assert told == [wanted] * 2


def test_transitions_are_counted_over_the_tags_own_frequency() -> None:
    """One post of tags B-LOC O O: half a count is added to all, seven tenths of what the counts say is kept."""
    one = [post("a", ["Rio", "is", "big"]).with_spans([])]
    taught = [post("b", ["Rio", "is", "it"], Span(0, 1, "LOC"))]
    [scores] = feature_tagger_scores(one, taught, ("LOC",), 5, 0)
    marginals = scores.marginals
    tags = np.array([2.5, 1.5, 0.5])  # O, B-LOC, I-LOC
    frequency = np.log(tags / tags.sum())
    first = 0.7 * (np.log(np.array([0.5, 1.5, 0.5]) / 2.5) - frequency)
    assert marginals.starts[:2] == pytest.approx(first[:2])
    assert marginals.starts[2] == -1e4, "no entity begins with I-"
    pairs = np.array([[1.5, 0.5, 0.5], [1.5, 0.5, 0.5], [0.5, 0.5, 0.5]])
    steps = 0.7 * (np.log(pairs / pairs.sum(axis=1, keepdims=True)) - frequency)
    assert marginals.steps[0, 2] == -1e4
    steps[0, 2] = -1e4
    assert marginals.steps == pytest.approx(steps)
    assert marginals.ends.tolist() == [0.0, 0.0, 0.0]


def test_a_score_is_told_to_six_digits() -> None:
    assert item("x", score=0.12345678).to_json()["score"] == 0.123457


def test_probabilities_of_what_is_certain_do_not_exceed_one() -> None:
    chance = np.random.default_rng(0)
    for scale in (1e2, 1e5, 1e8):
        chain = CrfMarginals(
            labels=("A",), scheme="BIO2", steps=chance.normal(size=(3, 3)), starts=np.zeros(3), ends=np.zeros(3)
        )
        for _ in range(20):
            table = chain.table(scale * chance.normal(size=(12, 3)), 12)
            assert table.spans.max() <= 1.0
            assert table.outside.max() <= 1.0
